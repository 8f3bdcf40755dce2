//! Logs of parallel machines: a job a row, but for jobs that are told in parts.

use super::{Header, Record};
use crate::canonical::tables::Job;
use crate::canonical::{MachineSize, NOT_UNDERSTOOD};
use crate::formats::prelude::*;

/// What becomes of rows that tell of one job.
const PARTS: &str = "parts of a job that is told as a whole";

/// How often the format left something to be decided.
#[derive(Default)]
struct Count {
    requested: u64,
    used: u64,
    unstarted: u64,
    zero: u64,
    wide: u64,
    cut: u64,
    /// Jobs that stand behind ones submitted later.
    unsorted: u64,
    last: u64,
    /// Parts of jobs that have a summary, and of those that have none.
    merged: u64,
    /// The job whose summary was read last: its parts follow it.
    summary: Option<u64>,
    /// Jobs of which only parts were seen so far.
    parts: BTreeMap<u64, Parts>,
}

/// The parts of one job, put together.
struct Parts {
    whole: Record,
    count: u64,
    /// Tasks of all of them.
    tasks: u64,
}

pub(super) fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let shape = "rigid: as many tasks of a core as it had processors, all at the same time";
    import.assume("job shape", shape);
    let mut told = Count::default();
    let mut rows = Rows::<Record>::open(path)?;
    import.each(rows.by_ref(), |import, record| {
        told.wide += u64::from(record.extra > 0);
        told.cut += u64::from(record.cut);
        if record.is_part() {
            return Ok(told.part(record));
        }
        told.summary = Some(record.job);
        let submit = record.submit.unwrap_or(told.last);
        told.unsorted += u64::from(submit < told.last);
        told.last = submit;
        if let Some(parts) = told.parts.remove(&record.job) {
            told.merge(import, &parts);
        }
        job(import, &record, &mut told)
    })?;
    import.machine(size(rows.layout()));
    import.clock(clock(rows.layout()));
    for odd in rows.layout().odd() {
        import.assume(NOT_UNDERSTOOD, format!("{odd}: not used"));
    }
    told.alone(import, path)?;
    told.tell(import);
    Ok(())
}

impl Count {
    /// A part of a job that has a summary is merged into it; others wait for theirs.
    fn part(&mut self, part: Record) -> Became {
        if self.summary == Some(part.job) {
            self.merged += 1;
            return Became::Merged(PARTS);
        }
        let tasks = part.width().map_or(0, |(tasks, _)| tasks);
        match self.parts.get_mut(&part.job) {
            None => {
                let parts = Parts {
                    tasks,
                    count: 1,
                    whole: part,
                };
                self.parts.insert(parts.whole.job, parts);
            }
            Some(parts) => {
                parts.count += 1;
                parts.tasks = parts.tasks.saturating_add(tasks);
                let all = &mut parts.whole;
                all.run = match (all.run, part.run) {
                    (Some(one), Some(other)) => Some(one.saturating_add(other)),
                    (one, other) => one.or(other),
                };
                all.processors = all.processors.max(part.processors);
                all.memory = all.memory.max(part.memory);
                all.submit = all.submit.or(part.submit);
                all.status = part.status;
            }
        }
        Became::Imported
    }

    /// Parts are merged into the row that sums them up.
    fn merge(&mut self, import: &mut Import<'_>, parts: &Parts) {
        self.merged += parts.count;
        import.merged(Thing::Jobs, parts.count, PARTS);
        import.merged(Thing::Tasks, parts.tasks, PARTS);
    }

    /// Jobs of which there are only parts: each is one job that ran as long as they did together.
    fn alone(&mut self, import: &mut Import<'_>, path: &Path) -> Result<(), ReadError> {
        let mut parts = std::mem::take(&mut self.parts);
        if parts.is_empty() {
            return Ok(());
        }
        // A summary may stand anywhere above its parts; only then is the log read again.
        let records = Rows::<Record>::open(path)?.flatten();
        for record in records.filter(|record| !record.is_part()) {
            if let Some(parts) = parts.remove(&record.job) {
                self.merge(import, &parts);
            }
        }
        let (jobs, all) = (
            parts.len(),
            parts.values().map(|parts| parts.count).sum::<u64>(),
        );
        for parts in parts.into_values() {
            self.merged += parts.count - 1;
            import.merged(Thing::Jobs, parts.count - 1, PARTS);
            let width = parts.whole.width().map_or(0, |(tasks, _)| tasks);
            import.merged(Thing::Tasks, parts.tasks.saturating_sub(width), PARTS);
            if let passed @ Became::Passed(_) = job(import, &parts.whole, self)? {
                import.settle(Thing::Jobs, passed, 1);
            }
        }
        if jobs > 0 {
            let model = format!(
                "{jobs} jobs are told by {all} parts and no summary: each runs as long as its parts together, \
                 on as many processors as the widest"
            );
            import.assume("jobs in parts only", model);
        }
        Ok(())
    }

    fn tell(&self, import: &mut Import<'_>) {
        let mut assume = |count: u64, about: &str, model: &str| {
            if count > 0 {
                import.assume(about, format!("{model} ({count} in the log)"));
            }
        };
        let model = "as many as requested";
        assume(self.requested, "processors not logged", model);
        assume(self.used, "memory not requested", "what was used");
        let model = "without a run time or a processor, so they add no load";
        assume(self.unstarted, "jobs that never started", model);
        assume(
            self.zero,
            "run times of zero",
            "kept: the log counts whole seconds",
        );
        let model = "parts of one job: merged into the row that sums them up";
        assume(self.merged, "rows with the status 2, 3 or 4", model);
        assume(self.wide, "columns behind the 18th", "not read");
        assume(self.cut, "fractions in other columns than times", "cut off");
        let model = "by submission; the log is not in that order";
        assume(self.unsorted, "order of jobs", model);
    }
}

fn job(import: &mut Import<'_>, record: &Record, told: &mut Count) -> Result<Became, ReadError> {
    let Some((processors, requested)) = record.width() else {
        return Ok(Became::Passed(
            "jobs without processors, given or requested",
        ));
    };
    let some = |kilobytes: &u64| *kilobytes > 0;
    let mebibytes = |kilobytes: u64| kilobytes.div_ceil(1024);
    let asked = record.requested_memory.filter(some).map(mebibytes);
    let taken = record.memory.filter(some).map(mebibytes);
    let run = if record.never_ran() {
        told.unstarted += 1;
        unstarted()
    } else if record.status == Some(2) {
        censored(record.run)
    } else {
        told.zero += u64::from(record.run == Some(0));
        ended(record.run)
    };
    told.requested += u64::from(requested);
    told.used += u64::from(asked.is_none() && taken.is_some());
    let tasks = Tasks {
        count: processors,
        cpus: Some(1000),
        memory: asked.or(taken),
        used: asked.and(taken),
        busy: record.cpu_time,
        ..run
    };
    let text = |number: Option<u64>| number.map(|number| number.to_string());
    let user = record
        .user
        .map_or(String::new(), |user| format!("user {user}"));
    let mut draft = Draft::simple(record.job.to_string(), record.submit, tasks).by(user);
    draft.outcome = text(record.status).unwrap_or_default();
    draft.more = Job {
        wait: record.wait,
        estimate: record.requested_time,
        requested: record.requested_processors.map(|count| count * 1000),
        group: text(record.group),
        executable: text(record.application),
        queue: text(record.queue),
        partition: text(record.partition),
        preceding: text(record.preceding_job),
        think: record.think_time,
        ..Job::default()
    };
    import.job(draft.gang())
}

/// What clocks showed at the beginning, if the header says when and where. Its `TimeZone` is told wrongly by
/// logs that name the zone as well.
fn clock(header: &Header) -> Option<WallClock> {
    let zero = header.number("UnixStartTime")?.checked_mul(1_000_000)?;
    let named = header.word("TimeZoneString").map(str::to_owned);
    let zone = named.or_else(|| {
        let offset: i64 = header.word("TimeZone")?.parse().ok()?;
        let (sign, minutes) = (
            if offset < 0 { '-' } else { '+' },
            offset.unsigned_abs() / 60,
        );
        (minutes <= 14 * 60).then(|| format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
    })?;
    Some(WallClock { zero, zone })
}

/// What the header says of the machine.
fn size(header: &Header) -> Option<MachineSize> {
    let number = |key: &str| header.number(key);
    let size = MachineSize {
        processors: number("MaxProcs"),
        nodes: number("MaxNodes"),
        queues: number("MaxQueues"),
        partitions: number("MaxPartitions"),
        longest: number("MaxRuntime").map(seconds),
        memory: number("MaxMemory").map(|kilobytes| kilobytes.div_ceil(1024)),
    };
    (size != MachineSize::default()).then_some(size)
}
