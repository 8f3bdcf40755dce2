//! What closed workloads got done: under a better policy their users do not only wait less, they also do
//! more, which no comparison of the same jobs shows.

use fairground_policies::message::FrameworkId;
use fairground_policies::time::Time;

use crate::output::units;
use crate::run::{Comparison, PolicyRuns, Sheet};

/// The table of all policies and closed workloads; `None` where there is none of them.
pub(crate) fn sheet(comparison: &Comparison) -> Option<Sheet> {
    let mut rows = Vec::new();
    for (id, framework) in (0..).map(FrameworkId).zip(&comparison.frameworks) {
        let policies = comparison.policies.iter();
        rows.extend(policies.filter_map(|policy| {
            let mut cells = row(comparison, policy, id)?;
            cells.insert(0, format!("{}, {}", framework.name, policy.name));
            Some(cells)
        }));
    }
    let heads = [
        "workload, policy",
        "users",
        "jobs done",
        "an hour",
        "mean response time",
    ];
    (!rows.is_empty()).then(|| Sheet {
        title: "What users got done".to_owned(),
        note: "Of closed workloads: jobs that ended before the duration did, over all seeds; their \
               throughput X; and the mean time R from submission to end. With N users and a mean think \
               time Z, N = X (R + Z) but for what is under way at the end. Wherever policies are \
               compared by jobs, it is by those that were submitted under every policy."
            .to_owned(),
        heads: heads.map(str::to_owned).to_vec(),
        rows,
    })
}

fn row(
    comparison: &Comparison,
    policy: &PolicyRuns,
    framework: FrameworkId,
) -> Option<Vec<String>> {
    let users = policy.runs.first()?.jobs.users(framework)?;
    let end = Time::ZERO + comparison.horizon;
    let (mut done, mut responses) = (0_u64, 0_u128);
    for run in &policy.runs {
        for job in run.jobs.of(framework) {
            if let (Some(at), Some(response)) = (job.finished, job.completion())
                && at < end
            {
                done += 1;
                responses += u128::from(response.as_micros());
            }
        }
    }
    let hours = comparison.horizon.as_micros() as f64 / 3.6e9 * policy.runs.len() as f64;
    let mean = responses.checked_div(u128::from(done));
    Some(vec![
        users.to_string(),
        done.to_string(),
        units::short(done as f64 / hours),
        mean.map_or_else(|| "-".to_owned(), |mean| units::duration(mean as f64)),
    ])
}
