//! The properties of Ghodsi et al., NSDI 2011, section 3, of a running cluster: by what tenants held in the mean while all of
//! them wanted more, with the largest task of slack: so far discrete tasks keep everybody from the division (section 6.2).

use fairground_policies::name::Name;
use fairground_policies::registry::Registry;

use super::clusters::{ClusterCase, Habit};
use super::conduct;
use super::observed::RunTasks;
use super::property::Property;
use crate::run::Run;

/// A policy that is asked.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name.
    pub policy: &'a Name,
    /// What names mean.
    pub registry: &'a Registry,
    /// Whether it gives whole agents away, so that one agent is nothing to divide.
    pub gives_agents: bool,
}

impl Subject<'_> {
    /// How far a cluster is beyond what a property allows: in tasks for properties of shares. Nothing where the property says
    /// nothing of it, or the tenants did not all want more for long enough.
    pub fn judged(&self, property: Property, case: &ClusterCase) -> Option<f64> {
        if !property.is_of_divisions() {
            return conduct::judged(property, self, case);
        }
        let case = &self.placed(property, case);
        let run = self.run(case)?;
        let tasks = RunTasks::new(case, &run);
        let when = tasks.wanting()?;
        let held = tasks.all_held(when);
        self.judged_shares(property, case, &tasks, &held)
    }

    /// The case as it is run: where shares are asked for, on as many agents as can be given away instead of one.
    pub fn placed(&self, property: Property, case: &ClusterCase) -> ClusterCase {
        if self.gives_agents && property.is_of_divisions() {
            case.on_whole_agents()
        } else {
            case.clone()
        }
    }

    pub(super) fn run(&self, case: &ClusterCase) -> Option<Run> {
        case.run(self.policy, self.registry)
    }

    /// What tenants hold in the mean while all of them want more.
    pub(super) fn held(&self, case: &ClusterCase) -> Option<Vec<f64>> {
        let run = self.run(case)?;
        let tasks = RunTasks::new(case, &run);
        Some(tasks.all_held(tasks.wanting()?))
    }

    fn judged_shares(
        &self,
        property: Property,
        case: &ClusterCase,
        tasks: &RunTasks<'_>,
        held: &[f64],
    ) -> Option<f64> {
        let tenants = 0..held.len();
        // By how many tasks beyond the slack one is short of what it should have.
        let short = |one: usize, has: f64, should: f64| should - has - slack(case, one);
        match property {
            Property::SharingIncentive => {
                worst(tenants.map(|one| short(one, held[one], tasks.of_its_own(one))))
            }
            Property::StrategyProofness => {
                let lying = case.with_lie();
                if lying == *case {
                    return None;
                }
                let then = self.held(&lying)?;
                Some(short(0, held[0], useful(case, then[0])))
            }
            Property::EnvyFreeness => {
                let pairs = tenants
                    .clone()
                    .flat_map(|one| tenants.clone().map(move |two| (one, two)));
                worst(pairs.map(|(one, other)| {
                    short(one, held[one], there(case, one, other, held[other]))
                }))
            }
            Property::ParetoEfficiency => worst(tenants.map(|one| more(case, held, one))),
            Property::SingleResourceFairness | Property::BottleneckFairness => {
                let cores = |one: usize| held[one] * f64::from(case.tenants[one].needs[0]);
                let largest = case.tenants.iter().map(|one| one.needs[0]).max()?;
                let most = tenants.clone().map(cores).fold(0.0, f64::max);
                let least = tenants.map(cores).fold(f64::MAX, f64::min);
                Some((most - least) / f64::from(largest) - 1.0)
            }
            Property::PopulationMonotonicity => {
                let leaves = |gone: usize| {
                    let after = self.held(&case.without(gone))?;
                    let before = held.iter().enumerate().filter(|(one, _)| *one != gone);
                    worst(
                        before
                            .zip(after)
                            .map(|((one, before), after)| short(one, after, *before)),
                    )
                };
                worst(tenants.filter_map(leaves))
            }
            Property::ResourceMonotonicity => {
                let after = self.held(&case.with_more())?;
                worst(tenants.map(|one| short(one, after[one], held[one])))
            }
            _ => None,
        }
    }
}

pub(super) fn worst(all: impl Iterator<Item = f64>) -> Option<f64> {
    all.max_by(f64::total_cmp)
}

/// The work that a liar's tasks are worth, in tasks that have what they need.
pub(super) fn useful(case: &ClusterCase, held: f64) -> f64 {
    let honest = case.tenants[0].needs;
    let kinds = (0..3).filter(|kind| honest[*kind] > 0);
    let parts = kinds.map(|kind| f64::from(case.lie[kind]) / f64::from(honest[kind]));
    held * parts.fold(1.0, f64::min)
}

/// The tasks of one that are as much as the largest of anybody's: one at least.
fn slack(case: &ClusterCase, one: usize) -> f64 {
    let others = (0..case.tenants.len()).map(|other| there(case, one, other, 1.0));
    others.fold(1.0, f64::max)
}

/// The tasks of one that would run with what another holds.
fn there(case: &ClusterCase, one: usize, other: usize, held: f64) -> f64 {
    let [needs, has] = [one, other].map(|tenant| case.tenants[tenant].needs);
    let kinds = (0..3).filter(|kind| needs[*kind] > 0);
    let parts = kinds.map(|kind| held * f64::from(has[kind]) / f64::from(needs[kind]));
    parts.fold(f64::MAX, f64::min).floor()
}

/// By how much more than a task one could have more, were nobody to have less: all of them in whole tasks.
fn more(case: &ClusterCase, held: &[f64], one: usize) -> f64 {
    let needs = |tenant: usize, kind: usize| f64::from(case.tenants[tenant].needs[kind]);
    let others = |kind: usize| -> f64 {
        let others = (0..held.len()).filter(|tenant| *tenant != one);
        others
            .map(|tenant| held[tenant].ceil() * needs(tenant, kind))
            .sum()
    };
    let kinds = (0..3).filter(|kind| needs(one, *kind) > 0.0);
    let room = kinds.map(|kind| (case.has(kind) - others(kind)) / needs(one, kind));
    room.fold(f64::MAX, f64::min).floor() - held[one] - 1.0
}

impl Habit {
    /// What it is, for people.
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Honest => "",
            Self::LongRefusal => "refuses for an hour what it cannot use",
            Self::Hoards => "holds what it cannot use",
            Self::Dawdles => "holds what it cannot use for 5 s",
        }
    }
}
