//! Policies of sampling by name.
//!
//! Longer than a policy's file: it is the table of all of them.

use crate::evidence::{Evidence, Proven};
use crate::name::{BadName, Name, Param};

/// How tasks find a worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SamplingPolicy {
    pub(super) rule: SamplingRule,
    pub(super) tie: LengthTie,
}

/// Who is asked, and for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SamplingRule {
    /// Nobody: every task goes to any worker.
    Random,
    /// So many workers a task, for the length of their queues.
    PerTask { probes: u32 },
    /// So many times the tasks of a job, for the length of their queues.
    Batch { probes: u32 },
    /// As many, for a place in their queues; `cancel`: those that are not needed are given up at once.
    Late { probes: u32, cancel: bool },
    /// Whoever knows all queues, at no cost and at once.
    Central,
}

/// Which of several queues of the same length it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LengthTie {
    /// The one that was drawn first, which is any.
    Random,
    /// That of the worker with the lowest number.
    First,
    /// The highest.
    Last,
}

impl LengthTie {
    /// What equals go by: the one with the least goes first.
    pub(super) const fn of(self, question: usize, worker: u32) -> (u32, usize) {
        match self {
            Self::Random => (0, question),
            Self::First => (worker, question),
            Self::Last => (u32::MAX - worker, question),
        }
    }
}

/// One line of the by-name table.
#[derive(Clone, Copy, Debug)]
pub struct SamplingEntry {
    /// The name without parameters.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// Where it comes from, and how far it was proven.
    pub evidence: Evidence,
    make: fn(&mut Name) -> Result<SamplingRule, BadName>,
}

impl SamplingPolicy {
    /// The policy that `name` means.
    ///
    /// # Errors
    /// When the name or a parameter is not known, naming those that are.
    pub fn from_name(name: &Name) -> Result<Self, BadName> {
        let entry = ENTRIES.iter().find(|entry| entry.name == name.base());
        let entry = entry.ok_or_else(|| {
            let known: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
            let known = known.join(", ");
            BadName(format!(
                "no sampling is called `{}`; known are {known}",
                name.base()
            ))
        })?;
        let mut rest = name.clone();
        let rule = (entry.make)(&mut rest)?;
        let ties = entry.params.iter().any(|param| param.key == TIE.key);
        let tie = if ties { rest.take(TIE.key) } else { None };
        let tie = match tie.as_deref() {
            None | Some("random") => LengthTie::Random,
            Some("first") => LengthTie::First,
            Some("last") => LengthTie::Last,
            Some(other) => return Err(rest.bad(TIE.key, other, "first, last or random")),
        };
        let keys: Vec<_> = entry.params.iter().map(|param| param.key).collect();
        rest.finish(&keys)?;
        Ok(Self { rule, tie })
    }

    /// How many messages, one after the other, are between a job's coming and its first start where all is free.
    pub const fn messages_to_start(&self) -> u64 {
        match self.rule {
            SamplingRule::Central => 0,
            SamplingRule::Random => 1,
            SamplingRule::PerTask { .. }
            | SamplingRule::Batch { .. }
            | SamplingRule::Late { .. } => 3,
        }
    }

    /// How many workers are asked for every task.
    pub const fn probes(&self) -> u32 {
        match self.rule {
            SamplingRule::Random | SamplingRule::Central => 0,
            SamplingRule::PerTask { probes }
            | SamplingRule::Batch { probes }
            | SamplingRule::Late { probes, .. } => probes,
        }
    }

    /// Whether places that are not needed are given up at once.
    pub(super) const fn cancels(&self) -> bool {
        matches!(self.rule, SamplingRule::Late { cancel: true, .. })
    }
}

const PROBES: Param = Param {
    key: "probes",
    about: "how many workers are asked for every task of a job (default 2)",
};

const CANCEL: Param = Param {
    key: "cancel",
    about: "yes: once the last task has a worker, the places left in queues are given up (default); no: each has \
            its turn",
};

const TIE: Param = Param {
    key: "tie",
    about: "queues of equal length: first (lowest number), last or random (default random)",
};

fn probes(name: &mut Name) -> Result<u32, BadName> {
    let probes = name
        .take_as(PROBES.key, "a whole number, as in 2")?
        .unwrap_or(2);
    if (1..=1000).contains(&probes) {
        Ok(probes)
    } else {
        Err(name.bad(PROBES.key, &probes.to_string(), "1 to 1000"))
    }
}

const fn sparrow(proven: Proven, example: &'static str) -> Evidence {
    Evidence {
        source: "Ousterhout et al., Sparrow, SOSP 2013, sections 3 and 5, and the simulator beside it",
        proven,
        example,
    }
}

/// The policies of sampling.
pub const ENTRIES: [SamplingEntry; 5] = [
    SamplingEntry {
        name: "random",
        about: "every task goes to any worker",
        params: &[],
        evidence: sparrow(
            Proven::InBand,
            "\
workers 4 random
job tasks=3 run=8s
job at=1s tasks=3 run=8s
",
        ),
        make: |_| Ok(SamplingRule::Random),
    },
    SamplingEntry {
        name: "per-task",
        about: "every task asks a few workers, and goes to the shortest queue",
        params: &[PROBES, TIE],
        evidence: sparrow(
            Proven::InBand,
            "\
workers 4 per-task[probes=2]
job tasks=3 run=8s
job at=1s tasks=3 run=8s
",
        ),
        make: |name| {
            Ok(SamplingRule::PerTask {
                probes: probes(name)?,
            })
        },
    },
    SamplingEntry {
        name: "batch",
        about: "a job asks a few workers a task, and its tasks go to the shortest of all these queues",
        params: &[PROBES, TIE],
        evidence: sparrow(
            Proven::InBand,
            "\
workers 4 batch[probes=2]
job tasks=2 run=8s
job at=1s tasks=2 run=2s
",
        ),
        make: |name| {
            Ok(SamplingRule::Batch {
                probes: probes(name)?,
            })
        },
    },
    SamplingEntry {
        name: "late",
        about: "a job has places in a few queues a task, and its tasks go to those whose turn comes first (late binding)",
        params: &[PROBES, CANCEL],
        evidence: sparrow(
            Proven::InBand,
            "\
workers 2 late[probes=2]
job tasks=1 run=9s
job at=1s tasks=1 run=3s
job at=2s tasks=1 run=2s
",
        ),
        make: |name| {
            let probes = probes(name)?;
            let cancel = match name.take(CANCEL.key).as_deref() {
                None | Some("yes") => true,
                Some("no") => false,
                Some(other) => return Err(name.bad(CANCEL.key, other, "yes or no")),
            };
            Ok(SamplingRule::Late { probes, cancel })
        },
    },
    SamplingEntry {
        name: "central",
        about: "one queue for all workers, by somebody who knows at once what is free: what the others are held against",
        params: &[],
        evidence: sparrow(
            Proven::Scripts,
            "\
workers 2 central
job tasks=1 run=9s
job at=1s tasks=1 run=3s
job at=2s tasks=1 run=2s
",
        ),
        make: |_| Ok(SamplingRule::Central),
    },
];
