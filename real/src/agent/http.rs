//! What an agent shows to people and tools: files, tasks, metrics. It only reads. Who may see what is
//! `guard.rs`'s to say.

mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fairground_policies::resources::Resources;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

pub(super) use self::files::Readers;
use self::files::{browse, download, read};
use super::checkpoint::WorkDir;
use super::guard::{Guard, Wanted};
use super::runner::{Input, TaskView, View};
use super::task::may_run;
use crate::isolation::cgroup::Cgroups;
use crate::isolation::limits::Usage;
use crate::protocol::{Amounts, Subscribe, TaskState};
use crate::web::page::Page;
use crate::wire::ports::Ports;
use crate::wire::{API_VERSION, to_ascii, version};

/// What the answers are made of.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) work: WorkDir,
    pub(super) cgroups: Option<Cgroups>,
    /// How it introduces itself.
    pub(super) hello: Subscribe,
    pub(super) guard: Guard,
    pub(super) inbox: mpsc::UnboundedSender<Input>,
    pub(super) readers: Readers,
}

/// Whether somebody may see what the agent runs.
async fn admit(State(shown): State<Shown>, request: Request, next: Next) -> Response {
    match shown.guard.admit(Wanted::Numbers, request.headers()).await {
        Ok(()) => next.run(request).await,
        Err(refused) => refused,
    }
}

/// All paths of an agent, each in the spellings that tools of Mesos know.
pub(super) fn router(shown: Shown) -> Router {
    let numbers = from_fn_with_state(shown.clone(), admit);
    let paths = [
        ("/health", get(|| async { StatusCode::OK })),
        ("/version", get(|| async { page(&version()) })),
        ("/state", get(state).layer(numbers.clone())),
        ("/metrics", get(metrics).layer(numbers.clone())),
        ("/metrics/snapshot", get(snapshot).layer(numbers.clone())),
        ("/files/browse", get(browse)),
        ("/files/read", get(read)),
        ("/files/download", get(download)),
    ];
    let mut router = Router::new().route("/", get(front).layer(numbers));
    for (path, answer) in paths {
        for begin in ["", "/slave(1)"] {
            for end in ["", "/", ".json"] {
                router = router.route(&format!("{begin}{path}{end}"), answer.clone());
            }
        }
    }
    router.with_state(shown)
}

/// An answer of JSON, in ASCII as all of a cluster's.
fn page(value: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, to_ascii(value)).into_response()
}

/// What the agent knows now; `None` when it is ending.
async fn look(shown: &Shown) -> Option<View> {
    let (ask, answer) = oneshot::channel();
    shown.inbox.send(Input::Look(ask)).ok()?;
    answer.await.ok()
}

const ENDING: (StatusCode, &str) = (StatusCode::SERVICE_UNAVAILABLE, "the agent is ending\n");

async fn state(State(shown): State<Shown>) -> Response {
    let Some(view) = look(&shown).await else {
        return ENDING.into_response();
    };
    let mut frameworks: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for task in &view.tasks {
        let executors = frameworks.entry(&task.key.framework).or_default();
        executors.push(executor(&shown, &view, task));
    }
    let framework =
        |(id, executors)| json!({"id": id, "executors": executors, "completed_executors": []});
    let frameworks: Vec<Value> = frameworks.into_iter().map(framework).collect();
    page(&json!({
        "id": view.agent_id,
        "pid": format!("slave(1)@{}", shown.hello.address),
        "hostname": shown.hello.hostname,
        "version": API_VERSION,
        "attributes": shown.hello.attributes,
        "resources": shown.hello.capacity.to_endpoint(),
        "connected": view.connected,
        "frameworks": frameworks,
        "completed_frameworks": [],
    }))
}

/// The page for people: what is here. What runs is for who has a right to it.
async fn front(State(shown): State<Shown>) -> Response {
    let Some(view) = look(&shown).await else {
        return ENDING.into_response();
    };
    let running = view.tasks.iter().filter(|task| may_run(task.state)).count();
    let attributes = shown.hello.attributes.iter();
    let attributes: Vec<String> = attributes
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let master = if view.connected {
        "connected"
    } else {
        "away; it is looked for"
    };
    let page = Page {
        title: format!("Fairground agent {}", shown.hello.hostname),
        facts: vec![
            ("Host", shown.hello.hostname.clone()),
            ("Address", shown.hello.address.clone()),
            ("Fairground", env!("CARGO_PKG_VERSION").to_owned()),
            ("Master", master.to_owned()),
            ("Resources", shown.hello.capacity.to_string()),
            ("Attributes", attributes.join(", ")),
            ("Tasks", format!("{running} now")),
        ],
        tables: Vec::new(),
        links: vec![
            ("/state", "tasks, as JSON"),
            ("/metrics/snapshot", "numbers by name"),
            ("/metrics", "for Prometheus, a task each"),
            ("/version", "of the API and of Fairground"),
            ("/health", "200 while it answers"),
        ],
    };
    page.response()
}

/// A task runs in an executor of its own, which has its name.
fn executor(shown: &Shown, view: &View, task: &TaskView) -> Value {
    let resources = task.resources.to_endpoint();
    json!({
        "id": task.key.task,
        "name": task.name,
        "source": task.key.task,
        "container": task.container,
        "directory": shown.work.sandbox(&task.key).ok(),
        "resources": resources,
        "tasks": [{
            "id": task.key.task,
            "name": task.name,
            "framework_id": task.key.framework,
            "executor_id": task.key.task,
            "slave_id": view.agent_id,
            "state": task.state.api_name(),
            "resources": resources,
        }],
        "queued_tasks": [],
        "completed_tasks": [],
    })
}

fn usage(shown: &Shown, task: &TaskView) -> Option<Usage> {
    // A task that is not running has no group.
    shown
        .cgroups
        .as_ref()?
        .group(&task.container)
        .ok()?
        .usage()
        .ok()
}

fn count(view: &View, state: TaskState) -> usize {
    view.tasks.iter().filter(|task| task.state == state).count()
}

async fn snapshot(State(shown): State<Shown>) -> Response {
    let Some(view) = look(&shown).await else {
        return ENDING.into_response();
    };
    let alive = || view.tasks.iter().filter(|task| may_run(task.state));
    let frameworks: BTreeSet<&str> = alive().map(|task| task.key.framework.as_str()).collect();
    let mut numbers = json!({
        "slave/registered": u8::from(view.connected),
        "slave/frameworks_active": frameworks.len(),
        "slave/executors_running": alive().count(),
        "slave/tasks_starting": count(&view, TaskState::Starting),
        "slave/tasks_running": count(&view, TaskState::Running),
        "slave/tasks_killing": count(&view, TaskState::Killing),
    });
    let mut used = Resources::ZERO;
    for task in alive() {
        used += task.resources.counted();
    }
    let [total, used] = [shown.hello.capacity.counted(), used]
        .map(|counted| Amounts::of(counted, &Ports::default()).to_endpoint());
    for (name, total) in total.as_object().into_iter().flatten() {
        let (total, used) = (
            total.as_f64().unwrap_or(0.0),
            used[name].as_f64().unwrap_or(0.0),
        );
        numbers[format!("slave/{name}_total")] = json!(total);
        numbers[format!("slave/{name}_used")] = json!(used);
        let part = if total > 0.0 { used / total } else { 0.0 };
        numbers[format!("slave/{name}_percent")] = json!(part);
    }
    page(&numbers)
}

/// A number of every task: its name, kind, and where it is found.
type Metric = (&'static str, &'static str, fn(&Usage) -> f64);

async fn metrics(State(shown): State<Shown>) -> Response {
    let Some(view) = look(&shown).await else {
        return ENDING.into_response();
    };
    let mut text = String::new();
    let used: Vec<_> = view
        .tasks
        .iter()
        .filter_map(|task| Some((task, usage(&shown, task)?)))
        .collect();
    let registered = u64::from(view.connected);
    let running = count(&view, TaskState::Running);
    let _ = writeln!(text, "# TYPE fairground_agent_registered gauge");
    let _ = writeln!(text, "fairground_agent_registered {registered}");
    let _ = writeln!(text, "# TYPE fairground_agent_tasks_running gauge");
    let _ = writeln!(text, "fairground_agent_tasks_running {running}");
    let metrics: [Metric; 7] = [
        ("cpu_seconds_total", "counter", |usage| {
            usage.cpu_us as f64 / 1e6
        }),
        ("throttled_seconds_total", "counter", |usage| {
            usage.throttled_us as f64 / 1e6
        }),
        ("throttled_periods_total", "counter", |usage| {
            usage.throttled as f64
        }),
        ("memory_bytes", "gauge", |usage| usage.mem_bytes as f64),
        ("oom_kills_total", "counter", |usage| usage.oom_kills as f64),
        ("processes", "gauge", |usage| usage.pids as f64),
        ("processes_refused_total", "counter", |usage| {
            usage.pids_refused as f64
        }),
    ];
    for (name, kind, value) in metrics {
        let _ = writeln!(text, "# TYPE fairground_task_{name} {kind}");
        for (task, usage) in &used {
            let (framework, id) = (label(&task.key.framework), label(&task.key.task));
            let value = value(usage);
            let _ = writeln!(
                text,
                "fairground_task_{name}{{framework=\"{framework}\",task=\"{id}\"}} {value}"
            );
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// A label's value, as the text format wants it.
fn label(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
