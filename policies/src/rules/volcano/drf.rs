//! Dominant resource fairness among jobs (`plugins/drf/drf.go`).

use super::Amounts;
use crate::rules::ratio::Ratio;

/// Of candidates (their job, what they hold), in their order, those whose jobs keep at least the share that the
/// preemptor's job then has (`with`); what is closer than a millionth is equal. All that came before count as gone.
pub fn victims(
    with: Ratio,
    candidates: &[(usize, Amounts)],
    held: &[Amounts],
    total: &Amounts,
) -> Vec<usize> {
    let close = Ratio::ONE / Ratio::whole(1_000_000);
    let mut held = held.to_vec();
    let mut found = Vec::new();
    for (index, (job, amounts)) in candidates.iter().enumerate() {
        held[*job] = held[*job].minus(amounts);
        let without = held[*job].dominant(total);
        if with < without || (with - without).abs() <= close {
            found.push(index);
        }
    }
    found
}
