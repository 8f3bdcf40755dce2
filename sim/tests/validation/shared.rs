//! Offers that several have at once against offers that one has: the shapes of Omega (Schwarzkopf et al., `EuroSys` 2013,
//! sections 3.4 and 4), on a small cluster whose frameworks think for two seconds.

use fairground_policies::time::Span;
use fairground_sim::network::NetworkSpec;

use crate::common::{Cluster, Plan, batch, cores, job, maps, secs};

/// Mean wait of a job in seconds, tasks launched, and tasks refused because somebody else was first.
fn outcome(policy: &str) -> (u64, u64, u64) {
    let agents = vec![cores(16); 6];
    let jobs = |offset: u64| -> Vec<Plan> {
        (0..60)
            .map(|i| job(offset + 3 * i, vec![maps(&[6; 12])]))
            .collect()
    };
    let mut cluster = Cluster::new(policy, &agents);
    for offset in 0..3 {
        cluster = cluster.framework("fit[place=random]", batch(jobs(offset)));
    }
    cluster.network = NetworkSpec {
        think: secs(2),
        ..NetworkSpec::default()
    };
    let run = cluster.run();
    let waits: Vec<Span> = run
        .jobs
        .iter()
        .map(|row| row.started.expect("a start").since(row.submitted))
        .collect();
    let wait = waits.iter().map(|wait| wait.as_micros()).sum::<u64>() / waits.len() as u64;
    let rows = || run.frameworks.iter();
    (
        wait / 1000,
        rows().map(|row| row.launched).sum(),
        rows().map(|row| row.refused).sum(),
    )
}

#[test]
fn whoever_thinks_keeps_nobody_waiting_and_the_finest_conflicts_are_the_fewest() {
    let (exclusive, tasks, never) = outcome("fifo");
    let (wait, launched, fit) = outcome("fifo[offers=shared]");
    let (_, coarse_launched, sequence) = outcome("fifo[offers=shared,conflict=sequence]");
    let (_, all_launched, all) = outcome("fifo[offers=shared,commit=all]");
    let (_, most_launched, most) = outcome("fifo[offers=shared,conflict=sequence,commit=all]");
    assert_eq!(never, 0, "what one is offered is nobody else's");
    assert!(wait < exclusive, "{wait} ms, not less than {exclusive} ms");
    // All work is done once, whatever is in conflict.
    for launched in [launched, coarse_launched, all_launched, most_launched] {
        assert_eq!(launched, tasks);
    }
    assert!(fit > 0, "nobody was in anybody's way");
    assert!(
        fit <= all && fit < sequence && all <= most,
        "{fit} {all} {sequence} {most}"
    );
    assert!(
        2 * most >= 3 * fit,
        "coarse and together: {most}, not 1.5 times {fit}"
    );
}
