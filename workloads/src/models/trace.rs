//! Jobs or a service of a public trace in any format, by way of the canonical form.
//!
//! A trace says what it says; what a simulation needs beyond that is this model: how large the largest
//! machine is where sizes are relative, what a GPU's task takes of processors and memory, what a task
//! takes that tells nothing, how long one runs whose end is not known. Every such number is a
//! parameter and, where it was used, an assumption.

mod stages;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::canonical::tables::{Edge, Job, Load, Tasks, Tenant};
use crate::canonical::{Imports, Opened, Units};
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
use stages::Group;

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
    /// Only this part of the jobs, drawn by seed.
    #[serde(with = "units::decimal", skip_serializing_if = "is_whole")]
    pub sample: u32,
    /// Only this part of the jobs, which are dealt to made-up tenants at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dealt: Option<Deal>,
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
    /// One instance of a service.
    pub service: ServiceSpec,
    /// How many instances follow from the load.
    pub autoscaler: AutoscalerSpec,
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
            dealt: None,
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
            largest_cpus: Millicores(64_000),
            largest_mem: Mebibytes(256 << 10),
            run: Span::from_secs(600),
            every: Span::from_secs(60),
            step: Span::from_secs(60),
            service: ServiceSpec::default(),
            autoscaler: AutoscalerSpec::default(),
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
    pub(crate) assumptions: Vec<Assumption>,
    inputs: Vec<Input>,
    /// By submission, from the beginning of the trace; `None` if it has no jobs.
    jobs: Option<Arc<Sorted<Brief>>>,
    /// Requests by when they come, from the beginning of the trace.
    load: Vec<(Time, u64)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Brief {
    name: String,
    submitted: Time,
    gang: bool,
    stages: Vec<(StageSpec, Vec<Span>)>,
}

impl Brief {
    const fn place(&self) -> (u64, u64) {
        (self.submitted.as_micros(), 0)
    }

    /// How much memory it takes, in small rows.
    fn weight(&self) -> usize {
        let tasks = self.stages.iter().map(|(_, times)| times.len());
        1 + self.stages.len() + tasks.sum::<usize>() / 8
    }

    fn stages(self) -> Vec<Stage> {
        let stages = self.stages.into_iter();
        stages
            .map(|(stage, local)| (stage, Runtimes::Plain { local, away: 1000 }))
            .collect()
    }
}

/// How often the model spoke for the trace.
#[derive(Clone, Copy, Default)]
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
    /// Jobs none of whose tasks started.
    never: u64,
    arrivals: u64,
    empty: u64,
}

impl TraceSpec {
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
        self.service.check()?;
        self.autoscaler.check()
    }

    /// Reads the trace.
    pub(crate) fn load(&self, folder: &Path, imports: &mut Imports) -> Result<Loaded, ReadError> {
        self.check()?;
        let (trace, inputs) = imports.open(folder, &self.file, self.format)?;
        self.loaded(&trace, inputs, &Reading::PLAIN)
    }

    /// What the model makes of a trace, read so.
    pub(crate) fn loaded(
        &self,
        trace: &Opened,
        inputs: Vec<Input>,
        reading: &Reading<'_>,
    ) -> Result<Loaded, ReadError> {
        let mut told = Told::default();
        let jobs = self.jobs_of(trace, reading, &mut told)?;
        let origin = trace.manifest.units.origin;
        let mut load = Vec::new();
        for row in trace.rows::<Load>()? {
            let row = row?;
            load.push((
                Time::from_micros(row.start.saturating_sub(origin)),
                row.requests,
            ));
        }
        load.sort_unstable();
        if jobs.is_none() && load.is_empty() {
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
        let mut assumptions = trace.manifest.assumptions.clone();
        assumptions.extend(self.assumed(told, &trace.manifest.units));
        Ok(Loaded {
            spec: self.clone(),
            assumptions,
            inputs,
            jobs,
            load,
        })
    }

    fn assumed(&self, told: Told, units: &Units) -> Vec<Assumption> {
        let mut assumptions = Vec::new();
        let mut assume = |count: u64, about: &str, model: String| {
            if count > 0 {
                assumptions.push(assumption(about, format!("{model} ({count} in the trace)")));
            }
        };
        let cpus = Resources::new(self.cpus, Mebibytes(0));
        let mem = Resources::new(Millicores(0), self.mem);
        assume(
            told.cpus,
            "processors of tasks that do not say",
            format!("{cpus} a task"),
        );
        assume(
            told.memory,
            "memory of tasks that do not say",
            format!("{mem} a task"),
        );
        let run = self.run;
        assume(told.run, "run times that are not known", run.to_string());
        assume(told.damaged, "run times that are damaged", run.to_string());
        let model = "as long as the trace holds of it".to_owned();
        assume(
            told.censored,
            "tasks that were still running, or ran before",
            model,
        );
        let model = format!("{run}: the trace does not tell how much of it there is");
        assume(told.open, "tasks that ran on", model);
        let model = "a microsecond: the clock of the trace is coarser".to_owned();
        assume(told.zero, "run times of zero", model);
        let model = format!(
            "left out, and with them {} jobs that had no others",
            told.never
        );
        assume(told.unstarted, "tasks that never started", model);
        let every = format!("a job every {}", self.every);
        assume(told.arrivals, "arrivals that are not known", every);
        assume(told.empty, "jobs without tasks", "left out".to_owned());
        if units.relative {
            let largest = Resources::new(self.largest_cpus, self.largest_mem);
            assumptions.push(assumption("the largest machine", format!("{largest}")));
        }
        assumptions
    }

    fn jobs_of(
        &self,
        trace: &Opened,
        reading: &Reading<'_>,
        told: &mut Told,
    ) -> Result<Option<Arc<Sorted<Brief>>>, ReadError> {
        let wanted = self.wanted_tenants(trace)?;
        let origin = trace.manifest.units.origin;
        let mut tasks = Group::new(trace.rows::<Tasks>()?);
        let mut edges = Group::new(trace.rows::<Edge>()?);
        let mut jobs = Sorted::by(Brief::place);
        let mut unknown = Time::ZERO;
        for job in trace.rows::<Job>()? {
            let job = job?;
            let (tasks, edges) = (tasks.of(job.id)?, edges.of(job.id)?);
            let named = job.tenant.is_some_and(|tenant| wanted.contains(&tenant));
            let left_out = named == self.tenants.is_empty() && !wanted.is_empty();
            if left_out || !(reading.wants)(&job) {
                continue;
            }
            let tasks: Vec<Tasks> = tasks.into_iter().map(reading.task).collect();
            let stages = self.stages(&tasks, &edges, &trace.manifest.units, told);
            let stages =
                stages.map_err(|error| error.place(format!("job {}", quoted(&job.name))))?;
            if stages.is_empty() {
                if tasks.is_empty() {
                    told.empty += 1;
                } else {
                    told.never += 1;
                }
                continue;
            }
            let submitted = if let Some(submit) = job.submit {
                Time::from_micros(submit.saturating_sub(origin))
            } else {
                told.arrivals += 1;
                let now = unknown;
                unknown += self.every;
                now
            };
            let gang = job.gang == 1;
            let name = if job.name.is_empty() {
                format!("job {}", job.id)
            } else {
                job.name
            };
            let job = Brief {
                name,
                submitted,
                gang,
                stages,
            };
            let weight = job.weight();
            jobs.push(job, weight)?;
        }
        let none = jobs.finish()?;
        Ok((!none).then(|| Arc::new(jobs)))
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

/// Whether a part is all there is.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_whole(thousandths: &u32) -> bool {
    *thousandths == 1000
}

impl Loaded {
    pub(crate) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    pub(crate) fn build(&self, context: &Context<'_>) -> Result<Workload, ReadError> {
        let work = if let Some(all) = &self.jobs {
            let mut jobs = Jobs::default();
            for job in self.wanted(all, context) {
                let job = job?;
                let (name, submitted, gang) = (job.name.clone(), job.submitted, job.gang);
                jobs.push(&name, submitted, gang, job.stages())?;
            }
            Work::Batch(jobs.finish())
        } else {
            self.service(context)?
        };
        Ok(self.workload(work))
    }

    /// The workload with its jobs beside it, one by one; `None` when it has none.
    pub(crate) fn stream(&self, context: &Context<'_>) -> Option<(Workload, JobStream<'_>)> {
        let all = self.jobs.as_ref()?;
        let jobs = self.wanted(all, context).map(|job| {
            let job = job?;
            let (name, submitted, gang) = (job.name.clone(), job.submitted, job.gang);
            Ok(OneJob::new(&name, submitted, gang, job.stages()))
        });
        let workload = self.workload(Work::Batch(trace::Jobs::default()));
        Some((workload, Box::new(jobs)))
    }

    fn workload(&self, work: Work) -> Workload {
        let spec = &self.spec;
        let mut assumptions = self.assumptions.clone();
        let mut assume = |about, model: String| assumptions.push(assumption(about, model));
        if !spec.from.is_zero() || spec.jobs.is_some() {
            let most = spec
                .jobs
                .map_or(String::new(), |n| format!(", the first {n} jobs"));
            let model = format!("from {} after its beginning{most}", spec.from);
            assume("part of the trace", model);
        }
        if self.jobs.is_none() {
            assumptions.push(spec.service.told());
            assumptions.push(spec.autoscaler.told());
        } else {
            if !is_whole(&spec.sample) {
                let model = format!("{} of them, drawn by seed", Thousandths(spec.sample.into()));
                assume("jobs", model);
            }
            if let Some(Deal { of, .. }) = spec.dealt {
                let model = format!("each job is that of one of {of}, drawn by seed");
                assume("tenants", model);
            }
        }
        assumptions.sort();
        assumptions.dedup();
        Workload {
            work,
            assumptions,
            inputs: self.inputs.clone(),
        }
    }

    /// The jobs that are asked for, by submission, from the beginning of the run.
    fn wanted<'a>(
        &'a self,
        all: &'a Sorted<Brief>,
        context: &Context<'_>,
    ) -> impl Iterator<Item = Result<Brief, ReadError>> + 'a {
        let spec = &self.spec;
        let (from, end) = (Time::ZERO + spec.from, Time::ZERO + context.horizon);
        let most = spec.jobs.map_or(usize::MAX, |jobs| jobs as usize);
        // Every tenant draws the same, so that every job is dealt to one of them.
        let mut deal = stream(context.seed, "trace/deal");
        let mut draw = stream(context.seed, "trace/sample");
        let mine = move |_: &Result<Brief, ReadError>| {
            let drawn = is_whole(&spec.sample) || draw.chance(spec.sample);
            drawn
                && spec.dealt.is_none_or(|Deal { part, of }| {
                    deal.below(u64::from(of)) + 1 == u64::from(part)
                })
        };
        let early = move |job: &Result<Brief, _>| job.as_ref().is_ok_and(|j| j.submitted < from);
        let since = move |job: Result<Brief, _>| {
            job.map(|job| Brief {
                submitted: Time::ZERO + job.submitted.since(from),
                ..job
            })
        };
        let in_time =
            move |job: &Result<Brief, _>| job.as_ref().map_or(true, |j| j.submitted < end);
        let jobs = all.rows().skip_while(early).filter(mine).take(most);
        jobs.map(since).take_while(in_time)
    }

    /// Requests as the load of a service.
    fn service(&self, context: &Context<'_>) -> Result<Work, ReadError> {
        let spec = &self.spec;
        let from = Time::ZERO + spec.from;
        let steps = context.horizon.as_micros().div_ceil(spec.step.as_micros());
        if steps > MOST_STEPS {
            let error = ReadError::expected(format!("at most {MOST_STEPS} steps"), steps);
            return Err(error
                .place("parameter `step`")
                .hint("make the steps longer"));
        }
        let mut load = vec![0_u64; steps as usize];
        let first = self.load.partition_point(|(time, _)| *time < from);
        for (time, requests) in &self.load[first..] {
            let step = time.since(from).as_micros() / spec.step.as_micros();
            match load.get_mut(step as usize) {
                Some(sum) => *sum = sum.saturating_add(*requests),
                None => break,
            }
        }
        Ok(spec.service.under(load, spec.step, &spec.autoscaler))
    }
}

/// The most steps of a load.
const MOST_STEPS: u64 = 10_000_000;
