//! Jobs of a Standard Workload Format log as jobs of a trace, with what only such logs have.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use fairground_policies::resources::Mebibytes;
use fairground_workloads::models::swf::SwfSpec;
use fairground_workloads::models::trace::TraceSpec;

use super::trace::{Loaded, Reading, loaded};
use crate::canonical::tables::{Job, Tasks, Tenant};
use crate::canonical::{Imports, Opened};
use crate::error::ReadError;
use crate::formats::Format;
use crate::models::arrivals::assumption;
use crate::units::Thousandths;

/// The same as a trace of any format.
fn as_trace(spec: &SwfSpec) -> TraceSpec {
    let task = spec.task(spec.mem);
    TraceSpec {
        file: spec.file.clone(),
        format: Some(Format::Swf.to_string()),
        from: spec.from,
        jobs: spec.jobs,
        feedback: spec.feedback,
        session: spec.session,
        cpus: task.cpus(),
        mem: task.mem(),
        run: spec.run,
        ..TraceSpec::default()
    }
}

/// Reads the log.
pub(crate) fn load(
    spec: &SwfSpec,
    folder: &Path,
    imports: &mut Imports,
) -> Result<Loaded, ReadError> {
    let plain = as_trace(spec);
    let (log, inputs) = imports.open(folder, &spec.file, Format::Swf)?;
    let users = users(&log)?;
    let wider = Cell::new(0);
    let reading = Reading {
        wants: &|job| wants(spec, job, &users),
        task: &|tasks| widened(spec, &tasks, &wider),
    };
    let mut loaded = loaded(&plain, &log, inputs, &reading)?;
    let processor = format!(
        "a processor is {} cores; a task has {} of them",
        Thousandths(spec.cpus.0),
        spec.width
    );
    loaded.assumptions.push(assumption("processors", processor));
    if wider.get() > 0 {
        let model = format!(
            "the last task of {} jobs is made as wide as the others",
            wider.get()
        );
        loaded
            .assumptions
            .push(assumption("processors left over", model));
    }
    Ok(loaded)
}

/// Whether the recipe asks for this job.
fn wants(spec: &SwfSpec, job: &Job, users: &BTreeMap<u64, u64>) -> bool {
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
    let user = job.tenant.and_then(|tenant| users.get(&tenant).copied());
    let filters = [
        (&spec.users, user),
        (&spec.groups, number(&job.group)),
        (&spec.queues, number(&job.queue)),
        (&spec.partitions, number(&job.partition)),
    ];
    let mut filters = filters.into_iter();
    filters.all(|(list, number)| {
        list.is_empty() || number.is_some_and(|number| list.contains(&number))
    })
}

/// Tasks of a processor as tasks of the width asked for.
fn widened(spec: &SwfSpec, tasks: &Tasks, wider: &Cell<u64>) -> Tasks {
    let width = u64::from(spec.width);
    wider.set(wider.get() + u64::from(!tasks.count.is_multiple_of(width)));
    let task = spec.task(Mebibytes(tasks.memory.unwrap_or(0)));
    Tasks {
        count: tasks.count.div_ceil(width),
        cpus: Some(task.cpus().0),
        memory: tasks.memory.map(|_| task.mem().0),
        ..tasks.clone()
    }
}

/// The numbers of users by those of the trace's tenants.
fn users(log: &Opened) -> Result<BTreeMap<u64, u64>, ReadError> {
    let mut users = BTreeMap::new();
    for tenant in log.rows::<Tenant>()? {
        let tenant = tenant?;
        let number = tenant
            .name
            .strip_prefix("user ")
            .and_then(|number| number.parse().ok());
        users.extend(number.map(|number| (tenant.id, number)));
    }
    Ok(users)
}
