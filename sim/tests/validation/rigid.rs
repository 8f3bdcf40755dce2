//! Tasks that start together do so under every scheduler, and hold nothing back that others want.

use std::collections::BTreeMap;

use fairground_policies::message::FrameworkId;
use fairground_policies::time::{Span, Time};

use crate::common::{Cluster, batch, cores, gang, job, maps};

const SCHEDULERS: [&str; 4] = ["fifo", "fair", "fifo[wait=10s]", "gang"];

/// When the tasks of each framework started, and how many at each of those times.
fn starts(cluster: &Cluster) -> BTreeMap<(u32, u64), u32> {
    let mut starts = BTreeMap::new();
    cluster.watched(&mut |ended| {
        let FrameworkId(framework) = ended.framework;
        *starts
            .entry((framework, ended.started.as_secs()))
            .or_default() += 1;
    });
    starts
}

#[test]
fn rigid_jobs_start_together_under_every_scheduler() {
    for scheduler in SCHEDULERS {
        for policy in [
            "drf",
            "fifo",
            "drf[offers=task]",
            "drf[offers=task,round=1s]",
        ] {
            // Eight cores of which six end one by one; a rigid job of six, and one that could pass it.
            let busy = job(0, vec![maps(&[10, 20, 30, 40, 50, 60])]);
            let rigid = gang(job(5, vec![maps(&[7; 6])]));
            let cluster = Cluster::new(policy, &[cores(4), cores(4)])
                .framework("fifo", batch(vec![busy]))
                .framework(scheduler, batch(vec![rigid]));
            let starts = starts(&cluster);
            let mine: Vec<_> = starts.iter().filter(|((f, _), _)| *f == 1).collect();
            // With rounds, what it let go comes back in the one after it asked.
            let at = if policy.contains("round") { 41 } else { 40 };
            assert_eq!(mine, [(&(1, at), &6)], "{policy}, {scheduler}");
        }
    }
}

/// What a rigid job could use and let go is there when the rest of it comes free, and others had it
/// meanwhile.
#[test]
fn what_was_let_go_idles_only_while_nobody_wants_it() {
    for scheduler in SCHEDULERS {
        // Held from 1 s on, for 33.75 s; the rest comes free at 40 s.
        let busy = job(0, vec![maps(&[40; 4])]);
        let rigid = gang(job(1, vec![maps(&[7; 8])]));
        let cluster = Cluster::new("drf", &[cores(4), cores(4)])
            .framework("fifo", batch(vec![busy]))
            .framework(scheduler, batch(vec![rigid]))
            .framework("fifo", batch(vec![job(36, vec![maps(&[2])])]));
        let starts = starts(&cluster);
        let expected = [((0, 0), 4), ((1, 40), 8), ((2, 36), 1)];
        assert_eq!(starts, BTreeMap::from(expected), "{scheduler}");
    }
}

/// Under `fifo`, those behind a rigid job take what it cannot use, and nothing else before it lets go.
#[test]
fn those_behind_a_rigid_job_take_what_it_cannot_use() {
    let (mut large, runtimes) = maps(&[5, 5]);
    large.needs = cores(3);
    let rigid = gang(job(1, vec![(large, runtimes)]));
    let busy = job(0, vec![maps(&[20; 3])]);
    let small = job(2, vec![maps(&[3, 3])]);
    let cluster = Cluster::new("fifo", &[cores(4), cores(4)])
        .framework("fifo", batch(vec![busy, rigid, small]));
    let starts = starts(&cluster);
    // One core beside the busy ones is of no use to it: small tasks go there, one after the other.
    let expected = [((0, 0), 3), ((0, 2), 1), ((0, 5), 1), ((0, 20), 2)];
    assert_eq!(starts, BTreeMap::from(expected));
}

/// Many who hold what each of the others needs all come to their turn, and not much later than one after
/// the other.
#[test]
fn rivals_that_hold_do_not_starve_each_other() {
    for rivals in [2_u64, 3, 5, 9, 17] {
        for scheduler in ["gang", "fair", "fifo", "gang[hold=5s]"] {
            for policy in ["drf", "drf[round=1s]", "drf[offers=task]", "fair"] {
                let mut cluster = Cluster::new(policy, &[cores(4), cores(4), cores(4), cores(4)]);
                for _ in 0..rivals {
                    let wide = || gang(job(0, vec![maps(&[300; 16])]));
                    cluster = cluster.framework(scheduler, batch(vec![wide(), wide()]));
                }
                let run = cluster.run();
                let finished: u64 = run.frameworks.iter().map(|row| row.finished).sum();
                let told = format!("{rivals} of {scheduler} under {policy}");
                assert_eq!(finished, 2 * rivals, "{told}");
                // Two jobs of 300 s each, and as long again for who comes next.
                let most = 2 * rivals * 300 * 2 + 3600;
                assert!(
                    run.totals.end.as_secs() < most,
                    "{told}: {}",
                    run.totals.end
                );
            }
        }
    }
}

/// Nobody waits long on a cluster of which nobody uses anything: who keeps quiet for others, or let go of
/// what was not enough, finds out when they are gone.
#[test]
fn a_free_cluster_is_found_soon() {
    for rivals in 2_u64..=8 {
        for (scheduler, policy) in [
            ("gang", "drf"),
            ("fifo", "drf"),
            ("fair", "fair"),
            ("gang", "fifo"),
        ] {
            let mut cluster = Cluster::new(policy, &[cores(1); 8]);
            for rival in 0..rivals {
                let tasks = |n: u64| 3 + (7 * n + 5 * rival) % 6;
                let run = |n: u64| 40 + (97 * n + 61 * rival) % 400;
                let jobs = (0..12).map(|n| {
                    let widths = vec![run(n); tasks(n) as usize];
                    gang(job(150 * n + rival, vec![maps(&widths)]))
                });
                cluster = cluster.framework(scheduler, batch(jobs.collect()));
            }
            let run = cluster.run();
            let mut jobs: Vec<_> = run.jobs.iter().collect();
            jobs.sort_by_key(|job| job.started);
            let mut busy = Time::ZERO;
            for job in &jobs {
                let start = job.started.expect("every job starts");
                let since = busy.max(job.submitted);
                let idle = if start > since {
                    start - since
                } else {
                    Span::ZERO
                };
                let told = format!("{rivals} of {scheduler} under {policy}: {idle} before {start}");
                assert!(idle <= Span::from_secs(240), "{told}");
                busy = busy.max(job.finished.expect("every job ends"));
            }
        }
    }
}
