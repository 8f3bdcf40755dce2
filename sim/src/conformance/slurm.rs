//! Slurm: fair tree, classic fair share, backfill.

use std::collections::BTreeMap;

use fairground_policies::rules::slurm::backfill::{Config, Waiting, plan};
use fairground_policies::rules::slurm::fair_share::{
    Association, Equal, Standing, classic, fair_tree,
};
use serde::Deserialize;
use serde_json::Value;

use super::case::{close, decimal, near};
use super::{Case, CaseFile, Kind, System, Unreadable, Verdict};

pub(super) const SYSTEM: System = System {
    name: "slurm",
    about: "fair tree, classic fair share, backfill",
    kinds: &[
        Kind {
            name: "fair_tree",
            rule: "fair tree: level by level, users by place",
            check: tree,
        },
        Kind {
            name: "classic_fair_share",
            rule: "classic fair share: two to the minus usage by shares",
            check: classic_shares,
        },
        Kind {
            name: "backfill",
            rule: "backfill: every job that waits is planned",
            check: backfill,
        },
    ],
    file: CaseFile::Json,
};

#[derive(Deserialize)]
struct Line {
    id: i64,
    parent: i64,
    shares: Value,
    usage: u64,
    account: String,
    #[serde(default)]
    user: String,
}

/// Whose an association is: account and user.
type Owner = (String, String);

/// The associations of a case, parents first, and whose each is.
fn associations(case: &Case<'_>) -> Result<(Vec<Association>, Vec<Owner>), Unreadable> {
    let mut lines: Vec<Line> = case.read("input.associations")?;
    let mut sorted: Vec<Line> = Vec::with_capacity(lines.len());
    while !lines.is_empty() {
        let count = lines.len();
        let ready =
            |line: &Line| line.parent == 0 || sorted.iter().any(|one| one.id == line.parent);
        let (now, later): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(ready);
        if later.len() == count {
            return Err(Unreadable(
                "expected a parent in the list for every association".to_owned(),
            ));
        }
        sorted.extend(now);
        lines = later;
    }
    let association = |line: &Line| {
        let inherits = line.shares.as_str() == Some("parent");
        let shares = line.shares.as_u64();
        if !inherits && shares.is_none() {
            return Err(Unreadable(format!(
                "expected shares, a number or parent, found {}",
                line.shares
            )));
        }
        Ok(Association {
            parent: sorted.iter().position(|one| one.id == line.parent),
            shares,
            usage: line.usage,
            is_user: !line.user.is_empty(),
        })
    };
    let all = sorted.iter().map(association).collect::<Result<_, _>>()?;
    let names = sorted
        .iter()
        .map(|line| (line.account.clone(), line.user.clone()));
    Ok((all, names.collect()))
}

/// Every number of every row that the case has.
fn same(case: &Case<'_>, names: &[Owner], found: &[Standing]) -> Result<Verdict, Unreadable> {
    let rows: Vec<BTreeMap<String, Value>> = case.read("expect.rows")?;
    for row in rows {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let is = |(account, user): &Owner| account == text("account") && user == text("user");
        let place = names.iter().position(is);
        let place = place.ok_or_else(|| {
            Unreadable(format!(
                "expected an association of the row {row:?}, found none"
            ))
        })?;
        let it = &found[place];
        let right = row.iter().all(|(name, number)| match name.as_str() {
            "norm_shares" => near(number, it.norm_shares),
            "norm_usage" => near(number, it.norm_usage),
            "effective_usage" => near(number, it.effective_usage),
            "level_fs" => near(number, it.level),
            "fair_share" => {
                let (expected, found) = (number.as_f64(), it.fair_share.map(decimal));
                expected
                    .zip(found)
                    .is_some_and(|(expected, found)| close(expected, found))
            }
            _ => true,
        });
        if !right {
            return Ok(Verdict::of(false, format!("{row:?}"), format!("{it:?}")));
        }
    }
    Ok(Verdict::AGREES)
}

fn tree(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (all, names) = associations(case)?;
    let merge = case.maybe("input.merge_tied_accounts")?.unwrap_or(false);
    let found = fair_tree(
        &all,
        if merge {
            Equal::Merged
        } else {
            Equal::Original
        },
    );
    let verdict = same(case, &names, &found)?;
    if merge || verdict != Verdict::AGREES {
        return Ok(verdict);
    }
    // Floats and the manual may say otherwise where siblings stand equal: all answers are told.
    let users = |found: &[Standing]| {
        let all = names
            .iter()
            .zip(found)
            .filter(|((_, user), _)| !user.is_empty());
        let told = all
            .map(|((_, user), one)| format!("{user} {:.6}", one.fair_share.map_or(0.0, decimal)));
        told.collect::<Vec<_>>()
    };
    let original = users(&found);
    let others = |(equal, why): (Equal, &str)| {
        let mut others = users(&fair_tree(&all, equal));
        others.retain(|one| !original.contains(one));
        (!others.is_empty()).then(|| format!("{why}: {}", others.join(", ")))
    };
    let exact = (Equal::Exact, "without the rounding of floats");
    let merged = (
        Equal::Merged,
        "children of equal accounts merged, as the manual says",
    );
    let beside: Vec<String> = [exact, merged].into_iter().filter_map(others).collect();
    let beside = (!beside.is_empty()).then(|| beside.join("; "));
    Ok(Verdict::Agrees { beside })
}

fn classic_shares(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (all, names) = associations(case)?;
    same(
        case,
        &names,
        &classic(&all, case.maybe("input.damping")?.unwrap_or(1)),
    )
}

fn backfill(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize)]
    struct Job {
        priority: i64,
        nodes: usize,
        minutes: u64,
        license: Option<String>,
        n: Option<usize>,
    }
    let licences: BTreeMap<String, u32> = case.maybe("input.licenses")?.unwrap_or_default();
    let mut jobs = Vec::new();
    for job in case.read::<Vec<Job>>("input.jobs")? {
        let licence = job.license.as_ref().map(|name| {
            let place = licences.keys().position(|one| one == name);
            place.ok_or_else(|| Unreadable(format!("expected a licence `{name}`, found none")))
        });
        let waiting = Waiting {
            priority: job.priority,
            nodes: job.nodes,
            limit: job.minutes * 60,
            licence: licence.transpose()?,
        };
        jobs.extend(std::iter::repeat_n(waiting, job.n.unwrap_or(1)));
    }
    let nodes: usize = case.read("input.nodes")?;
    let counts: Vec<u32> = licences.values().copied().collect();
    let starts = plan(&vec![0; nodes], &counts, &jobs, Config::default());
    let numbers = |name: &str| {
        case.maybe::<Vec<usize>>(&format!("expect.{name}"))
            .map(Option::unwrap_or_default)
    };
    let of = |number: &usize| starts.get(number.wrapping_sub(1)).copied().flatten();
    let pairs: Vec<(usize, usize)> = case.maybe("expect.equal_start")?.unwrap_or_default();
    let right = numbers("running")?.iter().all(|one| of(one) == Some(0))
        && numbers("not_running")?.iter().all(|one| of(one) != Some(0))
        && numbers("has_start")?.iter().all(|one| of(one).is_some())
        && numbers("no_start")?.iter().all(|one| of(one).is_none())
        && pairs.iter().all(|(a, b)| of(a).is_some() && of(a) == of(b))
        && (case.maybe("expect.order_property")? != Some(true) || in_order(&jobs, &starts));
    let expected: Value = case.read("expect")?;
    Ok(Verdict::of(
        right,
        expected.to_string(),
        format!("starts {starts:?}"),
    ))
}

/// No job is planned before one of a higher priority that needs no more nodes.
fn in_order(jobs: &[Waiting], starts: &[Option<u64>]) -> bool {
    let all = || jobs.iter().zip(starts);
    all().all(|(high, start)| {
        let after = |(low, other): (&Waiting, &Option<u64>)| {
            low.priority >= high.priority
                || low.nodes < high.nodes
                || other.is_none()
                || (start.is_some() && start <= other)
        };
        all().all(after)
    })
}
