//! `fairground bench`: every row in a process of its own, so that none inherits another's memory.

use std::process::Command;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::{BenchArgs, Ending, print};
use crate::bench::{Aim, ROWS, Row, Size, peak};

/// One row measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Measured {
    value: f64,
    cpu: f64,
    wall: f64,
    /// Bytes; none where the kernel does not tell.
    peak: Option<u64>,
}

pub(super) fn bench(args: &BenchArgs) -> anyhow::Result<Ending> {
    let size = if args.quick { Size::Quick } else { Size::Full };
    if let Some(name) = &args.alone {
        let row = ROWS
            .iter()
            .find(|row| row.name == name)
            .context("no such row")?;
        let (value, cost) = row.measure(size)?;
        let (cpu, wall, peak) = (cost.cpu, cost.wall, peak().ok());
        let measured = Measured {
            value,
            cpu,
            wall,
            peak,
        };
        print(&serde_json::to_string(&measured)?)?;
        return Ok(Ending::Done);
    }
    let rows = chosen(&args.rows)?;
    let mut table = vec![HEADER.map(str::to_owned).to_vec()];
    let mut all_met = true;
    for row in rows {
        eprintln!("{}", row.name);
        let measured = in_process(row, args.quick);
        all_met &= measured
            .as_ref()
            .is_ok_and(|measured| row.aim.is_met(measured.value));
        table.push(cells(row, measured));
    }
    if let Some(path) = &args.csv {
        let mut file = csv::Writer::from_path(path)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
        table
            .iter()
            .try_for_each(|cells| file.write_record(cells))?;
        file.flush()?;
    }
    print(&text_table(&table))?;
    Ok(if all_met { Ending::Done } else { Ending::No })
}

const HEADER: [&str; 9] = [
    "row", "what", "value", "unit", "aim", "met", "cpu_s", "wall_s", "peak_mib",
];

fn chosen(parts: &[String]) -> anyhow::Result<Vec<&'static Row>> {
    let wanted = |row: &&Row| parts.is_empty() || parts.iter().any(|part| row.name.contains(part));
    let rows: Vec<&Row> = ROWS.iter().filter(wanted).collect();
    if rows.is_empty() {
        let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        bail!(
            "no row is called like {}; there are {}",
            parts.join(" "),
            names.join(", ")
        );
    }
    Ok(rows)
}

fn in_process(row: &Row, quick: bool) -> anyhow::Result<Measured> {
    let program = std::env::current_exe().context("this program's own file")?;
    let mut command = Command::new(program);
    command.args(["bench", "--alone", row.name]);
    if quick {
        command.arg("--quick");
    }
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("{}: {}", row.name, output.status);
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("the answer of {}", row.name))
}

/// A row of the table; one that could not be measured says why where its value would be.
fn cells(row: &Row, measured: anyhow::Result<Measured>) -> Vec<String> {
    let (sign, aim) = match row.aim {
        Aim::AtMost(aim) => ("<=", aim),
        Aim::AtLeast(aim) => (">=", aim),
    };
    let (value, met, [cpu, wall, peak]) = match measured {
        Ok(measured) => {
            let peak = measured.peak.map(|bytes| (bytes >> 20).to_string());
            let seconds = |value: f64| format!("{value:.2}");
            let costs = [
                seconds(measured.cpu),
                seconds(measured.wall),
                peak.unwrap_or_else(|| "-".to_owned()),
            ];
            let value = measured.value;
            let off = if sign == "<=" {
                value / aim
            } else {
                aim / value
            };
            let met = if row.aim.is_met(value) {
                "met".to_owned()
            } else {
                format!("missed {off:.2} x")
            };
            (three_digits(value), met, costs)
        }
        Err(error) => (
            format!("{error:#}"),
            "failed".to_owned(),
            Default::default(),
        ),
    };
    vec![
        row.name.to_owned(),
        row.about.to_owned(),
        value,
        row.unit.to_owned(),
        format!("{sign} {aim}"),
        met,
        cpu,
        wall,
        peak,
    ]
}

/// Columns side by side.
fn text_table(table: &[Vec<String>]) -> String {
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
    let mut text = String::new();
    for row in table {
        let line: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Three digits that count.
fn three_digits(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        value if value >= 0.1 => 3,
        _ => 5,
    };
    format!("{value:.digits$}")
}
