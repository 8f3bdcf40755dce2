//! The command line: what people type, and what they read.
//!
//! Data goes to standard output, words and progress to standard error. Exit codes: 0 done, 1 the
//! answer is "no", 2 bad usage or input, 130 interrupted.

mod again;
mod audit;
mod bench;
mod catalogue;
mod compare;
mod conformance;
mod draw;
mod ending;
mod fidelity;
mod flags;
mod form;
mod gap;
mod new_policy;
mod pack;
mod peers;
mod policies;
mod pool;
mod profile;
mod progress;
mod rebase;
mod replay;
mod robust;
mod sample;
mod speed;
mod stream;
mod trace;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use fairground_policies::name::Name;
use fairground_policies::registry::Registry;
use fairground_policies::time::Span;
use fairground_readers::Format;
use fairground_readers::formats::{ColumnMap, ReadAs, stdin};
use fairground_workloads::models::trace::FeedbackMode;
use fairground_workloads::{say, words};

use crate::experiment::ExperimentError;
use crate::output::profiled::LocalClock;
use crate::replay::told::of_flag;

/// Compares how policies share a cluster, by deterministic simulation.
#[derive(Debug, Parser)]
#[command(name = "fairground", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  fairground compare                              the built-in nine hosts, 20 seeds
  fairground compare my.toml --seeds 5            a recipe of your own
  fairground compare --set network.latency=20ms   any field of the recipe
  fairground compare --trace jobs.swf             a public trace; --dry-run shows the recipe
  fairground run --policy 'drf[round=1s]' --seed 7
  fairground stream month.toml                    a trace that does not fit into memory
  fairground trace stat jobs.tsv
  fairground trace get swim --accept-licence swim-bsd
  fairground verify results/nine-hosts

Exit codes: 0 done, 1 the answer is no, 2 bad usage or input, 130 interrupted";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a recipe under all its policies and write tables, figures and a report
    Compare(CompareArgs),
    /// Run a recipe under one policy with one seed
    Run(RunArgs),
    /// Run a recipe under one policy in bounded memory, the jobs of traces one by one
    Stream(StreamArgs),
    /// Write what a recipe's traces come to for one seed, for a real cluster, which reads no traces
    #[command(after_help = draw::EXAMPLES)]
    Draw(draw::DrawArgs),
    /// Look at trace files
    #[command(subcommand)]
    Trace(TraceCommand),
    /// List the policies of every level with their sources, or explain one
    Policies(policies::PoliciesArgs),
    /// Write a crate with a policy of your own, a test and a recipe
    #[command(after_help = new_policy::EXAMPLES)]
    NewPolicy(new_policy::NewPolicyArgs),
    /// Place tasks that never end on nodes until these are full, as papers on fragmentation do
    Pack(pack::PackArgs),
    /// Schedule a log of rigid jobs on one pool of processors, as papers on backfilling do
    Pool(pool::PoolArgs),
    /// Send tasks to queues at workers that are found by asking a few of them, as Sparrow does
    #[command(after_help = sample::EXAMPLES)]
    Sample(sample::SampleArgs),
    /// Make a comparison again under everything that should not matter, and say what of it survives
    #[command(after_help = robust::EXAMPLES)]
    Robust(robust::RobustArgs),
    /// Find the smallest perturbation of a trace that makes one policy worse than another
    #[command(after_help = gap::EXAMPLES)]
    Gap(gap::GapArgs),
    /// Hold the rules of policies against the test cases of the systems they come from
    Conformance(conformance::ConformanceArgs),
    /// Look for what policies break: properties that do not hold, made as small as they can be
    Audit(audit::AuditArgs),
    /// Run a result folder's recipe again and compare everything
    Verify(VerifyArgs),
    /// Simulate what a real cluster ran, and print simulated against measured
    Fidelity {
        /// The log that `fairground-real run` left, beside what it says of the run
        log: PathBuf,
    },
    /// Feed the logs of real masters to a fresh core and compare every action
    Replay {
        /// A log: the file `log` of a master's work directory
        #[arg(required = true, value_name = "LOG")]
        logs: Vec<PathBuf>,
    },
    /// Measure what Fairground costs, row by row, each with an aim
    Bench(BenchArgs),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// What a recipe is and how it is changed.
#[derive(Debug, Args)]
struct RecipeArgs {
    /// The recipe; the built-in nine hosts if none is named
    recipe: Option<PathBuf>,
    /// Replace a value of the recipe, as in cluster.0.agents=12 or framework.hadoop.weight=2
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// How long jobs and requests arrive, as in 6h
    #[arg(long, value_name = "SPAN", allow_hyphen_values = true)]
    duration: Option<Span>,
    /// How many runs at the same time; the results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Recount every law after every step: slow and sure
    #[arg(long)]
    check: bool,
    /// Write a row a task, too, into tasks.parquet
    #[arg(long)]
    tasks: bool,
}

#[derive(Debug, Args)]
struct CompareArgs {
    #[command(flatten)]
    recipe: RecipeArgs,
    /// The policies, the baseline first, separated by spaces
    #[arg(long, value_name = "NAMES", num_args = 1.., value_delimiter = ' ')]
    policies: Vec<Name>,
    /// How many seeds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    seeds: Option<u32>,
    /// Where results go [default: fairground-out/<name>]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Say what would be run, and stop
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    replay: ReplayArgs,
}

/// Traces in place of a recipe, beside which none of this would do anything.
#[derive(Debug, Args)]
#[command(next_help_heading = "A recipe made of traces")]
struct ReplayArgs {
    /// Replay this public trace: a file, a folder of parts, a canonical trace or - for standard input;
    /// one with machines is the cluster; may be given several times
    #[arg(long = "trace", value_name = "PATH", conflicts_with = "recipe")]
    traces: Vec<PathBuf>,
    #[arg(long, value_parser = format_by_name, value_name = "FORMAT", help = about_formats(), requires = "traces", conflicts_with = "recipe")]
    format: Option<Format>,
    /// Of a plain table, which column is what, and in which unit, as in
    /// submit=arrival:s,run=seconds,cpus=cores (workloads/FORMATS.md)
    #[arg(
        long,
        value_name = "COLUMNS",
        requires = "traces",
        conflicts_with = "recipe"
    )]
    columns: Option<ColumnMap>,
    /// Begin so long after the beginning of the trace [default: at once, or with the busiest week]
    #[arg(
        long,
        value_name = "SPAN",
        requires = "traces",
        conflicts_with = "recipe",
        allow_hyphen_values = true
    )]
    from: Option<Span>,
    /// How many tenants are frameworks of their own; the others are one together [default: 6]
    #[arg(long, value_name = "N", requires = "traces", conflicts_with = "recipe", value_parser = clap::value_parser!(u16).range(1..))]
    tenants: Option<u16>,
    /// Draw this part of the jobs and requests by seed, as in 0.1
    #[arg(long, value_name = "SHARE", requires = "traces", conflicts_with = "recipe", value_parser = form::a_part,
          allow_hyphen_values = true)]
    sample: Option<u32>,
    /// Multiply times between arrivals, as in 0.5 for twice the load; run times stay
    #[arg(long, value_name = "FACTOR", requires = "traces", conflicts_with = "recipe", value_parser = form::above_zero,
          allow_hyphen_values = true)]
    interarrival: Option<u32>,
    /// The load a cluster is made for where the trace has no machines, as in 0.9 [default: 0.8]
    #[arg(long, value_name = "SHARE", requires = "traces", conflicts_with = "recipe", value_parser = form::above_zero,
          allow_hyphen_values = true)]
    load: Option<u32>,
    /// Submit jobs when those they wait for end, and not at their logged times: which wait is in the
    /// log (`logged`: of a workload log, columns 17 and 18), or follows from what its users did (`user`)
    #[arg(long, value_name = "FROM", requires = "traces", conflicts_with = "recipe", value_parser = feedback_by_name)]
    feedback: Option<FeedbackMode>,
}

fn feedback_by_name(name: &str) -> Result<FeedbackMode, String> {
    let found = FeedbackMode::ALL.iter().find(|(one, _)| *one == name);
    let found = found.map(|(_, mode)| *mode);
    found.ok_or_else(|| "expected `logged` or `user`".to_owned())
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    recipe: RecipeArgs,
    /// The policy
    #[arg(long, value_name = "NAME", default_value = "drf")]
    policy: Name,
    /// The seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = a_seed())]
    seed: u64,
    /// Where results go [default: fairground-out/<name>-run]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = STREAM_EXAMPLES)]
struct StreamArgs {
    /// The recipe; frameworks of kind `trace` are streamed, unless they have `feedback`
    recipe: PathBuf,
    /// Replace a value of the recipe, as in framework.users.workload.file=month
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// The policy
    #[arg(long, value_name = "NAME", default_value = "drf")]
    policy: Name,
    /// The seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = a_seed())]
    seed: u64,
    /// Write a row a job there, as CSV, by framework and job
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
}

const STREAM_EXAMPLES: &str = "\
Examples:
  fairground compare --trace month --dry-run > month.toml    a recipe of a trace
  fairground stream month.toml --policy 'drf[round=1s]' --rows jobs.csv
  systemd-run --scope -p MemoryMax=256M fairground stream month.toml

The digest is that of `fairground run` with the same policy and seed.";

#[derive(Debug, Args)]
struct VerifyArgs {
    /// The result folder
    folder: PathBuf,
    /// How many runs at the same time [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

#[derive(Debug, Args)]
struct BenchArgs {
    /// Only rows whose names contain one of these
    rows: Vec<String>,
    /// A tenth of the tasks, to look at quickly; the aims are meant for the whole
    #[arg(long)]
    quick: bool,
    /// Write the table there, too
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Only run in turn with another simulator on the same files: simcore or simpy, and a program that
    /// is called with a file of tasks, a number of machines and a file of rows (sim/peers/run)
    #[arg(long, value_name = "NAME=COMMAND", conflicts_with = "rows")]
    peer: Vec<String>,
    /// Be such a program
    #[arg(long, num_args = 3, hide = true, value_names = ["FILE", "MACHINES", "ROWS"])]
    place: Option<Vec<String>>,
    /// Measure one row in this process and print it as JSON
    #[arg(long, value_name = "ROW", hide = true)]
    alone: Option<String>,
}

#[derive(Debug, Subcommand)]
enum TraceCommand {
    /// Count a trace: its columns, and arrivals, run times, demands, tails, tenants, load, waits and
    /// estimates
    Stat(StatArgs),
    /// Show the first records of a trace as CSV
    Head {
        #[command(flatten)]
        trace: TraceArgs,
        /// How many
        #[arg(short = 'n', long, default_value_t = 10)]
        records: usize,
    },
    /// Read all of a trace and name every problem
    Validate {
        #[command(flatten)]
        trace: TraceArgs,
        /// At most so many problems
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Measure how fast traces are read, beside a reader that only finds the ends of lines
    Bench(speed::SpeedArgs),
    #[command(flatten)]
    Form(form::FormCommand),
    /// List the public traces that can be read, with their licences
    List(catalogue::ListArgs),
    /// Fetch a public trace into the cache and print where its files are
    Get(catalogue::GetArgs),
}

/// Here and not in a comment, where brackets are links.
const CLOCK: &str = "What clocks showed at the trace's time 0, as in 2011-05-01T19:00[America/New_York], where \
                     the trace does not say or says it wrongly";

#[derive(Debug, Args)]
struct StatArgs {
    #[command(flatten)]
    trace: TraceArgs,
    /// Draw it: a folder of pictures with a page, or one sheet whose name ends with .svg or .png
    #[arg(long, value_name = "PLACE")]
    plot: Option<PathBuf>,
    /// The trace whose machines the load is offered to [default: its own]
    #[arg(long, value_name = "TRACE")]
    cluster: Option<PathBuf>,
    #[arg(long, value_name = "TIME", value_parser = LocalClock::told, help = CLOCK)]
    clock: Option<LocalClock>,
    /// Print it all as JSON
    #[arg(long)]
    json: bool,
}

impl StatArgs {
    /// Whether more than what the format counts is asked for by name.
    const fn asks_for_more(&self) -> bool {
        self.plot.is_some() || self.cluster.is_some() || self.clock.is_some()
    }
}

#[derive(Debug, Args)]
struct TraceArgs {
    /// The file, or - for standard input; compression is recognised by content
    file: PathBuf,
    #[arg(long, value_parser = format_by_name, value_name = "FORMAT", help = about_formats())]
    format: Option<Format>,
    /// Of a plain table, which column is what, and in which unit, as in
    /// submit=arrival:s,run=seconds,cpus=cores (workloads/FORMATS.md)
    #[arg(long, value_name = "COLUMNS")]
    columns: Option<ColumnMap>,
}

impl TraceArgs {
    /// How the file is read; its format is known afterwards.
    fn read_as(&self) -> anyhow::Result<ReadAs> {
        let asked = ReadAs {
            format: self.format,
            columns: self.columns.clone().unwrap_or_default(),
        };
        Ok(asked.known(&self.file).map_err(of_flag)?)
    }

    /// Whether nothing is said of how the file is to be read.
    const fn is_plain(&self) -> bool {
        self.format.is_none() && self.columns.is_none()
    }
}

fn about_formats() -> String {
    format!(
        "Its format, if file and name do not tell: {}",
        Format::NAMES.join(", ")
    )
}

fn format_by_name(name: &str) -> Result<Format, String> {
    Format::by_name(name).map_err(|error| error.to_string())
}

/// Seeds that a recipe can hold: whole numbers in TOML have 63 bits.
fn a_seed() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(..=i64::MAX as u64)
}

/// How a command ended, when not in an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    Done,
    No,
    Interrupted,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::SUCCESS,
            Ending::No => Self::from(1),
            Ending::Interrupted => Self::from(130),
        }
    }
}

/// The whole command line, with the policies of `registry`: what a `main` of one's own calls.
pub fn main_with(registry: Registry) -> ExitCode {
    let cli = Cli::parse();
    ending::listen();
    let performed = perform(cli.command, registry);
    stdin::forget();
    match performed {
        Ok(ending) => ending.into(),
        Err(error) => {
            say!("error: {error:#}");
            match error.downcast_ref() {
                Some(ExperimentError::Interrupted) => Ending::Interrupted.into(),
                _ => ExitCode::from(2),
            }
        }
    }
}

fn perform(command: Command, registry: Registry) -> anyhow::Result<Ending> {
    match command {
        Command::Compare(args) => compare::compare(args, registry),
        Command::Run(args) => compare::run(args, registry),
        Command::Stream(args) => stream::stream(&args, registry),
        Command::Draw(args) => draw::draw(&args),
        Command::Trace(command) => trace::trace(command),
        Command::Policies(args) => policies::policies(&args, &registry),
        Command::NewPolicy(args) => new_policy::new_policy(&args),
        Command::Pack(args) => pack::pack(&args),
        Command::Pool(args) => pool::pool(&args),
        Command::Sample(args) => sample::sample(&args),
        Command::Robust(args) => robust::robust(&args, &registry),
        Command::Gap(args) => gap::gap(&args, &registry),
        Command::Conformance(args) => conformance::conformance(&args),
        Command::Audit(args) => audit::run(&args, &registry),
        Command::Verify(args) => verify::verify(&args, registry),
        Command::Fidelity { log } => fidelity::fidelity(&log, &registry),
        Command::Replay { logs } => replay::replay(&logs, &registry),
        Command::Bench(args) => bench::bench(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "fairground", &mut script);
            print(&String::from_utf8_lossy(&script))?;
            Ok(Ending::Done)
        }
    }
}

/// Writes data to standard output. Whoever reads may have read enough: the answer stays the same.
fn print(text: &str) -> anyhow::Result<()> {
    words::print(text)?;
    Ok(())
}

/// "1 record", "2 records".
fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
