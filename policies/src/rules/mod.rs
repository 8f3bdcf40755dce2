//! The rules of other schedulers as pure functions: plain values in, decisions out.
//!
//! They are what `fairground conformance` holds against the originals' own test tables, and what the policies of the
//! same names are made of. Words, orders and rounding are the original's; amounts are whole numbers and shares exact
//! fractions.

pub mod armada;
pub mod kueue;
pub mod ratio;
