//! The master as a process of its own, in a directory of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::client::{self, PATIENCE};

/// A master that ends with the test.
pub struct Master {
    pub address: SocketAddr,
    pub folder: TempDir,
    flags: Vec<String>,
    child: Child,
}

impl Master {
    /// A master with a short allocation round and flags on top.
    pub fn start(flags: &[&str]) -> Self {
        // Free now; nobody else on this machine asks for it in the same instant.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let folder = TempDir::new().unwrap();
        let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
        let child = spawn(address, &folder, &flags);
        let mut master = Self {
            address,
            folder,
            flags,
            child,
        };
        master.wait_until_up();
        master
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same master again, after it ended.
    pub fn restart(&mut self) {
        self.child = spawn(self.address, &self.folder, &self.flags);
        self.wait_until_up();
    }

    /// Starts it again although it will not come up; how it ended and what it said.
    pub fn fail_to_restart(&mut self) -> (ExitStatus, String) {
        let mut command = command(self.address, &self.folder, &self.flags);
        let output = command.output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        (output.status, words)
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
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

    /// Ends the master and proves that its log replays to the same actions.
    pub fn finish(mut self) {
        self.kill();
        let program = env!("CARGO_BIN_EXE_fairground-real");
        let output = Command::new(program)
            .arg("replay")
            .arg(self.log())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{words}");
        assert!(words.contains("every action is the same"), "{words}");
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(address: SocketAddr, folder: &TempDir, flags: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairground-real"));
    command
        .arg("master")
        .arg("--work-dir")
        .arg(folder.path())
        .args(["--listen", &address.to_string()]);
    if !flags.iter().any(|flag| flag == "--allocator") {
        command.args(["--allocator", "drf[round=50ms]"]);
    }
    command.args(flags);
    command
}

fn spawn(address: SocketAddr, folder: &TempDir, flags: &[String]) -> Child {
    let mut command = command(address, folder, flags);
    command.stderr(Stdio::null()).spawn().unwrap()
}
