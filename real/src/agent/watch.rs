//! Waiting for what a supervisor does, whoever started it.

use std::os::fd::OwnedFd;
use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use super::runner::Input;
use super::task::Key;
use crate::isolation::spec::{Files, Started};
use crate::isolation::{IsolationError, Result, store};

/// How often a container that is being started is looked at.
const STARTING: Duration = Duration::from_millis(10);

/// What a supervisor did.
pub(super) enum Watched {
    /// It started the task; the container's init is this process.
    Started(i32),
    /// It ended, and with it the container.
    Ended,
}

/// Reports on a supervisor until it has ended: `pidfd` of one that was found running, or `child`
/// of one that was just started.
pub(super) fn watch(
    key: Key,
    files: Files,
    pidfd: Option<OwnedFd>,
    child: Option<Child>,
    inbox: &mpsc::UnboundedSender<Input>,
) -> Result<()> {
    let call = |what| move |source| IsolationError::Call { what, source };
    let pidfd = match (pidfd, &child) {
        (Some(pidfd), _) => pidfd,
        // It is not waited for before this, so its number is its own.
        (None, Some(child)) => pidfd_open(Pid::from_child(child), PidfdFlags::NONBLOCK)
            .map_err(|errno| call("open a supervisor's pidfd")(errno.into()))?,
        (None, None) => return Ok(()),
    };
    #[expect(
        deprecated,
        reason = "the new way is unsafe for descriptors that may be closed meanwhile; this owns it"
    )]
    let pidfd = AsyncFd::with_interest(pidfd, Interest::READABLE);
    let pidfd = pidfd.map_err(call("wait for a supervisor"))?;
    let inbox = inbox.clone();
    tokio::spawn(async move {
        let started = tokio::select! {
            biased;
            started = started(&files) => Some(started),
            _ = pidfd.readable() => store::read::<Started>(&files.started()).ok().flatten(),
        };
        // Nobody listens when the agent ends: the next one finds the files.
        if let Some(started) = started {
            let _ = inbox.send(Input::Watched(key.clone(), Watched::Started(started.init)));
        }
        let _ = pidfd.readable().await;
        if let Some(mut child) = child {
            // It has ended, so this does not block; without it there would be a zombie.
            let _ = child.wait();
        }
        let _ = inbox.send(Input::Watched(key, Watched::Ended));
    });
    Ok(())
}

async fn started(files: &Files) -> Started {
    loop {
        if let Ok(Some(started)) = store::read(&files.started()) {
            return started;
        }
        tokio::time::sleep(STARTING).await;
    }
}
