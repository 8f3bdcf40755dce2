//! The rows of the table: what is measured, in which unit, and what it should be.

use anyhow::ensure;
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng;
use tempfile::TempDir;

use super::engine::{self, Done};
use super::measure::{Cost, measured};
use super::workload::Shape;
use super::{allocator, memory, traces};
use crate::queue::Queue;

/// How much is simulated for a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// A tenth, to look at quickly.
    Quick,
    /// What the aims are meant for.
    Full,
}

/// What a row should be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Aim {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Aim {
    /// Whether `value` is as it should be.
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(aim) => value <= aim,
            Self::AtLeast(aim) => value >= aim,
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What is measured.
    pub about: &'static str,
    /// The unit of the value.
    pub unit: &'static str,
    /// What it should be.
    pub aim: Aim,
    measure: fn(Size) -> anyhow::Result<f64>,
}

impl Row {
    /// Measures it: the value in the row's unit, and what measuring it cost in all.
    ///
    /// # Errors
    /// When temporary files cannot be written, or a run did not do what it should.
    pub fn measure(&self, size: Size) -> anyhow::Result<(f64, Cost)> {
        let (cost, value) = measured(|| (self.measure)(size));
        Ok((value?, cost))
    }
}

/// How often something short is measured; the median counts.
const TURNS: usize = 5;

/// Task counts of engine rows.
const fn tasks(size: Size) -> u64 {
    match size {
        Size::Quick => 100_000,
        Size::Full => 1_000_000,
    }
}

/// How much text the rows about traces read.
const fn megabytes(size: Size) -> usize {
    match size {
        Size::Quick => 5,
        Size::Full => 50,
    }
}

const FIFO: &str = "fifo[offers=task]";
const DRF: &str = "drf[offers=task]";

macro_rules! rows {
    ($($name:literal, $about:literal, $unit:literal, $aim:expr, $measure:expr;)*) => {
        &[$(Row { name: $name, about: $about, unit: $unit, aim: $aim, measure: $measure }),*]
    };
}
use Aim::{AtLeast, AtMost};

/// All rows. The aims of the allocator are a hundredth of what Apache Mesos' own allocator takes.
pub const ROWS: &[Row] = rows![
    "pass/10k-50", "full pass, 10,000 agents x 50 frameworks", "ms", AtMost(1.9), |_| median(|| allocator::full_pass(10_000, 50));
    "pass/10k-1k", "full pass, 10,000 x 1,000", "ms", AtMost(4.0), |_| median(|| allocator::full_pass(10_000, 1000));
    "pass/10k-500", "full pass, 10,000 x 500", "ms", AtMost(5.0), |_| median(|| allocator::full_pass(10_000, 500));
    "join/10k-500", "10,000 agents join 500 frameworks", "ms", AtMost(20.0), |_| median(|| allocator::adding_agents(10_000, 500));
    "pass/50k-1k", "full pass, 50,000 x 1,000", "ms", AtMost(20.0), |_| median(|| allocator::full_pass(50_000, 1000));
    "pass/nothing-free", "nothing free, 10,000 x 200", "ms", AtMost(0.05), |_| median(|| allocator::nothing_free(10_000, 200));
    "pass/all-filtered", "every pair filtered, 10,000 x 50", "ms", AtMost(5.0), |_| median(|| allocator::all_filtered(10_000, 50));
    "churn/10k-100", "1,000 tasks end, a pass, its offers are accepted", "M/s", AtLeast(1.2), |_| Ok(median(|| allocator::churn(10_000, 100))? / 1e6);
    "end/10k-100", "one task ends", "us", AtMost(0.3), |_| median(|| allocator::give_back(10_000, 100));
    "accept/10k-100", "one offer is accepted", "us", AtMost(0.3), |_| median(|| allocator::accept(10_000, 100));
    "queue/1M", "event queue with a million pending items", "M/s", AtLeast(10.0), |_| median(|| hold(1_000_000));
    "fifo/1k-0.7", "FIFO, 1,000 agents, load 0.7, to the floor", "x", AtMost(2.5), |size| to_floor(Shape::new(tasks(size), 1000, 7));
    "fifo/1k-1.2", "FIFO, 1,000 agents, load 1.2, to the floor", "x", AtMost(2.5), |size| to_floor(Shape::new(tasks(size), 1000, 12));
    "fifo/10k-0.7", "FIFO, 10,000 agents, load 0.7, to the floor", "x", AtMost(3.0), |size| to_floor(Shape::new(tasks(size), 10_000, 7));
    "drf/10k-1.2", "DRF, 1,000 frameworks, 10,000 agents, load 1.2", "M/s", AtLeast(0.5), |size| Ok(tasks(size) as f64 / 1e6 / run(drf(size, 1000, 10_000, 12), DRF, 1000)?.cost.cpu);
    "shapes/10k", "the same with 10,000 task sizes, to twelve", "x", AtMost(5.0), shapes;
    "slope/tasks", "ten times the tasks, FIFO, load 0.7", "x", AtMost(10.5), |size| slope((Shape::new(tasks(size), 1000, 7), FIFO, 1), (Shape::new(tasks(size) / 10, 1000, 7), FIFO, 1));
    "slope/agents", "10,000 agents to 1,000, FIFO, load 0.7", "x", AtMost(2.0), |size| slope((Shape::new(tasks(size), 10_000, 7), FIFO, 1), (Shape::new(tasks(size), 1000, 7), FIFO, 1));
    "slope/frameworks", "10,000 frameworks to 100, DRF, load 1.2", "x", AtMost(2.0), |size| slope((drf(size, 10_000, 10_000, 12), DRF, 10_000), (drf(size, 100, 10_000, 12), DRF, 100));
    "slope/load", "load 1.2 to 0.7, FIFO, 1,000 agents", "x", AtMost(2.0), |size| slope((Shape::new(tasks(size), 1000, 12), FIFO, 1), (Shape::new(tasks(size), 1000, 7), FIFO, 1));
    "memory/task", "memory a task, all of them loaded, at the peak of the run", "B", AtMost(80.0), |size| memory::per_task(|count| run(Shape::new(count, 1000, 7), FIFO, 1).map(drop), tasks(size));
    "trace/swf", "SWF read, uncompressed text", "MB/s", AtLeast(100.0), |size| traces::swf(megabytes(size));
    "trace/google-2011", "Google 2011 task events read, uncompressed text", "MB/s", AtLeast(100.0), |size| traces::google(megabytes(size));
    "trace/canonical", "tasks of a canonical trace read, Parquet", "M/s", AtLeast(5.0), |size| traces::canonical(2 * tasks(size));
    "start/1k", "a thousand tasks, start to end", "ms", AtMost(10.0), |_| median(|| Ok(run(Shape::new(1000, 1000, 7), FIFO, 1)?.cost.cpu * 1e3));
];

pub(super) fn median(measure: impl Fn() -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    let mut values = (0..TURNS)
        .map(|_| measure())
        .collect::<anyhow::Result<Vec<f64>>>()?;
    values.sort_by(f64::total_cmp);
    Ok(values[TURNS / 2])
}

/// The hold model: every item taken out puts one back a while later; millions a second.
fn hold(pending: usize) -> anyhow::Result<f64> {
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

    fn floor(&self) -> anyhow::Result<Done> {
        let path = |name: &str| self.folder.path().join(name);
        engine::floor(self.shape, &path("tasks.csv"), &path("floor.csv"))
    }
}

fn run(shape: Shape, policy: &str, frameworks: u32) -> anyhow::Result<Done> {
    File::new(shape)?.run(policy, frameworks)
}

/// How many times the floor's processor time: the median of runs in turn.
fn to_floor(shape: Shape) -> anyhow::Result<f64> {
    let file = File::new(shape)?;
    let mut ratios = Vec::new();
    for _ in 0..TURNS - 2 {
        let (floor, ours) = (file.floor()?, file.run(FIFO, 1)?);
        ensure!(
            floor.placements == ours.placements,
            "other machines than the floor's"
        );
        ratios.push(ours.cost.cpu / floor.cost.cpu);
    }
    ratios.sort_by(f64::total_cmp);
    Ok(ratios[ratios.len() / 2])
}

/// A file for DRF: a user a framework.
const fn drf(size: Size, frameworks: u32, machines: u32, load: u32) -> Shape {
    Shape {
        users: frameworks as u64,
        ..Shape::new(tasks(size), machines, load)
    }
}

fn slope(larger: (Shape, &str, u32), smaller: (Shape, &str, u32)) -> anyhow::Result<f64> {
    let cpu = |(shape, policy, frameworks)| Ok(run(shape, policy, frameworks)?.cost.cpu);
    let (larger, smaller): (anyhow::Result<f64>, anyhow::Result<f64>) = (cpu(larger), cpu(smaller));
    Ok(larger? / smaller?)
}

fn shapes(size: Size) -> anyhow::Result<f64> {
    let few = drf(size, 1000, 10_000, 12);
    slope(
        (
            Shape {
                sizes: Some(10_000),
                ..few
            },
            DRF,
            1000,
        ),
        (few, DRF, 1000),
    )
}
