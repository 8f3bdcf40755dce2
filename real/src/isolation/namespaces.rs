//! A task's own view of the machine: its processes, mounts, queues and name.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};
use nix::sys::stat::Mode;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{chdir, getgid, getuid, pivot_root};

use super::error::{IsolationError, Result};
use super::privileges;
use super::spec::Spec;

/// Where the sandbox is for a task with a root directory of its own.
pub(super) const SANDBOX: &str = "/mnt/mesos/sandbox";

/// What a root directory has to have, because something is mounted there.
const MOUNT_POINTS: [&str; 4] = ["proc", "dev", "tmp", "mnt/mesos/sandbox"];

/// The devices of a task with a root directory of its own.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// What of `/proc` belongs to the machine: root writes there by being root, whatever capabilities
/// it has given up.
const MACHINES: [&str; 5] = ["sys", "sysrq-trigger", "irq", "bus", "fs"];

/// What everybody may write to, and so everybody's files are in: a task has its own. `/dev/mqueue` shows
/// the queues of the namespace in which it was mounted, whoever looks.
const SHARED: [&str; 7] = [
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/run/lock",
    "/var/lock",
    "/dev/mqueue",
    "/var/crash",
];

/// From now on the caller's children are the first processes of pid namespaces of their own. An
/// ordinary user needs a user namespace to be allowed that, in which it is still itself.
pub(super) fn own_pids() -> Result<()> {
    if getuid().is_root() {
        return unshare(CloneFlags::CLONE_NEWPID)
            .map_err(IsolationError::call("make a pid namespace"));
    }
    own_users(CloneFlags::CLONE_NEWPID)?;
    privileges::keep_for_init()
}

/// Namespaces for an ordinary user, and the user namespace that lets it have them.
fn own_users(more: CloneFlags) -> Result<()> {
    let (uid, gid) = (getuid(), getgid());
    unshare(CloneFlags::CLONE_NEWUSER | more).map_err(IsolationError::call(
        "make a user namespace and others in it",
    ))?;
    let maps = [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("{uid} {uid} 1")),
        ("/proc/self/gid_map", format!("{gid} {gid} 1")),
    ];
    for (file, text) in maps {
        fs::write(file, text).map_err(IsolationError::file("write", Path::new(file)))?;
    }
    Ok(())
}

/// Takes the directories that a task does not see away from the caller, which fetches for it, and
/// `/proc` with them; puts it into the sandbox, which has its own path again.
pub(crate) fn hide(hidden: &[PathBuf], sandbox: &Path) -> Result<()> {
    if getuid().is_root() {
        unshare(CloneFlags::CLONE_NEWNS)
            .map_err(IsolationError::call("make a namespace for mounts"))?;
    } else {
        own_users(CloneFlags::CLONE_NEWNS)?;
    }
    keep_inside()?;
    let held = held(sandbox)?;
    for place in hidden {
        empty(place)?;
    }
    restore(&held, sandbox)?;
    empty(Path::new("/proc"))?;
    chdir(sandbox).map_err(|errno| IsolationError::file("enter", sandbox)(errno.into()))
}

/// Gives the caller, the first process of its pid namespace, its own mounts, queues and host
/// name, and its root directory if it is to have one.
pub(super) fn enter(spec: &Spec) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS)
        .map_err(IsolationError::call(
            "make namespaces for mounts, queues and the host name",
        ))?;
    keep_inside()?;
    if spec.fences.network {
        unshare(CloneFlags::CLONE_NEWNET)
            .map_err(IsolationError::call("make a network namespace"))?;
        loopback().map_err(IsolationError::call("open a container's loopback"))?;
    }
    match &spec.fences.root {
        Some(root) => change_root(root, spec),
        None => cover(spec),
    }
}

/// What the caller mounts from now on does not appear outside.
fn keep_inside() -> Result<()> {
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    attach(None, Path::new("/"), None, flags, None)
}

/// Switches the only interface of a new network namespace on: a request to the kernel to set the
/// flags of interface 1, in its own words (rtnetlink(7)), and its answer.
fn loopback() -> nix::Result<()> {
    const LENGTH: u32 = 32;
    const SET_LINK: u16 = 16;
    const REQUEST_AND_ACKNOWLEDGE: u16 = 1 | 4;
    const UP: u32 = 1;
    let line = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )?;
    let mut request = Vec::from(LENGTH.to_ne_bytes());
    request.extend(
        [
            SET_LINK.to_ne_bytes(),
            REQUEST_AND_ACKNOWLEDGE.to_ne_bytes(),
        ]
        .concat(),
    );
    // Its number, its sender and the unspecified family are nothing.
    request.extend([0; 12]);
    request.extend([1, UP, UP].map(u32::to_ne_bytes).concat());
    send(line.as_raw_fd(), &request, MsgFlags::empty())?;
    let mut answer = [0; 64];
    let count = recv(line.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    let code = answer[..count]
        .get(16..20)
        .map(|code| i32::from_ne_bytes([code[0], code[1], code[2], code[3]]));
    match code {
        Some(0) => Ok(()),
        Some(code) => Err(Errno::from_raw(-code)),
        None => Err(Errno::EBADMSG),
    }
}

/// The machine's own root, with what belongs to the machine and to other tasks covered.
fn cover(spec: &Spec) -> Result<()> {
    let sandbox = held(&spec.sandbox)?;
    proc(Path::new("/proc"))?;
    let mounts = Path::new("/proc/self/mounts");
    let mounts = fs::read_to_string(mounts).map_err(IsolationError::file("read", mounts))?;
    let places = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1).map(Path::new));
    for place in places.filter(|place| place.starts_with("/sys")) {
        read_only(place)?;
    }
    // Several names may lead to one of them.
    let places = SHARED.map(|place| fs::canonicalize(place).unwrap_or_default());
    for place in BTreeSet::from(places) {
        shared(&place)?;
    }
    for place in &spec.fences.hidden {
        empty(place)?;
    }
    if let Some(place) = &spec.fences.cgroups {
        // A task that runs as root could otherwise write itself out of its own group.
        let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        attach(
            Some("tmpfs"),
            &place.root,
            Some("tmpfs"),
            flags,
            Some("size=0,mode=755"),
        )?;
    }
    restore(&sandbox, &spec.sandbox)
}

/// A sandbox may be in one of the places that are empty now: its own path leads to it again.
fn restore(held: &OwnedFd, sandbox: &Path) -> Result<()> {
    fs::create_dir_all(sandbox).map_err(IsolationError::file("create", sandbox))?;
    show(held, sandbox)
}

/// A directory, whatever its path leads to later.
fn held(directory: &Path) -> Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(directory, flags, Mode::empty())
        .map_err(|errno| IsolationError::file("open", directory)(errno.into()))
}

fn show(directory: &OwnedFd, place: &Path) -> Result<()> {
    let source = format!("/proc/self/fd/{}", directory.as_raw_fd());
    bind(Path::new(&source), place)
}

/// Covers a directory with an empty one; one that is not there, or covered already, needs none.
fn empty(place: &Path) -> Result<()> {
    if !place.is_dir() {
        return Ok(());
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    attach(Some("tmpfs"), place, Some("tmpfs"), flags, Some("mode=755"))
}

fn change_root(root: &Path, spec: &Spec) -> Result<()> {
    let sandbox = held(&spec.sandbox)?;
    for missing in MOUNT_POINTS {
        if !root.join(missing).is_dir() {
            return Err(IsolationError::BadRoot {
                root: root.to_owned(),
                missing,
            });
        }
    }
    bind(root, root)?;
    proc(&root.join("proc"))?;
    devices(&root.join("dev"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    attach(
        Some("tmpfs"),
        &root.join("tmp"),
        Some("tmpfs"),
        flags,
        Some("mode=1777"),
    )?;
    for place in spec.fences.hidden.iter().filter(|p| p.starts_with(root)) {
        empty(place)?;
    }
    show(&sandbox, &root.join(SANDBOX.trim_start_matches('/')))?;
    let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    attach(None, root, None, flags, None)?;

    chdir(root).map_err(IsolationError::call("enter the root directory"))?;
    // The old root ends up on top of the new one, and is taken away from there.
    pivot_root(".", ".").map_err(IsolationError::call("change the root directory"))?;
    umount2(".", MntFlags::MNT_DETACH)
        .map_err(IsolationError::call("take the old root directory away"))?;
    chdir("/").map_err(IsolationError::call("enter the new root directory"))
}

fn devices(dev: &Path) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    attach(
        Some("tmpfs"),
        dev,
        Some("tmpfs"),
        flags,
        Some("mode=755,size=64k"),
    )?;
    for name in DEVICES {
        let place = dev.join(name);
        File::create(&place).map_err(IsolationError::file("create", &place))?;
        bind(&PathBuf::from("/dev").join(name), &place)?;
    }
    for (name, target) in [
        ("fd", ""),
        ("stdin", "/0"),
        ("stdout", "/1"),
        ("stderr", "/2"),
    ] {
        let place = dev.join(name);
        std::os::unix::fs::symlink(format!("/proc/self/fd{target}"), &place)
            .map_err(IsolationError::file("create", &place))?;
    }
    let shm = dev.join("shm");
    fs::create_dir(&shm).map_err(IsolationError::file("create", &shm))?;
    shared(&shm)
}

fn proc(place: &Path) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    // Of the processes in there it shows those that the one who looks may look into: not the init.
    attach(Some("proc"), place, Some("proc"), flags, Some("hidepid=2"))?;
    for name in MACHINES {
        let part = place.join(name);
        // Which of them there are depends on how the kernel was built.
        if part.exists() {
            bind(&part, &part)?;
            read_only(&part)?;
        }
    }
    Ok(())
}

/// Takes writing away from what is mounted at `place`.
fn read_only(place: &Path) -> Result<()> {
    let mut flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    let now = match statvfs(place) {
        Ok(now) => now.flags(),
        // Another mount hides it, from the task too.
        Err(Errno::ENOENT) => return Ok(()),
        Err(errno) => return Err(IsolationError::file("look at", place)(errno.into())),
    };
    // In a user namespace nobody takes back what was refused outside.
    for (is, keep) in [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    ] {
        if now.contains(is) {
            flags |= keep;
        }
    }
    attach(None, place, None, flags, None)
}

/// A task's own of what is shared on a machine. It counts as the task's memory. Shared memory is a
/// file system, too, so a namespace of queues alone would leave it common to all.
fn shared(place: &Path) -> Result<()> {
    if !place.is_dir() {
        return Ok(());
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    attach(
        Some("tmpfs"),
        place,
        Some("tmpfs"),
        flags,
        Some("mode=1777"),
    )
}

fn bind(source: &Path, place: &Path) -> Result<()> {
    mount(
        Some(source),
        place,
        None::<&str>,
        MsFlags::MS_BIND,
        None::<&str>,
    )
    .map_err(|errno| IsolationError::file("mount at", place)(errno.into()))
}

fn attach(
    source: Option<&str>,
    place: &Path,
    kind: Option<&str>,
    flags: MsFlags,
    options: Option<&str>,
) -> Result<()> {
    mount(source, place, kind, flags, options)
        .map_err(|errno| IsolationError::file("mount at", place)(errno.into()))
}
