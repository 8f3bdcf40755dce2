//! `fairground sample`.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use clap::Args;
use fairground_policies::name::Name;
use fairground_policies::sampling::SamplingPolicy;
use fairground_policies::time::Span;
use serde::Serialize;

use super::{Ending, print};
use crate::sampling::{DrawnJobs, SampledMeasures, Workers, simulate};

#[derive(Debug, Args)]
pub(super) struct SampleArgs {
    /// How many workers there are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), default_value_t = 10_000)]
    workers: u32,
    /// How many tasks a worker runs at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), default_value_t = 4)]
    slots: u32,
    /// How long a message is on its way
    #[arg(long, value_name = "SPAN", default_value = "500us")]
    delay: Span,
    /// How many jobs come
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), default_value_t = 10_000)]
    jobs: u32,
    /// How many tasks a job has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), default_value_t = 100)]
    tasks: u32,
    /// How long tasks run in the mean; those of one job run equally long
    #[arg(long, value_name = "SPAN", default_value = "100ms")]
    mean: Span,
    /// Which parts of all slots are kept busy
    #[arg(
        long,
        value_name = "SHARES",
        value_delimiter = ',',
        default_value = "0.1,0.3,0.5,0.7,0.8,0.9,0.95"
    )]
    loads: Vec<f64>,
    /// The policies, separated by spaces; `fairground policies` lists them
    #[arg(long, value_name = "NAMES", num_args = 1.., value_delimiter = ' ',
          default_value = "random per-task batch late central")]
    policies: Vec<Name>,
    /// So many jobs, the first, are not counted
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: u32,
    /// The seed: of arrivals, lengths and probes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// As JSON, a line a policy and load
    #[arg(long)]
    json: bool,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  fairground sample                                        Sparrow's own simulation: ten thousand workers, seven loads
  fairground sample --loads 0.8 --policies 'late late[cancel=no] late[probes=3]'
  fairground sample --slots 1 --tasks 10 --delay 0s --policies 'random per-task batch' --skip 2000 --loads 0.1,0.2,0.3";

#[derive(Serialize)]
struct SampleRow<'a> {
    load: f64,
    policy: &'a str,
    seed: u64,
    #[serde(flatten)]
    measures: SampledMeasures,
}

/// How many tasks and probes of one run are kept at most: some gigabytes.
const MOST: u64 = 50_000_000;

pub(super) fn sample(args: &SampleArgs) -> anyhow::Result<Ending> {
    let policies = args.policies.iter().map(|name| {
        let policy = SamplingPolicy::from_name(name).map_err(anyhow::Error::msg)?;
        anyhow::Ok((name.to_string(), policy))
    });
    let policies: Vec<_> = policies.collect::<anyhow::Result<_>>()?;
    for load in &args.loads {
        if !(*load > 0.0 && *load <= 10.0) {
            bail!(
                "--loads has {load}; expected parts of all slots above 0, as in 0.8 (at most 10)"
            );
        }
    }
    if args.mean.is_zero() {
        bail!(
            "--mean is {}; expected a length of time, as in 100ms",
            args.mean
        );
    }
    if args.skip >= args.jobs {
        bail!("--skip {} leaves none of the {} jobs", args.skip, args.jobs);
    }
    let most = policies
        .iter()
        .map(|(_, policy)| u64::from(policy.probes()).max(1))
        .max();
    let kept = u64::from(args.jobs) * u64::from(args.tasks) * most.unwrap_or(1);
    if kept > MOST {
        bail!(
            "{kept} probes are more than {MOST}, which is what is held in memory; expected fewer jobs, tasks or probes"
        );
    }
    let workers = Workers {
        count: args.workers,
        slots: args.slots,
        delay: args.delay,
    };
    let mut text = String::new();
    if !args.json {
        let _ = writeln!(
            text,
            "{:<6} {:<20} {:>13} {:>11} {:>11} {:>13} {:>13} {:>14}",
            "load",
            "policy",
            "response ms",
            "median ms",
            "99 % ms",
            "task waits ms",
            "without wait",
            "messages/task"
        );
    }
    for load in &args.loads {
        let drawn = DrawnJobs {
            jobs: args.jobs,
            tasks: args.tasks,
            mean: args.mean,
            load: *load,
        };
        let jobs = drawn.draw(&workers, args.seed);
        for (name, policy) in &policies {
            let sampled = simulate(*policy, &workers, &jobs, args.seed);
            let measures =
                SampledMeasures::new(*policy, &workers, &jobs, &sampled, args.skip as usize);
            if args.json {
                let row = SampleRow {
                    load: *load,
                    policy: name,
                    seed: args.seed,
                    measures,
                };
                let row = serde_json::to_string(&row).context("a row as JSON")?;
                let _ = writeln!(text, "{row}");
            } else {
                let _ = writeln!(
                    text,
                    "{load:<6} {name:<20} {:>13.2} {:>11.2} {:>11.2} {:>13.2} {:>12.2}% {:>14.2}",
                    measures.mean_response_ms,
                    measures.median_response_ms,
                    measures.p99_response_ms,
                    measures.mean_wait_ms,
                    100.0 * measures.without_wait,
                    measures.messages_per_task
                );
            }
            // A load takes a while: what is known is said.
            print(&std::mem::take(&mut text))?;
        }
    }
    Ok(Ending::Done)
}
