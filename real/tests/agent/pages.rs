//! What an agent shows, and what it refuses to begin with.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;
use std::thread::JoinHandle;

use axum::http::StatusCode;
use fairground_real::protocol::TaskState::{Finished, Running};
use fairground_real::protocol::{FromMaster, RunTask};
use nix::fcntl::OFlag;
use serde_json::{Value, json};

use super::support::master::{Agent, LAUNCH, Master, shell};
use super::support::{PROGRAM, until, without_fences};

#[test]
fn what_cannot_work_is_said_before_anything_is_done() {
    let work = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .args(["agent", "--work-dir", work.path().to_str().unwrap()])
            .args(arguments);
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for (arguments, words) in [
        (
            &["--master", "nowhere"][..],
            "--master 'nowhere' is not HOST:PORT",
        ),
        (
            &["--master", "h:1", "--listen", "0.0.0.0:0"],
            "say --insecure if that is meant",
        ),
        (
            &["--master", "h:1", "--isolation", "seccomp"],
            "needs cgroups or namespaces",
        ),
        (
            &["--master", "h:1", "--task-user", "no-such-user"],
            "--task-user: no user 'no-such-user' on this agent",
        ),
        (
            &["--master", "h:1", "--task-user", "root"],
            if nix::unistd::geteuid().is_root() {
                "--task-user: no task runs as root on this agent"
            } else {
                "without being root"
            },
        ),
        (
            &["--master", "h:1", "--resources", "cpu:1"],
            "'cpu' is none of cpus, mem",
        ),
    ] {
        let (code, said) = run(arguments);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let nowhere = work.path().join("none").display().to_string();
    let (code, said) = run(&["--master", "h:1", "--cgroup-root", &nowhere]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&nowhere), "{said}");
}

#[test]
fn output_is_shown_byte_by_byte() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let agent = Agent::start(&master);
    let address = master.subscribed(1).address;
    let task = shell("50% & more", r"printf 'a\377b\303\270c\360\237\230'");
    master.run(&task);
    master.reaches("50% & more", Finished);
    let bytes = fs::read(agent.sandbox("50% & more").join("stdout")).unwrap();
    assert_eq!(bytes, b"a\xffb\xc3\xb8c\xf0\x9f\x98");
    let logs = Command::new(PROGRAM)
        .args(["logs", "--master", &master.address, "50% & more"])
        .output()
        .unwrap();
    assert_eq!(
        logs.stdout,
        bytes,
        "{}",
        String::from_utf8_lossy(&logs.stderr)
    );

    // Piece by piece: each begins where the one before it ended.
    let path = "path=/f/50%25%20%26%20more/latest/stdout";
    let (mut offset, mut pieces) = (0, Vec::new());
    loop {
        let url = format!("http://{address}/files/read?{path}&offset={offset}&length=4");
        let piece: Value = serde_json::from_str(&master.get(&url).1).unwrap();
        let data = piece["data"].as_str().unwrap().to_owned();
        if data.is_empty() {
            break;
        }
        offset += data.len();
        pieces.push(data);
    }
    assert_eq!(pieces, ["a?b", "øc", "???"]);
    assert_eq!(offset, bytes.len());
    let url = format!("http://{address}/files/download?{path}&offset=3");
    assert!(master.get(&url).1.starts_with("øc"));
}

#[test]
fn an_agent_on_all_addresses_tells_the_one_its_master_reaches() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let everywhere = ["--listen", "0.0.0.0:0", "--insecure"];
    let _agent = Agent::start_with(&master.address, &everywhere);
    let address = master.subscribed(1).address;
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let health = master.get(&format!("http://{address}/health"));
    assert_eq!(health.0, StatusCode::OK);
}

#[test]
fn files_have_the_paths_that_tools_know() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let agent = Agent::start(&master);
    let address = master.subscribed(1).address;
    master.run(&shell("task", "echo text; mkdir inner; exec sleep 1000"));
    master.reaches("task", Running);
    let get = |path: &str| master.get(&format!("http://{address}/{path}"));
    let state: Value = serde_json::from_str(&get("slave(1)/state").1).unwrap();
    let directory = &state["frameworks"][0]["executors"][0]["directory"];
    let sandbox = agent.work().join("sandboxes/f/task").join(LAUNCH);
    assert_eq!(directory, &json!(sandbox));
    until("it has begun", || sandbox.join("inner").exists());
    for begin in ["", "slave(1)/"] {
        for path in [sandbox.to_str().unwrap(), "/f/task/latest"] {
            let browse = get(&format!("{begin}files/browse?path={path}")).1;
            let browse: Vec<Value> = serde_json::from_str(&browse).unwrap();
            let names = browse.iter().map(|entry| entry["path"].as_str().unwrap());
            let expected = ["inner", "stderr", "stdout"].map(|name| format!("{path}/{name}"));
            assert_eq!(names.collect::<Vec<_>>(), expected);
            assert_eq!(browse[0]["mode"], "drwxr-xr-x");
            let read = get(&format!("{begin}files/read?path={path}/stdout&offset=0"));
            assert_eq!(read.1, r#"{"data":"text\n","offset":0}"#);
            let download = get(&format!("{begin}files/download?path={path}/stdout"));
            assert_eq!(download, (StatusCode::OK, "text\n".into()));
        }
        for (path, code) in [
            ("browse?path=/f/other", StatusCode::NOT_FOUND),
            ("browse?path=/f/task/latest/stdout", StatusCode::BAD_REQUEST),
            ("read?path=/etc/passwd&offset=0", StatusCode::NOT_FOUND),
            (
                "read?path=/f/task/latest/inner&offset=0",
                StatusCode::BAD_REQUEST,
            ),
            ("download?path=/f/../../agent.json", StatusCode::BAD_REQUEST),
            ("read", StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(get(&format!("{begin}files/{path}")).0, code, "{path}");
        }
    }
}

#[test]
fn a_slow_disk_does_not_keep_it_from_answering() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let agent = Agent::start(&master);
    let address = master.subscribed(1).address;
    // It opens for reading when somebody opens it for writing.
    let folder = agent.work().join("sandboxes/f/slow");
    fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let ask = |what: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let path = format!("/files/{what}?path=/f/slow/pipe&offset=0");
        let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        std::thread::spawn(move || {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        })
    };
    // Before it hears of its master it shows nobody anything.
    master.send(&FromMaster::Ping);
    until("it has read what comes first", || master.pongs() > 0);
    let slow = ["browse", "read", "download", "browse"].map(ask);
    for _ in 0..3 {
        let before = master.pongs();
        master.send(&FromMaster::Ping);
        until("it answers a ping", || master.pongs() > before);
        let health = master.get(&format!("http://{address}/health"));
        assert_eq!(health.0, StatusCode::OK);
    }
    until("all are answered", || {
        let mut options = fs::File::options();
        options.write(true).custom_flags(OFlag::O_NONBLOCK.bits());
        // Fails when nobody waits to read.
        drop(options.open(&pipe));
        slow.iter().all(JoinHandle::is_finished)
    });
    for slow in slow {
        let answer = slow.join().unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}

#[test]
fn its_pages_say_what_it_runs() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    let address = master.subscribed(1).address;
    let task = RunTask {
        name: "søvn".into(),
        ..shell("task", "sleep 1000")
    };
    master.run(&task);
    let container = master.reaches("task", Running).container.unwrap();
    let get = |path: &str| {
        let (code, text) = master.get(&format!("http://{address}/{path}"));
        assert_eq!(code, StatusCode::OK, "{path}");
        assert!(text.is_ascii(), "{text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let numbers = get("metrics/snapshot");
    for (name, value) in [
        ("registered", 1.0),
        ("frameworks_active", 1.0),
        ("executors_running", 1.0),
        ("tasks_running", 1.0),
        ("tasks_starting", 0.0),
        ("tasks_killing", 0.0),
        ("cpus_total", 2.0),
        ("cpus_used", 0.1),
        ("cpus_percent", 0.05),
        ("mem_total", 512.0),
        ("mem_used", 64.0),
        ("mem_percent", 0.125),
    ] {
        let number = numbers[format!("slave/{name}")].as_f64();
        assert_eq!(number, Some(value), "{name}");
    }
    let version = get("version");
    let state = get("state");
    assert_eq!(version["version"], "1.11.0");
    assert_eq!(state["version"], "1.11.0");
    assert_eq!(state["id"], "m-S0");
    assert_eq!(state["pid"], format!("slave(1)@{address}"));
    assert_eq!(state["resources"]["ports"], "[31000-31010]");
    let framework = &state["frameworks"][0];
    let executor = &framework["executors"][0];
    let shown = &executor["tasks"][0];
    assert_eq!(framework["id"], "f");
    assert_eq!(executor["id"], "task");
    assert_eq!(executor["container"], container.container_id);
    for (key, value) in [
        ("id", json!("task")),
        ("name", json!("søvn")),
        ("framework_id", json!("f")),
        ("slave_id", json!("m-S0")),
        ("state", json!("TASK_RUNNING")),
    ] {
        assert_eq!(shown[key], value, "{key}");
    }
    assert_eq!(shown["resources"]["mem"], json!(64.0));
}

#[test]
fn its_pages_have_the_names_that_tools_know() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    let address = master.subscribed(1).address;
    let get = |path: &str| master.get(&format!("http://{address}/{path}")).0;
    for page in ["state", "version", "health", "metrics/snapshot"] {
        for begin in ["", "slave(1)/"] {
            for end in ["", "/", ".json"] {
                let path = format!("{begin}{page}{end}");
                assert_eq!(get(&path), StatusCode::OK, "{path}");
            }
        }
    }
    assert_eq!(get("slave(2)/state"), StatusCode::NOT_FOUND);
}

#[test]
fn the_page_at_the_root_says_what_is_here() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    let address = master.subscribed(1).address;
    let (status, html) = master.get(&format!("http://{address}/"));
    assert_eq!(status, 200);
    for words in [
        "<title>Fairground agent here</title>",
        env!("CARGO_PKG_VERSION"),
        "cpus:2;mem:512;disk:100;",
        "<dd>0 now</dd>",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    for link in html.split("href=\"").skip(1) {
        let link = link.split_once('"').unwrap().0;
        let (status, _) = master.get(&format!("http://{address}{link}"));
        assert_eq!(status, 200, "{link}");
    }
}
