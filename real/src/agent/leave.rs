//! Leaving for good: nothing of any task stays.

use std::time::{Duration, Instant};

use fairground_workloads::say;

use super::runner::Agent;
use super::task::may_run;
use crate::isolation::Result;

/// For how long an agent that leaves waits for its last statuses to be acknowledged.
const FAREWELL: Duration = Duration::from_secs(5);

impl Agent {
    /// An agent that has no tasks leaves no control groups; those of tasks keep the ones above them.
    pub(super) fn leave_groups(&self) {
        if let Some(cgroups) = &self.cgroups {
            let _ = cgroups.remove();
        }
    }

    /// Orders every task to end; the agent leaves when they have.
    pub(super) fn leave_nothing(&mut self) -> Result<()> {
        say!("ending {} tasks", self.tasks.len());
        self.leaving.get_or_insert_with(Instant::now);
        for key in self.tasks.keys().cloned().collect::<Vec<_>>() {
            self.kill_task(&key, None)?;
        }
        Ok(())
    }

    /// Whether it was to leave and nothing keeps it any more.
    pub(super) fn has_left(&mut self) -> Result<bool> {
        let Some(since) = self.leaving else {
            return Ok(false);
        };
        if self.tasks.values().any(|task| may_run(task.news.state)) {
            // The farewell begins when the last of them has ended.
            self.leaving = Some(Instant::now());
            return Ok(false);
        }
        // The master may be gone too: then nobody is left to acknowledge anything.
        let told = self.tasks.is_empty() || since.elapsed() > FAREWELL;
        if told && let Some(cgroups) = &self.cgroups {
            cgroups.remove()?;
        }
        Ok(told)
    }
}
