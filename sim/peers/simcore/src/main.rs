//! The common workload as a model on simcore: `simcore-peer FILE MACHINES ROWS` reads the file of tasks,
//! simulates first come, first served on the first machine with room, writes a row a task and prints
//! the placements as one number.
//!
//! Written as its authors write theirs: components that handle events, arrivals told in order ahead of
//! time, a plain look at one machine after the other.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error;
use std::fs::File;
use std::rc::Rc;

use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};

/// Microseconds simulated for a millisecond of the file; the rest is filled up with the task's number,
/// so that hardly any two things happen at one time.
const STRETCH: u64 = 1_000_000;

struct Task {
    cpus: u32,
    mem: u32,
    runs: u64,
}

#[derive(Clone, Serialize)]
struct Arrival {
    task: usize,
}

#[derive(Clone, Serialize)]
struct Finish {
    task: usize,
    machine: usize,
}

struct Machine {
    cpus: u32,
    mem: u32,
}

struct Cluster {
    tasks: Vec<Task>,
    machines: Vec<Machine>,
    waiting: VecDeque<usize>,
    rows: csv::Writer<File>,
    placements: u64,
    ctx: SimulationContext,
}

impl Cluster {
    fn start(&mut self) {
        while let Some(&task) = self.waiting.front() {
            let Task { cpus, mem, runs } = self.tasks[task];
            let fits = |machine: &Machine| cpus <= machine.cpus && mem <= machine.mem;
            let Some(machine) = self.machines.iter().position(fits) else {
                return;
            };
            self.waiting.pop_front();
            self.machines[machine].cpus -= cpus;
            self.machines[machine].mem -= mem;
            self.placements = (self.placements ^ machine as u64).wrapping_mul(0x100_0000_01b3);
            let now = self.ctx.time() as u64;
            self.rows
                .serialize((0, task, machine, now, now + runs))
                .expect("a file that can be written");
            self.ctx.emit_self(Finish { task, machine }, runs as f64);
        }
    }
}

impl EventHandler for Cluster {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival { task } => {
                self.waiting.push_back(task);
            }
            Finish { task, machine } => {
                self.machines[machine].cpus += self.tasks[task].cpus;
                self.machines[machine].mem += self.tasks[task].mem;
            }
        });
        self.start();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, machines, output] = args.as_slice() else {
        return Err("usage: simcore-peer FILE MACHINES ROWS".into());
    };
    let mut simulation = Simulation::new(1);
    let ctx = simulation.create_context("cluster");
    let mut tasks = Vec::new();
    let mut file = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(input)?;
    for (i, line) in file.deserialize().enumerate() {
        let (arrival, _user, cpus, mem, runs): (u64, u32, u32, u32, u64) = line?;
        let at = arrival * STRETCH + i as u64 % STRETCH;
        let runs = runs * STRETCH + (i as u64).wrapping_mul(104_729) % STRETCH;
        ctx.emit_ordered_self(Arrival { task: i }, at as f64);
        tasks.push(Task { cpus, mem, runs });
    }
    let machine = || Machine { cpus: 16, mem: 32 };
    let cluster = Rc::new(RefCell::new(Cluster {
        tasks,
        machines: std::iter::repeat_with(machine)
            .take(machines.parse()?)
            .collect(),
        waiting: VecDeque::new(),
        rows: csv::Writer::from_path(output)?,
        placements: 0,
        ctx,
    }));
    simulation.add_handler("cluster", cluster.clone());
    simulation.step_until_no_events();
    let mut cluster = cluster.borrow_mut();
    cluster.rows.flush()?;
    println!("{:016x}", cluster.placements);
    Ok(())
}
