//! Roles as a recipe says them: who shares whose weight, and what a quota keeps.

use std::path::PathBuf;

use fairground_policies::registry::Registry;
use fairground_policies::resources::Kind;
use fairground_sim::experiment::Experiment;
use fairground_sim::recipe::Recipe;

/// Three frameworks, each with more work than the cluster can do in an hour, and what is said of roles.
fn recipe(roles: [&str; 3], said: &str) -> String {
    let framework = |(name, role): (&str, &str)| {
        let role = match role {
            "" => String::new(),
            role => format!("role = \"{role}\"\n"),
        };
        format!(
            "\n[[framework]]\nname = \"{name}\"\n{role}[framework.workload.mpi]\n\
             closed = {{ users = 60, think = \"1s\", times = \"fixed\" }}\n\
             tasks = [1, 1]\nrun = \"10s\"\nspread = 0\n"
        )
    };
    let frameworks: String = ["a", "b", "c"]
        .into_iter()
        .zip(roles)
        .map(framework)
        .collect();
    format!(
        "name = \"roles\"\nduration = \"1h\"\n\n[[cluster]]\nagents = 12\ncpus = 1\nmem = \"4GiB\"\n\
         {said}{frameworks}"
    )
}

/// The percents of all processor time that each framework has under a policy.
fn check(policy: &str, roles: [&str; 3], said: &str, expected: [u64; 3]) {
    let text = recipe(roles, said);
    let loaded = Recipe::of_text(&text, &[], "test".into(), PathBuf::new()).expect("a recipe");
    let experiment = Experiment::load(&loaded, Registry::default())
        .expect("it loads")
        .checked();
    let trace = experiment.trace(1).expect("a trace");
    let run = experiment.run(&policy.parse().expect("a name"), &trace, 1, false);
    let mut used = [0; 3];
    for row in run.usage.iter().filter(|row| row.start < trace.horizon) {
        used[row.framework.index()] += row.running.of(Kind::Cpus);
    }
    let all: u64 = used.iter().sum();
    let percent = used.map(|used| (used * 100 + all / 2) / all);
    assert_eq!(percent, expected, "{policy} {roles:?} {said}");
}

const HALF: &str = "[[role]]\nname = \"r\"\nweight = 2\n";

#[test]
fn frameworks_of_one_role_share_its_weight() {
    check("drf", ["", "", ""], "", [33, 33, 33]);
    check("drf", ["r", "r", "s"], "", [25, 25, 50]);
    check("drf", ["r", "r", "s"], HALF, [33, 33, 33]);
    check("drf", ["r/x", "r/y", "s"], HALF, [33, 33, 33]);
    check("fair", ["r", "r/y", ""], "", [25, 25, 50]);
}

#[test]
fn a_quota_is_kept_and_not_exceeded() {
    let limit = "[[role]]\nname = \"r\"\nlimit = { cpus = 4 }\n";
    check("drf", ["r/x", "r", "s"], limit, [17, 17, 67]);
    let guarantee = "[[role]]\nname = \"s\"\nguarantee = { cpus = 8 }\n";
    check("drf", ["r", "r", "s"], guarantee, [17, 17, 67]);
    check("fifo", ["", "", "s"], guarantee, [33, 0, 67]);
}

/// A third of the cluster, half of each of its later agents, is reserved for `s`. Of the first agents each has its
/// part, and of the later ones whoever has less is `a` or `b`. A partition knows no reservations.
#[test]
fn what_is_reserved_is_for_nobody_else() {
    let more = |role: &str| {
        format!(
            "[[cluster]]\nagents = 12\ncpus = 2\nmem = \"8GiB\"\n\
             reserved = [{{ role = \"{role}\", cpus = 1, mem = \"4GiB\" }}]\n"
        )
    };
    check("drf", ["", "", "s"], &more("s"), [28, 28, 44]);
    check("priority", ["", "r", "s"], &more("s"), [67, 0, 33]);
    check("static", ["", "", "s"], &more("s"), [22, 33, 44]);
}
