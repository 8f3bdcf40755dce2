//! `fairground audit`: what does a policy break?

mod folder;
mod lies;
mod tables;

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use cpu_time::ProcessTime;
use fairground_policies::name::{BadName, Name};
use fairground_policies::registry::{Registry, unknown};
use fairground_workloads::say;
use serde::Serialize;

use super::progress::Progress;
use super::{Ending, print};
use crate::audit::property::Property;
use crate::audit::{AuditForm, AuditPlan, PolicyAudit, audit, subject, told};

use self::tables::{drawn, matrices, sheets};

const EXAMPLES: &str = "\
Examples:
  fairground audit drf asset ceei                          the property matrix of the DRF paper, and what running clusters show
  fairground audit drf --properties sharing-incentive no-starvation --form running
  fairground audit 'drf[offers=task]' --instances 100000 --form divisible
  fairground audit --all --instances 200 --out results     every policy; what violates a property as recipes that run
  fairground audit --lies drf ceei priority                what lying gains, and what it costs the others

Properties are asked of the division that a policy comes to, in exact fractions, where one is known (drf, asset, fair, ceei,
static), and of the policy itself on small clusters on which tasks come and go, as it is named: with its rounds and its
offers. `yes` means that nothing was found.
Exit codes: 0 nothing was found, 1 something was, 2 bad usage";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AuditArgs {
    /// The policies; `fairground policies` lists them
    #[arg(value_name = "POLICY", required_unless_present = "all")]
    policies: Vec<Name>,
    /// Every policy of the first level
    #[arg(long, conflicts_with = "policies")]
    all: bool,
    /// Only these properties
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = property_by_name)]
    properties: Vec<Property>,
    /// Only of this form: divisible or running
    #[arg(long, value_name = "FORM", value_parser = form_by_name)]
    form: Option<AuditForm>,
    /// How many cases a property [default: 20000 divisions, 500 clusters]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    instances: Option<u64>,
    /// Measure what lying gains, on as many clusters as --instances says [default: 200]
    #[arg(long, conflicts_with_all = ["properties", "form"])]
    lies: bool,
    /// The seed of what is drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many cases at the same time; the results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Write the matrix, and what violates a property as tables and recipes, into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// As JSON, a line a finding
    #[arg(long)]
    json: bool,
}

fn property_by_name(text: &str) -> Result<Property, String> {
    let found = Property::ALL.into_iter().find(|one| one.name() == text);
    let known = || Property::ALL.into_iter().map(Property::name);
    found.ok_or_else(|| match text.parse() {
        Ok(name) => unknown("property", &name, known()).0,
        Err(BadName(problem)) => problem,
    })
}

fn form_by_name(name: &str) -> Result<AuditForm, String> {
    let found = AuditForm::ALL.into_iter().find(|one| one.name() == name);
    found.ok_or_else(|| "expected `divisible` or `running`".to_owned())
}

pub(super) fn run(args: &AuditArgs, registry: &Registry) -> anyhow::Result<Ending> {
    let mut policies = args.policies.clone();
    for entry in registry.allocators().iter().filter(|_| args.all) {
        policies.push(entry.name.parse().map_err(bad_name)?);
    }
    for policy in &policies {
        subject(policy, registry).map_err(bad_name)?;
    }
    let threads = args.jobs.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    let progress = Progress::begin(false);
    let ending = pool.install(|| {
        if args.lies {
            lies::measure(args, &policies, registry, &progress)
        } else {
            search(args, &policies, registry, &progress)
        }
    });
    progress.end();
    ending
}

fn bad_name(error: BadName) -> anyhow::Error {
    anyhow::Error::msg(error.0)
}

fn search(
    args: &AuditArgs,
    policies: &[Name],
    registry: &Registry,
    progress: &Progress,
) -> anyhow::Result<Ending> {
    let of_form = |form: AuditForm, cases: u64| match args.form {
        Some(asked) if asked != form => 0,
        _ => args.instances.unwrap_or(cases),
    };
    let plan = AuditPlan {
        properties: if args.properties.is_empty() {
            Property::ALL.to_vec()
        } else {
            args.properties.clone()
        },
        divisible: of_form(AuditForm::Divisible, 20_000),
        running: of_form(AuditForm::Running, 500),
        seed: args.seed,
    };
    let begun = ProcessTime::now();
    let mut audits = Vec::new();
    for policy in policies {
        let found = audit(policy, registry, &plan, progress).map_err(bad_name)?;
        match found {
            Some(found) => audits.push(found),
            None => return Ok(Ending::Interrupted),
        }
    }
    progress.end();
    tell_rate(&audits, begun.elapsed().as_secs_f64());
    if audits.iter().all(|one| one.findings.is_empty()) {
        bail!(
            "nothing is asked: no division is known of {}, or no property of one",
            names(policies)
        );
    }
    if args.json {
        print(&as_json(&audits, registry)?)?;
    } else {
        let mut text = matrices(&audits);
        for sheet in sheets(&audits, registry) {
            text += "\n";
            text += &drawn(&sheet);
        }
        print(&text)?;
    }
    if let Some(folder) = &args.out {
        folder::write(folder, &audits, registry, args)?;
    }
    let clean = audits.iter().all(PolicyAudit::is_clean);
    Ok(if clean { Ending::Done } else { Ending::No })
}

/// How many cases a core judges in an hour, where it took long enough to be told.
fn tell_rate(audits: &[PolicyAudit], seconds: f64) {
    const LONG: f64 = 10.0;
    let findings = || audits.iter().flat_map(|audit| &audit.findings);
    let judged: u64 = findings().map(|one| one.judged).sum();
    if seconds > LONG {
        let rate = judged as f64 * 3600.0 / seconds / 1e6;
        say!(
            "{judged} cases in {seconds:.0} s of processors: {rate:.1} million an hour of one core"
        );
    }
}

fn names(policies: &[Name]) -> String {
    let names: Vec<String> = policies.iter().map(ToString::to_string).collect();
    names.join(", ")
}

#[derive(Serialize)]
struct FindingLine<'a> {
    policy: String,
    property: &'a str,
    form: &'a str,
    judged: u64,
    holds: Option<bool>,
    beyond: Option<f64>,
    counterexample: Option<CounterexampleLine>,
}

#[derive(Serialize)]
struct CounterexampleLine {
    cluster: String,
    heads: Vec<String>,
    tenants: Vec<Vec<String>>,
}

fn as_json(audits: &[PolicyAudit], registry: &Registry) -> anyhow::Result<String> {
    let mut text = String::new();
    for one in audits {
        let subject = subject(&one.policy, registry).map_err(bad_name)?;
        for finding in &one.findings {
            let told = told(finding, &subject, one.division);
            let line = FindingLine {
                counterexample: told.map(|sheet| CounterexampleLine {
                    cluster: sheet.note,
                    heads: sheet.heads,
                    tenants: sheet.rows,
                }),
                policy: one.policy.to_string(),
                property: finding.property.name(),
                form: finding.form.name(),
                judged: finding.judged,
                holds: (finding.judged > 0).then_some(finding.violation.is_none()),
                beyond: finding.violation.as_ref().map(|(_, size)| *size),
            };
            text += &(serde_json::to_string(&line)? + "\n");
        }
    }
    Ok(text)
}

/// The command that makes the folder anew.
fn command(args: &AuditArgs) -> String {
    let mut text = "fairground audit".to_owned();
    if args.all {
        text += " --all";
    }
    for policy in &args.policies {
        let _ = write!(text, " '{policy}'");
    }
    if args.lies {
        text += " --lies";
    }
    if !args.properties.is_empty() {
        text += " --properties";
    }
    for property in &args.properties {
        let _ = write!(text, " {}", property.name());
    }
    if let Some(form) = args.form {
        let _ = write!(text, " --form {}", form.name());
    }
    if let Some(instances) = args.instances {
        let _ = write!(text, " --instances {instances}");
    }
    let _ = write!(text, " --seed {}", args.seed);
    text
}
