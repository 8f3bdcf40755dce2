//! Resources and their comparison as YARN's calculators do it (`yarn.util.resource`).

use std::cmp::Ordering;

/// An amount of each type of resource, memory first.
pub type Amounts = Vec<i64>;

/// A fraction, its denominator above zero.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    over: i128,
    under: i128,
}

/// Binary digits of a float's significand.
const SINGLE: u32 = 24;

impl Ratio {
    /// One.
    pub const ONE: Self = Self { over: 1, under: 1 };

    /// `over / under`; `None` where there is no such fraction.
    pub fn new(over: i64, under: i64) -> Option<Self> {
        let (over, under) = (i128::from(over), i128::from(under));
        match under.signum() {
            0 => None,
            sign => Some(Self {
                over: over * sign,
                under: under * sign,
            }),
        }
    }

    /// The nearest number with 24 binary digits, the even one of two: what the original's floats make of a
    /// quotient. Nothing for 0/0 and what has no quotient.
    pub(super) fn single(over: i128, under: i128) -> Self {
        if under == 0 || over == 0 {
            return Self { over: 0, under: 1 };
        }
        let sign = over.signum() * under.signum();
        let (top, bottom) = (over.unsigned_abs(), under.unsigned_abs());
        // So many digits behind the point that the quotient has one or two more than are kept.
        let behind = i64::from(SINGLE) + 1 - (i64::from(top.ilog2()) - i64::from(bottom.ilog2()));
        let (top, bottom) = match u32::try_from(behind) {
            Ok(behind) => (top << behind.min(top.leading_zeros()), bottom),
            Err(_) => (
                top,
                bottom << behind.unsigned_abs().min(bottom.leading_zeros().into()),
            ),
        };
        let (mut quotient, rest) = (top / bottom, top % bottom);
        let mut behind = behind;
        let mut sticky = rest > 0;
        let mut half = false;
        while quotient >> SINGLE > 0 {
            sticky |= half;
            half = quotient & 1 == 1;
            quotient >>= 1;
            behind -= 1;
        }
        if half && (sticky || quotient & 1 == 1) {
            quotient += 1;
        }
        let quotient = sign * quotient.cast_signed();
        match u32::try_from(behind) {
            Ok(behind) => Self {
                over: quotient,
                under: 1 << behind.min(126),
            },
            Err(_) => Self {
                over: quotient << behind.unsigned_abs().min(100),
                under: 1,
            },
        }
    }

    /// This and one more.
    pub(super) const fn and_one(self) -> Self {
        Self {
            over: self.over + self.under,
            under: self.under,
        }
    }

    /// This and a millionth.
    pub(super) const fn and_a_millionth(self) -> Self {
        Self {
            over: self.over * 1_000_000 + self.under,
            under: self.under * 1_000_000,
        }
    }

    /// This times a whole number, towards zero.
    pub(super) const fn down(self, amount: i64) -> i64 {
        (amount as i128 * self.over / self.under) as i64
    }

    /// This times a whole number, upwards.
    const fn up(self, amount: i64) -> i64 {
        let product = amount as i128 * self.over;
        (product.div_euclid(self.under) + (product.rem_euclid(self.under) > 0) as i128) as i64
    }

    /// This times a whole number and a half more, towards zero.
    const fn nearest(self, amount: i64) -> i64 {
        let product = 2 * amount as i128 * self.over + self.under;
        (product / (2 * self.under)) as i64
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.over * other.under).cmp(&(other.over * self.under))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

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
                .filter_map(|(one, whole)| Ratio::new(*one, *whole))
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
            return Ratio::single(a[0].into(), b[0].into());
        }
        let largest = |of: &[i64]| {
            let pairs = of.iter().zip(cluster).filter(|(_, whole)| **whole != 0);
            let shares = pairs.map(|(one, whole)| Ratio::single((*one).into(), (*whole).into()));
            shares.max().unwrap_or(Ratio { over: 0, under: 1 })
        };
        let (a, b) = (largest(a), largest(b));
        // Denominators are powers of two, which no rounding sees.
        let shift = a.under.trailing_zeros().abs_diff(b.under.trailing_zeros());
        let Ratio { over, under } = Ratio::single(a.over, b.over);
        if a.under > b.under {
            return Ratio {
                over,
                under: under << shift,
            };
        }
        Ratio {
            over: over << shift,
            under,
        }
    }

    /// Every type times `by`, towards zero.
    pub fn down(self, a: &[i64], by: Ratio) -> Amounts {
        let by_type = a.iter().map(|one| by.down(*one));
        by_type.collect()
    }

    /// Every type times what is said of it, rounded as the calculator does.
    pub(super) fn up(self, a: &[i64], by: &[Ratio]) -> Amounts {
        match self {
            Self::Memory => {
                let mut all = vec![0; a.len()];
                all[0] = by[0].nearest(a[0]);
                all
            }
            Self::Dominant => a.iter().zip(by).map(|(one, by)| by.up(*one)).collect(),
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
