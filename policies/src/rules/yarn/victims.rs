//! Which containers the capacity scheduler takes (`FifoCandidatesSelector`,
//! `CapacitySchedulerPreemptionUtils`), round after round (`ProportionalCapacityPreemptionPolicy`).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::amounts::{Amounts, Calculator, each_max, less, not_negative, sum};
use super::between::{Config, Queue, round};
use super::within::{self, WithinConfig};
use crate::rules::ratio::Ratio;

/// An application, one of a list by the time it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct App {
    /// The leaf it is in, by its place in the list of queues.
    pub queue: usize,
    /// The larger, the more important.
    pub priority: i64,
    /// Whose it is.
    pub user: u32,
    /// What it waits for.
    pub pending: Amounts,
    /// What runs, and what is reserved for it, by id.
    pub containers: Vec<Container>,
}

/// A container of an application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Container {
    /// How large.
    pub size: Amounts,
    /// The smaller, the more important.
    pub priority: i64,
    /// Whether it is the application's master.
    pub master: bool,
    /// Whether it does not run yet.
    pub reserved: bool,
}

/// A container by its application's place and its own.
pub type Place = (usize, usize);

/// What is chosen in a round, and what may still be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// Those chosen.
    pub chosen: BTreeSet<Place>,
    /// What of the cluster may still be taken in this round.
    pub allowed: Amounts,
}

/// How a round chooses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// How much, from which queue.
    pub config: Config,
    /// Whether queues are brought level above their guarantees, too.
    pub balance: bool,
    /// Whether nothing is taken of an application whose queue is to give only some types of resource
    /// (`cross_queue_conservative_drf`).
    pub conservative: bool,
    /// The part of a queue's guarantee that masters may have and that they are spared below.
    pub max_am_percent: Ratio,
    /// Whether and how applications of one queue take from each other.
    pub within: Option<WithinConfig>,
}

/// One whole round: between queues, beyond guarantees where that is asked for, then inside of queues.
pub fn choose(queues: &[Queue], apps: &[App], cluster: &[i64], rules: &Rules) -> Choice {
    let by = rules.config.calculator;
    let mut choice = Choice {
        chosen: BTreeSet::new(),
        allowed: by.down(cluster, rules.config.total_preemption_per_round),
    };
    let first = round(queues, cluster, rules.config, false);
    select(queues, apps, cluster, rules, &first.take, &mut choice);
    let mut last = first;
    if rules.balance {
        let asked = std::mem::take(&mut last.under_served);
        last = round(queues, cluster, rules.config, true);
        select(queues, apps, cluster, rules, &last.take, &mut choice);
        last.under_served = merged(asked, &last.under_served);
    }
    if let Some(config) = &rules.within {
        within::select(queues, apps, cluster, (by, config), &last, &mut choice);
    }
    choice
}

/// The second after the first, without what is in the first.
fn merged(mut first: Vec<usize>, second: &[usize]) -> Vec<usize> {
    for one in second {
        if !first.contains(one) {
            first.push(*one);
        }
    }
    first
}

/// The order in which containers of an application are chosen: the least important first, then the youngest.
pub fn containers_by_order(app: &App) -> Vec<usize> {
    let mut order: Vec<usize> = (0..app.containers.len()).collect();
    order.sort_by_key(|one| Reverse((app.containers[*one].priority, *one)));
    order
}

/// Applications of `queue`, the least important first, then the youngest.
pub(super) fn apps_by_order(apps: &[App], queue: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..apps.len())
        .filter(|app| apps[*app].queue == queue)
        .collect();
    order.sort_by_key(|app| (apps[*app].priority, Reverse(*app)));
    order
}

fn select(
    queues: &[Queue],
    apps: &[App],
    cluster: &[i64],
    rules: &Rules,
    take: &[Amounts],
    choice: &mut Choice,
) {
    let by = rules.config.calculator;
    for (queue, take) in take.iter().enumerate() {
        if queues[queue].disabled {
            continue;
        }
        let mut demand = Demand {
            by,
            cluster,
            left: take.clone(),
            conservative: rules.conservative,
        };
        // What an earlier selector chose is not taken again.
        for (app, container) in &choice.chosen {
            let size = &apps[*app].containers[*container].size;
            if apps[*app].queue == queue && by.more(cluster, &demand.left, size) {
                demand.left = less(&demand.left, size);
            }
        }
        let mut masters = Vec::new();
        for app in apps_by_order(apps, queue) {
            let containers = &apps[app].containers;
            let (reserved, running): (Vec<usize>, Vec<usize>) = containers_by_order(&apps[app])
                .into_iter()
                .partition(|one| containers[*one].reserved);
            for one in reserved.into_iter().chain(running) {
                if demand.is_met() {
                    break;
                }
                if containers[one].master {
                    masters.push((app, one));
                } else {
                    demand.take((app, one), apps, choice);
                }
            }
        }
        let spared = by.down(&queues[queue].guaranteed, rules.max_am_percent);
        let size = |(app, container): &Place| apps[*app].containers[*container].size.clone();
        let none = vec![0; cluster.len()];
        let mut all = masters.iter().map(size).fold(none, |a, b| sum(&a, &b));
        for place in masters {
            if demand.is_met() || !by.more(cluster, &all, &spared) {
                break;
            }
            if demand.take(place, apps, choice) {
                all = less(&all, &size(&place));
            }
        }
    }
}

/// What is still to be taken from a queue.
pub(super) struct Demand<'a> {
    pub(super) by: Calculator,
    pub(super) cluster: &'a [i64],
    pub(super) left: Amounts,
    pub(super) conservative: bool,
}

impl Demand<'_> {
    pub(super) fn is_met(&self) -> bool {
        !self.by.is_some(self.cluster, &self.left)
    }

    /// Takes a container if it helps; whether it did.
    pub(super) fn take(&mut self, place: Place, apps: &[App], choice: &mut Choice) -> bool {
        let (app, container) = place;
        let size = &apps[app].containers[container].size;
        if choice.chosen.contains(&place) {
            return false;
        }
        // A type of which nothing is wanted does not count as met exactly.
        for one in self.left.iter_mut().filter(|one| **one == 0) {
            *one = -1;
        }
        if !self.by.any(&self.left) || !self.by.fits(size, &choice.allowed) {
            return false;
        }
        let none = vec![0; size.len()];
        let after = each_max(&less(&self.left, size), &none);
        let helps = if self.conservative {
            !self.by.lacks(&self.left)
        } else {
            self.by
                .compare(self.cluster, &after, &not_negative(&self.left))
                .is_lt()
        };
        if helps {
            self.left = less(&self.left, size);
            choice.allowed = less(&choice.allowed, size);
            choice.chosen.insert(place);
        }
        helps
    }
}

/// Containers that were asked to go, and when they are killed if they do not.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Requests(Vec<(Place, u64)>);

/// What is told of a container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// It is asked to go.
    Asked(Place),
    /// It is killed.
    Killed(Place),
}

impl Requests {
    /// What a round that chose `chosen` at `now` milliseconds tells: who is chosen first is asked, once `wait` milliseconds
    /// have passed since then it is killed, and who was asked twice as long ago is forgotten.
    pub fn tell(&mut self, chosen: &BTreeSet<Place>, now: u64, wait: u64) -> Vec<Told> {
        let mut told = Vec::new();
        for place in chosen {
            match self.0.iter().find(|(one, _)| one == place) {
                None => {
                    self.0.push((*place, now));
                    told.push(Told::Asked(*place));
                }
                Some((_, at)) if at.saturating_add(wait) <= now => told.push(Told::Killed(*place)),
                Some(_) => {}
            }
        }
        let killed = |place: &Place| told.contains(&Told::Killed(*place));
        self.0.retain(|(place, at)| {
            !killed(place) && at.saturating_add(wait.saturating_mul(2)) >= now
        });
        told
    }
}
