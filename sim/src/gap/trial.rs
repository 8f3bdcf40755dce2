//! Two policies on a trace whose jobs are perturbed.

use std::sync::atomic::AtomicBool;

use fairground_policies::name::Name;
use fairground_policies::resources::Resources;
use fairground_workloads::trace::Trace;

use super::measure::{GapMeasure, GapPair};
use super::perturbation::{Perturbation, StepSizes, applied};
use super::table::{GapJob, GapTable};
use crate::experiment::Experiment;
use crate::run::Run;
use crate::world::{Scenario, simulate};

/// The table of a trace, and what else the trace has.
#[derive(Clone, Debug)]
pub struct Tabled {
    /// Everything that is not perturbed.
    pub base: Trace,
    /// The jobs.
    pub table: GapTable,
}

/// What is tried: two policies, a trace, and by what they are compared.
#[derive(Debug)]
pub struct GapTrial<'a> {
    /// The recipe, whose frameworks behave as it says.
    pub experiment: &'a Experiment,
    /// The trace.
    pub tabled: &'a Tabled,
    /// The policy that is to be worse, and the other.
    pub policies: [&'a Name; 2],
    /// By what.
    pub measure: &'a GapMeasure,
    /// How much a step is.
    pub sizes: StepSizes,
    /// The seed of what policies and the world draw.
    pub seed: u64,
    /// When this is set, runs are given up, and what they say is nothing.
    pub stop: &'a AtomicBool,
}

impl GapTrial<'_> {
    /// The jobs with a set of changes; `None` where that makes no sense.
    pub fn jobs(&self, set: &[Perturbation]) -> Option<Vec<GapJob>> {
        let Tabled { base, table } = self.tabled;
        let agents: &[Resources] = &base.agents;
        applied(&table.jobs, set, &self.sizes, agents, base.horizon)
    }

    /// The measure with a set of changes; `None` where that makes no sense, or no job is left to measure.
    pub fn pair(&self, set: &[Perturbation]) -> Option<GapPair> {
        let Tabled { base, table } = self.tabled;
        let trace = table.trace(base, &self.jobs(set)?);
        self.of_trace(&trace)
    }

    /// The measure of a trace.
    pub fn of_trace(&self, trace: &Trace) -> Option<GapPair> {
        let run = |policy: &Name| -> Run {
            let scenario = Scenario {
                stop: Some(self.stop),
                ..self.experiment.scenario(policy, trace, self.seed)
            };
            simulate(&scenario).expect("names were looked up before")
        };
        let [one, other] = self.policies;
        let (one, other) = rayon::join(|| run(one), || run(other));
        GapPair::of(self.measure, (&one, &other), trace.horizon)
    }
}
