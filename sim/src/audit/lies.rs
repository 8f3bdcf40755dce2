//! What lying gains, and what it costs the others, over clusters by chance.

use std::collections::BTreeMap;

use fairground_policies::evidence::Evidence;
use fairground_policies::message::OfferId;
use fairground_policies::name::{BadName, Name};
use fairground_policies::personality::Personality;
use fairground_policies::registry::Registry;
use fairground_policies::schedulers::{BoxedScheduler, OfferView, Scheduler, SchedulerEntry};
use fairground_policies::time::{Span, Time};
use fairground_workloads::rng::{Stream, stream};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::clusters::{Amounts, ClusterCase, ClusterTenant, Habit};
use super::running::{Subject, useful};
use super::subject;
use crate::experiment::Watcher;
use crate::output::stats::t_975;

/// A way to have more than one's due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lie {
    /// Twice as much of one resource as a task needs.
    OverAsk,
    /// Half of one resource that a task needs, so that it runs for twice as long.
    UnderAsk,
    /// To hold what is offered and cannot be used.
    Hoard,
    /// To hold it for five seconds.
    Dawdle,
    /// To refuse it for an hour.
    LongRefusal,
    /// To come as two.
    Split,
}

impl Lie {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::OverAsk,
        Self::UnderAsk,
        Self::Hoard,
        Self::Dawdle,
        Self::LongRefusal,
        Self::Split,
    ];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OverAsk => "asks for double",
            Self::UnderAsk => "asks for half",
            Self::Hoard => "hoards offers",
            Self::Dawdle => "declines after 5 s",
            Self::LongRefusal => "refuses for 1 h",
            Self::Split => "comes as two",
        }
    }

    /// What theory says of it, of what can be divided at will.
    pub fn theory(self, policy: &Name) -> &'static str {
        let shared = matches!(policy.base(), "drf" | "asset" | "ceei" | "fair");
        match (self, policy.base()) {
            (Self::OverAsk | Self::UnderAsk, "drf" | "asset" | "static") => {
                "gains nothing (NSDI 2011, table 2)"
            }
            (Self::OverAsk | Self::UnderAsk, "ceei") => "may gain: 29 % in NSDI 2011, section 6.1",
            (Self::Split, _) if shared => "gains: each counts as much as another",
            _ => "",
        }
    }

    /// The cluster with the lie of its first tenant; nothing where it cannot be told.
    fn told_by(self, case: &ClusterCase, kind: usize) -> Option<ClusterCase> {
        let mut lies = case.clone();
        let needs = case.tenants[0].needs;
        match self {
            Self::OverAsk => {
                lies.lie[kind] = (2 * needs[kind]).min(case.size[kind]);
                (lies.lie != needs).then(|| lies.with_lie())
            }
            Self::UnderAsk => {
                lies.lie[kind] = needs[kind] / 2;
                (lies.lie[kind] > 0).then(|| lies.with_lie())
            }
            Self::Hoard => Some(with_habit(lies, Habit::Hoards)),
            Self::Dawdle => Some(with_habit(lies, Habit::Dawdles)),
            Self::LongRefusal => Some(with_habit(lies, Habit::LongRefusal)),
            Self::Split => {
                let half = lies.tenants[0].tasks / 2;
                lies.tenants[0].tasks -= half;
                let mut second = lies.tenants[0].clone();
                second.tasks = half;
                lies.tenants.push(second);
                Some(lies)
            }
        }
    }
}

fn with_habit(mut case: ClusterCase, habit: Habit) -> ClusterCase {
    case.tenants[0].habit = habit;
    case
}

/// What a lie gains, in the mean over clusters by chance.
#[derive(Clone, PartialEq, Debug)]
pub struct LieRow {
    /// The policy.
    pub policy: Name,
    /// The lie.
    pub lie: Lie,
    /// On how many clusters it could be told.
    pub clusters: usize,
    /// By which part the liar's useful work grew: the mean, and half of its 95 % interval.
    pub gain: (f64, f64),
    /// By which part that of the others fell.
    pub cost: (f64, f64),
    /// On which part of the clusters it gained more than a task.
    pub won: f64,
    /// The most tasks that it gained.
    pub most: f64,
}

/// Measures all lies under a policy. `None` when the watcher wants it ended.
///
/// # Errors
/// When the policy's name means nothing.
pub fn lies(
    policy: &Name,
    registry: &Registry,
    (clusters, seed): (u64, u64),
    watcher: &dyn Watcher,
) -> Result<Option<Vec<LieRow>>, BadName> {
    let registry = with_liars(registry.clone());
    let subject = subject(policy, &registry)?;
    watcher.begin("lies", clusters);
    let measured = (0..clusters).into_par_iter().map(|number| {
        let measured = (!watcher.stop()).then(|| on_cluster(&subject, seed, number));
        watcher.tick();
        measured
    });
    let measured: Option<Vec<_>> = measured.collect();
    let rows = measured.map(|all| {
        let rows = Lie::ALL.iter().enumerate().map(|(at, lie)| {
            let told: Vec<LieOutcome> = all.iter().filter_map(|lies| lies.as_ref()?[at]).collect();
            row(policy, *lie, &told)
        });
        rows.collect()
    });
    Ok(rows)
}

/// What a lie came to on one cluster.
#[derive(Clone, Copy)]
struct LieOutcome {
    /// Parts of what the honest one had.
    gain: f64,
    cost: f64,
    tasks: f64,
}

/// Three tenants of some dozens of tasks at a time each on six agents, so that a task more or less is little.
fn cluster(rng: &mut Stream) -> ClusterCase {
    let mut amounts = |least, most| -> Amounts {
        let mut amount = || rng.between(least, most) as u32;
        [amount(), amount(), 0]
    };
    let size = amounts(12, 24);
    let mut tenants = Vec::new();
    for _ in 0..3 {
        tenants.push(ClusterTenant {
            needs: amounts(1, 4),
            run: 2 + amounts(0, 4)[0],
            tasks: 400,
            then: (0, 1),
            at: 0,
            weight: 1,
            role: 0,
            habit: Habit::Honest,
        });
    }
    ClusterCase {
        agents: 6,
        size,
        lie: tenants[0].needs,
        tenants,
        roles: 0,
        limit: 0,
        habit: Habit::Honest,
        more: (0, 1),
    }
}

/// All lies on one cluster by chance; nothing where not all of them want more all the time, or the honest tenant has nothing.
fn on_cluster(subject: &Subject<'_>, seed: u64, number: u64) -> Option<[Option<LieOutcome>; 6]> {
    // A personality says how frameworks schedule, so that nobody holds anything under it.
    let holds = Personality::of(subject.policy).is_none();
    // The same clusters for every policy.
    let mut rng = stream(seed, &format!("lies {number}"));
    let case = cluster(&mut rng);
    let kind = rng.below(2) as usize;
    let honest = subject.held(&case)?;
    let others: f64 = honest[1..].iter().sum();
    (honest[0] > 0.0 && others > 0.0).then(|| {
        Lie::ALL.map(|lie| {
            if matches!(lie, Lie::Hoard | Lie::Dawdle) && !holds {
                return None;
            }
            let lying = lie.told_by(&case, kind)?;
            let held = subject.held(&lying)?;
            let mine = match lie {
                Lie::Split => held[0] + held.last()?,
                Lie::UnderAsk => useful(
                    &ClusterCase {
                        lie: lying.tenants[0].needs,
                        ..case.clone()
                    },
                    held[0],
                ),
                _ => held[0],
            };
            let theirs: f64 = held[1..honest.len()].iter().sum();
            Some(LieOutcome {
                gain: mine / honest[0] - 1.0,
                cost: 1.0 - theirs / others,
                tasks: mine - honest[0],
            })
        })
    })
}

fn row(policy: &Name, lie: Lie, told: &[LieOutcome]) -> LieRow {
    let estimate = |of: fn(&LieOutcome) -> f64| {
        let count = told.len() as f64;
        let mean = told.iter().map(of).sum::<f64>() / count;
        let squares: f64 = told
            .iter()
            .map(|one| (of(one) - mean) * (of(one) - mean))
            .sum();
        let freedom = told.len().saturating_sub(1);
        let error = libm::sqrt(squares / freedom as f64 / count);
        (mean, t_975(freedom) * error)
    };
    let won = told.iter().filter(|one| one.tasks > 1.0).count();
    LieRow {
        policy: policy.clone(),
        lie,
        clusters: told.len(),
        gain: estimate(|one| one.gain),
        cost: estimate(|one| one.cost),
        won: won as f64 / told.len() as f64,
        most: told.iter().map(|one| one.tasks).fold(0.0, f64::max),
    }
}

/// The table with the schedulers of liars.
pub(super) fn with_liars(registry: Registry) -> Registry {
    const fn entry(name: &'static str, make: MakeScheduler) -> SchedulerEntry {
        SchedulerEntry {
            name,
            about: "serves jobs in order and holds what it cannot use",
            params: &[],
            evidence: Evidence::OWN,
            make,
        }
    }
    let registry = registry.with_scheduler(entry("audit-hoards", |_, _| HoldingFifo::boxed(None)));
    let patience = |_: &mut Name, _: &mut ChaCha8Rng| HoldingFifo::boxed(Some(Span::from_secs(5)));
    registry.with_scheduler(entry("audit-dawdles", patience))
}

/// Longer than any run.
const WITHOUT_END: Span = Span::from_secs(10 * 86_400);

type MakeScheduler = fn(&mut Name, &mut ChaCha8Rng) -> Result<BoxedScheduler, BadName>;

/// Places tasks as `fifo` does, and holds what is left as long as anything waits.
struct HoldingFifo {
    fifo: BoxedScheduler,
    /// For how long; without end if nothing is said.
    span: Option<Span>,
    /// Since when it has which offers in hand.
    since: BTreeMap<OfferId, Time>,
}

impl HoldingFifo {
    fn boxed(span: Option<Span>) -> Result<BoxedScheduler, BadName> {
        let fifo = Registry::default().scheduler(&"fifo".parse()?)?;
        Ok(Box::new(Self {
            fifo,
            span,
            since: BTreeMap::new(),
        }))
    }
}

impl Scheduler for HoldingFifo {
    fn place(&mut self, now: Time, view: &mut OfferView<'_>) {
        self.fifo.place(now, view);
        let here: Vec<OfferId> = (0..view.len()).map(|at| view.offer(at).id).collect();
        self.since.retain(|id, _| here.contains(id));
        let waits = view.queue().ready().next().is_some();
        for (position, id) in here.into_iter().enumerate() {
            let since = *self.since.entry(id).or_insert(now);
            let until = since + self.span.unwrap_or(WITHOUT_END);
            if waits && until > now && !view.is_used(position) {
                view.hold(position, until);
            }
        }
    }
}
