//! Task-sized offers fill progressively, whatever the jobs that the tasks belong to.

use fairground_policies::job::StageSpec;
use fairground_policies::message::FrameworkId;
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::Time;
use fairground_workloads::trace::{Runtimes, Stage};

use crate::common::{Cluster, Plan, batch, cores, job, maps, secs};

/// 100 cores that come free at once, after both frameworks have come to want them: `one` has many
/// jobs and `other` one. Cores of each right after that.
fn split(policy: &str, scheduler: &str, one: Vec<Plan>, other: Plan) -> [u64; 2] {
    let mut cluster = Cluster::new(policy, &[cores(60), cores(40)])
        .framework("fifo", batch(vec![job(0, vec![maps(&[10; 100])])]))
        .framework(scheduler, batch(one))
        .framework("fifo", batch(vec![other]));
    cluster.frameworks[1].weight = Weight::from_thousandths(1001).expect("a weight");
    if policy.starts_with("drf") {
        cluster.frameworks[1].weight = Weight::ONE;
    }
    let run = cluster.run();
    [1, 2].map(|framework| {
        let mut rows = run.usage.iter();
        let row = rows.find(|row| {
            (row.framework, row.start) == (FrameworkId(framework), Time::from_secs(10))
        });
        row.expect("a step").running.of(Kind::Cpus) / 1000
    })
}

/// 20 s of `cores` cores for each of `tasks` tasks.
fn wide(cores: u64, tasks: usize) -> Stage {
    let local = vec![secs(20); tasks];
    let stage = StageSpec::new(Resources::cores(cores, cores), tasks as u32);
    (stage, Runtimes::Plain { local, away: 1000 })
}

fn small_jobs() -> Vec<Plan> {
    (0..100).map(|_| job(5, vec![wide(1, 1)])).collect()
}

#[test]
fn many_small_jobs_get_as_much_as_one_large() {
    for scheduler in ["fifo", "fair", "gang"] {
        for round in ["", ",round=1s"] {
            let large = || job(5, vec![wide(1, 100)]);
            let drf = format!("drf[offers=task{round}]");
            let priority = format!("priority[offers=task{round}]");
            assert_eq!(
                split(&drf, scheduler, small_jobs(), large()),
                [50, 50],
                "{drf}"
            );
            assert_eq!(
                split(&priority, scheduler, small_jobs(), large()),
                [100, 0],
                "{priority}"
            );
        }
    }
}

#[test]
fn jobs_of_several_sizes_get_as_much_as_one_large() {
    // Ones, twos and threes in turns, of which the first 26 make 51 cores.
    for scheduler in ["fifo", "fair"] {
        let mixed = (0..150).map(|i| job(5, vec![wide(1 + i % 3, 1)])).collect();
        let [one, other] = split(
            "drf[offers=task]",
            scheduler,
            mixed,
            job(5, vec![wide(1, 100)]),
        );
        assert_eq!(one + other, 100, "{scheduler}");
        assert!(one.abs_diff(other) <= 3, "{scheduler}: {one} and {other}");
    }
}
