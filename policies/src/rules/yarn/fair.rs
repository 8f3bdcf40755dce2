//! The fair scheduler's shares and comparators (`ComputeFairShares`, `FairSharePolicy`,
//! `DominantResourceFairnessPolicy`).

use std::cmp::Ordering;

use crate::rules::ratio::Ratio;

/// Somebody between whom one type of resource is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedulable {
    /// What it has at least.
    pub min: i64,
    /// What it has at most.
    pub max: i64,
    /// How much it counts, in thousandths.
    pub weight: i64,
    /// Whether it takes part.
    pub active: bool,
}

/// The bound of the sum of maxima, that of a Java `int`.
const MOST: i64 = i32::MAX as i64;
/// How often the ratio is halved.
const HALVINGS: u32 = 25;

/// Weighted max-min shares of `total`: everybody has weight times a common ratio, at least its minimum and at most
/// its maximum. The ratio is the original's after 25 halvings, with its roundings towards zero.
///
/// Whoever is not active has nothing. With a maximum of nothing it has nothing, without a weight its minimum;
/// neither takes part in the division.
pub fn shares(total: i64, all: &[Schedulable]) -> Vec<i64> {
    let fixed = |one: &Schedulable| match one {
        Schedulable { active: false, .. } => Some(0),
        one if one.max <= 0 => Some(0),
        one if one.weight <= 0 => Some(one.min.max(0)),
        _ => None,
    };
    let taken: i64 = all.iter().filter_map(fixed).sum();
    let open: Vec<Schedulable> = all
        .iter()
        .copied()
        .filter(|one| fixed(one).is_none())
        .collect();
    let most = open
        .iter()
        .map(|one| one.max)
        .fold(0, |sum: i64, max| sum.saturating_add(max).min(MOST));
    let total = (total - taken).max(0).min(most);
    // The ratio is a whole number of 2^-HALVINGS.
    let unit = 1_i128 << HALVINGS;
    let share = |one: &Schedulable, ratio: i128| {
        let part = i128::from(one.weight) * ratio / (1000 * unit);
        part.clamp(one.min.into(), one.max.max(one.min).into()) as i64
    };
    let used = |ratio: i128| {
        open.iter()
            .map(|one| share(one, ratio))
            .fold(0, i64::saturating_add)
    };
    let mut high = unit;
    while used(high) < total {
        high *= 2;
    }
    let mut low = 0;
    for _ in 0..HALVINGS {
        let middle = i128::midpoint(low, high);
        match used(middle).cmp(&total) {
            Ordering::Equal => {
                high = middle;
                break;
            }
            Ordering::Less => low = middle,
            Ordering::Greater => high = middle,
        }
    }
    all.iter()
        .map(|one| fixed(one).unwrap_or_else(|| share(one, high)))
        .collect()
}

/// A queue or an application as the comparators see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// What it has, by type of resource.
    pub usage: Vec<i64>,
    /// What it should have at least, by type.
    pub min: Vec<i64>,
    /// How much it counts, in thousandths.
    pub weight: i64,
    /// When it began.
    pub start: i64,
    /// The last word.
    pub name: String,
}

/// Usage as a part of the cluster, of the fair share and of the minimum: a row a type of resource. What has no
/// quotient is without bound.
pub type Row = [Ratio; 3];

/// The rows of one, in the order of its types.
pub fn rows(one: &Compared, cluster: &[i64]) -> Vec<Row> {
    let weight = Ratio::quotient(one.weight.into(), 1000);
    let row = |((usage, min), whole): ((&i64, &i64), &i64)| {
        let part = Ratio::quotient((*usage).into(), (*whole).into());
        let of_min = Ratio::quotient((*usage).into(), (*min).into());
        [part, part.over(weight), of_min]
    };
    one.usage
        .iter()
        .zip(&one.min)
        .zip(cluster)
        .map(row)
        .collect()
}

/// The type of which one has the largest part, the first of equals.
pub fn dominant(rows: &[Row]) -> usize {
    let mut best = 0;
    for (at, row) in rows.iter().enumerate() {
        if row[0] > rows[best][0] {
            best = at;
        }
    }
    best
}

/// Rows by their part of the cluster, the largest first.
pub fn sorted<T: Clone>(rows: &[T], part: impl Fn(&T) -> Ratio) -> Vec<T> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| std::cmp::Reverse(part(row)));
    rows
}

/// Sorted rows by one column: the first difference decides.
pub fn compare_rows(a: &[Row], b: &[Row], column: usize) -> Ordering {
    let mut pairs = a.iter().zip(b).map(|(a, b)| a[column].cmp(&b[column]));
    pairs.find(|one| one.is_ne()).unwrap_or(Ordering::Equal)
}

/// Dominant resource fairness: who is below its minimum of its dominant resource goes first; among those the one
/// with the smaller part of it, else the one with the smaller part of the cluster by its weight. Then the
/// earlier, then the name.
pub fn drf(a: &Compared, b: &Compared, cluster: &[i64]) -> Ordering {
    let of = |one: &Compared| {
        let rows = rows(one, cluster);
        let at = dominant(&rows);
        (one.usage[at] < one.min[at], sorted(&rows, |row| row[0]))
    };
    let ((a_needs, a_rows), (b_needs, b_rows)) = (of(a), of(b));
    let first = match (a_needs, b_needs) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (true, true) => compare_rows(&a_rows, &b_rows, 2),
        (false, false) => compare_rows(&a_rows, &b_rows, 1),
    };
    first.then(a.start.cmp(&b.start)).then(a.name.cmp(&b.name))
}
