//! What a recipe of traces says of itself holds for what is run, whatever flags and settings make of it.

use std::fs;

use super::LOG;
use crate::place::Place;

/// Two users on four processors: the second job of each is wide.
const WIDE: &str = "\
; MaxProcs: 4
1 0 0 60 1 -1 -1 1 100 -1 1 7 1 -1 1 -1 -1 -1
2 10 0 600 2 -1 -1 2 900 -1 1 7 1 -1 1 -1 -1 -1
3 20 0 300 1 -1 -1 1 900 -1 1 8 1 -1 1 -1 -1 -1
4 30 0 300 4 -1 -1 4 900 -1 1 8 1 -1 1 -1 -1 -1
5 40 0 120 1 -1 -1 1 900 -1 1 7 1 -1 1 -1 -1 -1
6 50 0 240 1 -1 -1 1 900 -1 1 8 1 -1 1 -1 -1 -1
";

/// What a recipe says of itself.
fn about(log: &str, arguments: &str) -> String {
    let place = Place::with("log.swf", log);
    let said = place.fairground(&format!("compare --trace log.swf {arguments} --dry-run"));
    let about = said.lines().find(|line| line.starts_with("about = "));
    about.unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// Settings that change the work or the cluster: what was made of the trace is not told, what they are
/// is, and the numbers are those of what runs.
#[test]
fn what_settings_change_is_not_told_as_it_was() {
    for (settings, told) in [
        (
            "--set cluster.0.agents=2",
            "jobs: 4, agents: 2. Over the recipe's 10m, the work asks for 430.0 % of their CPUs",
        ),
        (
            "--set duration=1m",
            "jobs: 1, agents: 8. Over the recipe's 1m, the work asks for 50.0 % of their CPUs",
        ),
        (
            "--set cluster.0.cpus=2",
            "jobs: 4, agents: 8. Over the recipe's 10m, the work asks for 53.8 % of their CPUs",
        ),
        (
            "--set framework.0.workload.trace.from=1m",
            "jobs: 3, agents: 8. Over the recipe's 10m",
        ),
        (
            "--set framework.0.workload.trace.sample=0.5",
            "agents: 8. Over the recipe's 10m",
        ),
        ("--set framework.0.share=1", "jobs: 4, agents: 8."),
    ] {
        let said = about(LOG, settings);
        let changed = settings.replace("--set ", "Changed by --set: ");
        let start = format!("4 jobs of 3 tenants. {changed}. That makes ");
        assert!(
            said.contains(&start) && said.contains(told),
            "{told}: {said}"
        );
        for gone in ["Replayed", "The trace tells", "A partition has"] {
            assert!(!said.contains(gone), "{settings}: {said}");
        }
    }
    let twice = about(WIDE, "--set cluster.0.overcommit=4");
    assert!(!twice.contains("too small"), "{twice}");
    // The others change nothing of it.
    for settings in ["network.latency=1s", "framework.0.weight=2", "seeds=2"] {
        assert_eq!(about(LOG, &format!("--set {settings}")), about(LOG, ""));
    }
    assert_eq!(about(LOG, "--set about=mine"), "about = \"mine\"");
}

/// Numbers that depend on the seed are those of all seeds, and the page has them.
#[test]
fn what_is_drawn_is_told_of_every_seed() {
    let load = |said: &str| {
        let (_, rest) = said.split_once("asks for ").unwrap();
        let nothing = rest.starts_with("nothing");
        let load = rest.split(" % of their CPUs").next().unwrap();
        if nothing { "0.0" } else { load }.to_owned()
    };
    let drawn = |arguments: &str| about(WIDE, &format!("--sample 0.5 {arguments}"));
    let three = drawn("");
    let each = |seed| load(&drawn(&format!("--seeds 1 --set first_seed={seed}")));
    let mut loads: Vec<f64> = (1..=3).map(|seed| each(seed).parse().unwrap()).collect();
    loads.sort_by(f64::total_cmp);
    assert!(loads[0] < loads[2], "{loads:?}");
    assert_eq!(load(&three), format!("{:.1} to {:.1}", loads[0], loads[2]));
    assert!(
        three.contains("load of its framework in seed 1."),
        "{three}"
    );
    assert!(
        three.contains(" of the ") && three.contains(" to "),
        "{three}"
    );
    assert!(three.contains("room for those of seed 1."), "{three}");
    let made = about(&WIDE.replace("; MaxProcs: 4\n", ""), "--sample 0.5");
    assert!(made.contains(" in seed 1"), "{made}");
    let place = Place::with("log.swf", WIDE);
    place.fairground("compare --trace log.swf --sample 0.5 --out out");
    assert!(place.read("out/README.md").contains(&load(&three)));
}

/// The title names the policies that run, whoever says them.
#[test]
fn the_title_is_of_what_runs() {
    let place = Place::with("log.swf", LOG);
    for (policies, title) in [
        ("--policies fifo drf", "log: fifo, drf"),
        ("--set policies=[\"fifo\",\"drf\"]", "log: fifo, drf"),
        ("--set seeds=2", "log: static partitions against one pool"),
        ("--set policies=[\"drf\"] --set title=mine", "mine"),
    ] {
        let said = place.fairground(&format!("compare --trace log.swf {policies} --dry-run"));
        assert!(said.contains(&format!("title = \"{title}\"\n")), "{said}");
    }
}

/// Flags that would do nothing are refused, with why.
#[test]
fn flags_without_effect_are_refused() {
    let place = Place::tiny();
    place.write("log.swf", LOG);
    place.write("workload.txt", "1 2 3\n");
    place.write("one.swf", LOG.lines().nth(2).unwrap().to_owned() + "\n");
    fs::create_dir(place.path("sub")).unwrap();
    place.write("sub/other.swf", LOG);
    let made = place.fairground("trace import log.swf --out canonical");
    assert!(made.starts_with("exit 0\n"), "{made}");
    let tenants = "--tenants: no effect: ";
    for (arguments, told) in [
        (
            "--trace canonical --format swf",
            "--format: a canonical trace has no other format",
        ),
        (
            "--trace log.swf --trace ./log.swf",
            "--trace: the same trace is named twice",
        ),
        (
            "--trace log.swf --trace sub/other.swf --tenants 2",
            &format!("{tenants}of several traces each is one framework; found 2"),
        ),
        (
            "--trace workload.txt --format requests --tenants 2",
            &format!("{tenants}a trace of requests is one framework; found 2"),
        ),
        (
            "--trace one.swf --tenants 2",
            &format!("{tenants}the trace tells one tenant; found 2"),
        ),
        (
            "--trace log.swf --feedback logged",
            "--feedback: no effect: no job of the part replayed names one before it",
        ),
    ] {
        let said = place.fairground(&format!("compare {arguments} --dry-run"));
        assert!(
            said.starts_with("exit 2\n") && said.contains(told),
            "{told}: {said}"
        );
    }
    for flag in [
        "--format swf",
        "--from 1h",
        "--tenants 2",
        "--sample 0.5",
        "--interarrival 0.5",
        "--load 0.5",
        "--feedback logged",
    ] {
        let said = place.fairground(&format!("compare tiny.toml {flag} --dry-run"));
        let told = said.starts_with("exit 2\n") && said.contains("cannot be used with");
        assert!(
            told && said.contains(flag.split(' ').next().unwrap()),
            "{said}"
        );
    }
}

#[test]
fn few_are_told_as_few() {
    let one = LOG.lines().nth(2).unwrap().to_owned() + "\n";
    let nodes = LOG.replace("MaxProcs: 8", "MaxNodes: 4");
    for (log, arguments, told, never) in [
        (
            one.as_str(),
            "--interarrival 2",
            "Replayed: what arrives at its beginning, all 1 job.",
            "times between arrivals",
        ),
        (
            LOG,
            "--tenants 1",
            "The tenant with the most load is a framework of its own, 2 others are one together.",
            "The 1 tenants",
        ),
        (
            &nodes,
            "",
            "The trace tells 4 nodes, and neither the processors of nodes nor their memory: 4 agents",
            "on every processor",
        ),
    ] {
        let said = about(log, arguments);
        assert!(
            said.contains(told) && !said.contains(never),
            "{told}: {said}"
        );
    }
}

/// Two files with the same name and the same users: two frameworks, and users who may be the same.
#[test]
fn two_files_are_told_apart() {
    let place = Place::with("log.swf", LOG);
    fs::create_dir(place.path("sub")).unwrap();
    place.write("sub/log.swf", LOG);
    let said = place.fairground("compare --trace log.swf --trace sub/log.swf --dry-run");
    for told in [
        "log.swf, log.swf hold",
        "8 jobs of 6 tenants (those of each file are counted for themselves).",
        "name = \"log\"",
        "name = \"log 2\"",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
}
