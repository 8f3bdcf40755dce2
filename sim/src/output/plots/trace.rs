//! What a trace looks like, in six panels.

use fairground_workloads::canonical::profile::{KINDS, PARTS, Profile, Spread};

use super::canvas::{About, Axis, Canvas, Key, Look, Panel, Place, Stroke, figure, shortened};
use super::{Figure, OutputError, axes, palette};
use crate::output::units;

const WIDE: i32 = 400;
const HIGH: i32 = 190;
/// How many tenants have a bar.
const TENANTS: usize = 8;

/// What draws one of them.
type Drawn = fn(&mut Canvas<'_>, &Profile, Place) -> Result<(), String>;

/// The picture of a trace called `name`.
///
/// # Errors
/// When the drawing library fails.
pub fn trace(profile: &Profile, name: &str) -> Result<Figure, OutputError> {
    let about = About {
        name: "trace".to_owned(),
        title: format!("What {} looks like", shortened(name, 60)),
        caption:
            "Arrivals and offered load over time, run times and demands of tasks, the work of \
                  the largest jobs, and that of tenants."
                .to_owned(),
    };
    let title = about.title.clone();
    let keys: Vec<Key> = (0..KINDS.len())
        .filter(|kind| profile.demand[*kind].n > 0)
        .map(|kind| Key::Fill(palette::framework(kind), KINDS[kind].to_owned()))
        .collect();
    figure(about, (860, 90 + 3 * (HIGH + 62)), |canvas| {
        let top = canvas.head(&title, &keys)? + 24;
        let panels: [Drawn; 6] = [arrivals, offered, runs, demands, tails, tenants];
        for (number, panel) in panels.into_iter().enumerate() {
            let place = Place {
                x: 12 + (number as i32 % 2) * (WIDE + 24),
                y: top + (number as i32 / 2) * (HIGH + 62),
                width: WIDE,
                height: HIGH,
            };
            panel(canvas, profile, place)?;
        }
        Ok(())
    })
}

/// The words above and below a panel.
fn words(canvas: &Canvas<'_>, place: Place, above: &str, below: &str) -> Result<(), String> {
    canvas.text(above, place.x + 46, place.y - 10, Look::label().bold())?;
    let middle = place.x + 46 + (place.width - 46) / 2;
    let low = place.y + place.height + 8;
    canvas.text(below, middle, low, Look::label().faint().centred())
}

/// Where a panel has nothing to show.
fn nothing(canvas: &Canvas<'_>, place: Place, above: &str, why: &str) -> Result<(), String> {
    words(canvas, place, above, "")?;
    let middle = place.y + place.height / 2;
    canvas.text(why, place.x + 46, middle, Look::label().faint())
}

/// From nothing to at least `high`, with round ticks.
fn amounts(high: f64) -> Axis {
    let mut step = 1.0;
    while high / step > 5.0 {
        step *= [2.0, 2.5, 2.0][(libm::log10(step) * 3.0 + 0.5) as usize % 3];
    }
    let count = libm::ceil(high / step - 1e-9).max(1.0);
    let ticks = (0..=count as usize).map(|tick| tick as f64 * step);
    Axis {
        low: 0.0,
        high: count * step,
        ticks: ticks.map(|at| (at, units::short(at))).collect(),
    }
}

/// The axis of time, and the middles of its parts in seconds.
fn time(profile: &Profile) -> (Axis, &'static str, Vec<f64>) {
    let part = profile.part_length() as f64 / 1e6;
    let (axis, title) = axes::time(part * PARTS as f64, 7);
    let middles = (0..PARTS).map(|number| (number as f64 + 0.5) * part);
    (axis, title, middles.collect())
}

fn arrivals(canvas: &mut Canvas<'_>, profile: &Profile, place: Place) -> Result<(), String> {
    let jobs = profile.arrivals.iter().any(|count| *count > 0);
    let (counts, what) = if jobs {
        (&profile.arrivals, "Jobs that arrive, a second")
    } else {
        (&profile.requests, "Requests that arrive, a second")
    };
    if counts.iter().all(|count| *count == 0) {
        return nothing(canvas, place, what, "the trace has no arrivals");
    }
    let part = profile.part_length() as f64 / 1e6;
    let rates: Vec<f64> = counts.iter().map(|count| *count as f64 / part).collect();
    let most = rates.iter().copied().fold(0.0, f64::max);
    // Rates below one a second are told by the hour.
    let (scale, what) = if most < 1.0 {
        (3600.0, what.replace("a second", "an hour"))
    } else {
        (1.0, what.to_owned())
    };
    let (x, title, middles) = time(profile);
    let rates: Vec<f64> = rates.into_iter().map(|rate| rate * scale).collect();
    let panel = canvas.panel(place, &x, &amounts(most * scale))?;
    canvas.between(
        &panel,
        &middles,
        &vec![0.0; PARTS],
        &rates,
        palette::framework(4),
    );
    words(canvas, place, &what, title)
}

fn offered(canvas: &mut Canvas<'_>, profile: &Profile, place: Place) -> Result<(), String> {
    let what = "Load offered to the cluster";
    let loads: Vec<_> = (0..KINDS.len())
        .filter_map(|kind| Some((kind, profile.offered(kind)?.1)))
        .collect();
    if loads.is_empty() {
        let why = "no machines or no run times: name a cluster with --cluster";
        return nothing(canvas, place, what, why);
    }
    let all = loads.iter().flat_map(|(_, parts)| parts).copied();
    let most = all.fold(0.0, f64::max);
    let (x, title, middles) = time(profile);
    let panel = canvas.panel(place, &x, &axes::share(most))?;
    for (kind, parts) in &loads {
        let points = middles.iter().copied().zip(parts.iter().copied());
        canvas.line(&panel, points, stroke(*kind));
    }
    let full = [(x.low, 1.0), (x.high, 1.0)].into_iter();
    if most > 1.0 {
        let faint = Stroke {
            colour: palette::FAINT,
            dash: &[2, 2],
            width: 1.0,
        };
        canvas.line(&panel, full, faint);
    }
    words(canvas, place, what, title)
}

fn stroke(kind: usize) -> Stroke {
    Stroke {
        colour: palette::framework(kind),
        dash: &[],
        width: 1.4,
    }
}

/// The staircase of a distribution; `at` says where a number is on the axis.
fn staircase(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    spread: &Spread,
    stroke: Stroke,
    at: impl Fn(f64) -> f64,
) {
    let (mut seen, mut points) = (0, Vec::new());
    for (value, count) in spread.steps() {
        let x = at(value as f64);
        points.push((x, seen as f64 / spread.n as f64));
        seen += count;
        points.push((x, seen as f64 / spread.n as f64));
    }
    canvas.line(panel, points.into_iter(), stroke);
}

fn runs(canvas: &mut Canvas<'_>, profile: &Profile, place: Place) -> Result<(), String> {
    let what = "Tasks that run no longer than";
    if profile.run.n == 0 {
        return nothing(canvas, place, what, "no task says how long it runs");
    }
    let seconds = |micros: u128| (micros as f64 / 1e6).max(1e-4);
    let x = axes::log_time(seconds(profile.run.min), seconds(profile.run.max), 6);
    let panel = canvas.panel(place, &x, &axes::share(1.0))?;
    staircase(canvas, &panel, &profile.run, stroke(4), |micros| {
        axes::log((micros / 1e6).max(1e-4))
    });
    words(canvas, place, what, "run time")
}

fn demands(canvas: &mut Canvas<'_>, profile: &Profile, place: Place) -> Result<(), String> {
    let what = "Tasks that demand no more than";
    if profile.demand.iter().all(|demand| demand.max == 0) {
        return nothing(canvas, place, what, "no task says what it demands");
    }
    let panel = canvas.panel(place, &axes::share(1.0), &axes::share(1.0))?;
    for (kind, demand) in profile.demand.iter().enumerate().filter(|(_, d)| d.max > 0) {
        let most = demand.max as f64;
        staircase(canvas, &panel, demand, stroke(kind), |amount| amount / most);
    }
    words(canvas, place, what, "part of the largest demand")
}

fn tails(canvas: &mut Canvas<'_>, profile: &Profile, place: Place) -> Result<(), String> {
    let what = "Work of the largest jobs";
    if profile.jobs.sum == 0 {
        return nothing(canvas, place, what, "run times or demands are missing");
    }
    let ticks = [
        (-3.0, "0.1 %"),
        (-2.0, "1 %"),
        (-1.0, "10 %"),
        (0.0, "100 %"),
    ];
    let x = Axis {
        low: -3.0,
        high: 0.0,
        ticks: ticks.map(|(at, label)| (at, label.to_owned())).to_vec(),
    };
    let panel = canvas.panel(place, &x, &axes::share(1.0))?;
    let points = (0..=PARTS).map(|number| {
        let at = number as f64 / PARTS as f64 * 3.0 - 3.0;
        (at, profile.jobs.share_of_largest(libm::pow(10.0, at)))
    });
    canvas.line(&panel, points, stroke(profile.main_kind()));
    words(canvas, place, what, "part of all jobs, the largest first")
}

fn tenants(canvas: &mut Canvas<'_>, profile: &Profile, place: Place) -> Result<(), String> {
    let kind = profile.main_kind();
    let what = format!("Work of tenants ({})", KINDS[kind]);
    let all: u128 = profile.tenants.iter().map(|share| share.work[kind]).sum();
    if all == 0 {
        return nothing(canvas, place, &what, "run times or demands are missing");
    }
    words(canvas, place, &what, "")?;
    for (number, share) in profile.tenants.iter().take(TENANTS).enumerate() {
        let part = share.work[kind] as f64 / all as f64;
        let y = place.y + 12 + number as i32 * 21;
        let name = if share.name.is_empty() {
            "nobody"
        } else {
            &share.name
        };
        let left = place.x + 160;
        canvas.text(&shortened(name, 18), left - 8, y, Look::label().right())?;
        let end = f64::from(left) + part * f64::from(place.width - 220);
        let bar = Stroke {
            width: 12.0,
            ..stroke(kind)
        };
        canvas.stroke(&[(f64::from(left), f64::from(y)), (end, f64::from(y))], bar);
        canvas.text(&units::percent(part), end as i32 + 6, y, Look::label())?;
    }
    Ok(())
}
