//! What tasks of two frameworks have of each other on one agent: nothing.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use fairground_real::protocol::RunTask;
use fairground_real::protocol::TaskState::{Failed, Finished, Running};

use super::support::master::{Agent, LAUNCH, Master, shell};
use super::support::{skipped, until};

/// A task of the framework `g`.
fn of_other(task: &str, command: &str) -> RunTask {
    RunTask {
        framework_id: "g".into(),
        ..shell(task, command)
    }
}

#[test]
fn every_task_has_an_account_of_its_own_for_as_long_as_its_sandbox() {
    if skipped() {
        return;
    }
    let master = Master::new();
    let flags = ["--listen", "127.0.0.1:0", "--task-uids", "70000-70001"];
    let mut agent = Agent::start_with(&master.address, &flags);
    master.subscribed(1);
    master.run(&shell("one", "id -u; touch file"));
    master.run(&of_other("two", "id -u; touch file"));
    let mut uids = BTreeSet::new();
    for (framework, task) in [("f", "one"), ("g", "two")] {
        master.reaches(task, Finished);
        let sandbox = agent
            .work()
            .join("sandboxes")
            .join(framework)
            .join(task)
            .join(LAUNCH);
        let about = fs::metadata(&sandbox).unwrap();
        assert_eq!(about.permissions().mode() & 0o7777, 0o700);
        for file in ["file", "stdout"] {
            assert_eq!(fs::metadata(sandbox.join(file)).unwrap().uid(), about.uid());
        }
        let said = fs::read_to_string(sandbox.join("stdout")).unwrap();
        assert_eq!(said, format!("{}\n", about.uid()));
        uids.insert(about.uid());
    }
    assert_eq!(uids, BTreeSet::from([70_000, 70_001]));
    let full = |task: &str| {
        master.run(&shell(task, "true"));
        let message = master.reaches(task, Failed).message.unwrap();
        assert!(
            message.starts_with("all 2 accounts of tasks are"),
            "{message}"
        );
    };
    full("three");
    // Whoever comes next finds out from the sandboxes; those that are removed free their accounts.
    agent.kill_9();
    agent.start_again();
    master.subscribed(2);
    full("four");
    agent.kill_9();
    agent.say_too(&["--sandbox-hours", "0"]);
    agent.start_again();
    master.subscribed(3);
    let mut tries = 0;
    until("an account is free", || {
        tries += 1;
        let task = format!("try{tries}");
        master.run(&shell(&task, "id -u"));
        until("it ended", || {
            master
                .states(&task)
                .last()
                .is_some_and(|state| state.is_terminal())
        });
        master.states(&task).last() == Some(&Finished)
    });
    // One that names somebody is that one.
    let mut named = shell("named", "id -un");
    named.user = Some("nobody".into());
    master.run(&named);
    master.reaches("named", Finished);
    assert_eq!(
        fs::read_to_string(agent.sandbox("named").join("stdout")).unwrap(),
        "nobody\n"
    );
}

#[test]
fn nothing_of_an_agent_is_open_to_others() {
    if skipped() {
        return;
    }
    let master = Master::new();
    let agent = Agent::start(&master);
    master.subscribed(1);
    master.run(&shell("task", "echo text; exec sleep 1000"));
    master.reaches("task", Running);
    check_closed(&agent.work());
}

/// Whether others than the owner may do anything with a file or a directory, and what is in it.
fn check_closed(path: &Path) {
    let about = path.symlink_metadata().unwrap();
    let mode = about.permissions().mode() & 0o777;
    // In a directory nobody else enters, links and what a task made are nobody else's either.
    assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    if path.ends_with("sandboxes") {
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten() {
        check_closed(&entry.unwrap().path());
    }
}

#[test]
fn what_is_hidden_is_hidden_from_everybody() {
    if skipped() {
        return;
    }
    let master = Master::new();
    let hidden = tempfile::Builder::new()
        .prefix("fairground-hidden-")
        .tempdir_in("/var/lib")
        .unwrap();
    let secret = hidden.path().join("secret");
    fs::write(&secret, "s").unwrap();
    let flags = [
        "--listen",
        "127.0.0.1:0",
        "--allow-root",
        "--hide",
        hidden.path().to_str().unwrap(),
    ];
    let agent = Agent::start_with(&master.address, &flags);
    master.subscribed(1);
    let key = agent.work().join("agent.json");
    let look = format!(
        "id -u; cat {} {} /proc/1/environ; ls /tmp /var/tmp",
        secret.display(),
        key.display()
    );
    let mut task = shell("root", &look);
    task.user = Some("root".into());
    master.run(&task);
    master.reaches("root", Finished);
    let read = |name: &str| fs::read_to_string(agent.sandbox("root").join(name)).unwrap();
    // Its own sandbox's path goes through /tmp.
    let own = agent
        .work()
        .parent()
        .unwrap()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(read("stdout"), format!("0\n/tmp:\n{own}\n\n/var/tmp:\n"));
    let said = read("stderr");
    assert_eq!(said.matches("No such file").count(), 2, "{said}");
    assert!(
        said.contains("/proc/1/environ: Permission denied"),
        "{said}"
    );
}
