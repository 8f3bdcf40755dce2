//! Programs nobody here wrote, unmodified from `PyPI`: pymesos and Yelp's task-processing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::Master;
use super::proxy::Proxy;
use super::support::master::Agent;
use super::support::without_fences;

/// The Python of the environment that `tests/pypi/make-venv` makes.
fn python() -> Option<PathBuf> {
    let venv = std::env::var_os("FAIRGROUND_PYPI")?;
    Some(Path::new(&venv).join("bin/python"))
}

/// Runs a script against a master with one agent, whose tasks are real, and does what it asks for.
fn check(script: &str) {
    let Some(python) = python() else {
        println!(
            "{script}: skipped: needs packages from PyPI; run `real/tests/pypi/make-venv /tmp/pypi && \
             FAIRGROUND_PYPI=/tmp/pypi cargo test -p fairground-real --test master pypi`"
        );
        return;
    };
    if without_fences() {
        return;
    }
    let flags = ["--ping", "100ms", "--pings", "5", "--heartbeat", "500ms"];
    let mut master = Master::start(&flags);
    let way = Proxy::start(master.address, 0, "the way to the master");
    way.behave();
    let agent = Agent::start_at(&way.address.to_string(), "a");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pypi")
        .join(script);
    let mut child = Command::new(python)
        .arg(path)
        .arg(master.address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = child.stderr.take().unwrap();
    let words = std::thread::spawn(move || {
        let mut text = String::new();
        words.read_to_string(&mut text).unwrap();
        text
    });
    let mut confirm = child.stdin.take().unwrap();
    let mut is_done = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        match line.unwrap().as_str() {
            "please cut" => way.cut(true),
            "please heal" => way.cut(false),
            "please restart" => {
                master.kill();
                master.restart();
            }
            "done" => is_done = true,
            other => panic!("{script} says `{other}`"),
        }
        // A script that is done does not listen any more.
        let _ = confirm.write_all(b"so it is\n");
    }
    let status = child.wait().unwrap();
    let words = words.join().unwrap();
    assert!(is_done && status.success(), "{script}: {status}: {words}");
    // Its framework is torn down, and nothing of it is left.
    master.wait_for_metric("master/frameworks_active", 0.0);
    master.wait_for_metric("master/cpus_used", 0.0);
    drop(agent);
}

#[test]
fn pymesos_runs_whole_lifetimes() {
    check("pymesos_lifetimes.py");
}

#[test]
fn pymesos_has_two_roles() {
    check("pymesos_roles.py");
}

#[test]
fn task_processing_runs_whole_lifetimes() {
    check("task_processing_lifetimes.py");
}
