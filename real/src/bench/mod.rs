//! `bench`: how much one master takes.
//!
//! A real master in a process of its own; a thousand agents and some frameworks in this one, each
//! with its own connections and the real protocol. Agents end every task at once, so the master is
//! the only thing that works.

mod agent;
mod framework;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::sync::mpsc;

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
    /// How long is measured, in seconds
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// The policy of the first level
    #[arg(long, default_value = "drf[round=100ms]")]
    allocator: String,
    /// When the master's log is forced to the disk
    #[arg(long, default_value = "always")]
    fsync: String,
}

/// What agents and frameworks count together.
#[derive(Debug, Default)]
struct Tally {
    launched: AtomicU64,
    finished: AtomicU64,
    errors: AtomicU64,
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
    outcome?;
    let log = std::fs::metadata(folder.path().join("log"))?.len();
    println!("log written          {} MiB", log >> 20);
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
    command.stderr(Stdio::null());
    command.spawn().context("the master cannot be started")
}

async fn measure(args: &Args, address: &str, master: u32) -> anyhow::Result<()> {
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(256)
        .build()?;
    wait_for(&client, address, "master/elected", 1.0).await?;
    let tally = Arc::new(Tally::default());
    let (latencies, mut measured) = mpsc::unbounded_channel();
    let begun = Instant::now();
    for index in 0..args.agents {
        let agent = agent::live(
            client.clone(),
            address.to_owned(),
            index,
            Arc::clone(&tally),
        );
        tokio::spawn(agent);
    }
    wait_for(
        &client,
        address,
        "master/slaves_active",
        f64::from(args.agents),
    )
    .await?;
    println!(
        "agents registered    {} in {:.1} s",
        args.agents,
        begun.elapsed().as_secs_f64()
    );
    for index in 0..args.frameworks {
        tokio::spawn(framework::live(
            client.clone(),
            address.to_owned(),
            index,
            args.tasks,
            Arc::clone(&tally),
            latencies.clone(),
        ));
    }
    // The first rounds find every agent empty at once.
    tokio::time::sleep(Duration::from_secs(2)).await;
    while measured.try_recv().is_ok() {}
    let (launched, cpu) = (tally.launched.load(Ordering::Relaxed), cpu_seconds(master)?);
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let span = begun.elapsed().as_secs_f64();
    let launched = tally.launched.load(Ordering::Relaxed) - launched;
    let cpu = cpu_seconds(master)? - cpu;
    let mut spans = Vec::new();
    while let Ok(span) = measured.try_recv() {
        spans.push(span);
    }
    spans.sort_unstable();
    if launched == 0 || spans.is_empty() {
        bail!("nothing was launched in {span:.0} s");
    }
    let at = |parts: usize| spans[(spans.len() - 1) * parts / 100].as_secs_f64() * 1000.0;
    println!(
        "launches             {:.0} a second ({launched} in {span:.1} s)",
        launched as f64 / span
    );
    println!(
        "finished             {}",
        tally.finished.load(Ordering::Relaxed)
    );
    println!(
        "offer to status      p50 {:.1} ms, p99 {:.1} ms",
        at(50),
        at(99)
    );
    println!(
        "master's processors  {:.2} used, {:.0} us a launch",
        cpu / span,
        cpu / launched as f64 * 1e6
    );
    println!("master's memory      {} MiB", memory_mib(master)?);
    println!(
        "errors               {}",
        tally.errors.load(Ordering::Relaxed)
    );
    Ok(())
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

/// Processor time of a process, in seconds.
fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
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
