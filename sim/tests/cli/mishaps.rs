//! What happens while it runs: impossible work, a closed pipe, a full disk, ctrl-C.

use std::process::{Command, Stdio};
use std::time::Duration;

use expect_test::expect;
use fairground_sim::output::read_digests;

use crate::place::{FAIRGROUND, Place, told};

#[test]
fn tasks_larger_than_any_agent_are_counted_and_the_rest_goes_on() {
    let place = Place::tiny();
    let words = "compare tiny.toml --set framework.hadoop.workload.hadoop.mem=9GiB";
    let told = place.fairground(words);
    let (before, warnings) = told.split_once("--- stderr\n").expect(&told);
    assert!(before.starts_with("exit 0\n"), "{told}");
    expect![[r#"
        warning: static: 21 jobs of hadoop can never run: a task, or a gang, is larger than the agents it may use
        warning: drf: 21 jobs of hadoop can never run: a task, or a gang, is larger than the agents it may use
    "#]].assert_eq(warnings);
}

/// A reader that has read enough is no error, and no reason to stop.
#[test]
fn standard_output_closed_early() {
    for words in [
        "policies",
        "--help",
        "completions bash",
        "run tiny.toml --out out",
    ] {
        let place = Place::tiny();
        let mut command = place.command(FAIRGROUND);
        command
            .args(words.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let told = told(&child.wait_with_output().unwrap());
        assert_eq!(told, "exit 0\n", "{words}");
        assert_eq!(
            words.starts_with("run"),
            place.path("out/report.html").exists()
        );
    }
}

/// What is done is done and the answer stays the same when nobody hears it, of words as of data.
#[test]
fn nobody_hears_it() {
    for (words, code) in [
        ("trace validate bad.swf", 1),
        ("trace stat bad.swf", 2),
        ("trace import good.swf --out form --drop", 0),
        (
            "compare tiny.toml --set framework.hadoop.workload.hadoop.mem=9GiB --out out",
            0,
        ),
        ("compare --trace good.swf --dry-run", 0),
        ("policies", 0),
    ] {
        let place = Place::tiny();
        let job = "1 0 0 60 1 -1 -1 1 100 -1 1 1 1 -1 1 -1 -1 -1\n";
        place.write("good.swf", job);
        place.write("bad.swf", "1 2 3\n".repeat(30));
        let mut command = place.command(FAIRGROUND);
        command.args(words.split(' '));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(code), "{words}");
        let made = ["form/manifest.json", "out/report.html"];
        let made = made.iter().any(|file| place.path(file).exists());
        assert_eq!(made, words.contains("--out"), "{words}");
    }
}

/// Files may grow to eight blocks only, and the signal that tells so is ignored: writes fail.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let place = Place::tiny();
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let mut command = place.command("sh");
    command.args([
        "-c",
        script,
        FAIRGROUND,
        "compare",
        "tiny.toml",
        "--out",
        "deep/out",
    ]);
    expect![[r#"
        exit 2
        --- stderr
        error: cannot write deep/out.partial/summary.parquet: File too large (os error 27)
    "#]]
    .assert_eq(&told(&command.output().unwrap()));
    assert_eq!(place.names("."), "deep/\ntiny.toml\n");
}

/// The same, where a result stands already: it stays as it is.
#[cfg(unix)]
#[test]
fn a_full_disk_spares_the_earlier_result() {
    let place = Place::tiny();
    place.fairground("run tiny.toml --out out");
    let before = (place.names("."), place.read("out/DIGESTS"));
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let mut command = place.command("sh");
    command.args([
        "-c",
        script,
        FAIRGROUND,
        "compare",
        "tiny.toml",
        "--out",
        "out",
    ]);
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    assert_eq!(before, (place.names("."), place.read("out/DIGESTS")));
}

/// Work for hours, interrupted: what is done by then is kept, and is a result.
#[cfg(unix)]
#[test]
fn ctrl_c_keeps_the_seeds_that_are_done() {
    let place = Place::tiny();
    // A machine may be so busy that nothing is done after a second; then it is given longer.
    let (code, errors) = [1, 4, 16, 64]
        .into_iter()
        .map(|seconds| interrupted_after(&place, Duration::from_secs(seconds)))
        .find(|(_, errors)| errors.contains("seeds are done"))
        .expect("one seed is done in a minute");
    assert_eq!(code, Some(130));
    let done = errors
        .strip_prefix("interrupted: the seeds that are done are kept (again to stop at once)\n")
        .and_then(|rest| rest.strip_prefix("warning: interrupted: "))
        .and_then(|rest| {
            rest.strip_suffix(" of 1000000 seeds are done, and only they are reported\n")
        })
        .and_then(|done| done.parse::<usize>().ok())
        .expect(&errors);
    let out = place.path("out");
    let digests = read_digests(&out).unwrap();
    assert_eq!(digests.runs.len(), done * 2);
    assert_eq!(digests.changed_files(&out).unwrap(), Vec::<String>::new());
    assert!(!place.names(".").contains("partial"));
}

/// How a comparison of a million seeds ends, and what it says, when it is interrupted.
#[cfg(unix)]
fn interrupted_after(place: &Place, wait: Duration) -> (Option<i32>, String) {
    let words = "compare tiny.toml --seeds 1000000 --jobs 1 --out out --duration 10m";
    let mut command = place.command(FAIRGROUND);
    command
        .args(words.split(' '))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(wait);
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A recipe without any work that could ever run is a mistake, and no comparison.
#[test]
fn work_that_can_never_run_anywhere_is_refused() {
    let recipe = crate::place::TINY
        .split("[[framework]]\nname = \"rails\"")
        .next()
        .unwrap();
    let place = Place::with("tiny.toml", recipe.replace("8GiB", "32MiB"));
    expect![[r#"
        exit 2
        --- stderr
        error: tiny.toml: no job of any framework can ever run under any policy; hadoop asks for up to 10 tasks of cpus:1 mem:2048
          hint: the largest of the 3 agents has cpus:4 mem:32, all of them together have cpus:12 mem:96: check the units of cpus and mem
    "#]]
    .assert_eq(&place.fairground("compare tiny.toml --out out"));
    assert_eq!(place.names("."), "tiny.toml\n");
}
