//! A task's own view of the machine: its processes, mounts, queues and name.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
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

/// From now on the caller's children are the first processes of pid namespaces of their own. An
/// ordinary user needs a user namespace to be allowed that, in which it is still itself.
pub(super) fn own_pids() -> Result<()> {
    let (uid, gid) = (getuid(), getgid());
    if uid.is_root() {
        return unshare(CloneFlags::CLONE_NEWPID)
            .map_err(IsolationError::call("make a pid namespace"));
    }
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID).map_err(IsolationError::call(
        "make a user namespace and a pid namespace in it",
    ))?;
    let maps = [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("{uid} {uid} 1")),
        ("/proc/self/gid_map", format!("{gid} {gid} 1")),
    ];
    for (file, text) in maps {
        fs::write(file, text).map_err(IsolationError::file("write", Path::new(file)))?;
    }
    privileges::keep_for_init()
}

/// Gives the caller, the first process of its pid namespace, its own mounts, queues and host
/// name, and its root directory if it is to have one.
pub(super) fn enter(spec: &Spec) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS)
        .map_err(IsolationError::call(
            "make namespaces for mounts, queues and the host name",
        ))?;
    // What is mounted in here must not appear outside.
    attach(
        None,
        Path::new("/"),
        None,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None,
    )?;
    match &spec.fences.root {
        Some(root) => change_root(root, &spec.sandbox),
        None => cover(spec),
    }
}

/// The machine's own root, with what belongs to the machine covered.
fn cover(spec: &Spec) -> Result<()> {
    proc(Path::new("/proc"))?;
    let mounts = Path::new("/proc/self/mounts");
    let mounts = fs::read_to_string(mounts).map_err(IsolationError::file("read", mounts))?;
    let places = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1).map(Path::new));
    for place in places.filter(|place| place.starts_with("/sys")) {
        read_only(place)?;
    }
    shared_memory(Path::new("/dev/shm"))?;
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
    Ok(())
}

fn change_root(root: &Path, sandbox: &Path) -> Result<()> {
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
    bind(sandbox, &root.join(SANDBOX.trim_start_matches('/')))?;
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
    shared_memory(&shm)
}

fn proc(place: &Path) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    attach(Some("proc"), place, Some("proc"), flags, None)?;
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

/// Shared memory is a file system, so a namespace of queues alone would leave it shared.
fn shared_memory(place: &Path) -> Result<()> {
    if !place.is_dir() {
        return Ok(());
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    attach(Some("shm"), place, Some("tmpfs"), flags, Some("mode=1777"))
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
