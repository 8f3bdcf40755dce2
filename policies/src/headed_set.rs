//! An ordered set of which mostly one or none is in: the first stands apart, so that such a set needs no memory of its
//! own, and whoever asks for the first looks at nothing else.

use std::collections::{BTreeSet, btree_set};

/// Values in ascending order.
#[derive(Clone, Debug)]
pub(crate) struct HeadedSet<T> {
    first: Option<T>,
    /// All others; none without a first.
    rest: BTreeSet<T>,
}

impl<T> Default for HeadedSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> HeadedSet<T> {
    pub(crate) const fn new() -> Self {
        Self {
            first: None,
            rest: BTreeSet::new(),
        }
    }

    pub(crate) const fn first(&self) -> Option<&T> {
        self.first.as_ref()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.rest)
    }

    /// All but the first.
    pub(crate) fn behind(&self) -> btree_set::Iter<'_, T> {
        self.rest.iter()
    }
}

impl<T: Ord> HeadedSet<T> {
    pub(crate) fn contains(&self, value: &T) -> bool {
        self.first.as_ref() == Some(value) || self.rest.contains(value)
    }

    /// Puts in what is not in.
    pub(crate) fn insert(&mut self, value: T) {
        match &mut self.first {
            None => self.first = Some(value),
            Some(first) if value < *first => {
                let second = std::mem::replace(first, value);
                self.rest.insert(second);
            }
            Some(_) => {
                self.rest.insert(value);
            }
        }
    }

    /// Takes out what is in.
    pub(crate) fn remove(&mut self, value: &T) {
        if self.first.as_ref() == Some(value) {
            self.first = self.rest.pop_first();
        } else {
            self.rest.remove(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_with_a_head_is_a_set(changes in prop::collection::vec((0_u8..9, any::<bool>()), 0..60)) {
            let (mut headed, mut plain) = (HeadedSet::new(), BTreeSet::new());
            for (value, member) in changes {
                if member && plain.insert(value) {
                    headed.insert(value);
                } else if !member {
                    headed.remove(&value);
                    plain.remove(&value);
                }
                prop_assert_eq!(headed.first(), plain.first());
                prop_assert_eq!((headed.len(), headed.is_empty()), (plain.len(), plain.is_empty()));
                prop_assert!(headed.iter().eq(&plain) && headed.behind().eq(plain.iter().skip(1)));
            }
        }
    }
}
