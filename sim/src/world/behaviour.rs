//! How frameworks behave, whatever they run.

use fairground_policies::attributes::AgentSpeeds;
use fairground_policies::constraint::Constraint;
use fairground_policies::message::RoleId;
use fairground_policies::name::Name;
use fairground_policies::share::Weight;
use fairground_policies::time::Span;
use fairground_workloads::recipe::{FrameworkSpec, PreemptedWork, Recipe, Role};
use fairground_workloads::usage::UseSpec;

/// How a framework behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Behaviour {
    /// How much it counts.
    pub weight: Weight,
    /// The role it is in, a position among the scenario's.
    pub role: Option<RoleId>,
    /// Where its tasks may run.
    pub constraints: Vec<Constraint>,
    /// How fast its work is on which agents.
    pub speeds: AgentSpeeds,
    /// Agents it would own were the cluster partitioned.
    pub share: u32,
    /// Its scheduler's name.
    pub scheduler: Name,
    /// For how long it refuses what it cannot use.
    pub refuse: Span,
    /// What is left of the work of its tasks that are preempted.
    pub preempted: PreemptedWork,
    /// What its tasks use of the processors they ask for, if that is known.
    pub uses: Option<UseSpec>,
}

impl Behaviour {
    /// How the frameworks of a recipe behave, whose roles are these.
    pub fn of_recipe(recipe: &Recipe, roles: &[Role]) -> Vec<Self> {
        let behaviour = |framework: &FrameworkSpec| Self {
            weight: Weight::from_thousandths(framework.weight).unwrap_or_default(),
            role: framework.role.as_deref().map(|path| {
                let position = roles.iter().position(|role| role.path == path);
                RoleId(position.expect("roles of frameworks are among all") as u32)
            }),
            constraints: framework.constraints.clone(),
            speeds: framework.speeds.speeds(),
            share: framework.share,
            scheduler: framework.scheduler.clone(),
            refuse: framework.refuse,
            preempted: framework.preempted,
            uses: framework.uses,
        };
        recipe.framework.iter().map(behaviour).collect()
    }
}
