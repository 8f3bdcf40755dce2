//! `fairground conformance`: are decisions right as the originals' are right?

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::{Ending, counted, print};
use crate::conformance::{SYSTEMS, System, Table, folder};

const EXAMPLES: &str = "\
Examples:
  fairground conformance                 every system
  fairground conformance yarn            one, with each case that differs
  fairground conformance --cases folder --json

Cases are looked for in --cases, in FAIRGROUND_CONFORMANCE, or in shared/conformance beside the project.
Exit codes: 0 no decision differs, 1 some do, 2 no cases or bad usage";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ConformanceArgs {
    /// The system; all of them if none is named
    name: Option<String>,
    /// The folder of cases, a JSON file a system; batch's are an archive among the public traces
    #[arg(long, value_name = "FOLDER")]
    cases: Option<PathBuf>,
    /// Print it all as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn conformance(args: &ConformanceArgs) -> anyhow::Result<Ending> {
    let asked = match &args.name {
        Some(name) => vec![System::by_name(name).map_err(anyhow::Error::msg)?],
        None => SYSTEMS.iter().collect(),
    };
    let folder = folder(args.cases.as_deref()).map_err(anyhow::Error::msg)?;
    let (there, missing): (Vec<&System>, Vec<&System>) = asked
        .into_iter()
        .partition(|one| one.path(&folder).is_file());
    anyhow::ensure!(
        !there.is_empty(),
        "{}: holds no cases of {}\n  hint: a file a system, as in {}",
        folder.display(),
        args.name.as_deref().unwrap_or("any system"),
        missing[0].path(&folder).display()
    );
    let tables = there.iter().map(|one| one.hold(&folder));
    let tables: Vec<Table> = tables
        .collect::<Result<_, _>>()
        .map_err(anyhow::Error::msg)?;
    print(&if args.json {
        serde_json::to_string_pretty(&tables)? + "\n"
    } else {
        in_words(&tables, &missing)
    })?;
    let differs = tables.iter().any(|one| !one.differ.is_empty());
    Ok(if differs { Ending::No } else { Ending::Done })
}

fn in_words(tables: &[Table], missing: &[&System]) -> String {
    let mut text = format!(
        "{:<11} {:>6} {:>6} {:>7} {:>12}\n",
        "system", "cases", "agree", "differ", "not offered"
    );
    for table in tables {
        let Table {
            system,
            cases,
            agree,
            differ,
            not_offered,
            ..
        } = table;
        let (differ, not_offered) = (differ.len(), not_offered.len());
        let _ = writeln!(
            text,
            "{system:<11} {cases:>6} {agree:>6} {differ:>7} {not_offered:>12}"
        );
    }
    for system in missing {
        let _ = writeln!(text, "{:<11} no cases in the folder", system.name);
    }
    for table in tables {
        for one in &table.differ {
            let _ = writeln!(text, "\n{} {} differs: {}", table.system, one.id, one.rule);
            let _ = writeln!(
                text,
                "  expected {}\n  found    {}",
                one.expected, one.found
            );
        }
        for (kind, why, ids) in table.not_offered_together() {
            let ids = ids.join(", ");
            let system = table.system;
            let _ = writeln!(text, "\n{system} {kind} is not offered, {ids}: {why}");
        }
        if !table.both.is_empty() {
            let count = counted(table.both.len() as u64, "case");
            let _ = writeln!(
                text,
                "\n{}: {count} where the original is wrong by its own rules:",
                table.system
            );
            for one in &table.both {
                let _ = writeln!(text, "  {}: {}", one.id, one.by_its_rules);
            }
        }
    }
    text
}
