//! Microsoft Philly, 2017: deep learning jobs of 15 virtual clusters.
//!
//! Source: the job list that Pollux (Qiao et al., OSDI 2021) made of msr-fiddle/philly-traces
//! (Jeon et al., ATC 2019). CSV with a header: local time of submission, run time in seconds, GPUs,
//! their product, virtual cluster. Waiting, failed attempts, CPU and memory are not in it, and it is
//! not sorted by time.

use crate::formats::prelude::*;

/// The most GPUs one job may have.
pub const MOST_GPUS: u64 = 1_000_000;
/// The most GPU time one job may claim, in seconds.
const MOST_GPU_TIME: u64 = 10_000_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "training jobs by virtual cluster (Microsoft Philly 2017, the list of Pollux)",
    signs: &[Begins("timestamp,duration,num_gpus")],
    unkept: &["gpu_time"],
    import: Ok(|import, path| {
        import.clock(WallClock::local());
        import.training(Rows::open(path)?, |job: Record| {
            let tasks = workers(job.gpus, Some(job.duration));
            Draft::simple("", Some(seconds(job.time.seconds)), tasks).by(job.cluster)
        })
    }),
    samples: &["\
timestamp,duration,num_gpus,gpu_time,cluster
2017-10-09 07:01:55,66.0,1,66.0,11cb48
2017-10-09 06:13:03,2951.5,8,23612.0,6214e9
2017-12-31 23:59:59,10,2,21,6214e9

"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One job.
    pub struct Record: "job" in "philly.csv", headed;
    /// When it was submitted.
    time: Stamp = "timestamp", Time("2017-10-09 07:01:55");
    /// How long it ran, in microseconds.
    duration: u64 = "duration" as "duration_s", Decimal("seconds", MILLIONTHS, LATEST);
    /// How many GPUs it had.
    gpus: u64 = "num_gpus" as "gpus", Whole("GPUs", MOST_GPUS);
    /// GPUs times run time, in microseconds, as the file says.
    gpu_time: u64 = "gpu_time" as _, Decimal("seconds", MILLIONTHS, MOST_GPU_TIME);
    /// The virtual cluster it was submitted to.
    cluster: String = "cluster", Word("a virtual cluster");
}

contents! { Record: |job| Jobs 1, Tasks job.gpus.max(1); }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let product = u128::from(self.duration) * u128::from(self.gpus);
        let wrong = product != u128::from(self.gpu_time);
        if wrong {
            let expected = format!("{}, duration times GPUs", written(product, MILLIONTHS));
            let found = written(u128::from(self.gpu_time), MILLIONTHS);
            let odd = ReadError::expected(expected, found).hint("gpu_time is not used");
            seen.warn(odd.place("column gpu_time"));
        }
        seen.count("jobs");
        seen.columns();
        seen.earliest("first", self.time.seconds, &self.time.text);
        seen.latest("last", self.time.seconds, &self.time.text);
        seen.sorted("sorted_by_time", self.time.seconds);
        seen.tally("virtual_clusters", &self.cluster);
        seen.tally("jobs_by_num_gpus", self.gpus);
        seen.sum("gpu_time_s_sum", self.gpu_time)
            .written(MILLIONTHS);
        seen.count_if("gpu_times_not_duration_x_gpus", wrong);
        seen.figures("duration_s", "millionths of a second", [self.duration]);
    }
}
