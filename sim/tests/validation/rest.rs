//! Nothing ticks for ever: a cluster in which nothing changes takes no events.

use fairground_policies::job::StageSpec;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_workloads::trace::Runtimes;

use crate::common::{Cluster, batch, gang, job, maps};
use crate::times;

const DECADE: Span = Span::from_secs(10 * 365 * 86_400);

/// One core of each of ten agents is busy for ten years, while others wait for more than is left: a
/// job for a whole agent, a job for all cores at once, and jobs that come and go.
fn decade(policy: &str, scheduler: &str) -> Cluster {
    let busy = Runtimes::Plain {
        local: vec![DECADE; 10],
        away: 1000,
    };
    let one = Resources::cores(1, 8);
    let busy = job(0, vec![(StageSpec::new(one, 10), busy)]);
    let sized = |cores, tasks: usize| {
        let local = vec![Span::from_secs(9); tasks];
        let stage = StageSpec::new(Resources::cores(cores, 1), tasks as u32);
        vec![(stage, Runtimes::Plain { local, away: 1000 })]
    };
    let yearly = (1..10).map(|year| job(year * 365 * 86_400, vec![maps_of_one()]));
    let mut cluster = Cluster::new(policy, &[Resources::cores(2, 9); 10])
        .framework("fifo", batch(vec![busy]))
        .framework(scheduler, batch(vec![job(60, sized(2, 1))]))
        .framework(scheduler, batch(vec![gang(job(60, sized(1, 15)))]))
        .framework("fifo", batch(yearly.collect()));
    cluster.step = Span::from_secs(30 * 86_400);
    cluster
}

fn maps_of_one() -> (StageSpec, Runtimes) {
    let (mut stage, runtimes) = maps(&[60]);
    stage.needs = Resources::cores(1, 1);
    (stage, runtimes)
}

#[test]
fn an_idle_decade_takes_a_bounded_number_of_events() {
    for scheduler in ["fifo", "fair", "fifo[wait=5s]", "gang"] {
        for policy in ["drf", "drf[round=1s]", "drf[offers=task]", "fair", "random"] {
            let cluster = decade(policy, scheduler);
            let run = cluster.run();
            let events = run.totals.events;
            assert!(events < 1500, "{policy}, {scheduler}: {events} events");
            assert!(!run.totals.stalled, "{policy}, {scheduler}");
            let waited = Time::ZERO + DECADE;
            let started = times(&run, 1)[0].0;
            assert!(
                started >= waited && started <= waited + Span::from_secs(60),
                "{policy}, {scheduler}: {started}"
            );
            let rigid = times(&run, 2)[0].0;
            assert!(
                rigid >= waited && rigid <= waited + Span::from_secs(60),
                "{policy}, {scheduler}: {rigid}"
            );
        }
    }
}
