//! `cluster_machine_list`: the servers, how many GPUs they have, and the memory of each of those.
//!
//! CSV with a header, and with blanks behind the commas.

use crate::formats::philly::MOST_GPUS;
use crate::formats::prelude::*;

/// What its file is called.
pub(super) const TABLE: &str = "cluster_machine_list";

pub(crate) const FORM: Form = Form {
    about: "servers with GPUs (Microsoft Philly 2017, cluster_machine_list)",
    signs: &[
        Begins("machineId, number of GPUs"),
        Begins("machineId,number of GPUs"),
        Named(TABLE),
    ],
    machines: true,
    import: Ok(|import, path| import.machines(Rows::open(path)?, Record::machine)),
    samples: &["machineId, number of GPUs, single GPU mem\nm31,8, 24GB\nm5, 2, 12GB\n"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One server.
    pub struct Record: "server" in "cluster_machine_list", headed {
        const TABLE: &'static str = TABLE;
    };
    /// Its name.
    name: String = "machineId" as "machine", Word("the name of a server");
    /// How many GPUs it has.
    gpus: u64 = "number of GPUs" as "gpus", Round("GPUs", MOST_GPUS);
    /// The memory of each: what tells their kinds apart.
    memory: String = "single GPU mem" as "gpu_mem", Text;
}

impl Record {
    pub(super) fn machine(self) -> Machine {
        Machine {
            name: self.name,
            platform: Some(self.memory).filter(|memory| !memory.is_empty()),
            gpus: Some(self.gpus * 1000),
            ..Machine::default()
        }
    }
}

contents! { Record: |_| Machines 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("servers");
        seen.columns();
        seen.sum("gpus", self.gpus);
        seen.tally(
            "gpus_mem",
            format!("{} x {}", self.gpus, self.memory).as_str(),
        );
    }
}
