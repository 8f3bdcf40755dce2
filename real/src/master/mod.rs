//! The master: takes in calls, asks the core, sends what it orders.

pub mod authentication;
mod clock;
pub mod cluster;
pub mod decision;
pub mod http;
pub mod links;
pub mod metrics;
pub mod request;

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_workloads::say;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::log::{FORMAT, Fsync, Reader, Record, Writer};
use crate::web::{self, Connections};
use crate::wire::{bad_role, operator};
use cluster::{Cluster, Settings};
use decision::Decision;
use http::{Answers, App, BodyBudget};
use metrics::Metrics;
use request::{Habits, Request};

/// The name of the one thread that decides.
pub(crate) const DECISION_THREAD: &str = "decision";

/// Connections open at once on all of its addresses, at most.
const CONNECTIONS: usize = 8192;
/// KiB of bodies that may be arriving or waiting at the same time, short ones and long ones; more wait
/// for their turn.
const SHORT_BODIES_KIB: usize = 64 << 10;
const LONG_BODIES_KIB: usize = 192 << 10;

/// Runs a master.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Where the log is kept; made when it is not there
    #[arg(long, default_value = "fairground-master")]
    work_dir: PathBuf,
    /// Where to listen; can be given several times, the first is told to frameworks
    #[arg(long, default_value = "127.0.0.1:5050")]
    listen: Vec<SocketAddr>,
    /// The address that frameworks are told, if it is not the first of --listen
    #[arg(long, value_name = "ADDRESS")]
    advertise: Option<SocketAddr>,
    /// What the cluster is called
    #[arg(long, default_value = "fairground", value_name = "NAME")]
    cluster: String,
    /// Listen on addresses other machines can reach although nobody is asked who they are
    #[arg(long)]
    insecure: bool,
    #[command(flatten)]
    authentication: authentication::Args,
    /// The policy of the first level, as in `fairground policies`
    #[arg(long, default_value = "drf[round=1s]")]
    allocator: Name,
    /// Offers not answered for so long are taken back, as in 5m: the policy's `timeout`; never when absent
    #[arg(long, value_name = "SPAN", value_parser = read_timeout)]
    offer_timeout: Option<Span>,
    /// The seed of the policy's draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How much a role counts at first: `role=2`; can be given several times
    #[arg(long = "weight", value_parser = read_weight)]
    weights: Vec<(String, Weight)>,
    /// A directory that stands for an image: `busybox=/srv/busybox`; `/` is the agent's own root
    #[arg(long = "image", value_parser = read_image)]
    images: Vec<(String, String)>,
    /// When the log is forced to the disk: always, never, or at most every so often, as in 1s
    #[arg(long, default_value = "always")]
    fsync: Fsync,
    /// Time between heartbeats on a framework's stream
    #[arg(long, default_value = "15s", value_parser = read_pace)]
    heartbeat: Span,
    /// Time between pings of an agent
    #[arg(long, default_value = "15s", value_parser = read_pace)]
    ping: Span,
    /// Pings without an answer after which an agent is gone
    #[arg(long, default_value_t = 5)]
    pings: u32,
    /// How long agents and frameworks have to come back after a restart of the master
    #[arg(long, default_value = "10m")]
    recovery: Span,
    /// Connections of one address at most, of 8192 in all; the one waited for longest gives way to another.
    /// An eighth of them is for calls, the others may be streams
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(2..=CONNECTIONS as i64))]
    connections_per_peer: u32,
    /// The longest body of a request, in bytes
    #[arg(long, default_value_t = 8 << 20)]
    max_body: usize,
}

fn read_pace(text: &str) -> Result<Span, String> {
    let span = text.parse::<Span>().ok();
    let pace = Span::from_millis(1)..=Span::from_secs(86_400);
    let span = span.filter(|span| pace.contains(span));
    span.ok_or_else(|| format!("`{text}` is not a pace; expected 1ms to 1d, as in 15s"))
}

fn read_timeout(text: &str) -> Result<Span, String> {
    let span = text.parse::<Span>().ok().filter(|span| !span.is_zero());
    span.ok_or_else(|| {
        format!("`{text}` is not a length of time; expected more than none, as in 5m")
    })
}

fn read_weight(text: &str) -> Result<(String, Weight), String> {
    let bad = || format!("`{text}` is not a weight; expected `role=2` or `role=0.5`");
    let (role, weight) = text.split_once('=').ok_or_else(bad)?;
    if let Some(why) = bad_role(role) {
        return Err(format!("`{text}`: {why}"));
    }
    let weight = weight.parse().ok().and_then(operator::weight);
    Ok((role.to_owned(), weight.ok_or_else(bad)?))
}

fn read_image(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, folder)) if folder.starts_with('/') => Ok((name.to_owned(), folder.to_owned())),
        _ => Err(format!(
            "`{text}` is not an image; expected `name=/absolute/directory`"
        )),
    }
}

/// Runs a master until it is told to stop.
///
/// # Errors
/// When it cannot listen, read its log or write it.
pub fn run(args: &Args, registry: &Registry) -> anyhow::Result<ExitCode> {
    let authentication = args.authentication.read()?;
    let is_meant = args.insecure || args.authentication.is_open_on_purpose();
    check_addresses(&args.listen, &authentication, is_meant)?;
    if args.advertise.is_none() && args.listen[0].ip().is_unspecified() {
        bail!(
            "--listen {}: that is every address of this machine, and frameworks are told one; \
             say which one with --advertise",
            args.listen[0]
        );
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&args.work_dir)
        .with_context(|| format!("--work-dir {}", args.work_dir.display()))?;
    let _lock = lock(args)?;
    let (cluster, last, writer) = open(args, registry)?;
    let duration = |span: Span| Duration::from_micros(span.as_micros());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let listeners = runtime.block_on(bind(&args.listen))?;
    let address = args
        .advertise
        .map_or_else(|| listeners[0].local_addr(), Ok)?;
    let habits = Habits {
        heartbeat: duration(args.heartbeat),
        ping: duration(args.ping),
        silence: duration(args.ping) * args.pings.max(1),
        address,
        cluster: args.cluster.clone(),
        pages: authentication.pages(),
    };
    let (inbox, requests) = mpsc::channel();
    let metrics = Metrics::default();
    let app = App {
        inbox: inbox.clone(),
        metrics: metrics.clone(),
        heartbeat: habits.heartbeat,
        authentication: Arc::new(authentication),
        max_body: args.max_body,
        bodies: BodyBudget::new(SHORT_BODIES_KIB, LONG_BODIES_KIB, args.max_body),
        answers: Answers::default(),
        body_timeout: Duration::from_secs(30),
        streams: Arc::default(),
    };
    let connections = Connections::new(CONNECTIONS, args.connections_per_peer as usize);
    for listener in listeners {
        say!("master: listening on {}", listener.local_addr()?);
        let router = http::router(app.clone());
        runtime.spawn(web::serve(listener, router, Arc::clone(&connections)));
    }
    runtime.spawn(stop_on_signal(inbox.clone()));
    let decision = Decision::new(cluster, last, writer, habits, metrics, (inbox, requests));
    let outcome = std::thread::Builder::new()
        .name(DECISION_THREAD.to_owned())
        .spawn(move || decision.run())?
        .join();
    runtime.shutdown_background();
    match outcome {
        Ok(Ok(())) => Ok(ExitCode::SUCCESS),
        Ok(Err(error)) => Err(error).with_context(|| {
            format!(
                "{}: the log cannot be written, so nothing may be decided; \
                 tasks go on running, start the master again when there is room",
                log_path(args).display()
            )
        }),
        Err(_) => bail!("the decision thread panicked; its log is whole, start the master again"),
    }
}

/// Refuses addresses that other machines can reach unless that is wanted, and then says what it means.
fn check_addresses(
    addresses: &[SocketAddr],
    authentication: &authentication::Authentication,
    is_meant: bool,
) -> anyhow::Result<()> {
    let beyond = addresses
        .iter()
        .filter(|address| !address.ip().is_loopback());
    for address in beyond {
        if !authentication.asks_frameworks() {
            if !is_meant {
                bail!(
                    "--listen {address}: other machines can reach this address and nobody is asked \
                     who they are; listen on 127.0.0.1, have them asked with --credentials FILE \
                     (`principal secret` a line, mode 600), or say --insecure"
                );
            }
            say!("master: {address} is open to everybody who can reach it, as was said");
        }
        if !authentication.asks_agents() {
            say!(
                "master: {address}: agents are not asked who they are: whoever can reach it can join as \
                 one, and is told tasks with their secrets"
            );
        }
    }
    Ok(())
}

async fn bind(addresses: &[SocketAddr]) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.with_context(|| format!("--listen {address}"))?);
    }
    Ok(listeners)
}

async fn stop_on_signal(inbox: mpsc::Sender<Request>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    // Nobody listens any more only if the thread has ended already.
    let _ = inbox.send(Request::Stop);
}

fn log_path(args: &Args) -> PathBuf {
    args.work_dir.join("log")
}

/// Two masters on one log would both act.
fn lock(args: &Args) -> anyhow::Result<File> {
    let path = args.work_dir.join("lock");
    let mut options = File::options();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path);
    let file = file.with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!(
                "{}: another master uses this work directory",
                args.work_dir.display()
            )
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| path.display().to_string())
        }
    }
}

/// The policy with everything that flags say of it.
fn allocator(args: &Args) -> anyhow::Result<Name> {
    let mut allocator = args.allocator.clone();
    if let Some(timeout) = args.offer_timeout {
        if let Some(other) = args.allocator.clone().take("timeout") {
            bail!(
                "--offer-timeout {timeout}: --allocator {} says `timeout={other}` already; say one of them",
                args.allocator
            );
        }
        allocator.set("timeout", timeout.to_string());
    }
    Ok(allocator)
}

/// The cluster as its log left it, or a new one.
fn open(args: &Args, registry: &Registry) -> anyhow::Result<(Cluster, Time, Writer)> {
    let path = log_path(args);
    if let Some(mut contents) = Reader::open(&path)? {
        let (cluster, last) = recover(args, &mut contents, registry)?;
        let writer = Writer::open(&path, contents.good_bytes(), args.fsync);
        return Ok((
            cluster,
            last,
            writer.with_context(|| path.display().to_string())?,
        ));
    }
    let unix = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let settings = Settings {
        master_id: Uuid::new_v4().to_string(),
        allocator: allocator(args)?,
        seed: args.seed,
        weights: args.weights.iter().cloned().collect(),
        images: args.images.iter().cloned().collect(),
        recovery: args.recovery,
        started_unix_micros: unix.as_micros() as u64,
    };
    let mut writer =
        Writer::open(&path, 0, args.fsync).with_context(|| path.display().to_string())?;
    let cluster = Cluster::new(settings.clone(), registry)?;
    writer.append(&Record::Opened {
        format: FORMAT,
        settings,
    });
    Ok((cluster, Time::ZERO, writer))
}

fn recover(
    args: &Args,
    contents: &mut Reader,
    registry: &Registry,
) -> anyhow::Result<(Cluster, Time)> {
    let path = log_path(args);
    let settings = contents.settings().clone();
    let wanted = Settings {
        allocator: allocator(args)?,
        seed: args.seed,
        weights: args.weights.iter().cloned().collect(),
        images: args.images.iter().cloned().collect::<BTreeMap<_, _>>(),
        recovery: args.recovery,
        ..settings.clone()
    };
    if wanted != settings {
        bail!(
            "{}: the log was begun with other settings ({}); start with the same \
             --allocator, --offer-timeout, --seed, --weight, --image and --recovery, or in an empty --work-dir",
            path.display(),
            serde_json::to_string(&settings)?
        );
    }
    let mut cluster = Cluster::new(settings, registry)?;
    let mut last = Time::ZERO;
    let mut records = 0;
    for turn in contents.by_ref() {
        let turn = turn?;
        let (_, replayed) = cluster.step(turn.at, turn.input);
        if replayed.steps != turn.steps {
            bail!(
                "{}: line {}: the core orders today what it did not order then. `fairground replay` \
                 shows the difference; if it shows none, an earlier version took a task that is \
                 refused now: end with that version what still runs, or begin in an empty \
                 --work-dir",
                path.display(),
                turn.line
            );
        }
        last = turn.at;
        records += 1;
    }
    if contents.torn_bytes() > 0 {
        say!(
            "master: {}: the last records are torn ({} bytes) and were never acted upon; they are cut off",
            path.display(),
            contents.torn_bytes()
        );
    }
    say!("master: {}: {records} records replayed", path.display());
    Ok((cluster, last))
}
