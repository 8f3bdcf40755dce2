//! Mesos' random sorter: a weighted shuffle of the leaves of a tree of clients (`master/allocator/mesos/sorter/random`).
//!
//! What is below a node does not stay together: of a leaf that was drawn the others go on with the weights that they had.

use crate::rules::ratio::Ratio;

/// A node of the tree; its parent, if it has one, comes before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeightedNode {
    /// The node that it is below.
    pub parent: Option<usize>,
    /// How much it counts among its siblings, a client on an inner node 1 (its virtual leaf).
    pub weight: Ratio,
    /// Whether it is a client that wants offers.
    pub is_client: bool,
}

/// The part of all weights that each client has: the product of its parts among siblings down its path, in their order.
pub fn relative_weights(tree: &[WeightedNode]) -> Vec<Ratio> {
    let mut wants: Vec<bool> = tree.iter().map(|node| node.is_client).collect();
    for (id, node) in tree.iter().enumerate().rev() {
        if let Some(parent) = node.parent {
            wants[parent] |= wants[id];
        }
    }
    let has_children = |id: usize| {
        let mut below = tree.iter().zip(&wants);
        below.any(|(node, wants)| *wants && node.parent == Some(id))
    };
    // A client with others below it stands beside them.
    let own = |id: usize| tree[id].is_client && has_children(id);
    let siblings = |parent: Option<usize>| -> Ratio {
        let some = tree.iter().zip(&wants);
        let some = some.filter(|(node, wants)| **wants && node.parent == parent);
        let sum: Ratio = some.map(|(node, _)| node.weight).sum();
        if parent.is_some_and(own) {
            sum + Ratio::ONE
        } else {
            sum
        }
    };
    let mut parts: Vec<Ratio> = Vec::with_capacity(tree.len());
    for node in tree {
        let above = node.parent.map_or(Ratio::ONE, |parent| parts[parent]);
        parts.push(above * node.weight / siblings(node.parent));
    }
    let clients = (0..tree.len()).filter(|id| tree[*id].is_client);
    clients
        .map(|id| {
            if own(id) {
                parts[id] / siblings(Some(id))
            } else {
                parts[id]
            }
        })
        .collect()
}

/// How likely each of some items, at most twenty, is at each place of a shuffle without replacement by their weights.
pub fn places_in_shuffle(weights: &[Ratio]) -> Vec<Vec<Ratio>> {
    let count = weights.len();
    let mut places = vec![vec![Ratio::ZERO; count]; count];
    // How likely it is that exactly these are drawn first.
    let mut drawn = vec![Ratio::ZERO; 1 << count];
    drawn[0] = Ratio::ONE;
    for set in 0..drawn.len() {
        let left = (0..count).filter(|item| set >> item & 1 == 0);
        let left: Vec<usize> = left.collect();
        let sum: Ratio = left.iter().map(|item| weights[*item]).sum();
        for item in left {
            let likely = drawn[set] * weights[item] / sum;
            places[item][set.count_ones() as usize] =
                places[item][set.count_ones() as usize] + likely;
            drawn[set | 1 << item] = drawn[set | 1 << item] + likely;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(over: i128, under: i128) -> Ratio {
        Ratio::quotient(over, under)
    }

    #[test]
    fn clients_on_inner_nodes_count_once_among_those_below() {
        let node = |parent, weight, is_client| WeightedNode {
            parent,
            weight: Ratio::whole(weight),
            is_client,
        };
        // a(1){., b(2)}, c(2){d(1), e(2)}, and f(9), which nobody is in.
        let tree = [
            node(None, 1, true),
            node(Some(0), 2, true),
            node(None, 2, false),
            node(Some(2), 1, true),
            node(Some(2), 2, true),
            node(None, 9, false),
        ];
        let ninths = [1, 2, 2, 4].map(|one| ratio(one, 9));
        assert_eq!(relative_weights(&tree), ninths);
    }

    #[test]
    fn what_is_left_is_drawn_by_the_same_weights() {
        let places = places_in_shuffle(&[ratio(1, 6), ratio(2, 6), ratio(3, 6)]);
        assert_eq!(places[0][0], ratio(1, 6));
        // Behind the second 1 of 4, behind the third 1 of 3.
        assert_eq!(places[0][1], ratio(2 * 3 + 3 * 4, 6 * 12));
        for place in 0..3 {
            let sum: Ratio = places.iter().map(|item| item[place]).sum();
            assert_eq!(sum, Ratio::ONE);
        }
    }
}
