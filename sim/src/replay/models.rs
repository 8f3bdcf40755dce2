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
    let mut told = String::new();
    if there.is_empty() {
        return Ok(told);
    }
    for one in work.iter_mut() {
        let asked = asked(one)?;
        let has = |models: &Vec<String>| models.iter().any(|model| there.contains(model.as_str()));
        one.gpu_models = asked.iter().any(has);
        if one.gpu_models {
            let none = asked.into_iter().filter(|models| !has(models));
            missing.extend(none.map(|models| models.join(" or ")));
        } else if !asked.is_empty() {
            told = " Its tasks ask for models of GPU that no machine has: any will do.".to_owned();
        }
    }
    if work.iter().any(|one| one.gpu_models) {
        told = " Tasks run on GPUs of a model that they ask for.".to_owned();
    }
    if !missing.is_empty() {
        let more = if missing.len() > NAMED { ", ..." } else { "" };
        let names: Vec<String> = missing.into_iter().take(NAMED).collect();
        told += &format!(" No machine has {}{more}.", names.join(", "));
    }
    Ok(told)
}

/// The models that the tasks of a trace ask for, each choice once.
fn asked(work: &Work) -> Result<BTreeSet<Vec<String>>, ReadError> {
    let mut asked = BTreeSet::new();
    for row in work.trace.rows::<Tasks>()? {
        asked.extend(gpu_models(&row?));
    }
    Ok(asked)
}
