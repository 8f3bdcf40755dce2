//! Policies that are wrong on purpose, each in one way.

use fairground_policies::allocators::{
    Allocator, AllocatorEntry, Context, MakeAllocator, Rank, Reclaim,
};
use fairground_policies::evidence::Evidence;
use fairground_policies::ledger::Node;
use fairground_policies::message::FrameworkId;
use fairground_policies::registry::Registry;
use fairground_policies::resources::{Kind, Resources};
use fairground_policies::share::Share;
use fairground_policies::time::Span;

/// The policies that come with Fairground, and these.
pub(crate) fn registry() -> Registry {
    let broken = [
        entry("eldest-first", |_, _| Ok(Box::new(EldestFirst))),
        entry("largest-first", |_, _| Ok(Box::new(LargestFirst))),
        entry("half-at-most", |_, _| Ok(Box::new(HalfAtMost))),
        entry("crowd-shy", |_, _| Ok(Box::new(CrowdShy))),
        entry("turns-coat", |_, _| Ok(Box::new(TurnsCoat))),
        entry("clears-all", |_, _| Ok(Box::new(ClearsAll))),
        entry("odd-agents", |_, _| Ok(Box::new(OddAgents))),
    ];
    let all = broken.into_iter();
    all.fold(Registry::default(), Registry::with_allocator)
}

const fn entry(name: &'static str, make: MakeAllocator) -> AllocatorEntry {
    AllocatorEntry {
        name,
        about: "wrong on purpose",
        params: &[],
        evidence: Evidence::OWN,
        make,
    }
}

fn framework(node: Node) -> u64 {
    match node {
        Node::Framework(FrameworkId(id)) => id.into(),
        Node::Role(_) | Node::Members(_) => 0,
    }
}

/// The first framework takes all it wants, then the second.
struct EldestFirst;

impl Allocator for EldestFirst {
    fn rank(&self, _: &Context<'_>, node: Node) -> Rank {
        Share::new(framework(node), 1).into()
    }
}

/// Whoever asks for the most cores a task goes first.
struct LargestFirst;

impl Allocator for LargestFirst {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let Node::Framework(id) = node else {
            return Share::ZERO.into();
        };
        let asked = context.ledger.demand(id).next();
        let cores = asked.map_or(0, |part| part.needs.of(Kind::Cpus));
        Share::new(1, 1 + cores).into()
    }

    fn reads_demand(&self) -> bool {
        true
    }
}

/// Nobody holds more than a third of the cores, and half of them stay free.
struct HalfAtMost;

impl Allocator for HalfAtMost {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        context.ledger.dominant_share(node).into()
    }

    fn at_most(&self, context: &Context<'_>, framework: FrameworkId) -> Option<Resources> {
        let most = context.ledger.total().units().map(|units| units / 3);
        let held = context.ledger.held(framework).units();
        let left = std::array::from_fn(|kind| most[kind].saturating_sub(held[kind]));
        Some(Resources::from_units(left))
    }
}

/// The first framework goes last, but among three or more first.
struct CrowdShy;

impl Allocator for CrowdShy {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let crowd = context.ledger.frameworks().count() > 2;
        let last = if crowd {
            2 - framework(node).min(2)
        } else {
            framework(node)
        };
        Share::new(2 - last.min(2), 1).into()
    }
}

/// The first framework goes first on clusters of few cores, and last on others.
struct TurnsCoat;

impl Allocator for TurnsCoat {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        let many = context.ledger.total().of(Kind::Cpus) > 6000;
        let id = framework(node).min(9);
        Share::new(if many { 9 - id } else { id }, 1).into()
    }
}

/// Takes back all that runs on an agent, whatever is wanted there.
struct ClearsAll;

impl Allocator for ClearsAll {
    fn rank(&self, _: &Context<'_>, node: Node) -> Rank {
        Share::new(framework(node), 1).into()
    }

    fn reclaims(&self) -> bool {
        true
    }

    fn reclaim(&self, context: &Context<'_>, to: FrameworkId, needs: Resources) -> Option<Reclaim> {
        let ledger = context.ledger;
        let clear = |agent| {
            let others = ledger
                .started(agent)
                .filter(|one| one.framework > to && ledger.may_take(to, one));
            let victims: Vec<_> = others.map(|one| (one.framework, one.task)).collect();
            let fits = needs.fits_in(ledger.capacity(agent));
            (fits && !victims.is_empty()).then_some(Reclaim {
                agent,
                victims,
                grace: Span::ZERO,
            })
        };
        ledger.agents().find_map(clear)
    }
}

/// Uses all agents where their number is odd, and else only the first.
struct OddAgents;

impl Allocator for OddAgents {
    fn rank(&self, context: &Context<'_>, node: Node) -> Rank {
        context.ledger.dominant_share(node).into()
    }

    fn at_most(&self, context: &Context<'_>, _: FrameworkId) -> Option<Resources> {
        let odd = context.ledger.agents().count() % 2 == 1;
        let first = context.agent.is_some_and(|agent| agent.index() == 0);
        (!odd && !first).then_some(Resources::ZERO)
    }

    fn bounds_agents(&self) -> bool {
        true
    }
}
