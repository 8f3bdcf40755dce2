//! `pai_machine_spec`: the machines, their cores, memory in GB, GPUs, and of which type those are.

use crate::formats::prelude::*;

/// What its file is called.
pub(super) const TABLE: &str = "pai_machine_spec";
/// The most of anything one machine may have.
const MOST: u64 = 1_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "machines by type of GPU (Alibaba cluster-trace-gpu-v2020, pai_machine_spec)",
    machines: true,
    signs: &[Named(TABLE)],
    import: Ok(|import, path| import.machines(Rows::open(path)?, Record::machine)),
    samples: &["7399a758eb02,CPU,96,512,0\n75c536d5ba60,P100,64,512,2\n"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One machine.
    pub struct Record: "machine" in "pai_machine_spec.csv", bare {
        const TABLE: &'static str = TABLE;
    };
    /// Its name, a hash.
    machine: String = "machine", Word("a machine");
    /// The type of its GPUs; CPU for none.
    gpu_type: String = "gpu_type", Word("a type of GPU, or CPU");
    /// Its cores.
    cores: u64 = "cap_cpu", Round("cores", MOST);
    /// Its memory, in GB.
    gigabytes: u64 = "cap_mem", Round("GB", MOST);
    /// Its GPUs.
    gpus: u64 = "cap_gpu", Round("GPUs", MOST);
}

contents! { Record: |_| Machines 1; }

impl Record {
    pub(super) fn machine(self) -> Machine {
        Machine {
            name: self.machine,
            platform: Some(self.gpu_type),
            cpus: Some(self.cores * 1000),
            memory: Some(self.gigabytes * 1024),
            gpus: Some(self.gpus * 1000),
            ..Machine::default()
        }
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let Self {
            gpu_type,
            cores,
            gigabytes,
            gpus,
            ..
        } = self;
        seen.count("machines");
        seen.sum("cpu_cores", *cores);
        seen.sum("mem_GB", *gigabytes);
        seen.sum("gpus", *gpus);
        let shape = format!("{gpu_type}/{cores}/{gigabytes}/{gpus}");
        seen.tally("shapes_type_cpu_mem_gpu", shape.as_str());
    }
}
