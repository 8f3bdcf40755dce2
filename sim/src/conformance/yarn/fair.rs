//! Cases of the fair scheduler's shares and comparators.

use fairground_policies::rules::ratio::Ratio;
use fairground_policies::rules::yarn::fair::{self, Compared, Row, Schedulable};
use serde::Deserialize;
use serde_json::Value;

use crate::conformance::case::{near, sign, thousandths};
use crate::conformance::{Case, Unreadable, Verdict};

pub(super) fn shares(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize)]
    struct Line {
        min: i64,
        max: i64,
        weight: f64,
        active: Option<bool>,
    }
    let lines: Vec<Line> = case.read("schedulables")?;
    let line = |line: &Line| {
        Ok(Schedulable {
            min: line.min,
            max: line.max,
            weight: thousandths(line.weight)?,
            active: line.active.unwrap_or(true),
        })
    };
    let all: Vec<Schedulable> = lines.iter().map(line).collect::<Result<_, _>>()?;
    let found = fair::shares(case.read("total")?, &all);
    Ok(Verdict::equal(&case.read("expect.shares")?, &found))
}

fn compared(case: &Case<'_>, which: &str) -> Result<Compared, Unreadable> {
    let usage: Vec<i64> = case.read(&format!("{which}.usage"))?;
    let min = case.maybe(&format!("{which}.min"))?;
    Ok(Compared {
        min: min.unwrap_or_else(|| vec![0; usage.len()]),
        usage,
        weight: thousandths(case.maybe(&format!("{which}.weight"))?.unwrap_or(1.0))?,
        start: case.maybe(&format!("{which}.start"))?.unwrap_or(0),
        name: case.maybe(&format!("{which}.name"))?.unwrap_or_default(),
    })
}

pub(super) fn drf(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let cluster: Vec<i64> = case.read("cluster")?;
    let (first, second) = (compared(case, "first")?, compared(case, "second")?);
    let types = [&first.usage, &first.min, &second.usage, &second.min];
    if types.iter().any(|one| one.len() != cluster.len()) {
        return Err(Unreadable(format!(
            "expected {} amounts in every list",
            cluster.len()
        )));
    }
    let found = fair::drf(&first, &second, &cluster);
    Ok(Verdict::equal(&case.read("expect.sign")?, &sign(found)))
}

/// Numbers as cases write them.
fn all_near(expected: &[Value], found: &[Ratio]) -> Verdict {
    let right = expected.len() == found.len();
    let right = right
        && expected
            .iter()
            .zip(found)
            .all(|(expected, found)| near(expected, *found));
    Verdict::of(right, format!("{expected:?}"), format!("{found:?}"))
}

pub(super) fn ratios(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let one = Compared {
        usage: case.read("usage")?,
        min: vec![0; case.read::<Vec<i64>>("usage")?.len()],
        weight: thousandths(case.maybe("weight")?.unwrap_or(1.0))?,
        start: 0,
        name: String::new(),
    };
    let rows = fair::rows(&one, &case.read::<Vec<i64>>("cluster")?);
    let found: Vec<Ratio> = rows.iter().map(|row| row[1]).collect();
    all_near(&case.read::<Vec<Value>>("expect.ratios")?, &found).and(|| {
        Ok(Verdict::equal(
            &case.read("expect.dominant")?,
            &fair::dominant(&rows),
        ))
    })
}

pub(super) fn min_ratios(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let one = Compared {
        usage: case.read("usage")?,
        min: case.read("min")?,
        weight: 1000,
        start: 0,
        name: String::new(),
    };
    let rows = fair::rows(&one, &vec![1; one.usage.len()]);
    let found: Vec<Ratio> = rows.iter().map(|row| row[2]).collect();
    Ok(all_near(&case.read::<Vec<Value>>("expect.ratios")?, &found))
}

/// Rows of decimal numbers, as far as they go.
fn rows(case: &Case<'_>, path: &str) -> Result<Vec<Row>, Unreadable> {
    let rows: Vec<Vec<f64>> = case.read(path)?;
    rows.iter().map(|row| decimals(row)).collect()
}

fn decimals(row: &[f64]) -> Result<Row, Unreadable> {
    let mut all = [Ratio::ZERO; 3];
    for (one, number) in all.iter_mut().zip(row) {
        *one = Ratio::quotient((number * 1e9).round() as i128, 1_000_000_000);
    }
    let fits = row.len() <= all.len() && row.iter().all(|one| one.abs() < 1e18);
    fits.then_some(all)
        .ok_or_else(|| Unreadable(format!("expected three numbers, found {row:?}")))
}

pub(super) fn lists(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let column: usize = case.read("column")?;
    if column > 2 {
        return Err(Unreadable(format!(
            "expected a column of three, found {column}"
        )));
    }
    let found = fair::compare_rows(&rows(case, "first")?, &rows(case, "second")?, column);
    Ok(Verdict::equal(&case.read("expect.sign")?, &sign(found)))
}

pub(super) fn sort(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let lists: Vec<Vec<Vec<f64>>> = case.read("lists")?;
    let sorted = |rows: &Vec<Vec<f64>>| {
        let all: Vec<(Row, &Vec<f64>)> = rows
            .iter()
            .map(|row| Ok((decimals(row)?, row)))
            .collect::<Result<_, Unreadable>>()?;
        let sorted = fair::sorted(&all, |(row, _)| row[0]);
        Ok(sorted.into_iter().map(|(_, row)| row.clone()).collect())
    };
    let found: Vec<Vec<Vec<f64>>> = lists
        .iter()
        .map(sorted)
        .collect::<Result<_, Unreadable>>()?;
    Ok(Verdict::equal(&case.read("expect.lists")?, &found))
}
