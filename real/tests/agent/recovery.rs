//! What an agent and its tasks survive, and what they do not.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use fairground_real::protocol::TaskState::{Failed, Finished, Killed, Lost, Running, Starting};
use fairground_real::protocol::Uri;
use nix::sys::signal::Signal;

use super::support::master::{Agent, Master, shell};
use super::support::{self, skipped, until, without_fences};

#[test]
fn tasks_survive_their_agent() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    let wait = "echo begun; until test -e open; do sleep 0.02; done";
    master.run(&shell("long", &format!("{wait}; sleep 1000")));
    master.run(&shell("short", &format!("{wait}; exit 5")));
    master.reaches("long", Running);
    master.reaches("short", Running);
    agent.kill_9();
    // One of them ends while no agent is there.
    fs::write(agent.sandbox("short").join("open"), "").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    agent.start_again();
    let hello = master.subscribed(2);
    assert_eq!(hello.agent_id.as_deref(), Some("m-S0"));
    let mut known: Vec<_> = hello
        .tasks
        .iter()
        .map(|task| (task.task_id.as_str(), task.state))
        .collect();
    known.sort_unstable();
    assert_eq!(known, [("long", Running), ("short", Failed)]);
    let failed = master.reaches("short", Failed);
    assert_eq!(
        failed.message.as_deref(),
        Some("Command exited with status 5")
    );

    agent.kill_9();
    agent.start_again();
    master.subscribed(3);
    master.kill("long", Some(5000));
    master.reaches("long", Killed);
    assert_eq!(master.states("long"), [Starting, Running, Killed]);
    assert_eq!(master.states("short"), [Starting, Running, Failed]);
    for task in ["long", "short"] {
        let output = agent.sandbox(task).join("stdout");
        assert_eq!(
            fs::read_to_string(output).unwrap(),
            "begun\n",
            "{task} began once"
        );
    }
}

#[test]
fn killed_at_any_moment_an_agent_runs_every_task_once() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    for round in 0..12_u64 {
        let before = master.subscriptions().len();
        let name = format!("task{round}");
        master.run(&shell(&name, "echo once"));
        // From before the order arrives to after the task has ended.
        std::thread::sleep(Duration::from_millis(round * 3));
        agent.kill_9();
        agent.start_again();
        master.subscribed(before + 1);
        // What a master does after a subscription: it sends again what is not listed.
        master.run(&shell(&name, "echo once"));
        let ended = || {
            let states = master.states(&name);
            states.last().is_some_and(|state| state.is_terminal())
        };
        until(&format!("{name} ends"), ended);
        let states = master.states(&name);
        assert_eq!(
            states.iter().filter(|state| state.is_terminal()).count(),
            1,
            "{states:?}"
        );
        let output = agent.sandbox(&name).join("stdout");
        let output = fs::read_to_string(output).unwrap_or_default();
        match states.last().unwrap() {
            Finished => assert_eq!(output, "once\n"),
            Lost => assert_eq!(output, "", "lost means that it never ran"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn leaving_tasks_alone_or_not_at_all() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    let seconds = format!("10{}", std::process::id());
    master.run(&shell(
        "stays",
        &format!("sleep {seconds} & sleep {seconds}"),
    ));
    master.reaches("stays", Running);
    until("it has two processes", || {
        Agent::processes(&format!("sleep\0{seconds}")).len() == 2
    });
    assert_eq!(agent.signal(Signal::SIGTERM), Some(0));
    assert_eq!(Agent::processes(&format!("sleep\0{seconds}")).len(), 2);
    agent.start_again();
    master.subscribed(2);
    assert_eq!(agent.signal(Signal::SIGUSR1), Some(0));
    assert!(Agent::processes(&format!("sleep\0{seconds}")).is_empty());
    assert_eq!(master.states("stays"), [Starting, Running, Killed]);
    let work = agent.work().display().to_string();
    assert!(Agent::processes(&work).is_empty(), "no supervisor is left");
}

#[test]
fn a_supervisor_that_is_killed_takes_its_task_along() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let agent = Agent::start(&master);
    master.subscribed(1);
    let seconds = format!("11{}", std::process::id());
    master.run(&shell(
        "task",
        &format!("sleep {seconds} & sleep {seconds}"),
    ));
    let running = master.reaches("task", Running);
    let running = running.container.unwrap();
    let container = running.container_id;
    let directory = agent
        .work()
        .join("containers")
        .join(container)
        .display()
        .to_string();
    let supervisors = Agent::processes(&format!("supervise\0{directory}"));
    assert_eq!(supervisors.len(), 1);
    let supervisor = nix::unistd::Pid::from_raw(supervisors[0]);
    let group = nix::unistd::geteuid()
        .is_root()
        .then(|| support::group_of(running.pid.unwrap()));
    nix::sys::signal::kill(supervisor, Signal::SIGKILL).unwrap();
    let failed = master.reaches("task", Failed);
    assert_eq!(failed.reason.as_deref(), Some("REASON_EXECUTOR_TERMINATED"));
    assert_eq!(master.states("task"), [Starting, Running, Failed]);
    until("nothing of it is left", || {
        let group = group.as_ref().is_none_or(|group| !group.exists());
        let files = !std::path::Path::new(&directory).exists();
        let processes = Agent::processes(&format!("sleep\0{seconds}"));
        group && files && processes.is_empty()
    });
}

#[test]
fn what_fetches_ends_with_its_agent() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    let endless = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut task = shell("task", "true");
    task.command.uris = vec![Uri {
        value: format!("http://{}/x", endless.local_addr().unwrap()),
        executable: false,
        extract: None,
        output_file: None,
        sha256: None,
    }];
    master.run(&task);
    let _asked = endless.accept().unwrap();
    let fetching = agent.children("fetch");
    assert_eq!(fetching.len(), 1);
    agent.kill_9();
    until("it has ended", || {
        !Agent::processes("\0fetch\0").contains(&fetching[0])
    });
    agent.start_again();
    let lost = master.reaches("task", Lost);
    assert_eq!(lost.reason.as_deref(), Some("REASON_AGENT_RESTARTED"));
}

#[test]
fn orphans_are_destroyed_at_recovery() {
    if skipped() {
        return;
    }
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    master.run(&shell("task", "sleep 1000"));
    let running = master.reaches("task", Running).container.unwrap();
    let own = support::group_of(running.pid.unwrap());
    // A group beside the task's that nobody knows, with a process in it.
    let orphan = own.with_file_name("orphan");
    fs::create_dir(&orphan).unwrap();
    let mut sleep = std::process::Command::new("sleep");
    sleep
        .arg("1000")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut sleep = sleep.spawn().unwrap();
    fs::write(orphan.join("cgroup.procs"), sleep.id().to_string()).unwrap();
    agent.kill_9();
    agent.start_again();
    master.subscribed(2);
    assert!(!orphan.exists(), "{}", agent.said());
    assert!(!sleep.wait().unwrap().success());
    assert!(own.exists(), "the task's own group stays");
    assert_eq!(master.states("task"), [Starting, Running]);
}

#[test]
fn resources_change_only_while_there_are_no_tasks() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    master.run(&shell("long", "sleep 1000"));
    master.reaches("long", Running);
    agent.kill_9();
    agent.is_told("--resources", "cpus:0.25;mem:512;ports:[31000-31010]");
    agent.start_again();
    assert_eq!(agent.ends(), Some(2));
    let said = agent.said();
    for words in [
        "cpus 2 -> 0.25, disk 100 -> 0;",
        "--resources 'cpus:2;mem:512;disk:100;gpus:0;ports:[31000-31010]'",
        "end its tasks first (long:",
        "an empty --work-dir",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    agent.is_told("--resources", "cpus:2;mem:512;disk:100;ports:[31000-31010]");
    agent.start_again();
    master.subscribed(2);
    master.kill("long", Some(100));
    master.reaches("long", Killed);
    until("the task is forgotten", || {
        fs::read_dir(agent.work().join("containers"))
            .unwrap()
            .next()
            .is_none()
    });
    agent.kill_9();
    agent.is_told("--resources", "cpus:4;mem:512");
    agent.start_again();
    assert_eq!(master.subscribed(3).capacity.millicores, 4000);
}

/// Control groups are kept for tasks: an agent that ends leaves none when it has no tasks, and those of a
/// task, with the ones above them, when it has.
#[test]
fn an_agent_without_tasks_leaves_no_control_groups() {
    if skipped() {
        return;
    }
    let groups = |agent: &Agent| {
        let prefix = agent
            .work()
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_owned();
        let hierarchies = fs::read_dir(support::cgroup_root()).unwrap().flatten();
        let groups = hierarchies.map(|hierarchy| hierarchy.path().join(&prefix));
        let one = support::cgroup_root().join(&prefix);
        groups.chain([one]).filter(|group| group.exists()).count()
    };
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    assert!(groups(&agent) > 0, "those of the agent itself");
    assert_eq!(agent.signal(Signal::SIGTERM), Some(0));
    assert_eq!(groups(&agent), 0);
    agent.start_again();
    master.subscribed(2);
    master.run(&shell("task", "sleep 1000"));
    let running = master.reaches("task", Running).container.unwrap();
    let own = support::group_of(running.pid.unwrap());
    assert_eq!(agent.signal(Signal::SIGTERM), Some(0));
    assert!(own.exists(), "the task's own group stays");
    agent.start_again();
    master.subscribed(3);
    assert_eq!(master.states("task"), [Starting, Running]);
}
