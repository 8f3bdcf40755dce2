//! The files of a recipe, read once for all seeds.

use std::sync::Arc;

use super::{FrameworkSpec, Loaded, TraceError};
use crate::models::machines::Machines;
use crate::spec::{Source, TraceFiles};
use crate::trace::Input;
use crate::usage::UseSpec;

/// The files of a recipe, read.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Of every framework's work, in order.
    pub(super) frameworks: Vec<Arc<dyn Source>>,
    /// Of the machines, where they are those of a trace.
    pub(super) machines: Option<Machines>,
}

impl Sources {
    /// What was read.
    pub fn inputs(&self) -> Vec<Input> {
        let machines = self.machines.iter().flat_map(Machines::inputs);
        let frameworks = self.frameworks.iter().flat_map(|source| source.inputs());
        frameworks.chain(machines).cloned().collect()
    }
}

impl Loaded {
    /// Has the files of the machines and of every framework's work read.
    ///
    /// # Errors
    /// A bad parameter, an unreadable file, a bad record.
    pub fn sources(&self, files: &mut dyn TraceFiles) -> Result<Sources, TraceError> {
        let machines = self.recipe.machines.as_ref();
        let machines = machines.map(|spec| files.machines(spec, &self.folder));
        let machines = machines.transpose().map_err(|error| TraceError::Machines {
            origin: self.origin.clone(),
            error: Box::new(error),
        })?;
        let load = |framework: &FrameworkSpec| {
            let FrameworkSpec {
                workload, phases, ..
            } = framework;
            let source = workload.load_phases(phases, &self.folder, files);
            let source = source.and_then(|source| match framework.uses {
                Some(UseSpec::Trace) => source.tells_use().map(|()| source),
                _ => Ok(source),
            });
            source.map_err(|error| TraceError::Workload {
                origin: self.origin.clone(),
                framework: framework.name.clone(),
                error: Box::new(error),
            })
        };
        let frameworks = self.recipe.framework.iter().map(load);
        Ok(Sources {
            frameworks: frameworks.collect::<Result<_, _>>()?,
            machines,
        })
    }
}
