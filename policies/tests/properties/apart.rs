//! Constraints that look at where tasks run, in the small world: tasks keep apart, and all work is done.

use std::collections::BTreeMap;

use fairground_policies::attributes::AgentAttributes;
use fairground_policies::constraint::{Constraint, TaskSpread};
use fairground_policies::message::{AgentId, FrameworkId};
use proptest::prelude::*;
use proptest::sample::select;

use crate::frameworks::{ALL, Kind, delays, executors, jobs, losses, masters, world};
use crate::world::World;

/// The attribute, and its word by agent.
const ZONE: &str = "zone";
const ZONES: [&str; 4] = ["a", "b", "b", "c"];

impl World {
    /// Whether one more task on an agent keeps to what its framework asks, beside those that run.
    pub(crate) fn check_apart(&self, framework: FrameworkId, agent: AgentId) {
        let Some(constraint) = self.apart.get(&framework) else {
            return;
        };
        let mut placed = BTreeMap::new();
        let mine = self
            .alive
            .iter()
            .filter(|((owner, _), _)| *owner == framework);
        for agent in mine.flat_map(|(_, (places, _))| places) {
            *placed.entry(ZONES[agent.index()].to_owned()).or_default() += 1;
        }
        // Of groups it is not known here how many tasks wait.
        let all = u64::MAX;
        let zone = ZONES[agent.index()];
        assert!(
            constraint.allows(zone, &placed, (all, 3)),
            "{framework} asks for {constraint}, and has one more in {zone} beside {placed:?}"
        );
    }
}

fn constraints() -> impl Strategy<Value = Constraint> {
    let asked = select(vec![
        "UNIQUE",
        "MAX_PER 1",
        "MAX_PER 2",
        "CLUSTER",
        "GROUP_BY",
        "GROUP_BY 2",
    ]);
    asked.prop_map(|asked| {
        let words = std::iter::once(ZONE).chain(asked.split(' '));
        let words: Vec<String> = words.map(str::to_owned).collect();
        Constraint::read(&words).unwrap()
    })
}

/// A framework that places tasks one after the other, or runs executors.
fn kinds() -> impl Strategy<Value = Kind> {
    let scheduler = select(vec![
        "fifo",
        "fair",
        "sjf",
        "fifo[wait=3s]",
        "fair[wait=300ms]",
    ]);
    prop_oneof![
        3 => (scheduler, jobs(Just(false))).prop_map(|(name, jobs)| Kind::Batch(name, jobs)),
        1 => executors(),
    ]
}

proptest! {
    #![proptest_config(crate::many())]

    #[test]
    fn tasks_keep_apart_and_all_work_is_done(
        name in masters(ALL),
        kinds in prop::collection::vec((kinds(), prop::option::of(constraints())), 1..4),
        agents in 2..5_u32,
        delay in delays(),
        losses in losses(),
    ) {
        let (kinds, asked): (Vec<Kind>, Vec<Option<Constraint>>) = kinds.into_iter().unzip();
        let mut world = world(&name, &kinds, agents, delay, &losses);
        let zones = ZONES.iter().zip((0..).map(AgentId)).map(|(zone, agent)| {
            (agent, AgentAttributes::new([(ZONE.to_owned(), (*zone).to_owned())]))
        });
        let zones: BTreeMap<AgentId, AgentAttributes> = zones.collect();
        for (constraint, id) in asked.into_iter().zip((0..).map(FrameworkId)) {
            if let Some(constraint) = constraint {
                world.spread(id, TaskSpread::new(std::slice::from_ref(&constraint), zones.clone()));
                world.apart.insert(id, constraint);
            }
        }
        world.rest();
        world.check_done();
    }
}
