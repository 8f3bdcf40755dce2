//! The cases of Armada: shares, the order of queues, passes, gangs, and rounds of cycles, fed to
//! `fairground_policies::rules::armada`.

mod pool;
mod rounds;
mod text;

use std::collections::BTreeMap;

use fairground_policies::rules::armada::order::{Item, Rules};
use fairground_policies::rules::armada::shares::{
    Claim, cost, fairness_error, shares, theoretical,
};
use fairground_policies::rules::ratio::Ratio;
use serde::Deserialize;
use serde_json::Number;

use self::text::{ItemText, Named};
use super::compared::Compared;
use super::{Case, CaseFile, Kind, System, Unreadable, Verdict};

pub(super) const SYSTEM: System = System {
    name: "armada",
    about: "shares capped by demand, passes over queues, and cycles with eviction",
    kinds: &[
        Kind {
            name: "fair_shares",
            rule: "shares by weight, capped by demand and not",
            check: fair_shares,
        },
        Kind {
            name: "theoretical_share",
            rule: "the share that a new queue would get",
            check: theoretical_share,
        },
        Kind {
            name: "fairness_error",
            rule: "by how much allocations fall short of shares",
            check: error_of_fairness,
        },
        Kind {
            name: "drf_cost",
            rule: "the weighted cost of an allocation",
            check: drf_cost,
        },
        Kind {
            name: "queue_order",
            rule: "which queue is served next",
            check: queue_order,
        },
        Kind {
            name: "queue_schedule",
            rule: "one pass over the queues without eviction",
            check: rounds::queue_schedule,
        },
        Kind {
            name: "gang_schedule",
            rule: "gangs one after the other, all or nothing",
            check: rounds::gang_schedule,
        },
        Kind {
            name: "reschedule_rounds",
            rule: "cycles that evict and place again",
            check: rounds::reschedule_rounds,
        },
    ],
    file: CaseFile::Json,
};

/// A number of a case, exactly.
fn ratio(number: &Number) -> Result<Ratio, Unreadable> {
    let text = number.to_string();
    Ratio::from_decimal(&text).ok_or_else(|| Unreadable(format!("a number: {text}")))
}

/// An amount in thousandths.
fn thousandths(number: &Number) -> Result<i64, Unreadable> {
    let exact = ratio(number)? * Ratio::whole(1000);
    let whole = i64::try_from(exact.floor())
        .ok()
        .filter(|one| Ratio::from(*one) == exact);
    whole.ok_or_else(|| Unreadable(format!("an amount: {number}")))
}

/// As near as the originals' own tests ask.
fn near(found: Ratio, expected: &Number) -> Result<bool, Unreadable> {
    let most = Ratio::ONE / Ratio::whole(100_000_000);
    Ok((found - ratio(expected)?).abs() <= most)
}

#[derive(Deserialize)]
struct QueueShare {
    #[serde(default)]
    weight: Option<Number>,
    #[serde(default)]
    demand_cpu: Option<Number>,
    #[serde(default)]
    allocated_cpu: Option<Number>,
    #[serde(default)]
    demand_capped_adjusted: Option<Number>,
}

impl QueueShare {
    fn number(of: Option<&Number>) -> Result<Ratio, Unreadable> {
        of.map_or(Ok(Ratio::ZERO), ratio)
    }
}

/// Queues in the order of their names, and what they claim of the pool.
fn claims(case: &Case<'_>) -> Result<(Vec<String>, Vec<Claim>), Unreadable> {
    let capacity = ratio(&case.read("input.capacity_cpu")?)?;
    let queues: BTreeMap<String, QueueShare> = case.read("input.queues")?;
    let mut claims = Vec::new();
    for queue in queues.values() {
        let demand = QueueShare::number(queue.demand_cpu.as_ref())?.checked_div(capacity);
        claims.push(Claim {
            weight: QueueShare::number(queue.weight.as_ref())?,
            demand: demand.unwrap_or(Ratio::ONE),
        });
    }
    Ok((queues.into_keys().collect(), claims))
}

fn fair_shares(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (names, claims) = claims(case)?;
    let found = shares(&claims);
    let mut compared = Compared::default();
    let expected =
        |member: &str| case.read::<BTreeMap<String, Number>>(&format!("expect.{member}"));
    let [fair, capped, uncapped] = [
        expected("fair_share")?,
        expected("demand_capped_adjusted")?,
        expected("uncapped_adjusted")?,
    ];
    for (name, share) in names.iter().zip(found) {
        let kinds = [
            ("fair", &fair, share.fair),
            ("capped", &capped, share.capped),
            ("uncapped", &uncapped, share.uncapped),
        ];
        for (what, expected, found) in kinds {
            let right = expected
                .get(name)
                .map_or(Ok(true), |one| near(found, one))?;
            let said = expected
                .get(name)
                .map(ToString::to_string)
                .unwrap_or_default();
            let shown = if right {
                said.clone()
            } else {
                found.to_string()
            };
            compared.same(&format!("{what} of {name}"), &said, &shown);
        }
    }
    Ok(compared.verdict())
}

fn one_number(found: Ratio, expected: &Number) -> Result<Verdict, Unreadable> {
    Ok(Verdict::of(
        near(found, expected)?,
        expected.to_string(),
        found.to_string(),
    ))
}

fn theoretical_share(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (_, claims) = claims(case)?;
    let priority = ratio(&case.read("input.priority")?)?;
    one_number(
        theoretical(&claims, Ratio::ONE / priority),
        &case.read("expect.share")?,
    )
}

fn error_of_fairness(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let capacity = ratio(&case.read("input.capacity_cpu")?)?;
    let queues: BTreeMap<String, QueueShare> = case.read("input.queues")?;
    let mut pairs = Vec::new();
    for queue in queues.values() {
        let capped = QueueShare::number(queue.demand_capped_adjusted.as_ref())?;
        let held = QueueShare::number(queue.allocated_cpu.as_ref())?;
        pairs.push((capped, held / capacity));
    }
    one_number(fairness_error(&pairs), &case.read("expect.error")?)
}

fn drf_cost(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let total: Named = case.read("input.total")?;
    let held: Named = case.read("input.allocation")?;
    let factors: Named = case.read("input.multipliers")?;
    let mut amounts = (Vec::new(), Vec::new(), Vec::new());
    // Only what has a factor counts.
    for (name, factor) in &factors {
        let zero = Number::from(0);
        amounts
            .0
            .push(thousandths(held.get(name).unwrap_or(&zero))?);
        amounts
            .1
            .push(thousandths(total.get(name).unwrap_or(&zero))?);
        amounts.2.push(ratio(factor)?);
    }
    let found = cost(&amounts.0, &amounts.1, &amounts.2);
    one_number(
        found / ratio(&case.read("input.weight")?)?,
        &case.read("expect.cost")?,
    )
}

fn queue_order(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let by_placed: bool = case.read("input.compare_scheduling_priority")?;
    let rules = Rules {
        prefer_large: case.read("input.prefer_large")?,
        home_first: case.read("input.home_before_away")?,
    };
    let mut items = Vec::new();
    for one in case.read::<Vec<ItemText>>("input.items")? {
        items.push(Item {
            priority: if by_placed {
                one.scheduling_priority
            } else {
                one.priority_class_priority
            },
            proposed: ratio(&one.proposed_cost)?,
            current: ratio(&one.current_cost)?,
            budget: ratio(&one.budget)?,
            size: ratio(&one.item_size)?,
            away: false,
            queue: one.queue,
        });
    }
    items.sort_by(|one, two| rules.compare(one, two));
    let found: Vec<String> = items.into_iter().map(|one| one.queue).collect();
    Ok(Verdict::equal(&case.read("expect.order")?, &found))
}
