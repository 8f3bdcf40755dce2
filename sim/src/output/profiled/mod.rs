//! What a trace looks like, as `trace stat` tells it: numbers once for people and for programs, pictures with
//! a sentence each, and one page of all of it.

mod clock;
mod numbers;
mod page;

pub use clock::LocalClock;
pub use numbers::TraceNumbers;
pub(in crate::output) use numbers::{DAYS, ends};
pub use page::{PAGE, write};

use fairground_readers::canonical::Units;
use fairground_readers::canonical::profile::{KINDS, Profile};

/// A trace as it is told.
#[derive(Clone, Copy)]
pub struct TraceView<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What it looks like.
    pub profile: &'a Profile,
    /// What its amounts mean.
    pub units: &'a Units,
    /// The zone of its clocks, if it has any.
    pub zone: Option<&'a str>,
}

impl TraceView<'_> {
    /// How many of the trace's units of a kind are one of the unit that people use, and what that is called.
    /// Of one trace amounts of one kind may be relative and those of another not.
    pub(super) fn unit(&self, kind: usize) -> (f64, &'static str) {
        let units = self.units;
        let largest = "largest machines";
        match KINDS[kind] {
            "cpus" => {
                let name = if units.cpus.contains("largest") {
                    largest
                } else {
                    "cores"
                };
                (units.cpus_whole.max(1) as f64, name)
            }
            "memory" if units.memory.contains("largest") => {
                (units.memory_whole.max(1) as f64, largest)
            }
            "memory" => (1024.0 * units.memory_whole.max(1) as f64, "GiB"),
            _ => (1000.0, "GPUs"),
        }
    }
}
