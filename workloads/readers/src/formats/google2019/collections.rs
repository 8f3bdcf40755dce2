//! `collection_events`: jobs and alloc sets are submitted, start and end; whose they are and what they wait for.

use std::collections::BTreeSet;

use super::export::{ExportLayout, Exported, exported_row};
use super::{AFTER, ALLOC_SETS, EVENTS};
use super::{class_of, code, collection_of, instances, kind_of, named, refused, see_rounded};
use crate::canonical::Units;
use crate::canonical::tables::Job;
use crate::formats::google2011::{BEFORE, SAME_JOB};
use crate::formats::prelude::*;

/// What its files are called.
pub(super) const NAME: &str = "collection_events";

const COLUMNS: [&str; 16] = [
    "time",
    "type",
    "collection_id",
    "scheduling_class",
    "collection_type",
    "priority",
    "alloc_collection_id",
    "user",
    "collection_name",
    "collection_logical_name",
    "parent_collection_id",
    "start_after_collection_ids",
    "max_per_machine",
    "max_per_switch",
    "vertical_scaling",
    "scheduler",
];
const TABLE: Exported<{ COLUMNS.len() }> = Exported {
    name: NAME,
    columns: &COLUMNS,
    needed: 3,
    about: "columns: time, type, collection_id, user, collection_logical_name, ...",
};

pub(crate) const FORM: Form = Form {
    about: "what happens to jobs and alloc sets, JSON lines or CSV (Google ClusterData 2019, collection_events)",
    signs: &[
        Begins(
            "time,type,collection_id,scheduling_class,missing_type,collection_type,priority,\
             alloc_collection_id,user",
        ),
        Holds("\"collection_logical_name\""),
        Named(NAME),
    ],
    units: Units::relative,
    unkept: &[
        "alloc_collection_id",
        "collection_name",
        "parent_collection_id",
        "max_per_machine",
        "max_per_switch",
        "vertical_scaling",
    ],
    import: Ok(|import, path| {
        import.assume("tasks", "in another table: import a folder with instance_events, too");
        let mut known = Collections::default();
        known.read(import, path)?;
        known.write(import)
    }),
    samples: &[
        concat!(
            r#"{"time":"600000000","type":"0","collection_id":"330587238433","scheduling_class":"1","#,
            r#""collection_type":"0","priority":"200","alloc_collection_id":"0","user":"u=","#,
            r#""collection_name":"n=","collection_logical_name":"l=","parent_collection_id":"330587160469","#,
            r#""start_after_collection_ids":["330587160469"],"max_per_machine":"1","max_per_switch":"1","#,
            r#""vertical_scaling":"1","scheduler":"1"}"#,
            "\n",
            r#"{"time":"601000000","type":"3","collection_id":"330587238433","collection_logical_name":"l="}"#,
            "\n",
        ),
        "\
time,type,collection_id,scheduling_class,missing_type,collection_type,priority,alloc_collection_id,user,\
collection_name,collection_logical_name,parent_collection_id,start_after_collection_ids,max_per_machine,\
max_per_switch,vertical_scaling,scheduler
600000000,SUBMIT,1,2,,JOB,103,0,u=,n=,l=,,\"[2, 3]\",,,VERTICAL_SCALING_OFF,SCHEDULER_DEFAULT
600000000,0,2,2,,1,103,0,u=,n=,l=,,[],,,1,0
",
    ],
    ..Form::of::<Rows<Record>>()
};

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When, in microseconds; 0 is before the trace.
    pub time: u64,
    /// What happened: a position in [`EVENTS`].
    pub event: u8,
    /// The job or alloc set, as written.
    pub collection: String,
    /// Whether a spreadsheet rounded the collection's number.
    pub rounded: bool,
    /// How much it minds to wait, 0 to 3.
    pub class: Option<u8>,
    /// 0 for a job, 1 for an alloc set.
    pub kind: Option<u8>,
    /// Its priority.
    pub priority: Option<u64>,
    /// Whose it is, as a hash.
    pub user: String,
    /// What collections of the same program have in common, as a hash.
    pub logical_name: String,
    /// The collections that must end before it starts.
    pub after: Vec<String>,
    /// 0 for the default scheduler, 1 for that of batch jobs.
    pub scheduler: Option<u8>,
}

exported_row!(Record, placed, "event" in "collection_events.csv", event);

fn event(row: &[Cell<'_>; COLUMNS.len()]) -> Result<Record, ReadError> {
    let [
        time,
        kind,
        collection,
        class,
        of,
        priority,
        _,
        user,
        _,
        logical_name,
        _,
        after,
        ..,
    ] = *row;
    let scheduler = row[COLUMNS.len() - 1];
    let (collection, rounded) = collection_of(collection)?;
    let listed = after.text().split(|letter: char| !letter.is_ascii_digit());
    Ok(Record {
        place: Place::nowhere(),
        time: time.decimal("microseconds", 0, AFTER)?,
        event: code(kind)?,
        collection,
        rounded,
        class: class_of(class)?,
        kind: kind_of(of)?,
        priority: priority.maybe(|cell| cell.whole("priority", 1000))?,
        user: user.text().to_owned(),
        logical_name: logical_name.text().to_owned(),
        after: listed
            .filter(|one| !one.is_empty())
            .map(ToOwned::to_owned)
            .collect(),
        scheduler: named(
            scheduler,
            "a scheduler",
            &["SCHEDULER_DEFAULT", "SCHEDULER_BATCH"],
        )?,
    })
}

contents! { Record: |_| Jobs 1; }

shows! { Record: |one|
    "time_us": one.time, "event": EVENTS[usize::from(one.event)], "collection": one.collection,
    "user": one.user, "priority": one.priority, "waits_for": one.after.len(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        if self.rounded {
            see_rounded(seen, &self.collection);
        }
        seen.count("rows");
        seen.columns();
        seen.tally("collection_events_type", self.event);
        seen.tally("collection_type", self.kind);
        seen.tally("scheduling_class", self.class);
        seen.tally("scheduler", self.scheduler);
        seen.distinct("distinct_collections", &self.collection);
        seen.distinct("distinct_users", &self.user);
        seen.count_if("rows_time_0", self.time == BEFORE);
        seen.most("max_time_us", Some(self.time).filter(|time| *time < AFTER));
        seen.count_if("rows_that_wait_for_others", !self.after.is_empty());
        seen.figures("priority", "", self.priority);
    }
}

/// What is known of collections.
#[derive(Default)]
pub(super) struct Collections {
    jobs: BTreeMap<String, (u64, Draft)>,
    alloc_sets: BTreeSet<String>,
    /// How many jobs wait for several others.
    several: u64,
}

impl Collections {
    pub(super) fn is_alloc_set(&self, collection: &str) -> bool {
        self.alloc_sets.contains(collection)
    }

    /// The job of an instance's event; a new one, where no event of a collection told of it.
    pub(super) fn job(&mut self, import: &mut Import<'_>, row: &instances::Record) -> u64 {
        if let Some((job, draft)) = self.jobs.get_mut(&row.collection) {
            import.merged(Thing::Jobs, 1, SAME_JOB);
            draft.submit = draft.submit.or(Some(row.time));
            return *job;
        }
        let draft = Draft {
            name: row.collection.clone(),
            submit: Some(row.time),
            priority: row.priority,
            more: Job {
                class: row.class.map(|class| class.to_string()),
                ..Job::default()
            },
            ..Draft::default()
        };
        let job = import.number();
        self.jobs.insert(row.collection.clone(), (job, draft));
        job
    }

    pub(super) fn read(&mut self, import: &mut Import<'_>, path: &Path) -> Done {
        import.each(Rows::open(path)?, |import, row: Record| {
            if row.rounded {
                return Err(refused(&row.place, &row.collection));
            }
            if row.kind == Some(1) || self.is_alloc_set(&row.collection) {
                self.alloc_sets.insert(row.collection);
                return Ok(Became::Passed(ALLOC_SETS));
            }
            let known = self.jobs.contains_key(&row.collection);
            let became = import.told_of(known, Thing::Jobs, SAME_JOB);
            if !known {
                let draft = Draft {
                    name: row.collection.clone(),
                    ..Draft::default()
                };
                let number = import.number();
                self.jobs.insert(row.collection.clone(), (number, draft));
            }
            if let Some((_, draft)) = self.jobs.get_mut(&row.collection) {
                self.several += u64::from(row.after.len() > 1 && !known);
                tell(draft, row);
            }
            Ok(became)
        })
    }

    pub(super) fn write(self, import: &mut Import<'_>) -> Done {
        if self.several > 0 {
            let model = format!(
                "{} jobs wait for several others, which is not kept",
                self.several
            );
            import.assume("start_after_collection_ids", model);
        }
        let jobs = self.jobs.into_values();
        jobs.into_iter()
            .try_for_each(|(id, draft)| import.numbered(id, draft))
    }
}

/// An event says more of a job.
fn tell(draft: &mut Draft, row: Record) {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    match EVENTS[usize::from(row.event)] {
        "submit" => draft.submit = draft.submit.or(Some(row.time)),
        "schedule" => {
            let submit = draft.submit.filter(|submit| *submit > BEFORE);
            let waited = submit.and_then(|submit| row.time.checked_sub(submit));
            draft.more.wait = draft.more.wait.or(waited);
        }
        end @ ("evict" | "fail" | "finish" | "kill" | "lost") => end.clone_into(&mut draft.outcome),
        _ => {}
    }
    draft.priority = draft.priority.or(row.priority);
    if draft.tenant.is_empty() {
        draft.tenant = row.user;
    }
    let more = &mut draft.more;
    more.class = more
        .class
        .take()
        .or(row.class.map(|class| class.to_string()));
    more.executable = more.executable.take().or(some(row.logical_name));
    let queue = row
        .scheduler
        .map(|one| ["default", "batch"][usize::from(one.min(1))].to_owned());
    more.queue = more.queue.take().or(queue);
    if let [one] = row.after.as_slice() {
        more.preceding = Some(one.clone());
    }
}
