//! The frameworks' schedulers in a small world, with agents that are lost and come back.

use std::sync::Arc;

use fairground_policies::frameworks::{Autoscaler, Framework, JobOrder, JobTie, OfferPolicy};
use fairground_policies::job::{JobSpec, StageSpec};
use fairground_policies::master::Config;
use fairground_policies::message::{AgentId, FrameworkId, JobId};
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::examples::registry;
use crate::observer::master;
use crate::world::{Input, World};

const CORE: Resources = Resources::cores(1, 2);

/// A framework and its jobs, each with the time of its submission.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Batch(&'static str, Vec<(Time, JobSpec)>),
    Gang(&'static str, Vec<(Time, JobSpec)>),
    Executors(Resources, u32, Vec<(Time, JobSpec)>),
}

/// A loss: when, which agent, and for how long; the first two agents always come back.
type Loss = (Time, u32, Option<Span>);

/// Policies that let one framework have all of the cluster.
const UNBOUNDED: &[&str] = &["drf", "fair", "fifo", "random", "shortest"];
/// With a bound that leaves enough for every task and gang on the two agents that always come back.
pub(crate) const ALL: &[&str] = &["drf", "fair", "fifo", "random", "shortest", "cap[most=80]"];

pub(crate) fn masters(policies: &'static [&'static str]) -> impl Strategy<Value = String> {
    let policy = select(policies);
    let round = select(vec!["0s", "1s"]);
    let timeout = select(vec!["", ",timeout=20s"]);
    let offers = select(vec![
        "agent",
        "task",
        "shared",
        "shared,conflict=sequence",
        "shared,commit=all",
    ]);
    (policy, offers, round, timeout).prop_map(|(policy, offers, round, timeout)| {
        let open = match policy.strip_suffix(']') {
            Some(open) => format!("{open},"),
            None => format!("{policy}["),
        };
        format!("{open}offers={offers},round={round}{timeout}]")
    })
}

fn times() -> impl Strategy<Value = Time> {
    (0..30_000_u64).prop_map(|ms| Time::from_micros(ms * 1000))
}

fn stages() -> impl Strategy<Value = StageSpec> {
    let needs = select(vec![CORE, Resources::cores(2, 2), Resources::cores(3, 9)]);
    let start_after = select(vec![0, 50, 500, 1000]);
    let preferred = vec(0..4_u32, 0..3);
    let estimate = proptest::option::of((1..20_000_u64).prop_map(Span::from_millis));
    let of = (
        needs,
        1..6_u32,
        start_after,
        preferred,
        estimate,
        any::<bool>(),
    );
    of.prop_map(|(needs, tasks, start_after, copies, estimate, rigid)| {
        let spread = |index| copies.iter().map(move |copy| AgentId((copy + index) % 4));
        StageSpec {
            start_after,
            preferred: (0..tasks).flat_map(spread).collect(),
            estimate,
            rigid,
            ..StageSpec::new(needs, tasks)
        }
    })
}

/// Jobs of up to three stages, each waiting for the one before; gangs if `gang` says so.
pub(crate) fn jobs(
    gang: impl Strategy<Value = bool>,
) -> impl Strategy<Value = Vec<(Time, JobSpec)>> {
    let job = (times(), vec(stages(), 1..4), gang).prop_map(|(at, mut stages, gang)| {
        for (stage, spec) in stages.iter_mut().enumerate() {
            spec.parents = (stage as u32).checked_sub(1).into_iter().collect();
            if gang {
                spec.needs = CORE;
                spec.start_after = 1000;
            }
            // One task on several agents has no data on any of them.
            spec.rigid &= gang;
            if spec.rigid {
                spec.preferred.clear();
            }
        }
        (at, JobSpec::new(gang, stages))
    });
    vec(job, 0..4).prop_map(|mut jobs| {
        jobs.sort_by_key(|(at, _)| *at);
        jobs
    })
}

/// Up to four frameworks; those with gangs may hold what the others need.
fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let scheduler = || {
        select(vec![
            "fifo",
            "fair",
            "sjf",
            "fit",
            "fit[place=fgd,order=f1,tie=random]",
            "fifo[wait=3s]",
            "fair[wait=300ms]",
        ])
    };
    let whole = select(vec![
        "gang",
        "easy",
        "easy[gather=1s]",
        "easy[order=wfp3,among=sjf]",
        "conservative",
        "conservative[gather=1s]",
        "shortest-job",
    ]);
    let other = prop_oneof![
        3 => (scheduler(), jobs(Just(false))).prop_map(|(name, jobs)| Kind::Batch(name, jobs)),
        2 => executors(),
    ];
    let gang = prop_oneof![
        (whole, jobs(Just(true))).prop_map(|(name, jobs)| Kind::Gang(name, jobs)),
        (scheduler(), jobs(any::<bool>())).prop_map(|(name, jobs)| Kind::Batch(name, jobs)),
    ];
    vec(prop_oneof![other, gang], 0..5)
}

/// Executors and their jobs.
pub(crate) fn executors() -> impl Strategy<Value = Kind> {
    let needs = select(vec![CORE, Resources::cores(3, 4)]);
    (needs, 1..5_u32, jobs(Just(false))).prop_map(|(needs, max, mut jobs)| {
        // Spark has barriers only: an executor that waits inside for lost work waits for ever.
        let stages = jobs.iter_mut().flat_map(|(_, job)| &mut job.stages);
        stages.for_each(|stage| stage.start_after = 1000);
        Kind::Executors(needs, max, jobs)
    })
}

pub(crate) fn losses() -> impl Strategy<Value = Vec<Loss>> {
    let down = proptest::option::weighted(0.7, (0..9000_u64).prop_map(Span::from_millis));
    vec((times(), 0..4_u32, down), 0..5)
}

pub(crate) fn delays() -> impl Strategy<Value = Span> {
    select(vec![0, 1, 300]).prop_map(Span::from_millis)
}

fn framework(id: FrameworkId, offer_policy: OfferPolicy, kind: &Kind) -> Framework {
    let scheduler = |name: &str| {
        let name = name.parse().unwrap();
        registry().scheduler(&name).unwrap()
    };
    match kind {
        Kind::Batch(name, _) | Kind::Gang(name, _) => {
            Framework::batch(id, offer_policy, scheduler(name))
        }
        Kind::Executors(needs, max, _) => {
            let idle = Span::from_secs(7);
            {
                let by = (JobOrder::Fair, JobTie::First);
                Framework::executors(id, offer_policy, by, *needs, *max, idle)
            }
        }
    }
}

fn lost(&(at, agent, down): &Loss, agents: u32) -> Vec<(Time, Input)> {
    let agent = AgentId(agent % agents);
    let mut inputs = vec![(at, Input::Lost(agent))];
    if down.is_some() || agent.0 < 2 {
        let back = at + down.unwrap_or_default();
        inputs.push((back, Input::Back(agent)));
    }
    inputs
}

fn offer_policy(config: Config) -> OfferPolicy {
    OfferPolicy::under(config, OfferPolicy::default().refuse)
}

pub(crate) fn world(
    name: &str,
    kinds: &[Kind],
    agents: u32,
    delay: Span,
    losses: &[Loss],
) -> World {
    let (config, master) = master(name);
    let mut inputs = Vec::new();
    let mut frameworks = Vec::new();
    for (i, kind) in kinds.iter().enumerate() {
        let id = FrameworkId(i as u32);
        frameworks.push(framework(id, offer_policy(config), kind));
        let (Kind::Batch(_, jobs) | Kind::Gang(_, jobs) | Kind::Executors(_, _, jobs)) = kind;
        let submitted = jobs.iter().zip((0..).map(JobId));
        inputs.extend(submitted.map(|((at, spec), job)| {
            let spec = Arc::new(spec.clone());
            (*at, Input::Job(id, job, spec))
        }));
    }
    inputs.extend(losses.iter().flat_map(|loss| lost(loss, agents)));
    World::new(master, frameworks, agents, delay, inputs)
}

proptest! {
    #![proptest_config(crate::many())]

    /// No job is left unfinished, every piece of work finishes once, no stage starts before its
    /// threshold, gangs start together; and in the end nothing is held, executors included.
    #[test]
    fn all_work_is_done_once(
        name in masters(ALL),
        kinds in kinds(),
        agents in 2..5_u32,
        delay in delays(),
        losses in losses(),
    ) {
        let mut world = world(&name, &kinds, agents, delay, &losses);
        world.rest();
        world.check_done();
        let ledger = world.master.ledger();
        for framework in ledger.frameworks() {
            prop_assert_eq!(ledger.held(framework), Resources::ZERO);
        }
    }

    /// As many instances as the highest load of the window asks for, whatever is lost; none when
    /// the load has ended.
    #[test]
    fn instances_follow_the_target(
        name in masters(UNBOUNDED),
        loads in vec((times(), 0..9000_u64), 1..6),
        last in 0..9000_u64,
        delay in delays(),
        losses in losses(),
        ends in any::<bool>(),
    ) {
        let (config, master) = master(&name);
        let window = Span::from_secs(10);
        let (workers, target, min, max) = (2, 500, 1, 8);
        let autoscaler = Autoscaler { workers, target, window, min, max };
        let id = FrameworkId(0);
        let service = Framework::service(id, offer_policy(config), CORE, autoscaler);
        let mut inputs: Vec<_> = loads
            .iter()
            .map(|(at, load)| (*at, Input::Load(id, *load)))
            .collect();
        // Loads older than the window no longer count.
        inputs.push((Time::from_secs(50), Input::Load(id, last)));
        if ends {
            inputs.push((Time::from_secs(60), Input::LoadEnds(id)));
        }
        inputs.extend(losses.iter().flat_map(|loss| lost(loss, 4)));
        let mut world = World::new(master, vec![service], 4, delay, inputs);
        world.rest();
        // One busy worker in two: as many instances as busy workers, rounded up.
        let wanted = last.div_ceil(1000).clamp(1, 8) as usize;
        let tasks = world.master.ledger().tasks(id);
        prop_assert_eq!(tasks, if ends { 0 } else { wanted });
    }
}
