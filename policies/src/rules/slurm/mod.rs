//! Slurm's priorities and its backfill (`priority/multifactor`, `sched/backfill`; its manual's pages on the fair tree
//! and on multifactor priority).

pub mod backfill;
pub mod fair_share;
pub mod priority;
