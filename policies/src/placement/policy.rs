//! Placement policies by name.
//!
//! Longer than a policy's file: it is the table of all of them.

use std::fmt;

use super::scores::{DotProduct, Equal, MeanFit, Nomad};
use super::{DeviceRule, Fgd, NodeState, TaskShape};
use crate::evidence::{Evidence, Proven};
use crate::name::{BadName, Name, Param};
use crate::resources::{Kind, Resources};
use crate::score::Score;

/// How good it is to place a task on a node.
pub trait NodeScore: fmt::Debug {
    /// The score of a node that the task fits on, if it runs on these GPUs of it; higher is better. `largest` is the
    /// most of each kind that any node has.
    fn score(
        &self,
        node: &NodeState,
        shape: &TaskShape,
        devices: &[usize],
        largest: Resources,
    ) -> Score;

    /// So many tasks of a shape belong to what is to be expected.
    fn learn(&mut self, shape: &TaskShape, count: u64) {
        let _ = (shape, count);
    }
}

/// Which of several nodes of the highest score it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeTie {
    /// The one with the lowest number.
    First,
    /// The one with the highest.
    Last,
    /// A draw for every task.
    Random,
}

/// A score, and what belongs to it.
#[derive(Debug)]
pub struct PlacementPolicy {
    score: Box<dyn NodeScore + Send>,
    tie: NodeTie,
    devices: DeviceRule,
    /// Scores are cut to parts of one this small.
    round: Option<u32>,
}

impl PlacementPolicy {
    /// The policy that `name` means.
    ///
    /// # Errors
    /// When the name or a parameter is not known, naming those that are.
    pub fn from_name(name: &Name) -> Result<Self, BadName> {
        let mut rest = name.clone();
        let (entry, policy) = Self::taken(name.base(), &mut rest)?;
        let own = entry.params.iter().chain(&PARAMS);
        rest.finish(&own.map(|param| param.key).collect::<Vec<_>>())?;
        Ok(policy)
    }

    /// The policy called `base`, with its parameters out of a name that may have others.
    pub(crate) fn taken(
        base: &str,
        name: &mut Name,
    ) -> Result<(&'static PlacementEntry, Self), BadName> {
        let entry = ENTRIES.iter().find(|entry| entry.name == base);
        let entry = entry.ok_or_else(|| {
            let known: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
            let known = known.join(", ");
            BadName(format!(
                "no placement is called `{base}`; known are {known}"
            ))
        })?;
        let score = (entry.make)(name)?;
        let tie = match name.take(TIE.key).as_deref() {
            None => entry.tie,
            Some("first") => NodeTie::First,
            Some("last") => NodeTie::Last,
            Some("random") => NodeTie::Random,
            Some(other) => return Err(name.bad(TIE.key, other, "first, last or random")),
        };
        let devices = match name.take(GPU.key).as_deref() {
            None => entry.devices,
            Some("first") => DeviceRule::First,
            Some("tightest") => DeviceRule::Tightest,
            Some("emptiest") => DeviceRule::Emptiest,
            Some("random") => DeviceRule::Random,
            Some(other) => {
                return Err(name.bad(GPU.key, other, "first, tightest, emptiest or random"));
            }
        };
        let round: Option<u32> = name.take_as(ROUND.key, "a whole number, as in 100")?;
        if round == Some(0) {
            return Err(name.bad(ROUND.key, "0", "at least 1"));
        }
        let policy = Self {
            score,
            tie,
            devices,
            round,
        };
        Ok((entry, policy))
    }

    /// The score of a node that is as large as any and that the task fits on: higher is better.
    pub fn score_of(&self, node: &NodeState, shape: &TaskShape) -> Score {
        self.score(node, shape, node.total).0
    }

    pub(crate) fn learn(&mut self, shape: &TaskShape, count: u64) {
        self.score.learn(shape, count);
    }

    /// The score of a node that the task fits on, and the GPUs that it would run on: where the policy scores GPUs,
    /// the first with the highest score, as it is cut.
    pub(crate) fn score(
        &self,
        node: &NodeState,
        shape: &TaskShape,
        largest: Resources,
    ) -> (Score, Vec<usize>) {
        let score = |devices: &[usize]| {
            let score = self.score.score(node, shape, devices, largest);
            let round = |parts: u32| Score::new((score * parts.into()).truncated());
            self.round.map_or(score, round)
        };
        let choices = self.devices.choices(node, shape);
        let scored = choices
            .into_iter()
            .map(|devices| (score(&devices), devices));
        let best = scored.reduce(|best, one| if one.0 > best.0 { one } else { best });
        best.expect("a node that the task fits on")
    }

    pub(crate) const fn tie(&self) -> NodeTie {
        self.tie
    }

    pub(crate) const fn devices(&self) -> DeviceRule {
        self.devices
    }
}

/// One line of the by-name table.
#[derive(Clone, Copy)]
pub struct PlacementEntry {
    /// The name without parameters.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its own parameters, beside those of all.
    pub params: &'static [Param],
    /// Where it comes from, and how far it was proven.
    pub evidence: Evidence,
    tie: NodeTie,
    devices: DeviceRule,
    make: fn(&mut Name) -> Result<Box<dyn NodeScore + Send>, BadName>,
}

impl fmt::Debug for PlacementEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlacementEntry({})", self.name)
    }
}

pub(crate) const TIE: Param = Param {
    key: "tie",
    about: "nodes of equal score: first (lowest number), last or random (default first; of `random` random)",
};

pub(crate) const GPU: Param = Param {
    key: "gpu",
    about: "the GPU a task shares: first, tightest, emptiest or random (default the policy's own)",
};

pub(crate) const ROUND: Param = Param {
    key: "round",
    about: "scores are cut to so many parts of one, as in 100 (default not at all)",
};

/// What every placement can be told.
pub const PARAMS: [Param; 3] = [TIE, GPU, ROUND];

pub(crate) const ON: Param = Param {
    key: "on",
    about: "the kinds that count, as in cpus:gpus (default all)",
};

pub(crate) const TYPES: Param = Param {
    key: "types",
    about: "the most frequent kinds of tasks count until they are so many percent of all (default 100, the \
            original 95)",
};

/// The kinds that parameter `on` names.
fn kinds(name: &mut Name) -> Result<Vec<Kind>, BadName> {
    let Some(text) = name.take(ON.key) else {
        return Ok(Kind::ALL.to_vec());
    };
    let kinds: Option<Vec<Kind>> = text.split(':').map(Kind::by_name).collect();
    kinds.ok_or_else(|| name.bad(ON.key, &text, "kinds of resource, as in cpus:gpus"))
}

fn fit(name: &mut Name, worst: bool) -> Result<Box<dyn NodeScore + Send>, BadName> {
    let kinds = kinds(name)?;
    Ok(Box::new(MeanFit { kinds, worst }))
}

const fn own(source: &'static str, example: &'static str) -> Evidence {
    Evidence {
        source,
        proven: Proven::Scripts,
        example,
    }
}

const fn banded(proven: Proven, source: &'static str, example: &'static str) -> Evidence {
    Evidence {
        source,
        proven,
        example,
    }
}

/// The placements that come with Fairground.
pub const ENTRIES: [PlacementEntry; 9] = [
    PlacementEntry {
        name: "first",
        about: "the first node with room",
        params: &[],
        evidence: own(
            "first fit: Johnson, Near-Optimal Bin Packing Algorithms, 1973",
            "\
node 1 cpus:8 mem:16
node 1 cpus:8 mem:8
node 1 cpus:4 mem:16
place first
task 2 cpus:2 mem:2
task 1 cpus:2 mem:8
",
        ),
        tie: NodeTie::First,
        devices: DeviceRule::First,
        make: |_| Ok(Box::new(Equal)),
    },
    PlacementEntry {
        name: "random",
        about: "a draw among the nodes with room",
        params: &[],
        evidence: banded(
            Proven::InBand,
            "Weng et al., Beware of Fragmentation, USENIX ATC 2023, section 6 (Random)",
            "\
node 1 cpus:8 mem:16
node 1 cpus:8 mem:8
node 1 cpus:4 mem:16
place random
task 2 cpus:2 mem:2
task 1 cpus:2 mem:8
",
        ),
        tie: NodeTie::Random,
        devices: DeviceRule::Random,
        make: |_| Ok(Box::new(Equal)),
    },
    PlacementEntry {
        name: "best",
        about: "the node with the least left, on average over kinds, as a part of the largest node",
        params: &[ON],
        evidence: banded(
            Proven::InBandWith("on=cpus:gpus,round=100"),
            "best fit; Weng et al., USENIX ATC 2023, section 6 (BestFit)",
            "\
node 1 cpus:8 mem:16
node 1 cpus:8 mem:8
node 1 cpus:4 mem:16
place best
task 2 cpus:2 mem:2
task 1 cpus:2 mem:8
",
        ),
        tie: NodeTie::First,
        devices: DeviceRule::Tightest,
        make: |name| fit(name, false),
    },
    PlacementEntry {
        name: "worst",
        about: "the node with the most left, on average over kinds, as a part of the largest node",
        params: &[ON],
        evidence: own(
            "worst fit: Johnson, Near-Optimal Bin Packing Algorithms, 1973",
            "\
node 1 cpus:8 mem:16
node 1 cpus:8 mem:8
node 1 cpus:4 mem:16
place worst
task 2 cpus:2 mem:2
task 1 cpus:2 mem:8
",
        ),
        tie: NodeTie::First,
        devices: DeviceRule::Emptiest,
        make: |name| fit(name, true),
    },
    PlacementEntry {
        name: "dot",
        about: "the node where what is asked for and what is free point the same way, as parts of the largest node",
        params: &[],
        evidence: own(
            "dot product: Panigrahy et al., Heuristics for Vector Bin Packing, 2011",
            "\
node 1 cpus:8 mem:16
node 1 cpus:8 mem:8
node 1 cpus:4 mem:16
place dot
task 2 cpus:2 mem:2
task 1 cpus:2 mem:8
",
        ),
        tie: NodeTie::First,
        devices: DeviceRule::Tightest,
        make: |_| Ok(Box::new(DotProduct { own: false })),
    },
    PlacementEntry {
        name: "tetris",
        about: "the node where what is asked for and what is free point the same way, as parts of that node",
        params: &[],
        evidence: own(
            "alignment: Grandl et al., Tetris, SIGCOMM 2014, section 3.2",
            "\
node 1 cpus:8 mem:16
node 1 cpus:8 mem:8
node 1 cpus:4 mem:16
place tetris
task 2 cpus:2 mem:2
task 1 cpus:2 mem:8
",
        ),
        tie: NodeTie::First,
        devices: DeviceRule::Tightest,
        make: |_| Ok(Box::new(DotProduct { own: true })),
    },
    PlacementEntry {
        name: "fgd",
        about: "the node and GPU where the GPUs that the mix of tasks cannot use grow least",
        params: &[TYPES],
        evidence: banded(
            Proven::InBandWith("types=95,round=100"),
            "Weng et al., Beware of Fragmentation, USENIX ATC 2023: fgd[types=95,round=100]",
            "\
node 2 cpus:8 mem:8 gpus:4
place fgd
task 2 cpus:1 mem:1 gpus:0.5
task 1 cpus:1 mem:1 gpus:1
task 1 cpus:1 mem:1 gpus:4
",
        ),
        tie: NodeTie::First,
        devices: DeviceRule::Score,
        make: |name| {
            let percent = name.take_as(TYPES.key, "percent of all tasks, as in 95")?;
            let percent = percent.unwrap_or(100);
            if !(1..=100).contains(&percent) {
                return Err(name.bad(TYPES.key, &percent.to_string(), "1 to 100"));
            }
            Ok(Box::new(Fgd::new(percent)))
        },
    },
    PlacementEntry {
        name: "binpack",
        about: "Nomad's default: 20 - (10^c + 10^m) with the parts c of CPU and m of memory that are left",
        params: &[],
        evidence: Evidence {
            source: "Nomad, nomad/structs/funcs.go",
            proven: Proven::Exact,
            example: "\
node 1 cpus:8 mem:16
node 1 cpus:8 mem:8
node 1 cpus:4 mem:16
place binpack
task 2 cpus:2 mem:2
task 1 cpus:2 mem:8
",
        },
        tie: NodeTie::First,
        devices: DeviceRule::First,
        make: |_| Ok(Box::new(Nomad { spread: false })),
    },
    PlacementEntry {
        name: "spread",
        about: "Nomad's other choice: 10^c + 10^m - 2",
        params: &[],
        evidence: Evidence {
            source: "Nomad, nomad/structs/funcs.go",
            proven: Proven::Exact,
            example: "\
node 1 cpus:8 mem:16
node 1 cpus:8 mem:8
node 1 cpus:4 mem:16
place spread
task 2 cpus:2 mem:2
task 1 cpus:2 mem:8
",
        },
        tie: NodeTie::First,
        devices: DeviceRule::First,
        make: |_| Ok(Box::new(Nomad { spread: true })),
    },
];
