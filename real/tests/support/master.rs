//! A master of the tests' own: says what a test wants, and keeps what the agent says.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use fairground_real::isolation::cgroup::Cgroups;
use fairground_real::protocol::{
    AgentCall, AgentMessage, Amounts, FromMaster, MESSAGE_PATH, Pages, RunTask, SUBSCRIBE_PATH,
    StatusUpdate, Subscribe, TaskState,
};
use fairground_real::recordio::frame;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::{PROGRAM, until};

/// What the master knows.
#[derive(Default)]
struct Known {
    subscriptions: Vec<Subscribe>,
    statuses: Vec<StatusUpdate>,
    pongs: usize,
    stream: Option<mpsc::UnboundedSender<Bytes>>,
    /// Whether every status is acknowledged as soon as it comes.
    acknowledges: bool,
}

impl Known {
    fn send(&self, message: &FromMaster) {
        let record = frame(&serde_json::to_vec(message).unwrap());
        // A stream that broke loses what is sent: agents and masters have to live with that.
        let _ = self.stream.as_ref().map(|stream| stream.send(record));
    }
}

/// The master and the runtime it lives in.
pub struct Master {
    runtime: tokio::runtime::Runtime,
    pub address: String,
    known: Arc<Mutex<Known>>,
}

impl Master {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let known = Arc::new(Mutex::new(Known {
            acknowledges: true,
            ..Known::default()
        }));
        let router = Router::new()
            .route(SUBSCRIBE_PATH, post(subscribe))
            .route(MESSAGE_PATH, post(message))
            .route("/tasks", get(tasks))
            .route("/slaves", get(agents))
            .with_state(known.clone());
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap().to_string();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            runtime,
            address,
            known,
        }
    }

    pub fn send(&self, message: &FromMaster) {
        self.known.lock().unwrap().send(message);
    }

    pub fn run(&self, task: &RunTask) {
        self.send(&FromMaster::RunTask(Box::new(task.clone())));
    }

    pub fn kill(&self, task: &str, grace_millis: Option<u64>) {
        let (framework_id, task_id) = ("f".into(), task.into());
        self.send(&FromMaster::KillTask {
            framework_id,
            task_id,
            launch: LAUNCH.into(),
            grace_millis,
        });
    }

    pub fn acknowledge(&self, status: &StatusUpdate) {
        self.send(&acknowledgement(status));
    }

    pub fn acknowledge_all(&self, whether: bool) {
        self.known.lock().unwrap().acknowledges = whether;
    }

    /// Breaks the agent's stream.
    pub fn hang_up(&self) {
        self.known.lock().unwrap().stream = None;
    }

    pub fn subscriptions(&self) -> Vec<Subscribe> {
        self.known.lock().unwrap().subscriptions.clone()
    }

    pub fn pongs(&self) -> usize {
        self.known.lock().unwrap().pongs
    }

    /// Waits until an agent has subscribed so many times.
    pub fn subscribed(&self, times: usize) -> Subscribe {
        until("an agent subscribes", || {
            self.subscriptions().len() >= times
        });
        self.subscriptions()[times - 1].clone()
    }

    /// Every status of a task, in the order it first came, repetitions left out.
    pub fn statuses(&self, task: &str) -> Vec<StatusUpdate> {
        let mut statuses: Vec<StatusUpdate> = Vec::new();
        for status in &self.known.lock().unwrap().statuses {
            let repeated = statuses.iter().any(|known| known.uuid == status.uuid);
            if status.task_id == task && !repeated {
                statuses.push(status.clone());
            }
        }
        statuses
    }

    /// How often a status came.
    pub fn times(&self, status: &StatusUpdate) -> usize {
        let known = self.known.lock().unwrap();
        known
            .statuses
            .iter()
            .filter(|known| known.uuid == status.uuid)
            .count()
    }

    pub fn states(&self, task: &str) -> Vec<TaskState> {
        self.statuses(task)
            .iter()
            .map(|status| status.state)
            .collect()
    }

    /// Waits for a task's state.
    pub fn reaches(&self, task: &str, state: TaskState) -> StatusUpdate {
        let find = || {
            self.statuses(task)
                .into_iter()
                .find(|status| status.state == state)
        };
        until(&format!("{task} is {}", state.api_name()), || {
            find().is_some()
        });
        find().unwrap()
    }

    /// Gets something from an agent's own server.
    pub fn get(&self, url: &str) -> (StatusCode, String) {
        self.runtime.block_on(async {
            let answer = reqwest::get(url).await.unwrap();
            (answer.status(), answer.text().await.unwrap())
        })
    }
}

fn acknowledgement(status: &StatusUpdate) -> FromMaster {
    FromMaster::AcknowledgeStatus {
        framework_id: status.framework_id.clone(),
        task_id: status.task_id.clone(),
        launch: status.launch.clone(),
        uuid: status.uuid,
    }
}

async fn subscribe(State(known): State<Arc<Mutex<Known>>>, Json(hello): Json<Subscribe>) -> Body {
    let (stream, records) = mpsc::unbounded_channel();
    let mut known = known.lock().unwrap();
    let agent_id = hello.agent_id.clone().unwrap_or_else(|| "m-S0".into());
    known.subscriptions.push(hello);
    known.stream = Some(stream);
    known.send(&FromMaster::Registered {
        agent_id,
        silence_millis: 60_000,
        pages: Pages::All,
    });
    Body::from_stream(UnboundedReceiverStream::new(records).map(Ok::<_, std::io::Error>))
}

/// As much of the pages of a master as `logs` wants to know.
async fn tasks(State(known): State<Arc<Mutex<Known>>>) -> Json<Value> {
    let known = known.lock().unwrap();
    let tasks = known.statuses.iter().rev().map(|status| {
        json!({
            "id": status.task_id, "framework_id": status.framework_id, "slave_id": "m-S0",
            "state": status.state.api_name(),
        })
    });
    Json(json!({"tasks": tasks.collect::<Vec<_>>()}))
}

async fn agents(State(known): State<Arc<Mutex<Known>>>) -> Json<Value> {
    let known = known.lock().unwrap();
    let address = &known.subscriptions.last().unwrap().address;
    Json(json!({"slaves": [{"id": "m-S0", "pid": format!("slave(1)@{address}")}]}))
}

async fn message(
    State(known): State<Arc<Mutex<Known>>>,
    Json(call): Json<AgentCall>,
) -> StatusCode {
    let mut known = known.lock().unwrap();
    match call.message {
        AgentMessage::Pong => known.pongs += 1,
        AgentMessage::Status(status) => {
            if known.acknowledges && known.stream.is_some() {
                known.send(&acknowledgement(&status));
            }
            known.statuses.push(*status);
        }
    }
    StatusCode::ACCEPTED
}

/// The launch of a task that a test does not launch again.
pub const LAUNCH: &str = "m-T0";

/// A shell command as a task of framework `f`.
pub fn shell(task: &str, command: &str) -> RunTask {
    RunTask {
        framework_id: "f".into(),
        task_id: task.into(),
        launch: LAUNCH.into(),
        name: task.into(),
        command: fairground_real::protocol::Command {
            shell: true,
            value: command.into(),
            ..Default::default()
        },
        resources: Amounts {
            millicores: 100,
            mem_mib: 64,
            ..Amounts::default()
        },
        ..RunTask::default()
    }
}

/// An agent process; dropped, it takes its tasks with it.
pub struct Agent {
    child: Option<Child>,
    work: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Agent {
    pub fn start(master: &Master) -> Self {
        let here = ["--hostname", "here", "--listen", "127.0.0.1:0"];
        Self::start_with(&master.address, &here)
    }

    /// An agent of a whole cluster; some of the programs that use one insist on being root.
    pub fn start_at(master: &str, hostname: &str) -> Self {
        let listen = ["--listen", "127.0.0.1:0", "--allow-root"];
        Self::start_with(master, &[&["--hostname", hostname][..], &listen].concat())
    }

    /// Root's agents have all fences; an ordinary user's do without control groups.
    pub fn start_with(master: &str, more: &[&str]) -> Self {
        let work = tempfile::Builder::new()
            .prefix("fairground-agent-")
            .tempdir()
            .unwrap();
        super::open_to_all(work.path());
        let root = nix::unistd::geteuid().is_root();
        let isolation = if root {
            "cgroups,namespaces,seccomp"
        } else {
            "namespaces,seccomp"
        };
        let cgroups = super::cgroup_root().display().to_string();
        let directory = work.path().join("work").display().to_string();
        let prefix = work
            .path()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let arguments = [
            "agent",
            "--cgroup-prefix",
            &prefix,
            "--master",
            master,
            "--work-dir",
            &directory,
            "--resources",
            "cpus:2;mem:512;disk:100;ports:[31000-31010]",
            "--status-retry",
            "200",
            "--isolation",
            isolation,
            "--cgroup-root",
            &cgroups,
        ];
        let arguments = arguments.iter().chain(more);
        let arguments = arguments.map(|&word| word.to_owned()).collect();
        let mut agent = Self {
            child: None,
            work,
            arguments,
        };
        agent.start_again();
        agent
    }

    pub fn start_again(&mut self) {
        assert!(self.child.is_none());
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        let mut command = Command::new(PROGRAM);
        command
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// Is told something else from its next start on.
    pub fn is_told(&mut self, flag: &str, value: &str) {
        let position = self.arguments.iter().position(|known| known == flag);
        self.arguments[position.expect("a known flag") + 1] = value.into();
    }

    /// Waits until it has ended by itself; its exit code.
    pub fn ends(&mut self) -> Option<i32> {
        self.child.take().unwrap().wait().unwrap().code()
    }

    /// Adds to what it is told on its command line from its next start on.
    pub fn say_too(&mut self, more: &[&str]) {
        self.arguments
            .extend(more.iter().map(|&word| word.to_owned()));
    }

    /// What it shows its master alone.
    pub fn key(&self) -> uuid::Uuid {
        let text = std::fs::read_to_string(self.work().join("agent.json")).unwrap();
        let identity: Value = serde_json::from_str(&text).unwrap();
        serde_json::from_value(identity["key"].clone()).unwrap()
    }

    pub fn work(&self) -> std::path::PathBuf {
        self.work.path().join("work")
    }

    fn log(&self) -> std::path::PathBuf {
        self.work.path().join("agent.log")
    }

    /// What a task of framework `f` has.
    pub fn sandbox(&self, task: &str) -> std::path::PathBuf {
        self.work().join("sandboxes/f").join(task).join("latest")
    }

    /// Everything it said.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap()
    }

    pub fn kill_9(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends it with a signal and returns its exit code.
    pub fn signal(&mut self, signal: nix::sys::signal::Signal) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
        nix::sys::signal::kill(pid, signal).unwrap();
        child.wait().unwrap().code()
    }

    /// The agent's own children that are this program with this word.
    pub fn children(&self, word: &str) -> Vec<i32> {
        let mut pids = Self::processes(&format!("\0{word}\0"));
        let own = self.child.as_ref().unwrap().id().to_string();
        pids.retain(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            fields.split(' ').nth(1) == Some(own.as_str())
        });
        pids
    }

    /// The processes whose command line has `word`, which a test makes up.
    pub fn processes(word: &str) -> Vec<i32> {
        let mut pids = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
                continue;
            };
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(word)
                && pid != std::process::id().cast_signed()
            {
                pids.push(pid);
            }
        }
        pids
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the agent said:\n{}", self.said());
        }
        if self.child.is_none() {
            self.start_again();
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        self.signal(nix::sys::signal::Signal::SIGUSR1);
        // Also when the agent itself could not do it.
        let prefix = self.work.path().file_name().unwrap().to_str().unwrap();
        if let Ok(cgroups) = Cgroups::discover(&super::cgroup_root(), prefix) {
            super::remove(&cgroups);
        }
    }
}
