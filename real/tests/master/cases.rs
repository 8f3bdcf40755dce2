//! Cases from the field, which lie beside the repository: schedulers that each ask for something
//! that clusters have got wrong. They are run from a copy, and judged by what they print.

use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::process::Master;
use super::support::master::Agent;
use super::support::{open_to_all, until, without_fences};

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
    // Tasks of other users fetch what the program puts there.
    open_to_all(copy.path());
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

#[test]
fn a_port_is_one_tasks() {
    let Some(case) = run("18-ports", &[]) else {
        return;
    };
    case.ended("a", "TASK_FINISHED", "");
    case.ended("b", "TASK_ERROR", "ports [31000-31000]");
    // Taken as one port.
    case.ended("c", "TASK_FINISHED", "");
    case.ended("d", "TASK_ERROR", "ports [80-80]");
    assert_eq!(case.said("e"), "TASK_FINISHED");
    let left = "{'begin': 31000, 'end': 31003}, {'begin': 31005, 'end': 31008}]";
    let lines: Vec<&str> = case.printed.lines().collect();
    assert!(lines[lines.len() - 2].contains(left), "{}", case.printed);
}

#[test]
fn what_mesos_dns_reads_is_in_the_state() {
    let Some(case) = run("19-discovery", &[]) else {
        return;
    };
    for words in [
        r#""visibility": "CLUSTER""#,
        r#""environment": "prod""#,
        r#""number": 31007"#,
        r#""protocol": "tcp""#,
        r#""vip""#,
        r#""name": "admin""#,
        r#""key": "flag""#,
        r#""ports": "[31007-31008]""#,
        r#""slave_id""#,
        r#""ip_address": "127.0.0.1""#,
        "'pid': 'slave(1)@127.0.0.1:",
        "'hostname': 'a'",
        &format!("master@{}", case.master.address),
    ] {
        assert!(case.printed.contains(words), "{words}");
    }
    for path in [
        "/state",
        "/master/state.json",
        "/state-summary",
        "/tasks",
        "/slaves",
    ] {
        assert!(case.said(path).starts_with("200 "), "{path}");
    }
}

#[test]
fn uris_are_fetched_or_it_is_said_why_not() {
    let Some(case) = run("21-uris", &[]) else {
        return;
    };
    let framework = case.printed.lines().last().unwrap();
    for (task, words) in [
        ("query", "ran"),
        ("noextract", "./app.tgz"),
        ("tar", "ran"),
        ("exec", "-rwxr-xr-x"),
        ("renamed", "./bin/t"),
        ("redirect", "./tool2"),
        ("blank", "./a"),
        ("zipkept", "./app.zip"),
    ] {
        case.ended(task, "TASK_FINISHED", "");
        let stdout = case.stdout(framework, task);
        assert!(stdout.contains(words), "{task}: {stdout}");
        assert!(
            task != "noextract" || !stdout.contains("run.sh"),
            "{stdout}"
        );
    }
    for (task, word) in [
        ("missing", "404"),
        ("xz", "cannot be unpacked; say extract: false"),
        ("zip", "cannot be unpacked; say extract: false"),
        // The case names it by a path that is not absolute.
        ("file", "its path is not absolute"),
        ("https", "'https' is neither http nor file"),
    ] {
        case.ended(task, "TASK_FAILED", word);
    }
}

#[test]
fn an_accept_is_taken_as_mesos_takes_it() {
    // Its offers are whole again when it asks for the next one.
    let Some(case) = run("31-accept", &["--allocator", "drf[round=1s]"]) else {
        return;
    };
    case.ended("dup-offer", "TASK_LOST", "REASON_INVALID_OFFERS");
    case.ended("first", "TASK_FINISHED", "");
    case.ended("second", "TASK_LOST", "REASON_INVALID_OFFERS");
    case.ended("same", "TASK_ERROR", "duplicate ID");
    let shown = case.master.get("/frameworks");
    let mut done = shown["completed_frameworks"][0]["completed_tasks"]
        .as_array()
        .unwrap()
        .iter();
    let first = done.find(|task| task["id"] == "same").unwrap();
    assert_eq!(first["state"], "TASK_FINISHED");
    case.ended("wrong-agent", "TASK_ERROR", "while the offers are of");
    for task in [
        "f0",
        "f1",
        "op1",
        "op2",
        "tiny",
        "sum",
        "t\u{e2}che \u{fc}n\u{ef}:1",
    ] {
        case.ended(task, "TASK_FINISHED", "");
    }
    case.ended("f2", "TASK_ERROR", "more resources than are left");
    assert!(case.printed.contains("offered again True"));
    case.ended("big-env", "TASK_FAILED", "Argument list too long");
}

#[test]
fn a_framework_comes_back_to_its_tasks() {
    let Some(case) = run("30-failover", &["--offer-timeout", "2s"]) else {
        return;
    };
    let lines: Vec<&str> = case.printed.lines().collect();
    let about = |name: &str| {
        let line = lines.iter().position(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("nothing about {name}"))
    };
    // What is no time is refused, what is one keeps the task, and a framework comes back to it.
    let mut kept = 0;
    for name in ["huge ", "text ", "number ", "infinity "] {
        let line = about(name);
        if lines[line].contains("refused at SUBSCRIBE: (400") {
            continue;
        }
        kept += 1;
        assert!(
            lines[line].contains("('keep', 'TASK_RUNNING')"),
            "{}",
            lines[line]
        );
        assert!(
            lines[line].contains("('frameworks', False"),
            "{}",
            lines[line]
        );
        assert!(
            lines[line + 1].contains("back: 200 {'subscribed'"),
            "{}",
            lines[line + 1]
        );
    }
    assert!(kept >= 2, "{}", case.printed);
    for (change, answer) in [
        ("checkpoint absent instead of false:", "'subscribed'"),
        ("new name and role:", "'subscribed'"),
        ("other user:", "FrameworkInfo.user cannot be changed"),
    ] {
        let line = lines[about(change)];
        assert!(line.contains(answer), "{line}");
    }
    // The last one that was taken in.
    assert_eq!(*lines.last().unwrap(), "[('chg', '*')]");
}

/// Starts and stops a real agent as the case does, through a script of ours.
#[test]
fn an_agent_that_changes_is_refused_or_offered_anew() {
    let Some(cases) = folder() else {
        println!("20-agent-change: skipped: needs the folder of cases");
        return;
    };
    if without_fences() {
        return;
    }
    let master = Master::start(&[]);
    let copy = tempfile::tempdir().unwrap();
    open_to_all(copy.path());
    let own = copy.path().join("20-agent-change");
    std::fs::create_dir_all(own.join("real")).unwrap();
    std::fs::copy(cases.join("client.py"), copy.path().join("client.py")).unwrap();
    let program = std::fs::read_to_string(cases.join("20-agent-change/run.py")).unwrap();
    let port = format!("port={}", master.address.port());
    assert!(program.contains("port=15070"));
    std::fs::write(own.join("run.py"), program.replace("port=15070", &port)).unwrap();
    std::fs::write(own.join("real/agent.sh"), script(&master, copy.path())).unwrap();
    let start = [
        "real/agent.sh",
        "cpus:2;mem:1024;ports:[31000-31010]",
        "rack:a",
    ];
    let started = Command::new("bash").args(start).current_dir(&own).status();
    assert!(started.unwrap().success());
    master.wait_for_metric("master/slaves_active", 1.0);
    let mut command = Command::new("python3");
    let output = command.args(["-B", "run.py"]).current_dir(&own).output();
    let output = output.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let pid = std::fs::read_to_string(own.join("real/a.pid")).unwrap();
    let pid = Pid::from_raw(pid.trim().parse().unwrap());
    kill(pid, Signal::SIGUSR1).unwrap();
    until("the agent has left", || kill(pid, None).is_err());
    println!("{printed}");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{words}");

    let blocks: Vec<&str> = printed.split("--- agent restarted with ").skip(1).collect();
    for (block, words) in blocks.iter().zip([
        ["RESCIND", "('rack', 'b')", "TASK_RUNNING"],
        [
            "cpus 2 -> 0.25",
            "end its tasks first (run:",
            "TASK_RUNNING",
        ],
        ["cpus 2 -> 4", "an empty --work-dir", "TASK_RUNNING"],
        [
            "ports [31000-31010] -> [31000-31009]",
            "start it with",
            "TASK_RUNNING",
        ],
        ["'rack': 'b'", "(True,", "TASK_RUNNING"],
    ]) {
        for word in words {
            assert!(block.contains(word), "{word}: {block}");
        }
    }
    assert_eq!(blocks.len(), 5);
    assert_eq!(printed.lines().last().unwrap(), "TASK_KILLED");
}

/// Starts an agent with the resources and attributes it is given.
fn script(master: &Master, folder: &Path) -> String {
    let isolation = if nix::unistd::geteuid().is_root() {
        "cgroups,namespaces,seccomp"
    } else {
        "namespaces,seccomp"
    };
    format!(
        "cd \"$(dirname \"$0\")\"\n\
         {} agent --master {} --work-dir {}/work --listen 127.0.0.1:0 --hostname a \\\n\
         --isolation {isolation} --resources \"$1\" --attributes \"$2\" >> a.log 2>&1 </dev/null &\n\
         echo $! > a.pid\n",
        env!("CARGO_BIN_EXE_fairground-real"),
        master.address,
        folder.display()
    )
}
