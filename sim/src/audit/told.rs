//! A counterexample as a table that a paper could print.

use fairground_policies::name::Name;

use super::clusters::{Amounts, ClusterCase, Habit};
use super::divisible::{DivisibleCase, Division, Exact};
use super::fairness::{of_its_own, useful as useful_tasks};
use super::observed::RunTasks;
use super::property::Property;
use super::running::{Subject, useful};
use super::{AuditFinding, AuditForm, Counterexample};
use crate::run::Sheet;

/// A counterexample: the cluster, a row a tenant, and what is wrong. `None` where nothing violates the property.
pub fn told(
    finding: &AuditFinding,
    subject: &Subject<'_>,
    division: Option<Division>,
) -> Option<Sheet> {
    let (case, size) = finding.violation.as_ref()?;
    let property = finding.property;
    let sheet = match (case, division) {
        (Counterexample::Divisible(case), Some(division)) => divisible(property, case, division),
        (Counterexample::Divisible(_), None) => return None,
        (Counterexample::Running(case), _) => {
            let case = subject.placed(property, case);
            let (heads, columns) = columns(property, &case, subject);
            running(property, &case, (heads, columns), *size)
        }
    };
    let title = title(subject.policy, property, finding.form);
    Some(Sheet { title, ..sheet })
}

fn title(policy: &Name, property: Property, form: AuditForm) -> String {
    let (name, about) = (property.name(), property.about());
    format!("{policy}, {}: {name} does not hold ({about})", form.name())
}

/// `<2, 1>`, without the resources behind the last that there is any of.
fn vector(amounts: &[u32]) -> String {
    let amounts: Vec<String> = amounts.iter().map(ToString::to_string).collect();
    format!("<{}>", amounts.join(", "))
}

/// A number exactly as far as it can be read, to three digits else.
fn number(exact: Exact) -> String {
    let (above, below) = (*exact.numer(), *exact.denom());
    if below < 1000 {
        return exact.to_string();
    }
    decimal(above as f64 / below as f64)
}

fn decimal(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn divisible(property: Property, case: &DivisibleCase, division: Division) -> Sheet {
    let tasks = division.tasks(case);
    let tenants = 0..tasks.len();
    let resource = |one: usize| number(tasks[one] * case.need(one, 0));
    let (mut heads, beside): (Vec<&str>, Vec<Vec<String>>) = match property {
        Property::SharingIncentive => {
            let own = tenants.map(|one| vec![number(of_its_own(case, one))]);
            (vec!["with its part alone"], own.collect())
        }
        Property::StrategyProofness => {
            let lied = division.tasks(&case.with_lie());
            let of = |one: usize| match one {
                0 => useful_tasks(&case.needs[0], &case.lie, lied[0]),
                _ => lied[one],
            };
            let says = |one: usize| {
                vector(if one == 0 {
                    &case.lie
                } else {
                    &case.needs[one]
                })
            };
            (
                vec!["says", "then"],
                tenants
                    .map(|one| vec![says(one), number(of(one))])
                    .collect(),
            )
        }
        Property::EnvyFreeness => {
            let best = |one: usize| {
                let others = (0..tasks.len()).filter(|other| *other != one);
                let there =
                    |other: usize| useful_tasks(&case.needs[one], &case.needs[other], tasks[other]);
                others.map(there).max().unwrap_or_default()
            };
            (
                vec!["with what another has"],
                tenants.map(|one| vec![number(best(one))]).collect(),
            )
        }
        Property::SingleResourceFairness | Property::BottleneckFairness => (
            vec!["of the first resource"],
            tenants.map(|one| vec![resource(one)]).collect(),
        ),
        Property::PopulationMonotonicity => {
            let after = |one: usize| {
                let gone = (0..tasks.len()).filter(|gone| *gone != one);
                let after = gone.map(|gone| {
                    let after = division.tasks(&case.without(gone));
                    let tasks = after[one - usize::from(gone < one)];
                    format!("{} without {}", number(tasks), gone + 1)
                });
                after.collect::<Vec<_>>().join("; ")
            };
            (
                vec!["of fewer"],
                tenants.map(|one| vec![after(one)]).collect(),
            )
        }
        Property::ResourceMonotonicity => {
            let after = division.tasks(&case.with_more());
            (
                vec!["of more"],
                tenants.map(|one| vec![number(after[one])]).collect(),
            )
        }
        _ => (Vec::new(), vec![Vec::new(); tasks.len()]),
    };
    heads.splice(0..0, ["tenant", "a task needs", "tasks"]);
    let rows = beside.into_iter().enumerate().map(|(one, beside)| {
        let first = [
            (one + 1).to_string(),
            vector(&case.needs[one]),
            number(tasks[one]),
        ];
        first.into_iter().chain(beside).collect()
    });
    let grown = case.with_more();
    let more = match property {
        Property::ResourceMonotonicity => format!("; then {}", vector(&grown.capacity)),
        _ => String::new(),
    };
    Sheet {
        title: String::new(),
        note: format!("a cluster of {}{more}", vector(&case.capacity)),
        heads: heads.into_iter().map(str::to_owned).collect(),
        rows: rows.collect(),
    }
}

/// What of a resource there is none of is not told.
fn told_amounts(case: &ClusterCase, amounts: Amounts) -> String {
    let last = if case.size[2] > 0 { 3 } else { 2 };
    vector(&amounts[..last])
}

/// What a property compares, a column each.
fn columns(
    property: Property,
    case: &ClusterCase,
    subject: &Subject<'_>,
) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let count = case.tenants.len();
    let none = vec![Vec::new(); count];
    if !property.is_of_divisions() {
        return (Vec::new(), none);
    }
    let Some(run) = subject.run(case) else {
        return (Vec::new(), none);
    };
    let tasks = RunTasks::new(case, &run);
    let Some(when) = tasks.wanting() else {
        return (Vec::new(), none);
    };
    let held = tasks.all_held(when);
    let mut heads = vec!["runs in the mean"];
    let mut rows: Vec<Vec<String>> = held.iter().map(|held| vec![decimal(*held)]).collect();
    let mut beside = |head: &'static str, column: Vec<Option<f64>>| {
        heads.push(head);
        for (row, cell) in rows.iter_mut().zip(column) {
            row.push(cell.map_or_else(String::new, decimal));
        }
    };
    let tenants = 0..count;
    match property {
        Property::SharingIncentive => {
            let own = tenants.map(|one| Some(tasks.of_its_own(one)));
            beside("with its part alone", own.collect());
        }
        Property::StrategyProofness => {
            let mut lied = subject.held(&case.with_lie()).unwrap_or_default();
            if let Some(first) = lied.first_mut() {
                *first = useful(case, *first);
            }
            beside("when 1 lies", lied.into_iter().map(Some).collect());
        }
        Property::PopulationMonotonicity => {
            for (gone, head) in (0..count).zip(["without 1", "without 2", "without 3"]) {
                let mut after = subject
                    .held(&case.without(gone))
                    .unwrap_or_default()
                    .into_iter();
                let column = (0..count).map(|one| if one == gone { None } else { after.next() });
                beside(head, column.collect());
            }
        }
        Property::ResourceMonotonicity => {
            let after = subject.held(&case.with_more()).unwrap_or_default();
            beside("of more", after.into_iter().map(Some).collect());
        }
        _ => {}
    }
    (heads, rows)
}

fn running(
    property: Property,
    case: &ClusterCase,
    (heads, beside): (Vec<&'static str>, Vec<Vec<String>>),
    size: f64,
) -> Sheet {
    let (roles, weights) = (
        case.roles > 0,
        case.tenants.iter().any(|one| one.weight != 1),
    );
    let follow = case.tenants.iter().any(|one| one.then.0 > 0);
    let mut all = vec!["tenant", "a task needs", "runs for s", "tasks", "at s"];
    all.extend(follow.then_some("then, after the first"));
    all.extend(roles.then_some("role"));
    all.extend(weights.then_some("weight"));
    all.extend(heads);
    let rows = case
        .tenants
        .iter()
        .zip(beside)
        .enumerate()
        .map(|(one, (tenant, beside))| {
            let mut row = vec![
                (one + 1).to_string(),
                told_amounts(case, tenant.needs),
                format!("{} to {}", tenant.run, tenant.run + 3),
                tenant.tasks.to_string(),
                tenant.at.to_string(),
            ];
            row.extend(follow.then(|| match tenant.then {
                (0, _) => String::new(),
                (tasks, run) => format!("{tasks} of {run} s"),
            }));
            row.extend(roles.then(|| match tenant.role {
                0 => String::new(),
                role => format!("r{role}"),
            }));
            row.extend(weights.then(|| tenant.weight.to_string()));
            row.extend(beside);
            row
        });
    let agents = if case.agents == 1 { "agent" } else { "agents" };
    Sheet {
        title: String::new(),
        note: format!(
            "{} {agents} of {}{}; {}",
            case.agents,
            told_amounts(case, case.size),
            changed(property, case),
            finding(property, size)
        ),
        heads: all.into_iter().map(str::to_owned).collect(),
        rows: rows.collect(),
    }
}

/// What a property compares the cluster with.
fn changed(property: Property, case: &ClusterCase) -> String {
    match property {
        Property::StrategyProofness => {
            let asks = if case.lie == case.tenants[0].needs {
                String::new()
            } else {
                format!("; tenant 1 asks for {}", told_amounts(case, case.lie))
            };
            match case.habit {
                Habit::Honest => asks,
                habit => format!("{asks}; tenant 1 {}", habit.about()),
            }
        }
        Property::ResourceMonotonicity => {
            let more = case.with_more();
            format!(", then of {}", told_amounts(&more, more.size))
        }
        Property::LimitsHold => format!("; r1 may hold {} cores", case.limit),
        Property::CapacityMonotonicity => format!(", then {}", case.agents + 1),
        _ => String::new(),
    }
}

/// What was found, in words.
fn finding(property: Property, size: f64) -> String {
    match property {
        Property::WorkConservation if size > 1e9 => {
            "a task waits for ever beside room for it".to_owned()
        }
        Property::WorkConservation => {
            format!(
                "a task waits for {} s beside room for it",
                decimal((size + 1.0) * 6.0)
            )
        }
        Property::NoStarvation => format!(
            "one starts nothing while all wait and others start {} tasks where it had room",
            decimal((size + 1.0) * 10.0)
        ),
        Property::BoundedWaiting => format!(
            "one waits while others start {} times as many tasks as run at once",
            decimal((size + 1.0) * 10.0)
        ),
        Property::LimitsHold => format!("it holds {} of that", decimal(size + 1.0)),
        Property::UsefulPreemption => {
            format!(
                "{} tasks are preempted for room that no other framework uses",
                decimal(size)
            )
        }
        Property::NoOscillation => format!(
            "{} times as many tasks are preempted as there are",
            decimal((size + 1.0) * 10.0)
        ),
        Property::CapacityMonotonicity => {
            format!("the last task ends {} % later", decimal(size * 100.0))
        }
        _ => format!("{} tasks beyond what is allowed", decimal(size)),
    }
}
