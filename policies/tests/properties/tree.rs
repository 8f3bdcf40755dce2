//! The order of the tree and what is taken back, looked at the slow and obvious way.

use std::collections::BTreeSet;

use fairground_policies::ledger::{Earmark, Ledger, Node};
use fairground_policies::master::OfferSize;
use fairground_policies::message::FrameworkId;
use fairground_policies::resources::Resources;
use fairground_policies::share::Share;

use crate::observer::Observer;

impl Observer {
    /// Who is asked first under DRF, made from the top of the tree down, the slow and obvious way.
    pub(crate) fn check_order(&mut self) {
        let ties: fn(&Ledger, Node) -> (Share, u64) = match self.policy.as_str() {
            "drf" => |ledger, node| (ledger.dominant_share(node), 0),
            "drf[tie=allocations" => {
                |ledger, node| (ledger.dominant_share(node), ledger.allocations(node))
            }
            _ => return,
        };
        let order = self.master.order();
        let ledger = self.master.ledger();
        let wants = |id: &FrameworkId| {
            let wants = &self.wanted[id];
            let unmet = || !self.unmet(*id, wants, ledger.earmarks()).is_empty();
            !wants.suppressed && (self.config.offers == OfferSize::Agent || unmet())
        };
        let want: Vec<Node> = self
            .wanted
            .keys()
            .filter(|id| wants(id))
            .map(|id| Node::from(*id))
            .collect();
        assert_eq!(
            order,
            below(ledger, None, &want, ties),
            "the order of the tree"
        );
    }

    /// Nothing is taken back where there is room, and what is taken back makes room.
    pub(crate) fn check_room_was_made(&self) {
        let ledger = self.master.ledger();
        for (i, one) in ledger.earmarks().iter().enumerate() {
            if self.earmarks.contains(one) {
                continue;
            }
            let Earmark {
                agent,
                framework,
                needs,
            } = *one;
            let here = ledger.started(agent).filter(|task| task.ending);
            let kept = ledger.earmarks()[..=i]
                .iter()
                .filter(|one| one.agent == agent);
            let kept: Resources = kept.map(|one| one.needs).sum();
            let soon = ledger.free(agent) + here.map(|task| task.needs).sum();
            assert!(kept.fits_in(soon), "{kept} is kept of {soon}");
            assert!(self.wanted.contains_key(&framework), "kept for nobody");
            let mut agents = ledger.agents();
            assert!(
                !agents.any(|agent| needs.fits_in(ledger.usable(framework, agent))),
                "there was room"
            );
        }
    }
}

/// The frameworks of `want` below a node, or at the top, in order.
fn below(
    ledger: &Ledger,
    node: Option<Node>,
    want: &[Node],
    by: fn(&Ledger, Node) -> (Share, u64),
) -> Vec<FrameworkId> {
    let mut children = BTreeSet::new();
    for leaf in want {
        let mut path = vec![*leaf];
        while let Some(parent) = ledger.parent(path[path.len() - 1]) {
            path.push(parent);
        }
        children.extend(path.into_iter().find(|one| ledger.parent(*one) == node));
    }
    let mut children: Vec<Node> = children.into_iter().collect();
    children.sort_by_key(|child| (by(ledger, *child), *child));
    let below = children.into_iter().flat_map(|child| match child {
        Node::Framework(framework) => vec![framework],
        inner => {
            let mine = want
                .iter()
                .copied()
                .filter(|leaf| is_below(ledger, *leaf, inner));
            below(ledger, Some(inner), &mine.collect::<Vec<_>>(), by)
        }
    });
    below.collect()
}

fn is_below(ledger: &Ledger, node: Node, inner: Node) -> bool {
    let parent = ledger.parent(node);
    parent.is_some_and(|parent| parent == inner || is_below(ledger, parent, inner))
}
