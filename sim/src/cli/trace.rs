//! `fairground trace`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use fairground_workloads::canonical::store::MANIFEST;
use fairground_workloads::canonical::{Opened, check};
use fairground_workloads::formats;
use fairground_workloads::say;

use super::{Ending, TraceArgs, TraceCommand, catalogue, counted, form, print, profile};

pub(super) fn trace(command: TraceCommand) -> anyhow::Result<Ending> {
    match command {
        TraceCommand::Stat {
            trace,
            plot,
            cluster,
        } => stat(&trace, plot.as_deref(), cluster.as_deref()),
        TraceCommand::Head { trace, records } => head(&trace, records),
        TraceCommand::Validate { trace, limit } => validate(&trace, limit),
        TraceCommand::Form(command) => form::form(command),
        TraceCommand::List(args) => catalogue::list(&args),
        TraceCommand::Get(args) => catalogue::get(&args),
    }
}

fn stat(args: &TraceArgs, plot: Option<&Path>, cluster: Option<&Path>) -> anyhow::Result<Ending> {
    if is_canonical(args) {
        profile::profile(&args.file, cluster, plot)?;
        return Ok(Ending::Done);
    }
    if plot.is_some() || cluster.is_some() {
        bail!(
            "{}: --plot and --cluster are for canonical traces\n  hint: make one with `trace import`",
            args.file.display()
        );
    }
    let stat = formats::stat(&args.file, args.read_as()?)?;
    let mut text = String::new();
    for (name, value) in &stat.facts {
        let _ = writeln!(text, "{name}: {value}");
    }
    let header = ["column", "unit", "n", "min", "p50", "p95", "max", "sum"].map(String::from);
    let mut rows = vec![header.to_vec()];
    rows.extend(stat.columns.iter().map(|c| {
        let numbers = [c.n.cast_signed(), c.min, c.p50, c.p95, c.max];
        let numbers = numbers.map(|number| number.to_string());
        let mut row = vec![c.name.to_string(), c.unit.to_string()];
        row.extend(numbers);
        row.push(c.sum.to_string());
        row
    }));
    text.push('\n');
    text += &aligned(&rows, &[2, 3, 4, 5, 6, 7]);
    print(&text)?;
    Ok(Ending::Done)
}

/// Whether it is the folder of a canonical trace.
fn is_canonical(args: &TraceArgs) -> bool {
    args.is_plain() && args.file.join(MANIFEST).is_file()
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
