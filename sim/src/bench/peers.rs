//! Other simulators on the common workload, side by side with this one: each a program of its own that
//! reads the same file and writes the same rows. Time counts only if all placed every task on the same
//! machine.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::engine;
use super::rows::{Aim, Size};
use super::runs::{FIFO, median_of};
use super::workload::Shape;

/// A peer on one shape of the workload.
#[derive(Debug)]
pub struct Peer {
    /// What the peer is called.
    pub name: &'static str,
    /// How many machines.
    pub machines: u32,
    /// In tenths of their CPUs.
    pub load: u32,
    /// How many tasks the aim is meant for.
    pub tasks: u64,
    /// How many times its processor time ours should be faster.
    pub aim: Aim,
}

/// A simulator that is not to be had as a package: what it did on such a machine, another day.
#[derive(Debug)]
pub struct Anchor {
    /// What it is called.
    pub name: &'static str,
    /// Tasks a second of processor time, first come, first served, 1,000 machines, 10,000 tasks.
    pub rate: f64,
    /// How many times faster ours should be.
    pub aim: Aim,
}

use Aim::AtLeast;

const fn peer(name: &'static str, machines: u32, load: u32, tasks: u64, aim: f64) -> Peer {
    Peer {
        name,
        machines,
        load,
        tasks,
        aim: AtLeast(aim),
    }
}

/// Every peer on every shape.
pub const PEERS: &[Peer] = &[
    peer("simcore", 1000, 7, 1_000_000, 1.0),
    peer("simcore", 1000, 12, 1_000_000, 1.0),
    peer("simcore", 10_000, 7, 1_000_000, 2.0),
    peer("simcore", 10_000, 12, 1_000_000, 2.0),
    peer("simpy", 1000, 7, 100_000, 30.0),
    peer("simpy", 1000, 12, 100_000, 120.0),
];

const fn anchor(name: &'static str, rate: f64, aim: f64) -> Anchor {
    Anchor {
        name,
        rate,
        aim: AtLeast(aim),
    }
}

/// Those known from another day.
pub const ANCHORS: &[Anchor] = &[
    anchor("accasim", 900.0, 1000.0),
    anchor("batsim", 300.0, 3000.0),
    anchor("cloudsim-plus", 200.0, 4000.0),
];

/// Seconds of processor time of whole processes, from start to end; the medians.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// This program's.
    pub ours: f64,
    /// The peer's.
    pub theirs: f64,
}

/// How often each runs, in turn.
const TURNS: usize = 3;

impl Peer {
    /// How many tasks are simulated. A tenth has hardly a backlog at load 1.2.
    pub fn tasks(&self, size: Size) -> u64 {
        match size {
            Size::Quick => self.tasks / 10,
            Size::Full => self.tasks,
        }
    }

    /// Runs `ours` and `theirs` in turn on the same file, each called with the file of tasks, the number
    /// of machines and the file of rows; each prints its placements.
    ///
    /// # Errors
    /// When a program fails, or they placed tasks on different machines.
    pub fn measure(&self, size: Size, ours: &[String], theirs: &[String]) -> anyhow::Result<Pair> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name);
        Shape::new(self.tasks(size), self.machines, self.load).write(&path("tasks.csv"))?;
        let run = |program: &[String]| {
            called(
                program,
                &path("tasks.csv"),
                self.machines,
                &path("rows.csv"),
            )
        };
        let (mut our_costs, mut their_costs) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            let (our_cost, our_places) = run(ours)?;
            let (their_cost, their_places) = run(theirs)?;
            ensure!(
                our_places == their_places,
                "placements {their_places}, ours are {our_places}"
            );
            our_costs.push(our_cost);
            their_costs.push(their_cost);
        }
        Ok(Pair {
            ours: median_of(our_costs),
            theirs: median_of(their_costs),
        })
    }
}

/// Seconds of processor time of a process that runs `program`, and what it printed.
fn called(
    program: &[String],
    input: &Path,
    machines: u32,
    output: &Path,
) -> anyhow::Result<(f64, String)> {
    let [name, args @ ..] = program else {
        anyhow::bail!("a program without a name");
    };
    let before = children()?;
    let done = Command::new(name)
        .args(args)
        .args([
            input.as_os_str(),
            machines.to_string().as_ref(),
            output.as_os_str(),
        ])
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("{name}: cannot be started"))?;
    ensure!(done.status.success(), "{name}: {}", done.status);
    let printed = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    Ok((children()? - before, printed))
}

/// Seconds of processor time of all processes that this one started and that ended, as the kernel tells
/// them: in hundredths.
fn children() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("/proc/self/stat")?;
    // The second field is the program's name in parentheses, and may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(13).take(2);
    let ticks: Result<Vec<f64>, _> = ticks.map(str::parse).collect();
    Ok(ticks
        .context("/proc/self/stat has no times")?
        .iter()
        .sum::<f64>()
        / 100.0)
}

/// What a peer does, done by this program: simulates the file and writes the rows; the placements.
///
/// # Errors
/// When files cannot be read or written.
pub fn place(input: &Path, machines: u32, output: &Path) -> anyhow::Result<String> {
    let done = engine::run(Shape::new(0, machines, 0), FIFO, 1, input, output)?;
    Ok(format!("{:016x}", done.placements.0))
}
