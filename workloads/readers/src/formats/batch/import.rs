//! Records of an account as jobs: those that tell of one job are found and become one.
//!
//! An account is read twice. The first time tells which ids come again after their job is over (the numbers of a
//! system begin anew, or a job was started again); only the records of those are kept until the end, all other jobs
//! are written when they are over.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::draft::{LeftToDecide, draft};
use super::{Accounted, Chunk, RunPhase};
use crate::formats::prelude::*;

/// What becomes of a record that is not the one of a job's whole run.
const EVENT: &str = "an event of a job";
/// What becomes of an attempt that another one followed.
const EARLIER: &str = "an earlier attempt at the same job";
/// What becomes of a record that says the same again.
const AGAIN: &str = "another record of the same job";

/// Zones are told apart by so much, in microseconds.
const QUARTER: i64 = 900_000_000;
/// So far apart may a record and what it tells of be, in microseconds.
const LATE: i64 = 120_000_000;
/// Farther from UTC no clock is, in microseconds.
const FARTHEST: i64 = 14 * 3_600_000_000;

/// What the first reading of an account tells.
#[derive(Default)]
struct FirstReading {
    /// The ids that come again after their job is over, by their hashes.
    several: HashSet<u64>,
    /// How far the clock of the place is ahead of UTC, in microseconds.
    ahead: Option<i64>,
    /// The latest time of all.
    latest: u64,
}

/// The records of a job, in their order, and its number.
struct OpenJob {
    number: u64,
    rows: Vec<Accounted>,
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// A time by the clock of the place as one in UTC.
fn in_utc(local: u64, ahead: i64) -> Option<u64> {
    local.checked_add_signed(ahead.checked_neg()?)
}

impl FirstReading {
    fn of(rows: impl Iterator<Item = Accounted>) -> Self {
        let mut known = Self::default();
        let (mut over, mut logged) = (HashSet::new(), 0);
        for row in rows {
            let times = [row.submit, row.start, row.end];
            known.latest = times.into_iter().flatten().fold(known.latest, Ord::max);
            logged = logged.max(row.logged.unwrap_or(0));
            if matches!(row.phase, RunPhase::Other(_)) {
                continue;
            }
            let id = hash(&row.id);
            if over.contains(&id) {
                known.several.insert(id);
            } else if row.is_over() {
                over.insert(id);
            }
            if known.ahead.is_none() {
                known.ahead = row.logged.zip(row.end).and_then(ahead);
            }
        }
        let logged = in_utc(logged, known.ahead.unwrap_or(0));
        known.latest = known.latest.max(logged.unwrap_or(0));
        known
    }
}

/// How far a clock is ahead of UTC that shows the first time at the second.
fn ahead((logged, end): (u64, u64)) -> Option<i64> {
    let difference = logged.cast_signed().checked_sub(end.cast_signed())?;
    let nearest = difference.checked_add(QUARTER / 2)?.div_euclid(QUARTER) * QUARTER;
    let sound = (difference - nearest).abs() <= LATE && nearest.abs() <= FARTHEST;
    sound.then_some(nearest)
}

/// The zone of a clock that is so far ahead of UTC.
fn zone(ahead: i64) -> WallClock {
    let minutes = ahead.unsigned_abs() / 60_000_000;
    let sign = if ahead < 0 { '-' } else { '+' };
    WallClock {
        zero: 0,
        zone: format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    }
}

/// Makes jobs of the records that `R` reads; `shape` says what their tasks are.
pub(crate) fn import<R: Reader<Record = Accounted>>(
    import: &mut Import<'_>,
    path: &Path,
    shape: &str,
) -> Done {
    let known = FirstReading::of(R::open(path)?.flatten());
    let mut told = LeftToDecide::default();
    let mut open: BTreeMap<String, OpenJob> = BTreeMap::new();
    // Arrays of which it is told how many jobs they have, and how many of those did not begin.
    let mut arrays: BTreeMap<String, (u64, Accounted)> = BTreeMap::new();
    import.each(R::open(path)?, |import, row| {
        if let RunPhase::Other(why) = row.phase {
            return Ok(Became::Passed(why));
        }
        if row.parts > 0 {
            arrays.entry(row.id.clone()).or_insert((row.parts, row));
            return Ok(Became::Merged(EVENT));
        }
        let became = if row.is_run() {
            Became::Imported
        } else {
            Became::Merged(EVENT)
        };
        let (over, id) = (row.is_over(), row.id.clone());
        let waiting = open.entry(row.id.clone()).or_insert_with(|| {
            if let Some((left, _)) = row.array.as_ref().and_then(|array| arrays.get_mut(array)) {
                *left = left.saturating_sub(1);
            }
            let number = import.number();
            let rows = Vec::new();
            OpenJob { number, rows }
        });
        waiting.push(row);
        if over
            && !known.several.contains(&hash(&id))
            && let Some(waiting) = open.remove(&id)
        {
            waiting.settle(import, &known, &mut told)?;
        }
        Ok(became)
    })?;
    for waiting in open.into_values() {
        waiting.settle(import, &known, &mut told)?;
    }
    for (left, array) in arrays.into_values().filter(|(left, _)| *left > 0) {
        let number = import.number();
        unstarted_of_array(import, number, left, array, &known, &mut told)?;
    }
    import.assume("job shape", shape);
    import.clock(match known.ahead {
        Some(ahead) => zone(ahead),
        None => WallClock::utc(),
    });
    told.tell(import);
    Ok(())
}

impl OpenJob {
    /// Keeps a record; of those that only tell that something happened once more, one.
    fn push(&mut self, row: Accounted) {
        match self.rows.last_mut().filter(|last| last.phase == row.phase) {
            Some(_) if row.phase == RunPhase::Waits => {}
            Some(last) if !row.is_run() => *last = row,
            _ => self.rows.push(row),
        }
    }

    /// Writes the job, or the jobs, that the records tell of.
    fn settle(
        self,
        import: &mut Import<'_>,
        known: &FirstReading,
        told: &mut LeftToDecide,
    ) -> Done {
        let mut number = Some(self.number);
        let mut job = OfOneJob::default();
        let mut rows = self.rows;
        // Some systems list what happened last first.
        if rows.iter().all(Accounted::is_run) {
            rows.sort_by_key(|row| row.start.or(row.submit));
        }
        for row in rows {
            if let Some(over) = job.over.as_ref() {
                let same = row.submit.is_some() && row.submit == over.submit;
                let later = row.start > over.start;
                match row.phase {
                    RunPhase::Gone => continue,
                    // What waits again has not begun again.
                    _ if same && (later || row.phase == RunPhase::Waits) => {
                        if let Some(before) = job.over.take() {
                            job.earlier(import, &before);
                        }
                    }
                    _ if same => {
                        if row.is_run() {
                            merged(import, &row, AGAIN);
                        }
                        continue;
                    }
                    _ => {
                        let id = number.take().unwrap_or_else(|| import.number());
                        std::mem::take(&mut job).write(import, id, known, told)?;
                    }
                }
            }
            job.see(import, row);
        }
        let id = number.take().unwrap_or_else(|| import.number());
        job.write(import, id, known, told)
    }
}

/// A record says more of a job that another one tells of.
fn merged(import: &mut Import<'_>, row: &Accounted, why: &'static str) {
    import.merged(Thing::Jobs, 1, why);
    import.merged(Thing::Tasks, row.tasks(), why);
}

/// What is told of one job.
#[derive(Default)]
struct OfOneJob {
    /// When it was submitted first.
    submit: Option<u64>,
    waits: Option<Accounted>,
    runs: Option<Accounted>,
    again: Option<Accounted>,
    gone: Option<Accounted>,
    over: Option<Accounted>,
    /// How many attempts came before the last one, and how long they ran.
    before: [u64; 2],
}

impl OfOneJob {
    fn see(&mut self, import: &mut Import<'_>, row: Accounted) {
        self.submit = self.submit.or(row.submit);
        match row.phase {
            RunPhase::Waits => {
                self.waits.get_or_insert(row);
            }
            RunPhase::Runs => self.runs = Some(row),
            RunPhase::Gone => self.gone = Some(row),
            RunPhase::Again => {
                if let Some(before) = self.again.replace(row) {
                    self.earlier(import, &before);
                }
                self.runs = None;
            }
            RunPhase::Over | RunPhase::Planned => self.over = Some(row),
            RunPhase::Other(_) => {}
        }
    }

    fn earlier(&mut self, import: &mut Import<'_>, before: &Accounted) {
        merged(import, before, EARLIER);
        self.before[0] += 1;
        self.before[1] = self.before[1].saturating_add(before.ran().unwrap_or(0));
    }

    /// The record that says most of the job, and what it tells of the run.
    fn best(
        &mut self,
        import: &mut Import<'_>,
        known: &FirstReading,
    ) -> Option<(Accounted, Tasks)> {
        let ahead = known.ahead.unwrap_or(0);
        let last = self.over.take().or_else(|| self.runs.take());
        if let Some(row) = last {
            if let Some(before) = self.again.take() {
                self.earlier(import, &before);
            }
            let known = match row.phase {
                RunPhase::Planned => ran(row.run),
                RunPhase::Over if row.start.is_none() => unstarted(),
                RunPhase::Over if row.end.is_none() && row.run.is_none() => untold(),
                RunPhase::Over => ended(row.ran()),
                _ => {
                    let gone = self.gone.as_ref().and_then(|gone| gone.logged);
                    let until = gone.and_then(|gone| in_utc(gone, ahead));
                    let until = row.end.or(until).unwrap_or(known.latest);
                    censored(row.start.and_then(|start| until.checked_sub(start)))
                }
            };
            return Some((row, known));
        }
        if let Some(row) = self.again.take() {
            let known = match row.start {
                Some(_) => ended(row.ran()),
                None => unstarted(),
            };
            return Some((row, known));
        }
        Some((self.waits.take()?, unstarted()))
    }

    fn write(
        mut self,
        import: &mut Import<'_>,
        number: u64,
        known: &FirstReading,
        told: &mut LeftToDecide,
    ) -> Done {
        let queued = self.waits.as_ref();
        let (after, logged) =
            queued.map_or_else(Default::default, |row| (row.after.clone(), row.logged));
        let Some((mut row, run)) = self.best(import, known) else {
            told.nothing += 1;
            return Ok(());
        };
        if !row.is_run() {
            import.find(Thing::Jobs, 1);
            import.find(Thing::Tasks, row.tasks());
        }
        if row.after.is_empty() {
            row.after = after;
        }
        let logged = logged.and_then(|logged| in_utc(logged, known.ahead.unwrap_or(0)));
        row.submit = self.submit.or(row.submit).or(logged).or(row.start);
        if let Some(gone) = self.gone.as_ref().filter(|_| row.outcome.is_empty()) {
            row.outcome.clone_from(&gone.outcome);
        }
        let [before, lost] = self.before;
        if before > 0 {
            told.again[0] += 1;
            told.again[1] = told.again[1].saturating_add(before);
            told.again[2] = told.again[2].saturating_add(lost);
            row.attempts = row.attempts.or(Some(before + 1));
        } else if row.attempts.is_some_and(|attempts| attempts > 1) {
            told.repeated += 1;
        }
        told.see(&row, &run);
        import.numbered(number, draft(row, &run))
    }
}

/// The jobs of an array that have not begun, as one.
fn unstarted_of_array(
    import: &mut Import<'_>,
    number: u64,
    left: u64,
    mut row: Accounted,
    known: &FirstReading,
    told: &mut LeftToDecide,
) -> Done {
    if row.chunks.is_empty() {
        row.chunks.push(Chunk {
            count: 1,
            ..Chunk::default()
        });
    }
    for chunk in &mut row.chunks {
        chunk.count = chunk.count.saturating_mul(left);
    }
    import.find(Thing::Jobs, 1);
    import.find(Thing::Tasks, row.tasks());
    let logged = row
        .logged
        .and_then(|logged| in_utc(logged, known.ahead.unwrap_or(0)));
    row.submit = row.submit.or(logged);
    told.arrays += 1;
    import.numbered(number, draft(row, &unstarted()))
}
