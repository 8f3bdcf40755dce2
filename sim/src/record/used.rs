//! What tasks used of the processors they had.

use fairground_policies::message::FrameworkId;
use fairground_policies::time::{Span, Time};

use super::steps::Steps;

/// The books of all frameworks.
#[derive(Debug)]
pub(super) struct Used {
    horizon: Time,
    /// By framework; nothing for one whose tasks' use is not known.
    frameworks: Vec<Option<Book>>,
}

#[derive(Clone, Default, Debug)]
struct Book {
    steps: Vec<Sum>,
    /// Of everything before the horizon.
    all: Sum,
}

/// Thousandths of a core times microseconds.
#[derive(Clone, Copy, Default, Debug)]
struct Sum {
    used: u128,
    /// Whether somebody worked of whom it is not known how much.
    unknown: bool,
}

impl Sum {
    fn add(&mut self, uses: Option<(u64, (u64, u64))>, span: Span) {
        match uses {
            Some((wanted, (fast, slow))) => {
                let wanted = u128::from(wanted) * u128::from(span.as_micros());
                self.used += wanted.saturating_mul(fast.into()) / u128::from(slow.max(1));
            }
            None => self.unknown |= !span.is_zero(),
        }
    }

    fn mean(self, length: u64) -> Option<u64> {
        let mean = self.used / u128::from(length.max(1));
        (!self.unknown).then(|| u64::try_from(mean).unwrap_or(u64::MAX))
    }
}

impl Used {
    pub(super) fn new(horizon: Time, known: impl Iterator<Item = bool>) -> Self {
        Self {
            horizon,
            frameworks: known.map(|known| known.then(Book::default)).collect(),
        }
    }

    /// Somebody worked; see [`super::Recorder::used`].
    pub(super) fn add(
        &mut self,
        framework: FrameworkId,
        uses: Option<(u64, (u64, u64))>,
        steps: Steps,
        (from, to): (Time, Time),
    ) {
        let Some(book) = &mut self.frameworks[framework.index()] else {
            return;
        };
        for (index, span) in steps.of(from, to) {
            let index = index as usize;
            if book.steps.len() <= index {
                book.steps.resize(index + 1, Sum::default());
            }
            book.steps[index].add(uses, span);
        }
        book.all.add(uses, to.min(self.horizon).since(from));
    }

    /// Every two steps become one, as in the other tables.
    pub(super) fn in_pairs(&mut self) {
        for book in self.frameworks.iter_mut().flatten() {
            let both = |pair: &[Sum]| Sum {
                used: pair.iter().map(|one| one.used).sum(),
                unknown: pair.iter().any(|one| one.unknown),
            };
            book.steps = book.steps.chunks(2).map(both).collect();
        }
    }

    /// What a framework used during a time step of so many microseconds, on average and rounded down, if that is known.
    pub(super) fn at(&self, framework: usize, index: usize, length: u64) -> Option<u64> {
        let book = self.frameworks[framework].as_ref()?;
        let sum = book.steps.get(index).copied().unwrap_or_default();
        sum.mean(length)
    }

    /// The same of all the time before the horizon, which is so long.
    pub(super) fn mean(&self, framework: usize, length: u64) -> Option<u64> {
        self.frameworks[framework].as_ref()?.all.mean(length)
    }
}
