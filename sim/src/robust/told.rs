//! Conclusions as a table, and as rows for other programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::conclusion::{AdvantageRow, AdvantageScale, Conclusion, Hinge, RobustStudy, Steadiness};
use crate::output::stats::Estimate;

/// A conclusion, as other programs read it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RobustRow {
    /// The sentence.
    pub conclusion: String,
    /// The measure, with its unit.
    pub measure: String,
    /// What the numbers are: a ratio in favour of the first policy (`times`), or by how much it is ahead.
    pub scale: AdvantageScale,
    /// As it stands.
    pub standing: AdvantageRow,
    /// The least and the most in any case.
    pub range: (f64, f64),
    /// `survives`, `hangs` or `not shown`.
    pub verdict: &'static str,
    /// What it hangs on.
    pub hangs_on: Vec<HingeRow>,
    /// Every case in which there was something to compare, with the advantage of the first policy there.
    pub cases: Vec<(String, AdvantageRow)>,
}

/// What a conclusion hangs on.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HingeRow {
    /// What was switched.
    pub nuisance: String,
    /// The name of the case that is worst for the conclusion.
    pub case: String,
    /// The advantage there.
    pub advantage: AdvantageRow,
    /// Whether it is shown to be the other way round.
    pub reversed: bool,
    /// A command that runs that case.
    pub again: String,
}

/// The conclusions for other programs; `again` is the command that runs a case, by its position.
pub fn rows(study: &RobustStudy, again: &dyn Fn(usize) -> String) -> Vec<RobustRow> {
    let conclusions = study.conclusions().into_iter();
    conclusions.map(|one| row(study, &one, again)).collect()
}

fn row(study: &RobustStudy, one: &Conclusion, again: &dyn Fn(usize) -> String) -> RobustRow {
    let scale = one.scale;
    let (verdict, hinges) = match &one.steadiness {
        Steadiness::Survives => ("survives", &[][..]),
        Steadiness::HangsOn(hinges) => ("hangs", &hinges[..]),
        Steadiness::NotShown => ("not shown", &[][..]),
    };
    let plain = |value: f64| {
        let exact = Estimate {
            mean: value,
            interval: None,
            seeds: 1,
        };
        AdvantageRow::of(scale, exact).mean
    };
    let hinge = |hinge: &Hinge| HingeRow {
        nuisance: hinge.nuisance.to_string(),
        case: study.cases[hinge.case].0.name.clone(),
        advantage: AdvantageRow::of(scale, hinge.advantage),
        reversed: hinge.reversed,
        again: again(hinge.case),
    };
    let cases = one.cases.iter().map(|(case, advantage)| {
        let name = study.cases[*case].0.name.clone();
        (name, AdvantageRow::of(scale, *advantage))
    });
    RobustRow {
        conclusion: one.sentence.clone(),
        measure: one.measure.clone(),
        scale,
        standing: AdvantageRow::of(scale, one.standing),
        range: (plain(one.range.0), plain(one.range.1)),
        verdict,
        hangs_on: hinges.iter().map(hinge).collect(),
        cases: cases.collect(),
    }
}

/// A line a conclusion: the sentence, by how much it holds as it stands, the least and the most in any case, and what
/// becomes of it; then the cases that are worst for those that do not survive, each with its command.
pub fn table(study: &RobustStudy, again: &dyn Fn(usize) -> String) -> String {
    let conclusions = study.conclusions();
    let head = ["conclusion", "as it stands", "in any case", "verdict"];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(conclusions.iter().map(line));
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..3).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", line[3]);
    }
    worst(&mut text, study, &conclusions, again);
    text
}

fn line(one: &Conclusion) -> [String; 4] {
    let scale = one.scale;
    let standing = match one.standing.interval {
        None => scale.told(one.standing.mean),
        Some((low, high)) => format!(
            "{} ({} to {})",
            scale.told(one.standing.mean),
            scale.number(low),
            scale.number(high)
        ),
    };
    let range = format!(
        "{} to {}",
        scale.number(one.range.0),
        scale.told(one.range.1)
    );
    [one.sentence.clone(), standing, range, verdict(one)]
}

/// What becomes of a conclusion, in words.
fn verdict(one: &Conclusion) -> String {
    let hinges = match &one.steadiness {
        Steadiness::Survives => return "survives".to_owned(),
        Steadiness::NotShown => return "not shown even as it stands".to_owned(),
        Steadiness::HangsOn(hinges) => hinges,
    };
    let parts = hinges.iter().map(|hinge| {
        let how = if hinge.reversed {
            "the other way round"
        } else {
            "no longer shown"
        };
        format!(
            "{} (from {} to {}: {how})",
            hinge.nuisance,
            one.scale.number(one.standing.mean),
            one.scale.told(hinge.advantage.mean)
        )
    });
    format!("hangs on {}", parts.collect::<Vec<_>>().join(" and "))
}

fn worst(
    text: &mut String,
    study: &RobustStudy,
    conclusions: &[Conclusion],
    again: &dyn Fn(usize) -> String,
) {
    let mut cases: Vec<usize> = Vec::new();
    for one in conclusions {
        if let Steadiness::HangsOn(hinges) = &one.steadiness {
            cases.extend(hinges.iter().map(|hinge| hinge.case));
        }
    }
    cases.sort_unstable();
    cases.dedup();
    if cases.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nThe worst case of each by itself:");
    for case in cases {
        let (told, _) = &study.cases[case];
        let _ = writeln!(text, "  {}\n    {}", told.name, again(case));
    }
}
