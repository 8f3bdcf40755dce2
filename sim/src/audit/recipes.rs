//! A counterexample as a recipe that runs: `fairground run FILE --policy NAME --tasks`.

use std::fmt::Write as _;

use fairground_policies::name::Name;

use super::clusters::{ClusterCase, ClusterTenant, Habit};
use super::divisible::Division;
use super::property::Property;
use super::running::Subject;
use super::{AuditFinding, Counterexample};

/// A file of a counterexample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecipeFile {
    /// Its name.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// The recipes of a counterexample and their tables of tasks: one, or several where a property compares. What is divided is run on
/// an agent so many times as large that everybody has some dozens of tasks: it shows nearly what the fractions say.
pub fn recipes(
    finding: &AuditFinding,
    subject: &Subject<'_>,
    division: Option<Division>,
) -> Vec<RecipeFile> {
    let property = finding.property;
    let (name, case) = match (&finding.violation, division) {
        (Some((Counterexample::Running(case), _)), _) => {
            (property.name().to_owned(), subject.placed(property, case))
        }
        (Some((Counterexample::Divisible(case), _)), Some(division)) => {
            let name = format!("divisible-{}", property.name());
            (name, case.as_cluster(&division.tasks(case)))
        }
        _ => return Vec::new(),
    };
    let with = |what: &str, case: &ClusterCase| {
        pair(&format!("{name}{what}"), subject.policy, property, case)
    };
    let mut files = with("", &case);
    match property {
        Property::StrategyProofness => files.extend(with("-lied", &case.with_lie())),
        Property::PopulationMonotonicity => {
            for gone in 0..case.tenants.len() {
                files.extend(with(&format!("-without-{}", gone + 1), &case.without(gone)));
            }
        }
        Property::ResourceMonotonicity => files.extend(with("-more", &case.with_more())),
        Property::CapacityMonotonicity => files.extend(with("-more", &case.with_an_agent_more())),
        _ => {}
    }
    files
}

/// The recipe and its table.
fn pair(name: &str, policy: &Name, property: Property, case: &ClusterCase) -> Vec<RecipeFile> {
    let file = |ending: &str, text: String| RecipeFile {
        name: format!("{name}.{ending}"),
        text,
    };
    let recipe = recipe(name, policy, property, case);
    vec![file("toml", recipe), file("csv", table(case))]
}

fn recipe(name: &str, policy: &Name, property: Property, case: &ClusterCase) -> String {
    let mut text = format!(
        "# Found by `fairground audit`: under {policy} this does not hold: {}.\n\
         #   fairground run {name}.toml --policy '{policy}' --tasks\n\
         name = \"{name}\"\n\
         title = \"{policy}: {}\"\n\
         duration = \"{}s\"\n\
         policies = [\"{policy}\"]\n\
         tasks = true\n\n\
         [[cluster]]\n\
         agents = {}\n\
         cpus = {}\n\
         mem = \"{}GiB\"\n",
        property.about(),
        property.name(),
        case.horizon().as_micros() / 1_000_000,
        case.agents,
        case.size[0],
        case.size[1],
    );
    if case.size[2] > 0 {
        let _ = writeln!(text, "gpus = {}", case.size[2]);
    }
    for role in 1..=case.roles {
        let _ = write!(text, "\n[[role]]\nname = \"r{role}\"\n");
        if role == 1 && case.limit > 0 {
            let _ = writeln!(text, "limit = {{ cpus = {} }}", case.limit);
        }
    }
    for (tenant, number) in case.tenants.iter().zip(1..) {
        let _ = write!(text, "\n[[framework]]\nname = \"t{number}\"\n");
        text += &behaviour(tenant);
        let _ = write!(
            text,
            "[framework.workload.trace]\nfile = \"{name}.csv\"\ntenants = [\"t{number}\"]\n"
        );
        if tenant.then.0 > 0 {
            text += "feedback = \"logged\"\n";
        }
    }
    text
}

/// What is not the default.
fn behaviour(tenant: &ClusterTenant) -> String {
    let mut text = String::new();
    if tenant.weight != 1 {
        let _ = writeln!(text, "weight = {}", tenant.weight);
    }
    if tenant.role > 0 {
        let _ = writeln!(text, "role = \"r{}\"", tenant.role);
    }
    if tenant.habit == Habit::LongRefusal {
        text += "refuse = \"1h\"\n";
    }
    text
}

/// A row a task, in the order in which they come.
fn table(case: &ClusterCase) -> String {
    let mut text = "job,user,submit_s,run_s,cpus,mem_gib,gpus,preceding\n".to_owned();
    let mut tenants: Vec<usize> = (0..case.tenants.len()).collect();
    tenants.sort_by_key(|tenant| case.tenants[*tenant].at);
    for tenant in tenants {
        let ClusterTenant { needs, at, .. } = case.tenants[tenant];
        let [cpus, mem, gpus] = needs;
        let number = tenant + 1;
        let first = case.runtimes(tenant).map(|run| (run, String::new()));
        let then = case
            .runtimes_then(tenant)
            .map(|run| (run, format!("t{number}-1")));
        for ((run, preceding), task) in first.chain(then).zip(1..) {
            let run = run.as_micros() / 1_000_000;
            let _ = writeln!(
                text,
                "t{number}-{task},t{number},{at},{run},{cpus},{mem},{gpus},{preceding}"
            );
        }
    }
    text
}
