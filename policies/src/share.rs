//! Shares of a cluster as exact fractions.
//!
//! A float would need an epsilon, and an epsilon would decide ties by accident.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// A fraction, compared by cross-multiplication in 128 bits. `x/0` counts as nothing.
#[derive(Clone, Copy)]
pub struct Share {
    numerator: u64,
    denominator: u64,
}

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };

    /// `numerator / denominator`; nothing when the denominator is zero.
    pub const fn new(numerator: u64, denominator: u64) -> Self {
        match denominator {
            0 => Self::ZERO,
            _ => Self {
                numerator,
                denominator,
            },
        }
    }

    /// This share seen by a framework of `weight`: twice the weight halves it
    /// (Ghodsi et al., NSDI 2011, section 4.3, with one weight a user).
    pub const fn weighted(self, weight: Weight) -> Self {
        let thousandths = weight.0.get() as u64;
        Self {
            numerator: self.numerator.saturating_mul(1000),
            denominator: self.denominator.saturating_mul(thousandths),
        }
    }

    /// The fraction as parts of a million, rounded down, for people and tables.
    pub fn parts_per_million(self) -> u64 {
        let parts = u128::from(self.numerator) * 1_000_000 / u128::from(self.denominator);
        u64::try_from(parts).unwrap_or(u64::MAX)
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = u128::from(self.numerator) * u128::from(other.denominator);
        let right = u128::from(other.numerator) * u128::from(self.denominator);
        left.cmp(&right)
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.numerator, self.denominator) {
            (0, _) => f.write_str("0"),
            (n, d) => {
                let divisor = greatest_common_divisor(n, d);
                match (n / divisor, d / divisor) {
                    (n, 1) => write!(f, "{n}"),
                    (n, d) => write!(f, "{n}/{d}"),
                }
            }
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// How much a framework counts against the others, in thousandths of an ordinary one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weight(NonZeroU32);

impl Weight {
    /// The weight of a framework nobody said anything about.
    pub const ONE: Self = Self(NonZeroU32::new(1000).unwrap());

    /// `thousandths / 1000`; `None` for zero.
    pub const fn from_thousandths(thousandths: u32) -> Option<Self> {
        match NonZeroU32::new(thousandths) {
            Some(weight) => Some(Self(weight)),
            None => None,
        }
    }

    /// The weight in thousandths.
    pub const fn thousandths(self) -> u32 {
        self.0.get()
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self::ONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_compare_exactly() {
        assert_eq!(Share::new(1, 3), Share::new(2, 6));
        assert!(Share::new(1, 3) < Share::new(333_333_334, 1_000_000_000));
        assert!(Share::new(1, 3) > Share::new(333_333_333, 1_000_000_000));
        assert_eq!(Share::new(5, 0), Share::ZERO);
    }

    #[test]
    fn a_weight_divides() {
        let double = Weight::from_thousandths(2000).unwrap();
        assert_eq!(Share::new(2, 3).weighted(double), Share::new(1, 3));
        assert_eq!(Share::new(2, 3).weighted(Weight::ONE), Share::new(2, 3));
        assert_eq!(Share::new(4, 6).to_string(), "2/3");
    }
}
