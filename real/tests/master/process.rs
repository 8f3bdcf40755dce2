//! The master as a process of its own, in a directory of its own.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use fairground_policies::registry::Registry;
use serde_json::Value;
use tempfile::TempDir;

use super::client::{self, PATIENCE};
use super::log::Kept;
use super::support::ports::free_address;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fairground-real");

/// A master that ends with the test, which then proves that its log replays to the same actions.
pub struct Master {
    pub address: SocketAddr,
    pub folder: PathBuf,
    /// Its own folder, unless the test has one for it.
    own: Option<TempDir>,
    /// The program, perhaps with one that starts it.
    launcher: Vec<String>,
    flags: Vec<String>,
    /// The policies its program knows.
    registry: Registry,
    kept: Kept,
    child: Child,
}

impl Master {
    /// A master with a short allocation round and flags on top.
    pub fn start(flags: &[&str]) -> Self {
        Self::start_program(PROGRAM, flags, Registry::default())
    }

    /// The same with another program, which knows other policies.
    pub fn start_program(program: &str, flags: &[&str], registry: Registry) -> Self {
        let own = TempDir::new().unwrap();
        let mut master = Self::start_in(own.path(), &[program], flags);
        (master.own, master.registry) = (Some(own), registry);
        master
    }

    /// A master in a folder of the test's, started by a program of the test's.
    pub fn start_in(folder: &Path, launcher: &[&str], flags: &[&str]) -> Self {
        let address = free_address();
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (launcher, flags) = (words(launcher), words(flags));
        let kept = Kept::new();
        let child = spawn(&launcher, address, folder, &flags);
        let mut master = Self {
            address,
            folder: folder.to_owned(),
            own: None,
            launcher,
            flags,
            registry: Registry::default(),
            kept,
            child,
        };
        master.wait_until_up();
        master
    }

    /// The program that is started from now on.
    pub fn launch_with(&mut self, launcher: &[&str]) {
        self.launcher = launcher.iter().map(ToString::to_string).collect();
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself; how, and what it said.
    pub fn wait_for_end(&mut self) -> (ExitStatus, String) {
        let mut words = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut words).unwrap();
        (self.child.wait().unwrap(), words)
    }

    /// The same master again, after it ended.
    pub fn restart(&mut self) {
        self.child = spawn(&self.launcher, self.address, &self.folder, &self.flags);
        self.wait_until_up();
    }

    /// Starts it again although it will not come up; how it ended and what it said.
    pub fn fail_to_restart(&mut self) -> (ExitStatus, String) {
        let mut command = command(&self.launcher, self.address, &self.folder, &self.flags);
        let output = command.output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        (output.status, words)
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn wait_until_up(&mut self) {
        let start = Instant::now();
        while client::send(self.address, &client::get("/health")).is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "the master ended");
            assert!(start.elapsed() < PATIENCE, "the master does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What an endpoint shows.
    pub fn get(&self, path: &str) -> Value {
        let exchange = client::send(self.address, &client::get(path)).unwrap();
        assert_eq!(exchange.head.status, 200, "{path}");
        serde_json::from_str(&exchange.body()).unwrap()
    }

    /// One number of `/metrics/snapshot`.
    pub fn metric(&self, name: &str) -> f64 {
        self.get("/metrics/snapshot")[name].as_f64().unwrap()
    }

    /// Waits until a number of `/metrics/snapshot` is as expected.
    pub fn wait_for_metric(&self, name: &str, expected: f64) {
        let start = Instant::now();
        loop {
            let found = self.metric(name);
            if (found - expected).abs() < 1e-9 {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{name} is {found}, not {expected}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            self.kept.replays(&self.log(), &self.registry);
        }
    }
}

fn command(launcher: &[String], address: SocketAddr, folder: &Path, flags: &[String]) -> Command {
    let mut command = Command::new(&launcher[0]);
    command
        .args(&launcher[1..])
        .arg("master")
        .arg("--work-dir")
        .arg(folder)
        .args(["--listen", &address.to_string()]);
    if !flags.iter().any(|flag| flag == "--allocator") {
        command.args(["--allocator", "drf[round=50ms]"]);
    }
    command.args(flags);
    command
}

fn spawn(launcher: &[String], address: SocketAddr, folder: &Path, flags: &[String]) -> Child {
    let mut command = command(launcher, address, folder, flags);
    // It says a few lines at most, which wait in the pipe.
    command.stderr(Stdio::piped()).spawn().unwrap()
}
