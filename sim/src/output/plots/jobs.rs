//! Jobs: how completion changed, and how completion times are distributed.

use super::canvas::{
    About, Axis, Canvas, Key, Look, Place, Stroke, figure, head_height, shortened,
};
use super::{Figure, OutputError, axes, palette};
use crate::output::comparison::{Changes, Line, Measure, Measured, Verdict};
use crate::output::measured::{self, Side};
use crate::output::series::{self, Cdf};
use crate::output::units;
use crate::run::Comparison;

/// Height of one line of the picture of changes.
const LINE: i32 = 20;
/// Room for names left of it.
const NAMES: i32 = 150;

/// Room for numbers right of it.
const NUMBERS: i32 = 190;
const WIDTH: i32 = 760;

/// The policies' lines for a legend.
pub(super) fn policy_keys(comparison: &Comparison, main: usize) -> Vec<Key> {
    let policies = comparison.policies.iter().enumerate();
    policies
        .map(|(i, policy)| Key::Line(Stroke::policy(i, main), policy.name.clone()))
        .collect()
}

/// Change of completion or latency of each framework with its interval.
pub(super) fn change(comparison: &Comparison, changes: &Changes) -> Result<Figure, OutputError> {
    let lines: Vec<&Line> = changes
        .lines
        .iter()
        .filter(|line| line.policy > 0)
        .collect();
    let frameworks = comparison.frameworks.len() as i32;
    let baseline = changes.policies.first().map_or("", String::as_str);
    let over = match changes.seeds {
        1 => "One seed: no interval".to_owned(),
        seeds => format!("95 % intervals over {seeds} seeds, paired by seed"),
    };
    let about = About {
        name: "change".to_owned(),
        title: format!("Change against {}", shortened(baseline, 40)),
        caption: format!(
            "Mean completion of jobs; 95th percentile of the response time of services. Left of \
             the line is sooner (green), right of it later (red), grey where no difference is shown. \
             The scale is logarithmic: half and twice are equally far. {over}."
        ),
    };
    let title = about.title.clone();
    let others = changes.policies.iter().enumerate().skip(1);
    let keys: Vec<Key> = others.map(|(i, name)| Key::Dot(i, name.clone())).collect();
    let head = head_height(WIDTH, &keys);
    let height = head + lines.len() as i32 * LINE + frameworks * 12 + 50;
    figure(about, (WIDTH, height), |canvas| {
        let top = canvas.head(&title, &keys)? + 4;
        let place = Place {
            x: NAMES - 46,
            y: top,
            width: WIDTH - NAMES + 46 - NUMBERS,
            height: height - top - 30,
        };
        let (low, high) = extent(&lines);
        let none = Axis {
            low: 0.0,
            high: 1.0,
            ticks: Vec::new(),
        };
        let x = axes::log_change(low, high);
        let panel = canvas.panel(place, &x, &none)?;
        canvas.line(
            &panel,
            [(0.0, 0.0), (0.0, 1.0)].into_iter(),
            Stroke {
                colour: palette::FAINT,
                dash: &[2, 2],
                width: 1.0,
            },
        );
        let middle = NAMES + (place.width - 46) / 2;
        canvas.text(
            "← sooner\u{2003}·\u{2003}later →",
            middle,
            height - 14,
            Look::label().faint().centred(),
        )?;
        let mut y = top + 14;
        for framework in 0..comparison.frameworks.len() {
            for (i, line) in lines
                .iter()
                .filter(|l| l.framework == framework)
                .enumerate()
            {
                let name = if i == 0 { line.name.as_str() } else { "" };
                canvas.text(&shortened(name, 16), NAMES - 12, y, Look::label().right())?;
                one_change(canvas, &panel, line, y)?;
                y += LINE;
            }
            y += 12;
        }
        Ok(())
    })
}

fn shown(line: &Line) -> Measure {
    if line.service {
        Measure::LatencyP95
    } else {
        Measure::CompletionMean
    }
}

fn extent(lines: &[&Line]) -> (f64, f64) {
    let mut extent = (0.0_f64, 0.0_f64);
    for change in lines
        .iter()
        .filter_map(|line| line.get(shown(line))?.change)
    {
        let (low, high) = change.interval.unwrap_or((change.mean, change.mean));
        // An interval that is far wider than its change runs out of the picture.
        let low = low.max((1.0 + change.mean) / 4.0 - 1.0);
        let high = high.min((1.0 + change.mean) * 4.0 - 1.0);
        extent = (extent.0.min(low), extent.1.max(high));
    }
    extent
}

fn one_change(
    canvas: &mut Canvas<'_>,
    panel: &super::canvas::Panel,
    line: &Line,
    y: i32,
) -> Result<(), String> {
    let place = WIDTH - NUMBERS + 6;
    let Some(change) = line.get(shown(line)).and_then(|m| m.change) else {
        return canvas.text("nothing to compare", place, y, Look::label().faint());
    };
    let at = |change: f64| (panel.at(axes::ratio(change), 0.0).0, f64::from(y));
    let colour = match line.get(shown(line)).map(Measured::verdict) {
        Some(Verdict::Gains) => palette::GOOD,
        Some(Verdict::Pays) => palette::BAD,
        _ => palette::FAINT,
    };
    let stroke = Stroke {
        colour,
        dash: &[],
        width: 1.6,
    };
    if let Some((low, high)) = change.interval {
        canvas.stroke(&[at(low), at(high)], stroke);
    }
    canvas.dot(at(change.mean), line.policy, colour);
    canvas.text(&units::change(&change, "%"), place, y, Look::label())
}

/// Distribution of completion times, one panel a framework, one line a policy.
pub(super) fn completion(
    comparison: &Comparison,
    main: usize,
) -> Result<Option<Figure>, OutputError> {
    let panels: Vec<(usize, Vec<Cdf>)> = (0..comparison.frameworks.len())
        .filter(|framework| !comparison.frameworks[*framework].service)
        .map(|framework| (framework, series::cdfs(comparison, framework)))
        .filter(|(_, cdfs)| cdfs.iter().any(|cdf| !cdf.times.is_empty()))
        .collect();
    let about = About {
        name: "completion".to_owned(),
        title: "Jobs done within a time after submission".to_owned(),
        caption: format!(
            "Share of all submitted jobs, {}; jobs that never finished keep a line below 100 %. \
             The time is on a logarithmic scale.",
            units::count(comparison.seeds.len(), "seed", "seeds together")
        ),
    };
    panels_of(
        comparison,
        about,
        &policy_keys(comparison, main),
        (&panels, main),
    )
}

/// Simulated and measured completion times, one panel a framework; nothing where nothing was measured.
pub(super) fn measured(comparison: &Comparison) -> Result<Option<Figure>, OutputError> {
    let panels: Vec<(usize, Vec<Cdf>)> = measured::both(comparison)
        .iter()
        .map(|both| (both.framework, both.sides.iter().map(Side::cdf).collect()))
        .collect();
    let about = About {
        name: "measured".to_owned(),
        title: "Jobs done within a time after submission, simulated and measured".to_owned(),
        caption:
            "Share of all submitted jobs. The time is that of the recipe, on a logarithmic scale."
                .to_owned(),
    };
    let sides = ["simulated", "measured"].into_iter().enumerate();
    let keys: Vec<Key> = sides
        .map(|(i, name)| Key::Line(Stroke::policy(i, 1), name.to_owned()))
        .collect();
    panels_of(comparison, about, &keys, (&panels, 1))
}

/// A panel a framework; nothing without any.
fn panels_of(
    comparison: &Comparison,
    about: About,
    keys: &[Key],
    (panels, main): (&[(usize, Vec<Cdf>)], usize),
) -> Result<Option<Figure>, OutputError> {
    if panels.is_empty() {
        return Ok(None);
    }
    let across = panels.len().min(3) as i32;
    let down = panels.len().div_ceil(3) as i32;
    let wide = [0, 640, 400, 264][across as usize];
    let width = (36 + across * (wide + 14)).max(640);
    let size = (width, head_height(width, keys) + down * 280);
    let title = about.title.clone();
    figure(about, size, |canvas| {
        let top = canvas.head(&title, keys)?;
        for (i, (framework, cdfs)) in panels.iter().enumerate() {
            let place = Place {
                x: 24 + (i as i32 % 3) * (wide + 14),
                y: top + 24 + (i as i32 / 3) * 280,
                width: wide,
                height: 212,
            };
            let name = &comparison.frameworks[*framework].name;
            one_cdf(canvas, name, (cdfs, main), place)?;
        }
        Ok(())
    })
    .map(Some)
}

fn one_cdf(
    canvas: &mut Canvas<'_>,
    name: &str,
    (cdfs, main): (&[Cdf], usize),
    place: Place,
) -> Result<(), String> {
    let name = shortened(name, place.width as usize / 8);
    canvas.text(&name, place.x + 46, place.y - 12, Look::label().bold())?;
    let times = cdfs.iter().flat_map(|cdf| &cdf.times);
    let low = times.clone().copied().fold(f64::INFINITY, f64::min);
    let high = times.copied().fold(0.0, f64::max);
    let x = axes::log_time(low, high, (place.width - 46) / 52);
    let panel = canvas.panel(place, &x, &axes::share(1.0))?;
    let middle = place.x + 46 + (place.width - 46) / 2;
    let below = place.y + place.height + 8;
    canvas.text(
        "time to completion",
        middle,
        below,
        Look::label().faint().centred(),
    )?;
    for policy in palette::order(cdfs.len(), main) {
        let stroke = Stroke::policy(policy, main);
        canvas.line(&panel, steps(&cdfs[policy], x.high), stroke);
    }
    Ok(())
}

/// The staircase of a distribution, up to the panel's right edge.
fn steps(cdf: &Cdf, right: f64) -> impl Iterator<Item = (f64, f64)> {
    let mut points = Vec::with_capacity(2 * cdf.times.len() + 1);
    let mut before = 0.0;
    for (time, share) in cdf.times.iter().zip(&cdf.shares) {
        let at = axes::log(time.max(1e-5));
        points.push((at, before));
        points.push((at, *share));
        before = *share;
    }
    if before > 0.0 {
        points.push((right, before));
    }
    points.into_iter()
}
