//! `fidelity`: a run that was real (`fairground-real run`, two agents, ten times faster than its
//! recipe) against its simulation.

use std::path::Path;

use expect_test::expect;
use fairground_policies::message::Action;
use fairground_workloads::log::{FORMAT, Reader, Record};
use serde_json::Value;

use crate::place::Place;

type Words = Record<Value, Value>;

/// The folder of the run: the log, the recipe, and what was measured.
fn real_run() -> Place {
    let place = Place::empty();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/real-run");
    for name in ["log", "recipe.toml", "run.json"] {
        place.write(name, std::fs::read(kept.join(name)).unwrap());
    }
    place
}

#[test]
fn no_decision_differs_and_the_rest_is_reported() {
    expect![[r#"
        exit 0
        --- stdout
        decision differences: 0 (71 facts and 37 orders again)
        drf with seed 2, run 10 times faster than the recipe; all times are the recipe's, a millisecond of the machine is 10 ms here
        not as in the recipe: rails: no requests are served; instances burn the load aimed at, and the load that is measured is the trace's, without requests that wait

        hadoop                                 simulated      measured
          jobs finished                           2 of 2        2 of 2
          wait of a job, mean                     0.00 s        0.45 s
          completion of a job, mean              22.32 s       26.18 s
          completion of a job, p95               22.74 s       28.36 s
          tasks launched                               6             6
          start of a task, median                 0.00 s        0.39 s
          start of a task, p95                    0.00 s        0.47 s
          run time of a task, mean               12.57 s       13.80 s
          run time of a task, p95                17.81 s       19.05 s
          throttled, of run time                   0.0 %        73.6 %
          processors held, core hours              0.021         0.024

        spark                                  simulated      measured
          jobs finished                           3 of 3        3 of 3
          wait of a job, mean                     4.01 s        5.40 s
          completion of a job, mean              32.23 s       33.69 s
          completion of a job, p95               49.20 s       50.68 s
          tasks launched                               2             2
          start of a task, median                 0.00 s        0.33 s
          start of a task, p95                    0.00 s        0.35 s
          run time of a task, mean               70.91 s       72.15 s
          run time of a task, p95                75.97 s       77.22 s
          throttled, of run time                   0.0 %        15.6 %
          processors held, core hours              0.024         0.024

        rails                                  simulated      measured
          tasks launched                               1             1
          start of a task, median                 0.00 s        0.30 s
          start of a task, p95                    0.00 s        0.30 s
          run time of a task, mean              180.00 s      179.76 s
          run time of a task, p95               180.00 s      179.76 s
          throttled, of run time                   0.0 %         0.0 %
          processors held, core hours              0.050         0.050
    "#]].assert_eq(&real_run().fairground("fidelity log"));
}

#[test]
fn a_decision_that_differs_is_counted() {
    let place = real_run();
    let reader = Reader::<Value, Value>::open(&place.path("log"))
        .unwrap()
        .unwrap();
    let mut forged = Vec::new();
    let (format, settings) = (FORMAT, reader.settings().clone());
    Words::Opened { format, settings }.write(&mut forged);
    for turn in reader {
        let turn = turn.unwrap();
        let mut steps = turn.steps;
        for step in &mut steps {
            // A master that forgets to tell agents of their tasks.
            step.actions
                .retain(|action| !matches!(action, Action::Launch { .. }));
        }
        let (at, input) = (turn.at, turn.input);
        Words::Turn { at, input, steps }.write(&mut forged);
    }
    place.write("log", forged);
    let said = place.fairground("fidelity log");
    let said: Vec<&str> = said.lines().take(3).collect();
    expect![[r#"
        exit 1
        --- stdout
        decision differences: 7 (71 facts and 37 orders again)"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn a_log_alone_does_not_say_what_was_asked_for() {
    let place = real_run();
    std::fs::remove_file(place.path("run.json")).unwrap();
    expect![[r#"
        exit 2
        --- stderr
        error: run.json: cannot be read: No such file or directory (os error 2)
          hint: it is written beside the log by `fairground-real run`; other logs can be replayed, but nothing says what they were asked to run
    "#]].assert_eq(&place.fairground("fidelity log"));
    let place = real_run();
    place.write("run.json", "{\n\"seed\": -1}");
    expect![[r#"
        exit 2
        --- stderr
        error: run.json:2: column 10: expected what a real run is asked; invalid value: integer `-1`, expected u64
    "#]].assert_eq(&place.fairground("fidelity log"));
}
