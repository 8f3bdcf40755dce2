//! `fairground draw`: a recipe's trace for one seed, written down for whoever reads no files.

use std::path::PathBuf;

use fairground_readers::canonical::Imports;
use fairground_workloads::drawn;
use fairground_workloads::recipe::Recipe;

use super::{Ending, a_seed, print};

/// What is drawn.
#[derive(Debug, clap::Args)]
pub(super) struct DrawArgs {
    /// The recipe
    recipe: PathBuf,
    /// The seed of its random choices
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = a_seed())]
    seed: u64,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  fairground draw my.toml --seed 7 >drawn.json
  fairground-real run my.toml --seed 7 --drawn drawn.json";

pub(super) fn draw(args: &DrawArgs) -> anyhow::Result<Ending> {
    let loaded = Recipe::load(Some(&args.recipe), &[])?;
    let sources = loaded.sources(&mut Imports::default())?;
    let trace = loaded.recipe.trace(&sources, args.seed)?;
    let mut text = Vec::new();
    drawn::write(&loaded.recipe, args.seed, &trace, &mut text)?;
    print(&String::from_utf8(text)?)?;
    Ok(Ending::Done)
}
