//! `submit`: runs a job to its end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_workloads::{say, words};
use serde_json::{Value, json};

use super::driver::Driver;
use super::job::{Job, Stage};
use super::stream::Subscription;
use super::{Call, Interrupts, MasterArg, block_on, waiting};

/// Runs a job: one kind of task from the command line, or stages from a file.
///
/// Its tasks are placed by the same schedulers as in simulation. Ends with 0 when every task
/// finished, with 1 when one failed for good, with 130 when it was interrupted, and its tasks with it.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    master: MasterArg,
    /// The job, as a file
    #[arg(long, conflicts_with_all = ["cpus", "mem", "tasks", "command", "retries", "scheduler"])]
    file: Option<PathBuf>,
    /// What the job is called
    #[arg(long, default_value = "job")]
    name: String,
    /// The role its framework has
    #[arg(long, default_value = "*")]
    role: String,
    /// How many tasks run the command
    #[arg(long, default_value_t = 1)]
    tasks: u32,
    /// Processors of one task
    #[arg(long, default_value_t = 0.1)]
    cpus: f64,
    /// MiB of memory of one task
    #[arg(long, default_value_t = 32.0)]
    mem: f64,
    /// How often a task that failed is tried again
    #[arg(long, default_value_t = 0)]
    retries: u32,
    /// The policy that places tasks, as in `fairground policies`
    #[arg(long, default_value = "fifo")]
    scheduler: Name,
    /// What a task runs: a program and its arguments
    #[arg(last = true, required_unless_present = "file")]
    command: Vec<String>,
}

/// How long a job looks for a master that went away.
const FAILOVER: Duration = Duration::from_mins(2);
/// How often it is looked whether there are agents large enough.
const LOOK: Duration = Duration::from_secs(5);

/// Submits a job and waits for its end.
///
/// # Errors
/// When the job does not read, or the master cannot be reached for too long.
pub fn run(args: &Args, registry: &Registry) -> anyhow::Result<ExitCode> {
    let job = job(args)?;
    let mut info = json!({
        "user": "", "name": format!("{} (batch)", job.name), "role": args.role,
        "failover_timeout": FAILOVER.as_secs(), "labels": waiting::labels(&job)?,
    });
    let (driver, calls) = Driver::new(job, registry)?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        tokio::select! {
            ended = drive(&args.master, driver, calls, &mut info) => return ended,
            () = interrupts.come() => {}
        }
        say!("interrupted");
        if let Some(id) = info["id"]["value"].as_str() {
            let end = json!({"framework_id": id});
            let ended = args.master.post("/fairground/v1/kill", &end).await;
            ended.with_context(|| format!("{id} goes on until its master is told to end it"))?;
        }
        Ok(ExitCode::from(130))
    })
}

fn job(args: &Args) -> anyhow::Result<Job> {
    if let Some(path) = &args.file {
        return Job::read(path);
    }
    let stage = Stage {
        name: args.name.clone(),
        tasks: args.tasks,
        cpus: args.cpus,
        mem: args.mem,
        disk: 0.0,
        after: Vec::new(),
        command: String::new(),
        argv: args.command.clone(),
        env: std::collections::BTreeMap::new(),
        uris: Vec::new(),
        user: None,
    };
    let job = Job {
        name: args.name.clone(),
        scheduler: args.scheduler.clone(),
        gang: false,
        retries: args.retries,
        stage: vec![stage],
    };
    job.spec()?;
    Ok(job)
}

async fn drive(
    master: &MasterArg,
    mut driver: Driver,
    mut calls: Vec<Call>,
    info: &mut Value,
) -> anyhow::Result<ExitCode> {
    let mut subscription = Subscription::open(master, info).await?;
    words::print(format!("{}\n", subscription.framework_id))?;
    info["id"] = json!({"value": subscription.framework_id});
    let mut agents = Agents {
        master,
        look: tokio::time::interval(LOOK),
        said: Vec::new(),
    };
    loop {
        let outcome = converse(&mut subscription, &mut driver, calls, &mut agents).await;
        let error = match outcome {
            Ok(Verdict::Finished) => {
                subscription.call("TEARDOWN", Value::Null).await?;
                say!("{} tasks finished", driver.finished);
                return Ok(ExitCode::SUCCESS);
            }
            Ok(Verdict::Failed(why)) => {
                subscription.call("TEARDOWN", Value::Null).await?;
                say!("the job failed: {why:#}");
                return Ok(ExitCode::FAILURE);
            }
            Err(error) => error,
        };
        say!("the master is away ({error:#}); looking for it again");
        driver.disconnected()?;
        subscription = come_back(master, info).await?;
        calls = driver.came_back();
    }
}

async fn come_back(master: &MasterArg, info: &Value) -> anyhow::Result<Subscription> {
    let start = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        match Subscription::open(master, info).await {
            Ok(subscription) => return Ok(subscription),
            Err(error) => {
                let removed = error.to_string().contains("Framework has been removed");
                if removed || start.elapsed() > FAILOVER {
                    return Err(error);
                }
            }
        }
    }
}

/// The agents there are, as far as a job is interested.
struct Agents<'a> {
    master: &'a MasterArg,
    look: tokio::time::Interval,
    /// What was said last.
    said: Vec<String>,
}

impl Agents<'_> {
    /// Says what waits for an agent that there is not, when that has changed.
    async fn say_what_waits(&mut self, driver: &Driver) {
        let shown = tokio::time::timeout(LOOK, self.master.get("/slaves")).await;
        // A master that does not answer is noticed elsewhere.
        let Ok(Ok(shown)) = shown else { return };
        let waits = driver.waits_in_vain(&waiting::sizes(&shown));
        if self.said != waits {
            for line in &waits {
                say!("{line}");
            }
            self.said = waits;
        }
    }
}

/// How a job ended.
enum Verdict {
    Finished,
    Failed(anyhow::Error),
}

/// Speaks with the master until the job is over; an error means that the master is away.
async fn converse(
    subscription: &mut Subscription,
    driver: &mut Driver,
    calls: Vec<Call>,
    agents: &mut Agents<'_>,
) -> anyhow::Result<Verdict> {
    let mut calls = calls;
    loop {
        for (kind, member) in std::mem::take(&mut calls) {
            subscription.call(kind, member).await?;
        }
        if driver.finished == driver.total {
            return Ok(Verdict::Finished);
        }
        let wake = driver.wake_at().map(tokio::time::Instant::from_std);
        let sleep = tokio::time::sleep_until(
            wake.unwrap_or_else(|| tokio::time::Instant::now() + Duration::from_hours(1)),
        );
        let followed = tokio::select! {
            event = subscription.next() => {
                let event = event?;
                driver.event(&event)
            }
            () = sleep => driver.wake(),
            _ = agents.look.tick() => {
                agents.say_what_waits(driver).await;
                continue;
            }
        };
        match followed {
            Ok(more) => calls = more,
            Err(error) => return Ok(Verdict::Failed(error)),
        }
    }
}
