//! What an agent shows to people and tools: files, tasks, metrics. It only reads. Who may see what is
//! `guard.rs`'s to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, ErrorKind, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fairground_policies::resources::Resources;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::checkpoint::WorkDir;
use super::guard::{Guard, Wanted};
use super::runner::{Input, TaskView, View};
use super::sandboxes;
use super::task::may_run;
use crate::isolation::cgroup::Cgroups;
use crate::isolation::limits::Usage;
use crate::protocol::{Amounts, Subscribe, TaskState};
use crate::web::page::Page;
use crate::wire::ports::Ports;
use crate::wire::{API_VERSION, to_ascii, version};

/// The most of a file that one request gets.
const MOST: u64 = 1 << 20;

/// The most entries of a folder that are listed.
const MOST_ENTRIES: usize = 10_000;

/// Says of a list that it is not whole; the list itself is as tools of Mesos know it.
const MORE: HeaderName = HeaderName::from_static("fairground-more");

/// So many answers are read from the disk at a time.
const READERS: usize = 2;

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

/// Those who read from the disk.
#[derive(Clone)]
pub(super) struct Readers(Arc<Semaphore>);

impl Default for Readers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(READERS)))
    }
}

impl Readers {
    /// Reads where nobody else waits for it: the disk may be slow, a folder large, and the master is
    /// answered meanwhile.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let place = Arc::clone(&self.0).acquire_owned().await;
        let place = place.map_err(io::Error::other)?;
        let read = tokio::task::spawn_blocking(move || {
            let read = read();
            drop(place);
            read
        });
        read.await.map_err(io::Error::other)?
    }
}

impl Shown {
    /// Whether somebody may see a path of sandboxes.
    async fn admit(&self, path: &str, headers: &HeaderMap) -> Result<(), Response> {
        let framework = sandboxes::framework(&self.work, path);
        let framework = framework.map_err(|error| refused(&error))?;
        let wanted = framework
            .as_deref()
            .map_or(Wanted::Sandboxes, Wanted::Sandbox);
        self.guard.admit(wanted, headers).await
    }
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

#[derive(Deserialize)]
struct FileQuery {
    path: String,
    offset: Option<i64>,
    length: Option<u64>,
}

/// A failure as an answer.
fn refused(error: &io::Error) -> Response {
    let code = match error.kind() {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::InvalidInput | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
            StatusCode::BAD_REQUEST
        }
        // A link that leads out of its sandbox.
        ErrorKind::CrossesDevices | ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (code, format!("{error}\n")).into_response()
}

async fn browse(
    State(shown): State<Shown>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = shown.admit(&query.path, &headers).await {
        return refused;
    }
    let Shown { work, readers, .. } = shown;
    let list = move || {
        let (entries, more) = entries(&work, &query.path, MOST_ENTRIES)?;
        Ok((page(&Value::Array(entries)), more))
    };
    match readers.read(list).await {
        Ok((page, false)) => page,
        Ok((page, true)) => {
            let text = format!("there are more entries than these {MOST_ENTRIES}");
            ([(MORE, text)], page).into_response()
        }
        Err(error) => refused(&error),
    }
}

/// So many of a folder's entries at most, and whether there are more.
fn entries(work: &WorkDir, path: &str, most: usize) -> io::Result<(Vec<Value>, bool)> {
    let directory = sandboxes::open(work, path)?;
    if !directory.metadata()?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    let (mut list, mut more) = (Vec::new(), false);
    // The open directory is listed by its descriptor: its name may mean another one by now.
    let here = std::os::fd::AsRawFd::as_raw_fd(&directory);
    for entry in std::fs::read_dir(format!("/proc/self/fd/{here}"))? {
        let entry = entry?;
        if list.len() == most {
            more = true;
            break;
        }
        let about = entry.metadata()?;
        let name = Path::new(path).join(entry.file_name());
        list.push(json!({
            "path": name.to_string_lossy(),
            "size": about.size(),
            "mode": mode(about.mode()),
            "mtime": about.mtime(),
            "nlink": about.nlink(),
            "uid": about.uid().to_string(),
            "gid": about.gid().to_string(),
        }));
    }
    list.sort_by_cached_key(|entry| entry["path"].as_str().map(String::from));
    Ok((list, more))
}

/// As `ls -l` shows it.
fn mode(bits: u32) -> String {
    let kind = match bits & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o010_000 => 'p',
        0o140_000 => 's',
        _ => '-',
    };
    let rights = "rwxrwxrwx".chars().enumerate();
    let rights = rights.map(|(place, letter)| {
        if bits & (0o400 >> place) != 0 {
            letter
        } else {
            '-'
        }
    });
    std::iter::once(kind).chain(rights).collect()
}

async fn read(
    State(shown): State<Shown>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = shown.admit(&query.path, &headers).await {
        return refused;
    }
    let work = shown.work;
    let piece = move || Ok(page(&piece(&work, &query)?));
    let read = shown.readers.read(piece).await;
    read.unwrap_or_else(|error| refused(&error))
}

/// A piece of a file; without an offset only its length is told, as the offset of its end.
fn piece(work: &WorkDir, query: &FileQuery) -> io::Result<Value> {
    let file = plain(work, &query.path)?;
    let Some(offset) = query.offset.and_then(|offset| u64::try_from(offset).ok()) else {
        return Ok(json!({"data": "", "offset": file.metadata()?.len()}));
    };
    let mut bytes = vec![0; query.length.unwrap_or(MOST).min(MOST) as usize];
    let count = file.read_at(&mut bytes, offset)?;
    Ok(json!({"data": as_text(&bytes[..count]), "offset": offset}))
}

/// A piece of a file as text of as many bytes, because clients ask for the next one from where this
/// ends: what is no text is a question mark a byte, and a character cut off at the end is left for
/// the next piece, unless it is all there is.
fn as_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let rest = chunk.invalid();
        let ends = text.len() + rest.len() == bytes.len();
        let unfinished = str::from_utf8(rest).is_err_and(|error| error.error_len().is_none());
        if !(ends && unfinished) || text.is_empty() {
            text.extend(rest.iter().map(|_| '?'));
        }
    }
    text
}

fn plain(work: &WorkDir, path: &str) -> io::Result<File> {
    let file = sandboxes::open(work, path)?;
    match file.metadata()? {
        about if about.is_dir() => Err(ErrorKind::IsADirectory.into()),
        about if about.is_file() => Ok(file),
        _ => Err(ErrorKind::InvalidInput.into()),
    }
}

async fn download(
    State(shown): State<Shown>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
) -> Response {
    use futures_util::stream;
    use tokio::io::AsyncReadExt as _;
    if let Err(refused) = shown.admit(&query.path, &headers).await {
        return refused;
    }
    let offset = query.offset.and_then(|offset| u64::try_from(offset).ok());
    let work = shown.work;
    let from_there = move || {
        let mut file = plain(&work, &query.path)?;
        file.seek(SeekFrom::Start(offset.unwrap_or(0)))?;
        Ok(file)
    };
    let file = match shown.readers.read(from_there).await {
        Ok(file) => tokio::fs::File::from_std(file),
        Err(error) => return refused(&error),
    };
    // Piece by piece, so that a long file does not end up in memory.
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; 64 << 10];
        let count = file.read(&mut piece).await?;
        piece.truncate(count);
        io::Result::Ok((count > 0).then_some((piece, file)))
    });
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    (kind, axum::body::Body::from_stream(pieces)).into_response()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_look_like_those_of_ls() {
        assert_eq!(mode(0o100_644), "-rw-r--r--");
        assert_eq!(mode(0o040_755), "drwxr-xr-x");
        assert_eq!(mode(0o120_777), "lrwxrwxrwx");
    }

    #[test]
    fn text_has_as_many_bytes_as_what_was_read() {
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            ("sm\u{f8}rebr\u{f8}d".as_bytes(), "sm\u{f8}rebr\u{f8}d"),
            (b"a\xffb\xf0\x9f\x98c", "a?b???c"),
            // The next piece begins with the character.
            (b"a\xf0\x9f\x98", "a"),
            (b"\xf0\x9f\x98", "???"),
            (b"", ""),
        ] {
            assert_eq!(as_text(bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn files_are_read_in_pieces() {
        let directory = tempfile::tempdir().unwrap();
        let (work, _lock) = WorkDir::open(directory.path()).unwrap();
        let sandbox = work.sandboxes().join("f/t/l");
        std::fs::create_dir_all(&sandbox).unwrap();
        std::fs::write(sandbox.join("stdout"), "hello world").unwrap();
        let ask = |offset, length| {
            piece(
                &work,
                &FileQuery {
                    path: "/f/t/l/stdout".into(),
                    offset,
                    length,
                },
            )
        };
        assert_eq!(ask(None, None).unwrap(), json!({"data": "", "offset": 11}));
        assert_eq!(
            ask(Some(-1), None).unwrap(),
            json!({"data": "", "offset": 11})
        );
        assert_eq!(
            ask(Some(6), None).unwrap(),
            json!({"data": "world", "offset": 6})
        );
        assert_eq!(
            ask(Some(0), Some(5)).unwrap(),
            json!({"data": "hello", "offset": 0})
        );
        let list = |path: &str, most| entries(&work, path, most);
        let (names, more) = list("/f/t/l", 1).unwrap();
        assert_eq!(
            (names.len(), &names[0]["path"], more),
            (1, &json!("/f/t/l/stdout"), false)
        );
        assert_eq!(names[0]["size"], 11);
        std::fs::write(sandbox.join("stderr"), "").unwrap();
        let (names, more) = list("/f/t/l", 1).unwrap();
        assert_eq!((names.len(), more), (1, true));
        let error = list("/f/t/l/stdout", 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
    }
}
