//! KAI's scenarios: rounds of the whole scheduler until all is as it should be, and stays so.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::rules::kai::cluster::{Cluster, Job, Node, Place, State, Task};
use fairground_policies::rules::kai::cycle::Round;
use fairground_policies::rules::kai::division::Weighted;
use fairground_policies::rules::kai::{NOTHING, Queue};
use fairground_policies::rules::ratio::Ratio;
use serde::Deserialize;
use serde_json::Number;

use super::ratio;
use crate::conformance::{Case, Unreadable, Verdict};

/// Why cases are decided otherwise, as far as it is known: by the rules that all others are decided by.
const KNOWN: [(&str, &str); 2] = [
    (
        "kai-scenario-059",
        "reclaim: queue1 holds 1 of its fair 2 GPUs and takes one from queue0, which holds 3 of 2, for its second job, as \
         the first is too large; the original takes nothing, and by which of its rules is not known",
    ),
    (
        "kai-scenario-061",
        "reclaim: in a later round queue0, whose job went though it was within its fair 2 GPUs, takes one back from queue2, \
         which holds 2 of its fair 1; the original leaves it, and by which of its rules is not known",
    ),
];

/// Numbers by member, most of which may be missing.
type Members = BTreeMap<String, Number>;

#[derive(Deserialize)]
struct NodeText {
    gpus: usize,
    cpu_milli: Number,
    memory: Number,
    #[serde(default)]
    max_tasks: Option<usize>,
}

#[derive(Deserialize)]
struct QueueText {
    name: String,
    #[serde(default)]
    parent: Option<String>,
    #[serde(flatten)]
    members: Members,
}

#[derive(Deserialize)]
struct JobText {
    name: String,
    queue: String,
    priority: i64,
    preemptible: bool,
    #[serde(default)]
    gpus_per_task: Option<Number>,
    cpu_milli_per_task: Number,
    memory_per_task: Number,
    min_available: usize,
    #[serde(default)]
    delete_in_test: bool,
    tasks: Vec<TaskText>,
}

#[derive(Deserialize)]
struct TaskText {
    state: String,
    #[serde(default)]
    node: Option<String>,
    #[serde(default)]
    gpu_groups: Vec<String>,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    node_affinity: Vec<String>,
}

#[derive(Deserialize)]
struct Expected {
    status: String,
    #[serde(default)]
    node: Option<String>,
}

/// A case as the rules see it.
struct World {
    node_names: Vec<String>,
    nodes: Vec<Node>,
    queues: Vec<Queue>,
    weighted: Vec<Weighted>,
    jobs: Vec<Job>,
    names: Vec<String>,
    tasks: Vec<Task>,
    /// Jobs whose tasks vanish as soon as they are gone.
    deleted: BTreeSet<usize>,
}

fn wrong(what: &str, found: &str) -> Unreadable {
    Unreadable(format!("expected {what}, found {found}"))
}

fn add_queue(
    world: &mut World,
    one: &QueueText,
    parent: Option<usize>,
    inner: bool,
) -> Result<(), Unreadable> {
    let number =
        |member: String, missing: Ratio| one.members.get(&member).map_or(Ok(missing), ratio);
    let endless = -Ratio::ONE;
    let bounds = |kind: &str| {
        let of = |resource: &str, missing| {
            let bound = number(format!("{resource}_{kind}"), missing)?;
            Ok(Some(bound).filter(|bound| *bound != endless))
        };
        Ok([
            of("cpu_milli", endless)?,
            of("memory", endless)?,
            of("gpu", endless)?,
        ])
    };
    let gpu = if inner { "gpu_quota" } else { "gpu_weight" };
    world.weighted.push(Weighted {
        name: one.name.clone(),
        weight: [
            number("cpu_milli_weight".to_owned(), Ratio::ONE)?,
            number("memory_weight".to_owned(), Ratio::ONE)?,
            number(gpu.to_owned(), Ratio::ZERO)?.max(Ratio::ZERO),
        ],
        usage: NOTHING,
        wanted: NOTHING,
    });
    let priority = number("priority".to_owned(), Ratio::whole(100))?;
    world.queues.push(Queue {
        parent,
        priority: i64::try_from(priority.floor()).unwrap_or(i64::MAX),
        created: i64::try_from(world.queues.len()).unwrap_or(i64::MAX),
        quota: bounds("quota")?,
        limit: bounds("limit")?,
        ..Queue::default()
    });
    Ok(())
}

impl World {
    fn of(case: &Case<'_>) -> Result<Self, Unreadable> {
        let mut world = Self {
            node_names: Vec::new(),
            nodes: Vec::new(),
            queues: Vec::new(),
            weighted: Vec::new(),
            jobs: Vec::new(),
            names: Vec::new(),
            tasks: Vec::new(),
            deleted: BTreeSet::new(),
        };
        for (name, one) in case.read::<BTreeMap<String, NodeText>>("input.nodes")? {
            world.node_names.push(name);
            world.nodes.push(Node {
                gpus: one.gpus,
                cpu: ratio(&one.cpu_milli)?,
                memory: ratio(&one.memory)?,
                tasks: one.max_tasks,
            });
        }
        let mut departments: Vec<QueueText> = case.read("input.departments")?;
        let queues: Vec<QueueText> = case.read("input.queues")?;
        let none: Option<bool> = case.maybe("input.disable_default_department")?;
        if departments.is_empty() && none != Some(true) {
            departments.push(QueueText {
                name: "default".to_owned(),
                parent: None,
                members: Members::new(),
            });
        }
        for one in &departments {
            add_queue(&mut world, one, None, true)?;
        }
        let inner = departments.len();
        let place = |name: &String| queues.iter().position(|one| one.name == *name);
        let above = |name: &String| departments.iter().position(|one| one.name == *name);
        for one in &queues {
            let parent = match &one.parent {
                Some(name) => place(name).map(|id| id + inner).or_else(|| above(name)),
                None if none == Some(true) => None,
                None => Some(0).filter(|_| inner > 0),
            };
            add_queue(&mut world, one, parent, false)?;
        }
        for one in case.read::<Vec<JobText>>("input.jobs")? {
            let queue = place(&one.queue).ok_or_else(|| wrong("a queue", &one.queue))?;
            world.add_job(&one, queue + inner)?;
        }
        Ok(world)
    }

    fn add_job(&mut self, one: &JobText, queue: usize) -> Result<(), Unreadable> {
        let job = self.jobs.len();
        let gpus = one.gpus_per_task.as_ref().map_or(Ok(Ratio::ZERO), ratio)?;
        self.jobs.push(Job {
            queue,
            priority: one.priority,
            fixed: !one.preemptible,
            min_available: one.min_available,
            ask: [
                ratio(&one.cpu_milli_per_task)?,
                ratio(&one.memory_per_task)?,
                gpus,
            ],
        });
        self.names.push(one.name.clone());
        if one.delete_in_test {
            self.deleted.insert(job);
        }
        let node = |name: &String| {
            let found = self.node_names.iter().position(|one| one == name);
            found.ok_or_else(|| wrong("a node", name))
        };
        let mut tasks = Vec::new();
        for task in &one.tasks {
            let state = match (task.state.as_str(), &task.node) {
                ("pending", _) => State::Pending,
                ("running" | "binding" | "releasing", Some(name)) => {
                    let groups = task.gpu_groups.iter().map(|group| group.parse());
                    let place = Place {
                        node: node(name)?,
                        gpus: groups
                            .collect::<Result<_, _>>()
                            .map_err(|_| wrong("a GPU's number", "a name"))?,
                    };
                    if task.state == "releasing" {
                        State::Releasing(place)
                    } else {
                        State::Running(place)
                    }
                }
                (other, _) => return Err(wrong("a state of a task with its node", other)),
            };
            tasks.push(Task {
                job,
                priority: task.priority,
                state,
                only: task
                    .node_affinity
                    .iter()
                    .map(node)
                    .collect::<Result<_, _>>()?,
            });
        }
        self.tasks.extend(tasks);
        Ok(())
    }

    /// Whole GPUs of tasks that run, and of parts whose GPU is not said, are those that nobody named.
    fn give_gpus(&mut self) {
        let mut taken: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.nodes.len()];
        for task in &self.tasks {
            if let State::Running(place) | State::Releasing(place) = &task.state {
                taken[place.node].extend(&place.gpus);
            }
        }
        for task in &mut self.tasks {
            let count = usize::try_from(self.jobs[task.job].ask[2].ceil()).unwrap_or_default();
            if let State::Running(place) | State::Releasing(place) = &mut task.state
                && place.gpus.is_empty()
            {
                let all = (0..self.nodes[place.node].gpus).rev();
                let free: Vec<usize> = all
                    .filter(|gpu| !taken[place.node].contains(gpu))
                    .take(count)
                    .collect();
                taken[place.node].extend(&free);
                place.gpus = free;
            }
        }
    }

    fn round(&mut self) {
        let cluster = Cluster {
            nodes: &self.nodes,
            jobs: &self.jobs,
            tasks: std::mem::take(&mut self.tasks),
        };
        let mut round = Round::new(cluster, self.queues.clone(), &self.weighted, Ratio::ZERO);
        round.run();
        self.tasks = round.cluster.tasks;
        let vanished = |task: &Task| {
            self.deleted.contains(&task.job)
                && matches!(task.state, State::Pending | State::Releasing(_))
        };
        self.tasks.retain(|task| !vanished(task));
        for task in &mut self.tasks {
            task.state = match std::mem::replace(&mut task.state, State::Pending) {
                State::Binding(place) | State::Running(place) => State::Running(place),
                State::Pending | State::Pipelined(_) | State::Releasing(_) => State::Pending,
            };
        }
    }

    /// What is not as expected.
    fn differs(&self, case: &Case<'_>) -> Result<Vec<(String, String)>, Unreadable> {
        let mut all = Vec::new();
        let by_task: BTreeMap<String, Expected> = case.maybe("expect.tasks")?.unwrap_or_default();
        let by_job: BTreeMap<String, Expected> = case.maybe("expect.jobs")?.unwrap_or_default();
        let mut index: BTreeMap<usize, usize> = BTreeMap::new();
        for task in &self.tasks {
            let of_job = index.entry(task.job).or_default();
            let name = format!("{}-{of_job}", self.names[task.job]);
            *of_job += 1;
            let expected = by_task
                .get(&name)
                .or_else(|| by_job.get(&self.names[task.job]));
            let Some(expected) = expected else { continue };
            let (status, node) = match &task.state {
                State::Running(place) => ("running", Some(&self.node_names[place.node])),
                _ => ("pending", None),
            };
            let said = match expected.status.as_str() {
                // Whatever goes has gone at the end of a round.
                "releasing" => "pending",
                other => other,
            };
            let moved =
                said == "running" && expected.node.is_some() && expected.node.as_ref() != node;
            if said != status || moved {
                let place = |node: Option<&String>| {
                    node.map(|node| format!(" on {node}")).unwrap_or_default()
                };
                all.push((
                    format!("{name} {said}{}", place(expected.node.as_ref())),
                    format!("{name} {status}{}", place(node)),
                ));
            }
        }
        Ok(all)
    }
}

pub(super) fn scenario(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let mut world = World::of(case)?;
    world.give_gpus();
    let until: usize = case.maybe("input.rounds_until_match")?.unwrap_or(2);
    let after: usize = case.maybe("input.rounds_after_match")?.unwrap_or(5);
    let mut differs = Vec::new();
    for _ in 0..until {
        world.round();
        differs = world.differs(case)?;
        if differs.is_empty() {
            break;
        }
    }
    for _ in 0..after {
        if differs.is_empty() {
            world.round();
            differs = world.differs(case)?;
        }
    }
    let join = |side: fn(&(String, String)) -> &str| {
        differs.iter().map(side).collect::<Vec<_>>().join("; ")
    };
    let known = KNOWN.iter().find(|(id, _)| *id == case.id());
    let verdict = Verdict::of(differs.is_empty(), join(|one| &one.0), join(|one| &one.1));
    Ok(match verdict {
        Verdict::Differs {
            expected, found, ..
        } => Verdict::Differs {
            expected,
            found,
            rule: known.map(|(_, why)| (*why).to_owned()),
        },
        agrees => agrees,
    })
}
