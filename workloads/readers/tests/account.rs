//! The account and the nodes of a small Slurm cluster, made up here: what `workloads/assets/slurm` holds, for whoever
//! wants to see what becomes of such an account without having one.
//!
//! Not any cluster's numbers: days and nights, arrays, steps, GPUs, jobs that run into their limits, are preempted and
//! start again, or never start; names with the separator in them.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;
use fairground_policies::time::Span;
use fairground_readers::formats::{Check, validate};
use fairground_workloads::rng::{Stream, stream};

/// Monday, 5 January 2026, as days since 1970.
const MONDAY: u64 = 20_458;
const DAYS: u64 = 7;
const DAY: u64 = 86_400;
const NEVER: &str = "Unknown";

const COLUMNS: &str = "JobID|JobName|Account|User|Partition|QOS|Priority|Submit|Start|End|Elapsed|Timelimit|\
                       State|ExitCode|NNodes|ReqCPUS|AllocCPUS|ReqMem|AllocTRES|MaxRSS";

/// A group of users: who they are, where they compute, what they ask for.
struct Group {
    account: &'static str,
    users: &'static [&'static str],
    partition: &'static str,
    qos: &'static str,
    names: &'static [&'static str],
    /// Jobs a day.
    jobs: f64,
    /// The median of run times.
    run: Span,
    cores: &'static [u64],
    /// MiB for each core.
    memory: u64,
    gpus: &'static [u64],
    /// How many tasks arrays have, of those jobs that are some.
    tasks: u64,
}

const GROUPS: [Group; 4] = [
    Group {
        account: "chem",
        users: &["ana", "bo", "cy"],
        partition: "batch",
        qos: "normal",
        names: &["vasp", "relax", "scan | grid"],
        jobs: 22.0,
        run: Span::from_secs(2 * 3600),
        cores: &[16, 32, 64, 64, 128],
        memory: 2048,
        gpus: &[0],
        tasks: 1,
    },
    Group {
        account: "ml",
        users: &["dee", "eli"],
        partition: "gpu",
        qos: "high",
        names: &["train", "tune", "eval"],
        jobs: 30.0,
        run: Span::from_secs(3 * 3600),
        cores: &[8, 8, 16, 32],
        memory: 4096,
        gpus: &[1, 1, 2, 4],
        tasks: 1,
    },
    Group {
        account: "bio",
        users: &["fay", "gus", "hal", "ivy"],
        partition: "batch",
        qos: "normal",
        names: &["align", "call", "sort"],
        jobs: 9.0,
        run: Span::from_secs(1200),
        cores: &[1, 2, 4],
        memory: 4096,
        gpus: &[0],
        tasks: 16,
    },
    Group {
        account: "class",
        users: &["jo", "kim", "lu", "max", "noa"],
        partition: "batch",
        qos: "low",
        names: &["hw1", "test", "a.out"],
        jobs: 40.0,
        run: Span::from_secs(180),
        cores: &[1, 4, 8],
        memory: 1024,
        gpus: &[0],
        tasks: 1,
    },
];

/// A second since 1970 as `sacct` writes it.
fn time(second: u64) -> String {
    let (day, of_day) = (second / DAY - MONDAY + 5, second % DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("2026-01-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// A length as `sacct` writes it.
fn length(seconds: u64) -> String {
    let (days, hours) = (seconds / DAY, seconds / 3600 % 24);
    let days = if days > 0 {
        format!("{days}-")
    } else {
        String::new()
    };
    format!(
        "{days}{hours:02}:{:02}:{:02}",
        seconds / 60 % 60,
        seconds % 60
    )
}

/// One job, or one task of an array.
fn job(group: &Group, id: &str, submit: u64, draw: &mut Stream, text: &mut String) {
    let user = draw.choose(group.users).unwrap();
    let name = draw.choose(group.names).unwrap();
    let cores = *draw.choose(group.cores).unwrap();
    let gpus = *draw.choose(group.gpus).unwrap();
    let memory = cores * group.memory;
    let nodes = cores.div_ceil(64);
    let run = draw.log_normal(group.run, 900).as_micros() / 1_000_000 + 1;
    // Most users ask for far more than they need, in round numbers.
    let limit = (run * draw.between(12, 60) / 10).div_ceil(1800) * 1800;
    let limit = if draw.chance(60) {
        run * 8 / 10 + 1
    } else {
        limit
    };
    let priority = draw.between(1000, 9000);
    let mut row = |start: Option<u64>, end: u64, state: &str, exit: &str| {
        let told = start.map_or_else(|| "None".to_owned(), time);
        let elapsed = end - start.unwrap_or(end);
        let allocated = if start.is_some() { cores } else { 0 };
        let gres = if gpus > 0 {
            format!("gres/gpu={gpus},")
        } else {
            String::new()
        };
        let tres = format!("billing={cores},cpu={cores},{gres}mem={memory}M,node={nodes}");
        let tres = if start.is_some() { tres } else { String::new() };
        let end = if state == "RUNNING" {
            NEVER.to_owned()
        } else {
            time(end)
        };
        let _ = writeln!(
            text,
            "{id}|{name}|{}|{user}|{}|{}|{priority}|{}|{told}|{end}|{}|{}|{state}|{exit}|{nodes}|{cores}|\
             {allocated}|{memory}M|{tres}|",
            group.account,
            group.partition,
            group.qos,
            time(submit),
            length(elapsed),
            length(limit),
        );
        start.map(|start| (start, elapsed))
    };
    let wait = draw.exponential(Span::from_secs(300)).as_micros() / 1_000_000;
    let mut start = submit + wait;
    if draw.chance(30) {
        row(None, start, "CANCELLED by 1000", "0:0");
        return;
    }
    if group.qos == "low" && draw.chance(50) {
        row(Some(start), start + run / 3, "PREEMPTED", "0:15");
        start += run / 3 + 600;
    }
    let last = (MONDAY + DAYS) * DAY;
    let (end, state, exit) = match () {
        () if start + run.min(limit) > last => (last.max(start), "RUNNING", "0:0"),
        () if run > limit => (start + limit, "TIMEOUT", "0:0"),
        () if draw.chance(70) => (start + run / 2, "FAILED", "1:0"),
        () if draw.chance(10) => (start + run / 2, "OUT_OF_MEMORY", "0:125"),
        () => (start + run, "COMPLETED", "0:0"),
    };
    let Some((began, elapsed)) = row(Some(start), end, state, exit) else {
        return;
    };
    if state != "RUNNING" {
        let rss = memory * draw.between(200, 900);
        let _ = writeln!(
            text,
            "{id}.batch|batch|{}|||||{}|{}|{}|{}||{state}|{exit}|1|{cores}|{cores}||cpu={cores},mem={memory}M,node=1|{rss}K",
            group.account,
            time(began),
            time(began),
            time(end),
            length(elapsed),
        );
    }
}

/// A week of all groups, by submission.
fn account() -> String {
    let mut draw = stream(1, "account");
    let mut came: Vec<(u64, &Group)> = Vec::new();
    for group in &GROUPS {
        for hour in 0..DAYS * 24 {
            let (of_day, day) = (hour % 24, hour / 24);
            // Work is handed in by day, and on working days.
            let busy = if (8..19).contains(&of_day) { 1.8 } else { 0.3 };
            let busy = if day < 5 { busy } else { busy / 4.0 };
            for _ in 0..draw.poisson(group.jobs * busy / 24.0) {
                let second = MONDAY * DAY + hour * 3600 + draw.below(3600);
                came.push((second, group));
            }
        }
    }
    came.sort_by_key(|(second, group)| (*second, group.account));
    let mut text = format!("{COLUMNS}\n");
    let mut id = 4100;
    for (submit, group) in came {
        id += 1 + draw.below(3);
        if group.tasks == 1 {
            job(group, &id.to_string(), submit, &mut draw, &mut text);
            continue;
        }
        for task in 1..=draw.between(2, group.tasks) {
            job(group, &format!("{id}_{task}"), submit, &mut draw, &mut text);
        }
    }
    text
}

/// What `scontrol show nodes -o` says of them.
fn nodes() -> String {
    let mut text = String::new();
    for node in 1..=4 {
        let _ = writeln!(
            text,
            "NodeName=n{node:02} Arch=x86_64 CoresPerSocket=32 CPUAlloc=0 CPUEfctv=64 CPUTot=64 Gres=(null) \
             RealMemory=257000 Sockets=2 State=IDLE ThreadsPerCore=1 Partitions=batch"
        );
    }
    for node in 1..=2 {
        let _ = writeln!(
            text,
            "NodeName=g{node:02} Arch=x86_64 CoresPerSocket=32 CPUAlloc=0 CPUEfctv=64 CPUTot=64 Gres=gpu:a100:8 \
             RealMemory=515000 Sockets=2 State=MIXED ThreadsPerCore=1 Partitions=gpu"
        );
    }
    text
}

#[test]
fn the_account_is_sound_and_what_is_written_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/slurm");
    expect_file![folder.join("account.txt")].assert_eq(&account());
    expect_file![folder.join("nodes.txt")].assert_eq(&nodes());
    for name in ["account.txt", "nodes.txt"] {
        let check: Check = validate(&folder.join(name), None, 5);
        assert!(
            check.problems.is_empty() && check.records > 5,
            "{name}: {check:?}"
        );
    }
}
