//! The write-ahead log: kill -9, torn and damaged files, other settings.

use std::fmt::Write as _;
use std::process::Command;

use fairground_real::protocol::TaskState;
use serde_json::json;

use super::agent::{Agent, Spec};
use super::framework::Framework;
use super::process::Master;

fn come_back(master: &Master, framework: &Framework) -> Framework {
    let info = json!({"user": "root", "name": "f", "failover_timeout": 60,
                      "id": {"value": framework.id}});
    let next = Framework::subscribe_as(master.address, &info);
    assert_eq!(next.id, framework.id);
    next
}

#[test]
fn a_killed_master_comes_back_with_everything() {
    let mut master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let mut framework = Framework::subscribe(master.address, "f");
    let mut running = Vec::new();
    for round in 0..8 {
        let stays = format!("stays{round}");
        let offer = framework.offer();
        framework.launch(&offer, &[(&stays, "sleep")]);
        assert_eq!(framework.status(&stays)["state"], "TASK_RUNNING");
        running.push(stays);
        let stale = framework.offer();
        master.kill();
        if round % 2 == 0 {
            agent.end(&running.remove(0), TaskState::Finished);
        }
        master.restart();
        framework = come_back(&master, &framework);
        let late = format!("late{round}");
        framework.launch(&stale, &[(&late, "true")]);
        let status = framework.status(&late);
        assert_eq!(
            status["reason"], "REASON_INVALID_OFFERS",
            "no offer is honoured twice"
        );
        let finished = f64::from(round / 2 + 1);
        master.wait_for_metric("master/tasks_finished", finished);
    }
    master.wait_for_metric("master/tasks_running", running.len() as f64);
    assert!(
        agent.starts().values().all(|count| *count == 1),
        "{:?}",
        agent.starts()
    );
    master.finish();
}

#[test]
fn an_acknowledged_status_is_not_repeated_by_a_restart() {
    let mut master = Master::start(&[]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "true")]);
    assert_eq!(framework.end_of("t"), "TASK_FINISHED");
    master.kill();
    master.restart();
    let framework = come_back(&master, &framework);
    framework.say("SUPPRESS", serde_json::Value::Null);
    let start = std::time::Instant::now();
    while agent.known() > 0 {
        assert!(start.elapsed() < std::time::Duration::from_secs(10));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    framework.say("RECONCILE", json!({}));
    loop {
        match framework.next_within(std::time::Duration::from_millis(500)) {
            None => break,
            Some(event) => assert_ne!(event["type"], "UPDATE", "{event}"),
        }
    }
    master.finish();
}

#[test]
fn a_torn_record_is_cut_off_and_a_damaged_one_is_refused() {
    let mut master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.offer();
    master.kill();
    let log = std::fs::read(master.log()).unwrap();
    // Torn anywhere in its last record, with or without the end of the line.
    let last = log[..log.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 1;
    for cut in [
        last + 1,
        last + 9,
        usize::midpoint(last, log.len()),
        log.len() - 1,
    ] {
        std::fs::write(master.log(), &log[..cut]).unwrap();
        master.restart();
        master.kill();
        let kept = std::fs::read(master.log()).unwrap();
        assert_eq!(kept[..last], log[..last], "cut at {cut}");
    }
    let mut damaged = log.clone();
    let middle = log[..last / 2]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 20;
    damaged[middle] ^= 1;
    std::fs::write(master.log(), &damaged).unwrap();
    let (status, words) = master.fail_to_restart();
    assert_eq!(status.code(), Some(2));
    assert!(
        words.contains("the checksum does not agree, and more records follow"),
        "{words}"
    );
    assert_eq!(
        std::fs::read(master.log()).unwrap(),
        damaged,
        "nothing was changed"
    );
}

#[test]
fn two_masters_on_one_log_and_other_settings_are_refused() {
    let mut master = Master::start(&[]);
    let (status, words) = master.fail_to_restart();
    assert_eq!(status.code(), Some(2));
    assert!(
        words.contains("another master uses this work directory"),
        "{words}"
    );
    master.kill();
    let output = Command::new(env!("CARGO_BIN_EXE_fairground-real"))
        .args([
            "master",
            "--listen",
            "127.0.0.1:0",
            "--allocator",
            "fifo",
            "--work-dir",
        ])
        .arg(master.folder.path())
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words.contains("begun with other settings"), "{words}");
}

#[test]
fn a_public_address_needs_to_be_asked_for() {
    let folder = tempfile::TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fairground-real"))
        .args(["master", "--listen", "0.0.0.0:0", "--work-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        words.contains("listen on 127.0.0.1, or say --insecure"),
        "{words}"
    );
}

#[test]
fn a_replay_names_the_first_difference() {
    let mut master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.offer();
    master.kill();
    // The same log, but the core is said to have offered less than it did.
    let log = std::fs::read_to_string(master.log()).unwrap();
    let mut forged = String::new();
    for line in log.lines() {
        let json = line[9..].replace("\"resources\":[4000,", "\"resources\":[3000,");
        let sum = crc32fast::hash(json.as_bytes());
        writeln!(forged, "{sum:08x} {json}").unwrap();
    }
    assert!(forged.contains("[3000,"), "the log has the offer");
    std::fs::write(master.log(), forged).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fairground-real"))
        .arg("replay")
        .arg(master.log())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stdout).unwrap();
    for part in [
        "the first difference",
        "told",
        "logged",
        "[3000,",
        "replayed",
        "[4000,",
        "a0 free cpus:4",
        "f0 holds cpus:4",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
}
