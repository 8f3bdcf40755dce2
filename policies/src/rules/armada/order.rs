//! Which queue is served next (`queue_scheduler.go`).

use std::cmp::{Ordering, Reverse};

use crate::rules::ratio::Ratio;

/// What a queue would do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// The queue, the last tie-breaker.
    pub queue: String,
    /// The priority that counts: the class's, or in the last pass the one it was placed at.
    pub priority: i64,
    /// Its weighted cost with this.
    pub proposed: Ratio,
    /// Its weighted cost now.
    pub current: Ratio,
    /// Its share capped by demand, by its weight.
    pub budget: Ratio,
    /// The cost of what would be started, times the weight.
    pub size: Ratio,
    /// Whether it is of another pool.
    pub away: bool,
}

/// How queues are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    /// Large items first, as long as all stay within their budgets.
    pub prefer_large: bool,
    /// Jobs of this pool before those of others.
    pub home_first: bool,
}

impl Rules {
    /// Which of two is served first.
    pub fn compare(self, one: &Item, two: &Item) -> Ordering {
        let home = |item: &Item| self.home_first && item.away;
        let first = home(one).cmp(&home(two));
        let first = first.then(two.priority.cmp(&one.priority));
        let by_cost = || match (self.prefer_large, one.within(), two.within()) {
            (true, true, true) => {
                let current = one.current.cmp(&two.current);
                current.then(Reverse(one.size).cmp(&Reverse(two.size)))
            }
            (true, within, other) if within != other => other.cmp(&within),
            _ => one.proposed.cmp(&two.proposed),
        };
        first
            .then_with(by_cost)
            .then_with(|| one.queue.cmp(&two.queue))
    }
}

impl Item {
    fn within(&self) -> bool {
        self.proposed <= self.budget
    }
}
