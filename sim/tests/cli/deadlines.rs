//! Jobs with deadlines: who is late in which order, in both ways to run them. Speeds, and what is said of them.

use crate::place::Place;

/// One processor, and jobs of 100, 100 and 30 seconds, one after the other; each may take 4.5 times as long: until 450,
/// 451 and 137 s.
fn place(scheduler: &str) -> Place {
    let recipe = format!(
        r#"name = "due"
duration = "10m"
policies = ["fifo"]

[[cluster]]
agents = 1
cpus = 1
mem = "4GiB"

[[framework]]
name = "log"
scheduler = "{scheduler}"
deadline = [4.5, 4.5]
workload.swf = {{ file = "log.swf" }}
"#
    );
    let place = Place::with("due.toml", recipe);
    let job = |(id, at, run): (u32, u32, u32)| {
        format!("{id} {at} 0 {run} 1 -1 -1 1 100 -1 1 1 1 -1 1 -1 -1 -1\n")
    };
    let jobs: String = [(1, 0, 100), (2, 1, 100), (3, 2, 30)].map(job).concat();
    place.write("log.swf", jobs);
    place
}

/// `due` and `late` of the table of totals.
fn late(place: &Place) -> Vec<String> {
    let told = place.fairground("run due.toml --policy fifo --out out");
    assert!(told.starts_with("exit 0"), "{told}");
    let table = place.read("out/summary.csv");
    let mut lines = table
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let (head, row) = (lines.next().expect("a head"), lines.next().expect("a row"));
    let of = |name: &str| {
        let at = head.iter().position(|one| *one == name);
        row[at.unwrap_or_else(|| panic!("no column {name} in {table}"))].to_owned()
    };
    ["due", "late"].map(of).to_vec()
}

#[test]
fn the_order_decides_who_is_late() {
    // The third starts at 200, or at 100.
    assert_eq!(late(&place("easy[order=fcfs]")), ["3", "1"]);
    assert_eq!(late(&place("easy[order=edf]")), ["3", "0"]);
    let told = place("easy").fairground("stream due.toml --policy fifo");
    assert!(
        told.contains("log: 1 late of 3 jobs with a deadline"),
        "{told}"
    );
    assert!(
        told.contains("deadlines: drawn for every job between 4.5 and 4.5 times"),
        "{told}"
    );
}

#[test]
fn speeds_are_among_what_is_assumed() {
    let place = place("fifo");
    let recipe = place.read("due.toml");
    let recipe = recipe.replace(
        "mem = \"4GiB\"",
        "mem = \"4GiB\"\nattributes = { kind = \"fast\" }",
    );
    let recipe = recipe.replace(
        "deadline = [4.5, 4.5]",
        "speeds = { kind = { fast = 2.5 } }",
    );
    place.write("due.toml", recipe);
    let told = place.fairground("stream due.toml --policy fifo");
    let said = "log: speeds of agents: times as fast as the workload says: 2.5 where kind = fast; 1 elsewhere";
    assert!(told.contains(said), "{told}");
    // 100, 100 and 30 seconds at that speed, one after the other.
    assert!(told.contains("over after 92 s"), "{told}");
}

#[test]
fn deadlines_that_make_no_sense_are_refused() {
    let bad = |from: &str, to: &str, said: &str| {
        let place = place("fair");
        let recipe = place.read("due.toml").replace(from, to);
        let recipe = recipe.replace("scheduler = \"fair\"\n", "");
        place.write("due.toml", recipe);
        let told = place.fairground("run due.toml");
        assert!(told.starts_with("exit 2") && told.contains(said), "{told}");
    };
    bad(
        "[4.5, 4.5]",
        "[4.5, 2]",
        "`framework.log.deadline`: expected the least and the most",
    );
    let rails = "workload.rails = {}";
    bad(
        "workload.swf = { file = \"log.swf\" }",
        rails,
        "`framework.log.deadline`: no effect: a `rails` workload has instances and no jobs",
    );
}
