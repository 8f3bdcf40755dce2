//! What agents are described with, and what frameworks say of it.

use fairground_policies::attributes::{
    AgentAttributes, AgentSpeeds, AttributeTest, Expected, OfferConstraints, SpeedOf,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Of zones and racks, where agents have any.
pub(crate) fn attributes() -> impl Strategy<Value = AgentAttributes> {
    let word = || prop::option::of(select(vec!["a", "b", "c"]));
    (word(), word()).prop_map(|words| {
        let named = [("zone", words.0), ("rack", words.1)];
        let said = named
            .into_iter()
            .filter_map(|(name, word)| Some((name.into(), word?.into())));
        AgentAttributes::new(said)
    })
}

pub(crate) fn speeds() -> impl Strategy<Value = AgentSpeeds> {
    let words = (
        select(vec!["zone", "rack"]),
        select(vec!["a", "b", "c"]),
        select(vec![500, 1000, 2000]),
    );
    let one = words.prop_map(|(attribute, word, thousandths)| SpeedOf {
        attribute: attribute.to_owned(),
        word: word.to_owned(),
        thousandths,
    });
    vec(one, 0..3).prop_map(AgentSpeeds::new)
}

pub(crate) fn constraints() -> impl Strategy<Value = OfferConstraints> {
    let words = || vec(select(vec!["a", "b", "c"]).prop_map(str::to_owned), 0..3);
    let expects = prop_oneof![
        Just(Expected::Some),
        Just(Expected::Nothing),
        words().prop_map(Expected::OneOf),
        words().prop_map(Expected::NoneOf),
    ];
    let attribute = select(vec!["zone", "rack"]).prop_map(str::to_owned);
    let test =
        (attribute, expects).prop_map(|(attribute, expects)| AttributeTest { attribute, expects });
    let any_of = prop_oneof![2 => Just(Vec::new()), 5 => vec(vec(test, 0..3), 1..3)];
    any_of.prop_map(|any_of| OfferConstraints { any_of })
}
