//! The run times of Philly's jobs and nothing else.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-gpu-v2020/analysis/philly_runtime.csv`: a
//! column of seconds under the header `runtime`. A distribution to draw from, not a load.

use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "run times of training jobs and nothing else (Microsoft Philly 2017)",
    signs: &[Begins("runtime\n")],
    import: Ok(|import, path| {
        import.training(Rows::open(path)?, |job: Record| {
            Draft::simple("", None, workers(1, Some(job.runtime)))
        })
    }),
    samples: &["runtime\n0.0\n1.5\n"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One run time.
    pub struct Record: "run time" in "philly_runtime.csv", headed;
    /// How long a job ran, in microseconds.
    runtime: u64 = "runtime" as "runtime_s", Decimal("seconds", MILLIONTHS, LATEST);
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.figures("runtime_s", "millionths of a second", [self.runtime]);
    }
}
