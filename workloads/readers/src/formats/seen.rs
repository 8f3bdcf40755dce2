//! What is seen of a file on the way through its records: counts, sums, tallies, figures, oddities.
//!
//! A format tells of each record what it is to be counted as, by calling the same methods in the same
//! order; a fact is made when it is told of first, so that nothing has to be declared, initialised and
//! written down elsewhere. That order is the order of what `trace stat` says.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;

use crate::error::ReadError;
use crate::formats::facts::{AsFigure, AsKey, AsNumber, Fact, Key, Value};
use crate::formats::figures::Figures;
use crate::formats::survey::{Column, Stat};

/// Counts and oddities of a file.
#[derive(Default)]
pub struct Seen {
    facts: Vec<Fact>,
    figures: Vec<(&'static str, &'static str, Figures)>,
    /// The fact and the figures that are probably told of next.
    next: [usize; 2],
    odd: Vec<ReadError>,
}

impl Seen {
    /// A record begins: facts are told of from the first on.
    pub(crate) const fn begin(&mut self) {
        self.next = [0; 2];
    }

    fn fact(&mut self, name: &'static str, new: fn() -> Value) -> &mut Fact {
        let at = self.next[0];
        let at = match self.facts.get(at) {
            Some(fact) if std::ptr::eq(fact.name, name) => at,
            _ => self.find(name, new),
        };
        self.next[0] = at + 1;
        &mut self.facts[at]
    }

    /// Where a fact stands that is not the next one; a new one stands there.
    #[cold]
    fn find(&mut self, name: &'static str, new: fn() -> Value) -> usize {
        let known = self.facts.iter().position(|fact| fact.name == name);
        known.unwrap_or_else(|| {
            let at = self.next[0];
            self.facts.insert(at, Fact::new(name, new()));
            at
        })
    }

    fn known(&mut self, name: &str) -> Option<&mut Fact> {
        self.facts.iter_mut().find(|fact| fact.name == name)
    }

    /// What was odd since this was asked last.
    pub(crate) fn odd(&mut self) -> std::vec::Drain<'_, ReadError> {
        self.odd.drain(..)
    }

    /// Something is odd, though it can be used; where, the reader knows.
    pub(crate) fn warn(&mut self, odd: ReadError) {
        self.odd.push(odd);
    }

    /// One more.
    pub(crate) fn count(&mut self, name: &'static str) {
        self.count_if(name, true);
    }

    /// One more, if so.
    pub(crate) fn count_if(&mut self, name: &'static str, so: bool) {
        let fact = self.fact(name, || Value::Count(0));
        if let Value::Count(count) = &mut fact.value {
            *count += u64::from(so);
        }
    }

    /// So much more.
    pub(crate) fn sum(&mut self, name: &'static str, more: impl Into<u128>) -> &mut Fact {
        let fact = self.fact(name, || Value::Number(None));
        let more = i128::try_from(more.into()).unwrap_or(i128::MAX);
        let sum = fact.number();
        *sum = Some(sum.unwrap_or(0).saturating_add(more));
        fact
    }

    /// The number of the first record that has one.
    pub(crate) fn first(&mut self, name: &'static str, number: impl AsNumber) -> &mut Fact {
        let fact = self.fact(name, || Value::Number(None));
        *fact.number() = fact.number().or(number.number());
        fact
    }

    /// The number of the last record that has one.
    pub(crate) fn last(&mut self, name: &'static str, number: impl AsNumber) -> &mut Fact {
        let fact = self.fact(name, || Value::Number(None));
        *fact.number() = number.number().or(*fact.number());
        fact
    }

    /// The least of all numbers.
    pub(crate) fn least(&mut self, name: &'static str, number: impl AsNumber) -> &mut Fact {
        let fact = self.fact(name, || Value::Number(None));
        let number = number.number();
        let known = *fact.number();
        *fact.number() = known.map_or(number, |known| Some(number.map_or(known, |n| n.min(known))));
        fact
    }

    /// The most of all numbers.
    pub(crate) fn most(&mut self, name: &'static str, number: impl AsNumber) -> &mut Fact {
        let fact = self.fact(name, || Value::Number(None));
        *fact.number() = (*fact.number()).max(number.number());
        fact
    }

    /// A text that the last record decides; gives that of the one before.
    pub(crate) fn text(&mut self, name: &'static str, text: &str) -> Option<String> {
        let fact = self.fact(name, || Value::Text(None));
        match std::mem::replace(&mut fact.value, Value::Text(Some((0, text.to_owned())))) {
            Value::Text(before) => before.map(|(_, text)| text),
            _ => None,
        }
    }

    /// A text that some record may tell; the last that does decides.
    pub(crate) fn choice(&mut self, name: &'static str, text: Option<&str>) {
        let fact = self.fact(name, || Value::Text(None));
        if let Some(text) = text {
            fact.choose(0, text, |_, _| true);
        }
    }

    /// The number of the last record; gives that of the one before where it is higher.
    pub(crate) fn newest(&mut self, name: &'static str, number: u64) -> Option<u64> {
        let last = self.previous(name);
        self.last(name, number);
        last.filter(|last| number < *last)
    }

    /// A number as it is so far.
    pub(crate) fn previous(&mut self, name: &'static str) -> Option<u64> {
        let number = *self.known(name)?.number();
        u64::try_from(number?).ok()
    }

    /// Whether it is so with every record.
    pub(crate) fn always(&mut self, name: &'static str, so: bool) {
        if let Value::Sorted(_, not) = &mut self.fact(name, || Value::Sorted(None, 0)).value {
            *not += u64::from(!so);
        }
    }

    /// A text that the first record decides.
    pub(crate) fn first_text(&mut self, name: &'static str, text: &str) {
        self.fact(name, || Value::Text(None))
            .choose(0, text, |_, _| false);
    }

    /// The text of the earliest time.
    pub(crate) fn earliest(&mut self, name: &'static str, time: u64, text: &str) {
        let fact = self.fact(name, || Value::Text(None));
        fact.choose(time, text, |time, known| time < known);
    }

    /// The text of the latest time.
    pub(crate) fn latest(&mut self, name: &'static str, time: u64, text: &str) {
        let fact = self.fact(name, || Value::Text(None));
        fact.choose(time, text, |time, known| time > known);
    }

    /// How often each thing comes; nothing may come, too.
    pub(crate) fn tally<'a>(&mut self, name: &'static str, key: impl AsKey<'a>) -> &mut Fact {
        self.tally_by(name, key, 1)
    }

    /// The same, of something that comes so often at once.
    pub(crate) fn tally_by<'a>(
        &mut self,
        name: &'static str,
        key: impl AsKey<'a>,
        often: u64,
    ) -> &mut Fact {
        let fact = self.fact(name, || Value::Tally(BTreeMap::new(), BTreeMap::new()));
        let Value::Tally(numbers, texts) = &mut fact.value else {
            return fact;
        };
        match key.key() {
            None => {}
            Some(Key::Number(number) | Key::Pair(number, _)) => {
                let known = numbers.entry(number).or_default();
                *known = known.saturating_add(often);
            }
            Some(Key::Text(text)) => match texts.get_mut(text) {
                Some(known) => *known = known.saturating_add(often),
                None => {
                    texts.insert(text.to_owned(), often);
                }
            },
        }
        fact
    }

    /// How many different things there are; nothing may come, too. Tells whether it is a new one.
    pub(crate) fn distinct<'a>(&mut self, name: &'static str, key: impl AsKey<'a>) -> bool {
        let fact = self.fact(name, || {
            Value::Distinct(HashSet::new(), HashSet::new(), HashSet::new())
        });
        let Value::Distinct(numbers, pairs, texts) = &mut fact.value else {
            return false;
        };
        match key.key() {
            None => false,
            Some(Key::Number(number)) => numbers.insert(number),
            Some(Key::Pair(one, other)) => pairs.insert((one, other)),
            Some(Key::Text(text)) => !texts.contains(text) && texts.insert(text.to_owned()),
        }
    }

    /// The mean of amounts in billionths.
    pub(crate) fn mean(&mut self, name: &'static str, amount: u64) {
        if let Value::Mean(sum, n) = &mut self.fact(name, || Value::Mean(0, 0)).value {
            *sum += u128::from(amount);
            *n += 1;
        }
    }

    /// Whether numbers never go down; gives the one before where it is higher.
    pub(crate) fn sorted(&mut self, name: &'static str, number: impl AsNumber) -> Option<u64> {
        let fact = self.fact(name, || Value::Sorted(None, 0));
        let Value::Sorted(last, lower) = &mut fact.value else {
            return None;
        };
        let number = number.number()?;
        let higher = last.replace(number).filter(|last| number < *last)?;
        *lower += 1;
        u64::try_from(higher).ok()
    }

    /// The same, with a warning in `column`.
    pub(crate) fn in_order(&mut self, name: &'static str, number: u64, column: &str) {
        if let Some(last) = self.sorted(name, number) {
            self.before(column, last, number);
        }
    }

    /// A time in `column` lies before that of the row above.
    pub(crate) fn before(&mut self, column: &str, last: impl Display, found: impl Display) {
        let expected = format!("a time not before the row above ({last})");
        self.warn(ReadError::expected(expected, found).place(column));
    }

    /// How many columns the file has; the reader fills it in.
    pub(crate) fn columns(&mut self) {
        self.fact("columns", || Value::Number(None));
    }

    /// What the numbers of a column look like: none of a record, one or several.
    pub(crate) fn figures<N: AsFigure>(
        &mut self,
        name: &'static str,
        unit: &'static str,
        numbers: impl IntoIterator<Item = N>,
    ) {
        let at = self.next[1];
        let at = match self.figures.get(at) {
            Some(known) if std::ptr::eq(known.0, name) => at,
            _ => self.find_figures(name, unit),
        };
        self.next[1] = at + 1;
        let figures = &mut self.figures[at].2;
        for number in numbers {
            figures.push_signed(number.figure());
        }
    }

    #[cold]
    fn find_figures(&mut self, name: &'static str, unit: &'static str) -> usize {
        let known = self.figures.iter().position(|known| known.0 == name);
        known.unwrap_or_else(|| {
            let at = self.next[1];
            self.figures.insert(at, (name, unit, Figures::default()));
            at
        })
    }

    /// A fact that is known at the end, in the place where it was told of, or else behind all others.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Display) {
        let value = Value::Text(Some((0, value.to_string())));
        match self.known(name) {
            Some(fact) => fact.value = value,
            None => self.facts.push(Fact::new(name, value)),
        }
    }

    /// The same, only where it was told of.
    pub(crate) fn fill(&mut self, name: &'static str, value: impl Display) {
        if self.known(name).is_some() {
            self.set(name, value);
        }
    }

    /// Adds to a sum that was told of.
    pub(crate) fn add(&mut self, name: &'static str, more: impl Into<u128>) {
        let more = i128::try_from(more.into()).unwrap_or(i128::MAX);
        if let Some(fact) = self.known(name) {
            *fact.number() = Some(fact.number().unwrap_or(0) + more);
        }
    }

    /// The numbers of a column so far.
    pub(crate) fn of(&self, name: &str) -> Option<&Figures> {
        let mut figures = self.figures.iter();
        figures.find(|(known, ..)| *known == name).map(|one| &one.2)
    }

    /// All of it.
    pub(crate) fn stat(self) -> Stat {
        let figures = self.figures.into_iter();
        Stat {
            facts: self.facts.into_iter().map(Fact::shown).collect(),
            columns: figures
                .map(|(name, unit, figures)| Column::of(name, unit, figures))
                .collect(),
        }
    }
}
