//! What applications of one queue take from each other (`FifoIntraQueuePreemptionPlugin`,
//! `IntraQueueCandidatesSelector`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::amounts::{Amounts, Calculator, less, not_negative, sum};
use super::between::{Queue, Round};
use super::victims::{App, Choice, Demand, containers_by_order};
use crate::rules::ratio::Ratio;

/// Settings of what is taken inside of queues, with the names of the manual.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithinConfig {
    /// Whether users are brought to their limits before priorities count (`userlimit_first`).
    pub user_limit_first: bool,
    /// The part of a queue's guarantee that is taken in a round at most.
    pub max_allowable_limit: Ratio,
    /// The part of its guarantee that a queue has to use before anything is taken.
    pub minimum_threshold: Ratio,
    /// Whether nothing is taken once one type of resource is used up.
    pub conservative: bool,
    /// What every application that is to give keeps under `userlimit_first`.
    pub min_allocation: Amounts,
    /// Whether the queue's applications are in fair order, not in that of their coming.
    pub fair: bool,
    /// The part of a queue that each of its users may have at least, in percent; 100 divides it among those there
    /// are.
    pub min_user_limit_percent: u32,
    /// Limits of users by queue that stand instead of the rule, where there are any.
    pub user_limits: BTreeMap<usize, Amounts>,
}

/// An application as a round sees it.
struct Asker {
    app: usize,
    user: u32,
    priority: i64,
    used: Amounts,
    masters: Amounts,
    pending: Amounts,
    chosen: Amounts,
    ideal: Amounts,
    from_others: Amounts,
    offer: Amounts,
    given: Amounts,
}

struct User {
    used: Amounts,
    masters: Amounts,
    ideal: Amounts,
    chosen: Amounts,
    /// What it may have, of which its masters have their part.
    limit: Amounts,
    /// Whether what it has above its limit was counted.
    counted: bool,
}

impl User {
    /// What it runs but for masters, and may.
    fn running(&self) -> (Amounts, Amounts) {
        (
            less(&self.used, &self.masters),
            less(&self.limit, &self.masters),
        )
    }
}

struct Within<'a> {
    by: Calculator,
    cluster: &'a [i64],
    config: &'a WithinConfig,
    users: BTreeMap<u32, User>,
    /// The first in order first.
    askers: Vec<Asker>,
}

/// Chooses containers inside of those queues that asked for more in `round`.
pub(super) fn select(
    queues: &[Queue],
    apps: &[App],
    cluster: &[i64],
    (by, config): (Calculator, &WithinConfig),
    round: &Round,
    choice: &mut Choice,
) {
    for queue in &round.under_served {
        let it = &queues[*queue];
        let leaf = queues.iter().all(|one| one.parent != Some(*queue));
        let filled = by.divide(cluster, &it.used, &it.guaranteed) + Ratio::quotient(1, 1_000_000);
        if !leaf || filled < config.minimum_threshold {
            continue;
        }
        let inside: Vec<usize> = (0..apps.len())
            .filter(|app| apps[*app].queue == *queue)
            .collect();
        if inside.len() < 2 {
            continue;
        }
        let mut within = Within::new((by, cluster, config), (*queue, it), apps, &inside, choice);
        within.divide(&it.used, &round.take[*queue]);
        within.offer(&it.guaranteed, &round.take[*queue], &choice.allowed);
        within.match_up();
        within.deduct(*queue, apps, choice);
        if !it.disabled {
            within.take(apps, choice);
        }
    }
}

fn masters_of(app: &App) -> Amounts {
    let masters = app.containers.iter().filter(|one| one.master);
    total(masters.map(|one| &one.size), app.pending.len())
}

fn total<'a>(all: impl Iterator<Item = &'a Amounts>, types: usize) -> Amounts {
    all.fold(vec![0; types], |a, b| sum(&a, b))
}

impl<'a> Within<'a> {
    fn new(
        (by, cluster, config): (Calculator, &'a [i64], &'a WithinConfig),
        (place, queue): (usize, &Queue),
        apps: &[App],
        inside: &[usize],
        choice: &Choice,
    ) -> Self {
        let none = vec![0; cluster.len()];
        let asker = |app: &usize| {
            let it = &apps[*app];
            let places = choice.chosen.range((*app, 0)..(*app + 1, 0));
            let chosen = places.map(|(_, one)| &it.containers[*one].size);
            Asker {
                app: *app,
                user: it.user,
                priority: it.priority,
                used: total(it.containers.iter().map(|one| &one.size), cluster.len()),
                masters: masters_of(it),
                pending: it.pending.clone(),
                chosen: total(chosen, cluster.len()),
                ideal: none.clone(),
                from_others: none.clone(),
                offer: none.clone(),
                given: none.clone(),
            }
        };
        let mut within = Self {
            by,
            cluster,
            config,
            users: BTreeMap::new(),
            askers: inside.iter().map(asker).collect(),
        };
        for one in &within.askers {
            let user = within.users.entry(one.user).or_insert_with(|| User {
                used: none.clone(),
                masters: none.clone(),
                ideal: none.clone(),
                chosen: none.clone(),
                limit: none.clone(),
                counted: false,
            });
            user.used = sum(&user.used, &one.used);
            user.masters = sum(&user.masters, &one.masters);
            user.chosen = sum(&user.chosen, &one.chosen);
        }
        let limit = within.limit(place, queue);
        for user in within.users.values_mut() {
            user.limit.clone_from(&limit);
        }
        let mut askers = std::mem::take(&mut within.askers);
        askers.sort_by(|a, b| within.order(a, b));
        within.askers = askers;
        within
    }

    /// What each user may have of a queue: an equal part, or the least part that is set, rounded up.
    fn limit(&self, place: usize, queue: &Queue) -> Amounts {
        if let Some(limit) = self.config.user_limits.get(&place) {
            return limit.clone();
        }
        let count = match self.config.min_user_limit_percent {
            0 | 100.. => i64::try_from(self.users.len()).unwrap_or(i64::MAX),
            percent => i64::from(100 / percent),
        };
        let part = |amount: &i64| amount.saturating_add(count - 1).div_euclid(count.max(1));
        queue.guaranteed.iter().map(part).collect()
    }

    /// Who is served first.
    fn order(&self, a: &Asker, b: &Asker) -> Ordering {
        let by_id = a.app.cmp(&b.app);
        if !(self.config.fair && self.config.user_limit_first) {
            return b.priority.cmp(&a.priority).then(by_id);
        }
        if a.user == b.user {
            return a.used[0].cmp(&b.used[0]).then(by_id);
        }
        let running = |one: &Asker| self.users[&one.user].running().0;
        self.by
            .compare(self.cluster, &running(a), &running(b))
            .then(by_id)
    }

    /// What each application should have of what the queue keeps, in order and up to the limit of its user.
    fn divide(&mut self, in_queue: &[i64], take: &[i64]) {
        let (by, cluster) = (self.by, self.cluster);
        let mut left = less(in_queue, take);
        for one in self.users.values() {
            left = less(&left, &one.masters);
        }
        for one in &mut self.askers {
            if !by.is_some(cluster, &left) || (self.config.conservative && by.lacks(&left)) {
                continue;
            }
            let Some(user) = self.users.get_mut(&one.user) else {
                continue;
            };
            let running = less(&less(&one.used, &one.masters), &one.chosen);
            let want = sum(&running, &one.pending);
            let room = less(&user.running().1, &user.ideal);
            if !by.is_some(cluster, &room) {
                continue;
            }
            one.ideal = by
                .min(cluster, &left, by.min(cluster, &want, &room))
                .to_owned();
            user.ideal = sum(&user.ideal, &one.ideal);
            if by.more(cluster, &one.ideal, &running) {
                one.from_others = less(&one.ideal, &running);
            }
            left = not_negative(&less(&left, &one.ideal));
        }
    }

    /// What each application can give, from the last in order, as far as a round goes.
    fn offer(&mut self, guaranteed: &[i64], take: &[i64], allowed: &[i64]) {
        let (by, cluster) = (self.by, self.cluster);
        let none = vec![0; cluster.len()];
        let most = by.down(guaranteed, self.config.max_allowable_limit);
        let most = if by.more(cluster, &most, take) {
            less(&most, take)
        } else {
            none.clone()
        };
        let mut limit = by.min(cluster, &most, allowed).to_owned();
        for one in self.askers.iter_mut().rev() {
            if !by.is_some(cluster, &limit) || !by.is_some(cluster, &one.used) {
                continue;
            }
            let mut can = less(&one.used, &one.ideal);
            can = not_negative(&less(&can, &one.chosen));
            can = not_negative(&less(&can, &one.masters));
            if self.config.user_limit_first {
                can = not_negative(&less(&can, &self.config.min_allocation));
            }
            let most = by.min(cluster, by.max(cluster, &can, &none), &limit);
            one.offer.clone_from_slice(most);
            limit = not_negative(&less(&limit, &one.offer));
        }
    }

    /// Who asks, the first in order first, is given by who can give, the last first.
    fn match_up(&mut self) {
        let (by, cluster) = (self.by, self.cluster);
        for asker in 0..self.askers.len() {
            for payer in (0..self.askers.len()).rev() {
                let (high, low) = (&self.askers[asker], &self.askers[payer]);
                let same_user = high.user == low.user;
                let spent = !by.more(cluster, &low.offer, &low.given);
                if spent
                    || !by.is_some(cluster, &high.from_others)
                    || (same_user && low.priority >= high.priority)
                {
                    continue;
                }
                let mut give = less(&low.offer, &low.given);
                let Some(user) = self.users.get_mut(&low.user) else {
                    continue;
                };
                let (running, may) = user.running();
                let above = by.more(cluster, &running, &may);
                if !same_user && self.config.user_limit_first && !above {
                    continue;
                }
                if !same_user && high.priority == low.priority && above {
                    let over = if user.counted {
                        vec![0; give.len()]
                    } else {
                        less(&less(&running, &user.chosen), &may)
                    };
                    if by.more(cluster, &give, &over) {
                        user.counted = true;
                        give = over;
                    }
                }
                let moved = by.min(cluster, &high.from_others, &give).to_owned();
                let low = &mut self.askers[payer];
                low.given = sum(&low.given, &moved);
                let high = &mut self.askers[asker];
                high.from_others = less(&high.from_others, &moved);
            }
        }
    }

    /// What was chosen in this queue before counts: each such container lessens what every application is to give
    /// by its size, as long as more is to be given: of each, whosever the container is, as in the original
    /// (`CapacitySchedulerPreemptionUtils.deductPreemptableResourcePerApp`).
    fn deduct(&mut self, queue: usize, apps: &[App], choice: &Choice) {
        for (app, container) in choice
            .chosen
            .iter()
            .filter(|(app, _)| apps[*app].queue == queue)
        {
            let size = &apps[*app].containers[*container].size;
            for one in &mut self.askers {
                if self.by.more(self.cluster, &one.given, size) {
                    one.given = less(&one.given, size);
                }
            }
        }
    }

    /// Takes containers for the sum of what was given, from the last in order.
    fn take(&mut self, apps: &[App], choice: &mut Choice) {
        let (by, cluster) = (self.by, self.cluster);
        let mut demand = Demand {
            by,
            cluster,
            left: total(self.askers.iter().map(|one| &one.given), cluster.len()),
            conservative: self.config.conservative,
        };
        for one in self.askers.iter().rev() {
            if one.given.iter().all(|one| *one == 0) {
                continue;
            }
            let Some(user) = self.users.get_mut(&one.user) else {
                continue;
            };
            for place in containers_by_order(&apps[one.app]) {
                let container = &apps[one.app].containers[place];
                if demand.is_met() {
                    return;
                }
                let place = (one.app, place);
                if container.master || container.reserved || choice.chosen.contains(&place) {
                    continue;
                }
                let after = less(&user.used, &container.size);
                if self.config.user_limit_first && !by.more(cluster, &after, &user.limit) {
                    break;
                }
                if demand.take(place, apps, choice) && self.config.user_limit_first {
                    user.used = after;
                }
            }
        }
    }
}
