//! What lying gains, as a table.

use std::fs;

use anyhow::Context as _;
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use serde::Serialize;

use super::tables::drawn;
use super::{AuditArgs, Ending, Progress, bad_name, command, print};
use crate::audit::lies::{LieRow, lies};
use crate::run::Sheet;

#[derive(Serialize)]
struct LieLine<'a> {
    policy: String,
    lie: &'a str,
    clusters: usize,
    gain: f64,
    gain_interval: f64,
    cost_to_others: f64,
    cost_interval: f64,
    won: f64,
    most_tasks: f64,
    theory: &'a str,
}

pub(super) fn measure(
    args: &AuditArgs,
    policies: &[Name],
    registry: &Registry,
    progress: &Progress,
) -> anyhow::Result<Ending> {
    let clusters = args.instances.unwrap_or(200);
    let mut rows: Vec<LieRow> = Vec::new();
    for policy in policies {
        let found = lies(policy, registry, (clusters, args.seed), progress);
        match found.map_err(bad_name)? {
            Some(found) => rows.extend(found),
            None => return Ok(Ending::Interrupted),
        }
    }
    progress.end();
    let table = drawn(&lie_sheet(&rows));
    if args.json {
        for row in &rows {
            print(&(serde_json::to_string(&lie_line(row))? + "\n"))?;
        }
    } else {
        print(&table)?;
    }
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let path = folder.join("lies.md");
        let page = format!(
            "# What lying gains\n\nMade by `{}`.\n\n```text\n{table}```\n",
            command(args)
        );
        fs::write(&path, page).with_context(|| path.display().to_string())?;
    }
    Ok(Ending::Done)
}

fn lie_line(row: &LieRow) -> LieLine<'_> {
    LieLine {
        policy: row.policy.to_string(),
        lie: row.lie.name(),
        clusters: row.clusters,
        gain: row.gain.0,
        gain_interval: row.gain.1,
        cost_to_others: row.cost.0,
        cost_interval: row.cost.1,
        won: row.won,
        most_tasks: row.most,
        theory: row.lie.theory(&row.policy),
    }
}

fn lie_sheet(rows: &[LieRow]) -> Sheet {
    // One cluster has no interval.
    let percent = |(mean, half): (f64, f64)| {
        let interval = half.is_finite().then(|| format!(" ± {:.1}", 100.0 * half));
        format!("{:+.1} %{}", 100.0 * mean, interval.unwrap_or_default())
    };
    let cells = rows.iter().map(|row| match row.clusters {
        0 => vec![
            row.policy.to_string(),
            row.lie.name().to_owned(),
            "0".to_owned(),
        ],
        _ => vec![
            row.policy.to_string(),
            row.lie.name().to_owned(),
            row.clusters.to_string(),
            percent(row.gain),
            percent(row.cost),
            format!("{:.0} %", 100.0 * row.won),
            format!("{:.1}", row.most),
            row.lie.theory(&row.policy).to_owned(),
        ],
    });
    let heads = [
        "policy",
        "the first tenant",
        "clusters",
        "gains",
        "others lose",
        "wins > 1 task",
        "at most",
        "theory",
    ];
    Sheet {
        title: "what lying gains: useful work of the liar, and of the others together".to_owned(),
        note: "means over clusters by chance, with 95 % intervals; theory is of what can be divided at will".to_owned(),
        heads: heads.map(str::to_owned).to_vec(),
        rows: cells.collect(),
    }
}
