//! What becomes of tasks, and what is told of it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use axum::http::StatusCode;
use fairground_real::protocol::TaskState::{Failed, Finished, Killed, Running, Starting};
use fairground_real::protocol::{FromMaster, Limit, Limits, RunTask, Uri};

use super::support::master::{Agent, LAUNCH, Master, shell};
use super::support::{skipped, until, without_fences};

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
    std::thread::sleep(std::time::Duration::from_millis(200));
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

    let mut mighty = shell("mighty", "true");
    mighty.user = Some("root".into());
    master.run(&mighty);
    let message = master.reaches("mighty", Failed).message.unwrap();
    let refused = if nix::unistd::geteuid().is_root() {
        "no task runs as root on this agent"
    } else {
        "without being root"
    };
    assert!(message.contains(refused), "{message}");

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
fn what_a_task_asks_for_is_fetched_as_its_user() {
    if skipped() {
        return;
    }
    let master = Master::new();
    let agent = Agent::start(&master);
    master.subscribed(1);
    // Where the task itself does not see it.
    let from = agent.work().with_file_name("from");
    fs::create_dir(&from).unwrap();
    let script = from.join("script");
    fs::write(&script, "#!/bin/sh\necho fetched\n").unwrap();
    let uri = |path: &Path, executable| Uri {
        value: format!("file://{}", path.display()),
        executable,
        extract: None,
        output_file: Some("bin/program".into()),
        sha256: None,
    };
    let mut task = shell(
        "fetches",
        "stat -c '%u %a' . bin bin/program; id -u; bin/program",
    );
    task.command.uris = vec![uri(&script, true)];
    master.run(&task);
    master.reaches("fetches", Finished);
    let output = fs::read_to_string(agent.sandbox("fetches").join("stdout")).unwrap();
    let uid = fs::metadata(agent.sandbox("fetches")).unwrap().uid();
    assert!(uid >= 1_900_000_000, "an account of its own: {uid}");
    let expected = format!("{uid} 700\n{uid} 755\n{uid} 755\n{uid}\nfetched\n");
    assert_eq!(output, expected);

    // Archives are unpacked where the agent's other directories are out of sight.
    let archive = from.join("tools.tar");
    let tar = [
        "-cf",
        archive.to_str().unwrap(),
        "-C",
        from.to_str().unwrap(),
    ];
    let packed = std::process::Command::new("tar")
        .args(tar)
        .arg("script")
        .status();
    assert!(packed.unwrap().success());
    let mut task = shell("unpacks", "stat -c %u script; sh script");
    task.command.uris = vec![Uri {
        output_file: None,
        ..uri(&archive, false)
    }];
    master.run(&task);
    master.reaches("unpacks", Finished);
    let output = fs::read_to_string(agent.sandbox("unpacks").join("stdout")).unwrap();
    let uid = fs::metadata(agent.sandbox("unpacks")).unwrap().uid();
    assert_eq!(output, format!("{uid}\nfetched\n"));

    // The agent is root and could read it.
    fs::set_permissions(&script, fs::Permissions::from_mode(0o600)).unwrap();
    let mut task = shell("pries", "true");
    task.command.uris = vec![uri(&script, false)];
    master.run(&task);
    let message = master.reaches("pries", Failed).message.unwrap();
    assert!(message.contains("Permission denied"), "{message}");

    // So does its checkpoint, whoever the task may be.
    for (name, user) in [("itself", None), ("nobody", Some("nobody".to_owned()))] {
        let mut task = shell(name, "true");
        task.command.uris = vec![uri(&agent.work().join("agent.json"), false)];
        task.user = user;
        master.run(&task);
        let message = master.reaches(name, Failed).message.unwrap();
        assert!(message.contains("No such file"), "{message}");
    }

    // What takes for ever is given up with its task.
    let endless = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut task = shell("waits", "true");
    let value = format!("http://{}/x", endless.local_addr().unwrap());
    task.command.uris = vec![Uri {
        value,
        ..uri(&script, false)
    }];
    master.run(&task);
    let _asked = endless.accept().unwrap();
    assert_eq!(agent.children("fetch").len(), 1);
    master.kill("waits", None);
    let killed = master.reaches("waits", Killed);
    let reason = killed.reason.as_deref();
    assert_eq!(reason, Some("REASON_TASK_KILLED_DURING_LAUNCH"));
    until("nothing fetches", || agent.children("fetch").is_empty());
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
    let value = |name: &str| number(&master, &hello.address, "spins", name);
    // On a busy machine it takes a while until it has had its share of a period.
    until("the task is throttled", || {
        value("throttled_seconds_total") > 0.0
    });
    assert!(value("cpu_seconds_total") > 0.01);
    assert!(value("processes") >= 2.0);
    master.kill("spins", Some(0));
    let used = master.reaches("spins", Killed).usage.unwrap();
    assert!(
        used.cpu_micros > 10_000 && used.throttled_micros > 0,
        "{used:?}"
    );
    assert!(used.mem_peak_bytes > 0 && used.oom_kills == 0, "{used:?}");
}

#[test]
fn processors_are_a_hard_limit_where_the_agent_says_so() {
    if skipped() {
        return;
    }
    let master = Master::new();
    let arguments = ["--listen", "127.0.0.1:0", "--cpu-hard-limit"];
    let _agent = Agent::start_with(&master.address, &arguments);
    let address = master.subscribed(1).address;
    let spin = "while :; do :; done";
    let free = RunTask {
        limits: Limits {
            millicores: Some(Limit::Infinite),
            ..Limits::default()
        },
        ..shell("free", spin)
    };
    for task in [shell("held", spin), free] {
        master.run(&task);
        // Ten times what it may use of one period.
        until("it has used some time", || {
            number(&master, &address, &task.task_id, "cpu_seconds_total") > 0.1
        });
        master.kill(&task.task_id, Some(0));
    }
    let throttled = |task: &str| master.reaches(task, Killed).usage.unwrap().throttled_micros;
    assert!(throttled("held") > 0);
    assert_eq!(throttled("free"), 0);
}

/// A number of a task on its agent's page for Prometheus.
fn number(master: &Master, address: &str, task: &str, name: &str) -> f64 {
    let (_, text) = master.get(&format!("http://{address}/metrics"));
    let begin = format!("fairground_task_{name}{{framework=\"f\",task=\"{task}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&begin));
    line.map_or(0.0, |number| number.parse().unwrap())
}

#[test]
fn output_that_is_long_is_put_aside_and_then_forgotten() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let limits = ["--output-bytes", "10000", "--output-aside", "2"];
    let arguments = [&["--listen", "127.0.0.1:0"][..], &limits].concat();
    let agent = Agent::start_with(&master.address, &arguments);
    master.subscribed(1);
    let long = "i=0; while [ $i -lt 200 ]; do printf '%01000d\\n' $i; i=$((i + 1)); done";
    master.run(&shell("long", long));
    master.reaches("long", Finished);
    let sandbox = agent.sandbox("long");
    let read = |name: &str| fs::read_to_string(sandbox.join(name)).unwrap();
    let [oldest, older, newest] = ["stdout.2", "stdout.1", "stdout"].map(read);
    assert!(!sandbox.join("stdout.3").exists());
    // A file is closed after the write that makes it too long.
    for aside in [&oldest, &older] {
        assert!(
            (10_000..10_000 + (16 << 10)).contains(&aside.len()),
            "{}",
            aside.len()
        );
    }
    let kept = oldest + &older + &newest;
    let numbers: Vec<u32> = kept
        .split_terminator('\n')
        .filter_map(|line| line.parse().ok())
        .collect();
    assert_eq!(numbers.last(), Some(&199));
    assert!(
        numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "{numbers:?}"
    );
}
