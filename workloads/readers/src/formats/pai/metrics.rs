//! `pai_machine_metric`: what machines did while an instance ran there.

use super::{NUMBER, TIME, see_order};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "what machines did while an instance ran there (Alibaba cluster-trace-gpu-v2020, pai_machine_metric)",
    signs: &[
        Named("pai_machine_metric"),
        Begins("worker_name,machine,start_time"),
    ],
    import: Err("it has averages of machines over the lives of instances, which overlap"),
    samples: &["\
b739d0d058e0db10,74e1c8457b01c76b,6150435,6150689,0.0028667003281999497,3.583656890012642,\
14.928745108999438,87.82875849911859,18.298592909228066,111649584.57135652,5.053068410462776,\
18.515268699340282
b739d0d058e0db11,74e1c8457b01c76b,6150435.0,6150689.0,,,,,,,,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One instance on one machine.
    pub struct Record: "row" in "pai_machine_metric.csv", bare {
        const TABLE: &'static str = "pai_machine_metric";
    };
    /// The instance.
    worker: String = "worker_name" as "worker", Text;
    /// The machine.
    machine: String = "machine", Text;
    /// When the instance was launched, in microseconds.
    start: Option<u64> = "start_time" as "start_s", TIME;
    /// When it was over.
    end: Option<u64> = "end_time" as "end_s", TIME;
    /// Processors waiting for input and output, in millionths of a percent.
    iowait: Option<u64> = "machine_cpu_iowait" as _, NUMBER;
    /// Processors in the kernel.
    kernel: Option<u64> = "machine_cpu_kernel" as _, NUMBER;
    /// Processors in programs.
    user: Option<u64> = "machine_cpu_usr" as _, NUMBER;
    /// GPUs, in millionths of a percent.
    gpu: Option<u64> = "machine_gpu" as "gpu_percent", NUMBER;
    /// The load of a minute, in millionths.
    load: Option<u64> = "machine_load_1" as _, NUMBER;
    /// Bytes that came over the network.
    received: Option<u64> = "machine_net_receive" as _, NUMBER;
    /// Instances on the machine.
    workers: Option<u64> = "machine_num_worker" as "workers", NUMBER;
    /// Processors, in millionths of a percent.
    cpu: Option<u64> = "machine_cpu" as "cpu_percent", NUMBER;
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let _ = see_order(seen, self.start, self.end);
        seen.count("rows");
        seen.columns();
        seen.distinct("machines", &self.machine);
        seen.figures("cpu_percent", "millionths of a percent", self.cpu);
        seen.figures("gpu_percent", "millionths of a percent", self.gpu);
        seen.figures("workers", "millionths of an instance", self.workers);
    }
}
