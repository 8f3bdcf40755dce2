//! An agent as its master sees it: what it does with orders, and what it survives.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use axum::http::StatusCode;
use fairground_real::protocol::{FromMaster, Limit, RunTask, TaskState, Uri};
use nix::sys::signal::Signal;

mod support;

use TaskState::{Failed, Finished, Killed, Killing, Lost, Running, Starting};
use support::master::{Agent, LAUNCH, Master, shell};
use support::{skipped, until, without_fences};

#[test]
fn a_task_goes_through_its_states_once() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let agent = Agent::start(&master);
    let hello = master.subscribed(1);
    assert_eq!((hello.agent_id, hello.hostname.as_str()), (None, "here"));
    assert_eq!(
        (hello.capacity.millicores, hello.capacity.mem_mib),
        (2000, 512)
    );

    let mut task = shell("hello", "echo $GREETING; echo once >> ran; pwd >&2");
    task.command
        .environment
        .insert("GREETING".into(), "good day".into());
    master.run(&task);
    master.run(&task);
    let last = master.reaches("hello", Finished);
    assert_eq!(master.states("hello"), [Starting, Running, Finished]);
    assert_eq!(
        last.message.as_deref(),
        Some("Command exited with status 0")
    );
    let container = last.container.unwrap();
    assert!(container.pid.is_some());

    let sandbox = agent.work().join("sandboxes/f/hello").join(LAUNCH);
    let url = format!("http://{}/files/read?offset=0&path=", hello.address);
    for path in [
        sandbox.join("stdout").display().to_string(),
        "/f/hello/latest/stdout".into(),
    ] {
        let (status, text) = master.get(&format!("{url}{path}"));
        assert_eq!(
            (status, text.as_str()),
            (StatusCode::OK, r#"{"data":"good day\n","offset":0}"#)
        );
    }
    assert_eq!(
        master.get(&format!("{url}/f/hello/latest/none")).0,
        StatusCode::NOT_FOUND
    );
    // Forgotten once its last status is acknowledged; a late order does not run it again.
    let files = agent
        .work()
        .join("containers")
        .join(&container.container_id);
    until("the task is forgotten", || !files.exists());
    master.run(&task);
    master.send(&FromMaster::Ping);
    until("the agent answers", || master.pongs() == 1);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(master.states("hello"), [Starting, Running, Finished]);
    assert_eq!(fs::read_to_string(sandbox.join("ran")).unwrap(), "once\n");
}

#[test]
fn failures_are_told_with_their_reasons() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    master.subscribed(1);
    master.run(&shell("fails", "exit 3"));
    let failed = master.reaches("fails", Failed);
    assert_eq!(
        failed.reason.as_deref(),
        Some("REASON_COMMAND_EXECUTOR_FAILED")
    );
    assert_eq!(
        failed.message.as_deref(),
        Some("Command exited with status 3")
    );

    let mut absent = shell("absent", "");
    absent.command.shell = false;
    absent.command.value = "/no/such/program".into();
    master.run(&absent);
    let failed = master.reaches("absent", Failed);
    assert_eq!(
        failed.reason.as_deref(),
        Some("REASON_CONTAINER_LAUNCH_FAILED")
    );
    assert!(failed.message.unwrap().contains("/no/such/program"));

    let mut stranger = shell("stranger", "true");
    stranger.user = Some("no-such-user-here".into());
    master.run(&stranger);
    let message = master.reaches("stranger", Failed).message.unwrap();
    assert_eq!(message, "no user 'no-such-user-here' on this agent");

    master.run(&shell("../out", "true"));
    assert!(
        master
            .reaches("../out", Failed)
            .message
            .unwrap()
            .contains("is not a name")
    );

    let mut fetches = shell("fetches", "true");
    fetches.command.uris = vec![Uri {
        value: "/no/such/file".into(),
        executable: false,
        extract: None,
        output_file: None,
        sha256: None,
    }];
    master.run(&fetches);
    let message = master.reaches("fetches", Failed).message.unwrap();
    assert!(
        message.contains("cannot fetch /no/such/file: No such file"),
        "{message}"
    );

    let mut slow = shell("slow", "sleep 1000");
    slow.max_completion_millis = Some(200);
    master.run(&slow);
    let reason = master.reaches("slow", Failed).reason;
    assert_eq!(
        reason.as_deref(),
        Some("REASON_MAX_COMPLETION_TIME_REACHED")
    );
}

#[test]
fn orders_to_end_are_obeyed() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    master.subscribed(1);
    let mut task = shell("polite", "sleep 1000");
    task.wants_killing_state = true;
    master.run(&task);
    master.run(&shell(
        "stubborn",
        "trap '' TERM; while :; do sleep 0.05; done",
    ));
    master.reaches("polite", Running);
    master.reaches("stubborn", Running);
    master.kill("polite", None);
    master.kill("stubborn", Some(200));
    master.reaches("polite", Killed);
    master.reaches("stubborn", Killed);
    assert_eq!(
        master.states("polite"),
        [Starting, Running, Killing, Killed]
    );
    assert_eq!(master.states("stubborn"), [Starting, Running, Killed]);
    // Of a task that was run and forgotten nothing is left to say.
    master.kill("polite", None);
    master.reaches("polite", Lost);
}

#[test]
fn an_order_to_end_that_overtakes_its_task_holds_for_ever() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    master.acknowledge_all(false);
    master.kill("early", None);
    let killed = master.reaches("early", Killed);
    let reason = killed.reason.as_deref();
    assert_eq!(reason, Some("REASON_TASK_KILLED_DURING_LAUNCH"));
    // While it is known, after a crash, and when it is forgotten.
    let task = shell("early", "echo begun");
    master.run(&task);
    agent.kill_9();
    agent.start_again();
    let hello = master.subscribed(2);
    assert_eq!((hello.tasks.len(), hello.tasks[0].state), (1, Killed));
    master.run(&task);
    master.acknowledge_all(true);
    master.acknowledge(&killed);
    until("it is forgotten", || {
        master.hang_up();
        let times = master.subscriptions().len();
        master.subscribed(times + 1).tasks.is_empty()
    });
    master.run(&task);
    master.run(&shell("next", "true"));
    master.reaches("next", Finished);
    assert_eq!(master.states("early"), [Killed]);
    assert_eq!(
        fs::read_dir(agent.work().join("sandboxes/f/early").join(LAUNCH))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_name_that_is_used_again_is_another_task() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let agent = Agent::start(&master);
    master.subscribed(1);
    let first = shell("again", "echo first; exit 1");
    master.run(&first);
    master.reaches("again", Failed);
    let second = RunTask {
        launch: "m-T1".into(),
        ..shell("again", "echo second")
    };
    master.run(&second);
    let finished = master.reaches("again", Finished);
    assert_eq!(finished.launch, "m-T1");
    // Both orders once more, late.
    master.run(&first);
    master.run(&second);
    master.run(&shell("next", "true"));
    master.reaches("next", Finished);
    assert_eq!(
        master.states("again"),
        [Starting, Running, Failed, Starting, Running, Finished]
    );
    let output = |launch: &str| {
        let task = agent.work().join("sandboxes/f/again");
        fs::read_to_string(task.join(launch).join("stdout")).unwrap()
    };
    assert_eq!(
        (output(LAUNCH), output("m-T1")),
        ("first\n".into(), "second\n".into())
    );
    assert_eq!(output("latest"), "second\n");
}

#[test]
fn a_status_is_repeated_until_it_is_acknowledged() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    master.subscribed(1);
    master.acknowledge_all(false);
    master.run(&shell("quick", "true"));
    let first = master.reaches("quick", Starting);
    until("it is repeated", || master.times(&first) >= 3);
    assert_eq!(master.states("quick"), [Starting], "one after another");
    // A new stream: it is said again, and the task is listed.
    master.hang_up();
    let hello = master.subscribed(2);
    assert_eq!(hello.agent_id.as_deref(), Some("m-S0"));
    assert_eq!((hello.tasks.len(), hello.tasks[0].state), (1, Finished));
    master.acknowledge(&first);
    let second = master.reaches("quick", Running);
    master.acknowledge(&first);
    master.acknowledge(&second);
    let third = master.reaches("quick", Finished);
    master.acknowledge(&third);
    master.hang_up();
    assert!(master.subscribed(3).tasks.is_empty());
}

#[test]
fn tasks_survive_their_agent() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let mut agent = Agent::start(&master);
    master.subscribed(1);
    let gate = agent.work().join("gate");
    fs::create_dir(&gate).unwrap();
    let wait = format!(
        "echo begun; until test -e {}/open; do sleep 0.02; done",
        gate.display()
    );
    master.run(&shell("long", &format!("{wait}; sleep 1000")));
    master.run(&shell("short", &format!("{wait}; exit 5")));
    master.reaches("long", Running);
    master.reaches("short", Running);
    agent.kill_9();
    // One of them ends while no agent is there.
    fs::write(gate.join("open"), "").unwrap();
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
    let container = running.container.unwrap().container_id;
    let directory = agent
        .work()
        .join("containers")
        .join(container)
        .display()
        .to_string();
    let supervisors = Agent::processes(&format!("supervise\0{directory}"));
    assert_eq!(supervisors.len(), 1);
    let supervisor = nix::unistd::Pid::from_raw(supervisors[0]);
    nix::sys::signal::kill(supervisor, Signal::SIGKILL).unwrap();
    let failed = master.reaches("task", Failed);
    assert_eq!(failed.reason.as_deref(), Some("REASON_EXECUTOR_TERMINATED"));
    until("its processes are gone", || {
        Agent::processes(&format!("sleep\0{seconds}")).is_empty()
    });
}

#[test]
fn memory_is_the_reason_and_metrics_tell_what_is_used() {
    if skipped() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    let hello = master.subscribed(1);
    let mut spins = shell("spins", "while :; do :; done");
    spins.limits.millicores = Some(Limit::To(200));
    master.run(&spins);
    master.run(&shell(
        "greedy",
        "exec dd if=/dev/zero of=/dev/null bs=200M",
    ));
    let failed = master.reaches("greedy", Failed);
    assert_eq!(
        failed.reason.as_deref(),
        Some("REASON_CONTAINER_LIMITATION_MEMORY")
    );
    let message = failed.message.unwrap();
    assert!(
        message.starts_with("Memory limit exceeded: Requested: 64MB Maximum Used: 6"),
        "{message}"
    );
    assert!(failed.usage.unwrap().oom_kills >= 1);
    assert_eq!(
        master.states("spins"),
        [Starting, Running],
        "the sibling lives"
    );
    let value = |name: &str| {
        let (_, text) = master.get(&format!("http://{}/metrics", hello.address));
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name}{{")));
        let line = line.unwrap_or_else(|| panic!("{name} in {text}"));
        assert!(line.contains("framework=\"f\",task=\"spins\""), "{line}");
        line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()
    };
    // On a busy machine it takes a while until it has had its share of a period.
    until("the task is throttled", || {
        value("fairground_task_throttled_seconds_total") > 0.0
    });
    assert!(value("fairground_task_cpu_seconds_total") > 0.01);
    assert!(value("fairground_task_processes") >= 2.0);
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
fn what_cannot_work_is_said_before_anything_is_done() {
    let work = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(support::PROGRAM);
        command
            .args(["agent", "--work-dir", work.path().to_str().unwrap()])
            .args(arguments);
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for (arguments, words) in [
        (
            &["--master", "nowhere"][..],
            "--master 'nowhere' is not HOST:PORT",
        ),
        (
            &["--master", "h:1", "--listen", "0.0.0.0:0"],
            "say --insecure if that is meant",
        ),
        (
            &["--master", "h:1", "--isolation", "seccomp"],
            "needs cgroups or namespaces",
        ),
        (
            &["--master", "h:1", "--resources", "cpu:1"],
            "'cpu' is none of cpus, mem",
        ),
    ] {
        let (code, said) = run(arguments);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let nowhere = work.path().join("none").display().to_string();
    let (code, said) = run(&["--master", "h:1", "--cgroup-root", &nowhere]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&nowhere), "{said}");
}

#[test]
fn its_pages_have_the_names_that_tools_know() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    let address = master.subscribed(1).address;
    let get = |path: &str| master.get(&format!("http://{address}/{path}")).0;
    for page in ["state", "version", "health", "metrics/snapshot"] {
        for begin in ["", "slave(1)/"] {
            for end in ["", "/", ".json"] {
                let path = format!("{begin}{page}{end}");
                assert_eq!(get(&path), StatusCode::OK, "{path}");
            }
        }
    }
    assert_eq!(get("slave(2)/state"), StatusCode::NOT_FOUND);
}
