//! Seeds side by side: what a second core is worth.

use anyhow::ensure;
use fairground_policies::registry::Registry;
use fairground_workloads::trace::Trace;
use rayon::prelude::*;

use super::measure::measured;
use crate::experiment::Experiment;
use crate::recipe::Recipe;

/// How often both are measured, in turn; the best of each counts, as on free cores.
const TURNS: usize = 5;

/// How many times sooner eight runs are over on two threads than on one, by the clock on the wall.
pub(super) fn on_two_threads() -> anyhow::Result<f64> {
    let experiment = Experiment::load(&Recipe::load(None, &[])?, Registry::default())?;
    let traces: Result<Vec<Trace>, _> = (1..=8).map(|seed| experiment.trace(seed)).collect();
    let (traces, policy) = (traces?, "drf".parse()?);
    let run = |(seed, trace)| experiment.run(&policy, trace, seed, false).digest;
    let all = || -> Vec<String> {
        (1_u64..)
            .zip(&traces)
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(run)
            .collect()
    };
    let mut best = [f64::INFINITY; 2];
    let mut digests = Vec::new();
    for _ in 0..TURNS {
        for (best, threads) in best.iter_mut().zip(1..) {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()?;
            let (cost, run) = measured(|| pool.install(all));
            *best = best.min(cost.wall);
            digests.push(run);
        }
    }
    ensure!(
        digests.windows(2).all(|pair| pair[0] == pair[1]),
        "other bytes on two threads"
    );
    Ok(best[0] / best[1])
}
