//! `fairground trace import` and what can be done with the canonical traces that it makes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fairground_policies::time::Span;
use fairground_readers::canonical::account::{ImportAccount, sum};
use fairground_readers::canonical::edit::{self, Scale, Slice};
use fairground_readers::canonical::{Manifest, Opened, anonymise, import, text};
use fairground_readers::formats::bytes_read;
use fairground_workloads::ReadError;
use fairground_workloads::say;

use super::trace::aligned;
use super::{Ending, TraceArgs, a_seed, counted, print, progress};

#[derive(Debug, Subcommand)]
pub(super) enum FormCommand {
    /// Make a canonical trace of a public one, or of exported text
    Import {
        #[command(flatten)]
        trace: TraceArgs,
        /// The folder to make
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Leave out records with a problem, instead of stopping at the first
        #[arg(long)]
        drop: bool,
    },
    /// Write a canonical trace as JSON lines; packed if the name ends with .zst
    Export {
        /// The canonical trace
        trace: PathBuf,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take a part of a canonical trace
    Slice(SliceArgs),
    /// Stretch the time, load or cluster of a canonical trace
    Scale(ScaleArgs),
    /// Put canonical traces together
    Merge {
        /// The canonical traces
        #[arg(required = true)]
        traces: Vec<PathBuf>,
        /// The folder to make
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// They are no slices of one trace: everything gets a new number
        #[arg(long)]
        renumber: bool,
    },
    /// Replace all names of a canonical trace by keyed hashes
    Anonymise {
        /// The canonical trace
        trace: PathBuf,
        /// The folder to make
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// The key: keep it to make the same hashes again, or forget it
        #[arg(long)]
        key: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct SliceArgs {
    /// The canonical trace
    trace: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Leave out what is submitted sooner after the beginning, as in 6h
    #[arg(long, value_name = "SPAN")]
    from: Option<Span>,
    /// Leave out what is submitted later after the beginning
    #[arg(long, value_name = "SPAN")]
    to: Option<Span>,
    /// Only jobs of this tenant; may be given several times
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
    /// Draw this part of the jobs, as in 0.1
    #[arg(long, value_name = "SHARE", value_parser = a_part, allow_hyphen_values = true)]
    sample: Option<u32>,
    /// The seed of the drawing
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = a_seed(), requires = "sample")]
    seed: u64,
    /// Take everything else
    #[arg(long)]
    rest: bool,
}

#[derive(Debug, Args)]
pub(super) struct ScaleArgs {
    /// The canonical trace
    trace: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Time between arrivals; run times stay
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = a_factor,
          allow_hyphen_values = true)]
    time: u32,
    /// Requests, and how often each job comes
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = a_factor,
          allow_hyphen_values = true)]
    load: u32,
    /// Machines of each kind
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = a_factor,
          allow_hyphen_values = true)]
    cluster: u32,
    /// The seed that draws parts of jobs and machines
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = a_seed())]
    seed: u64,
}

/// A decimal number of at most three places in thousandths.
fn decimal(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction) && fraction.len() <= 3)
        .then(|| format!("{whole}{fraction:0<3}").parse().ok())
        .flatten()
}

/// A factor in thousandths.
fn a_factor(text: &str) -> Result<u32, String> {
    let expected =
        "expected a number above 0 and at most 1000, of at most three decimal places, as in 0.5";
    let number = decimal(text).filter(|number| (1..=1_000_000).contains(number));
    number.ok_or_else(|| expected.to_owned())
}

/// One that is more than nothing.
pub(super) fn above_zero(text: &str) -> Result<u32, String> {
    let expected = "expected a number above 0 of at most three decimal places, as in 0.5";
    let number = decimal(text).filter(|number| *number > 0);
    number.ok_or_else(|| expected.to_owned())
}

/// A part of a whole.
pub(super) fn a_part(text: &str) -> Result<u32, String> {
    let expected =
        "expected a number above 0 and at most 1, of at most three decimal places, as in 0.5";
    let number = decimal(text).filter(|number| (1..=1000).contains(number));
    number.ok_or_else(|| expected.to_owned())
}

pub(super) fn form(command: FormCommand) -> anyhow::Result<Ending> {
    match command {
        FormCommand::Import { trace, out, drop } => imported(&trace, &out, drop)?,
        FormCommand::Export { trace, out } => {
            let rows = text::export(&Opened::open(&trace)?, &out)?;
            say!("{}: {}", out.display(), counted(rows, "row"));
        }
        FormCommand::Slice(args) => sliced(args)?,
        FormCommand::Scale(args) => {
            let by = Scale {
                time: args.time,
                load: args.load,
                cluster: args.cluster,
                seed: args.seed,
            };
            show(&edit::scale(&Opened::open(&args.trace)?, by, &args.out)?)?;
        }
        FormCommand::Merge {
            traces,
            out,
            renumber,
        } => {
            let opened: Result<Vec<_>, ReadError> =
                traces.iter().map(|trace| Opened::open(trace)).collect();
            show(&edit::merge(&opened?, renumber, &out)?)?;
        }
        FormCommand::Anonymise { trace, out, key } => {
            show(&anonymise::anonymise(&Opened::open(&trace)?, &key, &out)?)?;
        }
    }
    Ok(Ending::Done)
}

fn imported(args: &TraceArgs, out: &Path, drop: bool) -> anyhow::Result<()> {
    if args.is_plain() && text::is_text(&args.file) {
        return show(&text::import(&args.file, out)?);
    }
    let how = args.read_as()?;
    let bar = progress::of_reading(&args.file);
    let before = bytes_read();
    let imported = import::watched(&args.file, &how, out, drop, &|records| {
        let a_second = records as f64 / bar.elapsed().as_secs_f64().max(1e-3);
        bar.set_position(bytes_read() - before);
        bar.set_message(format!("{records} records, {a_second:.0}/s"));
    });
    bar.finish_and_clear();
    let (manifest, report) = imported?;
    for problem in &report.problems {
        say!("dropped: {problem}");
    }
    let format = how.format.map(|format| format!("format: {format}\n"));
    print(&(format.unwrap_or_default() + &settled(&report.account)))?;
    show(&manifest)
}

/// The account of an import: a line a kind of thing, then the reasons.
fn settled(account: &ImportAccount) -> String {
    let header = [
        "account",
        "found",
        "imported",
        "merged",
        "dropped",
        "passed over",
    ];
    let mut rows = vec![header.map(String::from).to_vec()];
    let mut reasons = String::new();
    for (thing, line) in account.lines() {
        let ways = [
            ("merged", &line.merged),
            ("dropped", &line.dropped),
            ("passed over", &line.passed),
        ];
        let mut row = vec![thing.name().to_owned()];
        row.extend([line.found, line.imported].map(|count| count.to_string()));
        row.extend(ways.map(|(_, why)| sum(why).to_string()));
        rows.push(row);
        for (way, why) in ways {
            for (why, count) in why {
                let _ = writeln!(reasons, "{way}: {count} {}: {why}", thing.name());
            }
        }
    }
    aligned(&rows, &[1, 2, 3, 4, 5]) + &reasons
}

fn sliced(args: SliceArgs) -> anyhow::Result<()> {
    let trace = Opened::open(&args.trace)?;
    let origin = trace.manifest.units.origin;
    let time = |span: Span| origin.saturating_add(span.as_micros());
    let part = Slice {
        from: args.from.map(time),
        to: args.to.map(time),
        tenants: args.tenants,
        sample: args.sample,
        seed: args.seed,
        rest: args.rest,
    };
    let manifest = edit::slice(&trace, &part, &args.out)?;
    let mut rows = manifest.rows.iter();
    if !rows.any(|(table, rows)| matches!(table.as_str(), "jobs" | "loads") && *rows > 0) {
        say!(
            "warning: {}: no job and no load is in this part",
            args.out.display()
        );
    }
    show(&manifest)
}

/// What a canonical trace says of itself.
pub(super) fn show(manifest: &Manifest) -> anyhow::Result<()> {
    let mut text = String::new();
    for (table, rows) in manifest.rows.iter().filter(|(_, rows)| *rows > 0) {
        let _ = writeln!(text, "{table}: {rows}");
    }
    let units = &manifest.units;
    let _ = writeln!(text, "cpus: {}", units.cpus);
    let _ = writeln!(text, "memory: {}", units.memory);
    for assumed in &manifest.assumptions {
        let _ = writeln!(text, "assumed: {}: {}", assumed.about, assumed.model);
    }
    let _ = writeln!(text, "digest: {}", manifest.digest);
    print(&text)
}
