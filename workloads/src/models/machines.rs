//! The machines of a public trace as agents that come, go and change their size.
//!
//! A trace says what its machines have in its own units, and when they were up. What it does not
//! say (the largest machine where sizes are relative, what machines have where none says it) is a
//! parameter and an assumption. A machine that does not say what others say has no capacity, and nothing
//! is placed there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fairground_policies::message::AgentId;
use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::canonical::tables::{Change, Machine};
use crate::canonical::{Imports, Opened, Units};
use crate::error::ReadError;
use crate::formats::Format;
use crate::models::arrivals::assumption;
use crate::models::parts::{named, positive};
use crate::rng::stream;
use crate::trace::{Assumption, Fault, Input};
use crate::units;

/// The machines of a trace and the model of what it does not say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachinesSpec {
    /// A file in a public format, or the folder of a canonical trace; relative to the recipe.
    pub file: PathBuf,
    /// Its format, where file and name do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// When the cluster starts, in the time of the trace.
    pub from: Span,
    /// Cores of each machine, where none says.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Memory of each machine, where none says.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// Cores of the largest machine, where amounts are relative to it.
    #[serde(with = "units::cores")]
    pub largest_cpus: Millicores,
    /// Memory of the largest machine.
    #[serde(with = "units::memory")]
    pub largest_mem: Mebibytes,
    /// How many times its cores each machine offers, as of a group of agents.
    #[serde(with = "units::overcommit", skip_serializing_if = "units::is_one")]
    pub overcommit: u32,
}

impl Default for MachinesSpec {
    /// The largest machine as in [`super::trace::TraceSpec`].
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            format: None,
            from: Span::ZERO,
            cpus: Millicores(64_000),
            mem: Mebibytes(256 << 10),
            largest_cpus: Millicores(64_000),
            largest_mem: Mebibytes(256 << 10),
            overcommit: 1000,
        }
    }
}

/// Machines that were read, with what they were at every time.
#[derive(Clone, Debug)]
pub struct Machines {
    spec: MachinesSpec,
    lives: Vec<Life>,
    platforms: BTreeSet<String>,
    assumptions: Vec<Assumption>,
    inputs: Vec<Input>,
}

/// A machine: what it has at first, and what becomes of it.
#[derive(Clone, Debug)]
struct Life {
    /// `None` if it has no capacity.
    size: Option<Resources>,
    gpus: Milligpus,
    /// In the time of the trace; `None` for a time when it is not there.
    changes: Vec<(Time, Option<Resources>)>,
}

/// The cluster that machines are from the start to the horizon.
#[derive(Clone, PartialEq, Debug)]
pub struct Built {
    /// What every agent has when it is first there.
    pub agents: Vec<Resources>,
    /// When agents go, come and change.
    pub faults: Vec<Fault>,
    /// What the source does not say.
    pub assumptions: Vec<Assumption>,
}

/// What the machines of a trace say.
#[derive(Default)]
struct Told {
    /// Whether any says its processors, or its memory; where none does, the model speaks for all.
    cpus: bool,
    mem: bool,
    /// Those that have no capacity; however often one changes, it is one.
    without: BTreeSet<u64>,
}

impl Told {
    fn of(trace: &Opened) -> Result<Self, ReadError> {
        let mut told = Self::default();
        let mut hear = |cpus: Option<u64>, mem: Option<u64>| {
            told.cpus |= cpus.is_some();
            told.mem |= mem.is_some();
        };
        for row in trace.rows::<Machine>()? {
            let row = row?;
            hear(row.cpus, row.memory);
        }
        for row in trace.rows::<Change>()? {
            let row = row?;
            hear(row.cpus, row.memory);
        }
        Ok(told)
    }
}

impl MachinesSpec {
    fn check(&self) -> Result<(), ReadError> {
        named(&self.file)?;
        positive(self.cpus.0, "cpus")?;
        positive(self.mem.0, "mem")?;
        positive(self.largest_cpus.0, "largest_cpus")?;
        positive(self.largest_mem.0, "largest_mem")
    }

    /// Reads the machines; the path is relative to `folder`.
    ///
    /// # Errors
    /// A bad parameter, an unreadable file, a bad record, a trace without machines.
    pub fn load(&self, folder: &Path, imports: &mut Imports) -> Result<Machines, ReadError> {
        self.check()?;
        let (trace, inputs) = imports.open(folder, &self.file, self.format)?;
        let units = &trace.manifest.units;
        let mut told = Told::of(&trace)?;
        let mut lives: BTreeMap<u64, Life> = BTreeMap::new();
        let mut platforms = BTreeSet::new();
        for row in trace.rows::<Machine>()? {
            let row = row?;
            let gpus = Milligpus(row.gpus.unwrap_or(0).min(Resources::MAX_UNITS));
            let size = self.size(row.id, (row.cpus, row.memory), units, &mut told);
            let life = Life {
                size: size.map(|size| size.with_gpus(gpus)),
                gpus,
                changes: Vec::new(),
            };
            lives.insert(row.id, life);
            platforms.extend(row.platform);
        }
        for row in trace.rows::<Change>()? {
            let row = row?;
            let Some(life) = lives.get_mut(&row.machine) else {
                continue;
            };
            let up = row.kind != "down";
            let amounts = (row.cpus, row.memory);
            let size = up.then(|| self.size(row.machine, amounts, units, &mut told));
            let size = size.flatten().map(|size| size.with_gpus(life.gpus));
            life.changes.push((Time::from_micros(row.time), size));
        }
        if lives.is_empty() {
            let error = ReadError::expected("machines in the trace", "none");
            return Err(error.file(&self.file));
        }
        let has_some = |life: &Life| {
            life.size.is_some() || life.changes.iter().any(|(_, size)| size.is_some())
        };
        if !lives.values().any(has_some) {
            let error = ReadError::expected("a machine with processors and memory", "none");
            return Err(error.file(&self.file));
        }
        for life in lives.values_mut() {
            life.changes.sort_by_key(|(time, _)| *time);
        }
        let mut assumptions = trace.manifest.assumptions.clone();
        assumptions.extend(self.assumed(&told, lives.len(), units));
        Ok(Machines {
            spec: self.clone(),
            lives: lives.into_values().collect(),
            platforms,
            assumptions,
            inputs,
        })
    }

    fn assumed(&self, told: &Told, machines: usize, units: &Units) -> Vec<Assumption> {
        let mut assumptions = Vec::new();
        let (cpus, mem) = (self.cpus, self.mem);
        if !told.cpus {
            let model = Resources::new(cpus, Mebibytes(0));
            let model = format!("{model} each ({machines} in the trace)");
            assumptions.push(assumption("processors of machines that do not say", model));
        }
        if !told.mem {
            let model = Resources::new(Millicores(0), mem);
            let model = format!("{model} each ({machines} in the trace)");
            assumptions.push(assumption("memory of machines that do not say", model));
        }
        if !told.without.is_empty() {
            let model = format!(
                "{} in the trace; nothing is placed there while they say no processors or no memory",
                told.without.len()
            );
            assumptions.push(assumption("machines without capacity", model));
        }
        if units.relative {
            let largest = Resources::new(self.largest_cpus, self.largest_mem);
            assumptions.push(assumption("the largest machine", format!("{largest}")));
        }
        assumptions
    }

    /// What a machine has; nothing if it has no processors or no memory, as one that does not say what
    /// others do.
    fn size(
        &self,
        machine: u64,
        (cpus, mem): (Option<u64>, Option<u64>),
        units: &Units,
        told: &mut Told,
    ) -> Option<Resources> {
        let part = |amount: u64, whole: u64, largest: u64| {
            let amount = u128::from(amount) * u128::from(largest) / u128::from(whole.max(1));
            u64::try_from(amount)
                .unwrap_or(u64::MAX)
                .clamp(1, Resources::MAX_UNITS)
        };
        if (told.cpus && cpus.unwrap_or(0) == 0) || (told.mem && mem.unwrap_or(0) == 0) {
            told.without.insert(machine);
            return None;
        }
        let cpus = cpus.map_or(self.cpus.0, |cpus| match units.cpus_whole {
            0..=1000 => cpus.clamp(1, Resources::MAX_UNITS),
            whole => part(cpus, whole, self.largest_cpus.0),
        });
        let mem = mem.map_or(self.mem.0, |mem| match units.memory_whole {
            0..=1 => mem.clamp(1, Resources::MAX_UNITS),
            whole => part(mem, whole, self.largest_mem.0),
        });
        Some(Resources::new(Millicores(cpus), Mebibytes(mem)))
    }
}

impl Machines {
    /// How many there are at any time of the trace.
    pub const fn count(&self) -> usize {
        self.lives.len()
    }

    /// The types of machine that the trace names.
    pub const fn platforms(&self) -> &BTreeSet<String> {
        &self.platforms
    }

    /// The files that were read.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The cluster for one seed, which draws the order of the machines: agents that belong to one
    /// framework are then a random part of them.
    pub fn build(&self, horizon: Span, seed: u64) -> Built {
        let from = Time::ZERO + self.spec.from;
        let mut order: Vec<&Life> = self.lives.iter().collect();
        stream(seed, "machines/order").shuffle(&mut order);
        let (mut agents, mut faults) = (Vec::new(), Vec::new());
        for life in order {
            let agent = AgentId(agents.len() as u32);
            agents.extend(life.within(from, horizon, agent, &mut faults));
        }
        faults.sort_unstable_by_key(Fault::order);
        let mut assumptions = self.assumptions.clone();
        let order = "drawn by seed, so that a partition is a random part of them";
        assumptions.push(assumption("order of the machines", order));
        if faults.iter().any(|fault| fault.total.is_some()) {
            let model = "it restarts; what ran there runs again";
            assumptions.push(assumption("a machine that changes its size", model));
        }
        assumptions.sort();
        assumptions.dedup();
        Built {
            agents,
            faults,
            assumptions,
        }
    }
}

impl Life {
    /// What the machine has when it is first there, if it is at all between `from` and the
    /// horizon; what happens to it later goes into `faults`. One without changes is always there.
    fn within(
        &self,
        from: Time,
        horizon: Span,
        agent: AgentId,
        faults: &mut Vec<Fault>,
    ) -> Option<Resources> {
        let before = self.changes.partition_point(|(time, _)| *time <= from);
        let mut now = match (before, self.changes.is_empty()) {
            (0, true) => self.size,
            (0, false) => None,
            (before, _) => self.changes[before - 1].1,
        };
        let mut first = now;
        // What it had when it was last there, and since when it is not.
        let mut last = now;
        let mut away = now.is_none().then_some(Time::ZERO);
        for (time, next) in &self.changes[before..] {
            let at = Time::ZERO + time.since(from);
            if at >= Time::ZERO + horizon {
                break;
            }
            if *next == now {
                continue;
            }
            let went = away.take().unwrap_or(at);
            if let Some(size) = next {
                let total = last.filter(|last| last != size).map(|_| *size);
                first = first.or(Some(*size));
                last = Some(*size);
                let back = Some(at);
                faults.push(Fault {
                    at: went,
                    agent,
                    back,
                    total,
                });
            } else {
                away = Some(went);
            }
            now = *next;
        }
        // One that was never there is no agent.
        if let (Some(at), Some(_)) = (away, first) {
            let (back, total) = (None, None);
            faults.push(Fault {
                at,
                agent,
                back,
                total,
            });
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use expect_test::{Expect, expect};

    /// The life of a machine of `cores` cores (0 for away) with changes at seconds, from second 10
    /// for a minute.
    fn check(cores: u64, changes: &[(u64, u64)], expected: &Expect) {
        let size = |cores: u64| (cores > 0).then(|| Resources::cores(cores, 1));
        let changes = changes.iter();
        let life = Life {
            size: size(cores),
            gpus: Milligpus(0),
            changes: changes
                .map(|(at, cores)| (Time::from_secs(*at), size(*cores)))
                .collect(),
        };
        let mut faults = Vec::new();
        let from = Time::from_secs(10);
        let first = life.within(from, Span::from_secs(60), AgentId(0), &mut faults);
        let mut text = first.map_or("never there\n".to_owned(), |first| format!("{first}\n"));
        for Fault {
            at, back, total, ..
        } in faults
        {
            let back = back.map_or("for good".to_owned(), |back| format!("until {back}"));
            let total = total.map_or(String::new(), |total| format!(", then {total}"));
            let _ = writeln!(text, "away at {at} {back}{total}");
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn a_machine_without_changes_is_always_there() {
        check(
            4,
            &[],
            &expect![[r"
            cpus:4 mem:1
        "]],
        );
        check(
            4,
            &[(0, 4), (90, 0)],
            &expect![[r"
            cpus:4 mem:1
        "]],
        );
    }

    #[test]
    fn machines_go_come_and_change() {
        check(
            4,
            &[(0, 4), (20, 0), (30, 4)],
            &expect![[r"
            cpus:4 mem:1
            away at 10s until 20s
        "]],
        );
        check(
            4,
            &[(0, 4), (20, 8), (30, 0)],
            &expect![[r"
            cpus:4 mem:1
            away at 10s until 10s, then cpus:8 mem:1
            away at 20s for good
        "]],
        );
        check(
            4,
            &[(0, 4), (20, 0), (30, 2)],
            &expect![[r"
            cpus:4 mem:1
            away at 10s until 20s, then cpus:2 mem:1
        "]],
        );
    }

    #[test]
    fn a_machine_may_come_later_or_never() {
        check(
            4,
            &[(30, 4)],
            &expect![[r"
            cpus:4 mem:1
            away at 0s until 20s
        "]],
        );
        check(
            4,
            &[(5, 0), (90, 4)],
            &expect![[r"
            never there
        "]],
        );
    }
}
