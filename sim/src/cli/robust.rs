//! `fairground robust`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use fairground_policies::name::Name;
use fairground_policies::placement::PlacementPolicy;
use fairground_policies::pool::PoolPolicy;
use fairground_policies::registry::Registry;
use fairground_workloads::say;

use super::again::{quoted, typed, without};
use super::compare::{list, named, on_threads};
use super::flags::Flags;
use super::progress::Progress;
use super::{Ending, RecipeArgs, ReplayArgs, counted, print};
use crate::packing::Packing;
use crate::pool::{Estimates, LogJob, RigidLog};
use crate::robust::packing::PackingStudy;
use crate::robust::pool::{PERCENTS, PoolStudy};
use crate::robust::recipe::RecipeStudy;
use crate::robust::{RobustStudy, Steadiness, rows, table};

#[derive(Debug, Args)]
pub(super) struct RobustArgs {
    #[command(flatten)]
    recipe: RecipeArgs,
    #[command(flatten)]
    replay: ReplayArgs,
    /// The policies, separated by spaces [default: those of the recipe]
    #[arg(long, value_name = "NAMES", num_args = 1.., value_delimiter = ' ')]
    policies: Vec<Name>,
    /// How many seeds [default: the recipe's, 10 with --pack]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "pool")]
    seeds: Option<u32>,
    /// How many orders of agents and of frameworks, numberings of jobs, other seeds, and draws of all together
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    draws: u16,
    /// Only the comparison as it stands and the case of this name, as the list of cases has it
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// As JSON, a line a conclusion
    #[arg(long)]
    json: bool,
    /// Placements: a list of nodes and a list of pods, as `fairground pack` takes them
    #[arg(long, num_args = 2, value_names = ["NODES", "PODS"], help_heading = "Tasks that fill nodes",
          conflicts_with_all = ["recipe", "traces", "settings", "duration", "check", "tasks"])]
    pack: Option<Vec<PathBuf>>,
    /// How much of all GPUs is asked for in the end, in percent: the load of `fairground pack`
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 130,
        requires = "pack",
        help_heading = "Tasks that fill nodes"
    )]
    asked: u64,
    /// Rigid jobs: a log in the Standard Workload Format, as `fairground pool` takes it
    #[arg(long, value_name = "LOG", help_heading = "Rigid jobs on a pool",
          conflicts_with_all = ["recipe", "traces", "settings", "duration", "check", "tasks", "pack"])]
    pool: Option<PathBuf>,
    /// How many processors the pool has, and then other numbers that it might be said to have, between commas; a few
    /// per cent more and fewer are tried, too [default: the log's header]
    #[arg(long, value_name = "N", value_delimiter = ',', requires = "pool", help_heading = "Rigid jobs on a pool",
          value_parser = clap::value_parser!(u32).range(1..))]
    processors: Vec<u32>,
    /// How long jobs are expected to run
    #[arg(
        long,
        value_enum,
        default_value_t,
        requires = "pool",
        help_heading = "Rigid jobs on a pool"
    )]
    estimates: Estimates,
    /// A job that requested no time is expected to run as long as it does, and not left out
    #[arg(long, requires = "pool", help_heading = "Rigid jobs on a pool")]
    unsaid_exact: bool,
    /// Begin with the job after so many
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        requires = "pool",
        help_heading = "Rigid jobs on a pool"
    )]
    skip: usize,
    /// So many jobs, and no more
    #[arg(
        long,
        value_name = "N",
        requires = "pool",
        help_heading = "Rigid jobs on a pool"
    )]
    count: Option<usize>,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  fairground robust                               the built-in nine hosts
  fairground robust my.toml --policies 'static drf' --seeds 5
  fairground robust --trace jobs.swf --duration 1d
  fairground robust --pack openb_node_list_gpu_node.csv openb_pod_list_default.csv \\
    --policies 'best[on=cpus:gpus,round=100] fgd[types=95,round=100]'      the win as published
  fairground robust --pool CEA-Curie.swf --processors 80640,93312 --policies 'easy easy[among=sjf]'
  fairground robust my.toml --case 'agents 3'     one case by itself

Switched one by one, and then drawn together: tie rules of policies and of schedulers inside frameworks, the order of
agents and of frameworks, the numbers of jobs that come at one instant, the rounding of scores, the number of processors,
the seeds. A conclusion survives that is shown in every case; one that is not shown as it stands is none.

Exit codes: 0 all conclusions survive, 1 some do not, 2 bad usage or input";

/// Policies of placements, and of pools, where none are named.
const PLACEMENTS: &str = "first best fgd";
const POOLS: &str = "easy easy[among=sjf]";

pub(super) fn robust(args: &RobustArgs, registry: &Registry) -> anyhow::Result<Ending> {
    let progress = Progress::begin(false);
    let study = if let Some(lists) = &args.pack {
        of_packing(args, lists, &progress)
    } else if let Some(log) = &args.pool {
        of_pool(args, log, &progress)
    } else {
        of_recipe(args, registry, &progress)
    };
    progress.end();
    let study = study?;
    tell_switched(&study);
    let commands = Commands::of(args);
    let again = |case: usize| commands.again(&study, case);
    if args.json {
        let mut text = String::new();
        for row in rows(&study, &again) {
            let row = serde_json::to_string(&row).context("a conclusion as JSON")?;
            let _ = writeln!(text, "{row}");
        }
        print(&text)?;
    } else {
        print(&table(&study, &again))?;
    }
    let conclusions = study.conclusions();
    let mut fates = conclusions.iter().map(|one| &one.steadiness);
    let breaks = fates.any(|one| matches!(one, Steadiness::HangsOn(_)));
    Ok(if breaks { Ending::No } else { Ending::Done })
}

/// What was switched, what was not and why, and what changed nothing.
fn tell_switched(study: &RobustStudy) {
    let cases = counted(study.cases.len() as u64, "case");
    say!("{cases} beside the comparison as it stands");
    for why in &study.not_applied {
        say!("not switched: {why}");
    }
    for nuisance in study.idle() {
        say!("changed nothing: {nuisance}");
    }
}

/// At least two policies, without which nothing is concluded.
fn compared(policies: &[Name]) -> anyhow::Result<()> {
    if policies.len() < 2 {
        bail!(
            "expected at least two policies to compare, found {}",
            policies.len()
        );
    }
    Ok(())
}

fn policies(args: &RobustArgs, otherwise: &str) -> Vec<Name> {
    if args.policies.is_empty() {
        let names = otherwise.split(' ');
        return names.map(|name| name.parse().expect("a name")).collect();
    }
    args.policies.clone()
}

fn of_recipe(
    args: &RobustArgs,
    registry: &Registry,
    progress: &Progress,
) -> anyhow::Result<RobustStudy> {
    let mut flags = Flags::default();
    flags.took("policies", "--policies", !args.policies.is_empty());
    flags.took("duration", "--duration", args.recipe.duration.is_some());
    flags.took("seeds", "--seeds", args.seeds.is_some());
    flags.only(&args.recipe.settings)?;
    if args.recipe.tasks {
        bail!("--tasks: it has no effect here, where no tables are written\n  hint: leave it out");
    }
    let mut settings = args.recipe.settings.clone();
    if !args.policies.is_empty() {
        settings.push(format!("policies={}", list(&args.policies)));
    }
    settings.extend(args.seeds.map(|seeds| format!("seeds={seeds}")));
    let study = named(&args.recipe, &args.replay, settings).and_then(|(loaded, imports, _)| {
        compared(&loaded.recipe.policies)?;
        let study = RecipeStudy {
            loaded: &loaded,
            registry,
            draws: args.draws.into(),
            only: args.case.as_deref(),
            check: args.recipe.check,
        };
        Ok(on_threads(args.recipe.jobs, || {
            study.run(imports, progress)
        })??)
    });
    flags.blame(study)
}

fn of_packing(
    args: &RobustArgs,
    lists: &[PathBuf],
    progress: &Progress,
) -> anyhow::Result<RobustStudy> {
    let policies = policies(args, PLACEMENTS);
    compared(&policies)?;
    for name in &policies {
        PlacementPolicy::from_name(name).map_err(anyhow::Error::msg)?;
    }
    let [nodes, pods] = lists else {
        bail!("--pack: expected a list of nodes and a list of pods");
    };
    let packing = Packing::read(nodes, pods)?;
    if packing.capacity() == 0 || packing.tasks.is_empty() {
        bail!("there is nothing to place: expected nodes with GPUs, and pods");
    }
    let study = PackingStudy {
        packing: &packing,
        policies: &policies,
        load: args.asked * 10,
        seeds: args.seeds.unwrap_or(10).into(),
        draws: args.draws.into(),
        only: args.case.as_deref(),
    };
    Ok(on_threads(args.recipe.jobs, || study.run(progress))??)
}

fn of_pool(args: &RobustArgs, log: &Path, progress: &Progress) -> anyhow::Result<RobustStudy> {
    let policies = policies(args, POOLS);
    compared(&policies)?;
    for name in &policies {
        let policy = PoolPolicy::from_name(name).map_err(anyhow::Error::msg)?;
        if args.estimates.may_be_short() && !policy.bears_short_estimates() {
            bail!(
                "{name}: plans starts by estimates that hold, and those of the last two jobs may be too short; expected \
                 --estimates requested or exact"
            );
        }
    }
    let header = RigidLog::header_processors(log)?;
    let mut machines = args.processors.clone();
    machines.extend(header);
    let Some(processors) = machines.first().copied() else {
        bail!(
            "{}: its header does not say how many processors there are; expected --processors",
            log.display()
        );
    };
    let scaled = PERCENTS.map(|percent| {
        let part = i64::from(processors) * (100 + percent) / 100;
        u32::try_from(part).unwrap_or(0)
    });
    machines.extend(scaled.into_iter().filter(|part| *part > 0));
    let mut logs: BTreeMap<u32, Vec<LogJob>> = BTreeMap::new();
    for machine in machines {
        let read = RigidLog::read(log, machine, args.unsaid_exact)?;
        if machine == processors && read.passed_over > 0 && !logs.contains_key(&machine) {
            say!(
                "{} passed over: not run, larger than the pool, or without a size or a requested time",
                counted(read.passed_over, "row")
            );
        }
        let jobs = read.jobs.into_iter().skip(args.skip);
        let jobs: Vec<LogJob> = jobs.take(args.count.unwrap_or(usize::MAX)).collect();
        if jobs.is_empty() {
            bail!(
                "{}: no job is left to run on {machine} processors; expected one that ran, with its processors and its \
                 requested time (--unsaid-exact if none is requested)",
                log.display()
            );
        }
        logs.insert(machine, jobs);
    }
    let study = PoolStudy {
        logs: &logs,
        processors,
        policies: &policies,
        estimates: args.estimates,
        draws: args.draws.into(),
        only: args.case.as_deref(),
    };
    Ok(on_threads(args.recipe.jobs, || study.run(progress))??)
}

/// What people type to run one case by itself.
struct Commands {
    /// What was typed, to which `--case` is added.
    robust: String,
    /// The command that runs one comparison, to which a case adds words.
    plain: String,
}

impl Commands {
    fn of(args: &RobustArgs) -> Self {
        let typed = typed();
        let joined = |words: &[String]| {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            words.join(" ")
        };
        let robust = joined(&without(&typed, &[("--case", 1), ("--json", 0)]));
        let many = usize::MAX;
        let mut flags = vec![
            ("--case", 1),
            ("--json", 0),
            ("--draws", 1),
            ("--policies", many),
        ];
        flags.extend([("--processors", 1), ("--jobs", 1)]);
        flags.extend([("--pack", 2), ("--asked", 1), ("--seeds", 1), ("--pool", 1)]);
        let seeds = args.seeds.map(|seeds| format!(" --seeds {seeds}"));
        let seeds = seeds.unwrap_or_default();
        let rest = without(&typed, &flags);
        let rest = rest.iter().skip_while(|word| *word == "robust");
        let rest = joined(&rest.cloned().collect::<Vec<_>>());
        let path = |path: &Path| quoted(&path.to_string_lossy());
        let plain = match (&args.pack, &args.pool) {
            (Some(lists), _) => {
                let lists: Vec<String> = lists.iter().map(|list| path(list)).collect();
                let load = args.asked;
                format!("pack {} --load {load}{seeds}", lists.join(" "))
            }
            (None, Some(log)) => format!("pool {} {rest}", path(log)),
            (None, None) => format!("compare {rest}{seeds}"),
        };
        Self {
            robust,
            plain: plain.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    fn again(&self, study: &RobustStudy, case: usize) -> String {
        let (case, _) = &study.cases[case];
        match &case.words {
            Some(words) => format!("fairground {} {}", self.plain, words.join(" ")),
            None => format!("fairground {} --case {}", self.robust, quoted(&case.name)),
        }
    }
}
