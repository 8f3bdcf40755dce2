//! Jobs and services that are told of in rows far apart: whole only when the file has been read.

use std::collections::BTreeMap;

use super::{Draft, Import};
use crate::canonical::account::{Became, Contains, Thing};
use crate::canonical::tables::{Edge, Load, Service, Stage, Tasks, Usage};
use crate::canonical::{MachineSize, WallClock};
use crate::error::ReadError;
use crate::formats::form::Done;
use crate::formats::survey::Unread;

/// The period of most measurements, in microseconds.
pub(crate) const FIVE_MINUTES: u64 = 300_000_000;
/// What is assumed of requests to a language model.
pub(crate) const TOKENS: &str =
    "single ones, by their tokens; how long they take is not in the source";
/// The step of a load that is made of single requests, in microseconds.
const STEP: u64 = 1_000_000;

/// Machines of which only the use is told: jobs by name, made when they are first seen.
#[derive(Default)]
pub(crate) struct Named(BTreeMap<String, u64>);

impl Named {
    /// The number of the job; `tasks` are its.
    pub(crate) fn job(
        &mut self,
        import: &mut Import<'_>,
        name: &str,
        tasks: Tasks,
    ) -> Result<u64, ReadError> {
        if let Some(job) = self.0.get(name) {
            for thing in [Thing::Jobs, Thing::Tasks] {
                import.merged(thing, 1, "another reading of the same machine");
            }
            return Ok(*job);
        }
        let job = import.number();
        import.numbered(job, Draft::simple(name, None, tasks))?;
        self.0.insert(name.to_owned(), job);
        Ok(job)
    }
}

/// Jobs whose stages stand anywhere in a table, by the name of the job.
#[derive(Default)]
pub(crate) struct Scattered(BTreeMap<String, Found>);

/// One of them, as far as it is known.
pub(crate) struct Found {
    pub(crate) job: u64,
    submit: Option<u64>,
    stages: BTreeMap<String, u64>,
    /// How it ended; empty where that is not told.
    pub(crate) outcome: String,
}

impl Scattered {
    /// The job of this name, of which a row says that it was submitted then.
    pub(crate) fn job(
        &mut self,
        import: &mut Import<'_>,
        name: &str,
        submit: Option<u64>,
    ) -> &mut Found {
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

    /// Writes the jobs, once all of their stages are.
    pub(crate) fn write(self, import: &mut Import<'_>) -> Done {
        for (name, found) in self.0 {
            let draft = Draft {
                name,
                submit: found.submit,
                outcome: found.outcome,
                ..Draft::default()
            };
            import.numbered(found.job, draft)?;
        }
        Ok(())
    }
}

impl Found {
    /// The number of a stage, and whether it is new.
    pub(crate) fn stage(&mut self, name: &str) -> (u64, bool) {
        if let Some(stage) = self.stages.get(name) {
            return (*stage, false);
        }
        let next = self.stages.len() as u64;
        self.stages.insert(name.to_owned(), next);
        (next, true)
    }

    /// Writes a stage of tasks that waits for others; they name it by `key`, or else by its name.
    pub(crate) fn push(
        &mut self,
        import: &mut Import<'_>,
        name: &str,
        key: Option<&str>,
        parents: impl IntoIterator<Item = String>,
        mut tasks: Tasks,
    ) -> Result<Became, ReadError> {
        let job = self.job;
        let (stage, _) = self.stage(key.unwrap_or(name));
        let name = name.to_owned();
        import.push(Stage { job, stage, name })?;
        for parent in parents {
            let (parent, _) = self.stage(&parent);
            import.push(Edge { job, stage, parent })?;
        }
        (tasks.job, tasks.stage) = (job, stage);
        import.push(tasks)?;
        Ok(Became::Imported)
    }
}

/// Requests counted in steps, by service.
#[derive(Default)]
pub(crate) struct Steps {
    services: BTreeMap<String, u64>,
    steps: BTreeMap<(u64, u64), Load>,
}

impl Steps {
    /// A request to a service, and the bytes of its answer.
    pub(crate) fn add(&mut self, name: &str, time: u64, write: Option<u64>) {
        let next = self.services.len() as u64;
        let service = match self.services.get(name) {
            Some(service) => *service,
            None => *self.services.entry(name.to_owned()).or_insert(next),
        };
        let start = time - time % STEP;
        let load = self.steps.entry((service, start)).or_insert_with(|| Load {
            service,
            start,
            length: STEP,
            ..Load::default()
        });
        load.requests += 1;
        load.write = match (load.write, write) {
            (None, None) => None,
            (sum, more) => Some(sum.unwrap_or(0).saturating_add(more.unwrap_or(0))),
        };
    }

    fn write(self, import: &mut Import<'_>) -> Done {
        for (name, id) in self.services {
            import.push(Service {
                id,
                name,
                ..Service::default()
            })?;
        }
        for load in self.steps.into_values() {
            import.sees(load.start);
            import.push(load)?;
        }
        Ok(())
    }
}

impl Import<'_> {
    /// What is known of the machine.
    pub(crate) const fn machine(&mut self, size: Option<MachineSize>) {
        self.out.machine(size);
    }

    /// What clocks showed.
    pub(crate) fn clock(&mut self, clock: impl Into<Option<WallClock>>) {
        self.out.clock(clock.into());
    }

    /// A reading of a job: so many thousandths of a machine or core for so long.
    pub(crate) fn reading(
        &mut self,
        job: u64,
        start: u64,
        length: u64,
        cpus: u64,
    ) -> Result<Became, ReadError> {
        self.push(Usage {
            job,
            start,
            length,
            cpus,
            ..Usage::default()
        })?;
        Ok(Became::Imported)
    }

    /// Requests that are told one by one and become steps of a second.
    pub(crate) fn steps<R: Contains>(
        &mut self,
        records: impl Iterator<Item = Result<R, ReadError>> + Unread,
        add: impl Fn(R, &mut Steps),
    ) -> Done {
        let model = "counted in steps of a second; how long they take is not in the source";
        self.assume("requests", model);
        let mut steps = Steps::default();
        self.each(records, |_, record| {
            add(record, &mut steps);
            Ok(Became::Imported)
        })?;
        steps.write(self)
    }

    /// Requests to a language model, a row each: when, and the tokens that they read and write. A second
    /// of them has no size that says how long any of them takes.
    pub(crate) fn tokens<R: Contains>(
        &mut self,
        records: impl Iterator<Item = Result<R, ReadError>> + Unread,
        model: &str,
        of: impl Fn(&R) -> (u64, u64, u64),
    ) -> Done {
        self.assume("requests", model);
        self.push(Service {
            name: "llm".to_owned(),
            ..Service::default()
        })?;
        self.each(records, |import, record| {
            let (start, read, write) = of(&record);
            import.sees(start);
            import.push(Load {
                start,
                length: 1,
                requests: 1,
                read: Some(read),
                write: Some(write),
                ..Load::default()
            })?;
            Ok(Became::Imported)
        })
    }
}
