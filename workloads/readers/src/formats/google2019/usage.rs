//! `instance_usage`: what instances used, in periods of five minutes.
//!
//! They are measurements, not requests, and a simulation does not read them.

use super::export::{ExportLayout, Exported, dictionary, exported_row};
use super::{AFTER, ALLOC_SETS, DIGITS, UNIT};
use super::{amount, billionths, collection_of, kind_of, refused, see_rounded};
use crate::canonical::{NO_PARTS, Units};
use crate::formats::prelude::*;

const COLUMNS: [&str; 13] = [
    "start_time",
    "end_time",
    "collection_id",
    "instance_index",
    "machine_id",
    "collection_type",
    "average_usage",
    "average_usage.cpus",
    "average_usage.memory",
    "maximum_usage",
    "maximum_usage.cpus",
    "maximum_usage.memory",
    "assigned_memory",
];
const TABLE: Exported<{ COLUMNS.len() }> = Exported {
    name: "instance_usage",
    columns: &COLUMNS,
    needed: 3,
    about: "columns: start_time, end_time, collection_id, instance_index, average_usage.cpus, \
            average_usage.memory, ...",
};

pub(crate) const FORM: Form = Form {
    about: "what instances used in five minutes, JSON lines or CSV (Google ClusterData 2019, instance_usage)",
    signs: &[
        Begins("start_time,end_time,collection_id"),
        Holds("\"average_usage\":"),
        Holds("\"cpu_usage_distribution\""),
        Holds("\"random_sample_usage\""),
        Named("instance_usage"),
    ],
    units: Units::relative,
    unkept: &[
        "instance_index",
        "machine_id",
        "maximum_usage.cpus",
        "maximum_usage.memory",
        "assigned_memory",
    ],
    import: Ok(import),
    samples: &[
        concat!(
            r#"{"start_time":"300000000","end_time":"600000000","collection_id":"94591244395","#,
            r#""instance_index":"1","machine_id":"23","alloc_collection_id":"0","alloc_instance_index":"-1","#,
            r#""collection_type":"0","average_usage":{"cpus":0.0125,"memory":0.0025},"#,
            r#""maximum_usage":{"cpus":0.5,"memory":0.003},"random_sample_usage":{"cpus":0.01},"#,
            r#""assigned_memory":0.004,"cpu_usage_distribution":[0.1,0.2]}"#,
            "\n",
        ),
        "\
start_time,end_time,collection_id,instance_index,machine_id,collection_type,average_usage_cpus,average_usage_memory
300000000,600000000,94591244395,1,23,0,0.0125,0.0025
300000000,600000000,94591244395,2,23,0,,
",
    ],
    ..Form::of::<Rows<Record>>()
};

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// When the period begins, in microseconds.
    pub start: u64,
    /// When it ends.
    pub end: u64,
    /// The job or alloc set, as written.
    pub collection: String,
    /// Whether a spreadsheet rounded the collection's number.
    pub rounded: bool,
    /// Which instance of the collection.
    pub index: String,
    /// 0 for a job, 1 for an alloc set.
    pub kind: Option<u8>,
    /// Mean CPU and memory, in trillionths of the largest machine.
    pub mean: [Option<u64>; 2],
    /// The most CPU and memory.
    pub most: [Option<u64>; 2],
}

exported_row!(Record, placed, "row" in "instance_usage.csv", measured);

fn measured(row: &[Cell<'_>; COLUMNS.len()]) -> Result<Record, ReadError> {
    let [
        start,
        end,
        collection,
        index,
        _,
        kind,
        mean,
        cpus,
        memory,
        most,
        most_cpus,
        most_memory,
        _,
    ] = *row;
    let (mean, most) = (dictionary(mean.text()), dictionary(most.text()));
    let (collection, rounded) = collection_of(collection)?;
    Ok(Record {
        place: Place::nowhere(),
        start: start.decimal("microseconds", 0, AFTER)?,
        end: end.decimal("microseconds", 0, AFTER)?,
        collection,
        rounded,
        index: index.text().to_owned(),
        kind: kind_of(kind)?,
        mean: [
            amount(cpus, &mean, "cpus")?,
            amount(memory, &mean, "memory")?,
        ],
        most: [
            amount(most_cpus, &most, "cpus")?,
            amount(most_memory, &most, "memory")?,
        ],
    })
}

contents! { Record: |_| Jobs 1, Readings 1; }

shows! { Record: |one|
    "start_us": one.start, "end_us": one.end, "collection": one.collection, "instance": one.index,
    "cpus": digits(one.mean[0], DIGITS), "memory": digits(one.mean[1], DIGITS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        if self.rounded {
            see_rounded(seen, &self.collection);
        }
        if self.end < self.start {
            let expected = format!("a time not before the start ({})", self.start);
            seen.warn(ReadError::expected(expected, self.end).place("column end_time"));
        }
        seen.count("rows");
        seen.columns();
        seen.tally("collection_type", self.kind);
        seen.distinct("distinct_collections", &self.collection);
        seen.least("first_time_us", self.start);
        seen.most("last_time_us", self.end);
        seen.count_if("periods_that_end_before_they_start", self.end < self.start);
        seen.figures("cpus", UNIT, self.mean[0]);
        seen.figures("memory", UNIT, self.mean[1]);
        seen.figures("maximum_cpus", UNIT, self.most[0]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    import.assume("usage", NO_PARTS[0]);
    import.each(Rows::open(path)?, |import, row: Record| {
        if row.rounded {
            return Err(refused(&row.place, &row.collection));
        }
        if row.kind == Some(1) {
            return Ok(Became::Passed(ALLOC_SETS));
        }
        let job = if let Some(job) = known.get(&row.collection) {
            import.merged(Thing::Jobs, 1, "another reading of the same job");
            *job
        } else {
            let job = import.number();
            let draft = Draft {
                name: row.collection.clone(),
                ..Draft::default()
            };
            import.numbered(job, draft)?;
            known.insert(row.collection, job);
            job
        };
        let Some(cpus) = row.mean[0] else {
            return Ok(Became::Passed("without a rate of CPU"));
        };
        import.push(Usage {
            job,
            start: row.start,
            length: row.end.saturating_sub(row.start),
            cpus: cpus / 1_000_000,
            memory: row.mean[1].map(billionths),
        })?;
        Ok(Became::Imported)
    })
}
