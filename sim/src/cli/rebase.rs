//! Paths in a recipe that moves: results hold the recipe, and its files stay where they are.

use std::path::{Path, PathBuf};

use fairground_workloads::WorkloadSpec;

use crate::recipe::Recipe;

/// The recipe with the paths of its files, relative to `from`, made relative to `to`.
pub(super) fn rebase(mut recipe: Recipe, from: &Path, to: &Path) -> Recipe {
    for framework in &mut recipe.framework {
        match &mut framework.workload {
            WorkloadSpec::Swim(spec) => spec.file = moved(&spec.file, from, to),
            WorkloadSpec::Swf(spec) => spec.file = moved(&spec.file, from, to),
            WorkloadSpec::Requests(spec) => spec.file = moved(&spec.file, from, to),
            WorkloadSpec::Tpch(spec) => {
                for file in &mut spec.files {
                    *file = moved(file, from, to);
                }
            }
            WorkloadSpec::Hadoop(_)
            | WorkloadSpec::Spark(_)
            | WorkloadSpec::Rails(_)
            | WorkloadSpec::Mpi(_) => {}
        }
    }
    recipe
}

fn moved(file: &Path, from: &Path, to: &Path) -> PathBuf {
    let (from, to) = (real(from), real(to));
    if file.is_absolute() || from == to {
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
