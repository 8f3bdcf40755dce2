//! A minute and a half in which nothing happens, at the defaults: what is open stays open. With short
//! heartbeats nobody would see what becomes of a quiet connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::framework::Framework;
use super::process::Master;
use super::support;

const QUIET: Duration = Duration::from_secs(90);

/// Asks for something on a connection that stays open afterwards.
fn ask(stream: &mut TcpStream) -> String {
    let request = b"GET /version HTTP/1.1\r\nHost: m\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut bytes = [0; 4096];
    let length = stream.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[test]
fn a_quiet_stream_and_a_resting_connection_stay_open_for_90_s() {
    let master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    // Without a failover timeout its tasks end with its stream.
    let info = json!({"user": "u", "name": "quiet"});
    let framework = Framework::subscribe_as(master.address, &info);
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    framework.say("SUPPRESS", Value::Null);
    // A real agent has a stream too, and answers on connections of its own.
    let agent = (!support::skipped()).then(|| {
        let master = master.address.to_string();
        support::master::Agent::start_at(&master, "real")
    });
    master.wait_for_metric(
        "master/slaves_active",
        1.0 + f64::from(u8::from(agent.is_some())),
    );
    let agents = || master.get("/slaves")["slaves"].as_array().unwrap().clone();
    let pages = agents().into_iter().find(|page| page["hostname"] == "real");
    let pages = pages.map(|page| page["pid"].as_str().unwrap().replace("slave(1)@", ""));
    let addresses = pages.into_iter().chain([master.address.to_string()]);
    let mut resting: Vec<TcpStream> = addresses
        .map(|address| TcpStream::connect(address).unwrap())
        .collect();
    for stream in &mut resting {
        assert!(ask(stream).starts_with("HTTP/1.1 200"));
    }

    std::thread::sleep(QUIET);

    for stream in &mut resting {
        let answer = ask(stream);
        assert!(answer.starts_with("HTTP/1.1 200"), "`{answer}`");
    }
    // Nobody had to subscribe again, and nothing ended.
    for page in agents() {
        assert_eq!(page["registered_time"], page["reregistered_time"], "{page}");
    }
    framework.say("RECONCILE", json!({"tasks": []}));
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    assert!((master.metric("master/tasks_running") - 1.0).abs() < 1e-9);
}
