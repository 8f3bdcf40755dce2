//! Costs, and shares capped by demand (`context/scheduling.go`, `fairness/fairness.go`).

use crate::rules::ratio::Ratio;

/// The cost of an allocation: the largest share of a resource, each times its factor; a factor that is not
/// positive counts as 1, a resource of which there is nothing not at all.
pub fn cost(allocation: &[i64], total: &[i64], factors: &[Ratio]) -> Ratio {
    let parts = allocation.iter().zip(total).zip(factors);
    let share = |((held, total), factor): ((&i64, &i64), &Ratio)| {
        let factor = if factor.is_positive() {
            *factor
        } else {
            Ratio::ONE
        };
        factor * (Ratio::from(*held) / Ratio::from(*total))
    };
    parts.map(share).fold(Ratio::ZERO, Ratio::max)
}

/// What a queue is given a share by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Its weight.
    pub weight: Ratio,
    /// The cost of all that it wants; 1 for all where the pool is empty.
    pub demand: Ratio,
}

/// A queue's shares of the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares {
    /// By weight among all queues, idle ones included.
    pub fair: Ratio,
    /// What it gets when others leave what they do not want, at most what it wants.
    pub capped: Ratio,
    /// The same if it wanted without end.
    pub uncapped: Ratio,
}

/// The most often that what is left is given out.
const ROUNDS: u32 = 10;

/// The shares of all queues: what is left is given out by weight to those that want more, until less than
/// a hundredth is left.
pub fn shares(claims: &[Claim]) -> Vec<Shares> {
    let hundredth = Ratio::ONE / Ratio::whole(100);
    let all: Ratio = claims.iter().map(|one| one.weight).sum();
    let mut shares: Vec<Shares> = claims
        .iter()
        .map(|one| Shares {
            fair: one.weight / all,
            capped: Ratio::ZERO,
            uncapped: Ratio::ZERO,
        })
        .collect();
    let mut reached = vec![false; claims.len()];
    let mut spare = vec![Ratio::ZERO; claims.len()];
    let mut left = Ratio::ONE;
    for _ in 0..ROUNDS {
        if left <= hundredth {
            break;
        }
        let open = claims
            .iter()
            .zip(&reached)
            .filter(|(_, reached)| !**reached);
        let weight: Ratio = open.map(|(claim, _)| claim.weight).sum();
        for (i, claim) in claims.iter().enumerate() {
            let with = if reached[i] {
                weight + claim.weight
            } else {
                weight
            };
            let more = claim.weight / with * (left - spare[i]);
            shares[i].uncapped = shares[i].uncapped + more;
        }
        if !weight.is_positive() {
            break;
        }
        let mut freed = Ratio::ZERO;
        for (i, claim) in claims.iter().enumerate() {
            if !reached[i] {
                shares[i].capped = shares[i].capped + claim.weight / weight * left;
            }
            let over = shares[i].capped - claim.demand;
            spare[i] = over.max(Ratio::ZERO);
            if over.is_positive() {
                shares[i].capped = claim.demand;
                reached[i] = true;
                freed = freed + over;
            }
        }
        left = freed;
    }
    shares
}

/// The share that a new queue of this weight would get if it wanted without end.
pub fn theoretical(claims: &[Claim], weight: Ratio) -> Ratio {
    let endless = Claim {
        weight,
        demand: Ratio::MAX,
    };
    let with: Vec<Claim> = claims.iter().copied().chain([endless]).collect();
    shares(&with).last().map_or(Ratio::ZERO, |one| one.capped)
}

/// By how much allocations fall short of shares capped by demand, in all.
pub fn fairness_error(queues: &[(Ratio, Ratio)]) -> Ratio {
    let short = |(capped, held): &(Ratio, Ratio)| (*capped - *held).max(Ratio::ZERO);
    queues.iter().map(short).sum()
}
