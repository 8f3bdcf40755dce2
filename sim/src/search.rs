//! The best static split: a baseline that is not a straw man.
//!
//! Best is what treats frameworks alike: the split with the lowest mean of the frameworks' own changes,
//! on the scale of logarithms, so that a framework with many jobs does not outvote one with few; over all
//! seeds, since the best split of one day is that of its accidents.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fairground_policies::allocators::Partition;
use fairground_policies::message::{FrameworkId, JobId};
use fairground_policies::name::{BadName, Name, Param};
use fairground_policies::time::Span;
use fairground_workloads::trace::Trace;
use rayon::prelude::*;

use crate::experiment::{Experiment, ExperimentError, Watcher, static_with};
use crate::run::Run;

/// How the split is found, for the report.
pub(crate) const ABOUT: &str = "the static split with the lowest mean of the frameworks' own changes \
    against the declared shares: the logarithm of the ratio of mean completion (a job that never \
    finishes counts as the longest time or the replay's length), for a service of requests late (1 % may \
    always be); with best=unharmed among the splits under which no framework's change is for the worse; \
    every framework keeps an agent that has one by its share; over all seeds: splits are tried on two \
    seeds, the better half on twice as many, until all seeds decide between the last; all splits, or \
    neighbours step by step from the declared shares on when there are more than 500; the declared \
    shares themselves stay unless another split is better by that measure over all seeds";

/// The parameter of the search.
pub(crate) const PARAM: Param = Param {
    key: "best",
    about: "mean: of the frameworks' own changes (default); unharmed: the same where nobody loses",
};

/// More splits than this are not tried one by one.
const MOST: u64 = 500;

/// The completion time of a job that never finishes.
const NEVER: u64 = u64::MAX;

/// What a split is best at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Goal {
    /// The lowest mean of the frameworks' changes.
    Mean,
    /// The same among those under which nobody loses.
    Unharmed,
}

impl Goal {
    /// Takes it out of a name.
    pub(crate) fn take(name: &mut Name) -> Result<Self, BadName> {
        match name.take(PARAM.key).as_deref() {
            None | Some("mean") => Ok(Self::Mean),
            Some("unharmed") => Ok(Self::Unharmed),
            Some(other) => Err(name.bad(PARAM.key, other, "mean or unharmed")),
        }
    }

    /// How good a split is; the lowest is best. `changes` are logarithms, one a framework.
    fn score(self, changes: &[f64]) -> SplitScore {
        let losers = changes.iter().filter(|change| **change > HARM).count();
        let sum: f64 = changes.iter().sum();
        let sum = (sum * 1e9).round() as i64;
        match self {
            Self::Mean => (0, sum),
            Self::Unharmed => (losers, sum),
        }
    }
}

/// Less than a part in a thousand for the worse is no loss.
const HARM: f64 = 0.001;

/// Frameworks that lose and must not, the sum of all frameworks' changes in billionths.
type SplitScore = (usize, i64);

/// The agents each framework gets under the best split.
///
/// # Errors
/// When the trace of a seed cannot be built.
pub(crate) fn best_split(
    experiment: &Experiment,
    policy: &Name,
    first: &Trace,
    watcher: &dyn Watcher,
) -> Result<Vec<u32>, ExperimentError> {
    let agents = first.agents.len() as u32;
    let parts = experiment.shares().len() as u32;
    if agents < parts {
        return Ok(experiment.shares());
    }
    let goal = Goal::take(&mut policy.clone()).expect("names were looked up before");
    let seeds = experiment.seeds();
    watcher.begin("declared shares", seeds.len() as u64);
    let days: Vec<Day> = seeds
        .par_iter()
        .map(|seed| Day::of(experiment, policy, *seed, watcher))
        .collect::<Result<_, _>>()?;
    let changes = |split: &[u32], seed: usize| {
        if watcher.stop() {
            return vec![0.0; parts as usize];
        }
        let (day, seed) = (&days[seed], seeds[seed]);
        let run = experiment.run(&static_with(policy, split), &day.trace, seed, false);
        watcher.tick();
        day.changes(&run)
    };
    let race = Race::new(seeds.len(), goal, &changes, watcher);
    let declared = start(experiment, agents);
    Ok(if count(agents, parts) <= MOST {
        race.winner(all(agents, parts), declared)
    } else {
        climb(&race, declared)
    })
}

/// What `static` makes of the declared shares, which is what all changes are against.
fn start(experiment: &Experiment, agents: u32) -> Vec<u32> {
    Partition::split(&experiment.shares(), agents)
}

/// Moves ever fewer agents from one framework to another while that helps.
fn climb(race: &Race<'_>, start: Vec<u32>) -> Vec<u32> {
    let agents: u32 = start.iter().sum();
    let mut step = agents.div_ceil(8);
    let mut current = start;
    while step > 0 && !race.watcher.stop() {
        let next = race.winner(neighbours(&current, step), current.clone());
        if next == current {
            step /= 2;
        }
        current = next;
    }
    current
}

/// One seed: its trace, and how the frameworks fare with the declared shares.
struct Day {
    trace: Trace,
    horizon: u64,
    declared: Vec<Fared>,
}

/// How one framework fared.
struct Fared {
    /// Completion times of its jobs in microseconds, by job.
    times: Vec<u64>,
    /// Which jobs those are, where there may be others with another split: of a closed workload.
    jobs: Option<Vec<JobId>>,
    /// Requests late as a share of all, if it is a service.
    late: Option<f64>,
}

impl Day {
    fn of(
        experiment: &Experiment,
        policy: &Name,
        seed: u64,
        watcher: &dyn Watcher,
    ) -> Result<Self, ExperimentError> {
        let trace = experiment.trace(seed)?;
        let declared = static_with(policy, &experiment.shares());
        let run = experiment.run(&declared, &trace, seed, false);
        watcher.tick();
        Ok(Self {
            horizon: trace.horizon.as_micros(),
            declared: fared(&run),
            trace,
        })
    }

    /// The logarithm of every framework's own ratio against the declared shares.
    fn changes(&self, run: &Run) -> Vec<f64> {
        let pairs = self.declared.iter().zip(fared(run));
        let change = |(before, after): (&Fared, Fared)| before.change(&after, self.horizon);
        pairs.map(change).collect()
    }
}

fn fared(run: &Run) -> Vec<Fared> {
    let rows = run.frameworks.iter().zip(0..);
    let one = |(row, id): (&crate::run::FrameworkRow, u32)| Fared {
        times: run
            .jobs
            .of(FrameworkId(id))
            .map(|job| job.completion().map_or(NEVER, Span::as_micros))
            .collect(),
        jobs: run.jobs.users(FrameworkId(id)).map(|_| {
            let rows = run.jobs.of(FrameworkId(id));
            rows.map(|job| job.job).collect()
        }),
        late: (row.requests > 0).then(|| row.missed as f64 / row.requests as f64),
    };
    rows.map(one).collect()
}

impl Fared {
    /// The times of every job before and after.
    fn pairs<'a>(&'a self, other: &'a Self) -> Box<dyn Iterator<Item = (&'a u64, &'a u64)> + 'a> {
        let (Some(jobs), Some(others)) = (&self.jobs, &other.jobs) else {
            return Box::new(self.times.iter().zip(&other.times));
        };
        // Only those that there are with both splits.
        let jobs = jobs.iter().zip(&self.times);
        Box::new(jobs.filter_map(|(job, before)| {
            let found = others.binary_search(job).ok()?;
            Some((before, &other.times[found]))
        }))
    }

    fn change(&self, other: &Self, horizon: u64) -> f64 {
        if let (Some(before), Some(after)) = (self.late, other.late) {
            // A hundredth may always be late.
            return libm::log(after.max(0.01) / before.max(0.01));
        }
        let pairs = || {
            let pairs = self.pairs(other);
            pairs.filter(|(before, after)| **before.min(after) != NEVER)
        };
        let known = pairs().flat_map(|(before, after)| [*before, *after]);
        let longest = known.filter(|time| *time != NEVER).max().unwrap_or(0);
        let bound = longest.max(horizon);
        let sums = pairs().fold((0_u128, 0_u128), |(one, two), (before, after)| {
            let bounded = |time: &u64| u128::from((*time).min(bound));
            (one + bounded(before), two + bounded(after))
        });
        libm::log(sums.1.max(1) as f64 / sums.0.max(1) as f64)
    }
}

/// A split, and the position of a seed.
type Cell = (Vec<u32>, usize);

/// Splits against each other, on ever more seeds.
struct Race<'a> {
    seeds: usize,
    goal: Goal,
    /// Every framework's change with a split on a seed.
    changes: &'a (dyn Fn(&[u32], usize) -> Vec<f64> + Sync),
    watcher: &'a dyn Watcher,
    known: Mutex<BTreeMap<Cell, Vec<f64>>>,
}

impl<'a> Race<'a> {
    fn new(
        seeds: usize,
        goal: Goal,
        changes: &'a (dyn Fn(&[u32], usize) -> Vec<f64> + Sync),
        watcher: &'a dyn Watcher,
    ) -> Self {
        Self {
            seeds,
            goal,
            changes,
            watcher,
            known: Mutex::new(BTreeMap::new()),
        }
    }

    /// The best of `splits`, the first of equals; `current` if none is better.
    fn winner(&self, splits: Vec<Vec<u32>>, current: Vec<u32>) -> Vec<u32> {
        let mut left = splits;
        let mut seeds = self.seeds.min(2);
        loop {
            let scores = self.scores(&left, seeds);
            let mut ranked: Vec<(SplitScore, Vec<u32>)> = scores.into_iter().zip(left).collect();
            ranked.sort_by_key(|(score, _)| *score);
            if seeds == self.seeds {
                let best = ranked.into_iter().next();
                let now = self.scores(std::slice::from_ref(&current), seeds)[0];
                let better = best.filter(|(score, _)| *score < now);
                return better.map_or(current, |(_, split)| split);
            }
            let half = ranked.len().div_ceil(2).max(2);
            left = ranked
                .into_iter()
                .take(half)
                .map(|(_, split)| split)
                .collect();
            seeds = (seeds * 2).min(self.seeds);
        }
    }

    /// The scores of `splits` over the first `seeds` seeds.
    fn scores(&self, splits: &[Vec<u32>], seeds: usize) -> Vec<SplitScore> {
        let cells = splits
            .iter()
            .flat_map(|split| (0..seeds).map(move |seed| (split, seed)));
        let known = |cell: &Cell| self.known.lock().expect("no panic").contains_key(cell);
        let cells = cells.map(|(split, seed)| (split.clone(), seed));
        let missing: Vec<Cell> = cells.filter(|cell| !known(cell)).collect();
        self.watcher.begin("splits", missing.len() as u64);
        let found: Vec<Vec<f64>> = missing
            .par_iter()
            .map(|(split, seed)| (self.changes)(split, *seed))
            .collect();
        let mut known = self.known.lock().expect("no panic");
        known.extend(missing.into_iter().zip(found));
        let mean = |split: &Vec<u32>| {
            let rows = (0..seeds).map(|seed| &known[&(split.clone(), seed)]);
            let mut sums: Vec<f64> = Vec::new();
            for row in rows {
                sums.resize(row.len(), 0.0);
                sums.iter_mut()
                    .zip(row)
                    .for_each(|(sum, change)| *sum += change);
            }
            let means: Vec<f64> = sums.iter().map(|sum| sum / seeds as f64).collect();
            self.goal.score(&means)
        };
        splits.iter().map(mean).collect()
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
    use fairground_policies::registry::Registry;

    use super::*;
    use crate::experiment::STATIC_BEST;
    use crate::recipe::Recipe;

    #[test]
    fn all_splits_are_counted() {
        assert_eq!(all(9, 3).len() as u64, count(9, 3));
        assert_eq!(all(4, 3), [[1, 1, 2], [1, 2, 1], [2, 1, 1]]);
        assert!(count(600, 3) > MOST);
        assert!(count(1_000_000, 20) > MOST);
    }

    /// Whatever is tried, the declared shares stay where nothing is better by all seeds: those of whoever
    /// has no agent by its share, too, which no other split leaves without one.
    #[test]
    fn the_declared_shares_are_a_candidate() {
        for shares in [vec![1, 1, 1], vec![5, 3, 0], vec![7, 2, 2], vec![100, 1, 1]] {
            let declared = Partition::split(&shares, 7);
            let start = declared.clone();
            let changes =
                |split: &[u32], _| vec![f64::from(u8::from(split != start.as_slice())); 3];
            let watcher = crate::experiment::Unwatched::default();
            let race = Race::new(3, Goal::Mean, &changes, &watcher);
            assert_eq!(race.winner(all(7, 3), declared.clone()), declared);
            assert_eq!(climb(&race, declared.clone()), declared, "{shares:?}");
        }
    }

    /// A recipe whose shares leave remainders: the search begins with the split that `static` makes, whose
    /// changes against itself are none.
    #[test]
    fn the_search_begins_with_what_static_makes_of_the_shares() {
        let recipe = r#"
            name = "small"
            duration = "2h"
            policies = ["static", "static-best"]
            cluster = [{ agents = 10, cpus = 2, mem = "8GiB" }]
            [[framework]]
            name = "a"
            share = 5
            workload.hadoop = { gap = "4m", map = "60s", jobs = 10 }
            [[framework]]
            name = "b"
            share = 2
            workload.hadoop = { gap = "4m", map = "60s", jobs = 10 }
            [[framework]]
            name = "c"
            share = 1
            workload.hadoop = { gap = "4m", map = "60s", jobs = 10 }
        "#;
        let loaded = Recipe::of_text(recipe, &[], "small".to_owned(), ".".into()).unwrap();
        let experiment = Experiment::load(&loaded, Registry::default()).unwrap();
        let policy: Name = STATIC_BEST.parse().unwrap();
        let watcher = crate::experiment::Unwatched::default();
        let day = Day::of(&experiment, &policy, 1, &watcher).unwrap();
        let start = start(&experiment, 10);
        let run = experiment.run(&static_with(&policy, &start), &day.trace, 1, false);
        assert_eq!(day.changes(&run), [0.0; 3], "{start:?}");
        let name = static_with(&policy, &experiment.shares());
        let declared = experiment.run(&name, &day.trace, 1, false);
        assert_eq!(run.digest, declared.digest, "{start:?}");
    }

    /// The winner of a race between splits of which framework 0 wants `best` agents.
    fn race(seeds: usize, goal: Goal, best: fn(usize) -> u32, start: &[u32]) -> Vec<u32> {
        let changes = |split: &[u32], seed: usize| {
            let away = f64::from(split[0].abs_diff(best(seed)));
            vec![away / 100.0 - 0.2, 0.0]
        };
        let watcher = crate::experiment::Unwatched::default();
        let race = Race::new(seeds, goal, &changes, &watcher);
        climb(&race, start.to_vec())
    }

    #[test]
    fn climbing_finds_the_lowest() {
        assert_eq!(race(1, Goal::Mean, |_| 37, &[20, 80]), [37, 63]);
    }

    /// The first seed alone would choose 20, all seeds 37.
    #[test]
    fn the_split_is_that_of_all_seeds() {
        let best = |seed| if seed == 0 { 20 } else { 37 };
        assert_eq!(race(8, Goal::Mean, best, &[50, 50]), [37, 63]);
    }

    /// Two of framework 0's own shares are better for it than one for framework 1 is worse.
    #[test]
    fn nobody_has_to_lose() {
        let changes = |split: &[u32], _| {
            vec![
                -f64::from(split[0]) / 10.0,
                f64::from(split[0].saturating_sub(4)) / 20.0,
            ]
        };
        let watcher = crate::experiment::Unwatched::default();
        let winner = |goal| {
            let race = Race::new(3, goal, &changes, &watcher);
            race.winner(all(9, 2), vec![3, 6])
        };
        assert_eq!(winner(Goal::Mean), [8, 1]);
        assert_eq!(winner(Goal::Unharmed), [4, 5]);
    }

    /// A framework's own ratio counts, not its number of jobs.
    #[test]
    fn changes_are_the_frameworks_own() {
        let times = |times: &[u64]| Fared {
            times: times.to_vec(),
            jobs: None,
            late: None,
        };
        let half = times(&[100; 50]).change(&times(&[50; 50]), 1000);
        assert!((half + std::f64::consts::LN_2).abs() < 1e-12, "{half}");
        // One that never finishes counts as the horizon; one that never does on both sides does not.
        let never = times(&[100, NEVER]).change(&times(&[NEVER, NEVER]), 1000);
        assert!((never - 10_f64.ln()).abs() < 1e-12, "{never}");
        // Of users, those jobs count that there are with both splits, whatever their places.
        let users = |jobs: &[u32], found: &[u64]| Fared {
            jobs: Some(jobs.iter().copied().map(JobId).collect()),
            ..times(found)
        };
        let both = users(&[0, 3, 5], &[100, 7, 100]).change(&users(&[0, 2, 5], &[50, 9, 50]), 1000);
        assert!((both + std::f64::consts::LN_2).abs() < 1e-12, "{both}");
        let late = |late| Fared {
            times: Vec::new(),
            jobs: None,
            late: Some(late),
        };
        assert!(late(0.005).change(&late(0.0), 1000).abs() < 1e-12);
        assert!(late(0.04).change(&late(0.02), 1000) < -0.69);
    }

    #[test]
    fn the_goal_is_a_parameter() {
        let goal = |text: &str| Goal::take(&mut text.parse().unwrap());
        assert_eq!(goal("static-best"), Ok(Goal::Mean));
        assert_eq!(goal("static-best[best=unharmed]"), Ok(Goal::Unharmed));
        let error = goal("static-best[best=all]").unwrap_err().0;
        assert!(error.contains("expected mean or unharmed"), "{error}");
    }
}
