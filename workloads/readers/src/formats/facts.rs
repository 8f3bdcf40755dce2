//! One fact of a file: a count, a sum, a tally, a text, and how it is written.

use std::collections::{BTreeMap, HashSet};

use crate::formats::cells::{BILLIONTHS, MILLIONTHS, rounded, written};

/// One fact.
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    shown: As,
}

/// What is known of it so far.
pub(crate) enum Value {
    Count(u64),
    Number(Option<i128>),
    /// A text, and the number by which it was chosen.
    Text(Option<(u64, String)>),
    Tally(BTreeMap<u64, u64>, BTreeMap<String, u64>),
    Distinct(HashSet<u64>, HashSet<(u64, u64)>, HashSet<String>),
    /// The sum of amounts in billionths, and how many there are.
    Mean(u128, u128),
    /// The number before, and how many were lower than the one before them.
    Sorted(Option<i128>, u64),
}

/// How a fact is written.
#[derive(Clone, Copy)]
enum As {
    Whole,
    /// A number in units of so many digits behind the point.
    Written(u32),
    Rounded(u32),
    /// A number of so many parts of one.
    Parts(u32),
    /// What is tallied, without how often.
    Keys,
}

/// What is tallied or told apart.
#[derive(Clone, Copy)]
pub(crate) enum Key<'a> {
    Number(u64),
    Pair(u64, u64),
    Text(&'a str),
}

/// What may be a key, or nothing.
pub(crate) trait AsKey<'a> {
    /// The key.
    fn key(self) -> Option<Key<'a>>;
}

/// What may be a number, or nothing.
pub(crate) trait AsNumber {
    /// The number.
    fn number(self) -> Option<i128>;
}

macro_rules! keys {
    ($($type:ty: |$value:ident| $key:expr;)+) => {$(
        impl<'a> AsKey<'a> for $type {
            fn key(self) -> Option<Key<'a>> {
                let $value = self;
                Some($key)
            }
        }
    )+};
}

keys! {
    u8: |number| Key::Number(number.into());
    u64: |number| Key::Number(number);
    (u64, u64): |pair| Key::Pair(pair.0, pair.1);
    &'a str: |text| Key::Text(text);
    &'a String: |text| Key::Text(text);
}

impl<'a, K: AsKey<'a>> AsKey<'a> for Option<K> {
    fn key(self) -> Option<Key<'a>> {
        self?.key()
    }
}

impl AsNumber for u64 {
    fn number(self) -> Option<i128> {
        Some(self.into())
    }
}

impl AsNumber for i64 {
    fn number(self) -> Option<i128> {
        Some(self.into())
    }
}

/// A number of a column. Readers refuse what does not fit into 63 bits long before.
pub(crate) trait AsFigure {
    fn figure(self) -> i64;
}

impl AsFigure for i64 {
    fn figure(self) -> i64 {
        self
    }
}

impl AsFigure for u32 {
    fn figure(self) -> i64 {
        self.into()
    }
}

impl AsFigure for u64 {
    fn figure(self) -> i64 {
        debug_assert!(i64::try_from(self).is_ok(), "readers bound their amounts");
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

impl<N: AsNumber> AsNumber for Option<N> {
    fn number(self) -> Option<i128> {
        self?.number()
    }
}

impl Fact {
    /// A fact of which so much is known.
    pub(crate) const fn new(name: &'static str, value: Value) -> Self {
        let shown = As::Whole;
        Self { name, value, shown }
    }

    /// Written with a point in front of so many digits.
    pub(crate) const fn written(&mut self, digits: u32) {
        self.shown = As::Written(digits);
    }

    /// As so many parts of one, to the nearest millionth.
    pub(crate) const fn parts(&mut self, parts: u32) {
        self.shown = As::Parts(parts);
    }

    /// Written so, and rounded to six digits.
    pub(crate) const fn rounded(&mut self, digits: u32) {
        self.shown = As::Rounded(digits);
    }

    /// Only what there is, not how often.
    pub(crate) const fn keys(&mut self) {
        self.shown = As::Keys;
    }

    pub(crate) fn number(&mut self) -> &mut Option<i128> {
        // A count is a number once more than one is added; any other kind begins anew.
        if let Value::Count(count) = self.value {
            self.value = Value::Number(Some(count.into()));
        } else if !matches!(self.value, Value::Number(_)) {
            self.value = Value::Number(None);
        }
        match &mut self.value {
            Value::Number(number) => number,
            _ => unreachable!(),
        }
    }

    pub(crate) fn choose(
        &mut self,
        key: u64,
        text: &str,
        better: impl Fn(u64, u64) -> bool,
    ) -> &mut Self {
        if let Value::Text(chosen) = &mut self.value {
            match chosen {
                Some((known, _)) if !better(key, *known) => {}
                Some((known, before)) => {
                    *known = key;
                    text.clone_into(before);
                }
                None => *chosen = Some((key, text.to_owned())),
            }
        }
        self
    }

    pub(crate) fn shown(self) -> (&'static str, String) {
        let shown = match (self.value, self.shown) {
            (Value::Count(count), _) => count.to_string(),
            (Value::Number(number), As::Written(digits)) => written(amount(number), digits),
            (Value::Number(number), As::Rounded(digits)) => rounded(amount(number), digits),
            (Value::Number(number), As::Parts(parts)) => {
                let parts = u128::from(parts);
                written((amount(number) * 1_000_000 + parts / 2) / parts, MILLIONTHS)
            }
            (Value::Number(number), _) => number.unwrap_or(0).to_string(),
            (Value::Text(text), _) => text.map_or("-".to_owned(), |(_, text)| text),
            (Value::Tally(numbers, texts), As::Keys) => {
                let numbers = numbers.keys().map(u64::to_string);
                numbers
                    .chain(texts.into_keys())
                    .collect::<Vec<_>>()
                    .join(", ")
            }
            (Value::Tally(numbers, texts), _) => {
                let both = [tally(&numbers), tally(&texts)];
                let both = both.into_iter().filter(|part| !part.is_empty());
                both.collect::<Vec<_>>().join(", ")
            }
            (Value::Distinct(numbers, pairs, texts), _) => {
                (numbers.len() + pairs.len() + texts.len()).to_string()
            }
            (Value::Mean(sum, n), _) => rounded(sum / n.max(1), BILLIONTHS),
            (Value::Sorted(_, lower), _) => yes(lower == 0),
        };
        (self.name, shown)
    }
}

/// A number that is not negative.
fn amount(number: Option<i128>) -> u128 {
    number.map_or(0, i128::unsigned_abs)
}

/// How often each thing comes: "1: 20, 5: 3".
fn tally<K: std::fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    let counts: Vec<String> = counts.iter().map(|(k, n)| format!("{k}: {n}")).collect();
    counts.join(", ")
}

/// `yes` or `no`.
fn yes(fact: bool) -> String {
    if fact { "yes" } else { "no" }.to_owned()
}
