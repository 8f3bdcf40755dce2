//! `pai_job_table`: whose jobs there are, and when they were submitted and over.

use super::{TABLES, TIME, joined, see_order};
use crate::formats::prelude::*;

/// What its file is called.
pub(super) const TABLE: &str = "pai_job_table";

pub(crate) const FORM: Form = Form {
    about: "training jobs and whose they are (Alibaba cluster-trace-gpu-v2020, pai_job_table)",
    signs: &[
        Named(TABLE),
        Begins("job_name,inst_id,user"),
        Holding(TABLE),
    ],
    tables: TABLES,
    unkept: &["inst_id", "end_time"],
    import: Ok(|import, path| joined::import(import, path, TABLE)),
    samples: &["\
4b3f04b66a525d2df903eb16,8cb3bec23d14dbde,58540f191766,Terminated,4550879.0,4551416.0
f1,i1,58540f191766,Running,10.0,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One job.
    pub struct Record: "job" in "pai_job_table.csv", bare {
        const TABLE: &'static str = TABLE;
    };
    /// Its name, a hash.
    job: String = "job_name" as "job", Word("the name of a job");
    /// The name by which other tables know it.
    inst: String = "inst_id" as _, Text;
    /// Whose it is, a hash.
    user: String = "user", Text;
    /// Running, Terminated, Failed or Waiting.
    status: String = "status", Text;
    /// When it was submitted, in microseconds.
    submit: Option<u64> = "start_time" as "submit_s", TIME;
    /// When it was over, in microseconds.
    end: Option<u64> = "end_time" as "end_s", TIME;
}

contents! { Record: |_| Jobs 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("jobs");
        seen.columns();
        seen.tally("status", &self.status);
        seen.distinct("users", &self.user);
        seen.least("first_s", super::told(self.submit))
            .written(MILLIONTHS);
        seen.most("last_s", super::told(self.submit))
            .written(MILLIONTHS);
        let life = see_order(seen, self.submit, self.end);
        seen.figures("submission_to_end_s", "millionths of a second", life);
    }
}
