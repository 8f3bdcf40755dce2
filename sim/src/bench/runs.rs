//! Runs of the common workload, set against the floor or against each other.

use anyhow::{Context, ensure};
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng;
use tempfile::TempDir;

use super::engine::{self, Done};
use super::measure::measured;
use super::workload::Shape;
use crate::queue::Queue;

/// How often something short is measured; the median counts.
const TURNS: usize = 5;

pub(super) const FIFO: &str = "fifo[offers=task]";
pub(super) const DRF: &str = "drf[offers=task]";

pub(super) fn median(mut measure: impl FnMut() -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    let values = (0..TURNS).map(|_| measure());
    Ok(median_of(values.collect::<anyhow::Result<Vec<f64>>>()?))
}

pub(super) fn median_of(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The hold model: every item taken out puts one back a while later; millions a second.
pub(super) fn hold(pending: usize) -> anyhow::Result<f64> {
    const DELAYS: usize = 1 << 16;
    const STEPS: usize = 3_000_000;
    let mut stream = rng::stream(1, "bench");
    let delays: Vec<Span> = (0..DELAYS)
        .map(|_| stream.exponential(Span::from_secs(500)))
        .collect();
    let mut queue = Queue::default();
    (0..pending).for_each(|i| queue.push(Time::ZERO + delays[i % DELAYS], i));
    let (cost, last) = measured(|| {
        for turn in 0..STEPS {
            let (now, item) = queue.pop()?;
            queue.push(now + delays[turn % DELAYS], item);
        }
        queue.next_time()
    });
    ensure!(last.is_some(), "the queue ran empty");
    Ok(STEPS as f64 / cost.cpu / 1e6)
}

/// One file of tasks and what is read from it.
struct File {
    folder: TempDir,
    shape: Shape,
}

impl File {
    fn new(shape: Shape) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        shape.write(&folder.path().join("tasks.csv"))?;
        Ok(Self { folder, shape })
    }

    fn run(&self, policy: &str, frameworks: u32) -> anyhow::Result<Done> {
        let path = |name: &str| self.folder.path().join(name);
        engine::run(
            self.shape,
            policy,
            frameworks,
            &path("tasks.csv"),
            &path("rows.csv"),
        )
    }

    fn floor(&self, users: Option<u32>) -> anyhow::Result<Done> {
        let path = |name: &str| self.folder.path().join(name);
        engine::floor(self.shape, users, &path("tasks.csv"), &path("floor.csv"))
    }
}

pub(super) fn run(shape: Shape, policy: &str, frameworks: u32) -> anyhow::Result<Done> {
    File::new(shape)?.run(policy, frameworks)
}

/// How many times the floor's processor time FIFO takes: the median of runs in turn.
pub(super) fn fifo_to_floor(shape: Shape) -> anyhow::Result<f64> {
    to_floor(shape, FIFO, None)
}

/// The same of DRF, with a framework a user.
pub(super) fn drf_to_floor(shape: Shape) -> anyhow::Result<f64> {
    to_floor(shape, DRF, Some(shape.users as u32))
}

fn to_floor(shape: Shape, policy: &str, users: Option<u32>) -> anyhow::Result<f64> {
    let file = File::new(shape)?;
    let mut ratios = Vec::new();
    for _ in 0..TURNS - 2 {
        let floor = file.floor(users)?;
        let ours = file.run(policy, users.unwrap_or(1))?;
        ensure!(
            floor.placements == ours.placements,
            "other machines than the floor's"
        );
        ratios.push(ours.cost.cpu / floor.cost.cpu);
    }
    Ok(median_of(ratios))
}

/// A file for DRF: a user a framework.
pub(super) const fn drf(tasks: u64, frameworks: u32, machines: u32, load: u32) -> Shape {
    Shape {
        users: frameworks as u64,
        ..Shape::new(tasks, machines, load)
    }
}

/// How many times as much processor time one run takes as another.
pub(super) fn slope(
    larger: (Shape, &str, u32),
    smaller: (Shape, &str, u32),
) -> anyhow::Result<f64> {
    let cpu = |(shape, policy, frameworks)| Ok(run(shape, policy, frameworks)?.cost.cpu);
    let (larger, smaller): (anyhow::Result<f64>, anyhow::Result<f64>) = (cpu(larger), cpu(smaller));
    Ok(larger? / smaller?)
}

/// What tasks of many sizes cost, to those of the twelve, under DRF.
pub(super) fn shapes(few: Shape, sizes: u32) -> anyhow::Result<f64> {
    let many = Shape {
        sizes: Some(sizes),
        ..few
    };
    let frameworks = few.users as u32;
    slope((many, DRF, frameworks), (few, DRF, frameworks))
}

/// How many units of memory are asked for a task.
pub(super) fn allocations(shape: Shape, policy: &str, frameworks: u32) -> anyhow::Result<f64> {
    let done = run(shape, policy, frameworks)?;
    let count = done
        .cost
        .allocations
        .context("this program does not count them")?;
    Ok(count as f64 / shape.tasks as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where they are right: a ratio to the floor says nothing of a program that places otherwise.
    #[test]
    fn tasks_run_where_the_floors_place_them() {
        for load in [7, 12, 20] {
            fifo_to_floor(Shape::new(3000, 20, load)).unwrap();
            drf_to_floor(drf(3000, 30, 40, load)).unwrap();
        }
    }
}
