//! Offers for a scheduler that decides on all that is free at once: gathered as they come, and asked for
//! again whenever there is something new.

use crate::message::FrameworkId;
use crate::schedulers::HeldOffer;
use crate::time::{Span, Time};

/// How long who gathers offers, and runs nothing, waits for more of them.
const PATIENCE: Span = Span::from_secs(30);

/// How often it waits twice as long as before, at most.
const MOST_TRIES: u32 = 6;

/// What is in hand until it is decided on.
pub(super) struct Gathering {
    framework: FrameworkId,
    /// For how long offers are gathered.
    gather: Span,
    patience: Patience,
    /// How often in a row it waited for nothing.
    in_vain: u32,
    /// Whether all was asked for since a job came or a task ended because something else came.
    recalled: bool,
}

/// Who runs nothing, and was not offered enough.
#[derive(Clone, Copy)]
enum Patience {
    /// It is going to hold what comes, after so many times in vain.
    Fresh(u32),
    /// It holds what it has until then.
    Until(Time, u32),
    /// It gave all back and asked for all.
    Over(u32),
}

impl Gathering {
    pub(super) const fn new(framework: FrameworkId, gather: Span) -> Self {
        Self {
            framework,
            gather,
            patience: Patience::Fresh(0),
            in_vain: 0,
            recalled: false,
        }
    }

    /// A job came or a task ended: all is asked for.
    pub(super) const fn renew(&mut self) {
        self.recalled = false;
    }

    /// Whether what comes by itself after others were refused, as an agent that is back, is given back, and
    /// all is asked for: once, as offers that never come together would be asked for for ever.
    pub(super) const fn recalls(&mut self) -> bool {
        !std::mem::replace(&mut self.recalled, true)
    }

    /// How long it waits for more. Several of the same patience hold and let go in step, and none ever has what it
    /// needs: so after the first time it depends on who it is and how often it waited in vain; no draw is needed
    /// for that.
    fn patience(&self, tries: u32) -> Span {
        let most = PATIENCE.scaled(1 << tries, 1);
        if self.in_vain == 0 {
            return most;
        }
        let who = self.framework.0.wrapping_mul(0x9E37_79B1);
        let mixed = (who ^ self.in_vain.wrapping_mul(0x85EB_CA77)) >> 16;
        most.scaled(64 + u64::from(mixed % 64), 128)
    }

    /// What is in hand is decided on in a while, if not earlier.
    pub(super) fn gather(&self, now: Time, held: &mut [HeldOffer]) {
        let due = now + self.gather;
        for held in held {
            held.hold = Some(held.hold.map_or(due, |hold| hold.min(due)));
        }
    }

    /// Whether it is time to decide; nothing is held any more then.
    pub(super) fn is_due(now: Time, held: &mut [HeldOffer]) -> bool {
        let due = held.iter().any(|held| held.hold <= Some(now));
        for held in held.iter_mut().filter(|_| due) {
            held.hold = None;
        }
        due
    }

    /// What the scheduler left is refused until there is something new, when all is asked for. Where nothing
    /// runs that could end, and something waits, there is more on its way, or others have it: it is waited
    /// for. If it does not come, all is asked for once more, as offers made for smaller tasks may be in the
    /// way of larger ones, and then left to others for a while. Says whether all is asked for.
    pub(super) fn leave(&mut self, now: Time, held: &mut [HeldOffer], idle: bool) -> bool {
        let used = held.iter().any(HeldOffer::is_used);
        let (next, waits, refuse) = match self.patience {
            _ if used || !idle => {
                self.in_vain = 0;
                (Patience::Fresh(0), None, Span::FOREVER)
            }
            Patience::Fresh(tries) => {
                // Parts that are refused and held in turns meet once one is held for long enough.
                let until = now + self.patience(tries);
                (Patience::Until(until, tries), Some(until), Span::ZERO)
            }
            Patience::Until(until, _) if now < until => (self.patience, Some(until), Span::ZERO),
            Patience::Until(_, tries) => (Patience::Over(tries), None, Span::ZERO),
            Patience::Over(tries) => {
                self.in_vain = self.in_vain.wrapping_add(1);
                let next = Patience::Fresh(MOST_TRIES.min(tries + 1));
                (next, None, PATIENCE.scaled(1, 2))
            }
        };
        self.patience = next;
        for held in held.iter_mut().filter(|held| held.hold.is_none()) {
            held.hold = waits;
            if waits.is_none() {
                held.refuse.get_or_insert(refuse);
            }
        }
        matches!(next, Patience::Over(_))
    }
}
