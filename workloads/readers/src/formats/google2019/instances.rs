//! `instance_events`: what happens to the tasks of jobs, and to the instances of alloc sets.

use super::collections::{self, Collections};
use super::export::{ExportLayout, Exported, dictionary, exported_row};
use super::{AFTER, ALLOC_SETS, DIGITS, EVENTS, UNIT};
use super::{
    amount, billionths, class_of, code, collection_of, kind_of, machines, refused, see_rounded,
};
use crate::canonical::Units;
use crate::formats::google2011::{Live, RUNS, SAME_TASK};
use crate::formats::prelude::*;
use crate::formats::tables;

const COLUMNS: [&str; 12] = [
    "time",
    "type",
    "collection_id",
    "scheduling_class",
    "collection_type",
    "priority",
    "alloc_collection_id",
    "instance_index",
    "machine_id",
    "resource_request",
    "resource_request.cpus",
    "resource_request.memory",
];
const TABLE: Exported<{ COLUMNS.len() }> = Exported {
    name: "instance_events",
    columns: &COLUMNS,
    needed: 3,
    about: "columns: time, type, collection_id, instance_index, ...",
};

pub(crate) const FORM: Form = Form {
    about: "what happens to instances, JSON lines or CSV; a folder of tables as one trace \
            (Google ClusterData 2019, instance_events)",
    signs: &[
        Begins(",time,instance_events_type"),
        Holds("\"instance_index"),
        Named("instance_events"),
        Holding("instance_events"),
    ],
    units: Units::relative,
    tables: &["instance_events", collections::NAME, machines::NAME],
    unkept: &["machine_id", "alloc_collection_id"],
    import: Ok(import),
    samples: &[
        r#",time,instance_events_type,collection_id,scheduling_class,collection_type,priority,alloc_collection_id,instance_index,machine_id,resource_request
0,0,2,94591244395,3,1,200,0,144,168846,"{'cpus': 0.0206, 'memory': 0.0144}"
1,2.5E+12,3,2.60698E+11,2,0,360,0,335,,
"#,
        concat!(
            r#"{"time":"0","type":"SUBMIT","collection_id":"94591244395","instance_index":"1","#,
            r#""scheduling_class":3,"resource_request":{"cpus":0.5,"memory":0.25}}"#,
            "\n"
        ),
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
    /// Whether a spreadsheet rounded the collection's number: then nobody knows which it is.
    pub rounded: bool,
    /// How much it minds to wait, 0 to 3.
    pub class: Option<u8>,
    /// 0 for a job, 1 for an alloc set.
    pub kind: Option<u8>,
    /// Its priority.
    pub priority: Option<u64>,
    /// Which instance of the collection.
    pub index: String,
    /// Where it is or was, as written; empty for nowhere.
    pub machine: String,
    /// CPU asked for, in trillionths of the largest machine.
    pub cpus: Option<u64>,
    /// Memory asked for, in trillionths of the largest machine.
    pub memory: Option<u64>,
}

exported_row!(Record, placed, "event" in "instance_events.csv", event);

fn event(row: &[Cell<'_>; COLUMNS.len()]) -> Result<Record, ReadError> {
    let [
        time,
        kind,
        collection,
        class,
        of,
        priority,
        _,
        index,
        machine,
        request,
        cpus,
        memory,
    ] = *row;
    let request = dictionary(request.text());
    let (collection, rounded) = collection_of(collection)?;
    Ok(Record {
        place: Place::nowhere(),
        time: time.decimal("microseconds", 0, AFTER)?,
        event: code(kind)?,
        collection,
        rounded,
        class: class_of(class)?,
        kind: kind_of(of)?,
        priority: priority.maybe(|cell| cell.whole("priority", 1000))?,
        index: index.text().to_owned(),
        machine: machine.text().to_owned(),
        cpus: amount(cpus, &request, "cpus")?,
        memory: amount(memory, &request, "memory")?,
    })
}

contents! { Record: |_| Jobs 1, Tasks 1; }

shows! { Record: |one|
    "time_us": one.time, "event": EVENTS[usize::from(one.event)], "collection": one.collection,
    "instance": one.index, "machine": one.machine, "cpus": digits(one.cpus, DIGITS),
    "memory": digits(one.memory, DIGITS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        if self.rounded {
            see_rounded(seen, &self.collection);
        }
        seen.count("rows");
        seen.columns();
        seen.tally("instance_events_type", self.event);
        seen.tally("collection_type", self.kind);
        seen.tally("scheduling_class", self.class);
        seen.distinct("distinct_collection_id_text", &self.collection);
        let instance = format!("{}/{}", self.collection, self.index);
        seen.distinct("distinct_collection_instance_text", &instance);
        seen.count_if("rows_time_0", self.time == 0);
        seen.most("max_time_us", self.time);
        seen.count_if("rows_collection_id_in_scientific_notation", self.rounded);
        let without = self.cpus.is_none() || self.memory.is_none();
        seen.count_if("rows_without_parsable_request", without);
        seen.figures("cpus", UNIT, self.cpus);
        seen.figures("memory", UNIT, self.memory);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known = Collections::default();
    if tables::has(path, collections::NAME) {
        known.read(import, path)?;
        tables::joined(import, collections::NAME, collections::FORM.unkept);
    }
    let mut live: BTreeMap<(u64, String), Live> = BTreeMap::new();
    let mut last = 0;
    import.each(Rows::open(path)?, |import, row: Record| {
        if row.rounded {
            return Err(refused(&row.place, &row.collection));
        }
        if row.kind == Some(1) || known.is_alloc_set(&row.collection) {
            return Ok(Became::Passed(ALLOC_SETS));
        }
        let job = known.job(import, &row);
        let key = (job, row.index);
        let became = import.told_of(live.contains_key(&key), Thing::Tasks, SAME_TASK);
        let task = live.entry(key.clone()).or_default();
        task.cpus = row.cpus.map(billionths).or(task.cpus);
        task.memory = row.memory.map(billionths).or(task.memory);
        let in_trace = row.time < AFTER;
        if in_trace {
            last = last.max(row.time);
        }
        match EVENTS[usize::from(row.event)] {
            "submit" | "queue" | "enable" => task.submit(row.time),
            "schedule" => task.start(row.time),
            "evict" => (task.started, task.before, task.waited) = (None, false, true),
            end @ ("fail" | "finish" | "kill" | "lost") => {
                let gone = live.remove(&key).unwrap_or_default();
                let time = if in_trace { row.time } else { last };
                import.push(Tasks {
                    outcome: Some(end.to_owned()),
                    ..gone.ran(job, time, in_trace)
                })?;
            }
            _ => {}
        }
        Ok(became)
    })?;
    for ((job, _), task) in live {
        import.push(task.ran(job, last, false))?;
    }
    import.assume("run times", RUNS);
    known.write(import)?;
    if tables::has(path, machines::NAME) {
        machines::import(import, path)?;
        tables::joined(import, machines::NAME, machines::FORM.unkept);
    }
    Ok(())
}
