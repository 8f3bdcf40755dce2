//! `task_events`: tasks are submitted, scheduled on machines, evicted, and end.
//!
//! A task that was evicted or failed is usually submitted again.

use std::collections::HashMap;

use super::{AFTER, SCHEDULE, SUBMIT, TIME, UNIT, is_end};
use super::{AMOUNT, BEFORE, CLASS, EVENTS, EVICT, ID, Live, MISSING, RUNS, SAME_JOB, SAME_TASK};
use crate::canonical::Units;
use crate::canonical::tables::Job;
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "what happens to tasks; a file or a folder of parts (Google ClusterData 2011, task_events)",
    signs: &[Named("task_events"), Named("task-events")],
    units: Units::relative,
    unkept: &["missing", "machine", "disk", "different_machines"],
    import: Ok(import),
    samples: &["\
0,2,3418309,0,4155527081,0,70s3v5q=,3,9,,,,
0,,3418314,0,3938719206,1,70s3v5q=,3,9,0.125,0.07446,0.0004244,0
600000000,,3418320,1,,0,userB=,0,0,3.815e-06,0.0159,0,1
600000100,,3418320,1,5,1,userB=,0,0,3.815e-06,0.0159,0,1
601500100,,3418320,1,5,2,userB=,0,0,3.815e-06,0.0159,0,1
601500101,,3418320,1,,0,userB=,0,0,3.815e-06,0.0159,0,1
"],
    ..Form::by::<Rows<Record>, Counts>()
};

columns! {
    /// One event.
    pub struct Record: "task event" in "task_events.csv", bare {
        const PARTS: bool = true;
        const COMMENT: Option<char> = Some('#');
    };
    /// When, in microseconds of the trace.
    time: u64 = "time" as "time_us", TIME;
    /// Why the row was made up, if it was.
    missing: Option<u8> = "missing" as _, MISSING;
    /// The job.
    job: u64 = "job", ID;
    /// Which of its tasks.
    index: u64 = "index", ID;
    /// The machine, of a task that is or was on one.
    machine: Option<u64> = "machine", Maybe(ID);
    /// The code of the event, a position in [`EVENTS`].
    event: u8 = "event", Event(&EVENTS);
    /// Who submitted the job, as a hash.
    user: String = "user", Text;
    /// How sensitive to latency it is, from 0 to 3.
    class: Option<u8> = "class", CLASS;
    /// From 0 (free) over 9 (production) to 11 (monitoring).
    priority: Option<u8> = "priority", Maybe(Code("a priority", 11));
    /// Requested CPU in billionths of the largest machine.
    cpus: Option<u64> = "cpus", AMOUNT;
    /// Requested memory in billionths of the largest machine.
    memory: Option<u64> = "memory", AMOUNT;
    /// Requested disk space in billionths of the largest machine.
    disk: Option<u64> = "disk", AMOUNT;
    /// 1 if it must run on a machine without another task of its job.
    different_machines: Option<u8> = "different_machines" as _, Maybe(Code("a truth", 1));
}

contents! { Record: |_| Jobs 1, Tasks 1; }

/// Since when the tasks that run now do.
#[derive(Default)]
struct Counts(HashMap<(u64, u64), u64>);

const OPEN: &str = "tasks_scheduled_and_not_ended_in_window";

impl Survey for Counts {
    type Record = Record;

    fn see(&mut self, record: &Record, seen: &mut Seen) {
        let task = (record.job, record.index);
        let submit = record.event == SUBMIT;
        let first = record.event == SCHEDULE && record.time == BEFORE;
        let of_first = |amount: Option<u64>| amount.filter(|_| first).unwrap_or(0);
        seen.count("rows");
        seen.columns();
        seen.tally("event_codes", record.event);
        seen.distinct("distinct_tasks", task);
        seen.distinct("distinct_jobs", record.job);
        seen.distinct("distinct_machines", record.machine);
        seen.count_if("rows_at_t0", record.time == BEFORE);
        seen.count_if("tasks_running_at_t0", first);
        seen.sum("t0_cpu_request_sum", of_first(record.cpus))
            .written(BILLIONTHS);
        seen.sum("t0_mem_request_sum", of_first(record.memory))
            .written(BILLIONTHS);
        seen.last("last_time_us", record.time);
        seen.in_order("time_nondecreasing", record.time, "column 1 (time)");
        seen.count_if("rows_missing_info_2", record.missing == Some(2));
        seen.count_if("rows_blank_cpu_request", record.cpus.is_none());
        seen.count_if("submit_rows", submit);
        seen.tally("submits_by_priority", record.priority.filter(|_| submit));
        seen.count_if(OPEN, false);
        seen.figures("submit_cpu_request", UNIT, record.cpus.filter(|_| submit));
        seen.figures("submit_mem_request", UNIT, record.memory.filter(|_| submit));
        let started = match record.event {
            SCHEDULE => {
                self.0.insert(task, record.time);
                None
            }
            event if is_end(event) => self.0.remove(&task),
            _ => None,
        };
        let run = started.filter(|start| *start > BEFORE);
        let run = run.map(|start| record.time.saturating_sub(start));
        let runs = "completed_runs_scheduled_after_t0_s";
        seen.figures(runs, "millionths of a second", run);
    }

    fn end(self, seen: &mut Seen) {
        seen.add(OPEN, self.0.len() as u64);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<u64, (u64, Draft)> = BTreeMap::new();
    let mut live: BTreeMap<(u64, u64), Live> = BTreeMap::new();
    let mut last = 0;
    import.each(Rows::open(path)?, |import, row: Record| {
        let _ = import.told_of(known.contains_key(&row.job), Thing::Jobs, SAME_JOB);
        let (job, _) = known.entry(row.job).or_insert_with(|| {
            let draft = Draft {
                name: row.job.to_string(),
                tenant: row.user.clone(),
                submit: Some(row.time),
                priority: row.priority.map(u64::from),
                more: Job {
                    class: row.class.map(|class| class.to_string()),
                    ..Job::default()
                },
                ..Draft::default()
            };
            (import.number(), draft)
        });
        let job = *job;
        let again = match row.event {
            EVICT => "evictions: the task comes again",
            _ => SAME_TASK,
        };
        let known = live.contains_key(&(job, row.index));
        let became = import.told_of(known, Thing::Tasks, again);
        let task = live.entry((job, row.index)).or_default();
        task.cpus = row.cpus.or(task.cpus);
        task.memory = row.memory.or(task.memory);
        let in_trace = row.time < AFTER;
        if in_trace {
            last = last.max(row.time);
        }
        if row.event == SUBMIT {
            task.submit(row.time);
        } else if row.event == SCHEDULE {
            task.start(row.time);
        } else if row.event == EVICT {
            // It is the same task that comes again.
            (task.started, task.before, task.waited) = (None, false, true);
        } else if is_end(row.event) {
            let gone = *task;
            live.remove(&(job, row.index));
            let time = if in_trace { row.time } else { last };
            import.push(Tasks {
                outcome: Some(EVENTS[usize::from(row.event)].to_owned()),
                ..gone.ran(job, time, in_trace)
            })?;
        }
        Ok(became)
    })?;
    for ((job, _), task) in live {
        import.push(task.ran(job, last, false))?;
    }
    import.assume("run times", RUNS);
    known
        .into_values()
        .try_for_each(|(id, draft)| import.numbered(id, draft))
}
