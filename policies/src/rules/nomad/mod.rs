//! Nomad's scores of nodes and what it displaces (`nomad/structs/funcs.go`, `scheduler/rank.go`,
//! `scheduler/select.go`, `scheduler/spread.go`, `scheduler/preemption.go`).

pub mod preempt;
pub mod score;
pub mod spread;
