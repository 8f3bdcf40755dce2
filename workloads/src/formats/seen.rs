//! What is seen of a file on the way through its records: counts, sums, tallies, figures, oddities.
//!
//! A format tells of each record what it is to be counted as, by calling the same methods in the same
//! order; a fact is made when it is told of first, so that nothing has to be declared, initialised and
//! written down elsewhere. That order is the order of what `trace stat` says.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::path::Path;

use crate::error::ReadError;
use crate::formats::cells::{BILLIONTHS, MILLIONTHS, rounded, written};
use crate::formats::figures::Figures;
use crate::formats::place::Place;
use crate::formats::survey::{Check, Column, Head, Stat, Unread, tally, yes};

/// A record as people see it.
pub(crate) trait Shown {
    /// The names of its columns; one without a name is not shown.
    const HEADER: &'static [&'static str];

    /// What stands in those that are shown.
    fn row(&self) -> Vec<String>;
}

/// A record that says by itself what it is counted as.
pub(crate) trait Told: Shown {
    /// Tells it.
    fn see(&self, seen: &mut Seen);
}

/// What remembers something from record to record to count them.
pub(crate) trait Survey: Default {
    /// What it counts.
    type Record: Shown;

    /// Tells what a record is counted as.
    fn see(&mut self, record: &Self::Record, seen: &mut Seen);

    /// Tells what is known after the last one.
    fn end(self, _seen: &mut Seen) {}
}

/// The survey of records that need no memory.
pub(crate) struct Plain<R>(std::marker::PhantomData<R>);

impl<R> Default for Plain<R> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<R: Told> Survey for Plain<R> {
    type Record = R;

    fn see(&mut self, record: &R, seen: &mut Seen) {
        record.see(seen);
    }
}

/// The records of a file, whatever its shape.
pub(crate) trait Reader:
    Iterator<Item = Result<Self::Record, ReadError>> + Unread + Sized
{
    /// One of them.
    type Record;

    /// Opens a file, or a folder or archive of its parts where the format has them.
    fn open(path: &Path) -> Result<Self, ReadError>;

    /// Where the record read last stands.
    fn place(&self) -> Option<Place>;

    /// Tells what is known of the file as a whole, after the last record.
    fn end(&self, _seen: &mut Seen) {}
}

/// Counts and oddities of a file.
#[derive(Default)]
pub struct Seen {
    facts: Vec<Fact>,
    figures: Vec<(&'static str, &'static str, Figures)>,
    /// The fact and the figures that are probably told of next.
    next: [usize; 2],
    odd: Vec<ReadError>,
}

/// One fact.
pub(crate) struct Fact {
    name: &'static str,
    value: Value,
    shown: As,
}

enum Value {
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

    fn number(&mut self) -> &mut Option<i128> {
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

    fn choose(&mut self, key: u64, text: &str, better: impl Fn(u64, u64) -> bool) -> &mut Self {
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

    fn shown(self) -> (&'static str, String) {
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

impl Seen {
    /// A record begins: facts are told of from the first on.
    const fn begin(&mut self) {
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
            let (value, shown) = (new(), As::Whole);
            let at = self.next[0];
            self.facts.insert(at, Fact { name, value, shown });
            at
        })
    }

    fn known(&mut self, name: &str) -> Option<&mut Fact> {
        self.facts.iter_mut().find(|fact| fact.name == name)
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
            None => self.facts.push(Fact {
                name,
                value,
                shown: As::Whole,
            }),
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

    fn stat(self) -> Stat {
        let figures = self.figures.into_iter();
        Stat {
            facts: self.facts.into_iter().map(Fact::shown).collect(),
            columns: figures
                .map(|(name, unit, figures)| Column::of(name, unit, figures))
                .collect(),
        }
    }
}

/// The counts of a file.
pub(crate) fn stat<R: Reader, S: Survey<Record = R::Record>>(
    path: &Path,
) -> Result<Stat, ReadError> {
    let mut records = R::open(path)?;
    let (mut survey, mut seen) = (S::default(), Seen::default());
    for record in records.by_ref() {
        seen.begin();
        survey.see(&record?, &mut seen);
        seen.odd.clear();
    }
    records.end(&mut seen);
    survey.end(&mut seen);
    let unread = records.unread();
    if !unread.is_empty() {
        seen.set("not_read", unread.join(", "));
    }
    Ok(seen.stat())
}

/// The first records of a file.
pub(crate) fn head<R: Reader<Record: Shown>>(path: &Path, count: usize) -> Result<Head, ReadError> {
    let rows = R::open(path)?.take(count).map(|record| Ok(record?.row()));
    let names = R::Record::HEADER.iter().copied();
    Ok(Head {
        header: names.filter(|name| !name.is_empty()).collect(),
        rows: rows.collect::<Result<_, ReadError>>()?,
    })
}

/// Everything that is wrong with a file.
pub(crate) fn check<R: Reader, S: Survey<Record = R::Record>>(path: &Path, limit: usize) -> Check {
    let mut check = Check::default();
    let mut records = match R::open(path) {
        Ok(records) => records,
        Err(problem) => {
            check.problem(problem, limit);
            return check;
        }
    };
    let (mut survey, mut seen) = (S::default(), Seen::default());
    while let Some(record) = records.next() {
        match record {
            Ok(record) => {
                check.records += 1;
                seen.begin();
                survey.see(&record, &mut seen);
                if !seen.odd.is_empty() {
                    let place = records.place();
                    let at = |odd| match &place {
                        Some(place) => place.of(odd),
                        None => odd.file(path),
                    };
                    check.warn(seen.odd.drain(..).map(at), limit);
                }
            }
            Err(problem) => check.problem(problem, limit),
        }
    }
    records.end(&mut seen);
    survey.end(&mut seen);
    check.warn(seen.odd.drain(..).map(|odd| odd.file(path)), limit);
    check
}
