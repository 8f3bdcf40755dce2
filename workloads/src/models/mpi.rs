//! Synthetic MPI: rigid jobs whose tasks start together and take equally long.
//!
//! The defaults are near the Torque jobs of the Mesos paper (Hindman et al., NSDI 2011, section
//! 6.1): 24 tasks each, the small ones about 260 s alone.

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::arrivals::{Arrivals, Day, assumption, told};
use crate::models::jobs::{Jobs, task_count};
use crate::models::parts::{range, some};
use crate::spec::Context;
use crate::trace::{Runtimes, Work, Workload};
use crate::units::{self, Thousandths};

/// Parameters of synthetic MPI jobs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MpiSpec {
    /// The mean time between two submissions.
    pub gap: Span,
    /// At most so many jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
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
            gap: Span::from_secs(200),
            jobs: None,
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
        let most = task_count(u64::from(self.tasks[1]));
        most.map(|_| ())
            .map_err(|error| error.place("parameter `tasks`"))
    }

    pub(crate) fn build(&self, context: &Context<'_>) -> Result<Workload, ReadError> {
        let arrivals = context.stream("arrivals");
        let arrivals = Arrivals::new(arrivals, self.gap, Day::FLAT, context.horizon, self.jobs)?;
        let mut sizes = context.stream("sizes");
        let mut durations = context.stream("durations");
        let needs = Resources::new(self.cpus, self.mem);
        let [least, most] = self.tasks.map(u64::from);
        let mut jobs = Jobs::default();
        for submitted in arrivals {
            let tasks = sizes.between(least, most) as u32;
            let run = durations.log_normal(self.run, self.spread);
            let runtimes = Runtimes::Plain {
                local: vec![run; tasks as usize],
                away: 1000,
            };
            let label = format!("mpi-{tasks}");
            let stage = StageSpec::new(needs, tasks);
            jobs.push(&label, submitted, true, vec![(stage, runtimes)])?;
        }
        let spread = Thousandths(u64::from(self.spread));
        let sizes = format!("{least} to {most} tasks, uniform, all at once or not at all");
        let times = format!(
            "log-normal, median {}, spread {spread}, all tasks of a job alike",
            self.run
        );
        Ok(Workload {
            work: Work::Batch(jobs.finish()),
            assumptions: vec![
                told(self.gap, Day::FLAT, self.jobs),
                assumption("job sizes", sizes),
                assumption("task durations", times),
            ],
            inputs: Vec::new(),
        })
    }
}
