//! What tests of real tasks share: a place of their own that is empty again afterwards.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test program uses its own part of this"
)]

pub mod master;
pub mod ports;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fairground_policies::resources::{Mebibytes, Millicores};
use fairground_real::isolation::cgroup::{Cgroups, Group};
use fairground_real::isolation::container;
use fairground_real::isolation::limits::Limits;
use fairground_real::isolation::spec::{CgroupPlace, Exit, Fences, Files, OutputLimits, Spec};
use fairground_real::isolation::store;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_fairground-real");

/// The control groups the tests use; the machine's unless told otherwise.
pub fn cgroup_root() -> PathBuf {
    std::env::var_os("FAIRGROUND_CGROUP_ROOT").map_or("/sys/fs/cgroup".into(), PathBuf::from)
}

/// Says so and returns `true` when there is no right to make control groups here.
pub fn skipped() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if root && Cgroups::discover(&cgroup_root(), "fairground-tests").is_ok() {
        return false;
    }
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    println!(
        "{name}: skipped: needs root and cgroups; run `sudo -E cargo test -p fairground-real`"
    );
    true
}

/// Says so and returns `true` when an ordinary user may not make namespaces here, and so no fence.
pub fn without_fences() -> bool {
    if nix::unistd::geteuid().is_root() {
        return skipped();
    }
    let made = std::process::Command::new("unshare")
        .args(["-Ur", "true"])
        .output();
    if made.is_ok_and(|output| output.status.success()) {
        return false;
    }
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    println!("{name}: skipped: needs root, or user namespaces for ordinary users");
    true
}

/// A directory and a part of the control groups that nobody else uses, gone when dropped.
pub struct Ground {
    pub directory: tempfile::TempDir,
    pub prefix: String,
    pub cgroups: Cgroups,
    _turn: MutexGuard<'static, ()>,
}

/// One task that spins would spoil what is measured of another.
static TURNS: Mutex<()> = Mutex::new(());

impl Ground {
    pub fn new() -> Self {
        let turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = tempfile::Builder::new()
            .prefix("fairground-test-")
            .tempdir()
            .unwrap();
        // Tasks run as another user and have to get through to their sandboxes.
        open_to_all(directory.path());
        let prefix = directory
            .path()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let cgroups = Cgroups::discover(&cgroup_root(), &prefix).unwrap();
        Self {
            directory,
            prefix,
            cgroups,
            _turn: turn,
        }
    }

    /// A shell command with a core, 64 MiB and nothing else.
    pub fn shell(&self, name: &str, command: &str) -> Task {
        let sandbox = self.directory.path().join(name).join("sandbox");
        std::fs::create_dir_all(&sandbox).unwrap();
        std::os::unix::fs::chown(&sandbox, Some(65534), Some(65534)).unwrap();
        let path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin".to_owned();
        // What a guest has to tell every program about its processor.
        let tunables = "GLIBC_TUNABLES";
        let guests_own = std::env::var(tunables)
            .map(|value| (tunables.to_owned(), value))
            .ok();
        let spec = Spec {
            container: name.to_owned(),
            program: "/bin/sh".into(),
            argv: ["sh", "-c", command].map(String::from).to_vec(),
            environment: BTreeMap::from([("PATH".into(), path)])
                .into_iter()
                .chain(guests_own)
                .collect(),
            sandbox,
            user: Some("nobody".into()),
            fences: Fences {
                cgroups: Some(CgroupPlace {
                    root: cgroup_root(),
                    prefix: self.prefix.clone(),
                }),
                namespaces: true,
                seccomp: true,
                network: false,
                hidden: Vec::new(),
                root: None,
            },
            limits: Limits {
                cpus: Millicores(1000),
                cpu_limit: None,
                mem: Mebibytes(64),
                mem_limit: Some(Mebibytes(64)),
                pids: Some(64),
            },
            max_completion_millis: None,
            grace_millis: 3000,
            output: OutputLimits {
                bytes: 1 << 20,
                aside: 1,
            },
        };
        let files = Files::new(&self.directory.path().join(name));
        let group = self.cgroups.group(name).unwrap();
        Task {
            spec,
            files,
            group,
            supervisor: None,
        }
    }

    /// Nothing of ours is left in any hierarchy.
    pub fn assert_empty(&self) {
        assert_eq!(self.cgroups.names().unwrap(), Vec::<String>::new());
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        remove(&self.cgroups);
    }
}

/// Removes everything of a test's own part of the control groups.
fn remove(cgroups: &Cgroups) {
    for name in cgroups.names().unwrap_or_default() {
        let _ = cgroups.group(&name).and_then(|group| group.destroy());
    }
    let _ = cgroups.remove();
}

pub fn open_to_all(directory: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// One container.
pub struct Task {
    pub spec: Spec,
    pub files: Files,
    pub group: Group,
    pub supervisor: Option<std::process::Child>,
}

impl Task {
    /// Starts it and waits until it runs or has failed to.
    pub fn start(mut self) -> Self {
        let child = container::start(&self.files, &self.spec, Path::new(PROGRAM)).unwrap();
        self.supervisor = Some(child);
        let files = self.files.clone();
        until("the task starts", || {
            files.started().exists() || files.exit().exists()
        });
        self
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Exit {
        let files = self.files.clone();
        until("the task ends", || files.exit().exists());
        self.supervisor.as_mut().unwrap().wait().unwrap();
        store::read(&self.files.exit()).unwrap().unwrap()
    }

    pub fn kill(&self, grace: Duration) {
        container::kill(&self.files, grace.as_millis() as u64).unwrap();
    }

    pub fn stdout(&self) -> String {
        std::fs::read_to_string(self.spec.sandbox.join("stdout")).unwrap()
    }

    pub fn stderr(&self) -> String {
        std::fs::read_to_string(self.spec.sandbox.join("stderr")).unwrap()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(supervisor) = &mut self.supervisor {
            let _ = supervisor.kill();
            let _ = supervisor.wait();
        }
        let _ = self.group.destroy();
    }
}

/// Waits for something that takes a moment; a minute is long even on a busy machine.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The control group a process is in, in the hierarchy that limits its memory.
pub fn group_of(pid: u32) -> PathBuf {
    let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let one = text.lines().find_map(|line| line.split_once(":memory:"));
    let two = text.lines().find_map(|line| line.strip_prefix("0::"));
    let (below, path) = match (one, two) {
        (Some((_, path)), _) => ("memory", path),
        (None, Some(path)) => ("", path),
        (None, None) => panic!("{pid} is in no group: {text}"),
    };
    cgroup_root().join(below).join(path.trim_start_matches('/'))
}
