//! What a round of the capacity scheduler takes, as far as it makes room on one agent.

use std::cmp::Reverse;

use super::queues::{amounts, leaf, queues, thousandths};
use crate::allocators::Reclaim;
use crate::ledger::{LaunchedTask, Ledger};
use crate::message::FrameworkId;
use crate::resources::Resources;
use crate::rules::yarn::victims::{App, Container, Rules, choose};
use crate::time::Span;

/// A framework with those of its tasks that may be taken, in the order of `tasks`.
fn app(ledger: &Ledger, framework: FrameworkId, queue: usize, tasks: &[LaunchedTask]) -> App {
    let own = tasks.iter().filter(|one| one.framework == framework);
    let container = |one: &LaunchedTask| Container {
        size: amounts(one.needs),
        priority: 0,
        master: false,
        reserved: false,
    };
    App {
        queue,
        priority: thousandths(ledger.weight(framework)),
        user: framework.0,
        pending: amounts(ledger.waiting_resources(framework)),
        containers: own.map(container).collect(),
    }
}

/// What is taken so that `to` can start a task of `needs`: on the agent where the fewest of those that a round chooses
/// from other queues make room, the youngest first.
pub(super) fn taken(
    ledger: &Ledger,
    (to, needs): (FrameworkId, Resources),
    rules: &Rules,
    grace: Span,
) -> Option<Reclaim> {
    let (queues, places) = queues(ledger);
    let place = |framework: FrameworkId| places.get(&leaf(ledger, framework)).copied();
    let mine = place(to)?;
    let started = ledger.agents().flat_map(|agent| ledger.started(agent));
    let mut tasks: Vec<LaunchedTask> = started.filter(|one| ledger.may_take(to, one)).collect();
    tasks.sort_by_key(|one| (one.framework, one.since, one.task));
    let in_queues = ledger
        .frameworks()
        .filter_map(|one| Some((one, place(one)?)));
    let (frameworks, apps): (Vec<FrameworkId>, Vec<App>) = in_queues
        .map(|(one, queue)| (one, app(ledger, one, queue, &tasks)))
        .unzip();
    let choice = choose(&queues, &apps, &amounts(ledger.total()), rules);
    let of_others = choice
        .chosen
        .iter()
        .filter(|(app, _)| apps[*app].queue != mine);
    let task = |(app, container): &(usize, usize)| {
        let mut own = tasks.iter().filter(|one| one.framework == frameworks[*app]);
        own.nth(*container).copied()
    };
    let chosen: Vec<LaunchedTask> = of_others.filter_map(task).collect();
    let on = |agent| {
        let first = |one: &LaunchedTask| Some(ledger.task(one.framework, one.task)?.0);
        let here = chosen.iter().filter(|one| first(one) == Some(agent));
        let mut some: Vec<LaunchedTask> = here.copied().collect();
        some.sort_by_key(|one| Reverse((one.since, one.framework, one.task)));
        Reclaim::enough(ledger, (to, needs), agent, &some, grace)
    };
    let possible = ledger.agents().filter_map(on);
    possible.min_by_key(|one| one.victims.len())
}
