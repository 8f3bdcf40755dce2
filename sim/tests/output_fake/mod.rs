//! A made-up comparison that looks like a day of a small cluster, without any engine.
//!
//! Three policies, three frameworks, nine agents; a cheap hash stands for chance.

use fairground_policies::job::StageSpec;
use fairground_policies::message::{AgentId, FrameworkId};
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::{Span, Time};
use fairground_sim::run::{
    Comparison, FrameworkInfo, FrameworkRow, HostRow, JobOutcome, JobTable, PolicyRuns, Run,
    ServiceRow, Sheet, Totals, UsageRow,
};
use fairground_workloads::trace::{Assumption, Input, Jobs, Runtimes};

const DAY: u64 = 86_400;
const STEP: u64 = 60;
const SERVICE_STEP: u64 = 150;
const HOST_STEP: u64 = 300;
const AGENTS: u32 = 9;
const SLO: f64 = 0.5;
/// Agents of each framework when partitioned.
const SPLIT: [u32; 3] = [3, 3, 3];
const BEST: [u32; 3] = [2, 3, 4];

/// A number between zero and one that depends on `parts` only.
fn chance(parts: &[u64]) -> f64 {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for part in parts {
        state ^= part
            .wrapping_add(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(state << 6);
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        state ^= state >> 31;
    }
    (state >> 11) as f64 / (1_u64 << 53) as f64
}

/// What a framework would like to use at `secs`, as a share of the cluster.
fn wish(seed: u64, framework: usize, secs: u64) -> f64 {
    let hour = secs as f64 / 3600.0;
    let wave = |peak: f64, wide: f64| {
        let away = ((hour - peak + 36.0) % 24.0 - 12.0) / wide;
        (-away * away).exp()
    };
    let noise = chance(&[seed, framework as u64, secs / 900]) - 0.5;
    let base = match framework {
        0 => 0.15 + 0.75 * wave(3.0, 3.0) + 0.25 * wave(15.0, 2.0),
        1 => 0.10 + 0.45 * wave(11.0, 2.0) + 0.35 * wave(16.0, 1.5),
        _ => 0.08 + 0.42 * wave(20.0, 3.5) + 0.15 * wave(12.0, 3.0),
    };
    (base + 0.15 * noise).clamp(0.02, 1.0)
}

/// What they get: a partition each, or everything divided by need.
fn granted(policy: usize, seed: u64, secs: u64) -> [f64; 3] {
    let wishes = [0, 1, 2].map(|framework| wish(seed, framework, secs));
    let parts = match policy {
        0 => SPLIT,
        1 => BEST,
        _ => {
            let all: f64 = wishes.iter().sum();
            let fit = if all > 0.97 { 0.97 / all } else { 1.0 };
            return wishes.map(|wish| wish * fit);
        }
    };
    let caps = parts.map(|part| f64::from(part) / f64::from(AGENTS));
    [0, 1, 2].map(|i| wishes[i].min(caps[i]))
}

fn usage(policy: usize, seed: u64) -> Vec<UsageRow> {
    let mut rows = Vec::new();
    for step in 0..DAY / STEP {
        let shares = granted(policy, seed, step * STEP);
        for (framework, share) in shares.into_iter().enumerate() {
            let mem = share * [0.6, 1.0, 0.8][framework];
            let of = |units: u64, share: f64| (units as f64 * share) as u64;
            rows.push(UsageRow {
                start: Time::from_secs(step * STEP),
                framework: FrameworkId(framework as u32),
                running: Resources::new(Millicores(of(72_000, share)), Mebibytes(of(147_456, mem))),
                offered: Resources::new(Millicores(of(72_000, share * 0.02)), Mebibytes(100)),
                used: None,
            });
        }
    }
    rows
}

fn services(policy: usize, seed: u64) -> Vec<ServiceRow> {
    let each = |step: u64| {
        let secs = step * SERVICE_STEP;
        let pressure = wish(seed, 2, secs) / granted(policy, seed, secs)[2];
        let jitter = 0.8 + 0.5 * chance(&[seed, 77, step]);
        let p95 = 0.12 * jitter * pressure.powi(6);
        let requests = (wish(seed, 2, secs) * 60_000.0) as u64;
        let micros = |secs: f64| Span::from_micros((secs.min(300.0) * 1e6) as u64);
        ServiceRow {
            start: Time::from_secs(secs),
            framework: FrameworkId(2),
            requests,
            instances: 12_000,
            backlog: 0,
            missed: (requests as f64 * ((p95 / SLO - 0.5) * 0.2).clamp(0.0, 1.0)) as u64,
            latency_p50: micros(p95 / 3.0),
            latency_p95: micros(p95),
            latency_p99: micros(p95 * 1.7),
        }
    };
    (0..DAY / SERVICE_STEP).map(each).collect()
}

/// Agents in order of framework under a partition, mixed under a pool.
fn hosts(policy: usize, seed: u64) -> Vec<HostRow> {
    let mut rows = Vec::new();
    for step in 0..DAY / HOST_STEP {
        let shares = granted(policy, seed, step * HOST_STEP);
        let mut from = 0.0_f64;
        for (framework, share) in shares.into_iter().enumerate() {
            let part = f64::from([SPLIT, BEST, BEST][policy.min(2)][framework]);
            let begin = from;
            let end = begin + share * f64::from(AGENTS);
            for agent in 0..AGENTS {
                let over = end.min(f64::from(agent) + 1.0) - begin.max(f64::from(agent));
                if over > 0.0 {
                    rows.push(HostRow {
                        start: Time::from_secs(step * HOST_STEP),
                        agent: AgentId(agent),
                        framework: FrameworkId(framework as u32),
                        share: (over * 1e6) as u32,
                    });
                }
            }
            from = if policy == 2 { end } else { begin + part };
        }
    }
    rows
}

fn jobs(policy: usize, seed: u64) -> JobTable {
    let mut table = JobTable::default();
    for framework in 0..2_usize {
        let (mut jobs, mut outcomes) = (Jobs::default(), Vec::new());
        for job in 0..120_u32 {
            let key = [seed, framework as u64, u64::from(job)];
            let submitted = (f64::from(job) / 120.0 * DAY as f64) as u64;
            let size = 20.0 * (chance(&key) * 5.0).exp();
            let wanted = wish(seed, framework, submitted);
            let got = granted(policy, seed, submitted)[framework];
            let luck = 0.9 + 0.2 * chance(&[key[0], key[1], key[2], policy as u64]);
            let secs = size * (wanted / got).powf(1.5) * luck;
            let ends = submitted as f64 + secs;
            let never = policy == 0 && job == 57 && framework == 0;
            let label = ["sort", "query <b>7</b>"][framework];
            let stage = StageSpec::new(Resources::cores(1, 1), 10 + job % 7);
            let local = vec![Span::ZERO; stage.tasks as usize];
            let stage = (stage, Runtimes::Plain { local, away: 1000 });
            jobs.push(label, Time::from_secs(submitted), false, vec![stage]);
            let mut outcome = JobOutcome::default();
            outcome.start(Time::from_secs(submitted + 2));
            if !never {
                outcome.finish(Time::from_micros((ends * 1e6) as u64));
            }
            if job % 50 == 3 {
                outcome.lose(1);
            }
            outcomes.push(outcome);
        }
        table.push(jobs, outcomes);
    }
    table
}

fn totals(framework: usize, run: &Run) -> FrameworkRow {
    let id = FrameworkId(framework as u32);
    let jobs = run.jobs.of(id);
    let used: Resources = run
        .usage
        .iter()
        .filter(|row| row.framework == id)
        .map(|row| row.running)
        .sum();
    let steps = DAY / STEP;
    let mean = Resources::new(
        Millicores(used.cpus().0 / steps),
        Mebibytes(used.mem().0 / steps),
    );
    let service = run.services.iter().filter(|row| row.framework == id);
    let mut latencies: Vec<Span> = service.clone().map(|row| row.latency_p95).collect();
    latencies.sort_unstable();
    let rank = |part: usize| {
        latencies
            .get(latencies.len() * part / 100)
            .copied()
            .unwrap_or_default()
    };
    FrameworkRow {
        jobs: jobs.clone().count() as u64,
        finished: jobs.clone().filter(|job| job.finished.is_some()).count() as u64,
        launched: jobs.clone().map(|job| job.tasks + job.lost).sum(),
        tasks_finished: jobs.clone().map(|job| job.tasks).sum(),
        tasks_lost: jobs.clone().map(|job| job.lost).sum(),
        work_lost: Span::from_secs(30 * jobs.map(|job| job.lost).sum::<u64>()),
        mean_usage: mean,
        requests: service.clone().map(|row| row.requests).sum(),
        missed: service.map(|row| row.missed).sum(),
        latency_p50: rank(30),
        latency_p95: rank(90),
        latency_p99: rank(97),
        ..FrameworkRow::default()
    }
}

fn run(policy: usize, seed: u64, with_hosts: bool) -> Run {
    let mut run = Run {
        seed,
        digest: format!("{:064x}", (chance(&[seed, policy as u64]) * 1e15) as u64),
        step: Span::from_secs(STEP),
        host_step: Span::from_secs(HOST_STEP),
        frameworks: Vec::new(),
        jobs: jobs(policy, seed),
        usage: usage(policy, seed),
        services: services(policy, seed),
        hosts: if with_hosts {
            hosts(policy, seed)
        } else {
            Vec::new()
        },
        tasks: Vec::new(),
        totals: Totals {
            events: 120_000,
            actions: 90_000,
            end: Time::from_secs(DAY),
            stalled: false,
        },
    };
    run.frameworks = (0..3).map(|framework| totals(framework, &run)).collect();
    run
}

fn framework(name: &str, kind: &str, service: bool) -> FrameworkInfo {
    FrameworkInfo {
        name: name.to_owned(),
        kind: kind.to_owned(),
        scheduler: "fair".to_owned(),
        service,
        slo: if service {
            Span::from_millis(500)
        } else {
            Span::ZERO
        },
        share: 3,
        weight: 1000,
        role: None,
    }
}

fn assumptions() -> Vec<(Option<FrameworkId>, Assumption)> {
    let assumption = |about: &str, model: &str| Assumption {
        about: about.to_owned(),
        model: model.to_owned(),
    };
    vec![
        (
            None,
            assumption("network between master and agents", "constant 1 ms"),
        ),
        (
            Some(FrameworkId(0)),
            assumption("task durations", "work / rate, 20 MiB/s a map"),
        ),
        (
            Some(FrameworkId(2)),
            assumption("request sizes", "exponential, mean 80 ms"),
        ),
    ]
}

/// Three policies over a day with `seeds` seeds.
pub(crate) fn day(seeds: u64) -> Comparison {
    let seeds: Vec<u64> = (1..=seeds).collect();
    let names = [
        ("static", "static[split=3:3:3]"),
        ("static-best", "static[split=2:3:4]"),
        ("drf", "drf[offers=task,round=1s]"),
    ];
    let policies = names
        .into_iter()
        .enumerate()
        .map(|(policy, (name, resolved))| PolicyRuns {
            name: name.to_owned(),
            resolved: resolved.to_owned(),
            runs: seeds
                .iter()
                .map(|seed| run(policy, *seed, *seed == 1))
                .collect(),
        });
    Comparison {
        name: "nine-hosts".to_owned(),
        about: String::new(),
        title: "Nine hosts, three frameworks, one day".to_owned(),
        recipe: "name = \"nine-hosts\"\n\n[cluster]\nagents = 9\ncpus = 8\nmem = \"16GiB\"\n"
            .to_owned(),
        capacity: Resources::new(Millicores(72_000), Mebibytes(147_456)),
        agents: AGENTS,
        horizon: Span::from_secs(DAY),
        step: Span::from_secs(STEP),
        host_step: Span::from_secs(HOST_STEP),
        policies: policies.collect(),
        seeds,
        frameworks: vec![
            framework("hadoop", "hadoop", false),
            framework("spark", "spark", false),
            framework("rails", "rails", true),
        ],
        assumptions: assumptions(),
        inputs: vec![Input {
            path: "traces/fb-2009.tsv".into(),
            blake3: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262".to_owned(),
        }],
        measured: None,
        sheets: vec![Sheet {
            title: "What the assumptions are worth".to_owned(),
            note: "Each assumption off or doubled.".to_owned(),
            heads: vec!["assumption".to_owned(), "headline".to_owned()],
            rows: vec![vec!["no latency".to_owned(), "−31 %".to_owned()]],
        }],
        warnings: vec!["1 job of hadoop is unfinished at the horizon under static".to_owned()],
    }
}
