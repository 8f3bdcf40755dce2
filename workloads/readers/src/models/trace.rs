//! Jobs or a service of a public trace in any format, by way of the canonical form: reading it under a
//! model ([`TraceSpec`]).

mod feedback;
mod loaded;
mod read;
mod stages;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use fairground_workloads::models::trace::TraceSpec;

use crate::canonical::tables::Tenant;
use crate::canonical::{Imports, Opened};
use crate::error::{ReadError, quoted};
use crate::formats::ReadAs;
use crate::trace::Input;
pub use loaded::Loaded;
pub use read::arrivals;
pub(crate) use read::{Model, Read, Reading};
pub use stages::gpu_models;

/// Reads the trace, unless it was read under the same model.
pub(crate) fn load(
    spec: &TraceSpec,
    folder: &Path,
    imports: &mut Imports,
) -> Result<Loaded, ReadError> {
    let how = read_as(spec)?;
    let (trace, inputs) = imports.open(folder, &spec.file, how.clone())?;
    let read = imports.read(folder, &spec.file, how, model(spec), || {
        read::read(spec, &trace, &Reading::PLAIN)
    })?;
    let checked = match &read.jobs {
        Some(_) => spec.check_jobs(),
        None => spec.check_requests(),
    };
    checked.map_err(|error| error.file(&spec.file))?;
    with(spec, &trace, inputs, read)
}

/// How its file is read.
///
/// # Errors
/// A format that is not known, columns that mean nothing.
pub fn read_as(spec: &TraceSpec) -> Result<ReadAs, ReadError> {
    ReadAs::said(spec.format.as_deref(), &spec.columns)
}

/// What the model makes of a trace, read so.
pub(crate) fn loaded(
    spec: &TraceSpec,
    trace: &Opened,
    inputs: Vec<Input>,
    reading: &Reading<'_>,
) -> Result<Loaded, ReadError> {
    let read = Arc::new(read::read(spec, trace, reading)?);
    with(spec, trace, inputs, read)
}

fn with(
    spec: &TraceSpec,
    trace: &Opened,
    inputs: Vec<Input>,
    read: Arc<Read>,
) -> Result<Loaded, ReadError> {
    if read.jobs.is_none() && read.load.is_empty() {
        let error = ReadError::expected("jobs or requests in the trace", "neither");
        let left_out = trace.manifest.assumptions.iter();
        let left_out = left_out.filter(|said| said.about == "jobs dropped");
        let hint = left_out
            .map(|said| format!("jobs were left out: {}", said.model))
            .next();
        let hint = hint.unwrap_or_else(|| {
            "machines are the cluster's business; sizes without times cannot be run".to_owned()
        });
        return Err(error.file(&spec.file).hint(hint));
    }
    Ok(Loaded {
        spec: spec.clone(),
        assumptions: trace.manifest.assumptions.clone(),
        relative: trace.manifest.units.relative,
        inputs,
        named: wanted_tenants(spec, trace)?,
        read,
    })
}

const fn model(spec: &TraceSpec) -> Model {
    [
        spec.cpus.0,
        spec.mem.0,
        spec.largest_cpus.0,
        spec.largest_mem.0,
        spec.run.as_micros(),
        spec.every.as_micros(),
        spec.gpu_models as u64,
    ]
}

/// The tenants that are named, to be taken or to be left out.
fn wanted_tenants(spec: &TraceSpec, trace: &Opened) -> Result<BTreeSet<u64>, ReadError> {
    let names = || spec.tenants.iter().chain(&spec.except);
    let mut wanted = BTreeSet::new();
    let mut missing: BTreeSet<&String> = names().collect();
    for tenant in trace.rows::<Tenant>()? {
        let tenant = tenant?;
        if missing.remove(&tenant.name) || names().any(|name| *name == tenant.name) {
            wanted.insert(tenant.id);
        }
    }
    match missing.first() {
        None => Ok(wanted),
        Some(name) => {
            let error = ReadError::expected("the name of a tenant", quoted(name));
            let parameter = if spec.tenants.is_empty() {
                "parameter `except`"
            } else {
                "parameter `tenants`"
            };
            Err(error.place(parameter))
        }
    }
}
