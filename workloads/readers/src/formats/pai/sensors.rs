//! `pai_sensor_table`: what each instance used on average.

use super::{GIGABYTES, NUMBER, PERCENT};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "what instances of training tasks used (Alibaba cluster-trace-gpu-v2020, pai_sensor_table)",
    signs: &[
        Named("pai_sensor_table"),
        Begins("job_name,task_name,worker_name"),
    ],
    import: Err("it has averages over the lives of instances and tells no times"),
    samples: &["\
a9449d475665e3bf0512520b,worker,bcecec52225d6b4a,589de47b56f88129,6884752e3565b15c,/dev/nvidia0,\
140.1451612903226,16.0625,1.4627511160714286,2.3935546875,1.2446746826171875,2.3994140625,\
21271328.384615384,16376189.815384615,2922.4461538461537,3419.7846153846153
a9449d475665e3bf0512520b,ps,bcecec52225d6b4b,589de47b56f88129,6884752e3565b15c,,,,,,,,,,,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One instance.
    pub struct Record: "instance" in "pai_sensor_table.csv", bare {
        const TABLE: &'static str = "pai_sensor_table";
    };
    /// Its job.
    job: String = "job_name" as "job", Word("the name of a job");
    /// Its task.
    task: String = "task_name" as "task", Text;
    /// What tells it from all others.
    worker: String = "worker_name" as "worker", Text;
    /// Another name of its job.
    inst: String = "inst_id" as _, Text;
    /// The machine it ran on.
    machine: String = "machine" as _, Text;
    /// The GPU that it had there.
    gpu: String = "gpu_name" as _, Text;
    /// CPU, in millionths of a percent of a core.
    cpu: Option<u64> = "cpu_usage" as "cpu_percent", PERCENT;
    /// GPU, in millionths of a percent of one.
    gpu_used: Option<u64> = "gpu_wrk_util" as "gpu_percent", PERCENT;
    /// Memory, in millionths of a GB.
    memory: Option<u64> = "avg_mem" as "mem_gb", GIGABYTES;
    /// The most of it.
    most_memory: Option<u64> = "max_mem" as "max_mem_gb", GIGABYTES;
    /// Memory of the GPU, in millionths of a GB.
    gpu_memory: Option<u64> = "avg_gpu_wrk_mem" as _, GIGABYTES;
    /// The most of it.
    most_gpu_memory: Option<u64> = "max_gpu_wrk_mem" as _, GIGABYTES;
    /// Bytes that came over the network, in millionths.
    read: Option<u64> = "read" as _, NUMBER;
    /// Bytes that went over it.
    write: Option<u64> = "write" as _, NUMBER;
    /// How often something came.
    reads: Option<u64> = "read_count" as _, NUMBER;
    /// How often something went.
    writes: Option<u64> = "write_count" as _, NUMBER;
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("instances");
        seen.columns();
        seen.distinct("jobs", &self.job);
        seen.figures("cpu_percent", "millionths of a percent", self.cpu);
        seen.figures("gpu_percent", "millionths of a percent", self.gpu_used);
        seen.figures("mem_gb", "millionths of a GB", self.memory);
        seen.figures("max_mem_gb", "millionths of a GB", self.most_memory);
        seen.figures("max_gpu_mem_gb", "millionths of a GB", self.most_gpu_memory);
    }
}
