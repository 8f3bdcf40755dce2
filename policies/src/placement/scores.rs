//! Scores that follow from one node and one task.

use super::policy::NodeScore;
use super::{NodeState, TaskShape};
use crate::resources::{Kind, Resources};
use crate::score::Score;

/// All nodes are equal: the tie rule decides.
#[derive(Debug)]
pub(super) struct Equal;

impl NodeScore for Equal {
    fn score(&self, _: &NodeState, _: &TaskShape, _: &[usize], _: Resources) -> Score {
        Score::ZERO
    }
}

/// `part / whole`, and nothing where there is no whole.
fn part(part: u64, whole: u64) -> Score {
    let number = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
    if whole == 0 {
        Score::ZERO
    } else {
        Score::ratio(number(part), number(whole))
    }
}

/// Best fit: one minus the mean, over kinds, of what is left as a part of the largest node. Worst fit is the
/// mean itself.
#[derive(Debug)]
pub(super) struct MeanFit {
    pub(super) kinds: Vec<Kind>,
    pub(super) worst: bool,
}

impl NodeScore for MeanFit {
    fn score(&self, node: &NodeState, shape: &TaskShape, _: &[usize], largest: Resources) -> Score {
        let left = node.free - shape.needs;
        let parts = self.kinds.iter();
        let parts = parts.map(|kind| part(left.of(*kind), largest.of(*kind)));
        let sum = parts.fold(Score::ZERO, |sum, part| sum + part);
        let mean = sum / Score::from(self.kinds.len() as u32);
        if self.worst { mean } else { Score::ONE - mean }
    }
}

/// The dot product of what a task asks for and what is free, as parts of the largest node (Panigrahy et al.,
/// Heuristics for Vector Bin Packing, 2011), or of this one (Grandl et al., Tetris, SIGCOMM 2014, section 3.2).
#[derive(Debug)]
pub(super) struct DotProduct {
    pub(super) own: bool,
}

impl NodeScore for DotProduct {
    fn score(&self, node: &NodeState, shape: &TaskShape, _: &[usize], largest: Resources) -> Score {
        let whole = if self.own { node.total } else { largest };
        let products = Kind::ALL.map(|kind| {
            let whole = whole.of(kind);
            part(shape.needs.of(kind), whole) * part(node.free.of(kind), whole)
        });
        products.into_iter().fold(Score::ZERO, |sum, one| sum + one)
    }
}

/// Nomad's fit (its `structs/funcs.go`): 20 - (10^c + 10^m) with the free parts c of CPU and m of memory that are
/// left, between 0 and 18; spread is 10^c + 10^m - 2.
#[derive(Debug)]
pub(super) struct Nomad {
    pub(super) spread: bool,
}

impl NodeScore for Nomad {
    fn score(&self, node: &NodeState, shape: &TaskShape, _: &[usize], _: Resources) -> Score {
        let left = node.free - shape.needs;
        let power = |kind: Kind| part(left.of(kind), node.total.of(kind)).pow10();
        let sum = power(Kind::Cpus) + power(Kind::Mem);
        let score = if self.spread {
            sum - Score::new(2)
        } else {
            Score::new(20) - sum
        };
        score.max(Score::ZERO).min(Score::new(18))
    }
}
