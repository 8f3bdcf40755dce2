//! `pai_task_table`: the tasks of jobs, how many instances they have, and what each of those asks for.

use super::{GIGABYTES, MOST_INSTANCES, PERCENT, TABLES, TIME, joined, see_order};
use crate::formats::prelude::*;

/// What its file is called.
pub(super) const TABLE: &str = "pai_task_table";

pub(crate) const FORM: Form = Form {
    about: "tasks of training jobs with what they ask for; a folder of tables as one trace \
            (Alibaba cluster-trace-gpu-v2020, pai_task_table)",
    signs: &[
        Named(TABLE),
        Begins("job_name,task_name,inst_num"),
        Holding(TABLE),
    ],
    tables: TABLES,
    unkept: &[],
    import: Ok(|import, path| joined::import(import, path, TABLE)),
    samples: &["\
4f057009a5d481acec67b088,tensorflow,1.0,Terminated,1739162.0,1739200.0,600.0,29.296875,50.0,MISC
f1,ps,2.0,Running,1739162.0,,600.0,29.296875,,CPU
f1,worker,4.0,Waiting,,,,,100.0,V100
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One task.
    pub struct Record: "task" in "pai_task_table.csv", bare {
        const TABLE: &'static str = TABLE;
    };
    /// Its job.
    job: String = "job_name" as "job", Word("the name of a job");
    /// Its role: `worker`, `ps`, `tensorflow`.
    task: String = "task_name" as "task", Text;
    /// How many instances it has.
    instances: Option<u64> = "inst_num" as "instances", Maybe(Round("instances", MOST_INSTANCES));
    /// Running, Terminated, Failed or Waiting.
    status: String = "status", Text;
    /// When it was launched, in microseconds.
    start: Option<u64> = "start_time" as "start_s", TIME;
    /// When it was over.
    end: Option<u64> = "end_time" as "end_s", TIME;
    /// CPU of an instance, in millionths of a percent of a core.
    cpu: Option<u64> = "plan_cpu" as "cpu_percent", PERCENT;
    /// Memory of an instance, in millionths of a GB.
    memory: Option<u64> = "plan_mem" as "mem_gb", GIGABYTES;
    /// GPU of an instance, in millionths of a percent of one.
    gpu: Option<u64> = "plan_gpu" as "gpu_percent", PERCENT;
    /// The type of GPU that it was given.
    gpu_type: String = "gpu_type", Text;
}

contents! { Record: |row| Jobs 1, Tasks row.count(); }

impl Record {
    pub(super) fn count(&self) -> u64 {
        self.instances.unwrap_or(1)
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("tasks");
        seen.columns();
        seen.distinct("jobs", &self.job);
        seen.sum("instances", self.count());
        seen.tally("status", &self.status);
        seen.tally("gpu_types", &self.gpu_type);
        seen.count_if("tasks_without_gpus", self.gpu.unwrap_or(0) == 0);
        seen.least("first_s", super::told(self.start))
            .written(MILLIONTHS);
        seen.most("last_s", super::told(self.start))
            .written(MILLIONTHS);
        let run = see_order(seen, self.start, self.end);
        seen.figures("instances_per_task", "instances", self.instances);
        seen.figures("run_s", "millionths of a second", run);
        seen.figures("cpu_percent", "millionths of a percent", self.cpu);
        seen.figures("mem_gb", "millionths of a GB", self.memory);
        seen.figures("gpu_percent", "millionths of a percent", self.gpu);
    }
}
