//! A list that mostly holds one: it needs memory of its own only for more.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list of any length, which is written and read as one.
#[derive(Clone)]
pub struct Few<T>(FewItems<T>);

#[derive(Clone)]
enum FewItems<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Self(FewItems::Many(Vec::new()))
    }

    /// A list of one.
    pub const fn one(value: T) -> Self {
        Self(FewItems::One(value))
    }

    /// Adds to the end.
    pub fn push(&mut self, value: T) {
        match &mut self.0 {
            FewItems::Many(list) if list.capacity() == 0 => self.0 = FewItems::One(value),
            FewItems::Many(list) => list.push(value),
            FewItems::One(_) => {
                let one = std::mem::take(self);
                let mut list = Vec::with_capacity(4);
                list.extend(one);
                list.push(value);
                self.0 = FewItems::Many(list);
            }
        }
    }

    /// Takes one out, into whose place the last one comes.
    ///
    /// # Panics
    /// When there is none at `position`.
    pub fn swap_remove(&mut self, position: usize) -> T {
        match &mut self.0 {
            FewItems::Many(list) => list.swap_remove(position),
            FewItems::One(_) => {
                let mut one = std::mem::take(self).into_iter();
                one.nth(position).expect("one that is in the list")
            }
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.0 {
            FewItems::One(value) => std::slice::from_ref(value),
            FewItems::Many(list) => list,
        }
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(list: Vec<T>) -> Self {
        Self(FewItems::Many(list))
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut list = Self::new();
        list.extend(values);
        list
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::option::IntoIter<T>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self.0 {
            FewItems::One(value) => (Some(value), Vec::new()),
            FewItems::Many(list) => (None, list),
        };
        one.into_iter().chain(many)
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Few<T> {}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T: Serialize> Serialize for Few<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_few_are_a_list(given in prop::collection::vec(any::<u8>(), 0..6)) {
            let mut few = Few::new();
            few.extend(given.iter().copied());
            prop_assert_eq!(&*few, &given[..]);
            prop_assert_eq!(&few, &Few::from(given.clone()));
            if let Some(last) = given.len().checked_sub(1) {
                let (mut few, mut list) = (few.clone(), given.clone());
                let position = usize::from(given[0]).min(last);
                prop_assert_eq!(few.swap_remove(position), list.swap_remove(position));
                prop_assert_eq!(&*few, &list[..]);
                few.push(7);
                prop_assert_eq!(few.last(), Some(&7));
            }
            prop_assert_eq!(format!("{few:?}"), format!("{given:?}"));
            prop_assert_eq!(few.into_iter().collect::<Vec<_>>(), given);
        }
    }
}
