//! Everything that comes from outside a cluster.

pub mod trace;
