//! Jobs of `sacct` as canonical ones: rows that tell of one job are found and become one.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::rows::Records;
use super::sacct::{JobPhase, Record};
use crate::formats::prelude::*;

/// What becomes of an attempt that another one followed.
const EARLIER: &str = "an earlier attempt at the same job";
/// What becomes of a row that says the same again, or less.
const AGAIN: &str = "another row of the same job";

/// What the account left to be decided.
#[derive(Default)]
struct LeftOpen {
    jobs: u64,
    steps: u64,
    arrays: u64,
    cut: u64,
    wide: u64,
    used: u64,
    /// Jobs that were started again, the attempts before their last one, and how long those ran.
    again: [u64; 3],
}

/// The ids of jobs that have several rows, by their hashes.
fn several(path: &Path) -> Result<HashSet<u64>, ReadError> {
    let (mut seen, mut several) = (HashSet::new(), HashSet::new());
    for row in Records::open(path)?
        .flatten()
        .filter(|row| row.step.is_none())
    {
        let id = hash(&row);
        if !seen.insert(id) {
            several.insert(id);
        }
    }
    Ok(several)
}

fn hash(row: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&row.cluster, &row.id).hash(&mut hasher);
    hasher.finish()
}

pub(super) fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let several = several(path)?;
    let mut told = LeftOpen::default();
    // Rows of jobs that have several, with the number of the first.
    let mut gathered: BTreeMap<(String, String), (u64, Vec<Record>)> = BTreeMap::new();
    let mut last: Option<Record> = None;
    let mut records = Records::open(path)?;
    import.each(&mut records, |import, row| {
        if row.step.is_some() {
            told.steps += 1;
            let of = last.as_mut().filter(|job| job.id == row.id);
            if let Some(job) = of {
                job.rss = job.rss.max(row.rss);
            }
            return Ok(Became::Merged("a step of a job"));
        }
        if let Some(job) = last.replace(row) {
            settle(import, job, &several, &mut gathered, &mut told)?;
        }
        Ok(Became::Imported)
    })?;
    if let Some(job) = last {
        settle(import, job, &several, &mut gathered, &mut told)?;
    }
    for (_, (number, rows)) in gathered {
        one_of_several(import, number, rows, &mut told)?;
    }
    told.tell(import, records.how().odd());
    Ok(())
}

/// Writes a job, or keeps it until all of its rows are known.
fn settle(
    import: &mut Import<'_>,
    job: Record,
    several: &HashSet<u64>,
    gathered: &mut BTreeMap<(String, String), (u64, Vec<Record>)>,
    told: &mut LeftOpen,
) -> Done {
    if !several.contains(&hash(&job)) {
        let number = import.number();
        return write(import, number, job, told);
    }
    let rows = gathered
        .entry((job.cluster.clone(), job.id.clone()))
        .or_insert_with(|| (import.number(), Vec::new()));
    rows.1.push(job);
    Ok(())
}

fn write(import: &mut Import<'_>, number: u64, job: Record, told: &mut LeftOpen) -> Done {
    told.jobs += 1;
    told.arrays += u64::from(job.tasks > 1);
    told.cut += u64::from(job.cut);
    told.wide += u64::from(job.width() > 1);
    told.used += u64::from(job.rss.is_some_and(|kib| kib > 0));
    import.numbered(number, job.draft())
}

/// The rows of one id: attempts at one job, the same rows again, or jobs one after the other.
fn one_of_several(
    import: &mut Import<'_>,
    number: u64,
    mut rows: Vec<Record>,
    told: &mut LeftOpen,
) -> Done {
    // What waits since the moment at which something begins was told of before that.
    rows.sort_by_key(|row| {
        let begun = row.start.filter(|_| !row.never_ran());
        (begun.or(row.submit), begun.is_some())
    });
    let mut number = Some(number);
    let (mut first, mut before, mut lost) = (None, 0, 0);
    let mut rows = rows.into_iter().peekable();
    while let Some(mut row) = rows.next() {
        first = first.or(row.submit);
        if let Some(next) = rows.peek_mut() {
            let same = row.start == next.start && !row.never_ran()
                || row.never_ran() && row.phase() != JobPhase::Over;
            let why = match row.phase() {
                // Of two rows of one start the one that tells of an end says more.
                _ if same && row.phase() == JobPhase::Over && next.phase() != JobPhase::Over => {
                    std::mem::swap(&mut row, next);
                    AGAIN
                }
                _ if same => AGAIN,
                JobPhase::Again | JobPhase::Runs | JobPhase::Waits => EARLIER,
                JobPhase::Over => "",
            };
            if !why.is_empty() {
                if why == EARLIER {
                    before += 1;
                    lost += row.ran().unwrap_or(0);
                }
                next.rss = next.rss.max(row.rss);
                import.merged(Thing::Jobs, 1, why);
                import.merged(Thing::Tasks, row.parts(), why);
                continue;
            }
        }
        if before > 0 {
            told.again = [
                told.again[0] + 1,
                told.again[1] + before,
                told.again[2] + lost,
            ];
        }
        row.submit = first.take().or(row.submit);
        (before, lost) = (0, 0);
        let id = number.take().unwrap_or_else(|| import.number());
        write(import, id, row, told)?;
    }
    Ok(())
}

impl LeftOpen {
    fn tell(&self, import: &mut Import<'_>, [separators, lines]: [u64; 2]) {
        import.assume(
            "clock",
            "the times of the account, which are local to the cluster",
        );
        import.assume(
            "job shape",
            "a task a node, all at the same time, each with an equal part of the job's cores, memory and GPUs",
        );
        let mut assume = |count: u64, about: &str, model: String| {
            if count > 0 {
                import.assume(about, model);
            }
        };
        let Self {
            arrays, cut, used, ..
        } = *self;
        let model = format!("{arrays} rows stand for all that have not started, each for one job");
        assume(arrays, "tasks of arrays", model);
        let model = format!("{cut} lists of tasks end in points: those behind are not known");
        assume(cut, "arrays cut off", model);
        let [jobs, attempts, lost] = self.again;
        let model = format!(
            "{jobs} jobs were started again after {attempts} attempts that ran {} s in all: the last one \
             stands for the job, submitted when the first was",
            written(lost.into(), MILLIONTHS)
        );
        assume(jobs, "attempts", model);
        let model = format!("MaxRSS of the largest process of a step, of {used} jobs");
        assume(used, "memory used", model);
        let model = format!("{separators} rows hold the separator in what people wrote");
        assume(separators, "rows with more columns", model);
        let model = format!("{lines} lines go on with what people wrote");
        assume(lines, "records over several lines", model);
    }
}
