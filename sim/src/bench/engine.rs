//! The engine, end to end: a file of tasks in, frameworks, master, offers, launches and ends, a row a
//! task out; and the floor on the same file.

use std::path::Path;

use anyhow::{Context, ensure};
use fairground_policies::attributes::AgentSpeeds;
use fairground_policies::registry::Registry;
use fairground_policies::share::Weight;
use fairground_policies::time::Span;
use fairground_workloads::trace::Trace;

use super::floor;
use super::measure::{Cost, measured};
use super::workload::{self, Line, Placements, STRETCH, Shape, exact};
use crate::network::NetworkSpec;
use crate::recipe::{CostSpec, PreemptedWork};
use crate::world::{Behaviour, Scenario, simulate_watched};

/// What a run of one file gave.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Done {
    pub(super) cost: Cost,
    /// Equal for equal placements.
    pub(super) placements: Placements,
}

/// Simulates the file `input` under `policy` with `frameworks` frameworks, and writes a row a task.
pub(super) fn run(
    shape: Shape,
    policy: &str,
    frameworks: u32,
    input: &Path,
    output: &Path,
) -> anyhow::Result<Done> {
    let (cost, placements) = measured(|| -> anyhow::Result<Placements> {
        let lines = workload::read(input).context("the file of tasks")?;
        let trace = shape.trace(&lines, frameworks);
        drop(lines);
        let weights = vec![Weight::ONE; frameworks as usize];
        simulate(&trace, &weights, policy, STRETCH, output)
    });
    let placements = placements?;
    Ok(Done { cost, placements })
}

/// Simulates a trace with a framework of each weight, writes a row a task, and asks that all jobs are
/// done. Usage is kept in steps of an hour, `stretch` microseconds for a millisecond.
pub(super) fn simulate(
    trace: &Trace,
    weights: &[Weight],
    policy: &str,
    stretch: u64,
    output: &Path,
) -> anyhow::Result<Placements> {
    let behaviour = |weight: &Weight| {
        anyhow::Ok(Behaviour {
            weight: *weight,
            role: None,
            constraints: Vec::new(),
            speeds: AgentSpeeds::default(),
            share: 1,
            scheduler: "fifo".parse()?,
            refuse: Span::from_secs(5),
            preempted: PreemptedWork::Lost,
            uses: None,
        })
    };
    let frameworks: Vec<Behaviour> = weights.iter().map(behaviour).collect::<Result<_, _>>()?;
    let scenario = Scenario {
        trace,
        frameworks: &frameworks,
        roles: &[],
        reservations: &[],
        network: NetworkSpec::default(),
        costs: CostSpec::default(),
        overcommit: &[],
        policy: &policy.parse()?,
        registry: &Registry::default(),
        seed: 1,
        step: Span::from_secs(3600).scaled(stretch, 1000),
        host_step: None,
        tasks: false,
        stop: None,
        check: false,
    };
    let mut rows = csv::Writer::from_path(output)?;
    let mut machines = vec![Vec::new(); weights.len()];
    let mut written = Ok(());
    let run = simulate_watched(&scenario, &mut |ended| {
        place(
            &mut machines[ended.framework.index()],
            ended.task.0 as usize,
            ended.agent.0,
        );
        let times = (ended.started.as_micros(), ended.ended.as_micros());
        let row = (
            ended.framework.0,
            ended.task.0,
            ended.agent.0,
            times.0,
            times.1,
        );
        if written.is_ok() {
            written = rows.serialize(row);
        }
    })?;
    written?;
    rows.flush()?;
    let finished: u64 = run.frameworks.iter().map(|row| row.finished).sum();
    let jobs: u64 = run.frameworks.iter().map(|row| row.jobs).sum();
    ensure!(finished == jobs, "{finished} of {jobs} jobs finished");
    Ok(Placements::of(&machines))
}

/// Notes that the `task`-th of a framework ran on `machine`.
fn place(machines: &mut Vec<u32>, task: usize, machine: u32) {
    if machines.len() <= task {
        machines.resize(task + 1, u32::MAX);
    }
    machines[task] = machine;
}

/// The floor on the file `input`: first come, first served, or dominant resource fairness among
/// `users`; and a row a task.
pub(super) fn floor(
    shape: Shape,
    users: Option<u32>,
    input: &Path,
    output: &Path,
) -> anyhow::Result<Done> {
    let (cost, placements) = measured(|| -> anyhow::Result<Placements> {
        let lines = workload::read(input).context("the file of tasks")?;
        let mut rows = csv::Writer::from_path(output)?;
        let mut machines = vec![Vec::new(); users.unwrap_or(1) as usize];
        let mut written = Ok(());
        let mut write = |user: usize, line, machine, start, end| {
            machines[user].push(machine);
            if written.is_ok() {
                written = rows.serialize((user, line, machine, start, end));
            }
        };
        let times = |line: &Line, i| exact(line, i);
        if let Some(users) = users {
            let write = |line: usize, machine, start, end| {
                write(lines[line].user as usize, line, machine, start, end);
            };
            floor::drf(&lines, users as usize, shape.machines, times, write);
        } else {
            let write = |line, machine, start, end| write(0, line, machine, start, end);
            floor::fifo(&lines, shape.machines, times, write);
        }
        written?;
        rows.flush()?;
        Ok(Placements::of(&machines))
    });
    let placements = placements?;
    Ok(Done { cost, placements })
}
