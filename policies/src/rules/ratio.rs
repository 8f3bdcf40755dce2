//! Fractions that can be added and multiplied: what shares, quotas, budgets and past use are made of.
//!
//! The originals compute these in 64-bit floats; here they are exact as long as numerator and denominator fit into
//! 127 bits, and comparisons always are.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::score::Score;

/// A fraction in lowest terms. A result that would not fit is rounded down to a multiple of 10^-12, and held at the
/// greatest or least number where even that does not fit: the same on every machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: i128,
    /// Positive.
    denominator: i128,
}

/// Where results that do not fit are rounded.
const GRID: i128 = 1_000_000_000_000;

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self::whole(0);
    /// One.
    pub const ONE: Self = Self::whole(1);
    /// The greatest number there is.
    pub const MAX: Self = Self::whole(i128::MAX);
    /// What has no bound stands at the greatest number.
    pub const UNBOUNDED: Self = Self::MAX;

    /// A whole number.
    pub const fn whole(number: i128) -> Self {
        Self {
            numerator: number,
            denominator: 1,
        }
    }

    /// `numerator / denominator`; `None` when the denominator is zero.
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        let divisor = common_divisor(numerator, denominator);
        let signed = if denominator < 0 { -divisor } else { divisor };
        Some(Self {
            numerator: numerator / signed,
            denominator: denominator / signed,
        })
    }

    /// `numerator / denominator`; without bound where the denominator is zero.
    pub fn quotient(numerator: i128, denominator: i128) -> Self {
        Self::new(numerator, denominator).unwrap_or(Self::UNBOUNDED)
    }

    /// This divided by something: without bound where this is, or the other is zero.
    #[must_use]
    pub fn over(self, by: Self) -> Self {
        let bounded = self != Self::UNBOUNDED;
        let found = self.checked_div(by).filter(|_| bounded);
        found.unwrap_or(Self::UNBOUNDED)
    }

    /// Numerator and denominator, in lowest terms.
    pub const fn parts(self) -> (i128, i128) {
        (self.numerator, self.denominator)
    }

    /// The number that a decimal text like `-1.25` or `1e-3` says.
    pub fn from_decimal(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let places = i32::try_from(part.len()).ok()? - exponent;
        let number: i128 = format!("{whole}{part}").parse().ok()?;
        let scale = 10_i128.checked_pow(places.unsigned_abs())?;
        if places > 0 {
            Self::new(number, scale)
        } else {
            Some(Self::whole(number.checked_mul(scale)?))
        }
    }

    /// Whether it is zero.
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Whether it is above zero.
    pub const fn is_positive(self) -> bool {
        self.numerator > 0
    }

    /// The greatest whole number that is not above it.
    pub const fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    /// The least whole number that is not below it.
    pub const fn ceil(self) -> i128 {
        let whole = self.numerator.div_euclid(self.denominator);
        match self.numerator.rem_euclid(self.denominator) {
            0 => whole,
            _ => whole + 1,
        }
    }

    /// How far it is from zero.
    #[must_use]
    pub fn abs(self) -> Self {
        self.max(-self)
    }

    /// The fraction that it is divided by something; `None` by zero.
    pub fn checked_div(self, by: Self) -> Option<Self> {
        let inverse = Self::new(by.denominator, by.numerator)?;
        Some(self * inverse)
    }

    /// The nearest number with so many binary digits, at most 64, the even one of two: what floats make of a quotient.
    #[must_use]
    pub fn rounded(self, digits: u32) -> Self {
        if self == Self::UNBOUNDED || self.is_zero() {
            return self;
        }
        let (top, under) = (
            self.numerator.unsigned_abs(),
            self.denominator.unsigned_abs(),
        );
        let (mut quotient, mut rest) = (top / under, top % under);
        // One digit more than is kept; how many of all are behind the point.
        let mut behind: i32 = 0;
        while quotient >> digits == 0 {
            rest <<= 1;
            let digit = rest >= under;
            quotient = quotient << 1 | u128::from(digit);
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
        let sign = if self.numerator < 0 { -1 } else { 1 };
        let quotient = quotient.cast_signed() * sign;
        if behind >= 0 {
            let room = if behind > 126 { 126 } else { behind };
            return Self::quotient(quotient, 1 << room);
        }
        Self::whole(quotient << -behind)
    }

    /// As a score, rounded down; what has no bound is the largest.
    pub fn score(self) -> Score {
        if self == Self::UNBOUNDED {
            return Score::MAX;
        }
        let (mut over, mut under) = (self.numerator, self.denominator);
        // Both lose the digits that a score's sixty-four bits have no room for.
        while i64::try_from(over).is_err() || i64::try_from(under).is_err() {
            over >>= 1;
            under = (under >> 1).max(1);
        }
        Score::ratio(over as i64, under as i64)
    }

    fn coarse(self) -> Self {
        let whole = self.floor();
        let rest = self.numerator.rem_euclid(self.denominator);
        // `rest` is below the denominator, which is below 2^127: halved until it can be multiplied.
        let (mut rest, mut denominator) = (rest, self.denominator);
        while rest.checked_mul(GRID).is_none() {
            rest >>= 1;
            denominator >>= 1;
        }
        let part = rest * GRID / denominator.max(1);
        let scaled = whole.checked_mul(GRID).and_then(|n| n.checked_add(part));
        scaled.and_then(|n| Self::new(n, GRID)).unwrap_or(self)
    }

    fn edge(positive: bool) -> Self {
        if positive { Self::MAX } else { -Self::MAX }
    }

    fn checked_add(self, other: Self) -> Option<Self> {
        let divisor = common_divisor(self.denominator, other.denominator);
        let left = self.numerator.checked_mul(other.denominator / divisor)?;
        let right = other.numerator.checked_mul(self.denominator / divisor)?;
        let denominator = (self.denominator / divisor).checked_mul(other.denominator)?;
        Self::new(left.checked_add(right)?, denominator)
    }

    fn checked_mul(self, other: Self) -> Option<Self> {
        let one = common_divisor(self.numerator, other.denominator);
        let two = common_divisor(other.numerator, self.denominator);
        let numerator = (self.numerator / one).checked_mul(other.numerator / two)?;
        let denominator = (self.denominator / two).checked_mul(other.denominator / one)?;
        Self::new(numerator, denominator)
    }
}

/// The greatest number that divides both, at least 1.
const fn common_divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    // 2^127 divides nothing but the least number, which no result is.
    if a == 0 || a > i128::MAX.unsigned_abs() {
        1
    } else {
        a.cast_signed()
    }
}

impl Default for Ratio {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<i64> for Ratio {
    fn from(number: i64) -> Self {
        Self::whole(i128::from(number))
    }
}

impl Add for Ratio {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let rounded = || self.coarse().checked_add(other.coarse());
        let sum = self.checked_add(other).or_else(rounded);
        // What does not fit even so is decided by the greater of the two.
        let greater = if self.abs() > other.abs() {
            self
        } else {
            other
        };
        sum.unwrap_or_else(|| Self::edge(greater.numerator > 0))
    }
}

impl Neg for Ratio {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            numerator: self.numerator.saturating_neg(),
            ..self
        }
    }
}

impl Sub for Ratio {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Ratio {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let rounded = || self.coarse().checked_mul(other.coarse());
        let product = self.checked_mul(other).or_else(rounded);
        product.unwrap_or_else(|| Self::edge((self.numerator > 0) == (other.numerator > 0)))
    }
}

/// Division by zero is nothing; who means infinity asks first ([`Ratio::checked_div`]).
impl Div for Ratio {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self.checked_div(other).unwrap_or(Self::ZERO)
    }
}

impl std::iter::Sum for Ratio {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl Ord for Ratio {
    /// By the whole parts, then by the rests turned over: nothing is multiplied, so that nothing overflows.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut one, mut two) = (*self, *other);
        let mut turned = false;
        loop {
            let whole = one.floor().cmp(&two.floor());
            let rest = |of: Self| of.numerator.rem_euclid(of.denominator);
            let (left, right) = (rest(one), rest(two));
            let found = match (whole, left, right) {
                (Ordering::Equal, 0, 0) => Some(Ordering::Equal),
                (Ordering::Equal, 0, _) => Some(Ordering::Less),
                (Ordering::Equal, _, 0) => Some(Ordering::Greater),
                (Ordering::Equal, ..) => None,
                (whole, ..) => Some(whole),
            };
            if let Some(found) = found {
                return if turned { found.reverse() } else { found };
            }
            let turn = |of: Self, rest| Self {
                numerator: of.denominator,
                denominator: rest,
            };
            (one, two) = (turn(one, left), turn(two, right));
            turned = !turned;
        }
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Ratio {
        let (n, d) = text.split_once('/').unwrap_or((text, "1"));
        Ratio::from_decimal(n).unwrap() / Ratio::from_decimal(d).unwrap()
    }

    #[test]
    fn arithmetic() {
        for (got, expected) in [
            (of("1/3") + of("1/6"), "1/2"),
            (of("1/3") - of("1/2"), "-1/6"),
            (of("2/3") * of("9/4"), "3/2"),
            (of("0.99") / of("0.33"), "3"),
            (of("1e-3"), "1/1000"),
            (of("-2.5e1"), "-25"),
            (of("4") / of("0"), "0"),
            (Ratio::whole(of("-7/2").floor()), "-4"),
            (Ratio::whole(of("-7/2").ceil()), "-3"),
            (Ratio::whole(of("7/2").ceil()), "4"),
        ] {
            assert_eq!(got.to_string(), expected);
        }
    }

    #[test]
    fn comparisons_never_overflow() {
        let near = Ratio::new(i128::MAX - 1, i128::MAX).unwrap();
        let nearer = Ratio::new(i128::MAX - 2, i128::MAX - 1).unwrap();
        assert!(near > nearer && near < Ratio::ONE && nearer > of("0.999999"));
        assert!(of("-1/3") < of("-1/4") && of("-1/3") < of("1/1000000"));
    }

    #[test]
    fn without_bound() {
        let two = Ratio::whole(2);
        assert_eq!(Ratio::quotient(1, 0), Ratio::UNBOUNDED);
        assert_eq!(two.over(Ratio::ZERO), Ratio::UNBOUNDED);
        assert_eq!(Ratio::UNBOUNDED.over(two), Ratio::UNBOUNDED);
        assert_eq!(Ratio::ONE.over(two), of("1/2"));
        assert!(Ratio::UNBOUNDED.rounded(24) == Ratio::UNBOUNDED && of("3/2") < Ratio::UNBOUNDED);
        assert_eq!(Ratio::UNBOUNDED.score(), Score::MAX);
    }

    #[test]
    fn rounding_is_that_of_floats() {
        // Of 1/3, 2/3 and 1/10 with 24 digits, and of a whole number with more than 4.
        for (exact, digits, expected) in [
            ("1/3", 24, "11184811/33554432"),
            ("2/3", 24, "11184811/16777216"),
            ("1/10", 24, "13421773/134217728"),
            ("-1/3", 24, "-11184811/33554432"),
            ("23", 4, "24"),
            ("-25", 4, "-24"),
            ("3/4", 64, "3/4"),
            ("0", 24, "0"),
        ] {
            assert_eq!(of(exact).rounded(digits), of(expected), "{exact}");
        }
    }

    #[test]
    fn what_does_not_fit_is_rounded() {
        let odd = Ratio::new(1, (1 << 90) - 1).unwrap();
        let third = Ratio::new(1, 3_i128.pow(60)).unwrap();
        let sum = of("1/3") + odd + third;
        assert!((sum - of("1/3")).abs() < of("1e-11"), "{sum}");
        assert_eq!(Ratio::MAX + Ratio::MAX, Ratio::MAX);
        assert_eq!(of("1/3") - Ratio::MAX, -Ratio::MAX);
        assert_eq!(Ratio::MAX * of("-7"), -Ratio::MAX);
    }
}
