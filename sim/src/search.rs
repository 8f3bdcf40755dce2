//! The best static split: a baseline that is not a straw man.

use fairground_policies::name::Name;
use fairground_policies::time::Span;
use fairground_workloads::trace::Trace;
use rayon::prelude::*;

use crate::experiment::{Experiment, Watcher, static_with};
use crate::run::{FrameworkRow, Run};

/// How the split is found, for the report.
pub(crate) const ABOUT: &str = "the static split with the lowest mean completion time of jobs, \
    among those that leave no more jobs unfinished and no more requests late than the declared \
    shares do (1 % of requests may always be late); every framework keeps an agent; all splits \
    are tried, or neighbours step by step when there are more than 500; found on the first seed";

/// More splits than this are not tried one by one.
const MOST: u64 = 500;

/// How good a split is; the lowest is best.
type Score = (u64, u64, u64);

/// The agents each framework gets under the best split.
pub(crate) fn best_split(
    experiment: &Experiment,
    policy: &Name,
    trace: &Trace,
    watcher: &dyn Watcher,
) -> Vec<u32> {
    let agents = trace.agents.len() as u32;
    let parts = experiment.shares().len() as u32;
    if agents < parts {
        return experiment.shares();
    }
    let seed = experiment.recipe().first_seed;
    let run = |split: &[u32]| experiment.run(&static_with(policy, split), trace, seed, false);
    let allowed = Allowed::of(&run(&experiment.shares()));
    let score = |split: &Vec<u32>| {
        if watcher.stop() {
            return Score::default();
        }
        let score = allowed.score(&run(split));
        watcher.tick();
        score
    };
    if count(agents, parts) <= MOST {
        let splits = all(agents, parts);
        watcher.begin("splits", splits.len() as u64);
        return best(&splits, score).expect("at least one split").1;
    }
    climb(fair_start(&experiment.shares(), agents), score, watcher)
}

/// Moves ever fewer agents from one framework to another while that helps.
fn climb(
    start: Vec<u32>,
    score: impl Fn(&Vec<u32>) -> Score + Sync,
    watcher: &dyn Watcher,
) -> Vec<u32> {
    let agents: u32 = start.iter().sum();
    let mut step = agents.div_ceil(8);
    watcher.begin("splits", 1);
    let mut current = (score(&start), start);
    while step > 0 && !watcher.stop() {
        let splits = neighbours(&current.1, step);
        watcher.begin("splits", splits.len() as u64);
        match best(&splits, &score) {
            Some(better) if better.0 < current.0 => current = better,
            _ => step /= 2,
        }
    }
    current.1
}

/// Scores every split; the first of the best.
fn best(
    splits: &[Vec<u32>],
    score: impl Fn(&Vec<u32>) -> Score + Sync,
) -> Option<(Score, Vec<u32>)> {
    let all: Vec<Score> = splits.par_iter().map(&score).collect();
    let ranked = all.into_iter().zip(splits.iter().cloned());
    ranked.min_by(|one, other| one.0.cmp(&other.0))
}

/// What a split may cost, by framework: what the declared shares cost.
struct Allowed {
    unfinished: Vec<u64>,
    late: Vec<u64>,
}

impl Allowed {
    fn of(declared: &Run) -> Self {
        let rows = || declared.frameworks.iter();
        Self {
            unfinished: rows().map(|row| row.jobs - row.finished).collect(),
            late: rows()
                .map(|row| row.missed.max(row.requests / 100))
                .collect(),
        }
    }

    /// Jobs unfinished and requests late beyond what is allowed, mean completion in microseconds.
    fn score(&self, run: &Run) -> Score {
        let beyond = |allowed: &[u64], cost: fn(&FrameworkRow) -> u64| -> u64 {
            let pairs = run.frameworks.iter().zip(allowed);
            pairs
                .map(|(row, allowed)| cost(row).saturating_sub(*allowed))
                .sum()
        };
        let unfinished = beyond(&self.unfinished, |row| row.jobs - row.finished);
        let late = beyond(&self.late, |row| row.missed);
        let times: Vec<Span> = run.jobs.iter().filter_map(|job| job.completion()).collect();
        let sum: u128 = times.iter().map(|time| u128::from(time.as_micros())).sum();
        let mean = sum / times.len().max(1) as u128;
        (unfinished, late, u64::try_from(mean).unwrap_or(u64::MAX))
    }
}

/// How many ways there are to give each of `parts` frameworks at least one of `agents`; more than
/// [`MOST`] counts as just more.
fn count(agents: u32, parts: u32) -> u64 {
    let (mut ways, n) = (1_u64, u64::from(agents.saturating_sub(1)));
    for i in 0..u64::from(parts.saturating_sub(1)) {
        ways = ways * (n - i) / (i + 1);
        if ways > MOST * 1000 {
            break;
        }
    }
    ways
}

/// All ways to give each of `parts` frameworks at least one of `agents`, in lexicographic order.
fn all(agents: u32, parts: u32) -> Vec<Vec<u32>> {
    if parts == 1 {
        return vec![vec![agents]];
    }
    let mut splits = Vec::new();
    for first in 1..=agents - (parts - 1) {
        for mut rest in all(agents - first, parts - 1) {
            rest.insert(0, first);
            splits.push(rest);
        }
    }
    splits
}

/// The declared shares in agents, at least one each.
fn fair_start(shares: &[u32], agents: u32) -> Vec<u32> {
    let total: u64 = shares
        .iter()
        .map(|share| u64::from(*share))
        .sum::<u64>()
        .max(1);
    let part = |share: &u32| (u64::from(agents) * u64::from(*share) / total).max(1) as u32;
    let mut split: Vec<u32> = shares.iter().map(part).collect();
    while split.iter().sum::<u32>() > agents {
        let largest = (0..split.len())
            .max_by_key(|i| split[*i])
            .expect("a framework");
        split[largest] -= 1;
    }
    let missing = agents - split.iter().sum::<u32>();
    split[0] += missing;
    split
}

/// All splits that differ by `step` agents moved from one framework to another.
fn neighbours(split: &[u32], step: u32) -> Vec<Vec<u32>> {
    let mut splits = Vec::new();
    for from in 0..split.len() {
        for to in 0..split.len() {
            if from != to && split[from] > step {
                let mut other = split.to_vec();
                other[from] -= step;
                other[to] += step;
                splits.push(other);
            }
        }
    }
    splits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_splits_are_counted() {
        assert_eq!(all(9, 3).len() as u64, count(9, 3));
        assert_eq!(all(4, 3), [[1, 1, 2], [1, 2, 1], [2, 1, 1]]);
        assert!(count(600, 3) > MOST);
        assert!(count(1_000_000, 20) > MOST);
    }

    #[test]
    fn a_start_gives_everybody_something() {
        assert_eq!(fair_start(&[3, 3, 3], 10), [4, 3, 3]);
        assert_eq!(fair_start(&[100, 1, 1], 4), [2, 1, 1]);
        assert_eq!(fair_start(&[0, 1], 2), [1, 1]);
    }

    #[test]
    fn climbing_finds_the_lowest() {
        let distance = |split: &Vec<u32>| (0, 0, u64::from(split[0].abs_diff(37)));
        let found = climb(
            vec![20, 80],
            distance,
            &crate::experiment::Unwatched::default(),
        );
        assert_eq!(found, [37, 63]);
    }
}
