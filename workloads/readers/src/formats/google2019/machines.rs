//! `machine_events`: machines are added, removed and changed.

use super::export::{ExportLayout, Exported, dictionary, exported_row};
use super::{AFTER, DIGITS, UNIT, amount, billionths};
use crate::canonical::Units;
use crate::formats::google2011::BEFORE;
use crate::formats::prelude::*;

/// What its files are called.
pub(super) const NAME: &str = "machine_events";

/// What can happen to a machine, by its code.
const EVENTS: [&str; 4] = ["event_type_unknown", "add", "remove", "update"];
const COLUMNS: [&str; 8] = [
    "time",
    "machine_id",
    "type",
    "switch_id",
    "capacity",
    "capacity.cpus",
    "capacity.memory",
    "platform_id",
];
const TABLE: Exported<{ COLUMNS.len() }> = Exported {
    name: NAME,
    columns: &COLUMNS,
    needed: 3,
    about: "columns: time, machine_id, type, capacity.cpus, capacity.memory, platform_id, ...",
};

pub(crate) const FORM: Form = Form {
    about: "machines that come, change and go, JSON lines or CSV (Google ClusterData 2019, machine_events)",
    signs: &[
        Begins("time,machine_id,type"),
        Holds("\"switch_id\""),
        Holds("\"platform_id\""),
    ],
    units: Units::relative,
    unkept: &["switch_id"],
    machines: true,
    import: Ok(import),
    samples: &[
        concat!(
            r#"{"time":"0","machine_id":"23","type":"1","switch_id":"s=","#,
            r#""capacity":{"cpus":0.5,"memory":0.25},"platform_id":"p="}"#,
            "\n",
            r#"{"time":"600000000","machine_id":"23","type":"2","platform_id":"p="}"#,
            "\n",
        ),
        "\
time,machine_id,type,switch_id,capacity_cpus,capacity_memory,platform_id,missing_data_reason
0,23,ADD,s=,1,1,p=,
600000000,23,3,s=,0.5,1,p=,
",
    ],
    ..Form::of::<Rows<Record>>()
};

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// When, in microseconds; 0 is before the trace.
    pub time: u64,
    /// The machine.
    pub machine: String,
    /// What happened: a position in the events.
    pub event: u8,
    /// The switch that it is attached to, as a hash.
    pub switch: String,
    /// Its kind, as a hash.
    pub platform: String,
    /// CPU, in trillionths of the largest machine.
    pub cpus: Option<u64>,
    /// Memory, in trillionths of the largest machine.
    pub memory: Option<u64>,
}

exported_row!(Record, "machine event" in "machine_events.csv", event);

fn event(row: &[Cell<'_>; COLUMNS.len()]) -> Result<Record, ReadError> {
    let [
        time,
        machine,
        kind,
        switch,
        capacity,
        cpus,
        memory,
        platform,
    ] = *row;
    let capacity = dictionary(capacity.text());
    let named = EVENTS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(kind.text()));
    Ok(Record {
        time: time.decimal("microseconds", 0, AFTER)?,
        machine: machine.word("a machine")?.to_owned(),
        event: match named {
            Some(position) => position as u8,
            None => kind.code("the code of an event", EVENTS.len() as u8 - 1)?,
        },
        switch: switch.text().to_owned(),
        platform: platform.text().to_owned(),
        cpus: amount(cpus, &capacity, "cpus")?,
        memory: amount(memory, &capacity, "memory")?,
    })
}

contents! { Record: |_| Machines 1; }

shows! { Record: |one|
    "time_us": one.time, "machine": one.machine, "event": EVENTS[usize::from(one.event)],
    "platform": one.platform, "cpus": digits(one.cpus, DIGITS), "memory": digits(one.memory, DIGITS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.columns();
        seen.tally("events_ADD1_REMOVE2_UPDATE3", self.event);
        seen.distinct("distinct_machines", &self.machine);
        seen.distinct("platforms", &self.platform);
        seen.distinct("switches", &self.switch);
        seen.count_if(
            "machines_added_before_the_trace",
            self.time == BEFORE && self.event == 1,
        );
        seen.count_if(
            "rows_with_blank_capacity",
            self.cpus.is_none() || self.memory.is_none(),
        );
        seen.most("last_time_us", self.time);
        seen.figures("cpus", UNIT, self.cpus);
        seen.figures("memory", UNIT, self.memory);
    }
}

pub(super) fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    import.each(Rows::open(path)?, |import, row: Record| {
        let kind = match row.event {
            1 => "up",
            2 => "down",
            3 => "change",
            _ => return Ok(Became::Passed("events of an unknown kind")),
        };
        let next = known.len() as u64;
        let machine = *known.entry(row.machine.clone()).or_insert(next);
        let [cpus, memory] = [row.cpus, row.memory].map(|amount| amount.map(billionths));
        if machine == next {
            import.push(Machine {
                id: machine,
                name: row.machine,
                platform: Some(row.platform).filter(|platform| !platform.is_empty()),
                cpus,
                memory,
                ..Machine::default()
            })?;
        } else {
            import.merged(Thing::Machines, 1, "another event of the same machine");
        }
        import.push(Change {
            machine,
            time: row.time,
            kind: kind.to_owned(),
            cpus,
            memory,
        })?;
        Ok(Became::Imported)
    })
}
