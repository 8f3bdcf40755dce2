//! Ranges and ticks people expect: hours of a day, percent, decades of time.

use super::canvas::Axis;
use crate::output::units;

/// Distances between ticks of time, in seconds.
const STEPS: [f64; 25] = [
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    432_000.0,
    864_000.0,
    2_592_000.0,
    5_184_000.0,
    15_552_000.0,
    31_536_000.0,
];

/// Time from zero to `end` seconds with at most `most` ticks, and the axis' title.
pub(super) fn time(end: f64, most: usize) -> (Axis, &'static str) {
    let fits = |step: &f64| end / step <= (most - 1) as f64 + 1e-9;
    let step = STEPS
        .into_iter()
        .find(fits)
        .unwrap_or((end / most as f64).max(1.0));
    let (unit, title) = match step {
        s if s >= 86_400.0 => (86_400.0, "time (days)"),
        s if s >= 3600.0 => (3600.0, "time (hours)"),
        s if s >= 60.0 => (60.0, "time (minutes)"),
        _ => (1.0, "time (seconds)"),
    };
    let count = (end / step + 1e-9).floor() as usize;
    let ticks = (0..=count).map(|i| i as f64 * step);
    let axis = Axis {
        low: 0.0,
        high: end,
        ticks: ticks.map(|at| (at, units::short(at / unit))).collect(),
    };
    (axis, title)
}

/// Shares from nothing to at least `high`, in steps of a nice percentage.
pub(super) fn share(high: f64) -> Axis {
    let steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25];
    let high = high.max(0.004);
    let step = steps
        .into_iter()
        .find(|step| high / step <= 5.0)
        .unwrap_or(0.25);
    let count = (high / step - 1e-9).ceil();
    let ticks = (0..=count as usize).map(|i| i as f64 * step);
    Axis {
        low: 0.0,
        high: count * step,
        ticks: ticks
            .map(|at| (at, units::percent(at).replace(' ', "\u{202f}")))
            .collect(),
    }
}

/// Times in seconds on a scale of logarithms to base ten: positions are logarithms.
/// At most `most` of them are labelled.
pub(super) fn log_time(low: f64, high: f64, most: i32) -> Axis {
    const NICE: [f64; 25] = [
        1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0,
        10_800.0, 36_000.0, 86_400.0, 259_200.0, 864_000.0, 2.592e6, 8.64e6, 2.592e7, 8.64e7,
        2.592e8,
    ];
    let ends = [low.max(1e-5), high.max(1e-5)];
    let [low, high] = ends.map(log);
    let margin = ((high - low) * 0.03).max(0.02);
    let (low, high) = (low - margin, high + margin);
    let mut ticks: Vec<f64> = Vec::new();
    for at in NICE
        .into_iter()
        .filter(|at| (low..=high).contains(&log(*at)))
    {
        let apart = |last: &f64| log(at) - log(*last) >= (high - low) / f64::from(most.max(2));
        if ticks.last().is_none_or(apart) {
            ticks.push(at);
        }
    }
    // Between two nice times there are only the ends to name.
    if ticks.len() < 2 {
        ticks = ends.to_vec();
        ticks.dedup_by(|end, first| log(*end) - log(*first) < (high - low) / 4.0);
    }
    let label = |at: f64| (log(at), units::duration(at * 1e6));
    Axis {
        low,
        high,
        ticks: ticks.into_iter().map(label).collect(),
    }
}

/// Relative changes as ratios on a scale of logarithms, so that half and twice are equally far.
pub(super) fn log_change(low: f64, high: f64) -> Axis {
    const NICE: [f64; 15] = [
        -0.99, -0.95, -0.9, -0.75, -0.5, -0.25, -0.1, 0.0, 0.1, 0.25, 0.5, 1.0, 3.0, 9.0, 99.0,
    ];
    let (low, high) = (ratio(low.min(-0.05)), ratio(high.max(0.05)));
    let margin = (high - low) * 0.05;
    let (low, high) = (low - margin, high + margin);
    let mut ticks: Vec<(f64, String)> = Vec::new();
    for at in NICE
        .into_iter()
        .filter(|at| (low..=high).contains(&ratio(*at)))
    {
        let sign = if at > 0.0 { "+" } else { "" };
        let near = |(other, _): &(f64, String)| (other - ratio(at)).abs() < (high - low) / 10.0;
        if at == 0.0 {
            ticks.retain(|tick| !near(tick));
        }
        if !ticks.iter().any(near) {
            ticks.push((ratio(at), format!("{sign}{}", units::percent(at))));
        }
    }
    Axis { low, high, ticks }
}

/// The position of a relative change: the logarithm of one plus it, kept finite.
pub(super) fn ratio(change: f64) -> f64 {
    log((1.0 + change).max(1e-3))
}

/// Logarithm to base ten, the same on every machine.
pub(super) fn log(value: f64) -> f64 {
    libm::log10(value)
}
