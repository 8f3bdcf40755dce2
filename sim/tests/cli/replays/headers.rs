//! What a log's header tells of its machine is said as it is told, and why it is not used where it is not.

use crate::place::Place;

const JOBS: &str = "1 0 0 60 2 -1 -1 2 100 -1 1 1 1 -1 1 -1 -1 -1\n\
                    2 60 0 60 1 -1 -1 1 100 -1 1 2 1 -1 1 -1 -1 -1\n";

/// The first paragraph of the recipe that such a log makes.
#[track_caller]
fn check(header: &str, arguments: &str, told: &[&str]) {
    let place = Place::with("log.swf", format!("{header}{JOBS}"));
    place.write("other.swf", JOBS);
    let said = place.fairground(&format!("compare --trace log.swf {arguments} --dry-run"));
    let about = said.lines().find(|line| line.starts_with("about = "));
    let about = about.unwrap_or_else(|| panic!("{said}"));
    for told in told {
        assert!(about.contains(told), "{told}: {about}");
    }
    let untold = "machines are not told";
    assert_eq!(about.contains(untold), told.contains(&untold), "{about}");
}

#[test]
fn only_what_is_told_is_named() {
    let rest = "and not their memory: 4 agents of cpus:";
    check(
        "; MaxProcs: 4\n",
        "",
        &["The trace tells 4 processors, ", rest],
    );
    let nodes = "The trace tells 4 nodes, and neither the processors of nodes nor their memory: 4 agents \
                 of cpus:1 mem:1024 were assumed, each with room for the largest task.";
    check("; MaxNodes: 4\n", "", &[nodes]);
    let both = "; MaxProcs: 8\n; MaxNodes: 4\n";
    check(
        both,
        "",
        &["The trace tells 8 processors and 4 nodes, ", rest],
    );
    check("", "", &["machines are not told"]);
    check("; MaxQueues: 3\n", "", &["machines are not told"]);
}

#[test]
fn what_is_not_used_is_told_with_the_reason() {
    let header = "; MaxProcs: 4\n";
    check(
        header,
        "--load 0.8",
        &["The trace tells 4 processors, which --load leaves aside: 3 agents"],
    );
    check(
        "; MaxProcs: 1\n",
        "",
        &[
            "The trace tells 1 processor: 2 agents",
            "as many as the widest job needs, which is wider than that.",
        ],
    );
    check(
        header,
        "--trace other.swf",
        &["log.swf tells 4 processors, and what the others have is not told: "],
    );
}

/// It is said wherever somebody looks: by the import, by counts, and in the recipe.
#[test]
fn what_nobody_understands_is_told() {
    for value in ["many", "-5", "0", "1e30"] {
        let header = format!("; MaxProcs: {value}\n");
        let told = format!("header MaxProcs: expected a whole number above 0, found `{value}`");
        let place = Place::with("log.swf", format!("{header}{JOBS}"));
        for (command, told) in [
            (
                "trace stat log.swf",
                format!("header_not_understood: {told}\n"),
            ),
            (
                "trace validate log.swf",
                format!("{told}\n  hint: it is not used"),
            ),
            (
                "trace import log.swf --out trace",
                format!("assumed: a header that is not understood: {told}: not used\n"),
            ),
        ] {
            let said = place.fairground(command);
            assert!(
                said.starts_with("exit 0\n") && said.contains(&told),
                "{told}: {said}"
            );
        }
        check(
            &header,
            "",
            &[
                "machines are not told",
                &format!("log.swf: {told}: not used."),
            ],
        );
    }
}
