//! How the frameworks of a cluster by chance behave, and what roles they may be in.

use fairground_policies::attributes::AgentSpeeds;
use fairground_policies::message::RoleId;
use fairground_policies::resources::{QuotaLimit, Resources};
use fairground_policies::share::Weight;
use fairground_sim::world::Behaviour;
use fairground_workloads::recipe::{PreemptedWork, Role};
use fairground_workloads::usage::{DrawnUse, UseSpec};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::common::secs;

pub(crate) fn behaviour() -> impl Strategy<Value = Behaviour> {
    let refuse = select(vec![secs(1), secs(5), secs(300)]);
    let role = prop_oneof![1 => Just(None), 1 => (0_u32..5).prop_map(|role| Some(RoleId(role)))];
    let drawn = (1_u32..5000, role, 1_u32..4, refuse, uses());
    drawn.prop_map(|(weight, role, share, refuse, uses)| Behaviour {
        weight: Weight::from_thousandths(weight).expect("more than zero"),
        role,
        constraints: Vec::new(),
        speeds: AgentSpeeds::default(),
        share,
        scheduler: "fifo".parse().expect("a name"),
        refuse,
        preempted: PreemptedWork::Lost,
        uses,
    })
}

/// A forest: each role is at the top or below one that was named before.
pub(crate) fn roles() -> impl Strategy<Value = Vec<Role>> {
    let role = (any::<Index>(), 1_u32..5000);
    vec(role, 0..5).prop_map(|drawn| {
        let drawn = drawn.into_iter().enumerate();
        let role = |(i, (above, weight)): (usize, (Index, u32))| Role {
            path: format!("r{i}"),
            parent: Some(above.index(i + 1))
                .filter(|above| *above < i)
                .map(|above| RoleId(above as u32)),
            weight,
            guarantee: Resources::ZERO,
            limit: QuotaLimit::NONE,
        };
        drawn.map(role).collect()
    })
}

/// What tasks use of what they ask for, mostly less, if anybody says.
fn uses() -> impl Strategy<Value = Option<UseSpec>> {
    let drawn = (1_u32..2000, 0_u32..2000, 1_u32..4000);
    let drawn = drawn.prop_map(|(median, spread, most)| DrawnUse {
        median,
        spread,
        most,
    });
    prop_oneof![
        4 => Just(None),
        2 => (1_u32..2000).prop_map(|part| Some(UseSpec::Part(part))),
        1 => drawn.prop_map(|drawn| Some(UseSpec::Drawn(drawn))),
    ]
}
