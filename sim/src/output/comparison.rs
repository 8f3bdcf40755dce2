//! Who gains, who pays: every policy against the first one, framework by framework.
//!
//! A change is computed within a seed, over all jobs that finished under at least one policy: a job that
//! never finishes under one of them counts as the bound there, so that nobody looks better by leaving
//! jobs unfinished (`observed.rs`).

mod measure;

use fairground_policies::resources::Kind;

pub use measure::Measure;

use super::observed::Observed;
use super::stats::{self, Estimate};
use crate::run::{Comparison, FrameworkRow, PolicyRuns, Run};

/// What the change of a measure with less being better means.
fn verdict(change: Estimate) -> Verdict {
    match change.mean {
        _ if !change.differs_from(0.0) => Verdict::NotShown,
        less if less < 0.0 => Verdict::Gains,
        _ => Verdict::Pays,
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
    /// Neither more nor less of it is better.
    Undefined,
}

impl Verdict {
    /// In words, as in every table.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Gains => "gains",
            Self::Pays => "pays",
            Self::NotShown => "no difference shown",
            Self::Undefined => "none",
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
    /// Whether jobs that never finish are in it, so that the truth is higher.
    pub at_least: bool,
    /// Against the baseline: a fraction of it, or a difference of shares, in whole parts of a million;
    /// `None` for the baseline.
    pub change: Option<Estimate>,
}

impl Measured {
    /// Who wins by this measure.
    pub fn verdict(&self) -> Verdict {
        match self.change {
            _ if !self.measure.less_is_better() => Verdict::Undefined,
            Some(change) => verdict(change),
            None => Verdict::NotShown,
        }
    }
}

/// Jobs counted over all seeds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct JobCounts {
    /// Those that finished under at least one policy: what the comparison is about.
    pub all: usize,
    /// Of those, not finished under this policy.
    pub unfinished: usize,
    /// Of those, later than under the baseline, or never although they finished there.
    pub worse: usize,
    /// Those that finished under no policy, which say nothing about any.
    pub nobody: usize,
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
    /// Mean completion time of all jobs under the baseline and the policy, in microseconds, over seeds.
    pub values: (f64, f64),
    /// The change of the mean completion time of all jobs: the headline.
    pub mean: Estimate,
    /// The change of the completion time of the median job.
    pub median: Estimate,
    /// The change of the mean against the baseline's variants: policies that differ from it in parameters
    /// only, by position. A baseline's parameters (where its data lies) are assumptions, too.
    pub against: Vec<(usize, Estimate)>,
    /// The jobs, over all frameworks.
    pub jobs: JobCounts,
}

impl Overall {
    /// Whether all jobs together gain or pay by a change of theirs.
    pub fn verdict_of(change: Estimate) -> Verdict {
        verdict(change)
    }

    /// Whether they do by the headline.
    pub fn verdict(&self) -> Verdict {
        verdict(self.mean)
    }

    /// The same of the median job.
    pub fn median_verdict(&self) -> Verdict {
        verdict(self.median)
    }
}

/// Every policy against the first.
#[derive(Clone, PartialEq, Debug)]
pub struct Changes {
    /// The policies' names; the first is the baseline.
    pub policies: Vec<String>,
    /// How many seeds were run under the baseline.
    pub seeds: usize,
    /// By policy: in how many seeds its run ended because nothing could happen any more although jobs
    /// waited.
    pub stalled: Vec<usize>,
    /// By framework, then policy, the baseline's own included.
    pub lines: Vec<Line>,
    /// By policy, without the baseline; nothing of a policy without jobs.
    pub overall: Vec<Overall>,
}

impl Changes {
    /// Compares every policy of `comparison` with its first.
    pub fn of(comparison: &Comparison) -> Self {
        let names = comparison.policies.iter().map(|p| p.name.clone());
        let observed = Observed::all(comparison);
        let mut changes = Self {
            policies: names.collect(),
            seeds: observed.len(),
            stalled: comparison.policies.iter().map(stalled).collect(),
            lines: Vec::new(),
            overall: Vec::new(),
        };
        let policies = comparison.policies.len();
        for framework in 0..comparison.frameworks.len() {
            let lines = (0..policies).map(|policy| line(comparison, &observed, framework, policy));
            changes.lines.extend(lines);
        }
        let base = |policy: usize| {
            let name = changes.policies[policy].as_str();
            name.split_once('[').map_or(name, |(base, _)| base)
        };
        let variants: Vec<usize> = (1..policies)
            .filter(|policy| base(*policy) == base(0))
            .collect();
        let others = 1..policies;
        changes.overall = others
            .filter_map(|policy| overall(policy, &variants, &observed))
            .collect();
        changes
    }

    /// The jobs of the baseline, over all frameworks and seeds.
    pub fn base_jobs(&self) -> JobCounts {
        let base = self.lines.iter().filter(|line| line.policy == 0);
        base.fold(JobCounts::default(), |sum, line| sum.and(line.jobs))
    }
}

fn stalled(policy: &PolicyRuns) -> usize {
    let runs = policy.runs.iter();
    runs.filter(|run| run.totals.stalled).count()
}

impl JobCounts {
    const fn and(self, other: Self) -> Self {
        Self {
            all: self.all + other.all,
            unfinished: self.unfinished + other.unfinished,
            worse: self.worse + other.worse,
            nobody: self.nobody + other.nobody,
        }
    }
}

fn line(comparison: &Comparison, observed: &[Observed], framework: usize, policy: usize) -> Line {
    let info = &comparison.frameworks[framework];
    let some =
        |measure: &&Measure| **measure != Measure::Gpus || comparison.capacity.of(Kind::Gpus) > 0;
    let measured = Measure::of(info.service)
        .iter()
        .filter(some)
        .map(|measure| {
            if measure.is_completion() {
                completion(observed, framework, policy, *measure)
            } else {
                measured(comparison, framework, policy, *measure)
            }
        })
        .collect();
    Line {
        framework,
        name: info.name.clone(),
        service: info.service,
        policy,
        measured,
        jobs: counts(framework, policy, observed),
    }
}

/// A measure of completion times, over the jobs of all seeds.
fn completion(
    observed: &[Observed],
    framework: usize,
    policy: usize,
    measure: Measure,
) -> Measured {
    let value = |seed: &Observed, policy: usize| {
        let whole = match measure.percentile() {
            Some(part) => seed.percentile(policy, Some(framework), part),
            None => seed.mean(policy, Some(framework)),
        };
        whole.map(|micros| micros as f64)
    };
    let own: Vec<f64> = observed
        .iter()
        .filter_map(|seed| value(seed, policy))
        .collect();
    let pairs: Vec<(f64, f64)> = observed
        .iter()
        .filter_map(|seed| Some((value(seed, 0)?, value(seed, policy)?)))
        .collect();
    let unfinished = |seed: &Observed| {
        let (never, all) = (
            seed.never(policy, Some(framework)),
            seed.jobs(Some(framework)),
        );
        // A percentile is known when enough jobs finished.
        let known = measure
            .percentile()
            .map_or(all, |part| (all * part).div_ceil(1000));
        seed.has(policy) && all - never < known
    };
    Measured {
        measure,
        value: stats::mean(&own),
        at_least: observed.iter().any(unfinished),
        change: (policy > 0)
            .then(|| stats::relative_change(&pairs))
            .flatten(),
    }
}

fn measured(
    comparison: &Comparison,
    framework: usize,
    policy: usize,
    measure: Measure,
) -> Measured {
    let runs = &comparison.policies[policy].runs;
    let of = |run: &Run| value(comparison, run, framework, measure);
    let own: Vec<f64> = runs.iter().filter_map(of).collect();
    let base = |seed: u64| {
        let mut runs = comparison.policies[0].runs.iter();
        of(runs.find(|run| run.seed == seed)?)
    };
    let pairs: Vec<(f64, f64)> = runs
        .iter()
        .filter_map(|run| Some((base(run.seed)?, of(run)?)))
        .collect();
    let whole = match measure {
        Measure::WorkLost => comparison.horizon.as_micros().max(1) as f64,
        _ => 1.0,
    };
    let change = if policy == 0 {
        None
    } else if measure.is_difference() {
        let differences: Vec<f64> = pairs
            .iter()
            .map(|(base, other)| (other - base) / whole)
            .collect();
        stats::estimate(&differences).map(Estimate::in_ppm)
    } else {
        stats::relative_change(&pairs)
    };
    Measured {
        measure,
        value: stats::mean(&own),
        at_least: false,
        change,
    }
}

/// `measure` of one framework in one run; `None` when there was nothing to measure.
fn value(comparison: &Comparison, run: &Run, framework: usize, measure: Measure) -> Option<f64> {
    let row: &FrameworkRow = run.frameworks.get(framework)?;
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

fn counts(framework: usize, policy: usize, observed: &[Observed]) -> JobCounts {
    let seeds = observed.iter().filter(|seed| seed.has(policy));
    seeds.fold(JobCounts::default(), |sum, seed| {
        sum.and(JobCounts {
            all: seed.jobs(Some(framework)),
            unfinished: seed.never(policy, Some(framework)),
            worse: seed.worse(policy, framework),
            nobody: seed.nobody(Some(framework)),
        })
    })
}

fn overall(policy: usize, variants: &[usize], observed: &[Observed]) -> Option<Overall> {
    let pairs = |base: usize| -> Vec<(f64, f64)> {
        let mean = |seed: &Observed, policy: usize| Some(seed.mean(policy, None)? as f64);
        let seeds = observed.iter();
        seeds
            .filter_map(|seed| Some((mean(seed, base)?, mean(seed, policy)?)))
            .collect()
    };
    let means = pairs(0);
    let others = variants.iter().filter(|variant| **variant != policy);
    let against = others.filter_map(|variant| {
        let change = stats::relative_change(&pairs(*variant))?;
        Some((*variant, change))
    });
    let medians: Vec<f64> = observed
        .iter()
        .filter_map(|seed| Some(libm::log(seed.median_ratio(policy)?)))
        .collect();
    let seeds = observed.iter().filter(|seed| seed.has(policy));
    let side =
        |value: fn(&(f64, f64)) -> f64| stats::mean(&means.iter().map(value).collect::<Vec<_>>());
    Some(Overall {
        policy,
        values: (side(|pair| pair.0)?, side(|pair| pair.1)?),
        mean: stats::relative_change(&means)?,
        median: stats::of_logs(&medians)?,
        against: against.collect(),
        jobs: seeds.fold(JobCounts::default(), |sum, seed| {
            sum.and(JobCounts {
                all: seed.jobs(None),
                unfinished: seed.never(policy, None),
                worse: 0,
                nobody: seed.nobody(None),
            })
        }),
    })
}
