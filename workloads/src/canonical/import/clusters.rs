//! Lists of machines, and the cells of Google with their events.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Draft, Import, censored, ended, unstarted};
use crate::canonical::NO_PARTS;
use crate::canonical::account::{Became, Thing};
use crate::canonical::tables::{Change, Machine, Tasks, Usage};
use crate::error::ReadError;
use crate::formats::{Format, alibaba2018, cook, google2011, google2019, hadoop};

type Done = Result<(), ReadError>;

pub(super) fn convert(import: &mut Import<'_>, path: &Path, format: Format) -> Option<Done> {
    Some(match format {
        Format::CookHosts => match cook::hosts::records(path) {
            Err(error) => Err(error),
            Ok(hosts) => import.machines(hosts, |host| Machine {
                cpus: Some(host.amount("cpus") * 1000),
                memory: Some(host.amount("mem")),
                gpus: Some(host.amount("gpus") * 1000),
                name: host.hostname,
                ..Machine::default()
            }),
        },
        Format::Topology => topology(import, path),
        Format::Alibaba2018Machines => alibaba(import, path),
        Format::Google2011Machines => machines(import, path),
        Format::Google2011Jobs => jobs(import, path),
        Format::Google2011Tasks => tasks(import, path),
        Format::Google2011Usage => usage(import, path),
        Format::Google2019Instances => instances(import, path),
        _ => return None,
    })
}

fn topology(import: &mut Import<'_>, path: &Path) -> Done {
    let mut id = 0;
    import.each(hadoop::topology::records(path)?, |import, tree| {
        for (rack, host) in tree.hosts() {
            let (name, platform) = (host.to_owned(), Some(rack.to_owned()));
            import.push(Machine {
                id,
                name,
                platform,
                ..Machine::default()
            })?;
            id += 1;
        }
        Ok(Became::Imported)
    })?;
    import.assume(
        "platforms",
        "the rack of a host; sizes are not in the source",
    );
    Ok(())
}

fn alibaba(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    import.assume(
        "machines",
        "a change of state other than USING means that it is down",
    );
    import.each(alibaba2018::machines::records(path)?, |import, row| {
        let time = super::seconds(row.time);
        let cpus = row.cores.map(|cores| cores * 1000);
        // 100 is the largest machine.
        let memory = row.memory.map(|memory| memory * 10_000_000);
        let next = known.len() as u64;
        let machine = *known.entry(row.machine.clone()).or_insert(next);
        if machine == next {
            let name = row.machine;
            import.push(Machine {
                id: machine,
                name,
                cpus,
                memory,
                ..Machine::default()
            })?;
        } else {
            import.merged(Thing::Machines, 1, "another event of the same machine");
        }
        let kind = if row.status == "USING" { "up" } else { "down" }.to_owned();
        import.push(Change {
            machine,
            time,
            kind,
            cpus,
            memory,
        })?;
        Ok(Became::Imported)
    })
}

fn machines(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<u64, u64> = BTreeMap::new();
    import.each(google2011::machines::records(path)?, |import, row| {
        let next = known.len() as u64;
        let machine = *known.entry(row.machine).or_insert(next);
        let (cpus, memory) = (row.cpus, row.memory);
        if machine == next {
            import.push(Machine {
                id: machine,
                name: row.machine.to_string(),
                platform: Some(row.platform).filter(|platform| !platform.is_empty()),
                cpus,
                memory,
                ..Machine::default()
            })?;
        } else {
            import.merged(Thing::Machines, 1, "another event of the same machine");
        }
        let kind = ["up", "down", "change"][usize::from(row.event.min(2))].to_owned();
        import.push(Change {
            machine,
            time: row.time,
            kind,
            cpus,
            memory,
        })?;
        Ok(Became::Imported)
    })
}

fn jobs(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<u64, (u64, Draft)> = BTreeMap::new();
    import.assume("tasks", "in another table: import task_events for them");
    import.each(google2011::jobs::records(path)?, |import, row| {
        let became = import.told_of(known.contains_key(&row.job), Thing::Jobs, SAME_JOB);
        let (_, draft) = known.entry(row.job).or_insert_with(|| {
            let draft = Draft {
                name: row.job.to_string(),
                tenant: row.user.clone(),
                priority: row.class.map(u64::from),
                ..Draft::default()
            };
            (import.number(), draft)
        });
        if row.event == google2011::SUBMIT {
            draft.submit.get_or_insert(row.time);
        } else if google2011::is_end(row.event) {
            google2011::EVENTS[usize::from(row.event)].clone_into(&mut draft.outcome);
        }
        Ok(became)
    })?;
    known
        .into_values()
        .try_for_each(|(id, draft)| import.numbered(id, draft))
}

/// A task between two events.
#[derive(Clone, Copy, Default)]
struct Live {
    /// When it began to run, if it does.
    started: Option<u64>,
    /// Whether it was seen to wait.
    waited: bool,
    /// Whether it ran already when the trace began.
    before: bool,
    cpus: Option<u64>,
    memory: Option<u64>,
}

impl Live {
    /// How long it ran when it ended then, or when the trace did.
    fn ran(self, time: u64, in_trace: bool) -> Tasks {
        let run = self.started.map(|started| time.checked_sub(started));
        match run {
            Some(run) if in_trace => ended(run),
            Some(run) => censored(run),
            None if self.before || !self.waited => censored(None),
            None => unstarted(),
        }
    }
}

fn tasks(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<u64, (u64, Draft)> = BTreeMap::new();
    let mut live: BTreeMap<(u64, u64), Live> = BTreeMap::new();
    let row_of = |live: Live, ran: Tasks| Tasks {
        cpus: live.cpus,
        memory: live.memory,
        ..ran
    };
    let mut last = 0;
    import.each(google2011::tasks::records(path)?, |import, row| {
        let _ = import.told_of(known.contains_key(&row.job), Thing::Jobs, SAME_JOB);
        let (job, _) = known.entry(row.job).or_insert_with(|| {
            let draft = Draft {
                name: row.job.to_string(),
                tenant: row.user.clone(),
                submit: Some(row.time),
                priority: row.priority.map(u64::from),
                ..Draft::default()
            };
            (import.number(), draft)
        });
        let job = *job;
        let again = if row.event == EVICT {
            "evictions: the task comes again"
        } else {
            SAME_TASK
        };
        let known = live.contains_key(&(job, row.index));
        let became = import.told_of(known, Thing::Tasks, again);
        let task = live.entry((job, row.index)).or_default();
        task.cpus = row.cpus.or(task.cpus);
        task.memory = row.memory.or(task.memory);
        let in_trace = row.time < google2011::AFTER;
        if in_trace {
            last = last.max(row.time);
        }
        task.waited |= row.event == google2011::SUBMIT;
        if row.event == google2011::SCHEDULE {
            // What ran before the trace began nobody knows when.
            task.started = Some(row.time).filter(|time| *time > google2011::BEFORE);
            task.before = task.started.is_none();
        } else if google2011::is_end(row.event) {
            let gone = *task;
            // An evicted task comes again: it is the same task.
            if row.event == EVICT {
                (task.started, task.before, task.waited) = (None, false, true);
                return Ok(became);
            }
            live.remove(&(job, row.index));
            let time = if in_trace { row.time } else { last };
            import.push(Tasks {
                job,
                ..row_of(gone, gone.ran(time, in_trace))
            })?;
        }
        Ok(became)
    })?;
    for ((job, _), task) in live {
        import.push(Tasks {
            job,
            ..row_of(task, task.ran(last, false))
        })?;
    }
    import.assume("run times", RUNS);
    known
        .into_values()
        .try_for_each(|(id, draft)| import.numbered(id, draft))
}

const RUNS: &str = "from the last time that a task was scheduled to its end; a task that does not end in the \
                    trace has run until its last event, and of one that ran before nobody knows how long";

/// The code of an eviction in 2011.
const EVICT: u8 = 2;

const SAME_JOB: &str = "another event of the same job";
const SAME_TASK: &str = "another event of the same task";

fn usage(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<u64, u64> = BTreeMap::new();
    import.assume("usage", NO_PARTS[0]);
    import.each(google2011::usage::records(path)?, |import, row| {
        let job = if let Some(job) = known.get(&row.job) {
            import.merged(Thing::Jobs, 1, "another reading of the same job");
            *job
        } else {
            let name = row.job.to_string();
            let draft = Draft {
                name,
                ..Draft::default()
            };
            let job = import.number();
            import.numbered(job, draft)?;
            known.insert(row.job, job);
            job
        };
        let Some(cpus) = row.cpu else {
            return Ok(Became::Passed("without a rate of CPU"));
        };
        import.push(Usage {
            job,
            start: row.start,
            length: row.end.saturating_sub(row.start),
            cpus: cpus / 1000,
        })?;
        Ok(Became::Imported)
    })
}

fn instances(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<String, (u64, Draft)> = BTreeMap::new();
    let mut live: BTreeMap<(u64, String), Live> = BTreeMap::new();
    let row_of = |live: Live, ran: Tasks| Tasks {
        cpus: live.cpus.map(|cpus| cpus / 1000),
        memory: live.memory.map(|memory| memory / 1000),
        ..ran
    };
    let mut last = 0;
    import.each(google2019::records(path)?, |import, row| {
        if row.rounded {
            let found = crate::error::quoted(&row.collection);
            let expected = "the number of a collection with all its digits";
            let error = ReadError::expected(expected, found).place("column collection_id");
            let hint = "a spreadsheet rounded it: the events of a job cannot be told apart, so \
                        the file can be counted but not replayed";
            return Err(row.place.of(error).hint(hint));
        }
        if known.contains_key(&row.collection) {
            import.merged(Thing::Jobs, 1, SAME_JOB);
        } else {
            let draft = Draft {
                name: row.collection.clone(),
                submit: Some(row.time),
                priority: row.priority,
                ..Draft::default()
            };
            known.insert(row.collection.clone(), (import.number(), draft));
        }
        let job = known[&row.collection].0;
        let key = (job, row.index);
        let became = import.told_of(live.contains_key(&key), Thing::Tasks, SAME_TASK);
        let task = live.entry(key.clone()).or_default();
        task.cpus = row.cpus.or(task.cpus);
        task.memory = row.memory.or(task.memory);
        let in_trace = row.time < google2019::AFTER;
        if in_trace {
            last = last.max(row.time);
        }
        match google2019::EVENTS[usize::from(row.event)] {
            "submit" | "queue" | "enable" => task.waited = true,
            "schedule" => {
                task.started = Some(row.time).filter(|time| *time > 0);
                task.before = task.started.is_none();
            }
            "evict" => (task.started, task.before, task.waited) = (None, false, true),
            "fail" | "finish" | "kill" | "lost" => {
                let gone = live.remove(&key).unwrap_or_default();
                let time = if in_trace { row.time } else { last };
                import.push(Tasks {
                    job,
                    ..row_of(gone, gone.ran(time, in_trace))
                })?;
            }
            _ => {}
        }
        Ok(became)
    })?;
    for ((job, _), task) in live {
        import.push(Tasks {
            job,
            ..row_of(task, task.ran(last, false))
        })?;
    }
    import.assume("run times", RUNS);
    known
        .into_values()
        .try_for_each(|(id, draft)| import.numbered(id, draft))
}
