//! What Hadoop tells of its jobs: traces of Rumen ([`rumen`]) and of YARN's simulator ([`sls`]), the
//! hosts of a cluster ([`topology`]), the job history of the first Hadoop ([`jobtracker`]) and of
//! YARN ([`jhist`]).

mod avro;
pub mod jhist;
pub mod jobtracker;
pub mod rumen;
pub mod sls;
pub mod topology;

/// The latest time, in milliseconds since 1970 (the year 2262).
pub const LATEST_MILLIS: i64 = i64::MAX / 1_000_000;

/// The time a number stands for: Hadoop writes -1, and sometimes 0, for one that it does not know.
pub(crate) fn known(millis: i64) -> Option<u64> {
    u64::try_from(millis).ok().filter(|millis| *millis > 0)
}
