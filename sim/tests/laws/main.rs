//! Laws of whole simulations: whatever the cluster, the work, the policy, the network and the
//! failures, nothing is lost, nothing is counted twice, and the same twice is the same.
//!
//! `PROPTEST_CASES` sets how many clusters are tried of each; 256 if nothing is said.

#[path = "../common/mod.rs"]
mod common;
mod behave;
mod chance;
mod policies;

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::message::{AgentId, FrameworkId, JobId, TaskId};
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::time::Time;
use fairground_sim::run::{FrameworkRow, Run, TaskEnd, TaskKind, TaskRow};
use fairground_workloads::feedback::{After, Feedback};
use fairground_workloads::trace::{Jobs, Runtimes, Work};
use proptest::prelude::*;

use common::Cluster;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_obeys_the_laws((cluster, hasty) in chance::cluster()) {
        let run = cluster.run();
        check_jobs(&cluster, hasty, &run)?;
        check_tasks(&cluster, &run)?;
        for (i, row) in run.frameworks.iter().enumerate() {
            check_reports(row, run.totals.stalled)?;
            check_framework(&cluster, &run, i, row)?;
        }
        check_use(&cluster, &run)?;
        check_used(&cluster, &run)?;
        check_hosts(&run)?;
        check_services(&cluster, &run)?;
        prop_assert_eq!(&run, &cluster.run(), "the same twice is the same");
    }

    #[test]
    fn runs_in_which_jobs_wait_for_others_obey_them(
        (mut cluster, _) in chance::cluster(),
        links in proptest::collection::vec((0_u32..9, 0_u64..40), 1..9),
    ) {
        for workload in &mut cluster.trace.workloads {
            link(&mut workload.work, &links);
        }
        let run = cluster.run();
        check_waits(&cluster, &run)?;
        check_tasks(&cluster, &run)?;
        for row in &run.frameworks {
            check_reports(row, run.totals.stalled)?;
        }
        check_use(&cluster, &run)?;
        prop_assert_eq!(&run, &cluster.run(), "the same twice is the same");
    }

    #[test]
    fn a_rigid_gang_runs_as_its_tasks_would((mut cluster, hasty) in chance::cluster()) {
        // Of single tasks as many are taken back as are needed, of a gang all.
        if policies::takes_back(&cluster.policy) {
            return Ok(());
        }
        cluster.trace.faults.clear();
        cluster.network = fairground_sim::network::NetworkSpec::default();
        let as_one = cluster.run();
        for workload in &mut cluster.trace.workloads {
            if let Work::Batch(jobs) = &mut workload.work {
                *jobs = jobs.apart();
            }
        }
        let apart = cluster.run();
        let rows = |run: &Run| -> Vec<_> {
            let rows = run.jobs.iter();
            rows.map(|row| (row.job, row.submitted, row.started, row.finished, row.tasks, row.lost)).collect()
        };
        prop_assert!(hasty || rows(&as_one) == rows(&apart));
        prop_assert_eq!(&as_one.usage, &apart.usage);
        let counts = |run: &Run| -> Vec<_> {
            let rows = run.frameworks.iter();
            rows.map(|row| (row.launched, row.tasks_finished, row.tasks_lost, row.work_lost)).collect()
        };
        prop_assert_eq!(counts(&as_one), counts(&apart));
        prop_assert!(as_one.totals.events <= apart.totals.events);
    }

    #[test]
    fn equal_tasks_keep_every_core_busy(cluster in chance::equal_tasks()) {
        check_list_scheduling(&cluster, &cluster.run())?;
    }
}

type Verdict = Result<(), TestCaseError>;

fn jobs_of(work: &Work) -> Jobs {
    match work {
        Work::Batch(jobs) | Work::Executors { jobs, .. } => jobs.clone(),
        Work::Service(_) => Jobs::default(),
    }
}

/// Lets jobs wait for others: by turns, the one so many before them, so many seconds after its end.
fn link(work: &mut Work, links: &[(u32, u64)]) {
    let (Work::Batch(jobs) | Work::Executors { jobs, .. }) = work else {
        return;
    };
    let after = (0..jobs.len() as u32).map(|id| {
        let (back, think) = links[id as usize % links.len()];
        let before = id.checked_sub(back).filter(|_| back > 0)?;
        Some(After {
            job: JobId(before),
            think: common::secs(think),
        })
    });
    let feedback = Feedback::Preceding(after.collect());
    *jobs = jobs.clone().with_feedback(feedback);
}

/// Jobs are all there; who waits for another is submitted when that has ended and its user has thought,
/// and never if it never ends; nobody else is.
fn check_waits(cluster: &Cluster, run: &Run) -> Verdict {
    for (i, workload) in cluster.trace.workloads.iter().enumerate() {
        let rows: Vec<_> = run.jobs.of(FrameworkId(i as u32)).collect();
        let jobs = jobs_of(&workload.work);
        let page = &run.frameworks[i];
        let came = rows.iter().filter(|row| row.came).count() as u64;
        prop_assert_eq!((rows.len(), page.jobs), (jobs.len(), came));
        prop_assert_eq!(came + page.unsubmitted, jobs.len() as u64);
        let Some(Feedback::Preceding(after)) = jobs.feedback().map(AsRef::as_ref) else {
            continue;
        };
        let mut waits = 0;
        for (job, after) in jobs.iter().zip(after) {
            let row = &rows[job.id.index()];
            let Some(After { job: before, think }) = *after else {
                prop_assert_eq!(row.submitted, job.submitted);
                continue;
            };
            match rows[before.index()].finished {
                Some(end) => prop_assert_eq!(row.submitted, end + think),
                // It could never run, and ended as it came; or it never ended.
                None => waits += u64::from(row.submitted == job.submitted),
            }
        }
        prop_assert!(
            page.unsubmitted <= waits,
            "{} and {}",
            page.unsubmitted,
            waits
        );
        prop_assert!(page.unsubmitted == 0 || run.totals.stalled);
    }
    Ok(())
}

/// Jobs are all there, in order, never done before they came, and done at last unless they are
/// impossible or agents are gone for good.
fn check_jobs(cluster: &Cluster, hasty: bool, run: &Run) -> Verdict {
    for (i, workload) in cluster.trace.workloads.iter().enumerate() {
        let rows = || run.jobs.of(FrameworkId(i as u32));
        let jobs = jobs_of(&workload.work);
        prop_assert_eq!(rows().count(), jobs.len());
        for (job, row) in jobs.iter().zip(rows()) {
            prop_assert_eq!(row.submitted, job.submitted);
            prop_assert!(row.started.is_none_or(|started| started >= row.submitted));
            prop_assert!(row.finished.is_none() || row.started.is_some());
            prop_assert!(
                row.finished
                    .is_none_or(|finished| Some(finished) >= row.started)
            );
            prop_assert!(
                row.finished
                    .is_none_or(|finished| finished <= run.totals.end)
            );
        }
    }
    let unfinished = run.frameworks.iter().map(|row| row.jobs - row.finished);
    let impossible = run.frameworks.iter().map(|row| row.impossible);
    let stuck: u64 = unfinished
        .zip(impossible)
        .map(|(all, known)| all - known)
        .sum();
    prop_assert_eq!(stuck > 0, run.totals.stalled, "a run says that it is stuck");
    let faults = &cluster.trace.faults;
    let may_wait = hasty || faults.iter().any(|fault| fault.back.is_none());
    prop_assert!(stuck == 0 || may_wait, "{} jobs for ever unfinished", stuck);
    Ok(())
}

/// Every launch has one row; of all attempts at a task one counts, if it is done, and none if it is not.
fn check_tasks(cluster: &Cluster, run: &Run) -> Verdict {
    for (i, workload) in cluster.trace.workloads.iter().enumerate() {
        let framework = FrameworkId(i as u32);
        let page = &run.frameworks[i];
        let rows = || run.tasks.iter().filter(|row| row.framework == framework);
        let launches = rows().filter(|row| row.kind != TaskKind::Inside);
        let tasks: u64 = launches.clone().map(|row| u64::from(row.tasks)).sum();
        let launches: Vec<(TaskId, AgentId)> = launches.map(|row| (row.task, row.agent)).collect();
        let different: BTreeSet<_> = launches.iter().copied().collect();
        prop_assert_eq!(tasks, page.launched);
        prop_assert_eq!(
            different.len(),
            launches.len(),
            "a launch has one row an agent"
        );
        prop_assert!(rows().all(|row| row.started <= row.ended));
        let counted = rows().filter(|row| row.outcome == TaskEnd::Finished);
        let units = |row: &TaskRow| {
            let (job, stage, index) = row.unit?;
            Some((index..index + row.tasks).map(move |index| (job, stage, index)))
        };
        let counted: Vec<_> = counted.filter_map(units).flatten().collect();
        let tasks: BTreeSet<_> = counted.iter().copied().collect();
        prop_assert_eq!(tasks.len(), counted.len(), "one attempt at a task counts");
        if let Work::Batch(_) = workload.work {
            prop_assert_eq!(counted.len() as u64, page.tasks_finished);
        }
        for job in run.jobs.of(framework).filter(|job| job.finished.is_some()) {
            let done = tasks.iter().filter(|(id, ..)| *id == job.job).count();
            prop_assert_eq!(done as u64, job.tasks);
        }
        let running = rows().any(|row| row.outcome == TaskEnd::Running);
        prop_assert!(run.totals.stalled || !running);
    }
    Ok(())
}

/// Every task launched, or refused because its offer was stale, has exactly one final report. A run
/// that is stuck is cut off with reports on their way.
fn check_reports(row: &FrameworkRow, stalled: bool) -> Verdict {
    let reports = row.tasks_finished + row.tasks_killed + row.tasks_lost + row.tasks_preempted;
    let begun = row.launched + row.refused;
    prop_assert!(begun == reports || stalled && begun > reports, "{:?}", row);
    prop_assert!(
        row.refused <= row.tasks_lost || stalled,
        "a refused task is a lost one"
    );
    prop_assert!(row.accepted + row.rescinded <= row.offers, "{:?}", row);
    prop_assert!(row.local <= row.choosy);
    prop_assert!(row.missed <= row.requests);
    prop_assert!(row.latency_p50 <= row.latency_p95 && row.latency_p95 <= row.latency_p99);
    Ok(())
}

/// What a framework ran is what its jobs are.
fn check_framework(cluster: &Cluster, run: &Run, i: usize, row: &FrameworkRow) -> Verdict {
    let Work::Batch(jobs) = &cluster.trace.workloads[i].work else {
        let executors = matches!(cluster.trace.workloads[i].work, Work::Executors { .. });
        prop_assert!(
            !executors || row.tasks_finished == 0,
            "executors are told to end"
        );
        return Ok(());
    };
    let attempts: u64 = run.jobs.of(FrameworkId(i as u32)).map(|job| job.lost).sum();
    let ended = row.tasks_killed + row.tasks_lost + row.tasks_preempted;
    prop_assert_eq!(attempts, ended);
    let done = run
        .jobs
        .of(FrameworkId(i as u32))
        .filter(|job| job.finished.is_some());
    let tasks: u64 = done.map(|job| job.tasks).sum();
    prop_assert!(row.tasks_finished >= tasks);
    if row.finished == row.jobs {
        prop_assert_eq!(row.tasks_finished, tasks);
        if attempts == 0 {
            prop_assert_eq!(row.work_lost.as_micros(), 0);
            check_work(cluster, run, i, jobs)?;
        }
    }
    Ok(())
}

/// Tasks that ran once each used what they need for as long as they take, or `away` times that, with
/// what launching may cost on top.
fn check_work(cluster: &Cluster, run: &Run, i: usize, jobs: &Jobs) -> Verdict {
    let (mut least, mut most) = (0_u128, 0_u128);
    for job in jobs.iter() {
        for (stage, runtimes) in job.stages() {
            let Runtimes::Plain { local, away } = runtimes else {
                return Ok(());
            };
            for span in local {
                let cpus = u128::from(stage.needs.cpus().0) * u128::from(stage.at_once());
                least += cpus * u128::from(span.as_micros());
                let costs = cluster.costs;
                let longest = span.scaled(u64::from(away), 1000);
                let longest = longest.scaled(u64::from(costs.slowdown), 1000) + costs.start;
                most += cpus * u128::from(longest.as_micros());
            }
        }
    }
    let step = u128::from(run.step.as_micros());
    let rows = run.usage.iter().filter(|row| row.framework.index() == i);
    let used: u128 = rows
        .clone()
        .map(|row| u128::from(row.running.cpus().0) * step)
        .sum();
    // Every row is rounded down by less than one unit for one step.
    let rounding = rows.count() as u128 * step;
    let may_share = cluster.frameworks.iter().any(|one| one.uses.is_some());
    let may_share = may_share || !cluster.overcommit.is_empty();
    prop_assert!(
        (used <= most || may_share) && used + rounding >= least,
        "{} {} {}",
        least,
        used,
        most
    );
    Ok(())
}

/// What all agents offer together.
fn offered(cluster: &Cluster) -> Resources {
    let offers = |(i, size): (usize, &Resources)| {
        let mut units = size.units();
        units[0] = units[0] * u64::from(cluster.overcommit.get(i).copied().unwrap_or(1000)) / 1000;
        Resources::from_units(units)
    };
    cluster.trace.agents.iter().enumerate().map(offers).sum()
}

/// No more processors work than there are, and what is known of them is told.
fn check_used(cluster: &Cluster, run: &Run) -> Verdict {
    let capacity: Resources = cluster.trace.agents.iter().copied().sum();
    let mut steps: BTreeMap<Time, u64> = BTreeMap::new();
    for row in &run.usage {
        let known = cluster.frameworks[row.framework.index()].uses.is_some();
        prop_assert_eq!(row.used.is_some(), known);
        *steps.entry(row.start).or_default() += row.used.unwrap_or(0);
    }
    for (start, used) in steps {
        prop_assert!(used <= capacity.cpus().0, "{} at {}", used, start);
    }
    Ok(())
}

/// Nobody is given what is not there.
fn check_use(cluster: &Cluster, run: &Run) -> Verdict {
    let capacity = offered(cluster);
    let mut steps: BTreeMap<Time, Resources> = BTreeMap::new();
    for row in &run.usage {
        *steps.entry(row.start).or_insert(Resources::ZERO) += row.running + row.offered;
    }
    for (start, used) in steps {
        prop_assert!(
            used.fits_in(capacity),
            "{:?} of {:?} at {}",
            used,
            capacity,
            start
        );
    }
    let mean: Resources = run.frameworks.iter().map(|row| row.mean_usage).sum();
    prop_assert!(mean.fits_in(capacity));
    Ok(())
}

/// No part of an agent is used more than once.
fn check_hosts(run: &Run) -> Verdict {
    for row in &run.hosts {
        prop_assert!(row.share <= 1_000_000);
    }
    Ok(())
}

/// Every step of a service's load is accounted for.
fn check_services(cluster: &Cluster, run: &Run) -> Verdict {
    for (i, workload) in cluster.trace.workloads.iter().enumerate() {
        let Work::Service(service) = &workload.work else {
            continue;
        };
        let rows = run
            .services
            .iter()
            .filter(|row| row.framework == FrameworkId(i as u32));
        let requests: Vec<u64> = rows.clone().map(|row| row.requests).collect();
        prop_assert_eq!(&requests, &service.load);
        prop_assert_eq!(run.frameworks[i].requests, service.load.iter().sum::<u64>());
        for row in rows {
            let most = u64::from(service.autoscaler.max) * 1000;
            prop_assert!(row.instances <= most + ended_late(cluster));
            prop_assert!(row.missed <= row.requests);
        }
    }
    Ok(())
}

/// Instances told to end live until they hear of it, while their successors may start: with a
/// network in between there may be more than wanted.
fn ended_late(cluster: &Cluster) -> u64 {
    if cluster.network == fairground_sim::network::NetworkSpec::default() {
        0
    } else {
        u64::MAX / 2
    }
}

/// Graham's bound: when no core idles while a task waits, all is done by the last submission, plus
/// all work spread evenly over all cores, plus the longest task.
fn check_list_scheduling(cluster: &Cluster, run: &Run) -> Verdict {
    let cores: u64 = cluster
        .trace
        .agents
        .iter()
        .map(|agent| agent.of(Kind::Cpus) / 1000)
        .sum();
    let (mut last, mut longest, mut work) = (Time::ZERO, 0, 0);
    let workloads = cluster.trace.workloads.iter();
    let jobs: Vec<Jobs> = workloads.map(|one| jobs_of(&one.work)).collect();
    for job in jobs.iter().flat_map(Jobs::iter) {
        last = last.max(job.submitted);
        let Runtimes::Plain { local, .. } = job.runtimes(0) else {
            continue;
        };
        for span in local {
            longest = longest.max(span.as_micros());
            work += span.as_micros();
        }
    }
    let bound = last.as_micros() + work / cores + longest;
    prop_assert!(!run.totals.stalled);
    prop_assert!(
        run.totals.end.as_micros() <= bound + 1,
        "{} > {}",
        run.totals.end,
        bound
    );
    Ok(())
}
