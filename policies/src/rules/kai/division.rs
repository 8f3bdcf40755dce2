//! How one resource is divided among queues of the same parent (`resource_division/resource_division.go`).
//!
//! First everybody's quota, then what is left by priority and weight, less the more was used in the past; whole units
//! at a time, and what remains of them by the largest remainder. Ties: the older queue, then the name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Amounts, NOTHING, Queue, RESOURCES};
use crate::rules::ratio::Ratio;

/// What a queue's share is made of beside its bounds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weighted {
    /// Its name, the last tie-breaker.
    pub name: String,
    /// By resource, its weight for what is above quotas.
    pub weight: Amounts,
    /// By resource, the part of the cluster that it used in the past.
    pub usage: Amounts,
    /// By resource, what it holds and what waits, those below it included.
    pub wanted: Amounts,
}

/// What a queue claims of one resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Its name, the last tie-breaker.
    pub name: String,
    /// The higher the earlier.
    pub priority: i64,
    /// When it was created; any unit.
    pub created: i64,
    /// What it is guaranteed; `None` is all there is.
    pub quota: Option<Ratio>,
    /// The most it may have; `None` is without end.
    pub limit: Option<Ratio>,
    /// Its weight for what is above quotas.
    pub weight: Ratio,
    /// What it wants.
    pub request: Ratio,
    /// The part of the cluster that it used in the past, 0 to 1.
    pub usage: Ratio,
    /// What it has been given.
    pub fair: Ratio,
}

impl Claim {
    fn wanted(&self) -> Ratio {
        self.limit
            .map_or(self.request, |limit| limit.min(self.request))
    }

    fn satisfied(&self) -> bool {
        self.request <= self.fair || self.limit.is_some_and(|limit| limit <= self.fair)
    }
}

/// Gives everybody its quota, and the rest by priority and weight; what is left over. `k` is how much past use counts.
pub fn divide(total: Ratio, k: Ratio, claims: &mut [Claim]) -> Ratio {
    let mut left = total;
    for claim in claims.iter_mut() {
        claim.fair = claim.quota.unwrap_or(total).min(claim.wanted());
        left = left - claim.fair;
    }
    if !left.is_positive() {
        return Ratio::ZERO;
    }
    divide_over_quota(left, k, claims)
}

/// Gives `left` by priority and weight to those that want more than they have been given; what is left over.
pub fn divide_over_quota(left: Ratio, k: Ratio, claims: &mut [Claim]) -> Ratio {
    let priorities: BTreeSet<i64> = claims.iter().map(|claim| claim.priority).collect();
    let mut left = left;
    let mut remainders: Vec<BTreeMap<usize, Ratio>> = Vec::new();
    for priority in priorities.into_iter().rev() {
        let band: Vec<usize> = (0..claims.len())
            .filter(|id| claims[*id].priority == priority)
            .collect();
        let mut kept = BTreeMap::new();
        while left.is_positive() && round(&mut left, k, claims, &band, &mut kept) {}
        remainders.push(kept);
    }
    for kept in remainders {
        let mut order: Vec<(usize, Ratio)> = kept.into_iter().collect();
        order.sort_by(|(one, rest), (two, other)| {
            let key = |id: usize| (claims[id].created, &claims[id].name);
            other.cmp(rest).then_with(|| key(*one).cmp(&key(*two)))
        });
        for (id, _) in order {
            let unit = left.min(Ratio::ONE);
            if unit.is_positive() {
                claims[id].fair = claims[id].fair + unit;
                left = left - unit;
            }
        }
    }
    left
}

/// One round within a priority; whether somebody wanted less than was offered, so that another makes sense.
fn round(
    left: &mut Ratio,
    k: Ratio,
    claims: &mut [Claim],
    band: &[usize],
    remainders: &mut BTreeMap<usize, Ratio>,
) -> bool {
    let wants = |claim: &&Claim| claim.wanted() > claim.fair;
    let weight: Ratio = band
        .iter()
        .map(|id| &claims[*id])
        .filter(wants)
        .map(|claim| claim.weight)
        .sum();
    if weight.is_zero() {
        return false;
    }
    let part = |claim: &Claim| {
        let by_weight = claim.weight / weight;
        (by_weight + k * (by_weight - claim.usage)).max(Ratio::ZERO)
    };
    let open: Vec<(usize, Ratio)> = band
        .iter()
        .filter(|id| !claims[**id].satisfied())
        .map(|id| (*id, part(&claims[*id])))
        .collect();
    let sum: Ratio = open.iter().map(|(_, part)| *part).sum();
    if sum.is_zero() {
        return false;
    }
    let pool = *left;
    let mut again = false;
    for (id, part) in open {
        let claim = &mut claims[id];
        if claim.weight.is_zero() {
            continue;
        }
        if !left.is_positive() {
            break;
        }
        let slice = pool * part / sum;
        let need = (claim.wanted() - claim.fair).max(Ratio::ZERO);
        let given = if need <= slice {
            remainders.remove(&id);
            again |= need < slice && need.is_positive();
            need
        } else {
            let whole = Ratio::whole(slice.floor());
            if slice > whole {
                remainders.insert(id, slice - whole);
            }
            whole
        };
        claim.fair = claim.fair + given;
        *left = *left - given;
    }
    again
}

/// The fair share of every queue: those at the top share `total`, others the fair share of their parent. `k` is how
/// much past use counts.
pub fn divide_tree(queues: &mut [Queue], weighted: &[Weighted], total: &Amounts, k: Ratio) {
    let mut next = vec![(None, *total)];
    while let Some((parent, whole)) = next.pop() {
        let below: Vec<usize> = (0..queues.len())
            .filter(|id| queues[*id].parent == parent)
            .collect();
        let mut fair = vec![NOTHING; below.len()];
        for resource in 0..RESOURCES {
            let claim = |id: &usize| Claim {
                name: weighted[*id].name.clone(),
                priority: queues[*id].priority,
                created: queues[*id].created,
                quota: queues[*id].quota[resource],
                limit: queues[*id].limit[resource],
                weight: weighted[*id].weight[resource],
                request: weighted[*id].wanted[resource],
                usage: weighted[*id].usage[resource],
                fair: Ratio::ZERO,
            };
            let mut claims: Vec<Claim> = below.iter().map(claim).collect();
            divide(whole[resource], k, &mut claims);
            for (fair, claim) in fair.iter_mut().zip(claims) {
                fair[resource] = claim.fair;
            }
        }
        for (id, fair) in below.into_iter().zip(fair) {
            queues[id].fair = fair.map(Some);
            next.push((Some(id), fair));
        }
    }
}
