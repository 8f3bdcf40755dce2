//! What an assumption is worth: the comparison again with one thing changed, on a few seeds.
//!
//! An interval over seeds says how much of a difference is chance. It says nothing of the models: whether
//! the pool still wins when tasks start at no cost, or when the network is ten times as slow, is asked
//! here, one row of the report a change.

use fairground_policies::name::Name;

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

/// What the rows are called and what each changes, first nothing; none where none are asked for.
pub(crate) fn rows(recipe: &Recipe) -> impl Iterator<Item = (String, &[String])> {
    let asked = recipe
        .sensitivity
        .iter()
        .filter(|asked| !asked.vary.is_empty());
    asked.flat_map(|asked| {
        let as_it_is: (String, &[String]) = ("as it is".to_owned(), &[]);
        let all = asked.vary.iter();
        std::iter::once(as_it_is).chain(all.map(|vary| (vary.what.clone(), &vary.set[..])))
    })
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
    let mut heads = Vec::new();
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
        if heads.is_empty() {
            heads = head(&comparison, &changes);
        }
        rows.push(row(what.clone(), &changes, heads.len()));
    }
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

/// The columns: what every policy but the first does to jobs, then to each service.
fn head(comparison: &Comparison, changes: &Changes) -> Vec<String> {
    let mut heads = vec!["changed".to_owned()];
    for policy in 1..changes.policies.len() {
        let name = &changes.policies[policy];
        if changes
            .overall
            .iter()
            .any(|overall| overall.policy == policy)
        {
            heads.push(format!("{name}: jobs"));
        }
        let services = comparison.frameworks.iter().filter(|one| one.service);
        heads.extend(services.map(|service| format!("{name}: {}", service.name)));
    }
    heads
}

fn row(what: String, changes: &Changes, columns: usize) -> Vec<String> {
    let mut cells = vec![what];
    let services = changes
        .lines
        .iter()
        .filter(|line| line.policy == 1 && line.service);
    let has_jobs = (columns - 1) / (changes.policies.len() - 1) > services.count();
    for policy in 1..changes.policies.len() {
        if has_jobs {
            let overall = changes.overall.iter().find(|one| one.policy == policy);
            // A change may leave no jobs.
            let told = overall.map_or_else(String::new, |all| units::change(&all.mean, "%"));
            cells.push(told);
        }
        let lines = changes.lines.iter();
        let services = lines.filter(|line| line.policy == policy && line.service);
        cells.extend(services.map(|line| {
            let missed = line.get(Measure::Missed).and_then(|missed| missed.change);
            missed.map_or_else(String::new, |change| units::change(&change, "pp"))
        }));
    }
    cells
}
