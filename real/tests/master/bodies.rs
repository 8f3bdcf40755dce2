//! Who sends its bodies slowly holds nobody up but itself.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::client::post;
use super::framework::Framework;
use super::hostile::{connect_from, is_undisturbed, may_open};
use super::process::Master;

/// Requests of whose body one byte comes, and no more, from `127.0.0.last`: as many as are more than all the
/// room there is, long ones and short ones.
fn slow(master: &Master, last: u8, who: &str) -> Vec<TcpStream> {
    let mut all = Vec::new();
    for (count, length) in [(60, 8_000_000), (1100, 65_000)] {
        let head = String::from_utf8(post("/api/v1/scheduler", who, "")).unwrap();
        let announced = head.replace("Content-Length: 0", &format!("Content-Length: {length}"));
        all.extend((0..count).map(|_| {
            let mut stream = connect_from(master, last);
            stream.write_all(announced.as_bytes()).unwrap();
            stream.write_all(b"{").unwrap();
            stream
        }));
    }
    all
}

/// Calls with a short body and with a long one are answered, and a task runs.
fn is_served(framework: &Framework) {
    for count in [100, 5000] {
        let tasks: Vec<Value> = (0..count)
            .map(|i| json!({"task_id": {"value": format!("a name that is not short {i}")}}))
            .collect();
        framework.say("RECONCILE", json!({"tasks": tasks}));
    }
    is_undisturbed(framework, "t");
}

#[test]
fn an_address_that_sends_slowly_holds_nobody_else_up() {
    if !may_open(5000) {
        return;
    }
    let master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    let slow = slow(&master, 2, "");
    is_served(&framework);
    drop(slow);
}

#[test]
fn a_principal_that_sends_slowly_holds_nobody_else_up() {
    if !may_open(5000) {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let credentials = folder.path().join("credentials");
    let mut options = std::fs::File::options();
    let file = options.write(true).create_new(true).mode(0o600);
    let mut file = file.open(&credentials).unwrap();
    file.write_all(b"a secret\nb secret\n").unwrap();
    let credentials = credentials.to_str().unwrap();
    let master = Master::start(&["--credentials", credentials, "--no-authenticate-agents"]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let of = |name: &str| {
        let encoded = STANDARD.encode(format!("{name}:secret"));
        format!("Authorization: Basic {encoded}\r\n")
    };
    let info = json!({"user": "", "name": "b"});
    let framework = Framework::subscribe_by(master.address, &of("b"), &info);
    let slow = slow(&master, 1, &of("a"));
    is_served(&framework);
    drop(slow);
}
