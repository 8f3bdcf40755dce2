//! What should not matter, and the cases in which it is another.

use std::fmt;

use fairground_policies::name::{BadName, Name};

/// Something that no conclusion should hang on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Nuisance {
    /// Which of equals a policy takes.
    TieRule(String),
    /// The same of schedulers inside frameworks.
    SchedulerTies,
    /// To how many digits a policy keeps its scores.
    Rounding(String),
    /// The order in which agents are listed.
    AgentOrder,
    /// The order in which frameworks are listed, and so their numbers.
    FrameworkOrder,
    /// Which of the jobs of one instant has which number.
    JobNumbers,
    /// How many processors a log's machine is said to have.
    Processors,
    /// Which seeds are drawn by.
    SeedStream,
    /// All of them at once.
    Together,
}

impl fmt::Display for Nuisance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TieRule(policy) => write!(f, "the tie rule of {policy}"),
            Self::SchedulerTies => f.write_str("the tie rule inside frameworks"),
            Self::Rounding(policy) => write!(f, "the rounding of {policy}'s scores"),
            Self::AgentOrder => f.write_str("the order of agents"),
            Self::FrameworkOrder => f.write_str("the order of frameworks"),
            Self::JobNumbers => f.write_str("the numbers of jobs that come at one instant"),
            Self::Processors => f.write_str("the number of processors"),
            Self::SeedStream => f.write_str("the seeds"),
            Self::Together => f.write_str("all of these together"),
        }
    }
}

/// One case: what is another in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NuisanceCase {
    /// What was switched.
    pub nuisance: Nuisance,
    /// Names the case among all: `--case` takes it.
    pub name: String,
    /// What a command that runs the comparison as it stands is told beside for this case; nothing where none can be
    /// told so.
    pub words: Option<Vec<String>>,
}

/// That there is no case of such a name.
///
/// # Errors
/// Always: with the names that there are.
pub fn no_case<T>(name: &str, known: &[&str]) -> Result<T, BadName> {
    Err(BadName(format!(
        "--case: there is no case `{name}`; expected one of: {}",
        known.join("; ")
    )))
}

/// Those of the cases that are asked for: all, or the one of this name.
///
/// # Errors
/// When there is none of this name.
pub fn picked<C>(
    mut cases: Vec<C>,
    only: Option<&str>,
    name: impl Fn(&C) -> &str,
) -> Result<Vec<C>, BadName> {
    if let Some(only) = only {
        if cases.iter().all(|case| name(case) != only) {
            let known: Vec<&str> = cases.iter().map(&name).collect();
            return no_case(only, &known);
        }
        cases.retain(|case| name(case) == only);
    }
    Ok(cases)
}

/// What a policy is called beside others: without its parameters, where that tells it apart.
pub fn short_name(policy: &Name, all: &[Name]) -> String {
    let alike = all.iter().filter(|other| other.base() == policy.base());
    if alike.count() > 1 {
        policy.to_string()
    } else {
        policy.base().to_owned()
    }
}

/// The parameter of tie rules, and every rule that some policy knows.
const TIE: &str = "tie";
const RULES: [&str; 4] = ["first", "last", "allocations", "random"];

/// The same policy with its other tie rules: those that `accepts` does not refuse. A rule that is the default
/// anyway is no other one.
pub fn tie_rules(policy: &Name, accepts: impl Fn(&Name) -> bool) -> Vec<(&'static str, Name)> {
    let mut bare = policy.clone();
    let now = bare.take(TIE).unwrap_or_else(|| "first".to_owned());
    let rules = RULES.into_iter().filter(|rule| *rule != now);
    let named = rules.map(|rule| {
        let mut other = bare.clone();
        other.set(TIE, rule);
        (rule, other)
    });
    named.filter(|(_, other)| accepts(other)).collect()
}

/// `'static drf[tie=last]'`: names as a shell takes them for one word.
pub fn quoted_names(names: &[Name]) -> String {
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    format!("'{}'", names.join(" "))
}
