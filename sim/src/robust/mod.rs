//! The same comparison under everything that should not matter, and which of its conclusions survive.
//!
//! A conclusion is a sentence with an order in it: "drf finishes jobs sooner than static". What should not
//! matter ([`Nuisance`]) is switched by itself, and then all of it is drawn together; a conclusion that is
//! no longer shown in one case hangs on what was switched there. Results of papers do: the published win of
//! one placement hangs on which of equal nodes is taken.
//!
//! Three kinds of comparison have this: recipes ([`recipe`]), tasks that fill nodes ([`packing`]) and rigid
//! jobs on a pool ([`pool`]). Each makes a [`RobustStudy`]; what is concluded from it is in one place.

mod conclusion;
mod nuisance;
pub mod packing;
mod permuted;
pub mod pool;
pub mod recipe;
mod told;

pub use conclusion::{
    AdvantageRow, AdvantageScale, Answers, Conclusion, Hinge, Question, RobustStudy, Steadiness,
};
pub use nuisance::{Nuisance, NuisanceCase, no_case, picked, quoted_names, short_name, tie_rules};
pub use permuted::{agents_reordered, jobs_renumbered};
pub use told::{HingeRow, RobustRow, rows, table};

/// Every pair of so many policies, the later one first: it is told what it has over the earlier one.
pub(crate) fn pairs(policies: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..policies).flat_map(move |base| (base + 1..policies).map(move |other| [other, base]))
}
