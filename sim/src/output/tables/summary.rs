//! Totals: one row a policy, seed and framework.
//!
//! The engine's own counters beside the statistics that most questions start with.

use fairground_policies::resources::{Kind, Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;

use super::{Of, name};
use crate::output::observed::completions;
use crate::output::stats;
use crate::output::table::Table;
use crate::run::{Comparison, FrameworkRow};

/// A framework's totals and the statistics over its jobs.
pub struct Summary<'a> {
    of: Of<'a, &'a FrameworkRow>,
    mean: Option<u64>,
    p50: Option<u64>,
    p95: Option<u64>,
    /// Whether it serves requests.
    service: bool,
}

/// Totals, one row a policy, seed and framework.
pub fn summary(comparison: &Comparison) -> Table<Summary<'_>> {
    let mut all = Vec::new();
    for policy in &comparison.policies {
        for run in &policy.runs {
            for (framework, row) in run.frameworks.iter().enumerate() {
                let times = completions(run, framework);
                all.push(Summary {
                    of: Of {
                        policy: &policy.name,
                        seed: run.seed,
                        framework: name(comparison, framework),
                        capacity: comparison.capacity,
                        row,
                    },
                    mean: stats::mean_whole(&times),
                    p50: stats::percentile(&times, 500),
                    p95: stats::percentile(&times, 950),
                    service: comparison
                        .frameworks
                        .get(framework)
                        .is_some_and(|info| info.service),
                });
            }
        }
    }
    let due = all.iter().any(|row| row.of.row.due > 0);
    let preempted = all.iter().any(|row| row.of.row.tasks_preempted > 0);
    let about = "One row is one framework in one run: its totals.";
    let table = summary_counts(Table::new("summary", about, all));
    let table = summary_use(summary_service(summary_tasks(table)));
    let table = if due { summary_deadlines(table) } else { table };
    if !preempted {
        return table;
    }
    table.int(
        "tasks_preempted",
        "",
        "tasks taken back by the policy for others; only where any was",
        |r| r.of.row.tasks_preempted.into(),
    )
}

fn summary_counts(table: Table<Summary<'_>>) -> Table<Summary<'_>> {
    table
        .text("policy", "name of the policy as asked for", |r| {
            r.of.policy.into()
        })
        .int("seed", "", "seed of the trace", |r| r.of.seed.into())
        .text("framework", "name of the framework", |r| {
            r.of.framework.into()
        })
        .int(
            "jobs",
            "",
            "jobs submitted: those of the table `jobs` that have a time of submission",
            |r| r.of.row.jobs.into(),
        )
        .int("finished", "", "jobs with all their tasks done", |r| {
            r.of.row.finished.into()
        })
        .int(
            "impossible",
            "",
            "jobs with a task larger than every agent they may use",
            |r| r.of.row.impossible.into(),
        )
        .int(
            "completion_mean_us",
            "µs",
            "mean time from submission to end, finished jobs",
            |r| r.mean.into(),
        )
        .int(
            "completion_p50_us",
            "µs",
            "median of it, nearest rank",
            |r| r.p50.into(),
        )
        .int(
            "completion_p95_us",
            "µs",
            "95th percentile of it, nearest rank",
            |r| r.p95.into(),
        )
}

fn summary_tasks(table: Table<Summary<'_>>) -> Table<Summary<'_>> {
    table
        .int("launched", "", "tasks launched on agents", |r| {
            r.of.row.launched.into()
        })
        .int("tasks_finished", "", "tasks reported finished", |r| {
            r.of.row.tasks_finished.into()
        })
        .int(
            "tasks_killed",
            "",
            "tasks reported killed, or finished when another attempt at the same was known to be",
            |r| r.of.row.tasks_killed.into(),
        )
        .int(
            "tasks_lost",
            "",
            "tasks reported lost, with their agent or their offer: those that never started too",
            |r| r.of.row.tasks_lost.into(),
        )
        .int(
            "tasks_refused",
            "",
            "of those, tasks never launched because their offer was no longer valid, or what a shared one showed was gone",
            |r| r.of.row.refused.into(),
        )
        .int(
            "work_lost_us",
            "µs",
            "time lost and killed batch tasks had run for nothing",
            |r| r.of.row.work_lost.as_micros().into(),
        )
        .int(
            "choosy",
            "",
            "tasks that started and prefer some agents: without those that are `unstarted` in `tasks`",
            |r| r.of.row.choosy.into(),
        )
        .int("local", "", "of those, started where their data is", |r| {
            r.of.row.local.into()
        })
        .int("offers", "", "offers made to the framework", |r| {
            r.of.row.offers.into()
        })
        .int("accepted", "", "offers it launched something on, or was to where all of that was refused", |r| {
            r.of.row.accepted.into()
        })
        .int("rescinded", "", "offers taken back", |r| {
            r.of.row.rescinded.into()
        })
}

fn summary_service(table: Table<Summary<'_>>) -> Table<Summary<'_>> {
    table
        .int(
            "requests",
            "",
            "requests that arrived; empty for no service",
            |r| r.service.then_some(r.of.row.requests).into(),
        )
        .int(
            "missed",
            "",
            "requests answered later than the objective, or never; empty for no service",
            |r| r.service.then_some(r.of.row.missed).into(),
        )
        .int(
            "latency_p50_us",
            "µs",
            "median response time over all requests; empty without requests",
            |r| latency(r, r.of.row.latency_p50).into(),
        )
        .int(
            "latency_p95_us",
            "µs",
            "95th percentile of the response time",
            |r| latency(r, r.of.row.latency_p95).into(),
        )
        .int(
            "latency_p99_us",
            "µs",
            "99th percentile of the response time",
            |r| latency(r, r.of.row.latency_p99).into(),
        )
}

/// Nothing was answered where nothing was asked.
fn latency(summary: &Summary<'_>, latency: Span) -> Option<u64> {
    (summary.of.row.requests > 0).then_some(latency.as_micros())
}

fn summary_use(table: Table<Summary<'_>>) -> Table<Summary<'_>> {
    table
        .int(
            "cpus_millicores",
            "millicores",
            "mean use until the horizon",
            |r| r.of.row.mean_usage.cpus().0.into(),
        )
        .int("mem_mib", "MiB", "mean use until the horizon", |r| {
            r.of.row.mean_usage.mem().0.into()
        })
        .int("disk_mib", "MiB", "mean use until the horizon", |r| {
            r.of.row.mean_usage.disk().0.into()
        })
        .int(
            "gpus_milligpus",
            "thousandths of a device",
            "mean use until the horizon",
            |r| r.of.row.mean_usage.gpus().0.into(),
        )
        .int(
            "cpus_ppm",
            "ppm",
            "mean use as a share of the cluster",
            |r| used_ppm(r.of.row.mean_usage, r.of.capacity, Kind::Cpus).into(),
        )
        .int(
            "mem_ppm",
            "ppm",
            "mean use as a share of the cluster",
            |r| used_ppm(r.of.row.mean_usage, r.of.capacity, Kind::Mem).into(),
        )
        .int(
            "disk_ppm",
            "ppm",
            "mean use as a share of the cluster, empty if it has none",
            |r| used_ppm(r.of.row.mean_usage, r.of.capacity, Kind::Disk).into(),
        )
        .int(
            "gpus_ppm",
            "ppm",
            "mean use as a share of the cluster, empty if it has none",
            |r| used_ppm(r.of.row.mean_usage, r.of.capacity, Kind::Gpus).into(),
        )
        .int(
            "used_cpus_millicores",
            "millicores",
            "what running tasks worked on, on average until the horizon; empty where that is not known",
            |r| r.of.row.mean_used.into(),
        )
        .int(
            "used_cpus_ppm",
            "ppm",
            "it as a share of the cluster",
            |r| {
                let used = r.of.row.mean_used.map(|used| Resources::new(Millicores(used), Mebibytes(0)));
                used.and_then(|used| used_ppm(used, r.of.capacity, Kind::Cpus)).into()
            },
        )
        .int(
            "copies",
            "",
            "tasks launched that are copies of tasks that ran for too long",
            |r| r.of.row.copies.into(),
        )
        .int(
            "copies_won",
            "",
            "of those, done before the attempt that was slow",
            |r| r.of.row.copies_won.into(),
        )
}

fn summary_deadlines(table: Table<Summary<'_>>) -> Table<Summary<'_>> {
    table
        .int(
            "due",
            "",
            "jobs submitted that have a deadline; only where any has one",
            |r| r.of.row.due.into(),
        )
        .int(
            "late",
            "",
            "of those, done after it or not at all; only where any has one",
            |r| (r.of.row.due - r.of.row.on_time).into(),
        )
}

fn used_ppm(used: Resources, capacity: Resources, kind: Kind) -> Option<u64> {
    (capacity.of(kind) > 0).then(|| used.share(kind, capacity).parts_per_million())
}
