//! How often each function was called in each minute or second: a column a function.
//!
//! CSV with a header: day, time, then the functions, numbers in 2023 and `400---418---pool22-300-128` in 2025:
//! function, user, and the pool of its pods with their CPU and memory. Nothing stands where a function was
//! not called. Tables of all metrics look alike: what one tells, the name of its folder says, `requests_minute`,
//! `requests_second` or `requests`.

use std::sync::Arc;

use super::pool;
use crate::formats::cells::bare;
use crate::formats::prelude::*;

/// The most functions of one file.
const MOST_FUNCTIONS: usize = 100_000;
/// The most of a metric.
const MOST: u64 = 1_000_000_000_000;
/// What names of folders say where a table tells no requests.
const OTHERS: [&str; 10] = [
    "delay",
    "cpu_",
    "memory_",
    "instances",
    "num_pods",
    "cold_start",
    "Cost",
    "requestBodySize",
    "quantile",
    "limit",
];

pub(crate) const FORM: Form = Form {
    about: "calls of functions in each minute or second, a column a function (Huawei 2023 and 2025)",
    signs: &[Begins("day,time,")],
    unkept: &["day"],
    import: Ok(import),
    samples: &[
        "day,time,0,1,2\n0,0,6.0,,29\n0,60,12.0,1,\n",
        "day,time,400---418---pool22-300-128,1531---418---pool23-400-256\n30,2678100,1.0,\n30,2678160,,2.0\n",
    ],
    ..Form::of::<Rows<Record>>()
};

/// One minute or second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The day.
    pub day: u64,
    /// When it begins, in seconds.
    pub time: u64,
    /// What is told of functions, in millionths, by the number of their column.
    pub told: Vec<(usize, u64)>,
    /// The names of the functions.
    pub functions: Arc<[String]>,
}

impl Row for Record {
    /// The names of the functions.
    type Layout = Option<Arc<[String]>>;
    const MEMBER: &'static str = "day_000.csv";
    const ONE: &'static str = "row";
    const ABOUT: &'static str = "columns: day, time, a function each";
    const PARTS: bool = true;
    const HEADED: bool = true;

    fn header(line: &str, functions: &mut Self::Layout) -> Result<(), ReadError> {
        let names: Vec<&str> = line.split(',').map(bare).collect();
        let wrong = !matches!(names[..], ["day", "time", _, ..])
            || names.len() > MOST_FUNCTIONS
            || names.contains(&"funcName");
        if wrong {
            let expected = "a first line `day`, `time`, and a function each";
            return Err(ReadError::expected(expected, quoted(line)).hint(Self::ABOUT));
        }
        *functions = Some(names[2..].iter().map(|name| (*name).to_owned()).collect());
        Ok(())
    }

    fn row(line: &str, functions: &mut Self::Layout) -> Result<Option<Self>, ReadError> {
        let functions = functions.clone().unwrap_or_else(|| Arc::from([]));
        let width = functions.len() + 2;
        let found = line.split(',').count();
        if found != width {
            let expected = format!("{width} columns, as the first line has");
            return Err(ReadError::uneven(expected, found));
        }
        let (mut day, mut time, mut told) = (0, 0, Vec::new());
        for (at, text) in line.split(',').enumerate() {
            let cell = |name| Cell::new(at, name, bare(text));
            match at {
                0 => day = cell("day").round("days", LATEST)?,
                1 => time = cell("time").round("seconds", LATEST)?,
                _ => {
                    let amount = cell("a function");
                    let amount = amount.maybe(|cell| cell.decimal("calls", MILLIONTHS, MOST))?;
                    told.extend(
                        amount
                            .filter(|amount| *amount > 0)
                            .map(|amount| (at - 2, amount)),
                    );
                }
            }
        }
        Ok(Some(Self {
            place: Place::nowhere(),
            day,
            time,
            told,
            functions,
        }))
    }

    fn reads(_: &str) -> bool {
        true
    }

    fn at(self, place: impl FnOnce() -> Place) -> Self {
        let place = place();
        Self { place, ..self }
    }
}

contents! { Record: |row| Requests row.calls(); }

impl Record {
    fn calls(&self) -> u64 {
        let calls = self.told.iter().map(|(_, amount)| amount / 1_000_000);
        calls.fold(0, u64::saturating_add)
    }
}

shows! { Record: |one|
    "day": one.day, "time_s": one.time, "functions": one.told.len(), "sum": one.calls(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        for (at, _) in &self.told {
            seen.distinct("functions", &self.functions[*at]);
        }
        seen.distinct("functions", None::<&str>);
        seen.least("first_s", self.time);
        seen.most("last_s", self.time);
        seen.sum(
            "sum",
            self.told
                .iter()
                .map(|(_, amount)| u128::from(*amount))
                .sum::<u128>(),
        )
        .written(MILLIONTHS);
        let amounts = self.told.iter().map(|(_, amount)| *amount);
        seen.figures("of_a_function", "millionths", amounts);
    }
}

/// Whether a table tells how often functions were called, as far as its name says.
fn tells_requests(path: &Path) -> bool {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut last = path.components().rev();
    let names = last
        .by_ref()
        .take(2)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    let names: Vec<String> = names.collect();
    names.iter().any(|name| name.contains("requests"))
        || !names
            .iter()
            .any(|name| OTHERS.iter().any(|other| name.contains(other)))
}

/// The length of a step: what the first two rows are apart.
fn step(path: &Path) -> Result<Option<u64>, ReadError> {
    let rows = Rows::<Record>::open(path)?.flatten().take(2);
    let times: Vec<u64> = rows.map(|row| row.time).collect();
    Ok(match times[..] {
        [one, other] => other.checked_sub(one).filter(|step| *step > 0),
        _ => None,
    })
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    if !tells_requests(path) {
        let error =
            ReadError::expected("how often functions were called", "another metric of them");
        let hint =
            "its folder says what a table tells: requests_minute, requests_second or requests";
        return Err(error.file(path).hint(hint));
    }
    let length = step(path)?;
    if length.is_none() {
        import.assume("length of a step", "a minute");
    }
    let length = length.unwrap_or(60);
    import.assume("requests", "how long they take stands in other tables");
    let mut services: BTreeMap<String, u64> = BTreeMap::new();
    import.each(Rows::open(path)?, |import, row: Record| {
        import.sees(seconds(row.time));
        for (at, amount) in &row.told {
            if amount % 1_000_000 > 0 {
                let found = digits(*amount, MILLIONTHS);
                let error = ReadError::expected("a whole number of calls", quoted(&found));
                let hint = "its folder says what a table tells: this is another metric";
                return Err(row.place.of(error.hint(hint)));
            }
            let name = &row.functions[*at];
            let next = services.len() as u64;
            let service = match services.get(name) {
                Some(service) => *service,
                None => *services.entry(name.clone()).or_insert(next),
            };
            if service == next {
                let mut parts = name.split("---").skip(1);
                let (user, pool_name) = (parts.next(), parts.next());
                let tenant = import.tenant(user.unwrap_or_default())?;
                import.push(Service {
                    id: service,
                    name: name.clone(),
                    tenant,
                    memory: pool_name.and_then(pool).map(|(_, memory)| memory),
                })?;
            }
            import.push(Load {
                service,
                start: seconds(row.time),
                length: seconds(length),
                requests: amount / 1_000_000,
                ..Load::default()
            })?;
        }
        Ok(Became::Imported)
    })
}
