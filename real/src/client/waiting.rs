//! What waits for an agent that there is not: a task larger than any of them.
//!
//! A master hears of a task when it is launched. What a job has still to launch only its framework
//! knows, which is why `submit` puts the sizes of its stages into its framework's labels, where `ps`
//! finds them.

use fairground_policies::resources::{Kind, Resources};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::job::Job;
use crate::protocol::Amounts;

/// The label that a stage has; its name follows.
const LABEL: &str = "fairground.stage/";

/// What a stage needs.
#[derive(Serialize, Deserialize)]
struct Need {
    tasks: u64,
    needs: Amounts,
}

/// The labels of a job's framework.
pub(super) fn labels(job: &Job) -> anyhow::Result<Value> {
    let mut labels = Vec::new();
    for stage in &job.stage {
        let need = Need {
            tasks: stage.tasks.into(),
            needs: stage.amounts()?,
        };
        labels.push(json!({
            "key": format!("{LABEL}{}", stage.name),
            "value": serde_json::to_string(&need)?,
        }));
    }
    Ok(json!({"labels": labels}))
}

/// What agents have, by what `/slaves` shows of those that are there.
pub(super) fn sizes(shown: &Value) -> Vec<Resources> {
    let agents = shown["slaves"].as_array().into_iter().flatten();
    let active = agents.filter(|agent| agent["active"] == true);
    active
        .map(|agent| {
            let of = |name: &str| agent["resources"][name].as_f64().unwrap_or(0.0);
            let amounts = Amounts {
                millicores: (of("cpus") * 1000.0).round() as u64,
                mem_mib: of("mem") as u64,
                disk_mib: of("disk") as u64,
                milligpus: (of("gpus") * 1000.0).round() as u64,
                ports: Vec::new(),
            };
            amounts.counted()
        })
        .collect()
}

/// Why no agent has room for a task of this size, however idle it is; `None` when one has.
pub(super) fn misfit(needs: Resources, agents: &[Resources]) -> Option<String> {
    if agents.is_empty() {
        return Some("there is no agent".to_owned());
    }
    if agents.iter().any(|size| needs.fits_in(*size)) {
        return None;
    }
    let largest = |kind: Kind| agents.iter().map(|size| size.of(kind)).max().unwrap_or(0);
    let exceeds = |kind: &Kind| needs.of(*kind) > largest(*kind);
    let parts: Vec<String> = Kind::ALL
        .into_iter()
        .filter(exceeds)
        .map(|kind| {
            let most = count(kind, largest(kind));
            format!(
                "{}, the largest agent has {most}",
                amount(kind, needs.of(kind))
            )
        })
        .collect();
    if !parts.is_empty() {
        return Some(format!("a task needs {}", parts.join("; and ")));
    }
    let some = Kind::ALL.into_iter().filter(|kind| needs.of(*kind) > 0);
    let all: Vec<String> = some.map(|kind| amount(kind, needs.of(kind))).collect();
    Some(format!(
        "a task needs {} together, and no agent has that",
        all.join(" and ")
    ))
}

/// Units as people count them.
fn count(kind: Kind, units: u64) -> f64 {
    match kind {
        Kind::Cpus | Kind::Gpus => units as f64 / 1000.0,
        Kind::Mem | Kind::Disk => units as f64,
    }
}

/// `4 CPUs`, `1 GPU`, `64 MiB of memory`.
fn amount(kind: Kind, units: u64) -> String {
    let plural = if units == 1000 { "" } else { "s" };
    let name = match kind {
        Kind::Cpus => format!("CPU{plural}"),
        Kind::Gpus => format!("GPU{plural}"),
        Kind::Mem => "MiB of memory".to_owned(),
        Kind::Disk => "MiB of disk".to_owned(),
    };
    format!("{} {name}", count(kind, units))
}

/// The stages that wait in vain, by what `/frameworks` shows: framework, stage, why.
pub(super) fn waiting(frameworks: &Value, agents: &[Resources]) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for framework in frameworks["frameworks"].as_array().into_iter().flatten() {
        let labels = framework["labels"]["labels"].as_array();
        for label in labels.into_iter().flatten() {
            let stage = label["key"]
                .as_str()
                .and_then(|key| key.strip_prefix(LABEL));
            let need = label["value"].as_str();
            // Labels are anybody's: one that says something else is none of a job's.
            let need = need.and_then(|text| serde_json::from_str::<Need>(text).ok());
            if let (Some(stage), Some(need)) = (stage, need)
                && finished(framework, stage) < need.tasks
                && let Some(why) = misfit(need.needs.counted(), agents)
            {
                let name = framework["name"].as_str().unwrap_or_default();
                found.push((name.to_owned(), stage.to_owned(), why));
            }
        }
    }
    found
}

/// How many tasks of a stage are known to have finished.
fn finished(framework: &Value, stage: &str) -> u64 {
    let done = framework["completed_tasks"].as_array();
    let of_stage = |task: &&Value| {
        let name = task["name"].as_str().and_then(|name| name.rsplit_once('-'));
        task["state"] == "TASK_FINISHED" && name.is_some_and(|(own, _)| own == stage)
    };
    done.into_iter().flatten().filter(of_stage).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_fits_nowhere_is_told_with_numbers() {
        let agents = [Resources::cores(1, 1024), Resources::cores(4, 64)];
        for (needs, expected) in [
            (Resources::cores(1, 1024), None),
            (
                Resources::cores(8, 64),
                Some("a task needs 8 CPUs, the largest agent has 4"),
            ),
            (
                Resources::cores(5, 2000),
                Some(
                    "a task needs 5 CPUs, the largest agent has 4; \
                     and 2000 MiB of memory, the largest agent has 1024",
                ),
            ),
            (
                Resources::cores(4, 1024),
                Some("a task needs 4 CPUs and 1024 MiB of memory together, and no agent has that"),
            ),
        ] {
            assert_eq!(misfit(needs, &agents).as_deref(), expected);
        }
        let none = misfit(Resources::cores(1, 1), &[]);
        assert_eq!(none.as_deref(), Some("there is no agent"));
    }
}
