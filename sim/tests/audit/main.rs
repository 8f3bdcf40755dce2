//! The laboratory: it finds what papers say there is to be found, and what is wrong on purpose, and nothing else.

mod broken;

use std::fs;

use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_sim::audit::clusters::ClusterCase;
use fairground_sim::audit::divisible::{DivisibleCase, Division, Exact};
use fairground_sim::audit::fairness::{judged, judged_with};
use fairground_sim::audit::lies::{Lie, lies};
use fairground_sim::audit::property::Property;
use fairground_sim::audit::search::{AuditCase, Hunt};
use fairground_sim::audit::{
    AuditFinding, AuditForm, AuditPlan, Counterexample, PolicyAudit, audit, recipes, subject,
};
use fairground_sim::experiment::{Experiment, Unwatched};
use fairground_sim::recipe::Recipe;
use fairground_sim::run::{Run, TaskRow};
use fairground_solvers::with_solvers;

fn name(text: &str) -> Name {
    text.parse().expect("a policy's name")
}

fn case(capacity: &[u32], needs: &[&[u32]]) -> DivisibleCase {
    DivisibleCase {
        capacity: capacity.to_vec(),
        needs: needs.iter().map(|needs| needs.to_vec()).collect(),
        lie: needs[0].to_vec(),
        more: (0, 0),
    }
}

/// The tasks of each tenant, as `6 12` or `21/2`.
#[track_caller]
fn check(division: Division, case: &DivisibleCase, expected: &str) {
    let tasks = division.tasks(case);
    let tasks: Vec<String> = tasks.iter().map(ToString::to_string).collect();
    assert_eq!(tasks.join(" "), expected);
}

/// Ghodsi et al., NSDI 2011, sections 4.1, 5 and 6.1.
#[test]
fn divisions_are_those_of_the_paper() {
    let running = case(&[9, 18], &[&[1, 4], &[3, 1]]);
    check(Division::DominantShare, &running, "3 2");
    check(Division::SumOfShares, &running, "63/25 54/25");
    let sharing = case(&[30, 30], &[&[1, 3], &[1, 1]]);
    check(Division::SumOfShares, &sharing, "6 12");
    check(Division::DominantShare, &sharing, "5 15");
    let bottleneck = case(&[21, 21], &[&[3, 2], &[4, 1]]);
    check(Division::SumOfShares, &bottleneck, "3 3");
    check(Division::DominantShare, &bottleneck, "7/2 21/8");
    check(
        Division::SumOfShares,
        &case(&[77, 77], &[&[4, 2], &[1, 1]]),
        "11 33",
    );
    check(
        Division::SumOfShares,
        &case(&[77, 154], &[&[4, 2], &[1, 1]]),
        "21/2 35",
    );
    check(Division::Partition, &running, "9/4 3/2");
    check(Division::OneResource(0), &running, "54/13 18/13");
}

/// The paper's counterexamples are what it says of them.
#[test]
fn counterexamples_of_the_paper_are_such() {
    use Property as P;
    let violates = |property, division, case: &DivisibleCase| {
        judged(property, division, case).expect("the property's business") > 0.0
    };
    let asset = Division::SumOfShares;
    assert!(violates(
        P::SharingIncentive,
        asset,
        &case(&[30, 30], &[&[1, 3], &[1, 1]])
    ));
    assert!(violates(
        P::BottleneckFairness,
        asset,
        &case(&[21, 21], &[&[3, 2], &[4, 1]])
    ));
    let grows = |case: DivisibleCase, more| DivisibleCase { more, ..case };
    let monotone = grows(case(&[77, 77], &[&[4, 2], &[1, 1]]), (1, 77));
    assert!(violates(P::ResourceMonotonicity, asset, &monotone));
    let four = grows(case(&[6, 6], &[&[2, 1], &[1, 2]]), (1, 18));
    assert!(violates(
        P::ResourceMonotonicity,
        Division::DominantShare,
        &four
    ));
    let ceei = Division::Equilibrium;
    let lies = DivisibleCase {
        lie: vec![16, 8],
        ..case(&[100, 100], &[&[16, 1], &[1, 2]])
    };
    assert!(violates(P::StrategyProofness, ceei, &lies));
    assert!(!violates(
        P::StrategyProofness,
        Division::DominantShare,
        &lies
    ));
    let three = case(&[100, 100], &[&[4, 1], &[1, 16], &[16, 1]]);
    assert!(violates(P::PopulationMonotonicity, ceei, &three));
    assert!(!violates(
        P::PopulationMonotonicity,
        Division::DominantShare,
        &three
    ));
}

/// A parameter that makes another division leaves none that is known.
#[test]
fn the_division_of_a_name_is_that_of_its_parameters() {
    let of = |text: &str| Division::of(&name(text));
    assert_eq!(
        of("drf[offers=task,round=1s,tie=last]"),
        Some(Division::DominantShare)
    );
    assert_eq!(of("mesos-like"), Some(Division::DominantShare));
    assert_eq!(of("fair[on=mem]"), Some(Division::OneResource(1)));
    for other in [
        "drf[exclude=gpus]",
        "fair[on=disk]",
        "static[split=2:1]",
        "kueue",
    ] {
        assert_eq!(of(other), None, "{other}");
    }
}

const OF_DIVISIONS: [Property; 8] = [
    Property::SharingIncentive,
    Property::StrategyProofness,
    Property::EnvyFreeness,
    Property::ParetoEfficiency,
    Property::SingleResourceFairness,
    Property::BottleneckFairness,
    Property::PopulationMonotonicity,
    Property::ResourceMonotonicity,
];

/// The whole of table 2 of the paper, by search: `y` where nothing is found.
#[test]
fn the_matrix_is_the_papers() {
    let policies = [
        ("asset", "nyyyynyn", 3000),
        ("ceei", "ynyyyynn", 400),
        ("drf", "yyyyyyyn", 3000),
    ];
    for (policy, expected, cases) in policies {
        let plan = AuditPlan {
            properties: OF_DIVISIONS.to_vec(),
            divisible: cases,
            running: 0,
            seed: 1,
        };
        let registry = with_solvers(Registry::default());
        let found = audit(&name(policy), &registry, &plan, &Unwatched::default());
        let found = found.expect("a policy").expect("nobody ends it");
        let holds = found
            .findings
            .iter()
            .map(|one| if one.violation.is_some() { 'n' } else { 'y' });
        assert_eq!(holds.collect::<String>(), expected, "{policy}");
        for one in &found.findings {
            if let Some((Counterexample::Divisible(case), _)) = &one.violation {
                assert!(
                    case.needs.len() <= 3 && case.capacity.len() <= 3,
                    "{policy}: {case:?}"
                );
            } else {
                assert!(
                    one.judged >= cases / 2,
                    "{policy}: {} judged {}",
                    one.property.name(),
                    one.judged
                );
            }
        }
    }
}

/// Divisions that are wrong on purpose, and what is found of them.
#[test]
fn a_broken_division_is_caught() {
    let half = |case: &DivisibleCase| -> Vec<Exact> {
        let tasks = Division::DominantShare.tasks(case);
        tasks
            .into_iter()
            .map(|tasks| tasks / Exact::from_integer(2))
            .collect()
    };
    // The first has all.
    let first = |case: &DivisibleCase| -> Vec<Exact> {
        let mut tasks = vec![Exact::from_integer(0); case.needs.len()];
        let alone = DivisibleCase {
            needs: case.needs[..1].to_vec(),
            ..case.clone()
        };
        tasks[0] = Division::DominantShare.tasks(&alone)[0];
        tasks
    };
    // The more it asks for of the first resource, the larger its part.
    let asked = |case: &DivisibleCase| -> Vec<Exact> {
        let weights: Vec<i128> = case.needs.iter().map(|needs| needs[0].into()).collect();
        let all: i128 = weights.iter().sum();
        let tasks = Division::Partition.tasks(case);
        let count = Exact::from_integer(tasks.len() as i128);
        let part = |(tasks, weight): (Exact, &i128)| tasks * count * Exact::new(*weight, all);
        tasks.into_iter().zip(&weights).map(part).collect()
    };
    // Of few as they should, of three everything to the last.
    let crowd = |case: &DivisibleCase| -> Vec<Exact> {
        if case.needs.len() < 3 {
            first(case)
        } else {
            Division::DominantShare.tasks(case)
        }
    };
    let caught = |property: Property, divide: &(dyn Fn(&DivisibleCase) -> Vec<Exact> + Sync)| {
        let hunt = Hunt {
            property,
            purpose: "broken",
            cases: 2000,
            seed: 1,
        };
        let judge =
            |case: &DivisibleCase| judged_with(property, divide, Exact::from_integer(0), case);
        let hunted = hunt
            .run(&judge, &Unwatched::default())
            .expect("nobody ends it");
        let (case, _) = hunted
            .found
            .unwrap_or_else(|| panic!("{} is not caught", property.name()));
        // As small as it can be.
        for smaller in case.smaller(property) {
            assert!(
                judge(&smaller).is_none_or(|size| size <= 0.0),
                "{case:?} and {smaller:?}"
            );
        }
    };
    caught(Property::SharingIncentive, &half);
    caught(Property::ParetoEfficiency, &half);
    caught(Property::EnvyFreeness, &first);
    caught(Property::SingleResourceFairness, &first);
    caught(Property::BottleneckFairness, &first);
    caught(Property::StrategyProofness, &asked);
    caught(Property::PopulationMonotonicity, &crowd);
    caught(Property::ResourceMonotonicity, &|case| {
        Division::SumOfShares.tasks(case)
    });
}

/// What is found of one property of a policy.
fn found(policy: &str, property: Property, running: u64) -> AuditFinding {
    let plan = AuditPlan {
        properties: vec![property],
        divisible: 0,
        running,
        seed: 1,
    };
    let registry = broken::registry();
    let found = audit(&name(policy), &registry, &plan, &Unwatched::default());
    let found = found.expect("a policy").expect("nobody ends it");
    found.findings.into_iter().next().expect("the property")
}

/// What no policy can break is kept by the master: limits, and that taking back comes to an end; of these what judges is tested
/// beside it (`conduct.rs`).
#[test]
fn a_broken_policy_is_caught() {
    use Property as P;
    let broken = [
        ("eldest-first", P::SharingIncentive),
        ("largest-first", P::StrategyProofness),
        ("eldest-first", P::EnvyFreeness),
        ("half-at-most", P::ParetoEfficiency),
        ("eldest-first", P::SingleResourceFairness),
        ("eldest-first", P::BottleneckFairness),
        ("crowd-shy", P::PopulationMonotonicity),
        ("turns-coat", P::ResourceMonotonicity),
        ("half-at-most", P::WorkConservation),
        ("eldest-first", P::NoStarvation),
        ("eldest-first", P::BoundedWaiting),
        ("clears-all", P::UsefulPreemption),
        ("odd-agents", P::CapacityMonotonicity),
    ];
    for (policy, property) in broken {
        let found = found(policy, property, 600);
        assert!(
            found.violation.is_some(),
            "{policy}: {} is not caught",
            property.name()
        );
    }
}

/// Below a role whose sibling takes what it wants, DRF from the root down starves a leaf (Bhattacharya et al., `SoCC` 2013); H-DRF
/// does not.
#[test]
fn a_wrong_hierarchy_is_told_from_a_right_one() {
    let tree = found("drf[offers=task]", Property::NoStarvation, 3000);
    let Some((Counterexample::Running(case), _)) = tree.violation else {
        panic!("nothing is found");
    };
    assert!(case.tenants.len() <= 3 && case.roles > 0, "{case:?}");
    assert!(
        found("hdrf[offers=task]", Property::NoStarvation, 600)
            .violation
            .is_none()
    );
}

/// The same with any number of threads.
#[test]
fn the_same_is_found_with_any_number_of_threads() {
    let plan = AuditPlan {
        properties: vec![Property::SharingIncentive, Property::BoundedWaiting],
        divisible: 500,
        running: 150,
        seed: 7,
    };
    let with = |threads| -> PolicyAudit {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let found = pool.install(|| {
            audit(
                &name("drf"),
                &Registry::default(),
                &plan,
                &Unwatched::default(),
            )
        });
        found.expect("a policy").expect("nobody ends it")
    };
    assert_eq!(with(1), with(3));
}

/// A recipe that was saved runs as the cluster did that was found.
#[test]
fn a_recipe_runs_as_what_was_found() {
    let registry = broken::registry();
    let properties = [
        (
            "eldest-first",
            Property::SharingIncentive,
            AuditForm::Running,
        ),
        (
            "drf[offers=task]",
            Property::NoStarvation,
            AuditForm::Running,
        ),
        (
            "odd-agents",
            Property::CapacityMonotonicity,
            AuditForm::Running,
        ),
    ];
    for (policy, property, form) in properties {
        let finding = found(policy, property, 3000);
        assert_eq!(finding.form, form);
        let Some((Counterexample::Running(case), _)) = &finding.violation else {
            panic!("{policy}: nothing is found of {}", property.name());
        };
        let policy = name(policy);
        let subject = subject(&policy, &registry).expect("a policy");
        let folder = tempfile::tempdir().expect("a folder");
        for file in recipes(&finding, &subject, None) {
            fs::write(folder.path().join(file.name), file.text).expect("a file");
        }
        let path = folder.path().join(format!("{}.toml", property.name()));
        let loaded = Recipe::load(Some(&path), &[]).expect("a recipe");
        let experiment = Experiment::load(&loaded, registry.clone()).expect("it loads");
        let trace = experiment.trace(1).expect("a trace");
        let saved = experiment.run(&policy, &trace, 1, false);
        let ran = case.run(&policy, &registry).expect("it runs");
        assert_eq!(rows(&saved), rows(&ran), "{policy}: {}", property.name());
    }
}

/// What ran when and where.
fn rows(run: &Run) -> Vec<(u32, usize, u64, u64, &'static str)> {
    let row = |row: &TaskRow| {
        let times = (row.started.as_micros(), row.ended.as_micros());
        (
            row.framework.0,
            row.agent.index(),
            times.0,
            times.1,
            row.outcome.word(),
        )
    };
    let mut rows: Vec<_> = run.tasks.iter().map(row).collect();
    rows.sort_unstable();
    rows
}

/// Cases by chance are ones that can be run: every task fits on an agent.
#[test]
fn clusters_by_chance_can_be_run() {
    let mut rng = fairground_workloads::rng::stream(1, "test");
    for property in Property::ALL {
        let mut case = ClusterCase::draw(property, &mut rng);
        for _ in 0..200 {
            for tenant in &case.tenants {
                let fits = tenant
                    .needs
                    .iter()
                    .zip(case.size)
                    .all(|(needs, size)| *needs <= size);
                assert!(
                    fits && tenant.needs != [0; 3] && tenant.tasks > 0,
                    "{case:?}"
                );
                assert!(tenant.role <= case.roles, "{case:?}");
            }
            case = match rng.below(4) {
                0 => ClusterCase::draw(property, &mut rng),
                _ => case.changed(property, &mut rng),
            };
        }
    }
}

/// Whoever comes as two has twice the share under DRF, by priority nobody has more of anything.
#[test]
fn lies_gain_what_they_must() {
    let measured = |policy: &str| {
        let rows = lies(
            &name(policy),
            &Registry::default(),
            (6, 1),
            &Unwatched::default(),
        );
        rows.expect("a policy").expect("nobody ends it")
    };
    let of = |rows: &[fairground_sim::audit::lies::LieRow], lie| {
        let row = rows.iter().find(|row| row.lie == lie).expect("a row");
        row.gain.0
    };
    let drf = measured("drf[offers=task]");
    assert!(of(&drf, Lie::Split) > 0.25, "{drf:?}");
    assert!(of(&drf, Lie::OverAsk) < 0.05, "{drf:?}");
    let partition = measured("static");
    assert!(of(&partition, Lie::Hoard).abs() < 0.05, "{partition:?}");
}
