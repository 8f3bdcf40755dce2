//! The scheduler `fit`: where tasks go decides when others start.

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Milligpus, Resources};
use fairground_policies::time::Time;
use fairground_workloads::trace::{Jobs, Runtimes, Work};

use crate::common::{Cluster, secs};

/// Cores and thousandths of a GPU.
fn size(cores: u64, gpus: u64) -> Resources {
    Resources::cores(cores, 1).with_gpus(Milligpus(gpus))
}

/// Jobs of stages in a chain, each of one task, as `cores gpus seconds`; stages are separated by `>`, jobs by commas,
/// and all are submitted at once. When each starts, in seconds, on agents of so much.
fn check(scheduler: &str, agents: &[(u64, u64)], jobs: &str, expected: &[u64]) {
    let mut all = Jobs::default();
    for job in jobs.split(',') {
        let stages = job.split('>').enumerate().map(|(place, stage)| {
            let n: Vec<u64> = stage
                .split_whitespace()
                .map(|n| n.parse().expect("a number"))
                .collect();
            let spec = StageSpec {
                parents: (0..place as u32).rev().take(1).collect(),
                estimate: Some(secs(n[2])),
                ..StageSpec::new(size(n[0], n[1]), 1)
            };
            let local = vec![secs(n[2])];
            (spec, Runtimes::Plain { local, away: 1000 })
        });
        all.push("", Time::ZERO, false, stages.collect());
    }
    let agent =
        |(cores, gpus): &(u64, u64)| Resources::cores(*cores, 100).with_gpus(Milligpus(*gpus));
    let agents: Vec<Resources> = agents.iter().map(agent).collect();
    let cluster = Cluster::new("drf", &agents).framework(scheduler, Work::Batch(all));
    let run = cluster.run();
    let starts = run
        .jobs
        .iter()
        .map(|row| row.started.expect("a start").as_secs());
    assert_eq!(starts.collect::<Vec<_>>(), expected, "{scheduler}: {jobs}");
}

#[test]
fn who_fits_where_decides_who_waits() {
    let agents = [(8, 0), (4, 0)];
    let jobs = "4 0 10, 8 0 10";
    check("fit[place=first]", &agents, jobs, &[0, 10]);
    check("fit[place=best]", &agents, jobs, &[0, 0]);
    check("fit[place=worst]", &agents, jobs, &[0, 10]);
    check("fit[place=best,order=largest]", &agents, jobs, &[0, 0]);
    check("fit", &[(4, 0), (8, 0)], jobs, &[0, 0]);
}

#[test]
fn a_gpu_is_one_device() {
    // 0.6 + 0.6 + 0.6 is less than 2 GPUs, and no GPU has room for two of them.
    let jobs = "1 600 10, 1 600 10, 1 600 10, 1 400 10";
    check("fifo", &[(8, 2000)], jobs, &[0, 0, 0, 10]);
    check("fit[place=first]", &[(8, 2000)], jobs, &[0, 0, 10, 0]);
    // Whoever wants a whole one waits until one is: of two tasks on two GPUs or on one.
    let jobs = "1 300 10, 1 300 10, 1 1000 10";
    check("fit[place=worst]", &[(8, 2000)], jobs, &[0, 0, 10]);
    check("fit[place=fgd]", &[(8, 2000)], jobs, &[0, 0, 0]);
}

#[test]
fn orders_of_a_framework() {
    let one = [(1, 0)];
    check("fit", &one, "1 0 20, 1 0 10, 1 0 30", &[0, 20, 30]);
    check(
        "fit[order=sjf]",
        &one,
        "1 0 20, 1 0 10, 1 0 30",
        &[10, 0, 30],
    );
    // The first job's stages take 10 and 40 s: 10 s is the shortest task, and 50 s the longest chain.
    let chains = "1 0 10 > 1 0 40, 1 0 20, 1 0 30";
    check("fit[order=sjf]", &one, chains, &[0, 10, 30]);
    check("fit[order=srtf]", &one, chains, &[50, 0, 20]);
    check("fit[order=critical]", &one, chains, &[0, 80, 50]);
}
