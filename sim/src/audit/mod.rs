//! A laboratory that looks for what a policy breaks: `fairground audit`.
//!
//! Properties ([`property`]) are asked of two forms of a policy. Of its *division*, where one is known: exact fractions of what
//! can be divided at will ([`divisible`], [`fairness`]). And of the policy itself, any that has a name: small clusters are
//! simulated on which tasks come and go ([`clusters`], `drawn`, [`running`], `conduct`), as a filling that stands still cannot tell a
//! wrong hierarchy from a right one. What violates a property is searched ([`search`]), made as small as it can be, told as a
//! table (`told`) and written as a recipe that runs (`recipes`). What lying gains is measured by chance, too ([`lies`]).

pub mod property;
pub mod search;
pub mod divisible;
pub mod fairness;
pub mod clusters;
mod drawn;
pub mod running;
mod conduct;
mod observed;
pub mod lies;
mod told;
mod recipes;

use fairground_policies::allocators::Setup;
use fairground_policies::message::AgentId;
use fairground_policies::name::{BadName, Name};
use fairground_policies::registry::Registry;
use fairground_workloads::rng::stream;

use self::clusters::ClusterCase;
use self::divisible::{DivisibleCase, Division};
use self::property::Property;
use self::running::Subject;
use self::search::{Hunt, Hunted};
use crate::experiment::Watcher;

pub use recipes::{RecipeFile, recipes};
pub use told::told;

/// Of what form of a policy a property was asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AuditForm {
    /// Its division of what can be divided at will.
    Divisible,
    /// Itself, on clusters on which tasks come and go.
    Running,
}

impl AuditForm {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Divisible, Self::Running];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Divisible => "divisible",
            Self::Running => "running",
        }
    }
}

/// What is searched, and for how long.
#[derive(Clone, Debug)]
pub struct AuditPlan {
    /// The properties, in order.
    pub properties: Vec<Property>,
    /// How many divisions are judged a property; none at all if that is 0.
    pub divisible: u64,
    /// How many clusters are simulated a property; none at all if that is 0.
    pub running: u64,
    /// The seed of what is drawn.
    pub seed: u64,
}

/// What violates a property.
#[derive(Clone, PartialEq, Debug)]
pub enum Counterexample {
    /// A cluster that is divided.
    Divisible(DivisibleCase),
    /// A cluster that runs.
    Running(ClusterCase),
}

/// What was found of one property.
#[derive(Clone, PartialEq, Debug)]
pub struct AuditFinding {
    /// The property.
    pub property: Property,
    /// Of what it was asked.
    pub form: AuditForm,
    /// How many cases were judged. None: the property says nothing of any.
    pub judged: u64,
    /// What violates it, as small as it can be, and by how much: a part of what somebody should have of a division; in running
    /// clusters tasks, or parts of what is allowed.
    pub violation: Option<(Counterexample, f64)>,
}

/// What was found of one policy.
#[derive(Clone, PartialEq, Debug)]
pub struct PolicyAudit {
    /// The policy as it was asked for.
    pub policy: Name,
    /// How it divides, if that is known.
    pub division: Option<Division>,
    /// By form and property.
    pub findings: Vec<AuditFinding>,
}

impl PolicyAudit {
    /// Whether anything violates anything.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|one| one.violation.is_none())
    }
}

/// Looks for what violates the properties of a plan under a policy. `None` when the watcher wants it ended.
///
/// # Errors
/// When the policy's name means nothing.
pub fn audit(
    policy: &Name,
    registry: &Registry,
    plan: &AuditPlan,
    watcher: &dyn Watcher,
) -> Result<Option<PolicyAudit>, BadName> {
    let registry = lies::with_liars(registry.clone());
    let subject = subject(policy, &registry)?;
    let division = Division::of(policy);
    let purpose = policy.to_string();
    let hunt = |property, cases| Hunt {
        property,
        purpose: &purpose,
        cases,
        seed: plan.seed,
    };
    let mut findings = Vec::new();
    if let Some(division) = division.filter(|_| plan.divisible > 0) {
        for property in plan
            .properties
            .iter()
            .copied()
            .filter(|one| one.is_of_divisions())
        {
            let judge = |case: &DivisibleCase| fairness::judged(property, division, case);
            let hunted = hunt(property, plan.divisible).run(&judge, watcher);
            let Some(hunted) = hunted else {
                return Ok(None);
            };
            findings.push(finding(
                property,
                AuditForm::Divisible,
                hunted,
                Counterexample::Divisible,
            ));
        }
    }
    for property in plan.properties.iter().copied().filter(|_| plan.running > 0) {
        let judge = |case: &ClusterCase| subject.judged(property, case);
        let hunted = hunt(property, plan.running).run(&judge, watcher);
        let Some(hunted) = hunted else {
            return Ok(None);
        };
        findings.push(finding(
            property,
            AuditForm::Running,
            hunted,
            Counterexample::Running,
        ));
    }
    Ok(Some(PolicyAudit {
        policy: policy.clone(),
        division,
        findings,
    }))
}

fn finding<C>(
    property: Property,
    form: AuditForm,
    hunted: Hunted<C>,
    case: impl Fn(C) -> Counterexample,
) -> AuditFinding {
    AuditFinding {
        property,
        form,
        judged: hunted.judged,
        violation: hunted.found.map(|(found, size)| (case(found), size)),
    }
}

/// The policy of a name, ready to be asked.
///
/// # Errors
/// When the name means nothing.
pub fn subject<'a>(policy: &'a Name, registry: &'a Registry) -> Result<Subject<'a>, BadName> {
    let setup = Setup {
        shares: vec![1; 2],
        agents: 2,
        rng: stream(1, "policy").into_generator(),
    };
    let (_, allocator) = registry.allocator(policy, setup)?;
    Ok(Subject {
        policy,
        registry,
        gives_agents: allocator.owner(AgentId(0)).is_some(),
    })
}
