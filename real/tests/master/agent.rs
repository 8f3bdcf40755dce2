//! An agent that speaks the protocol and pretends to run tasks.
//!
//! It keeps the protocol's rules: it writes nothing down, but it knows tasks until their last
//! status is acknowledged, sends one status of a task at a time, again and again, and obeys. What
//! a task's command says is how it will end: `true` and `false` end at once, `lost` never begins, anything else runs
//! until it is killed.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fairground_real::protocol::{
    AgentCall, AgentMessage, Amounts, Container, FromMaster, KnownTask, MESSAGE_PATH, PortRange,
    RunTask, SUBSCRIBE_PATH, Source, StatusUpdate, Subscribe, TaskState, VERSION,
};
use uuid::Uuid;

use super::client::{PATIENCE, Records, post, send};

/// How long a status waits for its acknowledgement before it is sent again.
const RETRY: Duration = Duration::from_millis(200);

type Key = (String, String);

#[derive(Default)]
struct State {
    id: Option<String>,
    key: Uuid,
    /// How often it introduced itself.
    count: u64,
    tasks: BTreeMap<Key, Held>,
    /// How often each task was started, for ever.
    starts: BTreeMap<Key, usize>,
    /// How many orders to end a task it heard.
    kills: usize,
    socket: Option<TcpStream>,
    stopped: bool,
    cut: bool,
    /// What it is like.
    attributes: BTreeMap<String, String>,
    /// What it has instead of what it had at first.
    capacity: Option<Amounts>,
}

struct Held {
    launch: String,
    state: TaskState,
    unacknowledged: VecDeque<StatusUpdate>,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            launch: String::new(),
            state: TaskState::Starting,
            unacknowledged: VecDeque::new(),
        }
    }
}

/// The agent; it ends when dropped.
pub struct Agent {
    state: Arc<Mutex<State>>,
}

/// What an agent is made of.
#[derive(Clone)]
pub struct Spec {
    pub master: SocketAddr,
    pub name: String,
    /// Where it says that it listens; made from its name when absent.
    pub address: Option<String>,
    pub capacity: Amounts,
}

impl Spec {
    pub fn new(master: SocketAddr, name: &str, cores: u64, mem_mib: u64) -> Self {
        let ports = vec![PortRange {
            begin: 31000,
            end: 31999,
        }];
        Self {
            master,
            name: name.to_owned(),
            address: None,
            capacity: Amounts {
                millicores: cores * 1000,
                mem_mib,
                disk_mib: 10_000,
                milligpus: 0,
                ports,
            },
        }
    }
}

impl Agent {
    pub fn start(spec: &Spec) -> Self {
        let state = State {
            key: Uuid::new_v4(),
            ..State::default()
        };
        let agent = Self {
            state: Arc::new(Mutex::new(state)),
        };
        let (spec, state) = (spec.clone(), Arc::clone(&agent.state));
        std::thread::spawn(move || live(&spec, &state));
        agent
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Its id, once it has one.
    pub fn id(&self) -> Option<String> {
        self.state().id.clone()
    }

    /// What only its master knows.
    pub fn key(&self) -> Uuid {
        self.state().key
    }

    /// Breaks its stream; it subscribes again at once.
    pub fn break_stream(&self) {
        if let Some(socket) = &self.state().socket {
            // It may be broken already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Cuts it off from the master until it is healed: it neither hears nor speaks.
    pub fn cut(&self, cut: bool) {
        self.state().cut = cut;
        self.break_stream();
    }

    /// Comes back as another machine, with this attribute.
    pub fn comes_back_in(&self, rack: &str) {
        let attributes = [("rack".to_owned(), rack.to_owned())];
        self.state().attributes = attributes.into();
        self.break_stream();
    }

    /// Comes back with other resources.
    pub fn comes_back_with(&self, capacity: &Amounts) {
        self.state().capacity = Some(capacity.clone());
        self.break_stream();
    }

    /// Forgets a task as a machine does that lost it.
    pub fn lose(&self, task_id: &str) {
        self.state().tasks.retain(|(_, task), _| task != task_id);
    }

    /// A task runs that it was not told to run.
    pub fn find(&self, framework_id: &str, task_id: &str) {
        let key = (framework_id.to_owned(), task_id.to_owned());
        let mut inner = self.state();
        inner.tasks.insert(key.clone(), Held::default());
        change(&mut inner, &key, TaskState::Running, None);
    }

    /// How many orders to end a task it heard.
    pub fn kills(&self) -> usize {
        self.state().kills
    }

    /// The launch of a task that it has.
    pub fn launch(&self, task_id: &str) -> String {
        let inner = self.state();
        let held = inner.tasks.iter().find(|((_, task), _)| task == task_id);
        held.expect("a task of the agent").1.launch.clone()
    }

    /// Ends a task by itself.
    pub fn end(&self, task_id: &str, state: TaskState) {
        let mut inner = self.state();
        let keys: Vec<Key> = inner.tasks.keys().cloned().collect();
        let key = keys.into_iter().find(|(_, task)| task == task_id);
        change(&mut inner, &key.expect("a task of the agent"), state, None);
    }

    /// Ends a task by itself, if it runs here.
    pub fn end_if_running(&self, task_id: &str, state: TaskState) {
        let mut inner = self.state();
        let runs = |(key, held): &(&Key, &Held)| key.1 == task_id && !held.state.is_terminal();
        let key = inner.tasks.iter().find(runs).map(|(key, _)| key.clone());
        if let Some(key) = key {
            change(&mut inner, &key, state, None);
        }
    }

    /// How it last introduced itself, with the tasks it has now.
    pub fn introduction(&self, spec: &Spec) -> Subscribe {
        introduction(spec, &self.state())
    }

    /// How often each task was started, by task id.
    pub fn starts(&self) -> BTreeMap<String, usize> {
        let inner = self.state();
        let starts = inner.starts.iter();
        starts
            .map(|((_, task), count)| (task.clone(), *count))
            .collect()
    }

    /// Waits until it knows no task any more.
    pub fn forgets_all(&self) {
        let start = std::time::Instant::now();
        while self.known() > 0 {
            assert!(start.elapsed() < PATIENCE, "acknowledgements arrive");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The tasks it knows.
    pub fn known(&self) -> usize {
        self.state().tasks.len()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.state().stopped = true;
        self.break_stream();
    }
}

fn live(spec: &Spec, state: &Arc<Mutex<State>>) {
    let (speaker_spec, speaker_state) = (spec.clone(), Arc::clone(state));
    std::thread::spawn(move || speak(&speaker_spec, &speaker_state));
    loop {
        let (stopped, cut, subscribe) = {
            let mut inner = state.lock().unwrap();
            inner.count += 1;
            (inner.stopped, inner.cut, introduction(spec, &inner))
        };
        if stopped {
            return;
        }
        let body = serde_json::to_string(&subscribe).unwrap();
        if !cut
            && let Ok(exchange) = send(spec.master, &post(SUBSCRIBE_PATH, "", &body))
            && exchange.head.status == 200
        {
            listen(spec, state, exchange.records());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn introduction(spec: &Spec, inner: &State) -> Subscribe {
    let tasks = inner
        .tasks
        .iter()
        .map(|((framework_id, task_id), held)| KnownTask {
            framework_id: framework_id.clone(),
            task_id: task_id.clone(),
            launch: held.launch.clone(),
            state: held.state,
        });
    Subscribe {
        protocol: VERSION,
        agent_id: inner.id.clone(),
        key: inner.key,
        count: inner.count,
        hostname: spec.name.clone(),
        address: spec.address.clone().unwrap_or_else(|| {
            let port = 20_000 + crc32fast::hash(spec.name.as_bytes()) % 40_000;
            format!("127.0.0.1:{port}")
        }),
        capacity: inner.capacity.as_ref().unwrap_or(&spec.capacity).clone(),
        attributes: inner.attributes.clone(),
        tasks: tasks.collect(),
    }
}

fn listen(spec: &Spec, state: &Arc<Mutex<State>>, mut records: Records) {
    state.lock().unwrap().socket = Some(records.socket());
    while let Some(record) = records.next() {
        let message: FromMaster = serde_json::from_value(record).unwrap();
        let mut inner = state.lock().unwrap();
        if inner.stopped || inner.cut {
            return;
        }
        match message {
            FromMaster::Registered { agent_id, .. } => inner.id = Some(agent_id),
            FromMaster::RunTask(task) => run(&mut inner, &task),
            FromMaster::KillTask {
                framework_id,
                task_id,
                launch,
                ..
            } => kill(&mut inner, &(framework_id, task_id), launch),
            FromMaster::AcknowledgeStatus {
                framework_id,
                task_id,
                uuid,
                ..
            } => acknowledge(&mut inner, &(framework_id, task_id), uuid),
            FromMaster::Ping => {
                let own = (inner.id.clone().unwrap(), inner.key);
                drop(inner);
                tell(spec, own, AgentMessage::Pong);
            }
            FromMaster::Refused { message } => panic!("refused: {message}"),
        }
    }
}

/// Says the oldest unacknowledged status of every task, again and again.
fn speak(spec: &Spec, state: &Arc<Mutex<State>>) {
    let mut last: BTreeMap<Uuid, std::time::Instant> = BTreeMap::new();
    loop {
        std::thread::sleep(Duration::from_millis(5));
        let inner = state.lock().unwrap();
        if inner.stopped {
            return;
        }
        let (true, Some(id)) = (!inner.cut, inner.id.clone()) else {
            continue;
        };
        let own = (id, inner.key);
        let fronts = inner
            .tasks
            .values()
            .filter_map(|held| held.unacknowledged.front());
        let due =
            |status: &&StatusUpdate| last.get(&status.uuid).is_none_or(|at| at.elapsed() > RETRY);
        let fronts: Vec<StatusUpdate> = fronts.filter(due).cloned().collect();
        drop(inner);
        for status in fronts {
            last.insert(status.uuid, std::time::Instant::now());
            tell(spec, own.clone(), AgentMessage::Status(Box::new(status)));
        }
    }
}

fn tell(spec: &Spec, (agent_id, key): (String, Uuid), message: AgentMessage) {
    let call = AgentCall {
        agent_id,
        key,
        message,
    };
    let body = serde_json::to_string(&call).unwrap();
    // A master that is away is told again.
    let _ = send(spec.master, &post(MESSAGE_PATH, "", &body));
}

fn run(inner: &mut State, task: &RunTask) {
    let key = (task.framework_id.clone(), task.task_id.clone());
    if inner.tasks.contains_key(&key) {
        return;
    }
    *inner.starts.entry(key.clone()).or_default() += 1;
    let held = Held {
        launch: task.launch.clone(),
        ..Held::default()
    };
    inner.tasks.insert(key.clone(), held);
    if task.command.value == "lost" {
        return change(inner, &key, TaskState::Lost, None);
    }
    change(inner, &key, TaskState::Running, None);
    match task.command.value.as_str() {
        "true" => change(inner, &key, TaskState::Finished, None),
        "false" => change(
            inner,
            &key,
            TaskState::Failed,
            Some("Command exited with status 1"),
        ),
        _ => {}
    }
}

fn kill(inner: &mut State, key: &Key, launch: String) {
    inner.kills += 1;
    if !inner.tasks.contains_key(key) {
        let held = Held {
            launch,
            ..Held::default()
        };
        inner.tasks.insert(key.clone(), held);
        change(inner, key, TaskState::Lost, None);
    } else if !inner.tasks[key].state.is_terminal() {
        change(inner, key, TaskState::Killed, None);
    }
}

fn change(inner: &mut State, key: &Key, state: TaskState, message: Option<&str>) {
    let held = inner.tasks.get_mut(key).unwrap();
    held.state = state;
    held.unacknowledged.push_back(StatusUpdate {
        uuid: Uuid::new_v4(),
        framework_id: key.0.clone(),
        task_id: key.1.clone(),
        launch: held.launch.clone(),
        state,
        source: Source::Executor,
        reason: None,
        message: message.map(str::to_owned),
        unix_micros: 1_000_000,
        container: Some(Container {
            container_id: format!("container of {}", key.1),
            pid: None,
        }),
        usage: None,
    });
}

fn acknowledge(inner: &mut State, key: &Key, uuid: Uuid) {
    let Some(held) = inner.tasks.get_mut(key) else {
        return;
    };
    if held
        .unacknowledged
        .front()
        .is_some_and(|status| status.uuid == uuid)
    {
        held.unacknowledged.pop_front();
        if held.state.is_terminal() && held.unacknowledged.is_empty() {
            inner.tasks.remove(key);
        }
    }
}
