//! The numbers of a trace as tables, once for people and for programs: what stands in a column is called by
//! its head in both.

use std::collections::BTreeMap;

use fairground_readers::canonical::profile::{
    KINDS, Largest, PAIRS, Profile, RELATED, Relation, Share, Spread,
};
use fairground_readers::canonical::tables::Unknown;
use serde::Serialize;
use serde_json::{Map, Value};

mod times;

pub(in crate::output) use times::{DAYS, ends};

/// How many demands, tenants and ends are listed.
const LISTED: usize = 10;

/// The tables.
#[derive(Clone, Default, Debug)]
pub struct TraceNumbers(Vec<Facts>);

/// One of them.
#[derive(Clone, Debug)]
struct Facts {
    name: &'static str,
    heads: &'static [&'static str],
    rows: Vec<Vec<TraceFact>>,
}

/// What stands in a cell.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum TraceFact {
    Missing,
    Word(String),
    Count(u64),
    Number(f64),
    /// A part of a whole.
    Part(f64),
}

impl TraceFact {
    fn text(&self) -> String {
        match self {
            Self::Missing => "-".to_owned(),
            Self::Word(word) if word.is_empty() => "-".to_owned(),
            Self::Word(word) => word.clone(),
            Self::Count(count) => count.to_string(),
            Self::Number(number) => four_digits(*number),
            Self::Part(part) => format!("{} %", four_digits(100.0 * part)),
        }
    }
}

impl From<&str> for TraceFact {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl From<u64> for TraceFact {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for TraceFact {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<T: Into<Self>> From<Option<T>> for TraceFact {
    fn from(maybe: Option<T>) -> Self {
        maybe.map_or(Self::Missing, Into::into)
    }
}

/// Four digits that count, without an exponent.
fn four_digits(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 1000.0 || size <= 0.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        size if size >= 1.0 => 3,
        size if size >= 0.001 => 4,
        _ => 9,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

impl TraceNumbers {
    /// Those of a trace.
    pub fn of(profile: &Profile) -> Self {
        let told = all(profile)
            .into_iter()
            .filter(|table| !table.rows.is_empty());
        Self(told.collect())
    }

    /// As a member a table: a list of its rows, by their heads.
    pub fn json(&self) -> Value {
        let row = |heads: &[&str], row: &Vec<TraceFact>| {
            let cells = heads.iter().zip(row);
            cells
                .map(|(head, fact)| {
                    let value = serde_json::to_value(fact).unwrap_or_default();
                    ((*head).to_owned(), value)
                })
                .collect::<Map<_, _>>()
        };
        let table = |table: &Facts| {
            let rows = table.rows.iter().map(|one| row(table.heads, one).into());
            (table.name.to_owned(), Value::Array(rows.collect()))
        };
        Value::Object(self.0.iter().map(table).collect())
    }

    /// The tables for people: name, heads, and rows of text.
    pub fn tables(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static [&'static str], Vec<Vec<String>>)> {
        self.0.iter().map(|table| {
            let rows = table.rows.iter();
            let rows = rows.map(|row| row.iter().map(TraceFact::text).collect());
            (table.name, table.heads, rows.collect())
        })
    }
}

/// Every table, in the order in which they are told.
fn all(profile: &Profile) -> Vec<Facts> {
    vec![
        times::arrivals(profile),
        times::cycles(profile),
        run_times(profile),
        spreads(profile),
        tails(profile),
        relations(profile),
        load(profile),
        estimates(profile),
        outcomes(
            "job_outcomes",
            &["job_outcome", "jobs", "share"],
            &profile.sizes.outcomes,
        ),
        outcomes(
            "task_outcomes",
            &["task_outcome", "tasks", "share"],
            &profile.sizes.task_outcomes,
        ),
        demands(profile),
        tenants(profile),
    ]
}

fn run_times(profile: &Profile) -> Facts {
    let unknown = |why| profile.unknown.get(&why).copied().unwrap_or(0);
    let told = [
        ("known", profile.known),
        ("not_told", profile.endless),
        ("never_started", unknown(Unknown::Unstarted)),
        ("damaged", unknown(Unknown::Damaged)),
        ("cut_off_by_the_trace", unknown(Unknown::Censored)),
    ];
    let all: u64 = told.iter().map(|(_, count)| count).sum();
    let told = told.into_iter().filter(|(_, count)| *count > 0);
    let row = |(name, count): (&str, u64)| {
        let part = TraceFact::Part(count as f64 / all as f64);
        vec![name.into(), count.into(), part]
    };
    Facts {
        name: "run_times",
        heads: &["run_times", "tasks", "share"],
        rows: told.map(row).collect(),
    }
}

/// Every spread there is, by its name, with how many of its units are one of what the name says.
fn all_spreads(profile: &Profile) -> Vec<(String, &Spread, f64)> {
    let sizes = &profile.sizes;
    let mut all = vec![
        ("task_run_s".to_owned(), &profile.run, 1e6),
        ("job_longest_task_s".to_owned(), &sizes.longest.0, 1e6),
        ("job_tasks".to_owned(), &sizes.width.0, 1.0),
    ];
    for (kind, name) in KINDS.iter().enumerate() {
        all.push((format!("task_{name}"), &profile.demand[kind], 1.0));
    }
    for (kind, name) in KINDS.iter().enumerate() {
        all.push((format!("job_{name}_x_s"), &sizes.work[kind].0, 1e6));
    }
    all.push(("gap_of_jobs_s".to_owned(), &profile.submits.gaps, 1e6));
    all.push(("gap_of_requests_s".to_owned(), &profile.singles.gaps, 1e6));
    all.push(("wait_s".to_owned(), &sizes.wait, 1e6));
    all.push(("slowdown".to_owned(), &sizes.slowdown, 1e3));
    all.push(("task_attempts".to_owned(), &sizes.attempts, 1.0));
    all.push(("task_busy_cpus".to_owned(), &sizes.busy, 1e3));
    all.push(("run_of_estimate".to_owned(), &sizes.accuracy.parts, 1e3));
    all.push(("request_reads".to_owned(), &profile.tokens[0], 1.0));
    all.push(("request_writes".to_owned(), &profile.tokens[1], 1.0));
    all.retain(|(_, spread, _)| spread.n > 0 && spread.max > 0);
    all
}

fn spreads(profile: &Profile) -> Facts {
    let row = |(name, spread, unit): (String, &Spread, f64)| {
        let mut cells = vec![TraceFact::Word(name), spread.n.into()];
        let [p50, p95, p99] = [500, 950, 990].map(|at| spread.quantile(at));
        for value in [spread.min, p50, p95, p99, spread.max] {
            cells.push((value as f64 / unit).into());
        }
        cells.push((spread.mean() / unit).into());
        cells.push(spread.variation().into());
        cells.push(TraceFact::Part(spread.share_of_largest(0.01)));
        cells
    };
    Facts {
        name: "spreads",
        heads: &[
            "of",
            "n",
            "min",
            "p50",
            "p95",
            "p99",
            "max",
            "mean",
            "cv",
            "top_1%_has",
        ],
        rows: all_spreads(profile).into_iter().map(row).collect(),
    }
}

fn tails(profile: &Profile) -> Facts {
    let sizes = &profile.sizes;
    let kind = profile.main_kind();
    let work = format!("job_{}_x_s", KINDS[kind]);
    let all: [(&str, &Largest, f64); 3] = [
        ("job_longest_task_s", &sizes.longest.1, 1e6),
        ("job_tasks", &sizes.width.1, 1.0),
        (&work, &sizes.work[kind].1, 1e6),
    ];
    let row = |(name, largest, unit): (&str, &Largest, f64)| {
        let tail = largest.tail()?;
        Some(vec![
            name.into(),
            tail.index.into(),
            tail.error.into(),
            (tail.from as f64 / unit).into(),
            tail.n.into(),
            TraceFact::Part(tail.part),
            TraceFact::Part(tail.distance),
        ])
    };
    Facts {
        name: "tails",
        heads: &[
            "tail_of",
            "hill_index",
            "error",
            "from",
            "n",
            "share",
            "off_by_at_most",
        ],
        rows: all.into_iter().filter_map(row).collect(),
    }
}

fn relations(profile: &Profile) -> Facts {
    let all = profile.relations.iter().zip(PAIRS);
    let row = |(relation, [one, other]): (&Relation, [usize; 2])| {
        relation.of_amounts().map(|of_amounts| {
            vec![
                TraceFact::Word(format!("{}_with_{}", RELATED[one], RELATED[other])),
                relation.n.into(),
                of_amounts.into(),
                relation.of_logs().into(),
                relation.ranks.into(),
            ]
        })
    };
    Facts {
        name: "relations",
        heads: &["correlation_of", "tasks", "amounts", "logarithms", "ranks"],
        rows: all.filter_map(row).collect(),
    }
}

fn load(profile: &Profile) -> Facts {
    let most = |parts: &[f64]| parts.iter().copied().fold(0.0, f64::max);
    let row = |kind: usize| {
        let (offered, parts) = profile.offered(kind)?;
        let (in_use, used) = profile.occupied(kind)?;
        Some(vec![
            KINDS[kind].into(),
            profile.machines.into(),
            (profile.capacity[kind] as f64).into(),
            TraceFact::Part(offered),
            TraceFact::Part(most(&parts)),
            TraceFact::Part(in_use),
            TraceFact::Part(most(&used)),
        ])
    };
    Facts {
        name: "load",
        heads: &[
            "load_of",
            "machines",
            "capacity",
            "offered",
            "offered_peak",
            "in_use",
            "in_use_peak",
        ],
        rows: (0..KINDS.len()).filter_map(row).collect(),
    }
}

fn estimates(profile: &Profile) -> Facts {
    let accuracy = &profile.sizes.accuracy;
    let all = accuracy.parts.n;
    let part = |count: u64| TraceFact::Part(count as f64 / all as f64);
    let row = vec![
        TraceFact::from("run_of_estimate"),
        all.into(),
        TraceFact::Part(accuracy.parts.quantile(500) as f64 / 1e3),
        TraceFact::Part(accuracy.parts.mean() / 1e3),
        part(accuracy.counts[0]),
        part(accuracy.counts.last().copied().unwrap_or(0)),
        part(accuracy.over),
    ];
    Facts {
        name: "estimates",
        heads: &[
            "estimates",
            "jobs",
            "median",
            "mean",
            "below_5%",
            "95_to_100%",
            "above",
        ],
        rows: if all > 0 { vec![row] } else { Vec::new() },
    }
}

fn outcomes(
    name: &'static str,
    heads: &'static [&'static str],
    counts: &BTreeMap<String, u64>,
) -> Facts {
    let mut ends: Vec<(&String, u64)> = counts.iter().map(|(word, count)| (word, *count)).collect();
    let all: u64 = ends.iter().map(|(_, count)| count).sum();
    ends.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    let row = |(word, count): (&String, u64)| {
        let part = TraceFact::Part(count as f64 / all as f64);
        vec![word.as_str().into(), count.into(), part]
    };
    Facts {
        name,
        heads,
        rows: ends.into_iter().take(LISTED).map(row).collect(),
    }
}

fn demands(profile: &Profile) -> Facts {
    let tasks: u64 = profile.demands.iter().map(|(_, count)| count).sum();
    let row = |(number, (demand, count)): (usize, &([Option<u64>; 3], u64))| {
        let mut cells = vec![TraceFact::Count(number as u64 + 1)];
        cells.extend(demand.map(TraceFact::from));
        cells.push((*count).into());
        cells.push(TraceFact::Part(*count as f64 / tasks.max(1) as f64));
        cells
    };
    let listed = profile.demands.iter().take(LISTED).enumerate();
    Facts {
        name: "demands",
        heads: &["demand", "cpus", "memory", "gpus", "tasks", "share"],
        rows: listed.map(row).collect(),
    }
}

fn tenants(profile: &Profile) -> Facts {
    let kind = profile.main_kind();
    let all: u128 = profile.tenants.iter().map(|share| share.work[kind]).sum();
    let listed = profile.tenants.iter().take(LISTED);
    let row = |share: &Share| {
        vec![
            share.name.as_str().into(),
            share.jobs.into(),
            share.tasks.into(),
            TraceFact::Part(share.work[kind] as f64 / all.max(1) as f64),
        ]
    };
    Facts {
        name: "tenants",
        heads: &["tenant", "jobs", "tasks", "work"],
        rows: listed.map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No table and no column is told without saying what it is.
    #[test]
    fn the_page_explains_every_column() {
        const PAGE: &str = include_str!("../../../../STAT.md");
        for table in all(&Profile::default()) {
            let (_, rest) = PAGE
                .split_once(&format!("| `{}` |", table.name))
                .unwrap_or_else(|| panic!("the page has no table {}", table.name));
            let rows = rest.lines().enumerate();
            let rows = rows.take_while(|(number, row)| *number == 0 || row.starts_with("| | "));
            let rows: String = rows.map(|(_, row)| row).collect();
            for head in table.heads {
                assert!(
                    rows.contains(&format!("`{head}`")),
                    "{}: {head}",
                    table.name
                );
            }
        }
    }

    #[test]
    fn numbers_have_four_digits_that_count() {
        let check = |value: f64, text: &str| assert_eq!(four_digits(value), text);
        check(0.0, "0");
        check(0.012_345, "0.0123");
        check(1.5, "1.5");
        check(12.345, "12.35");
        check(-0.5, "-0.5");
        check(123_456.0, "123456");
        check(0.000_001, "0.000001");
    }
}
