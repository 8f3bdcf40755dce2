//! The write-ahead log: kill -9, torn and damaged files, other settings.

use std::path::Path;
use std::process::Command;

use fairground_real::protocol::TaskState;
use serde_json::json;
use tempfile::TempDir;

use super::agent::{Agent, Spec};
use super::client::{post, send};
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
    agent.forgets_all();
    framework.say("RECONCILE", json!({}));
    loop {
        match framework.next_within(std::time::Duration::from_millis(500)) {
            None => break,
            Some(event) => assert_ne!(event["type"], "UPDATE", "{event}"),
        }
    }
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
        words.contains("the checksum does not agree, and later records follow"),
        "{words}"
    );
    assert_eq!(
        std::fs::read(master.log()).unwrap(),
        damaged,
        "nothing was changed"
    );
    // Restored from a copy, as the message says, it serves again.
    std::fs::write(master.log(), &log).unwrap();
    master.restart();
}

#[test]
fn nothing_is_taken_in_that_could_not_be_read_again() {
    let mut master = Master::start(&[]);
    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let info = |levels| {
        json!({"user": "root", "name": "f", "failover_timeout": "60", "unknown": nested(levels),
               "labels": {"labels": {"key": "k", "more": nested(levels)}}})
    };
    let call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info(124)}});
    let request = post("/api/v1/scheduler", "", &call.to_string());
    let exchange = send(master.address, &request).unwrap();
    assert_eq!(exchange.head.status, 400, "deeper than JSON is read");
    // What nobody knows is not written down, however deep it is.
    let framework = Framework::subscribe_as(master.address, &info(100));
    master.kill();
    let log = std::fs::read_to_string(master.log()).unwrap();
    assert!(
        !log.contains("[[") && log.contains(r#"{"key":"k"}"#),
        "{log}"
    );
    master.restart();
    come_back(&master, &framework);
}

/// A log whose records of `what` are as `change` makes them.
fn rewritten(log: &[u8], what: &str, change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let mut rewritten = Vec::new();
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        let mut record: serde_json::Value = serde_json::from_slice(&line[9..]).unwrap();
        if record["turn"]["input"]["what"] != what {
            rewritten.extend_from_slice(line);
            continue;
        }
        change(&mut record["turn"]["input"]);
        let rest = format!("{}{record}", char::from(line[8]));
        let sum = crc32fast::hash(rest.as_bytes());
        rewritten.extend_from_slice(format!("{sum:08x}{rest}\n").as_bytes());
    }
    rewritten
}

#[test]
fn a_log_of_an_earlier_version_is_read_or_refused_with_what_to_do() {
    let mut master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    master.kill();
    let log = std::fs::read(master.log()).unwrap();
    // It kept descriptions as they came.
    let as_they_came = rewritten(&log, "answered", |input| {
        let task = &mut input["tasks"][0];
        task["unknown"] = json!([null, {"x": 1}]);
        task["labels"] = serde_json::Value::Null;
        task["resources"][0]["scalar"]["value"] = json!("0.5");
    });
    assert_ne!(as_they_came, log);
    std::fs::write(master.log(), &as_they_came).unwrap();
    master.restart();
    let framework = come_back(&master, &framework);
    framework.say("RECONCILE", json!({}));
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    master.kill();
    let network = json!({"type": "MESOS", "network_infos": [{"name": "overlay"}]});
    let refused_now = rewritten(&log, "answered", |input| {
        input["tasks"][0]["container"] = network.clone();
    });
    let not_read = rewritten(&log, "subscribed", |input| {
        input["framework_info"]["failover_timeout"] = json!("a week");
    });
    for (log, words) in [
        (
            refused_now,
            "an earlier version took a task that is refused now",
        ),
        (
            not_read,
            "`failover_timeout`: expected a number, found the text \"a week\"",
        ),
    ] {
        std::fs::write(master.log(), &log).unwrap();
        let (status, said) = master.fail_to_restart();
        assert_eq!(status.code(), Some(2));
        assert!(
            said.contains(words) && said.contains("what still runs"),
            "{said}"
        );
    }
    std::fs::write(master.log(), &log).unwrap();
    master.restart();
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
        .arg(&master.folder)
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words.contains("begun with other settings"), "{words}");
}

#[test]
fn masters_do_not_beat_without_a_pause() {
    for flags in [["--ping", "0s"], ["--heartbeat", "0s"], ["--ping", "2d"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_fairground-real"))
            .arg("master")
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains("expected 1ms to 1d, as in 15s"), "{words}");
    }
}

#[test]
fn a_public_address_needs_to_be_asked_for() {
    let folder = TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fairground-real"))
        .args(["master", "--listen", "0.0.0.0:0", "--work-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        words.contains("listen on 127.0.0.1, have them asked with --credentials FILE")
            && words.contains("or say --insecure"),
        "{words}"
    );
}

#[test]
fn frameworks_are_told_an_address_they_can_reach() {
    let folder = TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fairground-real"))
        .args([
            "master",
            "--listen",
            "0.0.0.0:0",
            "--insecure",
            "--work-dir",
        ])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("say which one with --advertise"), "{words}");
    let master = Master::start(&["--advertise", "10.1.2.3:5050"]);
    let state = master.get("/state");
    assert_eq!(state["leader"], "master@10.1.2.3:5050");
    assert_eq!(state["leader_info"]["hostname"], "10.1.2.3");
}

#[test]
fn an_agent_that_does_not_come_back_to_a_restarted_master_is_given_up() {
    let quick = ["--recovery", "1s", "--ping", "100ms", "--pings", "3"];
    let mut master = Master::start(&quick);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    master.kill();
    drop(agent);
    master.restart();
    let framework = come_back(&master, &framework);
    let status = framework.status("t");
    assert_eq!(status["state"], "TASK_LOST");
    assert_eq!(status["reason"], "REASON_AGENT_REMOVED");
    master.wait_for_metric("master/slaves_active", 0.0);
}

/// A place for a log that has room for a few records only.
enum Cramped {
    /// Files of a process may not be longer; works for everybody.
    ByLimit,
    /// A small file system of its own; needs root.
    ByDisk(TempDir),
}

impl Drop for Cramped {
    fn drop(&mut self) {
        if let Self::ByDisk(folder) = self {
            // A mount that is not there was not made.
            let _ = Command::new("umount").arg(folder.path()).status();
        }
    }
}

/// Runs `master` where its log fills up; afterwards there is room again.
fn fill_up(cramped: &Cramped) {
    let program = env!("CARGO_BIN_EXE_fairground-real");
    let limited = r#"trap "" XFSZ; ulimit -f 24; exec "$0" "$@""#;
    let own = TempDir::new().unwrap();
    let (folder, launcher): (&Path, &[&str]) = match cramped {
        Cramped::ByLimit => (own.path(), &["sh", "-c", limited, program]),
        Cramped::ByDisk(folder) => (folder.path(), &[program]),
    };
    let mut master = Master::start_in(folder, launcher, &["--fsync", "never"]);
    let agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let framework = Framework::subscribe(master.address, "f");
    let mut asked = 0;
    let (status, words) = loop {
        // Refused by a master that cannot write it down, or not answered any more.
        let kill = json!({"task_id": {"value": format!("nobody's {asked}")}});
        if framework.try_call("KILL", kill).is_err() {
            break master.wait_for_end();
        }
        asked += 1;
        assert!(asked < 10_000, "the log never fills up");
    };
    assert_eq!(status.code(), Some(2), "{words}");
    for part in ["the log cannot be written", "tasks go on running"] {
        assert!(words.contains(part), "{words}");
    }
    let full = std::fs::metadata(master.log()).unwrap().len();
    if let Cramped::ByDisk(folder) = cramped {
        let more = ["-o", "remount,size=4m"];
        let status = Command::new("mount").args(more).arg(folder.path()).status();
        assert!(status.unwrap().success());
    }
    master.launch_with(&[program]);
    master.restart();
    let framework = come_back(&master, &framework);
    framework.launch(&framework.offer(), &[("t", "true")]);
    assert_eq!(framework.end_of("t"), "TASK_FINISHED");
    assert!(std::fs::metadata(master.log()).unwrap().len() > full);
    assert_eq!(agent.starts()["t"], 1);
}

#[test]
fn a_log_without_room_ends_the_master_and_nothing_is_lost() {
    fill_up(&Cramped::ByLimit);
}

#[test]
fn a_full_disk_ends_the_master_and_nothing_is_lost() {
    if !nix::unistd::geteuid().is_root() {
        println!(
            "skipped: needs root to mount a small file system; \
             run `sudo -E cargo test -p fairground-real --test master wal`"
        );
        return;
    }
    let disk = Cramped::ByDisk(TempDir::new().unwrap());
    let Cramped::ByDisk(folder) = &disk else {
        unreachable!()
    };
    let mount = ["-t", "tmpfs", "-o", "size=16k", "fairground-test"];
    let status = Command::new("mount")
        .args(mount)
        .arg(folder.path())
        .status();
    assert!(status.unwrap().success());
    fill_up(&disk);
}
