//! Synthetic MPI: rigid jobs whose tasks start together and take equally long.
//!
//! The defaults are near the Torque jobs of the Mesos paper (Hindman et al., NSDI 2011, section
//! 6.1): 24 tasks each, the small ones about 260 s alone.

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::arrivals::{Day, assumption};
use crate::models::jobs::task_count;
use crate::models::parts::{range, some};
use crate::models::submissions::{ClosedSpec, Draft, Submissions};
use crate::spec::{Source, SpecContext};
use crate::trace::{Runtimes, Work, Workload};
use crate::units::{self, Thousandths};

/// The mean time between two submissions of which nothing else is said.
pub(crate) const GAP: Span = Span::from_secs(200);

/// Parameters of synthetic MPI jobs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MpiSpec {
    /// The mean time between two submissions; 200 s if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Span>,
    /// At most so many jobs; of a closed workload, so many of each user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// Users who wait for their last job, in place of `gap`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedSpec>,
    /// The fewest and the most tasks of a job, drawn uniformly.
    pub tasks: [u32; 2],
    /// Cores of a task.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Memory of a task.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// The median run time of a job.
    pub run: Span,
    /// How uneven jobs are: the standard deviation of the logarithm of their run times.
    #[serde(with = "units::decimal")]
    pub spread: u32,
}

impl Default for MpiSpec {
    fn default() -> Self {
        Self {
            gap: None,
            jobs: None,
            closed: None,
            tasks: [24, 24],
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
            run: Span::from_secs(260),
            spread: 500,
        }
    }
}

impl MpiSpec {
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        some(Resources::new(self.cpus, self.mem), "cpus")?;
        range(self.tasks, "tasks")?;
        self.submissions().check()?;
        let most = task_count(u64::from(self.tasks[1]));
        most.map(|_| ())
            .map_err(|error| error.place("parameter `tasks`"))
    }

    const fn submissions(&self) -> Submissions {
        Submissions {
            gap: self.gap,
            day: None,
            usual: (GAP, Day::FLAT),
            jobs: self.jobs,
            closed: self.closed,
        }
    }
}

impl Source for MpiSpec {
    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let mut sizes = context.stream("sizes");
        let mut durations = context.stream("durations");
        let needs = Resources::new(self.cpus, self.mem);
        let [least, most] = self.tasks.map(u64::from);
        let submissions = self.submissions();
        let jobs = submissions.collect(context, || {
            let tasks = sizes.between(least, most) as u32;
            let run = durations.log_normal(self.run, self.spread);
            let runtimes = Runtimes::Plain {
                local: vec![run],
                away: 1000,
            };
            let stage = StageSpec {
                rigid: true,
                ..StageSpec::new(needs, tasks)
            };
            Some(Draft {
                label: format!("mpi-{tasks}"),
                gang: true,
                stages: vec![(stage, runtimes)],
            })
        })?;
        let spread = Thousandths(u64::from(self.spread));
        let sizes = format!("{least} to {most} tasks, uniform, all at once or not at all");
        let times = format!(
            "log-normal, median {}, spread {spread}, all tasks of a job alike",
            self.run
        );
        Ok(Workload {
            work: Work::Batch(jobs),
            assumptions: vec![
                submissions.told(),
                assumption("job sizes", sizes),
                assumption("task durations", times),
            ],
            inputs: Vec::new(),
        })
    }
}
