//! Scores that policies compare: fixed-point numbers, the same bits on every machine.
//!
//! Formulas of the field take roots, logarithms and powers, which fractions cannot hold and floats round
//! differently from library to library. Here they are whole arithmetic: 48 bits behind the point (a step is
//! 2^-48, about 3.6e-15), 79 before it (up to about 6e23). Every operation rounds down, towards the smaller
//! number, and stays at the bound where its result lies beyond it, so that all of them keep the order of what
//! they are given.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number with 48 bits behind the point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Score(i128);

/// Bits behind the point.
const FRACTION: u32 = 48;
/// One.
const UNIT: i128 = 1 << FRACTION;
/// Bits behind the point of what logarithms and powers are worked out in: its squares fit into 128 bits.
const FINE: u32 = 63;
/// log10(2), log2(10) and log2(e) with 64 bits behind the point, rounded down.
const LOG10_OF_2: u128 = 0x4D10_4D42_7DE7_FBCC;
const LOG2_OF_10: u128 = 0x3_5269_E12F_346E_2BF9;
const LOG2_OF_E: u128 = 0x1_7154_7652_B82F_E177;

impl Score {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(UNIT);
    /// The largest there is: what has no bound.
    pub const MAX: Self = Self(i128::MAX);
    /// The least there is.
    pub const MIN: Self = Self(-i128::MAX);

    /// A whole number.
    pub const fn new(whole: i64) -> Self {
        Self((whole as i128) << FRACTION)
    }

    /// `numerator / denominator`; the bound of the numerator's sign where the denominator is zero, and nothing
    /// for 0/0.
    pub fn ratio(numerator: i64, denominator: i64) -> Self {
        Self::new(numerator) / Self::new(denominator)
    }

    /// The largest whole number that is not above it, at the ends of `i64` where it lies beyond.
    pub fn floor(self) -> i64 {
        let bound = i128::from(i64::MIN)..=i128::from(i64::MAX);
        (self.0 >> FRACTION).clamp(*bound.start(), *bound.end()) as i64
    }

    /// The whole number that is left when what is behind the point is cut off, as integer conversions of other
    /// languages do.
    pub fn truncated(self) -> i64 {
        if self < Self::ZERO {
            -(-self).floor()
        } else {
            self.floor()
        }
    }

    /// The square root, exactly rounded down below 2^31 and at most 2^-62 of it too small from there on; nothing
    /// where it is negative.
    #[must_use]
    pub fn sqrt(self) -> Self {
        let Ok(raw) = u128::try_from(self.0) else {
            return Self::ZERO;
        };
        // As many zeros behind it as there is room for, an even number.
        let room = FRACTION.min(raw.leading_zeros() & !1);
        Self::saturated((raw << room).isqrt() << ((FRACTION - room) / 2), false)
    }

    /// The logarithm to base 2, less than two steps too small; the least score where there is none, at zero and
    /// below.
    #[must_use]
    pub fn log2(self) -> Self {
        let Some(raw) = u128::try_from(self.0).ok().filter(|raw| *raw > 0) else {
            return Self::MIN;
        };
        let highest = raw.ilog2();
        // In 1 to 2. A square is the double logarithm: its whole part is the next binary digit.
        let mut rest = if highest <= FINE {
            raw << (FINE - highest)
        } else {
            raw >> (highest - FINE)
        };
        let mut log = i128::from(highest) - i128::from(FRACTION);
        for _ in 0..FRACTION {
            rest = (rest * rest) >> FINE;
            let digit = rest >> (FINE + 1);
            rest >>= digit;
            log = log << 1 | digit.cast_signed();
        }
        Self(log)
    }

    /// The logarithm to base 10, less than two steps too small; the least score at zero and below.
    #[must_use]
    pub fn log10(self) -> Self {
        match self.log2() {
            Self::MIN => Self::MIN,
            log => log.scaled(LOG10_OF_2),
        }
    }

    /// 2 to this power: at most 2^-54 of it and one step too small.
    #[must_use]
    pub fn exp2(self) -> Self {
        let whole = self.0 >> FRACTION;
        if whole >= i128::from(127 - FRACTION) {
            return Self::MAX;
        }
        if whole < -i128::from(FRACTION) {
            return Self::ZERO;
        }
        let mut power = 1 << FINE;
        for (place, root) in (0..FRACTION).rev().zip(ROOTS) {
            if self.0 >> place & 1 == 1 {
                power = (power * root) >> FINE;
            }
        }
        let shift = whole + i128::from(FRACTION) - i128::from(FINE);
        Self::saturated(
            if shift >= 0 {
                power << shift
            } else {
                power >> -shift
            },
            false,
        )
    }

    /// 10 to this power: at most 2^-47 of it and one step too small.
    #[must_use]
    pub fn pow10(self) -> Self {
        self.scaled(LOG2_OF_10).exp2()
    }

    /// 1 / (1 + e^-x), within two steps.
    #[must_use]
    pub fn sigmoid(self) -> Self {
        let power = (-self).scaled(LOG2_OF_E).exp2();
        Self::ONE / (Self::ONE + power)
    }

    /// Times a positive number with 64 bits behind the point.
    fn scaled(self, by: u128) -> Self {
        let (high, low) = wide(self.0.unsigned_abs(), by);
        self.signed(shifted(high, low, 64))
    }

    /// What this has become, with the sign it had: magnitudes are rounded down, negative numbers then up.
    fn signed(self, (magnitude, cut): (u128, bool)) -> Self {
        if self.0 < 0 {
            Self::saturated(magnitude.saturating_add(cut.into()), true)
        } else {
            Self::saturated(magnitude, false)
        }
    }

    fn saturated(magnitude: u128, negative: bool) -> Self {
        let magnitude = i128::try_from(magnitude).unwrap_or(i128::MAX);
        Self(if negative { -magnitude } else { magnitude })
    }
}

/// 2^(1/2), 2^(1/4), ... with [`FINE`] bits behind the point, each the root of the one before.
const ROOTS: [u128; FRACTION as usize] = {
    let mut roots = [0; FRACTION as usize];
    // With 125 bits, of which roots lose none that is kept.
    let mut power: u128 = 2 << 125;
    let mut place = 0;
    while place < roots.len() {
        power = root(power);
        roots[place] = power >> (125 - FINE);
        place += 1;
    }
    roots
};

/// The root of a number with 125 bits behind the point, rounded down: by halves, as Newton's steps would leave
/// the width.
const fn root(square: u128) -> u128 {
    let (mut low, mut high) = (1 << 125, 2 << 125);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let (top, rest) = wide(middle, middle);
        // The square has 250 bits behind the point.
        if top < square >> 3 || (top == square >> 3 && rest <= square << 125) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The product of two numbers in 256 bits, the upper and the lower half.
const fn wide(one: u128, other: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a, b, c, d) = (one >> 64, one & HALF, other >> 64, other & HALF);
    let (ad, bc, bd) = (a * d, b * c, b * d);
    let middle = (bd >> 64) + (ad & HALF) + (bc & HALF);
    let low = (middle << 64) | (bd & HALF);
    let high = a * c + (ad >> 64) + (bc >> 64) + (middle >> 64);
    (high, low)
}

/// 256 bits without the last `by` (less than 128) of them, at the bound of 128, and whether any was cut off that
/// was not zero.
const fn shifted(high: u128, low: u128, by: u32) -> (u128, bool) {
    if high >> by != 0 {
        return (u128::MAX, false);
    }
    let cut = low & ((1 << by) - 1) != 0;
    (high << (128 - by) | low >> by, cut)
}

impl Add for Score {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0)).max(Self::MIN)
    }
}

impl Sub for Score {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Score {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul for Score {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (high, low) = wide(self.0.unsigned_abs(), other.0.unsigned_abs());
        Self(self.0.signum() * other.0.signum()).signed(shifted(high, low, FRACTION))
    }
}

/// What has no quotient is at the bound of its sign, and 0/0 nothing.
impl Div for Score {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let sign = Self(self.0.signum() * if other.0 < 0 { -1 } else { 1 });
        let (over, under) = (self.0.unsigned_abs(), other.0.unsigned_abs());
        if under == 0 {
            return Self::saturated(u128::MAX * u128::from(over > 0), sign.0 < 0);
        }
        let (mut quotient, mut rest) = (over / under, over % under);
        // One more digit a time; a rest is below 2^127, so that its double has room.
        for _ in 0..FRACTION {
            if quotient >> 127 != 0 {
                return Self::saturated(u128::MAX, sign.0 < 0);
            }
            rest <<= 1;
            let digit = u128::from(rest >= under);
            rest -= digit * under;
            quotient = quotient << 1 | digit;
        }
        sign.signed((quotient, rest > 0))
    }
}

impl From<u32> for Score {
    fn from(whole: u32) -> Self {
        Self::new(whole.into())
    }
}

/// With six decimal places, rounded down.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (high, low) = wide(self.0.unsigned_abs(), 1_000_000);
        let (millionths, cut) = shifted(high, low, FRACTION);
        let millionths = millionths + u128::from(self.0 < 0 && cut);
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
        write!(f, "{sign}{whole}.{rest:06}")
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
