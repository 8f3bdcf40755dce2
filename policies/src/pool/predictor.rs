//! How long a job is expected to run, by what its user's last jobs ran.

use std::collections::BTreeMap;

use crate::time::Span;

/// The mean of the last two jobs of the same user that ended (Tsafrir, Etzion and Feitelson, IEEE TPDS 18(6), 2007,
/// section 3), in whole seconds, rounded down, and never more than what was requested; what was requested while a
/// user has not seen two jobs end. Whoever runs longer is then expected to run as long as requested.
#[derive(Clone, Debug, Default)]
pub struct LastTwo {
    /// The last run of a user that ended, and the one before.
    runs: BTreeMap<u64, (Span, Option<Span>)>,
}

impl LastTwo {
    /// How long a job of `user` is expected to run that asked for `requested`.
    pub fn expect(&self, user: u64, requested: Span) -> Span {
        let Some((last, Some(before))) = self.runs.get(&user) else {
            return requested;
        };
        let mean = (*last + *before).as_micros() / 2;
        let seconds = (mean / 1_000_000).max(1);
        requested.min(Span::from_secs(seconds))
    }

    /// A job of `user` ended after it had run so long.
    pub fn learn(&mut self, user: u64, run: Span) {
        let before = self.runs.get(&user).map(|(last, _)| *last);
        self.runs.insert(user, (run, before));
    }
}
