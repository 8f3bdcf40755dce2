//! Synthetic Spark: jobs of a few stages in executors that are slow while they are cold.
//!
//! A job is a chain of stages, some of which also wait for an earlier one (a join). A task takes
//! its time on a warm executor; the first of its stage there takes `first` times as long, and the
//! first on a new executor `fresh` on top, for the start of the JVM. The defaults are near the
//! TPC-H measurements of Mao et al., SIGCOMM 2019 (see the `tpch` kind for the real ones).

use fairground_policies::job::StageSpec;
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::arrivals::{Day, assumption};
use crate::models::jobs::{Stage, task_count};
use crate::models::parts::{ExecutorSpec, at_least_one, range, share};
use crate::models::submissions::{ClosedSpec, Draft, Submissions};
use crate::rng::Stream;
use crate::spec::{Source, SpecContext};
use crate::trace::{Assumption, Runtimes, Workload};
use crate::units::{self, Thousandths};

/// More stages than this are taken for a mistake.
const MOST_STAGES: u32 = 1_000;

/// The mean time between two submissions of which nothing else is said.
pub(crate) const GAP: Span = Span::from_secs(25);

/// Parameters of synthetic Spark jobs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SparkSpec {
    /// The mean time between two submissions; 25 s if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Span>,
    /// At most so many jobs; of a closed workload, so many of each user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// Users who wait for their last job, in place of `gap` and `day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedSpec>,
    /// The fewest and the most stages of a job, drawn uniformly.
    pub stages: [u32; 2],
    /// The fewest and the most tasks of a stage, drawn log-uniformly.
    pub tasks: [u32; 2],
    /// How often a stage waits for a second, earlier one, too.
    #[serde(with = "units::decimal")]
    pub joins: u32,
    /// The median over stages of the time of a task on a warm executor.
    pub task: Span,
    /// How uneven stages are: the standard deviation of the logarithm of their typical times.
    #[serde(with = "units::decimal")]
    pub stage_spread: u32,
    /// How uneven the tasks of one stage are, likewise.
    #[serde(with = "units::decimal")]
    pub spread: u32,
    /// How many times longer the first task of a stage takes on an executor.
    #[serde(with = "units::decimal")]
    pub first: u32,
    /// How much longer the first task of a new executor takes.
    pub fresh: Span,
    /// The executors.
    pub executors: ExecutorSpec,
    /// The daily pattern of submissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
}

impl Default for SparkSpec {
    fn default() -> Self {
        Self {
            gap: None,
            jobs: None,
            closed: None,
            stages: [2, 8],
            tasks: [4, 200],
            joins: 300,
            task: Span::from_millis(1500),
            stage_spread: 800,
            spread: 300,
            first: 1500,
            fresh: Span::from_secs(2),
            executors: ExecutorSpec::default(),
            day: None,
        }
    }
}

/// One stream a purpose.
struct Streams {
    shapes: Stream,
    sizes: Stream,
    durations: Stream,
}

impl SparkSpec {
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        range(self.stages, "stages")?;
        range(self.tasks, "tasks")?;
        share(self.joins, "joins")?;
        at_least_one(self.first, "first")?;
        task_count(u64::from(self.tasks[1])).map_err(|error| error.place("parameter `tasks`"))?;
        if self.stages[1] > MOST_STAGES {
            let error = ReadError::expected(format!("at most {MOST_STAGES}"), self.stages[1]);
            return Err(error.place("parameter `stages`"));
        }
        self.executors.check()?;
        self.submissions().check()
    }

    const fn submissions(&self) -> Submissions {
        Submissions {
            gap: self.gap,
            day: self.day,
            usual: (GAP, Day::TYPICAL),
            jobs: self.jobs,
            closed: self.closed,
        }
    }

    fn stage(&self, position: u32, streams: &mut Streams) -> Stage {
        let [least, most] = self.tasks.map(u64::from);
        let tasks = streams.sizes.log_between(least, most) as u32;
        let mut stage = StageSpec::new(self.executors.needs(), tasks);
        stage.parents = position.checked_sub(1).into_iter().collect();
        if streams.shapes.chance(self.joins) && position > 1 {
            let earlier = streams.shapes.below(u64::from(position) - 1) as u32;
            stage.parents.insert(0, earlier);
        }
        let typical = streams.durations.log_normal(self.task, self.stage_spread);
        let (mut fresh, mut first, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..tasks {
            let warm = streams.durations.log_normal(typical, self.spread);
            let cold = warm.scaled(u64::from(self.first), 1000);
            rest.push(warm);
            first.push(cold);
            fresh.push(cold + self.fresh);
        }
        (stage, Runtimes::Waves { fresh, first, rest })
    }

    fn assumptions(&self) -> Vec<Assumption> {
        let decimal = |thousandths: u32| Thousandths(u64::from(thousandths));
        let ([few, many], [least, most]) = (self.stages, self.tasks);
        let shapes = format!(
            "{few} to {many} stages in a chain, {} of them joined to an earlier one; {least} to \
             {most} tasks a stage, log-uniform",
            decimal(self.joins)
        );
        let times = format!(
            "log-normal, median {}, spread {} between and {} within stages; first of a stage on \
             an executor times {}, first of an executor plus {}",
            self.task,
            decimal(self.stage_spread),
            decimal(self.spread),
            decimal(self.first),
            self.fresh
        );
        vec![
            self.submissions().told(),
            assumption("job shapes", shapes),
            assumption("task durations", times),
            self.executors.told(),
        ]
    }
}

impl Source for SparkSpec {
    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let mut streams = Streams {
            shapes: context.stream("shapes"),
            sizes: context.stream("sizes"),
            durations: context.stream("durations"),
        };
        let jobs = self.submissions().collect(context, || {
            let [least, most] = self.stages.map(u64::from);
            let stages = streams.shapes.between(least, most) as u32;
            let stages: Vec<Stage> = (0..stages)
                .map(|position| self.stage(position, &mut streams))
                .collect();
            Some(Draft {
                label: format!("spark-{}", stages.len()),
                gang: false,
                stages,
            })
        })?;
        Ok(Workload {
            work: self.executors.work(jobs),
            assumptions: self.assumptions(),
            inputs: Vec::new(),
        })
    }
}
