//! Orders and statuses: late, repeated, in the wrong order.

use std::fs;

use fairground_real::protocol::RunTask;
use fairground_real::protocol::TaskState::{
    Failed, Finished, Killed, Killing, Lost, Running, Starting,
};

use super::support::master::{Agent, LAUNCH, Master, shell};
use super::support::{until, without_fences};

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
