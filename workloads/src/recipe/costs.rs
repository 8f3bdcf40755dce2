//! What takes time beside the work: messages and launches.

use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::models::arrivals::assumption;
use crate::trace::Assumption;
use crate::units::{self, Thousandths};

/// How long messages take in simulation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSpec {
    /// From sending to receiving, for every message.
    pub latency: Span,
    /// A draw up to this is added to every message's latency.
    pub jitter: Span,
    /// How long a framework thinks about an offer before it answers.
    pub think: Span,
    /// How long the master takes to notice that an agent is gone.
    pub detection: Span,
}

/// What launching costs in simulation, and attempts that take longer than their work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CostSpec {
    /// From the order to start a task or an executor to its first own instruction: the container
    /// and its language's machine. Instances of services have a `startup` of their own.
    pub start: Span,
    /// The part of all attempts at a task that are slow, whatever the task.
    #[serde(with = "units::decimal")]
    pub stragglers: u32,
    /// How many times longer those take.
    #[serde(with = "units::decimal")]
    pub slowdown: u32,
}

impl Default for CostSpec {
    /// Nothing costs anything. The slow-down is that of the far tail of outliers in Microsoft's
    /// clusters (Ananthanarayanan et al., OSDI 2010, section 4.1).
    fn default() -> Self {
        Self {
            start: Span::ZERO,
            stragglers: 0,
            slowdown: 10_000,
        }
    }
}

impl CostSpec {
    /// In words, for the report.
    pub fn assumptions(&self) -> Vec<Assumption> {
        let start = match self.start {
            Span::ZERO => {
                "no time: a task works from the moment its agent is ordered to".to_owned()
            }
            start => format!(
                "{start} from the order to the first work of a task or executor, in which it holds \
                 its resources"
            ),
        };
        let stragglers = match self.stragglers {
            0 => "none beyond the spread of the tasks' own times".to_owned(),
            part => format!(
                "{} of all attempts take {} times as long, drawn for each attempt",
                Thousandths(u64::from(part)),
                Thousandths(u64::from(self.slowdown))
            ),
        };
        vec![
            assumption("start of a task", start),
            assumption("stragglers", stragglers),
        ]
    }

    pub(super) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.stragglers > 1000 {
            return Err((
                "costs.stragglers",
                "expected a part of all attempts, at most 1",
            ));
        }
        if self.slowdown < 1000 {
            return Err(("costs.slowdown", "expected a factor of at least 1"));
        }
        Ok(())
    }
}
