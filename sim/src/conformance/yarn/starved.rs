//! Cases of the fair scheduler's preemption: one application fills the cluster, another comes and asks.

use std::collections::BTreeMap;

use fairground_policies::rules::yarn::amounts::{Amounts, Calculator};
use fairground_policies::rules::yarn::fair::{Schedulable, shares};
use fairground_policies::rules::yarn::starved::{Node, Payer, Running, starvation, victims, whole};
use serde::Deserialize;

use crate::conformance::{Case, Unreadable, Verdict};

#[derive(Deserialize)]
struct Setup {
    nodes: Vec<Size>,
    victim_app: Work,
    asker_app: Work,
    queues: BTreeMap<String, QueueCase>,
    min_share_of_children_when_mode_is_min_share: Amounts,
}

#[derive(Deserialize)]
struct Size {
    memory: i64,
    vcores: i64,
}

#[derive(Deserialize)]
struct Work {
    containers: i64,
    size: Amounts,
}

#[derive(Deserialize, Default)]
struct QueueCase {
    #[serde(default)]
    children: Vec<String>,
    allow_preemption_from: Option<bool>,
}

#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
struct Outcome {
    victim_left: i64,
    asker_gets: Option<i64>,
    asker_nodes: Option<usize>,
    then: Option<Then>,
}

#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
struct Then {
    asker_queue: String,
    victim_left: i64,
    asker_gets: i64,
}

/// An application, by the path of its queue.
struct App {
    queue: String,
    usage: Amounts,
    demand: Amounts,
}

struct Cluster<'a> {
    setup: &'a Setup,
    /// Whether queues are starved of their minimum, and not of their fair share.
    by_min: bool,
    nodes: Vec<Node>,
    total: Amounts,
    apps: Vec<App>,
}

impl<'a> Cluster<'a> {
    fn new(setup: &'a Setup, by_min: bool, masters: usize, victim_queue: &str) -> Self {
        let size = &setup.victim_app.size;
        let mut left = setup.victim_app.containers;
        let node = |of: &Size| {
            let mut node = Node {
                free: vec![of.memory, of.vcores],
                containers: Vec::new(),
            };
            while left > 0 && node.free.iter().zip(size).all(|(free, size)| free >= size) {
                let master = node.containers.len() < masters;
                node.free
                    .iter_mut()
                    .zip(size)
                    .for_each(|(free, size)| *free -= size);
                node.containers.push(Running {
                    payer: 0,
                    size: size.clone(),
                    master,
                });
                left -= 1;
            }
            node
        };
        let nodes: Vec<Node> = setup.nodes.iter().map(node).collect();
        let started = setup.victim_app.containers - left;
        let usage: Amounts = size.iter().map(|one| one * started).collect();
        let victim = App {
            queue: victim_queue.to_owned(),
            demand: usage.clone(),
            usage,
        };
        let total = |of: fn(&Size) -> i64| setup.nodes.iter().map(of).sum();
        Self {
            setup,
            by_min,
            nodes,
            total: vec![total(|one| one.memory), total(|one| one.vcores)],
            apps: vec![victim],
        }
    }

    /// The least share of a queue: children have one in the mode of minima.
    fn min(&self, queue: &str) -> Amounts {
        if self.by_min && queue.contains('.') {
            return self
                .setup
                .min_share_of_children_when_mode_is_min_share
                .clone();
        }
        vec![0; self.total.len()]
    }

    fn is_active(&self, queue: &str) -> bool {
        let within = |app: &App| app.queue == queue || app.queue.starts_with(&format!("{queue}."));
        self.apps.iter().any(within)
    }

    /// `amounts` divided among queues of one parent.
    fn divided(&self, amounts: &[i64], queues: &[String]) -> BTreeMap<String, Amounts> {
        let by_kind = amounts.iter().enumerate().map(|(kind, total)| {
            let line = |queue: &String| Schedulable {
                min: self.min(queue)[kind],
                max: i64::from(i32::MAX),
                weight: 1000,
                active: self.is_active(queue),
            };
            shares(*total, &queues.iter().map(line).collect::<Vec<_>>())
        });
        let by_kind: Vec<Amounts> = by_kind.collect();
        let of = |(at, queue): (usize, &String)| {
            (queue.clone(), by_kind.iter().map(|all| all[at]).collect())
        };
        queues.iter().enumerate().map(of).collect()
    }

    /// The fair share of every application.
    fn shares(&self) -> Vec<Amounts> {
        let tops: Vec<String> = self.setup.queues.keys().cloned().collect();
        let mut all = self.divided(&self.total, &tops);
        for (top, queue) in &self.setup.queues {
            let children: Vec<String> = queue
                .children
                .iter()
                .map(|child| format!("{top}.{child}"))
                .collect();
            let amounts = all[top].clone();
            all.extend(self.divided(&amounts, &children));
        }
        let share = |app: &App| {
            let beside = self
                .apps
                .iter()
                .filter(|other| other.queue == app.queue)
                .count();
            let lines = vec![
                Schedulable {
                    min: 0,
                    max: i64::from(i32::MAX),
                    weight: 1000,
                    active: true
                };
                beside
            ];
            let of_queue = &all[&app.queue];
            of_queue
                .iter()
                .map(|total| shares(*total, &lines)[0])
                .collect()
        };
        self.apps.iter().map(share).collect()
    }

    /// Somebody asks in `queue`: how many containers it gets, and on how many nodes.
    fn ask(&mut self, queue: &str) -> (i64, usize) {
        let size = &self.setup.asker_app.size;
        let demand: Amounts = size
            .iter()
            .map(|one| one * self.setup.asker_app.containers)
            .collect();
        let nothing = vec![0; self.total.len()];
        self.apps.push(App {
            queue: queue.to_owned(),
            usage: nothing.clone(),
            demand: demand.clone(),
        });
        let asker = self.apps.len() - 1;
        let fair = self.shares();
        let of_queue = |of: fn(&App) -> &Amounts| {
            let inside = self.apps.iter().filter(|app| app.queue == queue).map(of);
            inside.fold(nothing.clone(), |a, b| {
                a.iter().zip(b).map(|(a, b)| a + b).collect()
            })
        };
        let lacks = if self.by_min {
            starvation(
                &of_queue(|app| &app.usage),
                &self.min(queue),
                &of_queue(|app| &app.demand),
            )
        } else {
            starvation(&nothing, &fair[asker], &demand)
        };
        // The cases are about memory.
        let due = whole(&lacks[..1], &size[..1]).min(self.setup.asker_app.containers);
        let mut places = Vec::new();
        for _ in 0..due {
            let payers: Vec<Payer> = self
                .apps
                .iter()
                .zip(&fair)
                .map(|(app, share)| self.payer(app, share))
                .collect();
            let found = victims(Calculator::Memory, &self.total, size, &self.nodes, &payers);
            let Some((at, gone)) = found else { break };
            let node = &mut self.nodes[at];
            for place in &gone {
                let gone = &node.containers[*place];
                for (kind, amount) in gone.size.iter().enumerate() {
                    node.free[kind] += amount;
                    self.apps[gone.payer].usage[kind] -= amount;
                }
            }
            let mut place = 0;
            node.containers.retain(|_| {
                place += 1;
                !gone.contains(&(place - 1))
            });
            for (kind, amount) in size.iter().enumerate() {
                node.free[kind] -= amount;
                self.apps[asker].usage[kind] += amount;
            }
            node.containers.push(Running {
                payer: asker,
                size: size.clone(),
                master: false,
            });
            places.push(at);
        }
        let got = i64::try_from(places.len()).unwrap_or(i64::MAX);
        places.sort_unstable();
        places.dedup();
        (got, places.len())
    }

    fn payer(&self, app: &App, share: &[i64]) -> Payer {
        let top = app.queue.split('.').next().unwrap_or_default();
        let queue = self.setup.queues.get(top);
        Payer {
            usage: app.usage.clone(),
            share: share.to_owned(),
            preemptable: queue.is_none_or(|queue| queue.allow_preemption_from != Some(false)),
        }
    }

    fn victim_left(&self) -> i64 {
        whole(&self.apps[0].usage, &self.setup.victim_app.size)
    }
}

pub(super) fn taken(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let setup: Setup = case.read("setup")?;
    let two = |size: &Amounts| size.len() == 2 && size.iter().all(|one| *one > 0);
    if !two(&setup.victim_app.size) || !two(&setup.asker_app.size) {
        return Err(Unreadable(
            "expected containers of some memory and some cores".to_owned(),
        ));
    }
    let (victim, asker): (String, String) = (case.read("victim_queue")?, case.read("asker_queue")?);
    let leaves = setup.queues.iter().flat_map(|(top, queue)| {
        let below = queue
            .children
            .iter()
            .map(move |child| format!("{top}.{child}"));
        below.chain(queue.children.is_empty().then(|| top.clone()))
    });
    let leaves: Vec<String> = leaves.collect();
    let masters = case.maybe("am_containers_per_node")?.unwrap_or(0);
    let mut verdict = Verdict::AGREES;
    for (mode, expected) in case.read::<BTreeMap<String, Outcome>>("expect")? {
        let then = expected.then.as_ref().map(|then| &then.asker_queue);
        if let Some(unknown) = [&victim, &asker]
            .into_iter()
            .chain(then)
            .find(|one| !leaves.contains(one))
        {
            return Err(Unreadable(format!(
                "expected a leaf queue, found `{unknown}`"
            )));
        }
        let mut cluster = Cluster::new(&setup, mode == "min_share", masters, &victim);
        let (got, on) = cluster.ask(&asker);
        let left = cluster.victim_left();
        let then = expected.then.as_ref().map(|then| {
            let (asker_gets, _) = cluster.ask(&then.asker_queue);
            Then {
                asker_queue: then.asker_queue.clone(),
                victim_left: cluster.victim_left(),
                asker_gets,
            }
        });
        let found = Outcome {
            victim_left: left,
            asker_gets: expected.asker_gets.map(|_| got),
            asker_nodes: expected.asker_nodes.map(|_| on),
            then,
        };
        verdict = verdict.and(|| Ok(Verdict::equal(&(&mode, &expected), &(&mode, &found))))?;
    }
    Ok(verdict)
}
