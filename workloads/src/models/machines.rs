//! The machines of a public trace as agents that come, go and change their size.
//!
//! A trace says what its machines have in its own units, and when they were up. What it does not
//! say (the largest machine where sizes are relative, what machines have where none says it) is a
//! parameter and an assumption. A machine that does not say what others say has no capacity, and nothing
//! is placed there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use fairground_policies::message::AgentId;
use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
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
    pub format: Option<String>,
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
    /// The model.
    pub spec: MachinesSpec,
    /// What each of them was.
    pub lives: Vec<Life>,
    /// The types of machine that the trace names.
    pub platforms: BTreeSet<String>,
    /// What the source does not say.
    pub assumptions: Vec<Assumption>,
    /// The files that were read.
    pub inputs: Vec<Input>,
}

/// A machine: what it has at first, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Life {
    /// `None` if it has no capacity.
    pub size: Option<Resources>,
    /// Its accelerators, whatever its size becomes.
    pub gpus: Milligpus,
    /// The model of these, where it has some and says it.
    pub model: Option<String>,
    /// In the time of the trace; `None` for a time when it is not there.
    pub changes: Vec<(Time, Option<Resources>)>,
}

/// The cluster that machines are from the start to the horizon.
#[derive(Clone, PartialEq, Debug)]
pub struct Built {
    /// What every agent has when it is first there.
    pub agents: Vec<Resources>,
    /// The model of the GPUs of each, where it has some and says it.
    pub models: Vec<Option<String>>,
    /// When agents go, come and change.
    pub faults: Vec<Fault>,
    /// What the source does not say.
    pub assumptions: Vec<Assumption>,
}

impl MachinesSpec {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn check(&self) -> Result<(), ReadError> {
        named(&self.file)?;
        positive(self.cpus.0, "cpus")?;
        positive(self.mem.0, "mem")?;
        positive(self.largest_cpus.0, "largest_cpus")?;
        positive(self.largest_mem.0, "largest_mem")
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

    /// The models of GPU that they have.
    pub fn models(&self) -> BTreeSet<&str> {
        let models = self.lives.iter().filter_map(|life| life.model.as_deref());
        models.collect()
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
        let (mut agents, mut models, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for life in order {
            let agent = AgentId(agents.len() as u32);
            if let Some(size) = life.within(from, horizon, agent, &mut faults) {
                agents.push(size);
                models.push(life.model.clone());
            }
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
            models,
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
            model: None,
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
