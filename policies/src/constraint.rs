//! Where a framework's tasks may run, in Marathon's words: `["zone", "GROUP_BY", "3"]`.
//!
//! Each of them asks something of an agent alone, which the master keeps to (`test`). Some ask, too, where the
//! framework's other tasks run, which only the framework knows: it holds back what an offer would allow (`TaskSpread`).
//!
//! Words are compared letter by letter: where Marathon has expressions, here are words parted by `|`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attributes::{AgentAttributes, AttributeTest, Expected};
use crate::message::{AgentId, TaskId};

/// The attribute that every agent has: what it is called.
pub const HOSTNAME: &str = "@hostname";

/// One constraint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Constraint {
    /// The attribute it is about.
    pub attribute: String,
    /// What of it.
    pub operator: ConstraintOperator,
}

/// What is asked of an attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConstraintOperator {
    /// No two tasks where it has the same word.
    Unique,
    /// All tasks where it has one word: this one, or that of the first task.
    Cluster(Option<String>),
    /// Tasks in equal parts over so many words; over all that agents have where none is said.
    GroupBy(Option<u32>),
    /// One of these words.
    Like(Vec<String>),
    /// None of these words.
    Unlike(Vec<String>),
    /// At most so many tasks where it has the same word.
    MaxPer(u32),
    /// This word.
    Is(String),
}

impl Constraint {
    /// Reads it from its two or three words.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(words: &[String]) -> Result<Self, String> {
        let (attribute, operator, value) = match words {
            [attribute, operator] => (attribute, operator, ""),
            [attribute, operator, value] => (attribute, operator, value.as_str()),
            _ => {
                let found = words.len();
                return Err(format!(
                    "expected an attribute, an operator and what it asks for, as in [\"zone\", \"GROUP_BY\", \"3\"], \
                     found {found} words"
                ));
            }
        };
        if attribute.is_empty() {
            return Err("expected the name of an attribute, found nothing".to_owned());
        }
        let operator = ConstraintOperator::read(&operator.to_uppercase(), value)?;
        let attribute = match attribute.as_str() {
            "hostname" => HOSTNAME.to_owned(),
            other => other.to_owned(),
        };
        Ok(Self {
            attribute,
            operator,
        })
    }

    /// What it asks of an agent alone. Where tasks are counted by an attribute, agents must have it.
    pub fn test(&self) -> AttributeTest {
        let expects = match &self.operator {
            ConstraintOperator::Like(words) => Expected::OneOf(words.clone()),
            ConstraintOperator::Unlike(words) => Expected::NoneOf(words.clone()),
            ConstraintOperator::Is(word) | ConstraintOperator::Cluster(Some(word)) => {
                Expected::OneOf(vec![word.clone()])
            }
            ConstraintOperator::Unique
            | ConstraintOperator::Cluster(None)
            | ConstraintOperator::GroupBy(_)
            | ConstraintOperator::MaxPer(_) => Expected::Some,
        };
        AttributeTest {
            attribute: self.attribute.clone(),
            expects,
        }
    }

    /// Whether it asks where other tasks run, too.
    pub const fn looks_at_tasks(&self) -> bool {
        matches!(
            self.operator,
            ConstraintOperator::Unique
                | ConstraintOperator::Cluster(None)
                | ConstraintOperator::GroupBy(_)
                | ConstraintOperator::MaxPer(_)
        )
    }

    /// Whether one more of `all` tasks may run where its attribute has this word; `placed` says how many run by
    /// word, and `known` how many words agents have.
    pub fn allows(
        &self,
        word: &str,
        placed: &BTreeMap<String, u64>,
        (all, known): (u64, u64),
    ) -> bool {
        let here = placed.get(word).copied().unwrap_or(0);
        match self.operator {
            ConstraintOperator::Unique => here == 0,
            ConstraintOperator::MaxPer(most) => here < u64::from(most),
            ConstraintOperator::Cluster(None) => placed.is_empty() || here > 0,
            ConstraintOperator::GroupBy(groups) => {
                let groups = groups.map_or(known, u64::from).max(1);
                let (part, rest) = (all / groups, all % groups);
                let fuller = placed.values().filter(|count| **count > part).count() as u64;
                here < part || (here == part && fuller < rest)
            }
            ConstraintOperator::Like(_)
            | ConstraintOperator::Unlike(_)
            | ConstraintOperator::Is(_)
            | ConstraintOperator::Cluster(_) => true,
        }
    }
}

impl ConstraintOperator {
    fn read(name: &str, value: &str) -> Result<Self, String> {
        let number = || {
            let number = value.parse::<u32>().ok().filter(|number| *number > 0);
            number.ok_or_else(|| format!("{name} takes a whole number from 1 on, found `{value}`"))
        };
        Ok(match name {
            "UNIQUE" if value.is_empty() => Self::Unique,
            "UNIQUE" => return Err(format!("UNIQUE takes nothing, found `{value}`")),
            "CLUSTER" => Self::Cluster((!value.is_empty()).then(|| value.to_owned())),
            "GROUP_BY" if value.is_empty() => Self::GroupBy(None),
            "GROUP_BY" => Self::GroupBy(Some(number()?)),
            "MAX_PER" => Self::MaxPer(number()?),
            "LIKE" => Self::Like(words(name, value)?),
            "UNLIKE" => Self::Unlike(words(name, value)?),
            "IS" if value.is_empty() => return Err("IS takes a word, found none".to_owned()),
            "IS" => Self::Is(value.to_owned()),
            _ => {
                return Err(format!(
                    "expected UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER or IS, found `{name}`"
                ));
            }
        })
    }

    /// Its name and what it takes.
    fn said(&self) -> (&'static str, Option<String>) {
        match self {
            Self::Unique => ("UNIQUE", None),
            Self::Cluster(word) => ("CLUSTER", word.clone()),
            Self::GroupBy(groups) => ("GROUP_BY", groups.map(|groups| groups.to_string())),
            Self::Like(words) => ("LIKE", Some(words.join("|"))),
            Self::Unlike(words) => ("UNLIKE", Some(words.join("|"))),
            Self::MaxPer(most) => ("MAX_PER", Some(most.to_string())),
            Self::Is(word) => ("IS", Some(word.clone())),
        }
    }
}

/// Words parted by `|`; what looks like an expression is none of them.
fn words(name: &str, value: &str) -> Result<Vec<String>, String> {
    let words: Vec<String> = value.split('|').map(str::to_owned).collect();
    let expression =
        |word: &String| word.is_empty() || word.contains(|c| r"*+?()[]{}^$\".contains(c));
    if words.iter().any(expression) {
        return Err(format!(
            "{name} takes words parted by `|`, as in v100|a100, and no expressions, found `{value}`"
        ));
    }
    Ok(words)
}

impl TryFrom<Vec<String>> for Constraint {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        Self::read(&words)
    }
}

impl From<Constraint> for Vec<String> {
    fn from(one: Constraint) -> Self {
        let (name, value) = one.operator.said();
        let mut words = vec![one.attribute, name.to_owned()];
        words.extend(value);
        words
    }
}

/// `zone GROUP_BY 3`.
impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, value) = self.operator.said();
        write!(f, "{} {name}", self.attribute)?;
        value.map_or(Ok(()), |value| write!(f, " {value}"))
    }
}

/// Where a framework's tasks run, as far as its constraints ask: all its tasks together, whatever they do.
#[derive(Clone, Debug)]
pub struct TaskSpread {
    asked: Vec<CountedConstraint>,
    attributes: BTreeMap<AgentId, AgentAttributes>,
    running: BTreeMap<TaskId, AgentId>,
    placed: u64,
}

#[derive(Clone, Debug)]
struct CountedConstraint {
    constraint: Constraint,
    placed: BTreeMap<String, u64>,
    /// How many words agents have.
    known: u64,
}

impl TaskSpread {
    /// What of these constraints asks where tasks run; `None` if none of them does.
    pub fn new(
        constraints: &[Constraint],
        attributes: BTreeMap<AgentId, AgentAttributes>,
    ) -> Option<Box<Self>> {
        let counted = |constraint: &Constraint| {
            let mut words: Vec<&str> = attributes
                .values()
                .filter_map(|described| described.get(&constraint.attribute))
                .collect();
            words.sort_unstable();
            words.dedup();
            CountedConstraint {
                constraint: constraint.clone(),
                placed: BTreeMap::new(),
                known: words.len() as u64,
            }
        };
        let asked = constraints.iter().filter(|one| one.looks_at_tasks());
        let asked: Vec<CountedConstraint> = asked.map(counted).collect();
        (!asked.is_empty()).then(|| {
            Box::new(Self {
                asked,
                attributes,
                running: BTreeMap::new(),
                placed: 0,
            })
        })
    }

    /// Whether one more task may run on an agent, when so many wait.
    pub fn allows(&self, agent: AgentId, waiting: u64) -> bool {
        let all = self.placed + waiting;
        self.asked.iter().all(|one| {
            let described = self.attributes.get(&agent);
            let word = described.and_then(|words| words.get(&one.constraint.attribute));
            word.is_some_and(|word| one.constraint.allows(word, &one.placed, (all, one.known)))
        })
    }

    /// One more is to run on an agent.
    pub fn place(&mut self, agent: AgentId) {
        self.placed += 1;
        self.count(agent, |count| *count += 1);
    }

    /// What is to run there is called so.
    pub fn launched(&mut self, task: TaskId, agent: AgentId) {
        self.running.insert(task, agent);
    }

    /// A task ended, if it was launched.
    pub fn ended(&mut self, task: TaskId) {
        if let Some(agent) = self.running.remove(&task) {
            self.placed -= 1;
            self.count(agent, |count| *count -= 1);
        }
    }

    fn count(&mut self, agent: AgentId, change: impl Fn(&mut u64)) {
        let Some(described) = self.attributes.get(&agent) else {
            return;
        };
        for one in &mut self.asked {
            if let Some(word) = described.get(&one.constraint.attribute) {
                let count = one.placed.entry(word.to_owned()).or_default();
                change(count);
                if *count == 0 {
                    one.placed.remove(word);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Constraint, String> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Constraint::read(&words)
    }

    /// Whether of `all` tasks one more may run in `word`, when those of `placed` run.
    fn check(asked: &str, all: u64, placed: &str, word: &str, allowed: bool) {
        let constraint = read(asked).expect("a constraint");
        let mut counts = BTreeMap::new();
        for word in placed.split_whitespace() {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
        let found = constraint.allows(word, &counts, (all, 3));
        assert_eq!(
            found, allowed,
            "{asked}: one more of {all} in {word} beside {placed}"
        );
    }

    /// Marathon's own `ConstraintsTest`.
    #[test]
    fn tasks_are_counted_as_marathon_counts_them() {
        check("rack UNIQUE", 3, "", "a", true);
        check("rack UNIQUE", 3, "a b", "c", true);
        check("rack UNIQUE", 3, "a b", "a", false);
        check("rack CLUSTER", 3, "", "a", true);
        check("rack CLUSTER", 3, "a a", "a", true);
        check("rack CLUSTER", 3, "a a", "b", false);
        check("rack CLUSTER b", 3, "a", "b", true);
        check("rack MAX_PER 2", 9, "a", "a", true);
        check("rack MAX_PER 2", 9, "a b a", "a", false);
        check("rack MAX_PER 2", 9, "a a b a", "c", true);
        check("rack GROUP_BY 4", 5, "a", "a", true);
        check("rack GROUP_BY 4", 5, "a a", "a", false);
        check("rack GROUP_BY 4", 5, "a a b", "b", false);
        check("rack GROUP_BY 2", 5, "a a a b", "b", true);
        check("rack GROUP_BY 3", 5, "", "a", true);
        check("rack GROUP_BY 3", 5, "a b", "c", true);
        check("rack GROUP_BY 3", 9, "a a a b b b", "c", true);
        check("rack GROUP_BY 3", 9, "a a a b b b", "a", false);
        check("rack GROUP_BY", 6, "a a", "a", false);
        check("rack GROUP_BY", 6, "a a", "b", true);
    }

    #[test]
    fn words_are_read_and_said_again() {
        for text in [
            "rack UNIQUE",
            "a CLUSTER",
            "a CLUSTER b",
            "a GROUP_BY",
            "a LIKE b|c",
            "a IS b",
        ] {
            assert_eq!(read(text).map(|one| one.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(
            read("hostname max_per 2").map(|one| one.to_string()),
            Ok("@hostname MAX_PER 2".into())
        );
        for (text, said) in [
            ("rack", "found 1 words"),
            ("rack IS a b", "found 4 words"),
            (" UNIQUE", "the name of an attribute"),
            ("rack NEAR a", "expected UNIQUE, CLUSTER, GROUP_BY"),
            ("rack UNIQUE a", "UNIQUE takes nothing"),
            ("rack MAX_PER", "a whole number from 1 on"),
            ("rack MAX_PER 0", "a whole number from 1 on"),
            ("rack GROUP_BY x", "found `x`"),
            ("rack LIKE", "words parted by `|`"),
            (
                "rack UNLIKE rack-[1-3]",
                "no expressions, found `rack-[1-3]`",
            ),
            ("rack IS", "IS takes a word"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_task_that_ended_makes_room() {
        let described = |word: &str| AgentAttributes::new([("zone".to_owned(), word.to_owned())]);
        let (a, b, none) = (AgentId(0), AgentId(1), AgentId(2));
        let attributes = BTreeMap::from([(a, described("x")), (b, described("x"))]);
        assert!(TaskSpread::new(&[read("zone IS x").unwrap()], attributes.clone()).is_none());
        let mut spread = TaskSpread::new(&[read("zone UNIQUE").unwrap()], attributes).unwrap();
        assert!(spread.allows(a, 1) && !spread.allows(none, 1));
        spread.place(a);
        spread.launched(TaskId(7), a);
        assert!(!spread.allows(b, 1));
        spread.ended(TaskId(8));
        assert!(!spread.allows(b, 1));
        spread.ended(TaskId(7));
        assert!(spread.allows(b, 1));
    }
}
