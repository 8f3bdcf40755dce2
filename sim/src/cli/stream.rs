//! `fairground stream`: a run whose memory does not grow with its trace.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail};
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_policies::time::Span;
use fairground_workloads::ReadError;
use fairground_workloads::scratch::Scratch;
use fairground_workloads::sorted::Sorted;
use fairground_workloads::trace::Assumption;

use super::flags::Flags;
use super::trace::aligned;
use super::{Ending, StreamArgs, counted, print};
use crate::experiment::{Experiment, STATIC_BEST, Streamed};
use crate::output::units;
use crate::recipe::Recipe;
use crate::run::each_job;

pub(super) fn stream(args: &StreamArgs, registry: Registry) -> anyhow::Result<Ending> {
    let mut flags = Flags::default();
    flags.took("policies", "--policy", true);
    flags.took("seeds", "--seed, which is one,", true);
    flags.took("first_seed", "--seed", true);
    flags.only(&args.settings)?;
    flags.blame(streamed(args, registry))
}

fn streamed(args: &StreamArgs, registry: Registry) -> anyhow::Result<Ending> {
    if args.policy.base() == STATIC_BEST {
        bail!(
            "{STATIC_BEST} is searched for in many runs\n  hint: name the split, as in \
             'static[split=2:4:3]'"
        );
    }
    let mut settings = args.settings.clone();
    settings.push(format!("policies=[{:?}]", args.policy.to_string()));
    let step = args
        .settings
        .iter()
        .find_map(|one| one.strip_prefix("step="));
    if let Some(step) = step {
        let why = "a stream has no tables by time";
        bail!("{}", ReadError::ignored("--set step", why, step));
    }
    let loaded = Recipe::load(Some(&args.recipe), &settings)?;
    if loaded.recipe.tasks {
        let error = ReadError::ignored("`tasks`", "a stream keeps no row a task", "true");
        let hint = "leave it out, or add --set tasks=false";
        bail!("{}: {}", loaded.origin, error.hint(hint));
    }
    let experiment = Experiment::open(&loaded, registry)?;
    let unwritten = |path: &Path| format!("{} cannot be written", path.display());
    // A file that cannot be written is told of before a long run, not after it.
    let rows = match &args.rows {
        Some(path) => {
            let mut file = None;
            let made = Scratch::new(|| {
                file = Some(File::create(path)?);
                Ok(path.clone())
            });
            Some((path, made.with_context(|| unwritten(path))?, file))
        }
        None => None,
    };
    let streamed = experiment.stream(&args.policy, args.seed)?;
    print(&told(experiment.recipe(), &args.policy, &streamed)?)?;
    if let Some((path, made, Some(file))) = rows {
        write_rows(file, experiment.recipe(), &streamed).with_context(|| unwritten(path))?;
        made.keep();
    }
    Ok(Ending::Done)
}

fn write_rows(file: File, recipe: &Recipe, streamed: &Streamed) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(file);
    let columns = [
        "framework",
        "job",
        "label",
        "submitted_us",
        "started_us",
        "finished_us",
        "completion_us",
        "tasks",
        "lost",
    ];
    writer.write_record(columns)?;
    each_job(&streamed.run.jobs, &streamed.lines, |row| {
        writer.serialize((
            &recipe.framework[row.framework.index()].name,
            row.job,
            row.label,
            row.came.then_some(row.submitted),
            row.started,
            row.finished,
            row.completion().map(Span::as_micros),
            row.tasks,
            row.lost,
        ))?;
        anyhow::Ok(())
    })?;
    Ok(writer.flush()?)
}

/// What a row says of the times of a framework's jobs, in thousandths of those that finished.
const RANKS: [(&str, u64); 4] = [("p50", 500), ("p95", 950), ("p99", 990), ("longest", 1000)];

/// The table of frameworks, and what identifies the run.
fn told(recipe: &Recipe, policy: &Name, streamed: &Streamed) -> anyhow::Result<String> {
    let run = &streamed.run;
    let mut times = Sorted::by(|time: &(u32, u64)| (time.0.into(), time.1));
    each_job(&run.jobs, &streamed.lines, |row| match row.completion() {
        Some(span) => times.push((row.framework.0, span.as_micros()), 1),
        None => Ok(()),
    })?;
    times.finish()?;
    let mut sorted = times.rows();
    let columns = [
        "framework",
        "jobs",
        "finished",
        "impossible",
        "tasks",
        "mean",
    ]
    .into_iter();
    let columns = columns.chain(RANKS.map(|(name, _)| name));
    let mut table: Vec<Vec<String>> = vec![columns.map(str::to_owned).collect()];
    for (framework, page) in recipe.framework.iter().zip(&run.frameworks) {
        let (mut sum, mut ranked) = (0_u128, Vec::new());
        for at in 1..=page.finished {
            let Some(time) = sorted.next() else { break };
            let (_, time) = time?;
            sum += u128::from(time);
            // The nearest rank: the first with at least so large a part at or below it.
            let due = |rank: u64| (page.finished * rank).div_ceil(1000).max(1);
            while let Some((_, rank)) = RANKS.get(ranked.len())
                && due(*rank) == at
            {
                ranked.push(units::duration(time as f64));
            }
        }
        let mean = sum.checked_div(page.finished.into());
        let mut row = vec![
            framework.name.clone(),
            page.jobs.to_string(),
            page.finished.to_string(),
            page.impossible.to_string(),
            page.tasks_finished.to_string(),
            mean.map_or_else(|| "-".to_owned(), |mean| units::duration(mean as f64)),
        ];
        ranked.resize(RANKS.len(), "-".to_owned());
        row.extend(ranked);
        table.push(row);
    }
    let mut text = aligned(&table, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let _ = writeln!(
        text,
        "\n{policy} with seed {}: {} events, over after {}{}\ndigest {}",
        run.seed,
        run.totals.events,
        units::duration(run.totals.end.as_micros() as f64),
        if run.totals.stalled { ", stalled" } else { "" },
        run.digest
    );
    for (framework, page) in recipe.framework.iter().zip(&run.frameworks) {
        if page.unsubmitted > 0 {
            let (jobs, name) = (counted(page.unsubmitted, "job"), &framework.name);
            let _ = writeln!(
                text,
                "{name}: {jobs} never submitted: what they wait for never ended"
            );
        }
    }
    for (framework, page) in recipe.framework.iter().zip(&run.frameworks) {
        if page.due > 0 {
            let (late, name) = (page.due - page.on_time, &framework.name);
            let jobs = counted(page.due, "job");
            let _ = writeln!(text, "{name}: {late} late of {jobs} with a deadline");
        }
    }
    text += "\nassumed\n";
    for (framework, Assumption { about, model }) in &streamed.assumptions {
        let whose = framework.map_or("all", |id| recipe.framework[id.index()].name.as_str());
        let _ = writeln!(text, "  {whose}: {about}: {model}");
    }
    Ok(text)
}
