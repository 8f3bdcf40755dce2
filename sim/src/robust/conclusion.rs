//! What is concluded from a comparison, and whether it holds when what should not matter is another.

use serde::Serialize;

use super::nuisance::{Nuisance, NuisanceCase};
use crate::output::stats::Estimate;

/// In what the advantage of one policy over another is told. Either way an advantage of nothing is 0, and the
/// other policy's is the same with the other sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdvantageScale {
    /// The natural logarithm of a ratio, told as so many times.
    Times,
    /// A difference of shares in percentage points.
    Points,
    /// A difference of counts.
    Count,
}

impl AdvantageScale {
    /// An advantage with its unit: `1.180 times`, `+2.10 points`.
    pub fn told(self, advantage: f64) -> String {
        match self {
            Self::Times => format!("{} times", self.number(advantage)),
            Self::Points => format!("{} points", self.number(advantage)),
            Self::Count => self.number(advantage),
        }
    }

    /// The same without the unit.
    pub fn number(self, advantage: f64) -> String {
        let signed = |text: String| match text.strip_prefix('-') {
            // What rounds to nothing has no sign.
            Some(rest) if rest.bytes().all(|byte| b"0.".contains(&byte)) => rest.to_owned(),
            Some(rest) => format!("−{rest}"),
            None if text.bytes().all(|byte| b"0.".contains(&byte)) => text,
            None => format!("+{text}"),
        };
        match self {
            // Near 1 another digit, or an advantage could not be seen.
            Self::Times if advantage.abs() < 0.01 => format!("{:.4}", libm::exp(advantage)),
            Self::Times => format!("{:.3}", libm::exp(advantage)),
            Self::Points => signed(format!("{advantage:.2}")),
            Self::Count => signed(format!("{advantage:.1}")),
        }
    }

    /// As numbers for other programs: a ratio, or a difference.
    fn plain(self, advantage: f64) -> f64 {
        match self {
            Self::Times => libm::exp(advantage),
            Self::Points | Self::Count => advantage,
        }
    }
}

/// What is asked of two policies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Positions of the two policies: the advantage is that of the first.
    pub policies: [usize; 2],
    /// Names the measure, with its unit.
    pub measure: String,
    /// What stands between the better and the worse one in a sentence: `finishes jobs sooner than`.
    pub claim: String,
    /// In what the advantage is told.
    pub scale: AdvantageScale,
}

/// The answers to all questions, in their order; none where there was nothing to compare.
pub type Answers = Vec<Option<Estimate>>;

/// A comparison as it stands, and in every case.
#[derive(Clone, Debug)]
pub struct RobustStudy {
    /// Its policies by name.
    pub policies: Vec<String>,
    /// What is asked.
    pub questions: Vec<Question>,
    /// The answers as it stands.
    pub standing: Answers,
    /// What was switched, and the answers then.
    pub cases: Vec<(NuisanceCase, Answers)>,
    /// Nuisances that could not be switched, each with its reason.
    pub not_applied: Vec<String>,
}

/// What becomes of a conclusion.
#[derive(Clone, PartialEq, Debug)]
pub enum Steadiness {
    /// It holds in every case.
    Survives,
    /// It does not when these are switched.
    HangsOn(Vec<Hinge>),
    /// It is none: the difference is not shown even as it stands.
    NotShown,
}

/// A nuisance that a conclusion hangs on.
#[derive(Clone, PartialEq, Debug)]
pub struct Hinge {
    /// What was switched.
    pub nuisance: Nuisance,
    /// The position of the case that is worst for the conclusion.
    pub case: usize,
    /// The advantage there.
    pub advantage: Estimate,
    /// Whether it is shown to be the other way round there, and not just no longer shown.
    pub reversed: bool,
}

/// A sentence with an order in it, and how it fares.
#[derive(Clone, PartialEq, Debug)]
pub struct Conclusion {
    /// `drf finishes jobs sooner than static`.
    pub sentence: String,
    /// Names the measure, with its unit.
    pub measure: String,
    /// In what the advantages below are told.
    pub scale: AdvantageScale,
    /// The better one's advantage as it stands.
    pub standing: Estimate,
    /// The least and the most in any case, as it stands included.
    pub range: (f64, f64),
    /// Its advantage in every case in which there was something to compare, by the position of the case.
    pub cases: Vec<(usize, Estimate)>,
    /// Whether it survives.
    pub steadiness: Steadiness,
}

/// Whether an advantage is shown: by its interval, or, of a single number, which has none, by what is told of it.
fn is_shown(scale: AdvantageScale, advantage: Estimate) -> bool {
    match advantage.interval {
        Some(_) => advantage.differs_from(0.0),
        None => scale.number(advantage.mean) != scale.number(0.0),
    }
}

fn turned(advantage: Estimate) -> Estimate {
    Estimate {
        mean: -advantage.mean,
        interval: advantage.interval.map(|(low, high)| (-high, -low)),
        ..advantage
    }
}

impl RobustStudy {
    /// Every conclusion, in the order of the questions.
    pub fn conclusions(&self) -> Vec<Conclusion> {
        let questions = self.questions.iter().enumerate();
        let all = questions.filter_map(|(at, question)| self.conclusion(at, question));
        all.collect()
    }

    fn conclusion(&self, at: usize, question: &Question) -> Option<Conclusion> {
        let standing = self.standing.get(at).copied().flatten()?;
        let [first, second] = question.policies;
        let ahead = standing.mean >= 0.0;
        let (better, worse) = if ahead {
            (first, second)
        } else {
            (second, first)
        };
        let of_better = |one: Estimate| if ahead { one } else { turned(one) };
        let standing = of_better(standing);
        let cases = self.cases.iter().enumerate();
        let cases: Vec<(usize, Estimate)> = cases
            .filter_map(|(case, (_, answers))| {
                let answer = answers.get(at).copied().flatten()?;
                Some((case, of_better(answer)))
            })
            .collect();
        let values = cases.iter().map(|(_, one)| one.mean);
        let range = values.fold((standing.mean, standing.mean), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        let steadiness = if is_shown(question.scale, standing) {
            match self.hinges(question.scale, &cases) {
                none if none.is_empty() => Steadiness::Survives,
                hinges => Steadiness::HangsOn(hinges),
            }
        } else {
            Steadiness::NotShown
        };
        let sentence = [
            self.policies[better].as_str(),
            question.claim.as_str(),
            self.policies[worse].as_str(),
        ];
        Some(Conclusion {
            sentence: sentence.join(" "),
            measure: question.measure.clone(),
            scale: question.scale,
            standing,
            range,
            cases,
            steadiness,
        })
    }

    /// The nuisances under which the better one is no longer shown to be better, in order of the cases. That
    /// all of them together do it says something only where none does it alone.
    fn hinges(&self, scale: AdvantageScale, cases: &[(usize, Estimate)]) -> Vec<Hinge> {
        let mut hinges: Vec<Hinge> = Vec::new();
        for (case, advantage) in cases {
            let (case, advantage) = (*case, *advantage);
            let shown = is_shown(scale, advantage);
            if shown && advantage.mean > 0.0 {
                continue;
            }
            let nuisance = &self.cases[case].0.nuisance;
            let hinge = Hinge {
                nuisance: nuisance.clone(),
                case,
                advantage,
                reversed: shown && advantage.mean < 0.0,
            };
            match hinges.iter_mut().find(|one| one.nuisance == *nuisance) {
                Some(worst) if worst.advantage.mean <= advantage.mean => {}
                Some(worst) => *worst = hinge,
                None => hinges.push(hinge),
            }
        }
        if hinges.iter().any(|one| one.nuisance != Nuisance::Together) {
            hinges.retain(|one| one.nuisance != Nuisance::Together);
        }
        hinges
    }

    /// Nuisances that were switched and changed no answer at all.
    pub fn idle(&self) -> Vec<&Nuisance> {
        let mut all: Vec<&Nuisance> = Vec::new();
        for (case, _) in &self.cases {
            if !all.contains(&&case.nuisance) {
                all.push(&case.nuisance);
            }
        }
        let same = |nuisance: &&Nuisance| {
            let mut cases = self
                .cases
                .iter()
                .filter(|(case, _)| case.nuisance == **nuisance);
            cases.all(|(_, answers)| *answers == self.standing)
        };
        all.retain(same);
        all
    }
}

/// One advantage, as other programs read it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AdvantageRow {
    /// The mean over seeds.
    pub mean: f64,
    /// Its 95 % interval, from two seeds on.
    pub interval: Option<(f64, f64)>,
}

impl AdvantageRow {
    /// An advantage on a scale: ratios as they are, and not their logarithms.
    pub fn of(scale: AdvantageScale, advantage: Estimate) -> Self {
        let plain = |value| scale.plain(value);
        Self {
            mean: plain(advantage.mean),
            interval: advantage
                .interval
                .map(|(low, high)| (plain(low), plain(high))),
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::needless_raw_string_hashes,
    reason = "UPDATE_EXPECT writes expectations with hashes"
)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::robust::told::table;

    fn over_seeds(low: f64, high: f64) -> Estimate {
        Estimate {
            mean: f64::midpoint(low, high),
            interval: Some((low, high)),
            seeds: 5,
        }
    }

    fn alone(mean: f64) -> Estimate {
        Estimate {
            mean,
            interval: None,
            seeds: 1,
        }
    }

    /// A comparison of two policies with an answer as it stands, and one in each case.
    fn check(
        standing: impl Into<Option<Estimate>>,
        cases: &[(Nuisance, Estimate)],
        expected: &Expect,
    ) {
        let case = |(at, (nuisance, answer)): (usize, &(Nuisance, Estimate))| {
            let case = NuisanceCase {
                nuisance: nuisance.clone(),
                name: format!("case {at}"),
                words: None,
            };
            (case, vec![Some(*answer)])
        };
        let study = RobustStudy {
            policies: vec!["best".to_owned(), "fgd".to_owned()],
            questions: vec![Question {
                policies: [1, 0],
                measure: "GPUs held, points".to_owned(),
                claim: "packs more GPUs than".to_owned(),
                scale: AdvantageScale::Points,
            }],
            standing: vec![standing.into()],
            cases: cases.iter().enumerate().map(case).collect(),
            not_applied: Vec::new(),
        };
        let again = |case: usize| format!("again {case}");
        expected.assert_eq(&table(&study, &again));
    }

    fn ties() -> Nuisance {
        Nuisance::TieRule("fgd".to_owned())
    }

    #[test]
    fn what_holds_in_every_case_survives() {
        check(
            over_seeds(1.0, 3.0),
            &[
                (ties(), over_seeds(0.5, 1.5)),
                (Nuisance::SeedStream, over_seeds(2.0, 5.0)),
            ],
            &expect![[r#"
                conclusion                     as it stands                   in any case            verdict
                fgd packs more GPUs than best  +2.00 points (+1.00 to +3.00)  +1.00 to +3.50 points  survives
            "#]],
        );
    }

    #[test]
    fn what_is_the_other_way_round_hangs() {
        check(
            over_seeds(1.0, 3.0),
            &[
                (ties(), over_seeds(-0.5, 1.5)),
                (ties(), over_seeds(-3.0, -1.0)),
                (Nuisance::AgentOrder, over_seeds(0.5, 1.5)),
                (Nuisance::Together, over_seeds(-9.0, -8.0)),
            ],
            &expect![[r#"
                conclusion                     as it stands                   in any case            verdict
                fgd packs more GPUs than best  +2.00 points (+1.00 to +3.00)  −8.50 to +2.00 points  hangs on the tie rule of fgd (from +2.00 to −2.00 points: the other way round)

                The worst case of each by itself:
                  case 1
                    again 1
            "#]],
        );
    }

    #[test]
    fn what_is_no_longer_shown_hangs_too() {
        check(
            over_seeds(1.0, 3.0),
            &[
                (ties(), over_seeds(0.5, 1.5)),
                (Nuisance::Together, over_seeds(-0.5, 1.0)),
            ],
            &expect![[r#"
                conclusion                     as it stands                   in any case            verdict
                fgd packs more GPUs than best  +2.00 points (+1.00 to +3.00)  +0.25 to +2.00 points  hangs on all of these together (from +2.00 to +0.25 points: no longer shown)

                The worst case of each by itself:
                  case 1
                    again 1
            "#]],
        );
    }

    /// The better one is named first, whoever was asked about.
    #[test]
    fn who_is_behind_is_told_the_other_way_round() {
        check(
            over_seeds(-3.0, -1.0),
            &[(ties(), over_seeds(-2.0, -1.5))],
            &expect![[r#"
                conclusion                     as it stands                   in any case            verdict
                best packs more GPUs than fgd  +2.00 points (+1.00 to +3.00)  +1.75 to +2.00 points  survives
            "#]],
        );
    }

    #[test]
    fn what_is_not_shown_is_no_conclusion() {
        check(
            over_seeds(-1.0, 3.0),
            &[(ties(), over_seeds(-2.0, -1.5))],
            &expect![[r#"
                conclusion                     as it stands                   in any case            verdict
                fgd packs more GPUs than best  +1.00 points (−1.00 to +3.00)  −1.75 to +1.00 points  not shown even as it stands
            "#]],
        );
        check(
            alone(0.0),
            &[(ties(), alone(1.0))],
            &expect![[r#"
            conclusion                     as it stands  in any case           verdict
            fgd packs more GPUs than best  0.00 points   0.00 to +1.00 points  not shown even as it stands
        "#]],
        );
    }

    /// A log has one number and no interval: the order itself is the conclusion.
    #[test]
    fn a_single_number_is_shown_by_being_one() {
        check(
            alone(1.0),
            &[(ties(), alone(0.2))],
            &expect![[r#"
            conclusion                     as it stands  in any case            verdict
            fgd packs more GPUs than best  +1.00 points  +0.20 to +1.00 points  survives
        "#]],
        );
        check(
            alone(1.0),
            &[(ties(), alone(0.0))],
            &expect![[r#"
            conclusion                     as it stands  in any case           verdict
            fgd packs more GPUs than best  +1.00 points  0.00 to +1.00 points  hangs on the tie rule of fgd (from +1.00 to 0.00 points: no longer shown)

            The worst case of each by itself:
              case 0
                again 0
        "#]],
        );
    }

    #[test]
    fn nothing_to_compare_is_no_conclusion() {
        check(
            None,
            &[(ties(), alone(1.0))],
            &expect![[r#"
            conclusion  as it stands  in any case  verdict
        "#]],
        );
    }
}
