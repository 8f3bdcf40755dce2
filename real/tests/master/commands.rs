//! The commands people type.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::agent::{Agent, Spec};
use super::process::Master;

fn run(master: &Master, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairground-real"));
    command.args(arguments);
    command.env("FAIRGROUND_MASTER", master.address.to_string());
    command.output().unwrap()
}

fn cluster() -> (Master, Vec<Agent>) {
    let master = Master::start(&[]);
    let agents = (0..2)
        .map(|i| Agent::start(&Spec::new(master.address, &format!("a{i}"), 2, 1000)))
        .collect();
    master.wait_for_metric("master/slaves_active", 2.0);
    (master, agents)
}

/// Runs a command; its exit code, output and words.
fn check(master: &Master, arguments: &[&str], code: i32, words: &str) -> String {
    let output = run(master, arguments);
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {out}{err}"
    );
    assert!(err.contains(words), "{arguments:?}: {err}");
    out
}

#[test]
fn a_job_runs_to_its_end() {
    let (master, agents) = cluster();
    let submit = ["submit", "--tasks", "5", "--cpus", "1", "--", "true"];
    check(&master, &submit, 0, "5 tasks finished");
    let starts: usize = agents
        .iter()
        .flat_map(|agent| agent.starts().into_values())
        .sum();
    assert_eq!(starts, 5);
    let table = check(&master, &["ps", "--all"], 0, "");
    assert_eq!(
        table
            .lines()
            .filter(|line| line.contains(" finished "))
            .count(),
        5,
        "{table}"
    );
    assert_eq!(check(&master, &["ps"], 0, "").lines().count(), 1);
    let agents = check(&master, &["ps", "--agents"], 0, "");
    assert!(agents.contains(" a0 "), "{agents}");
}

#[test]
fn a_job_is_of_its_role() {
    let (master, _agents) = cluster();
    let submit = |role, code, words| {
        let arguments = ["submit", "--role", role, "--", "true"];
        check(&master, &arguments, code, words)
    };
    submit("eng/web", 0, "1 tasks finished");
    let table = check(&master, &["ps", "--all"], 0, "");
    assert!(table.contains(" eng/web "), "{table}");
    submit(
        "eng//web",
        2,
        "FrameworkInfo.role `eng//web`: a role and its parts",
    );
}

/// Whoever reads may have read enough, as `head` has: commands end quietly, and as they would have.
#[test]
fn nobody_reads_what_commands_print() {
    let (master, _agents) = cluster();
    for (arguments, code) in [
        (&["submit", "--", "true"][..], 0),
        (&["submit", "--retries", "1", "--", "false"], 1),
        (&["ps", "--json", "--all"], 0),
        (&["ps", "--all"], 0),
        (&["ps", "--agents"], 0),
        (&["ps", "--watch", "1"], 0),
        (&["completions", "bash"], 0),
    ] {
        for words_too in [false, true] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_fairground-real"));
            command.args(arguments);
            command.env("FAIRGROUND_MASTER", master.address.to_string());
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            drop(child.stdout.take());
            if words_too {
                drop(child.stderr.take());
            }
            let ended = child.wait_with_output().unwrap();
            let words = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {words}");
            let quiet = !words.contains("ipe") && !words.contains("panicked");
            assert!(quiet, "{arguments:?}: {words}");
        }
    }
}

#[test]
fn stages_run_one_after_the_other() {
    let (master, _agents) = cluster();
    let job = master.folder.join("job.toml");
    let text = "name = 'count'\n\
        [[stage]]\nname = 'map'\ntasks = 4\ncpus = 0.5\nmem = 32\ncommand = 'true'\n\
        [[stage]]\nname = 'reduce'\ncpus = 1\nmem = 32\ncommand = 'true'\nafter = ['map']\n";
    std::fs::write(&job, text).unwrap();
    check(
        &master,
        &["submit", "--file", job.to_str().unwrap()],
        0,
        "5 tasks finished",
    );
    let shown = master.get("/tasks?order=asc");
    let names: Vec<&str> = shown["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 5);
    assert_eq!(names[4], "reduce-0", "{names:?}");
    std::fs::write(
        &job,
        text.replace("'map'\n\n", "").replace("['map']", "['mop']"),
    )
    .unwrap();
    check(
        &master,
        &["submit", "--file", job.to_str().unwrap()],
        2,
        "`after` names `mop`",
    );
}

#[test]
fn a_job_fails_when_a_task_has_failed_often_enough() {
    let (master, agents) = cluster();
    let submit = ["submit", "--retries", "2", "--", "false"];
    check(
        &master,
        &submit,
        1,
        "Command exited with status 1 (retries: 2)",
    );
    let starts: usize = agents
        .iter()
        .flat_map(|agent| agent.starts().into_values())
        .sum();
    assert_eq!(starts, 3);
    check(
        &master,
        &["submit", "--cpus=-1", "--", "true"],
        2,
        "`cpus` is -1",
    );
    check(
        &master,
        &["submit", "--scheduler", "magic", "--", "true"],
        2,
        "no scheduler is called `magic`",
    );
}

#[test]
fn a_running_task_is_listed_and_killed() {
    let (master, _agents) = cluster();
    let mut job = submit(master.address, &["--name", "long", "--", "sleep"]);
    master.wait_for_metric("master/tasks_running", 1.0);
    let table = check(&master, &["ps"], 0, "");
    assert!(table.contains("long-0.0  long-0  running"), "{table}");
    check(
        &master,
        &["kill", "short-0.0"],
        2,
        "no running task or framework is called `short-0.0`",
    );
    check(&master, &["kill", "long-0.0"], 0, "");
    assert_eq!(job.wait().unwrap().code(), Some(1));
    master.wait_for_metric("master/tasks_killed", 1.0);
    check(
        &master,
        &["logs", "nothing"],
        2,
        "no task is called `nothing`",
    );
}

/// A job in the background.
fn submit(master: SocketAddr, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairground-real"));
    command.arg("submit").args(arguments);
    command.env("FAIRGROUND_MASTER", master.to_string());
    command.stdout(Stdio::null()).spawn().unwrap()
}

/// A way to the master on which the first call that has `word` in it is lost, and every connection
/// that is open then.
fn way_that_loses(word: &'static str, master: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let lost = Arc::new(AtomicBool::new(false));
    std::thread::spawn(move || {
        let mut open: Vec<TcpStream> = Vec::new();
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(master).unwrap();
            open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
            let all = open.iter().map(|stream| stream.try_clone().unwrap());
            let (all, lost): (Vec<_>, _) = (all.collect(), Arc::clone(&lost));
            let (mut back, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut back, &mut to));
            std::thread::spawn(move || forward(client, server, word, &lost, &all));
        }
    });
    address
}

/// Passes on what a client says, piece by piece.
fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    word: &str,
    lost: &AtomicBool,
    all: &[TcpStream],
) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(count @ 1..) = client.read(&mut piece) {
        let has_word = String::from_utf8_lossy(&piece[..count]).contains(word);
        if has_word && !lost.swap(true, Ordering::SeqCst) {
            for stream in all {
                // Some are closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
        } else if server.write_all(&piece[..count]).is_err() {
            return;
        }
    }
}

#[test]
fn a_job_asks_again_for_what_its_master_never_heard_of() {
    let (master, agents) = cluster();
    let way = way_that_loses("task_infos", master.address);
    let mut job = submit(way, &["--tasks", "2", "--", "true"]);
    assert_eq!(job.wait().unwrap().code(), Some(0));
    let starts: usize = agents.iter().map(|agent| agent.starts().len()).sum();
    assert_eq!(starts, 2);
}

#[test]
fn a_job_that_is_interrupted_ends_with_its_tasks() {
    let (master, _agents) = cluster();
    for (signal, killed) in [(Signal::SIGINT, 1.0), (Signal::SIGTERM, 2.0)] {
        let mut job = submit(master.address, &["--", "sleep"]);
        master.wait_for_metric("master/tasks_running", 1.0);
        kill(Pid::from_raw(job.id().cast_signed()), signal).unwrap();
        assert_eq!(job.wait().unwrap().code(), Some(130));
        master.wait_for_metric("master/tasks_killed", killed);
    }
}

#[test]
fn a_job_outlives_its_master() {
    let (mut master, agents) = cluster();
    let mut job = submit(master.address, &["--tasks", "2", "--", "sleep"]);
    master.wait_for_metric("master/tasks_running", 2.0);
    master.kill();
    master.restart();
    for agent in &agents {
        for task in agent.starts().into_keys() {
            agent.end(&task, fairground_real::protocol::TaskState::Finished);
        }
    }
    assert_eq!(job.wait().unwrap().code(), Some(0));
}
