//! Refusals: what a framework does not want to be offered again for a while.
//!
//! A filter remembers *how much* was refused, as Mesos' does: an offer is hidden only while it is
//! no larger than what was refused, so an agent that becomes emptier comes back at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::message::{AgentId, FrameworkId};
use crate::resources::Resources;
use crate::time::Time;

/// One refusal of one framework on one agent.
#[derive(Clone, Copy, Debug)]
struct Filter {
    framework: FrameworkId,
    refused: Resources,
    until: Time,
    /// The framework's generation when it refused; a revive starts a new one.
    generation: u32,
}

/// All refusals, by agent.
#[derive(Clone, Default, Debug)]
pub(crate) struct Filters {
    by_agent: Vec<Vec<Filter>>,
    generations: Vec<u32>,
    ends: BinaryHeap<Reverse<(Time, AgentId)>>,
}

impl Filters {
    /// Remembers that `framework` refused `refused` on `agent` until `until`.
    pub(crate) fn add(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        refused: Resources,
        until: Time,
    ) {
        if self.by_agent.len() <= agent.index() {
            self.by_agent.resize_with(agent.index() + 1, Vec::new);
        }
        let generation = self.generation(framework);
        let filters = &mut self.by_agent[agent.index()];
        // A filter that hides no more and ends no later says nothing new.
        filters.retain(|f| {
            f.framework != framework || !(f.refused.fits_in(refused) && f.until <= until)
        });
        let position = filters.partition_point(|f| f.framework <= framework);
        filters.insert(
            position,
            Filter {
                framework,
                refused,
                until,
                generation,
            },
        );
        self.ends.push(Reverse((until, agent)));
    }

    /// Whether `framework` refused this much, or more, of `agent` and still does.
    pub(crate) fn hides(
        &self,
        framework: FrameworkId,
        agent: AgentId,
        offered: Resources,
        now: Time,
    ) -> bool {
        let Some(filters) = self.by_agent.get(agent.index()) else {
            return false;
        };
        if filters.is_empty() {
            return false;
        }
        let generation = self.generation(framework);
        let start = filters.partition_point(|f| f.framework < framework);
        filters[start..]
            .iter()
            .take_while(|f| f.framework == framework)
            .any(|f| f.generation == generation && now < f.until && offered.fits_in(f.refused))
    }

    /// Forgets all refusals of `framework`.
    pub(crate) fn forget(&mut self, framework: FrameworkId) {
        if self.generations.len() <= framework.index() {
            self.generations.resize(framework.index() + 1, 0);
        }
        self.generations[framework.index()] += 1;
    }

    /// Forgets all refusals on `agent`.
    pub(crate) fn forget_agent(&mut self, agent: AgentId) {
        if let Some(filters) = self.by_agent.get_mut(agent.index()) {
            filters.clear();
        }
    }

    /// When the next filter ends.
    pub(crate) fn next_end(&self) -> Option<Time> {
        self.ends.peek().map(|Reverse((until, _))| *until)
    }

    /// Drops one filter that has ended by `now` and names its agent.
    pub(crate) fn pop_ended(&mut self, now: Time) -> Option<AgentId> {
        let &Reverse((until, agent)) = self.ends.peek()?;
        if until > now {
            return None;
        }
        self.ends.pop();
        self.by_agent[agent.index()].retain(|f| f.until > now);
        Some(agent)
    }

    fn generation(&self, framework: FrameworkId) -> u32 {
        self.generations
            .get(framework.index())
            .copied()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: FrameworkId = FrameworkId(1);
    const A: AgentId = AgentId(2);

    fn refused(cores: u64) -> Filters {
        let mut filters = Filters::default();
        filters.add(F, A, Resources::cores(cores, 100), Time::from_secs(5));
        filters
    }

    #[test]
    fn hides_as_much_or_less_until_it_ends() {
        let filters = refused(4);
        let hidden =
            |cores, secs| filters.hides(F, A, Resources::cores(cores, 100), Time::from_secs(secs));
        assert!(hidden(4, 0) && hidden(3, 4));
        assert!(!hidden(5, 0), "an emptier agent comes back");
        assert!(!hidden(4, 5), "the filter has ended");
        assert!(!filters.hides(FrameworkId(0), A, Resources::cores(1, 1), Time::ZERO));
    }

    #[test]
    fn a_larger_refusal_does_not_end_with_a_later_smaller_one() {
        let mut filters = refused(4);
        filters.add(F, A, Resources::cores(8, 100), Time::from_secs(2));
        assert!(filters.hides(F, A, Resources::cores(8, 100), Time::from_secs(1)));
        assert!(!filters.hides(F, A, Resources::cores(8, 100), Time::from_secs(3)));
        assert!(filters.hides(F, A, Resources::cores(4, 100), Time::from_secs(3)));
    }

    #[test]
    fn a_revive_forgets_and_an_end_is_told() {
        let mut filters = refused(4);
        filters.forget(F);
        assert!(!filters.hides(F, A, Resources::cores(1, 1), Time::ZERO));
        assert_eq!(filters.pop_ended(Time::from_secs(4)), None);
        assert_eq!(filters.next_end(), Some(Time::from_secs(5)));
        assert_eq!(filters.pop_ended(Time::from_secs(5)), Some(A));
        assert_eq!(filters.next_end(), None);
    }
}
