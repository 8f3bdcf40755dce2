//! Collecting jobs: numbers them and keeps what every job must have.

use fairground_policies::time::Time;

use crate::error::ReadError;
use crate::trace;
pub use crate::trace::Stage;

/// More tasks than this in one stage are taken for a mistake.
pub const MOST_TASKS: u32 = 10_000_000;

/// More tasks than this in one workload are taken for a mistake in the recipe.
pub const MOST_TASKS_IN_ALL: u64 = 50_000_000;

/// Jobs in order of submission.
#[derive(Default)]
pub struct Jobs {
    jobs: trace::Jobs,
    tasks: u64,
}

impl Jobs {
    /// Adds a job submitted not before the one added last.
    ///
    /// # Errors
    /// When there are more tasks than [`MOST_TASKS_IN_ALL`].
    pub fn push(
        &mut self,
        label: &str,
        submitted: Time,
        gang: bool,
        stages: Vec<Stage>,
    ) -> Result<(), ReadError> {
        let tasks = stages.iter().map(|(stage, _)| u64::from(stage.tasks));
        self.tasks += tasks.sum::<u64>();
        if self.tasks > MOST_TASKS_IN_ALL {
            let expected = format!("at most {MOST_TASKS_IN_ALL} tasks");
            let error = ReadError::expected(expected, "more");
            return Err(error.hint("shorten the horizon, limit the jobs or make them smaller"));
        }
        self.jobs.push(label, submitted, gang, stages);
        Ok(())
    }

    /// What was measured of the job added last.
    pub fn measured(&mut self, used: Option<u32>) {
        self.jobs.measured(used);
    }

    /// All that were added.
    pub fn finish(self) -> trace::Jobs {
        self.jobs
    }
}

/// So many tasks, as long as that is a sane number for one stage.
///
/// # Errors
/// When there are more than [`MOST_TASKS`].
pub fn task_count(tasks: u64) -> Result<u32, ReadError> {
    match u32::try_from(tasks) {
        Ok(tasks) if tasks <= MOST_TASKS => Ok(tasks),
        _ => {
            let expected = format!("at most {MOST_TASKS} tasks in a stage");
            Err(ReadError::expected(expected, tasks))
        }
    }
}
