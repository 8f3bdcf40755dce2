//! What is kept of a run: the master's log, what was run, and the jobs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use fairground_policies::message::FrameworkId;
use fairground_policies::time::Time;
use fairground_workloads::measured::{MeasuredJob, RECIPE, RUN, RealRun};
use fairground_workloads::recipe::Recipe;
use fairground_workloads::{say, words};

/// Whether results may go there: a new or empty folder, or an earlier run's.
pub(super) fn refuse_foreign(out: &Path) -> anyhow::Result<()> {
    let empty = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).context(out.display().to_string()),
    };
    if empty || out.join(RUN).is_file() {
        return Ok(());
    }
    bail!(
        "--out {}: holds something else; name a new folder, or one of an earlier run",
        out.display()
    )
}

/// Writes everything into `out`, which holds all of it or what it held before.
pub(super) fn write(real: &RealRun, recipe: &Recipe, log: &Path, out: &Path) -> anyhow::Result<()> {
    let mut partial = out.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let placed = write_into(partial, real, recipe, log).and_then(|()| put(partial, out));
    if placed.is_err() {
        // What went wrong first is told; this may go wrong for the same reason.
        let _ = fs::remove_dir_all(partial);
    }
    placed
}

fn write_into(folder: &Path, real: &RealRun, recipe: &Recipe, log: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let copy = folder.join("log");
    fs::copy(log, &copy).with_context(|| format!("{} to {}", log.display(), copy.display()))?;
    let files = [
        (RUN, serde_json::to_string_pretty(real)? + "\n"),
        (RECIPE, recipe.text()),
        ("jobs.csv", table(&real.jobs)),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Puts the new folder in the place of an earlier run's.
fn put(partial: &Path, out: &Path) -> anyhow::Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| out.display().to_string())?;
    }
    fs::rename(partial, out).with_context(|| out.display().to_string())
}

/// One row a job; times in seconds of the recipe's clock.
fn table(jobs: &[MeasuredJob]) -> String {
    let mut text = "framework,job,label,tasks,submitted_s,started_s,finished_s,lost\n".to_owned();
    let at = |time: Option<Time>| time.map_or(String::new(), seconds);
    for job in jobs {
        let label = job.label.replace(['"', ',', '\n'], "_");
        writeln!(
            text,
            "{},{},{label},{},{},{},{},{}",
            job.framework.0,
            job.job.0,
            job.tasks,
            seconds(job.submitted),
            at(job.started),
            at(job.finished),
            job.lost
        )
        .expect("text can be written");
    }
    text
}

fn seconds(time: Time) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1_000_000, micros / 1000 % 1000)
}

/// Prints what became of every framework's jobs; 1 when one was not finished.
pub(super) fn print(real: &RealRun, recipe: &Recipe, out: &Path) -> anyhow::Result<ExitCode> {
    let mut text = "framework     jobs  finished  mean completion\n".to_owned();
    for (index, spec) in (0..).zip(&recipe.framework) {
        let own = |job: &&MeasuredJob| job.framework == FrameworkId(index);
        let jobs = real.jobs.iter().filter(own).count();
        let spans = real.jobs.iter().filter(own);
        let spans = spans.filter_map(|job| Some(job.finished?.since(job.submitted).as_micros()));
        let (count, sum) = spans.fold((0_u64, 0), |(count, sum), span| (count + 1, sum + span));
        let mean = match sum.checked_div(count) {
            Some(mean) => format!("{:.1} s", mean as f64 / 1e6),
            None => "-".to_owned(),
        };
        let _ = writeln!(text, "{:<12} {jobs:>5} {count:>9} {mean:>16}", spec.name);
    }
    words::print(text)?;
    say!(
        "times are the recipe's; `fairground fidelity {}` simulates the same and compares",
        out.join("log").display()
    );
    let finished = real.jobs.iter().all(|job| job.finished.is_some());
    Ok(ExitCode::from(u8::from(!finished)))
}
