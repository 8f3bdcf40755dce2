//! `job_info_df`: whose the jobs are, what each of their workers asks for, and whether they may be interrupted.
//!
//! CSV with a header: times in seconds from the first submission, cores and GPUs of one worker, of which a
//! part of a GPU may be asked for. Jobs are `HP`, which are never interrupted, or `Spot`.

use super::nodes;
use crate::canonical::tables::Job;
use crate::formats::prelude::*;
use crate::formats::tables;

/// What its file is called.
const TABLE: &str = "job_info_df";

/// The most workers of one job.
const MOST_WORKERS: u64 = 10_000_000;
/// The most cores or GPUs of one worker.
const MOST: u64 = 1_000_000;

pub(crate) const FORM: Form = Form {
    about: "jobs on spot and on dedicated GPUs; a folder with the nodes beside them \
            (Alibaba cluster-trace-v2026-spot-gpu, job_info_df)",
    signs: &[
        Begins("job_name,organization,gpu_model"),
        Named(TABLE),
        Holding(TABLE),
    ],
    tables: &[TABLE, nodes::TABLE],
    import: Ok(import),
    samples: &["\
job_name,organization,gpu_model,cpu_request,gpu_request,worker_num,submit_time,duration,job_type
239255,13,A10,20,1,1,0,2764799,HP
437260,57,A100-SXM4-80GB,15,1,16,9589663,41060,Spot
437261,57,A10,1.5,0.25,1,9589663.5,10.25,Spot
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One job.
    pub struct Record: "job" in "job_info_df.csv", headed {
        const TABLE: &'static str = TABLE;
    };
    /// Its name.
    job: String = "job_name" as "job", Word("the name of a job");
    /// Whose it is.
    organization: String = "organization", Text;
    /// The model of GPU that it asks for.
    model: String = "gpu_model", Text;
    /// The cores of each worker, in millionths.
    cores: Option<u64> = "cpu_request" as "cores", Maybe(Decimal("cores", MILLIONTHS, MOST));
    /// The GPUs of each worker, in millionths.
    gpus: Option<u64> = "gpu_request" as "gpus", Maybe(Decimal("GPUs", MILLIONTHS, MOST));
    /// How many workers it has.
    workers: u64 = "worker_num" as "workers", Round("workers", MOST_WORKERS);
    /// When it was submitted, in microseconds from the first.
    submit: u64 = "submit_time" as "submit_s", Decimal("seconds", MILLIONTHS, LATEST);
    /// How long it ran, in microseconds.
    duration: Option<u64> = "duration" as "duration_s", Maybe(Decimal("seconds", MILLIONTHS, LATEST));
    /// `HP` or `Spot`.
    kind: String = "job_type" as "type", Text;
}

contents! { Record: |job| Jobs 1, Tasks job.workers; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let gpus = u128::from(self.gpus.unwrap_or(0)) * u128::from(self.workers);
        let work = gpus * u128::from(self.duration.unwrap_or(0)) / 1_000_000;
        seen.count("jobs");
        seen.columns();
        seen.tally("types", &self.kind);
        seen.distinct("organizations", &self.organization);
        seen.tally("gpu_models", &self.model);
        seen.sum("workers", self.workers);
        seen.count_if(
            "jobs_on_parts_of_gpus",
            self.gpus.is_some_and(|gpus| gpus % 1_000_000 != 0),
        );
        seen.least("first_s", self.submit).written(MILLIONTHS);
        seen.most("last_s", self.submit).written(MILLIONTHS);
        seen.sorted("sorted_by_submission", self.submit);
        seen.sum("gpu_s_sum", work).written(MILLIONTHS);
        seen.figures("cores", "millionths of a core", self.cores);
        seen.figures("gpus", "millionths of a GPU", self.gpus);
        seen.figures("workers", "workers", [self.workers]);
        seen.figures("duration_s", "millionths of a second", self.duration);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "job shape",
        "a task a worker, with the cores and GPUs that the job asks for; all workers of a job at the same time",
    );
    import.assume(
        "priorities",
        "1 of a job that is never interrupted (HP), 0 of one on spot GPUs",
    );
    import.each(Rows::open(path)?, |import, job: Record| {
        let ran = job.duration.map_or_else(untold, |run| ended(Some(run)));
        let tasks = Tasks {
            count: job.workers,
            cpus: job.cores.map(|cores| cores / 1000),
            gpus: job.gpus.map(|gpus| gpus / 1000),
            model: Some(job.model).filter(|model| !model.is_empty()),
            ..ran
        };
        let mut draft = Draft::simple(job.job, Some(job.submit), tasks).by(job.organization);
        draft.gang = job.workers > 1;
        draft.priority = match job.kind.as_str() {
            "HP" => Some(1),
            "Spot" => Some(0),
            _ => None,
        };
        draft.more = Job {
            class: Some(job.kind).filter(|kind| !kind.is_empty()),
            ..Job::default()
        };
        import.job(draft)
    })?;
    if tables::has(path, nodes::TABLE) {
        import.machines(Rows::open(path)?, nodes::Record::machine)?;
    }
    Ok(())
}
