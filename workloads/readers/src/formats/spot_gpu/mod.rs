//! Alibaba's cluster of spot GPUs: half a year of jobs, and the nodes.
//!
//! Source: github.com/alibaba/clusterdata, `cluster-trace-v2026-spot-gpu` (Duan et al., ASPLOS 2026). A folder with
//! `job_info_df.csv` and `node_info_df.csv` is read as one trace.

pub mod jobs;
pub mod nodes;
