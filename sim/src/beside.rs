//! What lies beside the project and is no part of it: public traces, cases of other systems.

use std::path::PathBuf;

/// The folder that a variable of the environment names, or else `folder` in the present one or one above it.
pub(crate) fn beside(variable: &str, folder: &str) -> Option<PathBuf> {
    let said = std::env::var_os(variable).map(PathBuf::from);
    said.or_else(|| {
        let here = std::env::current_dir().unwrap_or_default();
        let mut above = here.ancestors().map(|one| one.join(folder));
        above.find(|one| one.is_dir())
    })
}
