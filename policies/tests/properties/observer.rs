//! An onlooker of the master that keeps books of its own, the slow and obvious way.

use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::allocators::Setup;
use fairground_policies::attributes::{AgentAttributes, OfferConstraints};
use fairground_policies::ledger::Earmark;
use fairground_policies::master::{Config, Master, OfferSize};
use fairground_policies::message::{
    Action, AgentId, Demand, Event, FrameworkId, Offer, OfferId, Outcome, TaskId,
};
use fairground_policies::part::Capabilities;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::past::{self, Recount};
use crate::quotas::{Before, Quotas, kept_of};

/// The master that `name` asks for, in a cluster that could be partitioned 1 to 2 to 1.
pub(crate) fn master(name: &str) -> (Config, Master) {
    let setup = Setup {
        shares: vec![1, 2, 1],
        agents: 4,
        rng: ChaCha8Rng::seed_from_u64(7),
    };
    let (config, allocator) = crate::examples::registry()
        .allocator(&name.parse().unwrap(), setup)
        .unwrap();
    (config, Master::new(config, allocator))
}

/// What a framework wants, as the onlooker sees it.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) joined: bool,
    pub(crate) suppressed: bool,
    pub(crate) demand: Vec<Demand>,
}

impl Wanted {
    /// A launch takes one off: of its size, else of the first size that it fits into, else of any.
    pub(crate) fn take_off(&mut self, needs: Resources) {
        let mut left: Vec<&mut Demand> = self.demand.iter_mut().filter(|d| d.count > 0).collect();
        let same = left.iter().position(|d| d.needs == needs);
        let holds = left.iter().position(|d| needs.fits_in(d.needs));
        if let Some(one) = same.or(holds).or((!left.is_empty()).then_some(0)) {
            left[one].count -= 1;
        }
    }
}

pub(crate) struct Filter {
    pub(crate) framework: FrameworkId,
    pub(crate) agent: AgentId,
    refused: Resources,
    /// What was free on the agent then.
    free: Resources,
    until: Time,
}

/// The master and everything that was ever seen of it.
pub(crate) struct Observer {
    pub(crate) master: Master,
    pub(crate) config: Config,
    /// The percent of the cluster that nobody may exceed, under `cap`.
    pub(crate) cap: Option<u64>,
    /// The policy's name without the master's parameters.
    pub(crate) policy: String,
    pub(crate) now: Time,
    pub(crate) log: Vec<(Time, Event, Vec<Action>)>,
    /// Offers that are neither answered nor taken back.
    pub(crate) open: BTreeMap<OfferId, Offer>,
    /// Tasks that were launched and not reported.
    pub(crate) running: BTreeMap<(FrameworkId, TaskId), AgentId>,
    /// Those of them that are gangs: what each holds where.
    pub(crate) gangs: BTreeMap<(FrameworkId, TaskId), Vec<(AgentId, Resources)>>,
    pub(crate) next_offer: u64,
    pub(crate) wanted: BTreeMap<FrameworkId, Wanted>,
    pub(crate) known: BTreeSet<FrameworkId>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) quotas: Quotas,
    /// What was kept for whom before the last fact.
    pub(crate) earmarks: Vec<Earmark>,
    /// Tasks that are being taken back.
    pub(crate) victims: BTreeSet<(FrameworkId, TaskId)>,
    pub(crate) knows: BTreeMap<FrameworkId, Capabilities>,
    pub(crate) described: BTreeMap<AgentId, AgentAttributes>,
    pub(crate) asked: BTreeMap<FrameworkId, OfferConstraints>,
    /// What was used, under `decayed`.
    pub(crate) past: Option<Recount>,
}

impl Observer {
    pub(crate) fn new(name: &str) -> Self {
        let (config, master) = master(name);
        let cap = name.strip_prefix("cap[most=");
        let cap = cap.and_then(|rest| rest.split([',', ']']).next()?.parse().ok());
        Self {
            master,
            config,
            cap,
            policy: name
                .split("offers=")
                .next()
                .unwrap()
                .trim_end_matches(['[', ','])
                .to_owned(),
            now: Time::ZERO,
            log: Vec::new(),
            open: BTreeMap::new(),
            running: BTreeMap::new(),
            gangs: BTreeMap::new(),
            next_offer: 0,
            wanted: BTreeMap::new(),
            known: BTreeSet::new(),
            filters: Vec::new(),
            quotas: Quotas::default(),
            earmarks: Vec::new(),
            victims: BTreeSet::new(),
            knows: BTreeMap::new(),
            described: BTreeMap::new(),
            asked: BTreeMap::new(),
            past: name.starts_with(past::POLICY).then(Recount::default),
        }
    }

    /// Tells the master, follows what it orders, and checks everything that must hold.
    pub(crate) fn tell(&mut self, told: Time, event: Event) {
        self.now = self.now.max(told);
        if let Some(past) = &mut self.past {
            past.pass(self.master.ledger(), self.now);
        }
        let mut actions = Vec::new();
        self.master.step(told, event.clone(), &mut actions);
        self.master.check();
        self.heard(&event);
        self.follow(&event, &actions);
        self.compare();
        self.check_order();
        self.check_room_was_made();
        if let Some(past) = &self.past {
            past.check(self.master.ledger());
        }
        self.earmarks = self.master.ledger().earmarks().to_vec();
        if let Some(wake) = self.master.wake_at() {
            assert!(wake >= self.now, "the master wants to be woken in the past");
            assert!(
                event != Event::TimePassed || wake > self.now,
                "woken, and wants to be woken again at once"
            );
        }
        self.log.push((told, event, actions));
    }

    fn follow(&mut self, event: &Event, actions: &[Action]) {
        let mut asked = BTreeSet::new();
        if let Event::OffersAnswered {
            framework,
            offers,
            launch,
            refuse,
        } = event
        {
            self.answered(*framework, offers, actions, *refuse);
            if self.known.contains(framework) {
                asked.extend(launch.iter().map(|request| (*framework, request.task)));
                self.take_off(*framework, launch);
            }
        }
        self.follow_gangs(event, actions, &mut asked);
        for position in 0..actions.len() {
            self.ordered(&actions[position..], &mut asked);
        }
        assert!(asked.is_empty(), "neither launched nor reported: {asked:?}");
    }

    /// Offers end, and what is left of them is refused, unless something was wrong with them.
    pub(crate) fn answered(
        &mut self,
        framework: FrameworkId,
        offers: &[OfferId],
        actions: &[Action],
        refuse: Span,
    ) {
        let mut left = Resources::ZERO;
        let mut agents = BTreeSet::new();
        let mut valid = true;
        for id in offers {
            match self.open.get(id).filter(|o| o.framework == framework) {
                Some(offer) => {
                    left += offer.resources;
                    agents.insert(offer.agent);
                    self.open.remove(id);
                }
                None => valid = false,
            }
        }
        for action in actions {
            if let Action::Launch { needs, agent, .. } = action {
                assert!(valid && agents.contains(agent), "launched on a bad answer");
                left = left.checked_sub(*needs).expect("launched what was offered");
            }
        }
        if valid && agents.len() == 1 && !left.is_zero() && !refuse.is_zero() {
            let agent = *agents.first().unwrap();
            // What was taken back after the answer, because time had passed, was not free then.
            let taken_back = actions.iter().filter_map(|action| match action {
                Action::Rescind { offer, .. } => self.open.get(offer),
                _ => None,
            });
            let taken_back = taken_back.filter(|offer| offer.agent == agent);
            let taken_back: Resources = taken_back.map(|offer| offer.resources).sum();
            self.filters.push(Filter {
                framework,
                agent,
                refused: left,
                free: self.master.ledger().free(agent) - taken_back,
                until: self.now + refuse,
            });
        }
    }

    /// Follows the first of these orders.
    fn ordered(&mut self, actions: &[Action], asked: &mut BTreeSet<(FrameworkId, TaskId)>) {
        match actions[0] {
            Action::Offer(offer) => {
                assert_eq!(offer.id.0, self.next_offer, "offers are counted");
                self.check_wanted(&offer, actions);
                self.next_offer += 1;
                self.open.insert(offer.id, offer);
            }
            Action::Rescind { framework, offer } => {
                let ended = self.open.remove(&offer).expect("rescinds an open offer");
                assert_eq!(ended.framework, framework);
            }
            Action::Launch {
                agent,
                framework,
                task,
                ..
            } => {
                assert!(asked.remove(&(framework, task)), "launched unasked");
                self.running.insert((framework, task), agent);
            }
            Action::LaunchGang { .. } => self.launched_gang(&actions[0], asked),
            Action::Kill {
                agent,
                framework,
                task,
            } => assert_eq!(self.running.get(&(framework, task)), Some(&agent)),
            Action::Report {
                framework,
                task,
                outcome,
            } => {
                if asked.remove(&(framework, task)) {
                    assert_eq!(outcome, Outcome::Lost);
                } else {
                    let ran = self.running.remove(&(framework, task));
                    self.gangs.remove(&(framework, task));
                    assert!(ran.is_some(), "{framework} {task} is reported twice");
                    let victim = self.victims.remove(&(framework, task));
                    assert!(outcome != Outcome::Killed || !victim, "killed for somebody");
                    assert!(outcome != Outcome::Preempted || victim, "for whom?");
                }
            }
            Action::Parts { offer, .. } => {
                assert_eq!(offer.0, self.next_offer, "parts of the next offer");
                let next = actions.get(1);
                assert!(matches!(next, Some(Action::Offer(next)) if next.id == offer));
            }
            Action::Preempt {
                agent,
                framework,
                task,
                ..
            } => {
                assert_eq!(self.running.get(&(framework, task)), Some(&agent));
                let fresh = self.victims.insert((framework, task));
                assert!(fresh, "{framework} {task} is taken back twice");
            }
        }
    }

    /// The ledger says the same as what was seen.
    fn compare(&self) {
        let ledger = self.master.ledger();
        assert!(ledger.offers().eq(self.open.values().copied()), "offers");
        for (&(framework, task), agent) in &self.running {
            let booked = ledger.task(framework, task);
            assert_eq!(booked.map(|(agent, _)| agent), Some(*agent));
        }
        self.compare_gangs();
        let tasks: usize = self.known.iter().map(|f| ledger.tasks(*f)).sum();
        assert_eq!(tasks, self.running.len(), "number of tasks");
        let joined: Vec<_> = self.wanted.keys().copied().collect();
        assert!(ledger.frameworks().eq(joined), "frameworks");
    }

    /// Pareto efficiency: nothing is left idle that somebody wants and did not refuse.
    pub(crate) fn check_nothing_wanted_is_idle(&self) {
        let ledger = self.master.ledger();
        let now = Before {
            later: &[],
            kept: kept_of(ledger, ledger.earmarks(), &[]),
        };
        // Of what is free some may be another's.
        let ripe = |one: &Earmark| {
            let usable = self.usable(one.framework, one.agent, (&[], Resources::ZERO));
            // Before those end who make room, others' guarantees are not touched for it.
            let quotas = &self.quotas;
            let for_anybody = quotas.most(ledger, one.framework, usable.for_anybody, now);
            self.is_plain(one.agent) && one.needs.fits_in(for_anybody + usable.aside)
        };
        assert!(
            !ledger.earmarks().iter().any(ripe),
            "free, kept, and not offered"
        );
        for agent in ledger.agents().filter(|agent| self.is_plain(*agent)) {
            for (&framework, wants) in &self.wanted {
                let free = ledger.free(agent);
                let usable = self.usable(framework, agent, (&[], ledger.earmarked(agent)));
                let quotas = &self.quotas;
                let for_anybody = quotas.most(ledger, framework, usable.for_anybody, now);
                let bound = self.bound(ledger.held(framework));
                let most = usable.within(bound, for_anybody);
                let amounts = match self.config.offers {
                    OfferSize::Agent | OfferSize::Shared => vec![most],
                    OfferSize::Task => self.unmet(framework, wants, ledger.earmarks()),
                };
                for amount in amounts {
                    let idle = !amount.is_zero() && amount.fits_in(most);
                    assert!(
                        !idle || wants.suppressed || !self.may_have(framework, agent, amount, free),
                        "{framework} wants {amount} of {agent} and is not offered it"
                    );
                }
            }
        }
    }

    /// The sizes of which a framework wants more than it is offered, in the order of its demand.
    pub(crate) fn unmet(
        &self,
        framework: FrameworkId,
        wants: &Wanted,
        kept: &[Earmark],
    ) -> Vec<Resources> {
        let mine = self.open.values().filter(|o| o.framework == framework);
        let kept = kept.iter().filter(|one| one.framework == framework);
        let open = mine.map(|offer| offer.resources);
        let mut open: Vec<Resources> = open.chain(kept.map(|one| one.needs)).collect();
        let mut unmet = Vec::new();
        for Demand { needs, count } in &wants.demand {
            for _ in 0..*count {
                match open.iter().position(|size| size == needs) {
                    Some(offer) => drop(open.swap_remove(offer)),
                    None => unmet.push(*needs),
                }
            }
        }
        unmet
    }

    /// Nobody is offered what it does not want; `rest` is this offer and all orders after it.
    fn check_wanted(&self, offer: &Offer, rest: &[Action]) {
        let Offer {
            framework,
            agent,
            resources,
            ..
        } = *offer;
        let wants = self.wanted.get(&framework).expect("a joined framework");
        assert!(!resources.is_zero() && !wants.suppressed);
        assert!(
            self.is_admitted(framework, agent),
            "{framework} is offered {agent}, which it asked not to be"
        );
        let mine = |one: &&Earmark| (one.agent, one.framework) == (agent, framework);
        let mut reclaimed = self.earmarks.iter().filter(mine);
        if reclaimed.any(|one| one.needs.fits_in(resources)) || !self.is_plain(agent) {
            return;
        }
        let offered = rest.iter().filter_map(|action| match action {
            Action::Offer(offer) if offer.agent == agent => Some(offer.resources),
            _ => None,
        });
        let free = self.master.ledger().free(agent) + offered.sum();
        assert!(
            self.may_have(framework, agent, resources, free),
            "{framework} is offered {resources} of {agent}, which it refused or does not own"
        );
        let mine = rest.iter().filter_map(|action| match action {
            Action::Offer(offer) if offer.framework == framework => Some(offer.resources),
            _ => None,
        });
        let held = self.master.ledger().held(framework) - mine.sum();
        let later: Vec<Offer> = rest
            .iter()
            .filter_map(|action| match action {
                Action::Offer(offer) => Some(*offer),
                _ => None,
            })
            .collect();
        let ledger = self.master.ledger();
        // What is kept no longer was given up or offered before this offer, unless it is offered after it; and
        // what is kept now and was not then is so since all offers were made.
        let is_to_come = |one: &&Earmark| {
            let to_come = |offer: &Offer| {
                let mine = (offer.agent, offer.framework) == (one.agent, one.framework);
                mine && one.needs.fits_in(offer.resources)
            };
            later.iter().any(to_come)
        };
        let is_still = |one: &&Earmark| ledger.earmarks().contains(one) || is_to_come(one);
        let still: Vec<Earmark> = self.earmarks.iter().filter(is_still).copied().collect();
        let to_come: Vec<Earmark> = self.earmarks.iter().filter(is_to_come).copied().collect();
        let expected = |still: &[Earmark]| {
            let here = still.iter().filter(|one| one.agent == agent);
            let kept: Resources = here.map(|one| one.needs).sum();
            let before = Before {
                later: &later,
                kept: kept_of(ledger, still, &later),
            };
            let usable = self.usable(framework, agent, (&later, kept));
            let for_anybody = self
                .quotas
                .most(ledger, framework, usable.for_anybody, before);
            let most = usable.within(self.bound(held), for_anybody);
            let first = self.quotas.before_others(ledger, framework, before);
            let first = first.map(|first| usable.within(self.bound(held), first.min(for_anybody)));
            let of_most = |most: Resources| match self.config.offers {
                OfferSize::Agent | OfferSize::Shared => Some(most),
                OfferSize::Task => {
                    let unmet = self.unmet(framework, wants, still).into_iter();
                    let mut fits = unmet.filter(|size| size.fits_in(most));
                    fits.find(|size| self.may_have(framework, agent, *size, free))
                }
            };
            [first.and_then(of_most), of_most(most)]
        };
        // What is given up at an agent was kept until the allocation came there, so that it counted for the agents before; and
        // what is kept now may be for the next of several alike, after the first was offered.
        let expected = [&still, &self.earmarks, &to_come].map(|kept| expected(kept));
        let expected = expected.concat();
        assert!(
            expected.contains(&Some(resources)),
            "{framework} is offered {resources} of {agent}, not what is to be served next or all that is free below the \
             bound: {expected:?}; kept were {still:?}"
        );
    }

    /// Whether so much of the agent was not refused.
    fn may_have(
        &self,
        framework: FrameworkId,
        agent: AgentId,
        amount: Resources,
        free: Resources,
    ) -> bool {
        let refused = self.filters.iter().any(|filter| {
            (filter.framework, filter.agent) == (framework, agent)
                && self.now < filter.until
                && amount.fits_in(filter.refused)
                && free.fits_in(filter.free)
        });
        !refused
    }
}
