//! `fairground compare` and `fairground run`.

use std::fmt::Write as _;
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_readers::canonical::Imports;
use fairground_readers::formats::ReadAs;
use fairground_workloads::feedback::Feedback;
use fairground_workloads::say;
use fairground_workloads::trace::{Trace, Work};

use super::flags::Flags;
use super::progress::Progress;
use super::rebase::{rebase, rename_inputs};
use super::{CompareArgs, Ending, RecipeArgs, ReplayArgs, RunArgs, print};
use crate::experiment::{Experiment, STATIC_BEST, schedulers_told};
use crate::output::{self, Changes, Options};
use crate::recipe::{Loaded, Recipe};
use crate::replay::{Replay, Replayed};
use crate::run::Comparison;

pub(super) fn compare(args: CompareArgs, registry: Registry) -> anyhow::Result<Ending> {
    let mut flags = Flags::default();
    flags.took("policies", "--policies", !args.policies.is_empty());
    flags.took("duration", "--duration", args.recipe.duration.is_some());
    flags.took("seeds", "--seeds", args.seeds.is_some());
    flags.took("tasks", "--tasks", args.recipe.tasks);
    flags.only(&args.recipe.settings)?;
    flags.blame(compared(args, registry))
}

fn compared(args: CompareArgs, registry: Registry) -> anyhow::Result<Ending> {
    let mut settings = args.recipe.settings.clone();
    if !args.policies.is_empty() {
        settings.push(format!("policies={}", list(&args.policies)));
    }
    settings.extend(args.seeds.map(|seeds| format!("seeds={seeds}")));
    settings.extend(args.recipe.tasks.then(|| "tasks=true".to_owned()));
    let traces = !args.replay.traces.is_empty();
    let (mut loaded, mut imports, replayed) = named(&args.recipe, &args.replay, settings)?;
    let out = args.out.unwrap_or_else(|| default_out(&loaded.recipe.name));
    let mut experiment = experiment(&loaded, registry, &args.recipe, &mut imports)?;
    drop(imports);
    let mut announced = None;
    if let Some(replayed) = replayed {
        // What settings changed is no longer what was announced.
        announced = replayed
            .jobs
            .filter(|_| replayed.about.holds(&loaded.recipe));
        // Who says something else of it with --set has said it.
        if loaded.recipe.about.is_empty() {
            loaded.recipe.about = replayed.about.of(&experiment, &args.recipe.settings)?;
            experiment = experiment.about(&loaded.recipe.about);
        }
    }
    if args.dry_run {
        let plan = plan(&experiment, &loaded, &out)?;
        if traces {
            // The recipe is what people want to keep.
            say!("{}", plan.trim_end());
            print(&loaded.recipe.text())?;
        } else {
            print(&plan)?;
        }
        return Ok(Ending::Done);
    }
    perform(&experiment, &loaded, &args.recipe, &out, announced)
}

pub(super) fn run(args: RunArgs, registry: Registry) -> anyhow::Result<Ending> {
    let mut flags = Flags::default();
    flags.took("policies", "--policy", true);
    flags.took("duration", "--duration", args.recipe.duration.is_some());
    flags.took("seeds", "--seed, which is one,", true);
    flags.took("first_seed", "--seed", true);
    flags.took("tasks", "--tasks", args.recipe.tasks);
    flags.only(&args.recipe.settings)?;
    flags.blame(ran(args, registry))
}

fn ran(args: RunArgs, registry: Registry) -> anyhow::Result<Ending> {
    let mut settings = args.recipe.settings.clone();
    settings.push(format!("policies={}", list(&[args.policy])));
    settings.push("seeds=1".to_owned());
    settings.push(format!("first_seed={}", args.seed));
    settings.extend(args.recipe.tasks.then(|| "tasks=true".to_owned()));
    let loaded = load(&args.recipe, settings)?;
    let out = args
        .out
        .unwrap_or_else(|| default_out(&format!("{}-run", loaded.recipe.name)));
    let experiment = experiment(&loaded, registry, &args.recipe, &mut Imports::default())?;
    perform(&experiment, &loaded, &args.recipe, &out, None)
}

/// What is named: a recipe, or traces in place of one, with what was read of them.
pub(super) fn named(
    args: &RecipeArgs,
    replay: &ReplayArgs,
    settings: Vec<String>,
) -> anyhow::Result<(Loaded, Imports, Option<Replayed>)> {
    if replay.traces.is_empty() {
        return Ok((load(args, settings)?, Imports::default(), None));
    }
    let (loaded, mut replayed) = replayed(replay, args, &settings)?;
    let imports = mem::take(&mut replayed.imports);
    Ok((loaded, imports, Some(replayed)))
}

/// The recipe that the traces make, with settings.
fn replayed(
    asked: &ReplayArgs,
    args: &RecipeArgs,
    settings: &[String],
) -> anyhow::Result<(Loaded, Replayed)> {
    let replay = Replay {
        traces: asked.traces.clone(),
        read: ReadAs {
            format: asked.format,
            columns: asked.columns.clone().unwrap_or_default(),
        },
        from: asked.from,
        sample: asked.sample.unwrap_or(1000),
        interarrival: asked.interarrival.unwrap_or(1000),
        duration: args.duration,
        tenants: asked.tenants.map(usize::from),
        load: asked.load,
        feedback: asked.feedback,
    };
    let replayed = replay.recipe()?;
    let made = &replayed.recipe;
    let origin = "the recipe of the traces".to_owned();
    let mut loaded = Recipe::of_text(&made.text(), settings, origin, PathBuf::from("."))?;
    let recipe = &mut loaded.recipe;
    if recipe.policies != made.policies && recipe.title == made.title {
        let policies: Vec<String> = recipe.policies.iter().map(Name::to_string).collect();
        recipe.title = format!("{}: {}", made.name, policies.join(", "));
    }
    Ok((loaded, replayed))
}

fn load(args: &RecipeArgs, mut settings: Vec<String>) -> anyhow::Result<Loaded> {
    settings.extend(
        args.duration
            .as_ref()
            .map(|span| format!("duration=\"{span}\"")),
    );
    Ok(Recipe::load(args.recipe.as_deref(), &settings)?)
}

fn experiment(
    loaded: &Loaded,
    registry: Registry,
    args: &RecipeArgs,
    imports: &mut Imports,
) -> anyhow::Result<Experiment> {
    let experiment = Experiment::load_with(loaded, registry, imports)?;
    Ok(if args.check {
        experiment.checked()
    } else {
        experiment
    })
}

/// Runs, writes and tells. Every run must have as many jobs as were announced.
fn perform(
    experiment: &Experiment,
    loaded: &Loaded,
    args: &RecipeArgs,
    out: &Path,
    announced: Option<u64>,
) -> anyhow::Result<Ending> {
    output::refuse_foreign(out)?;
    let progress = Progress::begin(true);
    let comparison = on_threads(args.jobs, || experiment.compare(&progress))?;
    progress.end();
    let mut comparison = comparison?;
    if let Some(announced) = announced {
        check_announced(&comparison, announced)?;
    }
    if let Some(why) = experiment.impossible(&comparison)? {
        bail!("{}: {why}", loaded.origin);
    }
    let moved = rebase(loaded.recipe.clone(), &loaded.folder, out);
    rename_inputs(&mut comparison.inputs, &loaded.recipe, &moved);
    comparison.recipe = moved.text();
    let written = output::write(&comparison, out, Options::default())?;
    tell(&comparison, &written.report)?;
    Ok(if progress.is_interrupted() {
        Ending::Interrupted
    } else {
        Ending::Done
    })
}

/// A replay has the jobs that it was said to have, under every policy and with every seed.
fn check_announced(comparison: &Comparison, announced: u64) -> anyhow::Result<()> {
    for policy in &comparison.policies {
        for run in &policy.runs {
            let rows = run.frameworks.iter();
            let found: u64 = rows.map(|row| row.jobs + row.unsubmitted).sum();
            if found != announced {
                bail!(
                    "{} with seed {}: {announced} jobs were announced and {found} were \
                     found\n  hint: this is an error of Fairground: please report it",
                    policy.name,
                    run.seed
                );
            }
        }
    }
    Ok(())
}

/// Runs `work` on `jobs` threads, or on all cores.
pub(super) fn on_threads<T: Send>(
    jobs: Option<u16>,
    work: impl FnOnce() -> T + Send,
) -> anyhow::Result<T> {
    let threads = jobs.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    Ok(pool.context("cannot start threads")?.install(work))
}

fn tell(comparison: &Comparison, report: &Path) -> anyhow::Result<()> {
    for warning in &comparison.warnings {
        say!("warning: {warning}");
    }
    let mut text = Changes::of(comparison).to_text();
    for policy in comparison
        .policies
        .iter()
        .filter(|policy| policy.resolved != policy.name)
    {
        let _ = writeln!(text, "{} was {}.", policy.name, policy.resolved);
    }
    let _ = writeln!(text, "\nreport: {}", report.display());
    print(&text)
}

fn default_out(name: &str) -> PathBuf {
    Path::new("fairground-out").join(name)
}

/// A list of names as TOML.
pub(super) fn list(names: &[Name]) -> String {
    let text = |name: &Name| format!("{:?}", name.to_string());
    let quoted: Vec<String> = names.iter().map(text).collect();
    format!("[{}]", quoted.join(", "))
}

/// What would be run, in words.
fn plan(experiment: &Experiment, loaded: &Loaded, out: &Path) -> anyhow::Result<String> {
    let recipe = experiment.recipe();
    let trace = experiment.trace(recipe.first_seed)?;
    let mut text = format!("{} ({})\n", recipe.name, loaded.origin);
    if !recipe.title.is_empty() {
        let _ = writeln!(text, "{}", recipe.title);
    }
    let total = trace
        .agents
        .iter()
        .copied()
        .sum::<fairground_policies::resources::Resources>();
    let _ = writeln!(
        text,
        "\ncluster     {} agents, {total} MiB",
        trace.agents.len()
    );
    let _ = writeln!(text, "duration    {}", recipe.duration);
    let _ = writeln!(text, "failures    {} in the first seed", trace.faults.len());
    for role in recipe.roles() {
        let _ = writeln!(text, "role        {}: {}", role.path, role.told());
    }
    for (i, framework) in recipe.framework.iter().enumerate() {
        let _ = writeln!(
            text,
            "framework   {} ({}), share {}, weight {}{}, scheduler {}: {}",
            framework.name,
            framework.workload.name(),
            framework.share,
            f64::from(framework.weight) / 1000.0,
            match &framework.role {
                Some(role) => format!(" in {role}"),
                None => String::new(),
            },
            schedulers_told(
                &recipe.policies,
                &framework.scheduler,
                &trace.workloads[i].work
            ),
            amount(&trace, i)
        );
    }
    let policies: Vec<String> = recipe.policies.iter().map(ToString::to_string).collect();
    let _ = writeln!(text, "policies    {}", policies.join(", "));
    let last = recipe.first_seed + u64::from(recipe.seeds) - 1;
    let _ = writeln!(
        text,
        "seeds       {} ({} to {last})",
        recipe.seeds, recipe.first_seed
    );
    let runs = u64::from(recipe.seeds) * recipe.policies.len() as u64;
    let searched = recipe
        .policies
        .iter()
        .any(|policy| policy.base() == STATIC_BEST);
    let search = if searched {
        ", and those that search for a split"
    } else {
        ""
    };
    let _ = writeln!(text, "runs        {runs}{search}");
    let _ = writeln!(text, "results     {}", out.display());
    Ok(text)
}

fn amount(trace: &Trace, framework: usize) -> String {
    match &trace.workloads[framework].work {
        Work::Batch(jobs) | Work::Executors { jobs, .. } => {
            if let Some(Feedback::Users(users)) = jobs.feedback().map(AsRef::as_ref) {
                let (users, most) = (users.count(), jobs.len());
                return format!("{users} users, at most {most} jobs in the first seed");
            }
            let tasks: u64 = jobs.iter().map(|job| job.spec.tasks()).sum();
            format!("{} jobs, {tasks} tasks in the first seed", jobs.len())
        }
        Work::Service(service) => {
            let requests: u64 = service.load.iter().sum();
            format!("{requests} requests in the first seed")
        }
    }
}
