//! Mesos: shuffles, order, books and offers, beyond the scripts of `policies/tests/scripts/mesos_*.txt`. What holds is
//! played on the core's own master.

mod allocator;
mod amounts;
mod cluster;
mod sorter;

use std::collections::BTreeMap;

use fairground_policies::rules::mesos::{WeightedNode, places_in_shuffle, relative_weights};
use fairground_policies::rules::ratio::Ratio;

use super::case::thousandths;
use super::{Case, CaseFile, Kind, System, Unreadable, Verdict};

pub(super) const SYSTEM: System = System {
    name: "mesos-extra",
    about: "shuffles by weight, the order of roles and frameworks, offers, quota",
    kinds: &[
        Kind {
            name: "random_order",
            rule: "random sorter: leaves are drawn by their relative weights, without replacement",
            check: shuffled,
        },
        Kind {
            name: "drf_sorter",
            rule: "order: the dominant share, the fewest allocations, the name",
            check: sorter::order,
        },
        Kind {
            name: "sorter_bookkeeping",
            rule: "what is held is counted, whatever it is made into and whoever wants no offers",
            check: sorter::totals,
        },
        Kind {
            name: "role_tree",
            rule: "roles: weights, quotas, and reservations that count for all above",
            check: sorter::tree,
        },
        Kind {
            name: "allocator",
            rule: "offers: by dominant share, within quota and headroom",
            check: allocator::offers,
        },
        Kind {
            name: "quota_api",
            rule: "quota: which requests are taken",
            check: |_| {
                Ok(Verdict::NotOffered(
                    "requests of operators are the real master's, not the core's (real/tests/master/quotas.rs)",
                ))
            },
        },
    ],
    file: CaseFile::Json,
};

/// The probability of each item at each place, within the tolerance of the original's draws.
fn shuffled(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let flat: BTreeMap<String, f64> = case.maybe("tree")?.unwrap_or_default();
    let weights: BTreeMap<String, f64> = case.maybe("weights")?.unwrap_or(flat);
    let clients: Option<Vec<String>> = case.maybe("clients")?;
    // By their paths, those above come first.
    let mut paths: Vec<&String> = weights.keys().chain(clients.iter().flatten()).collect();
    paths.sort();
    paths.dedup();
    let node = |path: &&String| {
        let weight = thousandths(weights.get(*path).copied().unwrap_or(1.0))?;
        let parent = path.rsplit_once('/').map(|(above, _)| above);
        Ok(WeightedNode {
            parent: paths.iter().position(|one| Some(one.as_str()) == parent),
            weight: Ratio::quotient(weight.into(), 1000),
            is_client: clients.as_ref().is_none_or(|all| all.contains(path)),
        })
    };
    let tree: Vec<WeightedNode> = paths.iter().map(node).collect::<Result<_, Unreadable>>()?;
    let found = places_in_shuffle(&relative_weights(&tree));
    let expected: Vec<Vec<f64>> = case.read("expect.probability_of_item_at_position")?;
    let tolerance: f64 = case.read("tolerance")?;
    let number = |ratio: &Ratio| {
        let (over, under) = ratio.parts();
        over as f64 / under as f64
    };
    let found: Vec<Vec<f64>> = found
        .iter()
        .map(|row| row.iter().map(number).collect())
        .collect();
    let near = |(row, other): (&Vec<f64>, &Vec<f64>)| {
        let each = row.iter().zip(other);
        row.len() == other.len()
            && each
                .into_iter()
                .all(|(one, other)| (one - other).abs() <= tolerance)
    };
    let right = expected.len() == found.len() && expected.iter().zip(&found).all(near);
    Ok(Verdict::of(
        right,
        format!("{expected:?}"),
        format!("{found:?}"),
    ))
}
