//! Virtual clusters of Philly as Muri replays them: real jobs with made-up models.
//!
//! Source: github.com/Rivendile/Muri, `simulator/trace-data` (Zhao et al., SIGCOMM 2022). CSV with
//! a header; times in milliseconds. Submission, GPUs and duration are Philly's; model, batch size,
//! iterations and what an iteration takes of GPU, CPU and storage were drawn by the authors.

use crate::formats::philly::MOST_GPUS;
use crate::formats::prelude::*;

/// The latest time and the most iterations: a hundred years of milliseconds.
const MOST_MILLIS: u64 = LATEST * 1000;

pub(crate) const FORM: Form = Form {
    about: "training jobs of a virtual cluster with models drawn for them (Muri, Philly)",
    signs: &[Begins("job_id,num_gpu,submit_time")],
    unkept: &["iterations", "batch_size", "iteration_time", "priority"],
    import: Ok(|import, path| {
        import.training(Rows::open(path)?, |job: Record| {
            let tasks = workers(job.gpus, Some(millis(job.duration)));
            let name = format!("{} {}", job.job, job.model);
            Draft::simple(name, Some(millis(job.submit)), tasks)
        })
    }),
    samples: &["\
job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,interval,iteration_time,\
resource_time_0,priority
0,1,0,5853661,dqn,128,2868294000,46122000,490,446,1
1,8,201694000,8787693,dqn,128,4472936000,201694000,509.5,435,0
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One job.
    pub struct Record: "job" in "trace.csv", headed;
    /// Its number.
    job: u64 = "job_id", Round("a job number", u64::from(u32::MAX));
    /// How many GPUs it has.
    gpus: u64 = "num_gpu", Round("GPUs", MOST_GPUS);
    /// When it was submitted, in milliseconds.
    submit: u64 = "submit_time" as "submit_time_ms", Round("milliseconds", MOST_MILLIS);
    /// How long it ran, in milliseconds.
    duration: u64 = "duration" as "duration_ms", Round("milliseconds", MOST_MILLIS);
    /// The model it is said to train.
    model: String = "model_name" as "model", Text;
    /// How often.
    iterations: Option<u64> = "iterations" as _, Maybe(Round("iterations", MOST_MILLIS));
    /// With how much data at once.
    batch: String = "batch_size" as _, Text;
    /// What one iteration takes, in millionths of a millisecond.
    iteration: Option<u64> = "iteration_time" as _, Maybe(Decimal("milliseconds", MILLIONTHS, LATEST));
    /// Its priority, as written.
    priority: String = "priority" as _, Text;
}

contents! { Record: |job| Jobs 1, Tasks job.gpus.max(1); }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("jobs");
        seen.columns();
        seen.in_order("submit_nondecreasing", self.submit, "column submit_time");
        seen.tally("num_gpu", self.gpus);
        seen.tally("models", &self.model);
        seen.figures("submit_time_ms", "milliseconds", [self.submit]);
        seen.figures("duration_ms", "milliseconds", [self.duration]);
    }
}
