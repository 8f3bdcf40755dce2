//! `job_events`: jobs are submitted, scheduled and end.

use std::collections::HashMap;

use super::{BEFORE, CLASS, EVENTS, ID, MISSING, SAME_JOB, SUBMIT, TIME, is_end};
use crate::canonical::Units;
use crate::canonical::tables::Job;
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "what happens to jobs; a file or a folder of parts (Google ClusterData 2011, job_events)",
    signs: &[Named("job_events"), Named("job-events")],
    units: Units::relative,
    unkept: &["missing", "name", "logical_name"],
    import: Ok(import),
    samples: &["\
0,,3418309,0,70s3v5q/w+5CK=,3,IHgtoxEBuU=,wAmgn2H74c=
600000000,,3418310,0,userB=,0,nameB=,logicalB=
600000001,,3418310,1,userB=,0,nameB=,logicalB=
600500001,,3418310,5,userB=,0,nameB=,logicalB=
600500009,1,3418310,0,userB=,,nameB=,
"],
    ..Form::by::<Rows<Record>, Counts>()
};

columns! {
    /// One event.
    pub struct Record: "job event" in "job_events.csv", bare {
        const PARTS: bool = true;
        const COMMENT: Option<char> = Some('#');
    };
    /// When, in microseconds of the trace.
    time: u64 = "time" as "time_us", TIME;
    /// Why the row was made up, if it was.
    missing: Option<u8> = "missing", MISSING;
    /// The job.
    job: u64 = "job", ID;
    /// The code of the event, a position in [`EVENTS`].
    event: u8 = "event", Event(&EVENTS);
    /// Who submitted the job, as a hash.
    user: String = "user", Text;
    /// How sensitive to latency it is, from 0 to 3.
    class: Option<u8> = "class", CLASS;
    /// The job's name, as a hash.
    name: String = "name", Text;
    /// What jobs of the same program have in common, as a hash.
    logical_name: String = "logical_name", Text;
}

contents! { Record: |_| Jobs 1; }

/// When each job was first submitted and when it ended last.
#[derive(Default)]
struct Counts(HashMap<u64, (Option<u64>, Option<u64>)>);

const LIVES: &str = "jobs_submitted_after_t0_with_end_in_window";

impl Survey for Counts {
    type Record = Record;

    fn see(&mut self, record: &Record, seen: &mut Seen) {
        let submit = record.event == SUBMIT;
        let jobs = self.0.len();
        let job = self.0.entry(record.job).or_default();
        let first = submit && job.0.is_none();
        if submit {
            job.0.get_or_insert(record.time);
        } else if is_end(record.event) {
            job.1 = Some(record.time);
        }
        let class = record
            .class
            .map_or("-", |class| ["0", "1", "2", "3"][usize::from(class)]);
        seen.count("rows");
        seen.columns();
        seen.tally("event_codes", record.event);
        seen.count_if("distinct_jobs", self.0.len() > jobs);
        seen.distinct("distinct_users", &record.user);
        seen.tally("submits_by_scheduling_class", submit.then_some(class));
        seen.count_if("jobs_with_submit", first);
        seen.count_if("submits_at_t0", submit && record.time == BEFORE);
        seen.first("first_time_us", record.time);
        seen.last("last_time_us", record.time);
        seen.in_order("time_nondecreasing", record.time, "column 1 (time)");
        seen.count_if("rows_with_missing_info", record.missing.is_some());
        seen.count_if(LIVES, false);
    }

    fn end(self, seen: &mut Seen) {
        let lives = self.0.into_values().filter_map(|job| match job {
            (Some(submit), Some(end)) if submit > BEFORE => end.checked_sub(submit),
            _ => None,
        });
        let lives: Vec<u64> = lives.collect();
        seen.add(LIVES, lives.len() as u64);
        seen.figures("submit_to_last_end_s", "millionths of a second", lives);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<u64, (u64, Draft)> = BTreeMap::new();
    import.assume("tasks", "in another table: import task_events for them");
    import.each(Rows::open(path)?, |import, row: Record| {
        let became = import.told_of(known.contains_key(&row.job), Thing::Jobs, SAME_JOB);
        let (_, draft) = known.entry(row.job).or_insert_with(|| {
            let draft = Draft {
                name: row.job.to_string(),
                tenant: row.user.clone(),
                priority: row.class.map(u64::from),
                more: Job {
                    class: row.class.map(|class| class.to_string()),
                    ..Job::default()
                },
                ..Draft::default()
            };
            (import.number(), draft)
        });
        if row.event == SUBMIT {
            draft.submit.get_or_insert(row.time);
        } else if is_end(row.event) {
            EVENTS[usize::from(row.event)].clone_into(&mut draft.outcome);
        }
        Ok(became)
    })?;
    known
        .into_values()
        .try_for_each(|(id, draft)| import.numbered(id, draft))
}
