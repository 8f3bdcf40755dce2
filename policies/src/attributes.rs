//! What agents are described with, and what frameworks ask of it before they are offered anything.
//!
//! Words by name: `zone = a`, `gpu = v100`, `@hostname = n1`. What is asked here looks at an agent alone, so
//! the master can keep to it; what looks at where other tasks run is [`crate::constraint`]'s, and a framework's own
//! business.

use serde::{Deserialize, Serialize};

use crate::message::AgentId;

/// The attribute of an agent with GPUs that says their model: what jobs of traces ask for.
pub const GPU_MODEL: &str = "gpu_model";

/// What one agent is described with.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentAttributes(Vec<(String, String)>);

impl AgentAttributes {
    /// Of an agent of which nothing is said.
    pub const NONE: Self = Self(Vec::new());

    /// Those of a list; of a name that comes again, the last word counts.
    pub fn new(words: impl IntoIterator<Item = (String, String)>) -> Self {
        let sorted: std::collections::BTreeMap<String, String> = words.into_iter().collect();
        Self(sorted.into_iter().collect())
    }

    /// The word of an attribute, if there is one.
    pub fn get(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().find(|(one, _)| one == name);
        named.map(|(_, word)| word.as_str())
    }

    /// Those of the agent of this number among all; nothing is said of one that is not among them.
    pub fn of(all: &[Self], agent: AgentId) -> &Self {
        const NOTHING: &AgentAttributes = &AgentAttributes::NONE;
        all.get(agent.index()).unwrap_or(NOTHING)
    }

    /// All of them by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.map(|(name, word)| (name.as_str(), word.as_str()))
    }

    /// The others than this one.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let others = self.0.iter().filter(|(one, _)| one != name);
        Self(others.cloned().collect())
    }

    /// Whether nothing is said.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How fast a framework's work runs on agents, by what these are described with.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentSpeeds(Vec<SpeedOf>);

/// How fast work runs where an attribute has a word.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SpeedOf {
    /// The attribute's name.
    pub attribute: String,
    /// Its word.
    pub word: String,
    /// The speed, in thousandths of that where nothing is said.
    pub thousandths: u32,
}

impl AgentSpeeds {
    /// The speed where nothing is said.
    pub const PLAIN: u32 = 1000;

    /// Of what is said of single words.
    pub const fn new(said: Vec<SpeedOf>) -> Self {
        Self(said)
    }

    /// Whether nothing is said.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How fast it is on an agent that is so described, in thousandths and at least one: the product of all that holds
    /// there.
    pub fn on(&self, described: &AgentAttributes) -> u32 {
        let said = self.0.iter();
        let said = said.filter(|one| described.get(&one.attribute) == Some(&one.word));
        let product = said.fold(u64::from(Self::PLAIN), |product, one| {
            let product = product.saturating_mul(one.thousandths.into());
            (product / u64::from(Self::PLAIN)).min(u32::MAX.into())
        });
        product.max(1) as u32
    }
}

/// What is asked of one attribute of an agent.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct AttributeTest {
    /// Its name.
    pub attribute: String,
    /// What its word must be.
    pub expects: Expected,
}

/// What the word of an attribute must be.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Expected {
    /// Any word.
    Some,
    /// None: the agent does not have the attribute.
    Nothing,
    /// One of these.
    OneOf(Vec<String>),
    /// None of these, as it is not where the attribute is missing.
    NoneOf(Vec<String>),
}

impl AttributeTest {
    /// Whether an agent that is so described passes.
    pub fn passes(&self, described: &AgentAttributes) -> bool {
        let word = described.get(&self.attribute);
        match &self.expects {
            Expected::Some => word.is_some(),
            Expected::Nothing => word.is_none(),
            Expected::OneOf(words) => word.is_some_and(|word| words.iter().any(|one| one == word)),
            Expected::NoneOf(words) => word.is_none_or(|word| words.iter().all(|one| one != word)),
        }
    }
}

/// On which agents a framework wants to be offered anything (Mesos' `OfferConstraints`, of one role).
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OfferConstraints {
    /// Where all tests of any of these pass; everywhere if there are none.
    pub any_of: Vec<Vec<AttributeTest>>,
}

impl OfferConstraints {
    /// Where all of these pass.
    pub fn all(tests: Vec<AttributeTest>) -> Self {
        let any_of = if tests.is_empty() {
            Vec::new()
        } else {
            vec![tests]
        };
        Self { any_of }
    }

    /// Whether every agent passes.
    pub const fn is_empty(&self) -> bool {
        self.any_of.is_empty()
    }

    /// Whether an agent that is so described may be offered.
    pub fn admits(&self, described: &AgentAttributes) -> bool {
        let all_pass = |tests: &Vec<AttributeTest>| tests.iter().all(|test| test.passes(described));
        self.any_of.is_empty() || self.any_of.iter().any(all_pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> AgentAttributes {
        let words = text.split_whitespace().map(|one| {
            let (name, word) = one.split_once('=').expect("name=word");
            (name.to_owned(), word.to_owned())
        });
        AgentAttributes::new(words)
    }

    fn test(attribute: &str, expects: Expected) -> AttributeTest {
        let attribute = attribute.to_owned();
        AttributeTest { attribute, expects }
    }

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn check(agent: &str, expects: Expected, passes: bool) {
        let asked = test("zone", expects);
        assert_eq!(
            asked.passes(&described(agent)),
            passes,
            "{asked:?} of {agent}"
        );
    }

    #[test]
    fn a_missing_attribute_is_only_unlike_others() {
        check("zone=a", Expected::Some, true);
        check("rack=a", Expected::Some, false);
        check("zone=a", Expected::Nothing, false);
        check("rack=a", Expected::Nothing, true);
        check("zone=a", Expected::OneOf(words("a b")), true);
        check("zone=c", Expected::OneOf(words("a b")), false);
        check("rack=a", Expected::OneOf(words("a b")), false);
        check("zone=a", Expected::OneOf(Vec::new()), false);
        check("zone=a", Expected::NoneOf(words("a b")), false);
        check("zone=c", Expected::NoneOf(words("a b")), true);
        check("rack=a", Expected::NoneOf(words("a b")), true);
        check("zone=b zone=a", Expected::OneOf(words("a")), true);
    }

    #[test]
    fn all_tests_of_any_group_pass() {
        let in_a = test("zone", Expected::OneOf(words("a")));
        let plain = test("gpu", Expected::Nothing);
        let any_of = vec![
            vec![in_a.clone(), plain.clone()],
            vec![test("rack", Expected::Some)],
        ];
        let groups = OfferConstraints { any_of };
        for (agent, admitted) in [
            ("zone=a", true),
            ("zone=a gpu=v100", false),
            ("zone=a gpu=v100 rack=1", true),
            ("", false),
        ] {
            assert_eq!(groups.admits(&described(agent)), admitted, "{agent}");
        }
        assert!(OfferConstraints::all(Vec::new()).admits(&described("")));
        let one = OfferConstraints::all(vec![in_a, plain]);
        assert!(!one.admits(&described("zone=b")));
    }
}
