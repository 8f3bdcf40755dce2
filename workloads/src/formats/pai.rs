//! The machines of Alibaba's PAI, 2020: what kinds of GPU a training cluster has.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-gpu-v2020`, table `pai_machine_spec`. CSV
//! without a header: machine, type of GPU, cores, memory in GB, GPUs.

use crate::formats::prelude::*;

/// The most of anything one machine may have.
const MOST: u64 = 1_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "machines by type of GPU (Alibaba cluster-trace-gpu-v2020, pai_machine_spec)",
    machines: true,
    signs: &[Named("pai_machine_spec")],
    import: Ok(|import, path| {
        import.machines(Rows::open(path)?, |node: Record| Machine {
            name: node.machine,
            platform: Some(node.gpu_type),
            cpus: Some(node.cores * 1000),
            memory: Some(node.gigabytes * 1024),
            gpus: Some(node.gpus * 1000),
            ..Machine::default()
        })
    }),
    samples: &["7399a758eb02,CPU,96,512,0\n75c536d5ba60,P100,64,512,2\n"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One machine.
    pub struct Record: "machine" in "pai_machine_spec.csv", bare;
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
