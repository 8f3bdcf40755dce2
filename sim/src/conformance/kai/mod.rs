//! The cases of KAI: division, reclaim and order, fed to `fairground_policies::rules::kai`.

mod scenario;

use std::collections::BTreeMap;

use fairground_policies::rules::kai::division::{Claim, divide, divide_over_quota};
use fairground_policies::rules::kai::order::{Next, compare};
use fairground_policies::rules::kai::reclaim::{
    Reclaimer, exceeds_quota, fits_quota, guarantees_quota, keeps_fair_share, quota_candidate,
};
use fairground_policies::rules::kai::{Amounts, Bounds, NOTHING, Queue, over_limit, over_quota};
use fairground_policies::rules::ratio::Ratio;
use serde::Deserialize;
use serde_json::Number;

use super::compared::Compared;
use super::{Case, CaseFile, Kind, System, Unreadable, Verdict};

pub(super) const SYSTEM: System = System {
    name: "kai",
    about: "division of resources, and who may take back from whom",
    kinds: &[
        Kind {
            name: "division",
            rule: "one resource by quota, priority, weight and past use",
            check: division,
        },
        Kind {
            name: "division_all",
            rule: "every resource by quota, priority, weight and past use",
            check: division_all,
        },
        Kind {
            name: "hierarchy",
            rule: "children divide the fair share of their parent",
            check: hierarchy,
        },
        Kind {
            name: "can_reclaim",
            rule: "who may try to take back",
            check: can_reclaim,
        },
        Kind {
            name: "reclaimable",
            rule: "whether these may be taken back",
            check: reclaimable,
        },
        Kind {
            name: "filter_victim",
            rule: "whose work is a candidate",
            check: filter_victim,
        },
        Kind {
            name: "strategy",
            rule: "a condition of taking back",
            check: strategy,
        },
        Kind {
            name: "queue_order",
            rule: "which queue is served first",
            check: queue_order,
        },
        Kind {
            name: "over_limit",
            rule: "whether a limit would be exceeded",
            check: |case| bound(case, over_limit),
        },
        Kind {
            name: "non_preemptible_over_quota",
            rule: "whether fixed work would exceed the quota",
            check: |case| bound(case, over_quota),
        },
        Kind {
            name: "scenario",
            rule: "rounds of the whole scheduler",
            check: scenario::scenario,
        },
    ],
    file: CaseFile::Json,
};

/// The resources in their order.
const NAMES: [&str; 3] = ["cpu", "memory", "gpu"];

type Named = BTreeMap<String, Number>;

#[derive(Deserialize, Default, Clone)]
struct QueueText {
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    res: BTreeMap<String, Named>,
}

fn ratio(number: &Number) -> Result<Ratio, Unreadable> {
    let text = number.to_string();
    Ratio::from_decimal(&text).ok_or_else(|| Unreadable(format!("a number: {text}")))
}

fn amounts(named: &Named) -> Result<Amounts, Unreadable> {
    let mut all = NOTHING;
    for (amount, name) in all.iter_mut().zip(NAMES) {
        *amount = named.get(name).map_or(Ok(Ratio::ZERO), ratio)?;
    }
    Ok(all)
}

impl QueueText {
    fn number(&self, resource: &str, member: &str) -> Result<Ratio, Unreadable> {
        let of = self.res.get(resource).and_then(|all| all.get(member));
        of.map_or(Ok(Ratio::ZERO), ratio)
    }

    /// A number of which -1 is without end.
    fn bound(&self, resource: &str, member: &str) -> Result<Option<Ratio>, Unreadable> {
        let number = self.number(resource, member)?;
        Ok(Some(number).filter(|number| *number != -Ratio::ONE))
    }

    fn bounds(&self, member: &str) -> Result<Bounds, Unreadable> {
        let mut all = [None; 3];
        for (bound, name) in all.iter_mut().zip(NAMES) {
            *bound = self.bound(name, member)?;
        }
        Ok(all)
    }

    fn amounts(&self, member: &str) -> Result<Amounts, Unreadable> {
        let mut all = NOTHING;
        for (amount, name) in all.iter_mut().zip(NAMES) {
            *amount = self.number(name, member)?;
        }
        Ok(all)
    }

    fn claim(&self, name: &str, resource: &str) -> Result<Claim, Unreadable> {
        Ok(Claim {
            name: name.to_owned(),
            priority: self.priority,
            created: self.created,
            quota: self.bound(resource, "quota")?,
            limit: self.bound(resource, "limit")?,
            weight: self.number(resource, "weight")?,
            request: self.number(resource, "request")?,
            usage: self.number(resource, "usage")?,
            fair: self.number(resource, "fair_share")?,
        })
    }

    fn queue(&self, parent: Option<usize>) -> Result<Queue, Unreadable> {
        Ok(Queue {
            parent,
            priority: self.priority,
            created: self.created,
            quota: self.bounds("quota")?,
            limit: self.bounds("limit")?,
            fair: self.bounds("fair_share")?,
            allocated: self.amounts("allocated")?,
            fixed: self.amounts("allocated_non_preemptible")?,
        })
    }
}

/// The queues of a case in the order of their names, and the names.
fn queues(case: &Case<'_>) -> Result<(Vec<Queue>, Vec<String>), Unreadable> {
    let said: BTreeMap<String, QueueText> = case.read("input.queues")?;
    let names: Vec<String> = said.keys().cloned().collect();
    let place = |name: &String| names.iter().position(|one| one == name);
    let queue = |one: &QueueText| one.queue(one.parent.as_ref().and_then(place));
    Ok((said.values().map(queue).collect::<Result<_, _>>()?, names))
}

fn place(names: &[String], name: &str) -> Result<usize, Unreadable> {
    let found = names.iter().position(|one| one == name);
    found.ok_or_else(|| Unreadable(format!("expected a queue `{name}`, found none")))
}

/// As near as the originals' own tests ask.
fn near(found: Ratio, expected: Ratio) -> bool {
    (found - expected).abs() <= Ratio::ONE / Ratio::whole(1_000_000)
}

fn same_number(
    to: &mut Compared,
    what: &str,
    found: Ratio,
    expected: &Number,
) -> Result<(), Unreadable> {
    let expected = ratio(expected)?;
    let shown = if near(found, expected) {
        expected
    } else {
        found
    };
    to.same(what, &expected, &shown);
    Ok(())
}

fn division(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let resource: String = case.read("input.resource")?;
    let said: BTreeMap<String, QueueText> = case.read("input.queues")?;
    let total = ratio(&case.read("input.total")?)?;
    let k = ratio(&case.read("input.k")?)?;
    let claim = |(name, one): (&String, &QueueText)| one.claim(name, &resource);
    let mut claims: Vec<Claim> = said.iter().map(claim).collect::<Result<_, _>>()?;
    let left = match case.read::<String>("input.phase")?.as_str() {
        "over_quota_only" => divide_over_quota(total, k, &mut claims),
        _ => divide(total, k, &mut claims),
    };
    let mut compared = Compared::default();
    for (name, expected) in &case.read::<Named>("expect.fair_share")? {
        let claim = claims.iter().find(|claim| claim.name == *name);
        let fair = claim.map_or(Ratio::ZERO, |claim| claim.fair);
        same_number(&mut compared, &format!("share of {name}"), fair, expected)?;
    }
    if let Some(expected) = case.maybe("expect.remaining")? {
        same_number(&mut compared, "left", left, &expected)?;
    }
    Ok(compared.verdict())
}

fn division_all(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let said: BTreeMap<String, QueueText> = case.read("input.queues")?;
    let total = amounts(&case.read("input.total")?)?;
    let k = ratio(&case.read("input.k")?)?;
    let expected: BTreeMap<String, Named> = case.read("expect.fair_share")?;
    let mut compared = Compared::default();
    for (resource, total) in NAMES.iter().zip(total) {
        let claim = |(name, one): (&String, &QueueText)| one.claim(name, resource);
        let mut claims: Vec<Claim> = said.iter().map(claim).collect::<Result<_, _>>()?;
        divide(total, k, &mut claims);
        for claim in claims {
            if let Some(number) = expected.get(&claim.name).and_then(|all| all.get(*resource)) {
                let what = format!("{resource} of {}", claim.name);
                same_number(&mut compared, &what, claim.fair, number)?;
            }
        }
    }
    Ok(compared.verdict())
}

/// The fair share of GPUs of all queues below some, which share `total`.
fn divide_below(
    said: &BTreeMap<String, QueueText>,
    parent: Option<&String>,
    (total, k): (Ratio, Ratio),
    to: &mut BTreeMap<String, Ratio>,
) -> Result<(), Unreadable> {
    let children = said.iter().filter(|(_, one)| one.parent.as_ref() == parent);
    let claim = |(name, one): (&String, &QueueText)| one.claim(name, "gpu");
    let mut claims: Vec<Claim> = children.map(claim).collect::<Result<_, _>>()?;
    divide(total, k, &mut claims);
    for claim in claims {
        to.insert(claim.name.clone(), claim.fair);
        divide_below(said, Some(&claim.name), (claim.fair, k), to)?;
    }
    Ok(())
}

fn hierarchy(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let said: BTreeMap<String, QueueText> = case.read("input.queues")?;
    let total = ratio(&case.read("input.total.gpu")?)?;
    let k = ratio(&case.read("input.k")?)?;
    let mut found = BTreeMap::new();
    divide_below(&said, None, (total, k), &mut found)?;
    let mut compared = Compared::default();
    for (name, expected) in &case.read::<Named>("expect.fair_share_gpu")? {
        let fair = found.get(name).copied().unwrap_or(Ratio::ZERO);
        same_number(&mut compared, &format!("share of {name}"), fair, expected)?;
    }
    Ok(compared.verdict())
}

fn reclaimer(case: &Case<'_>, names: &[String]) -> Result<Reclaimer, Unreadable> {
    let preemptible: Option<bool> = case.maybe("input.preemptible")?;
    Ok(Reclaimer {
        queue: place(names, &case.read::<String>("input.reclaimer_queue")?)?,
        ask: amounts(&case.read("input.request")?)?,
        fixed: !preemptible.unwrap_or(true),
    })
}

fn result(case: &Case<'_>, found: bool) -> Result<Verdict, Unreadable> {
    Ok(Verdict::equal(&case.read("expect.result")?, &found))
}

fn can_reclaim(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (queues, names) = queues(case)?;
    result(case, reclaimer(case, &names)?.may_try(&queues))
}

fn reclaimable(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (queues, names) = queues(case)?;
    let mut victims = Vec::new();
    for (name, bundles) in case.read::<BTreeMap<String, Vec<Named>>>("input.victims")? {
        let bundles = bundles.iter().map(amounts).collect::<Result<_, _>>()?;
        victims.push((place(&names, &name)?, bundles));
    }
    let multiplier = ratio(&case.read("input.saturation_multiplier")?)?;
    result(
        case,
        reclaimer(case, &names)?.may_take(&queues, &victims, multiplier),
    )
}

fn filter_victim(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (queues, names) = queues(case)?;
    let victim = place(&names, &case.read::<String>("input.victim_queue")?)?;
    result(
        case,
        reclaimer(case, &names)?.may_take_from(&queues, victim),
    )
}

fn strategy(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (queues, names) = queues(case)?;
    let find = |name: &str| {
        names
            .iter()
            .position(|one| one == name)
            .map(|place| &queues[place])
    };
    let none = Queue::default();
    let [reclaimer, victim] = ["reclaimer", "victim"].map(|name| find(name).unwrap_or(&none));
    let ask = amounts(&case.read("input.request")?)?;
    let remaining = amounts(&case.read("input.remaining")?)?;
    let holds = match case.read::<String>("input.predicate")?.as_str() {
        "maintain_fair_share" => keeps_fair_share(victim, &remaining),
        "reclaimer_fits_quota" => fits_quota(reclaimer, &ask),
        "victim_exceeds_quota" => exceeds_quota(victim, &remaining),
        "guarantee_quota" => guarantees_quota(reclaimer, &ask, victim, &remaining),
        "quota_candidate" => quota_candidate(victim, &ask),
        other => return Err(Unreadable(format!("expected a condition, found {other}"))),
    };
    result(case, holds)
}

fn queue_order(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (queues, names) = queues(case)?;
    let next = |name: &str| {
        Ok(Next {
            queue: &queues[place(&names, name)?],
            job: amounts(&case.read(&format!("input.{name}_job"))?)?,
            victims: NOTHING,
        })
    };
    let (left, right) = (next("left")?, next("right")?);
    let total = amounts(&case.read("input.total")?)?;
    let first = if compare(&left, &right, &total).is_lt() {
        "left"
    } else {
        "right"
    };
    Ok(Verdict::equal(
        &case.read::<String>("expect.result")?,
        &first.to_owned(),
    ))
}

/// Whether a bound would be exceeded, and of which resource first.
fn bound(
    case: &Case<'_>,
    rule: impl Fn(&Queue, &Amounts) -> Option<usize>,
) -> Result<Verdict, Unreadable> {
    let queue = case.read::<QueueText>("input.queue")?.queue(None)?;
    let found = rule(&queue, &amounts(&case.read("input.request")?)?);
    let mut compared = Compared::default();
    compared.same("exceeded", &case.read("expect.result")?, &found.is_some());
    if let Some(resource) = case.maybe::<String>("expect.resource")? {
        compared.same(
            "resource",
            &Some(resource.as_str()),
            &found.map(|i| NAMES[i]),
        );
    }
    Ok(compared.verdict())
}
