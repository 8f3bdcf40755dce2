//! `bench`: the table and its refusals. Its values differ from machine to machine.

use expect_test::expect;

use crate::place::{FAIRGROUND, Place, told};

#[test]
fn an_unknown_row_is_refused_with_the_names_of_all() {
    expect![[r#"
        exit 2
        --- stderr
        error: no row is called like tea; there are pass/10k-50, pass/10k-1k, pass/10k-500, join/10k-500, pass/50k-1k, pass/nothing-free, pass/all-filtered, churn/10k-100, end/10k-100, accept/10k-100, queue/1M, fifo/1k-0.7, fifo/1k-1.2, fifo/10k-0.7, fifo/10k-1.2, drf/10k-1.2, shapes/10k, slope/tasks, slope/agents, slope/frameworks, slope/load, memory/task, allocations/task, allocations/backlog, allocations/drf, trace/swf, trace/google-2011, trace/canonical, start/1k, month/google, month/memory, pool/kth-easy, pool/kth-conservative, pool/curie-easy, seeds/2
    "#]]
    .assert_eq(&Place::empty().fairground("bench tea"));
}

/// Unoptimised programs miss aims: whether this one is met is not asked.
#[test]
fn a_row_has_a_value_an_aim_and_its_costs() {
    let place = Place::empty();
    let told = place.fairground("bench --quick --csv rows.csv start/1k");
    assert!(told.contains("a thousand tasks, start to end"), "{told}");
    let table = place.read("rows.csv");
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(
        rows.headers().expect("a header"),
        vec![
            "row",
            "what",
            "value",
            "unit",
            "aim",
            "met",
            "cpu_s",
            "wall_s",
            "peak_mib",
            "allocations",
            "why"
        ]
    );
    let row = rows.records().next().expect("a row").expect("cells");
    let value: f64 = row[2].parse().expect("a number");
    assert!(value > 0.0);
    assert_eq!((&row[3], &row[4]), ("ms", "<= 10"));
    let allocations: u64 = row[9].parse().expect("a number");
    assert!(allocations > 0);
    assert_eq!(row[5].starts_with("missed"), !row[10].is_empty());
}

/// This program is its own peer: it does what is asked of one.
#[test]
fn a_peer_is_set_against_this_program_and_has_to_place_alike() {
    let place = Place::empty();
    let against = |peer: &str| {
        place.fairground_with(&["bench", "--quick", "--csv", "peers.csv", "--peer", peer]);
    };
    against(&format!("simpy={FAIRGROUND} bench --place"));
    let table = place.read("peers.csv");
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(table.as_bytes())
        .records()
        .collect::<Result<_, _>>()
        .expect("cells");
    let names: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
    let anchors = ["accasim", "batsim", "cloudsim-plus"];
    assert_eq!(names[..2], ["simpy/1k-0.7", "simpy/1k-1.2"]);
    assert_eq!(names[2..], anchors);
    assert!(rows.iter().all(|row| row[6] != *"failed"), "{table}");

    against("simpy=echo 1");
    let table = place.read("peers.csv");
    assert!(
        table.contains("failed") && table.contains("ours are"),
        "{table}"
    );
}

#[test]
fn peers_nobody_knows_are_refused() {
    let told = expect![[r#"
        exit 2
        --- stderr
        error: gridsim=true: not NAME=COMMAND with one of simcore, simpy
    "#]];
    told.assert_eq(&Place::empty().fairground("bench --peer gridsim=true"));
}

#[test]
fn rows_of_traces_that_are_not_there_are_skipped() {
    let place = Place::empty();
    let mut command = place.command(FAIRGROUND);
    // Whatever lies above the place.
    command.env("FAIRGROUND_TRACES", place.path("none"));
    let output = command.args(["bench", "pool/kth"]).output().unwrap();
    expect![[r#"
        exit 0
        --- stdout
        row                    what                                                   value  unit  aim      met      cpu_s  wall_s  peak_mib  allocations
        pool/kth-easy          KTH-SP2 on 100 processors, EASY, the simulation alone  -      s     <= 0.03  skipped
        pool/kth-conservative  the same with conservative backfilling                 -      s     <= 0.1   skipped
        --- stderr
        pool/kth-easy: skipped: batch-anchors/KTH-SP2-unfiltered.swf.zst is not there: name the folder of traces with FAIRGROUND_TRACES
        pool/kth-conservative: skipped: batch-anchors/KTH-SP2-unfiltered.swf.zst is not there: name the folder of traces with FAIRGROUND_TRACES
    "#]].assert_eq(&told(&output));
}
