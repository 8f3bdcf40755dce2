//! Exact fractions of either sign, and what has no bound.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Sub};

use crate::score::Score;

/// A fraction in its lowest terms; `1/0` has no bound. Sums and products beyond 128 bits stay at the bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self { over: 0, under: 1 };
    /// One.
    pub const ONE: Self = Self { over: 1, under: 1 };
    /// More than everything.
    pub const UNBOUNDED: Self = Self { over: 1, under: 0 };

    /// `over / under`; what has no quotient has no bound.
    pub const fn new(over: i128, under: i128) -> Self {
        if under == 0 {
            return Self::UNBOUNDED;
        }
        let (mut a, mut b) = (over.unsigned_abs(), under.unsigned_abs());
        while b > 0 {
            (a, b) = (b, a % b);
        }
        let sign = if under < 0 { -1 } else { 1 };
        let divisor = a.cast_signed() * sign;
        Self {
            over: over / divisor,
            under: under / divisor,
        }
    }

    /// Numerator and denominator; a denominator of zero has no bound.
    pub const fn parts(self) -> (i128, i128) {
        (self.over, self.under)
    }

    /// Towards less.
    pub const fn floor(self) -> i128 {
        if self.under == 0 {
            i128::MAX
        } else {
            self.over.div_euclid(self.under)
        }
    }

    /// The nearest number with so many binary digits, at most 64, the even one of two: what floats make of a quotient.
    #[must_use]
    pub const fn rounded(self, digits: u32) -> Self {
        if self.under == 0 || self.over == 0 {
            return self;
        }
        let (top, under) = (self.over.unsigned_abs(), self.under.unsigned_abs());
        let (mut quotient, mut rest) = (top / under, top % under);
        // One digit more than is kept; how many of all are behind the point.
        let mut behind: i32 = 0;
        while quotient >> digits == 0 {
            rest <<= 1;
            let digit = rest >= under;
            quotient = quotient << 1 | digit as u128;
            if digit {
                rest -= under;
            }
            behind += 1;
        }
        let mut cut = rest > 0;
        let mut half = false;
        while quotient >> digits > 0 {
            cut |= half;
            half = quotient & 1 == 1;
            quotient >>= 1;
            behind -= 1;
        }
        if half && (cut || quotient & 1 == 1) {
            quotient += 1;
        }
        let sign = if self.over < 0 { -1 } else { 1 };
        let quotient = quotient.cast_signed() * sign;
        if behind >= 0 {
            let room = if behind > 126 { 126 } else { behind };
            return Self::new(quotient, 1 << room);
        }
        Self::new(quotient << -behind, 1)
    }

    /// As a score, rounded down; what has no bound is the largest.
    pub fn score(self) -> Score {
        let (mut over, mut under) = (self.over, self.under);
        // Both lose the digits that a score's sixty-four bits have no room for.
        while i64::try_from(over).is_err() || i64::try_from(under).is_err() {
            over >>= 1;
            under = (under >> 1).max(1);
        }
        Score::ratio(over as i64, under as i64)
    }

    const fn is_bounded(self) -> bool {
        self.under != 0
    }
}

impl From<i64> for Fraction {
    fn from(whole: i64) -> Self {
        Self::new(whole.into(), 1)
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_bounded(), other.is_bounded()) {
            (true, true) => {}
            (a, b) => return b.cmp(&a),
        }
        // Whole parts, then the rests turned over, as Euclid: no product is needed.
        let (mut a, mut b) = (*self, *other);
        let mut turned = false;
        loop {
            let (wholes, rests) = (
                a.over.div_euclid(a.under).cmp(&b.over.div_euclid(b.under)),
                (a.over.rem_euclid(a.under), b.over.rem_euclid(b.under)),
            );
            let order = match (wholes, rests) {
                (Ordering::Equal, (0, 0)) => return Ordering::Equal,
                (Ordering::Equal, (0, _)) => Ordering::Less,
                (Ordering::Equal, (_, 0)) => Ordering::Greater,
                (Ordering::Equal, (left, right)) => {
                    (a, b) = (
                        Self {
                            over: a.under,
                            under: left,
                        },
                        Self {
                            over: b.under,
                            under: right,
                        },
                    );
                    turned = !turned;
                    continue;
                }
                (other, _) => other,
            };
            return if turned { order.reverse() } else { order };
        }
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Add for Fraction {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if !self.is_bounded() || !other.is_bounded() {
            return Self::UNBOUNDED;
        }
        let over = self.over.saturating_mul(other.under);
        let over = over.saturating_add(other.over.saturating_mul(self.under));
        Self::new(over, self.under.saturating_mul(other.under))
    }
}

impl Sub for Fraction {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        let negative = Self {
            over: -other.over,
            ..other
        };
        self + negative
    }
}

impl Mul for Fraction {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        // What cancels crosswise goes first, so that products stay small.
        let (a, b) = (
            Self::new(self.over, other.under),
            Self::new(other.over, self.under),
        );
        if !a.is_bounded() || !b.is_bounded() {
            return Self::UNBOUNDED;
        }
        Self::new(
            a.over.saturating_mul(b.over),
            a.under.saturating_mul(b.under),
        )
    }
}

impl Div for Fraction {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        if !other.is_bounded() {
            return Self::ZERO;
        }
        self * Self::new(other.under, other.over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(over: i128, under: i128) -> Fraction {
        Fraction::new(over, under)
    }

    #[test]
    fn fractions_are_exact() {
        assert_eq!(of(1, 3) + of(1, 6), of(1, 2));
        assert_eq!(of(1, 3) - of(1, 2), of(-1, 6));
        assert_eq!(of(2, 3) * of(9, 4), of(3, 2));
        assert_eq!(of(1, 2) / of(3, 4), of(2, 3));
        assert_eq!((of(-1, 2).floor(), of(7, 2).floor()), (-1, 3));
    }

    #[test]
    fn rounding_is_that_of_floats() {
        // Of 1/3, 2/3 and 1/10 with 24 digits, and of a whole number with more than 4.
        assert_eq!(of(1, 3).rounded(24), of(11_184_811, 1 << 25));
        assert_eq!(of(2, 3).rounded(24), of(11_184_811, 1 << 24));
        assert_eq!(of(1, 10).rounded(24), of(13_421_773, 1 << 27));
        assert_eq!(
            (of(23, 1).rounded(4), of(-25, 1).rounded(4)),
            (of(24, 1), of(-24, 1))
        );
        assert_eq!(of(3, 4).rounded(64), of(3, 4));
    }

    #[test]
    fn fractions_have_an_order() {
        let rising = [
            of(-3, 2),
            of(-1, 2),
            of(0, 5),
            of(1, 3),
            of(i128::MAX - 1, i128::MAX),
            of(1, 1),
            Fraction::UNBOUNDED,
        ];
        for (at, one) in rising.iter().enumerate() {
            for (other_at, other) in rising.iter().enumerate() {
                assert_eq!(one.cmp(other), at.cmp(&other_at), "{one:?} {other:?}");
            }
        }
    }
}
