//! One task as its agent knows it.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use tokio::task::AbortHandle;
use uuid::Uuid;

use super::checkpoint::{News, Taken};
use super::verdict::Verdict;
use crate::isolation::privileges::User;
use crate::protocol::{Container, KnownTask, RunTask, StatusUpdate, TaskState};

/// The longest wait between two sendings of a status.
const LONGEST_RETRY: Duration = Duration::from_mins(10);

/// A launch of a task, for ever.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key {
    pub(super) framework: String,
    pub(super) task: String,
    pub(super) launch: String,
}

impl Key {
    pub(super) fn of(run: &RunTask) -> Self {
        Self {
            framework: run.framework_id.clone(),
            task: run.task_id.clone(),
            launch: run.launch.clone(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} of {}", self.task, self.framework)
    }
}

#[derive(Debug)]
pub(super) struct Task {
    pub(super) taken: Taken,
    pub(super) news: News,
    /// Who it runs as, once it has a sandbox.
    pub(super) user: Option<User>,
    /// The container's init, once it runs.
    pub(super) init: Option<i32>,
    /// What still brings things into its sandbox.
    pub(super) fetching: Option<AbortHandle>,
    /// When the oldest unacknowledged status is sent again, and how long that wait was.
    retry: Option<(Instant, Duration)>,
}

impl Task {
    pub(super) fn new(taken: Taken, news: News) -> Self {
        Self {
            taken,
            news,
            user: None,
            init: None,
            fetching: None,
            retry: None,
        }
    }

    pub(super) fn key(&self) -> Key {
        Key::of(&self.taken.run)
    }

    pub(super) fn known(&self) -> KnownTask {
        let key = self.key();
        KnownTask {
            framework_id: key.framework,
            task_id: key.task,
            launch: key.launch,
            state: self.news.state,
        }
    }

    /// Adds what happened to what the master is to be told.
    pub(super) fn add(&mut self, verdict: Verdict) {
        self.news.state = verdict.state;
        let container = Container {
            container_id: self.taken.container.clone(),
            pid: self.init.map(i32::cast_unsigned),
        };
        let mut status = status(self.key(), verdict);
        status.container = Some(container);
        self.news.unacknowledged.push_back(status);
    }

    /// Takes an acknowledgement; `false` for one of another status, which is late or wrong.
    pub(super) fn acknowledge(&mut self, uuid: Uuid) -> bool {
        let awaited = self
            .news
            .unacknowledged
            .front()
            .is_some_and(|front| front.uuid == uuid);
        if awaited {
            self.news.unacknowledged.pop_front();
            self.retry = None;
        }
        awaited
    }

    /// Whether the master knows all there will ever be to know.
    pub(super) fn is_over(&self) -> bool {
        self.news.state.is_terminal() && self.news.unacknowledged.is_empty()
    }

    /// The status that is to be sent now, if its time has come. It counts as sent.
    pub(super) fn due(&mut self, now: Instant, first_wait: Duration) -> Option<StatusUpdate> {
        let front = self.news.unacknowledged.front()?;
        let wait = match self.retry {
            None => first_wait,
            Some((at, wait)) if at <= now => (wait * 2).min(LONGEST_RETRY),
            Some(_) => return None,
        };
        self.retry = Some((now + wait, wait));
        Some(front.clone())
    }

    /// A new connection: whatever was sent on the old one may be lost.
    pub(super) fn forget_sending(&mut self) {
        self.retry = None;
    }
}

/// A status with a new name.
pub(super) fn status(key: Key, verdict: Verdict) -> StatusUpdate {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    StatusUpdate {
        uuid: Uuid::new_v4(),
        framework_id: key.framework,
        task_id: key.task,
        launch: key.launch,
        state: verdict.state,
        source: verdict.source,
        reason: verdict.reason.map(String::from),
        message: verdict.message,
        unix_micros: now.as_micros() as u64,
        container: None,
        usage: verdict.usage,
    }
}

/// Whether a task in this state may still run.
pub(super) const fn may_run(state: TaskState) -> bool {
    !state.is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        Task::new(
            Taken {
                run: RunTask::default(),
                container: "c".into(),
            },
            News::default(),
        )
    }

    const WAIT: Duration = Duration::from_secs(10);

    #[test]
    fn statuses_go_one_after_another_each_until_it_is_acknowledged() {
        let mut task = task();
        let now = Instant::now();
        assert_eq!(task.due(now, WAIT), None);
        task.add(Verdict::plain(TaskState::Running));
        task.add(Verdict::plain(TaskState::Finished));
        let first = task.due(now, WAIT).unwrap();
        assert_eq!(first.state, TaskState::Running);
        assert_eq!(task.due(now, WAIT), None, "it was only just sent");
        assert_eq!(
            task.due(now + WAIT, WAIT),
            Some(first.clone()),
            "the same one, same uuid"
        );
        assert_eq!(task.due(now + WAIT * 2, WAIT), None, "the wait is doubled");
        assert_eq!(task.due(now + WAIT * 3, WAIT), Some(first.clone()));
        assert!(!task.acknowledge(Uuid::new_v4()));
        assert!(task.acknowledge(first.uuid) && !task.acknowledge(first.uuid));
        let second = task.due(now, WAIT).unwrap();
        assert_eq!(second.state, TaskState::Finished);
        assert!(!task.is_over());
        assert!(task.acknowledge(second.uuid));
        assert!(task.is_over());
    }

    #[test]
    fn waits_do_not_grow_for_ever() {
        let mut task = task();
        task.add(Verdict::plain(TaskState::Running));
        let mut now = Instant::now();
        for _ in 0..20 {
            assert!(task.due(now, WAIT).is_some());
            now += LONGEST_RETRY;
        }
        task.forget_sending();
        assert!(
            task.due(now, WAIT).is_some(),
            "a new connection is tried at once"
        );
    }
}
