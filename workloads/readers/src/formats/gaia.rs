//! The year-long job lists of GAIA, made of LANL Mustang's log and of Alibaba's PAI.
//!
//! Source: github.com/umassos/GAIA (Hanafy et al., ASPLOS 2024), `src/cluster_traces`. CSV with a
//! header: arrival in hours from the beginning, length in hours, CPUs (for Mustang these are
//! nodes). Short and very long jobs and all users are left out, and PAI's two months are spread
//! over a year. Hours are kept in 10^-12 of one, so that whole seconds come back.

use crate::formats::prelude::*;

/// How many digits of an hour are kept.
const DIGITS: u32 = 12;
/// The latest arrival and the longest length, in hours (a hundred years).
const MOST_HOURS: u64 = 876_600;
/// The most CPUs of one job.
const MOST_CPUS: u64 = 1 << 30;

pub(crate) const FORM: Form = Form {
    about: "jobs of a year: arrival, length, CPUs (GAIA's LANL Mustang 2015 and Alibaba PAI 2020)",
    signs: &[Begins("arrival_time,length,cpus")],
    import: Ok(|import, path| {
        let shape = "a task with all CPUs of the job; for Mustang a CPU is a node";
        import.assume("job shape", shape);
        import.each(Rows::open(path)?, |import, job: Record| {
            let tasks = Tasks {
                cpus: Some(job.cpus * 1000),
                ..ran(Some(job.length_micros()))
            };
            import.job(Draft::simple("", Some(job.arrival_micros()), tasks))
        })
    }),
    samples: &[
        "arrival_time,length,cpus\n0.0,4.1625,128\n147.73638888888888,0.12305555555555556,1\n",
    ],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One job.
    pub struct Record: "job" in "trace.csv", headed;
    /// When it arrived, in 10^-12 hours.
    arrival: u64 = "arrival_time" as "arrival_h", Decimal("hours", DIGITS, MOST_HOURS);
    /// How long it ran, in 10^-12 hours.
    length: u64 = "length" as "length_h", Decimal("hours", DIGITS, MOST_HOURS);
    /// How many CPUs it had; for Mustang, nodes.
    cpus: u64 = "cpus", Round("CPUs", MOST_CPUS);
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Record {
    /// When it arrived, in microseconds.
    pub const fn arrival_micros(&self) -> u64 {
        micros(self.arrival)
    }

    /// How long it ran, in microseconds.
    pub const fn length_micros(&self) -> u64 {
        micros(self.length)
    }
}

/// 10^-12 hours in microseconds, to the nearest.
const fn micros(hours: u64) -> u64 {
    ((hours as u128 * 3600 + 500_000) / 1_000_000) as u64
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("jobs");
        seen.columns();
        seen.first("first_arrival_h", self.arrival).rounded(DIGITS);
        seen.last("last_arrival_h", self.arrival).rounded(DIGITS);
        if let Some(last) = seen.sorted("arrival_nondecreasing", self.arrival) {
            let [last, found] = [last, self.arrival].map(|n| written(u128::from(n), DIGITS));
            seen.before("column arrival_time", last, found);
        }
        let work = u128::from(self.length) * u128::from(self.cpus);
        seen.sum("cpu_hours", work).rounded(DIGITS);
        seen.figures("length_h", "trillionths of an hour", [self.length]);
        seen.figures("cpus", "CPUs", [self.cpus]);
    }
}
