//! The first screen of a report: a pair of bars a framework, before and after.
//!
//! Each pair has a scale of its own, because a response time and a day-long job have none in common;
//! all scales end at the same multiple of the baseline, so that lengths can be compared across pairs.

use minijinja::{Value, context};

use super::comparison::{Changes, Line, Measure, Measured, Verdict};
use super::units;

/// Bars end here, in multiples of the baseline; longer ones are marked.
const LONGEST: f64 = 3.0;

/// The pairs of the policy compared first; nothing when there is nothing to compare.
pub(super) fn sides(changes: &Changes) -> Vec<Value> {
    let main = changes.main();
    if main == 0 {
        return Vec::new();
    }
    let pairs: Vec<Pair<'_>> = changes
        .lines
        .iter()
        .filter(|line| line.policy == main)
        .filter_map(|line| Pair::of(changes, line))
        .collect();
    let longest = pairs.iter().map(|pair| pair.ratio).fold(1.0, f64::max);
    let whole = longest.min(LONGEST);
    pairs.iter().map(|pair| pair.value(whole)).collect()
}

struct Pair<'a> {
    line: &'a Line,
    measured: &'a Measured,
    base: f64,
    value: f64,
    /// The policy's value in multiples of the baseline's.
    ratio: f64,
    leaning: Verdict,
    seeds: usize,
}

impl<'a> Pair<'a> {
    fn of(changes: &'a Changes, line: &'a Line) -> Option<Self> {
        let measured = line.get(Measure::deciding(line.service))?;
        let mut lines = changes.lines.iter();
        let base = lines.find(|other| other.framework == line.framework && other.policy == 0)?;
        let (base, value) = (base.get(measured.measure)?.value?, measured.value?);
        let ratio = if base > 0.0 {
            value / base
        } else if value > 0.0 {
            f64::INFINITY
        } else {
            0.0
        };
        Some(Self {
            line,
            measured,
            base,
            value,
            ratio,
            leaning: changes.leaning(line)?,
            seeds: changes.seeds,
        })
    }

    fn value(&self, whole: f64) -> Value {
        let (what, unit, show): (_, _, fn(f64) -> String) = if self.line.service {
            ("requests late", "pp", units::percent)
        } else {
            ("mean completion", "%", units::duration)
        };
        let long = |ratio: f64| format!("{:.1}", ratio.min(whole) / whole * 100.0);
        let one = self.seeds == 1;
        let change = self.measured.change;
        let fewer = change.filter(|change| change.seeds < self.seeds);
        let fewer = fewer.map(|change| format!("{} of {} seeds only", change.seeds, self.seeds));
        let (tone, word) = match self.leaning {
            Verdict::Gains if one => ("gains", "better off"),
            Verdict::Gains => ("gains", "gains"),
            Verdict::Pays if one => ("pays", "worse off"),
            Verdict::Pays => ("pays", "pays"),
            _ if one => ("", "no difference"),
            _ => ("", "not shown"),
        };
        let word = fewer.map_or_else(|| word.to_owned(), |fewer| format!("{word}, {fewer}"));
        context! {
            name => &self.line.name,
            what,
            tone,
            word,
            base => show(self.base),
            value => format!("{}{}", if self.measured.at_least { "≥ " } else { "" }, show(self.value)),
            change => change.map(|change| units::change(&change, unit)),
            base_long => long(if self.base > 0.0 { 1.0 } else { 0.0 }),
            value_long => long(self.ratio),
            over => self.ratio > whole,
        }
    }
}
