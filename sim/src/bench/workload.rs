//! The common workload: equal machines, single tasks of many users, arrivals at a chosen load.
//!
//! Any language can generate it in fifteen lines, so that simulators can be compared on the same
//! file: `SplitMix64`, seed 1, integers only. A machine has 16 CPUs and 32 GiB; a task takes 1, 2 or 4
//! CPUs and 1, 2, 4 or 8 GiB for 10 to 1,000 s; arrivals are Poisson at `load` of the CPUs.

use std::collections::BTreeMap;
use std::path::Path;

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::{Span, Time};
use fairground_workloads::trace::{Jobs, Runtimes, Trace, Work, Workload};

/// What one machine has.
pub(super) const MACHINE: Resources = Resources::cores(16, 32 * 1024);
const USERS: u64 = 100;
const SHORTEST: u64 = 10_000;
const LONGEST: u64 = 1_000_000;

/// One line of the file; times in milliseconds, memory in GiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) arrival: u64,
    pub(super) user: u32,
    pub(super) cpus: u32,
    pub(super) mem: u32,
    pub(super) runs: u64,
}

impl Line {
    /// What the task takes.
    pub(super) const fn needs(&self) -> Resources {
        Resources::cores(self.cpus as u64, self.mem as u64 * 1024)
    }
}

/// What distinguishes one file from another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Shape {
    pub(super) tasks: u64,
    pub(super) machines: u32,
    /// In tenths of the CPU capacity.
    pub(super) load: u32,
    pub(super) users: u64,
    /// How many sizes tasks have; `None` for the twelve of the file's definition.
    pub(super) sizes: Option<u32>,
}

impl Shape {
    /// The common workload itself.
    pub(super) const fn new(tasks: u64, machines: u32, load: u32) -> Self {
        Self {
            tasks,
            machines,
            load,
            users: USERS,
            sizes: None,
        }
    }

    /// All lines of the file, in order.
    pub(super) fn lines(self) -> impl Iterator<Item = Line> {
        let mut draws = SplitMix64(1);
        let runs = (SHORTEST + LONGEST) as f64 / 2000.0;
        let capacity = 16.0 * f64::from(self.machines) * f64::from(self.load) / 10.0;
        let between = runs * (7.0 / 3.0) / capacity * 1000.0;
        let mut arrival = 0.0;
        (0..self.tasks).map(move |_| {
            arrival += -libm::log(1.0 - draws.fraction()) * between;
            let user = draws.below(self.users) as u32;
            let cpus = 1 << draws.below(3);
            let mem = 1 << draws.below(4);
            let runs = SHORTEST + draws.below(LONGEST - SHORTEST + 1);
            Line {
                arrival: arrival as u64,
                user,
                cpus,
                mem,
                runs,
            }
        })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(self, path: &Path) -> csv::Result<()> {
        let mut file = csv::Writer::from_path(path)?;
        for line in self.lines() {
            file.serialize((line.arrival, line.user, line.cpus, line.mem, line.runs))?;
        }
        Ok(file.flush()?)
    }

    /// The lines as a trace of `frameworks` frameworks, users dealt to them in turn. Of `sizes`
    /// different sizes, a task's is its own with some MiB more, so that no two are equal.
    pub(super) fn trace(self, lines: &[Line], frameworks: u32) -> Trace {
        let mut jobs = vec![(Jobs::default(), BTreeMap::new()); frameworks as usize];
        for (i, line) in lines.iter().enumerate() {
            let (jobs, shapes) = &mut jobs[(line.user % frameworks) as usize];
            let mut needs = line.needs();
            if let Some(sizes) = self.sizes {
                let extra = (i as u64).wrapping_mul(7919) % u64::from(sizes);
                needs += Resources::new(Millicores(extra / 1000), Mebibytes(extra % 1000));
            }
            let shape = *shapes.entry(needs.units()).or_insert_with(|| {
                let stage = StageSpec::new(needs, 1);
                let runtimes = Runtimes::Plain {
                    local: (),
                    away: 1000,
                };
                jobs.shape(false, vec![(stage, runtimes)])
            });
            let (arrival, runs) = exact(line, i as u64);
            let runs = [Span::from_micros(runs)];
            jobs.push_alike("", Time::from_micros(arrival), shape, runs);
        }
        let workloads = jobs.into_iter().map(|(jobs, _)| Workload {
            work: Work::Batch(jobs),
            assumptions: Vec::new(),
            inputs: Vec::new(),
        });
        let last = lines.last().map_or(0, |line| line.arrival);
        Trace {
            agents: vec![MACHINE; self.machines as usize],
            described: Vec::new(),
            workloads: workloads.collect(),
            faults: Vec::new(),
            horizon: Time::from_micros(last * STRETCH),
        }
    }
}

/// Microseconds simulated for a millisecond of the file.
pub(super) const STRETCH: u64 = 1_000_000;

/// When task `i` arrives and how long it runs, in microseconds. Milliseconds are stretched and filled
/// up so that hardly any two things happen at one time, where simulators may differ and be right.
pub(super) const fn exact(line: &Line, i: u64) -> (u64, u64) {
    let arrival = line.arrival * STRETCH + i % STRETCH;
    (
        arrival,
        line.runs * STRETCH + i.wrapping_mul(104_729) % STRETCH,
    )
}

/// Reads a file that [`Shape::write`] wrote.
///
/// # Errors
/// When it cannot be read, or a line is not five numbers.
pub(super) fn read(path: &Path) -> csv::Result<Vec<Line>> {
    let mut file = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let mut lines = Vec::new();
    while file.read_byte_record(&mut record)? {
        let (arrival, user, cpus, mem, runs) = record.deserialize(None)?;
        lines.push(Line {
            arrival,
            user,
            cpus,
            mem,
            runs,
        });
    }
    Ok(lines)
}

/// The placements so far as one number: equal numbers mean the same machines in the same order.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Placements(pub(super) u64);

impl Placements {
    /// Those of all frameworks, each with the machines of its tasks in order.
    pub(super) fn of(machines: &[Vec<u32>]) -> Self {
        let mut all = Self::default();
        machines
            .iter()
            .flatten()
            .for_each(|machine| all.add(*machine));
        all
    }

    /// One more task starts, on `machine`.
    pub(super) const fn add(&mut self, machine: u32) {
        self.0 = (self.0 ^ machine as u64).wrapping_mul(0x100_0000_01b3);
    }
}

struct SplitMix64(u64);

impl SplitMix64 {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    const fn below(&mut self, n: u64) -> u64 {
        ((self.next() as u128 * n as u128) >> 64) as u64
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
