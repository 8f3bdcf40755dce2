//! Alibaba openb (cluster-trace-gpu-v2023): nodes, and pods that share their GPUs.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-gpu-v2023` (Weng et al., USENIX ATC 2023).
//! CSV with a header. CPU is in thousandths of a core, memory in MiB, a share of a GPU in
//! thousandths of it.

pub mod nodes;
pub mod pods;

/// The most CPU of one node or pod, in thousandths of a core.
pub const MOST_MILLICORES: u64 = 1 << 40;
/// The most memory of one node or pod, in MiB.
pub const MOST_MEBIBYTES: u64 = 1 << 40;
/// The most GPUs of one node or pod.
pub const MOST_GPUS: u64 = 100_000;
/// When the trace ends, in seconds: pods deleted then ran on.
pub const END: u64 = 12_902_960;
