//! `fairground policies`: what there is by level, and one of them explained.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use clap::Args;
use fairground_policies::allocators::Setup;
use fairground_policies::evidence::{Evidence, Proven};
use fairground_policies::job_order::ORDERS;
use fairground_policies::master::Config;
use fairground_policies::name::{BadName, Name, Param};
use fairground_policies::personality::{self, Personality};
use fairground_policies::placement;
use fairground_policies::pool;
use fairground_policies::registry::{Registry, unknown};
use fairground_policies::sampling;
use fairground_workloads::rng;
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

/// What a policy decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum PolicyLevel {
    Policy,
    Scheduler,
    Pool,
    Order,
    Placement,
    Sampling,
    Personality,
}

impl PolicyLevel {
    const ALL: [Self; 7] = [
        Self::Policy,
        Self::Scheduler,
        Self::Pool,
        Self::Order,
        Self::Placement,
        Self::Sampling,
        Self::Personality,
    ];

    /// All of it, one of it, and the question that each answers.
    const fn words(self) -> [&'static str; 3] {
        match self {
            Self::Policy => [
                "Policies",
                "a policy",
                "which framework is offered free resources",
            ],
            Self::Scheduler => [
                "Schedulers",
                "a scheduler",
                "which of its tasks a framework runs on what it is offered",
            ],
            Self::Pool => [
                "Pool",
                "a policy of a pool",
                "which rigid job starts next on one pool of processors (fairground pool)",
            ],
            Self::Order => [
                "Orders",
                "an order of jobs",
                "whose turn it is: order= of list, easy and pick, and of the schedulers easy and fit",
            ],
            Self::Placement => [
                "Placements",
                "a placement",
                "on which node and GPU a task runs (fairground pack)",
            ],
            Self::Sampling => [
                "Sampling",
                "a policy of sampling",
                "into which worker's queue a task goes where nobody knows all of them (fairground sample)",
            ],
            Self::Personality => [
                "Personalities",
                "a personality",
                "what another system chooses together: a policy and the scheduler of every framework, by one name \
                 (--policies)",
            ],
        }
    }

    /// What every one of it can be told, and how people call all of it.
    fn common(self) -> (&'static str, &'static [Param]) {
        match self {
            Self::Policy => ("every policy", &Config::PARAMS),
            Self::Placement => ("every placement", &placement::PARAMS),
            _ => ("", &[]),
        }
    }
}

/// Words that people look for, and where what they mean is.
const HINTS: [(&str, &str); 12] = [
    (
        "mesos",
        "the personality mesos-like; its order of roles is drf[tie=allocations]",
    ),
    (
        "nomad",
        "the placements binpack and spread, also of a framework: fit[place=binpack]",
    ),
    (
        "delay",
        "parameter wait of the schedulers fifo, fair and sjf, as in fair[wait=5s]",
    ),
    (
        "quota",
        "guarantee and limit of a role in a recipe, which hold under every policy; of kueue and kai also their weights",
    ),
    (
        "omega",
        "the personality omega-like: offers=shared of a policy, as in fifo[offers=shared]",
    ),
    ("sparrow", "sampling: late and batch (fairground sample)"),
    (
        "backfill",
        "easy and conservative, of a pool and of a framework",
    ),
    ("las", "the policy tiresias"),
    ("maxmin", "the policy fair, of one resource; drf, of all"),
    ("fairtree", "the policy slurm"),
    (
        "speculation",
        "parameter speculate of the schedulers fifo, fair and sjf",
    ),
    (
        "preemption",
        "borg, tiresias, kueue, kai, armada, volcano, and parameter preempt of yarn-fair and yarn-capacity",
    ),
];

/// A policy, whatever its level.
#[derive(Clone, Copy)]
struct PolicyLine {
    level: PolicyLevel,
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
    params: Vec<ParamRow>,
    source: &'a str,
    proven: String,
    /// Of a personality.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    /// Of a personality.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler: Option<&'a str>,
}

#[derive(Serialize)]
struct ParamRow {
    key: &'static str,
    about: &'static str,
}

fn lines(registry: &Registry) -> Vec<PolicyLine> {
    let mut lines = Vec::new();
    macro_rules! add {
        ($level:ident, $entry:expr, $params:expr) => {
            lines.push(PolicyLine {
                level: PolicyLevel::$level,
                name: $entry.name,
                about: $entry.about,
                params: $params,
                evidence: $entry.evidence,
            })
        };
    }
    for entry in registry.allocators() {
        add!(Policy, entry, entry.params);
        if entry.name == "static" {
            lines.push(PolicyLine {
                level: PolicyLevel::Policy,
                name: STATIC_BEST,
                about: "static with the split that treats frameworks best, found over all seeds",
                params: &[search::PARAM],
                evidence: entry.evidence,
            });
        }
    }
    for entry in registry.schedulers() {
        add!(Scheduler, entry, entry.params);
    }
    for entry in &pool::ENTRIES {
        add!(Pool, entry, entry.params);
    }
    for entry in &ORDERS {
        add!(Order, entry, &[]);
    }
    for entry in &placement::ENTRIES {
        add!(Placement, entry, entry.params);
    }
    for entry in &sampling::ENTRIES {
        add!(Sampling, entry, entry.params);
    }
    for entry in &personality::STANDARD {
        add!(Personality, entry, &[]);
    }
    lines
}

impl PolicyLine {
    /// What it chooses, if it is a personality.
    fn chosen(&self) -> Option<&'static Personality> {
        let mut all = personality::STANDARD.iter();
        all.find(|one| self.level == PolicyLevel::Personality && one.name == self.name)
    }

    /// That it has the parameters of a name.
    ///
    /// # Errors
    /// Naming those that it has.
    fn has_those_of(&self, name: &Name, registry: &Registry) -> Result<(), BadName> {
        let mut keys: Vec<&str> = self.params.iter().map(|param| param.key).collect();
        keys.extend(self.level.common().1.iter().map(|param| param.key));
        if let Some(chosen) = self.chosen() {
            let policy: Name = chosen.policy.parse()?;
            let entries = registry.allocators().iter();
            let entry = entries.filter(|entry| entry.name == policy.base());
            keys.extend(entry.flat_map(|entry| entry.params).map(|param| param.key));
            keys.extend(Config::PARAMS.iter().map(|param| param.key));
        }
        let mut rest = name.clone();
        for key in &keys {
            rest.take(key);
        }
        rest.finish(&keys)
    }

    /// Whether it refuses shared offers, as whoever takes back does.
    fn refuses_sharing(&self, registry: &Registry) -> bool {
        let setup = Setup {
            shares: vec![1],
            agents: 1,
            rng: rng::stream(1, "policies").into_generator(),
        };
        let name = format!("{}[offers=shared]", self.name).parse();
        let made = name.map(|name: Name| registry.allocator(&name, setup).is_ok());
        self.level == PolicyLevel::Policy && self.name != STATIC_BEST && made == Ok(false)
    }
}

/// What a name means, or where what it means is.
fn named(name: &str, registry: &Registry) -> anyhow::Result<Vec<PolicyLine>> {
    let name: Name = name.parse().map_err(anyhow::Error::new)?;
    let all = lines(registry);
    let plain = name.base().to_ascii_lowercase().replace(['-', '_'], "");
    let found: Vec<PolicyLine> = all
        .iter()
        .filter(|line| line.name == name.base())
        .copied()
        .collect();
    if found.is_empty() {
        if let Some((_, place)) = HINTS.iter().find(|(word, _)| *word == plain) {
            bail!("no policy is called `{}`\n  hint: {place}", name.base());
        }
        return Err(unknown("policy", &name, all.iter().map(|line| line.name)).into());
    }
    let mut kept = Vec::new();
    let mut first = None;
    for line in found {
        match line.has_those_of(&name, registry) {
            Ok(()) => kept.push(line),
            Err(error) => first = first.or(Some(error)),
        }
    }
    match first {
        Some(error) if kept.is_empty() => Err(error.into()),
        _ => Ok(kept),
    }
}

pub(super) fn policies(args: &PoliciesArgs, registry: &Registry) -> anyhow::Result<Ending> {
    let lines = match &args.name {
        Some(name) => named(name, registry)?,
        None => lines(registry),
    };
    let mut text = String::new();
    if args.json {
        for line in &lines {
            let _ = writeln!(text, "{}", row(line)?);
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

fn row(line: &PolicyLine) -> anyhow::Result<String> {
    let [level, ..] = line.level.words();
    let param = |param: &Param| ParamRow {
        key: param.key,
        about: param.about,
    };
    let row = PolicyRow {
        level,
        name: line.name,
        about: line.about,
        params: line.params.iter().map(param).collect(),
        source: line.evidence.source,
        proven: line.evidence.proven.to_string(),
        policy: line.chosen().map(|one| one.policy),
        scheduler: line.chosen().map(|one| one.scheduler),
    };
    serde_json::to_string(&row).context("a row as JSON")
}

fn list(text: &mut String, lines: &[PolicyLine]) {
    for level in PolicyLevel::ALL {
        let [name, _, question] = level.words();
        wrapped(text, &format!("{name}: "), question);
        text.push('\n');
        let of = || lines.iter().filter(|line| line.level == level);
        let width = of().map(|line| line.name.len()).max().unwrap_or(0);
        for line in of() {
            // What is in brackets is one word.
            let proven = line.evidence.proven.to_string().replace(' ', "\u{a0}");
            let about = format!("{} [{proven}]", line.about);
            wrapped(text, &format!("  {:width$}  ", line.name), &about);
            let mut rows = Vec::new();
            if !line.evidence.source.is_empty() {
                rows.push(("source", line.evidence.source));
            }
            rows.extend(parameters(line.params));
            rows.extend(choices(line));
            table(text, 6, &rows);
        }
        let (whom, params) = level.common();
        if !params.is_empty() {
            let _ = writeln!(text, "\n  with {whom}");
            table(text, 6, &parameters(params));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "drf is {}\n", which("drf"));
    text.push_str("In brackets: how far it is proven.\n");
    text.push_str("Parameters go into the name: drf[round=1s,offers=task], fair[on=mem]\n");
}

fn explain(text: &mut String, line: &PolicyLine, registry: &Registry) -> anyhow::Result<()> {
    let [_, one, question] = line.level.words();
    let _ = writeln!(text, "{}: {one}\n", line.name);
    wrapped(text, "  ", line.about);
    let mut own = parameters(line.params);
    own.extend(choices(line));
    if !own.is_empty() {
        text.push('\n');
        table(text, 6, &own);
    }
    let (whom, params) = line.level.common();
    let mut common = parameters(params);
    if line.refuses_sharing(registry) {
        common.retain(|(key, _)| !matches!(*key, "conflict" | "commit"));
        let offers = "agent: all that is free, as Mesos; task: what one task takes, as the DRF paper (default agent); \
                      shared is refused, because it takes back for one what shared offers hold for nobody";
        for row in common.iter_mut().filter(|(key, _)| *key == "offers") {
            row.1 = offers;
        }
    }
    if !common.is_empty() {
        let _ = writeln!(text, "\n  with {whom}");
        table(text, 6, &common);
    }
    let Evidence {
        source,
        proven,
        example,
    } = line.evidence;
    let how = match proven {
        Proven::Exact => {
            "it gives what the original publishes, to the last digit or every decision"
        }
        Proven::ExactWith(_) => {
            "so told it gives what the original publishes, to the last digit or every decision"
        }
        Proven::InBand => "it gives what is published as a mean of chance, within its spread",
        Proven::InBandWith(_) => {
            "so told it gives what is published as a mean of chance, within its spread"
        }
        Proven::Scripts => "it gives the answers that the project's own tests work out",
        Proven::Prototype => "it runs; nothing says that it is right",
    };
    let source = if source.is_empty() {
        "one's own"
    } else {
        source
    };
    text.push('\n');
    let how = format!("{proven}: {how}");
    table(
        text,
        2,
        &[
            ("decides", question),
            ("source", source),
            ("proven", how.as_str()),
        ],
    );
    if !example.is_empty() {
        let drawn = worked::drawn(example, registry)?;
        let _ = writeln!(text, "\nWorked example, run as it is shown:\n");
        for line in example.lines().chain([""]).chain(drawn.lines()) {
            let _ = writeln!(text, "{}", format!("  {line}").trim_end());
        }
    }
    text.push('\n');
    Ok(())
}

/// What a personality chooses, if this is one.
fn choices(line: &PolicyLine) -> Vec<(&'static str, &'static str)> {
    let rows = |one: &'static Personality| {
        [
            ("policy", one.policy),
            ("inside", one.scheduler),
            ("more", "parameters are those of its policy"),
        ]
    };
    line.chosen().into_iter().flat_map(rows).collect()
}

fn parameters(params: &[Param]) -> Vec<(&'static str, &'static str)> {
    params
        .iter()
        .map(|param| (param.key, param.about))
        .collect()
}

/// Rows of a word and what it is about, the former as wide as the longest.
fn table(text: &mut String, indent: usize, rows: &[(&str, &str)]) {
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    for (key, about) in rows {
        wrapped(text, &format!("{:indent$}{key:width$}  ", ""), about);
    }
}

/// The widest that a line is.
const WIDTH: usize = 100;

/// Words behind a head, in lines that begin below the first word.
fn wrapped(text: &mut String, head: &str, words: &str) {
    let indent = head.chars().count();
    let mut line = head.to_owned();
    let mut empty = true;
    for word in words.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.replace('\u{a0}', " "));
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line += word;
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end().replace('\u{a0}', " "));
}
