//! What readers understand of a source and the canonical form has no place for: named by every
//! import, so that nobody looks for it in vain.

use crate::formats::Format;

/// The columns or members of a format that are read and not kept.
pub(crate) const fn of(format: Format) -> &'static [&'static str] {
    match format {
        Format::AzureVms => &["deployment_id", "max_cpu", "p95_max_cpu", "vm_category"],
        Format::AzureReadings => &["min_cpu", "max_cpu"],
        Format::AzureMinutes => &["Trigger"],
        Format::GavelJobs => &["command", "num_steps_arg", "needs_data_dir"],
        Format::CookJobs => &["group"],
        Format::AccessLog => &["client", "request", "status"],
        Format::Mooncake => &["hash_ids"],
        Format::Google2011Jobs => &["missing", "name", "logical_name"],
        Format::Google2011Tasks => &["missing", "machine", "class", "disk", "different_machines"],
        Format::Google2011Usage => &["task", "machine", "memory", "max_memory", "max_cpu"],
        Format::Google2019Instances => &["scheduling_class", "collection_type", "machine_id"],
        Format::Alibaba2018Tasks => &["task_type"],
        Format::Alibaba2018Instances => &[
            "instance_name",
            "machine_id",
            "seq_no",
            "total_seq_no",
            "cpu_avg",
            "mem_avg",
        ],
        Format::Alibaba2018Machines => &["failure_domain_1", "failure_domain_2"],
        Format::Coflow => &["racks of mappers and reducers"],
        Format::Bitbrains => &["CPU usage [MHZ]", "memory usage [KB]"],
        Format::OpenDcTasks => &["cpu_capacity", "mem_capacity"],
        Format::Gwf => &["ReqNProcs where NProcs is known"],
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
