//! Taking back what need not be there.

use super::perturbation::Perturbation;

/// The smallest set that is found inside one that `holds`: no change can be left out of it, and none can be smaller by
/// a step, or it does not hold. By Zeller and Hildebrandt's `ddmin` (IEEE TSE 28(2), 2002), then change by change.
pub fn shrink(
    set: &[Perturbation],
    holds: &mut dyn FnMut(&[Perturbation]) -> bool,
) -> Vec<Perturbation> {
    let mut set = set.to_vec();
    loop {
        let before = set.clone();
        without_parts(&mut set, holds);
        for at in 0..set.len() {
            fewer_steps(&mut set, at, holds);
        }
        if set == before {
            return set;
        }
    }
}

/// Leaves parts out, ever smaller ones, until no single change can be left out.
fn without_parts(set: &mut Vec<Perturbation>, holds: &mut dyn FnMut(&[Perturbation]) -> bool) {
    let mut part = set.len().div_ceil(2);
    while part > 0 && set.len() > 1 {
        let (mut at, mut fewer) = (0, false);
        while at < set.len() && set.len() > 1 {
            let end = set.len().min(at + part);
            let rest = [&set[..at], &set[end..]].concat();
            if !rest.is_empty() && holds(&rest) {
                *set = rest;
                fewer = true;
            } else {
                at = end;
            }
        }
        part = match (fewer, part) {
            (true, _) => part.min(set.len().div_ceil(2)),
            (false, 1) => 0,
            (false, _) => part / 2,
        };
    }
}

/// Makes a change as small as possible: bisection first, which finds a step below which it does not hold.
fn fewer_steps(
    set: &mut [Perturbation],
    at: usize,
    holds: &mut dyn FnMut(&[Perturbation]) -> bool,
) {
    let steps = set[at].steps;
    let (sign, mut most) = (steps.signum(), steps.abs());
    let mut least = 0;
    while most - least > 1 {
        let middle = least.midpoint(most);
        set[at].steps = sign * middle;
        if holds(set) {
            most = middle;
        } else {
            least = middle;
        }
    }
    set[at].steps = sign * most;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::perturbation::Change;
    use super::*;

    fn one(job: usize, steps: i64) -> Perturbation {
        Perturbation {
            job,
            change: Change::Submit,
            steps,
        }
    }

    #[test]
    fn what_is_needed_stays() {
        let set: Vec<Perturbation> = (0..10).map(|job| one(job, 9)).collect();
        let mut holds = |set: &[Perturbation]| {
            let of = |job, least| set.iter().any(|one| one.job == job && one.steps >= least);
            of(2, 4) && of(7, 1)
        };
        assert_eq!(shrink(&set, &mut holds), [one(2, 4), one(7, 1)]);
    }

    proptest! {
        /// Whatever the property is, monotone or not: the result has it, and nothing can be taken back of it.
        #[test]
        fn results_hold_and_are_minimal(
            steps in prop::collection::vec(1_i64..20, 1..8),
            salt in 0_u64..1000,
            part in 2_u64..5,
        ) {
            let set: Vec<Perturbation> = (0..).zip(&steps).map(|(job, steps)| one(job, *steps)).collect();
            let all = set.clone();
            let mut holds = |set: &[Perturbation]| {
                let text = format!("{salt} {set:?}");
                let hash = blake3::hash(text.as_bytes());
                set == all || u64::from(hash.as_bytes()[0]) % part == 0
            };
            let found = shrink(&set, &mut holds);
            prop_assert!(holds(&found));
            for at in 0..found.len() {
                let rest = [&found[..at], &found[at + 1..]].concat();
                prop_assert!(rest.is_empty() || !holds(&rest), "{found:?} without {at}");
                let mut smaller = found.clone();
                smaller[at].steps -= smaller[at].steps.signum();
                prop_assert!(smaller[at].steps == 0 || !holds(&smaller), "{found:?} {at}");
            }
        }
    }
}
