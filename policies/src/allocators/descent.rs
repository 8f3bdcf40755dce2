//! The way down the tree of roles, for policies that choose a child of every node on it and do not rank each
//! by itself.

use crate::ledger::{Ledger, Node};
use crate::message::FrameworkId;

/// The framework of `candidates` that is reached from the top, where `choose` says which of several siblings,
/// by ascending id, is next. It is asked only when there is something to choose, so that draws are not for nothing.
pub(super) fn descend(
    ledger: &Ledger,
    candidates: &mut Vec<FrameworkId>,
    mut choose: impl FnMut(&[Node]) -> usize,
) -> Option<FrameworkId> {
    let child_of = |framework: FrameworkId, parent: Option<Node>| {
        let up = |node: &Node| ledger.parent(*node);
        let mut path = std::iter::successors(Some(Node::Framework(framework)), up);
        path.find(|node| ledger.parent(*node) == parent)
    };
    let mut parent = None;
    loop {
        let children = candidates.iter().filter_map(|one| child_of(*one, parent));
        let mut children: Vec<Node> = children.collect();
        children.sort_unstable();
        children.dedup();
        let chosen = match children.len() {
            0 | 1 => *children.first()?,
            _ => children[choose(&children)],
        };
        if let Node::Framework(framework) = chosen {
            return Some(framework);
        }
        candidates.retain(|one| child_of(*one, parent) == Some(chosen));
        parent = Some(chosen);
    }
}
