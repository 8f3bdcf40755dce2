//! Cases of who is served first in a leaf of the capacity scheduler.

use std::cmp::Ordering;

use fairground_policies::rules::yarn::order::{self, FairOrder, Waiting};
use fairground_policies::rules::yarn::victims::{App, Container, containers_by_order};
use serde::Deserialize;

use crate::conformance::case::{sign, single};
use crate::conformance::{Case, Unreadable, Verdict};

#[derive(Deserialize, Clone, Default)]
struct Line {
    #[serde(default)]
    id: String,
    priority: Option<i64>,
    #[serde(default)]
    serial: i64,
    #[serde(default)]
    start: i64,
    #[serde(default)]
    used: i64,
    #[serde(default)]
    pending: i64,
}

impl Line {
    /// Of those of which the case says when they came; else the earlier in the list is the older.
    fn waiting(&self) -> Waiting {
        Waiting {
            priority: self.priority,
            serial: self.serial + self.start,
            used: self.used,
            pending: self.pending,
        }
    }
}

fn pair(case: &Case<'_>) -> Result<(Waiting, Waiting), Unreadable> {
    let line = |name| case.read::<Line>(name).map(|line| line.waiting());
    Ok((line("first")?, line("second")?))
}

fn same_sign(case: &Case<'_>, found: Ordering) -> Result<Verdict, Unreadable> {
    Ok(Verdict::equal(
        &case.read::<i64>("expect.sign")?,
        &sign(found),
    ))
}

pub(super) fn fifo(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (first, second) = pair(case)?;
    same_sign(case, order::fifo(&first, &second))
}

pub(super) fn fair(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (first, second) = pair(case)?;
    let size_weight = case.maybe("size_based_weight")?.unwrap_or(false);
    same_sign(case, order::fair(&first, &second, size_weight))
}

pub(super) fn fifo_list(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let mut lines: Vec<Waiting> = case
        .read::<Vec<Line>>("apps")?
        .iter()
        .map(Line::waiting)
        .collect();
    lines.sort_by(order::fifo);
    let mut serials: Vec<i64> = lines.iter().map(|one| one.serial).collect();
    let assign = Verdict::equal(&case.read("expect.assign")?, &serials);
    serials.reverse();
    assign.and(|| Ok(Verdict::equal(&case.read("expect.preempt")?, &serials)))
}

/// Applications of a list, the first of which came first.
struct Named {
    ids: Vec<String>,
    order: FairOrder,
}

impl Named {
    fn read(case: &Case<'_>, size_weight: bool) -> Result<(Self, Vec<Waiting>), Unreadable> {
        let lines: Vec<Line> = case.read("apps")?;
        let numbered = lines.iter().zip(0..);
        let told = numbered.map(|(line, serial)| Waiting {
            serial,
            ..line.waiting()
        });
        let told: Vec<Waiting> = told.collect();
        let mut order = FairOrder::new(size_weight);
        for one in &told {
            order.tell(*one);
        }
        let ids = lines.into_iter().map(|line| line.id).collect();
        Ok((Self { ids, order }, told))
    }

    fn same(&self, case: &Case<'_>, at: &str) -> Result<Verdict, Unreadable> {
        let id = |one: &Waiting| self.ids[one.serial as usize].clone();
        let assign: Vec<String> = self.order.iter().map(id).collect();
        let preempt: Vec<String> = self.order.iter().rev().map(id).collect();
        Verdict::equal(&case.read(&format!("{at}.assign"))?, &assign).and(|| {
            Ok(Verdict::equal(
                &case.read(&format!("{at}.preempt"))?,
                &preempt,
            ))
        })
    }
}

/// The order, then after a change that nobody told of, then after telling.
pub(super) fn fair_list(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (mut named, mut apps) = Named::read(case, false)?;
    let before = named.same(case, "expect")?;
    let Some(silent) =
        case.maybe::<std::collections::BTreeMap<String, i64>>("expect.after_silent_change.change")?
    else {
        return Ok(before);
    };
    for (id, used) in &silent {
        let other = apps
            .iter_mut()
            .find(|one| named.ids[one.serial as usize] == *id);
        let other = other
            .ok_or_else(|| Unreadable(format!("expected an application `{id}`, found none")))?;
        other.used = *used;
    }
    let before = before.and(|| named.same(case, "expect.after_silent_change"))?;
    for one in &apps {
        named.order.tell(*one);
    }
    before.and(|| named.same(case, "expect.after_told"))
}

/// How many are left when those whose containers are gone were removed.
pub(super) fn fair_removal(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let (mut named, apps) = Named::read(case, true)?;
    for id in case.read::<Vec<String>>("drained")? {
        let gone = apps.iter().find(|one| named.ids[one.serial as usize] == id);
        let gone =
            gone.ok_or_else(|| Unreadable(format!("expected an application `{id}`, found none")))?;
        named.order.tell(Waiting {
            used: 0,
            pending: 0,
            ..*gone
        });
        named.order.remove(gone.serial);
    }
    Ok(Verdict::equal(
        &case.read("expect.left")?,
        &named.order.iter().count(),
    ))
}

pub(super) fn masters(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize, PartialEq, Eq, Debug)]
    struct Running {
        active: i64,
        pending: i64,
    }
    let part = single(case.read("am_percent")?)?;
    let most = order::masters(case.read("node_memory")?, part, case.read("am_memory")?);
    let apps: i64 = case.read("apps")?;
    let found = Running {
        active: most.min(apps),
        pending: (apps - most).max(0),
    };
    // An update of the node with the same memory changes nothing.
    Verdict::equal(&case.read("expect")?, &found).and(|| {
        let later = case.maybe("expect.after_node_update")?;
        Ok(later.map_or(Verdict::AGREES, |later| Verdict::equal(&later, &found)))
    })
}

pub(super) fn containers(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize)]
    struct Line {
        id: i64,
        priority: i64,
    }
    let mut lines: Vec<Line> = case.read("containers")?;
    lines.sort_by_key(|one| one.id);
    let container = |line: &Line| Container {
        size: vec![1],
        priority: line.priority,
        master: false,
        reserved: false,
    };
    let app = App {
        queue: 0,
        priority: 0,
        user: 0,
        pending: vec![0],
        containers: lines.iter().map(container).collect(),
    };
    let found: Vec<i64> = containers_by_order(&app)
        .iter()
        .map(|one| lines[*one].id)
        .collect();
    Ok(Verdict::equal(&case.read("expect.order")?, &found))
}
