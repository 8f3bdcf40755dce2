//! Jobs whose tasks stand in rows far apart: a job is whole only when the file has been read.

use std::collections::BTreeMap;
use std::path::Path;

use super::graphs::{Done, ran};
use super::{Draft, Import, censored, ended, millis, seconds, unstarted};
use crate::canonical::account::{Became, Thing};
use crate::canonical::tables::{Edge, Stage, Tasks};
use crate::error::ReadError;
use crate::formats::alibaba2018::DagName;
use crate::formats::{alibaba2017, alibaba2018, opendc};

/// Jobs whose stages stand anywhere in a table, by the name of the job.
#[derive(Default)]
struct Scattered(BTreeMap<String, Found>);

struct Found {
    job: u64,
    submit: Option<u64>,
    stages: BTreeMap<String, u64>,
    outcome: String,
}

impl Scattered {
    fn job(&mut self, import: &mut Import<'_>, name: &str, submit: Option<u64>) -> &mut Found {
        let next = import.jobs;
        let found = self.0.entry(name.to_owned()).or_insert_with(|| Found {
            job: next,
            submit,
            stages: BTreeMap::new(),
            outcome: String::new(),
        });
        if found.job == next {
            import.jobs += 1;
        } else {
            import.merged(Thing::Jobs, 1, "another row of the same job");
        }
        found.submit = match (found.submit, submit) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        found
    }

    fn write(self, import: &mut Import<'_>) -> Done {
        for (name, found) in self.0 {
            let Found {
                job,
                submit,
                outcome,
                ..
            } = found;
            let draft = Draft {
                name,
                submit,
                outcome,
                ..Draft::default()
            };
            import.numbered(job, draft)?;
        }
        Ok(())
    }
}

impl Found {
    /// The number of a stage, and whether it is new.
    fn stage(&mut self, name: &str) -> u64 {
        if let Some(stage) = self.stages.get(name) {
            return *stage;
        }
        let next = self.stages.len() as u64;
        self.stages.insert(name.to_owned(), next);
        next
    }
}

fn push_stage(
    import: &mut Import<'_>,
    job: u64,
    number: u64,
    name: &str,
    parents: &[u64],
    tasks: &Tasks,
) -> Result<Became, ReadError> {
    let name = name.to_owned();
    import.push(Stage {
        job,
        stage: number,
        name,
    })?;
    for parent in parents {
        import.push(Edge {
            job,
            stage: number,
            parent: *parent,
        })?;
    }
    import.push(Tasks {
        job,
        stage: number,
        ..tasks.clone()
    })?;
    Ok(Became::Imported)
}

pub(super) fn wta(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "cores",
        "a thread asked for is one; stages are the tasks of the workflow",
    );
    let mut jobs = Scattered::default();
    import.each(opendc::wta::records(path)?, |import, row| {
        let found = jobs.job(import, &row.workflow, Some(millis(row.submit)));
        let (job, number) = (found.job, found.stage(&row.id));
        let parents: Vec<u64> = row
            .parents
            .iter()
            .map(|parent| found.stage(parent))
            .collect();
        let cpus = row.threads.map(|threads| threads / 1000);
        let tasks = Tasks {
            cpus,
            ..ran(Some(millis(row.run)))
        };
        push_stage(import, job, number, &row.id, &parents, &tasks)
    })?;
    jobs.write(import)
}

pub(super) fn gwf(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "cores",
        "a processor is one; stages are the tasks of the workflow",
    );
    let mut jobs = Scattered::default();
    import.each(opendc::gwf::records(path)?, |import, row| {
        let found = jobs.job(import, &row.workflow.to_string(), Some(seconds(row.submit)));
        let name = row.job.to_string();
        let (job, number) = (found.job, found.stage(&name));
        let parents = row
            .parents
            .iter()
            .map(|parent| found.stage(&parent.to_string()));
        let parents: Vec<u64> = parents.collect();
        let cpus = row.processors.or(row.requested).map(|cores| cores * 1000);
        push_stage(
            import,
            job,
            number,
            &name,
            &parents,
            &Tasks {
                cpus,
                ..ran(row.run)
            },
        )
    })?;
    jobs.write(import)
}

/// A percent of a core, in millionths, as thousandths of a core.
const fn millicores(percent: u64) -> u64 {
    percent / 100_000
}

/// Alibaba's words for what a task does.
const WAITING: &str = "Waiting";
const READY: &str = "Ready";
const INIT: &str = "Init";
const RUNNING: &str = "Running";

/// How long a task of 2018 ran: an end at zero has not come yet. The sample has durations only.
fn of_2018(status: &str, start: Option<u64>, end: Option<u64>, duration: Option<u64>) -> Tasks {
    let come = |time: Option<u64>| time.is_some_and(|time| time > 0);
    if come(end) || (end.is_none() && duration.is_some()) {
        return ended(duration.map(seconds));
    }
    match status {
        WAITING | READY | INIT => unstarted(),
        RUNNING => censored(None),
        _ if come(start) => censored(None),
        _ => ended(None),
    }
}

pub(super) fn alibaba_2017(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "from creation to the last change, waiting included; tasks that wait never started, and those that \
         run do so nobody knows how long",
    );
    import.assume(
        "clock",
        "an hour later, so that what was created before the trace has a time",
    );
    let mut jobs = Scattered::default();
    import.each(alibaba2017::records(path)?, |import, row| {
        let submit = u64::try_from(row.create + 3600).ok().map(seconds);
        let found = jobs.job(import, &row.job.to_string(), submit);
        let name = row.task.to_string();
        let (job, number) = (found.job, found.stage(&name));
        let run = u64::try_from(row.end - row.create).ok();
        let ran = match row.status.as_str() {
            WAITING | READY | INIT => unstarted(),
            RUNNING => censored(None),
            _ => ended(run.map(seconds)),
        };
        let tasks = Tasks {
            count: row.instances,
            cpus: row.cpu.map(millicores),
            memory: row.memory,
            ..ran
        };
        push_stage(import, job, number, &name, &[], &tasks)
    })?;
    jobs.write(import)
}

pub(super) fn alibaba_2018(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "of a task, its instances one after another included",
    );
    let mut jobs = Scattered::default();
    import.each(alibaba2018::tasks::records(path)?, |import, row| {
        let found = jobs.job(import, &row.job, row.start.map(seconds));
        found.outcome.clone_from(&row.status);
        let job = found.job;
        let dag = DagName::of(&row.task);
        // A task of the graph is known by its number, others by their name.
        let key = dag
            .as_ref()
            .map_or(row.task.clone(), |dag| dag.number.to_string());
        let number = found.stage(&key);
        let parents = dag.iter().flat_map(|dag| &dag.parents);
        let parents = parents.map(|parent| found.stage(&parent.to_string()));
        let parents: Vec<u64> = parents.collect();
        let tasks = Tasks {
            count: row.instances,
            cpus: row.cpu.map(millicores),
            memory: row.memory.map(|percent| percent * 10),
            ..of_2018(&row.status, row.start, row.end, row.duration)
        };
        push_stage(import, job, number, &row.task, &parents, &tasks)
    })?;
    jobs.write(import)
}

pub(super) fn instances(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "requests",
        "the most that an instance used: requests are in the table of tasks",
    );
    let mut jobs = Scattered::default();
    import.each(alibaba2018::instances::records(path)?, |import, row| {
        let found = jobs.job(import, &row.job, row.start.map(seconds));
        let (job, known) = (found.job, found.stages.len());
        let number = found.stage(&row.task);
        if found.stages.len() > known {
            let name = row.task.clone();
            import.push(Stage {
                job,
                stage: number,
                name,
            })?;
        }
        let tasks = Tasks {
            cpus: row.cpu[1].or(row.cpu[0]).map(millicores),
            memory: row.memory[1].or(row.memory[0]).map(|percent| percent * 10),
            ..of_2018(&row.status, row.start, row.end, row.duration)
        };
        import.push(Tasks {
            job,
            stage: number,
            ..tasks
        })?;
        Ok(Became::Imported)
    })?;
    jobs.write(import)
}
