//! What ran where: hosts by time, a colour a framework, the stronger the fuller.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::canvas::{About, Axis, Canvas, Panel, SCALE, figure, head_height};
use super::time::{Columns, first_seed, framework_keys};
use super::{Figure, OutputError, axes, palette};
use crate::output::series::{self, Hosts};
use crate::run::Comparison;

/// Cells along the time axis of one panel.
const BINS: usize = 144;
/// Steps of intensity.
const LEVELS: f64 = 8.0;
/// Less than this share of an agent is shown as idle.
const IDLE: f64 = 0.01;

/// Hosts by time, one column a policy; nothing when hosts were not recorded.
pub(super) fn hosts(comparison: &Comparison) -> Result<Option<Figure>, OutputError> {
    let Some(hosts) = series::hosts(comparison, BINS) else {
        return Ok(None);
    };
    let columns = Columns::of(comparison);
    let height = (hosts.rows as i32 * 20).clamp(120, 420);
    let keys = framework_keys(comparison);
    let head = head_height(columns.width(), &keys);
    let shared = match hosts.agents_a_row {
        1 => String::new(),
        agents => format!(" Each row is {agents} agents."),
    };
    let about = About {
        name: "hosts".to_owned(),
        title: "What ran on each agent over time".to_owned(),
        caption: format!(
            "The stronger the colour, the more of the agent was in use; blank is idle. An agent \
             that ran several frameworks is split between them.{shared} {}",
            first_seed(comparison)
        ),
    };
    let title = about.title.clone();
    figure(about, (columns.width(), head + height + 66), |canvas| {
        let top = canvas.head(&title, &keys)?;
        columns.heads(canvas, comparison, top + 10)?;
        let (x, time) = axes::time(hosts.bins.end(), columns.ticks());
        let y = agents(&hosts, comparison.agents);
        let middle = top + 24 + height / 2;
        canvas.text("agent", 12, middle, super::canvas::Look::label().upright())?;
        for column in 0..comparison.policies.len() {
            let panel = canvas.panel(columns.place(column, top + 24, height + 22), &x, &y)?;
            cells(canvas, &panel, &hosts, column);
        }
        columns.foot(canvas, time, top + height + 56)
    })
    .map(Some)
}

/// Agent zero on top; a few numbers on the left.
fn agents(hosts: &Hosts, agents: u32) -> Axis {
    let rows = hosts.rows as f64;
    let every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
        .into_iter()
        .find(|every| agents / every <= 10)
        .unwrap_or(10_000);
    let numbers = (0..agents).step_by(every as usize);
    let at = |agent: u32| rows - 0.5 - f64::from(agent) / hosts.agents_a_row as f64;
    Axis {
        low: 0.0,
        high: rows,
        ticks: numbers
            .map(|agent| (at(agent), agent.to_string()))
            .collect(),
    }
}

/// All cells of a panel: one path a framework and level, so that the file stays small.
fn cells(canvas: &mut Canvas<'_>, panel: &Panel, hosts: &Hosts, policy: usize) {
    let mut paths: BTreeMap<(usize, u8), String> = BTreeMap::new();
    for row in 0..hosts.rows {
        let mut runs: Vec<Run> = Vec::new();
        for bin in 0..hosts.bins.count {
            let cell = Cell::of(hosts, policy, row, bin);
            match runs.last_mut() {
                Some(run) if run.cell == cell => run.end = bin + 1,
                _ => runs.push(Run {
                    cell,
                    begin: bin,
                    end: bin + 1,
                }),
            }
        }
        for run in runs {
            rectangles(panel, hosts, row, &run, &mut paths);
        }
    }
    for ((framework, level), path) in paths {
        let fill = palette::hex(palette::framework(framework));
        let opacity = f64::from(level) / LEVELS;
        canvas.raw(&format!(
            r#"<path d="{path}" fill="{fill}" fill-opacity="{opacity:.3}" {SHARP}/>"#
        ));
    }
}

/// Cells meet without a seam.
const SHARP: &str = r#"shape-rendering="crispEdges""#;

/// A row's neighbouring cells that look the same.
struct Run {
    cell: Cell,
    begin: usize,
    end: usize,
}

/// How a cell looks: its level, and where in it (in sixteenths) each framework ends.
#[derive(PartialEq, Eq)]
struct Cell {
    level: u8,
    ends: Vec<(usize, u8)>,
}

impl Cell {
    fn of(hosts: &Hosts, policy: usize, row: usize, bin: usize) -> Self {
        let at = row * hosts.bins.count + bin;
        let shares = hosts.shares[policy].iter().map(|line| line[at]);
        let all: f64 = shares.clone().sum();
        let mut ends = Vec::new();
        let mut so_far = 0.0;
        if all >= IDLE {
            for (framework, share) in shares.enumerate() {
                let before = (so_far / all * 16.0_f64).round() as u8;
                so_far += share;
                let end = (so_far / all * 16.0).round() as u8;
                if end > before {
                    ends.push((framework, end));
                }
            }
        }
        let level = (all.min(1.0) * LEVELS).ceil() as u8;
        Self { level, ends }
    }
}

fn rectangles(
    panel: &Panel,
    hosts: &Hosts,
    row: usize,
    run: &Run,
    paths: &mut BTreeMap<(usize, u8), String>,
) {
    let pixel = |value: f64| (value * f64::from(SCALE)).round() as i64;
    let x = |bin: usize| panel.at(bin as f64 * hosts.bins.length, 0.0).0;
    let (left, right) = (pixel(x(run.begin)), pixel(x(run.end)));
    let y = |row: usize| pixel(panel.at(0.0, (hosts.rows - row) as f64).1);
    let gap = i64::from(hosts.rows <= 60) * 2;
    let (top, bottom) = (y(row), y(row + 1) - gap);
    let height = |sixteenths: u8| (bottom - top) * i64::from(sixteenths) / 16;
    let mut from = 0;
    for (framework, end) in &run.cell.ends {
        let path = paths.entry((*framework, run.cell.level)).or_default();
        let (upper, tall) = (top + height(from), height(*end) - height(from));
        let wide = right - left;
        let _ = write!(path, "M{left} {upper}h{wide}v{tall}h-{wide}z");
        from = *end;
    }
}
