//! Use over time: the stack of frameworks per resource, and dominant shares as lines.

use fairground_policies::resources::Kind;

use super::canvas::{About, Canvas, Key, Look, Place, figure, head_height, shortened};
use super::{Figure, OutputError, axes, palette};
use crate::output::series::{self, Bins, Line, Usage};
use crate::run::Comparison;

/// Points along the time axis of one panel.
const BINS: usize = 240;
/// Between panels.
const GAP: i32 = 14;

/// The words for a kind of resource.
pub(in crate::output) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Cpus => "CPUs",
        Kind::Mem => "memory",
        Kind::Disk => "disk",
        Kind::Gpus => "GPUs",
    }
}

/// Columns of panels, one a policy.
pub(super) struct Columns {
    count: i32,
    wide: i32,
}

impl Columns {
    pub(super) fn of(comparison: &Comparison) -> Self {
        let count = comparison.policies.len() as i32;
        Self {
            count,
            wide: match count {
                1 => 640,
                2 => 400,
                3 => 264,
                _ => 230,
            },
        }
    }

    /// The whole figure's width.
    pub(super) fn width(&self) -> i32 {
        (24 + 12 + self.count * (self.wide + GAP)).max(640)
    }

    /// How many labels of time have room below a panel.
    pub(super) fn ticks(&self) -> usize {
        ((self.wide - 46) / 30).clamp(2, 13) as usize
    }

    /// The panel in `column`, between the heights `y` and `y + height`.
    pub(super) fn place(&self, column: usize, y: i32, height: i32) -> Place {
        Place {
            x: 24 + column as i32 * (self.wide + GAP),
            y,
            width: self.wide,
            height,
        }
    }

    /// The policies' names above the columns.
    pub(super) fn heads(
        &self,
        canvas: &Canvas<'_>,
        comparison: &Comparison,
        y: i32,
    ) -> Result<(), String> {
        for (column, policy) in comparison.policies.iter().enumerate() {
            let place = self.place(column, y, 0);
            let name = shortened(&policy.name, place.width as usize / 8);
            canvas.text(&name, place.x + 46, y, Look::label().bold())?;
        }
        Ok(())
    }

    /// The time axis' title below the last row.
    pub(super) fn foot(&self, canvas: &Canvas<'_>, title: &str, y: i32) -> Result<(), String> {
        (0..self.count as usize).try_for_each(|column| {
            let place = self.place(column, y, 0);
            let middle = place.x + 46 + (place.width - 46) / 2;
            canvas.text(title, middle, y, Look::label().faint().centred())
        })
    }
}

/// The end of the caption of every time series.
pub(in crate::output) fn first_seed(comparison: &Comparison) -> String {
    match comparison.seeds.first() {
        Some(seed) if comparison.seeds.len() == 1 => format!("Seed {seed}."),
        Some(seed) => format!("Seed {seed}, the first of {}.", comparison.seeds.len()),
        None => String::new(),
    }
}

/// A legend of all frameworks.
pub(super) fn framework_keys(comparison: &Comparison) -> Vec<Key> {
    let frameworks = comparison.frameworks.iter().enumerate();
    frameworks
        .map(|(i, info)| Key::Fill(palette::framework(i), info.name.clone()))
        .collect()
}

/// Use of every resource over time, stacked by framework, one column a policy.
pub(super) fn usage(comparison: &Comparison) -> Result<Option<Figure>, OutputError> {
    let usage = series::usage(comparison, 0, BINS);
    if usage.kinds.is_empty() {
        return Ok(None);
    }
    let columns = Columns::of(comparison);
    let rows = usage.kinds.len() as i32;
    let keys = framework_keys(comparison);
    let head = head_height(columns.width(), &keys);
    let size = (columns.width(), head + 56 + rows * 174);
    let about = About {
        name: "utilisation".to_owned(),
        title: "Share of the cluster in use over time, by framework".to_owned(),
        caption: format!(
            "Running tasks, stacked; every panel has the same scale. {}",
            first_seed(comparison)
        ),
    };
    let title = about.title.clone();
    figure(about, size, |canvas| {
        let top = canvas.head(&title, &keys)?;
        columns.heads(canvas, comparison, top + 10)?;
        let (x, time) = axes::time(usage.bins.end(), columns.ticks());
        // Of a cluster that is nearly idle only the lowest part shows anything.
        let y = match tallest(&usage) {
            low if low < 0.1 => axes::share(low),
            _ => axes::share(1.0),
        };
        for (row, kind) in usage.kinds.iter().enumerate() {
            let upper = top + 24 + row as i32 * 174;
            canvas.text(kind_name(*kind), 12, upper + 76, Look::label().upright())?;
            for column in 0..comparison.policies.len() {
                let panel = canvas.panel(columns.place(column, upper, 168), &x, &y)?;
                let xs = ends(&usage.bins);
                let mut low = vec![0.0; xs.len()];
                for (i, line) in usage.shares[row][column].iter().enumerate() {
                    let line = padded(line);
                    let high: Line = low.iter().zip(&line).map(|(a, b)| a + b).collect();
                    canvas.between(&panel, &xs, &low, &high, palette::framework(i));
                    low = high;
                }
            }
        }
        columns.foot(canvas, time, top + 24 + rows * 174 + 4)
    })
    .map(Some)
}

/// The largest share of any resource in use under any policy.
fn tallest(usage: &Usage) -> f64 {
    let sum = |lines: &[Line], bin: usize| lines.iter().filter_map(|line| line.get(bin)).sum();
    let stacks = usage.shares.iter().flatten();
    let sums = stacks.flat_map(|lines| (0..usage.bins.count).map(|bin| sum(lines, bin)));
    sums.fold(0.0, f64::max)
}

/// The middles of bins with both ends, so that areas reach the panel's edges.
fn ends(bins: &Bins) -> Vec<f64> {
    let mut xs = bins.middles();
    xs.insert(0, 0.0);
    xs.push(bins.end());
    xs
}

fn padded(line: &Line) -> Line {
    let mut padded = line.clone();
    padded.insert(0, line.first().copied().unwrap_or(0.0));
    padded.push(line.last().copied().unwrap_or(0.0));
    padded
}

/// The dominant share of every framework over time, one column a policy.
pub(super) fn dominant(comparison: &Comparison) -> Result<Option<Figure>, OutputError> {
    let usage = series::usage(comparison, 0, BINS);
    if usage.kinds.is_empty() {
        return Ok(None);
    }
    let columns = Columns::of(comparison);
    let keys = framework_keys(comparison);
    let head = head_height(columns.width(), &keys);
    let about = About {
        name: "dominant-shares".to_owned(),
        title: "Dominant share of each framework over time".to_owned(),
        caption: format!(
            "The largest of a framework's shares of CPUs, memory and the like. {}",
            first_seed(comparison)
        ),
    };
    let title = about.title.clone();
    figure(about, (columns.width(), head + 270), |canvas| {
        let top = canvas.head(&title, &keys)?;
        columns.heads(canvas, comparison, top + 10)?;
        let (x, time) = axes::time(usage.bins.end(), columns.ticks());
        let y = axes::share(highest(&usage));
        for (column, lines) in usage.dominant.iter().enumerate() {
            let panel = canvas.panel(columns.place(column, top + 24, 216), &x, &y)?;
            for (i, line) in lines.iter().enumerate() {
                let points = usage.bins.middles().into_iter().zip(line.iter().copied());
                let stroke = super::canvas::Stroke {
                    colour: palette::framework(i),
                    dash: &[],
                    width: 1.4,
                };
                canvas.line(&panel, points, stroke);
            }
        }
        columns.foot(canvas, time, top + 246)
    })
    .map(Some)
}

fn highest(usage: &Usage) -> f64 {
    let lines = usage.dominant.iter().flatten().flatten();
    lines.copied().fold(0.0, f64::max)
}
