//! What is asked of two policies of a recipe, and what their changes answer.

use super::super::{AdvantageScale, Answers, Question, pairs};
use super::Ground;
use crate::output::comparison::{Changes, Line, Measure};
use crate::output::stats::Estimate;

impl Ground<'_> {
    /// What is asked of every pair, and what the changes answer.
    pub(super) fn questions(&self, changes: &[Changes]) -> (Vec<Question>, Answers) {
        let (mut questions, mut answers) = (Vec::new(), Answers::new());
        for [policy, base] in pairs(changes.len()) {
            let mut ask = |measure: &str, claim: String, scale, answer| {
                questions.push(Question {
                    policies: [policy, base],
                    measure: measure.to_owned(),
                    claim,
                    scale,
                });
                answers.push(answer);
            };
            // The baseline stands at the place of the first policy, and every later one at its own.
            let changes = &changes[base];
            if let Some(all) = changes.overall.iter().find(|all| all.policy == policy) {
                let (mean, median) = (sooner(all.mean), sooner(all.median));
                let claim = "finishes jobs sooner than".to_owned();
                ask(
                    "mean completion of all jobs",
                    claim,
                    AdvantageScale::Times,
                    Some(mean),
                );
                let claim = "finishes the median job sooner than".to_owned();
                ask(
                    "completion of the median job",
                    claim,
                    AdvantageScale::Times,
                    Some(median),
                );
            }
            for framework in self.names(&self.standing) {
                let mut lines = changes.lines.iter();
                let line = lines.find(|line| line.policy == policy && line.name == framework);
                let Some((line, change)) = line.and_then(|line| Some((line, deciding(line)?)))
                else {
                    continue;
                };
                if line.service {
                    let claim = format!("answers fewer requests of {framework} late than");
                    let fewer = fewer(change);
                    ask(
                        "requests late, points",
                        claim,
                        AdvantageScale::Points,
                        Some(fewer),
                    );
                } else {
                    let claim = format!("finishes jobs of {framework} sooner than");
                    let measure = format!("mean completion of {framework}");
                    ask(&measure, claim, AdvantageScale::Times, Some(sooner(change)));
                }
            }
        }
        (questions, answers)
    }
}

fn deciding(line: &Line) -> Option<Estimate> {
    line.get(Measure::deciding(line.service))?.change
}

/// How much sooner, as the logarithm of a ratio, of a relative change of times.
fn sooner(change: Estimate) -> Estimate {
    // No interval of a ratio reaches below nothing.
    let log = |change: f64| -libm::log((1.0 + change).max(1e-9)) + 0.0;
    Estimate {
        mean: log(change.mean),
        interval: change.interval.map(|(low, high)| (log(high), log(low))),
        ..change
    }
}

/// How many points fewer, of a change of shares.
fn fewer(change: Estimate) -> Estimate {
    let points = |change: f64| -100.0 * change + 0.0;
    Estimate {
        mean: points(change.mean),
        interval: change
            .interval
            .map(|(low, high)| (points(high), points(low))),
        ..change
    }
}
