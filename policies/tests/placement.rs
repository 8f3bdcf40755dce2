//! Placements: worked answers, tie rules, GPUs as single devices.

use fairground_policies::name::Name;
use fairground_policies::placement::{
    Fgd, NodeScore, NodeState, PlacementPolicy, Placer, TaskShape,
};
use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

/// `cpus mem gpus`, the first and the last in thousandths.
fn size(text: &str) -> Resources {
    let units: Vec<u64> = text
        .split(' ')
        .map(|n| n.parse().expect("a number"))
        .collect();
    Resources::new(Millicores(units[0]), Mebibytes(units[1])).with_gpus(Milligpus(units[2]))
}

fn policy(name: &str) -> PlacementPolicy {
    let name: Name = name.parse().expect("a name");
    PlacementPolicy::from_name(&name).unwrap_or_else(|error| panic!("{error}"))
}

/// Where tasks go one after the other: `node` or `node:gpu+gpu`, `-` for nowhere.
fn check(name: &str, nodes: &[&str], tasks: &[&str], expected: &str) {
    let nodes = nodes
        .iter()
        .map(|node| NodeState::new(size(node), 1))
        .collect();
    let mut placer = Placer::new(policy(name), nodes, ChaCha8Rng::seed_from_u64(7));
    for task in tasks {
        placer.learn(&TaskShape::new(size(task)), 1);
    }
    let place = |task: &&str| {
        let Some(there) = placer.place(&TaskShape::new(size(task))) else {
            return "-".to_owned();
        };
        let devices: Vec<_> = there.devices.iter().map(ToString::to_string).collect();
        if devices.is_empty() {
            there.node.to_string()
        } else {
            format!("{}:{}", there.node, devices.join("+"))
        }
    };
    let found: Vec<_> = tasks.iter().map(place).collect();
    assert_eq!(found.join(" "), expected, "{name}");
}

const THREE: [&str; 3] = ["8000 100 0", "4000 100 0", "8000 50 0"];

#[test]
fn plain_fits() {
    let tasks = ["2000 10 0"; 4];
    check("first", &THREE, &tasks, "0 0 0 0");
    check("first[tie=last]", &THREE, &tasks, "2 2 2 2");
    // 2 of 8 CPUs left and 90 of 100 memory is 0.25 and 0.9; of the third 0.75 and 0.4. Over all four kinds the
    // means are 1.65/4, 1.15/4, 1.15/4: the second of these equals goes to the lower number.
    check("best", &THREE, &["2000 10 0"], "1");
    check("best[tie=last]", &THREE, &["2000 10 0"], "2");
    check("best[on=cpus]", &THREE, &tasks, "1 1 0 0");
    check("best[on=mem]", &THREE, &tasks, "2 2 2 2");
    // Sums of 1.65, 1.15 and 1.15; then 1.3 of the first, 0.95, and 0.8 of the second.
    check("worst", &THREE, &tasks, "0 0 1 2");
    check("worst[on=cpus]", &THREE, &tasks, "0 2 0 2");
    check("worst", &THREE, &["9000 1 0"], "-");
}

#[test]
fn what_points_the_same_way() {
    // As parts of the largest node (8 CPUs, 100 MiB): 1/4 x 1 + 1/10 x 1, 1/4 x 1/2 + 1/10 x 1, 1/4 x 1 + 1/10 x 1/2.
    check("dot", &THREE, &["2000 10 0"], "0");
    // As parts of each node: 0.25 + 0.1, 0.5 + 0.1, 0.25 + 0.2.
    check("tetris", &THREE, &["2000 10 0"], "1");
    check("tetris", &THREE, &["1000 30 0"], "2");
}

/// A node of which the reservation is taken off: 2048 CPU and 4096 MB. The answers of Nomad's own tests.
#[test]
fn the_scores_of_nomad() {
    for (left, binpack, spread) in [
        ("0 0 0", "18.000000", "0.000000"),
        // 18 but for what powers are rounded down.
        ("2048 4096 0", "0.000000", "17.999999"),
        ("1024 2048 0", "13.675444", "4.324555"),
    ] {
        let mut node = NodeState::new(size("2048 4096 0"), 1);
        node.free = size(left);
        let nothing = TaskShape::new(Resources::ZERO);
        for (name, known) in [("binpack", binpack), ("spread", spread)] {
            let found = policy(name).score_of(&node, &nothing).to_string();
            assert_eq!(found, known, "{name} with {left} left");
        }
    }
    check("binpack", &THREE, &["2000 10 0"; 4], "1 1 2 2");
    // 11.57 of the first, 9.93 of the third, 9.10 of the second; then 7.47, 5.14 and 5.31.
    check("spread", &THREE, &["2000 10 0"; 4], "0 2 1 0");
}

#[test]
fn a_task_shares_one_gpu_or_has_whole_ones() {
    let nodes = ["64000 1000 2000"];
    let tasks = [
        "1000 1 600",
        "1000 1 300",
        "1000 1 300",
        "1000 1 1000",
        "1000 1 100",
    ];
    check("first", &nodes, &tasks, "0:0 0:0 0:1 - 0:0");
    check("first[gpu=emptiest]", &nodes, &tasks, "0:0 0:1 0:1 - 0:0");
    check(
        "best",
        &nodes,
        &["1000 1 500", "1000 1 700", "1000 1 300"],
        "0:0 0:1 0:1",
    );
    check(
        "first",
        &["64000 1000 4000"],
        &["1000 1 100", "1000 1 2000", "1000 1 2000"],
        "0:0 0:1+2 -",
    );
    // Half of one and half of another are no whole one, and what is more than one is rounded up to whole ones.
    check(
        "first",
        &nodes,
        &["1 1 500", "1 1 501", "1 1 1000"],
        "0:0 0:1 -",
    );
    check("first", &nodes, &["1 1 1500"], "0:0+1");
    // A node without the right model.
    let mut shape = TaskShape::new(size("1 1 1000"));
    shape.models = 2;
    assert!(!NodeState::new(size("1000 1 1000"), 1).fits(&shape));
    assert!(NodeState::new(size("1000 1 1000"), 2).fits(&shape));
}

/// The artefact's own case: GPUs with 200, 1000, 1000 and 500 free, one CPU free, and tasks of 6 CPUs and 0.465
/// GPUs that are 9.33 % of all; 2700 x 0.0933 = 251.91.
#[test]
fn the_fragments_of_a_node() {
    let mut node = NodeState::new(size("8000 1000 4000"), 1);
    node.free = size("1000 1000 2700");
    node.devices = vec![200, 1000, 1000, 500];
    let shared = |cpus: u64| TaskShape::new(size(&format!("{cpus} 1 465")));
    let fragments = |shape: &TaskShape, count| {
        let mut fgd = Fgd::new(100);
        fgd.learn(shape, count);
        fgd.fragments(&node)
    };
    assert_eq!(fragments(&shared(6000), 933), 251_910 * 10);
    // With a CPU it can use all but the first GPU; who wants none, or another model, can use nothing.
    assert_eq!(fragments(&shared(1000), 1), 200);
    assert_eq!(fragments(&TaskShape::new(size("1000 1 0")), 1), 2700);
    assert_eq!(fragments(&TaskShape::new(size("1000 1 2000")), 1), 700);
    assert_eq!(fragments(&TaskShape::new(size("1000 1 3000")), 1), 2700);
    let other = TaskShape {
        models: 2,
        ..shared(1000)
    };
    assert_eq!(fragments(&other, 1), 2700);
}

#[test]
fn fragments_grow_least() {
    // A third of a GPU goes where one is in use already, on the node that nobody can use whole.
    let nodes = ["64000 1000 2000", "64000 1000 1000"];
    let tasks = ["1000 1 300", "1000 1 2000", "1000 1 700"];
    check("fgd", &nodes, &tasks, "1:0 0:0+1 1:0");
    check("worst", &nodes, &tasks, "0:0 - 0:1");
    // Of ten tasks, nine are three quarters: at 90 % they alone are the mix.
    let mut fgd = Fgd::new(90);
    fgd.learn(&TaskShape::new(size("1000 1 750")), 9);
    fgd.learn(&TaskShape::new(size("1000 1 1000")), 1);
    let mut node = NodeState::new(size("64000 1000 1000"), 1);
    node.devices = vec![800];
    assert_eq!(fgd.fragments(&node), 0);
    fgd.learn(&TaskShape::new(size("1000 1 1000")), 1);
    assert_eq!(fgd.fragments(&node), 2 * 800);
}

/// Equal nodes are drawn among, and each of them is; the same seed draws the same.
#[test]
fn ties_are_a_parameter() {
    let nodes = ["4000 100 0"; 3];
    let draw = |name: &str, seed| -> Vec<usize> {
        let nodes = nodes
            .iter()
            .map(|node| NodeState::new(size(node), 1))
            .collect();
        let mut placer = Placer::new(policy(name), nodes, ChaCha8Rng::seed_from_u64(seed));
        let place = |_| {
            placer
                .place(&TaskShape::new(size("1 1 0")))
                .expect("room")
                .node
        };
        (0..60).map(place).collect()
    };
    for name in ["random", "first[tie=random]", "best[round=2,tie=random]"] {
        let drawn = draw(name, 1);
        assert!(
            (0..3).all(|node| drawn.iter().filter(|one| **one == node).count() > 8),
            "{name}: {drawn:?}"
        );
        assert_eq!(drawn, draw(name, 1));
        assert_ne!(drawn, draw(name, 2));
    }
    assert_eq!(draw("random[tie=first]", 1), [0; 60]);
}

#[test]
fn what_ends_makes_room() {
    let nodes = vec![NodeState::new(size("1000 10 1000"), 1)];
    let mut placer = Placer::new(policy("best"), nodes, ChaCha8Rng::seed_from_u64(1));
    let half = TaskShape::new(size("400 1 600"));
    let first = placer.place(&half).expect("room");
    assert_eq!(placer.place(&half), None);
    placer.end(&half, &first);
    assert_eq!(placer.nodes()[0], NodeState::new(size("1000 10 1000"), 1));
    assert_eq!(placer.place(&half), Some(first));
}

#[test]
fn names_are_read_strictly() {
    for (name, said) in [
        (
            "bets",
            "no placement is called `bets`; known are first, random, best",
        ),
        ("best[on=cpu]", "kinds of resource, as in cpus:gpus"),
        ("best[types=95]", "`types`"),
        ("fgd[types=0]", "1 to 100"),
        ("first[tie=name]", "first, last or random"),
        ("first[gpu=best]", "first, tightest, emptiest or random"),
        ("first[round=0]", "at least 1"),
    ] {
        let error = PlacementPolicy::from_name(&name.parse().expect("a name"));
        let error = error.expect_err("a bad name").to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
}
