//! `fairground gap`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_policies::time::Span;
use fairground_readers::canonical::Imports;
use fairground_workloads::say;
use fairground_workloads::trace::Trace;

use super::compare::{list, named, on_threads};
use super::flags::Flags;
use super::progress::Progress;
use super::rebase::rebase;
use super::{Ending, RecipeArgs, ReplayArgs, counted, print};
use crate::experiment::{Experiment, ExperimentError, Watcher as _};
use crate::gap::{
    GapFound, GapJob, GapLimits, GapMeasure, GapPair, GapTable, GapTrial, Perturbation, StepSizes,
    Tabled, drawn, search, shrink, told,
};
use crate::output::units;
use crate::recipe::{Loaded, Recipe};

#[derive(Debug, Args)]
pub(super) struct GapArgs {
    /// The policy that is to become the worse one
    #[arg(value_name = "A")]
    one: Name,
    /// The policy that it is to be worse than
    #[arg(value_name = "B")]
    other: Name,
    #[command(flatten)]
    recipe: RecipeArgs,
    #[command(flatten)]
    replay: ReplayArgs,
    /// By what: mean (completion time of all jobs), p95, makespan, or mean:FRAMEWORK; less is better
    #[arg(long, value_name = "MEASURE", default_value = "mean")]
    measure: String,
    /// By how many percent A is to be worse at least, as in 2.5
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percents)]
    by: f64,
    /// How far a step moves a submission; run times change by tenths, tasks, cores and GiB one by one
    #[arg(long, value_name = "SPAN", default_value = "1m")]
    step: Span,
    /// How many sets of perturbations are tried until one is found
    #[arg(long, value_name = "N", default_value_t = 2000)]
    budget: usize,
    /// The seed of the search; that of the trace is the recipe's `first_seed`
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where the table as it is and as it is perturbed go, each with its recipe, and what is printed [default: fairground-out/<name>-gap]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  fairground gap drf static --trace jobs.swf --duration 6h
  fairground gap drf 'drf[tie=last]' my.toml --measure mean:spark --by 5
  fairground gap easy-like static my.toml --measure makespan --budget 10000 --out gap
  fairground compare fairground-out/jobs-gap/recipe.toml    the same by hand

Jobs that a row of a table can say are perturbed: of one stage, with tasks that are all alike. The work of other
frameworks stays as it is.

Exit codes: 0 found, or A is worse to begin with, 1 nothing found within the budget, 2 bad usage or input";

fn percents(text: &str) -> Result<f64, String> {
    let percent: Option<f64> = text.parse().ok();
    let sensible = percent.filter(|percent| (0.0..=1e6).contains(percent));
    sensible.ok_or_else(|| "expected a percentage, as in 2.5".to_owned())
}

pub(super) fn gap(args: &GapArgs, registry: &Registry) -> anyhow::Result<Ending> {
    let mut flags = Flags::default();
    flags.took("policies", "A and B", true);
    flags.took("duration", "--duration", args.recipe.duration.is_some());
    flags.took("seeds", "the seed, which is one,", true);
    flags.only(&args.recipe.settings)?;
    if args.recipe.tasks {
        bail!("--tasks: it has no effect here, where no tables are written\n  hint: leave it out");
    }
    flags.blame(searched(args, registry))
}

/// What is known before anything is perturbed.
struct GapSubject {
    loaded: Loaded,
    experiment: Experiment,
    tabled: Tabled,
    measure: GapMeasure,
}

impl GapSubject {
    fn names(&self) -> Vec<&str> {
        names(&self.loaded.recipe)
    }
}

fn names(recipe: &Recipe) -> Vec<&str> {
    let frameworks = recipe.framework.iter();
    frameworks.map(|one| one.name.as_str()).collect()
}

/// The recipe with its two policies found, and its trace as a table.
fn opened(args: &GapArgs, registry: &Registry, progress: &Progress) -> anyhow::Result<GapSubject> {
    let mut settings = args.recipe.settings.clone();
    // The other is the baseline.
    settings.push(format!(
        "policies={}",
        list(&[args.other.clone(), args.one.clone()])
    ));
    settings.push("seeds=1".to_owned());
    let (mut loaded, mut imports, _) = named(&args.recipe, &args.replay, settings)?;
    loaded.recipe.sensitivity = None;
    loaded.recipe.measured = None;
    loaded.recipe.about = String::new();
    let measure = GapMeasure::from_name(&args.measure, &names(&loaded.recipe))
        .map_err(|error| anyhow::anyhow!("--measure: {error}"))?;
    let experiment = Experiment::load_with(&loaded, registry.clone(), &mut imports)?;
    let trace = experiment.trace(loaded.recipe.first_seed)?;
    for policy in &mut loaded.recipe.policies {
        *policy = experiment.resolve(policy, &trace, progress)?;
    }
    let table = GapTable::of(&loaded.recipe, &trace);
    for (framework, why) in &table.left {
        say!("not perturbed: {framework}: {why}");
    }
    if table.jobs.is_empty() {
        bail!(
            "{}: no job can be perturbed: expected a framework whose jobs have one stage with tasks that are all alike",
            loaded.origin
        );
    }
    let base = table.trace(&trace, &table.jobs);
    let experiment = if args.recipe.check {
        experiment.checked()
    } else {
        experiment
    };
    Ok(GapSubject {
        tabled: Tabled { base, table },
        loaded,
        experiment,
        measure,
    })
}

fn searched(args: &GapArgs, registry: &Registry) -> anyhow::Result<Ending> {
    if args.step.is_zero() {
        bail!("--step: expected a length of time, found none");
    }
    let progress = Progress::begin(false);
    let opened = on_threads(args.recipe.jobs, || opened(args, registry, &progress));
    progress.end();
    let opened = opened??;
    let recipe = &opened.loaded.recipe;
    let default = Path::new("fairground-out").join(format!("{}-gap", recipe.name));
    let out = args.out.clone().unwrap_or(default);
    refuse_foreign(&out)?;
    let [other, one] = &recipe.policies[..] else {
        bail!("expected two policies");
    };
    let trial = GapTrial {
        experiment: &opened.experiment,
        tabled: &opened.tabled,
        policies: [one, other],
        measure: &opened.measure,
        sizes: StepSizes {
            submit: args.step,
            ..StepSizes::default()
        },
        seed: recipe.first_seed,
        stop: progress.flag(),
    };
    let Some(before) = trial.pair(&[]) else {
        bail!(
            "{}: there is no job whose {} could be told",
            opened.loaded.origin,
            args.measure
        );
    };
    let mut text = head(&opened, &trial, before);
    let beyond = args.by / 100.0;
    if before.gap() > beyond {
        let _ = writeln!(
            text,
            "\n{one} is worse to begin with: there is nothing to perturb."
        );
        print(&text)?;
        return Ok(Ending::Done);
    }
    let limits = GapLimits {
        budget: args.budget,
        seed: args.seed,
        beyond,
    };
    let progress = Progress::begin(false);
    let found = on_threads(args.recipe.jobs, || {
        perturbed(&trial, before, &limits, &progress)
    });
    progress.end();
    // What was measured by runs that were given up is nothing.
    if progress.is_interrupted() {
        return Err(ExperimentError::Interrupted.into());
    }
    match found? {
        Ok((set, tries)) => {
            found_one(&mut text, &opened, &trial, (&set, &tries))?;
            written(&opened, &trial, &set, registry, &out)?;
            let recipe = out.join("recipe.toml");
            let _ = writeln!(text, "\nby hand: fairground compare {}", recipe.display());
            put(&out, FILES[4], &text)?;
            print(&text)?;
            Ok(Ending::Done)
        }
        Err(closest) => {
            let _ = writeln!(text, "\n{}", not_found(one, other, closest.as_ref()));
            print(&text)?;
            Ok(Ending::No)
        }
    }
}

fn not_found(one: &Name, other: &Name, closest: Option<&GapFound>) -> String {
    let Some(closest) = closest else {
        return "No perturbation that makes sense was drawn.".to_owned();
    };
    let tries = counted(closest.tries as u64, "set");
    format!(
        "No perturbation was found that makes {one} worse than {other}: {tries} tried; the closest, of {}, left it {}.",
        counted(closest.set.len() as u64, "change"),
        standing(closest.gap)
    )
}

/// A set that was found, and shrunk, with how it was found; or the one that came closest.
type Sought = Result<(Vec<Perturbation>, String), Option<GapFound>>;

fn perturbed(
    trial: &GapTrial<'_>,
    before: GapPair,
    limits: &GapLimits,
    progress: &Progress,
) -> Sought {
    let jobs = &trial.tabled.table.jobs;
    // Whoever leaves jobs unfinished that finish as it is wins nothing by it.
    let measured = |set: &[Perturbation]| -> Option<f64> {
        let pair = trial.pair(set)?;
        let (one, other) = (pair.unfinished, before.unfinished);
        (one.0 <= other.0 && one.1 <= other.1).then(|| pair.gap())
    };
    progress.begin_search(limits.budget as u64);
    let watch = |tries: usize, best: f64| {
        progress.reached(tries as u64, &standing(best));
        progress.stop()
    };
    let draw = |chance: &mut fairground_workloads::rng::Stream| drawn(jobs, chance);
    let found = match search(&draw, &measured, limits, &watch) {
        Some(found) if found.gap > limits.beyond => found,
        closest => return Err(closest),
    };
    let mut shrinking = 0_u64;
    let set = shrink(&found.set, &mut |set| {
        shrinking += 1;
        measured(set).is_some_and(|gap| gap > limits.beyond)
    });
    let tries = format!(
        "found as {} after {} tries, shrunk in {shrinking}",
        counted(found.set.len() as u64, "change"),
        found.tries
    );
    Ok((set, tries))
}

/// `1.25 times better`, `1.01 times worse`.
fn standing(gap: f64) -> String {
    match gap {
        _ if !gap.is_finite() => "nowhere yet".to_owned(),
        gap if gap > 0.0 => format!("{:.3} times worse", 1.0 + gap),
        gap if gap < 0.0 => format!("{:.3} times better", 1.0 / (1.0 + gap)),
        _ => "as good".to_owned(),
    }
}

/// One line of measures.
fn measures(what: &str, trial: &GapTrial<'_>, pair: GapPair) -> String {
    let [one, other] = trial.policies;
    let time = |micros: u64| units::duration(micros as f64);
    let never = match pair.unfinished {
        (0, 0) => String::new(),
        (a, b) => format!("; never finished: {a} and {b} jobs"),
    };
    format!(
        "{what:<12} {one} {}, {other} {}: {one} is {}{never}",
        time(pair.one),
        time(pair.other),
        standing(pair.gap())
    )
}

fn head(opened: &GapSubject, trial: &GapTrial<'_>, before: GapPair) -> String {
    let recipe = &opened.loaded.recipe;
    let [one, other] = trial.policies;
    let jobs = counted(trial.tabled.table.jobs.len() as u64, "job");
    let measure = opened.measure.told(&opened.names());
    let seed = recipe.first_seed;
    let mut text = format!(
        "{one} against {other} on {} (seed {seed}, {jobs} that can be perturbed), by {measure}\n\n",
        recipe.name
    );
    let _ = writeln!(text, "{}", measures("as it is", trial, before));
    text
}

fn found_one(
    text: &mut String,
    opened: &GapSubject,
    trial: &GapTrial<'_>,
    (set, tries): (&[Perturbation], &str),
) -> anyhow::Result<()> {
    let after = trial.pair(set).context("what was found")?;
    let _ = writeln!(text, "{}", measures("perturbed", trial, after));
    let least = match set.len() {
        1 => "1 change, which cannot be a step smaller".to_owned(),
        many => format!("{many} changes, none of which can be left out or be a step smaller"),
    };
    let _ = writeln!(text, "\n{least} ({tries}):");
    for line in told(&trial.tabled.table.jobs, &opened.names(), set, &trial.sizes) {
        let _ = writeln!(text, "  {line}");
    }
    Ok(())
}

/// What a folder of a gap holds.
const FILES: [&str; 5] = [
    "before.csv",
    "before.toml",
    "jobs.csv",
    "recipe.toml",
    "gap.txt",
];

/// A folder with anything else in it is somebody's.
fn refuse_foreign(out: &Path) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(out) else {
        return Ok(());
    };
    for entry in entries {
        let name = entry.context("cannot look into the folder")?.file_name();
        if !FILES.iter().any(|one| name == *one) {
            bail!(
                "{}: expected an empty folder or one of an earlier gap, found `{}` in it",
                out.display(),
                name.to_string_lossy()
            );
        }
    }
    Ok(())
}

/// Writes the table as it is and as it is perturbed, each with its recipe, and reads both again: what they say is what
/// was tried.
fn written(
    opened: &GapSubject,
    trial: &GapTrial<'_>,
    set: &[Perturbation],
    registry: &Registry,
    out: &Path,
) -> anyhow::Result<()> {
    let before = &trial.tabled.table.jobs;
    let after = trial.jobs(set).context("what was found")?;
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let [before_table, before_recipe, table, recipe, _] = FILES;
    for (jobs, table, recipe) in [
        (before, before_table, before_recipe),
        (&after, table, recipe),
    ] {
        let trace = replayable(opened, jobs, (table, recipe), registry, out)?;
        let tried = opened.tabled.table.trace(&opened.tabled.base, jobs);
        let same = trace.workloads.iter().zip(&tried.workloads);
        let same = same.into_iter().all(|(one, other)| one.work == other.work);
        if !same || trace.agents != tried.agents || trace.faults != tried.faults {
            bail!(
                "{}: what it says is not what was tried\n  hint: this is an error of Fairground: please report it",
                out.join(recipe).display()
            );
        }
    }
    Ok(())
}

fn put(out: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = out.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A table and its recipe, and the trace that is read of both.
fn replayable(
    opened: &GapSubject,
    jobs: &[GapJob],
    (table, file): (&str, &str),
    registry: &Registry,
    out: &Path,
) -> anyhow::Result<Trace> {
    let rows = opened.tabled.table.csv(&opened.names(), jobs)?;
    put(out, table, &rows)?;
    let base = rebase(opened.loaded.recipe.clone(), &opened.loaded.folder, out);
    let mut recipe = opened.tabled.table.recipe(&base, Path::new(table));
    let [other, one] = [&recipe.policies[0], &recipe.policies[1]];
    let how = if file == FILES[1] {
        "as it is"
    } else {
        "perturbed"
    };
    recipe.title = format!("{}, {how}: {one} against {other}", recipe.name);
    put(out, file, &recipe.text())?;
    let path = out.join(file);
    let loaded = Recipe::load(Some(&path), &[])?;
    let experiment = Experiment::load_with(&loaded, registry.clone(), &mut Imports::default())?;
    Ok(experiment.trace(loaded.recipe.first_seed)?)
}
