//! Queues by weight (`plugins/proportion/proportion.go`).

use super::Amounts;
use crate::rules::ratio::Ratio;

/// What a queue claims.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claim {
    /// Its weight.
    pub weight: Ratio,
    /// The most it may hold.
    pub capability: Amounts,
    /// What is kept for it.
    pub guarantee: Amounts,
    /// What it holds and wants.
    pub request: Amounts,
}

/// The most that each queue may hold: what others are not guaranteed, at most its capability. `reserved` is guaranteed
/// in all, queues included that claim nothing.
pub fn real(
    total: &Amounts,
    reserved: &Amounts,
    guarantee: &Amounts,
    capability: &Amounts,
) -> Amounts {
    total.over(reserved).plus(guarantee).capped(capability)
}

/// What each queue deserves of `total`: what is left is given by weight to those that want more, until nothing changes.
pub fn deserved(total: &Amounts, reserved: &Amounts, claims: &[Claim]) -> Vec<Amounts> {
    let mut deserved = vec![Amounts::default(); claims.len()];
    let mut open = vec![true; claims.len()];
    let mut left = total.clone();
    loop {
        let weights = claims.iter().zip(&open).filter(|(_, open)| **open);
        let weight: Ratio = weights.map(|(claim, _)| claim.weight).sum();
        if weight.is_zero() {
            return deserved;
        }
        let (mut more, mut less) = (Amounts::default(), Amounts::default());
        for (i, claim) in claims
            .iter()
            .enumerate()
            .filter(|(i, _)| open[*i])
            .collect::<Vec<_>>()
        {
            let real = real(total, reserved, &claim.guarantee, &claim.capability);
            let before = deserved[i].clone();
            let now = before.plus(&left.times(claim.weight / weight));
            let now = now
                .at_most(&real)
                .at_most(&claim.request)
                .at_least(&claim.guarantee);
            open[i] = !(claim.request.fits(&now) || now == before);
            more = more.plus(&now.over(&before));
            less = less.plus(&before.over(&now));
            deserved[i] = now;
        }
        let next = left.over(&more).plus(&less);
        if next.is_empty() || next == left {
            return deserved;
        }
        left = next;
    }
}

/// Whom queues above what they deserve give up, of candidates (their queue, what they hold) in their order: the last
/// of a queue may bring it below.
pub fn victims(
    candidates: &[(usize, Amounts)],
    held: &[Amounts],
    deserved: &[Amounts],
) -> Vec<usize> {
    let mut held = held.to_vec();
    let mut found = Vec::new();
    for (index, (queue, amounts)) in candidates.iter().enumerate() {
        if !held[*queue].fits(&deserved[*queue]) {
            held[*queue] = held[*queue].minus(amounts);
            found.push(index);
        }
    }
    found
}
