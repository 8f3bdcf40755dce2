//! Bitbrains' virtual machines: what each has and uses, every five minutes.
//!
//! Source: gwa.ewi.tudelft.nl, data set GWA-T-12 (Shen et al., `CCGrid` 2015). A file a machine,
//! columns separated by `;` and a tab, named with their units by the first line; times are seconds
//! since 1970, whatever the header says. A folder is read as its files, of which each is a machine.

use super::{MachineUse, import_machines, machine_of};
use crate::formats::prelude::*;

/// The most of anything that one machine may have.
const MOST: u64 = 1_000_000_000_000;
const MHZ: Decimal = Decimal("MHz", MILLIONTHS, MOST);
const KB: Decimal = Decimal("KB", MILLIONTHS, MOST);

pub(crate) const FORM: Form = Form {
    about: "use of virtual machines, a file each (Bitbrains, GWA-T-12)",
    signs: &[Begins("Timestamp [ms];")],
    unkept: &["CPU usage [MHZ]"],
    import: Ok(import),
    samples: &["\
Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\t\
Memory capacity provisioned [KB];\tMemory usage [KB]
1376314846;\t1;\t2599.999309;\t19.06666159933333;\t0.7333333333333333;\t2097152.0;\t110448.53333333334
1376315146;\t1;\t2599.999309;\t19;\t0.73;\t2097152.0;\t106254.1
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One row; the file is the machine.
    pub struct Record at place: "row" in "machine.csv", headed {
        const PARTS: bool = true;
        const BETWEEN: char = ';';
    };
    /// When the five minutes end, in seconds since 1970.
    time: u64 = "Timestamp [ms]" as "timestamp", Round("seconds", LATEST);
    /// The cores of the machine.
    cores: u64 = "CPU cores" as "cores", Round("cores", 1 << 20);
    /// Their speed together, in millionths of a MHz.
    capacity: u64 = "CPU capacity provisioned [MHZ]" as "capacity_mhz", MHZ;
    /// What it used of it.
    used: u64 = "CPU usage [MHZ]" as "used_mhz", MHZ;
    /// The same in millionths of a percent.
    percent: u64 = "CPU usage [%]" as _, Decimal("percent", MILLIONTHS, MOST);
    /// Its memory, in millionths of a KB.
    memory: u64 = "Memory capacity provisioned [KB]" as "memory_kb", KB;
    /// What it used of it.
    memory_used: u64 = "Memory usage [KB]" as "memory_used_kb", KB;
}

contents! { Record: |_| Jobs 1, Tasks 1, Readings 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.columns();
        seen.distinct("machines", &machine_of(&self.place));
        seen.least("first_time", self.time);
        seen.most("last_time", self.time);
        seen.figures("cpu_usage_mhz", "millionths of a MHz", [self.used]);
        seen.figures("memory_usage_kb", "millionths of a KB", [self.memory_used]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import_machines(import, Rows::open(path)?, |one: &Record| {
        let of = MachineUse {
            time: one.time,
            cores: one.cores,
            percent: one.percent,
            memory: one.memory,
            memory_used: one.memory_used,
        };
        (&one.place, of)
    })
}
