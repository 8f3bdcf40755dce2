//! Cases of the capacity scheduler's preemption.

use std::collections::BTreeMap;

use fairground_policies::rules::ratio::Ratio;
use fairground_policies::rules::yarn::amounts::{Amounts, Calculator};
use fairground_policies::rules::yarn::between::{Config, Queue, round};
use fairground_policies::rules::yarn::victims::{
    App, Choice, Container, Requests, Rules, Told, choose,
};
use fairground_policies::rules::yarn::within::WithinConfig;
use serde::Deserialize;

use crate::conformance::case::single;
use crate::conformance::{Case, Unreadable, Verdict};

#[derive(Deserialize)]
struct QueueCase {
    name: String,
    parent: Option<String>,
    guaranteed: Amounts,
    max: Amounts,
    used: Amounts,
    pending: Amounts,
    reserved: Amounts,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    preemption_disabled: bool,
}

#[derive(Deserialize)]
struct AppCase {
    name: String,
    queue: String,
    containers: Vec<Containers>,
    reserved_containers: Option<Containers>,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    user: String,
    pending: Option<Amounts>,
}

#[derive(Deserialize)]
struct Containers {
    count: usize,
    size: Amounts,
    #[serde(default)]
    am: bool,
    #[serde(default)]
    priority: i64,
}

/// A case as the rules take it.
struct Cluster {
    names: Vec<String>,
    queues: Vec<Queue>,
    app_names: Vec<String>,
    apps: Vec<App>,
    total: Amounts,
    rules: Rules,
    observe_only: bool,
}

fn queues(cases: &[QueueCase]) -> Result<Vec<Queue>, Unreadable> {
    let place = |name: &String| {
        let found = cases.iter().position(|one| one.name == *name);
        found.ok_or_else(|| Unreadable(format!("expected a queue `{name}`, found none")))
    };
    let queue = |case: &QueueCase| {
        Ok(Queue {
            parent: case.parent.as_ref().map(place).transpose()?,
            guaranteed: case.guaranteed.clone(),
            max: case.max.clone(),
            used: case.used.clone(),
            pending: case.pending.clone(),
            reserved: case.reserved.clone(),
            priority: case.priority,
            disabled: case.preemption_disabled,
        })
    };
    cases.iter().map(queue).collect()
}

fn app(
    case: &AppCase,
    queues: &[QueueCase],
    users: &mut Vec<String>,
    types: usize,
) -> Result<App, Unreadable> {
    let queue = queues.iter().position(|one| one.name == case.queue);
    let queue = queue
        .ok_or_else(|| Unreadable(format!("expected a queue `{}`, found none", case.queue)))?;
    if !users.contains(&case.user) {
        users.push(case.user.clone());
    }
    let user = users.iter().position(|one| *one == case.user).unwrap_or(0) as u32;
    let reserved = case.reserved_containers.iter().map(|one| (one, true));
    let all = case
        .containers
        .iter()
        .map(|one| (one, false))
        .chain(reserved);
    let containers = all.flat_map(|(one, reserved)| {
        let container = Container {
            size: one.size.clone(),
            priority: one.priority,
            master: one.am,
            reserved,
        };
        std::iter::repeat_n(container, one.count)
    });
    Ok(App {
        queue,
        priority: case.priority,
        user,
        pending: case.pending.clone().unwrap_or_else(|| vec![0; types]),
        containers: containers.collect(),
    })
}

impl Cluster {
    fn read(case: &Case<'_>) -> Result<Self, Unreadable> {
        let queue_cases: Vec<QueueCase> = case.read("queues")?;
        let app_cases: Vec<AppCase> = case.read("apps")?;
        let total: Amounts = case.read("cluster")?;
        let mut users = Vec::new();
        let apps = app_cases
            .iter()
            .map(|one| app(one, &queue_cases, &mut users, total.len()));
        let types = total.len();
        let whole = queue_cases.iter().all(|one| {
            [
                &one.guaranteed,
                &one.max,
                &one.used,
                &one.pending,
                &one.reserved,
            ]
            .iter()
            .all(|of| of.len() == types)
        });
        if types == 0 || !whole {
            return Err(Unreadable(format!(
                "expected {types} amounts in every list of a queue, and at least one"
            )));
        }
        let names: Vec<String> = queue_cases.iter().map(|one| one.name.clone()).collect();
        Ok(Self {
            queues: queues(&queue_cases)?,
            app_names: app_cases.iter().map(|one| one.name.clone()).collect(),
            apps: apps.collect::<Result<_, _>>()?,
            rules: rules(case, types, &names)?,
            names,
            total,
            observe_only: case.maybe("config.observe_only")?.unwrap_or(false),
        })
    }

    fn choose(&self) -> Choice {
        choose(&self.queues, &self.apps, &self.total, &self.rules)
    }

    /// How many containers were taken, by application.
    fn taken(&self, choice: &Choice) -> BTreeMap<String, u64> {
        let mut taken: BTreeMap<String, u64> = self
            .app_names
            .iter()
            .map(|name| (name.clone(), 0))
            .collect();
        for (app, _) in choice.chosen.iter().filter(|_| !self.observe_only) {
            *taken.entry(self.app_names[*app].clone()).or_default() += 1;
        }
        taken
    }
}

fn rules(case: &Case<'_>, types: usize, names: &[String]) -> Result<Rules, Unreadable> {
    let ratio = |name: &str, otherwise: f32| -> Result<Ratio, Unreadable> {
        single(case.maybe(&format!("config.{name}"))?.unwrap_or(otherwise))
    };
    let is = |name: &str| {
        case.maybe::<bool>(&format!("config.{name}"))
            .map(|one| one.unwrap_or(false))
    };
    let calculator = match case.read::<String>("calculator")?.as_str() {
        "memory" => Calculator::Memory,
        "dominant" => Calculator::Dominant,
        other => {
            return Err(Unreadable(format!(
                "expected the calculator memory or dominant, found {other}"
            )));
        }
    };
    let text = |name: &str, otherwise: &str| {
        let text = case.maybe::<String>(&format!("config.{name}"));
        text.map(|text| text.unwrap_or_else(|| otherwise.to_owned()))
    };
    let limits: BTreeMap<String, Amounts> = case.maybe("user_limits")?.unwrap_or_default();
    let limit = |(name, amounts): (String, Amounts)| {
        let place = names.iter().position(|one| *one == name);
        let place =
            place.ok_or_else(|| Unreadable(format!("expected a queue `{name}`, found none")));
        place.map(|place| (place, amounts))
    };
    let within = WithinConfig {
        user_limit_first: text("intra_queue_order", "userlimit_first")? == "userlimit_first",
        max_allowable_limit: ratio("intra_queue_max_allowable_limit", 0.2)?,
        minimum_threshold: ratio("intra_queue_minimum_threshold", 0.5)?,
        conservative: case
            .maybe("config.in_queue_conservative_drf")?
            .unwrap_or(true),
        min_allocation: vec![case.maybe("config.min_allocation")?.unwrap_or(1); types],
        fair: text("app_order", "fifo")? == "fair",
        min_user_limit_percent: case.maybe("config.min_user_limit_percent")?.unwrap_or(100),
        user_limits: limits.into_iter().map(limit).collect::<Result<_, _>>()?,
    };
    Ok(Rules {
        config: Config {
            calculator,
            max_ignored_over_capacity: ratio("max_ignored_over_capacity", 0.1)?,
            natural_termination_factor: ratio("natural_termination_factor", 0.2)?,
            total_preemption_per_round: ratio("total_preemption_per_round", 0.1)?,
        },
        balance: is("balance_beyond_guarantee")?,
        conservative: is("cross_queue_conservative_drf")?,
        max_am_percent: single(case.maybe("max_am_percent")?.unwrap_or(0.0))?,
        within: is("intra_queue_enabled")?.then_some(within),
    })
}

/// Those that are named, of what was found.
fn named<T: Clone + PartialEq + std::fmt::Debug>(
    expected: &BTreeMap<String, T>,
    found: &BTreeMap<String, T>,
) -> Verdict {
    let mut some = found.clone();
    some.retain(|name, _| expected.contains_key(name));
    Verdict::equal(expected, &some)
}

pub(super) fn between(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let cluster = Cluster::read(case)?;
    let taken = cluster.taken(&cluster.choose());
    let last = round(
        &cluster.queues,
        &cluster.total,
        cluster.rules.config,
        cluster.rules.balance,
    );
    let by_queue = |of: &dyn Fn(usize) -> Amounts| -> BTreeMap<String, Amounts> {
        let all = cluster.names.iter().enumerate();
        all.map(|(place, name)| (name.clone(), of(place))).collect()
    };
    let first = |of: &dyn Fn(usize) -> Amounts| -> BTreeMap<String, i64> {
        by_queue(of)
            .into_iter()
            .map(|(name, amounts)| (name, amounts[0]))
            .collect()
    };
    let ideal = by_queue(&|queue| last.shares[queue].ideal.clone());
    named(&case.read("expect.preempted")?, &taken)
        .and(|| {
            Ok(named(
                &case.maybe("expect.ideal")?.unwrap_or_default(),
                &ideal,
            ))
        })?
        .and(|| {
            let found = first(&|queue| last.shares[queue].takeable.clone());
            Ok(named(
                &case.maybe("expect.preemptable_extra")?.unwrap_or_default(),
                &found,
            ))
        })?
        .and(|| {
            let found = first(&|queue| last.shares[queue].untouchable.clone());
            Ok(named(
                &case.maybe("expect.untouchable_extra")?.unwrap_or_default(),
                &found,
            ))
        })?
        .and(|| {
            Ok(named(
                &case.maybe("derived.preempted")?.unwrap_or_default(),
                &taken,
            ))
        })?
        .and(|| {
            Ok(named(
                &case.maybe("derived.ideal_of_leaves")?.unwrap_or_default(),
                &ideal,
            ))
        })?
        .and(|| second_round(case, cluster))
}

/// The same scheduler again, after changes: whoever was asked to go is not asked a second time.
fn second_round(case: &Case<'_>, mut cluster: Cluster) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize)]
    struct Change {
        guaranteed: Option<Amounts>,
        used: Option<Amounts>,
        pending: Option<Amounts>,
    }
    let Some(changes) = case.maybe::<BTreeMap<String, Change>>("expect.second_round.queues")?
    else {
        return Ok(Verdict::AGREES);
    };
    let mut first = cluster.choose();
    let removed: Option<String> = case.maybe("expect.second_round.removed_queue")?;
    if let Some(place) = cluster
        .names
        .iter()
        .position(|one| Some(one) == removed.as_ref())
    {
        let none = vec![0; cluster.total.len()];
        let queue = &mut cluster.queues[place];
        for amounts in [
            &mut queue.guaranteed,
            &mut queue.used,
            &mut queue.pending,
            &mut queue.reserved,
        ] {
            amounts.clone_from(&none);
        }
        for app in cluster.apps.iter_mut().filter(|app| app.queue == place) {
            app.containers.clear();
            app.pending.clone_from(&none);
        }
    }
    for (name, change) in changes {
        let place = cluster.names.iter().position(|one| *one == name);
        let place =
            place.ok_or_else(|| Unreadable(format!("expected a queue `{name}`, found none")))?;
        let queue = &mut cluster.queues[place];
        let set =
            |to: &mut Amounts, from: Option<Amounts>| *to = from.unwrap_or_else(|| to.clone());
        set(&mut queue.guaranteed, change.guaranteed);
        set(&mut queue.used, change.used);
        set(&mut queue.pending, change.pending);
    }
    first.chosen.extend(cluster.choose().chosen);
    let expected = case.read("expect.second_round.preempted_total_after")?;
    Ok(named(&expected, &cluster.taken(&first)))
}

/// What was asked and killed so far, at each time that is named.
pub(super) fn kills(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    #[derive(Deserialize, PartialEq, Eq, Clone, Debug, Default)]
    struct Counts {
        preempt_requests: u64,
        kills: u64,
    }
    let cluster = Cluster::read(&case.other(&case.read::<String>("uses")?)?)?;
    let wait: u64 = case.read("max_wait_before_kill_ms")?;
    let expected: BTreeMap<String, Counts> = case.read("expect")?;
    let time = |name: &String| {
        let time = name.strip_prefix("at_").and_then(|time| time.parse().ok());
        time.ok_or_else(|| Unreadable(format!("expected a time as at_5000, found {name}")))
    };
    let times: Result<Vec<(u64, String)>, _> = expected
        .keys()
        .map(|name| Ok((time(name)?, name.clone())))
        .collect();
    let mut times = times?;
    times.sort();
    let (mut requests, mut counts, mut found) =
        (Requests::default(), Counts::default(), BTreeMap::new());
    let choice = cluster.choose();
    for (now, name) in times {
        for told in requests.tell(&choice.chosen, now, wait) {
            match told {
                Told::Asked(_) => counts.preempt_requests += 1,
                Told::Killed(_) => counts.kills += 1,
            }
        }
        found.insert(name, counts.clone());
    }
    Ok(Verdict::equal(&expected, &found))
}
