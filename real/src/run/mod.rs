//! `run`: a recipe of the simulator, run for real.
//!
//! The trace, the policy and the frameworks' schedulers are the simulator's own; the cluster is that of
//! `up`, and every task is a process that uses processors and memory for its time. The recipe's clock
//! runs faster than the wall's by a factor. What is written beside the master's log is enough for
//! `fairground fidelity` to simulate the same again.

pub mod burn;

mod calibrate;
mod framework;
mod jobs;
mod link;
mod load;
mod results;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use fairground_policies::allocators::Setup;
use fairground_policies::frameworks::{Framework, OfferPolicy};
use fairground_policies::master::Config;
use fairground_policies::message::FrameworkId;
use fairground_policies::name::Name;
use fairground_policies::personality::Personality;
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_workloads::NoFiles;
use fairground_workloads::drawn;
use fairground_workloads::measured::{MeasuredJob, RealRun};
use fairground_workloads::recipe::{FrameworkSpec, Recipe};
use fairground_workloads::rng;
use fairground_workloads::say;
use fairground_workloads::trace::{Trace, Work};
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

use crate::client::stream::Subscription;
use crate::client::{Interrupts, MasterArg};
use crate::local::{self, Plan, Which};
use calibrate::Calibration;
use framework::{Burners, Live, Pace};

/// Runs a recipe of the simulator for real: a cluster on this machine, tasks that are processes.
///
/// Ends with 0 when every job finished, with 1 when one did not.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The recipe
    recipe: PathBuf,
    /// How many times faster than the recipe says: all its times are divided by it
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    time_scale: u32,
    /// The policy of the first level
    #[arg(long, value_name = "NAME", default_value = "drf")]
    policy: Name,
    /// The seed of the trace and of the policy's draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What `fairground draw` wrote for this recipe and seed, where the recipe reads traces
    #[arg(long, value_name = "FILE")]
    drawn: Option<PathBuf>,
    /// Where the log and what was measured go [default: fairground-out/NAME-real]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// What the cluster is called while it is there: up to 6 small letters and digits
    #[arg(long, default_value = "run", value_parser = local::read_name)]
    name: String,
    /// The first three numbers of the addresses behind its bridge
    #[arg(long, default_value = "10.88.0")]
    subnet: String,
}

/// How often a run says how far it is.
const SAID: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
Examples:
  fairground-real run three-hosts.toml --time-scale 60
  fairground-real run three-hosts.toml --time-scale 60 --policy 'fair[round=1s]' --seed 7
  fairground draw traces.toml >drawn.json; fairground-real run traces.toml --drawn drawn.json
  fairground fidelity fairground-out/three-hosts-real/log   simulates the same and compares";

/// Runs a recipe.
///
/// # Errors
/// When the recipe does not read or asks for what a real cluster does not have, when the cluster
/// does not start, or when something of it breaks.
pub fn run(args: &Args, registry: &Registry) -> anyhow::Result<ExitCode> {
    let mut loaded = Recipe::load(Some(&args.recipe), &[])?;
    loaded.recipe.policies = vec![args.policy.clone()];
    (loaded.recipe.seeds, loaded.recipe.first_seed) = (1, args.seed);
    let recipe = &loaded.recipe;
    let trace = match &args.drawn {
        Some(drawn) => drawn::read(drawn, recipe, args.seed)?,
        None => recipe.trace(&loaded.sources(&mut NoFiles)?, args.seed)?,
    };
    let config = check(recipe, &trace, args, registry)?;
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| format!("fairground-out/{}-real", recipe.name).into());
    results::refuse_foreign(&out)?;
    // The folder of a file that is named alone is the empty path.
    let folder = std::path::absolute(PathBuf::from(".").join(&loaded.folder))?;
    say!("measuring what of this machine is free");
    let calibration = Calibration::measure(trace.agents.iter().copied().sum())?;
    let left_out = say(recipe, &trace, args, &calibration)?;

    let which = Which::called(&args.name);
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let allocator = in_real_time(&args.policy, args.time_scale)?.to_string();
    let plan = Plan {
        which: &which,
        resources: trace.agents.iter().copied().map(resources).collect(),
        listen,
        subnet: &args.subnet,
        allocator: &allocator,
        seed: args.seed,
        weights: recipe.framework.iter().map(weight).collect(),
        allow_root: false,
        // The burner is in the same folder.
        hidden: which.secrets(),
        asks: true,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    // From here on, or a cluster would be left behind.
    let mut interrupts = runtime.block_on(async { Interrupts::listen() })?;
    let agents = plan.resources.len();
    say!(
        "starting a master and {agents} agents, the cluster `{}`",
        args.name
    );
    plan.begin()?;
    let cluster = Cluster(&which);
    let program = which.folder().join("burner");
    std::fs::copy(std::env::current_exe()?, &program).context("the burner")?;
    let frameworks = frameworks(
        recipe,
        &trace,
        (&args.policy, config),
        (registry, args.seed),
    )?;
    let burners = (program, calibration.clone());
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = live(args, &plan, recipe, &trace, frameworks, burners) => ended.map(Some),
            () = interrupts.come() => Ok(None),
        }
    });
    runtime.shutdown_background();
    let log = which.folder().join("master/log");
    let Some((begun_unix_micros, jobs)) = ended? else {
        cluster.end()?;
        say!("interrupted: nothing is kept");
        return Ok(ExitCode::from(130));
    };
    let real = RealRun {
        folder,
        policy: args.policy.clone(),
        seed: args.seed,
        scale: args.time_scale,
        begun_unix_micros,
        processor: calibration.processor,
        memory: calibration.memory,
        left_out,
        jobs,
    };
    results::write(&real, recipe, &log, &out)?;
    say!("ending the cluster");
    cluster.end()?;
    results::print(&real, recipe, &out)
}

/// A cluster that is ended with the run, however that ends.
struct Cluster<'a>(&'a Which);

impl Cluster<'_> {
    fn end(self) -> anyhow::Result<()> {
        let ended = local::clean_up(self.0);
        std::mem::forget(self);
        ended
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        if let Err(error) = local::clean_up(self.0) {
            say!("{error:#}");
        }
    }
}

/// Refuses what a real cluster cannot do; how the master is to be.
fn check(
    recipe: &Recipe,
    trace: &Trace,
    args: &Args,
    registry: &Registry,
) -> anyhow::Result<Config> {
    let setup = Setup {
        shares: recipe.framework.iter().map(|spec| spec.share).collect(),
        agents: trace.agents.len() as u32,
        rng: rng::stream(args.seed, "policy").into_generator(),
    };
    let (config, _) = registry.allocator(&args.policy, setup)?;
    registry.master(
        &args.policy,
        rng::stream(args.seed, "policy").into_generator(),
    )?;
    for (spec, workload) in recipe.framework.iter().zip(&trace.workloads) {
        if let Some(role) = &spec.role {
            bail!(
                "framework `{}`: it is in the role `{role}`, and a recipe that is run for real knows no roles\n  \
                 hint: leave them out of the recipe, or use `fairground run`",
                spec.name
            );
        }
        if !spec.constraints.is_empty() {
            bail!(
                "framework `{}`: it has `constraints`, and a recipe that is run for real knows none\n  \
                 hint: leave them out of the recipe, or use `fairground run`",
                spec.name
            );
        }
        if !spec.speeds.is_empty() {
            bail!(
                "framework `{}`: it has `speeds`, and agents of a real cluster are as fast as they are\n  \
                 hint: leave them out of the recipe, or use `fairground run`",
                spec.name
            );
        }
        if jobs::jobs_of(&workload.work)
            .iter()
            .any(|job| job.spec.asks())
        {
            bail!(
                "framework `{}`: its jobs ask for models of GPU (`gpu_models`), and a recipe that is run for real \
                 heeds none\n  hint: leave that out of the recipe, or use `fairground run`",
                spec.name
            );
        }
        if jobs::jobs_of(&workload.work).feedback().is_some() {
            bail!(
                "framework `{}`: its jobs wait for the end of others (`closed`, `feedback`), which only \
                 the simulator can do\n  hint: leave that out of the recipe, or use `fairground run`",
                spec.name
            );
        }
        if let Some(what) = impossible(&workload.work, &trace.agents) {
            bail!(
                "framework `{}`: {what} needs more than the cluster has; in simulation it would \
                 never run, and here it would wait for ever",
                spec.name
            );
        }
    }
    Ok(config)
}

/// What of a framework's work could never run.
fn impossible(work: &Work, agents: &[Resources]) -> Option<String> {
    let rooms = |needs: Resources| -> u64 {
        agents
            .iter()
            .map(|size| needs.times_in(*size).unwrap_or(0))
            .sum()
    };
    match work {
        Work::Batch(jobs) => jobs.iter().find_map(|job| {
            let too_large = job.spec.stages.iter().any(|stage| {
                rooms(stage.needs)
                    < if job.spec.gang {
                        u64::from(stage.tasks)
                    } else {
                        1
                    }
            });
            too_large.then(|| format!("job {} ({})", job.id, job.label))
        }),
        Work::Executors { needs, .. } => (rooms(*needs) == 0).then(|| "an executor".to_owned()),
        Work::Service(service) => (rooms(service.needs) == 0).then(|| "an instance".to_owned()),
    }
}

/// Says how true to the recipe the run is; what is left out.
fn say(
    recipe: &Recipe,
    trace: &Trace,
    args: &Args,
    calibration: &Calibration,
) -> anyhow::Result<Vec<String>> {
    let total: Resources = trace.agents.iter().copied().sum();
    let scale = u64::from(args.time_scale);
    say!(
        "{}: {} agents with {total} in all; about {} for {} of the recipe",
        recipe.name,
        trace.agents.len(),
        recipe.duration.scaled(1, scale),
        recipe.duration,
    );
    say!(
        "calibration: {:.2} of {} processors and {} MiB are free; {} thousandths of a processor and \
         {} of a MiB stand for one of the recipe's",
        calibration.free_processors,
        calibration.processors,
        calibration.free_memory,
        calibration.processor,
        calibration.memory
    );
    let burnt = calibration.processor * total.cpus().0 / 1_000_000;
    if calibration.free_processors < 1.0 || calibration.free_processors < burnt as f64 {
        say!("the machine is busy: what is measured will say more of others than of the cluster");
    }
    let rate = calibration.rate(Resources::cores(1, 1));
    let took = Calibration::try_burner(&std::env::current_exe()?, rate)?;
    say!(
        "calibration: one second of work at that rate took a burner {:.3} s",
        took.as_secs_f64()
    );
    let mut left_out = Vec::new();
    if !trace.faults.is_empty() {
        left_out.push(format!(
            "{} failures of agents do not happen",
            trace.faults.len()
        ));
    }
    if recipe.network != fairground_workloads::recipe::NetworkSpec::default() {
        left_out.push("the recipe's network is not imitated: messages take what they take".into());
    }
    for (spec, workload) in recipe.framework.iter().zip(&trace.workloads) {
        if let Work::Service(_) = workload.work {
            left_out.push(format!(
                "{}: no requests are served; instances burn the load aimed at, and the load that \
                 is measured is the trace's, without requests that wait",
                spec.name
            ));
        }
    }
    for line in &left_out {
        say!("not as in the recipe: {line}");
    }
    Ok(left_out)
}

/// The policy with its lengths of time divided by `scale`.
fn in_real_time(policy: &Name, scale: u32) -> anyhow::Result<Name> {
    let mut real = Personality::resolved(policy)?;
    for key in ["round", "timeout"] {
        let span = real
            .clone()
            .take_as::<Span>(key, "a length of time, as in 1s")?;
        if let Some(span) = span {
            real.set(key, span.scaled(1, scale.into()).to_string());
        }
    }
    Ok(real)
}

/// An agent's resources as it is told them.
fn resources(total: Resources) -> String {
    let thousandths = |amount: u64| format!("{}.{:03}", amount / 1000, amount % 1000);
    format!(
        "cpus:{};mem:{};disk:{};gpus:{};ports:[]",
        thousandths(total.cpus().0),
        total.mem().0,
        total.disk().0,
        thousandths(total.gpus().0)
    )
}

/// How much a framework's role counts, as the master is told it; roles are named like frameworks.
fn weight(spec: &FrameworkSpec) -> String {
    format!(
        "{}={}.{:03}",
        spec.name,
        spec.weight / 1000,
        spec.weight % 1000
    )
}

/// The core's schedulers of all frameworks, by the recipe's clock.
fn frameworks(
    recipe: &Recipe,
    trace: &Trace,
    (policy, config): (&Name, Config),
    (registry, seed): (&Registry, u64),
) -> anyhow::Result<Vec<Framework>> {
    let mut frameworks = Vec::new();
    for (index, (spec, workload)) in recipe.framework.iter().zip(&trace.workloads).enumerate() {
        let id = FrameworkId(index as u32);
        let offer_policy = OfferPolicy {
            adds: false,
            ..OfferPolicy::under(config, spec.refuse)
        };
        let kind = workload.work.kind();
        // As the simulator draws.
        let mut rng = rng::stream(seed, &format!("scheduler/{index}")).into_generator();
        let scheduler = registry.scheduler_under(policy, &spec.scheduler, kind, &mut rng)?;
        frameworks.push(Framework::new(id, kind, offer_policy, scheduler));
    }
    Ok(frameworks)
}

/// Subscribes all frameworks in order and lets them live; when that began, and their jobs.
async fn live(
    args: &Args,
    plan: &Plan<'_>,
    recipe: &Recipe,
    trace: &Trace,
    frameworks: Vec<Framework>,
    (program, calibration): (PathBuf, Calibration),
) -> anyhow::Result<(u64, Vec<MeasuredJob>)> {
    let master = MasterArg::at(plan.listen.to_string());
    let mut boxes = Vec::new();
    let mut subscribed = Vec::new();
    for spec in &recipe.framework {
        let info = json!({"user": "", "name": spec.name, "role": spec.name});
        let (sender, mail) = unbounded_channel();
        boxes.push(sender);
        subscribed.push((Subscription::open(&master, &info).await?, mail));
    }
    let driver: SocketAddr = link::listen(plan.inside()?, boxes).await?;
    let burners = Burners {
        program,
        driver: driver.to_string(),
        calibration,
    };
    let pace = Pace {
        begun: Instant::now(),
        scale: args.time_scale,
    };
    let begun = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as u64;
    let done = AtomicU64::new(0);
    let parts = frameworks.into_iter().zip(&trace.workloads).zip(subscribed);
    let lives = (0..)
        .zip(parts)
        .map(|(index, ((core, workload), (subscription, mail)))| {
            let id = FrameworkId(index);
            let clock = (pace, trace.horizon);
            let live = Live::new(id, core, &workload.work, clock, burners.clone());
            let (name, done) = (&recipe.framework[index as usize].name, &done);
            async move {
                let jobs = live.run(subscription, mail, done).await;
                jobs.with_context(|| format!("framework `{name}`"))
            }
        });
    let lives = futures_util::future::try_join_all(lives);
    let total = trace.workloads.iter();
    let total: usize = total
        .map(|workload| jobs::jobs_of(&workload.work).len())
        .sum();
    tokio::select! {
        jobs = lives => Ok((begun, jobs?.into_iter().flatten().collect())),
        never = say_how_far(pace, trace.horizon, total, &done) => never,
    }
}

/// Says again and again how far a run is; it never ends by itself.
async fn say_how_far<T>(pace: Pace, horizon: Time, total: usize, done: &AtomicU64) -> T {
    let mut ticks = tokio::time::interval(SAID);
    loop {
        ticks.tick().await;
        let (passed, done) = (pace.now(), done.load(Ordering::Relaxed));
        let seconds = |time: Time| time.as_micros() / 1_000_000;
        say!(
            "{} s of the recipe's {} s have passed: {done} of {total} jobs are done",
            seconds(passed),
            seconds(horizon)
        );
    }
}
