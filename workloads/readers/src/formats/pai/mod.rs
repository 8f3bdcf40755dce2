//! Alibaba's PAI, 2020: two months of training and inference on 6,500 GPUs.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-gpu-v2020` (Weng et al., NSDI 2022): seven tables as
//! CSV, each in an archive of its own, without header lines; copies have some. A job has tasks (roles such as
//! `ps` and `worker`), a task has instances. CPU and GPU are in percent of one, memory in GB, times in seconds
//! from a day that nobody knows, of which the time of day and the day of the week are true in Shanghai; 0 is
//! missing. A folder of tables is read as one trace (`joined.rs`).

use crate::formats::prelude::*;

pub mod instances;
pub mod jobs;
pub mod machines;
pub mod metrics;
pub mod sensors;
pub mod tags;
pub mod tasks;

mod joined;
mod plan;

/// The most instances of one task.
const MOST_INSTANCES: u64 = 10_000_000;
/// The most CPU or GPU of one instance, in percent.
const MOST_PERCENT: u64 = 100_000_000;
/// The most memory of one instance, in GB.
const MOST_GIGABYTES: u64 = 1_000_000_000;

const TIME: Maybe<Decimal> = Maybe(Decimal("seconds", MILLIONTHS, LATEST));
const PERCENT: Maybe<Decimal> = Maybe(Decimal("percent", MILLIONTHS, MOST_PERCENT));
const GIGABYTES: Maybe<Decimal> = Maybe(Decimal("GB", MILLIONTHS, MOST_GIGABYTES));
const NUMBER: Maybe<Decimal> = Maybe(Decimal("anything", MILLIONTHS, 1 << 40));

/// The tables that are joined.
const TABLES: &[&str] = &[
    jobs::TABLE,
    tasks::TABLE,
    instances::TABLE,
    tags::TABLE,
    machines::TABLE,
];

/// A time that is there.
fn told(time: Option<u64>) -> Option<u64> {
    time.filter(|time| *time > 0)
}

/// What a status and two times say of a run.
fn run_of(status: &str, start: Option<u64>, end: Option<u64>) -> Tasks {
    let (start, end) = (told(start), told(end));
    let run = start.zip(end).map(|(start, end)| end.checked_sub(start));
    match (status, run) {
        ("Running", run) => censored(run.flatten()),
        ("Waiting", None) => unstarted(),
        (_, Some(run)) => ended(run),
        // It failed or was over without ever having started.
        (_, None) if start.is_none() => unstarted(),
        (_, None) => ended(None),
    }
}

/// Warns of an end before its start.
fn see_order(seen: &mut Seen, start: Option<u64>, end: Option<u64>) -> Option<u64> {
    let both = told(start).zip(told(end));
    let run = both.and_then(|(start, end)| end.checked_sub(start));
    if both.is_some() && run.is_none() {
        let odd = ReadError::expected("an end not before the start", "an earlier one");
        seen.warn(odd.place("column end_time"));
    }
    run
}
