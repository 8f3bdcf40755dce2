//! Axes and marks of the pictures of a trace: decades, curves of what is at least so large, bars.

use fairground_readers::canonical::profile::{Spread, Tail};

use crate::output::plots::canvas::{Axis, Canvas, Look, Panel, Place, Stroke, shortened};
use crate::output::plots::{axes, palette};
use crate::output::units;

/// The height of a horizontal bar with its room.
pub(super) const BAR: i32 = 21;
/// How many horizontal bars there are at most.
pub(super) const BARS: usize = 8;

/// The line of a colour.
pub(super) const fn stroke(colour: palette::Rgb) -> Stroke {
    Stroke {
        colour,
        dash: &[],
        width: 1.6,
    }
}

/// A line that is there to compare with.
pub(super) const fn faint() -> Stroke {
    Stroke {
        colour: palette::FAINT,
        dash: &[2, 2],
        width: 1.0,
    }
}

/// A law fitted to what was seen.
pub(super) const fn law() -> Stroke {
    Stroke {
        colour: palette::INK,
        dash: &[7, 3],
        width: 1.4,
    }
}

/// From nothing to at least `high`, with round ticks.
pub(super) fn amounts(high: f64) -> Axis {
    let high = if high > 0.0 { high } else { 1.0 };
    let decade = libm::pow(10.0, libm::floor(libm::log10(high)));
    let steps = [0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0].map(|step| step * decade);
    let step = steps.into_iter().find(|step| high / step <= 5.0);
    let step = step.unwrap_or(5.0 * decade);
    let count = libm::ceil(high / step - 1e-9).max(1.0);
    let ticks = (0..=count as usize).map(|tick| tick as f64 * step);
    Axis {
        low: 0.0,
        high: count * step,
        ticks: ticks.map(|at| (at, size(at))).collect(),
    }
}

/// A number as people say it on an axis: 0.5, 20, 3k, 40M.
pub(super) fn size(value: f64) -> String {
    let (unit, letter) = match value.abs() {
        size if size >= 1e15 => return format!("1e{:.0}", libm::floor(libm::log10(value))),
        size if size >= 1e12 => (1e12, "T"),
        size if size >= 1e9 => (1e9, "G"),
        size if size >= 1e6 => (1e6, "M"),
        size if size >= 1e4 => (1e3, "k"),
        size if size > 0.0 && size < 0.01 => {
            let decimals = (-libm::floor(libm::log10(size))).min(9.0) as usize;
            return format!("{value:.decimals$}");
        }
        _ => (1.0, ""),
    };
    format!("{}{letter}", units::short(value / unit))
}

/// Decades from `low` to `high` on a scale of logarithms to base ten, at most `most` of them labelled.
pub(super) fn decades(low: f64, high: f64, most: usize) -> Axis {
    let [low, high] = [low, high].map(axes::log);
    let margin = ((high - low) * 0.03).max(0.05);
    let (low, high) = (low - margin, high + margin);
    let (first, last) = (libm::ceil(low) as i32, libm::floor(high) as i32);
    let step = ((last - first) as usize / most.max(1) + 1) as i32;
    let mut ticks: Vec<f64> = (first..=last)
        .filter(|decade| decade.rem_euclid(step) == 0)
        .map(f64::from)
        .collect();
    if ticks.len() < 2 {
        // Within a decade there are only round numbers to name.
        let begin = libm::pow(10.0, libm::floor(low));
        let round = (1..100).map(|times| axes::log(begin * f64::from(times)));
        let round: Vec<f64> = round.filter(|at| (low..=high).contains(at)).collect();
        let apart = round.len().div_ceil(5).max(1);
        ticks = round.into_iter().step_by(apart).collect();
    }
    let label = |at: f64| (at, size(libm::pow(10.0, at)));
    Axis {
        low,
        high,
        ticks: ticks.into_iter().map(label).collect(),
    }
}

/// Shares of all, of `n`, on a scale of logarithms down to the rarest one that can be told.
pub(super) fn rare(n: u64) -> Axis {
    let low = -libm::ceil(axes::log(n.max(10) as f64)).min(7.0);
    let step = if low < -4.0 { 2 } else { 1 };
    let ticks = (low as i32..=0).filter(|decade| decade.rem_euclid(step) == 0);
    let label = |decade: i32| {
        let percent = match decade + 2 {
            // There is no room for so many zeros.
            small if small < -3 => format!("1e{small}"),
            power => size(libm::pow(10.0, f64::from(power))),
        };
        (f64::from(decade), format!("{percent}\u{202f}%"))
    };
    Axis {
        low,
        high: 0.0,
        ticks: ticks.map(label).collect(),
    }
}

/// The curve of which part is at least so large, as a staircase on two scales of logarithms; `unit` of a
/// spread's numbers are one of the axis.
pub(super) fn survival(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    spread: &Spread,
    unit: f64,
    stroke: Stroke,
) {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (value, part) in spread
        .survival()
        .into_iter()
        .filter(|(value, _)| *value > 0)
    {
        let (x, y) = (axes::log(value as f64 / unit), axes::log(part));
        points.extend(points.last().map(|(before, _)| (*before, y)));
        points.push((x, y));
    }
    // The last step ends at the bottom.
    points.extend(points.last().map(|(x, _)| (*x, -9.0)));
    canvas.line(panel, points.into_iter(), stroke);
}

/// The power law fitted to a tail.
pub(super) fn power_law(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    tail: &Tail,
    most: u128,
    unit: f64,
) {
    let [from, to] = [tail.from, most].map(|value| axes::log(value as f64 / unit));
    let top = axes::log(tail.part);
    let points = [(from, top), (to, top - tail.index * (to - from))];
    canvas.line(panel, points.into_iter(), law());
}

/// Bars that stand side by side from nothing up; one that is not known is left out.
pub(super) fn columns(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    heights: &[Option<f64>],
    fill: palette::Rgb,
) {
    for (number, height) in heights.iter().enumerate() {
        if let Some(height) = height.filter(|height| *height > 0.0) {
            let xs = [number as f64 + 0.12, number as f64 + 0.88];
            canvas.between(panel, &xs, &[0.0; 2], &[height; 2], fill);
        }
    }
}

/// How high so many of them are.
pub(super) fn bars_high(rows: usize) -> i32 {
    rows.min(BARS) as i32 * BAR + 4
}

/// A bar a name, from the left on, each with what is said of it.
pub(super) fn bars(
    canvas: &mut Canvas<'_>,
    place: Place,
    rows: &[(String, f64, String)],
    colour: palette::Rgb,
) -> Result<(), String> {
    let most = rows.iter().map(|(_, part, _)| *part).fold(0.0, f64::max);
    for (number, (name, part, said)) in rows.iter().take(BARS).enumerate() {
        let y = place.y + 12 + number as i32 * BAR;
        let left = place.x + 152;
        canvas.text(&shortened(name, 19), left - 8, y, Look::label().right())?;
        let room = f64::from(place.width - 152 - 74);
        let end = f64::from(left) + part / most.max(1e-12) * room;
        let bar = Stroke {
            width: 12.0,
            ..stroke(colour)
        };
        canvas.stroke(&[(f64::from(left), f64::from(y)), (end, f64::from(y))], bar);
        canvas.text(said, end as i32 + 6, y, Look::label())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> String {
        let labels = axis.ticks.iter().map(|(_, label)| label.as_str());
        labels.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(labels(&amounts(4.2)), "0 1 2 3 4 5");
        assert_eq!(labels(&amounts(0.0042)), "0 0.001 0.002 0.003 0.004 0.005");
        assert_eq!(labels(&amounts(31_000.0)), "0 10k 20k 30k 40k");
        assert_eq!(labels(&amounts(0.0)), "0 0.2 0.4 0.6 0.8 1");
        assert_eq!(labels(&decades(1.0, 1e6, 8)), "1 10 100 1000 10k 100k 1M");
        assert_eq!(labels(&decades(1.0, 1e6, 4)), "1 100 10k 1M");
        assert_eq!(labels(&decades(2.0, 6.0, 6)), "2 3 4 5 6");
        assert_eq!(labels(&decades(5.0, 5.0, 6)), "5");
        assert_eq!(
            labels(&rare(500)),
            "0.1\u{202f}% 1\u{202f}% 10\u{202f}% 100\u{202f}%"
        );
        assert_eq!(
            labels(&rare(500_000)),
            "1e-4\u{202f}% 0.01\u{202f}% 1\u{202f}% 100\u{202f}%"
        );
        assert_eq!(labels(&rare(1)), "10\u{202f}% 100\u{202f}%");
    }

    #[test]
    fn every_axis_has_a_range() {
        for high in [1e-9, 0.1, 1.0, 7.0, 1e12, 1e30] {
            for axis in [
                amounts(high),
                decades(high, high, 5),
                decades(high, high * 1e9, 5),
            ] {
                assert!(axis.low < axis.high, "{axis:?}");
                assert!((1..=12).contains(&axis.ticks.len()), "{axis:?}");
            }
        }
    }
}
