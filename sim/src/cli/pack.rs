//! `fairground pack`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use fairground_policies::name::Name;
use fairground_policies::placement::PlacementPolicy;
use serde::Serialize;

use super::{Ending, print};
use crate::packing::Packing;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PackArgs {
    /// A list of nodes (sn, `cpu_milli`, `memory_mib`, gpu, model)
    nodes: PathBuf,
    /// A list of pods (name, `cpu_milli`, `memory_mib`, `num_gpu`, `gpu_milli`)
    pods: PathBuf,
    /// The placements, separated by spaces; `fairground policies` lists them
    #[arg(long, value_name = "NAMES", num_args = 1.., value_delimiter = ' ', default_value = "first best fgd")]
    policies: Vec<Name>,
    /// How much of all GPUs is asked for in the end, in percent; copies of drawn pods follow the pods
    #[arg(long, value_name = "PERCENT", default_value_t = 130)]
    load: u64,
    /// How many seeds, each another order of the pods
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), default_value_t = 10)]
    seeds: u64,
    /// As JSON, a line a policy
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples, with the lists of Alibaba's cluster-trace-gpu-v2023:
  fairground pack openb_node_list_gpu_node.csv openb_pod_list_default.csv
  fairground pack NODES PODS --policies 'random best[on=cpus:gpus,round=100] fgd[types=95,round=100]'   as published
  fairground pack NODES PODS --policies 'fgd[types=95,round=100,tie=random] fgd[tie=random]' --seeds 5";

#[derive(Serialize)]
struct PackRow {
    policy: String,
    /// Part of the GPUs that is held in the end, mean over seeds, and its standard deviation.
    gpus: f64,
    deviation: f64,
    seeds: u64,
    /// Tasks that fitted nowhere, mean over seeds.
    lost: f64,
}

pub(super) fn pack(args: &PackArgs) -> anyhow::Result<Ending> {
    for name in &args.policies {
        PlacementPolicy::from_name(name).map_err(anyhow::Error::msg)?;
    }
    let packing = Packing::read(&args.nodes, &args.pods)?;
    if packing.capacity() == 0 || packing.tasks.is_empty() {
        bail!("there is nothing to place: expected nodes with GPUs, and pods");
    }
    let mut text = String::new();
    if !args.json {
        let _ = writeln!(
            text,
            "{:<40} {:>9} {:>9} {:>9}",
            "placement", "GPUs held", "deviation", "lost"
        );
    }
    for name in &args.policies {
        let (mut held, mut lost) = (Vec::new(), 0);
        for seed in 0..args.seeds {
            let policy = PlacementPolicy::from_name(name).map_err(anyhow::Error::msg)?;
            let (part, without) = packing.place(policy, args.load * 10, seed);
            held.push(part as f64 / 1e6);
            lost += without;
        }
        let (gpus, deviation) = spread(&held);
        let row = PackRow {
            policy: name.to_string(),
            gpus,
            deviation,
            seeds: args.seeds,
            lost: lost as f64 / args.seeds as f64,
        };
        if args.json {
            let row = serde_json::to_string(&row).context("a row as JSON")?;
            let _ = writeln!(text, "{row}");
        } else {
            let (gpus, deviation) = (100.0 * gpus, 100.0 * deviation);
            let _ = writeln!(
                text,
                "{:<40} {gpus:>8.2}% {deviation:>8.2}% {:>9.1}",
                row.policy, row.lost
            );
        }
    }
    print(&text)?;
    Ok(Ending::Done)
}

/// Mean, and standard deviation of the sample; none of one.
fn spread(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}
