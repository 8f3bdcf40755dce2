//! One number for a whole run: equal digests mean equal histories.

mod encode;

use serde::Serialize;

use encode::Encoder;

/// BLAKE3 over the compact encoding of everything that is added, in order.
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
        self.0.finish().to_hex().to_string()
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

    use super::encode::CHUNK;
    use super::*;

    #[test]
    fn chunks_change_nothing() {
        let (mut digest, mut plain) = (Digest::default(), Vec::new());
        for length in (0..400).chain([3 * CHUNK, 7]) {
            let value = (
                length as u64,
                vec![length as u8; length],
                "a".repeat(length),
            );
            digest.add(&value);
            plain.extend(postcard::to_stdvec(&value).unwrap());
        }
        assert_eq!(digest.finish(), blake3::hash(&plain).to_hex().to_string());
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
                let demand = vec![Demand { needs, count }; 2];
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
        fn bytes_are_those_of_postcard(
            values in prop::collection::vec((number(), event(), action(), prop::option::of(number()), ".*"), 1..20)
        ) {
            let (mut digest, mut plain) = (Digest::default(), Vec::new());
            for value in &values {
                digest.add(value);
                plain.extend(postcard::to_stdvec(value).unwrap());
            }
            prop_assert_eq!(digest.0.pending(), &plain[..]);
        }
    }
}
