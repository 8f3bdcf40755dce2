//! What the pictures show: one seed's time series, thinned to what a screen can show, and the
//! completion times of all seeds.
//!
//! Static figures and the interactive report draw the same numbers.

use fairground_policies::message::FrameworkId;
use fairground_policies::resources::Kind;
use fairground_policies::time::Span;

use super::observed::completions;
use crate::run::{self, Comparison, HostRow, Run, ServiceRow, UsageRow};

/// Points of a cumulative distribution kept at most.
const CDF_POINTS: usize = 200;

/// A grid of time: bins of a whole number of steps.
#[derive(Clone, PartialEq, Debug)]
pub struct Bins {
    /// Length of one bin in seconds.
    pub length: f64,
    /// How many there are.
    pub count: usize,
    step: u64,
    group: usize,
}

impl Bins {
    /// At most `most` bins of `step` that reach to `end` microseconds.
    fn new(step: Span, end: u64, most: usize) -> Self {
        let step = step.as_micros().max(1);
        let steps = (end.div_ceil(step) as usize).max(1);
        let group = steps.div_ceil(most.max(1));
        Self {
            length: step as f64 * group as f64 / 1e6,
            count: steps.div_ceil(group),
            step,
            group,
        }
    }

    /// The bin of the step that begins at `micros`.
    fn of(&self, micros: u64) -> usize {
        ((micros / self.step) as usize / self.group).min(self.count - 1)
    }

    /// The middle of every bin in seconds.
    pub fn middles(&self) -> Vec<f64> {
        (0..self.count)
            .map(|bin| (bin as f64 + 0.5) * self.length)
            .collect()
    }

    /// The end of the last bin in seconds.
    pub fn end(&self) -> f64 {
        self.count as f64 * self.length
    }
}

/// One number a bin.
pub type Line = Vec<f64>;

/// What frameworks used over time under each policy, with one seed.
#[derive(Clone, PartialEq, Debug)]
pub struct Usage {
    /// The time steps.
    pub bins: Bins,
    /// The kinds of resource the cluster has.
    pub kinds: Vec<Kind>,
    /// By kind, policy, framework: the share of the cluster in use.
    pub shares: Vec<Vec<Vec<Line>>>,
    /// By policy, framework: the dominant share.
    pub dominant: Vec<Vec<Line>>,
}

/// One service over time under each policy, with one seed.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// Position of the service among the frameworks.
    pub framework: usize,
    /// The time steps: those of its load.
    pub bins: Bins,
    /// By policy: the 95th percentile of the response time in seconds, the worst step of a bin;
    /// not a number where no request came.
    pub latency: Vec<Line>,
    /// By policy: requests that missed the objective as a share of all.
    pub missed: Vec<Line>,
}

/// Hosts over time under each policy; the first seed, for which alone they are recorded.
#[derive(Clone, PartialEq, Debug)]
pub struct Hosts {
    /// The time steps.
    pub bins: Bins,
    /// Rows of the picture.
    pub rows: usize,
    /// Agents that share a row.
    pub agents_a_row: usize,
    /// By policy, framework: the share in use, row by row.
    pub shares: Vec<Vec<Line>>,
}

/// A cumulative distribution of completion times.
#[derive(Clone, PartialEq, Debug)]
pub struct Cdf {
    /// Completion times in seconds, ascending.
    pub times: Line,
    /// The share of all submitted jobs done within each time.
    pub shares: Line,
    /// Jobs submitted, over all seeds.
    pub jobs: usize,
}

impl Cdf {
    /// That of sorted `times` in microseconds, of so many jobs.
    pub(super) fn of(times: &[u64], jobs: usize) -> Self {
        let keep = times.len().min(CDF_POINTS);
        let ranks: Vec<usize> = (1..=keep)
            .map(|i| (i * times.len()).div_ceil(keep))
            .collect();
        Self {
            times: ranks
                .iter()
                .map(|rank| times[rank - 1] as f64 / 1e6)
                .collect(),
            shares: ranks
                .iter()
                .map(|rank| *rank as f64 / jobs as f64)
                .collect(),
            jobs,
        }
    }
}

/// Every policy's run with the seed at a position.
fn nth(comparison: &Comparison, at: usize) -> impl Iterator<Item = Option<&Run>> {
    comparison
        .policies
        .iter()
        .map(move |policy| policy.runs.get(at))
}

/// The last moment of any row, in microseconds.
fn end<T>(
    comparison: &Comparison,
    at: usize,
    rows: fn(&Run) -> &[T],
    end: impl Fn(&T) -> u64,
) -> u64 {
    let rows = nth(comparison, at).flatten().flat_map(rows);
    rows.map(end).max().unwrap_or(0)
}

/// What frameworks used with the seed at position `at`, in at most `most` bins.
pub fn usage(comparison: &Comparison, at: usize, most: usize) -> Usage {
    let step = comparison.step;
    let last = end(
        comparison,
        at,
        |run| &run.usage,
        |row| (row.start + step).as_micros(),
    );
    let bins = Bins::new(step, last.max(comparison.horizon.as_micros()), most);
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| comparison.capacity.of(*kind) > 0)
        .collect();
    let lines = |value: &dyn Fn(&UsageRow) -> f64| -> Vec<Vec<Line>> {
        nth(comparison, at)
            .map(|run| {
                let mut lines = vec![vec![0.0; bins.count]; comparison.frameworks.len()];
                for row in run.iter().flat_map(|run| &run.usage) {
                    if let Some(line) = lines.get_mut(row.framework.0 as usize) {
                        line[bins.of(row.start.as_micros())] += value(row) / bins.group as f64;
                    }
                }
                lines
            })
            .collect()
    };
    let capacity = comparison.capacity;
    let share =
        |kind: Kind| move |row: &UsageRow| row.running.of(kind) as f64 / capacity.of(kind) as f64;
    Usage {
        shares: kinds.iter().map(|kind| lines(&share(*kind))).collect(),
        dominant: lines(&|row| {
            row.running.dominant_share(capacity).parts_per_million() as f64 / 1e6
        }),
        kinds,
        bins,
    }
}

/// How services did with the seed at position `at`, each in at most `most` bins.
pub fn services(comparison: &Comparison, at: usize, most: usize) -> Vec<Service> {
    let frameworks = comparison.frameworks.iter().enumerate();
    frameworks
        .filter(|(_, info)| info.service)
        .map(|(framework, _)| service(comparison, at, framework, most))
        .collect()
}

fn service(comparison: &Comparison, at: usize, framework: usize, most: usize) -> Service {
    let own = |row: &&ServiceRow| row.framework.0 as usize == framework;
    let rows: Vec<Vec<&ServiceRow>> = nth(comparison, at)
        .map(|run| {
            run.iter()
                .flat_map(|run| &run.services)
                .filter(own)
                .collect()
        })
        .collect();
    let step = step_of(&rows).unwrap_or(comparison.step);
    let ends = rows
        .iter()
        .flatten()
        .map(|row| (row.start + step).as_micros());
    let last = ends.max().unwrap_or(0).max(comparison.horizon.as_micros());
    let bins = Bins::new(step, last, most);
    Service {
        framework,
        latency: rows.iter().map(|rows| worst_latency(rows, &bins)).collect(),
        missed: rows.iter().map(|rows| missed(rows, &bins)).collect(),
        bins,
    }
}

/// The shortest time between two rows of a policy: services keep the steps of their load.
fn step_of(rows: &[Vec<&ServiceRow>]) -> Option<Span> {
    let steps = rows.iter().flat_map(|rows| rows.windows(2));
    let steps = steps.map(|pair| pair[1].start - pair[0].start);
    steps.filter(|step| !step.is_zero()).min()
}

fn worst_latency(rows: &[&ServiceRow], bins: &Bins) -> Line {
    let mut line = vec![f64::NAN; bins.count];
    for row in rows.iter().filter(|row| row.requests > 0) {
        let bin = &mut line[bins.of(row.start.as_micros())];
        *bin = bin.max(row.latency_p95.as_micros() as f64 / 1e6);
    }
    line
}

fn missed(rows: &[&ServiceRow], bins: &Bins) -> Line {
    let mut sums = vec![(0_u64, 0_u64); bins.count];
    for row in rows {
        let sum = &mut sums[bins.of(row.start.as_micros())];
        sum.0 += row.missed;
        sum.1 += row.requests;
    }
    let share = |(missed, all): (u64, u64)| missed as f64 / all.max(1) as f64;
    sums.into_iter().map(share).collect()
}

/// What ran where, in at most `most` bins; `None` when hosts were not recorded.
pub fn hosts(comparison: &Comparison, most: usize) -> Option<Hosts> {
    let recorded = nth(comparison, 0)
        .flatten()
        .any(|run| !run.hosts.is_empty());
    if !recorded || comparison.agents == 0 {
        return None;
    }
    let step = comparison.host_step;
    let last = end(
        comparison,
        0,
        |run| &run.hosts,
        |row| (row.start + step).as_micros(),
    );
    let bins = Bins::new(step, last.max(comparison.horizon.as_micros()), most);
    let agents = comparison.agents as usize;
    let agents_a_row = agents.div_ceil(run::HOST_ROWS);
    let rows = agents.div_ceil(agents_a_row);
    let weight = |row: usize| {
        // A row of the table that stands for several agents has their mean.
        let agents = (agents - row * agents_a_row).min(agents_a_row);
        let entries = agents.div_ceil(run::agents_a_row(comparison.agents as usize));
        1e-6 / (bins.group * entries) as f64
    };
    let add = |lines: &mut Vec<Line>, host: &HostRow| {
        let row = host.agent.0 as usize / agents_a_row;
        if let Some(line) = lines.get_mut(host.framework.0 as usize)
            && row < rows
        {
            let at = row * bins.count + bins.of(host.start.as_micros());
            line[at] += f64::from(host.share) * weight(row);
        }
    };
    let shares = nth(comparison, 0)
        .map(|run| {
            let mut lines = vec![vec![0.0; rows * bins.count]; comparison.frameworks.len()];
            for host in run.iter().flat_map(|run| &run.hosts) {
                add(&mut lines, host);
            }
            lines
        })
        .collect();
    Some(Hosts {
        bins,
        rows,
        agents_a_row,
        shares,
    })
}

/// By policy: completion times of a framework's jobs over all seeds.
pub fn cdfs(comparison: &Comparison, framework: usize) -> Vec<Cdf> {
    let per_policy = comparison.policies.iter().map(|policy| {
        let own = |run: &Run| {
            let jobs = run.jobs.of(FrameworkId(framework as u32));
            jobs.count()
        };
        let jobs: usize = policy.runs.iter().map(own).sum();
        let runs = policy.runs.iter();
        let mut times: Vec<u64> = runs.flat_map(|run| completions(run, framework)).collect();
        times.sort_unstable();
        Cdf::of(&times, jobs)
    });
    per_policy.collect()
}
