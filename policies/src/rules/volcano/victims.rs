//! Who may be made to go for a task: what plugins say, by tier (`framework/session_plugins.go`, `Reclaimable`,
//! `Preemptable`).

use std::collections::BTreeMap;

use super::session::Session;
use super::{Amounts, Plugin, Point, drf, proportion};

impl Session<'_> {
    /// Of some candidates those that all plugins of the first tier that names any agree on.
    pub(super) fn victims(&self, point: Point, task: usize, candidates: &[usize]) -> Vec<usize> {
        for tier in &self.snapshot.tiers {
            let mut found: Option<Vec<usize>> = None;
            for plugin in tier.iter().filter(|one| one.on.contains(&point)) {
                let Some(named) = self.named(plugin.plugin, point, task, candidates) else {
                    continue;
                };
                let agreed = match found {
                    None => named,
                    Some(all) => all.into_iter().filter(|id| named.contains(id)).collect(),
                };
                let none = agreed.is_empty();
                found = Some(agreed);
                if none {
                    break;
                }
            }
            if let Some(found) = found.filter(|all| !all.is_empty()) {
                return found;
            }
        }
        Vec::new()
    }

    /// Whom a plugin would have go; `None` where it has nothing to say.
    fn named(
        &self,
        plugin: Plugin,
        point: Point,
        task: usize,
        candidates: &[usize],
    ) -> Option<Vec<usize>> {
        let tasks = &self.snapshot.tasks;
        let own = tasks[task].job;
        let queue = self.snapshot.jobs[own].queue;
        let with_queue = |order: &[usize]| -> Vec<(usize, Amounts)> {
            let of = |id: &usize| {
                (
                    self.snapshot.jobs[tasks[*id].job].queue,
                    tasks[*id].request.clone(),
                )
            };
            order.iter().map(of).collect()
        };
        let pick =
            |order: &[usize], places: Vec<usize>| places.into_iter().map(|i| order[i]).collect();
        match (plugin, point) {
            (Plugin::Conformance, _) => Some(
                candidates
                    .iter()
                    .copied()
                    .filter(|id| !tasks[*id].critical)
                    .collect(),
            ),
            (Plugin::Gang, _) => Some(self.spared_by_gangs(candidates)),
            (Plugin::Priority, _) => {
                let lower = |id: &usize| {
                    let other = tasks[*id].job;
                    if other == own {
                        tasks[*id].priority < tasks[task].priority
                    } else {
                        self.snapshot.jobs[other].priority < self.snapshot.jobs[own].priority
                    }
                };
                Some(candidates.iter().copied().filter(lower).collect())
            }
            (Plugin::Drf, Point::Preemptable) => Some(self.above_share(task, candidates)),
            (Plugin::Proportion, Point::Reclaimable) => {
                let places =
                    proportion::victims(&with_queue(candidates), &self.held(), &self.deserved);
                Some(pick(candidates, places))
            }
            (Plugin::Capacity, Point::Reclaimable) => {
                let mut order = candidates.to_vec();
                order.sort_by(|one, two| self.compare_victims(queue, *one, *two));
                let request = &tasks[task].request;
                let places = self.stated(|held| held.victims(queue, request, &with_queue(&order)));
                Some(pick(&order, places))
            }
            _ => None,
        }
    }

    /// Of each job as many as it does not need.
    fn spared_by_gangs(&self, candidates: &[usize]) -> Vec<usize> {
        let mut left: BTreeMap<usize, usize> = BTreeMap::new();
        let spare = |id: &usize| {
            let job = self.snapshot.tasks[*id].job;
            let ready = left.entry(job).or_insert_with(|| self.ready_count(job));
            let may_go = *ready > self.snapshot.jobs[job].min_member;
            *ready -= usize::from(may_go);
            may_go
        };
        candidates.iter().copied().filter(spare).collect()
    }

    /// Those whose jobs keep at least the share that the task's job then has.
    fn above_share(&self, task: usize, candidates: &[usize]) -> Vec<usize> {
        let one = &self.snapshot.tasks[task];
        let with = self.state.held[one.job]
            .plus(&one.request)
            .dominant(&self.total);
        let of = |id: &usize| {
            let other = &self.snapshot.tasks[*id];
            (other.job, other.request.clone())
        };
        let all: Vec<(usize, Amounts)> = candidates.iter().map(of).collect();
        let places = drf::victims(with, &all, &self.state.held, &self.total);
        places.into_iter().map(|place| candidates[place]).collect()
    }
}
