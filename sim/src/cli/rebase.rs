//! Paths in a recipe that moves: results hold the recipe, and its files stay where they are.

use std::path::{Path, PathBuf};

use fairground_workloads::WorkloadSpec;
use fairground_workloads::trace::Input;

use crate::recipe::Recipe;

/// The recipe with the paths of its files, relative to `from`, made relative to `to`.
pub(super) fn rebase(mut recipe: Recipe, from: &Path, to: &Path) -> Recipe {
    for file in files(&mut recipe) {
        *file = moved(file, from, to);
    }
    recipe
}

/// Names inputs as the recipe in the results does, no longer as the recipe that was read did.
pub(super) fn rename_inputs(inputs: &mut [Input], read: &Recipe, moved: &Recipe) {
    let (mut read, mut moved) = (read.clone(), moved.clone());
    let pairs: Vec<_> = files(&mut read)
        .into_iter()
        .zip(files(&mut moved))
        .collect();
    for input in inputs.iter_mut() {
        // What is read of a folder are its parts.
        let of = |read: &Path| Some(input.path.strip_prefix(read).ok()?.to_owned());
        let renamed = pairs.iter().find_map(|(read, moved)| {
            let part = of(read)?;
            Some(if part.as_os_str().is_empty() {
                (*moved).clone()
            } else {
                moved.join(part)
            })
        });
        if let Some(renamed) = renamed {
            input.path = renamed;
        }
    }
    inputs.sort();
}

/// The paths in a recipe.
fn files(recipe: &mut Recipe) -> Vec<&mut PathBuf> {
    let mut files = Vec::new();
    files.extend(recipe.machines.as_mut().map(|machines| &mut machines.file));
    files.extend(recipe.measured.as_mut().map(|measured| &mut measured.file));
    for framework in &mut recipe.framework {
        match &mut framework.workload {
            WorkloadSpec::Swim(spec) => files.push(&mut spec.file),
            WorkloadSpec::Swf(spec) => files.push(&mut spec.file),
            WorkloadSpec::Trace(spec) => files.push(&mut spec.file),
            WorkloadSpec::Requests(spec) => files.push(&mut spec.file),
            WorkloadSpec::Tpch(spec) => files.extend(&mut spec.files),
            WorkloadSpec::Hadoop(_)
            | WorkloadSpec::Spark(_)
            | WorkloadSpec::Rails(_)
            | WorkloadSpec::Mpi(_) => {}
        }
    }
    files
}

fn moved(file: &Path, from: &Path, to: &Path) -> PathBuf {
    let (from, to) = (real(from), real(to));
    // Standard input is nowhere.
    if file.is_absolute() || from == to || file.as_os_str() == "-" {
        return file.to_owned();
    }
    pathdiff::diff_paths(real(&from.join(file)), to).unwrap_or_else(|| file.to_owned())
}

/// The path without links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_owned(),
    }
}
