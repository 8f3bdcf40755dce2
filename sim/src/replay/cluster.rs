//! A cluster for work of which no machines are told, and how a cluster is partitioned.

use std::collections::BTreeMap;

use fairground_policies::allocators::Partition;
use fairground_policies::resources::{Kind, Mebibytes, Millicores, Milligpus, Resources};
use fairground_policies::time::{Span, Time};
use fairground_workloads::ReadError;
use fairground_workloads::recipe::MOST_AGENTS;
use fairground_workloads::trace::{Jobs, Runtimes, Service, Work};

use super::about::{OfSeed, range};
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
    /// Jobs whose stages start together, by their shape: how many there are of each.
    pub(super) gangs: BTreeMap<Shape, u64>,
    /// How many jobs there are.
    pub(super) jobs: u64,
    /// How many requests there are.
    pub(super) requests: u64,
}

/// What a job asks for at once: the most tasks of any of its stages, by what each of them asks for.
type Shape = Vec<([u64; Kind::COUNT], u64)>;

/// More than any cluster has, and so little that many of it have a sum.
const LIMIT: u64 = 1 << 44;

impl Demand {
    /// That of work whose stages start `together` in any case, or only those of jobs that say so.
    pub(super) fn of(work: &Work, horizon: Span, together: bool) -> Self {
        match work {
            Work::Batch(jobs) => Self::of_jobs(jobs, horizon, together),
            // A trace becomes jobs or a service.
            Work::Executors { .. } => Self::default(),
            Work::Service(service) => Self::of_service(service),
        }
    }

    fn of_jobs(jobs: &Jobs, horizon: Span, together: bool) -> Self {
        let mut sums = [0_u128; Kind::COUNT];
        let mut largest = [0; Kind::COUNT];
        let mut gangs: BTreeMap<Shape, u64> = BTreeMap::new();
        for job in jobs.iter() {
            let left = (Time::ZERO + horizon).since(job.submitted);
            let mut shape = BTreeMap::new();
            for (stage, runtimes) in job.stages() {
                let Runtimes::Plain { local, .. } = runtimes else {
                    continue;
                };
                let time = local
                    .iter()
                    .map(|run| u128::from((*run).min(left).as_micros()));
                let time: u128 = time.sum::<u128>() * u128::from(stage.at_once());
                for (i, units) in stage.needs.units().into_iter().enumerate() {
                    sums[i] += u128::from(units) * time;
                    largest[i] = largest[i].max(units);
                }
                if together || job.spec.gang {
                    let most: &mut u64 = shape.entry(stage.needs.units()).or_default();
                    *most = u64::from(stage.tasks).max(*most);
                }
            }
            if !shape.is_empty() {
                *gangs.entry(shape.into_iter().collect()).or_default() += 1;
            }
        }
        let horizon = u128::from(horizon.as_micros().max(1));
        let mean = sums.map(|sum| limited(sum / horizon));
        Self {
            mean: Resources::from_units(mean),
            largest: Resources::from_units(largest),
            gangs,
            jobs: jobs.len() as u64,
            requests: 0,
        }
    }

    fn of_service(service: &Service) -> Self {
        let requests: u128 = service.load.iter().copied().map(u128::from).sum();
        let busy = requests * u128::from(service.service_time.as_micros()) * 1000;
        let time = service.load.len() as u128 * u128::from(service.step.as_micros());
        let capacity = time * u128::from(service.workers) * u128::from(service.autoscaler.target);
        // In thousandths: a mean is no whole number.
        let instances = busy * 1000 / capacity.max(1);
        let instances = instances.max(u128::from(service.autoscaler.min) * 1000);
        let units = service.needs.units();
        let mean = |units| u128::from(units).saturating_mul(instances) / 1000;
        let mean = units.map(|units| limited(mean(units)));
        Self {
            mean: Resources::from_units(mean),
            largest: service.needs,
            requests: u64::try_from(requests).unwrap_or(u64::MAX),
            ..Self::default()
        }
    }
}

fn limited(units: u128) -> u64 {
    u64::try_from(units).unwrap_or(LIMIT).min(LIMIT)
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
    /// The widest job of every framework needs so many, each on a partition of its own.
    Partitions,
    /// Every framework has one.
    Frameworks,
    /// The header says so.
    Header,
    /// The widest job needs more than the header says.
    Wider,
}

/// Agents, each large enough for every task and all of them together for every job; those made for a
/// load have room for the widest job of every framework on its own partition.
///
/// # Errors
/// More or larger agents than a recipe may have.
pub(super) fn sized(demands: &[Demand], aim: &Aim) -> Result<(Vec<Group>, Reason), ReadError> {
    let (kinds, reason) = match aim {
        Aim::Load(load) => {
            let (count, size, reason) = by_load(demands, *load);
            (vec![(count, size)], reason)
        }
        Aim::Header(kinds) => by_header(demands, kinds),
    };
    let count: u128 = kinds.iter().map(|(count, _)| u128::from(*count)).sum();
    if count > u128::from(MOST_AGENTS) {
        let error =
            ReadError::expected(format!("at most {MOST_AGENTS} agents for the work"), count);
        return Err(error.hint("a larger --load needs fewer of them, a smaller --sample less work"));
    }
    let groups = kinds.into_iter().map(|(count, size)| {
        let most = Resources::MAX_UNITS;
        let large = size.units().into_iter().any(|units| units > most);
        if large || u32::try_from(size.gpus().0).is_err() {
            let expected = format!(
                "agents of which no amount is more than {most} (GPUs {})",
                u32::MAX
            );
            let error = ReadError::expected(expected, size);
            return Err(error.hint("a header's MaxProcs a node, or a task, is as large as that"));
        }
        // Not more than a million, as was checked.
        Ok(group(count as u32, size))
    });
    Ok((groups.collect::<Result<_, _>>()?, reason))
}

fn largest(demands: &[Demand], kind: Kind) -> u64 {
    let amounts = demands.iter().map(|demand| demand.largest.of(kind));
    amounts.max().unwrap_or(0)
}

/// As many as the demands load to `load` thousandths.
fn by_load(demands: &[Demand], load: u32) -> (u64, Resources, Reason) {
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
        limited((u128::from(mean.of(kind)) * 1000).div_ceil(one))
    });
    let by_load = by_load.max().unwrap_or(0);
    // On fewer the partitions, which share the agents out, would lose to the pool by construction.
    let partitions = demands.iter().map(|one| u128::from(agents_for(one, size)));
    let partitions = limited(partitions.sum());
    let reason = match demands.len() as u64 {
        _ if by_load >= partitions => Reason::Load,
        each if partitions == each => Reason::Frameworks,
        _ => Reason::Partitions,
    };
    (by_load.max(partitions), size, reason)
}

/// So many agents of a size.
type Alike = (u64, Resources);

/// So many agents with so many processors each. Of memory nothing is said: there is enough of it for a
/// task on every processor.
fn by_header(demands: &[Demand], kinds: &[(u64, u64)]) -> (Vec<Alike>, Reason) {
    let needed = largest(demands, Kind::Cpus).div_ceil(1000).max(1);
    let each = largest(demands, Kind::Mem).max(1);
    let gpus = largest(demands, Kind::Gpus).div_ceil(1000) * 1000;
    let size = |processors: u64| {
        let cores = processors.max(needed);
        let of = |each: u64| cores.saturating_mul(each);
        Resources::new(Millicores(of(1000)), Mebibytes(of(each))).with_gpus(Milligpus(of(gpus)))
    };
    let mut sized: Vec<Alike> = kinds
        .iter()
        .map(|(count, processors)| (*count, size(*processors)))
        .collect();
    // A job that ran on more processors than the header tells ran on some that it leaves out.
    let last = sized.last().map_or(size(1), |(_, size)| *size);
    let shapes = demands.iter().flat_map(|demand| demand.gangs.keys());
    let short = shapes.flatten().filter_map(|(needs, tasks)| {
        let needs = Resources::from_units(*needs);
        let left = u128::from(*tasks).saturating_sub(rooms(needs, &sized));
        let each = needs.times_in(last).unwrap_or(1).max(1);
        (left > 0).then(|| limited(left.div_ceil(u128::from(each))))
    });
    let Some(more) = short.max() else {
        return (sized, Reason::Header);
    };
    if let Some((count, _)) = sized.last_mut() {
        *count = count.saturating_add(more);
    }
    (sized, Reason::Wider)
}

/// For how many tasks that need so much there is room on agents.
fn rooms(needs: Resources, agents: &[Alike]) -> u128 {
    let room =
        |(count, size): &Alike| u128::from(*count) * u128::from(needs.times_in(*size).unwrap_or(0));
    agents.iter().map(room).sum()
}

/// How many of a framework's jobs have no room on agents, however long they wait.
pub(super) fn without_room(demand: &Demand, agents: &[Resources]) -> u64 {
    let mut sizes: BTreeMap<[u64; Kind::COUNT], u64> = BTreeMap::new();
    for size in agents {
        *sizes.entry(size.units()).or_default() += 1;
    }
    let sizes = sizes.into_iter();
    let sizes: Vec<Alike> = sizes
        .map(|(units, count)| (count, Resources::from_units(units)))
        .collect();
    let fits = |(needs, tasks): &([u64; Kind::COUNT], u64)| {
        rooms(Resources::from_units(*needs), &sizes) >= u128::from(*tasks)
    };
    let shapes = demand.gangs.iter();
    let wide = shapes.filter(|(shape, _)| !shape.iter().all(fits));
    wide.map(|(_, jobs)| jobs).sum()
}

/// How many agents of `size` the widest job of a framework needs.
pub(super) fn agents_for(demand: &Demand, size: Resources) -> u64 {
    let stages = demand.gangs.keys().flatten();
    let agents = stages.map(|(needs, tasks)| {
        let room = Resources::from_units(*needs).times_in(size);
        tasks.div_ceil(room.unwrap_or(1).max(1))
    });
    agents.max().unwrap_or(1).max(1)
}

/// What the demands ask for of the agents with every seed, in words: "80.0 % of their CPUs and 12.1 to
/// 13.0 % of their memory".
pub(super) fn offered(seeds: &[OfSeed]) -> String {
    let kinds = [
        (Kind::Cpus, "CPUs"),
        (Kind::Mem, "memory"),
        (Kind::Gpus, "GPUs"),
    ];
    let pairs = seeds.iter().map(|one| {
        let mean: Resources = one.demands.iter().map(|demand| demand.mean).sum();
        let total: Resources = one.agents.iter().copied().sum();
        (mean, total)
    });
    let pairs: Vec<(Resources, Resources)> = pairs.collect();
    let parts = kinds.into_iter().filter_map(|(kind, name)| {
        let asked = pairs.iter().any(|(mean, _)| mean.of(kind) > 0);
        let there = pairs.iter().all(|(_, total)| total.of(kind) > 0);
        let shares = pairs
            .iter()
            .map(|(mean, total)| (mean.share(kind, *total).parts_per_million() + 500) / 1000);
        let load = range(shares, |thousandths| {
            format!("{}.{}", thousandths / 10, thousandths % 10)
        });
        (asked && there).then(|| format!("{load} % of their {name}"))
    });
    let parts: Vec<String> = parts.collect();
    match parts.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The agents of one of several partitions.
pub(super) fn partition<'a>(
    shares: &[u32],
    agents: &'a [Resources],
    which: usize,
) -> &'a [Resources] {
    let parts = Partition::split(shares, agents.len() as u32);
    let before: usize = parts[..which].iter().map(|owns| *owns as usize).sum();
    &agents[before..before + parts[which] as usize]
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
