//! Clients that are broken, slow or hostile: each gets a clear answer or loses its connection, the
//! master's memory stays bounded, and a framework beside them notices nothing.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::agent::{Agent, Spec};
use super::client::{post, send};
use super::framework::Framework;
use super::process::Master;
use super::support::until;

const PATH: &str = "/api/v1/scheduler";

/// The memory a process uses now, in MiB.
fn resident(master: &Master) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", master.pid())).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kib / 1024
}

fn connect(master: &Master) -> TcpStream {
    connect_from(master, 1)
}

/// Whether the tests, which share them, may have so many files open at once; if not, it is said.
pub(super) fn may_open(files: u64) -> bool {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = rustix::process::Rlimit {
        current: limit.maximum,
        ..limit
    };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, most).unwrap();
    let enough = limit.maximum.is_none_or(|most| most >= files);
    if !enough {
        eprintln!(
            "skipped: needs {files} open files at once, and may open {:?}",
            limit.maximum
        );
    }
    enough
}

/// A connection from `127.0.0.last`.
pub(super) fn connect_from(master: &Master, last: u8) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let own = SocketAddr::from(([127, 0, 0, last], 0));
    socket.bind(&own.into()).unwrap();
    socket.connect(&master.address.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    stream
}

/// The whole answer to raw bytes; empty when the connection was only closed.
fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that was closed with our bytes unread is reset behind the answer.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// A framework runs a task from offer to end.
pub(super) fn is_undisturbed(framework: &Framework, task: &str) {
    framework.launch(&framework.offer(), &[(task, "true")]);
    assert_eq!(framework.end_of(task), "TASK_FINISHED");
}

#[test]
fn what_is_too_long_or_makes_no_sense_is_refused() {
    let master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = |body: &[u8]| {
        let mut request = post(PATH, "", "");
        let text = String::from_utf8(request).unwrap();
        let length = format!("Content-Length: {}", body.len());
        request = text.replace("Content-Length: 0", &length).into_bytes();
        request.extend_from_slice(body);
        request
    };
    let head = |line: &str| format!("{line}\r\nHost: m\r\n\r\n").into_bytes();
    let long = "x".repeat(1 << 20);
    for (request, status, words) in [
        (body(deep.as_bytes()), "400", "recursion limit exceeded"),
        (
            body(b"{\"type\":\"\xff\xfe\"}"),
            "400",
            "Failed to parse body into JSON",
        ),
        (
            body(b"{\"type\":\"REVIVE\"} x"),
            "400",
            "trailing characters",
        ),
        // Too long as an address or as a head, whichever is noticed first.
        (head(&format!("GET /{long} HTTP/1.1")), "4", ""),
        (head(&format!("GET / HTTP/1.1\r\nX: {long}")), "431", ""),
        (head("GET / HTTP/9.9"), "400", ""),
        (head("POST / HTTP/1.1\r\nContent-Length: many"), "400", ""),
    ] {
        let mut stream = connect(&master);
        // A server that has seen enough does not read the rest.
        let _ = stream.write_all(&request);
        let answer = answer(stream);
        let shown = String::from_utf8_lossy(&request[..request.len().min(100)]).into_owned();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{shown}: {answer}"
        );
        assert!(answer.contains(words), "{shown}: {answer}");
    }
    is_undisturbed(&framework, "t");
}

#[test]
fn a_hundred_megabytes_are_refused_before_they_are_read() {
    let master = Master::start(&[]);
    let before = resident(&master);
    let length = 100 << 20;
    let head = String::from_utf8(post(PATH, "", "")).unwrap();
    let announced = head.replace("Content-Length: 0", &format!("Content-Length: {length}"));
    let chunked = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    for request in [announced, chunked] {
        let mut stream = connect(&master);
        stream.write_all(request.as_bytes()).unwrap();
        let piece = vec![b' '; 1 << 20];
        for _ in 0..100 {
            let chunk = [b"100000\r\n", piece.as_slice(), b"\r\n"].concat();
            let is_chunked = request.contains("chunked");
            // A server that has seen enough does not read the rest.
            if stream
                .write_all(if is_chunked { &chunk } else { &piece })
                .is_err()
            {
                break;
            }
        }
        let answer = answer(stream);
        // The reset behind the answer may overtake it.
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 413"),
            "{answer}"
        );
    }
    // Nobody sends what was announced: the answer comes at once.
    let mut stream = connect(&master);
    let announced = head.replace("Content-Length: 0", &format!("Content-Length: {length}"));
    stream.write_all(announced.as_bytes()).unwrap();
    let answer = answer(stream);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("longer than 8388608 bytes"), "{answer}");
    let grown = resident(&master).saturating_sub(before);
    assert!(grown < 40, "{grown} MiB more than before");
}

#[test]
fn who_sends_a_byte_now_and_then_is_given_up() {
    let master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    // A head, and a body, that never come to their end.
    let head = format!("POST {PATH} HTTP/1.1\r\nX: ");
    let body = String::from_utf8(post(PATH, "", "")).unwrap();
    let body = body.replace("Content-Length: 0", "Content-Length: 1000");
    let drip = |start: String, longest: u64| {
        let mut stream = connect(&master);
        std::thread::spawn(move || {
            let begun = Instant::now();
            stream.write_all(start.as_bytes()).unwrap();
            while begun.elapsed() < Duration::from_secs(longest) {
                std::thread::sleep(Duration::from_millis(200));
                if stream.write_all(b" ").is_err() {
                    return (begun.elapsed(), String::new());
                }
                stream
                    .set_read_timeout(Some(Duration::from_millis(1)))
                    .unwrap();
                let mut bytes = [0; 1000];
                if let Ok(length) = stream.read(&mut bytes) {
                    let answer = String::from_utf8_lossy(&bytes[..length]).into_owned();
                    return (begun.elapsed(), answer);
                }
            }
            panic!("still connected after {longest} s");
        })
    };
    let (heads, bodies): (Vec<_>, Vec<_>) = (0..50)
        .map(|_| (drip(head.clone(), 25), drip(body.clone(), 50)))
        .unzip();
    is_undisturbed(&framework, "t");
    for head in heads {
        let (after, _) = head.join().unwrap();
        assert!(after > Duration::from_secs(8), "{after:?}");
    }
    is_undisturbed(&framework, "u");
    for body in bodies {
        let (after, answer) = body.join().unwrap();
        assert!(after > Duration::from_secs(25), "{after:?}");
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
}

/// A framework makes a call again and again and reads nothing of what it is told.
fn is_given_up(kind: &str, member: Value) {
    let master = Master::start(&["--heartbeat", "1s"]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    let info = json!({"user": "u", "name": "deaf", "failover_timeout": 60});
    let call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
    let deaf = send(master.address, &post(PATH, "", &call.to_string())).unwrap();
    let stream = deaf.head.header("mesos-stream-id").unwrap().to_owned();
    let id = master.get("/frameworks")["frameworks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|framework| framework["name"] == "deaf")
        .unwrap()["id"]
        .clone();
    let before = resident(&master);
    let mut call = json!({"type": kind, "framework_id": {"value": id}});
    call[kind.to_ascii_lowercase()] = member;
    let call = call.to_string();
    let extra = format!("Mesos-Stream-Id: {stream}\r\n");
    let mut calls = 0;
    let begun = Instant::now();
    loop {
        let exchange = send(master.address, &post(PATH, &extra, &call)).unwrap();
        match exchange.head.status {
            202 => calls += 1,
            // What can wait is not taken in any more.
            503 => std::thread::sleep(Duration::from_millis(200)),
            // Its stream is closed, so it is not subscribed any more.
            403 => break,
            status => panic!("{status}: {}", exchange.body()),
        }
        assert!(
            calls < 200 && begun.elapsed() < Duration::from_mins(2),
            "it still has its stream"
        );
    }
    assert!(calls > 1, "{calls}");
    let grown = resident(&master).saturating_sub(before);
    println!("{kind}: {calls} calls, {grown} MiB more than before");
    assert!(grown < 100, "{grown} MiB more than before");
    master.wait_for_metric("master/frameworks_connected", 1.0);
    is_undisturbed(&framework, "t");
    drop(deaf);
}

#[test]
fn who_does_not_read_its_answers_takes_little_and_gives_way() {
    let master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    // What is shown is large.
    let name = "x".repeat(7 << 20);
    let large = [0; 3].map(|_| Framework::subscribe(master.address, &name));
    let request = b"GET /state HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n";
    let before = resident(&master);
    let ask = |last: u8| {
        let mut stream = connect_from(&master, last);
        stream.write_all(request).unwrap();
        stream
    };
    // From one address many; of others as many as together have all the places, and more.
    let one = (0..40).map(|_| 2);
    let others = (0..12).map(|i| 3 + i % 6);
    let slow: Vec<TcpStream> = one.chain(others).map(ask).collect();
    let shown = answer(ask(100));
    assert!(shown.starts_with("HTTP/1.1 200"));
    assert!(shown.len() > 3 * name.len() && shown.ends_with('}'));
    let grown = resident(&master).saturating_sub(before);
    println!("{grown} MiB more than before");
    assert!(grown < 500, "{grown} MiB more than before");
    is_undisturbed(&framework, "t");
    drop((slow, large));
}

#[test]
fn who_does_not_read_its_stream_loses_it() {
    // Many answers: about tasks nobody knows.
    let name = "x".repeat(200);
    let tasks = (0..1000).map(|i| json!({"task_id": {"value": format!("{name}{i}")}}));
    is_given_up("RECONCILE", json!({"tasks": tasks.collect::<Vec<_>>()}));
    // Long ones: every task is refused by its name.
    let long =
        json!({"name": "n", "agent_id": {"value": "a"}, "task_id": {"value": "x".repeat(1 << 20)}});
    let launch = json!({"type": "LAUNCH", "launch": {"task_infos": vec![long; 3]}});
    is_given_up("ACCEPT", json!({"operations": launch}));
}

/// A connection that asked once and keeps quiet since.
fn resting(master: &Master, last: u8) -> TcpStream {
    let mut stream = connect_from(master, last);
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: m\r\n\r\n")
        .unwrap();
    let mut bytes = [0; 1000];
    let length = stream.read(&mut bytes).unwrap();
    assert!(bytes[..length].starts_with(b"HTTP/1.1 200"));
    stream
}

/// A connection that said so much of a request and nothing since.
fn half(master: &Master, last: u8, said: &str) -> TcpStream {
    let mut stream = connect_from(master, last);
    stream.write_all(said.as_bytes()).unwrap();
    stream
}

fn is_reset(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::ConnectionReset
}

/// Half of a request's head, and half of one's body.
fn halves() -> [String; 2] {
    let head = String::from_utf8(post(PATH, "", "")).unwrap();
    let body = head.replace("Content-Length: 0", "Content-Length: 1000");
    [head.trim_end().to_owned(), format!("{body}{{")]
}

/// Many open their connections so; the framework beside them, and one that comes later, are served.
fn lock_nobody_out(what: &str, open: impl Fn(&Master, u8, usize) -> TcpStream) {
    let master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 2, 1000));
    let framework = Framework::subscribe(master.address, "f");
    // More than a master takes in, half of them from the framework's own address.
    let crowd: Vec<TcpStream> = (0..8400)
        .map(|i| open(&master, 1 + (i % 2) as u8, i))
        .collect();
    is_undisturbed(&framework, "t");
    let later = Framework::subscribe(master.address, "later");
    assert!(
        master.metric("master/frameworks_connected") > 1.5,
        "{what}: both have their streams"
    );
    drop((crowd, later));
}

#[test]
fn thousands_who_say_nothing_or_half_of_it_lock_nobody_out() {
    if !may_open(9000) {
        return;
    }
    // One in ten has asked for something before.
    lock_nobody_out("idle", |master, last, i| {
        if i.is_multiple_of(10) {
            resting(master, last)
        } else {
            connect_from(master, last)
        }
    });
    for said in halves() {
        lock_nobody_out(&said, |master, last, _| half(master, last, &said));
    }
}

#[test]
fn an_address_has_its_part_of_the_connections() {
    let master = Master::start(&["--connections-per-peer", "3"]);
    let first = Framework::subscribe(master.address, "first");
    let second = Framework::subscribe(master.address, "second");
    // Who is waited for gives way at once, who is streamed to does not.
    let [head, body] = halves();
    for said in [None, Some(""), Some(head.as_str()), Some(body.as_str())] {
        let mut waiting = match said {
            None => resting(&master, 1),
            Some(said) => half(&master, 1, said),
        };
        first.say("REVIVE", Value::Null);
        // It may be reset: nobody reads what it said.
        let left = waiting.read(&mut [0; 10]);
        assert!(matches!(left, Ok(0)) || left.is_err_and(|error| is_reset(&error)));
    }
    // One of three is left for calls.
    let info = json!({"user": "u", "name": "third"});
    let call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}).to_string();
    let subscribe = || send(master.address, &post(PATH, "", &call)).unwrap();
    let refused = subscribe();
    assert_eq!(refused.head.status, 503);
    assert_eq!(
        refused.body(),
        "2 streams of 127.0.0.1 are open, as many as one address may have\n"
    );
    drop(second);
    until("there is room for a stream", || {
        subscribe().head.status == 200
    });
    first.say("REVIVE", Value::Null);
}
