//! Copies of slow tasks: worked answers, to the microsecond.

use fairground_policies::job::StageSpec;
use fairground_policies::message::AgentId;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_sim::network::NetworkSpec;
use fairground_sim::run::{FrameworkRow, Run, TaskEnd};
use fairground_workloads::trace::{Runtimes, Work};

use crate::common::{Cluster, batch, cores, gang, job, maps, secs};

const POLICIES: [&str; 2] = ["drf", "drf[offers=task]"];
const SPARK: &str = "fair[speculate=1.5]";

/// Four tasks of 10 s, the fourth of which starts on agent 3 and has its data on agent 0 as the first has:
/// away from it, it takes `away` thousandths as long.
fn far(away: u32) -> Work {
    let near = |agent: u32| AgentId(agent);
    let stage = StageSpec {
        preferred: vec![near(0), near(1), near(2), near(0)],
        ..StageSpec::new(cores(1), 4)
    };
    let local = vec![secs(10); 4];
    batch(vec![job(0, vec![(stage, Runtimes::Plain { local, away })])])
}

fn on(agents: usize, policy: &str, scheduler: &str, work: Work) -> Cluster {
    Cluster::new(policy, &vec![cores(1); agents]).framework(scheduler, work)
}

/// When the first framework's job ended, how many copies there were and how many won, and what was for
/// nothing, in seconds.
fn told(run: &Run) -> (Option<Time>, (u64, u64), Span) {
    let row = &run.frameworks[0];
    let finished = run.jobs.iter().next().and_then(|job| job.finished);
    (finished, (row.copies, row.copies_won), row.work_lost)
}

fn check(cluster: &Cluster, end: u64, copies: (u64, u64), lost: u64) -> Run {
    let run = cluster.run();
    let expected = (Some(Time::from_secs(end)), copies, secs(lost));
    assert_eq!(told(&run), expected, "{}", cluster.policy);
    run
}

/// Of every attempt: task, which attempt, agent, from, to, how it ended.
fn attempts(run: &Run) -> Vec<(u32, u32, u32, u64, u64, TaskEnd)> {
    let row = |row: &fairground_sim::run::TaskRow| {
        let (_, _, index) = row.unit.expect("a task of a job");
        let attempt = row.attempt.expect("an attempt");
        let times = (row.started.as_secs(), row.ended.as_secs());
        (index, attempt, row.agent.0, times.0, times.1, row.outcome)
    };
    run.tasks.iter().map(row).collect()
}

#[test]
fn the_copy_wins_where_its_data_is() {
    // Three are done at 10 s, so the fourth is slow from 15 s on. Its copy has its data and takes 10 s;
    // the first attempt, which would have taken 60 s, is ended at 25 s and was for nothing.
    for policy in POLICIES {
        let run = check(&on(4, policy, SPARK, far(6000)), 25, (1, 1), 25);
        let last = &attempts(&run)[3..];
        let copy = (3, 2, 0, 15, 25, TaskEnd::Finished);
        assert_eq!(last, [copy, (3, 1, 3, 0, 25, TaskEnd::Killed)], "{policy}");
        let row = &run.frameworks[0];
        assert_eq!(
            (row.tasks_finished, row.tasks_killed, row.launched),
            (4, 1, 5)
        );
        assert_eq!(run.jobs.iter().next().expect("a job").lost, 1);
    }
}

#[test]
fn the_copy_loses_when_the_work_itself_is_long() {
    // 60 s wherever it runs: the copy ran from 15 s to 60 s for nothing.
    for policy in POLICIES {
        let work = batch(vec![job(0, vec![maps(&[10, 10, 10, 60])])]);
        let run = check(&on(5, policy, SPARK, work), 60, (1, 0), 45);
        let last = &attempts(&run)[3..];
        let first = (3, 1, 3, 0, 60, TaskEnd::Finished);
        assert_eq!((last[0], last[1].5), (first, TaskEnd::Killed), "{policy}");
    }
}

#[test]
fn what_a_copy_had_is_free_again_at_once() {
    // A job of five tasks of 5 s comes at 58 s, when both attempts run: three start at once, the others when
    // both end, at 60 s.
    let slow = job(0, vec![maps(&[10, 10, 10, 60])]);
    let next = job(58, vec![maps(&[5; 5])]);
    let cluster = on(5, "drf", SPARK, batch(vec![slow, next]));
    let run = cluster.run();
    let ends: Vec<_> = run.jobs.iter().filter_map(|job| job.finished).collect();
    assert_eq!(ends, [Time::from_secs(60), Time::from_secs(65)]);
}

#[test]
fn nobody_is_copied_by_default_or_before_the_rule_says() {
    let work = || batch(vec![job(0, vec![maps(&[10, 10, 10, 60])])]);
    for scheduler in [
        "fair",
        "fair[speculate=6]",
        "fair[speculate=1.5,quantile=0.9]",
    ] {
        // Nine tenths of four are three whole ones, as in Spark: the last of them says more.
        let copies = u64::from(scheduler.contains("quantile"));
        let lost = copies * 45;
        check(&on(5, "drf", scheduler, work()), 60, (copies, 0), lost);
    }
    let one = batch(vec![job(0, vec![maps(&[60])])]);
    check(&on(5, "drf", SPARK, one), 60, (0, 0), 0);
    let all_alike = batch(vec![job(0, vec![maps(&[10, 11, 14, 15])])]);
    check(&on(5, "drf", SPARK, all_alike), 15, (0, 0), 0);
    let rigid = batch(vec![gang(job(0, vec![maps(&[10, 10, 10, 60])]))]);
    check(&on(5, "drf", SPARK, rigid), 60, (0, 0), 0);
}

#[test]
fn nothing_is_copied_where_nothing_is_free() {
    // Another framework takes what is free from 10 s on.
    for policy in POLICIES {
        let others = batch(vec![job(5, vec![maps(&[1000; 3])])]);
        let cluster = on(4, policy, SPARK, far(6000)).framework("fair", others);
        check(&cluster, 60, (0, 0), 0);
    }
    // On one large agent a copy would be where the slow one is.
    let work = batch(vec![job(0, vec![maps(&[10, 10, 10, 60])])]);
    let one = Cluster::new("drf", &[cores(8)]).framework(SPARK, work);
    check(&one, 60, (0, 0), 0);
}

#[test]
fn tasks_that_wait_come_before_copies() {
    // Four agents, and five tasks of a second job wait from 12 s on: three of them take what is free at
    // 12 s, the others when these end, at 22 s. The copy comes with what they leave, and at 22 s one agent.
    let slow = job(0, vec![maps(&[10, 10, 10, 60])]);
    let next = job(12, vec![maps(&[10; 5])]);
    let cluster = on(4, "drf", "fifo[speculate=1.5]", batch(vec![slow, next]));
    let run = cluster.run();
    let copy = attempts(&run)
        .into_iter()
        .find(|one| (one.0, one.1) == (3, 2));
    let copy = copy.expect("a copy");
    assert_eq!((copy.3, copy.4), (22, 60));
}

#[test]
fn one_of_both_is_lost() {
    for policy in POLICIES {
        // The slow one is: the copy goes on.
        let cluster = on(4, policy, SPARK, far(6000)).fault(3, secs(20), None);
        check(&cluster, 25, (1, 1), 20);
        // The copy is: another starts at once, away from the data as well, and loses at 60 s.
        let cluster = on(4, policy, SPARK, far(6000)).fault(0, secs(20), None);
        check(&cluster, 60, (2, 0), 5 + 40);
    }
}

#[test]
fn both_are_lost_and_the_task_waits() {
    // Both at 20 s: it starts again on one of the two agents that are left, away from its data, and has a
    // copy on the other 15 s later, which loses at 80 s.
    for policy in POLICIES {
        let cluster = on(4, policy, SPARK, far(6000));
        let cluster = cluster.fault(0, secs(20), None).fault(3, secs(20), None);
        check(&cluster, 80, (2, 0), 5 + 20 + 45);
    }
}

#[test]
fn a_stage_never_finishes_a_task_twice() {
    // With a second between all, both may be done before anybody knows of the other.
    let network = NetworkSpec {
        latency: secs(1),
        ..NetworkSpec::default()
    };
    let mut both = 0;
    for away in (1500..5000).step_by(50) {
        for policy in POLICIES {
            let run = on(4, policy, SPARK, far(away)).network(network).run();
            let FrameworkRow {
                launched,
                tasks_finished,
                tasks_killed,
                tasks_lost,
                work_lost,
                copies,
                ..
            } = run.frameworks[0];
            assert_eq!((tasks_finished, tasks_lost), (4, 0), "{policy} {away}");
            assert_eq!(launched, 4 + tasks_killed, "{policy} {away}");
            assert!(
                copies <= tasks_killed && tasks_killed <= 1,
                "{policy} {away}"
            );
            assert_eq!(tasks_killed > 0, !work_lost.is_zero(), "{policy} {away}");
            let attempts = attempts(&run);
            let ended = |end| attempts.iter().filter(|one| one.5 == end).count();
            assert_eq!(ended(TaskEnd::Finished), 4, "{policy} {away}");
            both += ended(TaskEnd::Discarded);
            assert_eq!(run.jobs.iter().next().expect("a job").lost, tasks_killed);
        }
    }
    assert!(both > 0, "no two were done at once");
}

#[test]
fn a_copy_takes_its_part_of_a_machine_that_is_shared() {
    // As where the copy loses, on one core that offers two beside another agent: tasks take their turns
    // and nothing is counted twice.
    let work = batch(vec![job(0, vec![maps(&[10, 10, 10, 60])])]);
    let mut cluster = on(5, "drf", SPARK, work);
    cluster.trace.agents = vec![Resources::cores(1, 1 << 20); 3];
    cluster.overcommit = vec![2000; 3];
    let run = cluster.run();
    let row = &run.frameworks[0];
    assert_eq!((row.tasks_finished, row.finished), (4, 1));
}
