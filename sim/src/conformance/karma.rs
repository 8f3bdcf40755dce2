//! Karma: exchanges of one quantum, and sequences of them.

use std::collections::BTreeMap;

use fairground_policies::rules::karma::{Exchange, User, exchange};

use super::{Case, CaseFile, Kind, System, Unreadable, Verdict};

pub(super) const SYSTEM: System = System {
    name: "karma",
    about: "slices lent for credits, quantum by quantum",
    kinds: &[
        Kind {
            name: "exchange",
            rule: "one quantum: who lends, who borrows, who is paid (section 3)",
            check: one_quantum,
        },
        Kind {
            name: "sequence",
            rule: "credits from quantum to quantum",
            check: sequence,
        },
    ],
    file: CaseFile::Json,
};

/// What the cases call the pool where they speak of users.
const POOL: &str = "$public$";

type Amounts = BTreeMap<String, i64>;

fn users(names: &[String], demands: &Amounts, credits: &Amounts) -> Result<Vec<User>, Unreadable> {
    let of = |amounts: &Amounts, name: &String| {
        let amount = amounts.get(name).copied().map(u64::try_from);
        let amount = amount.and_then(Result::ok);
        amount.ok_or_else(|| Unreadable(format!("expected an amount of `{name}`, none below zero")))
    };
    let user = |name| {
        Ok(User {
            demand: of(demands, name)?,
            credits: of(credits, name)?,
        })
    };
    names.iter().map(user).collect()
}

fn one_quantum(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let demands: Amounts = case.read("input.demands")?;
    let names: Vec<String> = demands.keys().cloned().collect();
    let users = users(&names, &demands, &case.read("input.credits")?)?;
    let found = exchange(
        &users,
        case.read("input.fair_share")?,
        case.read("input.public")?,
    );
    let (slices, earned) = by_name(&names, &found);
    same(case, "expect.allocations", &slices)?
        .and(|| same(case, "expect.rates", &earned))?
        .and(|| one_of(case, "expect.allocations_sorted_any_of", &slices))?
        .and(|| one_of(case, "expect.rates_sorted_any_of", &earned))
}

fn by_name(names: &[String], found: &Exchange) -> (Amounts, Amounts) {
    let given = found.slices.iter().map(|one| one.cast_signed());
    let slices = names.iter().cloned().zip(given).collect();
    let earned = names.iter().cloned().zip(found.earned.iter().copied());
    let mut earned: Amounts = earned.collect();
    earned.insert(POOL.to_owned(), found.pool.cast_signed());
    (slices, earned)
}

/// Those that the case names.
fn same(case: &Case<'_>, path: &str, found: &Amounts) -> Result<Verdict, Unreadable> {
    let expected: Amounts = case.maybe(path)?.unwrap_or_default();
    let mut some = found.clone();
    some.retain(|name, _| expected.contains_key(name));
    Ok(Verdict::equal(&expected, &some))
}

/// Where ties are free: the sorted amounts are one of some lists.
fn one_of(case: &Case<'_>, path: &str, found: &Amounts) -> Result<Verdict, Unreadable> {
    let Some(lists) = case.maybe::<Vec<Vec<i64>>>(path)? else {
        return Ok(Verdict::AGREES);
    };
    let of: Vec<String> = case.read("expect.of")?;
    let mut some: Vec<i64> = of
        .iter()
        .filter_map(|name| found.get(name).copied())
        .collect();
    some.sort_unstable();
    let right = lists.contains(&some);
    Ok(Verdict::of(
        right,
        format!("one of {lists:?}"),
        format!("{some:?}"),
    ))
}

fn sequence(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let names: Vec<String> = case.read("input.users")?;
    let [slices, public] = [
        case.read::<u64>("input.slices")?,
        case.read("input.public")?,
    ];
    let count = names.len() as u64;
    let share = slices.saturating_sub(public) / count.max(1);
    let start: i64 = case.read("input.init_credits")?;
    let free = match case.read::<String>("input.credit_rule")?.as_str() {
        "free" => true,
        "redistribute" => false,
        other => {
            return Err(Unreadable(format!(
                "expected the credit rule free or redistribute, found {other}"
            )));
        }
    };
    let mut credits: Amounts = names.iter().map(|name| (name.clone(), start)).collect();
    let mut pool = 0;
    let quanta: Vec<Amounts> = case.read("input.demands")?;
    for (quantum, demands) in quanta.iter().enumerate() {
        // For nothing, or once the pool has earned one for each.
        let gift = if free { public / count } else { pool / count };
        if !free {
            pool -= gift * count;
        }
        for one in credits.values_mut() {
            *one += gift.cast_signed();
        }
        let found = exchange(&users(&names, demands, &credits)?, share, public);
        let (slices, earned) = by_name(&names, &found);
        pool += found.pool;
        for (name, one) in &mut credits {
            *one += earned[name];
        }
        let at = format!("expect.quanta.{quantum}");
        let verdict = same(case, &format!("{at}.allocations"), &slices)?
            .and(|| same(case, &format!("{at}.credits"), &credits))?
            .and(|| {
                let expected = case.maybe::<u64>(&format!("{at}.pool_credits"))?;
                Ok(expected.map_or(Verdict::AGREES, |expected| Verdict::equal(&expected, &pool)))
            })?;
        if verdict != Verdict::AGREES {
            return Ok(verdict);
        }
    }
    Ok(Verdict::AGREES)
}
