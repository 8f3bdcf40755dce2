//! Whether tasks run only on GPUs of the models that they ask for: where both the tasks and the machines say them.

use std::collections::BTreeSet;

use fairground_readers::canonical::tables::Tasks;
use fairground_readers::models::trace::gpu_models;
use fairground_workloads::ReadError;
use fairground_workloads::models::machines::Machines;

use super::Work;

/// How many models a sentence names.
const NAMED: usize = 5;

/// Heeds the models that tasks ask for where any machine has one of them; what is said of it.
pub(super) fn heeded(work: &mut [Work], machines: Option<&Machines>) -> Result<String, ReadError> {
    let there = machines.map(Machines::models).unwrap_or_default();
    let mut missing: BTreeSet<String> = BTreeSet::new();
    let mut in_vain = false;
    if there.is_empty() {
        return Ok(String::new());
    }
    for one in work.iter_mut() {
        let asked = asked(one)?;
        let has = |models: &Vec<String>| models.iter().any(|model| there.contains(model.as_str()));
        one.gpu_models = asked.iter().any(has);
        if one.gpu_models {
            let none = asked.into_iter().filter(|models| !has(models));
            missing.extend(none.map(|models| models.join(" or ")));
        } else {
            in_vain |= !asked.is_empty();
        }
    }
    let told = if work.iter().any(|one| one.gpu_models) {
        " Tasks run on GPUs of a model that they ask for."
    } else if in_vain {
        " Its tasks ask for models of GPU that no machine has: any will do."
    } else {
        ""
    };
    if missing.is_empty() {
        return Ok(told.to_owned());
    }
    let more = if missing.len() > NAMED { ", ..." } else { "" };
    let names: Vec<String> = missing.into_iter().take(NAMED).collect();
    Ok(format!("{told} No machine has {}{more}.", names.join(", ")))
}

/// The models that the tasks of a trace ask for, each choice once.
fn asked(work: &Work) -> Result<BTreeSet<Vec<String>>, ReadError> {
    let mut asked = BTreeSet::new();
    for row in work.trace.rows::<Tasks>()? {
        asked.extend(gpu_models(&row?));
    }
    Ok(asked)
}
