//! A cluster for work of which no machines are told, and how a cluster is partitioned.

use std::collections::BTreeMap;

use fairground_policies::resources::{Kind, Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::time::{Span, Time};
use fairground_workloads::trace::{Jobs, Runtimes, Service, Work};

use super::group;
use crate::recipe::{FrameworkSpec, Group};

/// Cores of the smallest agent.
const CORES: u64 = 16;
/// Cores of the smallest agent with GPUs.
const GPU_CORES: u64 = 64;
/// GPUs of the smallest agent with GPUs, in thousandths.
const GPUS: u64 = 8000;
/// Agents a framework has at least on average, if tasks are small enough.
const EACH: u64 = 8;
/// Memory a core, least and most, in MiB.
const A_CORE: [u64; 2] = [1 << 10, 16 << 10];

/// What a framework asks for between the start and the horizon.
#[derive(Clone, Default, Debug)]
pub(super) struct Demand {
    /// The mean of what runs, if every task ran as soon as its job was submitted.
    pub(super) mean: Resources,
    /// The most of each kind that any task asks for.
    pub(super) largest: Resources,
    /// The most tasks that any stage of a gang has, by what each of them asks for.
    pub(super) gangs: BTreeMap<[u64; Kind::COUNT], u64>,
    /// How many jobs there are.
    pub(super) jobs: u64,
}

impl Demand {
    pub(super) fn of(work: &Work, horizon: Span) -> Self {
        match work {
            Work::Batch(jobs) => Self::of_jobs(jobs, horizon),
            // A trace becomes jobs or a service.
            Work::Executors { .. } => Self::default(),
            Work::Service(service) => Self::of_service(service),
        }
    }

    fn of_jobs(jobs: &Jobs, horizon: Span) -> Self {
        let mut sums = [0_u128; Kind::COUNT];
        let mut largest = [0; Kind::COUNT];
        let mut gangs: BTreeMap<_, u64> = BTreeMap::new();
        for job in jobs.iter() {
            let left = (Time::ZERO + horizon).since(job.submitted);
            for (stage, runtimes) in job.stages() {
                let Runtimes::Plain { local, .. } = runtimes else {
                    continue;
                };
                let time = local
                    .iter()
                    .map(|run| u128::from((*run).min(left).as_micros()));
                let time: u128 = time.sum();
                for (i, units) in stage.needs.units().into_iter().enumerate() {
                    sums[i] += u128::from(units) * time;
                    largest[i] = largest[i].max(units);
                }
                if job.spec.gang {
                    let most = gangs.entry(stage.needs.units()).or_default();
                    *most = u64::from(stage.tasks).max(*most);
                }
            }
        }
        let horizon = u128::from(horizon.as_micros().max(1));
        let mean = sums.map(|sum| u64::try_from(sum / horizon).unwrap_or(u64::MAX));
        Self {
            mean: Resources::from_units(mean),
            largest: Resources::from_units(largest),
            gangs,
            jobs: jobs.len() as u64,
        }
    }

    fn of_service(service: &Service) -> Self {
        let requests: u128 = service.load.iter().copied().map(u128::from).sum();
        let busy = requests * u128::from(service.service_time.as_micros()) * 1000;
        let time = service.load.len() as u128 * u128::from(service.step.as_micros());
        let capacity = time * u128::from(service.workers) * u128::from(service.autoscaler.target);
        let instances = (busy / capacity.max(1)) as u64 + u64::from(service.autoscaler.min);
        let mean = service.needs.units().map(|units| units * instances);
        Self {
            mean: Resources::from_units(mean),
            largest: service.needs,
            ..Self::default()
        }
    }
}

/// What a cluster of which nothing is known is made for.
#[derive(Clone, Debug)]
pub(super) enum Aim {
    /// A load, in thousandths.
    Load(u32),
    /// What the header of a log tells: so many agents with so many processors each.
    Header(Vec<(u64, u64)>),
}

/// Why a cluster has as many agents as it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// They are loaded as was asked for.
    Load,
    /// The widest job needs so many.
    Widest,
    /// Every framework has one.
    Frameworks,
    /// The header says so.
    Header,
}

/// Agents, each large enough for every task and all of them together for every job.
pub(super) fn sized(demands: &[Demand], aim: &Aim) -> (Vec<Group>, Reason) {
    match aim {
        Aim::Load(load) => {
            let (group, reason) = by_load(demands, *load);
            (vec![group], reason)
        }
        Aim::Header(kinds) => by_header(demands, kinds),
    }
}

fn largest(demands: &[Demand], kind: Kind) -> u64 {
    let amounts = demands.iter().map(|demand| demand.largest.of(kind));
    amounts.max().unwrap_or(0)
}

/// As many as the demands load to `load` thousandths.
fn by_load(demands: &[Demand], load: u32) -> (Group, Reason) {
    let mean: Resources = demands.iter().map(|demand| demand.mean).sum();
    let largest = |kind| largest(demands, kind);
    let with_gpus = largest(Kind::Gpus) > 0;
    let least = if with_gpus { GPU_CORES } else { CORES };
    let needed = largest(Kind::Cpus).div_ceil(1000).next_power_of_two();
    let mut cores = needed.max(least);
    // Few frameworks on a few large agents could not be partitioned in proportion to anything.
    let enough = mean.cpus().0 / 1000 / (EACH * demands.len() as u64).max(1);
    while !with_gpus && cores > needed && cores > enough {
        cores /= 2;
    }
    let a_core = (mean.mem().0 * 1000).div_ceil(mean.cpus().0.max(1));
    let a_core = a_core.next_power_of_two().clamp(A_CORE[0], A_CORE[1]);
    let mem = (cores * a_core).max(largest(Kind::Mem).next_power_of_two());
    let gpus = largest(Kind::Gpus).div_ceil(1000).next_power_of_two() * 1000;
    let gpus = if with_gpus { gpus.max(GPUS) } else { 0 };
    let size = Resources::new(Millicores(cores * 1000), Mebibytes(mem)).with_gpus(Milligpus(gpus));
    let by_load = Kind::ALL.into_iter().filter(|kind| size.of(*kind) > 0);
    let by_load = by_load.map(|kind| {
        let one = u128::from(size.of(kind)) * u128::from(load.max(1));
        (u128::from(mean.of(kind)) * 1000).div_ceil(one) as u64
    });
    let by_load = by_load.max().unwrap_or(0);
    let widest = most_agents(demands, size);
    let each = demands.len() as u64;
    let agents = by_load.max(widest).max(each);
    let reason = match agents {
        agents if agents == by_load => Reason::Load,
        agents if agents == widest => Reason::Widest,
        _ => Reason::Frameworks,
    };
    (
        group(u32::try_from(agents).unwrap_or(u32::MAX), size),
        reason,
    )
}

/// So many agents with so many processors each. Of memory nothing is said: there is enough of it for a
/// task on every processor.
fn by_header(demands: &[Demand], kinds: &[(u64, u64)]) -> (Vec<Group>, Reason) {
    let needed = largest(demands, Kind::Cpus).div_ceil(1000).max(1);
    let each = largest(demands, Kind::Mem).max(1);
    let gpus = largest(demands, Kind::Gpus).div_ceil(1000) * 1000;
    let size = |processors: u64| {
        let cores = processors.max(needed);
        Resources::new(Millicores(cores * 1000), Mebibytes(each * cores))
            .with_gpus(Milligpus(gpus * cores))
    };
    let groups = |kinds: &[(u64, u64)]| -> Vec<Group> {
        let agents = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let groups = kinds
            .iter()
            .map(|(count, processors)| group(agents(*count), size(*processors)));
        groups.collect()
    };
    // A job that ran on more processors than the header tells ran on some that it leaves out.
    let short = demands
        .iter()
        .flat_map(|demand| &demand.gangs)
        .filter_map(|(needs, tasks)| {
            let needs = Resources::from_units(*needs);
            let room = |(count, processors): &(u64, u64)| {
                count * needs.times_in(size(*processors)).unwrap_or(0)
            };
            let left = tasks.saturating_sub(kinds.iter().map(room).sum());
            let last = kinds.last().map_or(1, |(_, processors)| *processors);
            (left > 0).then(|| left.div_ceil(needs.times_in(size(last)).unwrap_or(1).max(1)))
        });
    match short.max() {
        None => (groups(kinds), Reason::Header),
        Some(more) => {
            let mut kinds = kinds.to_vec();
            if let Some(last) = kinds.last_mut() {
                last.0 += more;
            }
            (groups(&kinds), Reason::Widest)
        }
    }
}

/// How many agents of `size` the widest job needs.
fn most_agents(demands: &[Demand], size: Resources) -> u64 {
    let agents = demands.iter().map(|one| agents_for(one, size));
    agents.max().unwrap_or(1)
}

/// How many agents of `size` the widest job of a framework needs.
pub(super) fn agents_for(demand: &Demand, size: Resources) -> u64 {
    let agents = demand.gangs.iter().map(|(needs, tasks)| {
        let room = Resources::from_units(*needs).times_in(size);
        tasks.div_ceil(room.unwrap_or(1).max(1))
    });
    agents.max().unwrap_or(1).max(1)
}

/// What the demands ask for of `agents`, in words: "80.0 % of their CPUs and 12.1 % of their memory".
pub(super) fn offered(demands: &[Demand], agents: &[Resources]) -> String {
    let mean: Resources = demands.iter().map(|demand| demand.mean).sum();
    let total: Resources = agents.iter().copied().sum();
    let kinds = [
        (Kind::Cpus, "CPUs"),
        (Kind::Mem, "memory"),
        (Kind::Gpus, "GPUs"),
    ];
    let kinds = kinds
        .into_iter()
        .filter(|(kind, _)| mean.of(*kind) > 0 && total.of(*kind) > 0);
    let parts = kinds.map(|(kind, name)| {
        let thousandths = mean.share(kind, total).parts_per_million().div_ceil(1000);
        format!(
            "{}.{} % of their {name}",
            thousandths / 10,
            thousandths % 10
        )
    });
    let parts: Vec<String> = parts.collect();
    match parts.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Agents for each framework: first what its largest job needs, if there are so many, then the rest in
/// proportion to load.
pub(super) fn share(frameworks: &mut [FrameworkSpec], demands: &[Demand], agents: &[Resources]) {
    let total: Resources = agents.iter().copied().sum();
    let count = agents.len() as u64;
    let mean = total.units().map(|units| units / count.max(1));
    let mean = Resources::from_units(mean);
    let mut least: Vec<u64> = demands.iter().map(|one| agents_for(one, mean)).collect();
    if least.iter().sum::<u64>() > count {
        least = vec![1; demands.len()];
    }
    let loads: Vec<u64> = demands
        .iter()
        .map(|one| one.mean.dominant_share(total).parts_per_million().max(1))
        .collect();
    let all: u64 = loads.iter().sum();
    // The least is never taken from anyone: who has it already by its load gets no more.
    let part = |load: &u64| u128::from(count) * u128::from(*load) / u128::from(all.max(1));
    let mut parts: Vec<u64> = loads.iter().map(|load| part(load) as u64).collect();
    for (part, least) in parts.iter_mut().zip(&least) {
        *part = (*part).max(*least);
    }
    while parts.iter().sum::<u64>() > count {
        let spare = |i: &usize| parts[*i].saturating_sub(least[*i]);
        let Some(most) = (0..parts.len()).max_by_key(|i| (spare(i), std::cmp::Reverse(*i))) else {
            break;
        };
        if spare(&most) == 0 {
            break;
        }
        parts[most] -= 1;
    }
    let left = count.saturating_sub(parts.iter().sum());
    let most = (0..parts.len()).max_by_key(|i| (loads[*i], std::cmp::Reverse(*i)));
    if let Some(most) = most {
        parts[most] += left;
    }
    for (framework, part) in frameworks.iter_mut().zip(parts) {
        framework.share = u32::try_from(part).unwrap_or(u32::MAX);
    }
}
