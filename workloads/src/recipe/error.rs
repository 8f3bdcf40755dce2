//! What can be wrong with a recipe, and why one gives no trace.

use crate::error::ReadError;

/// What is wrong with a recipe.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecipeError {
    /// The file cannot be read.
    #[error(
        "{path}: cannot be read: {problem}\n  hint: name a recipe file, or none for the built-in one"
    )]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        problem: String,
    },
    /// The text is not a recipe.
    #[error("{path}:{line}:{column}: {problem}")]
    Malformed {
        /// The file, or what stands for it.
        path: String,
        /// The line, counted from one.
        line: usize,
        /// The character in the line, counted from one.
        column: usize,
        /// What was expected and what was found.
        problem: String,
    },
    /// A `--set` that does not apply.
    #[error("--set {setting}: {problem}")]
    Setting {
        /// As given.
        setting: String,
        /// Why not.
        problem: String,
    },
    /// A key that would be ignored.
    #[error("{path}: {error}")]
    Ignored {
        /// The file, or what stands for it.
        path: String,
        /// The key, why, and what stands there.
        error: Box<ReadError>,
    },
    /// A value that makes no sense.
    #[error("{path}: `{key}`: {problem}")]
    Senseless {
        /// The file, or what stands for it.
        path: String,
        /// The key.
        key: String,
        /// What was expected.
        problem: String,
    },
}

/// Why a recipe gives no trace.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum TraceError {
    /// A workload that cannot be built.
    #[error("{origin}: framework `{framework}`: {error}")]
    Workload {
        /// The recipe.
        origin: String,
        /// Whose workload.
        framework: String,
        /// What is wrong.
        error: Box<ReadError>,
    },
    /// Machines that cannot be read.
    #[error("{origin}: `machines`: {error}")]
    Machines {
        /// The recipe.
        origin: String,
        /// What is wrong.
        error: Box<ReadError>,
    },
    /// Faults that cannot be built.
    #[error("{origin}: `faults`: {error}")]
    Faults {
        /// The recipe.
        origin: String,
        /// What is wrong.
        error: Box<ReadError>,
    },
}
