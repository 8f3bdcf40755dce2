//! What an agent shows, and what it refuses to begin with.

use axum::http::StatusCode;

use super::support::master::{Agent, Master};
use super::support::{PROGRAM, without_fences};

#[test]
fn what_cannot_work_is_said_before_anything_is_done() {
    let work = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(PROGRAM);
        command
            .args(["agent", "--work-dir", work.path().to_str().unwrap()])
            .args(arguments);
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for (arguments, words) in [
        (
            &["--master", "nowhere"][..],
            "--master 'nowhere' is not HOST:PORT",
        ),
        (
            &["--master", "h:1", "--listen", "0.0.0.0:0"],
            "say --insecure if that is meant",
        ),
        (
            &["--master", "h:1", "--isolation", "seccomp"],
            "needs cgroups or namespaces",
        ),
        (
            &["--master", "h:1", "--resources", "cpu:1"],
            "'cpu' is none of cpus, mem",
        ),
    ] {
        let (code, said) = run(arguments);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let nowhere = work.path().join("none").display().to_string();
    let (code, said) = run(&["--master", "h:1", "--cgroup-root", &nowhere]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&nowhere), "{said}");
}

#[test]
fn its_pages_have_the_names_that_tools_know() {
    if without_fences() {
        return;
    }
    let master = Master::new();
    let _agent = Agent::start(&master);
    let address = master.subscribed(1).address;
    let get = |path: &str| master.get(&format!("http://{address}/{path}")).0;
    for page in ["state", "version", "health", "metrics/snapshot"] {
        for begin in ["", "slave(1)/"] {
            for end in ["", "/", ".json"] {
                let path = format!("{begin}{page}{end}");
                assert_eq!(get(&path), StatusCode::OK, "{path}");
            }
        }
    }
    assert_eq!(get("slave(2)/state"), StatusCode::NOT_FOUND);
}
