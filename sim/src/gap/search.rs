//! Looking for a set of perturbations with a gap: drawn sets first, then steps from the best of them.

use fairground_workloads::rng::{Stream, stream};
use rayon::prelude::*;

use super::perturbation::{Change, Perturbation};

/// How many sets are tried side by side: the same on every machine, so that the answer is.
const BATCH: usize = 16;
/// After so many batches without progress the search begins elsewhere.
const PATIENCE: usize = 6;
/// The largest set that is drawn at once.
const LARGEST: u64 = 16;

/// How far a search goes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct GapLimits {
    /// Sets that are tried at most.
    pub budget: usize,
    /// The seed of all draws.
    pub seed: u64,
    /// A gap is found when it is larger than this.
    pub beyond: f64,
}

/// The best set of a search.
#[derive(Clone, PartialEq, Debug)]
pub struct GapFound {
    /// What is changed.
    pub set: Vec<Perturbation>,
    /// The gap.
    pub gap: f64,
    /// How many sets were tried.
    pub tries: usize,
}

/// Draws perturbations, and says what the gap of a set is: `None` where the set makes no sense.
type Draw<'a> = &'a (dyn Fn(&mut Stream) -> Perturbation + Sync);
type Gap<'a> = &'a (dyn Fn(&[Perturbation]) -> Option<f64> + Sync);

/// The first set whose gap is beyond the limit, the smallest of its batch; or the one that comes closest within
/// the budget. Ends early, with what there is, when `watch` says so after a batch; it hears how many were tried and
/// the best gap so far.
pub fn search(
    draw: Draw<'_>,
    gap: Gap<'_>,
    limits: &GapLimits,
    watch: &dyn Fn(usize, f64) -> bool,
) -> Option<GapFound> {
    let mut best: Option<GapFound> = None;
    let (mut tries, mut stalled) = (0, 0);
    // Where the search stands; drawn sets are tried until it stands somewhere.
    let mut current: Option<(Vec<Perturbation>, f64)> = None;
    while tries < limits.budget {
        let explores = current.is_none() || tries < limits.budget / 4;
        let candidates = (tries..limits.budget.min(tries + BATCH)).map(|at| {
            let mut chance = stream(limits.seed, &format!("gap {at}"));
            match &current {
                Some((set, _)) if !explores => neighbour(set, draw, &mut chance),
                _ => several(draw, &mut chance),
            }
        });
        let candidates: Vec<Vec<Perturbation>> = candidates.collect();
        let gaps: Vec<Option<f64>> = candidates.par_iter().map(|set| gap(set)).collect();
        tries += candidates.len();
        let sensible = candidates.into_iter().zip(gaps);
        let mut sensible: Vec<_> = sensible
            .filter_map(|(set, gap)| Some((set, gap?)))
            .collect();
        // Small sets before large ones among those beyond, large gaps before small ones.
        sensible.sort_by(|(one, of_one), (two, of_two)| {
            let size = |set: &Vec<Perturbation>, gap: f64| {
                if gap > limits.beyond {
                    set.len()
                } else {
                    usize::MAX
                }
            };
            let sizes = size(one, *of_one).cmp(&size(two, *of_two));
            sizes.then(of_two.total_cmp(of_one))
        });
        if let Some((set, gap)) = sensible.into_iter().next() {
            if best.as_ref().is_none_or(|best| gap > best.gap) {
                best = Some(GapFound {
                    set: set.clone(),
                    gap,
                    tries,
                });
            }
            if gap > limits.beyond {
                return Some(GapFound { set, gap, tries });
            }
            if current.as_ref().is_none_or(|(_, now)| gap > *now) {
                current = Some((set, gap));
                stalled = 0;
            } else if !explores {
                stalled += 1;
            }
        }
        if stalled > PATIENCE {
            (current, stalled) = (None, 0);
        }
        if watch(
            tries,
            best.as_ref().map_or(f64::NEG_INFINITY, |best| best.gap),
        ) {
            break;
        }
    }
    best.map(|best| GapFound { tries, ..best })
}

/// A drawn set; half of all are a single change.
fn several(draw: Draw<'_>, chance: &mut Stream) -> Vec<Perturbation> {
    let many = match chance.below(2) {
        0 => 1,
        _ => chance.log_between(2, LARGEST),
    };
    (0..many).map(|_| draw(chance)).collect()
}

/// A set that differs in one or a few changes.
fn neighbour(set: &[Perturbation], draw: Draw<'_>, chance: &mut Stream) -> Vec<Perturbation> {
    let mut set = set.to_vec();
    let at = chance.below(set.len() as u64) as usize;
    match chance.below(6) {
        0 if set.len() > 1 => {
            set.remove(at);
        }
        1 if set[at].change != Change::Drop => {
            let steps = set[at].steps;
            set[at].steps = match chance.below(3) {
                0 => steps.saturating_mul(2),
                1 if steps.abs() > 1 => steps / 2,
                _ => -steps,
            };
        }
        2 => set[at] = draw(chance),
        3 => set.extend((0..4).map(|_| draw(chance))),
        _ => set.push(draw(chance)),
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: GapLimits = GapLimits {
        budget: 3000,
        seed: 1,
        beyond: 0.0,
    };

    fn draw(chance: &mut Stream) -> Perturbation {
        Perturbation {
            job: chance.below(40) as usize,
            change: Change::Submit,
            steps: chance.below(9).cast_signed() + 1,
        }
    }

    /// Below nothing until jobs 3, 17 and 31 are late by seven steps together; every one brings it nearer.
    fn gap(set: &[Perturbation]) -> Option<f64> {
        let of = |job| set.iter().filter(move |one| one.job == job);
        let each = [3, 17, 31].map(|job| of(job).map(|one| one.steps).sum::<i64>().min(3));
        (set.len() < 30).then(|| each.iter().sum::<i64>() as f64 - 6.5)
    }

    #[test]
    fn steps_lead_to_where_no_drawn_set_is() {
        let found = search(&draw, &gap, &LIMITS, &|_, _| false).expect("sets that make sense");
        assert!(found.gap > 0.0 && found.tries < LIMITS.budget, "{found:?}");
        let again = search(&draw, &gap, &LIMITS, &|_, _| false);
        assert_eq!(again, Some(found));
    }

    #[test]
    fn a_search_ends_with_its_budget_or_when_it_is_told_to() {
        let few = GapLimits {
            budget: 40,
            beyond: 100.0,
            ..LIMITS
        };
        let closest = search(&draw, &gap, &few, &|_, _| false).expect("sets that make sense");
        assert!(closest.tries == 40 && closest.gap < 100.0, "{closest:?}");
        let stopped = search(&draw, &gap, &few, &|_, _| true).expect("sets that make sense");
        assert_eq!(stopped.tries, BATCH);
        assert_eq!(search(&draw, &|_| None, &few, &|_, _| false), None);
    }
}
