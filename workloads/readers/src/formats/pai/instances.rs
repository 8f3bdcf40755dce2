//! `pai_instance_table`: when and where each instance of a task ran.

use super::{TABLES, TIME, joined, see_order};
use crate::formats::prelude::*;

/// What its file is called.
pub(super) const TABLE: &str = "pai_instance_table";

pub(crate) const FORM: Form = Form {
    about: "instances of training tasks, when and where they ran (Alibaba cluster-trace-gpu-v2020, \
            pai_instance_table)",
    signs: &[Named(TABLE), Begins("job_name,task_name,inst_name")],
    tables: TABLES,
    unkept: &["inst_name", "inst_id", "machine"],
    import: Ok(|import, path| joined::import(import, path, TABLE)),
    samples: &["\
af724763f4f5d0beef445849,worker,0d39aa86,54dbcd2d,e387fbc1,Terminated,2081336.0,2083889.0,471dda9e
af724763f4f5d0beef445849,worker,0d39aa87,54dbcd2e,e387fbc1,Failed,2081336.0,2081336.0,471dda9e
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One instance.
    pub struct Record: "instance" in "pai_instance_table.csv", bare {
        const TABLE: &'static str = TABLE;
    };
    /// Its job.
    job: String = "job_name" as "job", Word("the name of a job");
    /// Its task.
    task: String = "task_name" as "task", Text;
    /// Its name within the task.
    instance: String = "inst_name" as _, Text;
    /// What tells it from all others.
    worker: String = "worker_name" as "worker", Text;
    /// Another name of its job.
    inst: String = "inst_id" as _, Text;
    /// Running, Terminated, Failed or Waiting.
    status: String = "status", Text;
    /// When it was launched, in microseconds.
    start: Option<u64> = "start_time" as "start_s", TIME;
    /// When it was over.
    end: Option<u64> = "end_time" as "end_s", TIME;
    /// The machine it ran on.
    machine: String = "machine", Text;
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("instances");
        seen.columns();
        seen.distinct("jobs", &self.job);
        seen.distinct("machines", &self.machine);
        seen.tally("status", &self.status);
        seen.least("first_s", super::told(self.start))
            .written(MILLIONTHS);
        seen.most("last_s", super::told(self.start))
            .written(MILLIONTHS);
        let run = see_order(seen, self.start, self.end);
        seen.figures("run_s", "millionths of a second", run);
    }
}
