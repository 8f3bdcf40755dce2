//! What is being taken back, and for whom.
//!
//! Whoever loses a task loses it for somebody: what it frees is kept for that one until it is offered it,
//! and whether a task then starts on it is counted.

use super::{Givers, Ledger};
use crate::message::{AgentId, FrameworkId, TaskId};
use crate::resources::Resources;
use crate::time::Time;

/// A task that runs, as policies see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaunchedTask {
    /// Whose it is.
    pub framework: FrameworkId,
    /// Which one.
    pub task: TaskId,
    /// What it takes of the agent; of a gang, what its units there take.
    pub needs: Resources,
    /// When it was launched.
    pub since: Time,
    /// Whether it is being taken back.
    pub ending: bool,
}

/// How many were taken back, and what for.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Preemptions {
    /// Times that something was taken back.
    pub made: u64,
    /// Tasks that were ordered to end for somebody else.
    pub victims: u64,
    /// Times that a task was launched on what they left.
    pub served: u64,
    /// Times that none was: whom it was for had gone, or wanted it no more.
    pub in_vain: u64,
}

/// What of an agent is kept for somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Earmark {
    /// Where.
    pub agent: AgentId,
    /// For whom.
    pub framework: FrameworkId,
    /// How much.
    pub needs: Resources,
}

/// What policies read.
impl Ledger {
    /// The tasks that run on `agent`, in no order that means anything.
    pub fn started(&self, agent: AgentId) -> impl Iterator<Item = LaunchedTask> {
        let entry = self.agents.get(agent.index());
        let tasks = entry.into_iter().flat_map(|entry| &entry.tasks);
        tasks.filter_map(move |(framework, task)| self.started_task(*framework, *task, agent))
    }

    /// A task that runs on `agent`, perhaps among others.
    pub fn started_task(
        &self,
        framework: FrameworkId,
        task: TaskId,
        agent: AgentId,
    ) -> Option<LaunchedTask> {
        let entry = self.entry(framework)?.tasks.get(task.0)?;
        let needs = if entry.agent == agent {
            entry.needs
        } else {
            self.held_on(framework, task, agent)?
        };
        Some(LaunchedTask {
            framework,
            task,
            needs,
            since: entry.since,
            ending: entry.ending,
        })
    }

    /// What of `agent` is kept for somebody: it is being taken back, or was and is not offered yet.
    pub fn earmarked(&self, agent: AgentId) -> Resources {
        let mine = self.earmarks.iter().filter(|one| one.agent == agent);
        mine.map(|one| one.needs).sum()
    }

    /// What of `agent` is free and kept for nobody.
    pub fn unkept(&self, agent: AgentId) -> Resources {
        let free = self.free(agent);
        if self.earmarks.is_empty() {
            return free;
        }
        free.saturating_sub(self.earmarked(agent))
    }

    /// What nobody holds and nothing is kept of, of all that is for anybody.
    pub fn shared_unkept(&self) -> Resources {
        let mut shared = self.shared_free();
        for (i, one) in self.earmarks.iter().enumerate() {
            let seen = self.earmarks[..i]
                .iter()
                .any(|other| other.agent == one.agent);
            if !seen {
                // More may be kept of an agent than is free there: others still run on it.
                let free = self.agents[one.agent.index()].free_for_anybody();
                shared -= free.min(self.earmarked(one.agent));
            }
        }
        shared
    }

    /// What is being taken back, and for whom, the oldest first.
    pub fn earmarks(&self) -> &[Earmark] {
        &self.earmarks
    }

    /// How many were taken back, and what for.
    pub const fn preemptions(&self) -> Preemptions {
        self.preemptions
    }
}

/// What the master writes.
impl Ledger {
    /// Keeps what `victims` leave on an agent for somebody.
    pub(crate) fn earmark(&mut self, earmark: Earmark, victims: &[(FrameworkId, TaskId)]) {
        for (framework, task) in victims {
            let tasks = &mut self.frameworks[framework.index()].tasks;
            tasks.get_mut(task.0).expect("a task that runs").ending = true;
        }
        let givers = self.givers(earmark.framework, victims);
        self.room_made.earmarks.push(givers);
        self.preemptions.made += 1;
        self.preemptions.victims += victims.len() as u64;
        self.earmarks.push(earmark);
    }

    /// The earmark at a position is no more, with whom its room is from: it is offered, or for nobody.
    pub(crate) fn take_earmark(&mut self, position: usize) -> (Earmark, Givers) {
        let givers = self.room_made.earmarks.remove(position);
        (self.earmarks.remove(position), givers)
    }

    /// What was taken back for somebody was of use, or not.
    pub(crate) fn count_reclaimed(&mut self, framework: FrameworkId, served: bool) {
        if served {
            self.preemptions.served += 1;
        } else {
            self.preemptions.in_vain += 1;
            self.frameworks[framework.index()].wasted = true;
        }
    }

    /// Whether others made room for `framework` in vain since it said what it wants: nobody does so again
    /// before it says it anew, or whoever declines for ever would end everybody's tasks.
    pub(crate) fn has_wasted(&self, framework: FrameworkId) -> bool {
        self.entry(framework).is_some_and(|entry| entry.wasted)
    }
}

/// The laws.
impl Ledger {
    /// Whatever was taken back is kept, offered, of use or in vain.
    pub(super) fn check_preemptions(&self) {
        let Preemptions {
            made,
            served,
            in_vain,
            ..
        } = self.preemptions;
        let offered = self
            .offers
            .iter()
            .filter(|(_, open)| open.reclaimed)
            .count();
        let pending = (self.earmarks.len() + offered) as u64;
        assert_eq!(
            made,
            served + in_vain + pending,
            "what became of what was taken back"
        );
        self.check_givers();
        for earmark in &self.earmarks {
            assert!(
                self.is_present(earmark.agent),
                "kept on an agent that is gone"
            );
        }
    }
}
