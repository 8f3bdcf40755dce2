//! The rows of the table: what is measured, in which unit, what it should be, and why it is not.

use super::measure::{Cost, measured};
use super::pool::{self, PoolCase};
use super::runs::{
    DRF, FIFO, allocations, drf, drf_to_floor, fifo_to_floor, hold, median, run, shapes, slope,
};
use super::workload::Shape;
use super::{allocator, memory, month, seeds, traces};

/// How much is simulated for a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// A tenth, to look at quickly; rows that would say nothing at a tenth do the whole.
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
        self.missed_by(value) <= 1.0
    }

    /// How many times worse than it should be; less than one when better.
    pub fn missed_by(self, value: f64) -> f64 {
        match self {
            Self::AtMost(aim) => value / aim,
            Self::AtLeast(aim) => aim / value,
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
    /// Where the time or memory goes, for when the aim is missed; empty where it is met.
    pub why: &'static str,
    /// The public traces it reads, which are no part of the project.
    reads: &'static [&'static str],
    measure: fn(Size) -> anyhow::Result<f64>,
}

impl Row {
    /// Why it cannot be measured here: the trace that it reads is not there.
    pub fn lacks(&self) -> Option<String> {
        self.reads.iter().find_map(|log| pool::trace(log).err())
    }

    /// Measures it: the value in the row's unit, and what measuring it cost in all.
    ///
    /// # Errors
    /// When temporary files cannot be written, or a run did not do what it should.
    pub fn measure(&self, size: Size) -> anyhow::Result<(f64, Cost)> {
        let (cost, value) = measured(|| (self.measure)(size));
        Ok((value?, cost))
    }
}

/// Tasks of engine rows.
const fn tasks(size: Size) -> u64 {
    match size {
        Size::Quick => 100_000,
        Size::Full => WHOLE,
    }
}

/// Tasks of rows that need as many to say something.
const WHOLE: u64 = 1_000_000;

/// How much text the rows about traces read.
const fn megabytes(size: Size) -> usize {
    match size {
        Size::Quick => 5,
        Size::Full => 50,
    }
}

/// One in how many agents and tasks of the month there are; what they take is multiplied by as many.
const fn part(size: Size) -> u32 {
    match size {
        Size::Quick => 10,
        Size::Full => 1,
    }
}

macro_rules! rows {
    ($($name:literal, $about:literal, $unit:literal, $aim:expr, $measure:expr, $why:expr $(, reads $log:expr)?;)*) => {
        &[$(Row {
            name: $name,
            about: $about,
            unit: $unit,
            aim: $aim,
            why: $why,
            reads: &[$($log)?],
            measure: $measure,
        }),*]
    };
}
use Aim::{AtLeast, AtMost};

const MET: &str = "";
const KTH: &str = "batch-anchors/KTH-SP2-unfiltered.swf.zst";
const CURIE: &str = "swf/CEA-Curie-2011-2.1-cln.swf.gz";
const KTH_EASY: PoolCase = PoolCase {
    log: KTH,
    processors: 100,
    policy: "easy[instant=each]",
};
const KTH_CONSERVATIVE: PoolCase = PoolCase {
    policy: "conservative",
    ..KTH_EASY
};
const CURIE_EASY: PoolCase = PoolCase {
    log: CURIE,
    processors: 80_640,
    policy: "easy[instant=each]",
};
const A_TASK: &str = "a task passes through six messages and four steps of the master, each hashed into \
    the digest, and its framework, its agent and the records keep books of it";

/// All rows. The aims of the allocator are a hundredth of what Apache Mesos' own allocator takes.
pub const ROWS: &[Row] = rows![
    "pass/10k-50", "full pass, 10,000 agents x 50 frameworks", "ms", AtMost(1.9),
        |_| median(|| allocator::full_pass(10_000, 50)), MET;
    "pass/10k-1k", "full pass, 10,000 x 1,000", "ms", AtMost(4.0),
        |_| median(|| allocator::full_pass(10_000, 1000)), MET;
    "pass/10k-500", "full pass, 10,000 x 500", "ms", AtMost(5.0),
        |_| median(|| allocator::full_pass(10_000, 500)), MET;
    "join/10k-500", "10,000 agents join 500 frameworks", "ms", AtMost(20.0),
        |_| median(|| allocator::adding_agents(10_000, 500)), MET;
    "pass/50k-1k", "full pass, 50,000 x 1,000", "ms", AtMost(20.0),
        |_| median(|| allocator::full_pass(50_000, 1000)), MET;
    "pass/nothing-free", "nothing free, 10,000 x 200", "ms", AtMost(0.05),
        |_| median(|| allocator::nothing_free(10_000, 200)), MET;
    "pass/all-filtered", "every pair filtered, 10,000 x 50", "ms", AtMost(5.0),
        |_| median(|| allocator::all_filtered(10_000, 50)), MET;
    "churn/10k-100", "1,000 tasks end, a pass, its offers are accepted", "M/s", AtLeast(1.2),
        |_| Ok(median(|| allocator::churn(10_000, 100))? / 1e6), MET;
    "end/10k-100", "one task ends", "us", AtMost(0.3),
        |_| median(|| allocator::give_back(10_000, 100)), MET;
    "accept/10k-100", "one offer is accepted", "us", AtMost(0.3),
        |_| median(|| allocator::accept(10_000, 100)), MET;
    "queue/1M", "event queue with a million pending items", "M/s", AtLeast(10.0),
        |_| median(|| hold(1_000_000)), MET;
    "fifo/1k-0.7", "FIFO, 1,000 agents, load 0.7, to the floor", "x", AtMost(2.5),
        |size| fifo_to_floor(Shape::new(tasks(size), 1000, 7)), A_TASK;
    "fifo/1k-1.2", "FIFO, 1,000 agents, load 1.2, to the floor", "x", AtMost(2.5),
        |size| fifo_to_floor(Shape::new(tasks(size), 1000, 12)), A_TASK;
    "fifo/10k-0.7", "FIFO, 10,000 agents, load 0.7, to the floor", "x", AtMost(3.0),
        |size| fifo_to_floor(Shape::new(tasks(size), 10_000, 7)), A_TASK;
    "fifo/10k-1.2", "FIFO, 10,000 agents, load 1.2, to the floor", "x", AtMost(3.0),
        |size| fifo_to_floor(Shape::new(tasks(size), 10_000, 12)), A_TASK;
    "drf/10k-1.2", "DRF, 1,000 frameworks, 10,000 agents, load 1.2, to the floor", "x", AtMost(2.5),
        |_| drf_to_floor(drf(WHOLE, 1000, 10_000, 12)), A_TASK;
    "shapes/10k", "the same with 10,000 task sizes, to twelve", "x", AtMost(5.0),
        |size| shapes(drf(tasks(size), 1000, 10_000, 12), 10_000),
        "every size that waits has a queue of frameworks, and an agent with room looks at the first of each";
    "slope/tasks", "ten times the tasks, FIFO, load 0.7", "x", AtMost(10.5),
        |size| slope((Shape::new(10 * tasks(size), 1000, 7), FIFO, 1), (Shape::new(tasks(size), 1000, 7), FIFO, 1)),
        "rows of the results are only written at the end, so tables of all tasks outgrow the caches";
    "slope/agents", "10,000 agents to 1,000, FIFO, load 0.7", "x", AtMost(2.0),
        |_| slope((Shape::new(WHOLE, 10_000, 7), FIFO, 1), (Shape::new(WHOLE, 1000, 7), FIFO, 1)),
        "ten times as many tasks run at a time, and their books outgrow the caches";
    "slope/frameworks", "10,000 frameworks to 100, DRF, load 1.2", "x", AtMost(2.0),
        |_| slope((drf(WHOLE, 10_000, 10_000, 12), DRF, 10_000), (drf(WHOLE, 100, 10_000, 12), DRF, 100)),
        "a backlog of ten thousand frameworks has as many heads of queues, and none of them is in a cache";
    "slope/load", "load 1.2 to 0.7, FIFO, 1,000 agents", "x", AtMost(2.0),
        |_| slope((Shape::new(WHOLE, 1000, 12), FIFO, 1), (Shape::new(WHOLE, 1000, 7), FIFO, 1)),
        "tasks wait, so books are kept of many more at a time";
    "memory/task", "memory a task, all of them loaded, at the peak of the run", "B", AtMost(80.0),
        |_| memory::per_task(|count| run(Shape::new(count, 1000, 7), FIFO, 1).map(drop), WHOLE),
        "the lines of the file, the jobs made of them, what became of each and where each ran: all are held at once";
    "allocations/task", "units of memory asked for a task, FIFO, 1,000 agents, load 0.7", "", AtMost(0.1),
        |_| allocations(Shape::new(20_000, 1000, 7), FIFO, 1),
        "every agent has a list of tasks, and every table a page for each 32 that run at once: they are asked for once";
    "allocations/backlog", "the same at load 1.2", "", AtMost(0.1),
        |_| allocations(Shape::new(20_000, 1000, 12), FIFO, 1),
        "lists of what waits grow with the backlog";
    "allocations/drf", "the same under DRF with 100 frameworks", "", AtMost(0.1),
        |_| allocations(drf(20_000, 100, 1000, 12), DRF, 100),
        "each framework has tables of its own, and an allocation in them for each size of task";
    "trace/swf", "SWF read, uncompressed text", "MB/s", AtLeast(100.0), |size| traces::swf(megabytes(size)), MET;
    "trace/google-2011", "Google 2011 task events read, uncompressed text", "MB/s", AtLeast(100.0),
        |size| traces::google(megabytes(size)), MET;
    "trace/canonical", "tasks of a canonical trace read, Parquet", "M/s", AtLeast(5.0),
        |size| traces::canonical(2 * tasks(size)), MET;
    "start/1k", "a thousand tasks, start to end", "ms", AtMost(10.0),
        |_| median(|| Ok(run(Shape::new(1000, 1000, 7), FIFO, 1)?.cost.cpu * 1e3)), MET;
    "month/google", "29 days of 12,500 mixed agents, 25 M tasks, services and batch, two priorities", "s", AtMost(60.0),
        |size| Ok(month::cost(part(size))?.cpu * f64::from(part(size))), A_TASK;
    "month/memory", "its memory", "GiB", AtMost(4.0),
        |size| Ok(month::peak(part(size))? * f64::from(part(size))), MET;
    "pool/kth-easy", "KTH-SP2 on 100 processors, EASY, the simulation alone", "s", AtMost(0.03),
        |_| pool::seconds(&KTH_EASY), MET, reads KTH;
    "pool/kth-conservative", "the same with conservative backfilling", "s", AtMost(0.1),
        |_| pool::seconds(&KTH_CONSERVATIVE), MET, reads KTH;
    "pool/curie-easy", "Curie on 80,640 processors, EASY, the simulation alone", "s", AtMost(1.0),
        |_| pool::seconds(&CURIE_EASY), MET, reads CURIE;
    "seeds/2", "eight runs of nine hosts on two threads, to one; the same bytes", "x", AtLeast(1.9),
        |_| seeds::on_two_threads(), "both cores have to be free: where others use them, so do the two threads";
];
