//! What an assumption is worth: the comparison again with one thing changed, on a few seeds.
//!
//! An interval over seeds says how much of a difference is chance. It says nothing of the models: whether
//! the pool still wins when tasks start at no cost, or when the network is ten times as slow, is asked
//! here, one row of the report a change.

use fairground_policies::name::Name;
use fairground_policies::registry::Registry;

use crate::experiment::{Experiment, ExperimentError, STATIC_BEST, Watcher};
use crate::output::gains::{Gains, Measure};
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
    recipe
        .policies
        .retain(|policy| policy.base() != STATIC_BEST);
    let text = toml::to_string(&recipe).expect("a recipe has a text");
    Recipe::of_text(&text, set, loaded.origin.clone(), loaded.folder.clone())
}

/// The table of all rows; `None` where the recipe asks for none, nothing is compared, or `seeds` is
/// empty.
///
/// # Errors
/// A row whose traces cannot be built.
pub fn sheet(
    loaded: &Loaded,
    registry: &Registry,
    seeds: &[u64],
    watcher: &dyn Watcher,
) -> Result<Option<Sheet>, ExperimentError> {
    let compared = |policies: &[Name]| {
        let searched = |policy: &&Name| policy.base() == STATIC_BEST;
        policies.len() - policies.iter().filter(searched).count() > 1
    };
    let Some(asked) = &loaded.recipe.sensitivity else {
        return Ok(None);
    };
    if !compared(&loaded.recipe.policies) {
        return Ok(None);
    }
    let seeds = &seeds[..seeds.len().min(asked.seeds as usize)];
    let mut rows = Vec::new();
    let mut heads = Vec::new();
    let as_it_is = ("as it is".to_owned(), Vec::new());
    let all = asked.vary.iter();
    let all = all.map(|vary| (vary.what.clone(), vary.set.clone()));
    for (what, set) in std::iter::once(as_it_is).chain(all) {
        if seeds.is_empty() || watcher.stop() {
            return Ok(None);
        }
        let loaded = varied(loaded, &set)?;
        let experiment = Experiment::open(&loaded, registry.clone())?;
        let comparison = experiment.compare_seeds(seeds, watcher)?;
        let gains = Gains::of(&comparison);
        if heads.is_empty() {
            heads = head(&comparison, &gains);
        }
        rows.push(row(what, &gains));
    }
    let seeds = units::count(seeds.len(), "seed", "seeds");
    Ok(Some(Sheet {
        title: "What the assumptions are worth".to_owned(),
        note: format!(
            "The comparison with {} again with one thing changed, over the first {seeds}: mean \
             completion time of all jobs, and requests that missed their objective. Intervals over \
             seeds say nothing about errors of the models; these rows do.",
            gains_base(&loaded.recipe)
        ),
        heads,
        rows,
    }))
}

fn gains_base(recipe: &Recipe) -> String {
    recipe.policies[0].to_string()
}

/// The columns: what every policy but the first does to jobs, then to each service.
fn head(comparison: &Comparison, gains: &Gains) -> Vec<String> {
    let mut heads = vec!["changed".to_owned()];
    for policy in 1..gains.policies.len() {
        let name = &gains.policies[policy];
        if gains.overall.iter().any(|overall| overall.policy == policy) {
            heads.push(format!("{name}: jobs"));
        }
        let services = comparison.frameworks.iter().filter(|one| one.service);
        heads.extend(services.map(|service| format!("{name}: {}", service.name)));
    }
    heads
}

fn row(what: String, gains: &Gains) -> Vec<String> {
    let mut cells = vec![what];
    for policy in 1..gains.policies.len() {
        let overall = gains.overall.iter().find(|one| one.policy == policy);
        cells.extend(overall.map(|overall| units::change(&overall.mean, "%")));
        let lines = gains.lines.iter();
        let services = lines.filter(|line| line.policy == policy && line.service);
        cells.extend(services.map(|line| {
            let missed = line.get(Measure::Missed).and_then(|missed| missed.change);
            missed.map_or_else(String::new, |change| units::change(&change, "pp"))
        }));
    }
    cells
}
