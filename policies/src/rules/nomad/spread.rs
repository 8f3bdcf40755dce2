//! How a node's place helps to spread a group over values of an attribute (`scheduler/spread.go`).

use std::collections::BTreeMap;

use crate::rules::ratio::Ratio;
use crate::score::Score;

/// What stands for all values that no target names.
pub const OTHERS: &str = "*";

/// One attribute to spread over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spread {
    /// How much it counts.
    pub weight: i64,
    /// Which part of the group each value should have, in percent; none asks for as many on each.
    pub targets: BTreeMap<String, i64>,
    /// How many of the group are on nodes of each value, those about to stop left out.
    pub used: BTreeMap<String, i64>,
}

/// What each node of `values` is worth: for each spread, what value of its attribute the node has. `count` is how many the
/// group wants. The nodes are taken in order, because a value that should have nothing is given the least so
/// far.
pub fn scores(values: &[Vec<Option<&str>>], spreads: &[Spread], count: i64) -> Vec<Score> {
    let weights = spreads.iter().map(|one| one.weight).sum();
    let mut least = Ratio::from(-1);
    let node = |values: &Vec<Option<&str>>| {
        let all = values
            .iter()
            .zip(spreads)
            .map(|(value, spread)| match value {
                None => Ratio::from(-1),
                Some(value) if spread.targets.is_empty() => even(&spread.used, value),
                Some(value) => spread.boost(value, count, weights, &mut least),
            });
        all.fold(Ratio::ZERO, |a, b| a + b).score()
    };
    values.iter().map(node).collect()
}

impl Spread {
    /// How far a value is below its target with one more, by the spread's part of all weights.
    fn boost(&self, value: &str, count: i64, weights: i64, least: &mut Ratio) -> Ratio {
        let wanted = |percent: &i64| Ratio::quotient(i128::from(*percent) * i128::from(count), 100);
        let sum = self
            .targets
            .values()
            .map(wanted)
            .fold(Ratio::ZERO, |a, b| a + b);
        let rest = Ratio::from(count) - sum;
        let named = self.targets.contains_key(value);
        let key = if named { value } else { OTHERS };
        let desired = if key == OTHERS && sum > Ratio::ZERO && rest > Ratio::ZERO {
            Some(rest)
        } else {
            self.targets.get(key).map(wanted)
        };
        let Some(desired) = desired else {
            return Ratio::from(-1);
        };
        if desired == Ratio::ZERO {
            return *least;
        }
        let here = |one: &&String| {
            if named {
                one.as_str() == value
            } else {
                !self.targets.contains_key(*one)
            }
        };
        let used: i64 = self
            .used
            .iter()
            .filter(|(one, _)| here(one))
            .map(|(_, used)| (*used).max(0))
            .sum();
        let part = Ratio::quotient(self.weight.into(), weights.into());
        let boost = (desired - Ratio::from(used + 1)) / desired * part;
        *least = (*least).min(boost);
        boost
    }
}

/// How a node of `value` helps to have as many on each value: from -1, where it has no fewer than any other.
///
/// The least is that of all values that are counted. The original forgets a least of nothing when it comes to the next value
/// of its unordered table, and so decides by chance where some value has none and others differ.
pub fn even(used: &BTreeMap<String, i64>, value: &str) -> Ratio {
    let counts = || used.values().map(|count| (*count).max(0));
    let (Some(least), Some(most)) = (counts().min(), counts().max()) else {
        return Ratio::ZERO;
    };
    let here = used.get(value).map_or(0, |count| (*count).max(0));
    match (here == least, least) {
        (false, 0) => Ratio::from(-1),
        (false, least) => Ratio::quotient((least - here).into(), least.into()),
        (true, least) if least == most => Ratio::from(-1),
        (true, 0) => Ratio::ONE,
        (true, least) => Ratio::quotient((most - least).into(), least.into()),
    }
}
