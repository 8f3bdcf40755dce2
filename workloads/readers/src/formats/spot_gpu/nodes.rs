//! `node_info_df`: the nodes. CSV with a header: model of GPU, how many, virtual cores, name. Memory is not in it.

use crate::formats::prelude::*;

/// What its file is called.
pub(super) const TABLE: &str = "node_info_df";
/// The most cores or GPUs of one node.
const MOST: u64 = 1_000_000;

pub(crate) const FORM: Form = Form {
    about: "nodes with GPUs (Alibaba cluster-trace-v2026-spot-gpu, node_info_df)",
    machines: true,
    signs: &[Begins("gpu_model,gpu_capacity_num")],
    import: Ok(|import, path| import.machines(Rows::open(path)?, Record::machine)),
    samples: &["\
gpu_model,gpu_capacity_num,cpu_num,node_name
GPU-series-1,4,192,0
H800,8,192,1
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One node.
    pub struct Record: "node" in "node_info_df.csv", headed {
        const TABLE: &'static str = TABLE;
    };
    /// The model of its GPUs.
    model: String = "gpu_model", Word("a model of GPU");
    /// How many it has.
    gpus: u64 = "gpu_capacity_num", Round("GPUs", MOST);
    /// Its virtual cores.
    cores: u64 = "cpu_num", Round("cores", MOST);
    /// Its name.
    name: String = "node_name", Word("a node");
}

contents! { Record: |_| Machines 1; }

impl Record {
    pub(super) fn machine(self) -> Machine {
        Machine {
            name: self.name,
            platform: Some(self.model),
            cpus: Some(self.cores * 1000),
            gpus: Some(self.gpus * 1000),
            ..Machine::default()
        }
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("nodes");
        seen.sum("gpus", self.gpus);
        seen.sum("cpu_cores", self.cores);
        seen.tally(
            "model_x_gpus",
            format!("{} x{}", self.model, self.gpus).as_str(),
        );
    }
}
