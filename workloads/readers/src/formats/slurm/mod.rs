//! What Slurm tells of a cluster: the accounting of its jobs (`sacct -P`) and its nodes (`scontrol show
//! nodes`, or the lines of `slurm.conf`).
//!
//! Source: `man sacct`, `man scontrol`, `man slurm.conf` (Slurm 14 to 24). Memory is in MiB where nothing
//! is written behind a number, K, M, G, T and P are powers of 1024.

mod attempts;
pub mod nodes;
pub(crate) mod notation;
pub(crate) mod rows;
pub mod sacct;
