//! Traces read for a recipe: a file that several frameworks name is imported once.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::import;
use super::store::{MANIFEST, Opened};
use fairground_workloads::models::machines::{Machines, MachinesSpec};
use fairground_workloads::spec::{NoFiles, Source, TraceFiles, WorkloadSpec};

use crate::error::ReadError;
use crate::formats::stdin::within;
use crate::formats::{ReadAs, input};
use crate::models::trace::{Model, Read};
use crate::models::{machines, requests, swf, swim, tpch, trace};
use crate::scratch::Scratch;
use crate::trace::Input;

/// Canonical traces of public ones, in memory or in temporary folders that go with this value, and the
/// jobs that were read of them: who asks for the same again gets the same.
#[derive(Debug, Default)]
pub struct Imports {
    on_disk: bool,
    done: BTreeMap<Key, (Opened, Option<Scratch>)>,
    read: BTreeMap<(Key, Model), Arc<Read>>,
    files: BTreeMap<(PathBuf, TypeId), Arc<dyn Any + Send + Sync>>,
}

/// A file and how it is read.
type Key = (PathBuf, ReadAs);

/// `./a` and `a` are one file.
fn key(folder: &Path, file: &Path, how: ReadAs) -> Key {
    let path = within(folder, file);
    let plain = path.strip_prefix(".").unwrap_or(&path).to_owned();
    (plain, how)
}

impl Imports {
    /// Those of whoever holds no trace in memory.
    pub fn on_disk() -> Self {
        Self {
            on_disk: true,
            ..Self::default()
        }
    }

    /// The trace at `file`, relative to `folder`, and what was read for it: a canonical one as it
    /// is, one in a public format after its import.
    ///
    /// # Errors
    /// When it cannot be read, its format is not known, or it is damaged.
    pub fn open(
        &mut self,
        folder: &Path,
        file: &Path,
        how: impl Into<ReadAs>,
    ) -> Result<(Opened, Vec<Input>), ReadError> {
        let path = within(folder, file);
        let manifest = path.join(MANIFEST);
        if manifest.is_file() {
            let inputs = vec![input(&manifest, &file.join(MANIFEST))?];
            return Ok((Opened::open(&path)?, inputs));
        }
        let key = key(folder, file, how.into());
        if !self.done.contains_key(&key) {
            let done = if self.on_disk {
                let beside = Scratch::folder().map_err(|error| ReadError::io(&path, &error))?;
                let place = beside.path().join("trace");
                import::import(&path, key.1.clone(), &place, false)?;
                (Opened::open(&place)?, Some(beside))
            } else {
                (import::in_memory(&path, &key.1)?, None)
            };
            self.done.insert(key.clone(), done);
        }
        let trace = self.done[&key].0.clone();
        let named = |one: &Input| Input {
            path: one
                .path
                .strip_prefix(folder)
                .unwrap_or(&one.path)
                .to_owned(),
            blake3: one.blake3.clone(),
        };
        let inputs = trace.manifest.sources.iter().map(named).collect();
        Ok((trace, inputs))
    }

    /// The jobs and the load of the trace at `file` under a model; `read` reads them the first time.
    pub(crate) fn read(
        &mut self,
        folder: &Path,
        file: &Path,
        how: ReadAs,
        model: Model,
        read: impl FnOnce() -> Result<Read, ReadError>,
    ) -> Result<Arc<Read>, ReadError> {
        let key = (key(folder, file, how), model);
        if let Some(done) = self.read.get(&key) {
            return Ok(Arc::clone(done));
        }
        let done = Arc::new(read()?);
        self.read.insert(key, Arc::clone(&done));
        Ok(done)
    }

    /// What was read of a file that becomes no canonical trace; `read` reads it the first time.
    pub(crate) fn file<T: Any + Send + Sync>(
        &mut self,
        path: &Path,
        read: impl FnOnce() -> Result<T, ReadError>,
    ) -> Result<Arc<T>, ReadError> {
        let key = (path.to_owned(), TypeId::of::<T>());
        let done = self.files.get(&key).cloned();
        if let Some(done) = done.and_then(|done| done.downcast().ok()) {
            return Ok(done);
        }
        let done = Arc::new(read()?);
        self.files.insert(key, Arc::clone(&done) as _);
        Ok(done)
    }
}

impl TraceFiles for Imports {
    fn work(&mut self, spec: &WorkloadSpec, folder: &Path) -> Result<Arc<dyn Source>, ReadError> {
        Ok(match spec {
            WorkloadSpec::Swim(spec) => Arc::new(swim::load(spec, folder, self)?),
            WorkloadSpec::Tpch(spec) => Arc::new(tpch::load(spec, folder, self)?),
            WorkloadSpec::Requests(spec) => Arc::new(requests::load(spec, folder, self)?),
            WorkloadSpec::Swf(spec) => Arc::new(swf::load(spec, folder, self)?),
            WorkloadSpec::Trace(spec) => Arc::new(trace::load(spec, folder, self)?),
            drawn => drawn.load(folder, &mut NoFiles)?,
        })
    }

    fn machines(&mut self, spec: &MachinesSpec, folder: &Path) -> Result<Machines, ReadError> {
        machines::load(spec, folder, self)
    }
}
