//! A trace that was read becomes the work of a run.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Time;
use fairground_workloads::models::trace::{
    Deal, FeedbackMode, LeftOut, SESSION, TraceSpec, is_whole,
};
use fairground_workloads::spec::unmeasured;

use super::feedback::Links;
use super::read::{Brief, Read, Told};
use crate::canonical::NO_PARTS;
use crate::error::{ReadError, quoted};
use crate::models::arrivals::assumption;
use crate::models::jobs::Jobs;
use crate::rng::stream;
use crate::sorted::Sorted;
use crate::spec::{Source, SpecContext};
use crate::trace::{self, Assumption, Input, JobStream, OneJob, Work, Workload};
use crate::units::Thousandths;

/// A trace that was read, with its model.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub(super) spec: TraceSpec,
    /// What the source says of itself, and the kind of workload.
    pub(crate) assumptions: Vec<Assumption>,
    /// Whether amounts are relative to the largest machine.
    pub(super) relative: bool,
    pub(super) inputs: Vec<Input>,
    /// The tenants that are named, to be taken or to be left out.
    pub(super) named: BTreeSet<u64>,
    pub(super) read: Arc<Read>,
}

fn assumed(spec: &TraceSpec, told: Told, relative: bool) -> Vec<Assumption> {
    let mut assumptions = Vec::new();
    let mut assume = |count: u64, what: &str, about: &str, model: String| {
        if count > 0 {
            let s = if count == 1 { "" } else { "s" };
            let model = format!("{model} (of {count} {what}{s})");
            assumptions.push(assumption(about, model));
        }
    };
    let cpus = Resources::new(spec.cpus, Mebibytes(0));
    let mem = Resources::new(Millicores(0), spec.mem);
    let about = "processors of tasks that do not say";
    assume(told.cpus, "task", about, format!("{cpus} a task"));
    let about = "memory of tasks that do not say";
    assume(told.memory, "task", about, format!("{mem} a task"));
    let about = "run times that are not known";
    let run = spec.run;
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
    let about = "models of GPU that tasks ask for";
    assume(told.models, "task", about, "any will do".to_owned());
    let every = format!("a job every {}", spec.every);
    assume(told.arrivals, "job", "arrivals that are not known", every);
    let about = "jobs that wait for another in the log";
    let model = match spec.feedback {
        None => "submitted at their logged times all the same",
        Some(FeedbackMode::User) => "not asked for: who waits for whom is what users did",
        Some(FeedbackMode::Logged) => "",
    };
    if !model.is_empty() {
        assume(told.waits, "job", about, model.to_owned());
    }
    if relative {
        let largest = Resources::new(spec.largest_cpus, spec.largest_mem);
        assumptions.push(assumption("the largest machine", format!("{largest}")));
    }
    assumptions
}

impl Source for Loaded {
    fn tells_use(&self) -> Result<(), ReadError> {
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

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let mut told = Told::default();
        let mut said = Vec::new();
        let work = if let Some(all) = &self.read.jobs {
            let mut jobs = Jobs::default();
            let spec = &self.spec;
            let mut links = spec
                .feedback
                .map(|mode| Links::new(mode, spec.session.unwrap_or(SESSION)));
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

    fn stream(
        &self,
        context: &SpecContext<'_>,
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

    fn left_out(&self, context: &SpecContext<'_>) -> Result<LeftOut, ReadError> {
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
}

impl Loaded {
    fn workload(
        &self,
        work: Work,
        told: Told,
        context: &SpecContext<'_>,
    ) -> Result<Workload, ReadError> {
        let spec = &self.spec;
        let mut assumptions = self.assumptions.clone();
        assumptions.extend(assumed(spec, told, self.relative));
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

    /// Whether a job is one of the tenants asked for.
    fn is_mine(&self, job: &Brief) -> bool {
        let named = job
            .tenant
            .is_some_and(|tenant| self.named.contains(&tenant));
        self.named.is_empty() || named != self.spec.tenants.is_empty()
    }

    fn in_time(&self, submitted: Time, context: &SpecContext<'_>) -> bool {
        let arrival = self.spec.arrival(submitted);
        arrival.is_some_and(|arrival| arrival < context.horizon)
    }

    /// The jobs that are asked for, by submission, from the beginning of the run.
    fn wanted<'a>(
        &'a self,
        all: &'a Sorted<Brief>,
        context: &SpecContext<'_>,
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
    fn service(&self, context: &SpecContext<'_>) -> Result<Work, ReadError> {
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
