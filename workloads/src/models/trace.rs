//! Jobs or a service of a public trace in any format, by way of the canonical form.
//!
//! A trace says what it says; what a simulation needs beyond that is this model: how large the largest
//! machine is where sizes are relative, what a GPU's task takes of processors and memory, what a task
//! takes that tells nothing, how long one runs whose end is not known. Every such number is a
//! parameter and, where it was used, an assumption.

mod feedback;
mod stages;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::canonical::tables::{Edge, Job, Load, Tasks, Tenant, Usage};
use crate::canonical::{Imports, NO_PARTS, Opened};
use crate::error::{ReadError, quoted};
use crate::formats::Format;
use crate::models::arrivals::assumption;
use crate::models::jobs::Jobs;
use crate::models::parts::{AutoscalerSpec, ServiceSpec, named, positive, share, some};
use crate::rng::stream;
use crate::sorted::Sorted;
use crate::spec::Context;
use crate::trace::{self, Assumption, Input, JobStream, OneJob, Runtimes, Stage, Work, Workload};
use crate::units::{self, Thousandths};
pub use feedback::FeedbackMode;
use feedback::{Before, Links};
use stages::{Group, mean_use};

/// A trace and the model of what it does not say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceSpec {
    /// A file in a public format, or the folder of a canonical trace; relative to the recipe.
    pub file: PathBuf,
    /// Its format, where file and name do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// How long after the beginning of the trace the cluster starts.
    pub from: Span,
    /// Only the first so many jobs from there on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// Only jobs of these tenants; of all if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
    /// All jobs but those of these tenants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Only this part of the jobs or requests, drawn by seed.
    #[serde(with = "units::decimal", skip_serializing_if = "is_whole")]
    pub sample: u32,
    /// Times between arrivals are multiplied by it, run times stay: below one, the same work comes in
    /// less time. So the load of a log is raised or lowered without another machine.
    #[serde(with = "units::decimal", skip_serializing_if = "is_whole")]
    pub interarrival: u32,
    /// Only this part of the jobs, which are dealt to made-up tenants at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dealt: Option<Deal>,
    /// Where it is known from which job waits for which; without it, all come at their logged times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<FeedbackMode>,
    /// With `feedback = "user"`: after a longer pause a job begins a session, at its logged time.
    #[serde(skip_serializing_if = "is_session")]
    pub session: Span,
    /// Cores of a task that does not say, and of one GPU's task.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Memory of such a task.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// Cores of the largest machine, where amounts are relative to it.
    #[serde(with = "units::cores")]
    pub largest_cpus: Millicores,
    /// Memory of the largest machine.
    #[serde(with = "units::memory")]
    pub largest_mem: Mebibytes,
    /// How long a task runs whose end is not known.
    pub run: Span,
    /// How far apart jobs come where the trace has no arrivals.
    pub every: Span,
    /// The length of a step of a service's load.
    pub step: Span,
    /// One instance of the service that answers a trace's requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceSpec>,
    /// How many instances follow from the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<AutoscalerSpec>,
}

/// One of several tenants to whom jobs of nobody in particular are dealt: each job to any of them
/// with the same chance, drawn by seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deal {
    /// Which tenant, counted from one.
    pub part: u32,
    /// How many there are.
    pub of: u32,
}

impl Default for TraceSpec {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            format: None,
            from: Span::ZERO,
            jobs: None,
            tenants: Vec::new(),
            except: Vec::new(),
            sample: 1000,
            interarrival: 1000,
            dealt: None,
            feedback: None,
            session: SESSION,
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
            largest_cpus: Millicores(64_000),
            largest_mem: Mebibytes(256 << 10),
            run: Span::from_secs(600),
            every: Span::from_secs(60),
            step: Span::from_secs(60),
            service: None,
            autoscaler: None,
        }
    }
}

/// How the rows of a trace are read for another kind of workload.
pub(crate) struct Reading<'a> {
    /// Whether a job is asked for.
    pub(crate) wants: &'a dyn Fn(&Job) -> bool,
    /// Its tasks as that kind has them.
    pub(crate) task: &'a dyn Fn(Tasks) -> Tasks,
}

impl Reading<'_> {
    /// All as it is.
    const PLAIN: Self = Self {
        wants: &|_| true,
        task: &|tasks| tasks,
    };
}

/// A trace that was read, with its model.
#[derive(Clone, Debug)]
pub struct Loaded {
    spec: TraceSpec,
    /// What the source says of itself, and the kind of workload.
    pub(crate) assumptions: Vec<Assumption>,
    /// Whether amounts are relative to the largest machine.
    relative: bool,
    inputs: Vec<Input>,
    /// The tenants that are named, to be taken or to be left out.
    named: BTreeSet<u64>,
    read: Arc<Read>,
}

/// The jobs and the load of a trace under one model: the same for all who read it so.
#[derive(Debug)]
pub(crate) struct Read {
    /// By submission, from the beginning of the trace; `None` if it has no jobs.
    jobs: Option<Sorted<Brief>>,
    /// Requests by when they come, from the beginning of the trace.
    load: Vec<(Time, u64)>,
    /// Whether what any of its jobs used was measured.
    measured: bool,
}

/// Everything of a [`TraceSpec`] that a reading of all of its trace depends on.
pub(crate) type Model = [u64; 6];

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Brief {
    name: String,
    tenant: Option<u64>,
    submitted: Time,
    gang: bool,
    /// Each with how many of its tasks take how long.
    stages: Vec<(StageSpec, Vec<(u32, Span)>)>,
    /// What it used, in millionths of what it had, if that was measured.
    used: Option<u32>,
    told: Told,
    /// The job that had to end before it.
    before: Option<Box<Before>>,
    /// How long it waited for its start.
    wait: Option<Span>,
    /// Why it cannot be run.
    left: Option<Left>,
}

/// Why a job is left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Left {
    /// It has no tasks.
    Empty,
    /// None of its tasks ever started.
    Unstarted,
    /// Some of its stages wait for each other.
    Loop,
    /// One of its stages has more tasks than any cluster could run.
    TooMany,
}

/// How many jobs are left out for a reason, and the name of the first of them.
pub type LeftOut = BTreeMap<Left, (u64, String)>;

impl Left {
    /// What these jobs are, as in "3 jobs ...".
    pub const fn about(self) -> &'static str {
        match self {
            Self::Empty => "without tasks",
            Self::Unstarted => "that never started",
            Self::Loop => "with stages that wait for each other",
            Self::TooMany => "with more tasks in a stage than can be run",
        }
    }
}

impl Brief {
    const fn place(&self) -> (u64, u64) {
        (self.submitted.as_micros(), 0)
    }

    /// How much memory it takes, in small rows.
    fn weight(&self) -> usize {
        let times = self.stages.iter().map(|(_, times)| times.len());
        1 + self.stages.len() + times.sum::<usize>() / 8
    }

    /// When it ended in the source, where that is told: of a job of one stage.
    fn logged_end(&self) -> Option<Time> {
        let Told {
            run,
            damaged,
            censored,
            open,
            ..
        } = self.told;
        let [(_, times)] = &self.stages[..] else {
            return None;
        };
        let longest = times.iter().map(|(_, run)| *run).max()?;
        (run + damaged + censored + open == 0).then_some(self.submitted + self.wait? + longest)
    }

    fn stages(self) -> Vec<Stage> {
        let stages = self.stages.into_iter().map(|(stage, times)| {
            let mut local = Vec::with_capacity(stage.tasks as usize);
            for (count, run) in times {
                local.extend(std::iter::repeat_n(run, count as usize));
            }
            (stage, Runtimes::Plain { local, away: 1000 })
        });
        stages.collect()
    }
}

/// How often the model speaks for the trace.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize)]
struct Told {
    cpus: u64,
    memory: u64,
    run: u64,
    damaged: u64,
    /// Tasks of which the trace holds a part, and those of which it is not known how much.
    censored: u64,
    open: u64,
    zero: u64,
    unstarted: u64,
    arrivals: u64,
    /// Jobs that name one which had to end before them.
    waits: u64,
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

impl TraceSpec {
    /// How long after the start of the cluster something comes that the trace has at `at`; `None` if
    /// that is before it.
    #[must_use]
    pub fn arrival(&self, at: Time) -> Option<Span> {
        let from = Time::ZERO + self.from;
        (at >= from).then(|| at.since(from).scaled(self.interarrival.into(), 1000))
    }

    fn check(&self) -> Result<(), ReadError> {
        named(&self.file)?;
        positive(self.largest_cpus.0, "largest_cpus")?;
        positive(self.largest_mem.0, "largest_mem")?;
        positive(self.run.as_micros(), "run")?;
        positive(self.every.as_micros(), "every")?;
        positive(self.step.as_micros(), "step")?;
        some(Resources::new(self.cpus, self.mem), "cpus")?;
        positive(u64::from(self.sample), "sample")?;
        share(self.sample, "sample")?;
        positive(u64::from(self.interarrival), "interarrival")?;
        if self.feedback == Some(FeedbackMode::User) && !is_whole(&self.interarrival) {
            let found = Thousandths(self.interarrival.into());
            let error = ReadError::expected("1, as pauses are those of the log", found);
            return Err(error
                .place("parameter `interarrival`")
                .hint("leave it or `feedback = \"user\"` out"));
        }
        if let Some(Deal { part, of }) = self.dealt
            && !(1..=of).contains(&part)
        {
            let expected = format!("a part between 1 and {of}");
            return Err(ReadError::expected(expected, part).place("parameter `dealt`"));
        }
        if !self.tenants.is_empty() && !self.except.is_empty() {
            let error = ReadError::expected("`tenants` or `except`", "both");
            return Err(error.place("parameter `except`"));
        }
        self.service.unwrap_or_default().check()?;
        self.autoscaler.unwrap_or_default().check()
    }

    /// What can only be asked of requests is not left undone in silence.
    fn check_jobs(&self) -> Result<(), ReadError> {
        let asked = [
            ("service", self.service.is_some()),
            ("autoscaler", self.autoscaler.is_some()),
        ];
        match asked.iter().find(|(_, asked)| *asked) {
            None => Ok(()),
            Some((parameter, _)) => {
                let error = ReadError::expected("a trace of requests", "one of jobs");
                Err(error.place(format!("parameter `{parameter}`")))
            }
        }
    }

    /// What can only be asked of jobs is not left undone in silence.
    fn check_requests(&self) -> Result<(), ReadError> {
        let asked = [
            ("jobs", self.jobs.is_some()),
            ("tenants", !self.tenants.is_empty()),
            ("except", !self.except.is_empty()),
            ("dealt", self.dealt.is_some()),
            ("feedback", self.feedback.is_some()),
        ];
        if let Some((parameter, _)) = asked.iter().find(|(_, asked)| *asked) {
            let error = ReadError::expected("a trace of jobs", "one of requests");
            return Err(error.place(format!("parameter `{parameter}`")));
        }
        if self.interarrival > 1000 {
            let found = Thousandths(self.interarrival.into());
            let error = ReadError::expected("at most 1, as requests are told by steps", found);
            return Err(error.place("parameter `interarrival`"));
        }
        Ok(())
    }

    /// Reads the trace, unless it was read under the same model.
    pub(crate) fn load(&self, folder: &Path, imports: &mut Imports) -> Result<Loaded, ReadError> {
        self.check()?;
        let (trace, inputs) = imports.open(folder, &self.file, self.format)?;
        let read = imports.read(folder, &self.file, self.format, self.model(), || {
            self.read(&trace, &Reading::PLAIN)
        })?;
        let checked = match &read.jobs {
            Some(_) => self.check_jobs(),
            None => self.check_requests(),
        };
        checked.map_err(|error| error.file(&self.file))?;
        self.with(&trace, inputs, read)
    }

    /// What the model makes of a trace, read so.
    pub(crate) fn loaded(
        &self,
        trace: &Opened,
        inputs: Vec<Input>,
        reading: &Reading<'_>,
    ) -> Result<Loaded, ReadError> {
        let read = Arc::new(self.read(trace, reading)?);
        self.with(trace, inputs, read)
    }

    fn with(
        &self,
        trace: &Opened,
        inputs: Vec<Input>,
        read: Arc<Read>,
    ) -> Result<Loaded, ReadError> {
        if read.jobs.is_none() && read.load.is_empty() {
            let error = ReadError::expected("jobs or requests in the trace", "neither");
            let left_out = trace.manifest.assumptions.iter();
            let left_out = left_out.filter(|said| said.about == "jobs dropped");
            let hint = left_out
                .map(|said| format!("jobs were left out: {}", said.model))
                .next();
            let hint = hint.unwrap_or_else(|| {
                "machines are the cluster's business; sizes without times cannot be run".to_owned()
            });
            return Err(error.file(&self.file).hint(hint));
        }
        Ok(Loaded {
            spec: self.clone(),
            assumptions: trace.manifest.assumptions.clone(),
            relative: trace.manifest.units.relative,
            inputs,
            named: self.wanted_tenants(trace)?,
            read,
        })
    }

    const fn model(&self) -> Model {
        [
            self.cpus.0,
            self.mem.0,
            self.largest_cpus.0,
            self.largest_mem.0,
            self.run.as_micros(),
            self.every.as_micros(),
        ]
    }

    fn read(&self, trace: &Opened, reading: &Reading<'_>) -> Result<Read, ReadError> {
        let mut measured = false;
        let jobs = self.jobs_of(trace, reading, &mut measured)?;
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

    fn assumed(&self, told: Told, relative: bool) -> Vec<Assumption> {
        let mut assumptions = Vec::new();
        let mut assume = |count: u64, what: &str, about: &str, model: String| {
            if count > 0 {
                let s = if count == 1 { "" } else { "s" };
                let model = format!("{model} (of {count} {what}{s})");
                assumptions.push(assumption(about, model));
            }
        };
        let cpus = Resources::new(self.cpus, Mebibytes(0));
        let mem = Resources::new(Millicores(0), self.mem);
        let about = "processors of tasks that do not say";
        assume(told.cpus, "task", about, format!("{cpus} a task"));
        let about = "memory of tasks that do not say";
        assume(told.memory, "task", about, format!("{mem} a task"));
        let about = "run times that are not known";
        let run = self.run;
        assume(told.run, "task", about, run.to_string());
        let about = "run times that are damaged";
        assume(told.damaged, "task", about, run.to_string());
        let about = "tasks that were still running, or ran before";
        let model = "as long as the trace holds of it".to_owned();
        assume(told.censored, "task", about, model);
        let model = format!("{run}: the trace does not tell how much of it there is");
        assume(told.open, "task", "tasks that ran on", model);
        let model = "a microsecond: the clock of the trace is coarser".to_owned();
        assume(told.zero, "task", "run times of zero", model);
        let about = "tasks that never started, of jobs with others";
        assume(told.unstarted, "task", about, "left out".to_owned());
        let every = format!("a job every {}", self.every);
        assume(told.arrivals, "job", "arrivals that are not known", every);
        let about = "jobs that wait for another in the log";
        let model = match self.feedback {
            None => "submitted at their logged times all the same",
            Some(FeedbackMode::User) => "not asked for: who waits for whom is what users did",
            Some(FeedbackMode::Logged) => "",
        };
        if !model.is_empty() {
            assume(told.waits, "job", about, model.to_owned());
        }
        if relative {
            let largest = Resources::new(self.largest_cpus, self.largest_mem);
            assumptions.push(assumption("the largest machine", format!("{largest}")));
        }
        assumptions
    }

    fn jobs_of(
        &self,
        trace: &Opened,
        reading: &Reading<'_>,
        measured: &mut bool,
    ) -> Result<Option<Sorted<Brief>>, ReadError> {
        let mut tasks = Group::new(trace.rows::<Tasks>()?);
        let mut edges = Group::new(trace.rows::<Edge>()?);
        let mut readings = Group::new(trace.rows::<Usage>()?);
        let mut jobs = Sorted::by(Brief::place);
        for job in arrivals(trace, self.every)? {
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
            let stages = self.stages(&tasks, &edges, &trace.manifest.units, &mut told);
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

    /// The tenants that are named, to be taken or to be left out.
    fn wanted_tenants(&self, trace: &Opened) -> Result<BTreeSet<u64>, ReadError> {
        let names = || self.tenants.iter().chain(&self.except);
        let mut wanted = BTreeSet::new();
        let mut missing: BTreeSet<&String> = names().collect();
        for tenant in trace.rows::<Tenant>()? {
            let tenant = tenant?;
            if missing.remove(&tenant.name) || names().any(|name| *name == tenant.name) {
                wanted.insert(tenant.id);
            }
        }
        match missing.first() {
            None => Ok(wanted),
            Some(name) => {
                let error = ReadError::expected("the name of a tenant", quoted(name));
                let parameter = if self.tenants.is_empty() {
                    "parameter `except`"
                } else {
                    "parameter `tenants`"
                };
                Err(error.place(parameter))
            }
        }
    }
}

/// A longer pause between the end of a job and the next one ends a session: the customary 20 min (Zakay and
/// Feitelson, JSSPP 2012, who also say what is wrong with it: very long jobs make very long sessions).
pub(crate) const SESSION: Span = Span::from_secs(20 * 60);

/// Whether sessions are as everywhere.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(crate) fn is_session(session: &Span) -> bool {
    *session == SESSION
}

/// Whether a part is all there is.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_whole(thousandths: &u32) -> bool {
    *thousandths == 1000
}

/// Why a workload cannot say what its tasks used.
pub(crate) fn unmeasured() -> ReadError {
    let error = ReadError::expected("a trace that measured what its jobs used", "none of it");
    let hint = "say it of every task, as in use = 0.6";
    error.place("parameter `use`").hint(hint)
}

impl Loaded {
    /// Whether what its jobs used was measured, as a part of what they had.
    pub(crate) fn tells_use(&self) -> Result<(), ReadError> {
        let mut usage = self.assumptions.iter();
        let other = usage.find(|one| NO_PARTS.contains(&one.model.as_str()));
        match other {
            Some(other) => {
                let expected = "readings of use as a part of what a job has";
                let error = ReadError::expected(expected, quoted(&other.model));
                Err(error.file(&self.spec.file).place("parameter `use`"))
            }
            None if self.read.measured => Ok(()),
            None => Err(unmeasured().file(&self.spec.file)),
        }
    }

    pub(crate) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    pub(crate) fn build(&self, context: &Context<'_>) -> Result<Workload, ReadError> {
        let mut told = Told::default();
        let mut said = Vec::new();
        let work = if let Some(all) = &self.read.jobs {
            let mut jobs = Jobs::default();
            let spec = &self.spec;
            let mut links = spec.feedback.map(|mode| Links::new(mode, spec.session));
            for job in self.wanted(all, context) {
                let job = job?;
                told += job.told;
                if let Some(links) = &mut links {
                    links.add(&job);
                }
                let (name, submitted, gang) = (job.name.clone(), job.submitted, job.gang);
                let used = job.used;
                jobs.push(&name, submitted, gang, job.stages())?;
                jobs.measured(used);
            }
            let (feedback, links) = links.map(Links::finish).unwrap_or_default();
            said = links;
            let jobs = jobs.finish();
            Work::Batch(match feedback {
                None => jobs,
                Some(feedback) => jobs.with_feedback(feedback),
            })
        } else {
            self.service(context)?
        };
        let mut workload = self.workload(work, told, context)?;
        workload.assumptions.append(&mut said);
        workload.assumptions.sort();
        Ok(workload)
    }

    /// The workload with its jobs beside it, one by one; `None` when it has none, or when some wait for
    /// others, which may come long before their logged times.
    pub(crate) fn stream(
        &self,
        context: &Context<'_>,
    ) -> Option<Result<(Workload, JobStream<'_>), ReadError>> {
        let all = self.read.jobs.as_ref()?;
        if self.spec.feedback.is_some() {
            return None;
        }
        // What is assumed is told before the first job is run.
        let mut told = Told::default();
        for job in self.wanted(all, context) {
            match job {
                Ok(job) => told += job.told,
                Err(error) => return Some(Err(error)),
            }
        }
        let jobs = self.wanted(all, context).map(|job| {
            let job = job?;
            let (name, submitted, gang) = (job.name.clone(), job.submitted, job.gang);
            let used = job.used;
            Ok(OneJob::new(&name, submitted, gang, job.stages()).with_use(used))
        });
        let workload = self.workload(Work::Batch(trace::Jobs::default()), told, context);
        Some(workload.map(|workload| (workload, Box::new(jobs) as JobStream<'_>)))
    }

    fn workload(
        &self,
        work: Work,
        told: Told,
        context: &Context<'_>,
    ) -> Result<Workload, ReadError> {
        let spec = &self.spec;
        let mut assumptions = self.assumptions.clone();
        assumptions.extend(spec.assumed(told, self.relative));
        let mut assume = |about, model: String| assumptions.push(assumption(about, model));
        if !spec.from.is_zero() || spec.jobs.is_some() {
            let most = spec
                .jobs
                .map_or(String::new(), |n| format!(", the first {n} jobs"));
            let model = format!("from {} after its beginning{most}", spec.from);
            assume("part of the trace", model);
        }
        if !is_whole(&spec.interarrival) {
            let factor = Thousandths(spec.interarrival.into());
            let model = format!("{factor} times as long as in the trace");
            assume("times between arrivals", model);
        }
        if !is_whole(&spec.sample) {
            let what = if self.read.jobs.is_some() {
                "jobs"
            } else {
                "requests"
            };
            let model = format!("{} of them, drawn by seed", Thousandths(spec.sample.into()));
            assume(what, model);
        }
        if self.read.jobs.is_none() {
            assumptions.push(spec.service.unwrap_or_default().told());
            assumptions.push(spec.autoscaler.unwrap_or_default().told());
        } else if let Some(Deal { of, .. }) = spec.dealt {
            let model = format!("each job is that of one of {of}, drawn by seed");
            assume("tenants", model);
        }
        for (left, (count, _)) in self.left_out(context)? {
            let s = if count == 1 { "" } else { "s" };
            let about = format!("job{s} {}", left.about());
            assumptions.push(assumption(&about, format!("left out ({count} job{s})")));
        }
        assumptions.sort();
        assumptions.dedup();
        Ok(Workload {
            work,
            assumptions,
            inputs: self.inputs.clone(),
        })
    }

    /// How many jobs of the time asked for cannot be run, and why not.
    pub(crate) fn left_out(&self, context: &Context<'_>) -> Result<LeftOut, ReadError> {
        let mut all = LeftOut::new();
        // Of jobs that are dealt one tenant tells.
        if self.spec.dealt.is_none_or(|deal| deal.part == 1) {
            for job in self.read.jobs.iter().flat_map(Sorted::rows) {
                let job = job?;
                if let Some(left) = job.left
                    && self.is_mine(&job)
                    && self.in_time(job.submitted, context)
                {
                    all.entry(left).or_insert((0, job.name)).0 += 1;
                }
            }
        }
        Ok(all)
    }

    /// Whether a job is one of the tenants asked for.
    fn is_mine(&self, job: &Brief) -> bool {
        let named = job
            .tenant
            .is_some_and(|tenant| self.named.contains(&tenant));
        self.named.is_empty() || named != self.spec.tenants.is_empty()
    }

    fn in_time(&self, submitted: Time, context: &Context<'_>) -> bool {
        let arrival = self.spec.arrival(submitted);
        arrival.is_some_and(|arrival| arrival < context.horizon)
    }

    /// The jobs that are asked for, by submission, from the beginning of the run.
    fn wanted<'a>(
        &'a self,
        all: &'a Sorted<Brief>,
        context: &Context<'_>,
    ) -> impl Iterator<Item = Result<Brief, ReadError>> + 'a {
        let spec = &self.spec;
        let end = Time::ZERO + context.horizon;
        let most = spec.jobs.map_or(usize::MAX, |jobs| jobs as usize);
        // Every tenant draws the same, so that every job is dealt to one of them.
        let mut deal = stream(context.seed, "trace/deal");
        let mut draw = stream(context.seed, "trace/sample");
        // Jobs that wait for each other are of one tenant.
        let mut tenants: HashMap<String, u64> = HashMap::new();
        let mut dealt = move |job: &Result<Brief, ReadError>, of: u32| {
            let drawn = deal.below(u64::from(of)) + 1;
            let (Some(FeedbackMode::Logged), Ok(job)) = (spec.feedback, job) else {
                return drawn;
            };
            let before = job.before.as_ref();
            let before = before.and_then(|before| tenants.get(&before.job));
            let tenant = before.copied().unwrap_or(drawn);
            tenants.insert(job.name.clone(), tenant);
            tenant
        };
        let drawn = move |job: &Result<Brief, ReadError>| {
            let drawn = is_whole(&spec.sample) || draw.chance(spec.sample);
            drawn
                && spec
                    .dealt
                    .is_none_or(|Deal { part, of }| dealt(job, of) == u64::from(part))
        };
        let early = move |job: &Result<Brief, _>| {
            let arrival = job.as_ref().map(|job| spec.arrival(job.submitted));
            arrival.is_ok_and(|arrival| arrival.is_none())
        };
        let since = move |job: Result<Brief, _>| {
            job.map(|job| Brief {
                submitted: Time::ZERO + spec.arrival(job.submitted).unwrap_or_default(),
                ..job
            })
        };
        let whole = move |job: &Result<Brief, _>| {
            job.as_ref()
                .map_or(true, |job| job.left.is_none() && self.is_mine(job))
        };
        let in_time =
            move |job: &Result<Brief, _>| job.as_ref().map_or(true, |j| j.submitted < end);
        let jobs = all.rows().skip_while(early).filter(whole).filter(drawn);
        jobs.take(most).map(since).take_while(in_time)
    }

    /// Requests as the load of a service.
    fn service(&self, context: &Context<'_>) -> Result<Work, ReadError> {
        let spec = &self.spec;
        let steps = context.horizon.as_micros().div_ceil(spec.step.as_micros());
        if steps > MOST_STEPS {
            let error = ReadError::expected(format!("at most {MOST_STEPS} steps"), steps);
            return Err(error
                .place("parameter `step`")
                .hint("make the steps longer"));
        }
        let mut load = vec![0_u64; steps as usize];
        let mut draw = stream(context.seed, "trace/sample");
        for (time, requests) in &self.read.load {
            let Some(arrival) = spec.arrival(*time) else {
                continue;
            };
            let step = arrival.as_micros() / spec.step.as_micros();
            let Some(sum) = load.get_mut(step as usize) else {
                break;
            };
            let requests = if is_whole(&spec.sample) {
                *requests
            } else {
                draw.of(*requests, spec.sample)
            };
            *sum = sum.saturating_add(requests);
        }
        let (service, autoscaler) = (spec.service, spec.autoscaler.unwrap_or_default());
        let service = service.unwrap_or_default();
        Ok(service.under(load, spec.step, &autoscaler))
    }
}

/// The most steps of a load.
const MOST_STEPS: u64 = 10_000_000;
