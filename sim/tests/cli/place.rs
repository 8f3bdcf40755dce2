//! A folder of its own for each test, in which the program is run.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program.
pub(crate) const FAIRGROUND: &str = env!("CARGO_BIN_EXE_fairground");

/// Two frameworks on three hosts for half an hour.
pub(crate) const TINY: &str = r#"name = "tiny"
title = "Two share three"
duration = "30m"
seeds = 2
policies = ["static", "drf"]

[[cluster]]
agents = 3
cpus = 4
mem = "8GiB"

[[framework]]
name = "hadoop"
share = 2

[framework.workload.hadoop]
gap = "5m"

[[framework]]
name = "rails"

[framework.workload.rails]
rate = 20
"#;

/// A temporary folder; programs run in it, so its path appears in no message.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// One with [`TINY`] in `tiny.toml`.
    pub(crate) fn tiny() -> Self {
        Self::with("tiny.toml", TINY)
    }

    /// One with a file.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let place = Self::empty();
        place.write(name, content);
        place
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `program`, to be run here.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        // Help is as wide as the terminal.
        command.env("COLUMNS", "100");
        command
    }

    /// Runs the program; quotes are of no use in `line`, its words are split at blanks.
    pub(crate) fn fairground(&self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.fairground_with(&words)
    }

    pub(crate) fn fairground_with(&self, words: &[&str]) -> String {
        told(&self.command(FAIRGROUND).args(words).output().unwrap())
    }

    /// The same, where this comes from standard input.
    pub(crate) fn fairground_told(&self, line: &str, input: &str) -> String {
        let mut command = self.command(FAIRGROUND);
        command.args(line.split_whitespace());
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        let mut stdin = running.stdin.take().unwrap();
        // Whoever does not read it may be gone.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        told(&running.wait_with_output().unwrap())
    }

    /// Everything in `folder`, by path and sorted; a folder ends with `/`.
    pub(crate) fn names(&self, folder: &str) -> String {
        let mut names = Vec::new();
        collect(&self.path(folder), "", &mut names);
        names.sort();
        names.join("\n") + "\n"
    }
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), names);
            names.push(name + "/");
        } else {
            names.push(name);
        }
    }
}

/// How a program ended and what it said, as one text.
pub(crate) fn told(output: &Output) -> String {
    let mut text = match output.status.code() {
        Some(code) => format!("exit {code}\n"),
        None => format!("ended by {}\n", output.status),
    };
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !bytes.is_empty() {
            let said = String::from_utf8(bytes.clone()).unwrap();
            let _ = write!(text, "--- {name}\n{said}");
        }
    }
    text
}
