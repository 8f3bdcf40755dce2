//! `fairground bench`: every row in a process of its own, so that none inherits another's memory.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, bail};
use fairground_workloads::say;
use serde::{Deserialize, Serialize};

use super::{BenchArgs, Ending, print};
use crate::bench::{self, Aim, ROWS, Row, Size, peak};

/// One row measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Measured {
    value: f64,
    cpu: f64,
    wall: f64,
    allocations: Option<u64>,
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
        let measured = Measured {
            value,
            cpu: cost.cpu,
            wall: cost.wall,
            allocations: cost.allocations,
            peak: peak().ok(),
        };
        print(&serde_json::to_string(&measured)?)?;
        return Ok(Ending::Done);
    }
    if let Some(place) = &args.place {
        let [input, machines, output] = place.as_slice() else {
            bail!("a file of tasks, a number of machines, a file of rows");
        };
        let machines = machines.parse().context("a number of machines")?;
        print(&bench::place(input.as_ref(), machines, output.as_ref())?)?;
        return Ok(Ending::Done);
    }
    if !args.peer.is_empty() {
        return super::peers::peers(args);
    }
    let rows = chosen(&args.rows)?;
    let mut table = vec![HEADER.map(str::to_owned).to_vec()];
    let mut all_met = true;
    for row in rows {
        if let Some(missing) = row.lacks() {
            say!("{}: skipped: {missing}", row.name);
            table.push(skipped(row));
            continue;
        }
        say!("{}", row.name);
        let measured = in_process(row, args.quick);
        all_met &= measured
            .as_ref()
            .is_ok_and(|measured| row.aim.is_met(measured.value));
        table.push(cells(row, measured));
    }
    written(&table, args)?;
    Ok(if all_met { Ending::Done } else { Ending::No })
}

/// Prints a table, and writes it to the file that was asked for.
pub(super) fn written(table: &[Vec<String>], args: &BenchArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.csv {
        let mut file = csv::Writer::from_path(path)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
        table
            .iter()
            .try_for_each(|cells| file.write_record(cells))?;
        file.flush()?;
    }
    print(&text(table))
}

const HEADER: [&str; 11] = [
    "row",
    "what",
    "value",
    "unit",
    "aim",
    "met",
    "cpu_s",
    "wall_s",
    "peak_mib",
    "allocations",
    "why",
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

/// A row of the table that says nothing, as what it reads is not here.
fn skipped(row: &Row) -> Vec<String> {
    let mut cells = vec![row.name.to_owned(), row.about.to_owned(), "-".to_owned()];
    cells.extend([row.unit.to_owned(), aimed(row.aim), "skipped".to_owned()]);
    cells.resize(HEADER.len(), String::new());
    cells
}

fn aimed(aim: Aim) -> String {
    match aim {
        Aim::AtMost(aim) => format!("<= {aim}"),
        Aim::AtLeast(aim) => format!(">= {aim}"),
    }
}

/// A row of the table; one that could not be measured says why where its value would be.
fn cells(row: &Row, measured: anyhow::Result<Measured>) -> Vec<String> {
    let mut cells = vec![row.name.to_owned(), row.about.to_owned()];
    let mut why = "";
    let (value, met, costs) = match measured {
        Ok(measured) => {
            let value = measured.value;
            let met = if row.aim.is_met(value) {
                "met".to_owned()
            } else {
                why = match row.why {
                    "" => "it was met when last looked into",
                    why => why,
                };
                format!("missed {:.2} x", row.aim.missed_by(value))
            };
            (three_digits(value), met, measured.costs())
        }
        Err(error) => (
            format!("{error:#}"),
            "failed".to_owned(),
            Default::default(),
        ),
    };
    cells.extend([value, row.unit.to_owned(), aimed(row.aim), met]);
    cells.extend(costs);
    cells.push(why.to_owned());
    cells
}

impl Measured {
    fn costs(&self) -> [String; 4] {
        let known = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
        [
            format!("{:.2}", self.cpu),
            format!("{:.2}", self.wall),
            known(self.peak.map(|bytes| bytes >> 20)),
            known(self.allocations),
        ]
    }
}

/// Columns side by side; the last, why aims were missed, is below them: it holds sentences.
fn text(table: &[Vec<String>]) -> String {
    let why = table.first().map_or(0, Vec::len) - 1;
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..why).map(width).collect();
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
    for row in table.iter().skip(1).filter(|row| !row[why].is_empty()) {
        let met = row.iter().find(|cell| cell.starts_with("missed"));
        let met = met.map_or("missed", String::as_str);
        let _ = writeln!(text, "{}: {met}: {}", row[0], row[why]);
    }
    text
}

/// Three digits that count.
pub(super) fn three_digits(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        value if value >= 0.1 => 3,
        _ => 5,
    };
    format!("{value:.digits$}")
}
