//! The tables of a comparison: every column, its unit, its meaning.
//!
//! Tidy data: one row one observation, policy and seed in every row, so that any tool can group.

mod changes;
mod summary;
mod tasks;

pub use changes::{GainOf, gains};
pub use summary::{Summary, summary};
pub use tasks::tasks;

use fairground_policies::message::FrameworkId;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};

use super::comparison::Changes;
use super::table::Table;
use crate::run::{Comparison, HostRow, JobRow, Run, ServiceRow, UsageRow};

/// A row of a run with what it belongs to.
pub struct Of<'a, T> {
    policy: &'a str,
    seed: u64,
    framework: &'a str,
    capacity: Resources,
    row: T,
}

/// A run with its policy.
pub struct RunOf<'a> {
    policy: &'a str,
    resolved: &'a str,
    run: &'a Run,
}

fn rows<'a, T, I: IntoIterator<Item = T>>(
    comparison: &'a Comparison,
    of_run: impl Fn(&'a Run) -> I,
    framework: fn(&T) -> FrameworkId,
) -> Vec<Of<'a, T>> {
    let runs = comparison
        .policies
        .iter()
        .flat_map(|policy| policy.runs.iter().map(move |run| (policy, run)));
    runs.flat_map(|(policy, run)| {
        of_run(run).into_iter().map(move |row| Of {
            policy: &policy.name,
            seed: run.seed,
            framework: name(comparison, framework(&row).0 as usize),
            capacity: comparison.capacity,
            row,
        })
    })
    .collect()
}

fn name(comparison: &Comparison, framework: usize) -> &str {
    comparison
        .frameworks
        .get(framework)
        .map_or("", |info| info.name.as_str())
}

fn keyed<T>(table: Table<Of<'_, T>>) -> Table<Of<'_, T>> {
    table
        .text("policy", "name of the policy as asked for", |r| {
            r.policy.into()
        })
        .int("seed", "", "seed of the trace", |r| r.seed.into())
        .text("framework", "name of the framework", |r| r.framework.into())
}

/// One row a job.
pub fn jobs(comparison: &Comparison) -> Table<Of<'_, JobRow<'_>>> {
    let doc = "One row is one job in one run.";
    let rows = rows(comparison, |run| run.jobs.iter(), |row| row.framework);
    keyed(Table::new("jobs", doc, rows))
        .int("job", "", "number of the job within its framework", |r| {
            r.row.job.0.into()
        })
        .text("label", "the source's own name, or the kind of job", |r| {
            r.row.label.into()
        })
        .int(
            "submitted_us",
            "µs",
            "when it was submitted; empty if it never was",
            |r| {
                let submitted = r.row.came.then(|| r.row.submitted.as_micros());
                submitted.into()
            },
        )
        .int(
            "started_us",
            "µs",
            "when its first task started; empty if none did",
            |r| r.row.started.map(Time::as_micros).into(),
        )
        .int(
            "finished_us",
            "µs",
            "when its framework heard that its last task had ended; empty if it did not",
            |r| r.row.finished.map(Time::as_micros).into(),
        )
        .int(
            "completion_us",
            "µs",
            "from submission until then",
            |r| r.row.completion().map(Span::as_micros).into(),
        )
        .int("tasks", "", "tasks it has", |r| r.row.tasks.into())
        .int(
            "lost",
            "",
            "attempts at its tasks, inside executors too, that were lost or killed, as its framework heard: those that \
             never started are in it",
            |r| r.row.lost.into(),
        )
}

/// One row a framework and time step.
pub fn usage(comparison: &Comparison) -> Table<Of<'_, &UsageRow>> {
    let doc = "One row is what one framework used during one time step of one run, on average.";
    let rows = rows(comparison, |run| &run.usage, |row| row.framework);
    keyed(Table::new("usage", doc, rows))
        .int("start_us", "µs", "when the step begins", |r| {
            r.row.start.as_micros().into()
        })
        .int("cpus_millicores", "millicores", "running", |r| {
            r.row.running.cpus().0.into()
        })
        .int("mem_mib", "MiB", "running", |r| {
            r.row.running.mem().0.into()
        })
        .int("disk_mib", "MiB", "running", |r| {
            r.row.running.disk().0.into()
        })
        .int(
            "gpus_milligpus",
            "thousandths of a device",
            "running",
            |r| r.row.running.gpus().0.into(),
        )
        .int(
            "offered_cpus_millicores",
            "millicores",
            "in offers not answered; nothing of shared ones",
            |r| r.row.offered.cpus().0.into(),
        )
        .int(
            "offered_mem_mib",
            "MiB",
            "in offers not answered; nothing of shared ones",
            |r| r.row.offered.mem().0.into(),
        )
        .int(
            "dominant_share_ppm",
            "ppm",
            "largest share over all kinds of resource, running",
            |r| {
                r.row
                    .running
                    .dominant_share(r.capacity)
                    .parts_per_million()
                    .into()
            },
        )
        .int(
            "used_cpus_millicores",
            "millicores",
            "what running tasks worked on; empty where that is not known",
            |r| r.row.used.into(),
        )
}

/// One row a service and time step.
pub fn services(comparison: &Comparison) -> Table<Of<'_, &ServiceRow>> {
    let doc = "One row is how one service did during one time step of one run.";
    let rows = rows(comparison, |run| &run.services, |row| row.framework);
    keyed(Table::new("services", doc, rows))
        .int("start_us", "µs", "when the step begins", |r| {
            r.row.start.as_micros().into()
        })
        .int("requests", "", "requests that arrived", |r| {
            r.row.requests.into()
        })
        .int(
            "instances_thousandths",
            "thousandths",
            "instances that served, on average",
            |r| r.row.instances.into(),
        )
        .int(
            "backlog",
            "",
            "requests still waiting at the end of the step",
            |r| r.row.backlog.into(),
        )
        .int(
            "missed",
            "",
            "requests answered later than the objective, or never",
            |r| r.row.missed.into(),
        )
        .int(
            "latency_p50_us",
            "µs",
            "median response time of the requests that arrived; empty if none did",
            |r| latency(r.row, r.row.latency_p50).into(),
        )
        .int("latency_p95_us", "µs", "95th percentile of it", |r| {
            latency(r.row, r.row.latency_p95).into()
        })
        .int("latency_p99_us", "µs", "99th percentile of it", |r| {
            latency(r.row, r.row.latency_p99).into()
        })
}

/// No request has no response time.
fn latency(row: &ServiceRow, latency: Span) -> Option<u64> {
    (row.requests > 0).then_some(latency.as_micros())
}

/// One row an agent, time step and framework that ran something there.
pub fn hosts(comparison: &Comparison) -> Table<Of<'_, &HostRow>> {
    let doc = "One row is how much of one agent one framework used during one time step of one \
               run; idle agents have no row.";
    let rows = rows(comparison, |run| &run.hosts, |row| row.framework);
    keyed(Table::new("hosts", doc, rows))
        .int("start_us", "µs", "when the step begins", |r| {
            r.row.start.as_micros().into()
        })
        .int("agent", "", "number of the agent", |r| r.row.agent.0.into())
        .int(
            "share_ppm",
            "ppm",
            "dominant share of the agent in use, averaged",
            |r| r.row.share.into(),
        )
}

/// One row a run: its digest and totals.
pub fn digests(comparison: &Comparison) -> Table<RunOf<'_>> {
    let mut all = Vec::new();
    for policy in &comparison.policies {
        all.extend(policy.runs.iter().map(|run| RunOf {
            policy: &policy.name,
            resolved: &policy.resolved,
            run,
        }));
    }
    Table::new("digests", "One row is one run.", all)
        .text("policy", "name of the policy as asked for", |r| {
            r.policy.into()
        })
        .text("resolved", "the policy with every parameter, as run", |r| {
            r.resolved.into()
        })
        .int("seed", "", "seed of the trace", |r| r.run.seed.into())
        .text(
            "digest",
            "BLAKE3 over every event, action and row of the run",
            |r| r.run.digest.as_str().into(),
        )
        .int("events", "", "events the master was told", |r| {
            r.run.totals.events.into()
        })
        .int("actions", "", "actions the master ordered", |r| {
            r.run.totals.actions.into()
        })
        .int("end_us", "µs", "when the last thing happened", |r| {
            r.run.totals.end.as_micros().into()
        })
        .int(
            "stalled",
            "",
            "1 if jobs waited although nothing could happen any more",
            |r| u32::from(r.run.totals.stalled).into(),
        )
}

/// The page that documents every column, for `results/COLUMNS.md`.
pub fn columns_page() -> String {
    let nothing = Comparison {
        about: String::new(),
        name: String::new(),
        title: String::new(),
        recipe: String::new(),
        capacity: Resources::ZERO,
        agents: 0,
        horizon: Span::ZERO,
        step: Span::ZERO,
        host_step: Span::ZERO,
        seeds: Vec::new(),
        frameworks: Vec::new(),
        policies: Vec::new(),
        assumptions: Vec::new(),
        inputs: Vec::new(),
        warnings: Vec::new(),
        sheets: Vec::new(),
        measured: None,
    };
    let none = Changes::of(&nothing);
    let sections = [
        summary(&nothing).to_markdown(),
        gains(&none).to_markdown(),
        jobs(&nothing).to_markdown(),
        usage(&nothing).to_markdown(),
        services(&nothing).to_markdown(),
        hosts(&nothing).to_markdown(),
        tasks(&nothing).to_markdown(),
        digests(&nothing).to_markdown(),
    ];
    format!(
        "# Columns\n\n\
         What every table in a result folder holds. Whole numbers throughout: µs are microseconds, \
         ppm parts of a million. Every table is a Parquet file, whatever its size, in which numbers \
         are 64-bit integers and what there is nothing to say of is null. `summary`, `gains` and \
         `digests` are CSV files as well, for people: a field is empty there for a null. This page is \
         generated: `UPDATE_EXPECT=1 cargo test -p fairground-sim --test output_tables` rewrites \
         it.\n\n{}\n{}",
        sections.join("\n"),
        changes::METHOD
    )
}
