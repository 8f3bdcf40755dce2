//! The engine, end to end: a file of tasks in, frameworks, master, offers, launches and ends, a row a
//! task out; and the floor on the same file.

use std::path::Path;

use anyhow::{Context, ensure};
use fairground_policies::registry::Registry;
use fairground_policies::share::Weight;
use fairground_policies::time::Span;
use fairground_workloads::trace::Trace;

use super::floor;
use super::measure::{Cost, measured};
use super::workload::{self, Line, Placements, STRETCH, Shape, exact};
use crate::network::NetworkSpec;
use crate::world::{Behaviour, Scenario, simulate_watched};

/// What a run of one file gave.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Done {
    pub(super) cost: Cost,
    /// Equal for equal placements; only for one framework.
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
        simulate(&trace, policy, output)
    });
    let placements = placements?;
    Ok(Done { cost, placements })
}

fn simulate(trace: &Trace, policy: &str, output: &Path) -> anyhow::Result<Placements> {
    let behaviour = Behaviour {
        weight: Weight::ONE,
        share: 1,
        scheduler: "fifo".parse()?,
        refuse: Span::from_secs(5),
    };
    let frameworks = vec![behaviour; trace.workloads.len()];
    let scenario = Scenario {
        trace,
        frameworks: &frameworks,
        network: NetworkSpec::default(),
        policy: &policy.parse()?,
        registry: &Registry::default(),
        seed: 1,
        step: Span::from_secs(3600).scaled(STRETCH, 1000),
        host_step: None,
        check: false,
    };
    let mut rows = csv::Writer::from_path(output)?;
    let mut machines: Vec<u32> = Vec::new();
    let mut written = Ok(());
    let run = simulate_watched(&scenario, &mut |ended| {
        let at = ended.task.0 as usize;
        if machines.len() <= at {
            machines.resize(at + 1, u32::MAX);
        }
        machines[at] = ended.agent.0;
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
    ensure!(finished == jobs, "{finished} of {jobs} tasks finished");
    let mut placements = Placements::default();
    for machine in machines {
        placements.add(machine);
    }
    Ok(placements)
}

/// The floor on the file `input`: first come, first served, and a row a task.
pub(super) fn floor(shape: Shape, input: &Path, output: &Path) -> anyhow::Result<Done> {
    let (cost, placements) = measured(|| -> anyhow::Result<Placements> {
        let lines = workload::read(input).context("the file of tasks")?;
        let mut rows = csv::Writer::from_path(output)?;
        let mut written = Ok(());
        let times = |line: &Line, i| exact(line, i);
        let outcome = floor::fifo(
            &lines,
            shape.machines,
            times,
            |line, machine, start, end| {
                if written.is_ok() {
                    written = rows.serialize((0, line, machine, start, end));
                }
            },
        );
        written?;
        rows.flush()?;
        Ok(outcome.placements)
    });
    let placements = placements?;
    Ok(Done { cost, placements })
}
