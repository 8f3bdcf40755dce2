//! The commands people type.

use std::process::{Command, Output};

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
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairground-real"));
    command.args(["submit", "--name", "long", "--", "sleep"]);
    command.env("FAIRGROUND_MASTER", master.address.to_string());
    let mut job = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    master.wait_for_metric("master/tasks_running", 1.0);
    let table = check(&master, &["ps"], 0, "");
    assert!(table.contains("long-0.0  running"), "{table}");
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

#[test]
fn a_job_outlives_its_master() {
    let (mut master, agents) = cluster();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairground-real"));
    command.args(["submit", "--tasks", "2", "--", "sleep"]);
    command.env("FAIRGROUND_MASTER", master.address.to_string());
    let mut job = command.stdout(std::process::Stdio::null()).spawn().unwrap();
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
