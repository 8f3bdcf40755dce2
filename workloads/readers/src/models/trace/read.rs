//! Reading a trace under one model: its jobs, its requests, and how often the model had to speak.

use std::sync::Arc;

use fairground_policies::attributes::{AttributeTest, Expected, GPU_MODEL};
use fairground_policies::job::StageSpec;
use fairground_policies::time::{Span, Time};
use fairground_workloads::models::trace::{Left, TraceSpec};
use serde::{Deserialize, Serialize};

use super::feedback::Before;
use super::stages::{Group, ReadStage, mean_use, stages};
use crate::canonical::Opened;
use crate::canonical::tables::{Edge, Job, Load, Tasks, Usage};
use crate::error::ReadError;
use crate::sorted::Sorted;
use crate::trace::{Runtimes, Stage};
/// How the rows of a trace are read for another kind of workload.
pub(crate) struct Reading<'a> {
    /// Whether a job is asked for.
    pub(crate) wants: &'a dyn Fn(&Job) -> bool,
    /// Its tasks as that kind has them.
    pub(crate) task: &'a dyn Fn(Tasks) -> Tasks,
}

impl Reading<'_> {
    /// All as it is.
    pub(super) const PLAIN: Self = Self {
        wants: &|_| true,
        task: &|tasks| tasks,
    };
}

/// The jobs and the load of a trace under one model: the same for all who read it so.
#[derive(Debug)]
pub(crate) struct Read {
    /// By submission, from the beginning of the trace; `None` if it has no jobs.
    pub(super) jobs: Option<Sorted<Brief>>,
    /// Requests by when they come, from the beginning of the trace.
    pub(super) load: Vec<(Time, u64)>,
    /// Whether what any of its jobs used was measured.
    pub(super) measured: bool,
}

/// Everything of a [`TraceSpec`] that a reading of all of its trace depends on.
pub(crate) type Model = [u64; 7];

/// One job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Brief {
    pub(super) name: String,
    pub(super) tenant: Option<u64>,
    pub(super) submitted: Time,
    pub(super) gang: bool,
    pub(super) stages: Vec<ReadStage>,
    /// How long its user said that it runs.
    pub(super) estimate: Option<Span>,
    /// What it used, in millionths of what it had, if that was measured.
    pub(super) used: Option<u32>,
    pub(super) told: Told,
    /// The job that had to end before it.
    pub(super) before: Option<Box<Before>>,
    /// How long it waited for its start.
    pub(super) wait: Option<Span>,
    /// Why it cannot be run.
    pub(super) left: Option<Left>,
}

impl Brief {
    const fn place(&self) -> (u64, u64) {
        (self.submitted.as_micros(), 0)
    }

    /// How much memory it takes, in small rows.
    fn weight(&self) -> usize {
        let times = self.stages.iter().map(|stage| stage.times.len());
        1 + self.stages.len() + times.sum::<usize>() / 8
    }

    /// When it ended in the source, where that is told: of a job of one stage.
    pub(super) fn logged_end(&self) -> Option<Time> {
        let Told {
            run,
            damaged,
            censored,
            open,
            ..
        } = self.told;
        let [stage] = &self.stages[..] else {
            return None;
        };
        let longest = stage.times.iter().map(|(_, run)| *run).max()?;
        (run + damaged + censored + open == 0).then_some(self.submitted + self.wait? + longest)
    }

    /// What its user said holds for each stage, unless some wait for others: of what part it was said is not
    /// known then.
    pub(super) fn stages(self) -> Vec<Stage> {
        let chained = self.stages.iter().any(|stage| !stage.parents.is_empty());
        let estimate = self.estimate.filter(|_| !chained);
        let gang = self.gang;
        let stages = self.stages.into_iter().map(|stage| {
            // A gang of which the trace has one time runs as one.
            let rigid = gang && stage.tasks > 0 && stage.times.len() == 1;
            let local = if rigid {
                vec![stage.times[0].1]
            } else {
                let times = stage.times.into_iter();
                let times = times.flat_map(|(count, run)| std::iter::repeat_n(run, count as usize));
                times.collect()
            };
            let spec = StageSpec {
                parents: stage.parents,
                estimate,
                rigid,
                asks: stage.models.map(one_of),
                ..StageSpec::new(stage.needs, stage.tasks)
            };
            (spec, Runtimes::Plain { local, away: 1000 })
        });
        stages.collect()
    }
}

/// That an agent has GPUs of one of these models.
fn one_of(models: Vec<String>) -> Arc<[AttributeTest]> {
    let attribute = GPU_MODEL.to_owned();
    let expects = Expected::OneOf(models);
    Arc::new([AttributeTest { attribute, expects }])
}

/// How often the model speaks for the trace.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) cpus: u64,
    pub(super) memory: u64,
    pub(super) run: u64,
    pub(super) damaged: u64,
    /// Tasks of which the trace holds a part, and those of which it is not known how much.
    pub(super) censored: u64,
    pub(super) open: u64,
    pub(super) zero: u64,
    pub(super) unstarted: u64,
    /// Tasks that ask for a model of GPU, and any will do.
    pub(super) models: u64,
    pub(super) arrivals: u64,
    /// Jobs that name one which had to end before them.
    pub(super) waits: u64,
}

impl std::ops::AddAssign for Told {
    fn add_assign(&mut self, other: Self) {
        self.cpus += other.cpus;
        self.memory += other.memory;
        self.run += other.run;
        self.damaged += other.damaged;
        self.censored += other.censored;
        self.open += other.open;
        self.zero += other.zero;
        self.unstarted += other.unstarted;
        self.models += other.models;
        self.arrivals += other.arrivals;
        self.waits += other.waits;
    }
}

/// The jobs of a trace with the time of their arrival from its beginning; those without one come
/// `every` so often, from the beginning on.
///
/// # Errors
/// When the table cannot be opened.
pub fn arrivals(
    trace: &Opened,
    every: Span,
) -> Result<impl Iterator<Item = Result<(Job, Time), ReadError>>, ReadError> {
    let origin = trace.manifest.units.origin;
    let mut unknown = Time::ZERO;
    let jobs = trace.rows::<Job>()?.map(move |job| {
        let job = job?;
        let at = if let Some(submit) = job.submit {
            Time::from_micros(submit.saturating_sub(origin))
        } else {
            let now = unknown;
            unknown += every;
            now
        };
        Ok((job, at))
    });
    Ok(jobs)
}

pub(super) fn read(
    spec: &TraceSpec,
    trace: &Opened,
    reading: &Reading<'_>,
) -> Result<Read, ReadError> {
    let mut measured = false;
    let jobs = jobs_of(spec, trace, reading, &mut measured)?;
    let origin = trace.manifest.units.origin;
    let mut load = Vec::new();
    for row in trace.rows::<Load>()? {
        let row = row?;
        let start = row.start.saturating_sub(origin);
        load.push((Time::from_micros(start), row.requests));
    }
    load.sort_unstable();
    Ok(Read {
        jobs,
        load,
        measured,
    })
}

fn jobs_of(
    spec: &TraceSpec,
    trace: &Opened,
    reading: &Reading<'_>,
    measured: &mut bool,
) -> Result<Option<Sorted<Brief>>, ReadError> {
    let mut tasks = Group::new(trace.rows::<Tasks>()?);
    let mut edges = Group::new(trace.rows::<Edge>()?);
    let mut readings = Group::new(trace.rows::<Usage>()?);
    let mut jobs = Sorted::by(Brief::place);
    for job in arrivals(trace, spec.every)? {
        let (job, submitted) = job?;
        let (tasks, edges) = (tasks.of(job.id)?, edges.of(job.id)?);
        let used = mean_use(&readings.of(job.id)?);
        if !(reading.wants)(&job) {
            continue;
        }
        let tasks: Vec<Tasks> = tasks.into_iter().map(reading.task).collect();
        let mut told = Told {
            arrivals: u64::from(job.submit.is_none()),
            waits: u64::from(job.preceding.is_some()),
            ..Told::default()
        };
        let stages = stages(spec, &tasks, &edges, &trace.manifest.units, &mut told);
        let left = match &stages {
            Ok(stages) if stages.is_empty() => Some(match told.unstarted {
                0 => Left::Empty,
                _ => Left::Unstarted,
            }),
            Ok(_) => None,
            Err(left) => Some(*left),
        };
        *measured |= used.is_some() && left.is_none();
        let name = if job.name.is_empty() {
            format!("job {}", job.id)
        } else {
            job.name
        };
        let job = Brief {
            name,
            tenant: job.tenant,
            submitted,
            gang: job.gang == 1,
            stages: stages.unwrap_or_default(),
            // Of no time at all nothing is said.
            estimate: job.estimate.filter(|most| *most > 0).map(Span::from_micros),
            used,
            told,
            before: job.preceding.map(|before| {
                let think = job.think.map(Span::from_micros);
                Box::new(Before { job: before, think })
            }),
            wait: job.wait.map(Span::from_micros),
            left,
        };
        let weight = job.weight();
        jobs.push(job, weight)?;
    }
    let none = jobs.finish()?;
    Ok((!none).then_some(jobs))
}
