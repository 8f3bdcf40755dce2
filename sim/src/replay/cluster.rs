//! A cluster for work of which no machines are told, and how a cluster is partitioned.

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
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Demand {
    /// The mean of what runs, if every task ran as soon as its job was submitted.
    pub(super) mean: Resources,
    /// The most of each kind that any task asks for.
    pub(super) largest: Resources,
    /// All that the largest job asks for at once.
    pub(super) gang: Resources,
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
        let (mut largest, mut gang) = ([0; Kind::COUNT], [0; Kind::COUNT]);
        for job in jobs.iter() {
            let left = (Time::ZERO + horizon).since(job.submitted);
            let mut all = [0; Kind::COUNT];
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
                    all[i] = all[i].max(units * u64::from(stage.tasks));
                }
            }
            if job.spec.gang {
                gang = std::array::from_fn(|i| gang[i].max(all[i]));
            }
        }
        let horizon = u128::from(horizon.as_micros().max(1));
        let mean = sums.map(|sum| u64::try_from(sum / horizon).unwrap_or(u64::MAX));
        Self {
            mean: Resources::from_units(mean),
            largest: Resources::from_units(largest),
            gang: Resources::from_units(gang),
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
            gang: service.needs,
        }
    }
}

/// Equal agents, as many as the demands load to `load` thousandths, each large enough for every task
/// and all of them together for every job.
pub(super) fn sized(demands: &[Demand], load: u32) -> Group {
    let mean: Resources = demands.iter().map(|demand| demand.mean).sum();
    let most = |of: fn(&Demand) -> Resources, kind: Kind| {
        let amounts = demands.iter().map(|demand| of(demand).of(kind));
        amounts.max().unwrap_or(0)
    };
    let largest = |kind| most(|demand| demand.largest, kind);
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
    let gang = most_agents(demands, size);
    let agents = by_load.max(gang).max(demands.len() as u64);
    group(u32::try_from(agents).unwrap_or(u32::MAX), size)
}

/// How many agents of `size` the largest job needs.
fn most_agents(demands: &[Demand], size: Resources) -> u64 {
    demands
        .iter()
        .map(|one| agents_for(one.gang, size))
        .max()
        .unwrap_or(1)
}

fn agents_for(gang: Resources, size: Resources) -> u64 {
    let kinds = Kind::ALL.into_iter().filter(|kind| size.of(*kind) > 0);
    let agents = kinds.map(|kind| gang.of(kind).div_ceil(size.of(kind)));
    agents.max().unwrap_or(0).max(1)
}

/// Agents for each framework: first what its largest job needs, if there are so many, then the rest in
/// proportion to load.
pub(super) fn share(frameworks: &mut [FrameworkSpec], demands: &[Demand], agents: &[Resources]) {
    let total: Resources = agents.iter().copied().sum();
    let count = agents.len() as u64;
    let mean = total.units().map(|units| units / count.max(1));
    let mean = Resources::from_units(mean);
    let mut least: Vec<u64> = demands
        .iter()
        .map(|one| agents_for(one.gang, mean))
        .collect();
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
