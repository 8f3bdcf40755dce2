//! The traces that are named: which of them is work, and which the machines.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fairground_readers::Format;
use fairground_readers::canonical::Imports;
use fairground_readers::canonical::store::MANIFEST;
use fairground_readers::formats::ReadAs;
use fairground_workloads::ReadError;

use super::{Replay, Work, rows};

impl Replay {
    /// How a trace is read. Of several the columns are those of plain tables.
    fn read_of(&self, file: &Path) -> ReadAs {
        let several = self.traces.len() > 1 && !self.read.columns.is_empty();
        if several && self.read.format.is_none() && !file.join(MANIFEST).is_file() {
            let detected = Format::detect(file).ok();
            if let Some(other) = detected.filter(|format| *format != Format::Plain) {
                return other.into();
            }
        }
        self.read.clone()
    }

    /// The traces with work, and the one with machines.
    pub(super) fn open(
        &self,
        imports: &mut Imports,
    ) -> Result<(Vec<Work>, Option<PathBuf>), ReadError> {
        let (mut work, mut machines) = (Vec::new(), None);
        let mut seen = BTreeSet::new();
        for file in &self.traces {
            if file.join(MANIFEST).is_file() {
                if self.read.format.is_some() {
                    let error = ReadError::said("a canonical trace has no other format").file(file);
                    return Err(error.place("--format").hint("leave --format out"));
                }
                if self.traces.len() == 1 && !self.read.columns.is_empty() {
                    let why = "a canonical trace has columns of its own";
                    let error = ReadError::ignored("parameter `columns`", why, &self.read.columns);
                    return Err(error.file(file));
                }
            }
            // A path that is not there is told of where it is read.
            let path = file.canonicalize().unwrap_or_else(|_| file.clone());
            if !seen.insert(path) {
                let error = ReadError::said("the same trace is named twice").file(file);
                return Err(error.place("--trace").hint("name it once"));
            }
            let read = self.read_of(file);
            let (trace, _) = imports.open(Path::new(""), file, read.clone())?;
            let (jobs, load) = (rows(&trace, "tasks") > 0, rows(&trace, "loads") > 0);
            let has_machines = rows(&trace, "machines") > 0;
            if has_machines && machines.replace(file.clone()).is_some() {
                let error = ReadError::said("a second trace with machines").file(file);
                return Err(error.hint("a recipe has one cluster: name one list of machines"));
            }
            if !jobs && !load && !has_machines {
                let error = ReadError::expected("jobs, requests or machines", "none of them");
                return Err(error.file(file));
            }
            if jobs || load {
                let file = file.clone();
                work.push(Work {
                    file,
                    trace,
                    read,
                    gpu_models: false,
                });
            }
        }
        if let (true, Some(file)) = (work.is_empty(), &machines) {
            let error = ReadError::said("machines only: there is nothing to run").file(file);
            return Err(error.hint("name a trace with jobs or requests beside it: --trace FILE"));
        }
        Ok((work, machines))
    }
}
