//! Every data set as a canonical trace: through text and back it stays the same, and its parts by
//! time merge into the whole.

use std::path::Path;
use std::time::Instant;

use fairground_readers::canonical::edit::{Slice, merge, slice};
use fairground_readers::canonical::tables::{Job, Load};
use fairground_readers::canonical::{Opened, text};
use fairground_workloads::ReadError;

/// Of larger traces about so many rows are tried, so that the test takes seconds. `FAIRGROUND_ROWS`
/// says how many; a large number tries all of them whole.
const MOST_ROWS: u64 = 20_000;

/// How many parts by time are made of a trace.
const PARTS: usize = 3;

fn most_rows() -> u64 {
    let asked = std::env::var("FAIRGROUND_ROWS").ok();
    asked.map_or(MOST_ROWS, |rows| rows.parse().unwrap())
}

fn rows(trace: &Opened) -> u64 {
    trace.manifest.rows.iter().map(|(_, rows)| rows).sum()
}

/// When jobs and load begin, in order.
fn times(trace: &Opened) -> Result<Vec<u64>, ReadError> {
    let mut times = Vec::new();
    for job in trace.rows::<Job>()? {
        times.extend(job?.submit);
    }
    for load in trace.rows::<Load>()? {
        times.push(load?.start);
    }
    times.sort_unstable();
    Ok(times)
}

/// The trace, or its beginning if it is a large one; of jobs that all begin at once, a sample.
fn beginning(trace: Opened, folder: &Path) -> Result<Opened, ReadError> {
    let (most, all) = (most_rows(), rows(&trace));
    if all <= most {
        return Ok(trace);
    }
    let times = times(&trace)?;
    let to = times.get((times.len() as u64 * most / all) as usize);
    let part = match to.filter(|to| Some(*to) != times.first()) {
        Some(to) => Slice {
            to: Some(*to),
            ..Slice::default()
        },
        None => Slice {
            sample: Some((1000 * most).div_ceil(all) as u32),
            ..Slice::default()
        },
    };
    let place = folder.join("beginning");
    slice(&trace, &part, &place)?;
    Opened::open(&place)
}

/// The parts of a trace between equally many beginnings; the last has all that the others have not,
/// also what is of no time.
fn parts(trace: &Opened, folder: &Path) -> Result<Vec<Opened>, ReadError> {
    let times = times(trace)?;
    let at = |part: usize| times.get(times.len() * part / PARTS).copied().or(Some(0));
    let mut parts = Vec::new();
    for part in 1..=PARTS {
        let time = Slice {
            from: at(part - 1).filter(|_| part > 1),
            to: at(part),
            ..Slice::default()
        };
        let rest = Slice {
            to: at(PARTS - 1),
            rest: true,
            ..Slice::default()
        };
        let place = folder.join(format!("part{part}"));
        slice(trace, if part < PARTS { &time } else { &rest }, &place)?;
        parts.push(Opened::open(&place)?);
    }
    Ok(parts)
}

/// What was tried of a trace in `folder`, in a line.
pub(crate) fn check(name: &str, trace: Opened, folder: &Path) -> Result<String, ReadError> {
    let begun = Instant::now();
    let all = rows(&trace);
    let trace = beginning(trace, folder)?;
    let (tried, digest) = (rows(&trace), trace.manifest.digest.clone());
    let exported = folder.join("text.jsonl.zst");
    text::export(&trace, &exported)?;
    let back = text::import(&exported, &folder.join("back"))?;
    assert_eq!(back.digest, digest, "{name}: text and back");
    let parts = parts(&trace, folder)?;
    let merged = merge(&parts, false, &folder.join("merged"))?;
    assert_eq!(merged.digest, digest, "{name}: parts merged");
    let jobs = |part: &Opened| {
        part.manifest
            .rows
            .iter()
            .find(|(name, _)| name == "jobs")
            .map_or(0, |(_, rows)| *rows)
    };
    let jobs: Vec<String> = parts.iter().map(|part| jobs(part).to_string()).collect();
    Ok(format!(
        "{name}: {tried} of {all} rows, jobs {}, digest {}, {:.1?}",
        jobs.join(" + "),
        &digest[..12],
        begun.elapsed()
    ))
}
