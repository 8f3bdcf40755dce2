//! What a record of each format has in it, as the format is defined and before anything is made of
//! it: the left side of the account of an import.
//!
//! A row that tells of something once more, as an event or a reading does, has it in it each time.

use crate::canonical::account::{Contains, Contents, Thing, contents};
use crate::formats::{coflow, cook, hadoop, spark, swf, swim, tpch, wfcommons};

/// The length of a list.
const fn all<T>(list: &[T]) -> u64 {
    list.len() as u64
}

contents! {
    cook::jobs::Record: |_| Jobs 1, Tasks 1;
    swf::Record: |job| Jobs 1, Tasks job.width().map_or(0, |(processors, _)| processors);

    swim::Record: |job| Jobs 1, Tasks 1 + u64::from(job.shuffle > 0),
        Edges u64::from(job.shuffle > 0);
    tpch::Record: |query| Jobs 1, Tasks query.nodes.iter().map(measured).sum(),
        Edges all(&query.edges);
    coflow::Record: |one| Jobs 1, Tasks all(&one.mappers) + all(&one.reducers), Edges 1;
    wfcommons::Record: |one| Jobs 1, Tasks all(&one.workflow.specification.tasks),
        Edges one.workflow.specification.tasks.iter().map(|task| all(&task.parents)).sum();
    hadoop::rumen::Record: |job| Jobs 1,
        Tasks all(&job.map_tasks) + all(&job.reduce_tasks) + all(&job.other_tasks),
        Edges u64::from(!job.reduce_tasks.is_empty());
    hadoop::sls::Record: |job| Jobs job.copies(),
        Tasks times(job.copies(), job.tasks.iter().map(containers)),
        Edges times(job.copies(), std::iter::once(waits(job)));

    cook::hosts::Record: |_| Machines 1;
    hadoop::topology::Record: |tree| Machines tree.hosts().count() as u64;

}

/// Tasks of a stage that were measured, with any number of executors.
pub(super) fn measured(node: &tpch::Node) -> u64 {
    let waves = node.first_wave.values().chain(node.rest_wave.values());
    waves.map(|wave| all(wave)).sum()
}

fn containers(container: &hadoop::sls::Container) -> u64 {
    container.count.unwrap_or(1)
}

/// The sum of a job's parts, in all its copies.
fn times(copies: u64, parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(0, u64::saturating_add).saturating_mul(copies)
}

/// Whether its reduces wait for its maps.
fn waits(job: &hadoop::sls::Record) -> u64 {
    let has = |kind: &str| {
        job.tasks
            .iter()
            .any(|task| task.kind.as_deref() == Some(kind))
    };
    u64::from(has("map") && has("reduce"))
}

impl Contains for spark::events::Record {
    fn contents(&self) -> Contents {
        let none = Contents::default();
        match &self.event {
            spark::events::Event::Job(_) => none.and(Thing::Jobs, 1),
            spark::events::Event::Task(_) => none.and(Thing::Tasks, 1),
            _ => none,
        }
    }
}

impl Contains for spark::joblogger::Record {
    fn contents(&self) -> Contents {
        let none = Contents::default();
        match &self.told {
            spark::joblogger::Told::Plan(_, parents) => none.and(Thing::Edges, all(parents)),
            spark::joblogger::Told::Task(_) => none.and(Thing::Tasks, 1),
            _ => none,
        }
    }
}
