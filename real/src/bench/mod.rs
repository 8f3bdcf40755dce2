//! `bench`: how much one master takes.
//!
//! A real master in a process of its own; a thousand agents and some frameworks in this one, each
//! with its own connections and the real protocol. Agents end every task at once. Both share this
//! machine's processors, so what each of them used is printed, too.

mod agent;
mod framework;
mod line;
mod tally;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use fairground_workloads::words;
use serde_json::Value;

use crate::master::DECISION_THREAD;
use crate::web;
use framework::Habits;
use tally::{Spans, Tally};

/// Measures a master under emulated agents and frameworks.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// How many agents
    #[arg(long, default_value_t = 1000)]
    agents: u32,
    /// How many frameworks
    #[arg(long, default_value_t = 50)]
    frameworks: u32,
    /// Tasks launched on every offer
    #[arg(long, default_value_t = 4)]
    tasks: u32,
    /// Tasks launched a second by all frameworks, at most [default: as many as the master takes]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// How long is measured, in seconds
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// The policy of the first level
    #[arg(long, default_value = "drf[round=100ms]")]
    allocator: String,
    /// When the master's log is forced to the disk
    #[arg(long, default_value = "always")]
    fsync: String,
    /// Keep the master's log there, to be replayed
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// Runs the measurement and prints it.
///
/// # Errors
/// When the master does not come up or nothing is launched.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder = tempfile::Builder::new()
        .prefix("fairground-bench-")
        .tempdir()?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    drop(listener);
    let mut master = start_master(args, folder.path(), &address)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(measure(args, &address, master.id()));
    runtime.shutdown_background();
    master.kill()?;
    master.wait()?;
    let words = std::fs::read_to_string(folder.path().join("words"))?;
    outcome.with_context(|| format!("the master said:\n{words}"))?;
    let log = folder.path().join("log");
    tell(format!(
        "log written          {} MiB",
        std::fs::metadata(&log)?.len() >> 20
    ))?;
    if let Some(copy) = &args.log {
        std::fs::copy(&log, copy).with_context(|| copy.display().to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn start_master(args: &Args, folder: &Path, address: &str) -> anyhow::Result<Child> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.arg("master").arg("--work-dir").arg(folder);
    command.args([
        "--listen",
        address,
        "--allocator",
        &args.allocator,
        "--fsync",
        &args.fsync,
    ]);
    command.stderr(std::fs::File::create(folder.join("words"))?);
    command.spawn().context("the master cannot be started")
}

async fn measure(args: &Args, address: &str, master: u32) -> anyhow::Result<()> {
    let client = web::client()?;
    wait_for(&client, address, "master/elected", 1.0).await?;
    let tally = Arc::new(Tally::new());
    let begun = Instant::now();
    for index in 0..args.agents {
        let life = agent::live(address.to_owned(), index, Arc::clone(&tally));
        begin(format!("agent {index}"), life, &tally);
    }
    let all = f64::from(args.agents);
    wait_for(&client, address, "master/slaves_active", all).await?;
    tell(format!(
        "agents registered    {} in {:.1} s",
        args.agents,
        begun.elapsed().as_secs_f64()
    ))?;
    let share = |rate| f64::from(rate) / f64::from(args.frameworks.max(1));
    let habits = Habits {
        tasks: args.tasks,
        rate: args.rate.map(share),
    };
    for index in 0..args.frameworks {
        let life = framework::live(address.to_owned(), index, habits, Arc::clone(&tally));
        begin(format!("framework {index}"), life, &tally);
    }
    // The first rounds find every agent empty at once.
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(tally.take());
    let before = Used::read(master)?;
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let span = begun.elapsed().as_secs_f64();
    let (spans, used) = (tally.take(), Used::read(master)?.since(&before));
    let errors = tally.errors.lock().expect("no panic").clone();
    if let Some(first) = errors.first() {
        bail!("{} agents or frameworks ended: {first}", errors.len());
    }
    if spans.to_launch.is_empty() || spans.to_status.is_empty() {
        bail!("nothing was launched in {span:.0} s");
    }
    report(&spans, &used, span, args.rate)?;
    tell(format!("master's memory      {} MiB", memory_mib(master)?))?;
    Ok(())
}

/// Lets an agent or a framework live; that it ended is an error.
fn begin(
    name: String,
    life: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    tally: &Arc<Tally>,
) {
    let tally = Arc::clone(tally);
    tokio::spawn(async move {
        let end = match life.await {
            Ok(()) => format!("{name} left"),
            Err(error) => format!("{name}: {error:#}"),
        };
        tally.errors.lock().expect("no panic").push(end);
    });
}

/// Processor time used, in seconds.
struct Used {
    master: f64,
    /// By the master's one thread that decides.
    decisions: f64,
    /// By this process.
    emulation: f64,
}

impl Used {
    fn read(master: u32) -> anyhow::Result<Self> {
        let process = format!("/proc/{master}");
        let mut decisions = 0.0;
        for thread in std::fs::read_dir(format!("{process}/task"))? {
            let thread = thread?.path();
            if std::fs::read_to_string(thread.join("comm"))?.trim() == DECISION_THREAD {
                decisions += cpu_seconds(&thread)?;
            }
        }
        Ok(Self {
            master: cpu_seconds(process.as_ref())?,
            decisions,
            emulation: cpu_seconds("/proc/self".as_ref())?,
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            master: self.master - before.master,
            decisions: self.decisions - before.decisions,
            emulation: self.emulation - before.emulation,
        }
    }
}

/// Prints a line. Whoever read it may be gone: what is measured is measured.
fn tell(line: String) -> anyhow::Result<()> {
    words::print(line + "\n")?;
    Ok(())
}

fn report(spans: &Spans, used: &Used, span: f64, rate: Option<u32>) -> anyhow::Result<()> {
    let launched = spans.to_launch.len() as f64;
    tell(format!(
        "launches             {:.0} a second ({launched} in {span:.1} s)",
        launched / span
    ))?;
    for (what, spans) in [("launch", &spans.to_launch), ("status", &spans.to_status)] {
        let at = |parts: usize| spans[(spans.len() - 1) * parts / 100] as f64 / 1000.0;
        tell(format!(
            "offer to {what}      p50 {:.1} ms, p99 {:.1} ms",
            at(50),
            at(99)
        ))?;
    }
    let processors = std::thread::available_parallelism()?.get() as f64;
    let parts = [
        ("master    ", used.master),
        ("decisions ", used.decisions),
        ("emulation ", used.emulation),
    ];
    for (what, used) in parts {
        tell(format!(
            "{what}           {:.2} of {processors} processors, {:.0} us a launch",
            used / span,
            used / launched * 1e6
        ))?;
    }
    let is_met = rate.is_some_and(|rate| launched / span > 0.99 * f64::from(rate));
    let word = if is_met {
        "none: as much was launched as was asked for"
    } else {
        bottleneck(used, span, processors)
    };
    tell(format!("bottleneck           {word}"))?;
    Ok(())
}

/// What keeps more tasks from being launched.
fn bottleneck(used: &Used, span: f64, processors: f64) -> &'static str {
    if used.decisions > 0.9 * span {
        "the master's thread that decides: it had no pause"
    } else if used.master + used.emulation < 0.8 * processors * span {
        "neither: both waited, for the disk or for processors that others used"
    } else if used.master > used.emulation {
        "the master: it used most of the processors"
    } else {
        "the emulation of agents and frameworks: it used most of the processors"
    }
}

async fn wait_for(
    client: &reqwest::Client,
    address: &str,
    name: &str,
    least: f64,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let answer = client
            .get(format!("http://{address}/metrics/snapshot"))
            .send()
            .await;
        if let Ok(answer) = answer {
            let numbers: Value = answer.json().await?;
            if numbers[name].as_f64().is_some_and(|value| value >= least) {
                return Ok(());
            }
        }
        if begun.elapsed() > Duration::from_mins(1) {
            bail!("{name} has not reached {least} after a minute");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Processor time of a process or thread, by its directory in `/proc`, in seconds.
fn cpu_seconds(of: &Path) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(of.join("stat"))?;
    // The name before the last bracket may hold anything.
    let rest = text
        .rsplit_once(')')
        .context("/proc/PID/stat has a name")?
        .1;
    let field = |index: usize| {
        rest.split_whitespace()
            .nth(index)
            .and_then(|f| f.parse::<f64>().ok())
    };
    let ticks = field(11)
        .zip(field(12))
        .context("/proc/PID/stat has times")?;
    // The kernel shows a hundred ticks a second on every machine.
    Ok((ticks.0 + ticks.1) / 100.0)
}

fn memory_mib(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.context("/proc/PID/status has VmRSS")? / 1024)
}
