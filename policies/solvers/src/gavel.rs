//! Gavel's max-min fairness on workers of several types: the least of what jobs get, each measured by what an equal
//! split would give it, is as large as it can be (Narayanan et al., OSDI 2020, section 4.1).

use crate::program::Program;

/// A job.
#[derive(Clone, PartialEq, Debug)]
pub struct TypedJob {
    /// What it does in a second on a worker of each type.
    pub throughput: Vec<f64>,
    /// How much it counts.
    pub weight: f64,
    /// How many workers it takes at a time.
    pub workers: f64,
}

/// Which part of the time each job runs on each type, and how many times its equal split the least of them gets.
#[derive(Clone, PartialEq, Debug)]
pub struct TimeSplit {
    /// By job, then by type.
    pub time: Vec<Vec<f64>>,
    /// The least of what jobs get, by weight.
    pub least: f64,
}

/// What a job does where every job has the same part of each type, and all of its time is used.
pub fn equal_split(job: &TypedJob, workers: &[f64]) -> f64 {
    let all: f64 = workers.iter().sum();
    let parts = job.throughput.iter().zip(workers);
    parts
        .map(|(throughput, workers)| throughput * workers / all)
        .sum()
}

/// The split of `workers`, by type, that is max-min fair; `None` where the solver finds none, as without workers. What it
/// finds is rounded to the nearest 1e-6.
pub fn max_min(jobs: &[TypedJob], workers: &[f64]) -> Option<TimeSplit> {
    let types = workers.len();
    let least = jobs.len() * types;
    let mut cost = vec![0.0; least];
    cost.push(-1.0);
    let mut program = Program::new(cost);
    let at = |job: usize, kind: usize| job * types + kind;
    for (place, job) in jobs.iter().enumerate() {
        let time: Vec<(usize, f64)> = (0..types).map(|kind| (at(place, kind), 1.0)).collect();
        program.at_most(&time, 1.0);
        let norm = job.weight * equal_split(job, workers);
        let of = |kind: usize| (at(place, kind), -job.throughput[kind] * job.workers / norm);
        let gets: Vec<(usize, f64)> = (0..types).map(of).chain([(least, 1.0)]).collect();
        program.at_most(&gets, 0.0);
        for kind in 0..types {
            program.at_most(&[(at(place, kind), -1.0)], 0.0);
        }
    }
    for (kind, workers) in workers.iter().enumerate() {
        let of = |(place, job): (usize, &TypedJob)| (at(place, kind), job.workers);
        let used: Vec<(usize, f64)> = jobs.iter().enumerate().map(of).collect();
        program.at_most(&used, *workers);
    }
    let found = program.solve()?;
    let rounded = |number: f64| (number * 1e6).round() / 1e6;
    let time = (0..jobs.len()).map(|job| {
        (0..types)
            .map(|kind| rounded(found[at(job, kind)]).max(0.0))
            .collect()
    });
    Some(TimeSplit {
        time: time.collect(),
        least: rounded(found[least]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two jobs on one, two and three workers of three types: both get 48/31 of their equal split.
    #[test]
    fn a_worked_case() {
        let job = |throughput: &[f64]| TypedJob {
            throughput: throughput.to_vec(),
            weight: 1.0,
            workers: 1.0,
        };
        let jobs = [job(&[2.0, 1.0, 0.5]), job(&[3.0, 2.0, 1.0])];
        let workers = [1.0, 2.0, 3.0];
        assert!((equal_split(&jobs[0], &workers) - 11.0 / 12.0).abs() < 1e-12);
        assert!((equal_split(&jobs[1], &workers) - 5.0 / 3.0).abs() < 1e-12);
        let split = max_min(&jobs, &workers).expect("a split");
        let expected = [
            [13.0 / 31.0, 18.0 / 31.0, 0.0],
            [18.0 / 31.0, 13.0 / 31.0, 0.0],
        ];
        for (found, expected) in split.time.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-5, "{split:?}");
        }
        assert!((split.least - 48.0 / 31.0).abs() < 1e-5, "{split:?}");
    }
}
