//! Amounts by dimension, compared as Volcano compares them (`pkg/scheduler/api/resource_info.go`).

use std::collections::BTreeMap;

use crate::rules::ratio::Ratio;

/// CPU, in thousandths.
pub const CPU: u32 = 0;
/// Memory, in bytes.
pub const MEMORY: u32 = 1;
/// Pods.
pub const PODS: u32 = 2;

/// Amounts by dimension. Of CPU and memory none is nothing; another dimension may be absent, which is not the same as
/// nothing where bounds are meant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Amounts(BTreeMap<u32, Ratio>);

/// The smallest amount that counts.
fn least() -> Ratio {
    Ratio::ONE / Ratio::whole(10)
}

/// A part of something: all of it where there is none of it, unless nothing is held.
pub fn part(held: Ratio, of: Ratio) -> Ratio {
    match held.checked_div(of) {
        Some(part) => part,
        None if held.is_zero() => Ratio::ZERO,
        None => Ratio::ONE,
    }
}

impl Amounts {
    /// These.
    pub fn new(amounts: impl IntoIterator<Item = (u32, Ratio)>) -> Self {
        Self(amounts.into_iter().collect())
    }

    /// The amount of a dimension, nothing where it is absent.
    pub fn get(&self, dimension: u32) -> Ratio {
        self.0.get(&dimension).copied().unwrap_or_default()
    }

    /// The dimensions that are named.
    pub fn dimensions(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.keys().copied()
    }

    /// Whether it has enough of the dimension to count.
    pub fn has(&self, dimension: u32) -> bool {
        self.get(dimension) >= least()
    }

    /// Whether the dimension is there: CPU and memory where they count, others where they are named.
    fn present(&self, dimension: u32) -> bool {
        match dimension {
            CPU | MEMORY => self.has(dimension),
            _ => self.0.contains_key(&dimension),
        }
    }

    /// Whether nothing but pods counts.
    pub fn is_empty(&self) -> bool {
        !self
            .dimensions()
            .any(|dimension| dimension != PODS && self.has(dimension))
    }

    fn with(&self, other: &Self, by: impl Fn(Ratio, Ratio) -> Ratio) -> Self {
        let all = self.0.keys().chain(other.0.keys()).copied();
        Self::new(all.map(|dimension| (dimension, by(self.get(dimension), other.get(dimension)))))
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    /// The difference, which may be below nothing.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    /// What is above the other, at least nothing.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        self.with(other, |a, b| (a - b).max(Ratio::ZERO))
    }

    /// The greater of both.
    #[must_use]
    pub fn at_least(&self, other: &Self) -> Self {
        self.with(other, Ratio::max)
    }

    /// At most a capability: what it does not name, or of CPU and memory none, is without end.
    #[must_use]
    pub fn capped(&self, by: &Self) -> Self {
        let bounded = |dimension: u32| match dimension {
            CPU | MEMORY => !by.get(dimension).is_zero(),
            _ => by.0.contains_key(&dimension),
        };
        let cap = |dimension: u32, amount: Ratio| {
            if bounded(dimension) {
                amount.min(by.get(dimension))
            } else {
                amount
            }
        };
        Self::new(
            self.0
                .iter()
                .map(|(dimension, amount)| (*dimension, cap(*dimension, *amount))),
        )
    }

    /// At most the other, of which what is not named is nothing.
    #[must_use]
    pub fn at_most(&self, other: &Self) -> Self {
        Self::new(
            self.0
                .iter()
                .map(|(dimension, amount)| (*dimension, (*amount).min(other.get(*dimension)))),
        )
    }

    /// Every amount times a number.
    #[must_use]
    pub fn times(&self, by: Ratio) -> Self {
        Self::new(
            self.0
                .iter()
                .map(|(dimension, amount)| (*dimension, *amount * by)),
        )
    }

    /// What is named here, and of the other what is not.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let mut all = other.0.clone();
        for (dimension, amount) in &self.0 {
            if self.present(*dimension) {
                all.insert(*dimension, *amount);
            }
        }
        Self(all)
    }

    /// More of every dimension than anybody asks for.
    #[must_use]
    pub fn endless(&self) -> Self {
        let all = self.dimensions().chain([CPU, MEMORY]);
        Self::new(all.map(|dimension| (dimension, Ratio::whole(1_i128 << 100))))
    }

    /// Whether no dimension is more than the other's; what is closer than a tenth is equal.
    pub fn fits(&self, other: &Self) -> bool {
        self.0
            .iter()
            .all(|(dimension, amount)| *amount < other.get(*dimension) + least())
    }

    /// The same in the dimensions that are asked for, exactly, pods left out.
    pub fn fits_on(&self, other: &Self, ask: &Self) -> bool {
        let mut asked = ask.asked();
        asked.all(|dimension| self.get(dimension) <= other.get(dimension))
    }

    /// Whether it fits in some dimension that is asked for and of which there is any.
    pub fn partly_fits(&self, other: &Self, ask: &Self) -> bool {
        let mut asked = ask.asked();
        asked.any(|dimension| {
            (self.has(dimension) || other.has(dimension))
                && self.get(dimension) <= other.get(dimension)
        })
    }

    /// Whether it is more than the other in some dimension that is asked for and that the other names.
    pub fn above(&self, other: &Self, ask: &Self) -> bool {
        let mut asked = ask.asked();
        asked
            .any(|dimension| other.present(dimension) && self.get(dimension) > other.get(dimension))
    }

    fn asked(&self) -> impl Iterator<Item = u32> + '_ {
        let asked = self
            .0
            .iter()
            .filter(|(dimension, amount)| **dimension != PODS && amount.is_positive());
        asked.map(|(dimension, _)| *dimension)
    }

    /// Whether both count in some dimension other than pods.
    pub fn shares_dimension(&self, other: &Self) -> bool {
        self.dimensions()
            .any(|dimension| dimension != PODS && self.has(dimension) && other.has(dimension))
    }

    /// The largest part of `total` that is held, over the dimensions that `total` has.
    pub fn dominant(&self, total: &Self) -> Ratio {
        let counted = total.dimensions().filter(|dimension| total.has(*dimension));
        let parts = counted.map(|dimension| part(self.get(dimension), total.get(dimension)));
        parts.fold(Ratio::ZERO, Ratio::max)
    }
}

impl<'a> std::iter::Sum<&'a Self> for Amounts {
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| sum.plus(one))
    }
}
