//! Changes: one row a policy, framework and measure, over all seeds.
//!
//! The numbers behind "who gains, who pays", with their intervals.

use crate::output::comparison::{Changes, JobCounts, Line, Measure, Measured, Overall, Verdict};
use crate::output::stats::Estimate;
use crate::output::table::Table;

/// A measure of a framework, or of all jobs together, under a policy.
pub struct GainOf<'a> {
    policy: &'a str,
    baseline: &'a str,
    framework: Option<&'a str>,
    measure: &'static str,
    base: Option<i64>,
    value: Option<i64>,
    at_least: bool,
    change: Option<Estimate>,
    verdict: Verdict,
    jobs: JobCounts,
}

/// One row a policy, framework and measure: the change against the baseline.
pub fn gains(changes: &Changes) -> Table<GainOf<'_>> {
    let mut all: Vec<GainOf<'_>> = Vec::new();
    for line in &changes.lines {
        let measured = line.measured.iter();
        all.extend(measured.map(|measured| of_line(changes, line, measured)));
    }
    for overall in &changes.overall {
        let [mean, median] = of_all(changes, overall);
        let against = overall.against.iter().map(|(variant, change)| GainOf {
            baseline: &changes.policies[*variant],
            base: None,
            change: Some(*change),
            verdict: Overall::verdict_of(*change),
            ..mean
        });
        let against: Vec<GainOf<'_>> = against.collect();
        all.extend([mean, median]);
        all.extend(against);
    }
    let doc = "One row is one measure of one framework, or of all jobs together, under one policy, \
               over all seeds, against the first policy.";
    gain_jobs(gain_changes(
        Table::new("gains", doc, all)
            .text("policy", "name of the policy", |r| r.policy.into())
            .text("baseline", "the policy it is compared with", |r| {
                r.baseline.into()
            })
            .text(
                "framework",
                "name of the framework; empty for all jobs together",
                |r| r.framework.into(),
            )
            .text(
                "measure",
                "what was measured; its unit is the name's ending",
                |r| r.measure.into(),
            ),
    ))
}

fn of_line<'a>(changes: &'a Changes, line: &'a Line, measured: &Measured) -> GainOf<'a> {
    let mut lines = changes.lines.iter();
    let base = lines.find(|other| other.framework == line.framework && other.policy == 0);
    let base = base.and_then(|base| base.get(measured.measure)?.value);
    let whole = |value| unit(measured.measure, value);
    GainOf {
        policy: &changes.policies[line.policy],
        baseline: &changes.policies[0],
        framework: Some(&line.name),
        measure: measured.measure.name(),
        base: base.map(whole),
        value: measured.value.map(whole),
        at_least: measured.at_least,
        change: measured.change,
        verdict: measured.verdict(),
        jobs: line.jobs,
    }
}

/// The two rows of the headline: the mean of all jobs, and the median job.
fn of_all<'a>(changes: &'a Changes, overall: &Overall) -> [GainOf<'a>; 2] {
    let mean = GainOf {
        policy: &changes.policies[overall.policy],
        baseline: &changes.policies[0],
        framework: None,
        measure: Measure::CompletionMean.name(),
        base: Some(overall.values.0.round() as i64),
        value: Some(overall.values.1.round() as i64),
        at_least: overall.jobs.unfinished > 0,
        change: Some(overall.mean),
        verdict: overall.verdict(),
        jobs: overall.jobs,
    };
    let median = GainOf {
        measure: "completion_of_the_median_job",
        base: None,
        value: None,
        at_least: false,
        change: Some(overall.median),
        verdict: overall.median_verdict(),
        ..mean
    };
    [mean, median]
}

fn gain_changes(table: Table<GainOf<'_>>) -> Table<GainOf<'_>> {
    table
        .int(
            "baseline_value",
            "as the measure",
            "mean over seeds under the baseline",
            |r| r.base.into(),
        )
        .int(
            "value",
            "as the measure",
            "mean over seeds under the policy",
            |r| r.value.into(),
        )
        .int(
            "at_least",
            "",
            "1 if jobs that never finish are in the value, so that it is a lower bound",
            |r| u64::from(r.at_least).into(),
        )
        .int(
            "change_ppm",
            "ppm",
            "change: for times the geometric mean of the ratios less one, for work lost the \
             difference in parts of the replay's length, else the difference of shares",
            |r| r.change.map(|c| ppm(c.mean)).into(),
        )
        .int(
            "low_ppm",
            "ppm",
            "lower end of its 95 % interval; empty for one seed",
            |r| r.change.and_then(|c| Some(ppm(c.interval?.0))).into(),
        )
        .int(
            "high_ppm",
            "ppm",
            "upper end of its 95 % interval; empty for one seed",
            |r| r.change.and_then(|c| Some(ppm(c.interval?.1))).into(),
        )
        .int("seeds", "", "seeds the change rests on", |r| {
            r.change.map(|c| c.seeds as u64).into()
        })
        .text(
            "verdict",
            "gains or pays where the interval excludes no change, else no difference shown; none \
             where neither more nor less is better",
            |r| r.change.map(|_| r.verdict.text()).into(),
        )
}

fn gain_jobs(table: Table<GainOf<'_>>) -> Table<GainOf<'_>> {
    table
        .int(
            "jobs",
            "",
            "jobs compared, over all seeds: those that finished under at least one policy",
            |r| (r.jobs.all as u64).into(),
        )
        .int(
            "jobs_worse",
            "",
            "of those, more than 1 % later than under the baseline, or never finished although \
             they did there; empty for all jobs together",
            |r| r.framework.map(|_| r.jobs.worse as u64).into(),
        )
        .int("jobs_unfinished", "", "of those, not finished", |r| {
            (r.jobs.unfinished as u64).into()
        })
        .int(
            "jobs_nobody",
            "",
            "jobs that finished under no policy and are not compared",
            |r| (r.jobs.nobody as u64).into(),
        )
}

/// How the changes in `gains` come about, for the page of columns.
pub(super) const METHOD: &str = "\
## How policies are compared

**Pairs.** Every policy meets the same trace with the same seed, so a change is computed within a seed, and
the interval is over the seeds' changes: Student's t, 95 %.

**Ratios.** Times are compared by the logarithm of their ratio: the change is the geometric mean over seeds of
(policy / baseline), less one, and its interval is that of the mean logarithm, so that half and twice are equally
far and none passes -100 %. Shares (requests missed, resources used) are compared by their difference. Changes are
rounded to parts of a million before anything is concluded from them: verdict, table and sentence have the same
numbers.

**The headline** is the change of the mean completion time of all batch jobs: within a seed the mean over the jobs of
all frameworks together, then as above. Frameworks with many or long jobs weigh more in it, so that each framework's
own change stands beside it, and that of *the median job*: within a seed every job's own ratio (policy / baseline),
of those the median, then the geometric mean over seeds.

**Variants of the baseline.** A policy that differs from the baseline in parameters only (`static[data=all]` from
`static`) is one end of an assumption: every policy is compared with it, too, in its paragraph and in
rows of its own (`baseline`).

**Jobs that never finish.** A run goes on until every job is over or nothing can happen any more; a job that has not
finished then never will. Jobs that finished under at least one policy of the comparison are compared; where one of
them never finishes under a policy, it counts there as the bound, which is the same under all policies of a seed: the
longest time that any job took under any policy, or the length of the replay if that is longer. The mean is then the
restricted mean survival time (Royston and Parmar, *BMC Medical Research Methodology* 13:152, 2013), exact because
nothing is censored before the bound; its value is a lower bound of the mean (`at_least`, ≥ in tables). Jobs that
finished under no policy say nothing about any; they are counted in `jobs_nobody`.
";

fn ppm(fraction: f64) -> i64 {
    (fraction * 1e6).round() as i64
}

/// A value in the unit that its measure's name ends with.
fn unit(measure: Measure, value: f64) -> i64 {
    if measure.is_share() {
        ppm(value)
    } else {
        value.round() as i64
    }
}
