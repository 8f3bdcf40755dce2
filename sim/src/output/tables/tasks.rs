//! Tasks: one row an attempt, for whoever wants to see where everything ran.

use fairground_policies::time::Time;

use super::{Of, keyed, rows};
use crate::output::table::Table;
use crate::run::{Comparison, TaskRow};

/// One row an attempt at a task, in the order in which they ended; only if the recipe asks for it.
pub fn tasks(comparison: &Comparison) -> Table<Of<'_, &TaskRow>> {
    let doc = "One row is one attempt at a task in one run, in the order in which they ended; every \
               launch has one, a gang that runs as one has one an agent. The table is there if the recipe says `tasks = true`, or with `--tasks`.";
    let rows = rows(comparison, |run| &run.tasks, |row| row.framework);
    times(units(keyed(Table::new("tasks", doc, rows))))
}

fn units<'a>(table: Table<Of<'a, &'a TaskRow>>) -> Table<Of<'a, &'a TaskRow>> {
    table
        .text(
            "kind",
            "`task` of a job, the same `in executor`, `executor`, or `instance` of a service",
            |r| r.row.kind.word().into(),
        )
        .int(
            "task",
            "",
            "number of the task, or of its executor, within its framework",
            |r| r.row.task.0.into(),
        )
        .int(
            "job",
            "",
            "the job's number, as in `jobs`; empty for no job",
            |r| r.row.unit.map(|unit| unit.0.0).into(),
        )
        .int("stage", "", "number of the stage within its job", |r| {
            r.row.unit.map(|unit| unit.1).into()
        })
        .int("index", "", "number of the task within its stage", |r| {
            r.row.unit.map(|unit| unit.2).into()
        })
        .int(
            "tasks",
            "",
            "how many tasks of the stage the row is, from `index` on: 1, or as many as a rigid gang, which starts \
             and ends as one, has on this agent",
            |r| r.row.tasks.into(),
        )
        .int("attempt", "", "1 for the first attempt at it", |r| {
            r.row.attempt.into()
        })
}

fn times<'a>(table: Table<Of<'a, &'a TaskRow>>) -> Table<Of<'a, &'a TaskRow>> {
    table
        .int("agent", "", "number of the agent", |r| r.row.agent.0.into())
        .int(
            "cpus_millicores",
            "millicores",
            "what it, or its executor, had",
            |r| r.row.needs.cpus().0.into(),
        )
        .int("mem_mib", "MiB", "what it, or its executor, had", |r| {
            r.row.needs.mem().0.into()
        })
        .int(
            "gpus_milligpus",
            "thousandths of a device",
            "what it had",
            |r| r.row.needs.gpus().0.into(),
        )
        .int("submitted_us", "µs", "when its job was submitted", |r| {
            r.row.submitted.map(Time::as_micros).into()
        })
        .int(
            "ready_us",
            "µs",
            "when its job was submitted or, later, the last task it waits for had ended; a reduce \
             task may start before",
            |r| r.row.ready.map(Time::as_micros).into(),
        )
        .int("started_us", "µs", "when it started on its agent, or was to", |r| {
            r.row.started.as_micros().into()
        })
        .int("ended_us", "µs", "when it ended there, or the run did", |r| {
            r.row.ended.as_micros().into()
        })
        .text(
            "outcome",
            "`finished`: of all attempts at a task at most one; `discarded`: it ran to its end in vain, as \
             another was done before or its agent was lost before that was heard; `killed`; `lost` with \
             its agent; `failed`; `unstarted`: its agent or executor was gone when it was to start; \
             `running` when the run ended",
            |r| r.row.outcome.word().into(),
        )
        .int(
            "local",
            "",
            "1 if it ran, or was to, where its data is, 0 if not; empty if it has none",
            |r| r.row.local.map(u32::from).into(),
        )
}
