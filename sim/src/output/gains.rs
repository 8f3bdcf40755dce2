//! Who gains, who pays: every policy against the first one, framework by framework.
//!
//! A change is computed within a seed and only over jobs that finished under both policies, so a
//! policy does not look better by leaving long jobs unfinished; those are counted beside it.

use std::collections::BTreeMap;

use fairground_policies::message::{FrameworkId, JobId};
use fairground_policies::resources::Kind;

use super::stats::{self, Estimate};
use crate::run::{Comparison, FrameworkRow, JobRow, Run};

/// A job got worse when it took longer than under the baseline by more than this, in thousandths.
pub const WORSE_THOUSANDTHS: u64 = 10;

/// One thing measured of a framework.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Measure {
    /// Mean time from a job's submission to its end.
    CompletionMean,
    /// Median of it.
    CompletionP50,
    /// 95th percentile of it.
    CompletionP95,
    /// Median response time of a service.
    LatencyP50,
    /// 95th percentile of it.
    LatencyP95,
    /// 99th percentile of it.
    LatencyP99,
    /// Requests answered too late or never, as a share of all.
    Missed,
    /// Time that lost and killed batch tasks had run for nothing.
    WorkLost,
    /// Mean use of all processors.
    Cpus,
    /// Mean use of all memory.
    Mem,
    /// Mean use of all GPUs, where there are some.
    Gpus,
}

impl Measure {
    const BATCH: [Self; 7] = [
        Self::CompletionMean,
        Self::CompletionP50,
        Self::CompletionP95,
        Self::WorkLost,
        Self::Cpus,
        Self::Mem,
        Self::Gpus,
    ];
    const SERVICE: [Self; 7] = [
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
        Self::Missed,
        Self::Cpus,
        Self::Mem,
        Self::Gpus,
    ];

    /// What is measured of a framework of this kind, in the order of the tables.
    pub const fn of(service: bool) -> &'static [Self] {
        if service {
            &Self::SERVICE
        } else {
            &Self::BATCH
        }
    }

    /// The measure that decides whether a framework of this kind gains or pays.
    pub const fn deciding(service: bool) -> Self {
        if service {
            Self::Missed
        } else {
            Self::CompletionMean
        }
    }

    /// The name in `gains.csv`, ending with the unit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CompletionMean => "completion_mean_us",
            Self::CompletionP50 => "completion_p50_us",
            Self::CompletionP95 => "completion_p95_us",
            Self::LatencyP50 => "latency_p50_us",
            Self::LatencyP95 => "latency_p95_us",
            Self::LatencyP99 => "latency_p99_us",
            Self::Missed => "missed_ppm",
            Self::WorkLost => "work_lost_us",
            Self::Cpus => "cpus_ppm",
            Self::Mem => "mem_ppm",
            Self::Gpus => "gpus_ppm",
        }
    }

    /// Whether its change is a difference (of shares) rather than a ratio.
    pub const fn is_difference(self) -> bool {
        matches!(self, Self::Missed | Self::Cpus | Self::Mem | Self::Gpus)
    }

    /// Whether less of it is better for the framework; using more is neither good nor bad.
    pub const fn less_is_better(self) -> bool {
        !matches!(self, Self::Cpus | Self::Mem | Self::Gpus)
    }
}

/// What a change means for a framework.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The interval lies on the good side.
    Gains,
    /// The interval lies on the bad side.
    Pays,
    /// The interval includes no change, or there is none.
    NotShown,
}

impl Verdict {
    /// In words, as in every table.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Gains => "gains",
            Self::Pays => "pays",
            Self::NotShown => "no difference shown",
        }
    }
}

/// One measure of one framework under one policy.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measured {
    /// What was measured.
    pub measure: Measure,
    /// Its mean over seeds, in the unit of the measure's name (shares as fractions of one).
    pub value: Option<f64>,
    /// Against the baseline: a fraction of it, or a difference of shares; `None` for the baseline.
    pub change: Option<Estimate>,
}

impl Measured {
    /// Who wins by this measure.
    pub fn verdict(&self) -> Verdict {
        match self.change {
            Some(change) if self.measure.less_is_better() && change.differs_from(0.0) => {
                if change.mean < 0.0 {
                    Verdict::Gains
                } else {
                    Verdict::Pays
                }
            }
            _ => Verdict::NotShown,
        }
    }
}

/// Jobs counted over all seeds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct JobCounts {
    /// Submitted.
    pub all: usize,
    /// Not finished when the run ended.
    pub unfinished: usize,
    /// Finished under the baseline, and later or never under this policy.
    pub worse: usize,
}

/// One framework under one policy.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Position of the framework in the comparison.
    pub framework: usize,
    /// Its name.
    pub name: String,
    /// Whether it serves requests.
    pub service: bool,
    /// Position of the policy in the comparison; zero is the baseline.
    pub policy: usize,
    /// What was measured.
    pub measured: Vec<Measured>,
    /// Its jobs.
    pub jobs: JobCounts,
}

impl Line {
    /// The measurement of `measure`, if this kind of framework has it.
    pub fn get(&self, measure: Measure) -> Option<&Measured> {
        self.measured.iter().find(|m| m.measure == measure)
    }

    /// Whether the framework gains or pays.
    pub fn verdict(&self) -> Verdict {
        self.get(Measure::deciding(self.service))
            .map_or(Verdict::NotShown, Measured::verdict)
    }
}

/// All jobs of a policy against those of the baseline.
#[derive(Clone, PartialEq, Debug)]
pub struct Overall {
    /// Position of the policy in the comparison.
    pub policy: usize,
    /// Baseline's mean completion over the policy's: above one is sooner.
    pub times_sooner: Option<Estimate>,
    /// Jobs that one of the two policies did not finish, over all seeds.
    pub left_out: usize,
}

/// Every policy against the first.
#[derive(Clone, PartialEq, Debug)]
pub struct Gains {
    /// The policies' names; the first is the baseline.
    pub policies: Vec<String>,
    /// How many seeds were run under the baseline.
    pub seeds: usize,
    /// By framework, then policy, the baseline's own included.
    pub lines: Vec<Line>,
    /// By policy, without the baseline.
    pub overall: Vec<Overall>,
}

impl Gains {
    /// Compares every policy of `comparison` with its first.
    pub fn of(comparison: &Comparison) -> Self {
        let names = comparison.policies.iter().map(|p| p.name.clone());
        let mut gains = Self {
            policies: names.collect(),
            seeds: comparison.policies.first().map_or(0, |p| p.runs.len()),
            lines: Vec::new(),
            overall: Vec::new(),
        };
        let pairs: Vec<Vec<Pair<'_>>> = (0..comparison.policies.len())
            .map(|policy| pair(comparison, policy))
            .collect();
        for framework in 0..comparison.frameworks.len() {
            for (policy, pairs) in pairs.iter().enumerate() {
                gains.lines.push(line(comparison, framework, policy, pairs));
            }
        }
        gains.overall = (1..pairs.len())
            .map(|policy| overall(policy, &pairs[policy]))
            .collect();
        gains
    }
}

/// The runs of two policies with the same seed, and the jobs matched.
struct Pair<'a> {
    base: &'a Run,
    other: &'a Run,
    jobs: Vec<(JobRow<'a>, JobRow<'a>)>,
}

impl Pair<'_> {
    /// Completion times in microseconds of jobs finished under both, sorted for percentiles.
    fn completions(&self, framework: Option<usize>) -> (Vec<u64>, Vec<u64>) {
        let of_it = |job: &JobRow<'_>| framework.is_none_or(|f| job.framework.0 as usize == f);
        let mut base = Vec::new();
        let mut other = Vec::new();
        for (left, right) in self.jobs.iter().filter(|(left, _)| of_it(left)) {
            if let (Some(left), Some(right)) = (left.completion(), right.completion()) {
                base.push(left.as_micros());
                other.push(right.as_micros());
            }
        }
        base.sort_unstable();
        other.sort_unstable();
        (base, other)
    }
}

fn pair(comparison: &Comparison, policy: usize) -> Vec<Pair<'_>> {
    let Some(baseline) = comparison.policies.first() else {
        return Vec::new();
    };
    let others = comparison.policies[policy].runs.iter();
    others
        .filter_map(|other| {
            let base = baseline.runs.iter().find(|run| run.seed == other.seed)?;
            let by_id: BTreeMap<(FrameworkId, JobId), JobRow<'_>> = base
                .jobs
                .iter()
                .map(|job| ((job.framework, job.job), job))
                .collect();
            let matched = other.jobs.iter().filter_map(|job| {
                let left = by_id.get(&(job.framework, job.job))?;
                Some((*left, job))
            });
            Some(Pair {
                base,
                other,
                jobs: matched.collect(),
            })
        })
        .collect()
}

fn line(comparison: &Comparison, framework: usize, policy: usize, pairs: &[Pair<'_>]) -> Line {
    let info = &comparison.frameworks[framework];
    let some =
        |measure: &&Measure| **measure != Measure::Gpus || comparison.capacity.of(Kind::Gpus) > 0;
    let measured = Measure::of(info.service)
        .iter()
        .filter(some)
        .map(|measure| measured(comparison, framework, policy, pairs, *measure))
        .collect();
    Line {
        framework,
        name: info.name.clone(),
        service: info.service,
        policy,
        measured,
        jobs: counts(framework, pairs),
    }
}

fn measured(
    comparison: &Comparison,
    framework: usize,
    policy: usize,
    pairs: &[Pair<'_>],
    measure: Measure,
) -> Measured {
    let own: Vec<f64> = comparison.policies[policy]
        .runs
        .iter()
        .filter_map(|run| value(comparison, run, framework, measure))
        .collect();
    let samples: Vec<(f64, f64)> = pairs
        .iter()
        .filter_map(|pair| paired(comparison, pair, framework, measure))
        .collect();
    let change = if policy == 0 {
        None
    } else if measure.is_difference() {
        let differences: Vec<f64> = samples.iter().map(|(base, other)| other - base).collect();
        stats::estimate(&differences)
    } else {
        stats::relative_change(&samples)
    };
    Measured {
        measure,
        value: stats::mean(&own),
        change,
    }
}

/// `measure` of one framework in one run; `None` when there was nothing to measure.
fn value(comparison: &Comparison, run: &Run, framework: usize, measure: Measure) -> Option<f64> {
    let row = run.frameworks.get(framework)?;
    match measure {
        Measure::CompletionMean | Measure::CompletionP50 | Measure::CompletionP95 => {
            completion(&completions(run, framework), measure)
        }
        _ => whole(comparison, row, measure),
    }
}

/// `measure` of one framework under both policies of a pair.
fn paired(
    comparison: &Comparison,
    pair: &Pair<'_>,
    framework: usize,
    measure: Measure,
) -> Option<(f64, f64)> {
    match measure {
        Measure::CompletionMean | Measure::CompletionP50 | Measure::CompletionP95 => {
            let (base, other) = pair.completions(Some(framework));
            Some((completion(&base, measure)?, completion(&other, measure)?))
        }
        _ => Some((
            value(comparison, pair.base, framework, measure)?,
            value(comparison, pair.other, framework, measure)?,
        )),
    }
}

/// Completion times of a framework's finished jobs in microseconds, sorted.
pub fn completions(run: &Run, framework: usize) -> Vec<u64> {
    let jobs = run.jobs.of(FrameworkId(framework as u32));
    let mut times: Vec<u64> = jobs
        .filter_map(|job| Some(job.completion()?.as_micros()))
        .collect();
    times.sort_unstable();
    times
}

fn completion(sorted: &[u64], measure: Measure) -> Option<f64> {
    let whole = match measure {
        Measure::CompletionP50 => stats::percentile(sorted, 500),
        Measure::CompletionP95 => stats::percentile(sorted, 950),
        _ => stats::mean_whole(sorted),
    };
    whole.map(|micros| micros as f64)
}

fn whole(comparison: &Comparison, row: &FrameworkRow, measure: Measure) -> Option<f64> {
    let used = |kind: Kind| {
        let have = comparison.capacity.of(kind);
        (have > 0).then(|| row.mean_usage.of(kind) as f64 / have as f64)
    };
    let latency = |micros: u64| (row.requests > 0).then_some(micros as f64);
    match measure {
        Measure::LatencyP50 => latency(row.latency_p50.as_micros()),
        Measure::LatencyP95 => latency(row.latency_p95.as_micros()),
        Measure::LatencyP99 => latency(row.latency_p99.as_micros()),
        Measure::Missed => (row.requests > 0).then(|| row.missed as f64 / row.requests as f64),
        Measure::Cpus => used(Kind::Cpus),
        Measure::Mem => used(Kind::Mem),
        Measure::Gpus => used(Kind::Gpus),
        _ => Some(row.work_lost.as_micros() as f64),
    }
}

fn counts(framework: usize, pairs: &[Pair<'_>]) -> JobCounts {
    let mut counts = JobCounts::default();
    let jobs = pairs.iter().flat_map(|pair| &pair.jobs);
    for (base, other) in jobs.filter(|(base, _)| base.framework.0 as usize == framework) {
        counts.all += 1;
        counts.unfinished += usize::from(other.finished.is_none());
        counts.worse += usize::from(is_worse(base, other));
    }
    counts
}

fn is_worse(base: &JobRow<'_>, other: &JobRow<'_>) -> bool {
    match (base.completion(), other.completion()) {
        (Some(base), Some(other)) => other > base.scaled(1000 + WORSE_THOUSANDTHS, 1000),
        (finished, None) => finished.is_some(),
        (None, Some(_)) => false,
    }
}

fn overall(policy: usize, pairs: &[Pair<'_>]) -> Overall {
    let mut left_out = 0;
    let mut means = Vec::new();
    for pair in pairs {
        let (base, other) = pair.completions(None);
        left_out += pair.jobs.len() - base.len();
        if let (Some(base), Some(other)) = (stats::mean_whole(&base), stats::mean_whole(&other)) {
            means.push((base as f64, other as f64));
        }
    }
    Overall {
        policy,
        times_sooner: stats::times_less(&means),
        left_out,
    }
}
