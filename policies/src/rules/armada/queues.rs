//! What each queue would start next, and which queue is served (`queued_gang_iterator.go`,
//! `CandidateGangIterator`).

use std::collections::{BTreeMap, VecDeque};

use super::Gang;
use super::order::Item;
use super::pass::{Now, State};

/// What of each queue comes next.
pub(super) struct Candidates {
    /// In the order of the queue.
    waiting: Vec<VecDeque<usize>>,
    heads: Vec<Option<Vec<usize>>>,
    closed: Vec<bool>,
    seen: Vec<usize>,
    partial: Vec<BTreeMap<String, Vec<usize>>>,
    /// How many of each gang run, or ran.
    live: BTreeMap<(usize, String), usize>,
}

impl Candidates {
    pub(super) fn of(now: &Now<'_>, candidates: &[usize]) -> Self {
        let count = now.pool.queues.len();
        let mut waiting = vec![Vec::new(); count];
        let mut live: BTreeMap<(usize, String), usize> = BTreeMap::new();
        for id in candidates {
            let job = &now.pool.jobs[*id];
            let Some(queue) = job.queue else { continue };
            waiting[queue].push(*id);
            if let (Some(gang), State::Evicted(_)) = (&job.gang, now.states[*id]) {
                *live.entry((queue, gang.id.clone())).or_default() += 1;
            }
        }
        for queue in &mut waiting {
            queue.sort_by_key(|id| {
                let job = &now.pool.jobs[*id];
                let since = job.run.map_or(u64::MAX, |run| run.since);
                let class = now.pool.classes[job.shape.class].priority;
                (job.run.is_none(), -class, job.priority, since, *id)
            });
        }
        Self {
            waiting: waiting.into_iter().map(Into::into).collect(),
            heads: vec![None; count],
            closed: vec![false; count],
            seen: vec![0; count],
            partial: vec![BTreeMap::new(); count],
            live,
        }
    }

    /// From here on only evicted jobs of the queue come back.
    pub(super) fn close(&mut self, queue: usize) {
        self.closed[queue] = true;
        self.heads[queue] = None;
    }

    pub(super) fn close_all(&mut self) {
        for queue in 0..self.closed.len() {
            self.close(queue);
        }
    }

    pub(super) fn took(&mut self, queue: usize) {
        self.heads[queue] = None;
    }

    /// The queue that is served next, and with what.
    pub(super) fn next(&mut self, now: &Now<'_>, by_placed: bool) -> Option<(usize, Vec<usize>)> {
        let mut best: Option<(Item, usize)> = None;
        for queue in 0..self.heads.len() {
            self.fill(now, queue);
            let Some(gang) = &self.heads[queue] else {
                continue;
            };
            let item = now.item(queue, gang, by_placed);
            let first = best
                .as_ref()
                .is_none_or(|(other, _)| now.pool.rules.compare(&item, other).is_lt());
            if first {
                best = Some((item, queue));
            }
        }
        let (_, queue) = best?;
        Some((queue, self.heads[queue].clone()?))
    }

    fn fill(&mut self, now: &Now<'_>, queue: usize) {
        // Whoever was displaced since does not come up.
        let gone = |id: &usize| matches!(now.states[*id], State::Gone | State::Runs(_));
        if self.heads[queue]
            .as_ref()
            .is_some_and(|gang| gang.iter().any(gone))
        {
            self.heads[queue] = None;
        }
        while self.heads[queue].is_none() {
            let Some(id) = self.waiting[queue].pop_front() else {
                return;
            };
            if gone(&id) {
                continue;
            }
            let evicted = matches!(now.states[id], State::Evicted(_));
            if !evicted {
                self.seen[queue] += 1;
                let far = now
                    .pool
                    .limits
                    .look_back
                    .is_some_and(|most| self.seen[queue] > most);
                if far || self.closed[queue] {
                    continue;
                }
            }
            self.heads[queue] = match &now.pool.jobs[id].gang {
                Some(Gang {
                    id: gang,
                    cardinality,
                    ..
                }) => {
                    let live = self.live.get(&(queue, gang.clone())).copied();
                    let needed = live.unwrap_or(*cardinality);
                    let members = self.partial[queue].entry(gang.clone()).or_default();
                    members.push(id);
                    (members.len() >= needed).then(|| std::mem::take(members))
                }
                None => Some(vec![id]),
            };
        }
    }
}
