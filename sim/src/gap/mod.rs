//! The smallest perturbation of a trace that makes one policy worse than another.
//!
//! Two policies are compared on one trace, whose jobs are rows of a table ([`GapTable`]). What may be changed is
//! what a person can read in it: a job dropped, submitted at another time, with longer or shorter tasks, more or
//! fewer of them, larger or smaller ones ([`Perturbation`]). Sets of these are drawn, the best is improved step by
//! step ([`search`]) until the one policy is worse, and then everything is taken back that need not be there
//! ([`shrink`]). The search for inputs on which a heuristic is bad is that of `MetaOpt` (Namyar et al., NSDI 2024) and
//! of PISA (Coleman and Krishnamachari, 2024), which anneals instances of scheduling as this does.

mod measure;
mod perturbation;
mod search;
mod shrink;
mod table;
mod trial;

pub use measure::{GapMeasure, GapPair};
pub use perturbation::{Change, Perturbation, StepSizes, applied, drawn, told};
pub use search::{GapFound, GapLimits, search};
pub use shrink::shrink;
pub use table::{GapJob, GapTable};
pub use trial::{GapTrial, Tabled};
