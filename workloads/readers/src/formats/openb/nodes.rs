//! `openb_node_list`: what every node has.

use super::{MOST_GPUS, MOST_MEBIBYTES, MOST_MILLICORES};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "nodes with GPUs (Alibaba cluster-trace-gpu-v2023, openb_node_list)",
    machines: true,
    signs: &[Begins("sn,cpu_milli,")],
    import: Ok(|import, path| {
        import.machines(Rows::open(path)?, |node: Record| Machine {
            name: node.name,
            platform: Some(node.model).filter(|model| !model.is_empty()),
            cpus: Some(node.millicores),
            memory: Some(node.mebibytes),
            gpus: Some(node.gpus * 1000),
            ..Machine::default()
        })
    }),
    samples: &["\
sn,cpu_milli,memory_mib,gpu,model
openb-node-0000,32000,262144,0,
openb-node-0001,64000,262144,2,P100
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One node.
    pub struct Record: "node" in "openb_node_list_all_node.csv", headed;
    /// Its name.
    name: String = "sn", Word("the name of a node");
    /// Its CPU, in thousandths of a core.
    millicores: u64 = "cpu_milli", Whole("thousandths of a core", MOST_MILLICORES);
    /// Its memory, in MiB.
    mebibytes: u64 = "memory_mib", Whole("MiB", MOST_MEBIBYTES);
    /// Its GPUs.
    gpus: u64 = "gpu", Whole("GPUs", MOST_GPUS);
    /// Their model; empty without GPUs.
    model: String = "model", Text;
}

contents! { Record: |_| Machines 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("nodes");
        seen.sum("cpu_milli", self.millicores);
        seen.sum("memory_mib", self.mebibytes);
        seen.sum("gpus", self.gpus);
        let model = if self.model.is_empty() {
            "(none)"
        } else {
            &self.model
        };
        seen.tally("model", model);
    }
}
