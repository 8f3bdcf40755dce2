//! Tasks of workflows as canonical jobs; attempts at one task become one.

use super::Record;
use super::rows::Records;
use crate::formats::prelude::*;

/// What becomes of an attempt that another one followed.
const EARLIER: &str = "an earlier attempt at the same task";

/// A task as far as it was tried.
struct TriedTask {
    number: u64,
    first: Option<u64>,
    attempts: u64,
    record: Record,
}

/// What the file left to be decided.
#[derive(Default)]
struct Undecided {
    /// Failed tasks of a run by their names.
    failed: BTreeMap<(u64, String), Vec<TriedTask>>,
    /// Tasks that were tried again, the attempts before the last, and how long those ran.
    again: [u64; 3],
    /// Whether times are those of clocks on walls, or raw ones.
    local: bool,
    raw: bool,
    waits: u64,
    runs: u64,
    characters: bool,
}

pub(super) fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut told = Undecided::default();
    let mut records = Records::open(path)?;
    import.each(&mut records, |import, record| {
        told.runs = told.runs.max(record.run);
        if record.is_cached() {
            return Ok(Became::Passed(
                "a result of an earlier run, found in the cache",
            ));
        }
        told.raw |= record.raw;
        told.local |= !record.raw && record.submit.or(record.start).is_some();
        told.waits += u64::from(record.start.is_none() && record.waited().is_some());
        told.characters |= record.read.is_some();
        told.task(import, record)?;
        Ok(Became::Imported)
    })?;
    let [separators, lines] = records.how().odd();
    for failed in std::mem::take(&mut told.failed).into_values().flatten() {
        failed.write(import)?;
    }
    told.tell(import, separators, lines);
    Ok(())
}

impl TriedTask {
    fn write(self, import: &mut Import<'_>) -> Done {
        import.numbered(self.number, self.record.draft(self.first, self.attempts))
    }
}

impl Undecided {
    /// Takes a task in: the next attempt at one that failed, or a new one.
    fn task(&mut self, import: &mut Import<'_>, record: Record) -> Done {
        let key = (record.run, record.label());
        let before = self.failed.get_mut(&key);
        let before = before.and_then(|failed| {
            let at = failed
                .iter()
                .position(|one| follows(&one.record, &record))?;
            Some(failed.remove(at))
        });
        let next = match before {
            Some(before) => {
                import.merged(Thing::Jobs, 1, EARLIER);
                import.merged(Thing::Tasks, 1, EARLIER);
                let ran = before.record.ran().ok().flatten().unwrap_or(0);
                self.again[0] += u64::from(before.attempts == 1);
                self.again[1] += 1;
                self.again[2] = self.again[2].saturating_add(ran);
                TriedTask {
                    attempts: before.attempts + 1,
                    record,
                    ..before
                }
            }
            None => TriedTask {
                number: import.number(),
                first: record.submit,
                attempts: 1,
                record,
            },
        };
        if next.record.failed() {
            self.failed.entry(key).or_default().push(next);
            return Ok(());
        }
        next.write(import)
    }

    fn tell(&self, import: &mut Import<'_>, separators: u64, lines: u64) {
        import.clock(match (self.raw, self.local) {
            (true, false) => Some(WallClock::utc()),
            (false, true) => Some(WallClock::local()),
            _ => None,
        });
        import.assume(
            "arrivals",
            "each task is a job that comes when Nextflow submitted it, which is when all that it waits for was \
             done: who waits for whom is not in the source",
        );
        let mut assume = |so: bool, about: &str, model: String| {
            if so {
                import.assume(about, model);
            }
        };
        let model = format!("{} files, each with the tasks of one run", self.runs);
        assume(self.runs > 1, "runs of workflows", model);
        let [tasks, attempts, ran] = self.again;
        let model = format!(
            "{tasks} tasks were tried again after {attempts} attempts that ran {} s in all: the last one stands \
             for the task, submitted when the first was",
            written(ran.into(), MILLIONTHS)
        );
        assume(tasks > 0, "attempts", model);
        let model = format!(
            "of {} tasks the part of their duration in which they did not run, which is also that in which their \
             files came and went",
            self.waits
        );
        assume(self.waits > 0, "waits", model);
        let model = "rchar and wchar, or else read_bytes and write_bytes".to_owned();
        assume(self.characters, "bytes read and written", model);
        let model = format!("{separators} rows hold the separator in what people wrote");
        assume(separators > 0, "rows with more columns", model);
        let model = format!("{lines} lines go on with what people wrote");
        assume(lines > 0, "records over several lines", model);
    }
}

/// Whether a record is the next attempt after one that failed.
fn follows(failed: &Record, next: &Record) -> bool {
    if let (Some(one), Some(other)) = (failed.attempt, next.attempt) {
        return one.checked_add(1) == Some(other);
    }
    match (failed.end(), next.submit) {
        (Some(end), Some(submit)) => submit >= end.saturating_sub(ROUNDED),
        _ => true,
    }
}

/// How far the end of a task may be off by what was rounded in its duration, in microseconds.
const ROUNDED: u64 = 1_000_000;
