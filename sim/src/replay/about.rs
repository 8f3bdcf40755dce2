//! What a recipe of traces says of itself, in sentences that hold for what is run.
//!
//! Settings may change a recipe after it was made of traces. Whatever they do, the traces hold what they
//! hold; how the recipe was made of them is told only while it still is that recipe; and all the rest is
//! counted in what was built for every seed.

use std::fmt::Write as _;

use fairground_policies::resources::Resources;
use fairground_workloads::trace::Work;

use super::cluster::{self, Demand};
use super::{GANG, told};
use crate::experiment::{Experiment, ExperimentError};
use crate::recipe::Recipe;

/// Sentences, and what they are about.
#[derive(Debug)]
pub struct Preface {
    /// What the traces hold.
    pub(super) traces: String,
    /// How the recipe was made of them.
    pub(super) made: String,
    /// What their headers say and nobody understands.
    pub(super) headers: String,
    /// Who has how many agents.
    pub(super) partitions: String,
    /// What helps where partitions are too small.
    pub(super) helps: &'static str,
    /// The recipe that was made.
    pub(super) recipe: Recipe,
}

/// What runs with one seed.
pub(super) struct OfSeed {
    pub(super) demands: Vec<Demand>,
    pub(super) agents: Vec<Resources>,
}

impl Preface {
    /// Whether a recipe still has the work and the cluster that were made of the traces.
    pub fn holds(&self, recipe: &Recipe) -> bool {
        let made = &self.recipe;
        let mut pairs = made.framework.iter().zip(&recipe.framework);
        made.duration == recipe.duration
            && made.cluster == recipe.cluster
            && made.machines == recipe.machines
            && made.framework.len() == recipe.framework.len()
            && pairs.all(|(made, one)| {
                made.workload.filled() == one.workload.filled()
                    && made.share == one.share
                    && made.phases == one.phases
            })
    }

    /// What is said of an experiment whose recipe is the one that was made, with `settings`.
    ///
    /// # Errors
    /// When what comes from outside cannot be built for a seed.
    pub fn of(
        &self,
        experiment: &Experiment,
        settings: &[String],
    ) -> Result<String, ExperimentError> {
        let recipe = experiment.recipe();
        let mut seeds = Vec::new();
        let mut countable = true;
        for seed in experiment.seeds() {
            let trace = experiment.trace(seed)?;
            let pairs = recipe.framework.iter().zip(&trace.workloads);
            let demands = pairs.map(|(framework, workload)| {
                countable &= !matches!(workload.work, Work::Executors { .. });
                // As whoever runs them starts them.
                let together = framework.scheduler.base() == GANG;
                Demand::of(&workload.work, recipe.duration, together)
            });
            seeds.push(OfSeed {
                demands: demands.collect(),
                agents: trace.agents,
            });
        }
        let holds = self.holds(recipe);
        let mut about = self.traces.clone();
        if holds {
            about += &self.made;
        } else {
            let jobs = |one: &OfSeed| one.demands.iter().map(|demand| demand.jobs).sum::<u64>();
            let _ = write!(about, "Changed by --set: {}.", settings.join(", "));
            if countable {
                let jobs = range(seeds.iter().map(jobs), |n| n.to_string());
                let agents = range(seeds.iter().map(|one| one.agents.len() as u64), |n| {
                    n.to_string()
                });
                let _ = write!(about, " That makes jobs: {jobs}, agents: {agents}.");
            }
        }
        about += &self.headers;
        if countable {
            let asked = cluster::offered(&seeds);
            let over = told::spelled(recipe.duration);
            let _ = write!(
                about,
                " Over the recipe's {over}, the work asks for {asked}."
            );
        }
        if holds {
            about += &self.partitions;
        }
        // The order of machines is drawn, which makes no difference where all are alike.
        let mut agents = seeds.iter().map(|one| &one.agents);
        let alike = agents.all(|agents| agents.windows(2).all(|pair| pair[0] == pair[1]));
        let ordered = alike || recipe.machines.is_none();
        // Agents that offer more than they have are not as large as they look.
        let honest = seeds
            .iter()
            .all(|one| recipe.overcommit(one.agents.len()).is_empty());
        if ordered && honest {
            let helps = if holds { self.helps } else { "" };
            about += &too_narrow(recipe, &seeds, helps);
        }
        Ok(about)
    }
}

/// "6", or "2 to 6" where that depends on the seed.
pub(super) fn range(
    values: impl Iterator<Item = u64> + Clone,
    spelled: impl Fn(u64) -> String,
) -> String {
    let (least, most) = (values.clone().min(), values.max());
    let (least, most) = (least.unwrap_or(0), most.unwrap_or(0));
    if least == most {
        return spelled(most);
    }
    format!("{} to {}", spelled(least), spelled(most))
}

/// Frameworks some of whose jobs have no room on their partition: why, and what helps.
fn too_narrow(recipe: &Recipe, seeds: &[OfSeed], helps: &str) -> String {
    let shares: Vec<u32> = recipe.framework.iter().map(|one| one.share).collect();
    let mut narrow = Vec::new();
    for (i, framework) in recipe.framework.iter().enumerate() {
        let rows = seeds.iter().map(|one| {
            let own = cluster::partition(&shares, &one.agents, i);
            let demand = &one.demands[i];
            let size = own.iter().max_by_key(|size| size.units());
            let widest = size.map(|size| cluster::agents_for(demand, *size));
            let without = cluster::without_room(demand, own);
            (without, demand.jobs, own.len() as u64, widest)
        });
        let rows: Vec<_> = rows.collect();
        if rows.iter().all(|row| row.0 == 0) {
            continue;
        }
        let jobs = rows.iter().map(|row| row.1);
        let noun = if jobs.clone().all(|jobs| jobs == 1) {
            "job"
        } else {
            "jobs"
        };
        let widest = rows.iter().filter_map(|row| row.3).max();
        let needs = widest.map_or(String::new(), |widest| {
            format!(" (the widest takes {widest})")
        });
        let owns = rows.iter().map(|row| row.2);
        let agents = if owns.clone().all(|owns| owns == 1) {
            "agent"
        } else {
            "agents"
        };
        narrow.push(format!(
            "{} of the {} {noun} of {} on {} {agents}{needs}",
            range(rows.iter().map(|row| row.0), |n| n.to_string()),
            range(jobs, |n| n.to_string()),
            framework.name,
            range(owns, |n| n.to_string()),
        ));
    }
    if narrow.is_empty() {
        return String::new();
    }
    format!(
        " Tasks of a job start together, and some partitions are too small for jobs of their \
         frameworks, which can never run there: {}{helps}.",
        narrow.join(", ")
    )
}
