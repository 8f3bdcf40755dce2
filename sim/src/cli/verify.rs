//! `fairground verify`: do the results still follow from their recipe?

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use fairground_policies::registry::Registry;

use super::compare::on_threads;
use super::progress::Progress;
use super::{Ending, VerifyArgs, counted, print};
use fairground_workloads::scratch::Scratch;

use crate::experiment::Experiment;
use crate::output::provenance::DIGESTS;
use crate::output::{self, Digests, Options};
use crate::recipe::Recipe;

pub(super) fn verify(args: &VerifyArgs, registry: Registry) -> anyhow::Result<Ending> {
    let folder = &args.folder;
    anyhow::ensure!(
        folder.join(DIGESTS).is_file(),
        "{}: is not a result folder: it holds no {}\n  hint: name a folder that `fairground \
         compare` or `fairground run` wrote",
        folder.display(),
        DIGESTS
    );
    let kept = output::read_digests(folder)?;
    let mut differences = kept.changed_files(folder)?;
    let recipe = folder.join("recipe.toml");
    let loaded = Recipe::load(Some(&recipe), &[])?;
    let experiment = Experiment::load(&loaded, registry)?;
    let progress = Progress::begin(false);
    let seeds = seeds(&experiment, &kept);
    let comparison = on_threads(args.jobs, || experiment.compare_seeds(&seeds, &progress))?;
    progress.end();
    let mut comparison = comparison?;
    comparison.recipe = std::fs::read_to_string(&recipe)
        .with_context(|| format!("cannot read {}", recipe.display()))?;
    let scratch = Scratch::folder().context("cannot create a temporary folder")?;
    let again = output::write(
        &comparison,
        &scratch.path().join("again"),
        Options::default(),
    )?
    .digests;
    differences.extend(kept.differences(&again));
    // Rasterising may differ in the last bit between processors; what it draws is in the SVGs.
    let drawn = |name: &str| Path::new(name).extension() == Some("png".as_ref());
    for file in kept.files.iter().filter(|file| !drawn(&file.name)) {
        if !again.files.contains(file) {
            differences.push(format!("{}: is not what the recipe gives", file.name));
        }
    }
    differences.sort();
    differences.dedup();
    if differences.is_empty() {
        print(&format!(
            "{}: {} and {} are what the recipe gives\n",
            folder.display(),
            counted(kept.runs.len() as u64, "run"),
            counted(kept.files.len() as u64, "file")
        ))?;
        return Ok(Ending::Done);
    }
    print(&format!(
        "{}: {}\n",
        folder.display(),
        counted(differences.len() as u64, "difference")
    ))?;
    for difference in differences {
        print(&format!("  {difference}\n"))?;
    }
    Ok(Ending::No)
}

/// The recipe's seeds that the results hold: an interrupted comparison kept those it had done.
fn seeds(experiment: &Experiment, kept: &Digests) -> Vec<u64> {
    let all = experiment.seeds();
    let done: BTreeSet<u64> = kept.runs.iter().map(|run| run.seed).collect();
    let some: Vec<u64> = all
        .iter()
        .copied()
        .filter(|seed| done.contains(seed))
        .collect();
    if some.is_empty() { all } else { some }
}
