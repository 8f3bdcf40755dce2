//! Placements under everything that should not matter: which of equal nodes is taken, how scores are rounded, in
//! which order nodes are listed, which seeds order the tasks.

use std::collections::BTreeMap;

use fairground_policies::name::{BadName, Name};
use fairground_policies::placement::PlacementPolicy;
use fairground_workloads::rng;
use rayon::prelude::*;

use super::nuisance::{Nuisance, NuisanceCase, picked, quoted_names, short_name, tie_rules};
use super::{AdvantageScale, Answers, Question, RobustStudy, pairs};
use crate::experiment::Watcher;
use crate::output::stats;
use crate::packing::Packing;

/// What is compared, and how often what is drawn is drawn anew.
#[derive(Clone, Debug)]
pub struct PackingStudy<'a> {
    /// Nodes and tasks.
    pub packing: &'a Packing,
    /// The placements.
    pub policies: &'a [Name],
    /// How much of all GPUs is asked for in the end, in thousandths.
    pub load: u64,
    /// How many seeds, each another order of the tasks.
    pub seeds: u64,
    /// How many orders of nodes, other seeds, and draws of everything together.
    pub draws: u32,
    /// Only the case of this name.
    pub only: Option<&'a str>,
}

/// One case: the placements, the order of nodes, and which block of seeds.
#[derive(Clone, Debug)]
struct PackingCase {
    case: NuisanceCase,
    policies: Vec<Name>,
    nodes: Option<u32>,
    block: u64,
}

impl PackingCase {
    fn of(nuisance: Nuisance, name: String, policies: Vec<Name>) -> Self {
        let words = vec!["--policies".to_owned(), quoted_names(&policies)];
        Self {
            case: NuisanceCase {
                nuisance,
                name,
                words: Some(words),
            },
            policies,
            nodes: None,
            block: 0,
        }
    }
}

/// A placement, an order of nodes and a seed.
type PackingCell = (Name, Option<u32>, u64);

/// Which part of the GPUs is held in the end, in parts of a million, and how many tasks fitted nowhere.
type Packed = (u64, u64);

impl PackingStudy<'_> {
    /// Runs every case, on all threads there are.
    ///
    /// # Errors
    /// A placement that is not known; no case of the name that is asked for.
    pub fn run(&self, watcher: &dyn Watcher) -> Result<RobustStudy, BadName> {
        for name in self.policies {
            PlacementPolicy::from_name(name)?;
        }
        let mut not_applied = vec![
            "frameworks: there are none where tasks fill nodes".to_owned(),
            "numbers of jobs that come at one instant: tasks come one after the other, in an order drawn by seed"
                .to_owned(),
        ];
        let cases = self.cases(&mut not_applied);
        let cases = picked(cases, self.only, |case| case.case.name.as_str())?;
        let standing = PackingCase::of(Nuisance::Together, String::new(), self.policies.to_vec());
        let cells = self.packed(&standing, &cases, watcher);
        let answers = |case: &PackingCase| self.answers(case, &cells);
        let measures = ["GPUs held, points", "tasks that fitted nowhere"];
        let claims = ["packs more GPUs than", "leaves fewer tasks out than"];
        let scales = [AdvantageScale::Points, AdvantageScale::Count];
        let questions = pairs(self.policies.len()).flat_map(|policies| {
            (0..2).map(move |i| Question {
                policies,
                measure: measures[i].to_owned(),
                claim: claims[i].to_owned(),
                scale: scales[i],
            })
        });
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

    /// The same placements, of which one is another.
    fn with(&self, at: usize, other: Name) -> Vec<Name> {
        let mut policies = self.policies.to_vec();
        policies[at] = other;
        policies
    }

    fn cases(&self, not_applied: &mut Vec<String>) -> Vec<PackingCase> {
        let (mut cases, mut choices) = (Vec::new(), Vec::new());
        for (at, policy) in self.policies.iter().enumerate() {
            let short = short_name(policy, self.policies);
            let ties = if is_tie_rule(policy) {
                not_applied.push(format!(
                    "the tie rule of {short}: it gives every node the same score, so that its tie rule is all there is"
                ));
                Vec::new()
            } else {
                tie_rules(policy, |name| PlacementPolicy::from_name(name).is_ok())
            };
            let mut own = vec![policy.clone()];
            for (rule, other) in ties {
                let nuisance = Nuisance::TieRule(short.clone());
                let name = format!("tie of {short}: {rule}");
                cases.push(PackingCase::of(
                    nuisance,
                    name,
                    self.with(at, other.clone()),
                ));
                own.push(other);
            }
            if !is_tie_rule(policy) {
                let (how, other) = rounded(policy);
                let nuisance = Nuisance::Rounding(short.clone());
                let name = format!("rounding of {short}: {how}");
                cases.push(PackingCase::of(nuisance, name, self.with(at, other)));
                own.extend(own.clone().iter().map(|one| rounded(one).1));
            }
            choices.push(own);
        }
        for draw in 1..=self.draws {
            let (what, name) = (Nuisance::AgentOrder, format!("agents {draw}"));
            let mut case = PackingCase::of(what, name, self.policies.to_vec());
            case.nodes = Some(draw);
            cases.push(case);
        }
        for draw in 1..=self.draws {
            let (what, name) = (Nuisance::SeedStream, format!("seeds {draw}"));
            let mut case = PackingCase::of(what, name, self.policies.to_vec());
            case.block = draw.into();
            cases.push(case);
        }
        for draw in 1..=self.draws {
            let mut chance = rng::stream(draw.into(), "robust together");
            let drawn = choices.iter().map(|own| {
                let one = chance.choose(own);
                one.expect("a policy is itself").clone()
            });
            let (what, name) = (Nuisance::Together, format!("together {draw}"));
            let mut case = PackingCase::of(what, name, drawn.collect());
            // Behind those that are drawn by themselves.
            case.nodes = Some(self.draws + draw);
            case.block = (self.draws + draw).into();
            cases.push(case);
        }
        for case in &mut cases {
            // `pack` lists nodes as they are, and counts seeds from 0.
            if case.nodes.is_some() || case.block > 0 {
                case.case.words = None;
            }
        }
        cases
    }

    fn seeds_of(&self, case: &PackingCase) -> std::ops::Range<u64> {
        case.block * self.seeds..(case.block + 1) * self.seeds
    }

    /// Every cell once, whatever several cases share.
    fn packed(
        &self,
        standing: &PackingCase,
        cases: &[PackingCase],
        watcher: &dyn Watcher,
    ) -> BTreeMap<PackingCell, Packed> {
        let mut cells: BTreeMap<PackingCell, Packed> = BTreeMap::new();
        let mut orders: BTreeMap<Option<u32>, Packing> = BTreeMap::new();
        for case in cases.iter().chain([standing]) {
            let order = orders.entry(case.nodes);
            order.or_insert_with(|| reordered(self.packing, case.nodes));
            for policy in &case.policies {
                for seed in self.seeds_of(case) {
                    cells.insert((policy.clone(), case.nodes, seed), (0, 0));
                }
            }
        }
        watcher.begin("cells", cells.len() as u64);
        let cells: Vec<PackingCell> = cells.into_keys().collect();
        let run = |cell: PackingCell| {
            let (name, order, seed) = &cell;
            let policy = PlacementPolicy::from_name(name).expect("names were looked up before");
            let packed = orders[order].place(policy, self.load, *seed);
            watcher.tick();
            (cell, packed)
        };
        let done: Vec<(PackingCell, Packed)> = cells.into_par_iter().map(run).collect();
        done.into_iter().collect()
    }

    /// Of every pair the points more that the first holds, and the tasks fewer that it leaves out, paired by seed.
    fn answers(&self, case: &PackingCase, cells: &BTreeMap<PackingCell, Packed>) -> Answers {
        let of = |policy: usize, seed: u64| {
            let (held, lost) = cells[&(case.policies[policy].clone(), case.nodes, seed)];
            (held as f64 / 1e4, lost as f64)
        };
        let mut answers = Answers::new();
        for [first, second] in pairs(self.policies.len()) {
            let pairs = self.seeds_of(case);
            let pairs: Vec<_> = pairs
                .map(|seed| (of(first, seed), of(second, seed)))
                .collect();
            let held: Vec<f64> = pairs.iter().map(|(one, two)| one.0 - two.0).collect();
            let kept: Vec<f64> = pairs.iter().map(|(one, two)| two.1 - one.1).collect();
            answers.extend([stats::estimate(&held), stats::estimate(&kept)]);
        }
        answers
    }
}

/// Whether all nodes have the same score, so that the tie rule is the policy.
fn is_tie_rule(policy: &Name) -> bool {
    ["first", "random"].contains(&policy.base())
}

/// The same with scores cut to a hundredth, as integers up to 100 are, or as they are where they are cut.
fn rounded(policy: &Name) -> (&'static str, Name) {
    let mut other = policy.clone();
    if other.take("round").is_some() {
        return ("none", other);
    }
    other.set("round", "100");
    ("100", other)
}

/// The same nodes listed in a drawn order.
fn reordered(packing: &Packing, draw: Option<u32>) -> Packing {
    let mut packing = packing.clone();
    if let Some(draw) = draw {
        rng::stream(draw.into(), "robust agents").shuffle(&mut packing.nodes);
    }
    packing
}
