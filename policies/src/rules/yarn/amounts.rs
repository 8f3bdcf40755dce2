//! Resources and their comparison as YARN's calculators do it (`yarn.util.resource`).

use std::cmp::Ordering;

use crate::rules::ratio::Ratio;

/// An amount of each type of resource, memory first.
pub type Amounts = Vec<i64>;

/// Binary digits of a float's significand.
const SINGLE: u32 = 24;

/// What the original's floats make of a quotient; nothing of what has none.
pub(super) fn single(over: i128, under: i128) -> Ratio {
    let quotient = Ratio::new(over, under);
    quotient.map_or(Ratio::ZERO, |exact| exact.rounded(SINGLE))
}

/// A part of an amount, towards zero.
pub(super) fn down(amount: i64, part: Ratio) -> i64 {
    let exact = Ratio::from(amount) * part;
    let whole = if exact < Ratio::ZERO {
        exact.ceil()
    } else {
        exact.floor()
    };
    whole as i64
}

/// A part of an amount, upwards.
fn up(amount: i64, part: Ratio) -> i64 {
    (Ratio::from(amount) * part).ceil() as i64
}

/// A part of an amount and a half more, towards zero.
fn nearest(amount: i64, part: Ratio) -> i64 {
    let half = Ratio::quotient(1, 2);
    down(1, Ratio::from(amount) * part + half)
}

/// How amounts are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Calculator {
    /// By memory alone, as if there were nothing else (`DefaultResourceCalculator`).
    Memory,
    /// By the largest share of the cluster, then the next (`DominantResourceCalculator`).
    Dominant,
}

/// Entry by entry.
pub(super) fn each(a: &[i64], b: &[i64], f: impl Fn(i64, i64) -> i64) -> Amounts {
    a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
}

pub(super) fn sum(a: &[i64], b: &[i64]) -> Amounts {
    each(a, b, i64::saturating_add)
}

pub(super) fn less(a: &[i64], b: &[i64]) -> Amounts {
    each(a, b, i64::saturating_sub)
}

/// The smaller of each entry.
pub(super) fn each_min(a: &[i64], b: &[i64]) -> Amounts {
    each(a, b, i64::min)
}

/// The larger of each entry.
pub(super) fn each_max(a: &[i64], b: &[i64]) -> Amounts {
    each(a, b, i64::max)
}

/// No entry below zero.
pub(super) fn not_negative(a: &[i64]) -> Amounts {
    a.iter().map(|one| (*one).max(0)).collect()
}

impl Calculator {
    /// Which is more, where `cluster` is the whole.
    pub fn compare(self, cluster: &[i64], a: &[i64], b: &[i64]) -> Ordering {
        if self == Self::Memory {
            return a[0].cmp(&b[0]);
        }
        if a == b {
            return Ordering::Equal;
        }
        if cluster.iter().all(|one| *one == 0) {
            let (over, under) = (
                a.iter().zip(b).all(|(a, b)| a >= b),
                a.iter().zip(b).all(|(a, b)| a <= b),
            );
            return over.cmp(&under);
        }
        let shares = |of: &[i64]| {
            let pairs = of.iter().zip(cluster).filter(|(_, whole)| **whole != 0);
            let mut shares: Vec<Ratio> = pairs
                .filter_map(|(one, whole)| Ratio::new((*one).into(), (*whole).into()))
                .collect();
            shares.sort_unstable_by(|a, b| b.cmp(a));
            shares
        };
        shares(a).cmp(&shares(b))
    }

    pub(super) fn more(self, cluster: &[i64], a: &[i64], b: &[i64]) -> bool {
        self.compare(cluster, a, b).is_gt()
    }

    /// More than nothing.
    pub(super) fn is_some(self, cluster: &[i64], a: &[i64]) -> bool {
        self.more(cluster, a, &vec![0; a.len()])
    }

    /// The one that is less, the first when equal.
    pub(super) fn min<'a>(self, cluster: &[i64], a: &'a [i64], b: &'a [i64]) -> &'a [i64] {
        if self.more(cluster, a, b) { b } else { a }
    }

    /// The one that is more, the first when equal.
    pub(super) fn max<'a>(self, cluster: &[i64], a: &'a [i64], b: &'a [i64]) -> &'a [i64] {
        if self.compare(cluster, a, b).is_lt() {
            b
        } else {
            a
        }
    }

    /// How often `b` is in `a`, as a float.
    pub(super) fn divide(self, cluster: &[i64], a: &[i64], b: &[i64]) -> Ratio {
        if self == Self::Memory {
            return single(a[0].into(), b[0].into());
        }
        let largest = |of: &[i64]| {
            let pairs = of.iter().zip(cluster).filter(|(_, whole)| **whole != 0);
            let shares = pairs.map(|(one, whole)| single((*one).into(), (*whole).into()));
            shares.max().unwrap_or_default()
        };
        let quotient = largest(a).checked_div(largest(b));
        quotient.map_or(Ratio::ZERO, |exact| exact.rounded(SINGLE))
    }

    /// Every type times `by`, towards zero.
    pub fn down(self, a: &[i64], by: Ratio) -> Amounts {
        let by_type = a.iter().map(|one| down(*one, by));
        by_type.collect()
    }

    /// Every type times what is said of it, rounded as the calculator does.
    pub(super) fn up(self, a: &[i64], by: &[Ratio]) -> Amounts {
        match self {
            Self::Memory => {
                let mut all = vec![0; a.len()];
                all[0] = nearest(a[0], by[0]);
                all
            }
            Self::Dominant => a.iter().zip(by).map(|(one, by)| up(*one, *by)).collect(),
        }
    }

    /// Whether there is any at all of something.
    pub(super) fn any(self, a: &[i64]) -> bool {
        match self {
            Self::Memory => a[0] > 0,
            Self::Dominant => a.iter().any(|one| *one > 0),
        }
    }

    /// Whether something is used up.
    pub(super) fn lacks(self, a: &[i64]) -> bool {
        match self {
            Self::Memory => a[0] <= 0,
            Self::Dominant => a.iter().any(|one| *one <= 0),
        }
    }

    pub(super) fn fits(self, a: &[i64], b: &[i64]) -> bool {
        match self {
            Self::Memory => a[0] <= b[0],
            Self::Dominant => a.iter().zip(b).all(|(a, b)| a <= b),
        }
    }
}
