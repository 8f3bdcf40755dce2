//! Who is due how many tasks on which kind of agents, so that the least of what everybody gets is as large as it can be, then
//! the least of the others, and so on.
//!
//! What somebody gets is measured by how fast its work is where it runs: a part of the cluster at the mean speed that the
//! work has there (Narayanan et al., OSDI 2020, sections 4.1 and 4.2). Whose part cannot grow is known by the price of its
//! row in the program, which is nothing where more would be worth nothing.
//!
//! Longer than a policy's file by its tests, and because a program is said row by row.

use fairground_policies::resources::{Kind, Resources};

use crate::program::{Program, Solution};

/// Somebody whose tasks run faster on some agents than on others.
#[derive(Clone, PartialEq, Debug)]
pub struct TypedJob {
    /// How fast a task is on each kind of agents, in thousandths.
    pub speeds: Vec<u32>,
    /// How much it counts, in thousandths.
    pub weight: u32,
    /// What a task takes.
    pub needs: Resources,
    /// How many run at a time at most.
    pub tasks: u64,
}

impl TypedJob {
    /// How many of its tasks a whole kind of agents has room for, as if it were one.
    fn room(&self, total: Resources) -> f64 {
        let parts = Kind::ALL
            .into_iter()
            .filter(|kind| self.needs.of(*kind) > 0);
        let fit = parts.map(|kind| total.of(kind) as f64 / self.needs.of(kind) as f64);
        fit.fold(f64::INFINITY, f64::min)
    }

    /// What one task on each kind is worth, as a part of the cluster at its mean speed; nothing where the cluster has no
    /// room for any.
    pub fn worth(&self, totals: &[Resources]) -> Vec<f64> {
        let rooms: Vec<f64> = totals.iter().map(|total| self.room(*total)).collect();
        let speeds = self.speeds.iter().copied().map(f64::from);
        let all: f64 = speeds
            .clone()
            .zip(&rooms)
            .map(|(speed, room)| speed * room)
            .sum();
        let worth = |speed: f64| {
            if all > 0.0 && all.is_finite() {
                speed / all
            } else {
                0.0
            }
        };
        speeds.map(worth).collect()
    }
}

/// How many tasks everybody is due.
#[derive(Clone, PartialEq, Debug)]
pub struct TypeSplit {
    /// By job, then by kind of agents; to the nearest millionth.
    pub tasks: Vec<Vec<f64>>,
    /// What part of the cluster each has so, by its weight.
    pub parts: Vec<f64>,
}

impl TypeSplit {
    /// Of nothing among nobody.
    pub const NONE: Self = Self {
        tasks: Vec::new(),
        parts: Vec::new(),
    };
}

/// What is left to find out about a job.
#[derive(Clone, Copy, PartialEq, Debug)]
enum JobPart {
    /// It grows with the others.
    Grows,
    /// It cannot have more than this.
    Fixed(f64),
    /// Nothing of it runs anywhere.
    Nothing,
}

/// The split of all that agents of each kind have that is max-min fair; nobody is due anything where the solver finds none.
/// Takes at most as many programs as there are jobs.
pub fn max_min(jobs: &[TypedJob], totals: &[Resources]) -> TypeSplit {
    let worth: Vec<Vec<f64>> = jobs.iter().map(|job| job.worth(totals)).collect();
    let mut state: Vec<JobPart> = jobs
        .iter()
        .zip(&worth)
        .map(|(job, worth)| {
            let some = job.tasks > 0 && job.weight > 0 && worth.iter().any(|one| *one > 0.0);
            if some {
                JobPart::Grows
            } else {
                JobPart::Nothing
            }
        })
        .collect();
    let mut split = TypeSplit {
        tasks: vec![vec![0.0; totals.len()]; jobs.len()],
        parts: vec![0.0; jobs.len()],
    };
    while state.contains(&JobPart::Grows) {
        let Some(found) = level(jobs, totals, &worth, &state) else {
            return split;
        };
        let least = found.values[jobs.len() * totals.len()];
        let rounded = |number: f64| ((number * 1e6).round() / 1e6).max(0.0);
        let mut tasks = found.values.chunks(totals.len());
        for (mine, worth) in split.tasks.iter_mut().zip(&worth) {
            let tasks = tasks.next().unwrap_or_default();
            mine.iter_mut()
                .zip(tasks)
                .for_each(|(mine, tasks)| *mine = rounded(*tasks));
            // What is worth nothing is not due.
            mine.iter_mut()
                .zip(worth)
                .filter(|(_, worth)| **worth == 0.0)
                .for_each(|(mine, _)| *mine = 0.0);
        }
        // Rows of jobs that grow come last; together their prices are one.
        let growing = state.iter().filter(|one| **one == JobPart::Grows).count();
        let prices = &found.prices[found.prices.len() - growing..];
        let enough = prices
            .iter()
            .fold(0.0_f64, |most, price| most.max(*price))
            .min(1e-4);
        let mut prices = prices.iter();
        for ((one, part), job) in state.iter_mut().zip(&mut split.parts).zip(jobs) {
            if *one == JobPart::Grows {
                *part = least;
                if prices.next().is_none_or(|price| *price >= enough) {
                    *one = JobPart::Fixed(least * f64::from(job.weight) / 1000.0);
                }
            }
        }
    }
    split
}

/// The largest part, by weight, that all who grow can have beside what is fixed.
fn level(
    jobs: &[TypedJob],
    totals: &[Resources],
    worth: &[Vec<f64>],
    state: &[JobPart],
) -> Option<Solution> {
    let kinds = totals.len();
    let least = jobs.len() * kinds;
    let mut cost = vec![0.0; least];
    cost.push(-1.0);
    let mut program = Program::new(cost);
    for (place, job) in jobs.iter().enumerate() {
        let tasks: Vec<(usize, f64)> = (0..kinds).map(|kind| (place * kinds + kind, 1.0)).collect();
        let most = if state[place] == JobPart::Nothing {
            0.0
        } else {
            job.tasks as f64
        };
        program.at_most(&tasks, most);
        for (at, _) in tasks {
            program.at_most(&[(at, -1.0)], 0.0);
        }
    }
    for (kind, total) in totals.iter().enumerate() {
        for part in Kind::ALL
            .into_iter()
            .filter(|part| jobs.iter().any(|job| job.needs.of(*part) > 0))
        {
            let takes = jobs.iter().enumerate().map(|(place, job)| {
                // Of one: coefficients of very different sizes are hard to solve.
                let whole = total.of(part).max(1) as f64;
                (place * kinds + kind, job.needs.of(part) as f64 / whole)
            });
            let takes: Vec<(usize, f64)> = takes.filter(|(_, takes)| *takes > 0.0).collect();
            program.at_most(&takes, if total.of(part) > 0 { 1.0 } else { 0.0 });
        }
    }
    let gets = |place: usize| {
        let worth = worth[place].iter().enumerate();
        worth.map(move |(kind, worth)| (place * kinds + kind, -worth))
    };
    for (place, one) in state.iter().enumerate() {
        if let JobPart::Fixed(part) = one {
            // A little less, as the solver's numbers are not exact.
            program.at_most(&gets(place).collect::<Vec<_>>(), -part * (1.0 - 1e-7));
        }
    }
    for (place, one) in state.iter().enumerate() {
        if *one == JobPart::Grows {
            let weight = f64::from(jobs[place].weight) / 1000.0;
            let row: Vec<(usize, f64)> = gets(place).chain([(least, weight)]).collect();
            program.at_most(&row, 0.0);
        }
    }
    program.solve()
}

#[cfg(test)]
mod tests {
    use fairground_policies::resources::{Mebibytes, Millicores, Milligpus};

    use super::*;

    fn gpus(count: u64) -> Resources {
        Resources::new(Millicores(0), Mebibytes(0)).with_gpus(Milligpus(1000 * count))
    }

    fn job(speeds: &[u32], weight: u32, tasks: u64) -> TypedJob {
        TypedJob {
            speeds: speeds.to_vec(),
            weight,
            needs: gpus(1),
            tasks,
        }
    }

    fn check(jobs: &[TypedJob], totals: &[u64], parts: &[f64], tasks: &[&[f64]]) {
        let totals: Vec<Resources> = totals.iter().map(|total| gpus(*total)).collect();
        let split = max_min(jobs, &totals);
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-4;
        let found = split.parts.iter().zip(parts);
        assert!(
            found.clone().count() == parts.len()
                && found.clone().all(|(one, other)| near(*one, *other)),
            "{split:?}"
        );
        let found = split
            .tasks
            .iter()
            .flatten()
            .zip(tasks.iter().copied().flatten());
        assert!(
            found.clone().all(|(one, other)| near(*one, *other)),
            "{split:?}"
        );
    }

    /// Two jobs of one task on one, two and three workers of three types: both get 48/31 of what an equal split of
    /// their time gives, which is a sixth of the cluster.
    #[test]
    fn a_worked_case() {
        let jobs = [
            job(&[2000, 1000, 500], 1000, 1),
            job(&[3000, 2000, 1000], 1000, 1),
        ];
        let part = 48.0 / 31.0 / 6.0;
        let tasks: [&[f64]; 2] = [
            &[13.0 / 31.0, 18.0 / 31.0, 0.0],
            &[18.0 / 31.0, 13.0 / 31.0, 0.0],
        ];
        check(&jobs, &[1, 2, 3], &[part, part], &tasks);
    }

    /// Whoever gains nothing by the fast ones leaves them: of ten and ten, one of whom is three times as fast on the first.
    #[test]
    fn who_gains_most_has_the_fast_ones() {
        let jobs = [job(&[3000, 1000], 1000, 100), job(&[1000, 1000], 1000, 100)];
        // 3 x of 40 and y of 20: both 0.6, and 0.75 and 0.5 if nobody had a part of the other's kind.
        check(&jobs, &[10, 10], &[0.6, 0.6], &[&[8.0, 0.0], &[2.0, 10.0]]);
    }

    /// Whoever wants little has it, and the others share the rest.
    #[test]
    fn the_rest_is_shared() {
        let jobs = [
            job(&[1000], 1000, 1),
            job(&[1000], 1000, 100),
            job(&[1000], 2000, 100),
        ];
        check(&jobs, &[10], &[0.1, 0.3, 0.3], &[&[1.0], &[3.0], &[6.0]]);
        check(&[job(&[1000], 1000, 0)], &[10], &[0.0], &[&[0.0]]);
        check(&[job(&[1000], 1000, 9)], &[0], &[0.0], &[&[0.0]]);
    }
}
