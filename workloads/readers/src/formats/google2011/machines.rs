//! `machine_events`: machines are added, removed and changed.

use super::{AMOUNT, BEFORE, ID, TIME};
use crate::canonical::Units;
use crate::formats::prelude::*;

const EVENTS: [&str; 3] = ["add", "remove", "update"];

pub(crate) const FORM: Form = Form {
    about: "machines that come, change and go (Google ClusterData 2011, machine_events)",
    machines: true,
    signs: &[Named("machine_events"), Named("machine-events")],
    units: Units::relative,
    import: Ok(import),
    samples: &["\
#time,machine,event,platform,cpus,memory
0,5,0,HofLGzk1Or/8=,0.5,0.2493
0,6,0,HofLGzk1Or/8=,1,1
600000000,6,2,HofLGzk1Or/8=,0.5,1
700000000,5,1,HofLGzk1Or/8=,,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One event.
    pub struct Record: "machine event" in "machine_events.csv", bare {
        const PARTS: bool = true;
        const COMMENT: Option<char> = Some('#');
    };
    /// When, in microseconds of the trace.
    time: u64 = "time" as "time_us", TIME;
    /// The machine.
    machine: u64 = "machine", ID;
    /// 0 add, 1 remove, 2 update.
    event: u8 = "event", Event(&EVENTS);
    /// The kind of machine, as a hash; empty when unknown.
    platform: String = "platform", Text;
    /// CPU in billionths of the largest machine.
    cpus: Option<u64> = "cpus", AMOUNT;
    /// Memory in billionths of the largest machine.
    memory: Option<u64> = "memory", AMOUNT;
}

contents! { Record: |_| Machines 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let sizes = self.cpus.zip(self.memory);
        let first = sizes.filter(|_| self.time == BEFORE && self.event == 0);
        let shape =
            first.map(|sizes| <[u64; 2]>::from(sizes).map(|n| written(n.into(), BILLIONTHS)));
        let shape = shape.map(|sizes| sizes.join("/"));
        seen.count("rows");
        seen.columns();
        seen.tally("events_ADD0_REMOVE1_UPDATE2", self.event);
        seen.distinct("distinct_machines", self.machine);
        seen.count_if("machines_added_at_t0", first.is_some());
        seen.sum("t0_cpu_capacity_sum", first.map_or(0, |sizes| sizes.0))
            .written(BILLIONTHS);
        seen.sum("t0_mem_capacity_sum", first.map_or(0, |sizes| sizes.1))
            .written(BILLIONTHS);
        seen.tally("t0_shapes_cpu_mem", shape.as_deref());
        seen.count_if("rows_with_blank_capacity", sizes.is_none());
        seen.distinct("platforms", &self.platform);
        seen.most("last_time_us", self.time);
        seen.sorted("time_nondecreasing", self.time);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<u64, u64> = BTreeMap::new();
    import.each(Rows::open(path)?, |import, row: Record| {
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
        import.push(Change {
            machine,
            time: row.time,
            kind: ["up", "down", "change"][usize::from(row.event.min(2))].to_owned(),
            cpus,
            memory,
        })?;
        Ok(Became::Imported)
    })
}
