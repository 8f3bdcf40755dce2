//! Microsoft's ITP clusters, 2021: training jobs of ten clusters, published with `ElasticFlow`.
//!
//! Source: github.com/microsoft/elasticflow-traces (Gu et al., ASPLOS 2023). One CSV file a cluster
//! with a header: job, seconds from the beginning to its submission, run time in seconds, GPUs. The
//! archive has all clusters in it and is read as it is; so are one file and a folder of them.

use crate::formats::philly::MOST_GPUS;
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "training jobs, a file a cluster, or their folder (Microsoft ITP 2021, ElasticFlow)",
    signs: &[
        Begins("job_id,submission_time,duration"),
        Named("raw-traces"),
    ],
    import: Ok(|import, path| {
        import.training(Rows::open(path)?, |job: Record| {
            let tasks = workers(job.gpus, Some(seconds(job.duration)));
            let cluster = job.place.file.file_stem().unwrap_or_default();
            let cluster = cluster.to_string_lossy().into_owned();
            Draft::simple(job.job, Some(seconds(job.submit)), tasks).by(cluster)
        })
    }),
    samples: &["\
job_id,submission_time,duration,num_gpu
5a1d-01,2266647,604,16
5a1d-02,2266600,1000,1
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One job; of a folder, the file is the cluster.
    pub struct Record at place: "job" in "cluster.csv", headed {
        const PARTS: bool = true;
        const MEMBERS: Option<&'static str> = Some(".csv");
    };
    /// Its name.
    job: String = "job_id", Word("a job");
    /// When it was submitted, in seconds.
    submit: u64 = "submission_time", Round("seconds", LATEST);
    /// How long it ran, in seconds.
    duration: u64 = "duration", Round("seconds", LATEST);
    /// How many GPUs it had.
    gpus: u64 = "num_gpu", Round("GPUs", MOST_GPUS);
}

contents! { Record: |job| Jobs 1, Tasks job.gpus.max(1); }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let work = u128::from(self.duration) * u128::from(self.gpus);
        seen.count("jobs");
        seen.sum("gpu_s", work);
        seen.sum("gpu_hours", work).parts(3600);
        seen.figures("submission_time_s", "seconds", [self.submit]);
        seen.figures("duration_s", "seconds", [self.duration]);
        seen.figures("num_gpu", "GPUs", [self.gpus]);
    }
}
