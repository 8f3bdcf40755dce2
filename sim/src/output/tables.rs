//! The tables of a comparison: every column, its unit, its meaning.
//!
//! Tidy data: one row one observation, policy and seed in every row, so that any tool can group.

use fairground_policies::message::FrameworkId;
use fairground_policies::resources::{Kind, Resources};

use super::gains::{Gains, Line, Measure, Measured, completions};
use super::stats;
use super::table::Table;
use crate::run::{Comparison, FrameworkRow, HostRow, JobRow, Run, ServiceRow, UsageRow};

/// A row of a run with what it belongs to.
pub struct Of<'a, T> {
    policy: &'a str,
    seed: u64,
    framework: &'a str,
    capacity: Resources,
    row: &'a T,
}

/// A framework's totals and the statistics over its jobs.
pub struct Summary<'a> {
    of: Of<'a, FrameworkRow>,
    mean: Option<u64>,
    p50: Option<u64>,
    p95: Option<u64>,
}

/// A run with its policy.
pub struct RunOf<'a> {
    policy: &'a str,
    resolved: &'a str,
    run: &'a Run,
}

/// A measure of a framework under a policy.
pub struct GainOf<'a> {
    policy: &'a str,
    baseline: &'a str,
    line: &'a Line,
    measured: &'a Measured,
    base: Option<f64>,
}

fn rows<'a, T>(
    comparison: &'a Comparison,
    of_run: fn(&Run) -> &[T],
    framework: fn(&T) -> FrameworkId,
) -> Vec<Of<'a, T>> {
    let runs = comparison
        .policies
        .iter()
        .flat_map(|policy| policy.runs.iter().map(move |run| (policy, run)));
    runs.flat_map(|(policy, run)| {
        of_run(run).iter().map(move |row| Of {
            policy: &policy.name,
            seed: run.seed,
            framework: name(comparison, framework(row).0 as usize),
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

fn used_ppm(used: Resources, capacity: Resources, kind: Kind) -> Option<u64> {
    (capacity.of(kind) > 0).then(|| used.share(kind, capacity).parts_per_million())
}

fn keyed<'a, T>(table: Table<Of<'a, T>>) -> Table<Of<'a, T>> {
    table
        .text("policy", "name of the policy as asked for", |r| {
            r.policy.into()
        })
        .int("seed", "", "seed of the trace", |r| r.seed.into())
        .text("framework", "name of the framework", |r| r.framework.into())
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
                });
            }
        }
    }
    summary_use(summary_service(summary_counts(Table::new(
        "summary",
        "One row is one framework in one run: its totals.",
        all,
    ))))
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
        .int("jobs", "", "jobs submitted", |r| r.of.row.jobs.into())
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
        .int("launched", "", "tasks launched on agents", |r| {
            r.of.row.launched.into()
        })
        .int("tasks_finished", "", "tasks reported finished", |r| {
            r.of.row.tasks_finished.into()
        })
        .int("tasks_killed", "", "tasks reported killed", |r| {
            r.of.row.tasks_killed.into()
        })
        .int(
            "tasks_lost",
            "",
            "tasks reported lost, with their agent or their offer",
            |r| r.of.row.tasks_lost.into(),
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
            "tasks launched that prefer some agents",
            |r| r.of.row.choosy.into(),
        )
        .int("local", "", "of those, launched where their data is", |r| {
            r.of.row.local.into()
        })
        .int("offers", "", "offers made to the framework", |r| {
            r.of.row.offers.into()
        })
        .int("accepted", "", "offers it launched something on", |r| {
            r.of.row.accepted.into()
        })
        .int("rescinded", "", "offers taken back", |r| {
            r.of.row.rescinded.into()
        })
}

fn summary_service(table: Table<Summary<'_>>) -> Table<Summary<'_>> {
    table
        .int("requests", "", "requests that arrived", |r| {
            r.of.row.requests.into()
        })
        .int(
            "missed",
            "",
            "requests answered later than the objective, or never",
            |r| r.of.row.missed.into(),
        )
        .int(
            "latency_p50_us",
            "µs",
            "median response time over all requests",
            |r| r.of.row.latency_p50.as_micros().into(),
        )
        .int(
            "latency_p95_us",
            "µs",
            "95th percentile of the response time",
            |r| r.of.row.latency_p95.as_micros().into(),
        )
        .int(
            "latency_p99_us",
            "µs",
            "99th percentile of the response time",
            |r| r.of.row.latency_p99.as_micros().into(),
        )
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
}

/// One row a job.
pub fn jobs(comparison: &Comparison) -> Table<Of<'_, JobRow>> {
    let doc = "One row is one job in one run.";
    let rows = rows(comparison, |run| &run.jobs, |row| row.framework);
    keyed(Table::new("jobs", doc, rows))
        .int("job", "", "number of the job within its framework", |r| {
            r.row.job.0.into()
        })
        .text("label", "the source's own name, or the kind of job", |r| {
            r.row.label.as_str().into()
        })
        .int("submitted_us", "µs", "when it was submitted", |r| {
            r.row.submitted.as_micros().into()
        })
        .int(
            "started_us",
            "µs",
            "when its first task started; empty if none did",
            |r| r.row.started.map(|time| time.as_micros()).into(),
        )
        .int(
            "finished_us",
            "µs",
            "when its last task ended; empty if it did not",
            |r| r.row.finished.map(|time| time.as_micros()).into(),
        )
        .int(
            "completion_us",
            "µs",
            "from submission to the last task's end",
            |r| r.row.completion().map(|span| span.as_micros()).into(),
        )
        .int("tasks", "", "tasks it has", |r| r.row.tasks.into())
        .int(
            "lost",
            "",
            "attempts at its tasks that were lost or killed",
            |r| r.row.lost.into(),
        )
}

/// One row a framework and time step.
pub fn usage(comparison: &Comparison) -> Table<Of<'_, UsageRow>> {
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
            "in offers not answered",
            |r| r.row.offered.cpus().0.into(),
        )
        .int("offered_mem_mib", "MiB", "in offers not answered", |r| {
            r.row.offered.mem().0.into()
        })
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
}

/// One row a service and time step.
pub fn services(comparison: &Comparison) -> Table<Of<'_, ServiceRow>> {
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
            "median response time of the requests that arrived",
            |r| r.row.latency_p50.as_micros().into(),
        )
        .int("latency_p95_us", "µs", "95th percentile of it", |r| {
            r.row.latency_p95.as_micros().into()
        })
        .int("latency_p99_us", "µs", "99th percentile of it", |r| {
            r.row.latency_p99.as_micros().into()
        })
}

/// One row an agent, time step and framework that ran something there.
pub fn hosts(comparison: &Comparison) -> Table<Of<'_, HostRow>> {
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

/// One row a policy, framework and measure: the change against the baseline.
pub fn gains(gains: &Gains) -> Table<GainOf<'_>> {
    let base_of = |line: &Line, measure: Measure| {
        let mut lines = gains.lines.iter();
        let base = lines.find(|other| other.framework == line.framework && other.policy == 0)?;
        base.get(measure)?.value
    };
    let mut all = Vec::new();
    for line in &gains.lines {
        all.extend(line.measured.iter().map(|measured| GainOf {
            policy: &gains.policies[line.policy],
            baseline: &gains.policies[0],
            line,
            measured,
            base: base_of(line, measured.measure),
        }));
    }
    let doc = "One row is one measure of one framework under one policy, over all seeds, against \
               the first policy. Changes of completion count jobs that finished under both.";
    gain_changes(
        Table::new("gains", doc, all)
            .text("policy", "name of the policy", |r| r.policy.into())
            .text("baseline", "the policy it is compared with", |r| {
                r.baseline.into()
            })
            .text("framework", "name of the framework", |r| {
                r.line.name.as_str().into()
            })
            .text(
                "measure",
                "what was measured; its unit is the name's ending",
                |r| r.measured.measure.name().into(),
            ),
    )
}

fn gain_changes(table: Table<GainOf<'_>>) -> Table<GainOf<'_>> {
    table
        .int(
            "baseline_value",
            "as the measure",
            "mean over seeds under the baseline",
            |r| r.base.map(|value| unit(r.measured.measure, value)).into(),
        )
        .int(
            "value",
            "as the measure",
            "mean over seeds under the policy",
            |r| {
                r.measured
                    .value
                    .map(|value| unit(r.measured.measure, value))
                    .into()
            },
        )
        .int(
            "change_ppm",
            "ppm",
            "mean change: of the baseline's value for times, else \
            difference of shares",
            |r| r.measured.change.map(|c| ppm(c.mean)).into(),
        )
        .int(
            "low_ppm",
            "ppm",
            "lower end of the 95 % interval; empty for one seed",
            |r| {
                r.measured
                    .change
                    .and_then(|c| Some(ppm(c.interval?.0)))
                    .into()
            },
        )
        .int(
            "high_ppm",
            "ppm",
            "upper end of the 95 % interval; empty for one seed",
            |r| {
                r.measured
                    .change
                    .and_then(|c| Some(ppm(c.interval?.1)))
                    .into()
            },
        )
        .int("seeds", "", "seeds the change rests on", |r| {
            r.measured.change.map(|c| c.seeds as u64).into()
        })
        .text("verdict", "gains, pays, or no difference shown", |r| {
            r.measured
                .change
                .map(|_| r.measured.verdict().text())
                .into()
        })
        .int("jobs", "", "jobs of the framework over all seeds", |r| {
            (r.line.jobs.all as u64).into()
        })
        .int(
            "jobs_worse",
            "",
            "jobs more than 1 % later than under the baseline, or never \
            finished",
            |r| (r.line.jobs.worse as u64).into(),
        )
        .int("jobs_unfinished", "", "jobs not finished", |r| {
            (r.line.jobs.unfinished as u64).into()
        })
}

fn ppm(fraction: f64) -> i64 {
    (fraction * 1e6).round() as i64
}

/// A value in the unit that its measure's name ends with.
fn unit(measure: Measure, value: f64) -> i64 {
    if measure.is_difference() {
        ppm(value)
    } else {
        value.round() as i64
    }
}

/// The page that documents every column, for `results/COLUMNS.md`.
pub fn columns_page() -> String {
    let nothing = Comparison {
        name: String::new(),
        title: String::new(),
        recipe: String::new(),
        capacity: Resources::ZERO,
        agents: 0,
        horizon: fairground_policies::time::Span::ZERO,
        step: fairground_policies::time::Span::ZERO,
        host_step: fairground_policies::time::Span::ZERO,
        seeds: Vec::new(),
        frameworks: Vec::new(),
        policies: Vec::new(),
        assumptions: Vec::new(),
        inputs: Vec::new(),
        warnings: Vec::new(),
    };
    let none = Gains::of(&nothing);
    let sections = [
        summary(&nothing).to_markdown(),
        gains(&none).to_markdown(),
        jobs(&nothing).to_markdown(),
        usage(&nothing).to_markdown(),
        services(&nothing).to_markdown(),
        hosts(&nothing).to_markdown(),
        digests(&nothing).to_markdown(),
    ];
    format!(
        "# Columns\n\n\
         What every table in a result folder holds. Whole numbers throughout: µs are microseconds, \
         ppm parts of a million. A table with more than {} rows is a Parquet file, otherwise CSV; \
         an empty field or a null means that there is nothing to say. This page is generated: \
         `UPDATE_EXPECT=1 cargo test -p fairground-sim --test output_tables` rewrites it.\n\n{}",
        super::table::CSV_ROWS,
        sections.join("\n")
    )
}
