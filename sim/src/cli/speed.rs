//! `fairground trace bench`: how fast files are read, beside a reader that understands nothing.

use std::path::PathBuf;

use anyhow::Context as _;
use fairground_readers::Format;
use fairground_readers::formats::{ColumnMap, ReadAs};
use fairground_workloads::say;

use super::bench::three_digits;
use super::trace::aligned;
use super::{Ending, about_formats, format_by_name, print};
use crate::bench::speed::{self, Speed};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SpeedArgs {
    /// The file; without one every format's own small sample, made longer
    file: Option<PathBuf>,
    #[arg(long, value_parser = format_by_name, value_name = "FORMAT", help = about_formats())]
    format: Option<Format>,
    /// Of a plain table, which column is what, as for `trace stat`
    #[arg(long, value_name = "COLUMNS", requires = "file")]
    columns: Option<ColumnMap>,
    /// How long samples are made, in millions of bytes
    #[arg(long, value_name = "N", default_value_t = 5, conflicts_with = "file",
        value_parser = clap::value_parser!(u16).range(1..))]
    megabytes: u16,
    /// Write the table there, too
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  fairground trace bench                          every format that has lines, 5 MB of each, and tables of Arrow
  fairground trace bench --format sacct --megabytes 50
  fairground trace bench accounting.txt.gz --json a file of your own

A record is read and validated. The plain reader unpacks the same file and finds the ends of its lines.";

const HEADER: [&str; 7] = [
    "format",
    "records",
    "megabytes",
    "thousand_records_s",
    "megabytes_s",
    "plain_megabytes_s",
    "to_plain",
];

pub(super) fn bench(args: &SpeedArgs) -> anyhow::Result<Ending> {
    let mut speeds = Vec::new();
    if let Some(file) = &args.file {
        let how = ReadAs {
            format: args.format,
            columns: args.columns.clone().unwrap_or_default(),
        };
        speeds.push(speed::of_file(file, &how)?);
    } else {
        let all = Format::ALL.into_iter();
        let megabytes = args.megabytes.into();
        for format in all.filter(|format| args.format.is_none_or(|one| one == *format)) {
            match speed::of_sample(format, megabytes)? {
                Some(speed) => speeds.push(speed),
                None => say!(
                    "{format}: left out: its sample is one document, which cannot be made longer"
                ),
            }
            if format == Format::Plain {
                speeds.push(speed::of_arrow(megabytes)?);
            }
        }
    }
    let mut table = vec![HEADER.map(str::to_owned).to_vec()];
    table.extend(speeds.iter().map(cells));
    if let Some(path) = &args.csv {
        let unwritten = || format!("{}: cannot be written", path.display());
        let mut file = csv::Writer::from_path(path).with_context(unwritten)?;
        table.iter().try_for_each(|row| file.write_record(row))?;
        file.flush().with_context(unwritten)?;
    }
    if args.json {
        print(&(serde_json::to_string_pretty(&speeds)? + "\n"))?;
    } else {
        print(&aligned(&table, &[1, 2, 3, 4, 5, 6]))?;
    }
    Ok(Ending::Done)
}

fn cells(speed: &Speed) -> Vec<String> {
    let numbers = [
        speed.megabytes,
        speed.thousand_records_a_second,
        speed.megabytes_a_second,
        speed.plain_a_second,
        speed.to_plain,
    ];
    let words = [speed.format.clone(), speed.records.to_string()];
    words.into_iter().chain(numbers.map(three_digits)).collect()
}
