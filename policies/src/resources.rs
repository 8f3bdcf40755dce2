//! What agents have and tasks need: a fixed-size array of whole units.
//!
//! Every kind has a unit of its own as a type, so comparing memory with CPUs does not compile:
//!
//! ```compile_fail
//! use fairground_policies::resources::Resources;
//! let machine = Resources::ZERO;
//! let _ = machine.cpus() < machine.mem();
//! ```

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use crate::share::Share;

/// The kinds of resource a cluster shares, in the order of every table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Processors, in thousandths of a core.
    Cpus,
    /// Memory, in MiB.
    Mem,
    /// Disk space, in MiB.
    Disk,
    /// Accelerators, in thousandths of a device.
    Gpus,
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = 4;
    /// Every kind, in order.
    pub const ALL: [Self; Self::COUNT] = [Self::Cpus, Self::Mem, Self::Disk, Self::Gpus];

    /// The name used in recipes, tables and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpus => "cpus",
            Self::Mem => "mem",
            Self::Disk => "disk",
            Self::Gpus => "gpus",
        }
    }

    /// The kind called `name`.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);
    };
}

unit!(
    /// Thousandths of a processor core.
    Millicores
);
unit!(
    /// Units of 2^20 bytes.
    Mebibytes
);
unit!(
    /// Thousandths of an accelerator.
    Milligpus
);

/// An exact amount of every kind of resource.
///
/// Amounts are bounded by [`Resources::MAX_UNITS`] at the edges (recipes, traces, wire), so sums
/// over any cluster stay far from overflow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Resources([u64; Kind::COUNT]);

impl Resources {
    /// Nothing at all.
    pub const ZERO: Self = Self([0; Kind::COUNT]);
    /// More than there is of any kind: a bound that does not bind.
    pub(crate) const UNBOUNDED: Self = Self([u64::MAX; Kind::COUNT]);
    /// The largest amount of one kind an edge may let in for one agent or task.
    pub const MAX_UNITS: u64 = 1 << 40;

    /// `cpus` and `mem`, nothing else: the pair most traces know.
    pub const fn new(cpus: Millicores, mem: Mebibytes) -> Self {
        Self([cpus.0, mem.0, 0, 0])
    }

    /// These resources with `disk` instead of their own.
    pub const fn with_disk(mut self, disk: Mebibytes) -> Self {
        self.0[Kind::Disk as usize] = disk.0;
        self
    }

    /// These resources with `gpus` instead of their own.
    pub const fn with_gpus(mut self, gpus: Milligpus) -> Self {
        self.0[Kind::Gpus as usize] = gpus.0;
        self
    }

    /// Whole cores and MiB, for tests and examples.
    pub const fn cores(cores: u64, mib: u64) -> Self {
        Self::new(Millicores(cores * 1000), Mebibytes(mib))
    }

    /// The processors.
    pub const fn cpus(self) -> Millicores {
        Millicores(self.0[Kind::Cpus as usize])
    }

    /// The memory.
    pub const fn mem(self) -> Mebibytes {
        Mebibytes(self.0[Kind::Mem as usize])
    }

    /// The disk space.
    pub const fn disk(self) -> Mebibytes {
        Mebibytes(self.0[Kind::Disk as usize])
    }

    /// The accelerators.
    pub const fn gpus(self) -> Milligpus {
        Milligpus(self.0[Kind::Gpus as usize])
    }

    /// The amount of each kind in its own unit, for tables and pictures.
    pub const fn units(self) -> [u64; Kind::COUNT] {
        self.0
    }

    /// The amount of each kind, given in its own unit: the way back from [`Resources::units`].
    pub const fn from_units(units: [u64; Kind::COUNT]) -> Self {
        Self(units)
    }

    /// The amount of `kind` in its own unit.
    pub const fn of(self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }

    /// Whether there is nothing of any kind.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// Whether no kind exceeds what `room` has of it.
    pub fn fits_in(self, room: Self) -> bool {
        self.0.iter().zip(room.0).all(|(need, have)| *need <= have)
    }

    /// The larger amount of each kind.
    pub fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind].max(other.0[kind])))
    }

    /// The smaller amount of each kind.
    pub fn min(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind].min(other.0[kind])))
    }

    /// What is left of `self` after `other` was taken; `None` when it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        other.fits_in(self).then(|| self - other)
    }

    /// What is left of each kind after `other` was taken; nothing of those of which there was less.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| {
            self.0[kind].saturating_sub(other.0[kind])
        }))
    }

    /// So many times as much; the most there can be where that is more.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.map(|units| units.saturating_mul(count)))
    }

    /// How often `self` fits into `room`; `None` when it needs nothing at all.
    pub fn times_in(self, room: Self) -> Option<u64> {
        let pairs = self.0.into_iter().zip(room.0);
        pairs
            .filter(|(need, _)| *need > 0)
            .map(|(need, have)| have / need)
            .min()
    }

    /// The share of `kind` that `self` is of `total`; nothing when the total has none.
    pub const fn share(self, kind: Kind, total: Self) -> Share {
        Share::new(self.0[kind as usize], total.0[kind as usize])
    }

    /// The largest share over all kinds (Ghodsi et al., NSDI 2011, section 4.1).
    pub fn dominant_share(self, total: Self) -> Share {
        Kind::ALL
            .into_iter()
            .map(|kind| self.share(kind, total))
            .fold(Share::ZERO, Share::max)
    }
}

/// The most of each kind that may be held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuotaLimit([Option<u64>; Kind::COUNT]);

impl QuotaLimit {
    /// As much as there is.
    pub const NONE: Self = Self([None; Kind::COUNT]);

    /// The most of each kind, in its own unit; `None` for as much as there is.
    pub const fn from_units(units: [Option<u64>; Kind::COUNT]) -> Self {
        Self(units)
    }

    /// The most of `kind`.
    pub const fn of(self, kind: Kind) -> Option<u64> {
        self.0[kind as usize]
    }

    /// What somebody who holds `held` may still take.
    pub(crate) fn left(self, held: Resources) -> Resources {
        let left = |kind: Kind| {
            self.of(kind)
                .map_or(u64::MAX, |most| most.saturating_sub(held.of(kind)))
        };
        Resources(Kind::ALL.map(left))
    }
}

impl Add for Resources {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Resources {
    fn add_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

/// Panics when more is taken than there is: whoever subtracts has checked, or the books are wrong.
impl Sub for Resources {
    type Output = Self;
    fn sub(mut self, other: Self) -> Self {
        self -= other;
        self
    }
}

impl SubAssign for Resources {
    fn sub_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine
                .checked_sub(theirs)
                .expect("more was taken than there is");
        }
    }
}

impl Sum for Resources {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// `cpus:1.5 mem:512`, leaving out kinds of which there is nothing; `-` for nothing at all.
impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for kind in Kind::ALL {
            let units = self.of(kind);
            if units == 0 {
                continue;
            }
            if !first {
                f.write_str(" ")?;
            }
            first = false;
            match kind {
                Kind::Cpus | Kind::Gpus if !units.is_multiple_of(1000) => {
                    let thousandths = format!("{:03}", units % 1000);
                    let digits = thousandths.trim_end_matches('0');
                    write!(f, "{}:{}.{digits}", kind.name(), units / 1000)?;
                }
                Kind::Cpus | Kind::Gpus => write!(f, "{}:{}", kind.name(), units / 1000)?,
                Kind::Mem | Kind::Disk => write!(f, "{}:{units}", kind.name())?,
            }
        }
        if first { f.write_str("-") } else { Ok(()) }
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{self}>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_cores_and_mebibytes() {
        let machine = Resources::new(Millicores(1_250), Mebibytes(512)).with_gpus(Milligpus(500));
        assert_eq!(machine.to_string(), "cpus:1.25 mem:512 gpus:0.5");
        assert_eq!(Resources::ZERO.to_string(), "-");
    }

    #[test]
    fn fits_only_when_every_kind_fits() {
        let room = Resources::cores(4, 100);
        assert!(Resources::cores(4, 100).fits_in(room));
        assert!(!Resources::cores(4, 101).fits_in(room));
        assert!(!Resources::cores(5, 1).fits_in(room));
        assert_eq!(Resources::cores(1, 30).times_in(room), Some(3));
        assert_eq!(Resources::ZERO.times_in(room), None);
    }

    #[test]
    fn dominant_share_is_the_largest() {
        let total = Resources::cores(9, 18);
        assert_eq!(
            Resources::cores(1, 4).dominant_share(total),
            Share::new(4, 18)
        );
        assert_eq!(
            Resources::cores(3, 1).dominant_share(total),
            Share::new(1, 3)
        );
    }
}
