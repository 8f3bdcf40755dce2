//! What frameworks said that they want: tasks that wait, by size.

use super::Ledger;
use crate::demand::OpenDemand;
use crate::message::{Demand, FrameworkId};
use crate::resources::{Kind, Resources};

/// What policies read. Frameworks say it where offers are made for tasks, and where the policy asks for it
/// ([`crate::allocators::Allocator::reads_demand`]); one that wants no offers now may have less than it said
/// last.
impl Ledger {
    /// The tasks of `framework` that wait, by size and in the order in which they are to be served; one
    /// size may come again behind others.
    pub fn demand(&self, framework: FrameworkId) -> impl Iterator<Item = Demand> {
        let demand = self.open_demand(framework);
        demand.into_iter().flat_map(OpenDemand::waiting)
    }

    /// How many tasks of `framework` wait.
    pub fn waiting(&self, framework: FrameworkId) -> u64 {
        let counts = self.demand(framework).map(|part| u64::from(part.count));
        counts.sum()
    }

    /// What the tasks of `framework` that wait take together; more than can be counted is as much as can.
    pub fn waiting_resources(&self, framework: FrameworkId) -> Resources {
        let mut sum = [0_u64; Kind::COUNT];
        for Demand { needs, count } in self.demand(framework) {
            for (sum, needs) in sum.iter_mut().zip(needs.units()) {
                *sum = sum.saturating_add(needs.saturating_mul(count.into()));
            }
        }
        Resources::from_units(sum)
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
        joined.is_some_and(|entry| entry.demand.declare(demand))
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
