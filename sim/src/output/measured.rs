//! Simulated beside measured: a sentence, a table, and the numbers of a picture.

use fairground_policies::message::FrameworkId;
use fairground_policies::time::Span;

use super::series::Cdf;
use super::{stats, units};
use crate::measured::Measured;
use crate::run::{Comparison, Run, Sheet};

/// One framework, simulated and measured.
pub(super) struct Both {
    /// Position of the framework.
    pub(super) framework: usize,
    /// Simulated, then measured.
    pub(super) sides: [Side; 2],
}

/// The jobs of a framework in one run.
#[derive(Default)]
pub(super) struct Side {
    jobs: usize,
    /// In microseconds, sorted.
    waits: Vec<u64>,
    completions: Vec<u64>,
}

impl Side {
    fn add(&mut self, wait: Option<Span>, completion: Option<Span>) {
        self.jobs += 1;
        self.waits.extend(wait.map(Span::as_micros));
        self.completions.extend(completion.map(Span::as_micros));
    }

    fn sorted(mut self) -> Self {
        self.waits.sort_unstable();
        self.completions.sort_unstable();
        self
    }

    pub(super) fn cdf(&self) -> Cdf {
        Cdf::of(&self.completions, self.jobs)
    }
}

/// Takes a time in microseconds out of a side.
type Of = fn(&Side) -> Option<u64>;

/// The frameworks that have jobs, where something was measured.
pub(super) fn both(comparison: &Comparison) -> Vec<Both> {
    let Some((measured, run)) = runs(comparison) else {
        return Vec::new();
    };
    let frameworks = comparison.frameworks.iter().enumerate();
    let batch = frameworks.filter(|(_, info)| !info.service);
    let each = batch.map(|(framework, _)| {
        let id = FrameworkId(framework as u32);
        let mut sides = [Side::default(), Side::default()];
        for job in run.jobs.of(id) {
            let wait = job.started.map(|at| at.since(job.submitted));
            sides[0].add(wait, job.completion());
        }
        for job in measured.of(id) {
            sides[1].add(job.wait, job.completion);
        }
        Both {
            framework,
            sides: sides.map(Side::sorted),
        }
    });
    each.filter(|both| both.sides[1].jobs > 0).collect()
}

fn runs(comparison: &Comparison) -> Option<(&Measured, &Run)> {
    let measured = comparison.measured.as_ref()?;
    let mut policies = comparison.policies.iter();
    let policy = policies.find(|policy| policy.name == measured.policy)?;
    let run = policy.runs.iter().find(|run| run.seed == measured.seed)?;
    Some((measured, run))
}

/// How far apart they are, in a sentence.
pub(super) fn sentence(comparison: &Comparison) -> Option<String> {
    let (measured, _) = runs(comparison)?;
    let told: Vec<String> = both(comparison)
        .iter()
        .filter_map(|both| {
            let mean = |side: &Side| Some(stats::mean_whole(&side.completions)? as f64);
            let (simulated, real) = (mean(&both.sides[0])?, mean(&both.sides[1])?);
            Some(format!(
                "{} {} simulated and {} measured ({})",
                comparison.frameworks[both.framework].name,
                units::duration(simulated),
                units::duration(real),
                difference(simulated, real)
            ))
        })
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "Mean completion under {}, seed {}: {}; one run says nothing about chance.",
            measured.policy,
            measured.seed,
            told.join("; ")
        )
    })
}

/// What was measured against what was simulated.
fn difference(simulated: f64, measured: f64) -> String {
    if simulated <= 0.0 {
        return "–".to_owned();
    }
    let change = stats::Estimate {
        mean: measured / simulated - 1.0,
        interval: None,
        seeds: 1,
    };
    units::change(&change, "%")
}

fn sheet(comparison: &Comparison) -> Option<Sheet> {
    let (measured, _) = runs(comparison)?;
    let mut rows = Vec::new();
    for Both { framework, sides } in both(comparison) {
        let name = &comparison.frameworks[framework].name;
        let finished = |side: &Side| format!("{} of {}", side.completions.len(), side.jobs);
        let [simulated, real] = &sides;
        let mut line = vec![name.clone(), "jobs finished".to_owned()];
        line.extend([finished(simulated), finished(real), String::new()]);
        rows.push(line);
        let times: [(&str, Of); 4] = [
            ("wait, mean", |side| stats::mean_whole(&side.waits)),
            ("completion, mean", |side| {
                stats::mean_whole(&side.completions)
            }),
            ("completion, median", |side| {
                stats::percentile(&side.completions, 500)
            }),
            ("completion, 95th pct", |side| {
                stats::percentile(&side.completions, 950)
            }),
        ];
        for (what, of) in times {
            let values = [of(simulated), of(real)].map(|value| value.map(|micros| micros as f64));
            let mut line = vec![name.clone(), what.to_owned()];
            line.extend(values.map(|value| value.map_or("–".to_owned(), units::duration)));
            line.push(match values {
                [Some(simulated), Some(real)] => difference(simulated, real),
                _ => "–".to_owned(),
            });
            rows.push(line);
        }
    }
    let heads = [
        "framework",
        "of its jobs",
        "simulated",
        "measured",
        "difference",
    ];
    Some(Sheet {
        title: "Simulated and measured".to_owned(),
        note: format!(
            "Measured: a real run of this recipe with {} and seed {}; simulated: the same. Times are \
             those of the recipe.",
            measured.policy, measured.seed
        ),
        heads: heads.map(str::to_owned).to_vec(),
        rows,
    })
}

/// All tables of findings: this one first.
pub(super) fn sheets(comparison: &Comparison) -> Vec<Sheet> {
    sheet(comparison)
        .into_iter()
        .chain(comparison.sheets.iter().cloned())
        .collect()
}
