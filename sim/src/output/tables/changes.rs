//! Changes: one row a policy, framework and measure, over all seeds.
//!
//! The numbers behind "who gains, who pays", with their intervals.

use crate::output::gains::{Gains, Line, Measure, Measured};
use crate::output::table::Table;

/// A measure of a framework under a policy.
pub struct GainOf<'a> {
    policy: &'a str,
    baseline: &'a str,
    line: &'a Line,
    measured: &'a Measured,
    base: Option<f64>,
}

/// One row a policy, framework and measure: the change against the baseline.
pub fn gains(gains: &Gains) -> Table<GainOf<'_>> {
    let base_of = |line: &Line, measure: Measure| {
        let mut lines = gains.lines.iter();
        let base = lines.find(|other| other.framework == line.framework && other.policy == 0)?;
        base.get(measure)?.value
    };
    let mut all = Vec::new();
    for line in &gains.lines {
        all.extend(line.measured.iter().map(|measured| GainOf {
            policy: &gains.policies[line.policy],
            baseline: &gains.policies[0],
            line,
            measured,
            base: base_of(line, measured.measure),
        }));
    }
    let doc = "One row is one measure of one framework under one policy, over all seeds, against \
               the first policy. Changes of completion count jobs that finished under both.";
    gain_jobs(gain_changes(
        Table::new("gains", doc, all)
            .text("policy", "name of the policy", |r| r.policy.into())
            .text("baseline", "the policy it is compared with", |r| {
                r.baseline.into()
            })
            .text("framework", "name of the framework", |r| {
                r.line.name.as_str().into()
            })
            .text(
                "measure",
                "what was measured; its unit is the name's ending",
                |r| r.measured.measure.name().into(),
            ),
    ))
}

fn gain_changes(table: Table<GainOf<'_>>) -> Table<GainOf<'_>> {
    table
        .int(
            "baseline_value",
            "as the measure",
            "mean over seeds under the baseline",
            |r| r.base.map(|value| unit(r.measured.measure, value)).into(),
        )
        .int(
            "value",
            "as the measure",
            "mean over seeds under the policy",
            |r| {
                r.measured
                    .value
                    .map(|value| unit(r.measured.measure, value))
                    .into()
            },
        )
        .int(
            "change_ppm",
            "ppm",
            "mean change: of the baseline's value for times, else \
            difference of shares",
            |r| r.measured.change.map(|c| ppm(c.mean)).into(),
        )
        .int(
            "low_ppm",
            "ppm",
            "lower end of the 95 % interval; empty for one seed",
            |r| {
                r.measured
                    .change
                    .and_then(|c| Some(ppm(c.interval?.0)))
                    .into()
            },
        )
        .int(
            "high_ppm",
            "ppm",
            "upper end of the 95 % interval; empty for one seed",
            |r| {
                r.measured
                    .change
                    .and_then(|c| Some(ppm(c.interval?.1)))
                    .into()
            },
        )
        .int("seeds", "", "seeds the change rests on", |r| {
            r.measured.change.map(|c| c.seeds as u64).into()
        })
        .text("verdict", "gains, pays, or no difference shown", |r| {
            r.measured
                .change
                .map(|_| r.measured.verdict().text())
                .into()
        })
}

fn gain_jobs(table: Table<GainOf<'_>>) -> Table<GainOf<'_>> {
    table
        .int("jobs", "", "jobs of the framework over all seeds", |r| {
            (r.line.jobs.all as u64).into()
        })
        .int(
            "jobs_worse",
            "",
            "jobs more than 1 % later than under the baseline, or never \
            finished",
            |r| (r.line.jobs.worse as u64).into(),
        )
        .int("jobs_unfinished", "", "jobs not finished", |r| {
            (r.line.jobs.unfinished as u64).into()
        })
}

fn ppm(fraction: f64) -> i64 {
    (fraction * 1e6).round() as i64
}

/// A value in the unit that its measure's name ends with.
fn unit(measure: Measure, value: f64) -> i64 {
    if measure.is_difference() {
        ppm(value)
    } else {
        value.round() as i64
    }
}
