//! An allocator that Fairground does not know, in a real master: nothing of `real/` was changed
//! for it.

use std::path::Path;

use fairground_policies::registry::Registry;
use serde_json::json;

use super::agent::{Agent, Spec};
use super::framework::Framework;
use super::process::Master;

/// The example's allocator: as in the simulator's example, to the letter.
#[allow(dead_code, reason = "its `main` is not called here")]
#[path = "../../examples/own_allocator_for_real.rs"]
mod example;

/// The example as Cargo built it beside the program.
fn example() -> Option<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_fairground-real"));
    let example = program.with_file_name("examples/own_allocator_for_real");
    example.exists().then(|| example.display().to_string())
}

#[test]
fn an_own_allocator_decides_in_a_real_master() {
    let Some(program) = example() else {
        println!("skipped: needs examples; run `cargo test -p fairground-real`, which builds them");
        return;
    };
    let flags = ["--allocator", "fewest[round=50ms]"];
    let registry = Registry::default().with_allocator(example::FEWEST);
    let master = Master::start_program(&program, &flags, registry);
    let _agent = Agent::start(&Spec::new(master.address, "a", 4, 4000));
    let old = Framework::subscribe(master.address, "old");
    let first = old.offer();
    // It holds most of the cluster, so that by shares the other one would be next every time; here
    // they take turns.
    let new = Framework::subscribe(master.address, "new");
    old.launch(&first, &[("t1", "sleep"), ("t2", "sleep")]);
    for turn in [&new, &old, &new, &old] {
        let offer = turn.offer();
        turn.decline(&offer, 0.0);
    }
    old.say("TEARDOWN", json!(null));
}

#[test]
fn the_example_is_the_simulators() {
    let body = |text: &str| {
        let from = text.find("struct Fewest").unwrap();
        let to = text.find("fn main").unwrap();
        text[from..to].replace("pub(crate) const", "const")
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let of = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    assert_eq!(
        body(&of("examples/own_allocator_for_real.rs")),
        body(&of("../sim/examples/own_allocator.rs"))
    );
}
