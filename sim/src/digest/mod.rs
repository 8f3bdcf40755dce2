//! One number for a whole run: equal digests mean equal histories.

mod encode;
mod said;

use serde::Serialize;

use encode::Encoder;

/// A hash over the words of everything that is added, in order: XXH3 of 128 bits, of which BLAKE3 makes the 256
/// that are printed. It tells histories apart that differ, not those that somebody forged.
#[derive(Default, Debug)]
pub struct Digest(Encoder);

impl Digest {
    /// Adds a value: whole numbers, text, lists, structs and enums of them.
    ///
    /// # Panics
    /// When it is made of anything else.
    pub fn add<T: Serialize + ?Sized>(&mut self, value: &T) {
        value.serialize(&mut self.0).expect("plain data");
    }

    /// The digest of all that was added, in hexadecimal.
    pub fn finish(self) -> String {
        let short = self.0.finish().to_le_bytes();
        blake3::hash(&short).to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::message::{
        Action, AgentId, Demand, Event, FrameworkId, Offer, OfferId, Outcome, RoleId, TaskId,
        TaskRequest,
    };
    use fairground_policies::resources::Resources;
    use fairground_policies::share::Weight;
    use fairground_policies::time::Span;
    use proptest::prelude::*;
    use twox_hash::XxHash3_128;

    use super::encode::CHUNK;
    use super::*;

    fn bytes(words: impl IntoIterator<Item = u64>) -> Vec<u8> {
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    #[test]
    fn a_digest_is_the_hash_of_the_hash_of_all_words() {
        let (mut digest, mut plain) = (Digest::default(), Vec::new());
        for length in (0..400).chain([3 * CHUNK, 7]) {
            let value = (
                vec![length as u8; length],
                "a".repeat(length),
                [true, false],
            );
            digest.add(&value);
            plain.extend(bytes([length as u64]));
            plain.extend(bytes(vec![u64::from(length as u8); length]));
            plain.extend(bytes([length as u64]));
            plain.extend(value.1.as_bytes());
            plain.resize(plain.len().next_multiple_of(8), 0);
            plain.extend(bytes([1, 0]));
        }
        let short = XxHash3_128::oneshot(&plain).to_le_bytes();
        assert_eq!(digest.finish(), blake3::hash(&short).to_hex().to_string());
    }

    /// The words of a fact, said anew.
    fn words_of_event(event: &Event) -> Vec<u64> {
        match event {
            Event::AgentJoined { agent, total } => {
                let mut words = vec![0, agent.0.into()];
                words.extend(total.units());
                words
            }
            Event::FrameworkJoined {
                framework,
                weight,
                role,
            } => {
                let mut words = vec![2, framework.0.into(), weight.thousandths().into()];
                // It came when there were logs already, and nothing stands for none.
                words.extend(role.iter().flat_map(|role| [1, role.0.into()]));
                words
            }
            Event::DemandDeclared { framework, demand } => {
                let mut words = vec![4, framework.0.into(), demand.len() as u64];
                for one in demand {
                    words.extend(one.needs.units());
                    words.push(one.count.into());
                }
                words
            }
            Event::OffersAnswered {
                framework,
                offers,
                launch,
                refuse,
            } => {
                let mut words = vec![5, framework.0.into(), offers.len() as u64];
                words.extend(offers.iter().map(|offer| offer.0));
                words.push(launch.len() as u64);
                for one in launch {
                    words.push(one.task.0);
                    words.extend(one.needs.units());
                }
                words.push(refuse.as_micros());
                words
            }
            Event::TimePassed => vec![10],
            other => panic!("{other:?} is not drawn"),
        }
    }

    /// The words of an order, said anew.
    fn words_of_action(action: &Action) -> Vec<u64> {
        match action {
            Action::Offer(offer) => {
                let mut words = vec![
                    0,
                    offer.id.0,
                    offer.framework.0.into(),
                    offer.agent.0.into(),
                ];
                words.extend(offer.resources.units());
                words
            }
            Action::Report {
                framework, task, ..
            } => vec![4, framework.0.into(), task.0, 2],
            other => panic!("{other:?} is not drawn"),
        }
    }

    /// Numbers of every length.
    fn number() -> impl Strategy<Value = u64> {
        (0..=64_u32, any::<u64>()).prop_map(|(bits, number)| number.checked_shr(bits).unwrap_or(0))
    }

    fn resources() -> impl Strategy<Value = Resources> {
        prop::array::uniform4(number()).prop_map(Resources::from_units)
    }

    fn event() -> impl Strategy<Value = Event> {
        let id = || number().prop_map(|id| FrameworkId(id as u32));
        prop_oneof![
            (number(), resources()).prop_map(|(agent, total)| Event::AgentJoined {
                agent: AgentId(agent as u32),
                total,
            }),
            (id(), 1..u32::MAX, prop::option::of(id())).prop_map(|(framework, weight, role)| {
                Event::FrameworkJoined {
                    framework,
                    weight: Weight::from_thousandths(weight).unwrap(),
                    role: role.map(|role| RoleId(role.0)),
                }
            }),
            (id(), resources(), any::<u32>()).prop_map(|(framework, needs, count)| {
                let demand = vec![Demand { needs, count }; 2].into();
                Event::DemandDeclared { framework, demand }
            }),
            (
                id(),
                prop::collection::vec(number(), 0..5),
                prop::collection::vec((number(), resources()), 0..5),
                number(),
            )
                .prop_map(|(framework, offers, launch, refuse)| {
                    Event::OffersAnswered {
                        framework,
                        offers: offers.into_iter().map(OfferId).collect(),
                        launch: launch
                            .into_iter()
                            .map(|(task, needs)| TaskRequest {
                                task: TaskId(task),
                                needs,
                            })
                            .collect(),
                        refuse: Span::from_micros(refuse),
                    }
                }),
            Just(Event::TimePassed),
        ]
    }

    fn action() -> impl Strategy<Value = Action> {
        (number(), number(), number(), resources(), any::<bool>()).prop_map(
            |(id, framework, agent, resources, offer)| {
                let (framework, agent) = (FrameworkId(framework as u32), AgentId(agent as u32));
                if offer {
                    Action::Offer(Offer {
                        id: OfferId(id),
                        framework,
                        agent,
                        resources,
                    })
                } else {
                    Action::Report {
                        framework,
                        task: TaskId(id),
                        outcome: Outcome::Killed,
                    }
                }
            },
        )
    }

    proptest! {
        #[test]
        fn words_are_those_of_a_plain_encoder(
            values in prop::collection::vec((number(), event(), action(), prop::option::of(number())), 1..20)
        ) {
            let (mut digest, mut plain) = (Digest::default(), Vec::new());
            for value in &values {
                digest.add(value);
                let (number, event, action, option) = value;
                plain.push(*number);
                plain.extend(words_of_event(event));
                plain.extend(words_of_action(action));
                plain.extend(option.map_or(vec![0], |number| vec![1, number]));
            }
            prop_assert_eq!(digest.0.pending(), &bytes(plain)[..]);
        }
    }
}
