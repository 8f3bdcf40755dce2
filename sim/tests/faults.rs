//! Agents that go away: what runs again, what is counted as lost, and that nothing is forgotten.

mod common;

use common::{Cluster, batch, cores, gang, job, maps, numbered, secs, shown};
use fairground_policies::job::StageSpec;
use fairground_policies::registry::Registry;
use fairground_policies::time::Span;
use fairground_sim::experiment::Experiment;
use fairground_sim::network::NetworkSpec;
use fairground_sim::recipe::Recipe;
use fairground_sim::run::{Run, TaskRow};
use fairground_workloads::trace::{Runtimes, Work};

#[test]
fn a_lost_task_runs_again_and_its_work_is_counted() {
    // Two tasks of 30 s on two agents. Agent 0 is lost at 20 s: its task starts again on agent 1 when
    // that is free, at 30 s. 20 s of work were for nothing.
    let cluster = Cluster::new("drf", &[cores(1), cores(1)])
        .framework("fifo", batch(vec![job(0, vec![maps(&[30, 30])])]))
        .fault(0, secs(20), None);
    let run = cluster.run();
    assert_eq!(shown(&run.jobs), "f0 j0: 0s 0s 1m lost 1\n");
    let row = &run.frameworks[0];
    assert_eq!(
        (row.launched, row.tasks_finished, row.tasks_lost),
        (3, 2, 1)
    );
    assert_eq!(row.work_lost, secs(20));
}

#[test]
fn an_agent_that_comes_back_is_used_again() {
    // Back at 25 s: the lost task starts there and ends at 55 s.
    let cluster = Cluster::new("drf", &[cores(1), cores(1)])
        .framework("fifo", batch(vec![job(0, vec![maps(&[30, 30])])]))
        .fault(0, secs(20), Some(secs(5)));
    assert_eq!(shown(&cluster.run().jobs), "f0 j0: 0s 0s 55s lost 1\n");
}

#[test]
fn an_agent_may_come_back_with_more_than_it_had() {
    // One core runs the tasks of 30 s one after the other. From 20 s on there are two: what ran starts
    // again, and both end at 50 s.
    let mut cluster = Cluster::new("drf", &[cores(1)])
        .framework("fifo", batch(vec![job(0, vec![maps(&[30, 30])])]))
        .fault(0, secs(20), Some(Span::ZERO));
    cluster.trace.faults[0].total = Some(cores(2));
    assert_eq!(shown(&cluster.run().jobs), "f0 j0: 0s 0s 50s lost 1\n");
}

#[test]
fn a_job_too_large_for_what_is_there_waits_for_what_will_be() {
    let two = || StageSpec::new(cores(2), 1);
    let runtimes = || Runtimes::Plain {
        local: vec![secs(10)],
        away: 1000,
    };
    let mut cluster = Cluster::new("drf", &[cores(1)])
        .framework("fifo", batch(vec![job(0, vec![(two(), runtimes())])]))
        .fault(0, secs(20), Some(secs(5)));
    cluster.trace.faults[0].total = Some(cores(2));
    let run = cluster.run();
    assert_eq!(run.frameworks[0].impossible, 0);
    assert_eq!(shown(&run.jobs), "f0 j0: 0s 25s 35s lost 0\n");
}

#[test]
fn a_loss_noticed_late_is_reported_late() {
    // The master notices after 15 s, at 35 s, when agent 1 has been free for 5 s.
    let network = NetworkSpec {
        detection: secs(15),
        ..NetworkSpec::default()
    };
    let cluster = Cluster::new("drf", &[cores(1), cores(1)])
        .framework("fifo", batch(vec![job(0, vec![maps(&[30, 30])])]))
        .network(network)
        .fault(0, secs(20), None);
    assert_eq!(shown(&cluster.run().jobs), "f0 j0: 0s 0s 65s lost 1\n");
}

#[test]
fn a_report_that_comes_too_late_is_no_report() {
    // The offer arrives at 5 s, the answer at 10 s, the launch at 15 s; the task ends at 25 s. Its
    // report is under way until 30 s, but agent 0 is lost at 27 s, and the master is told of that first:
    // the task is lost, and runs again elsewhere.
    let network = NetworkSpec {
        latency: secs(5),
        ..NetworkSpec::default()
    };
    let cluster = Cluster::new("drf", &[cores(1), cores(1)])
        .framework("fifo", batch(vec![job(0, vec![maps(&[10])])]))
        .network(network)
        .fault(0, secs(27), None);
    let run = cluster.run();
    assert_eq!(run.jobs.iter().next().unwrap().lost, 1);
    assert_eq!(
        (
            run.frameworks[0].tasks_finished,
            run.frameworks[0].tasks_lost
        ),
        (1, 1)
    );
    assert!(run.jobs.iter().next().unwrap().finished.is_some());
    assert_eq!(
        ends(&run),
        [
            "task 0 on 0: 15s 25s discarded",
            "task 1 on 1: 52s 62s finished"
        ]
    );
}

/// The rows of attempts, in order.
fn ends(run: &Run) -> Vec<String> {
    let row = |row: &TaskRow| {
        let (kind, task, agent) = (row.kind.word(), row.task.0, row.agent.0);
        let (started, ended, how) = (row.started, row.ended, row.outcome.word());
        format!("{kind} {task} on {agent}: {started} {ended} {how}")
    };
    run.tasks.iter().map(row).collect()
}

#[test]
fn what_is_launched_on_a_dead_agent_has_a_row() {
    // Agent 0 is gone at 5 s, which is noticed at 65 s: only then the task that was to start there at 10 s
    // starts elsewhere.
    let network = NetworkSpec {
        detection: secs(60),
        ..NetworkSpec::default()
    };
    let cluster = Cluster::new("drf", &[cores(1), cores(1)])
        .framework("fifo", batch(vec![job(10, vec![maps(&[10, 10])])]))
        .network(network)
        .fault(0, secs(5), None);
    assert_eq!(
        ends(&cluster.run()),
        [
            "task 0 on 0: 10s 10s unstarted",
            "task 1 on 1: 10s 20s finished",
            "task 2 on 1: 65s 75s finished",
        ]
    );
    // With a second between all the executor tells at 3 s that it is up, and its work comes at 5 s.
    let network = NetworkSpec {
        latency: secs(1),
        ..NetworkSpec::default()
    };
    let work = Work::Executors {
        jobs: numbered(vec![job(0, vec![maps(&[10])])]),
        needs: cores(1),
        max: 1,
        idle: secs(1),
    };
    let cluster = Cluster::new("drf", &[cores(1)])
        .framework("fifo", work)
        .network(network)
        .fault(0, Span::from_millis(4500), Some(secs(1)));
    let rows = ends(&cluster.run());
    assert_eq!(
        rows[..2],
        [
            "executor 0 on 0: 3s 4500ms lost",
            "in executor 0 on 0: 5s 5s unstarted",
        ]
    );
    assert!(
        rows[2].ends_with(" finished") && rows.len() == 4,
        "{rows:?}"
    );
    assert!(shown(&cluster.run().jobs).ends_with(" lost 1\n"));
}

#[test]
fn a_job_tells_what_it_lost_inside_executors() {
    // Two pieces of 30 s in two executors. Agent 0 is lost at 20 s: its piece runs again in the other one, and
    // what an idle executor takes with it is nobody's.
    let work = Work::Executors {
        jobs: numbered(vec![job(0, vec![maps(&[30, 30])])]),
        needs: cores(1),
        max: 2,
        idle: secs(100),
    };
    let cluster = Cluster::new("drf", &[cores(1), cores(1)])
        .framework("fifo", work)
        .fault(0, secs(20), None)
        .fault(1, secs(90), None);
    let run = cluster.run();
    assert_eq!(shown(&run.jobs), "f0 j0: 0s 0s 1m lost 1\n");
    let lost = ends(&run)
        .iter()
        .filter(|row| row.starts_with("in ") && row.ends_with(" lost"))
        .count();
    assert_eq!(lost, 1, "as many as in the table of tasks");
}

#[test]
fn a_gang_restarts_as_a_whole() {
    // Three tasks of 30 s on three agents; agent 2 is lost at 10 s and back at 40 s: all three start
    // again then and end at 70 s. Three times 10 s are lost.
    let cluster = Cluster::new("drf", &[cores(1), cores(1), cores(1)])
        .framework(
            "gang[hold=10m]",
            batch(vec![gang(job(0, vec![maps(&[30; 3])]))]),
        )
        .fault(2, secs(10), Some(secs(30)));
    let run = cluster.run();
    assert_eq!(shown(&run.jobs), "f0 j0: 0s 0s 70s lost 3\n");
    assert_eq!(run.frameworks[0].work_lost, secs(30));
}

#[test]
fn early_reduces_make_way_for_a_map_that_runs_again() {
    // Two agents of one core. The first map ends at 10 s, and the reduce starts early in its place
    // while the second map runs on agent 1 until that is lost at 20 s. The reduce is ended so that the
    // map can run again on the only agent left: 20 s to 60 s, then copy and work, 2 s.
    let reduce = StageSpec {
        parents: vec![0],
        start_after: 500,
        ..StageSpec::new(cores(1), 1)
    };
    let times = Runtimes::Reduce {
        copy: vec![secs(1)],
        work: vec![secs(1)],
    };
    let cluster = Cluster::new("drf", &[cores(1), cores(1)])
        .framework(
            "fifo",
            batch(vec![job(0, vec![maps(&[10, 40]), (reduce, times)])]),
        )
        .fault(1, secs(20), None);
    let run = cluster.run();
    assert_eq!(shown(&run.jobs), "f0 j0: 0s 0s 62s lost 2\n");
    assert_eq!(
        (run.frameworks[0].tasks_lost, run.frameworks[0].tasks_killed),
        (1, 1)
    );
    assert_eq!(
        run.frameworks[0].work_lost,
        secs(30),
        "20 s of the map, 10 s of the reduce"
    );
}

#[test]
fn an_executor_lost_gives_its_work_back() {
    // Two executors with a task of 30 s each; agent 0 is lost at 10 s; agent 1 does its own, then the
    // other one, warm: 30 + 30 s.
    let waves = Runtimes::Waves {
        fresh: vec![secs(30); 2],
        first: vec![secs(30); 2],
        rest: vec![secs(30); 2],
    };
    let jobs = vec![job(0, vec![(StageSpec::new(cores(1), 2), waves)])];
    let work = Work::Executors {
        jobs: numbered(jobs),
        needs: cores(1),
        max: 2,
        idle: secs(60),
    };
    let cluster = Cluster::new("drf", &[cores(1), cores(1)])
        .framework("fifo", work)
        .fault(0, secs(10), None);
    let run = cluster.run();
    assert_eq!(
        run.jobs
            .iter()
            .next()
            .unwrap()
            .finished
            .map(|at| at.to_string())
            .as_deref(),
        Some("1m")
    );
    assert_eq!(run.frameworks[0].work_lost, secs(10));
}

#[test]
fn the_nine_hosts_survive_their_failures() {
    // Every host fails several times in the day: every job finishes, every task launched has one final
    // report, and what was lost is said.
    let settings = [
        "faults.mtbf=\"4h\"",
        "faults.mttr=\"10m\"",
        "duration=\"12h\"",
        "seeds=1",
    ]
    .map(str::to_owned);
    let loaded = Recipe::load(None, &settings).expect("the built-in recipe");
    let experiment = Experiment::load(&loaded, Registry::default()).expect("known names");
    let trace = experiment.trace(1).expect("a trace");
    assert!(trace.faults.len() > 9, "hosts do fail");
    for policy in ["static", "drf", "drf[round=1s,offers=task]"] {
        let run = experiment.run(&policy.parse().expect("a name"), &trace, 1, false);
        assert!(!run.totals.stalled, "{policy}");
        for row in &run.frameworks {
            assert_eq!(row.jobs, row.finished, "{policy}");
            let ended = row.tasks_finished + row.tasks_killed + row.tasks_lost - row.refused;
            assert_eq!(row.launched, ended, "{policy}: one final report each");
        }
        let lost: u64 = run.frameworks.iter().map(|row| row.tasks_lost).sum();
        let wasted: Span = run
            .frameworks
            .iter()
            .fold(Span::ZERO, |sum, row| sum + row.work_lost);
        assert!(
            lost > 0 && wasted > secs(60),
            "{policy}: {lost} lost, {wasted} wasted"
        );
    }
}
