//! `pai_group_tag_table`: which jobs do the same, and which type of GPU they asked for.

use crate::formats::prelude::*;

/// What its file is called.
pub(super) const TABLE: &str = "pai_group_tag_table";

pub(crate) const FORM: Form = Form {
    about: "which training jobs do the same, and the GPUs they ask for (Alibaba cluster-trace-gpu-v2020, \
            pai_group_tag_table)",
    signs: &[Named(TABLE), Begins("inst_id,user,gpu_type_spec")],
    import: Err("it says more of jobs that stand in another table: import a folder with both"),
    samples: &["\
f7f6218cb5cb82e0,d2d3b77d342e,V100M32,fbeb14d671c629b6,nmt
f7f6218cb5cb82e1,d2d3b77d342e,,fbeb14d671c629b6,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One job.
    pub struct Record: "job" in "pai_group_tag_table.csv", bare {
        const TABLE: &'static str = TABLE;
    };
    /// The name of the job.
    inst: String = "inst_id" as "job", Word("the name of a job");
    /// Whose it is.
    user: String = "user", Text;
    /// The type of GPU that it asks for; empty for any.
    spec: String = "gpu_type_spec", Text;
    /// What jobs that do the same have in common, a hash.
    group: String = "group", Text;
    /// What it is, of some: `bert`, `ctr`.
    workload: String = "workload", Text;
}

contents! { Record: |_| Jobs 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        seen.count("jobs");
        seen.columns();
        seen.distinct("users", &self.user);
        seen.distinct("groups", some(&self.group).as_deref());
        seen.tally("gpu_type_specs", some(&self.spec).as_deref());
        seen.tally("workloads", some(&self.workload).as_deref());
    }
}
