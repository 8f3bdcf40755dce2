//! `fairground trace stat` of a canonical trace: what it looks like, in words and as a picture.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use fairground_workloads::canonical::Opened;
use fairground_workloads::canonical::profile::{KINDS, PARTS, Profile, Spread};
use fairground_workloads::canonical::tables::Unknown;
use fairground_workloads::say;

use super::trace::aligned;
use super::{counted, form, print};
use crate::output::plots;

/// How many demands and tenants are listed.
const LISTED: usize = 10;

/// Tells about a trace, and draws it if there is a file to draw into.
pub(super) fn profile(
    folder: &Path,
    cluster: Option<&Path>,
    plot: Option<&Path>,
) -> anyhow::Result<()> {
    let trace = Opened::open(folder)?;
    let cluster = match cluster {
        Some(folder) => Opened::open(folder)?,
        None => trace.clone(),
    };
    if cluster.manifest.units.cpus != trace.manifest.units.cpus {
        bail!(
            "the cluster counts in {}, the trace in {}",
            cluster.manifest.units.cpus,
            trace.manifest.units.cpus
        );
    }
    let profile = Profile::of(&trace, &cluster)?;
    form::show(&trace.manifest)?;
    print(&told(&profile))?;
    if let Some(path) = plot {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        let figure = plots::trace(&profile, &name.to_string_lossy())?;
        let picture = match path.extension().and_then(|end| end.to_str()) {
            Some("svg") => figure.svg.into_bytes(),
            Some("png") => plots::to_png(&figure)?,
            _ => bail!(
                "{}: the name of a picture ends with .svg or .png",
                path.display()
            ),
        };
        std::fs::write(path, picture)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
        say!("{}: drawn", path.display());
    }
    Ok(())
}

fn told(profile: &Profile) -> String {
    let mut text = String::from("\n");
    if let Some((first, last)) = profile.span {
        let seconds = (last - first) as f64 / 1e6;
        let _ = writeln!(text, "arrivals: over {seconds:.0} s");
        for (what, counts) in [("jobs", &profile.arrivals), ("requests", &profile.requests)] {
            let all: u64 = counts.iter().sum();
            if all > 0 && last > first {
                let most = counts.iter().max().copied().unwrap_or(0);
                let most = most as f64 / (profile.part_length() as f64 / 1e6);
                let mean = all as f64 / seconds;
                let _ = writeln!(
                    text,
                    "{what} a second: {mean:.4}, at most {most:.4} in 1/{PARTS} of the time"
                );
            }
        }
    }
    for (kind, name) in KINDS.iter().enumerate() {
        if let Some((mean, parts)) = profile.offered(kind) {
            let most = parts.into_iter().fold(0.0, f64::max);
            let machines = counted(profile.machines, "machine");
            let _ = writeln!(
                text,
                "offered load of {name}: {mean:.4} of {machines}, at most {most:.4} in 1/{PARTS}"
            );
        }
    }
    if profile.endless > 0 {
        let tasks = counted(profile.endless, "task");
        let _ = writeln!(text, "without run time: {tasks}, counted as no work");
    }
    for (why, count) in &profile.unknown {
        let tasks = counted(*count, "task");
        let _ = match why {
            Unknown::Unstarted => writeln!(text, "never started: {tasks}, left out below"),
            Unknown::Damaged => writeln!(text, "damaged run time: {tasks}, counted as no work"),
            Unknown::Censored => writeln!(
                text,
                "still running at the end, or before the beginning: {tasks}, counted as what the trace \
                 holds of them"
            ),
        };
    }
    for table in [spreads(profile), demands(profile), tenants(profile)] {
        if table.len() > 1 {
            let numbers: Vec<usize> = (1..table[0].len()).collect();
            text.push('\n');
            text += &aligned(&table, &numbers);
        }
    }
    text
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

/// How run times, demands and work are spread.
fn spreads(profile: &Profile) -> Vec<Vec<String>> {
    let mut table = vec![words([
        "of",
        "n",
        "min",
        "p50",
        "p95",
        "p99",
        "max",
        "top_1%_has",
    ])];
    let mut row = |name: &str, spread: &Spread, unit: f64| {
        if spread.n == 0 || spread.max == 0 {
            return;
        }
        let mut cells = vec![name.to_owned(), spread.n.to_string()];
        let [p50, p95, p99] = [500, 950, 990].map(|at| spread.quantile(at));
        for value in [spread.min, p50, p95, p99, spread.max] {
            cells.push(four_digits(value as f64 / unit));
        }
        cells.push(format!("{:.1} %", 100.0 * spread.share_of_largest(0.01)));
        table.push(cells);
    };
    row("task_run_s", &profile.run, 1e6);
    for (kind, name) in KINDS.iter().enumerate() {
        row(&format!("task_{name}"), &profile.demand[kind], 1.0);
    }
    let work = format!("job_{}_x_s", KINDS[profile.main_kind()]);
    row(&work, &profile.jobs, 1e6);
    table
}

/// Four digits that count, without an exponent.
fn four_digits(value: f64) -> String {
    let decimals = match value {
        value if value >= 1000.0 || value <= 0.0 => 0,
        value if value >= 100.0 => 1,
        value if value >= 10.0 => 2,
        value if value >= 1.0 => 3,
        _ => 6,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// The most frequent demands.
fn demands(profile: &Profile) -> Vec<Vec<String>> {
    let tasks: u64 = profile.demands.iter().map(|(_, count)| count).sum();
    let mut table = vec![words([
        "demand", "cpus", "memory", "gpus", "tasks", "share",
    ])];
    for (number, (demand, count)) in profile.demands.iter().take(LISTED).enumerate() {
        let mut cells = vec![format!("{}", number + 1)];
        cells.extend(demand.map(|amount| amount.map_or("-".to_owned(), |n| n.to_string())));
        cells.push(count.to_string());
        cells.push(format!(
            "{:.1} %",
            100.0 * *count as f64 / tasks.max(1) as f64
        ));
        table.push(cells);
    }
    table
}

/// The tenants with the most work.
fn tenants(profile: &Profile) -> Vec<Vec<String>> {
    let kind = profile.main_kind();
    let all: u128 = profile.tenants.iter().map(|share| share.work[kind]).sum();
    let mut table = vec![words(["tenant", "jobs", "tasks", "work"])];
    for share in profile.tenants.iter().take(LISTED) {
        let name = if share.name.is_empty() {
            "-"
        } else {
            &share.name
        };
        let part = 100.0 * share.work[kind] as f64 / all.max(1) as f64;
        table.push(vec![
            name.to_owned(),
            share.jobs.to_string(),
            share.tasks.to_string(),
            format!("{part:.1} %"),
        ]);
    }
    table
}
