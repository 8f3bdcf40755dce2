//! What a node is worth for a task.

use crate::score::Score;

/// Processor shares and memory, in any units.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Amounts {
    /// Of processors.
    pub cpu: i64,
    /// Of memory.
    pub memory: i64,
}

/// The largest score of how a task fits.
const MOST: i64 = 18;

/// The sum of ten to the power of what is free of each kind, as a part of `all`.
fn free_powers(all: Amounts, used: Amounts) -> Score {
    let power = |all: i64, used: i64| (Score::ONE - Score::ratio(used, all)).pow10();
    power(all.cpu, used.cpu) + power(all.memory, used.memory)
}

/// How full `used` leaves a node with `all`: 0 for an empty one, 18 for a full one (`ScoreFitBinPack`).
pub fn bin_pack(all: Amounts, used: Amounts) -> Score {
    (Score::new(20) - free_powers(all, used)).clamp(Score::ZERO, Score::new(MOST))
}

/// How empty it leaves it (`ScoreFitSpread`).
pub fn fit_spread(all: Amounts, used: Amounts) -> Score {
    (free_powers(all, used) - Score::new(2)).clamp(Score::ZERO, Score::new(MOST))
}

/// A score of how a task fits, as a part of the largest.
pub fn fit(score: Score) -> Score {
    score / Score::new(MOST)
}

/// What is lost where `own` tasks of the same group are on the node, of `desired`; nothing is said where there are
/// none.
pub fn anti_affinity(own: i64, desired: i64) -> Option<Score> {
    (own > 0).then(|| Score::ZERO - Score::ratio(own + 1, desired))
}

/// The weights of the affinities that hold, of all weights; nothing is said where there are no affinities.
pub fn affinity(all: &[(i64, bool)]) -> Option<Score> {
    let total: i64 = all.iter().map(|(weight, _)| weight.abs()).sum();
    let holds = all.iter().filter(|(_, holds)| *holds);
    (total > 0).then(|| Score::ratio(holds.map(|(weight, _)| weight).sum(), total))
}

/// What displacing tasks of these priorities costs: near one for few of low priority, near nothing for many.
pub fn preemption(priorities: &[i64]) -> Option<Score> {
    let most = priorities.iter().copied().max()?;
    let sum = priorities.iter().sum();
    let net = Score::new(most) + Score::ratio(sum, most);
    Some((Score::ratio(48, 10_000) * (Score::new(2048) - net)).sigmoid())
}

/// The mean of what was said; nothing where nothing was.
pub fn mean(said: &[Score]) -> Score {
    if said.is_empty() {
        return Score::ZERO;
    }
    let sum = said.iter().fold(Score::ZERO, |a, b| a + *b);
    sum / Score::new(i64::try_from(said.len()).unwrap_or(i64::MAX))
}

/// How many nodes are looked at: two for batch work, for services the logarithm of their number.
pub fn limit(nodes: u32, is_batch: bool) -> u32 {
    if is_batch || nodes < 2 {
        return 2;
    }
    (u32::BITS - (nodes - 1).leading_zeros()).max(2)
}

/// Which of `scores` are looked at, in this order: `limit` of them; those not above `threshold` are put aside, `most_aside` at
/// most, and taken when there are no others.
pub fn looked_at(
    scores: &[Score],
    limit: usize,
    threshold: Score,
    most_aside: usize,
) -> Vec<usize> {
    let (mut taken, mut aside) = (Vec::new(), Vec::new());
    for (place, score) in scores.iter().enumerate() {
        if taken.len() == limit {
            return taken;
        }
        if *score <= threshold && aside.len() < most_aside {
            aside.push(place);
        } else {
            taken.push(place);
        }
    }
    taken.extend(aside);
    taken.truncate(limit);
    taken
}
