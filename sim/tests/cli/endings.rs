//! A program that is told to end does so at once, whatever it does, and leaves nothing half made.

#![cfg(unix)]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::place::{FAIRGROUND, Place};

/// A second, and some more for a machine that does much else.
const SOON: Duration = Duration::from_secs(5);

/// Runs `line` until `begun` says that it is at work, sends it `signal`, and tells how it ended. Whatever
/// was there before is still there afterwards, and nothing else.
fn ended(
    place: &Place,
    line: &str,
    signal: &str,
    begun: impl Fn(&Place, Duration) -> bool,
) -> Option<i32> {
    let before = place.names(".");
    let mut command = place.command(FAIRGROUND);
    command.args(line.split_whitespace());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut program = command.spawn().unwrap();
    let since = Instant::now();
    while !begun(place, since.elapsed()) {
        assert!(
            program.try_wait().unwrap().is_none(),
            "{line}: it ended by itself"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = program.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &pid])
            .status()
            .unwrap()
            .success()
    );
    let told = Instant::now();
    let status = program.wait().unwrap();
    assert!(
        told.elapsed() < SOON,
        "{line}: {:?} after {signal}",
        told.elapsed()
    );
    assert_eq!(place.names("."), before, "{line} after {signal}");
    status.code()
}

/// Whether it has run for a moment.
fn a_moment(_: &Place, runs: Duration) -> bool {
    runs > Duration::from_millis(700)
}

fn check(line: &str, place: impl Fn() -> Place, begun: impl Fn(&Place, Duration) -> bool) {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let place = place();
        assert_eq!(
            ended(&place, line, signal, &begun),
            Some(code),
            "{line} {signal}"
        );
    }
}

/// Twenty years of one seed: no seed is ever done.
const LONG: &str = "--duration 7000d --seeds 1";

#[test]
fn a_comparison_ends() {
    check(
        &format!("compare tiny.toml {LONG} --out out"),
        Place::tiny,
        a_moment,
    );
}

#[test]
fn a_stream_ends_and_its_rows_go() {
    let line = "stream tiny.toml --set duration=7000d --rows rows.csv";
    check(line, Place::tiny, |place, _| {
        place.path("rows.csv").exists()
    });
}

/// A log that comes through a pipe from somebody who takes his time.
fn piped() -> Place {
    let place = Place::empty();
    let made = place.command("mkfifo").arg("log.swf").status().unwrap();
    assert!(made.success());
    let path = place.path("log.swf");
    std::thread::spawn(move || {
        // Open for reading, too: a program that opens it twice is never without a writer.
        let mut options = OpenOptions::new();
        let mut pipe = options.read(true).write(true).open(path).unwrap();
        let row = "1 0 0 60 1 -1 -1 1 100 -1 1 1 1 -1 1 -1 -1 -1\n";
        while pipe.write_all(row.as_bytes()).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    place
}

#[test]
fn an_import_ends_and_leaves_no_folder() {
    let begun = |place: &Place, _: Duration| {
        let names = fs::read_dir(place.path(".")).unwrap();
        let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.any(|name| name.starts_with(".trace-"))
    };
    check(
        "trace import log.swf --format swf --out trace",
        piped,
        begun,
    );
}

#[test]
fn counting_ends() {
    check("trace stat log.swf --format swf", piped, a_moment);
}

/// Where a result stands, it stands afterwards.
#[test]
fn a_result_that_is_there_stays() {
    let place = || {
        let place = Place::tiny();
        let said = place.fairground("compare tiny.toml --seeds 1 --out out");
        assert!(said.starts_with("exit 0\n"), "{said}");
        place
    };
    check(
        &format!("compare tiny.toml {LONG} --out out"),
        place,
        a_moment,
    );
}

/// What was given up is no answer: neither that something was found, nor that nothing was.
#[test]
fn searches_end() {
    let gap = "gap drf static --trace jobs.csv --budget 100000000 --by 900";
    check(gap, crate::gap::jobs, a_moment);
    let audit = "audit drf --form running --properties work-conservation --instances 1000000000";
    check(audit, Place::empty, a_moment);
    let robust = format!("robust tiny.toml {LONG}");
    check(&robust, Place::tiny, a_moment);
}
