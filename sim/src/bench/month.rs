//! A month as large as Google's of 2011: 12,500 agents of the sizes that cell had, 25 million tasks in
//! jobs of one to a hundred, services that follow the hours of the day, and two priorities.

use std::f64::consts::TAU;

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng::{Stream, stream};
use fairground_workloads::trace::{
    Autoscaler, ColdStart, Jobs, Routing, Runtimes, Service, ShapeId, Trace, Work, Workload,
};

use super::engine::simulate;
use super::measure::{Cost, measured};
use super::memory;

const AGENTS: u64 = 12_500;
const TASKS: u64 = 25_000_000;
const DAYS: u64 = 29;
/// Of a thousand agents, how many have how many CPUs and GiB (Reiss et al., 2012, table 1, in machines
/// of 32 CPUs and 128 GiB at the most).
const MACHINES: [(u64, Resources); 7] = [
    (535, Resources::cores(16, 64 * 1024)),
    (308, Resources::cores(16, 32 * 1024)),
    (80, Resources::cores(16, 96 * 1024)),
    (64, Resources::cores(32, 128 * 1024)),
    (10, Resources::cores(8, 32 * 1024)),
    (2, Resources::cores(16, 16 * 1024)),
    (1, Resources::cores(32, 64 * 1024)),
];
/// Of ten jobs, how many have so many tasks; smaller ones first.
const SIZES: [(u64, u32); 3] = [(7, 1), (2, 10), (1, 100)];
/// Services, work in production and the rest, in this order.
const SERVICES: u64 = 4;
/// How many of ten jobs are production's.
const PRODUCTION: u64 = 2;

/// What one in `part` of the month costs, all agents and tasks divided by it, from nothing to a row a
/// task.
pub(super) fn cost(part: u32) -> anyhow::Result<Cost> {
    let folder = tempfile::tempdir()?;
    let (cost, done) = measured(|| {
        let trace = trace(u64::from(part));
        let urgent = Weight::from_thousandths(2000).expect("more than nothing");
        let mut weights = vec![urgent; trace.workloads.len()];
        *weights.last_mut().expect("a workload") = Weight::ONE;
        simulate(
            &trace,
            &weights,
            "priority[offers=task]",
            1000,
            &folder.path().join("rows.csv"),
        )
    });
    done.map(|_| cost)
}

/// The memory at its peak, in GiB, without what the program takes to begin with.
pub(super) fn peak(part: u32) -> anyhow::Result<f64> {
    let before = memory::peak()?;
    cost(part)?;
    Ok((memory::peak()? - before) as f64 / f64::from(1 << 30))
}

fn trace(part: u64) -> Trace {
    let mut draws = stream(1, "month");
    let agents = (0..AGENTS / part)
        .map(|_| draw(&mut draws, &MACHINES))
        .collect();
    let mut works: Vec<Work> = (0..SERVICES).map(|at| service(part, at)).collect();
    works.extend(batches(part, &mut draws).map(Work::Batch));
    let workload = |work| Workload {
        work,
        assumptions: Vec::new(),
        inputs: Vec::new(),
    };
    Trace {
        agents,
        described: Vec::new(),
        workloads: works.into_iter().map(workload).collect(),
        faults: Vec::new(),
        horizon: Time::ZERO + Span::from_secs(DAYS * 24 * 3600),
    }
}

fn draw<T: Copy>(draws: &mut Stream, choices: &[(u64, T)]) -> T {
    let mut left = draws.below(choices.iter().map(|(share, _)| share).sum());
    for (share, choice) in choices {
        match left.checked_sub(*share) {
            Some(rest) => left = rest,
            None => return *choice,
        }
    }
    unreachable!("drawn below the sum of all")
}

/// How busy the hour is, as a share of the mean.
fn hour(hour: u64) -> f64 {
    1.0 + 0.3 * libm::sin(TAU * hour as f64 / 24.0)
}

/// Thousands of instances that serve ten requests a second each.
fn service(part: u64, at: u64) -> Work {
    let requests = (10 * 3600 * 1000 * (at + 1) / part) as f64;
    Work::Service(Service {
        needs: Resources::cores(2, 4 * 1024),
        workers: 4,
        service_time: Span::from_millis(200),
        startup: Span::from_secs(30),
        routing: Routing::LeastWork,
        cold: ColdStart::NONE,
        slo: Span::from_secs(1),
        step: Span::from_secs(3600),
        load: (0..DAYS * 24)
            .map(|step| (requests * hour(step)) as u64)
            .collect(),
        autoscaler: Autoscaler {
            target: 600,
            period: Span::from_secs(300),
            window: Span::from_secs(1800),
            min: 1,
            max: u32::MAX,
        },
    })
}

/// Jobs of single stages: production's and the others.
fn batches(part: u64, draws: &mut Stream) -> impl Iterator<Item = Jobs> + use<> {
    let mut all = [Jobs::default(), Jobs::default()];
    let shapes: Vec<Vec<ShapeId>> = all.iter_mut().map(shapes).collect();
    let mean: u64 = SIZES
        .iter()
        .map(|(share, tasks)| share * u64::from(*tasks))
        .sum();
    let jobs = TASKS / part * 10 / mean;
    let gap = DAYS as f64 * 24.0 * 3600.0 / jobs as f64;
    let (mut at, mut left) = (0.0, TASKS / part);
    while left > 0 {
        at += -libm::log(draws.unit()) * gap / hour(at as u64 / 3600);
        // The last jobs are as small as what is left.
        let most = draw(draws, &SIZES).min(left as u32);
        let size = SIZES.iter().rposition(|(_, tasks)| *tasks <= most);
        let size = size.expect("a job of one task");
        let tasks = SIZES[size].1;
        left -= u64::from(tasks);
        let whose = usize::from(draws.below(10) >= PRODUCTION);
        let demand = draws.below(DEMANDS as u64) as usize;
        let shape = shapes[whose][size * DEMANDS + demand];
        let typical = draws.log_between(60, 100_000);
        let runs = (0..tasks).map(|_| draws.between(500 * typical, 1500 * typical));
        let runs: Vec<Span> = runs.map(Span::from_millis).collect();
        all[whose].push_alike("", Time::from_micros((at * 1e6) as u64), shape, runs);
    }
    all.into_iter()
}

/// Sizes of tasks: an eighth of a CPU to 2, a quarter of a GiB to 4.
const DEMANDS: usize = 25;

fn shapes(jobs: &mut Jobs) -> Vec<ShapeId> {
    let mut shapes = Vec::new();
    for (_, tasks) in SIZES {
        for demand in 0..DEMANDS as u64 {
            let needs = Resources::new(
                Millicores(125 << (demand % 5)),
                Mebibytes(256 << (demand / 5)),
            );
            let runs = Runtimes::Plain {
                local: (),
                away: 1000,
            };
            shapes.push(jobs.shape(false, vec![(StageSpec::new(needs, tasks), runs)]));
        }
    }
    shapes
}
