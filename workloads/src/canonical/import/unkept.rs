//! What readers understand of a source and the canonical form has no place for: named by every
//! import, so that nobody looks for it in vain.

use crate::formats::Format;

/// The columns or members of a format that are read and not kept.
pub(crate) const fn of(format: Format) -> &'static [&'static str] {
    match format {
        Format::CookJobs => &["group"],
        Format::Coflow => &["racks of mappers and reducers"],
        Format::Bitbrains => &["CPU usage [MHZ]", "memory usage [KB]"],
        Format::Tpch => &["fresh_durations"],
        Format::Rumen => &["attempts other than the one that counts", "hostName"],
        Format::Sls => &[
            "am.type",
            "job.end.ms",
            "container.host",
            "container.start.ms",
        ],
        Format::WfCommons => &["machines", "avgCPU", "makespanInSeconds"],
        Format::SparkEvents => &["executors"],
        Format::SparkJobLog => &["executor", "status of jobs and stages"],
        _ => &[],
    }
}
