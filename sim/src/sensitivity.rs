//! What an assumption is worth: the comparison again with one thing changed, on a few seeds.
//!
//! An interval over seeds says how much of a difference is chance. It says nothing of the models: whether
//! the pool still wins when tasks start at no cost, or when the network is ten times as slow, is asked
//! here, one row of the report a change.

use fairground_policies::name::Name;
use fairground_workloads::recipe::FrameworkSpec;
use fairground_workloads::{ReadError, WorkloadSpec};

use crate::experiment::{Experiment, ExperimentError, STATIC_BEST, Watcher};
use crate::output::comparison::{Changes, Measure};
use crate::output::units;
use crate::recipe::{Loaded, Recipe, RecipeError};
use crate::run::{Comparison, Sheet};

/// The recipe with the changes of one row, without policies that would be searched for.
///
/// # Errors
/// A setting that does not apply, or makes no sense.
pub fn varied(loaded: &Loaded, set: &[String]) -> Result<Loaded, RecipeError> {
    let mut recipe = loaded.recipe.clone();
    recipe.sensitivity = None;
    recipe.measured = None;
    if is_compared(&recipe.policies) {
        recipe
            .policies
            .retain(|policy| policy.base() != STATIC_BEST);
    }
    let text = toml::to_string(&recipe).expect("a recipe has a text");
    Recipe::of_text(&text, set, loaded.origin.clone(), loaded.folder.clone())
}

/// The rows with the recipe of each, first as it is; none where none are asked for or nothing is compared.
///
/// # Errors
/// A row whose settings do not apply or change nothing that the table shows.
pub(crate) fn rows(loaded: &Loaded) -> Result<Vec<(String, Loaded)>, ExperimentError> {
    let Some(asked) = &loaded.recipe.sensitivity else {
        return Ok(Vec::new());
    };
    if !is_compared(&loaded.recipe.policies) || asked.vary.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = vec![("as it is".to_owned(), varied(loaded, &[])?)];
    for vary in &asked.vary {
        let row = varied(loaded, &vary.set).and_then(|row| {
            let effect = has_effect(loaded, &vary.set, &row, &rows);
            effect.map_err(|error| RecipeError::Ignored {
                path: loaded.origin.clone(),
                error: Box::new(error),
            })?;
            Ok(row)
        });
        let row = row.map_err(|error| ExperimentError::Row {
            what: vary.what.clone(),
            error: Box::new(error.into()),
        })?;
        rows.push((vary.what.clone(), row));
    }
    Ok(rows)
}

/// Whether every setting of a row changes something that the table shows, and the row is no other again.
fn has_effect(
    loaded: &Loaded,
    set: &[String],
    row: &Loaded,
    others: &[(String, Loaded)],
) -> Result<(), ReadError> {
    let ignored = |key: &str, why: &str, found: &str| Err(ReadError::ignored(key, why, found));
    if set.is_empty() {
        return ignored(
            "`set`",
            "the first row is the comparison as it is",
            "no setting",
        );
    }
    for (i, setting) in set.iter().enumerate() {
        let rest: Vec<String> = [&set[..i], &set[i + 1..]].concat();
        // Without it the others may not apply.
        let Ok(rest) = varied(loaded, &rest) else {
            continue;
        };
        if rest.recipe == row.recipe {
            return ignored(
                "`set`",
                "it says what stands there already",
                &format!("`{setting}`"),
            );
        }
        if of_runs(&rest.recipe) == of_runs(&row.recipe) {
            let why = "the rows have the seeds of `sensitivity`, and nothing but times and missed requests";
            return ignored("`set`", why, &format!("`{setting}`"));
        }
    }
    let again = others
        .iter()
        .find(|(_, other)| of_runs(&other.recipe) == of_runs(&row.recipe));
    if let Some((what, _)) = again {
        return ignored(
            "`set`",
            &format!("it is the row `{what}` again"),
            &set.join(" "),
        );
    }
    let shown = possible(&others[0].1.recipe);
    if !possible(&row.recipe)
        .iter()
        .any(|column| shown.contains(column))
    {
        let policies = &others[0].1.recipe.policies;
        let why = format!(
            "the table compares {} with {}, and the row nothing of it",
            listed(&policies[1..]),
            policies[0]
        );
        return ignored("`set`", &why, &set.join(" "));
    }
    Ok(())
}

/// A recipe without what no number of the table follows from.
fn of_runs(recipe: &Recipe) -> Recipe {
    Recipe {
        name: String::new(),
        title: String::new(),
        about: String::new(),
        seeds: 1,
        first_seed: 1,
        step: None,
        tasks: false,
        measured: None,
        sensitivity: None,
        ..recipe.clone()
    }
}

/// The columns that the table of a recipe may have, as far as its kinds of work tell.
fn possible(recipe: &Recipe) -> Vec<Heading> {
    let policies = recipe.policies.iter().skip(1);
    let columns = policies.flat_map(|policy| {
        let of_framework = |framework: &FrameworkSpec| {
            let service = Some(framework.name.clone());
            let whose = match framework.workload {
                WorkloadSpec::Rails(_) | WorkloadSpec::Requests(_) => vec![service],
                WorkloadSpec::Trace(_) => vec![service, None],
                _ => vec![None],
            };
            whose
                .into_iter()
                .map(|service| (policy.to_string(), service))
        };
        recipe.framework.iter().flat_map(of_framework)
    });
    columns
        .map(|(policy, service)| Heading { policy, service })
        .collect()
}

fn listed(policies: &[Name]) -> String {
    let names: Vec<String> = policies.iter().map(Name::to_string).collect();
    names.join(", ")
}

/// That the table is left out, and why.
pub(crate) fn left_out(recipe: &Recipe) -> Option<String> {
    recipe.sensitivity.as_ref()?;
    let first = recipe.policies.first()?;
    let why = if first.base() == STATIC_BEST {
        "its rows compare with the first policy, and search for none: name another first"
    } else {
        "no other policy stands beside the first"
    };
    (!is_compared(&recipe.policies)).then(|| format!("no table of `sensitivity`: {why}"))
}

/// The table of all rows, whose files are read; `None` where the recipe asks for none, nothing is
/// compared, or `seeds` is empty.
///
/// # Errors
/// A row whose traces cannot be built.
pub(crate) fn sheet(
    recipe: &Recipe,
    varied: &[(String, Experiment)],
    seeds: &[u64],
    watcher: &dyn Watcher,
) -> Result<Option<Sheet>, ExperimentError> {
    let Some(asked) = &recipe.sensitivity else {
        return Ok(None);
    };
    if varied.is_empty() || !is_compared(&recipe.policies) {
        return Ok(None);
    }
    let seeds = &seeds[..seeds.len().min(asked.seeds as usize)];
    let mut rows = Vec::new();
    let mut columns = Vec::new();
    for (what, experiment) in varied {
        if seeds.is_empty() || watcher.stop() {
            return Ok(None);
        }
        // What is compared already is kept when these rows are interrupted.
        let comparison = match experiment.compare_seeds(seeds, watcher) {
            Err(ExperimentError::Interrupted) => return Ok(None),
            compared => compared?,
        };
        if comparison.seeds.len() < seeds.len() {
            return Ok(None);
        }
        let changes = Changes::of(&comparison);
        if columns.is_empty() {
            columns = shown(&comparison, &changes);
        }
        let cells = columns.iter().map(|column| column.cell(&changes));
        rows.push(std::iter::once(what.clone()).chain(cells).collect());
    }
    let heads = columns.iter().map(Heading::head);
    let heads = std::iter::once("changed".to_owned()).chain(heads).collect();
    let seeds = units::count(seeds.len(), "seed", "seeds");
    Ok(Some(Sheet {
        title: "What the assumptions are worth".to_owned(),
        note: format!(
            "The comparison with {} again with one thing changed, over the first {seeds}: mean \
             completion time of all jobs, and requests that missed their objective. Intervals over \
             seeds say nothing about errors of the models; these rows do.",
            gains_base(recipe)
        ),
        heads,
        rows,
    }))
}

/// Whether a policy that is named stands against another: what is searched for is left out, and no
/// baseline.
fn is_compared(policies: &[Name]) -> bool {
    let named = |policy: &Name| policy.base() != STATIC_BEST;
    policies.first().is_some_and(named) && policies[1..].iter().any(named)
}

fn gains_base(recipe: &Recipe) -> String {
    recipe.policies[0].to_string()
}

/// A column: what a policy does to all jobs, or to the requests of a service. A row may have other policies
/// and frameworks, in another order, so cells are found by their names.
#[derive(PartialEq, Eq, Debug)]
struct Heading {
    policy: String,
    service: Option<String>,
}

impl Heading {
    fn head(&self) -> String {
        format!(
            "{}: {}",
            self.policy,
            self.service.as_deref().unwrap_or("jobs")
        )
    }

    /// What stands there in a row, or that it has nothing of the kind.
    fn cell(&self, changes: &Changes) -> String {
        self.found(changes).unwrap_or_else(|| "-".to_owned())
    }

    fn found(&self, changes: &Changes) -> Option<String> {
        let policy = changes
            .policies
            .iter()
            .position(|name| *name == self.policy)?;
        let Some(service) = &self.service else {
            let overall = changes.overall.iter().find(|one| one.policy == policy)?;
            return Some(units::change(&overall.mean, "%"));
        };
        let mut lines = changes.lines.iter();
        let line =
            lines.find(|line| line.policy == policy && line.service && line.name == *service)?;
        Some(units::change(&line.get(Measure::Missed)?.change?, "pp"))
    }
}

/// The columns: what every policy but the first does to jobs, then to each service.
fn shown(comparison: &Comparison, changes: &Changes) -> Vec<Heading> {
    let mut columns = Vec::new();
    for (i, policy) in changes.policies.iter().enumerate().skip(1) {
        let services = comparison.frameworks.iter().filter(|one| one.service);
        let services = services.map(|service| Some(service.name.clone()));
        let has_jobs = changes.overall.iter().any(|overall| overall.policy == i);
        let all = has_jobs.then_some(None).into_iter().chain(services);
        columns.extend(all.map(|service| Heading {
            policy: policy.clone(),
            service,
        }));
    }
    columns
}
