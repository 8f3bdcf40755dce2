//! `fairground fidelity`: simulated against measured, row by row.

use std::fmt::Write as _;
use std::path::Path;

use fairground_policies::registry::Registry;
use fairground_policies::time::Span;

use super::{Ending, counted, print};
use crate::fidelity::{Fidelity, Side, compare};

pub(super) fn fidelity(log: &Path, registry: &Registry) -> anyhow::Result<Ending> {
    let fidelity = compare(log, registry)?;
    print(&table(&fidelity))?;
    let same = fidelity.decisions.differences == 0;
    Ok(if same { Ending::Done } else { Ending::No })
}

fn table(fidelity: &Fidelity) -> String {
    let Fidelity {
        real,
        decisions,
        frameworks,
    } = fidelity;
    let mut text = format!(
        "decision differences: {} ({} and {} again)\n",
        decisions.differences,
        counted(decisions.facts, "fact"),
        counted(decisions.orders, "order"),
    );
    let _ = writeln!(
        text,
        "{} with seed {}, run {} times faster than the recipe; all times are the recipe's, a \
         millisecond of the machine is {} ms here",
        real.policy, real.seed, real.scale, real.scale
    );
    for line in &real.left_out {
        let _ = writeln!(text, "not as in the recipe: {line}");
    }
    for (name, simulated, measured) in frameworks {
        let _ = writeln!(text, "\n{name:<34}{:>14}{:>14}", "simulated", "measured");
        for ((what, simulated), (_, measured)) in rows(simulated).into_iter().zip(rows(measured)) {
            let _ = writeln!(text, "  {what:<32}{simulated:>14}{measured:>14}");
        }
    }
    text
}

/// What is said of one run of a framework.
fn rows(side: &Side) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if side.jobs > 0 {
        let finished = side.completions.len();
        rows.push(("jobs finished", format!("{finished} of {}", side.jobs)));
        rows.push(("wait of a job, mean", mean(&side.waits)));
        rows.push(("completion of a job, mean", mean(&side.completions)));
        rows.push((
            "completion of a job, p95",
            percentile(&side.completions, 95),
        ));
    }
    let ran: Span = side
        .run_times
        .iter()
        .fold(Span::ZERO, |sum, span| sum + *span);
    let throttled = match ran.as_micros() {
        0 => "-".to_owned(),
        ran => {
            let part = side.throttled.as_micros() as f64 / ran as f64;
            format!("{:.1} %", part * 100.0)
        }
    };
    rows.extend([
        ("tasks launched", side.launched.to_string()),
        ("start of a task, median", percentile(&side.starts, 50)),
        ("start of a task, p95", percentile(&side.starts, 95)),
        ("run time of a task, mean", mean(&side.run_times)),
        ("run time of a task, p95", percentile(&side.run_times, 95)),
        ("throttled, of run time", throttled),
        (
            "processors held, core hours",
            format!("{:.3}", side.held as f64 / 3.6e12),
        ),
    ]);
    rows
}

fn mean(spans: &[Span]) -> String {
    let sum: u64 = spans.iter().map(|span| span.as_micros()).sum();
    match sum.checked_div(spans.len() as u64) {
        Some(mean) => seconds(mean),
        None => "-".to_owned(),
    }
}

/// The nearest rank.
fn percentile(spans: &[Span], parts: usize) -> String {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * parts).div_ceil(100).max(1);
    sorted
        .get(rank - 1)
        .map_or("-".to_owned(), |span| seconds(span.as_micros()))
}

fn seconds(micros: u64) -> String {
    format!("{:.2} s", micros as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let spans: Vec<Span> = (1..=20).map(Span::from_secs).collect();
        assert_eq!(percentile(&spans, 50), "10.00 s");
        assert_eq!(percentile(&spans, 95), "19.00 s");
        assert_eq!(percentile(&spans[..1], 95), "1.00 s");
        assert_eq!((percentile(&[], 95), mean(&[])), ("-".into(), "-".into()));
        assert_eq!(mean(&spans[..2]), "1.50 s");
    }
}
