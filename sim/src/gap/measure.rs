//! By what one policy is worse than another.

use std::collections::BTreeSet;

use fairground_policies::message::FrameworkId;
use fairground_policies::time::{Span, Time};

use crate::output::stats;
use crate::run::Run;

/// What is measured of a run; less of it is better.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum GapMeasure {
    /// Mean completion time of all jobs.
    #[default]
    Mean,
    /// The 95th percentile of it.
    P95,
    /// From the start to the end of the last job.
    Makespan,
    /// Mean completion time of the jobs of one framework, by position.
    Framework(usize),
}

impl GapMeasure {
    /// The measure that `text` names: `mean`, `p95`, `makespan`, or `mean:` and the name of a framework.
    ///
    /// # Errors
    /// What would have been a measure.
    pub fn from_name(text: &str, frameworks: &[&str]) -> Result<Self, String> {
        let of_framework = text.strip_prefix("mean:");
        let framework =
            of_framework.and_then(|name| frameworks.iter().position(|one| *one == name));
        match (text, framework) {
            ("mean", _) => Ok(Self::Mean),
            ("p95", _) => Ok(Self::P95),
            ("makespan", _) => Ok(Self::Makespan),
            (_, Some(framework)) => Ok(Self::Framework(framework)),
            _ => {
                let own: Vec<String> = frameworks
                    .iter()
                    .map(|name| format!("mean:{name}"))
                    .collect();
                Err(format!(
                    "expected mean, p95, makespan or one of {}, found `{text}`",
                    own.join(", ")
                ))
            }
        }
    }

    /// In words.
    pub fn told(&self, frameworks: &[&str]) -> String {
        match self {
            Self::Mean => "mean completion time of all jobs".to_owned(),
            Self::P95 => "95th percentile of the completion times of all jobs".to_owned(),
            Self::Makespan => "time until the last job is done".to_owned(),
            Self::Framework(at) => {
                let name = frameworks.get(*at).copied().unwrap_or_default();
                format!("mean completion time of {name}'s jobs")
            }
        }
    }
}

/// The measure under both policies, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GapPair {
    /// Under the policy that is to be worse.
    pub one: u64,
    /// Under the other.
    pub other: u64,
    /// Jobs that never finish under the one and the other; each counts as the longest time that any job took under
    /// either, or the replay's length if that is longer.
    pub unfinished: (usize, usize),
}

impl GapPair {
    /// The measure of two runs of one trace; `None` where there are no jobs.
    pub fn of(measure: &GapMeasure, runs: (&Run, &Run), horizon: Time) -> Option<Self> {
        let frameworks = runs.0.frameworks.len() as u32;
        let frameworks: BTreeSet<u32> = match measure {
            GapMeasure::Framework(at) => std::iter::once(*at as u32).collect(),
            _ => (0..frameworks).collect(),
        };
        let rows = |run: &Run| -> Vec<(Time, Option<Span>)> {
            let jobs = frameworks
                .iter()
                .flat_map(|at| run.jobs.of(FrameworkId(*at)));
            jobs.map(|job| (job.submitted, job.completion())).collect()
        };
        let (one, other) = (rows(runs.0), rows(runs.1));
        let done = one.iter().chain(&other).filter_map(|(_, time)| *time);
        let bound = done
            .max()
            .unwrap_or_default()
            .max(horizon.since(Time::ZERO));
        let value = |rows: &[(Time, Option<Span>)]| {
            let mut times: Vec<u64> = rows
                .iter()
                .map(|(submitted, time)| {
                    let time = time.unwrap_or(bound).as_micros();
                    match measure {
                        GapMeasure::Makespan => submitted.as_micros().saturating_add(time),
                        _ => time,
                    }
                })
                .collect();
            times.sort_unstable();
            match measure {
                GapMeasure::Makespan => times.last().copied(),
                GapMeasure::P95 => stats::percentile(&times, 950),
                GapMeasure::Mean | GapMeasure::Framework(_) => stats::mean_whole(&times),
            }
        };
        let never = |rows: &[(Time, Option<Span>)]| {
            let never = rows.iter().filter(|(_, time)| time.is_none());
            never.count()
        };
        Some(Self {
            one: value(&one)?,
            other: value(&other)?,
            unfinished: (never(&one), never(&other)),
        })
    }

    /// By which part of the other the one is worse; below nothing where it is better. A time of nothing counts as a
    /// microsecond.
    pub fn gap(&self) -> f64 {
        let (one, other) = (self.one.max(1) as f64, self.other.max(1) as f64);
        one / other - 1.0
    }
}
