//! The cases of a recipe: what is another in each.

use fairground_policies::allocators::Setup;
use fairground_policies::name::Name;
use fairground_workloads::rng;
use fairground_workloads::trace::Trace;

use super::super::nuisance::{Nuisance, NuisanceCase, quoted_names, short_name, tie_rules};
use super::super::permuted::{agents_reordered, jobs_renumbered, taken};
use super::Ground;

/// What is another in a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Switched {
    pub(super) policies: Vec<Name>,
    /// By framework, as the recipe lists them.
    pub(super) schedulers: Vec<Name>,
    /// The frameworks in the order in which they are listed.
    pub(super) frameworks: Vec<usize>,
    pub(super) agents: Option<u32>,
    pub(super) jobs: Option<u32>,
    /// How many times as many seeds lie before the first.
    pub(super) block: u32,
}

impl Switched {
    /// Its policies, as they are named where frameworks are in its order. A split names its parts in the order of frameworks.
    pub(super) fn listed(&self) -> Vec<Name> {
        let policies = self.policies.iter();
        let policies = policies.map(|policy| {
            let mut policy = policy.clone();
            if let Some(split) = policy.take("split") {
                let parts: Vec<&str> = split.split(':').collect();
                let order: Vec<u32> = self.frameworks.iter().map(|at| *at as u32).collect();
                policy.set("split", taken(&parts, &order).join(":"));
            }
            policy
        });
        policies.collect()
    }
}

#[derive(Clone, Debug)]
pub(super) struct RecipeCase {
    pub(super) case: NuisanceCase,
    pub(super) switched: Switched,
}

/// What a policy or a scheduler may be, itself among them.
type Choices = Vec<Name>;

impl Ground<'_> {
    fn case(&self, nuisance: Nuisance, name: String) -> RecipeCase {
        RecipeCase {
            case: NuisanceCase {
                nuisance,
                name,
                words: None,
            },
            switched: self.standing.clone(),
        }
    }

    /// As often as anything is drawn, a case of this kind.
    fn drawn(
        &self,
        nuisance: &Nuisance,
        name: &'static str,
        switch: impl Fn(&mut Switched, u32),
    ) -> Vec<RecipeCase> {
        let draws = 1..=self.study.draws;
        let case = |draw| {
            let mut case = self.case(nuisance.clone(), format!("{name} {draw}"));
            switch(&mut case.switched, draw);
            case
        };
        draws.map(case).collect()
    }

    pub(super) fn cases(&self, not_applied: &mut Vec<String>) -> Vec<RecipeCase> {
        let (mut cases, choices) = self.tie_cases(not_applied);
        let reorders = (1..=self.study.draws).any(|draw| self.reordered(draw).is_some());
        if reorders {
            let switch = |switched: &mut Switched, draw| switched.agents = Some(draw);
            cases.extend(self.drawn(&Nuisance::AgentOrder, "agents", switch));
        } else {
            let why = "they are all alike, and nothing happens to one of them";
            not_applied.push(format!("the order of agents: {why}"));
        }
        if self.standing.frameworks.len() > 1 {
            let switch =
                |switched: &mut Switched, draw| switched.frameworks = self.frameworks(draw);
            cases.extend(self.drawn(&Nuisance::FrameworkOrder, "frameworks", switch));
        } else {
            not_applied.push("the order of frameworks: there is one".to_owned());
        }
        let renumbers = jobs_renumbered(&self.first, &self.names(&self.standing), 1).is_some();
        if renumbers {
            let switch = |switched: &mut Switched, draw| switched.jobs = Some(draw);
            cases.extend(self.drawn(&Nuisance::JobNumbers, "jobs", switch));
        } else {
            let why = "no two jobs of a framework do, or they wait for others by number";
            not_applied.push(format!("numbers of jobs that come at one instant: {why}"));
        }
        let switch = |switched: &mut Switched, draw| switched.block = draw;
        cases.extend(self.drawn(&Nuisance::SeedStream, "seeds", switch));
        let [policies, schedulers] = &choices;
        cases.extend(
            self.drawn(&Nuisance::Together, "together", |switched, draw| {
                let mut chance = rng::stream(draw.into(), "robust together");
                let names = switched.policies.iter_mut().zip(policies);
                for (name, own) in names.chain(switched.schedulers.iter_mut().zip(schedulers)) {
                    *name = chance.choose(own).expect("a policy is itself").clone();
                }
                // Behind those that are drawn by themselves.
                let other = self.study.draws + draw;
                switched.frameworks = self.frameworks(other);
                switched.agents = reorders.then_some(other);
                switched.jobs = renumbers.then_some(other);
                switched.block = other;
            }),
        );
        for case in &mut cases {
            case.case.words = self.words(&case.switched);
        }
        cases
    }

    /// The cases of tie rules, and what every policy and every scheduler may be among them, itself included.
    fn tie_cases(&self, not_applied: &mut Vec<String>) -> (Vec<RecipeCase>, [Vec<Choices>; 2]) {
        let (mut cases, mut of_policies) = (Vec::new(), Vec::new());
        let registry = self.study.registry;
        for (at, policy) in self.standing.policies.iter().enumerate() {
            let short = short_name(&self.named[at], &self.named);
            let setup = || Setup {
                shares: self.experiment.shares(),
                agents: self.first.agents.len() as u32,
                rng: rng::stream(0, "check").into_generator(),
            };
            let ties = tie_rules(policy, |name| registry.allocator(name, setup()).is_ok());
            if ties.is_empty() {
                not_applied.push(format!("the tie rule of {short}: it has none"));
            }
            let mut own = vec![policy.clone()];
            for (rule, other) in ties {
                let nuisance = Nuisance::TieRule(short.clone());
                let mut case = self.case(nuisance, format!("tie of {short}: {rule}"));
                case.switched.policies[at] = other.clone();
                own.push(other);
                cases.push(case);
            }
            of_policies.push(own);
        }
        let of_schedulers = self.standing.schedulers.iter().map(|own| {
            let ties = tie_rules(own, |name| registry.scheduler(name).is_ok());
            let mut all = vec![("itself", own.clone())];
            all.extend(ties);
            all
        });
        let of_schedulers: Vec<Vec<(&str, Name)>> = of_schedulers.collect();
        for rule in ["first", "last", "random"] {
            let name = format!("tie inside frameworks: {rule}");
            let mut case = self.case(Nuisance::SchedulerTies, name);
            for (scheduler, own) in case.switched.schedulers.iter_mut().zip(&of_schedulers) {
                if let Some((_, other)) = own.iter().find(|(one, _)| *one == rule) {
                    *scheduler = other.clone();
                }
            }
            if case.switched != self.standing {
                cases.push(case);
            }
        }
        let bare = |all: Vec<(&str, Name)>| all.into_iter().map(|(_, name)| name).collect();
        let of_schedulers = of_schedulers.into_iter().map(bare).collect();
        (cases, [of_policies, of_schedulers])
    }

    /// What `compare` is told for a case, where it can be.
    fn words(&self, switched: &Switched) -> Option<Vec<String>> {
        let standing = &self.standing;
        if switched.agents.or(switched.jobs).is_some() || switched.frameworks != standing.frameworks
        {
            return None;
        }
        // A recipe names no policy twice.
        let mut different = switched.policies.clone();
        different.sort();
        different.dedup();
        if different.len() < switched.policies.len() {
            return None;
        }
        let mut words = vec!["--policies".to_owned(), quoted_names(&switched.policies)];
        let schedulers = switched.schedulers.iter().zip(&standing.schedulers);
        for ((now, before), framework) in schedulers.zip(&self.loaded.recipe.framework) {
            if now != before {
                let setting = format!("'framework.{}.scheduler={now}'", framework.name);
                words.extend(["--set".to_owned(), setting]);
            }
        }
        if switched.block > 0 {
            let first = self.seeds(switched)[0];
            words.extend(["--set".to_owned(), format!("first_seed={first}")]);
        }
        Some(words)
    }

    fn frameworks(&self, draw: u32) -> Vec<usize> {
        let mut order = self.standing.frameworks.clone();
        rng::stream(draw.into(), "robust frameworks").shuffle(&mut order);
        order
    }

    pub(super) fn names(&self, switched: &Switched) -> Vec<&str> {
        let order = switched.frameworks.iter();
        order
            .map(|at| self.loaded.recipe.framework[*at].name.as_str())
            .collect()
    }

    pub(super) fn agents(&self, draw: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.first.agents.len() as u32).collect();
        rng::stream(draw.into(), "robust agents").shuffle(&mut order);
        order
    }

    /// The first trace with agents in this order, if that makes it another.
    fn reordered(&self, draw: u32) -> Option<Trace> {
        let order = self.agents(draw);
        let other = agents_reordered(&self.first, &order);
        let policy = &self.standing.policies[0];
        let scenario = self.experiment.scenario(policy, &self.first, 0);
        let overcommit = taken(scenario.overcommit, &order);
        let same = other == self.first
            && overcommit == scenario.overcommit
            && scenario.reservations.is_empty();
        (!same).then_some(other)
    }
}
