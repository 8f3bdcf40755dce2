//! Naming a process so that another one with its number is not taken for it.

use std::fs;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};

use super::error::{IsolationError, Result};

/// A process of this machine, for ever.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Process {
    /// Its number, which may be given to another one later.
    pub pid: i32,
    /// When it started, in the kernel's ticks since the machine did.
    pub start: u64,
    /// Which run of the machine that was.
    pub boot: String,
}

impl Process {
    /// The calling process.
    ///
    /// # Errors
    /// When `/proc` does not tell.
    pub fn myself() -> Result<Self> {
        let pid = std::process::id().cast_signed();
        let start = start_of(pid).ok_or(IsolationError::Call {
            what: "find the start of this process in /proc",
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        Ok(Self {
            pid,
            start,
            boot: boot()?,
        })
    }

    /// A descriptor that becomes readable when the process ends; `None` when it has ended.
    ///
    /// # Errors
    /// When the kernel refuses for another reason.
    pub fn open(&self) -> Result<Option<OwnedFd>> {
        if boot()? != self.boot {
            return Ok(None);
        }
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Ok(None);
        };
        let pidfd = match pidfd_open(pid, PidfdFlags::NONBLOCK) {
            Ok(pidfd) => pidfd,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(errno) => {
                return Err(IsolationError::Call {
                    what: "open a supervisor's pidfd",
                    source: errno.into(),
                });
            }
        };
        // The descriptor now holds on to whoever has the number; this tells who that is.
        Ok((start_of(self.pid) == Some(self.start)).then_some(pidfd))
    }
}

/// The run of the machine, as the kernel names it.
///
/// # Errors
/// When `/proc` does not tell.
pub fn boot() -> Result<String> {
    let path = std::path::Path::new("/proc/sys/kernel/random/boot_id");
    let text = fs::read_to_string(path).map_err(IsolationError::file("read", path))?;
    Ok(text.trim().to_owned())
}

/// The 22nd field of `stat`, counted after the name, which may itself hold spaces and brackets.
fn start_of(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_of_the_same_number_is_not_it() {
        let me = Process::myself().unwrap();
        assert!(me.open().unwrap().is_some());
        let earlier = Process {
            start: me.start - 1,
            ..me.clone()
        };
        assert!(earlier.open().unwrap().is_none());
        let other_boot = Process {
            boot: "another".into(),
            ..me
        };
        assert!(other_boot.open().unwrap().is_none());
    }
}
