//! Who is served first in a leaf of the capacity scheduler (`FifoOrderingPolicy`, `FairOrderingPolicy`), and how
//! many masters it starts.

use std::cmp::Ordering;

use super::amounts::down;
use crate::rules::ratio::Ratio;
use crate::score::Score;

/// An application waiting in line.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Waiting {
    /// The larger, the more important; who has none goes before all who have.
    pub priority: Option<i64>,
    /// The order of coming.
    pub serial: i64,
    /// Memory in use.
    pub used: i64,
    /// Memory waited for.
    pub pending: i64,
}

/// First come, first served among those of the same priority. Victims are looked for in the exact reverse.
pub fn fifo(a: &Waiting, b: &Waiting) -> Ordering {
    let priority = match (a.priority, b.priority) {
        (Some(a), Some(b)) => b.cmp(&a),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    priority.then(a.serial.cmp(&b.serial))
}

/// Who uses the least memory first; with `size_weight`, who uses the least of it by log2(1 + demand), where demand is what it
/// uses and waits for. Of two that use nothing the one that waits for something goes first; then as [`fifo`].
pub fn fair(a: &Waiting, b: &Waiting, size_weight: bool) -> Ordering {
    let demand = |one: &Waiting| one.used.saturating_add(one.pending);
    let magnitude = |one: &Waiting| {
        let used = Score::new(one.used);
        if !size_weight || one.used == 0 {
            return used;
        }
        let weight = Score::new(demand(one).saturating_add(1)).log2();
        used / weight
    };
    let idle = a.used == 0 && b.used == 0;
    let waits = |one: &Waiting| idle && demand(one) > 0;
    let by_use = magnitude(a).cmp(&magnitude(b));
    by_use.then(waits(b).cmp(&waits(a))).then(fifo(a, b))
}

/// How many masters of `size` run at the same time where they may have `part` of `memory`: one at least.
pub fn masters(memory: i64, part: Ratio, size: i64) -> i64 {
    (down(memory, part) / size.max(1)).max(1)
}

/// Applications in fair order, which is looked at again only where it is told that something changed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FairOrder {
    size_weight: bool,
    /// As they were when they were told of last, in order.
    all: Vec<Waiting>,
}

impl FairOrder {
    /// Nobody yet.
    pub const fn new(size_weight: bool) -> Self {
        Self {
            size_weight,
            all: Vec::new(),
        }
    }

    /// One came, or what it uses and waits for changed.
    pub fn tell(&mut self, one: Waiting) {
        self.remove(one.serial);
        let after = |other: &Waiting| fair(other, &one, self.size_weight).is_le();
        let place = self.all.partition_point(after);
        self.all.insert(place, one);
    }

    /// One is over.
    pub fn remove(&mut self, serial: i64) {
        self.all.retain(|one| one.serial != serial);
    }

    /// In the order in which they are served; the reverse is that of victims.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Waiting> {
        self.all.iter()
    }
}
