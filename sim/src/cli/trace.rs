//! `fairground trace`.

use std::fmt::Write as _;

use anyhow::Context as _;
use fairground_readers::canonical::{Opened, check};
use fairground_readers::formats;
use fairground_workloads::say;

use super::{Ending, TraceArgs, TraceCommand, catalogue, counted, form, print, profile, speed};

pub(super) fn trace(command: TraceCommand) -> anyhow::Result<Ending> {
    match command {
        TraceCommand::Stat(args) => profile::stat(&args),
        TraceCommand::Head { trace, records } => head(&trace, records),
        TraceCommand::Validate { trace, limit } => validate(&trace, limit),
        TraceCommand::Bench(args) => speed::bench(&args),
        TraceCommand::Form(command) => form::form(command),
        TraceCommand::List(args) => catalogue::list(&args),
        TraceCommand::Get(args) => catalogue::get(&args),
    }
}

fn is_canonical(args: &TraceArgs) -> bool {
    profile::is_canonical(args)
}

fn head(args: &TraceArgs, records: usize) -> anyhow::Result<Ending> {
    if is_canonical(args) {
        let lines = check::head(&Opened::open(&args.file)?, records)?;
        print(
            &(lines.join(
                "
",
            ) + "
"),
        )?;
        return Ok(Ending::Done);
    }
    let head = formats::head(&args.file, args.read_as()?, records)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head.header)?;
    for row in &head.rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().context("cannot finish the CSV text")?;
    print(&String::from_utf8_lossy(&bytes))?;
    Ok(Ending::Done)
}

fn validate(args: &TraceArgs, limit: usize) -> anyhow::Result<Ending> {
    let (format, check) = if is_canonical(args) {
        let check = check::validate(&args.file, limit);
        ("canonical trace".to_owned(), check)
    } else {
        let how = args.read_as()?;
        let format = how.format.map(|format| format.to_string());
        (
            format.unwrap_or_default(),
            formats::validate(&args.file, how, limit),
        )
    };
    for problem in &check.problems {
        say!("error: {problem}");
    }
    for warning in &check.warnings {
        say!("warning: {warning}");
    }
    print(&format!(
        "{}: {format}, {}, {}, {}\n",
        args.file.display(),
        counted(check.records, "record"),
        counted(check.problem_count, "problem"),
        counted(check.warning_count, "warning")
    ))?;
    Ok(if check.is_ok() {
        Ending::Done
    } else {
        Ending::No
    })
}

/// Rows as columns: words to the left, the columns of `numbers` to the right.
pub(super) fn aligned(rows: &[Vec<String>], numbers: &[usize]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let wide = |cell: &String| cell.chars().count();
    let width = |column: usize| rows.iter().map(|row| wide(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            text.push_str(if column == 0 { "" } else { "  " });
            let _ = if numbers.contains(&column) {
                write!(text, "{cell:>width$}")
            } else {
                write!(text, "{cell:<width$}")
            };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}
