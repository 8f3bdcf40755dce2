//! How large jobs are, how long they waited, how well their users knew them, and how they ended.

use std::collections::BTreeMap;

use super::KINDS;
use super::spread::Spread;
use super::tail::Largest;
use crate::canonical::tables::{Job, Tasks, Unknown};

/// Into how many parts run times are sorted, as parts of the estimate; what is beyond the last ran longer
/// than was said.
pub const ACCURACY_PARTS: usize = 20;
/// A job that ran for less is not said to have been slowed down by more, in microseconds: the customary
/// bound of slowdowns.
const SHORT: u64 = 10_000_000;
/// Different ends that are told apart.
const MOST_OUTCOMES: usize = 64;

/// Of what one job consists.
#[derive(Default)]
pub(super) struct JobSize {
    pub(super) tasks: u64,
    /// The longest run of its tasks.
    pub(super) longest: Option<u64>,
    /// Whether a task ran of which it is not known for how long.
    pub(super) uncertain: bool,
    /// Whether stages wait for others.
    pub(super) staged: bool,
    /// How long the task waited that was the first to start.
    pub(super) wait: Option<u64>,
    pub(super) work: [u128; 3],
}

impl JobSize {
    pub(super) fn add(&mut self, row: &Tasks) {
        if row.unknown == Some(Unknown::Unstarted) {
            self.uncertain = true;
            return;
        }
        self.tasks = self.tasks.saturating_add(row.count);
        self.wait = match (self.wait, row.wait) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        match (row.unknown, row.run) {
            (None, Some(run)) => self.longest = self.longest.max(Some(run)),
            _ => self.uncertain = true,
        }
        let time = u128::from(row.run.unwrap_or(0)) * u128::from(row.count);
        for (sum, amount) in self.work.iter_mut().zip([row.cpus, row.memory, row.gpus]) {
            let amount = u128::from(amount.unwrap_or(0));
            *sum = sum.saturating_add(amount.saturating_mul(time));
        }
    }
}

/// How large jobs are, and what is known of their waits and ends.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Sizes {
    /// Tasks of a job that ran.
    pub width: (Spread, Largest),
    /// The longest task of a job of which all run times are known, in microseconds.
    pub longest: (Spread, Largest),
    /// The work of a job, of each of [`KINDS`]: amount times microseconds.
    pub work: [(Spread, Largest); KINDS.len()],
    /// How long jobs waited, in microseconds.
    pub wait: Spread,
    /// Wait and run over the run, or over ten seconds if that is more; in thousandths.
    pub slowdown: Spread,
    /// How well users knew how long their jobs would run.
    pub accuracy: Accuracy,
    /// How jobs ended, in the words of the source, and how many so; where there are too many words, the rest
    /// has none.
    pub outcomes: BTreeMap<String, u64>,
    /// How tasks ended, likewise.
    pub task_outcomes: BTreeMap<String, u64>,
    /// How often tasks were started.
    pub attempts: Spread,
    /// Processor time over run time of tasks, in thousandths: how many processors were busy.
    pub busy: Spread,
}

/// What jobs ran of what their users said they would at most.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Accuracy {
    /// Run time over estimate, in thousandths.
    pub parts: Spread,
    /// Jobs whose part is in each twentieth of the estimate.
    pub counts: [u64; ACCURACY_PARTS],
    /// Jobs that ran for longer than was said.
    pub over: u64,
}

impl Accuracy {
    fn add(&mut self, run: u64, estimate: u64) {
        let part = u128::from(run) * 1000 / u128::from(estimate);
        self.parts.add(part, 1);
        if run > estimate {
            self.over += 1;
            return;
        }
        let twentieth = u128::from(run) * ACCURACY_PARTS as u128 / u128::from(estimate);
        self.counts[(twentieth as usize).min(ACCURACY_PARTS - 1)] += 1;
    }
}

impl Sizes {
    pub(super) fn add(&mut self, job: &Job, size: &JobSize) {
        fn put((spread, largest): &mut (Spread, Largest), value: u128) {
            spread.add(value, 1);
            largest.add(value, 1);
        }
        if size.tasks > 0 {
            put(&mut self.width, size.tasks.into());
        }
        for (sum, work) in self.work.iter_mut().zip(size.work) {
            put(sum, work);
        }
        let run = size.longest.filter(|_| !size.uncertain);
        if let Some(run) = run {
            put(&mut self.longest, run.into());
        }
        let waited = job.wait.or(size.wait);
        if let Some(wait) = waited {
            self.wait.add(wait.into(), 1);
        }
        // How long a job of stages runs does not follow from its tasks.
        let run = run.filter(|_| !size.staged);
        if let (Some(wait), Some(run)) = (waited, run) {
            let all = u128::from(wait) + u128::from(run);
            self.slowdown
                .add((all * 1000 / u128::from(run.max(SHORT))).max(1000), 1);
        }
        if let (Some(run), Some(estimate)) = (run, job.estimate.filter(|estimate| *estimate > 0)) {
            self.accuracy.add(run, estimate);
        }
        if let Some(outcome) = &job.outcome {
            tally(&mut self.outcomes, outcome, 1);
        }
    }

    pub(super) fn see_tasks(&mut self, row: &Tasks) {
        if let Some(outcome) = &row.outcome {
            tally(&mut self.task_outcomes, outcome, row.count);
        }
        if let Some(attempts) = row.attempts {
            self.attempts.add(attempts.into(), row.count);
        }
        if let (Some(busy), Some(run)) = (row.busy, row.run.filter(|run| *run > 0)) {
            self.busy
                .add(u128::from(busy) * 1000 / u128::from(run), row.count);
        }
    }
}

/// Counts a word, or those of which there are too many under none.
fn tally(words: &mut BTreeMap<String, u64>, word: &str, count: u64) {
    let known = words.len() < MOST_OUTCOMES || words.contains_key(word);
    let counted = words.entry(if known { word } else { "" }.to_owned());
    let counted = counted.or_default();
    *counted = counted.saturating_add(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accuracy(run: u64, estimate: u64) -> (Option<usize>, u64) {
        let mut accuracy = Accuracy::default();
        accuracy.add(run, estimate);
        let place = accuracy.counts.iter().position(|count| *count > 0);
        (place, accuracy.over)
    }

    #[test]
    fn a_run_is_a_part_of_its_estimate() {
        assert_eq!(accuracy(0, 100), (Some(0), 0));
        assert_eq!(accuracy(5, 100), (Some(1), 0));
        assert_eq!(accuracy(99, 100), (Some(19), 0));
        assert_eq!(accuracy(100, 100), (Some(19), 0), "as long as was said");
        assert_eq!(accuracy(101, 100), (None, 1));
        assert_eq!(accuracy(u64::MAX, 1), (None, 1));
    }

    fn job(wait: u64, run: u64) -> Sizes {
        let mut size = JobSize::default();
        size.add(&Tasks {
            count: 2,
            run: Some(run),
            cpus: Some(1000),
            ..Tasks::default()
        });
        let job = Job {
            wait: Some(wait),
            outcome: Some("1".to_owned()),
            ..Job::default()
        };
        let mut sizes = Sizes::default();
        sizes.add(&job, &size);
        sizes
    }

    #[test]
    fn slowdown_is_bounded() {
        let slowdown = |wait, run| job(wait, run).slowdown.max;
        assert_eq!(slowdown(0, 20_000_000), 1000);
        assert_eq!(slowdown(20_000_000, 20_000_000), 2000);
        assert_eq!(slowdown(20_000_000, 0), 2000, "over ten seconds");
        assert_eq!(slowdown(1, 1), 1000, "no job is sped up by waiting");
        let one = job(0, 5);
        assert_eq!(
            (one.width.0.max, one.longest.0.max, one.work[0].0.max),
            (2, 5, 10_000)
        );
        assert_eq!(
            one.outcomes.into_iter().collect::<Vec<_>>(),
            [("1".to_owned(), 1)]
        );
    }

    /// Whoever says so much about ends is cut short.
    #[test]
    fn outcomes_are_bounded() {
        let mut sizes = Sizes::default();
        for number in 0..1000 {
            let job = Job {
                outcome: Some(number.to_string()),
                ..Job::default()
            };
            sizes.add(&job, &JobSize::default());
        }
        assert_eq!(sizes.outcomes.len(), MOST_OUTCOMES + 1);
        assert_eq!(sizes.outcomes[""], 1000 - MOST_OUTCOMES as u64);
    }
}
