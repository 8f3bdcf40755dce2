//! A recipe under everything that should not matter: tie rules of its policies and of schedulers inside frameworks, the
//! order of its agents and frameworks, numbers of jobs that come at one instant, its seeds.
//!
//! Frameworks keep their names, by which their work is drawn; what is drawn by their numbers (stragglers, where a
//! partition's data lies) is drawn anew where these change, and so is what is drawn by the numbers of jobs.

mod answers;
mod cases;

use std::sync::Mutex;

use fairground_policies::name::{BadName, Name};
use fairground_policies::registry::Registry;
use fairground_readers::canonical::Imports;
use fairground_workloads::recipe::Reservation;
use fairground_workloads::trace::Trace;
use rayon::prelude::*;

use super::nuisance::{NuisanceCase, picked};
use super::permuted::{agents_reordered, jobs_renumbered, taken};
use super::{Answers, Question, RobustStudy};
use crate::experiment::{Experiment, ExperimentError, Watcher};
use crate::output::comparison::Changes;
use crate::recipe::Loaded;
use crate::run::{Comparison, Run};
use crate::world::{Scenario, simulate};
use cases::{RecipeCase, Switched};

/// What is compared, and how often what is drawn is drawn anew.
#[derive(Clone, Copy, Debug)]
pub struct RecipeStudy<'a> {
    /// The recipe; its own policies are compared.
    pub loaded: &'a Loaded,
    /// What names mean.
    pub registry: &'a Registry,
    /// How many orders, numberings, other seeds, and draws of everything together.
    pub draws: u32,
    /// Only the case of this name.
    pub only: Option<&'a str>,
    /// Whether every law is recounted after every step.
    pub check: bool,
}

/// Why a study cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RobustError {
    /// A recipe that cannot be run.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// A name that means nothing.
    #[error(transparent)]
    Name(#[from] BadName),
}

/// All runs of a case: by seed, then policy.
type Cells = Vec<(u64, Vec<Run>)>;

/// What all cases are made from.
struct Ground<'a> {
    study: RecipeStudy<'a>,
    /// The recipe without what is beside the comparison, its searched policies found.
    loaded: Loaded,
    experiment: Experiment,
    imports: Mutex<Imports>,
    first: Trace,
    standing: Switched,
    watcher: &'a dyn Watcher,
    /// The policies as the recipe names them, before any was searched for.
    named: Vec<Name>,
}

impl RecipeStudy<'_> {
    /// Runs every case, on all threads there are; `imports` are traces that were read before.
    ///
    /// # Errors
    /// What is wrong with the recipe; no case of the name that is asked for.
    pub fn run(
        self,
        mut imports: Imports,
        watcher: &dyn Watcher,
    ) -> Result<RobustStudy, RobustError> {
        let mut loaded = self.loaded.clone();
        loaded.recipe.sensitivity = None;
        loaded.recipe.measured = None;
        loaded.recipe.tasks = false;
        let named = loaded.recipe.policies.clone();
        let experiment = self.opened(&loaded, &mut imports)?;
        let first = experiment.trace(loaded.recipe.first_seed)?;
        for policy in &mut loaded.recipe.policies {
            *policy = experiment.resolve(policy, &first, watcher)?;
        }
        let recipe = &loaded.recipe;
        let standing = Switched {
            policies: recipe.policies.clone(),
            schedulers: recipe
                .framework
                .iter()
                .map(|one| one.scheduler.clone())
                .collect(),
            frameworks: (0..recipe.framework.len()).collect(),
            agents: None,
            jobs: None,
            block: 0,
        };
        let ground = Ground {
            study: self,
            experiment,
            imports: Mutex::new(imports),
            first,
            standing,
            watcher,
            loaded,
            named,
        };
        ground.study()
    }

    fn opened(
        &self,
        loaded: &Loaded,
        imports: &mut Imports,
    ) -> Result<Experiment, ExperimentError> {
        let experiment = Experiment::load_with(loaded, self.registry.clone(), imports)?;
        Ok(if self.check {
            experiment.checked()
        } else {
            experiment
        })
    }
}

impl Ground<'_> {
    fn study(&self) -> Result<RobustStudy, RobustError> {
        let mut not_applied =
            vec!["rounding of scores: policies of frameworks have exact shares".to_owned()];
        let cases = self.cases(&mut not_applied);
        let cases = picked(cases, self.study.only, |case| case.case.name.as_str())?;
        let seeds = u64::from(self.loaded.recipe.seeds);
        let each = seeds * self.named.len() as u64;
        self.watcher.begin("runs", each * (cases.len() as u64 + 1));
        let runs = self.runs(&self.experiment, &self.standing, None)?;
        let changes = self.changes(&self.experiment, &self.standing, runs.clone());
        let (questions, standing) = self.questions(&changes);
        let answers = |case: &RecipeCase| -> Result<_, RobustError> {
            let answers = self.answers(&case.switched, &runs, &questions)?;
            Ok((case.case.clone(), answers))
        };
        let cases: Vec<(NuisanceCase, Answers)> =
            cases.par_iter().map(answers).collect::<Result<_, _>>()?;
        Ok(RobustStudy {
            policies: self.named.iter().map(Name::to_string).collect(),
            questions,
            standing,
            cases,
            not_applied,
        })
    }

    fn seeds(&self, switched: &Switched) -> Vec<u64> {
        let all = u64::from(self.loaded.recipe.seeds);
        let before = all * u64::from(switched.block);
        let seeds = self.experiment.seeds().into_iter();
        seeds.map(|seed| seed.wrapping_add(before)).collect()
    }

    /// The experiment of a case; nothing where it is that of the recipe, whose frameworks are as they stand.
    fn opened(&self, switched: &Switched) -> Result<Option<Experiment>, ExperimentError> {
        let standing = &self.standing;
        let same = switched.frameworks == standing.frameworks;
        if same && switched.schedulers == standing.schedulers {
            return Ok(None);
        }
        let mut loaded = self.loaded.clone();
        let all = &self.loaded.recipe.framework;
        let order = switched.frameworks.iter();
        loaded.recipe.framework = order
            .map(|at| {
                let mut framework = all[*at].clone();
                framework.scheduler = switched.schedulers[*at].clone();
                framework
            })
            .collect();
        loaded.recipe.policies = switched.listed();
        let mut imports = self.imports.lock().expect("no panic");
        Ok(Some(self.study.opened(&loaded, &mut imports)?))
    }

    /// All runs of a case. Those of policies that are as they stand are `known`, where nothing else is another.
    fn runs(
        &self,
        experiment: &Experiment,
        switched: &Switched,
        known: Option<&Cells>,
    ) -> Result<Cells, RobustError> {
        let policies = switched.listed();
        let only_policies = Switched {
            policies: self.standing.policies.clone(),
            ..switched.clone()
        };
        let known = known.filter(|_| only_policies == self.standing);
        let seeds = self.seeds(switched);
        let of_seed = |(at, seed): (usize, &u64)| -> Result<(u64, Vec<Run>), RobustError> {
            let seed = *seed;
            if self.watcher.stop() {
                return Err(ExperimentError::Interrupted.into());
            }
            let trace = self.trace(experiment, switched, seed)?;
            let runs = policies.par_iter().enumerate().map(|(policy, name)| {
                let known = known.filter(|_| *name == self.standing.policies[policy]);
                let run = known.map(|known| known[at].1[policy].clone());
                let run = run
                    .unwrap_or_else(|| self.simulated(experiment, switched, name, (&trace, seed)));
                self.watcher.tick();
                run
            });
            Ok((seed, runs.collect()))
        };
        let all = seeds.par_iter().enumerate().map(of_seed);
        all.collect()
    }

    fn trace(
        &self,
        experiment: &Experiment,
        switched: &Switched,
        seed: u64,
    ) -> Result<Trace, ExperimentError> {
        let mut trace = experiment.trace(seed)?;
        if let Some(draw) = switched.agents {
            trace = agents_reordered(&trace, &self.agents(draw));
        }
        if let Some(draw) = switched.jobs {
            let names = self.names(switched);
            trace = jobs_renumbered(&trace, &names, draw.into()).unwrap_or(trace);
        }
        Ok(trace)
    }

    fn simulated(
        &self,
        experiment: &Experiment,
        switched: &Switched,
        policy: &Name,
        (trace, seed): (&Trace, u64),
    ) -> Run {
        let scenario = experiment.scenario(policy, trace, seed);
        let order = switched.agents.map(|draw| self.agents(draw));
        let overcommit = order
            .as_deref()
            .map(|order| taken(scenario.overcommit, order));
        let reservations = order
            .as_deref()
            .map(|order| moved(scenario.reservations, order));
        let scenario = Scenario {
            overcommit: overcommit.as_deref().unwrap_or(scenario.overcommit),
            reservations: reservations.as_deref().unwrap_or(scenario.reservations),
            stop: Some(self.watcher.flag()),
            ..scenario
        };
        simulate(&scenario).expect("names were looked up before")
    }

    /// Of every policy as the baseline, what changes against it: by policy.
    fn changes(&self, experiment: &Experiment, switched: &Switched, runs: Cells) -> Vec<Changes> {
        let policies = switched.listed();
        let mut comparison: Comparison = experiment.comparison(&self.first, &policies, runs);
        let bases = 0..policies.len();
        bases
            .map(|base| {
                comparison.policies.swap(0, base);
                let changes = Changes::of(&comparison);
                comparison.policies.swap(0, base);
                changes
            })
            .collect()
    }

    fn answers(
        &self,
        switched: &Switched,
        known: &Cells,
        questions: &[Question],
    ) -> Result<Answers, RobustError> {
        let opened = self.opened(switched)?;
        let experiment = opened.as_ref().unwrap_or(&self.experiment);
        let runs = self.runs(experiment, switched, Some(known))?;
        if self.watcher.stop() {
            return Err(ExperimentError::Interrupted.into());
        }
        let changes = self.changes(experiment, switched, runs);
        let (found, answers) = self.questions(&changes);
        let answer = |question: &Question| {
            let at = found.iter().position(|one| one == question)?;
            answers[at]
        };
        Ok(questions.iter().map(answer).collect())
    }
}

/// What is reserved, of agents in this order.
fn moved(reservations: &[Reservation], order: &[u32]) -> Vec<Reservation> {
    let agents = (0..).zip(order);
    let each = agents.flat_map(|(now, before)| {
        let mine = reservations
            .iter()
            .filter(|one| one.agents.contains(before));
        mine.map(move |one| Reservation {
            agents: now..now + 1,
            ..one.clone()
        })
    });
    each.collect()
}
