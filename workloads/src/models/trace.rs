//! Jobs or a service of a public trace in any format, by way of the canonical form.
//!
//! A trace says what it says; what a simulation needs beyond that is this model: how large the largest
//! machine is where sizes are relative, what a GPU's task takes of processors and memory, what a task
//! takes that tells nothing, how long one runs whose end is not known. Every such number is a
//! parameter and, where it was used, an assumption.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::parts::{AutoscalerSpec, ServiceSpec, named, positive, share, some};
use crate::units::{self, Thousandths};

/// A trace and the model of what it does not say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceSpec {
    /// A file in a public format, or the folder of a canonical trace; relative to the recipe.
    pub file: PathBuf,
    /// Its format, where file and name do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Of a plain table, which column is what: `submit=arrival:s,run=seconds`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub columns: String,
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
    /// With `feedback = "user"`: after a longer pause, 20 min if nothing is said, a job begins a session, at
    /// its logged time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Span>,
    /// Whether tasks that ask for models of GPU run only on agents whose attribute `gpu_model` is one of them;
    /// otherwise any will do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gpu_models: bool,
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

/// Where a replay has it from which job waits for which.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackMode {
    /// From the log: its columns of the preceding job and of the think time.
    Logged,
    /// From what its users did: a job follows that job of its user which ended last before it came, if
    /// that is not longer ago than a session's longest pause (Shmueli and Feitelson, IEEE TPDS 20(6),
    /// 2009).
    User,
}

impl FeedbackMode {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 2] = [("logged", Self::Logged), ("user", Self::User)];
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

impl Default for TraceSpec {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            format: None,
            columns: String::new(),
            from: Span::ZERO,
            jobs: None,
            tenants: Vec::new(),
            except: Vec::new(),
            sample: 1000,
            interarrival: 1000,
            dealt: None,
            feedback: None,
            session: None,
            gpu_models: false,
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

impl TraceSpec {
    /// How long after the start of the cluster something comes that the trace has at `at`; `None` if
    /// that is before it.
    #[must_use]
    pub fn arrival(&self, at: Time) -> Option<Span> {
        let from = Time::ZERO + self.from;
        (at >= from).then(|| at.since(from).scaled(self.interarrival.into(), 1000))
    }

    pub(crate) fn check(&self) -> Result<(), ReadError> {
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
        heeds_sessions(self.feedback, self.session)?;
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
    ///
    /// # Errors
    /// What would be.
    pub fn check_jobs(&self) -> Result<(), ReadError> {
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
    ///
    /// # Errors
    /// What would be.
    pub fn check_requests(&self) -> Result<(), ReadError> {
        let asked = [
            ("jobs", self.jobs.is_some()),
            ("tenants", !self.tenants.is_empty()),
            ("except", !self.except.is_empty()),
            ("dealt", self.dealt.is_some()),
            ("feedback", self.feedback.is_some()),
            ("gpu_models", self.gpu_models),
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
}

/// A longer pause between the end of a job and the next one ends a session: the customary 20 min (Zakay and
/// Feitelson, JSSPP 2012, who also say what is wrong with it: very long jobs make very long sessions).
pub const SESSION: Span = Span::from_secs(20 * 60);

/// That a session is not told where there are none.
pub(crate) fn heeds_sessions(
    feedback: Option<FeedbackMode>,
    session: Option<Span>,
) -> Result<(), ReadError> {
    let Some(session) = session.filter(|_| feedback != Some(FeedbackMode::User)) else {
        return Ok(());
    };
    let why = "only `feedback = \"user\"` has sessions";
    Err(ReadError::ignored("parameter `session`", why, session))
}

/// Whether a part is all there is.
pub const fn is_whole(thousandths: &u32) -> bool {
    *thousandths == 1000
}
