//! Clusters by chance: small enough to be run thousands of times, odd enough to meet every path.

use fairground_policies::job::StageSpec;
use fairground_policies::message::AgentId;
use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::time::{Span, Time};
use fairground_sim::network::NetworkSpec;
use fairground_sim::world::Behaviour;
use fairground_workloads::recipe::CostSpec;
use fairground_workloads::trace::{
    Autoscaler, ColdStart, Fault, Jobs, Routing, Runtimes, Service, Trace, Work, Workload,
};
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::behave::{behaviour, roles};
use crate::common::{Cluster, Plan, batch, gang, job, numbered, secs};
use crate::policies::{ALLOCATORS, SCHEDULERS, gathers, takes_back};

/// When the last job is submitted and the last agent fails, in seconds.
const LATEST: u64 = 400;

/// How long it takes at most until an offer is answered.
pub(crate) fn answer(network: &NetworkSpec) -> Span {
    let there = network.latency + network.jitter;
    there + network.think + there
}

/// Any cluster with any work, and whether its frameworks are hasty: offers end before they can be
/// answered, or halves of an agent come back in turns because one is refused for less time than it
/// takes everybody else to refuse the other. The hasty may wait for ever, which takes long to
/// simulate; gangs among them, of which one stale answer ends all members, might never end.
pub(crate) fn cluster() -> impl Strategy<Value = (Cluster, bool)> {
    let frameworks = vec((any_work(), behaviour()), 1..=4);
    let place = (vec(agent(), 1..=12), frameworks, faults(), roles());
    let manner = ((network(), costs(), overcommit()), policy(), weighted(0.01));
    (place, manner, any::<u64>(), 1_u64..60).prop_map(|(place, manner, seed, step)| {
        let (agents, frameworks, faults, roles) = place;
        let ((network, costs, overcommit), (policy, round, timeout), hasty) = manner;
        let patience = if hasty { Span::ZERO } else { answer(&network) };
        let count = agents.len() as u32;
        let (mut workloads, mut behaviours) = (Vec::new(), Vec::new());
        let crowd = if hasty { 0 } else { frameworks.len() as u64 };
        let mut held = Span::ZERO;
        for ((work, scheduler), mut behaviour) in frameworks {
            workloads.push(Workload {
                work: on_agents(work, count, !hasty),
                assumptions: Vec::new(),
                inputs: Vec::new(),
            });
            behaviour.scheduler = scheduler.parse().expect("a name");
            behaviour.role = behaviour.role.filter(|role| role.index() < roles.len());
            behaviour.refuse += (patience + round).scaled(crowd, 1);
            if gathers(&behaviour.scheduler) {
                held = held.max(secs(40)); // Somebody idle waits for 30 s.
            } else if holds(&behaviour, &workloads[workloads.len() - 1].work) {
                let each = secs(5 + seed % 60) + patience.scaled(4, 1);
                behaviour.scheduler.set("hold", each.to_string());
                held = held.max(each.scaled(2, 1));
            }
            behaviours.push(behaviour);
        }
        let trace = Trace {
            agents,
            described: Vec::new(),
            workloads,
            faults: apart(faults, count),
            horizon: Time::from_secs(LATEST + 200),
        };
        let patience = if hasty { secs(1) } else { patience + held };
        let policy = with_timeout(&policy, timeout.map(|timeout| patience + timeout));
        let cluster = Cluster {
            trace,
            frameworks: behaviours,
            roles,
            network,
            costs,
            overcommit: overcommit.map_or(Vec::new(), |times| vec![times; count as usize]),
            policy,
            seed,
            step: secs(step),
        };
        (cluster, hasty)
    })
}

/// Whether a framework holds offers until tasks can start together.
fn holds(framework: &Behaviour, work: &Work) -> bool {
    let gangs = match work {
        Work::Batch(jobs) => jobs.iter().any(|job| job.spec.gang),
        Work::Executors { .. } | Work::Service(_) => false,
    };
    gangs || framework.scheduler.base() == "gang"
}

fn with_timeout(policy: &str, timeout: Option<Span>) -> String {
    match timeout {
        Some(timeout) => format!("{},timeout={timeout}]", policy.trim_end_matches(']')),
        None => policy.to_owned(),
    }
}

/// One-core tasks on agents of whole cores that are all shared and never fail.
pub(crate) fn equal_tasks() -> impl Strategy<Value = Cluster> {
    let agents = vec(1_u64..=8, 1..=6);
    let tasks = (0..LATEST, vec(0_u64..60_000, 1..=20));
    let frameworks = vec((vec(tasks, 1..=5), select(&["fifo", "fair"][..])), 1..=4);
    let shared = select(
        &[
            "drf",
            "fair",
            "fifo",
            "random",
            "drf[offers=task]",
            "random[offers=task]",
            "drf[offers=shared]",
            "fifo[offers=shared,conflict=sequence]",
        ][..],
    );
    (agents, frameworks, shared, any::<u64>()).prop_map(|(agents, frameworks, policy, seed)| {
        let sizes: Vec<Resources> = agents
            .iter()
            .map(|cores| Resources::cores(*cores, cores * 100))
            .collect();
        let mut cluster = Cluster::new(policy, &sizes);
        for (jobs, scheduler) in frameworks {
            let jobs = jobs.into_iter().map(|(at, millis)| {
                let stage = StageSpec::new(Resources::cores(1, 100), millis.len() as u32);
                job(at, vec![(stage, plain(millis, 1000))])
            });
            cluster = cluster.framework(scheduler, batch(jobs.collect()));
        }
        Cluster { seed, ..cluster }
    })
}

fn agent() -> impl Strategy<Value = Resources> {
    let gpus = prop_oneof![4 => Just(0), 1 => 1_u64..=4];
    (1_u64..=16, 1_u64..=16, gpus).prop_map(|(cpus, mem, gpus)| {
        Resources::new(Millicores(cpus * 500), Mebibytes(mem * 512))
            .with_gpus(Milligpus(gpus * 1000))
    })
}

fn needs() -> impl Strategy<Value = Resources> {
    let some = (1_u64..=20, 1_u64..=20)
        .prop_map(|(cpus, mem)| Resources::new(Millicores(cpus * 100), Mebibytes(mem * 64)));
    let large = (1_u64..=80, 1_u64..=80)
        .prop_map(|(cpus, mem)| Resources::new(Millicores(cpus * 100), Mebibytes(mem * 100)));
    let lopsided = prop_oneof![
        Just(Resources::new(Millicores(500), Mebibytes(0))),
        Just(Resources::new(Millicores(0), Mebibytes(512))),
        Just(Resources::new(Millicores(100), Mebibytes(64)).with_gpus(Milligpus(500))),
    ];
    prop_oneof![8 => some, 1 => large, 1 => lopsided]
}

/// How many times their cores agents offer, if more than they have.
fn overcommit() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![2 => Just(None), 1 => (1001_u32..5000).prop_map(Some)]
}

/// A policy, its round, and how long offers may stay unanswered.
fn policy() -> impl Strategy<Value = (String, Span, Option<Span>)> {
    let round = select(&[0, 0, 1000, 700][..]).prop_map(Span::from_millis);
    let offers = select(
        &[
            "offers=agent",
            "offers=agent",
            "offers=agent",
            "offers=agent",
            "offers=task",
            "offers=task",
            "offers=task",
            "offers=task",
            "offers=shared",
            "offers=shared,conflict=sequence,commit=all",
        ][..],
    );
    let timeout = select(vec![
        None,
        None,
        None,
        Some(Span::from_micros(1)),
        Some(secs(3)),
    ]);
    (select(&ALLOCATORS[..]), round, offers, timeout).prop_map(|(name, round, offers, timeout)| {
        let (base, own) = name.split_once('[').unwrap_or((name, ""));
        // What is taken back is for one, and what is shared held for none.
        let mut offers = offers;
        if offers.starts_with("offers=shared") && takes_back(name) {
            offers = "offers=agent";
        }
        let own = own.replace(']', ",");
        let policy = format!("{base}[{own}round={round},{offers}]");
        (policy, round, timeout)
    })
}

fn network() -> impl Strategy<Value = NetworkSpec> {
    let part = || {
        prop_oneof![
            3 => Just(0),
            2 => 1_u64..2_000,
            2 => 1_000_u64..200_000,
            1 => 1_000_000_u64..8_000_000,
        ]
    };
    let any = (part(), part(), part(), part()).prop_map(|parts| {
        let [latency, jitter, think, detection] = <[u64; 4]>::from(parts).map(Span::from_micros);
        NetworkSpec {
            latency,
            jitter,
            think,
            detection,
        }
    });
    prop_oneof![1 => Just(NetworkSpec::default()), 2 => any]
}

/// Half of the clusters start tasks at once, the others late, with some slow attempts.
fn costs() -> impl Strategy<Value = CostSpec> {
    let any = (0_u64..5_000_000, 0_u32..300, 1000_u32..20_000);
    let any = any.prop_map(|(start, stragglers, slowdown)| CostSpec {
        start: Span::from_micros(start),
        stragglers,
        slowdown,
    });
    prop_oneof![1 => Just(CostSpec::default()), 1 => any]
}

type Outage = (u32, u64, Option<u64>);

/// Mostly agents that come back; sometimes at once, sometimes hours later, sometimes never.
fn faults() -> impl Strategy<Value = Vec<Outage>> {
    let lasts = || {
        prop_oneof![
            12 => (1_u64..60_000_000).prop_map(Some),
            6 => (1_u64..20_000).prop_map(Some),
            1 => Just(Some(5 * 3_600_000_000)),
        ]
    };
    let or_never = prop_oneof![4 => lasts(), 1 => Just(None)];
    let at = || 0..LATEST * 1_000_000;
    prop_oneof![
        2 => Just(Vec::new()),
        3 => vec((any::<u32>(), at(), lasts()), 1..8),
        1 => vec((any::<u32>(), at(), or_never), 1..8),
        // One agent that goes and comes in quick succession.
        1 => vec((Just(0), 0_u64..300_000, (1_u64..20_000).prop_map(Some)), 2..8),
    ]
}

/// Outages of agents that exist, sorted, those of one agent apart.
fn apart(outages: Vec<Outage>, agents: u32) -> Vec<Fault> {
    let fault = |(agent, at, lasts): Outage| {
        let at = Time::from_micros(at);
        Fault {
            at,
            agent: AgentId(agent % agents),
            back: lasts.map(|lasts| at + Span::from_micros(lasts)),
            total: None,
        }
    };
    let mut faults: Vec<Fault> = outages.into_iter().map(fault).collect();
    faults.sort_unstable_by_key(Fault::order);
    let mut kept: Vec<Fault> = Vec::new();
    for fault in faults {
        let before = kept.iter().rev().find(|other| other.agent == fault.agent);
        if before.is_none_or(|other| other.back.is_some_and(|back| back < fault.at)) {
            kept.push(fault);
        }
    }
    kept
}

/// Work with the name of a scheduler for it.
fn any_work() -> impl Strategy<Value = (Work, &'static str)> {
    let jobs = || vec(map_reduce(), 0..6);
    let ordered =
        (jobs(), select(&SCHEDULERS[..])).prop_map(|(jobs, scheduler)| (batch(jobs), scheduler));
    // Every scheduler keeps a gang together.
    let keepers = select(&["gang", "fifo", "fair[wait=5s]", "easy", "easy[gather=1s]"][..]);
    let gang = (one_stage(), any::<bool>())
        .prop_map(|(job, rigid)| gang(if rigid { as_one(job) } else { job }));
    let gangs = (vec(gang, 0..5), keepers).prop_map(|(jobs, scheduler)| (batch(jobs), scheduler));
    let executors = (
        vec(dag(), 0..5),
        needs(),
        1_u32..12,
        0_u64..120,
        select(&SCHEDULERS[..]),
    )
        .prop_map(|(jobs, needs, max, idle, scheduler)| {
            (
                Work::Executors {
                    jobs: numbered(jobs),
                    needs,
                    max,
                    idle: secs(idle),
                },
                scheduler,
            )
        });
    let services = service().prop_map(|service| (Work::Service(service), "fifo"));
    prop_oneof![4 => ordered, 2 => gangs, 3 => executors, 3 => services]
}

fn plain(millis: Vec<u64>, away: u32) -> Runtimes {
    Runtimes::Plain {
        local: millis.into_iter().map(Span::from_millis).collect(),
        away,
    }
}

fn millis() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 1_u64..60_000, 1 => Just(0), 1 => 60_000_u64..400_000]
}

/// Tasks of one size, alone: a gang, or maps without reduces.
fn one_stage() -> impl Strategy<Value = Plan> {
    let of = (
        0..LATEST,
        needs(),
        vec(millis(), 1..8),
        prop::option::of(millis()),
    );
    of.prop_map(|(at, needs, millis, estimate)| {
        let mut stage = StageSpec::new(needs, millis.len() as u32);
        stage.estimate = estimate.map(Span::from_millis);
        job(at, vec![(stage, plain(millis, 1000))])
    })
}

/// All tasks of its stage start and end as one, as the first of them would.
fn as_one(mut job: Plan) -> Plan {
    for (stage, runtimes) in &mut job.stages {
        stage.rigid = true;
        let first = |list: Vec<Span>| list[..1].to_vec();
        let all = std::mem::replace(runtimes, plain(Vec::new(), 1000));
        *runtimes = all.map(first);
    }
    job
}

/// Maps with places they prefer (numbers to be taken modulo the number of agents), reduces that may
/// start early, and sometimes a second round of reduces behind the first.
fn map_reduce() -> impl Strategy<Value = Plan> {
    let maps = (
        needs(),
        vec(millis(), 1..12),
        0_usize..4,
        any::<u32>(),
        1000_u32..3000,
    );
    let reduces = vec(
        (
            needs(),
            vec((millis(), millis()), 1..5),
            select(&[0_u16, 50, 500, 999, 1000][..]),
        ),
        0..3,
    );
    (0..LATEST, maps, reduces).prop_map(|(at, (size, millis, replicas, place, away), reduces)| {
        let mut stage = StageSpec::new(size, millis.len() as u32);
        let places = 0..(millis.len() * replicas) as u32;
        stage.preferred = places
            .map(|i| AgentId(place.wrapping_add(i.wrapping_mul(7))))
            .collect();
        let mut stages = vec![(stage, plain(millis, away))];
        for (i, (size, times, start_after)) in reduces.into_iter().enumerate() {
            let parents = vec![i as u32];
            let stage = StageSpec {
                parents,
                start_after,
                ..StageSpec::new(size, times.len() as u32)
            };
            let (copy, work) = times
                .into_iter()
                .map(|(c, w)| (Span::from_millis(c), Span::from_millis(w)))
                .unzip();
            stages.push((stage, Runtimes::Reduce { copy, work }));
        }
        job(at, stages)
    })
}

/// Stages in waves, each behind some of those before it.
fn dag() -> impl Strategy<Value = Plan> {
    let stage = (
        needs(),
        vec(millis(), 1..10),
        vec(any::<prop::sample::Index>(), 0..3),
        select(&[300_u16, 1000, 1000][..]),
    );
    (0..LATEST, vec(stage, 1..6)).prop_map(|(at, stages)| {
        let stages =
            stages
                .into_iter()
                .enumerate()
                .map(|(i, (size, millis, parents, start_after))| {
                    let mut parents: Vec<u32> = match i {
                        0 => Vec::new(),
                        _ => parents
                            .iter()
                            .map(|parent| parent.index(i) as u32)
                            .collect(),
                    };
                    parents.sort_unstable();
                    parents.dedup();
                    let stage = StageSpec {
                        parents,
                        start_after,
                        ..StageSpec::new(size, millis.len() as u32)
                    };
                    let rest: Vec<Span> = millis.into_iter().map(Span::from_millis).collect();
                    let first = rest.iter().map(|span| span.scaled(3, 2)).collect();
                    let fresh = rest
                        .iter()
                        .map(|span| span.scaled(3, 2) + secs(2))
                        .collect();
                    (stage, Runtimes::Waves { fresh, first, rest })
                });
        job(at, stages.collect())
    })
}

const ROUTINGS: [Routing; 3] = [Routing::LeastWork, Routing::RoundRobin, Routing::Random];

fn service() -> impl Strategy<Value = Service> {
    let one = (needs(), 1_u32..8, 1_u64..3000, 0_u64..40_000, 0_u64..2000);
    let load = (
        vec(prop_oneof![2 => 0_u64..50, 1 => 0_u64..20_000], 1..40),
        1_u64..30,
    );
    let scale = (1_u32..1000, 1_u64..60, 0_u64..120, 0_u32..4, 0_u32..12);
    let reach = (select(&ROUTINGS[..]), 0_u64..100, 1_u32..=1000);
    (one, load, scale, reach).prop_map(|(one, (load, step), scale, reach)| {
        let (target, period, window, min, more) = scale;
        let (routing, warmup, speed) = reach;
        let (needs, workers, millis, startup, slo) = one;
        Service {
            needs,
            workers,
            service_time: Span::from_millis(millis),
            startup: Span::from_millis(startup),
            routing,
            cold: ColdStart {
                lasts: secs(warmup),
                speed,
            },
            slo: Span::from_millis(slo),
            step: secs(step),
            load,
            autoscaler: Autoscaler {
                target,
                period: secs(period),
                window: secs(window),
                min,
                max: (min + more).max(1),
            },
        }
    })
}

/// Takes the places that tasks prefer modulo the number of agents.
fn on_agents(mut work: Work, agents: u32, gangs: bool) -> Work {
    if let Work::Batch(jobs) | Work::Executors { jobs, .. } = &mut work {
        let mut placed = Jobs::default();
        if !gangs {
            *jobs = jobs.apart();
        }
        for job in jobs.iter() {
            let stages = job.stages().map(|(stage, runtimes)| {
                let mut stage = stage.clone();
                for agent in &mut stage.preferred {
                    agent.0 %= agents;
                }
                (stage, runtimes.map(<[Span]>::to_vec))
            });
            let gang = job.spec.gang && gangs;
            placed.push(job.label, job.submitted, gang, stages.collect());
        }
        *jobs = placed;
    }
    work
}
