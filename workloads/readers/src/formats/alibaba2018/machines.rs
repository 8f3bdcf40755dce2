//! `machine_meta`: machines, where they stand, and their states over time.
//!
//! A machine has several rows; memory is relative, 100 for the largest.

use super::relative;
use crate::formats::prelude::*;

/// The most cores, and the most memory, one machine may have.
const MOST: u64 = 1_000_000;

pub(crate) const FORM: Form = Form {
    about: "machines and their states (Alibaba cluster-trace-v2018, machine_meta)",
    machines: true,
    signs: &[Named("machine_meta")],
    units: relative,
    unkept: &["failure_domain_1", "failure_domain_2"],
    import: Ok(import),
    samples: &["\
m_1,0,219,17,96,100,USING
m_1,148984,219,17,96,100,IMPORT_INSTALLING
m_2,10,15,,96,100,USING
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One state of a machine.
    pub struct Record: "machine" in "machine_meta.csv", bare;
    /// The machine.
    machine: String = "machine_id" as "machine", Word("a machine");
    /// When, in seconds.
    time: u64 = "time_stamp" as "time_s", Whole("seconds", LATEST);
    /// What fails together in the small; empty when unknown.
    near: String = "failure_domain_1" as "domain_1", Text;
    /// What fails together in the large.
    far: String = "failure_domain_2" as "domain_2", Text;
    /// Its cores.
    cores: Option<u64> = "cpu_num" as "cores", Maybe(Whole("cores", MOST));
    /// Its memory, relative to 100.
    memory: Option<u64> = "mem_size" as "memory", Maybe(Whole("hundredths", MOST));
    /// USING, IMPORT, ...
    status: String = "status", Text;
}

contents! { Record: |_| Machines 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let sizes = [self.cores, self.memory];
        let shape = sizes.map(|size| size.map_or("-".to_owned(), |size| size.to_string()));
        let texts = [&self.near, &self.far, &self.status];
        let blank = sizes.contains(&None) || texts.into_iter().any(String::is_empty);
        seen.count("rows");
        seen.columns();
        seen.distinct("machines", &self.machine);
        seen.tally("status", &self.status);
        seen.tally("cpu_mem", shape.join("/").as_str());
        seen.least("time_min_s", self.time);
        seen.most("time_max_s", self.time);
        // One that is not known counts as one.
        seen.distinct("failure_domains_1", &self.near);
        seen.distinct("failure_domains_2", &self.far);
        seen.count_if("rows_with_a_blank_field", blank);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    let model = "a change of state other than USING means that it is down";
    import.assume("machines", model);
    import.each(Rows::open(path)?, |import, row: Record| {
        let cpus = row.cores.map(|cores| cores * 1000);
        // 100 is the largest machine.
        let memory = row.memory.map(|memory| memory * 10_000_000);
        let next = known.len() as u64;
        let machine = *known.entry(row.machine.clone()).or_insert(next);
        if machine == next {
            import.push(Machine {
                id: machine,
                name: row.machine,
                cpus,
                memory,
                ..Machine::default()
            })?;
        } else {
            import.merged(Thing::Machines, 1, "another event of the same machine");
        }
        import.push(Change {
            machine,
            time: seconds(row.time),
            kind: if row.status == "USING" { "up" } else { "down" }.to_owned(),
            cpus,
            memory,
        })?;
        Ok(Became::Imported)
    })
}
