//! Time steps that grow: a table over time is as long as the work is worth, however long a task runs.
//!
//! A replay of ten minutes may hold a job that runs for a month. Rows of two seconds would then be a
//! million and a half, nearly all of them about one task, so beyond a length that hardly any run
//! reaches steps are made twice as long, as often as it takes. What was summed is summed on.

use fairground_policies::time::{Span, Time};

/// Time from the start in steps, so few that their number is bounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    length: Span,
    most: u64,
    /// How far so many reach.
    end: Time,
}

impl Steps {
    /// Steps of `length`: `most` of them at most, or four times as many as reach to `horizon` if that is
    /// more.
    pub(super) fn new(length: Span, horizon: Time, most: u64) -> Self {
        let length = length.max(Span::from_micros(1));
        let planned = horizon.as_micros().div_ceil(length.as_micros());
        let most = most.max(planned.saturating_mul(4)).max(1);
        let end = end_of(length, most);
        Self { length, most, end }
    }

    /// How long each is.
    pub(super) const fn length(&self) -> Span {
        self.length
    }

    /// Makes them twice as long as often as it takes for them to reach to `end`; how often that is.
    pub(super) fn reach(&mut self, end: Time) -> u32 {
        let mut doubled = 0;
        while self.end < end {
            self.length = self.length.scaled(2, 1);
            self.end = end_of(self.length, self.most);
            doubled += 1;
        }
        doubled
    }

    /// The steps that the time from `from` to `to` touches, and for how long.
    pub(super) fn of(&self, from: Time, to: Time) -> impl Iterator<Item = (u64, Span)> + use<> {
        let length = self.length.as_micros();
        let mut at = from;
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            let index = at.as_micros() / length;
            let until = Time::from_micros((index + 1) * length).min(to);
            let span = until - at;
            at = until;
            Some((index, span))
        })
    }
}

const fn end_of(length: Span, most: u64) -> Time {
    Time::from_micros(length.as_micros().saturating_mul(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(length: u64, horizon: u64, most: u64) -> Steps {
        Steps::new(Span::from_secs(length), Time::from_secs(horizon), most)
    }

    #[test]
    fn time_is_spread_over_the_steps_it_touches() {
        let ten = steps(10, 100, 50);
        let got: Vec<_> = ten
            .of(Time::from_secs(5), Time::from_secs(25))
            .map(|(index, span)| (index, span.to_string()))
            .collect();
        assert_eq!(got, [(0, "5s".into()), (1, "10s".into()), (2, "5s".into())]);
        assert_eq!(ten.of(Time::from_secs(5), Time::from_secs(5)).count(), 0);
    }

    /// Steps of ten seconds that must reach so far: how often they are doubled.
    #[track_caller]
    fn check(horizon: u64, end: u64, doubled: u32) {
        let mut ten = steps(10, horizon, 50);
        assert_eq!(ten.reach(Time::from_secs(end)), doubled);
        assert_eq!(ten.length(), Span::from_secs(10 << doubled));
        assert!(end.div_ceil(10 << doubled) <= 50.max(horizon / 10 * 4));
    }

    #[test]
    fn steps_are_doubled_only_where_they_would_be_too_many() {
        check(100, 0, 0);
        check(100, 500, 0);
        check(100, 501, 1);
        check(100, 3_000_000, 13);
        // Whoever asks for many steps gets them, and as many again three times.
        check(10_000, 40_000, 0);
        check(10_000, 40_001, 1);
    }
}
