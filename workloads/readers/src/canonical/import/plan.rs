//! Which files are read for a trace, in which order, and as what.

use std::path::{Path, PathBuf};

use super::refusal;
use crate::canonical::Units;
use crate::error::ReadError;
use crate::formats::{Format, ReadAs, source, tables};

/// What is read for a trace: a file, a folder of parts, or the work and then the machines of a folder.
pub(super) struct ImportPlan {
    pub(super) steps: Vec<(Format, PathBuf)>,
    pub(super) sources: Vec<PathBuf>,
    /// Files of the folder that are not read.
    pub(super) passed: Vec<String>,
}

impl ImportPlan {
    /// That of a file or folder, each of whose formats can become a trace.
    pub(super) fn of(path: &Path, how: &ReadAs) -> Result<Self, ReadError> {
        let mixed = how.mixed(path)?.filter(|mixed| !mixed.groups.is_empty());
        let plan = if let Some(mixed) = mixed {
            let groups = mixed.groups.iter();
            let steps = groups.map(|(format, _)| (*format, mixed.path_of(path, *format)));
            Self {
                steps: steps.collect(),
                sources: mixed
                    .groups
                    .iter()
                    .flat_map(|(_, files)| files.clone())
                    .collect(),
                passed: mixed.passed,
            }
        } else {
            let format = how.format(path)?;
            Self {
                steps: vec![(format, path.to_owned())],
                sources: sources(path, format.form().tables)?,
                passed: Vec::new(),
            }
        };
        for (format, path) in &plan.steps {
            if let Some(why) = refusal(*format) {
                let error = ReadError::said(format!("{format} cannot become a trace: {why}"));
                return Err(error.file(path));
            }
        }
        let units = plan.units();
        let other = plan.steps.iter().find(|(format, _)| {
            let own = (format.form().units)();
            (own.cpus, own.memory) != (units.cpus.clone(), units.memory.clone())
        });
        if let Some((format, other)) = other {
            let own = (format.form().units)().cpus;
            let error = ReadError::expected(format!("amounts in {}", units.cpus), own);
            return Err(error
                .file(other)
                .place("the folder")
                .hint("name the files apart"));
        }
        Ok(plan)
    }

    /// What amounts mean: that of the work.
    pub(super) fn units(&self) -> Units {
        let first = self.steps.first();
        first.map_or_else(Units::absolute, |(format, _)| (format.form().units)())
    }
}

/// The files of a source: itself, or those of a folder that are read.
fn sources(path: &Path, names: &[&str]) -> Result<Vec<PathBuf>, ReadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for table in names.iter().filter(|table| tables::has(path, table)) {
        files.extend(tables::of(path, table)?);
    }
    if files.is_empty() {
        return source::parts(path).map(Into::into);
    }
    files.sort();
    files.dedup();
    Ok(files)
}
