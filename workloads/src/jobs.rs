//! Jobs in columns: most jobs are like others, so what they have in common is kept once, and a job of
//! one task takes some thirty bytes.

mod apart;
mod said;
mod written;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use fairground_policies::job::{JobSpec, StageSpec};
use fairground_policies::message::JobId;
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize, Serializer};

use crate::error::ReadError;
use crate::feedback::Feedback;
use apart::times_of;

/// How long the tasks of one stage take: one entry a task in every list `T`, and a single one where they start and
/// end as one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Runtimes<T = Vec<Span>> {
    /// A task runs for its time; away from its data, for `away` thousandths of it.
    Plain {
        /// On an agent that holds the data, or when that does not matter.
        local: T,
        /// The factor elsewhere, in thousandths; at least 1000.
        away: u32,
    },
    /// A reduce task first copies, at least until every parent task has ended, then works.
    Reduce {
        /// The copying, if all map output is there.
        copy: T,
        /// The rest: merge, reduce, write.
        work: T,
    },
    /// A task inside an executor takes the longer the colder the executor is.
    Waves {
        /// The first task an executor ever runs.
        fresh: T,
        /// The first task of this stage on an executor that ran others before.
        first: T,
        /// Any later one.
        rest: T,
    },
}

impl<T> Runtimes<T> {
    /// The same with other lists.
    pub fn map<U>(self, mut list: impl FnMut(T) -> U) -> Runtimes<U> {
        match self {
            Self::Plain { local, away } => Runtimes::Plain {
                local: list(local),
                away,
            },
            Self::Reduce { copy, work } => Runtimes::Reduce {
                copy: list(copy),
                work: list(work),
            },
            Self::Waves { fresh, first, rest } => Runtimes::Waves {
                fresh: list(fresh),
                first: list(first),
                rest: list(rest),
            },
        }
    }
}

/// A stage with the run times of its tasks.
pub type Stage<T = Vec<Span>> = (StageSpec, Runtimes<T>);

/// One job: what its framework may know, and how long it takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Job<'a> {
    /// Its number within the framework.
    pub id: JobId,
    /// What people call it: the source's own name, or the kind of job.
    pub label: &'a str,
    /// When it is submitted.
    pub submitted: Time,
    /// What the framework is told.
    pub spec: &'a Arc<JobSpec>,
    /// What its tasks used of the processors they had, on average, in millionths, where that was measured.
    pub used: Option<u32>,
    /// Where in `times` the lists of each stage begin.
    lists: &'a [Runtimes<u32>],
    times: &'a [Span],
}

impl<'a> Job<'a> {
    /// How long the tasks of a stage take.
    pub fn runtimes(&self, stage: usize) -> Runtimes<&'a [Span]> {
        let times = self.times;
        let length = times_of(&self.spec.stages[stage]) as usize;
        self.lists[stage].map(|begin| &times[begin as usize..][..length])
    }

    /// Its stages, parents first.
    pub fn stages(self) -> impl ExactSizeIterator<Item = (&'a StageSpec, Runtimes<&'a [Span]>)> {
        let stages = self.spec.stages.iter().enumerate();
        stages.map(move |(i, stage)| (stage, self.runtimes(i)))
    }
}

impl Serialize for Job<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let runtimes: Vec<_> = self.stages().map(|(_, runtimes)| runtimes).collect();
        let spec = (self.id, self.spec);
        (self.label, self.submitted, spec, runtimes).serialize(serializer)
    }
}

/// The jobs of one framework, sorted by submission. A clone is cheap: it shares the columns.
#[derive(Clone, Default)]
pub struct Jobs(Arc<Columns>);

#[derive(Clone, Default)]
struct Columns {
    rows: Vec<Row>,
    /// Of all jobs, one after the other.
    times: Vec<Span>,
    labels: String,
    /// What jobs used, [`UNMEASURED`] for one that was not measured; later jobs were not measured either.
    used: Vec<u32>,
    shapes: Vec<Shape>,
    known: HashMap<Shape, ShapeId>,
    /// Which of them wait for others, if any does.
    feedback: Option<Arc<Feedback>>,
}

/// Stands for what was not measured.
const UNMEASURED: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Row {
    submitted: Time,
    /// Where its label begins; it ends where the next one's begins.
    label: u64,
    /// Where its run times begin.
    times: u32,
    shape: ShapeId,
}

/// What jobs have in common that differ only in name and times.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Shape {
    spec: Arc<JobSpec>,
    lists: Arc<[Runtimes<u32>]>,
    /// How many run times a job has in all.
    times: u32,
}

/// Names what many jobs of one [`Jobs`] have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShapeId(u32);

impl Jobs {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.rows.is_empty()
    }

    /// The job of this number.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn get(&self, id: JobId) -> Job<'_> {
        let columns = self.0.as_ref();
        let row = columns.rows[id.index()];
        let next = columns.rows.get(id.index() + 1);
        let end = next.map_or(columns.labels.len(), |next| next.label as usize);
        let shape = &columns.shapes[row.shape.0 as usize];
        let used = columns.used.get(id.index()).copied();
        Job {
            id,
            label: &columns.labels[row.label as usize..end],
            submitted: row.submitted,
            spec: &shape.spec,
            used: used.filter(|used| *used != UNMEASURED),
            lists: &shape.lists,
            times: &columns.times[row.times as usize..][..shape.times as usize],
        }
    }

    /// When the job of this number is submitted.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn submitted(&self, id: JobId) -> Time {
        self.0.rows[id.index()].submitted
    }

    /// What the framework of the job of this number is told.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn spec(&self, id: JobId) -> &Arc<JobSpec> {
        let columns = self.0.as_ref();
        let shape = columns.rows[id.index()].shape;
        &columns.shapes[shape.0 as usize].spec
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Job<'_>> + Clone {
        (0..self.len() as u32).map(|id| self.get(JobId(id)))
    }

    /// Which of them wait for the end of others; `None` when all are submitted at their times.
    pub fn feedback(&self) -> Option<&Arc<Feedback>> {
        self.0.feedback.as_ref()
    }

    /// The same jobs, some of which wait for the end of others.
    #[must_use]
    pub fn with_feedback(mut self, feedback: impl Into<Arc<Feedback>>) -> Self {
        Arc::make_mut(&mut self.0).feedback = Some(feedback.into());
        self
    }

    /// What jobs of these stages have in common, to be used with [`Jobs::push_alike`].
    pub fn shape(&mut self, gang: bool, stages: Vec<Stage<()>>) -> ShapeId {
        let (stages, lists): (Vec<StageSpec>, Vec<_>) = stages.into_iter().unzip();
        self.shape_of(JobSpec::new(gang, stages), lists)
    }

    fn shape_of(
        &mut self,
        spec: JobSpec,
        lists: impl IntoIterator<Item = Runtimes<()>>,
    ) -> ShapeId {
        let mut begin = 0;
        let lists = lists.into_iter().zip(&spec.stages);
        let lists = lists.map(|(kind, stage)| {
            kind.map(|()| {
                begin += times_of(stage);
                begin - times_of(stage)
            })
        });
        let lists: Arc<[_]> = lists.collect();
        let spec = Arc::new(spec);
        let columns = Arc::make_mut(&mut self.0);
        let next = ShapeId(columns.shapes.len() as u32);
        let shape = Shape {
            spec,
            lists,
            times: begin,
        };
        *columns.known.entry(shape).or_insert_with_key(|shape| {
            columns.shapes.push(shape.clone());
            next
        })
    }

    /// One more job of a known shape; `times` are those of its stages, list after list.
    pub fn push_alike(
        &mut self,
        label: &str,
        submitted: Time,
        shape: ShapeId,
        times: impl IntoIterator<Item = Span>,
    ) {
        let columns = Arc::make_mut(&mut self.0);
        debug_assert!(
            columns
                .rows
                .last()
                .is_none_or(|last| last.submitted <= submitted)
        );
        let begin = columns.times.len();
        columns.rows.push(Row {
            submitted,
            label: columns.labels.len() as u64,
            times: u32::try_from(begin).expect("no more than 4 G run times"),
            shape,
        });
        columns.labels.push_str(label);
        columns.times.extend(times);
        debug_assert_eq!(
            columns.times.len() - begin,
            columns.shapes[shape.0 as usize].times as usize
        );
    }

    /// One more job, submitted not before the one added last.
    ///
    /// # Panics
    /// When a stage has not one time a task.
    pub fn push(&mut self, label: &str, submitted: Time, gang: bool, stages: Vec<Stage>) {
        let mut times = Vec::new();
        let stages = stages.into_iter().map(|(spec, runtimes)| {
            let kind = runtimes.map(|list| {
                assert_eq!(list.len(), times_of(&spec) as usize, "one time a task");
                times.extend(list);
            });
            (spec, kind)
        });
        let stages = stages.collect();
        let shape = self.shape(gang, stages);
        self.push_alike(label, submitted, shape, times);
    }

    /// Says what the tasks of the job added last used of the processors they had, on average, in
    /// millionths.
    pub fn measured(&mut self, used: Option<u32>) {
        if let Some(used) = used {
            let columns = Arc::make_mut(&mut self.0);
            columns.used.resize(columns.rows.len(), UNMEASURED);
            if let Some(last) = columns.used.last_mut() {
                *last = used;
            }
        }
    }
}

/// One job by itself.
#[derive(Clone, Debug)]
pub struct OneJob(Jobs);

impl OneJob {
    /// A job of these stages.
    ///
    /// # Panics
    /// When a stage has not one time a task.
    pub fn new(label: &str, submitted: Time, gang: bool, stages: Vec<Stage>) -> Self {
        let mut jobs = Jobs::default();
        jobs.push(label, submitted, gang, stages);
        Self(jobs)
    }

    /// The same job with what was measured of it, as [`Jobs::measured`] takes it.
    #[must_use]
    pub fn with_use(mut self, used: Option<u32>) -> Self {
        self.0.measured(used);
        self
    }

    /// The job under its number within the framework.
    pub fn numbered(&self, id: JobId) -> Job<'_> {
        Job {
            id,
            ..self.0.get(JobId(0))
        }
    }

    /// When it is submitted.
    pub fn submitted(&self) -> Time {
        self.0.submitted(JobId(0))
    }

    /// What its framework is told.
    pub fn spec(&self) -> &Arc<JobSpec> {
        self.0.spec(JobId(0))
    }
}

/// Jobs one by one, sorted by submission: they need not fit into memory together.
pub type JobStream<'a> = Box<dyn Iterator<Item = Result<OneJob, ReadError>> + 'a>;

impl PartialEq for Jobs {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().eq(other.iter())
            && self.feedback() == other.feedback()
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Jobs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.feedback() {
            None => serializer.collect_seq(self.iter()),
            Some(feedback) => {
                let jobs: Vec<_> = self.iter().collect();
                (jobs, feedback.as_ref()).serialize(serializer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fairground_policies::resources::Resources;

    use super::*;

    fn spans(secs: &[u64]) -> Vec<Span> {
        secs.iter().map(|secs| Span::from_secs(*secs)).collect()
    }

    fn map_reduce(times: &[u64]) -> Vec<Stage> {
        let map = StageSpec::new(Resources::cores(1, 1), 2);
        let reduce = StageSpec {
            parents: vec![0],
            ..StageSpec::new(Resources::cores(2, 1), 1)
        };
        let local = spans(&times[..2]);
        let (copy, work) = (spans(&times[2..3]), spans(&times[3..]));
        vec![
            (map, Runtimes::Plain { local, away: 1500 }),
            (reduce, Runtimes::Reduce { copy, work }),
        ]
    }

    #[test]
    fn what_is_put_in_comes_out() {
        let mut jobs = Jobs::default();
        let pushed = [("one", [1, 2, 3, 4]), ("", [5, 6, 7, 8]), ("three", [9; 4])];
        for (at, (label, times)) in (0..).zip(&pushed) {
            jobs.push(label, Time::from_secs(at), at == 1, map_reduce(times));
        }
        for (job, (label, times)) in jobs.iter().zip(&pushed) {
            assert_eq!(
                (job.label, job.submitted),
                (*label, Time::from_secs(job.id.0.into()))
            );
            assert_eq!(job.spec.gang, job.id.0 == 1);
            let owned = job
                .stages()
                .map(|(stage, runtimes)| (stage.clone(), runtimes.map(<[Span]>::to_vec)));
            assert_eq!(owned.collect::<Vec<_>>(), map_reduce(times));
        }
        assert_eq!(jobs.len(), 3);
    }

    #[test]
    fn jobs_that_are_alike_share_what_their_framework_is_told() {
        let mut jobs = Jobs::default();
        for (at, times) in [[1, 2, 3, 4], [5, 6, 7, 8]].iter().enumerate() {
            jobs.push("job", Time::from_secs(at as u64), false, map_reduce(times));
        }
        jobs.measured(Some(250_000));
        let before = jobs.clone();
        jobs.push("gang", Time::from_secs(2), true, map_reduce(&[0; 4]));
        let used: Vec<_> = jobs.iter().map(|job| job.used).collect();
        assert_eq!(used, [None, Some(250_000), None]);
        assert_eq!(before.len(), 2, "a clone does not see what is added later");
        let spec = |id| jobs.get(JobId(id)).spec;
        assert!(Arc::ptr_eq(spec(0), spec(1)));
        assert_ne!(spec(1), spec(2));
    }
}
