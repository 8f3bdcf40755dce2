//! Personalities: the choices that another system makes together, under one name.
//!
//! A personality is a policy of the first level with its parameters (rounds, offers, ties) and the scheduler of every
//! framework whose tasks run on the cluster themselves. It decides nothing: what it names does. Parameters that are given to it
//! are its policy's, and go before its own: `slurm-like[half-life=1d]`.

use crate::evidence::{Evidence, Proven};
use crate::framework_kind::FrameworkKind;
use crate::name::{BadName, Name};

/// What another system chooses.
#[derive(Clone, Copy, Debug)]
pub struct Personality {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// The policy of the first level.
    pub policy: &'static str,
    /// The scheduler of every framework whose tasks run on the cluster themselves.
    pub scheduler: &'static str,
    /// The system, and how far the whole was proven.
    pub evidence: Evidence,
}

impl Personality {
    /// The one that a name means, if it means one.
    pub fn of(name: &Name) -> Option<&'static Self> {
        STANDARD.iter().find(|one| one.name == name.base())
    }

    /// Its policy, with the parameters of the name that it was called by.
    ///
    /// # Errors
    /// When its policy is no name.
    pub fn policy(&self, called: &Name) -> Result<Name, BadName> {
        let mut policy: Name = self.policy.parse()?;
        policy.take_over(called);
        Ok(policy)
    }

    /// The policy that a name means: of a personality its own, of any other itself.
    ///
    /// # Errors
    /// As [`Self::policy`].
    pub fn resolved(called: &Name) -> Result<Name, BadName> {
        Self::of(called).map_or_else(|| Ok(called.clone()), |one| one.policy(called))
    }

    /// The scheduler of a framework of a kind that asks for `own`. Where `policy` is a personality, it is that one's for
    /// frameworks whose tasks run on the cluster themselves: it says which task runs where, not how executors are kept.
    ///
    /// # Errors
    /// When the personality's is no name.
    pub fn scheduler(policy: &Name, own: &Name, kind: FrameworkKind) -> Result<Name, BadName> {
        match Self::of(policy) {
            Some(one) if kind == FrameworkKind::Batch => one.scheduler.parse(),
            _ => Ok(own.clone()),
        }
    }

    /// What was run under it, for people.
    pub fn told(&self, called: &Name) -> String {
        let policy = self.policy(called);
        let policy = policy.map_or_else(|error| error.0, |name| name.to_string());
        format!("{policy} with {}", self.scheduler)
    }
}

/// Two queues on six cores, of which one comes later, with a gang of two. All jobs are small enough to start whole.
macro_rules! example {
    ($name:literal) => {
        concat!(
            "agents 3 cpus:2 mem:2\npolicy ",
            $name,
            "\nframework a\nframework b\njob a tasks=4 cpus:1 mem:1 run=10s\njob a tasks=4 cpus:1 mem:1 run=10s\njob b at=3s \
             tasks=3 cpus:1 mem:1 run=10s\njob b at=4s tasks=2 cpus:1 mem:1 run=5s gang\n"
        )
    };
}

macro_rules! personality {
    ($name:literal, $about:literal, $policy:literal, $scheduler:literal, $source:literal) => {
        Personality {
            name: $name,
            about: $about,
            policy: $policy,
            scheduler: $scheduler,
            evidence: Evidence {
                source: $source,
                proven: Proven::Prototype,
                example: example!($name),
            },
        }
    };
}

/// Those that come with Fairground.
pub const STANDARD: [Personality; 9] = [
    personality!(
        "mesos-like",
        "all that is free on an agent is offered once a second, by DRF; frameworks share and wait for their data",
        "drf[offers=agent,round=1s,tie=allocations]",
        "fair[wait=5s]",
        "Mesos 1.11: hierarchical allocator, allocation_interval; Zaharia et al., EuroSys 2010, of its Hadoop"
    ),
    personality!(
        "omega-like",
        "every framework sees all that is free and takes of it what it places at random; what is gone by then is placed anew",
        "fifo[offers=shared]",
        "fit[place=random]",
        "Omega: Schwarzkopf et al., EuroSys 2013, section 3.4: resource fit, incremental transactions"
    ),
    personality!(
        "slurm-like",
        "fair tree over accounts with a half-life of a week; jobs start whole, backfilled by their time limits",
        "slurm[offers=agent]",
        "conservative",
        "Slurm 284c3b9: priority/multifactor (of its factors fair share alone), sched/backfill"
    ),
    personality!(
        "yarn-capacity-like",
        "queues with capacities, a heartbeat a second, jobs in order inside a queue, preemption after 15 seconds",
        "yarn-capacity[offers=task,preempt=15s,round=1s]",
        "fifo",
        "Hadoop YARN: CapacityScheduler, ProportionalCapacityPreemptionPolicy (max_wait_before_kill), which is off unless switched on"
    ),
    personality!(
        "yarn-fair-like",
        "fair shares of queues, a heartbeat a second, fair shares of jobs inside a queue",
        "yarn-fair[offers=task,round=1s]",
        "fair",
        "Hadoop YARN: FairScheduler"
    ),
    personality!(
        "kueue-like",
        "workloads are admitted whole within nominal quotas, what others leave is borrowed and taken back",
        "kueue[offers=task]",
        "gang",
        "Kueue: fair sharing with preemption, both off unless switched on"
    ),
    personality!(
        "kai-like",
        "queues by deserved quotas and weights beyond them, pod groups start whole",
        "kai[offers=task]",
        "gang",
        "NVIDIA KAI d5bc503: plugins/proportion"
    ),
    personality!(
        "armada-like",
        "queues by cost of what they hold, over-served ones are evicted; jobs in order, those that are gangs start whole",
        "armada[offers=task]",
        "fifo",
        "Armada 207cc9e: internal/scheduler/scheduling"
    ),
    personality!(
        "volcano-like",
        "queues by proportion, a session a second, pod groups start whole",
        "volcano[offers=task,round=1s]",
        "gang",
        "Volcano ed72c7c: plugins/proportion, schedule-period; with the action reclaim, which is not among its default ones"
    ),
];
