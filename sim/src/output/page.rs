//! The page of a result folder: what was replayed, the picture, the sentence, what was assumed.
//!
//! It is for those who meet the folder where it is stored; a recipe with `about` has one.

use std::fmt::Write as _;

use super::assumed::assumed;
use super::comparison::Changes;
use super::comparison_text::aligned;
use super::measured;
use super::plots::Figure;
use super::report;
use crate::run::{Comparison, Sheet};

/// Its file in a result folder.
pub const PAGE: &str = "README.md";

/// The picture of a page: what was measured where something was, what ran where, or else how much of the
/// cluster was in use.
const PICTURES: [&str; 3] = ["measured", "hosts", "utilisation"];

/// The page's text.
pub fn page(comparison: &Comparison, changes: &Changes, figures: &[Figure]) -> String {
    let mut text = format!("# {}\n\n{}\n", comparison.title, comparison.about);
    for sentence in report::sentences(comparison, changes) {
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
    for grid in changes.grids() {
        let _ = write!(
            text,
            "\n## {}\n\n```text\n{}```\n",
            grid.title,
            aligned(&grid)
        );
    }
    let _ = write!(text, "\n{}\n", changes.legend());
    for sheet in &measured::sheets(comparison) {
        let _ = write!(
            text,
            "\n## {}\n\n{}\n{}\n",
            sheet.title,
            markdown(sheet),
            sheet.note
        );
    }
    if !comparison.warnings.is_empty() {
        text += "\n## Read this, too\n\n";
        for warning in &comparison.warnings {
            let _ = writeln!(text, "- {warning}");
        }
    }
    text += "\n## What was assumed\n\n";
    for one in assumed(comparison) {
        let whose = match one.whose.len() {
            0 => String::new(),
            _ if one.everybody => String::new(),
            _ => format!(" ({})", one.whose.join(", ")),
        };
        let _ = writeln!(text, "- **{}**: {}{whose}", one.about, one.model);
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

fn markdown(sheet: &Sheet) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace('\n', " "));
    let rule = format!("|{}\n", "---|".repeat(sheet.heads.len()));
    let rows = sheet.rows.iter().map(|row| line(row));
    [line(&sheet.heads), rule].into_iter().chain(rows).collect()
}
