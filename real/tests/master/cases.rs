//! Cases from the field, which lie beside the repository: schedulers that each ask for something
//! that clusters have got wrong. They are run from a copy, and judged by what they print.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::Master;
use super::support::master::Agent;
use super::support::without_fences;

/// Where the cases are, when they are.
fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    let folder = std::env::var_os("FAIRGROUND_CASES").map_or(beside, PathBuf::from);
    folder.join("client.py").exists().then_some(folder)
}

/// A master and an agent of a case, and what its program printed.
pub struct Case {
    pub printed: String,
    pub master: Master,
    pub agent: Agent,
}

/// Runs a case; `None`, said plainly, where that is not possible.
pub fn run(name: &str, flags: &[&str]) -> Option<Case> {
    let Some(cases) = folder() else {
        println!("{name}: skipped: needs the folder of cases; say where with FAIRGROUND_CASES=DIR");
        return None;
    };
    if without_fences() {
        return None;
    }
    let copy = tempfile::tempdir().unwrap();
    let own = copy.path().join(name);
    std::fs::create_dir(&own).unwrap();
    for file in ["client.py".to_owned(), format!("{name}/run.py")] {
        std::fs::copy(cases.join(&file), copy.path().join(&file)).unwrap();
    }
    let master = Master::start(flags);
    let agent = Agent::start_at(&master.address.to_string(), "a");
    let output = Command::new("python3")
        .args(["-B", "run.py", &master.address.port().to_string()])
        .current_dir(&own)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    println!("{name}:\n{printed}");
    assert!(output.status.success(), "{name}: {printed}{words}");
    Some(Case {
        printed,
        master,
        agent,
    })
}

impl Case {
    /// What was printed about something: the rest of the last line that begins with it.
    pub fn said(&self, about: &str) -> &str {
        let lines = self.printed.lines().map(str::trim_start);
        let mut about_it = lines.filter_map(|line| line.strip_prefix(about)?.strip_prefix(' '));
        about_it
            .next_back()
            .unwrap_or_else(|| panic!("nothing about {about} in {}", self.printed))
    }

    /// What a task wrote.
    pub fn stdout(&self, framework: &str, task: &str) -> String {
        let sandbox = self
            .agent
            .work()
            .join("sandboxes")
            .join(framework)
            .join(task);
        std::fs::read_to_string(sandbox.join("latest/stdout")).unwrap()
    }

    /// Checks how a task ended, and a word of why.
    pub fn ended(&self, task: &str, state: &str, word: &str) {
        let said = self.said(task);
        let state = format!("'state': '{state}'");
        assert!(
            said.contains(&state) && said.contains(word),
            "{task}: {said}"
        );
    }
}

#[test]
fn argv_is_what_it_says() {
    let Some(case) = run("15-argv", &[]) else {
        return;
    };
    let framework = case.printed.lines().last().unwrap();
    for (task, expected) in [
        ("argv0", "zero=n0 one=n1\n"),
        ("path", "found  two  spaces \n"),
        ("emptyargs", "shell 2\n"),
        ("shellargs", "v:\n"),
        ("unicode", "größe 漢字 😀\n"),
    ] {
        case.ended(task, "TASK_FINISHED", "");
        assert_eq!(case.stdout(framework, task), expected, "{task}");
    }
    case.ended("noargs", "TASK_FINISHED", "");
    case.ended("novalue", "TASK_ERROR", "`command.value` is missing");
    case.ended("long", "TASK_FAILED", "Argument list too long");
}

#[test]
fn a_secret_is_given_or_the_task_is_refused() {
    let Some(case) = run("16-secret", &[]) else {
        return;
    };
    case.ended("value", "TASK_FINISHED", "");
    let framework = case.master.get("/frameworks")["completed_frameworks"][0]["id"].clone();
    assert_eq!(
        case.stdout(framework.as_str().unwrap(), "value"),
        "[p][hunter2]\n"
    );
    case.ended(
        "reference",
        "TASK_ERROR",
        "nothing here resolves references",
    );
}

#[test]
fn a_network_of_its_own_is_refused() {
    let Some(case) = run("17-network", &[]) else {
        return;
    };
    case.ended("cni", "TASK_ERROR", "network_infos[0].name");
    case.ended("bridge", "TASK_ERROR", "container.docker.");
    case.ended("noimage", "TASK_ERROR", "--image nothere=DIR");
    case.ended("volume", "TASK_ERROR", "container.volumes");
    case.ended("shellcheck", "TASK_ERROR", "health_check");
    case.ended("kill", "TASK_FINISHED", "");
    case.ended("maxtime", "TASK_FAILED", "MAX_COMPLETION_TIME");
}

#[test]
fn numbers_of_protobuf_libraries_are_numbers() {
    let Some(case) = run("32-json-numbers", &[]) else {
        return;
    };
    for task in ["ports", "scalar", "grace", "maxtime", "flag", "filters"] {
        case.ended(task, "TASK_FINISHED", "");
    }
}
