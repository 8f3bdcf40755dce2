//! Jobs of a Standard Workload Format log: rigid gangs, as many tasks as the job had processors.
//!
//! The log says when a job came, how many processors it had and how long it ran; what a processor
//! is in cores and, in most logs, how much memory it takes is this model.

use std::path::{Path, PathBuf};

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::formats::input;
use crate::formats::swf::{Record, records};
use crate::models::arrivals::assumption;
use crate::models::jobs::{Jobs, task_count};
use crate::models::parts::{named, positive, some};
use crate::spec::Context;
use crate::trace::{Assumption, Input, Runtimes, Work, Workload};
use crate::units::{self, Thousandths};

/// A log and the model of what it does not say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwfSpec {
    /// The log, relative to the recipe.
    pub file: PathBuf,
    /// How long after the first submission in the log the cluster starts.
    pub from: Span,
    /// Only the first so many jobs from there on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// Only jobs of these users; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<u64>,
    /// Only jobs of these groups; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<u64>,
    /// Only jobs of these queues; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<u64>,
    /// Only jobs of these partitions; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<u64>,
    /// Processors of one task; a job gets whole tasks.
    pub width: u32,
    /// Cores of one processor.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Memory of one processor, where the log does not say.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
}

impl Default for SwfSpec {
    /// A task a processor and a core a processor; the memory is a guess.
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            from: Span::ZERO,
            jobs: None,
            users: Vec::new(),
            groups: Vec::new(),
            queues: Vec::new(),
            partitions: Vec::new(),
            width: 1,
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
        }
    }
}

/// A log that was read, with its model.
#[derive(Clone, Debug)]
pub struct Loaded {
    spec: SwfSpec,
    jobs: Vec<Brief>,
    told: Told,
    inputs: Vec<Input>,
}

/// What is kept of a row.
#[derive(Clone, Debug)]
struct Brief {
    line: u64,
    number: u64,
    /// Since the first submission of the log.
    submitted: Time,
    run: Span,
    processors: u64,
    /// A processor.
    mem: Option<Mebibytes>,
}

/// What the assumptions say about the whole log.
#[derive(Clone, Copy, Default, Debug)]
struct Told {
    unsorted: bool,
    /// Jobs without a run time, or with one of zero.
    idle: u64,
    /// Jobs that ran, on nobody knows how many processors.
    nowhere: u64,
    /// Jobs that only say how many processors they asked for.
    requested: u64,
}

impl SwfSpec {
    fn check(&self) -> Result<(), ReadError> {
        named(&self.file)?;
        positive(u64::from(self.width), "width")?;
        positive(self.cpus.0, "cpus")?;
        some(self.task(self.mem), "cpus")
    }

    /// What a task takes whose processors take `mem` each.
    fn task(&self, mem: Mebibytes) -> Resources {
        let width = u64::from(self.width);
        let most = |units: u64| units.saturating_mul(width).min(Resources::MAX_UNITS);
        Resources::new(Millicores(most(self.cpus.0)), Mebibytes(most(mem.0)))
    }

    /// Whether the recipe asks for this job.
    fn wants(&self, record: &Record) -> bool {
        let filters = [
            (&self.users, record.user),
            (&self.groups, record.group),
            (&self.queues, record.queue),
            (&self.partitions, record.partition),
        ];
        let mut filters = filters.into_iter();
        filters.all(|(list, number)| {
            list.is_empty() || number.is_some_and(|number| list.contains(&number))
        })
    }

    /// Reads the log.
    pub(crate) fn load(&self, folder: &Path) -> Result<Loaded, ReadError> {
        self.check()?;
        let path = folder.join(&self.file);
        let mut all = Vec::new();
        let mut told = Told::default();
        let mut first = u64::MAX;
        for record in records(&path)? {
            let record = record?;
            first = first.min(record.submit);
            if self.wants(&record)
                && let Some(brief) = brief(&record, &mut told)
            {
                all.push(brief);
            }
        }
        for job in &mut all {
            job.submitted = Time::ZERO + job.submitted.since(Time::from_secs(first));
        }
        told.unsorted = !all.is_sorted_by_key(|job| job.submitted);
        all.sort_by_key(|job| job.submitted);
        Ok(Loaded {
            spec: self.clone(),
            jobs: all,
            told,
            inputs: vec![input(&path, &self.file)?],
        })
    }
}

/// What is kept of a job; `None` when it cannot have done any work.
fn brief(record: &Record, told: &mut Told) -> Option<Brief> {
    let Some(run) = record.run.filter(|run| *run > 0) else {
        told.idle += 1;
        return None;
    };
    let given = record.processors.filter(|count| *count > 0);
    let asked = record.requested_processors.filter(|count| *count > 0);
    let Some(processors) = given.or(asked) else {
        told.nowhere += 1;
        return None;
    };
    told.requested += u64::from(given.is_none());
    let kilobytes = record.requested_memory.or(record.memory);
    Some(Brief {
        line: record.place.line,
        number: record.job,
        submitted: Time::from_secs(record.submit),
        run: Span::from_secs(run),
        processors,
        mem: kilobytes
            .filter(|kb| *kb > 0)
            .map(|kb| Mebibytes(kb.div_ceil(1024))),
    })
}

impl Loaded {
    pub(crate) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    pub(crate) fn build(&self, context: &Context<'_>) -> Result<Workload, ReadError> {
        let from = Time::ZERO + self.spec.from;
        let skipped = self.jobs.partition_point(|job| job.submitted < from);
        let chosen = self.jobs[skipped..]
            .iter()
            .take_while(|job| job.submitted.since(from) < context.horizon)
            .take(self.spec.jobs.map_or(usize::MAX, |jobs| jobs as usize));
        let mut jobs = Jobs::default();
        let (mut silent, mut wider) = (0, 0);
        for job in chosen {
            silent += u64::from(job.mem.is_none());
            wider += u64::from(job.processors % u64::from(self.spec.width) != 0);
            let pushed = self.push(job, from, &mut jobs);
            let file = &self.inputs[0].path;
            pushed.map_err(|error| error.file(file).line(job.line))?;
        }
        let jobs = jobs.finish();
        Ok(Workload {
            assumptions: self.assumptions(jobs.len(), silent, wider),
            work: Work::Batch(jobs),
            inputs: self.inputs.clone(),
        })
    }

    fn push(&self, job: &Brief, from: Time, jobs: &mut Jobs) -> Result<(), ReadError> {
        let tasks = job.processors.div_ceil(u64::from(self.spec.width));
        let tasks = task_count(tasks).map_err(|error| error.hint("make `width` larger"))?;
        let needs = self.spec.task(job.mem.unwrap_or(self.spec.mem));
        let runtimes = Runtimes::Plain {
            local: vec![job.run; tasks as usize],
            away: 1000,
        };
        let submitted = Time::ZERO + job.submitted.since(from);
        let stage = StageSpec::new(needs, tasks);
        jobs.push(
            &job.number.to_string(),
            submitted,
            true,
            vec![(stage, runtimes)],
        )
    }

    fn assumptions(&self, jobs: usize, silent: u64, wider: u64) -> Vec<Assumption> {
        let (spec, told) = (&self.spec, &self.told);
        let processor = format!(
            "a processor is {} cores; a task has {} of them",
            Thousandths(spec.cpus.0),
            spec.width
        );
        let shape = "rigid: all tasks of a job start together, on as many processors as it had \
                     in the log, and run as long as it ran there";
        let mut assumptions = vec![
            assumption("job shape", shape.to_owned()),
            assumption("processors", processor),
        ];
        if wider > 0 {
            let model = format!("the last task of {wider} jobs is made as wide as the others");
            assumptions.push(assumption("processors left over", model));
        }
        if silent > 0 {
            let mem = Resources::new(Millicores(0), spec.mem);
            let model = format!("{mem} a processor for the {silent} of {jobs} jobs without any");
            assumptions.push(assumption("memory", model));
        }
        if told.requested > 0 {
            let model = format!(
                "as many as requested for {} jobs in the log",
                told.requested
            );
            assumptions.push(assumption("processors not logged", model));
        }
        if told.idle + told.nowhere > 0 {
            let model = format!(
                "left out: {} without run time, {} without processors",
                told.idle, told.nowhere
            );
            assumptions.push(assumption("jobs that never ran", model));
        }
        if !spec.from.is_zero() || spec.jobs.is_some() {
            let jobs = spec
                .jobs
                .map_or(String::new(), |n| format!(", the first {n} jobs"));
            let model = format!("from {} after the first submission{jobs}", spec.from);
            assumptions.push(assumption("part of the file", model));
        }
        if told.unsorted {
            let model = "sorted by submission; the file is not".to_owned();
            assumptions.push(assumption("order of jobs", model));
        }
        assumptions
    }
}
