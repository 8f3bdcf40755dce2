//! Real tasks from end to end: this program as master and as agent.

use fairground_real::protocol::{
    AgentCall, AgentMessage, MESSAGE_PATH, Source, StatusUpdate, TaskState,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{post, send};
use super::framework::{Framework, task};
use super::process::Master;
use super::support::master::Agent;
use super::support::{skipped, without_fences};

/// A framework whose tasks run as nobody in particular.
fn framework(master: &Master) -> Framework {
    let info = json!({"user": "nobody", "name": "f", "failover_timeout": 60});
    Framework::subscribe_as(master.address, &info)
}

#[test]
fn what_a_task_used_is_in_its_last_status() {
    if skipped() {
        return;
    }
    let master = Master::start(&[]);
    let _agent = Agent::start_at(&master.address.to_string(), "a");
    let framework = framework(&master);
    let offer = framework.offer();
    let work = "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done";
    let mut held = task(&offer, "held", work);
    held["limits"] = json!({"cpus": {"value": 0.1}});
    framework.accept(&offer, &[held], 0.0);
    let last = loop {
        let status = framework.status("held");
        if !["TASK_STARTING", "TASK_RUNNING"].contains(&status["state"].as_str().unwrap()) {
            break status;
        }
        assert_eq!(status["labels"], Value::Null, "not while it runs");
    };
    assert_eq!(last["state"], "TASK_FINISHED", "{last}");
    let label = |key: &str| -> u64 {
        let labels = last["labels"]["labels"].as_array().unwrap();
        let label = labels.iter().find(|label| label["key"] == key);
        let value = label.unwrap_or_else(|| panic!("{key} in {last}"));
        value["value"].as_str().unwrap().parse().unwrap()
    };
    // It had to wait for most of the time that it took.
    assert!(label("cpu_micros") > 0 && label("throttled_micros") > label("cpu_micros"));
    assert!(label("mem_peak_bytes") > 0);
    assert_eq!(label("oom_kills"), 0);
}

#[test]
fn an_id_that_is_used_again_runs_again() {
    if without_fences() {
        return;
    }
    let master = Master::start(&[]);
    let agent = Agent::start_at(&master.address.to_string(), "a");
    let framework = framework(&master);
    for (command, end) in [
        ("exit 1", "TASK_FAILED"),
        ("true", "TASK_FINISHED"),
        ("exit 1", "TASK_FAILED"),
    ] {
        framework.launch(&framework.offer_of(0.5), &[("again", command)]);
        assert_eq!(framework.end_of("again"), end);
    }
    let launches = agent
        .work()
        .join("sandboxes")
        .join(&framework.id)
        .join("again");
    let names = std::fs::read_dir(launches).unwrap().flatten();
    // Three, and the link to the latest.
    assert_eq!(names.count(), 4);
}

#[test]
fn a_late_status_of_an_earlier_launch_changes_nothing() {
    if without_fences() {
        return;
    }
    let master = Master::start(&[]);
    let agent = Agent::start_at(&master.address.to_string(), "a");
    let framework = framework(&master);
    framework.launch(&framework.offer_of(0.5), &[("t", "exit 1")]);
    assert_eq!(framework.end_of("t"), "TASK_FAILED");
    framework.launch(&framework.offer_of(0.5), &[("t", "sleep 1000")]);
    let running = loop {
        let status = framework.status("t");
        if status["state"] == "TASK_RUNNING" {
            break status;
        }
    };
    let (master_id, _) = framework.id.rsplit_once('-').unwrap();
    let say = |launch: usize| {
        let status = StatusUpdate {
            uuid: Uuid::new_v4(),
            framework_id: framework.id.clone(),
            task_id: "t".to_owned(),
            // Of its framework's first role.
            launch: format!("{master_id}-T0-{launch}"),
            state: TaskState::Finished,
            source: Source::Executor,
            reason: None,
            message: None,
            unix_micros: 1,
            container: None,
            usage: None,
        };
        let call = AgentCall {
            agent_id: running["agent_id"]["value"].as_str().unwrap().to_owned(),
            key: agent.key(),
            message: AgentMessage::Status(Box::new(status)),
        };
        let body = serde_json::to_string(&call).unwrap();
        let exchange = send(master.address, &post(MESSAGE_PATH, "", &body)).unwrap();
        assert_eq!(exchange.head.status, 202);
    };
    say(0);
    framework.say("RECONCILE", json!({"tasks": [{"task_id": {"value": "t"}}]}));
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    // Of the launch that runs it would be believed.
    say(1);
    assert_eq!(framework.status("t")["state"], "TASK_FINISHED");
}

#[test]
fn what_is_run_is_what_was_said() {
    if without_fences() {
        return;
    }
    let master = Master::start(&[]);
    let agent = Agent::start_at(&master.address.to_string(), "a");
    let framework = framework(&master);
    let secret = |data: &str| json!({"type": "VALUE", "value": {"data": data}});
    let variables = json!([{"name": "PLAIN", "value": "a=b"},
                           {"name": "KEY", "type": "SECRET", "secret": secret("czNjcmV0IMO8")}]);
    let cases = [
        (
            "argv",
            json!({"shell": false, "value": "cat", "arguments": ["kitten", "/proc/self/cmdline"]}),
            Ok("kitten\0/proc/self/cmdline\0"),
        ),
        (
            "spaces",
            json!({"shell": "false", "value": "printf", "arguments": ["p", "[%s]", " x  y ", "ü"]}),
            Ok("[ x  y ][ü]"),
        ),
        (
            "alone",
            json!({"shell": false, "value": "/bin/echo"}),
            Ok("\n"),
        ),
        (
            "shell",
            json!({"value": "echo $#:$0", "arguments": ["one", "two"]}),
            Ok("0:sh\n"),
        ),
        (
            "secret",
            json!({"value": "echo $PLAIN,$KEY", "environment": {"variables": variables}}),
            Ok("a=b,s3cret ü\n"),
        ),
        (
            "nowhere",
            json!({"shell": false, "value": "no-such-program"}),
            Err("cannot execute no-such-program: No such file or directory"),
        ),
        (
            "long",
            json!({"value": format!(": {}", "y".repeat(140_000))}),
            Err("Argument list too long"),
        ),
    ];
    for (id, command, expected) in cases {
        let offer = framework.offer();
        let mut one = task(&offer, id, "");
        one["command"] = command;
        framework.accept(&offer, &[one], 0.0);
        let last = loop {
            let status = framework.status(id);
            if !["TASK_STARTING", "TASK_RUNNING"].contains(&status["state"].as_str().unwrap()) {
                break status;
            }
        };
        match expected {
            Ok(written) => {
                assert_eq!(last["state"], "TASK_FINISHED", "{last}");
                let sandbox = agent.work().join("sandboxes").join(&framework.id).join(id);
                let stdout = std::fs::read_to_string(sandbox.join("latest/stdout")).unwrap();
                assert_eq!(stdout, written, "{id}");
            }
            Err(why) => {
                assert_eq!(last["state"], "TASK_FAILED", "{last}");
                assert!(last["message"].as_str().unwrap().contains(why), "{last}");
            }
        }
    }
}
