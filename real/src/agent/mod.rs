//! The agent: runs on every machine of the cluster, obeys the master, and decides nothing.
//!
//! Everything that happens goes through one loop (`runner.rs`). What it must not forget is on
//! disk before anybody is told; its tasks do not need it to live.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use uuid::Uuid;

mod accounts;
mod checkpoint;
mod config;
pub(crate) mod fetch;
mod guard;
mod http;
mod launch;
mod leave;
mod link;
mod recover;
mod runner;
mod sandboxes;
mod task;
mod verdict;
mod watch;

pub use config::Args;
use fairground_workloads::say;

use crate::credentials::Credential;
use crate::isolation::cgroup::Cgroups;
use crate::isolation::{IsolationError, scope, store};
use crate::protocol::{Amounts, Subscribe, VERSION};
use crate::web::{self, Connections};
use accounts::Accounts;
use checkpoint::{Identity, WorkDir};
use config::Fence;
use guard::Guard;
use link::{Line, Subscriptions};
use runner::{Agent, Input};
use task::Task;

/// Connections to its pages at once, at most: every task of the machine can open some.
const CONNECTIONS: usize = 256;
/// Those of one address.
const CONNECTIONS_A_PEER: usize = 128;

/// Runs an agent until it is told to leave.
///
/// # Errors
/// When it cannot start, or cannot go on; its tasks stay either way.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    check(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let ended = runtime.block_on(start(args.clone()));
    // What is still being fetched or removed does not hold it up.
    runtime.shutdown_background();
    ended
}

/// What can be said to be wrong before anything is done.
fn check(args: &Args) -> anyhow::Result<()> {
    let has = |fence| args.isolation.contains(&fence);
    if !has(Fence::Cgroups) && !has(Fence::Namespaces) {
        bail!("--isolation needs cgroups or namespaces: without both a task could not be ended");
    }
    if has(Fence::Network) && !has(Fence::Namespaces) {
        bail!("--isolation network needs namespaces");
    }
    if !args.listen.ip().is_loopback() && !args.insecure && args.credential.is_none() {
        bail!(
            "--listen {} can be reached by others, and nobody is asked who they are: tell with \
             --credential who the agent is to a master that asks, or say --insecure if that is meant",
            args.listen
        );
    }
    if let Some(user) = &args.task_user {
        launch::account(args, Some(&user.as_str().into())).context("--task-user")?;
    }
    if args
        .master
        .rsplit_once(':')
        .is_none_or(|(_, port)| port.parse::<u16>().is_err())
    {
        bail!("--master '{}' is not HOST:PORT", args.master);
    }
    Ok(())
}

async fn start(args: Args) -> anyhow::Result<ExitCode> {
    let credential = args.credential.as_deref().map(Credential::read);
    let credential = credential.transpose().context("--credential")?;
    let (work, _lock) = WorkDir::open(&args.work_dir)?;
    fence_sandboxes(&args, &work)?;
    let prefix = args
        .cgroup_prefix
        .clone()
        .unwrap_or_else(|| format!("fairground/{}", work.name()));
    let cgroups = own_cgroups(&args, &prefix)?;
    let capacity = args
        .resources
        .amounts()
        .context("cannot tell what this machine has")?;
    let identity = identify(&work, &capacity)?;

    let listener = TcpListener::bind(args.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener
        .local_addr()
        .context("cannot tell the address listened on")?;
    say!("listening on {address}");
    let address = seen_from(&args.master, address).with_context(|| {
        let master = &args.master;
        format!("cannot tell at which address --master {master} reaches this agent; --listen on it")
    })?;
    let hello = introduction(&args, &capacity, address, cgroups.as_ref())?;

    let client = web::client().context("cannot make an HTTP client")?;
    let guard = Guard::new(client.clone(), &args.master, credential.clone());
    if let Some((id, pages)) = identity.agent_id.as_ref().zip(identity.pages) {
        guard.learn(id, identity.key, pages);
    }
    let (inbox, inputs) = mpsc::unbounded_channel();
    let (outbox, calls) = mpsc::unbounded_channel();
    let mut agent = Agent {
        args: args.clone(),
        work: work.clone(),
        prefix,
        cgroups: cgroups.clone(),
        identity,
        hello: hello.clone(),
        guard: guard.clone(),
        accounts: Accounts::new(args.task_uids, &work),
        tasks: std::collections::BTreeMap::new(),
        inbox: inbox.clone(),
        outbox,
        connected: false,
        leaving: None,
    };
    // Before anybody can ask: the answer would be wrong.
    agent.recover()?;
    let shown = http::Shown {
        work,
        cgroups,
        hello,
        guard,
        inbox: inbox.clone(),
        readers: http::Readers::default(),
    };
    let connections = Connections::new(CONNECTIONS, CONNECTIONS_A_PEER);
    tokio::spawn(web::serve(listener, http::router(shown), connections));
    listen_to_signals(&inbox)?;

    let line = Line {
        client,
        master: args.master,
        credential,
    };
    let subscriptions = Arc::new(Subscriptions::default());
    let posts = link::post_all(line.clone(), Arc::clone(&subscriptions), calls);
    tokio::spawn(posts);
    tokio::spawn(link::keep_subscribed(line, subscriptions, inbox));
    Ok(agent.run(inputs).await?)
}

/// The address to be told to the master. An agent that listens on all of its addresses has the one
/// from which its machine speaks to the master; no packet is sent to find out.
fn seen_from(master: &str, listened: SocketAddr) -> std::io::Result<SocketAddr> {
    if !listened.ip().is_unspecified() {
        return Ok(listened);
    }
    let mut found = Err(std::io::ErrorKind::AddrNotAvailable.into());
    for master in master.to_socket_addrs()? {
        let any: IpAddr = match master {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        found = UdpSocket::bind((any, 0)).and_then(|socket| {
            socket.connect(master)?;
            Ok(SocketAddr::new(socket.local_addr()?.ip(), listened.port()))
        });
        if found.is_ok() {
            break;
        }
    }
    found
}

/// What keeps tasks from each other's sandboxes; says what does not.
fn fence_sandboxes(args: &Args, work: &WorkDir) -> anyhow::Result<()> {
    if !args.isolation.contains(&Fence::Namespaces) {
        say!(
            "without namespaces only their accounts keep tasks from each other's files and sockets"
        );
        work.open_the_way()?;
    } else if !args.isolation.contains(&Fence::Network) && !scope::is_possible() {
        say!(
            "this kernel (older than 6.12, or without Landlock) does not keep tasks from each \
             other's abstract sockets; --isolation with network does"
        );
    }
    Ok(())
}

fn own_cgroups(args: &Args, prefix: &str) -> anyhow::Result<Option<Cgroups>> {
    if !args.isolation.contains(&Fence::Cgroups) {
        return Ok(None);
    }
    let cgroups = Cgroups::discover(&args.cgroup_root, prefix)?;
    // Found out now, not when the first task fails.
    match cgroups.try_out() {
        Ok(()) => Ok(Some(cgroups)),
        Err(error @ IsolationError::File { .. }) => Err(error).context(
            "this agent cannot make control groups; it needs root or a part of the hierarchy of \
             its own (--cgroup-root), or --isolation namespaces,seccomp",
        ),
        Err(error) => Err(error.into()),
    }
}

/// Who this agent was before. What it gives to tasks can change only while it has none: the master
/// counts on it.
fn identify(work: &WorkDir, capacity: &Amounts) -> anyhow::Result<Identity> {
    let before: Option<Identity> = store::read(&work.identity())?;
    let mut identity = before.unwrap_or_else(|| Identity {
        agent_id: None,
        key: Uuid::new_v4(),
        count: 0,
        capacity: capacity.clone(),
        pages: None,
    });
    if identity.capacity != *capacity {
        let tasks = work.tasks()?.into_iter();
        let tasks = tasks.map(|(taken, news)| Task::new(taken, news));
        let alive: Vec<String> = tasks
            .filter(|task| !task.is_over())
            .map(|task| task.taken.run.task_id)
            .collect();
        if !alive.is_empty() {
            bail!(
                "--resources: this agent has other resources than when it started its tasks: {}; \
                 start it with --resources '{}' as before, or end its tasks first ({}: SIGUSR1 ends \
                 an agent with its tasks), or give it an empty --work-dir to be a new agent",
                identity.capacity.change(capacity),
                identity.capacity,
                first_of(&alive)
            );
        }
        identity.capacity = capacity.clone();
    }
    store::write(&work.identity(), &identity)?;
    Ok(identity)
}

/// The first few of many names.
fn first_of(names: &[String]) -> String {
    let shown = names[..names.len().min(3)].join(", ");
    match names.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What people know this agent's machine by.
fn hostname(args: &Args) -> std::io::Result<String> {
    if let Some(name) = &args.hostname {
        return Ok(name.clone());
    }
    let name = nix::unistd::gethostname()?;
    Ok(name.to_string_lossy().into_owned())
}

fn introduction(
    args: &Args,
    capacity: &Amounts,
    address: SocketAddr,
    cgroups: Option<&Cgroups>,
) -> anyhow::Result<Subscribe> {
    let hostname = hostname(args).context("cannot tell the host's name")?;
    let mut attributes = args.attributes.0.clone();
    let version = cgroups.map_or("none".to_owned(), |cgroups| {
        format!("v{}", cgroups.version())
    });
    attributes.entry("cgroup".into()).or_insert(version);
    Ok(Subscribe {
        protocol: VERSION,
        agent_id: None,
        key: Uuid::nil(),
        count: 0,
        hostname,
        address: address.to_string(),
        capacity: capacity.clone(),
        attributes,
        tasks: Vec::new(),
    })
}

fn listen_to_signals(inbox: &mpsc::UnboundedSender<Input>) -> anyhow::Result<()> {
    let leave: [(SignalKind, fn() -> Input); 3] = [
        (SignalKind::terminate(), || Input::Leave),
        (SignalKind::interrupt(), || Input::Leave),
        (SignalKind::user_defined1(), || Input::LeaveNothing),
    ];
    for (kind, input) in leave {
        let mut signals = signal(kind).context("cannot listen to signals")?;
        let inbox = inbox.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if inbox.send(input()).is_err() {
                    return;
                }
            }
        });
    }
    Ok(())
}
