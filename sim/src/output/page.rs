//! The page of a result folder: what was replayed, the picture, the sentence, what was assumed.
//!
//! It is for those who meet the folder where it is stored; a recipe with `about` has one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::gains::Gains;
use super::gains_text::aligned;
use super::plots::Figure;
use super::report;
use crate::run::Comparison;

/// Its file in a result folder.
pub const PAGE: &str = "README.md";

/// The picture of a page: what ran where, or else how much of the cluster was in use.
const PICTURES: [&str; 2] = ["hosts", "utilisation"];

/// The page's text.
pub fn page(comparison: &Comparison, gains: &Gains, figures: &[Figure]) -> String {
    let mut text = format!("# {}\n\n{}\n", comparison.title, comparison.about);
    for sentence in gains.sentences() {
        let _ = write!(text, "\n> {sentence}\n");
    }
    let mut wanted = PICTURES.iter();
    let picture = wanted.find_map(|name| figures.iter().find(|figure| figure.name == *name));
    if let Some(figure) = picture {
        let (title, name, caption) = (&figure.title, &figure.name, &figure.caption);
        let _ = write!(
            text,
            "\n![{title}](figures/{name}.png)\n\n{title}. {caption}\n"
        );
    }
    let _ = write!(text, "\n{}.\n", report::facts(comparison));
    for grid in gains.grids() {
        let _ = write!(
            text,
            "\n## {}\n\n```text\n{}```\n",
            grid.title,
            aligned(&grid)
        );
    }
    let _ = write!(text, "\n{}\n", gains.legend());
    if !comparison.warnings.is_empty() {
        text += "\n## Read this, too\n\n";
        for warning in &comparison.warnings {
            let _ = writeln!(text, "- {warning}");
        }
    }
    text += "\n## What was assumed\n\n";
    for ((about, model), whose) in assumed(comparison) {
        let _ = writeln!(text, "- **{about}**: {model}{whose}");
    }
    let _ = write!(
        text,
        "\n## Files\n\n`recipe.toml` is all of it; `fairground verify` runs it again and compares \
         every file. `report.html` has the other pictures.\n"
    );
    if !comparison.inputs.is_empty() {
        text += "\nRead, with their BLAKE3:\n\n";
        for input in &comparison.inputs {
            let name = input.path.file_name().unwrap_or_default().to_string_lossy();
            let _ = writeln!(text, "- `{name}` {}", input.blake3);
        }
    }
    text
}

/// Every assumption once, with the frameworks it is made for where it is not made for all.
fn assumed(comparison: &Comparison) -> Vec<((&str, &str), String)> {
    let mut whose: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (framework, assumption) in &comparison.assumptions {
        let key = (assumption.about.as_str(), assumption.model.as_str());
        let names = whose.entry(key).or_default();
        let info = framework.and_then(|id| comparison.frameworks.get(id.index()));
        names.extend(info.map(|info| info.name.as_str()));
    }
    let all = comparison.frameworks.len();
    let told = |names: Vec<&str>| {
        if names.is_empty() || names.len() == all {
            String::new()
        } else {
            format!(" ({})", names.join(", "))
        }
    };
    whose
        .into_iter()
        .map(|(key, names)| (key, told(names)))
        .collect()
}
