//! What is said of an experiment beside its numbers: its frameworks, what is assumed, what a reader has to
//! know, and why nothing could run.

use std::fmt::Write as _;

use fairground_policies::allocators::Setup;
use fairground_policies::constraint::Constraint;
use fairground_policies::master::Config;
use fairground_policies::message::FrameworkId;
use fairground_policies::name::{BadName, Name};
use fairground_policies::personality::Personality;
use fairground_policies::resources::Resources;
use fairground_policies::schedulers::{BoxedScheduler, Speculation};
use fairground_policies::time::Span;
use fairground_workloads::recipe::Role;
use fairground_workloads::rng;
use fairground_workloads::trace::{Assumption, Trace, Work};
use fairground_workloads::usage::UseSpec;

use super::said::{overcommitted, said_nothing, shared_machines};
use super::{Experiment, ExperimentError, STATIC_BEST, static_with};
use crate::output::units;
use crate::run::{Comparison, FrameworkInfo, PolicyRuns};
use crate::world::Behaviour;
use crate::{search, sensitivity};

/// The schedulers that place a framework's tasks, each with the policies under which it does.
fn schedulers<'a>(policies: &'a [Name], own: &Name, work: &Work) -> Vec<(Name, Vec<&'a Name>)> {
    let mut all: Vec<(Name, Vec<&Name>)> = Vec::new();
    for policy in policies {
        let chosen = Personality::scheduler(policy, own, work.kind());
        let scheduler = chosen.unwrap_or_else(|_| own.clone());
        match all.iter_mut().find(|(known, _)| *known == scheduler) {
            Some((_, under)) => under.push(policy),
            None => all.push((scheduler, vec![policy])),
        }
    }
    all
}

/// The same for people: `fair under drf; conservative under slurm-like`, or the one that there is.
pub(crate) fn schedulers_told(policies: &[Name], own: &Name, work: &Work) -> String {
    let all = schedulers(policies, own, work);
    match &all[..] {
        [] => own.to_string(),
        [(one, _)] => one.to_string(),
        several => {
            let told = several.iter().map(|(scheduler, under)| {
                let under: Vec<String> = under.iter().map(ToString::to_string).collect();
                format!("{scheduler} under {}", under.join(", "))
            });
            told.collect::<Vec<_>>().join("; ")
        }
    }
}

impl Experiment {
    /// The same experiment, of which this is said.
    #[must_use]
    pub fn about(mut self, about: &str) -> Self {
        about.clone_into(&mut self.loaded.recipe.about);
        self
    }

    /// Why nothing of a comparison can ever run, if nothing can under any policy, or if there is nothing
    /// to run; services count as work.
    ///
    /// # Errors
    /// When the traces cannot be built again.
    pub fn impossible(&self, comparison: &Comparison) -> Result<Option<String>, ExperimentError> {
        let pages = comparison.policies.iter().flat_map(|policy| &policy.runs);
        let mut pages = pages.flat_map(|run| &run.frameworks);
        let mut jobs = 0;
        let possible = pages.any(|page| {
            jobs += page.jobs;
            page.jobs > page.impossible || page.requests > 0
        });
        if possible {
            return Ok(None);
        }
        if jobs == 0 {
            let duration = self.loaded.recipe.duration;
            let seeds = units::count(comparison.seeds.len(), "seed", "seeds");
            return Ok(Some(format!(
                "no framework has a job or a request in {duration} ({seeds}): there is nothing to \
                 compare\n  hint: a longer `duration`, another `from` or a larger `sample` may hold some"
            )));
        }
        let trace = self.trace(self.loaded.recipe.first_seed)?;
        let largest = trace.agents.iter().max_by_key(|agent| agent.units());
        let largest = largest.copied().unwrap_or_default();
        let total: Resources = trace.agents.iter().copied().sum();
        let mut said = "no job of any framework can ever run under any policy".to_owned();
        for (spec, workload) in self.loaded.recipe.framework.iter().zip(&trace.workloads) {
            let (Work::Batch(jobs) | Work::Executors { jobs, .. }) = &workload.work else {
                continue;
            };
            let stages = jobs.iter().flat_map(|job| &job.spec.stages);
            let most = stages.max_by_key(|stage| (stage.needs.units(), stage.tasks));
            if let Some(stage) = most {
                let name = &spec.name;
                let (tasks, needs) = (stage.tasks, stage.needs);
                let _ = write!(said, "; {name} asks for up to {tasks} tasks of {needs}");
            }
        }
        let agents = trace.agents.len();
        let _ = write!(
            said,
            "\n  hint: the largest of the {agents} agents has {largest}, all of them together have \
             {total}: check the units of cpus and mem"
        );
        Ok(Some(said))
    }

    pub(super) fn check_policy(
        &self,
        policy: &Name,
        beside: &[&'static str],
    ) -> Result<Config, BadName> {
        let setup = Setup {
            shares: self.shares(),
            agents: self.agents(),
            rng: rng::stream(0, "check").into_generator(),
        };
        let policy = if policy.base() == STATIC_BEST {
            search::Goal::take(&mut policy.clone())?;
            static_with(policy, &self.shares())
        } else {
            policy.clone()
        };
        let mut allocators = self.registry.allocators().iter();
        if Personality::of(&policy).is_none() && allocators.all(|entry| entry.name != policy.base())
        {
            return Err(self.registry.no_policy(&policy, beside));
        }
        self.registry
            .allocator(&policy, setup)
            .map(|(config, _)| config)
    }

    pub(super) fn infos(&self, trace: &Trace) -> Vec<FrameworkInfo> {
        let pairs = self.loaded.recipe.framework.iter().zip(&trace.workloads);
        pairs
            .map(|(spec, workload)| {
                let service = match &workload.work {
                    Work::Service(service) => Some(service.slo),
                    Work::Batch(_) | Work::Executors { .. } => None,
                };
                FrameworkInfo {
                    name: spec.name.clone(),
                    kind: spec.workload.name().to_owned(),
                    scheduler: if service.is_some() {
                        String::new()
                    } else {
                        let policies = &self.loaded.recipe.policies;
                        schedulers_told(policies, &spec.scheduler, &workload.work)
                    },
                    service: service.is_some(),
                    slo: service.unwrap_or(Span::ZERO),
                    share: spec.share,
                    weight: spec.weight,
                    role: spec.role.clone(),
                }
            })
            .collect()
    }

    /// What the schedulers of a framework make of its work.
    fn of_schedulers(&self, framework: usize, work: &Work) -> Vec<Assumption> {
        let own = &self.behaviours[framework].scheduler;
        let names = schedulers(&self.loaded.recipe.policies, own, work).into_iter();
        // They are known since the recipe was loaded.
        let made = names.filter_map(|(name, _)| self.registry.scheduler(&name).ok());
        let made: Vec<BoxedScheduler> = made.collect();
        let rules = made.iter().filter_map(|one| one.speculation());
        let mut told: Vec<Assumption> = rules.map(copies).collect();
        let mut silent = made.iter().filter_map(|one| said_nothing(&**one, work));
        told.extend(silent.next());
        told
    }

    pub(super) fn assumptions(&self, trace: &Trace) -> Vec<(Option<FrameworkId>, Assumption)> {
        let mut assumptions = Vec::new();
        let mut policies = self.loaded.recipe.policies.iter();
        let preempts = policies.any(|policy| {
            let config = self.check_policy(policy, &[]);
            config.is_ok_and(|config| config.reclaims)
        });
        for (i, workload) in trace.workloads.iter().enumerate() {
            let framework = Some(FrameworkId(i as u32));
            assumptions.extend(workload.assumptions.iter().map(|a| (framework, a.clone())));
            let uses = self.behaviours[i].uses.map(UseSpec::told);
            assumptions.extend(uses.map(|one| (framework, one)));
            assumptions.extend(constrained(&self.behaviours[i]).map(|one| (framework, one)));
            let left = self.behaviours[i].preempted;
            let told = (preempts || !left.is_lost()).then(|| Assumption {
                about: "a preempted task".to_owned(),
                model: left.told(),
            });
            assumptions.extend(told.map(|one| (framework, one)));
            let of_schedulers = self.of_schedulers(i, &workload.work);
            assumptions.extend(of_schedulers.into_iter().map(|one| (framework, one)));
        }
        let cluster = self
            .loaded
            .recipe
            .cluster(&self.sources, self.loaded.recipe.first_seed);
        assumptions.extend(cluster.assumptions.into_iter().map(|one| (None, one)));
        let roles = self.roles.iter().map(|role| Assumption {
            about: format!("role {}", role.path),
            model: role.told(),
        });
        assumptions.extend(roles.map(|one| (None, one)));
        let quotas = self.roles.iter().any(Role::has_quota).then(|| Assumption {
            about: "quotas of roles".to_owned(),
            model: "on agents that are shared: those that have an owner, as under static, are outside of them"
                .to_owned(),
        });
        assumptions.extend(quotas.map(|one| (None, one)));
        let reserved = self.reservations.iter().map(|one| Assumption {
            about: format!("reserved for role {}", self.roles[one.role.index()].path),
            model: format!(
                "{} of each of {} agents, for nobody else even where it is idle; on agents that have an owner, \
                 as under static, nothing",
                one.amount,
                one.agents.len()
            ),
        });
        assumptions.extend(reserved.map(|one| (None, one)));
        let costs = self.loaded.recipe.costs.assumptions();
        assumptions.extend(costs.into_iter().map(|one| (None, one)));
        let overcommitted = overcommitted(&self.overcommit);
        assumptions.extend(overcommitted.map(|one| (None, one)));
        let shared = shared_machines(&self.overcommit, &self.behaviours);
        let uses = match shared {
            None => "a running task uses all it was given, from launch to end",
            Some(_) => {
                "a task of which nothing else is said uses all it was given, processors while it works \
                 and the rest from launch to end"
            }
        };
        let ours = [
            ("use of resources", uses),
            (
                "output of finished tasks",
                "survives the loss of the agent that made it",
            ),
        ];
        let mut works = trace.workloads.iter().map(|workload| &workload.work);
        let requests = works.any(|work| matches!(work, Work::Service(_))).then_some((
            "requests",
            "Poisson arrivals and exponential times: the steady state of their queue while the \
             instances keep up, a fluid queue while they do not; a request that would wait longer \
             than 30s gives up and counts as missed; an instance that ends takes no request with it",
        ));
        let searched = self
            .loaded
            .recipe
            .policies
            .iter()
            .any(|policy| policy.base() == STATIC_BEST);
        let search = searched.then_some(("static-best", search::ABOUT));
        let partition = self
            .loaded
            .recipe
            .policies
            .iter()
            .any(|policy| policy.base() == "static" || policy.base() == STATIC_BEST);
        let data = partition.then_some((
            "data of a partition",
            "lies on the partition's own agents, drawn as elsewhere; with data=all on anybody's",
        ));
        let ours = ours.into_iter().chain(shared);
        for (about, model) in ours.chain(requests).chain(data).chain(search) {
            let (about, model) = (about.to_owned(), model.to_owned());
            assumptions.push((None, Assumption { about, model }));
        }
        assumptions
    }

    pub(super) fn warnings(&self, seeds: &[u64], policies: &[PolicyRuns]) -> Vec<String> {
        let mut warnings = Vec::new();
        let asked = self.loaded.recipe.seeds as usize;
        if seeds.len() < asked {
            warnings.push(format!(
                "interrupted: {} of {asked} seeds are done, and only they are reported",
                seeds.len()
            ));
        }
        warnings.extend(sensitivity::left_out(&self.loaded.recipe));
        let steps = policies.iter().flat_map(|policy| &policy.runs);
        let longest = steps.map(|run| run.step).max().unwrap_or_default();
        let asked = self.loaded.recipe.step();
        if longest > asked {
            let long = |step: Span| units::duration(step.as_micros() as f64);
            warnings.push(format!(
                "a run goes on so long after the replay's {} that the time steps of `usage` are {} \
                 long instead of {}",
                self.loaded.recipe.duration,
                long(longest),
                long(asked)
            ));
        }
        warnings.extend(the_same(policies));
        for policy in policies {
            for (i, spec) in self.loaded.recipe.framework.iter().enumerate() {
                let rows = || policy.runs.iter().map(|run| &run.frameworks[i]);
                let impossible: u64 = rows().map(|row| row.impossible).sum();
                let unfinished: u64 = rows().map(|row| row.jobs - row.finished).sum();
                let unsubmitted: u64 = rows().map(|row| row.unsubmitted).sum();
                if unsubmitted > 0 {
                    warnings.push(format!(
                        "{}: {unsubmitted} jobs of {} were never submitted: what they wait for \
                         never ended",
                        policy.name, spec.name
                    ));
                }
                if impossible > 0 {
                    let model = if spec.asks_models() {
                        ", or none of them has GPUs of a model that it asks for"
                    } else {
                        ""
                    };
                    warnings.push(format!(
                        "{}: {impossible} jobs of {} can never run: a task, or a gang, is larger \
                         than the agents it may use{model}",
                        policy.name, spec.name
                    ));
                }
                if unfinished > impossible {
                    warnings.push(format!(
                        "{}: {} jobs of {} were not finished when nothing could happen any more",
                        policy.name,
                        unfinished - impossible,
                        spec.name
                    ));
                }
            }
        }
        warnings
    }
}

/// Variants of one policy with the same runs: as a parameter with the value that it has anyway.
fn the_same(policies: &[PolicyRuns]) -> impl Iterator<Item = String> {
    fn base(policy: &PolicyRuns) -> &str {
        policy.name.split('[').next().unwrap_or_default()
    }
    fn digests(policy: &PolicyRuns) -> impl Iterator<Item = &str> {
        policy.runs.iter().map(|run| run.digest.as_str())
    }
    policies.iter().enumerate().filter_map(|(i, policy)| {
        let mut before = policies[..i].iter();
        let same = before
            .find(|other| base(other) == base(policy) && digests(other).eq(digests(policy)))?;
        Some(format!(
            "{} and {} did the same in every run: what differs in their names has no effect here",
            same.name, policy.name
        ))
    })
}

/// Where tasks of a framework may run, in words.
fn constrained(behaviour: &Behaviour) -> Option<Assumption> {
    let said: Vec<String> = behaviour
        .constraints
        .iter()
        .map(Constraint::to_string)
        .collect();
    (!said.is_empty()).then(|| Assumption {
        about: "where its tasks may run".to_owned(),
        model: format!(
            "{}; counted over all tasks of it that run (Marathon's words)",
            said.join(", ")
        ),
    })
}

/// When a task has a copy, in words.
fn copies(rule: Speculation) -> Assumption {
    let parts = |thousandths: u32| f64::from(thousandths) / 1000.0;
    Assumption {
        about: "copies of slow tasks".to_owned(),
        model: format!(
            "once {} of a stage's tasks are done, one that has run {} times as long as their median has \
             a copy on another agent; the first to be done counts (Spark's rule)",
            parts(rule.quantile),
            parts(rule.multiplier)
        ),
    }
}
