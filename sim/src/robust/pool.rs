//! Rigid jobs on one pool under everything that should not matter: which of equal jobs goes first, the numbers of jobs
//! that come at one instant, how many processors the machine is said to have.

use std::collections::BTreeMap;

use fairground_policies::name::{BadName, Name};
use fairground_policies::pool::PoolPolicy;
use fairground_workloads::rng;
use rayon::prelude::*;

use super::nuisance::{Nuisance, NuisanceCase, picked, quoted_names, short_name, tie_rules};
use super::{AdvantageScale, Answers, Question, RobustStudy, pairs};
use crate::experiment::Watcher;
use crate::output::stats::Estimate;
use crate::pool::{Estimates, LogJob, Measures, simulate};

/// By how much a machine may be said to be another, in parts of a hundred.
pub const PERCENTS: [i64; 4] = [-5, -2, 2, 5];

/// What is compared, and how often what is drawn is drawn anew.
#[derive(Clone, Debug)]
pub struct PoolStudy<'a> {
    /// The jobs that a machine of so many processors can run, in the order of their submission; each machine that is
    /// tried has its own, as who asks for more than there is is left out.
    pub logs: &'a BTreeMap<u32, Vec<LogJob>>,
    /// How many processors there are as it stands: one of those.
    pub processors: u32,
    /// The policies.
    pub policies: &'a [Name],
    /// How long jobs are expected to run.
    pub estimates: Estimates,
    /// How many numberings of jobs, random ties, and draws of everything together.
    pub draws: u32,
    /// Only the case of this name.
    pub only: Option<&'a str>,
}

#[derive(Clone, Debug)]
struct RigidCase {
    case: NuisanceCase,
    policies: Vec<Name>,
    processors: u32,
    numbers: Option<u32>,
}

/// A policy, how many processors, and a numbering of jobs.
type PoolCell = (Name, u32, Option<u32>);

/// What is asked of a schedule, and the sentence.
const MEASURES: [(&str, &str); 4] = [
    (
        "mean bounded slowdown",
        "has a lower mean bounded slowdown than",
    ),
    ("mean wait, s", "has jobs wait less than"),
    ("mean flow, s", "finishes jobs sooner than"),
    ("makespan, s", "is done with all jobs sooner than"),
];

/// By how much the first is lower, as the logarithm of a ratio, by measure. Times are in microseconds, of which one
/// is the least that counts.
fn lower(one: &Measures, two: &Measures) -> [f64; MEASURES.len()] {
    let micros = |seconds: f64| (seconds * 1e6).max(1.0);
    let of = |measures: &Measures| {
        [
            measures.mean_bounded_slowdown.max(1.0),
            micros(measures.mean_wait_s),
            micros(measures.mean_flow_s),
            micros(measures.makespan_s),
        ]
    };
    let (one, two) = (of(one), of(two));
    std::array::from_fn(|i| {
        let ratio = libm::log(two[i] / one[i]);
        // Less than a part of a million is nothing, as in every table.
        (ratio * 1e6).round() / 1e6
    })
}

impl PoolStudy<'_> {
    /// Runs every case, on all threads there are.
    ///
    /// # Errors
    /// A policy that is not known; no case of the name that is asked for.
    ///
    /// # Panics
    /// When there are no jobs for the machine as it stands, or estimates may be too short for a policy that plans by
    /// them.
    pub fn run(&self, watcher: &dyn Watcher) -> Result<RobustStudy, BadName> {
        for name in self.policies {
            PoolPolicy::from_name(name)?;
        }
        let mut not_applied = vec![
            "agents and frameworks: a pool has neither".to_owned(),
            "rounding of scores: no policy of a pool rounds its scores".to_owned(),
            "seeds: a log is what it is; only random ties are drawn, and they are tried as tie rules".to_owned(),
        ];
        let cases = self.cases(&mut not_applied);
        let cases = picked(cases, self.only, |case| case.case.name.as_str())?;
        let standing = self.case(Nuisance::Together, String::new());
        let cells = self.scheduled(&standing, &cases, watcher);
        let questions = pairs(self.policies.len()).flat_map(|policies| {
            MEASURES.map(|(measure, claim)| Question {
                policies,
                measure: measure.to_owned(),
                claim: claim.to_owned(),
                scale: AdvantageScale::Times,
            })
        });
        let answers = |case: &RigidCase| self.answers(case, &cells);
        Ok(RobustStudy {
            policies: self.policies.iter().map(Name::to_string).collect(),
            questions: questions.collect(),
            standing: answers(&standing),
            cases: cases
                .iter()
                .map(|case| (case.case.clone(), answers(case)))
                .collect(),
            not_applied,
        })
    }

    fn case(&self, nuisance: Nuisance, name: String) -> RigidCase {
        RigidCase {
            case: NuisanceCase {
                nuisance,
                name,
                words: None,
            },
            policies: self.policies.to_vec(),
            processors: self.processors,
            numbers: None,
        }
    }

    /// The tie rules of a policy that are not its own: a random one as often as anything is drawn.
    fn ties(&self, policy: &Name) -> Vec<(String, Name)> {
        let mut bare = policy.clone();
        bare.take("seed");
        let mut all = Vec::new();
        for (rule, other) in tie_rules(&bare, |name| PoolPolicy::from_name(name).is_ok()) {
            if rule != "random" {
                all.push((rule.to_owned(), other));
                continue;
            }
            for seed in 1..=self.draws {
                let mut seeded = other.clone();
                seeded.set("seed", seed.to_string());
                all.push((format!("random {seed}"), seeded));
            }
        }
        all
    }

    fn cases(&self, not_applied: &mut Vec<String>) -> Vec<RigidCase> {
        let (mut cases, mut choices) = (Vec::new(), Vec::new());
        for (at, policy) in self.policies.iter().enumerate() {
            let short = short_name(policy, self.policies);
            let ties = self.ties(policy);
            if ties.is_empty() {
                not_applied.push(format!("the tie rule of {short}: it has none"));
            }
            let mut own = vec![policy.clone()];
            for (rule, other) in ties {
                let nuisance = Nuisance::TieRule(short.clone());
                let mut case = self.case(nuisance, format!("tie of {short}: {rule}"));
                case.policies[at] = other.clone();
                own.push(other);
                cases.push(case);
            }
            choices.push(own);
        }
        let alike = self.logs.get(&self.processors).is_some_and(|jobs| {
            let mut pairs = jobs.windows(2);
            pairs.any(|two| two[0].rigid.submitted == two[1].rigid.submitted)
        });
        if alike {
            for draw in 1..=self.draws {
                let mut case = self.case(Nuisance::JobNumbers, format!("jobs {draw}"));
                case.numbers = Some(draw);
                cases.push(case);
            }
        } else {
            let why = "numbers of jobs that come at one instant: no two jobs do";
            not_applied.push(why.to_owned());
        }
        let machines: Vec<u32> = self.logs.keys().copied().collect();
        for processors in machines.iter().filter(|one| **one != self.processors) {
            let mut case = self.case(Nuisance::Processors, format!("processors {processors}"));
            case.processors = *processors;
            cases.push(case);
        }
        for draw in 1..=self.draws {
            let mut chance = rng::stream(draw.into(), "robust together");
            let mut case = self.case(Nuisance::Together, format!("together {draw}"));
            for (policy, own) in case.policies.iter_mut().zip(&choices) {
                *policy = chance.choose(own).expect("a policy is itself").clone();
            }
            case.processors = *chance.choose(&machines).unwrap_or(&self.processors);
            case.numbers = alike.then_some(self.draws + draw);
            cases.push(case);
        }
        for case in &mut cases {
            // `pool` numbers jobs as the log does.
            if case.numbers.is_none() {
                let processors = case.processors.to_string();
                let names = quoted_names(&case.policies);
                let words = [
                    "--processors".to_owned(),
                    processors,
                    "--policies".to_owned(),
                    names,
                ];
                case.case.words = Some(words.to_vec());
            }
        }
        cases
    }

    /// Every cell once, whatever several cases share.
    fn scheduled(
        &self,
        standing: &RigidCase,
        cases: &[RigidCase],
        watcher: &dyn Watcher,
    ) -> BTreeMap<PoolCell, Measures> {
        let mut cells: Vec<PoolCell> = Vec::new();
        for case in cases.iter().chain([standing]) {
            let of_case = case.policies.iter();
            cells.extend(of_case.map(|name| (name.clone(), case.processors, case.numbers)));
        }
        cells.sort();
        cells.dedup();
        watcher.begin("cells", cells.len() as u64);
        let run = |cell: PoolCell| {
            let (name, processors, numbers) = &cell;
            let policy = PoolPolicy::from_name(name).expect("names were looked up before");
            let jobs = renumbered(&self.logs[processors], *numbers);
            let starts = simulate(policy, *processors, &jobs, self.estimates);
            watcher.tick();
            let measures = Measures::new(&jobs, &starts, *processors);
            (cell, measures)
        };
        let done: Vec<(PoolCell, Measures)> = cells.into_par_iter().map(run).collect();
        done.into_iter().collect()
    }

    /// By how much the first of every pair is lower. A log has one number and no interval.
    fn answers(&self, case: &RigidCase, cells: &BTreeMap<PoolCell, Measures>) -> Answers {
        let of = |policy: usize| {
            let name = case.policies[policy].clone();
            &cells[&(name, case.processors, case.numbers)]
        };
        let mut answers = Answers::new();
        for [first, second] in pairs(self.policies.len()) {
            let lower = lower(of(first), of(second));
            answers.extend(lower.map(|mean| {
                Some(Estimate {
                    mean,
                    interval: None,
                    seeds: 1,
                })
            }));
        }
        answers
    }
}

/// The same jobs, those of one instant in a drawn order.
fn renumbered(jobs: &[LogJob], draw: Option<u32>) -> Vec<LogJob> {
    let mut jobs = jobs.to_vec();
    if let Some(draw) = draw {
        let mut chance = rng::stream(draw.into(), "robust jobs");
        let same = |one: &LogJob, other: &LogJob| one.rigid.submitted == other.rigid.submitted;
        jobs.chunk_by_mut(same)
            .for_each(|chunk| chance.shuffle(chunk));
    }
    jobs
}
