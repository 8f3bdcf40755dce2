//! Policies that need a solver, in a package of their own: the core has neither floats nor a solver.
//!
//! The solver is Clarabel's interior point method, pure Rust. What it finds is rounded to the nearest 2^-20 before anything
//! is decided by it, so that what only the last bits of a float tell apart is equal.

pub mod ceei;
pub mod gavel;
mod program;

use fairground_policies::registry::Registry;

/// The table with the policies of this package.
pub fn with_solvers(registry: Registry) -> Registry {
    registry
        .with_allocator(ceei::CEEI)
        .with_allocator(gavel::GAVEL)
}
