//! Refusals: what a framework does not want to be offered again for a while.
//!
//! A filter remembers *how much* was refused, as Mesos' does: an offer is hidden only while it is
//! no larger than what was refused, so an agent that becomes emptier comes back at once. Offers made
//! for tasks are always of a task's size: for them it remembers what was free on the agent, too.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::agent_set::AgentSet;
use crate::message::{AgentId, FrameworkId};
use crate::resources::{Kind, Resources};
use crate::time::Time;

/// The end of what lasts until it is forgotten.
const NEVER: Time = Time::from_micros(u64::MAX);

/// One refusal of one framework on one agent.
#[derive(Clone, Copy, Debug)]
struct Filter {
    framework: FrameworkId,
    refused: Resources,
    /// What was free on the agent then.
    free: Resources,
    until: Time,
    /// The framework's generation when it refused; a revive starts a new one.
    generation: u32,
}

/// The refusals on one agent, by framework.
#[derive(Clone, Debug)]
struct FilterPage {
    filters: Vec<Filter>,
    /// No more of any kind than each of them refused, or than was free: an offer within both is hidden
    /// by any of them.
    all_refused: Resources,
    all_free: Resources,
    /// None of them ends before.
    first_end: Time,
}

impl Default for FilterPage {
    fn default() -> Self {
        Self {
            filters: Vec::new(),
            all_refused: Resources::from_units([u64::MAX; Kind::COUNT]),
            all_free: Resources::from_units([u64::MAX; Kind::COUNT]),
            first_end: NEVER,
        }
    }
}

impl FilterPage {
    fn insert(&mut self, position: usize, filter: Filter) {
        self.all_refused = self.all_refused.min(filter.refused);
        self.all_free = self.all_free.min(filter.free);
        self.first_end = self.first_end.min(filter.until);
        self.filters.insert(position, filter);
    }

    /// Drops the filters that have ended by `now`; whose they were.
    fn drop_ended(&mut self, now: Time) -> Vec<FrameworkId> {
        let filters = std::mem::take(self).filters;
        let mut ended = Vec::new();
        for filter in filters {
            if filter.until <= now {
                ended.push(filter.framework);
            } else {
                self.insert(self.filters.len(), filter);
            }
        }
        ended
    }

    /// The filters of one framework.
    fn of(&self, framework: FrameworkId) -> &[Filter] {
        let start = self.filters.partition_point(|f| f.framework < framework);
        let mine = &self.filters[start..];
        let end = mine.iter().take_while(|f| f.framework == framework).count();
        &mine[..end]
    }
}

/// All refusals, by agent.
#[derive(Clone, Default, Debug)]
pub(crate) struct Filters {
    pages: Vec<FilterPage>,
    frameworks: Vec<FrameworkFilters>,
    ends: BinaryHeap<Reverse<(Time, AgentId)>>,
}

/// What is known of one framework's refusals.
#[derive(Clone, Default, Debug)]
struct FrameworkFilters {
    generation: u32,
    /// Where it has refused in this generation: an index, checked against the pages.
    refuses: AgentSet,
}

impl Filters {
    /// Remembers that `framework` refused `refused` of the `free` on `agent` until `until`.
    pub(crate) fn add(
        &mut self,
        framework: FrameworkId,
        agent: AgentId,
        (refused, free): (Resources, Resources),
        until: Time,
    ) {
        if self.pages.len() <= agent.index() {
            self.pages
                .resize_with(agent.index() + 1, FilterPage::default);
        }
        let known = self.framework_mut(framework);
        known.refuses.insert(agent);
        let generation = known.generation;
        let page = &mut self.pages[agent.index()];
        // A filter that hides no more and ends no later says nothing new, one that was forgotten nothing.
        let mut position = page.filters.partition_point(|f| f.framework < framework);
        while let Some(old) = page.filters.get(position)
            && old.framework == framework
        {
            let less = old.refused.fits_in(refused) && old.free.fits_in(free);
            if less && old.until <= until || old.generation != generation {
                page.filters.remove(position);
            } else {
                position += 1;
            }
        }
        let filter = Filter {
            framework,
            refused,
            free,
            until,
            generation,
        };
        page.insert(position, filter);
        if until < NEVER {
            self.ends.push(Reverse((until, agent)));
        }
    }

    /// Whether `framework` refused this much of the `free` on `agent`, or more, and still does.
    pub(crate) fn hides(
        &self,
        framework: FrameworkId,
        agent: AgentId,
        (offered, free): (Resources, Resources),
        now: Time,
    ) -> bool {
        let Some(known) = self.frameworks.get(framework.index()) else {
            return false;
        };
        if !known.refuses.contains(agent) {
            return false;
        }
        let page = &self.pages[agent.index()];
        let within = |refused, most_free| offered.fits_in(refused) && free.fits_in(most_free);
        if now < page.first_end && within(page.all_refused, page.all_free) {
            return true;
        }
        let mut mine = page.of(framework).iter();
        mine.any(|f| f.generation == known.generation && now < f.until && within(f.refused, f.free))
    }

    /// How many refusals of `framework` hold.
    pub(crate) fn active(&self, framework: FrameworkId, now: Time) -> usize {
        let Some(known) = self.frameworks.get(framework.index()) else {
            return 0;
        };
        let mine = self.pages.iter().flat_map(|page| page.of(framework));
        let holds = |f: &&Filter| f.generation == known.generation && now < f.until;
        mine.filter(holds).count()
    }

    /// Forgets all refusals of `framework`.
    pub(crate) fn forget(&mut self, framework: FrameworkId) {
        let known = self.framework_mut(framework);
        known.generation += 1;
        known.refuses.clear();
    }

    /// Forgets all refusals on `agent`.
    pub(crate) fn forget_agent(&mut self, agent: AgentId) {
        if let Some(page) = self.pages.get_mut(agent.index()) {
            for filter in std::mem::take(page).filters {
                self.frameworks[filter.framework.index()]
                    .refuses
                    .remove(agent);
            }
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
        let page = &mut self.pages[agent.index()];
        if page.first_end <= now {
            for framework in page.drop_ended(now) {
                let known = &mut self.frameworks[framework.index()];
                let mut left = page.of(framework).iter();
                if !left.any(|filter| filter.generation == known.generation) {
                    known.refuses.remove(agent);
                }
            }
        }
        Some(agent)
    }

    fn framework_mut(&mut self, framework: FrameworkId) -> &mut FrameworkFilters {
        if self.frameworks.len() <= framework.index() {
            self.frameworks
                .resize_with(framework.index() + 1, FrameworkFilters::default);
        }
        &mut self.frameworks[framework.index()]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Span;

    const F: FrameworkId = FrameworkId(1);
    const A: AgentId = AgentId(2);

    /// All of an agent with so many cores.
    const fn all(cores: u64) -> (Resources, Resources) {
        (Resources::cores(cores, 100), Resources::cores(cores, 100))
    }

    fn refused(cores: u64) -> Filters {
        let mut filters = Filters::default();
        filters.add(F, A, all(cores), Time::from_secs(5));
        filters
    }

    #[test]
    fn hides_as_much_or_less_until_it_ends() {
        let filters = refused(4);
        let hidden = |cores, secs| filters.hides(F, A, all(cores), Time::from_secs(secs));
        assert!(hidden(4, 0) && hidden(3, 4));
        assert!(!hidden(5, 0), "an emptier agent comes back");
        assert!(!hidden(4, 5), "the filter has ended");
        assert!(!filters.hides(FrameworkId(0), A, all(1), Time::ZERO));
    }

    #[test]
    fn a_larger_refusal_does_not_end_with_a_later_smaller_one() {
        let mut filters = refused(4);
        filters.add(F, A, all(8), Time::from_secs(2));
        assert!(filters.hides(F, A, all(8), Time::from_secs(1)));
        assert!(!filters.hides(F, A, all(8), Time::from_secs(3)));
        assert!(filters.hides(F, A, all(4), Time::from_secs(3)));
    }

    #[test]
    fn a_revive_forgets_and_an_end_is_told() {
        let mut filters = refused(4);
        filters.forget(F);
        assert!(!filters.hides(F, A, all(1), Time::ZERO));
        assert_eq!(filters.pop_ended(Time::from_secs(4)), None);
        assert_eq!(filters.next_end(), Some(Time::from_secs(5)));
        assert_eq!(filters.pop_ended(Time::from_secs(5)), Some(A));
        assert_eq!(filters.next_end(), None);
    }

    #[test]
    fn a_refusal_for_ever_ends_only_with_a_revive() {
        let mut filters = Filters::default();
        let until = Time::from_secs(1) + Span::FOREVER;
        filters.add(F, A, all(4), until);
        assert_eq!(filters.next_end(), None);
        assert_eq!(filters.pop_ended(Time::from_secs(1_000_000_000)), None);
        assert!(filters.hides(F, A, all(4), Time::from_secs(1_000_000_000)));
        for _ in 0..9 {
            filters.forget(F);
            assert!(!filters.hides(F, A, all(1), Time::ZERO));
            filters.add(F, A, all(2), until);
        }
        assert_eq!(
            filters.pages[A.index()].filters.len(),
            1,
            "what is forgotten is not kept"
        );
    }

    #[test]
    fn a_task_is_hidden_until_its_agent_is_emptier() {
        let mut filters = Filters::default();
        let (task, large) = (Resources::cores(1, 1), Resources::cores(2, 1));
        let (free, emptier) = (Resources::cores(3, 9), Resources::cores(4, 9));
        filters.add(F, A, (task, free), Time::from_secs(5));
        assert!(filters.hides(F, A, (task, free), Time::ZERO));
        assert!(!filters.hides(F, A, (task, emptier), Time::ZERO));
        assert!(
            !filters.hides(F, A, (large, free), Time::ZERO),
            "another size"
        );
    }

    /// Refusals as a plain list, in which everything is looked at.
    #[derive(Default)]
    struct Plain(Vec<(FrameworkId, AgentId, (Resources, Resources), Time)>);

    impl Plain {
        fn hides(
            &self,
            framework: FrameworkId,
            agent: AgentId,
            (offered, free): (Resources, Resources),
            now: Time,
        ) -> bool {
            self.0.iter().any(|(f, a, (refused, was_free), until)| {
                let within = offered.fits_in(*refused) && free.fits_in(*was_free);
                (*f, *a) == (framework, agent) && now < *until && within
            })
        }
    }

    const FRAMEWORKS: u32 = 4;
    const AGENTS: u32 = 3;

    /// A part of what is free, and that.
    fn sizes() -> impl Strategy<Value = (Resources, Resources)> {
        (1_u64..4, 1_u64..4, 0_u64..2).prop_map(|(cores, mib, more)| {
            (
                Resources::cores(cores, mib),
                Resources::cores(cores + more, mib),
            )
        })
    }

    proptest! {
        #[test]
        fn filters_hide_what_a_plain_list_hides(
            changes in prop::collection::vec(
                (0_u32..10, 0..FRAMEWORKS, 0..AGENTS, sizes(), 1_u64..6), 0..60,
            ),
            offered in sizes(),
        ) {
            let (mut filters, mut plain) = (Filters::default(), Plain::default());
            for (secs, (change, framework, agent, refused, length)) in (0_u64..).zip(changes) {
                let (framework, agent) = (FrameworkId(framework), AgentId(agent));
                // Some time passes between some of them.
                let now = Time::from_secs(secs / 2);
                match change {
                    0 => {
                        filters.forget(framework);
                        plain.0.retain(|(f, ..)| *f != framework);
                    }
                    1 => {
                        filters.forget_agent(agent);
                        plain.0.retain(|(_, a, ..)| *a != agent);
                    }
                    2..4 => while filters.pop_ended(now).is_some() {},
                    _ => {
                        let until = Time::from_secs(secs / 2 + length);
                        filters.add(framework, agent, refused, until);
                        plain.0.push((framework, agent, refused, until));
                    }
                }
                for (f, a) in (0..FRAMEWORKS).flat_map(|f| (0..AGENTS).map(move |a| (f, a))) {
                    let (f, a) = (FrameworkId(f), AgentId(a));
                    let hidden = filters.hides(f, a, offered, now);
                    prop_assert_eq!(hidden, plain.hides(f, a, offered, now), "{} {} at {}", f, a, now);
                }
            }
        }
    }
}
