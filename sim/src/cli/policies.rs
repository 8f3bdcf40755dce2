//! `fairground policies`: what there is by level, and one of them explained.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use clap::Args;
use fairground_policies::evidence::{Evidence, Proven};
use fairground_policies::job_order::ORDERS;
use fairground_policies::master::Config;
use fairground_policies::name::Param;
use fairground_policies::personality;
use fairground_policies::placement;
use fairground_policies::pool;
use fairground_policies::registry::Registry;
use fairground_policies::sampling;
use serde::Serialize;

use super::{Ending, print};
use crate::experiment::STATIC_BEST;
use crate::output::report::which;
use crate::search;
use crate::worked;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PoliciesArgs {
    /// Only what is called so, with its worked example
    name: Option<String>,
    /// As JSON, a line a policy
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  fairground policies
  fairground policies drf             what it does, its parameters, where it comes from, and a worked example
  fairground policies --json          a line a policy";

/// The levels, and the question that a policy of each answers.
const LEVELS: [(&str, &str); 6] = [
    ("Policies", "which framework is offered free resources"),
    (
        "Schedulers",
        "which of its tasks a framework runs on what it is offered",
    ),
    (
        "Pool",
        "which rigid job starts next on one pool of processors (fairground pool)",
    ),
    (
        "Placements",
        "on which node and GPU a task runs (fairground pack)",
    ),
    (
        "Sampling",
        "into which worker's queue a task goes where nobody knows all of them (fairground sample)",
    ),
    (
        "Personalities",
        "what another system chooses together: a policy and the scheduler of every framework, by one name (--policies)",
    ),
];

/// The level of personalities.
const PERSONALITY: usize = 5;

/// A policy, whatever its level.
#[derive(Clone, Copy)]
struct PolicyLine {
    level: usize,
    name: &'static str,
    about: &'static str,
    params: &'static [Param],
    evidence: Evidence,
}

/// As `--json` has it.
#[derive(Serialize)]
struct PolicyRow<'a> {
    level: &'a str,
    name: &'a str,
    about: &'a str,
    params: Vec<&'a str>,
    source: &'a str,
    proven: &'a str,
}

fn lines(registry: &Registry) -> Vec<PolicyLine> {
    let mut lines = Vec::new();
    macro_rules! add {
        ($level:expr, $entry:expr) => {
            lines.push(PolicyLine {
                level: $level,
                name: $entry.name,
                about: $entry.about,
                params: $entry.params,
                evidence: $entry.evidence,
            })
        };
    }
    for entry in registry.allocators() {
        add!(0, entry);
        if entry.name == "static" {
            lines.push(PolicyLine {
                level: 0,
                name: STATIC_BEST,
                about: "static with the split that treats frameworks best, found over all seeds",
                params: &[search::PARAM],
                evidence: entry.evidence,
            });
        }
    }
    for entry in registry.schedulers() {
        add!(1, entry);
    }
    for entry in &pool::ENTRIES {
        add!(2, entry);
    }
    for entry in &placement::ENTRIES {
        add!(3, entry);
    }
    for entry in &sampling::ENTRIES {
        add!(4, entry);
    }
    for entry in &personality::STANDARD {
        lines.push(PolicyLine {
            level: PERSONALITY,
            name: entry.name,
            about: entry.about,
            params: &[],
            evidence: entry.evidence,
        });
    }
    lines
}

pub(super) fn policies(args: &PoliciesArgs, registry: &Registry) -> anyhow::Result<Ending> {
    let mut lines = lines(registry);
    if let Some(name) = &args.name {
        let known: Vec<_> = lines.iter().map(|line| line.name).collect();
        if !known.contains(&name.as_str()) {
            bail!(
                "no policy is called `{name}`; known are {}",
                known.join(", ")
            );
        }
        lines.retain(|line| line.name == name);
    }
    let mut text = String::new();
    if args.json {
        for line in &lines {
            let row = PolicyRow {
                level: LEVELS[line.level].0,
                name: line.name,
                about: line.about,
                params: line.params.iter().map(|param| param.key).collect(),
                source: line.evidence.source,
                proven: line.evidence.proven.name(),
            };
            let row = serde_json::to_string(&row).context("a row as JSON")?;
            let _ = writeln!(text, "{row}");
        }
    } else if args.name.is_some() {
        for line in &lines {
            explain(&mut text, line, registry)?;
        }
    } else {
        list(&mut text, &lines);
    }
    print(&text)?;
    Ok(Ending::Done)
}

fn list(text: &mut String, lines: &[PolicyLine]) {
    for (level, (name, question)) in LEVELS.iter().enumerate() {
        let _ = writeln!(text, "{name}: {question}\n");
        for line in lines.iter().filter(|line| line.level == level) {
            let _ = writeln!(
                text,
                "  {:<12} {} [{}]",
                line.name, line.about, line.evidence.proven
            );
            if !line.evidence.source.is_empty() {
                let _ = writeln!(text, "      {:<8} {}", "source", line.evidence.source);
            }
            parameters(text, line.params);
            chosen(text, line.name);
        }
        common(text, level);
        text.push('\n');
    }
    let _ = writeln!(text, "drf is {}\n", which("drf"));
    text.push_str("In brackets: how far it is proven. ");
    text.push_str("Parameters go into the name: drf[round=1s,offers=task], fair[on=mem]\n");
}

/// What every policy of a level can be told.
fn common(text: &mut String, level: usize) {
    match level {
        0 => {
            text.push_str("\n  with every policy\n");
            parameters(text, &Config::PARAMS);
        }
        2 => {
            text.push_str("\n  orders of jobs\n");
            for order in &ORDERS {
                let _ = writeln!(text, "      {:<16} {}", order.name, order.about);
            }
        }
        3 => {
            text.push_str("\n  with every placement\n");
            parameters(text, &placement::PARAMS);
        }
        _ => {}
    }
}

fn explain(text: &mut String, line: &PolicyLine, registry: &Registry) -> anyhow::Result<()> {
    let (level, question) = LEVELS[line.level];
    let _ = writeln!(
        text,
        "{} ({level}: {question})\n\n  {}\n",
        line.name, line.about
    );
    parameters(text, line.params);
    chosen(text, line.name);
    common(text, line.level);
    let Evidence {
        source,
        proven,
        example,
    } = line.evidence;
    let how = match proven {
        Proven::Exact => {
            "it gives what the original publishes, to the last digit or every decision"
        }
        Proven::InBand => "it gives what is published as a mean of chance, within its spread",
        Proven::Scripts => "it gives the answers that the project's own tests work out",
        Proven::Prototype => "it runs; nothing says that it is right",
    };
    let source = if source.is_empty() {
        "one's own"
    } else {
        source
    };
    let _ = writeln!(text, "\n  source   {source}\n  proven   {proven}: {how}\n");
    if !example.is_empty() {
        let drawn = worked::drawn(example, registry)?;
        let _ = writeln!(text, "Worked example, run as it is shown:\n");
        for line in example.lines().chain([""]).chain(drawn.lines()) {
            let _ = writeln!(text, "{}", format!("  {line}").trim_end());
        }
        text.push('\n');
    }
    Ok(())
}

/// What a personality chooses, if this is one.
fn chosen(text: &mut String, name: &str) {
    for one in personality::STANDARD.iter().filter(|one| one.name == name) {
        let _ = writeln!(text, "      {:<8} {}", "policy", one.policy);
        let _ = writeln!(text, "      {:<8} {}", "inside", one.scheduler);
    }
}

fn parameters(text: &mut String, params: &[Param]) {
    for param in params {
        let _ = writeln!(text, "      {:<8} {}", param.key, param.about);
    }
}
