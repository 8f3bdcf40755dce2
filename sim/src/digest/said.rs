//! What is said most, word by word: most facts and orders of a run are of few kinds, and of each so many words are known to
//! come that they can be put down at once. All else goes the way of any value, to the same words.

use fairground_policies::message::{Action, Event};
use fairground_policies::time::Time;

use super::Digest;

impl Digest {
    /// Adds a fact with the time at which it was told, as a pair of both.
    #[inline]
    pub fn fact(&mut self, now: Time, event: &Event) {
        let at = now.as_micros();
        match event {
            Event::TimePassed => self.0.words([at, 10]),
            Event::TaskEnded {
                agent,
                framework,
                task,
                outcome,
            } => {
                let ids = [agent.0.into(), framework.0.into(), task.0];
                let [agent, framework, task] = ids;
                self.0
                    .words([at, 9, agent, framework, task, *outcome as u64]);
            }
            Event::OffersAnswered {
                framework,
                offers,
                launch,
                refuse,
            } if offers.len() == 1 && launch.len() == 1 => {
                let (offer, framework) = (offers[0].0, framework.0.into());
                let (task, [cpus, mem, disk, gpus]) = (launch[0].task.0, launch[0].needs.units());
                self.0.words([at, 5, framework, 1, offer, 1, task]);
                self.0.words([cpus, mem, disk, gpus, refuse.as_micros()]);
            }
            Event::DemandGrew { framework, more } if more.len() == 1 => {
                let [cpus, mem, disk, gpus] = more[0].needs.units();
                let (framework, count) = (framework.0.into(), more[0].count.into());
                self.0
                    .words([at, 19, framework, 1, cpus, mem, disk, gpus, count]);
            }
            other => self.add(&(now, other)),
        }
    }

    /// Adds an order.
    #[inline]
    pub fn order(&mut self, action: &Action) {
        match action {
            Action::Offer(offer) => {
                let ids = [offer.id.0, offer.framework.0.into(), offer.agent.0.into()];
                let ([id, framework, agent], [cpus, mem, disk, gpus]) =
                    (ids, offer.resources.units());
                self.0
                    .words([0, id, framework, agent, cpus, mem, disk, gpus]);
            }
            Action::Launch {
                agent,
                framework,
                task,
                needs,
            } => {
                let [cpus, mem, disk, gpus] = needs.units();
                let (agent, framework) = (agent.0.into(), framework.0.into());
                self.0
                    .words([2, agent, framework, task.0, cpus, mem, disk, gpus]);
            }
            Action::Report {
                framework,
                task,
                outcome,
            } => self
                .0
                .words([4, framework.0.into(), task.0, *outcome as u64]),
            other => self.add(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::message::{
        AgentId, Demand, FrameworkId, Offer, OfferId, Outcome, TaskId, TaskRequest,
    };
    use fairground_policies::resources::Resources;
    use fairground_policies::time::Span;
    use proptest::prelude::*;

    use super::super::encode::CHUNK;
    use super::*;

    const OUTCOMES: [Outcome; 5] = [
        Outcome::Finished,
        Outcome::Failed,
        Outcome::Killed,
        Outcome::Lost,
        Outcome::Preempted,
    ];

    fn said(
        [id, small, other]: [u64; 3],
        units: [u64; 4],
        few: usize,
    ) -> (Vec<Event>, Vec<Action>) {
        let (framework, agent) = (FrameworkId(small as u32), AgentId(other as u32));
        let (task, needs) = (TaskId(id), Resources::from_units(units));
        let outcome = OUTCOMES[few % OUTCOMES.len()];
        let count = other as u32;
        let request = TaskRequest { task, needs };
        let events = vec![
            Event::TimePassed,
            Event::TaskEnded {
                agent,
                framework,
                task,
                outcome,
            },
            Event::OffersAnswered {
                framework,
                offers: vec![OfferId(other); few].into(),
                launch: vec![request; few].into(),
                refuse: Span::from_micros(small),
            },
            Event::DemandGrew {
                framework,
                more: vec![Demand { needs, count }; few].into(),
            },
            Event::Revived { framework },
        ];
        let actions = vec![
            Action::Offer(Offer {
                id: OfferId(other),
                framework,
                agent,
                resources: needs,
            }),
            Action::Rescind {
                framework,
                offer: OfferId(id),
            },
            Action::Launch {
                agent,
                framework,
                task,
                needs,
            },
            Action::Kill {
                agent,
                framework,
                task,
            },
            Action::Report {
                framework,
                task,
                outcome,
            },
        ];
        (events, actions)
    }

    proptest! {
        /// Whatever is left of the buffer.
        #[test]
        fn it_is_what_any_value_would_be(
            before in 0..CHUNK / 8,
            ids in prop::array::uniform3(any::<u64>()),
            units in prop::array::uniform4(any::<u64>()),
            few in 0_usize..5,
        ) {
            let (mut said_so, mut plain) = (Digest::default(), Digest::default());
            for digest in [&mut said_so, &mut plain] {
                digest.add(&vec![7_u64; before]);
            }
            let now = Time::from_micros(ids[0]);
            let (events, actions) = said(ids, units, few);
            for event in &events {
                said_so.fact(now, event);
                plain.add(&(now, event));
            }
            for action in &actions {
                said_so.order(action);
                plain.add(action);
            }
            prop_assert_eq!(said_so.0.pending(), plain.0.pending());
            prop_assert_eq!(said_so.finish(), plain.finish());
        }
    }
}
