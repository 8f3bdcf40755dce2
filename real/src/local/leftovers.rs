//! What there is of a cluster on this machine, found by name and directory alone.

use std::fmt;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::network;

/// Where control groups are mounted.
const CGROUPS: &str = "/sys/fs/cgroup";

/// Everything found.
#[derive(Debug)]
pub(super) struct Found {
    folder: Option<PathBuf>,
    /// Processes with an argument in the cluster's directory: masters, agents, supervisors.
    processes: Vec<(Pid, Vec<String>)>,
    /// Control groups, the innermost first.
    groups: Vec<PathBuf>,
    mounts: Vec<PathBuf>,
    namespaces: Vec<String>,
    /// The bridge and the agents' links to it. The kernel takes a link away some time after its
    /// namespace, which is too late for who looks now.
    links: Vec<String>,
}

impl Found {
    /// Looks for a cluster's directory, and for what carries its prefix.
    pub(super) fn look(folder: &Path, prefix: &str) -> anyhow::Result<Self> {
        let begins = format!("{prefix}-");
        let link_begins = format!("{prefix}.");
        let links = names("/sys/class/net")
            .filter(|name| *name == prefix || name.starts_with(&link_begins))
            .collect();
        Ok(Self {
            folder: folder.exists().then(|| folder.to_owned()),
            processes: processes(folder)?,
            groups: groups(&begins),
            mounts: mounts(folder)?,
            namespaces: names("/run/netns")
                .filter(|name| name.starts_with(&begins))
                .collect(),
            links,
        })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.folder.is_none()
            && self.processes.is_empty()
            && self.groups.is_empty()
            && self.mounts.is_empty()
            && self.namespaces.is_empty()
            && self.links.is_empty()
    }

    /// Whether there is a process with such arguments.
    pub(super) fn any_process(&self, which: impl Fn(&[String]) -> bool) -> bool {
        self.processes.iter().any(|(_, args)| which(args))
    }

    /// Sends a signal to the processes with such arguments. One that is gone needs none.
    pub(super) fn signal(&self, signal: Signal, which: impl Fn(&[String]) -> bool) {
        for (pid, _) in self.processes.iter().filter(|(_, args)| which(args)) {
            let _ = kill(*pid, signal);
        }
    }

    /// Removes what can be removed now; the caller looks again, so errors show as what is left.
    pub(super) fn remove(&self) {
        self.signal(Signal::SIGKILL, |_| true);
        for group in &self.groups {
            let tasks = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
            for pid in tasks.lines().filter_map(|line| line.parse().ok()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            // A frozen process of the first version dies only when it is thawed.
            let _ = std::fs::write(group.join("freezer.state"), "THAWED");
            let _ = std::fs::remove_dir(group);
        }
        if !self.processes.is_empty() || !self.groups.is_empty() {
            // Whoever still lives may use the rest.
            return;
        }
        for mount in &self.mounts {
            let _ = umount2(mount, MntFlags::MNT_DETACH);
        }
        for namespace in &self.namespaces {
            let _ = network::ip(&["netns", "delete", namespace]);
        }
        for link in &self.links {
            let _ = network::ip(&["link", "delete", link]);
        }
        if let Some(folder) = self.folder.as_ref().filter(|_| self.mounts.is_empty()) {
            let _ = std::fs::remove_dir_all(folder);
            if let Some(clusters) = folder.parent() {
                // Refused while another cluster lives in it.
                let _ = std::fs::remove_dir(clusters);
            }
        }
    }
}

/// `2 processes, the directory ...`.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (count, what) in [
            (self.processes.len(), "processes"),
            (self.groups.len(), "control groups"),
            (self.mounts.len(), "mounts"),
            (self.namespaces.len(), "network namespaces"),
            (self.links.len(), "network links"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        let folder = self.folder.as_ref();
        parts.extend(folder.map(|folder| format!("the directory {}", folder.display())));
        f.write_str(&parts.join(", "))
    }
}

/// The names in a directory, if it is there.
fn names(folder: &str) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
}

fn processes(folder: &Path) -> anyhow::Result<Vec<(Pid, Vec<String>)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // A process can end while it is looked at.
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else {
            continue;
        };
        let args = line.split(|byte| *byte == 0);
        let args: Vec<String> = args
            .map(|arg| String::from_utf8_lossy(arg).into_owned())
            .collect();
        let is_ours = |arg: &String| Path::new(arg).starts_with(folder);
        if is_part(&args) && args.iter().any(is_ours) {
            found.push((Pid::from_raw(pid), args));
        }
    }
    Ok(found)
}

/// Whether a command line is a part's, or is about to become one: see `spawn`.
fn is_part(args: &[String]) -> bool {
    let is_verb = |arg: &String| matches!(arg.as_str(), "master" | "agent" | "container");
    match args.first().map(String::as_str) {
        Some("setsid" | "nsenter") => args.iter().take(5).any(is_verb),
        // The program may be called anything: a copy, or one with policies of its own.
        _ => args.get(1).is_some_and(is_verb),
    }
}

/// Groups whose name begins so, in every hierarchy, with all in them; the innermost first.
fn groups(begins: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let root = PathBuf::from(CGROUPS);
    let hierarchies = folders(&root);
    for hierarchy in std::iter::once(root).chain(hierarchies) {
        for group in folders(&hierarchy) {
            let name = group.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(begins) {
                innermost_first(&group, &mut found);
            }
        }
    }
    found
}

fn innermost_first(group: &Path, found: &mut Vec<PathBuf>) {
    for inner in folders(group) {
        innermost_first(&inner, found);
    }
    found.push(group.to_owned());
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).collect()
}

fn mounts(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let text = std::fs::read_to_string("/proc/self/mountinfo")?;
    let points = text.lines().filter_map(|line| line.split(' ').nth(4));
    let mut found: Vec<PathBuf> = points
        .map(PathBuf::from)
        .filter(|point| point.starts_with(folder))
        .collect();
    found.reverse();
    Ok(found)
}
