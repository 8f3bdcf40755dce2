//! Who used how much of what it is due: the fair tree, and the classic fair share it replaced.

use std::cmp::Reverse;

use crate::rules::ratio::Ratio;
use crate::score::Score;

/// A node of the tree of accounts and users, one of a list in which parents come before their children.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Association {
    /// Its parent's place in the list; `None` for the root.
    pub parent: Option<usize>,
    /// What it is due beside its siblings; `None` where it has its parent's (`FairShare=parent`).
    pub shares: Option<u64>,
    /// What a user used, aged; an account's is counted again.
    pub usage: u64,
    /// Whether it is a user: a leaf.
    pub is_user: bool,
}

/// What an association comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// What it is due: of its siblings' shares in the fair tree, of everything in the classic rule.
    pub norm_shares: Ratio,
    /// What it used, of what everybody did.
    pub norm_usage: Ratio,
    /// What it used of what its fair-share parent did; in the classic rule with a part of what its parent used beyond it.
    pub effective_usage: Ratio,
    /// What it is due by what it used, in the fair tree.
    pub level: Ratio,
    /// A user's place: from nothing to one.
    pub fair_share: Option<Score>,
}

/// What stands for an account that has its parent's shares, and before the first of siblings.
const INHERITED: i64 = 0xFFFF_FFFE;

/// When siblings stand equal, and what follows.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Equal {
    /// Where the original's floats are equal: a node's shares are a `double` with 53 binary digits, its usage and its level
    /// a `long double` with 64 (`_calc_assoc_fs`); its loop never merges accounts (`_count_tied_accounts`).
    #[default]
    Original,
    /// Where the fractions are equal.
    Exact,
    /// The same, and children of accounts that stand equal are one list, as the manual says.
    Merged,
}

struct Tree<'a> {
    all: &'a [Association],
    usage: Vec<u64>,
    /// The nearest above that has shares of its own.
    above: Vec<Option<usize>>,
    /// The sum of shares of those that a node is measured with.
    level_shares: Vec<u64>,
}

impl<'a> Tree<'a> {
    fn new(all: &'a [Association]) -> Self {
        let mut usage: Vec<u64> = all
            .iter()
            .map(|one| if one.is_user { one.usage } else { 0 })
            .collect();
        for (place, one) in all.iter().enumerate().rev() {
            if let Some(parent) = one.parent {
                usage[parent] = usage[parent].saturating_add(usage[place]);
            }
        }
        let above = |one: &Association| {
            let up = |place: &usize| all[*place].parent;
            let mut path = std::iter::successors(one.parent, up);
            path.find(|place| all[*place].shares.is_some() || all[*place].parent.is_none())
        };
        let above: Vec<Option<usize>> = all.iter().map(above).collect();
        let level = |of: &Option<usize>| {
            let beside = all.iter().zip(&above).filter(|(_, other)| *other == of);
            beside
                .filter_map(|(one, _)| one.shares)
                .fold(0, u64::saturating_add)
        };
        Self {
            all,
            usage,
            level_shares: above.iter().map(level).collect(),
            above,
        }
    }

    fn part(over: u64, under: u64) -> Ratio {
        if under == 0 {
            return Ratio::ZERO;
        }
        Ratio::quotient(over.into(), under.into())
    }

    fn shares(&self, place: usize) -> Ratio {
        Self::part(
            self.all[place].shares.unwrap_or(0),
            self.level_shares[place],
        )
    }

    fn usage_in(&self, place: usize, whole: Option<usize>) -> Ratio {
        whole.map_or(Ratio::ONE, |whole| {
            Self::part(self.usage[place], self.usage[whole])
        })
    }

    fn root(&self) -> Option<usize> {
        self.all.iter().position(|one| one.parent.is_none())
    }
}

/// The fair tree: from the root down, whoever is due more by what it used goes first with all that is below it; a user's
/// fair share is its place among all users, the best first.
///
/// Siblings that stand equal: users before accounts, then in the order of the list (the original leaves it to its sort). A
/// user that stands equal with the one before shares its place; the first user of an account that stands equal does, too.
/// Usage is compared exactly up to 2^50.
pub fn fair_tree(all: &[Association], equal: Equal) -> Vec<Standing> {
    let tree = Tree::new(all);
    let standing = |place: usize| {
        let (due, used) = (tree.shares(place), tree.usage_in(place, tree.above[place]));
        let level = match all[place] {
            Association {
                shares: None,
                is_user: true,
                ..
            } => Ratio::UNBOUNDED,
            Association { shares: None, .. } => Ratio::from(INHERITED),
            _ if due == Ratio::ZERO => Ratio::ZERO,
            _ if equal == Equal::Original => due.rounded(53).over(used.rounded(64)).rounded(64),
            _ => due.over(used),
        };
        Standing {
            norm_shares: due,
            norm_usage: tree.usage_in(place, tree.root()),
            effective_usage: used,
            level,
            fair_share: None,
        }
    };
    let users = all.iter().filter(|one| one.is_user).count();
    let users = i64::try_from(users).unwrap_or(i64::MAX);
    let mut walk = Walk {
        tree: &tree,
        merge: equal == Equal::Merged,
        standings: (0..all.len()).map(standing).collect(),
        users,
        rank: users,
        left: users,
    };
    if let Some(root) = tree.root() {
        walk.children(&[root], false);
    }
    walk.standings
}

struct Walk<'a> {
    tree: &'a Tree<'a>,
    merge: bool,
    standings: Vec<Standing>,
    users: i64,
    rank: i64,
    left: i64,
}

impl Walk<'_> {
    /// The children of `parents`, as one list; `tied` if their parents stand equal with whoever was before.
    fn children(&mut self, parents: &[usize], tied: bool) {
        let of = |above: &Option<usize>| above.is_some_and(|above| parents.contains(&above));
        let below = self
            .tree
            .above
            .iter()
            .enumerate()
            .filter(|(_, above)| of(above));
        let mut list: Vec<usize> = below.map(|(place, _)| place).collect();
        let level = |walk: &Self, place: usize| walk.standings[place].level;
        list.sort_by_key(|place| (Reverse(level(self, *place)), !self.tree.all[*place].is_user));
        let mut before = Ratio::from(INHERITED);
        let mut first = 0;
        while let Some(place) = list.get(first).copied() {
            let here = level(self, place);
            let tied = (first == 0 && tied) || here == before;
            before = here;
            if self.tree.all[place].is_user {
                if !tied {
                    self.rank = self.left;
                }
                let share = Score::ratio(self.rank, self.users);
                self.standings[place].fair_share = Some(share);
                self.left -= 1;
                first += 1;
                continue;
            }
            let rest = list[first..].iter();
            let equal = rest.take_while(|one| level(self, **one) == here).count();
            let together = if self.merge { equal } else { 1 };
            let parents = list[first..first + together].to_vec();
            self.children(&parents, tied);
            first += together;
        }
    }
}

/// The classic fair share: two to the power of minus what was used by what is due, `damping` times slower
/// (`FairShareDampeningFactor`).
pub fn classic(all: &[Association], damping: u32) -> Vec<Standing> {
    let tree = Tree::new(all);
    let mut standings: Vec<Standing> = Vec::with_capacity(all.len());
    for (place, one) in all.iter().enumerate() {
        let part = tree.shares(place);
        let used = tree.usage_in(place, tree.root());
        let above = tree.above[place].and_then(|above| standings.get(above));
        let inherits = one.shares.is_none();
        let (due, effective) = match above {
            None => (Ratio::ONE, used),
            Some(above) if inherits => (above.norm_shares, above.effective_usage),
            Some(above) => {
                let at_top = tree.above[place] == tree.root();
                let beyond = (above.effective_usage - used) * part;
                let effective = if at_top { used } else { used + beyond };
                (above.norm_shares * part, effective)
            }
        };
        let power = || {
            let by = effective.over(due) / Ratio::from(i64::from(damping.max(1)));
            (Score::ZERO - by.score()).exp2()
        };
        let fair_share = if due == Ratio::ZERO {
            Score::ZERO
        } else {
            power()
        };
        standings.push(Standing {
            norm_shares: due,
            norm_usage: used,
            effective_usage: effective,
            level: Ratio::ZERO,
            fair_share: one.is_user.then_some(fair_share),
        });
    }
    standings
}
