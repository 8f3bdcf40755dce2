//! The coflow benchmark: what the reduces of Hadoop jobs fetched from the racks of their maps.
//!
//! Source: github.com/coflow/coflow-benchmark (Chowdhury et al., SIGCOMM 2014; Facebook 2010). The
//! first line has the number of ports (racks) and of coflows. Every other line, separated by
//! blanks: coflow, arrival in milliseconds, number of mappers, their racks, number of reducers,
//! for each of them `rack:megabytes`. Mappers and reducers of one rack are merged.

use std::str::SplitAsciiWhitespace;

use crate::formats::prelude::*;

/// The most racks a cluster may have, and the most of them one coflow may name.
const MOST_RACKS: u64 = 1_000_000;
/// The latest arrival, in milliseconds (a hundred years).
const LATEST_MILLIS: u64 = 3_155_760_000_000;
/// The most megabytes one reducer may fetch.
const MOST_MEGABYTES: u64 = 1_000_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "shuffles between racks, a coflow a line (coflow benchmark, Facebook 2010)",
    signs: &[Named("FB2010"), Named("coflow")],
    unkept: &["racks of mappers and reducers"],
    import: Ok(import),
    samples: &["3 2\n1 0 1 2 1 0:8.0\n2 35 2 0 1 2 2:1.5 1:3\n"],
    ..Form::of::<Rows<Record>>()
};

/// One coflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its number.
    pub coflow: u64,
    /// When it arrived, in milliseconds.
    pub arrival: u64,
    /// The racks of its mappers.
    pub mappers: Vec<u64>,
    /// The racks of its reducers, and what each fetched, in millionths of a megabyte.
    pub reducers: Vec<(u64, u64)>,
}

/// What the first line says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Size {
    /// How many racks there are.
    pub ports: u64,
    /// How many coflows follow.
    pub coflows: u64,
}

/// The words of a line, each with its number.
struct Words<'a>(std::iter::Enumerate<SplitAsciiWhitespace<'a>>);

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Self {
        Self(line.split_ascii_whitespace().enumerate())
    }

    fn next(&mut self, name: &'static str) -> Result<Cell<'a>, ReadError> {
        let (position, text) = self.0.next().ok_or_else(|| {
            let error = ReadError::expected(name, "the end of the line");
            error.hint("the line may be truncated")
        })?;
        Ok(Cell::new(position, name, text))
    }

    fn end(mut self) -> Result<(), ReadError> {
        match self.0.next() {
            None => Ok(()),
            Some((position, text)) => {
                let cell = Cell::new(position, "nothing", text);
                Err(cell.wrong(ReadError::expected("the end of the line", quoted(text))))
            }
        }
    }
}

impl Row for Record {
    type Layout = Size;
    const MEMBER: &'static str = "coflows.txt";
    const ONE: &'static str = "coflow";
    const ABOUT: &'static str = "the first line has the numbers of ports and coflows";
    const HEADED: bool = true;

    fn header(line: &str, size: &mut Size) -> Result<(), ReadError> {
        let mut words = Words::of(line);
        size.ports = words.next("ports")?.whole("ports", MOST_RACKS)?;
        size.coflows = words.next("coflows")?.whole("coflows", u64::MAX)?;
        words.end()
    }

    fn row(line: &str, size: &mut Size) -> Result<Option<Self>, ReadError> {
        let mut words = Words::of(line);
        let coflow = words.next("coflow")?.whole("coflows", u64::MAX)?;
        let arrival = words.next("arrival")?;
        let arrival = arrival.whole("milliseconds", LATEST_MILLIS)?;
        let count = words.next("mappers")?.whole("mappers", MOST_RACKS)?;
        let mut mappers = Vec::new();
        for _ in 0..count {
            mappers.push(words.next("rack of a mapper")?.whole("racks", size.ports)?);
        }
        let count = words.next("reducers")?.whole("reducers", MOST_RACKS)?;
        let mut reducers = Vec::new();
        for _ in 0..count {
            let cell = words.next("reducer")?;
            let Some((rack, megabytes)) = cell.text().split_once(':') else {
                let error = ReadError::expected("rack:megabytes", quoted(cell.text()));
                return Err(cell.wrong(error));
            };
            let rack = cell.with(rack).whole("racks", size.ports)?;
            let megabytes = cell.with(megabytes);
            reducers.push((
                rack,
                megabytes.decimal("megabytes", MILLIONTHS, MOST_MEGABYTES)?,
            ));
        }
        words.end()?;
        Ok(Some(Self {
            coflow,
            arrival,
            mappers,
            reducers,
        }))
    }

    fn end(size: &Size, _: u64, seen: &mut Seen) {
        seen.fill("ports", size.ports);
        let found = seen
            .of("shuffle_MB")
            .map_or(0, |coflows| coflows.len() as u64);
        if found != size.coflows {
            let expected = format!("{} coflows, as the first line says", size.coflows);
            seen.warn(ReadError::expected(expected, found).hint("the file may be truncated"));
        }
    }
}

contents! {
    Record: |one| Jobs 1, Tasks (one.mappers.len() + one.reducers.len()) as u64,
        Edges 1;
}

shows! { Record: |one|
    "coflow": one.coflow, "arrival_ms": one.arrival, "mappers": one.mappers.len(),
    "reducers": one.reducers.len(), "shuffle_mb": digits(shuffle(one), MILLIONTHS),
}

/// What a coflow fetches, in millionths of a megabyte.
fn shuffle(record: &Record) -> u64 {
    let parts = record.reducers.iter().map(|reducer| reducer.1);
    parts.fold(0, u64::saturating_add)
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count_if("ports", false);
        seen.count("coflows");
        seen.sum("mappers_total", self.mappers.len() as u64);
        seen.sum("reducers_total", self.reducers.len() as u64);
        seen.first("arrival_first_ms", self.arrival);
        if let Some(last) = seen.newest("arrival_last_ms", self.arrival) {
            let expected = format!("a time not before the line above ({last})");
            let odd = ReadError::expected(expected, self.arrival);
            seen.warn(odd.place("column 2 (arrival)"));
        }
        seen.figures("shuffle_MB", "millionths of a megabyte", [shuffle(self)]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "run times",
        "not in the source: a coflow says what is carried, not for how long",
    );
    import.each(Rows::open(path)?, |import, one: Record| {
        let fetched = one.reducers.iter().map(|(_, micros)| Tasks {
            count: 1,
            read: Some(*micros),
            ..Tasks::default()
        });
        let maps = Tasks {
            count: one.mappers.len() as u64,
            ..Tasks::default()
        };
        let stages = vec![
            stage("map", Vec::new(), vec![maps]),
            stage("reduce", vec![0], fetched.collect()),
        ];
        let submit = Some(millis(one.arrival));
        let name = one.coflow.to_string();
        import.job(Draft {
            name,
            submit,
            stages,
            ..Draft::default()
        })
    })
}
