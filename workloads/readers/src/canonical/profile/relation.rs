//! How what tasks demand goes together: correlations of amounts, of their logarithms and of their ranks.

use std::collections::BTreeMap;

/// Two numbers of many tasks, as far as a correlation needs them.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
struct CoMoments {
    n: f64,
    mean: [f64; 2],
    squares: [f64; 2],
    products: f64,
}

impl CoMoments {
    /// Adds `count` tasks with these numbers, by the update of Welford and West.
    fn add(&mut self, [x, y]: [f64; 2], count: f64) {
        self.n += count;
        let part = count / self.n;
        let [dx, dy] = [x - self.mean[0], y - self.mean[1]];
        self.mean[0] += dx * part;
        self.mean[1] += dy * part;
        self.squares[0] += count * dx * (x - self.mean[0]);
        self.squares[1] += count * dy * (y - self.mean[1]);
        self.products += count * dx * (y - self.mean[1]);
    }

    /// Nothing where one of them is always the same.
    fn correlation(&self) -> Option<f64> {
        let [x, y] = self.squares;
        // What is left of rounding is no variance.
        let varies =
            |squares: f64, mean: f64| squares > 1e-18 * self.n * mean * mean && squares > 0.0;
        (varies(x, self.mean[0]) && varies(y, self.mean[1]))
            .then(|| (self.products / libm::sqrt(x * y)).clamp(-1.0, 1.0))
    }
}

/// How two numbers of tasks go together.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Relation {
    /// Tasks that have both.
    pub n: u64,
    plain: CoMoments,
    logs: CoMoments,
    /// Spearman's, where few enough different demands are there.
    pub ranks: Option<f64>,
}

impl Relation {
    pub(super) fn add(&mut self, [x, y]: [u64; 2], [log_x, log_y]: [f64; 2], count: u64) {
        if count == 0 {
            return;
        }
        self.n = self.n.saturating_add(count);
        self.plain.add([x as f64, y as f64], count as f64);
        if x > 0 && y > 0 {
            self.logs.add([log_x, log_y], count as f64);
        }
    }

    /// Pearson's correlation of the numbers.
    pub fn of_amounts(&self) -> Option<f64> {
        self.plain.correlation()
    }

    /// Pearson's correlation of their logarithms, of tasks that have something of both.
    pub fn of_logs(&self) -> Option<f64> {
        self.logs.correlation()
    }
}

/// Spearman's correlation of pairs with how often they come: that of their ranks, equal numbers sharing
/// theirs.
pub(super) fn ranks(pairs: &BTreeMap<[u64; 2], u64>) -> Option<f64> {
    let of = |side: usize| {
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        for (pair, count) in pairs {
            *counts.entry(pair[side]).or_default() += count;
        }
        let mut below = 0.0;
        for count in counts.values_mut() {
            let here = *count as f64;
            // Twice the middle rank is whole.
            *count = (2.0 * below + here) as u64;
            below += here;
        }
        counts
    };
    let ranks = [of(0), of(1)];
    let mut moments = CoMoments::default();
    for (pair, count) in pairs {
        let rank = [0, 1].map(|side| ranks[side][&pair[side]] as f64);
        moments.add(rank, *count as f64);
    }
    moments.correlation()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[[u64; 2]], amounts: Option<f64>, by_rank: Option<f64>) {
        let (mut relation, mut counts) = (Relation::default(), BTreeMap::new());
        for pair in pairs {
            let logs = pair.map(|number| libm::log(number as f64));
            relation.add(*pair, logs, 1);
            *counts.entry(*pair).or_default() += 1;
        }
        let near = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => (one - other).abs() < 1e-9,
            (one, other) => one == other,
        };
        assert!(near(relation.of_amounts(), amounts), "{relation:?}");
        assert!(near(ranks(&counts), by_rank), "{:?}", ranks(&counts));
    }

    #[test]
    fn correlations_by_hand() {
        check(&[[1, 2], [2, 4], [3, 6]], Some(1.0), Some(1.0));
        check(&[[1, 3], [2, 2], [3, 1]], Some(-1.0), Some(-1.0));
        // Means 2 and 37: deviations (-1, 0, 1) and (-36, -27, 63) have 99 over the root of 2 and 5994.
        check(
            &[[1, 1], [2, 10], [3, 100]],
            Some(99.0 / libm::sqrt(2.0 * 5994.0)),
            Some(1.0),
        );
        check(&[[1, 5], [2, 5], [3, 5]], None, None);
        check(&[[4, 4]], None, None);
        check(&[], None, None);
        // Ranks 1.5, 1.5, 3 and 1, 2, 3: 1.5 over the root of 1.5 and 2.
        check(
            &[[1, 1], [1, 2], [2, 3]],
            Some(1.0 / libm::sqrt(2.0 / 3.0 * 2.0)),
            Some(1.5 / libm::sqrt(1.5 * 2.0)),
        );
    }

    /// A power law is a line in logarithms.
    #[test]
    fn logarithms_go_together_where_amounts_do_less() {
        let mut relation = Relation::default();
        for x in 1..50_u64 {
            let pair = [x, x.pow(5)];
            relation.add(pair, pair.map(|number| libm::log(number as f64)), 1);
        }
        assert!(relation.of_logs().unwrap() > 0.999_999);
        assert!(relation.of_amounts().unwrap() < 0.9);
    }
}
