//! Pods as tasks of what they belong to, nodes as machines.

use std::collections::BTreeSet;

use super::events::Events;
use super::objects::Record;
use crate::canonical::tables::Job;
use crate::formats::prelude::*;

/// A pod as a task.
struct Pod {
    identity: String,
    created: Option<u64>,
    begun: Option<u64>,
    ended: Option<u64>,
    phase: String,
    /// What is known of it beside its run.
    task: Tasks,
}

/// A job on its way: the pods of one owner, or of one gang.
struct Owned {
    draft: Draft,
    pods: Vec<Pod>,
}

/// What is known so far.
#[derive(Default)]
struct PodsAndNodes {
    /// The jobs in the order in which they first appear.
    jobs: Vec<Owned>,
    by_owner: BTreeMap<String, usize>,
    /// Where a pod stands: its job, and its number in that.
    pods: BTreeMap<String, (usize, usize)>,
    nodes: BTreeSet<String>,
    /// The latest time that anything tells.
    latest: u64,
    gangs: u64,
    below_zero: u64,
    cordoned: u64,
    events: Events,
    /// Resources that are neither cores, memory nor GPUs.
    others: BTreeSet<String>,
}

pub(super) fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut cluster = PodsAndNodes::default();
    import.each(Documents::open(path)?, |import, object: Record| {
        if object.is_pod() {
            return Ok(cluster.pod(import, &object));
        }
        if object.is_node() {
            return cluster.node(import, &object);
        }
        if object.is_event() {
            return Ok(cluster.events.see(&object));
        }
        Ok(Became::Passed("objects that are neither pods nor nodes"))
    })?;
    cluster.write(import)
}

impl PodsAndNodes {
    fn node(&mut self, import: &mut Import<'_>, node: &Record) -> Result<Became, ReadError> {
        let known = !self.nodes.insert(node.identity());
        if known {
            return Ok(import.told_of(known, Thing::Machines, "another state of the same node"));
        }
        self.cordoned += u64::from(node.is_cordoned());
        import.push(Machine {
            id: self.nodes.len() as u64 - 1,
            name: node.name().to_owned(),
            platform: node.platform().map(ToOwned::to_owned),
            cpus: node.cpus(),
            memory: node.memory(),
            gpus: node.gpus(),
            ..Machine::default()
        })?;
        Ok(Became::Imported)
    }

    fn pod(&mut self, import: &mut Import<'_>, object: &Record) -> Became {
        self.latest = self.latest.max(object.latest().unwrap_or(0));
        let pod = Pod {
            identity: object.identity(),
            created: object.created(),
            begun: object.begun(),
            ended: object.ended(),
            phase: object.phase().to_owned(),
            task: Tasks {
                cpus: object.cpus(),
                memory: object.memory(),
                gpus: object.gpus(),
                ..untold()
            },
        };
        if let Some((job, at)) = self.pods.get(&object.identity()) {
            // A watch tells of a pod each time that it changes.
            self.jobs[*job].pods[*at] = pod;
            object
                .outcome()
                .clone_into(&mut self.jobs[*job].draft.outcome);
            return Became::Merged("another state of the same pod");
        }
        self.below_zero += u64::from(object.has_priority_below_zero());
        let others = object
            .resources()
            .filter(|name| !matches!(name.as_str(), "cpu" | "memory") && !name.ends_with("/gpu"));
        self.others.extend(others.cloned());
        let namespace = object.namespace();
        let owner = match (object.gang(), object.owner()) {
            (Some(gang), _) => format!("{namespace}/gang/{gang}"),
            (None, Some((kind, name))) => format!("{namespace}/{kind}/{name}"),
            (None, None) => format!("{namespace}/Pod/{}", object.identity()),
        };
        let job = *self.by_owner.entry(owner).or_insert(self.jobs.len());
        if job == self.jobs.len() {
            self.gangs += u64::from(object.gang().is_some());
            let draft = draft(object);
            let pods = Vec::new();
            self.jobs.push(Owned { draft, pods });
        } else {
            import.merged(Thing::Jobs, 1, "another pod of the same owner or gang");
            let draft = &mut self.jobs[job].draft;
            draft.outcome = worse(&draft.outcome, object.outcome()).to_owned();
        }
        let at = self.jobs[job].pods.len();
        self.jobs[job].pods.push(pod);
        self.pods.insert(object.identity(), (job, at));
        Became::Imported
    }

    fn write(mut self, import: &mut Import<'_>) -> Done {
        let latest = self.latest;
        let jobs = self.jobs.len();
        for Owned {
            mut draft,
            mut pods,
        } in std::mem::take(&mut self.jobs)
        {
            draft.submit = pods.iter().filter_map(|pod| pod.created).min();
            let mut begun = None;
            for pod in &mut pods {
                let told = self.events.of(&pod.identity);
                pod.begun = pod.begun.or(told.started);
                if told.preempted {
                    "Preempted".clone_into(&mut draft.outcome);
                }
                let placed = told.scheduled.or(pod.begun).into_iter();
                begun = placed.chain(begun).min();
            }
            let waited = begun.zip(draft.submit);
            draft.more.wait = waited.and_then(|(begun, submit)| begun.checked_sub(submit));
            let tasks = pods.into_iter().map(|pod| pod.task_until(latest));
            draft.stages = vec![StageDraft {
                tasks: tasks.collect(),
                ..StageDraft::default()
            }];
            let _: Became = import.job(draft)?;
        }
        if jobs > 0 {
            import.assume(
                "job shape",
                "the pods of one owner, or of one gang, are the tasks of one job, submitted when the first was \
                 created",
            );
            import.assume(
                "run times",
                "from the start of the first container to the end of the last; a pod that runs has run until the \
                 latest time in the file",
            );
            import.assume("tenants", "the namespaces of pods");
        }
        self.events.tell(import);
        let mut assume = |count: u64, about: &str, model: String| {
            if count > 0 {
                import.assume(about, model);
            }
        };
        let model = format!("{} are of pods that name one", self.gangs);
        assume(self.gangs, "gangs", model);
        let model = format!("{} below zero are zero", self.below_zero);
        assume(self.below_zero, "priorities", model);
        let model = format!("{} that take no pods count as there", self.cordoned);
        assume(self.cordoned, "nodes", model);
        let others: Vec<String> = self.others.into_iter().collect();
        assume(others.len() as u64, "resources not kept", others.join(", "));
        Ok(())
    }
}

impl Pod {
    /// The task, in a file whose latest time that is.
    fn task_until(self, latest: u64) -> Tasks {
        let run = match self.phase.as_str() {
            _ if self.begun.is_none() && self.ended.is_none() => match self.phase.as_str() {
                "Pending" | "Failed" => unstarted(),
                "Succeeded" | "" => untold(),
                _ => censored(None),
            },
            "Succeeded" | "Failed" => match (self.begun, self.ended) {
                (Some(begun), Some(ended_at)) => ended(ended_at.checked_sub(begun)),
                _ => untold(),
            },
            _ => censored(self.begun.and_then(|begun| latest.checked_sub(begun))),
        };
        Tasks {
            cpus: self.task.cpus,
            memory: self.task.memory,
            gpus: self.task.gpus,
            ..run
        }
    }
}

/// A job by the first of its pods.
fn draft(pod: &Record) -> Draft {
    let name = match (pod.gang(), pod.owner()) {
        (Some(gang), _) => gang,
        (None, Some((_, name))) => name,
        (None, None) => pod.name(),
    };
    let mut draft = Draft {
        name: format!("{}/{name}", pod.namespace()),
        priority: pod.priority(),
        gang: pod.gang().is_some(),
        outcome: pod.outcome().to_owned(),
        ..Draft::default()
    };
    draft.more = Job {
        estimate: pod.deadline(),
        executable: pod.image().map(ToOwned::to_owned),
        queue: pod.queue().map(ToOwned::to_owned),
        ..Job::default()
    };
    draft.by(pod.namespace())
}

/// What says more of a job whose pods differ: any that is wrong, then what runs or waits.
fn worse<'a>(one: &'a str, other: &'a str) -> &'a str {
    let rank = |outcome: &str| match outcome {
        "Succeeded" => 0,
        "Pending" => 1,
        "Running" => 2,
        _ => 3,
    };
    if rank(other) > rank(one) { other } else { one }
}
