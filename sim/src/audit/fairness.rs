//! The properties of a division (Ghodsi et al., NSDI 2011, section 3), in exact fractions.

use super::divisible::{DivisibleCase, Division, Exact};
use super::property::Property;

/// How far a division is beyond what a property allows, as a part of what somebody should have; nothing where the property says
/// nothing of the case.
pub fn judged(property: Property, division: Division, case: &DivisibleCase) -> Option<f64> {
    judged_with(
        property,
        &|case| division.tasks(case),
        division.tolerance(),
        case,
    )
}

/// The same of any function that divides.
pub fn judged_with(
    property: Property,
    divide: &dyn Fn(&DivisibleCase) -> Vec<Exact>,
    tolerance: Exact,
    case: &DivisibleCase,
) -> Option<f64> {
    let tasks = divide(case);
    let tenants = 0..tasks.len();
    let worst = match property {
        Property::SharingIncentive => {
            worst(tenants.map(|one| short(tasks[one], of_its_own(case, one))))
        }
        Property::StrategyProofness => {
            let lied = divide(&case.with_lie());
            short(tasks[0], useful(&case.needs[0], &case.lie, lied[0]))
        }
        Property::EnvyFreeness => {
            let others = |one: usize| tenants.clone().map(move |other| (one, other));
            let pairs = tenants.clone().flat_map(others);
            worst(pairs.map(|(one, other)| {
                let there = useful(&case.needs[one], &case.needs[other], tasks[other]);
                short(tasks[one], there)
            }))
        }
        Property::ParetoEfficiency => worst(tenants.map(|one| {
            let more = (0..case.capacity.len()).filter(|kind| case.needs[one][*kind] > 0);
            let more = more.map(|kind| left(case, &tasks, kind) / case.need(one, kind));
            let more = more.min().unwrap_or_default();
            short(tasks[one], tasks[one] + more)
        })),
        Property::SingleResourceFairness | Property::BottleneckFairness => {
            let equal = case.has(0) / Exact::from_integer(tasks.len() as i128);
            worst(tenants.map(|one| short(tasks[one] * case.need(one, 0), equal)))
        }
        Property::PopulationMonotonicity => {
            if tasks.len() < 2 {
                return None;
            }
            let leaves = |gone: usize| {
                let after = divide(&case.without(gone));
                let before = tasks
                    .iter()
                    .enumerate()
                    .filter(move |(one, _)| *one != gone);
                let pairs = before.map(|(_, tasks)| *tasks).zip(after);
                pairs
                    .map(|(before, after)| short(after, before))
                    .collect::<Vec<_>>()
            };
            worst(tenants.flat_map(leaves))
        }
        Property::ResourceMonotonicity => {
            let after = divide(&case.with_more());
            worst(tenants.map(|one| short(after[one], tasks[one])))
        }
        _ => return None,
    };
    let beyond = worst - tolerance;
    // Numerators and denominators are small: the quotient has its sign.
    Some(*beyond.numer() as f64 / *beyond.denom() as f64)
}

/// The part of what somebody should have that it lacks; below zero where it has more.
fn short(has: Exact, should: Exact) -> Exact {
    if should == Exact::from_integer(0) {
        return Exact::from_integer(-1);
    }
    (should - has) / should
}

fn worst(all: impl Iterator<Item = Exact>) -> Exact {
    all.max().unwrap_or_else(|| Exact::from_integer(-1))
}

/// The tasks that a tenant has with an n-th of everything.
pub(super) fn of_its_own(case: &DivisibleCase, tenant: usize) -> Exact {
    let count = Exact::from_integer(case.needs.len() as i128);
    let kinds = (0..case.capacity.len()).filter(|kind| case.needs[tenant][*kind] > 0);
    let most = kinds.map(|kind| case.has(kind) / count / case.need(tenant, kind));
    most.min().unwrap_or_default()
}

/// The tasks of one size that run with what so many of another hold.
pub(super) fn useful(needs: &[u32], size: &[u32], tasks: Exact) -> Exact {
    let kinds = needs.iter().zip(size).filter(|(needs, _)| **needs > 0);
    let most = kinds.map(|(needs, size)| tasks * Exact::new((*size).into(), (*needs).into()));
    most.min().unwrap_or_default()
}

/// What is left of a resource.
pub(super) fn left(case: &DivisibleCase, tasks: &[Exact], kind: usize) -> Exact {
    let held = tasks.iter().enumerate();
    case.has(kind)
        - held
            .map(|(one, tasks)| *tasks * case.need(one, kind))
            .sum::<Exact>()
}
