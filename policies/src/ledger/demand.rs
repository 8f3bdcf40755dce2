//! What frameworks said that they want: tasks that wait, by size.

use super::{Ledger, Node};
use crate::demand::OpenDemand;
use crate::message::{Demand, FrameworkId};
use crate::resources::{Kind, Resources};

/// What policies read. Frameworks say it where offers are made for tasks, and where the policy asks for it
/// ([`crate::allocators::Allocator::reads_demand`]); one that never said it has nothing
/// that waits, and one that wants no offers now may have less than it said last.
impl Ledger {
    /// The tasks of `framework` that wait, by size and in the order in which they are to be served; one
    /// size may come again behind others.
    pub fn demand(&self, framework: FrameworkId) -> impl Iterator<Item = Demand> {
        let demand = self.open_demand(framework);
        demand.into_iter().flat_map(OpenDemand::waiting)
    }

    /// How many tasks wait below `node`.
    pub fn waiting(&self, node: impl Into<Node>) -> u64 {
        self.sizes_below(node).map(|(_, tasks)| tasks).sum()
    }

    /// What the tasks that wait below `node` take together; more than can be counted is as much as can.
    pub fn waiting_resources(&self, node: impl Into<Node>) -> Resources {
        let mut sum = [0_u64; Kind::COUNT];
        for (needs, tasks) in self.sizes_below(node) {
            for (sum, needs) in sum.iter_mut().zip(needs.units()) {
                *sum = sum.saturating_add(needs.saturating_mul(tasks));
            }
        }
        Resources::from_units(sum)
    }

    /// How many tasks of which size wait below `node`.
    fn sizes_below(&self, node: impl Into<Node>) -> impl Iterator<Item = (Resources, u64)> {
        let demands = self.below(node);
        demands.flat_map(|framework| {
            let demand = self.open_demand(framework);
            demand.into_iter().flat_map(OpenDemand::by_size)
        })
    }

    pub(crate) fn open_demand(&self, framework: FrameworkId) -> Option<&OpenDemand> {
        Some(&self.entry(framework)?.demand)
    }
}

/// What the master writes.
impl Ledger {
    /// Takes down what a framework wants; whether it may want what it was not offered before.
    pub(crate) fn declare(&mut self, framework: FrameworkId, demand: &[Demand]) -> bool {
        let entry = self.frameworks.get_mut(framework.index());
        let joined = entry.filter(|entry| entry.joined);
        joined.is_some_and(|entry| {
            entry.wasted = false;
            entry.demand.declare(demand)
        })
    }

    /// More waits behind all that a framework wants; whether it is there.
    pub(crate) fn declare_more(&mut self, framework: FrameworkId, more: &[Demand]) -> bool {
        let entry = self.frameworks.get_mut(framework.index());
        let joined = entry.filter(|entry| entry.joined);
        joined.is_some_and(|entry| {
            entry.wasted = false;
            entry.demand.grow(more);
            true
        })
    }

    /// Whether some size of which `framework` was offered enough is wanted again since this was asked last.
    pub(crate) fn take_reopened(&mut self, framework: FrameworkId) -> bool {
        let entry = self.frameworks.get_mut(framework.index());
        entry.is_some_and(|entry| entry.demand.take_reopened())
    }

    /// What `framework` wants, where a launch or an offer changes it.
    pub(crate) fn demand_mut(&mut self, framework: FrameworkId) -> &mut OpenDemand {
        &mut self.frameworks[framework.index()].demand
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::share::Weight;

    #[test]
    fn what_waits_is_counted_until_it_is_launched() {
        let (mut ledger, framework) = (Ledger::default(), FrameworkId(0));
        let demand = |needs, count| Demand { needs, count };
        let (small, large) = (Resources::cores(1, 2), Resources::cores(4, u64::MAX / 2));
        assert!(!ledger.declare(framework, &[demand(small, 1)]), "nobody");
        ledger.add_framework(framework, Weight::ONE, None);
        ledger.declare(framework, &[demand(small, 3), demand(large, 3)]);
        assert_eq!(ledger.waiting(framework), 6);
        let all = Resources::cores(15, u64::MAX);
        assert_eq!(ledger.waiting_resources(framework), all);
        for needs in [large, large, large, small] {
            ledger.demand_mut(framework).launched(needs, 1);
        }
        let left: Vec<Demand> = ledger.demand(framework).collect();
        assert_eq!(left, [demand(small, 2)]);
        ledger.remove_framework(framework);
        assert_eq!(ledger.waiting(framework), 0);
    }
}
