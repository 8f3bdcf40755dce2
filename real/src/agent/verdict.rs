//! How a task's end is told in the API's words.

use nix::sys::signal::Signal;

use crate::isolation::limits::Usage;
use crate::isolation::spec::{End, Exit};
use crate::protocol::{self, Source, TaskState};

/// What a status says beside whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Verdict {
    pub(super) state: TaskState,
    pub(super) source: Source,
    pub(super) reason: Option<&'static str>,
    pub(super) message: Option<String>,
    pub(super) usage: Option<protocol::Usage>,
}

impl Verdict {
    /// A state that needs no explanation.
    pub(super) const fn plain(state: TaskState) -> Self {
        let source = Source::Executor;
        Self {
            state,
            source,
            reason: None,
            message: None,
            usage: None,
        }
    }

    /// Something the agent itself saw or did.
    pub(super) fn agent(state: TaskState, reason: &'static str, message: &str) -> Self {
        let (reason, message) = (Some(reason), Some(message.to_owned()));
        Self {
            state,
            source: Source::Agent,
            reason,
            message,
            usage: None,
        }
    }

    /// Its end was ordered before it was started.
    pub(super) fn killed_during_launch() -> Self {
        let reason = "REASON_TASK_KILLED_DURING_LAUNCH";
        Self::agent(TaskState::Killed, reason, "Killed before it was started")
    }

    /// It could not be started.
    pub(super) fn not_started(message: &str) -> Self {
        Self::agent(TaskState::Failed, "REASON_CONTAINER_LAUNCH_FAILED", message)
    }

    /// What a supervisor wrote down.
    pub(super) fn of(exit: &Exit, mem_limit_mib: Option<u64>) -> Self {
        let mut verdict = Self::without_usage(exit, mem_limit_mib);
        verdict.usage = exit.usage.map(|usage| told(&usage));
        if exit.output_lost > 0 {
            let lost = format!(
                " ({} bytes of its output could not be written)",
                exit.output_lost
            );
            verdict.message.get_or_insert_default().push_str(&lost);
        }
        verdict
    }

    fn without_usage(exit: &Exit, mem_limit_mib: Option<u64>) -> Self {
        let executor = |state, reason| Self {
            state,
            source: Source::Executor,
            reason,
            message: Some(words(&exit.end)),
            usage: None,
        };
        if exit.killed {
            return executor(TaskState::Killed, None);
        }
        if exit.oom {
            let message = out_of_memory(exit, mem_limit_mib);
            let reason = "REASON_CONTAINER_LIMITATION_MEMORY";
            return Self::agent(TaskState::Failed, reason, &message);
        }
        if exit.timed_out {
            return executor(
                TaskState::Failed,
                Some("REASON_MAX_COMPLETION_TIME_REACHED"),
            );
        }
        match &exit.end {
            End::Exited(0) => executor(TaskState::Finished, None),
            End::Exited(_) | End::Signaled(_) => {
                executor(TaskState::Failed, Some("REASON_COMMAND_EXECUTOR_FAILED"))
            }
            End::NotStarted(why) => Self::not_started(&format!("Failed to launch: {why}")),
            End::Destroyed => Self::agent(
                TaskState::Failed,
                "REASON_EXECUTOR_TERMINATED",
                "The container was destroyed by somebody else",
            ),
        }
    }
}

fn words(end: &End) -> String {
    match end {
        End::Exited(status) => format!("Command exited with status {status}"),
        End::Signaled(number) => {
            let name = Signal::try_from(*number).map_or("unknown", Signal::as_str);
            format!("Command terminated with signal {number} ({name})")
        }
        End::NotStarted(why) => format!("Command was not started: {why}"),
        End::Destroyed => "Command was killed with its container".into(),
    }
}

fn out_of_memory(exit: &Exit, mem_limit_mib: Option<u64>) -> String {
    let requested = mem_limit_mib.map_or("no limit".into(), |mib| format!("{mib}MB"));
    let peak = exit.usage.and_then(|usage| usage.mem_peak_bytes);
    let peak = peak.map_or("unknown".into(), |bytes| format!("{}MB", bytes >> 20));
    let mut words = format!("Memory limit exceeded: Requested: {requested} Maximum Used: {peak}");
    if let Some(memory) = &exit.memory {
        words.push_str("\n\nMEMORY STATISTICS: \n");
        words.push_str(memory);
    }
    words
}

fn told(usage: &Usage) -> protocol::Usage {
    protocol::Usage {
        cpu_micros: usage.cpu_us,
        throttled_micros: usage.throttled_us,
        mem_peak_bytes: usage.mem_peak_bytes.unwrap_or(usage.mem_bytes),
        oom_kills: usage.oom_kills,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(end: End) -> Exit {
        Exit {
            end,
            oom: false,
            memory: None,
            killed: false,
            timed_out: false,
            usage: None,
            output_lost: 0,
            left: None,
        }
    }

    fn check(exit: &Exit, state: TaskState, reason: Option<&str>, message: &str) {
        let verdict = Verdict::of(exit, Some(64));
        assert_eq!((verdict.state, verdict.reason), (state, reason), "{exit:?}");
        assert_eq!(verdict.message.as_deref(), Some(message));
    }

    #[test]
    fn ends_in_the_apis_words() {
        use TaskState::{Failed, Finished, Killed};
        check(
            &exit(End::Exited(0)),
            Finished,
            None,
            "Command exited with status 0",
        );
        let failed = Some("REASON_COMMAND_EXECUTOR_FAILED");
        check(
            &exit(End::Exited(3)),
            Failed,
            failed,
            "Command exited with status 3",
        );
        let signal = "Command terminated with signal 9 (SIGKILL)";
        check(&exit(End::Signaled(9)), Failed, failed, signal);
        // Ordered to end, it was killed, whatever it said at last.
        let killed = |end| Exit {
            killed: true,
            ..exit(end)
        };
        check(
            &killed(End::Exited(0)),
            Killed,
            None,
            "Command exited with status 0",
        );
        check(
            &killed(End::Destroyed),
            Killed,
            None,
            "Command was killed with its container",
        );
        let late = Exit {
            timed_out: true,
            ..exit(End::Signaled(15))
        };
        let reason = Some("REASON_MAX_COMPLETION_TIME_REACHED");
        check(
            &late,
            Failed,
            reason,
            "Command terminated with signal 15 (SIGTERM)",
        );
        let absent = exit(End::NotStarted("no such file".into()));
        let reason = Some("REASON_CONTAINER_LAUNCH_FAILED");
        check(&absent, Failed, reason, "Failed to launch: no such file");
    }

    #[test]
    fn memory_is_named_with_what_was_asked_and_used() {
        let usage = Usage {
            mem_peak_bytes: Some(64 << 20),
            oom_kills: 1,
            ..Usage::default()
        };
        let exit = Exit {
            oom: true,
            memory: Some("rss 67108864\n".into()),
            usage: Some(usage),
            ..exit(End::Signaled(9))
        };
        let verdict = Verdict::of(&exit, Some(64));
        assert_eq!(verdict.reason, Some("REASON_CONTAINER_LIMITATION_MEMORY"));
        let message = "Memory limit exceeded: Requested: 64MB Maximum Used: 64MB\n\n\
                       MEMORY STATISTICS: \nrss 67108864\n";
        assert_eq!(verdict.message.as_deref(), Some(message));
        assert_eq!(verdict.usage.unwrap().oom_kills, 1);
    }
}
