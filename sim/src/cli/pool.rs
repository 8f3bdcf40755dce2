//! `fairground pool`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use fairground_policies::name::Name;
use fairground_policies::pool::PoolPolicy;
use fairground_workloads::say;
use serde::Serialize;

use super::{Ending, counted, print};
use crate::pool::{Estimates, Measures, RigidLog, simulate};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PoolArgs {
    /// A log in the Standard Workload Format, packed or not
    log: PathBuf,
    /// How many processors the pool has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    processors: u32,
    /// The policies, separated by spaces; `fairground policies` lists them
    #[arg(long, value_name = "NAMES", num_args = 1.., value_delimiter = ' ', default_value = "easy")]
    policies: Vec<Name>,
    /// How long jobs are expected to run
    #[arg(long, value_enum, default_value_t)]
    estimates: Estimates,
    /// A job that requested no time is expected to run as long as it does, and not left out
    #[arg(long)]
    unsaid_exact: bool,
    /// Begin with the job after so many
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: usize,
    /// So many jobs, and no more
    #[arg(long, value_name = "N")]
    count: Option<usize>,
    /// A line of CSV a job: when it was submitted, started and ended, in seconds
    #[arg(long, conflicts_with = "json")]
    rows: bool,
    /// As JSON, a line a policy
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  fairground pool KTH-SP2.swf --processors 100 --policies 'list easy easy[among=sjf] conservative'
  fairground pool KTH-SP2.swf --processors 100 --policies 'easy[instant=each]'   as published
  fairground pool KTH-SP2.swf --processors 100 --policies 'easy[among=sjf,instant=each]' --estimates last-two
  fairground pool lublin.swf --processors 256 --policies 'list[order=f1]' --unsaid-exact --json";

#[derive(Serialize)]
struct PoolRow {
    policy: String,
    #[serde(flatten)]
    measures: Measures,
}

pub(super) fn pool(args: &PoolArgs) -> anyhow::Result<Ending> {
    let policies = args.policies.iter().map(|name| {
        let policy = PoolPolicy::from_name(name).map_err(anyhow::Error::msg)?;
        if args.estimates.may_be_short() && !policy.bears_short_estimates() {
            bail!(
                "{name}: plans starts by estimates that hold, and those of the last two jobs may be too short; expected \
                 --estimates requested or exact"
            );
        }
        anyhow::Ok((name.to_string(), policy))
    });
    let policies: Vec<_> = policies.collect::<anyhow::Result<_>>()?;
    let log = RigidLog::read(&args.log, args.processors, args.unsaid_exact)?;
    if log.passed_over > 0 {
        say!(
            "{} passed over: not run, larger than the pool, or without a size or a requested time",
            counted(log.passed_over, "row")
        );
    }
    let jobs = log.jobs.get(args.skip..).unwrap_or_default();
    let jobs = &jobs[..args.count.unwrap_or(usize::MAX).min(jobs.len())];
    if jobs.is_empty() {
        bail!(
            "{}: no job is left to run; expected one that ran, with its processors and its requested time \
             (--unsaid-exact if none is requested)",
            args.log.display()
        );
    }
    let mut text = String::new();
    if args.rows {
        text.push_str("policy,job,processors,submitted_s,started_s,ended_s\n");
    } else if !args.json {
        let _ = writeln!(
            text,
            "{:<32} {:>17} {:>12} {:>12} {:>12} {:>8}",
            "policy", "bounded slowdown", "largest", "mean wait s", "mean flow s", "used"
        );
    }
    for (name, policy) in policies {
        let starts = simulate(policy, args.processors, jobs, args.estimates);
        let measures = Measures::new(jobs, &starts, args.processors);
        if args.rows {
            for (number, (job, start)) in (args.skip + 1..).zip(jobs.iter().zip(&starts)) {
                let seconds = |micros: u64| micros as f64 / 1e6;
                let _ = writeln!(
                    text,
                    "{name:?},{number},{},{},{},{}",
                    job.rigid.processors,
                    seconds(job.rigid.submitted.as_micros()),
                    seconds(start.as_micros()),
                    seconds((*start + job.run).as_micros())
                );
            }
        } else if args.json {
            let row = PoolRow {
                policy: name,
                measures,
            };
            let row = serde_json::to_string(&row).context("a row as JSON")?;
            let _ = writeln!(text, "{row}");
        } else {
            let _ = writeln!(
                text,
                "{name:<32} {:>17.10} {:>12.1} {:>12.2} {:>12.2} {:>7.2}%",
                measures.mean_bounded_slowdown,
                measures.largest_bounded_slowdown,
                measures.mean_wait_s,
                measures.mean_flow_s,
                100.0 * measures.utilization
            );
        }
    }
    print(&text)?;
    Ok(Ending::Done)
}
