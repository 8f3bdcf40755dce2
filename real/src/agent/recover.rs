//! Taking over from the agent that was here before.

use std::collections::BTreeSet;

use fairground_workloads::say;

use super::checkpoint::{News, Taken};
use super::runner::Agent;
use super::task::{Task, may_run};
use super::verdict::Verdict;
use super::watch::watch;
use crate::isolation::process::boot;
use crate::isolation::spec::{Claim, Exit};
use crate::isolation::{Result, container, store};
use crate::protocol::TaskState;

impl Agent {
    /// Finds every task that was taken in, goes on with those that run, settles the others, and
    /// destroys what belongs to no task.
    pub(super) fn recover(&mut self) -> Result<()> {
        for (taken, news) in self.work.tasks()? {
            self.take_over(taken, news)?;
        }
        self.destroy_orphans()
    }

    fn take_over(&mut self, taken: Taken, news: News) -> Result<()> {
        let files = self.work.container(&taken.container);
        let task = Task::new(taken, news);
        if task.is_over() {
            return self.work.forget(&task.taken);
        }
        let key = task.key();
        let running = may_run(task.news.state);
        self.tasks.insert(key.clone(), task);
        if !running {
            return Ok(());
        }
        if store::read::<Exit>(&files.exit())?.is_some() {
            return self.ended(&key);
        }
        match container::give_up(&files)? {
            Claim::GivenUp => {
                let why = "The agent was restarted before the task was";
                self.tell(
                    &key,
                    Verdict::agent(TaskState::Lost, "REASON_AGENT_RESTARTED", why),
                )
            }
            Claim::Supervisor(process) => match process.open()? {
                Some(pidfd) => watch(key, files, Some(pidfd), None, &self.inbox),
                None if process.boot == boot()? => self.ended(&key),
                None => {
                    let why = "The machine was restarted";
                    let reason = "REASON_AGENT_RESTARTED";
                    self.tell(&key, Verdict::agent(TaskState::Lost, reason, why))
                }
            },
        }
    }

    /// Control groups of ours that no running task has: of tasks forgotten halfway, or left
    /// behind by a supervisor that was killed.
    fn destroy_orphans(&self) -> Result<()> {
        let Some(cgroups) = &self.cgroups else {
            return Ok(());
        };
        let running = self.tasks.values().filter(|task| may_run(task.news.state));
        let ours: BTreeSet<&str> = running.map(|task| task.taken.container.as_str()).collect();
        for name in cgroups.names()? {
            if !ours.contains(name.as_str()) {
                say!("destroying the orphaned control group {name}");
                if let Err(error) = cgroups.group(&name)?.destroy() {
                    // The next agent tries again; the cluster should not lose this one for it.
                    say!("{error}");
                }
            }
        }
        Ok(())
    }
}
