//! Static partitioning: every agent belongs to one framework for good.

use super::{Allocator, AllocatorEntry, Context, Rank};
use crate::evidence::{Evidence, Proven};
use crate::ledger::Node;
use crate::message::{AgentId, FrameworkId};
use crate::name::Param;
use crate::share::Share;

/// Blocks of agents, one a framework, in proportion to the declared shares.
#[derive(Debug)]
pub struct Partition {
    /// The owner of every expected agent.
    owners: Vec<FrameworkId>,
    keeps_data: bool,
}

impl Partition {
    /// Divides `agents` agents as [`Self::split`] says, and lays the parts one after the other.
    pub fn new(shares: &[u32], agents: u32) -> Self {
        let parts = Self::split(shares, agents);
        let blocks = parts.iter().enumerate();
        let owners = blocks
            .flat_map(|(i, part)| (0..*part).map(move |_| FrameworkId(i as u32)))
            .collect();
        Self {
            owners,
            keeps_data: true,
        }
    }

    /// How many of `agents` agents each of `shares` gets: in proportion, by largest remainders, the
    /// lower id first among equal ones; nobody gets any where no share is more than nothing.
    pub fn split(shares: &[u32], agents: u32) -> Vec<u32> {
        let total: u64 = shares.iter().copied().map(u64::from).sum();
        if total == 0 {
            return vec![0; shares.len()];
        }
        let quota = |share: &u32| u64::from(agents) * u64::from(*share);
        // No part is larger than the number of agents.
        let part = |share: &u32| (quota(share) / total) as u32;
        let mut parts: Vec<u32> = shares.iter().map(part).collect();
        let left = agents - parts.iter().sum::<u32>();
        let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
        by_remainder.sort_by_key(|&i| std::cmp::Reverse(quota(&shares[i]) % total));
        for i in by_remainder.into_iter().take(left as usize) {
            parts[i] += 1;
        }
        parts
    }

    /// The same, with every framework's data spread over the agents of all.
    pub const fn with_data_anywhere(mut self) -> Self {
        self.keeps_data = false;
        self
    }
}

impl Allocator for Partition {
    fn rank(&self, _: &Context<'_>, _: Node) -> Rank {
        Share::ZERO.into()
    }

    /// Agents beyond the expected ones go round in the same proportions.
    fn owner(&self, agent: AgentId) -> Option<FrameworkId> {
        let expected = self.owners.len().max(1);
        self.owners.get(agent.index() % expected).copied()
    }

    fn keeps_data(&self) -> bool {
        self.keeps_data
    }
}

pub(super) const ENTRY: AllocatorEntry = AllocatorEntry {
    name: "static",
    about: "no sharing; every framework owns a block of agents",
    params: &[
        Param {
            key: "split",
            about: "agents or parts a framework, as in 4:3:2 (default: the declared shares)",
        },
        Param {
            key: "data",
            about: "own: what a framework reads lies on its own agents (default); all: on anybody's",
        },
    ],
    evidence: Evidence {
        source: "static partitioning: Hindman et al., Mesos, NSDI 2011, section 6.1",
        proven: Proven::Scripts,
        example: "\
agents 4 cpus:1 mem:1
policy static
framework a share=3
framework b share=1
job a tasks=3 cpus:1 mem:1 run=10s
job b tasks=4 cpus:1 mem:1 run=10s
",
    },
    make: |name, setup| {
        let shares = match name.take("split") {
            None => setup.shares,
            Some(text) => {
                let parts: Result<Vec<u32>, _> = text.split(':').map(str::parse).collect();
                match parts {
                    Ok(parts) if parts.len() == setup.shares.len() => parts,
                    _ => {
                        let expected = format!("{} numbers, as in 4:3:2", setup.shares.len());
                        return Err(name.bad("split", &text, &expected));
                    }
                }
            }
        };
        let partition = Partition::new(&shares, setup.agents);
        Ok(match name.take("data").as_deref() {
            None | Some("own") => Box::new(partition),
            Some("all") => Box::new(partition.with_data_anywhere()),
            Some(other) => return Err(name.bad("data", other, "own or all")),
        })
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shares: &[u32], agents: u32, owners: &[u32]) {
        let partition = Partition::new(shares, agents);
        let got: Vec<u32> = (0..agents)
            .filter_map(|a| partition.owner(AgentId(a)))
            .map(|f| f.0)
            .collect();
        assert_eq!(got, owners, "{shares:?} of {agents}");
    }

    #[test]
    fn blocks_follow_the_shares() {
        check(&[3, 3, 3], 9, &[0, 0, 0, 1, 1, 1, 2, 2, 2]);
        check(&[1, 1, 1], 4, &[0, 0, 1, 2]);
        check(&[2, 1], 4, &[0, 0, 0, 1]);
        check(&[0, 1], 2, &[1, 1]);
        check(&[0, 0], 2, &[]);
        assert_eq!(
            Partition::new(&[1, 1], 2).owner(AgentId(3)),
            Some(FrameworkId(1))
        );
    }
}
