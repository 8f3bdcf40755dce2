//! Who is who: keys of agents, principals of frameworks, and what two of them have of each other.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fairground_real::protocol::{
    AgentCall, AgentMessage, MAY_READ_PATH, MESSAGE_PATH, MayRead, SUBSCRIBE_PATH, Source,
    StatusUpdate, Subscribe, TaskState,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::agent::{Agent as Emulated, Spec};
use super::client::{get, post, send};
use super::framework::{Framework, task};
use super::process::Master;
use super::support::master::Agent;
use super::support::{PROGRAM, skipped, until};

const CALLS: &str = "/api/v1/scheduler";
const KILL: &str = "/fairground/v1/kill";

/// Files that only their owner reads, gone with the test.
struct Secrets(tempfile::TempDir);

impl Secrets {
    fn new() -> Self {
        Self(tempfile::TempDir::new().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        let mut options = fs::File::options();
        let file = options.write(true).create(true).truncate(true).mode(0o600);
        file.open(&path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        path
    }

    /// Everybody these tests know: the secret of `x` is `x's`.
    fn all(&self) -> String {
        let lines = ["a", "b", "operator", "agent"].map(|name| format!("{name} {name}'s\n"));
        self.write("all", &lines.concat()).display().to_string()
    }

    fn one(&self, name: &str) -> String {
        let path = self.write(name, &format!("{name} {name}'s\n"));
        path.display().to_string()
    }
}

/// The header of a principal; of nobody without a name.
fn of(name: &str) -> String {
    with(name, &format!("{name}'s"))
}

fn with(name: &str, secret: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    let encoded = STANDARD.encode(format!("{name}:{secret}"));
    format!("Authorization: Basic {encoded}\r\n")
}

/// A framework of a principal.
fn framework(master: &Master, name: &str) -> Framework {
    let info = json!({"user": "", "name": name, "failover_timeout": 60});
    Framework::subscribe_by(master.address, &of(name), &info)
}

fn subscribe(info: &Value) -> String {
    let mut call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
    if let Some(id) = info.get("id") {
        call["framework_id"] = id.clone();
    }
    call.to_string()
}

/// The status of an answer and what it says.
fn ask(master: &Master, path: &str, who: &str, body: &str) -> (u16, String) {
    let exchange = send(master.address, &post(path, who, body)).unwrap();
    let status = exchange.head.status;
    if status == 401 {
        let how = exchange.head.header("www-authenticate");
        assert_eq!(how, Some("Basic realm=\"fairground\""));
    }
    (status, exchange.body())
}

fn ended(framework: &Framework, launch: &str) -> AgentMessage {
    AgentMessage::Status(Box::new(StatusUpdate {
        uuid: Uuid::new_v4(),
        framework_id: framework.id.clone(),
        task_id: "t".to_owned(),
        launch: launch.to_owned(),
        state: TaskState::Finished,
        source: Source::Executor,
        reason: None,
        message: None,
        unix_micros: 1,
        container: None,
        usage: None,
    }))
}

#[test]
fn an_agent_is_nobody_without_its_key() {
    let master = Master::start(&[]);
    let spec = Spec::new(master.address, "a", 4, 4000);
    let agent = Emulated::start(&spec);
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    let say = |key: Uuid| {
        let call = AgentCall {
            agent_id: agent.id().unwrap(),
            key,
            message: ended(&framework, &agent.launch("t")),
        };
        ask(
            &master,
            MESSAGE_PATH,
            "",
            &serde_json::to_string(&call).unwrap(),
        )
    };
    let introduce = |subscribe: &Subscribe| {
        let body = serde_json::to_string(subscribe).unwrap();
        ask(&master, SUBSCRIBE_PATH, "", &body)
    };
    let check = |(status, text): (u16, String), words: &str| {
        assert_eq!(status, 403, "{text}");
        assert!(text.contains(words), "{text}");
    };
    for key in [Uuid::nil(), Uuid::new_v4()] {
        check(say(key), "not subscribed with this key");
    }
    let own = agent.introduction(&spec);
    let other = Subscribe {
        key: Uuid::new_v4(),
        count: 1000,
        tasks: Vec::new(),
        ..own.clone()
    };
    check(introduce(&other), "has another key");
    // As who has a copy of its work directory.
    let copy = Subscribe {
        address: "127.0.0.1:1".to_owned(),
        count: 1000,
        tasks: Vec::new(),
        ..own.clone()
    };
    check(introduce(&copy), "cannot have one work directory");
    let new = Subscribe {
        agent_id: None,
        ..other
    };
    check(introduce(&new), "is connected and listens on");
    let asks = MayRead {
        agent_id: agent.id().unwrap(),
        key: Uuid::new_v4(),
        framework_id: None,
        authorization: None,
    };
    let asks = serde_json::to_string(&asks).unwrap();
    check(
        ask(&master, MAY_READ_PATH, "", &asks),
        "this id and this key",
    );
    let old = json!({"protocol": 3, "hostname": "h"}).to_string();
    let (status, text) = ask(&master, SUBSCRIBE_PATH, "", &old);
    assert_eq!(status, 400);
    assert!(text.contains("start both from one release"), "{text}");
    // None of it did any harm, and none of it is in the log.
    framework.say("RECONCILE", json!({"tasks": [{"task_id": {"value": "t"}}]}));
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    let log = fs::read_to_string(master.log()).unwrap();
    assert_eq!(log.matches("agent_subscribed").count(), 1);
    assert_eq!(say(agent.key()).0, 202);
    assert_eq!(framework.status("t")["state"], "TASK_FINISHED");
}

/// A network of the test's own, with an address at either end; gone when dropped.
struct Elsewhere(&'static str);

impl Elsewhere {
    /// `10.87.N.1` here, `10.87.N.2` there.
    fn new(name: &'static str, subnet: u8) -> Self {
        let elsewhere = Self(name);
        run(&format!(
            "ip netns add {name}
             ip link add {name} type veth peer name eth0 netns {name}
             ip address add 10.87.{subnet}.1/30 dev {name}
             ip link set {name} up
             ip -n {name} link set lo up
             ip -n {name} address add 10.87.{subnet}.2/30 dev eth0
             ip -n {name} link set eth0 up"
        ));
        elsewhere
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        run(&format!(
            "ip link delete {0} || true; ip netns delete {0} || true",
            self.0
        ));
    }
}

fn run(command: &str) {
    let status = Command::new("sh").args(["-ec", command]).status().unwrap();
    assert!(status.success(), "{command}");
}

/// Both are started as the README says, on different machines: each listens on 127.0.0.1:5051.
#[test]
fn a_second_agent_by_hand_does_the_first_no_harm() {
    if skipped() {
        return;
    }
    let _network = Elsewhere::new("fgt-hand", 60);
    let beyond = "10.87.60.1:5070";
    let master = Master::start(&["--listen", beyond, "--insecure"]);
    // Emulated, so that nobody needs port 5051 here.
    let mut spec = Spec::new(master.address, "here", 4, 4000);
    spec.address = Some("127.0.0.1:5051".to_owned());
    let _agent = Emulated::start(&spec);
    let framework = Framework::subscribe(master.address, "f");
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    let work = tempfile::TempDir::new().unwrap();
    let words = work.path().join("words");
    let mut second = Command::new("ip")
        .args([
            "netns", "exec", "fgt-hand", PROGRAM, "agent", "--master", beyond,
        ])
        .args(["--isolation", "namespaces", "--work-dir"])
        .arg(work.path().join("work"))
        .stderr(fs::File::create(&words).unwrap())
        .spawn()
        .unwrap();
    until("the second agent is refused", || {
        let said = fs::read_to_string(&words).unwrap();
        said.contains(
            "listens on 127.0.0.1:5051, where nobody else reaches it, and comes from 10.87.60.2",
        ) && said.contains("--listen 10.87.60.2:5051")
    });
    second.kill().unwrap();
    second.wait().unwrap();
    framework.say("RECONCILE", json!({"tasks": [{"task_id": {"value": "t"}}]}));
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    assert_eq!(master.get("/slaves")["slaves"].as_array().unwrap().len(), 1);
}

#[test]
fn whoever_changes_something_says_who_it_is() {
    let secrets = Secrets::new();
    let mut master = Master::start(&["--credentials", &secrets.all(), "--no-authenticate-agents"]);
    let _agent = Emulated::start(&Spec::new(master.address, "a", 4, 4000));
    let info = |more: Value| {
        let mut info = json!({"user": "", "name": "f", "failover_timeout": 60});
        for (key, value) in more.as_object().unwrap() {
            info[key] = value.clone();
        }
        subscribe(&info)
    };
    let plain = info(json!({}));
    for who in [
        String::new(),
        with("a", "b's"),
        with("c", "c's"),
        with("a", ""),
        "Authorization: Basic\r\n".to_owned(),
        "Authorization: Bearer YTphJ3M=\r\n".to_owned(),
    ] {
        assert_eq!(ask(&master, CALLS, &who, &plain).0, 401, "{who}");
    }
    let pretends = info(json!({"principal": "b"}));
    let (status, text) = ask(&master, CALLS, &of("a"), &pretends);
    assert_eq!(status, 400);
    assert!(text.contains("'a' does not match principal 'b'"), "{text}");

    // An id that nobody was given is not to be had: one day somebody comes with it.
    for id in ["earlier-0001", "mine"] {
        let invented = json!({"user": "", "name": "f", "id": {"value": id}});
        let words = Framework::refused_by(master.address, &of("a"), &invented);
        assert!(words.contains("was never given by this master"), "{words}");
    }
    let log = fs::read_to_string(master.log()).unwrap();
    assert!(!log.contains("earlier-0001"));

    let mine = framework(&master, "a");
    mine.launch(&mine.offer(), &[("t", "sleep"), ("u", "sleep")]);
    assert_eq!(mine.status("t")["state"], "TASK_RUNNING");
    // Its id is on every page.
    let shown = master.get("/frameworks");
    let shown = &shown["frameworks"][0];
    assert_eq!(
        (&shown["id"], &shown["principal"]),
        (&json!(mine.id), &json!("a"))
    );
    let takes = info(json!({"id": {"value": mine.id}}));
    let tears = json!({"type": "TEARDOWN", "framework_id": {"value": mine.id}}).to_string();
    let kills = json!({"framework_id": mine.id, "task_id": "u"}).to_string();
    let stream = format!("Mesos-Stream-Id: {}\r\n", mine.stream);
    let check = |master: &Master| {
        for who in ["b", "operator"] {
            let (status, text) = ask(master, CALLS, &of(who), &takes);
            assert_eq!(status, 403, "{who}: {text}");
            assert!(text.contains("belongs to another principal"), "{text}");
        }
        assert_eq!(ask(master, CALLS, "", &takes).0, 401);
        assert_eq!(
            ask(master, CALLS, &format!("{}{stream}", of("b")), &tears).0,
            403
        );
        assert_eq!(ask(master, CALLS, &stream, &tears).0, 401);
        assert_eq!(ask(master, KILL, "", &kills).0, 401);
        assert_eq!(ask(master, KILL, &of("b"), &kills).0, 403);
    };
    check(&master);
    mine.say("RECONCILE", json!({"tasks": [{"task_id": {"value": "t"}}]}));
    assert_eq!(mine.status("t")["state"], "TASK_RUNNING", "it goes on");
    // Whose it is outlives the master.
    master.kill();
    master.restart();
    check(&master);
    let again = json!({"user": "", "name": "f", "failover_timeout": 60, "id": {"value": mine.id}});
    let mine = Framework::subscribe_by(master.address, &of("a"), &again);
    assert_eq!(ask(&master, KILL, &of("a"), &kills).0, 202);
    assert_eq!(mine.end_of("u"), "TASK_KILLED");
    let all = json!({"framework_id": mine.id}).to_string();
    assert_eq!(ask(&master, KILL, &of("operator"), &all).0, 202);
    while mine.next().is_some() {}
    let over = &master.get("/frameworks")["completed_frameworks"];
    assert_eq!(over[0]["id"], json!(mine.id), "{over}");
}

#[test]
fn agents_and_those_who_look_are_asked_where_that_is_wanted() {
    let secrets = Secrets::new();
    let master = Master::start(&["--credentials", &secrets.all()]);
    let hello = json!({"protocol": 4}).to_string();
    assert_eq!(ask(&master, SUBSCRIBE_PATH, "", &hello).0, 401);
    assert_eq!(ask(&master, MESSAGE_PATH, "", &hello).0, 401);
    assert_eq!(ask(&master, SUBSCRIBE_PATH, &of("agent"), &hello).0, 400);
    // Whoever is known is no agent for that: an agent is told everybody's tasks.
    for path in [SUBSCRIBE_PATH, MESSAGE_PATH, MAY_READ_PATH] {
        assert_eq!(ask(&master, path, &of("a"), &hello).0, 401, "{path}");
        assert_eq!(ask(&master, path, &of("operator"), &hello).0, 401, "{path}");
    }
    let look = |master: &Master, path: &str| send(master.address, &get(path)).unwrap().head.status;
    assert_eq!(
        (look(&master, "/state"), look(&master, "/health")),
        (200, 200)
    );
    let flags = [
        "--credentials",
        &secrets.all(),
        "--authenticate-http-readonly",
    ];
    let master = Master::start(&flags);
    for (path, status) in [
        ("/state", 401),
        ("/metrics", 401),
        ("/health", 200),
        ("/version", 200),
    ] {
        assert_eq!(look(&master, path), status, "{path}");
    }
    // Nobody is asked, and whatever is said does not matter.
    let master = Master::start(&[]);
    let info = subscribe(&json!({"user": "", "name": "f"}));
    let exchange = send(master.address, &post(CALLS, &with("x", "y"), &info)).unwrap();
    assert_eq!(exchange.head.status, 200);
}

#[test]
fn a_master_that_others_reach_asks_or_was_told_not_to() {
    let work = tempfile::TempDir::new().unwrap();
    let secrets = Secrets::new();
    let known = secrets.write("known", "a 1\nagent 2\noperator 3\n");
    let known = known.to_str().unwrap();
    let run = |flags: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["master", "--listen", "192.0.2.1:0", "--work-dir"]);
        let output = command.arg(work.path()).args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let open = secrets.all();
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    for (flags, words) in [
        (
            &[][..],
            "nobody is asked who they are; listen on 127.0.0.1, have them asked with --credentials",
        ),
        (&["--authenticate-frameworks"], "--credentials <FILE>"),
        (
            &["--credentials", &open],
            "others can read the secrets in it (mode 644)",
        ),
        // No machine has this address: they come as far as that.
        (&["--no-authenticate-frameworks"], "is open to everybody"),
        (&["--insecure"], "is open to everybody"),
        (&["--insecure"], "agents are not asked who they are"),
        (
            &["--credentials", known, "--no-authenticate-agents"],
            "agents are not asked who they are: whoever can reach it can join",
        ),
        (&["--credentials", known], "--listen 192.0.2.1:0: "),
        (
            &["--credentials", &secrets.one("a")],
            "is an agent's (agent, agents), so none can join",
        ),
        (&["--operator", "a"], "--credentials <FILE>"),
        (
            &["--credentials", known, "--operator", "oprator"],
            "has the principal `oprator`; did you mean `operator`?",
        ),
        (
            &["--credentials", known, "--operator", ""],
            "has the principal ``; it has a, agent, operator",
        ),
        (
            &["--credentials", known, "--agent-principal", "agnt"],
            "has the principal `agnt`; did you mean `agent`?",
        ),
    ] {
        let said = run(flags);
        assert!(said.contains(words), "{flags:?}: {said}");
    }
}

#[test]
fn the_commands_say_who_types_them() {
    let secrets = Secrets::new();
    let flags = ["--no-authenticate-agents", "--authenticate-http-readonly"];
    let master = Master::start(&[&["--credentials", &secrets.all()], &flags[..]].concat());
    let _agent = Emulated::start(&Spec::new(master.address, "a", 4, 4000));
    let command = |args: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .args(args)
            .env("FAIRGROUND_MASTER", master.address.to_string());
        command
    };
    let refused = command(&["ps"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(
        words.contains("401") && words.contains("asks who you are"),
        "{words}"
    );
    let (a, b) = (secrets.one("a"), secrets.one("b"));
    let submit = ["submit", "--credential", &a, "--", "true"];
    assert!(command(&submit).output().unwrap().status.success());
    let mut long = command(&[
        "submit",
        "--credential",
        &a,
        "--name",
        "long",
        "--",
        "sleep",
    ]);
    let mut long = long
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut shown = String::new();
    until("the task is shown", || {
        let ps = command(&["ps"])
            .env("FAIRGROUND_CREDENTIAL", &b)
            .output()
            .unwrap();
        shown = String::from_utf8(ps.stdout).unwrap();
        shown.contains("long-0.0")
    });
    let kill = |who: &str| {
        command(&["kill", "--credential", who, "long-0.0"])
            .output()
            .unwrap()
    };
    let other = kill(&b);
    assert_eq!(other.status.code(), Some(2));
    let words = String::from_utf8(other.stderr).unwrap();
    assert!(words.contains("belongs to another principal"), "{words}");
    assert!(kill(&a).status.success());
    assert_eq!(long.wait().unwrap().code(), Some(1));
}

/// Perl that asks an address for something and prints how the answer begins.
fn fetch(address: &str, request: &str) -> String {
    format!(
        "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(\"{address}\") or print(\"$!\\n\"), exit; \
         print $s \"{request} HTTP/1.0\\r\\n\\r\\n\"; print scalar(<$s>)'"
    )
}

/// Where a master's only agent shows its pages.
fn pages_of(master: &Master) -> String {
    let pid = master.get("/slaves")["slaves"][0]["pid"].clone();
    let (_, address) = pid.as_str().unwrap().split_once('@').unwrap();
    address.to_owned()
}

/// Where one tenant's task is.
struct Place {
    work: PathBuf,
    framework: String,
    sandbox: PathBuf,
    pid: i32,
    master: String,
    pages: String,
}

impl Place {
    /// A task of another one finds nothing of it.
    fn is_closed_to(&self, b: &Framework) {
        let file = format!("/{}/holds/latest/stdout", self.framework);
        let pry = [
            format!("cat {}/key 2>&1", self.sandbox.display()),
            format!("echo mine 2>&1 > {}/key", self.sandbox.display()),
            format!(
                "ls {} 2>&1",
                self.work.join("sandboxes").join(&self.framework).display()
            ),
            format!("cat {} 2>&1", self.work.join("agent.json").display()),
            format!("ls {} 2>&1", self.work.join("containers").display()),
            format!("kill {} 2>&1 | grep .", self.pid),
            format!(
                "cat /proc/{}/environ /proc/1/environ 2>&1 | head -1",
                self.pid
            ),
            fetch(&self.pages, &format!("GET /files/download?path={file}")),
            fetch(
                &self.pages,
                &format!("GET /files/browse?path=/{}/holds/latest", self.framework),
            ),
            fetch(
                &self.pages,
                &format!("GET /files/read?path={file}&offset=0"),
            ),
            fetch(&self.pages, "GET /files/browse?path=/"),
            fetch(&self.master, &format!("POST {CALLS}")),
            fetch(&self.master, &format!("POST {KILL}")),
            fetch(&self.master, &format!("POST {SUBSCRIBE_PATH}")),
            fetch(&self.master, &format!("POST {MESSAGE_PATH}")),
            fetch(&self.master, &format!("POST {MAY_READ_PATH}")),
        ];
        let offer = b.offer_of(0.5);
        let script: Vec<String> = pry.iter().map(|line| format!("({line}) 2>&1")).collect();
        b.accept(&offer, &[task(&offer, "pries", &script.join("; "))], 0.0);
        assert_eq!(b.end_of("pries"), "TASK_FINISHED");
        let sandboxes = self.work.join("sandboxes");
        let pried = sandboxes.join(&b.id).join("pries/latest/stdout");
        let seen = fs::read_to_string(pried).unwrap();
        let lines: Vec<&str> = seen.lines().collect();
        let nothing = [
            "No such file",
            "nonexistent",
            "No such process",
            "401 Unauthorized",
        ];
        assert_eq!(lines.len(), pry.len(), "{seen}");
        for (line, how) in lines.iter().zip(&pry) {
            assert!(
                nothing.iter().any(|words| line.contains(words)),
                "{how}: {line}\n{seen}"
            );
        }
        assert_eq!(
            fs::read_to_string(self.sandbox.join("key")).unwrap(),
            "secret\n"
        );
    }

    /// Who has a right to what it wrote reads it, and nobody else.
    fn is_read_by_who_may(&self, secrets: &Secrets) {
        let file = format!("/{}/holds/latest/stdout", self.framework);
        let read = |who: &str, path: &str| {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{}\r\n",
                of(who)
            );
            let exchange = send(self.pages.parse().unwrap(), request.as_bytes()).unwrap();
            (exchange.head.status, exchange.body())
        };
        let download = format!("/files/download?path={file}");
        for (who, path, status) in [
            ("a", download.as_str(), 200),
            ("operator", &download, 200),
            ("operator", "/files/browse?path=/", 200),
            ("b", &download, 403),
            ("agent", &download, 403),
            ("", &download, 401),
            ("a", "/files/browse?path=/", 403),
            ("a", "/files/download?path=/../agent.json", 400),
            ("", "/state", 200),
        ] {
            let (found, text) = read(who, path);
            assert_eq!(found, status, "{who} {path}: {text}");
        }
        assert_eq!(read("a", &download).1, "secret\n");
        let logs = |who: &str| {
            let one = secrets.one(who);
            let args = [
                "logs",
                "--master",
                &self.master,
                "--credential",
                &one,
                "holds",
            ];
            Command::new(PROGRAM).args(args).output().unwrap()
        };
        assert_eq!(logs("a").stdout, b"secret\n");
        assert_eq!(logs("b").status.code(), Some(2));
    }
}

#[test]
fn two_tenants_on_one_agent_have_nothing_of_each_other() {
    if skipped() {
        return;
    }
    let secrets = Secrets::new();
    let master = Master::start(&["--credentials", &secrets.all()]);
    let address = master.address.to_string();
    let own = secrets.one("agent");
    let listen = [
        "--hostname",
        "h",
        "--listen",
        "127.0.0.1:0",
        "--credential",
        &own,
    ];
    let agent = Agent::start_with(&address, &listen);
    let (a, b) = (framework(&master, "a"), framework(&master, "b"));
    let offer = a.offer_of(0.5);
    let hold = "echo secret; echo secret > key; chmod 666 key; exec sleep 7001";
    a.accept(&offer, &[task(&offer, "holds", hold)], 0.0);
    while a.status("holds")["state"] != "TASK_RUNNING" {}
    let sandbox = agent
        .work()
        .join("sandboxes")
        .join(&a.id)
        .join("holds/latest");
    let sandbox = sandbox.canonicalize().unwrap();
    until("it has a key", || sandbox.join("key").exists());
    let pid = Agent::processes("sleep\u{0}7001")[0];
    let place = Place {
        work: agent.work(),
        framework: a.id.clone(),
        sandbox,
        pid,
        master: address,
        pages: pages_of(&master),
    };
    place.is_closed_to(&b);
    place.is_read_by_who_may(&secrets);
    check_wrong_key(&master, &agent, &a);
}

/// A real agent's key is asked for, too.
fn check_wrong_key(master: &Master, agent: &Agent, framework: &Framework) {
    let agents = master.get("/slaves");
    let call = |key: Uuid| AgentCall {
        agent_id: agents["slaves"][0]["id"].as_str().unwrap().to_owned(),
        key,
        message: ended(framework, "none"),
    };
    for (key, status) in [(Uuid::new_v4(), 403), (agent.key(), 202)] {
        let body = serde_json::to_string(&call(key)).unwrap();
        assert_eq!(ask(master, MESSAGE_PATH, &of("agent"), &body).0, status);
    }
}

#[test]
fn a_task_with_a_network_of_its_own_reaches_neither_master_nor_agent() {
    if skipped() {
        return;
    }
    let master = Master::start(&[]);
    let address = master.address.to_string();
    let fences = ["--isolation", "cgroups,namespaces,seccomp,network"];
    let agent = Agent::start_with(
        &address,
        &[&["--listen", "127.0.0.1:0"], &fences[..]].concat(),
    );
    let framework = framework(&master, "f");
    let offer = framework.offer_of(0.5);
    let pages = pages_of(&master);
    let look = [fetch(&address, "GET /state"), fetch(&pages, "GET /state")];
    framework.accept(&offer, &[task(&offer, "t", &look.join("; "))], 0.0);
    assert_eq!(framework.end_of("t"), "TASK_FINISHED");
    let said = agent
        .work()
        .join("sandboxes")
        .join(&framework.id)
        .join("t/latest/stdout");
    let said = fs::read_to_string(said).unwrap();
    assert_eq!(said, "Connection refused\n".repeat(2));
}
