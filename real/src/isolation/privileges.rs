//! Who a task runs as, and what it may never become.

use nix::unistd::{self, Gid, Uid, getegid, geteuid, setgid, setgroups, setuid};
use rustix::thread::{CapabilitySet, CapabilitySets};
use serde::{Deserialize, Serialize};

use super::error::{IsolationError, Result};

/// What root may do inside a container: work with files of any owner and be a server. The
/// kernel's own files, which root writes without any of them, are read-only by their mounts.
const ROOTS_CAPABILITIES: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::SETFCAP);

/// Who a task runs as.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum User {
    /// An account of the machine, by its name.
    Named(String),
    /// A user and a group of the task's own: a number that no account of the machine has.
    Own(u32),
}

impl From<&str> for User {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

/// An account of this machine.
#[derive(Debug)]
pub struct Account {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

impl Account {
    /// The account of `user`, or the agent's own. Asked before a task's root directory takes
    /// the machine's list of accounts out of sight.
    ///
    /// # Errors
    /// When there is no such account, or the agent may not become it.
    pub fn find(user: Option<&User>) -> Result<Self> {
        let (uid, gid) = (geteuid(), getegid());
        let name = match user {
            None => {
                return Ok(Self {
                    uid,
                    gid,
                    groups: Vec::new(),
                });
            }
            Some(User::Own(number)) => {
                let gid = Gid::from_raw(*number);
                return Ok(Self {
                    uid: Uid::from_raw(*number),
                    gid,
                    groups: vec![gid],
                });
            }
            Some(User::Named(name)) => name,
        };
        let user = unistd::User::from_name(name)
            .map_err(IsolationError::call("read the list of users"))?;
        let user = user.ok_or_else(|| IsolationError::NoSuchUser(name.clone()))?;
        if !uid.is_root() {
            // Only root can become somebody else; being asked to be oneself is no change.
            return if user.uid == uid {
                Ok(Self {
                    uid,
                    gid,
                    groups: Vec::new(),
                })
            } else {
                Err(IsolationError::Call {
                    what: "run a task as another user without being root",
                    source: std::io::ErrorKind::PermissionDenied.into(),
                })
            };
        }
        // Groups beside its own (docker, disk, lxd) are as good as root's rights.
        Ok(Self {
            uid: user.uid,
            gid: user.gid,
            groups: vec![user.gid],
        })
    }

    /// Its user and group numbers.
    pub fn ids(&self) -> (u32, u32) {
        (self.uid.as_raw(), self.gid.as_raw())
    }

    /// Makes the caller this account for good: whatever it executes, it gains nothing.
    pub(crate) fn become_it(&self, in_user_namespace: bool) -> Result<()> {
        let keep = if self.uid.is_root() {
            ROOTS_CAPABILITIES
        } else {
            CapabilitySet::empty()
        };
        for capability in CapabilitySet::all().iter() {
            if !keep.contains(capability) {
                forget(capability)?;
            }
        }
        if geteuid().is_root() && !in_user_namespace {
            setgroups(&self.groups).map_err(IsolationError::call("leave the agent's groups"))?;
            setgid(self.gid).map_err(IsolationError::call("become the task's group"))?;
            setuid(self.uid).map_err(IsolationError::call("become the task's user"))?;
        }
        let call = |what| {
            move |errno: rustix::io::Errno| IsolationError::Call {
                what,
                source: errno.into(),
            }
        };
        let mine = rustix::thread::capabilities(None).map_err(call("read capabilities"))?;
        let sets = CapabilitySets {
            effective: mine.effective & keep,
            permitted: mine.permitted & keep,
            inheritable: CapabilitySet::empty(),
        };
        rustix::thread::set_capabilities(None, sets).map_err(call("give capabilities up"))?;
        nix::sys::prctl::set_no_new_privs()
            .map_err(IsolationError::call("give up gaining privileges"))
    }
}

/// In a user namespace of its own an ordinary user may do everything, until it executes a program:
/// lets the container's init keep what it needs to build the other fences. It gives this up too.
pub(super) fn keep_for_init() -> Result<()> {
    let keep = CapabilitySet::SYS_ADMIN | CapabilitySet::SETPCAP | CapabilitySet::NET_ADMIN;
    let call = |errno: rustix::io::Errno| IsolationError::Call {
        what: "keep capabilities for a container's init",
        source: errno.into(),
    };
    let mine = rustix::thread::capabilities(None).map_err(call)?;
    let sets = CapabilitySets {
        inheritable: mine.inheritable | keep,
        ..mine
    };
    rustix::thread::set_capabilities(None, sets).map_err(call)?;
    for capability in keep.iter() {
        rustix::thread::configure_capability_in_ambient_set(capability, true).map_err(call)?;
    }
    Ok(())
}

/// Takes a capability out of what any later program could get. Kernels older than the capability
/// do not know it, and without the right to do so (an ordinary user) there is nothing to lose.
fn forget(capability: CapabilitySet) -> Result<()> {
    use rustix::io::Errno;
    match rustix::thread::remove_capability_from_bounding_set(capability) {
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(Errno::PERM) if !geteuid().is_root() => Ok(()),
        Err(errno) => Err(IsolationError::Call {
            what: "forget a capability",
            source: errno.into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_by_that_name() {
        let error = Account::find(Some(&"no-such-user-here".into())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no user 'no-such-user-here' on this agent"
        );
    }

    #[test]
    fn a_user_is_a_name_or_a_number_as_older_agents_wrote_names() {
        for (user, json) in [
            (User::from("nobody"), r#""nobody""#),
            (User::Own(1_900_000_000), "1900000000"),
        ] {
            assert_eq!(serde_json::to_string(&user).unwrap(), json);
            assert_eq!(serde_json::from_str::<User>(json).unwrap(), user);
        }
    }

    #[test]
    fn without_a_name_it_is_the_agents_own() {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        assert_eq!(Account::find(None).unwrap().ids(), (uid, gid));
    }
}
