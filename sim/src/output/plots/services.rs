//! Services: response times against the objective, and the requests that missed it.

use super::canvas::{
    About, Axis, Canvas, Key, Look, Place, Stroke, figure, head_height, shortened,
};
use super::jobs::policy_keys;
use super::time::first_seed;
use super::{Figure, OutputError, axes, palette};
use crate::output::series::{self, Line, Service};
use crate::run::Comparison;

/// Points along the time axis.
const BINS: usize = 360;
const WIDTH: i32 = 860;
/// Heights of the two panels and of what lies between services.
const LATENCY: i32 = 190;
const MISSED: i32 = 130;
const EACH: i32 = LATENCY + MISSED + 66;

/// The objective's line.
const OBJECTIVE: Stroke = Stroke {
    colour: palette::BAD,
    dash: &[6, 2],
    width: 1.2,
};

/// Response times and missed requests over time; nothing without services.
pub(super) fn latency(comparison: &Comparison, main: usize) -> Result<Option<Figure>, OutputError> {
    let services = series::services(comparison, 0, BINS);
    if services.is_empty() {
        return Ok(None);
    }
    let about = About {
        name: "latency".to_owned(),
        title: "Response times of services over time".to_owned(),
        caption: format!(
            "95th percentile on a logarithmic scale, and requests that missed the objective. {}",
            first_seed(comparison)
        ),
    };
    let title = about.title.clone();
    let mut keys = policy_keys(comparison, main);
    keys.push(Key::Line(OBJECTIVE, "objective".to_owned()));
    let height = head_height(WIDTH, &keys) + 16 + services.len() as i32 * EACH;
    figure(about, (WIDTH, height), |canvas| {
        let top = canvas.head(&title, &keys)?;
        for (i, service) in services.iter().enumerate() {
            let y = top + i as i32 * EACH;
            one(canvas, (comparison, main), service, y)?;
        }
        Ok(())
    })
    .map(Some)
}

fn one(
    canvas: &mut Canvas<'_>,
    (comparison, main): (&Comparison, usize),
    service: &Service,
    top: i32,
) -> Result<(), String> {
    let info = &comparison.frameworks[service.framework];
    let place = |y: i32, height: i32| Place {
        x: 24,
        y,
        width: WIDTH - 36,
        height,
    };
    let name = format!(
        "{}, 95th percentile of the response time",
        shortened(&info.name, 40)
    );
    canvas.text(&name, 70, top + 10, Look::label().bold())?;
    let (x, time) = axes::time(service.bins.end(), 13);
    let latency = &service.latency;
    let slo = info.slo.as_micros() as f64 / 1e6;
    let y = latency_axis(latency, slo);
    let panel = canvas.panel(place(top + 22, LATENCY), &x, &y)?;
    let end = service.bins.end();
    let level = axes::log(slo.max(1e-5));
    canvas.line(&panel, [(0.0, level), (end, level)].into_iter(), OBJECTIVE);
    let middles = service.bins.middles();
    for policy in palette::order(latency.len(), main) {
        let logs = latency[policy]
            .iter()
            .map(|value| axes::log(value.max(1e-5)) + value * 0.0);
        let points = middles.iter().copied().zip(logs);
        canvas.line(&panel, points, Stroke::policy(policy, main));
    }
    let below = top + 22 + LATENCY + 14;
    canvas.text(
        "requests that missed the objective",
        70,
        below,
        Look::label().bold(),
    )?;
    let missed = &service.missed;
    let highest = missed.iter().flatten().copied().fold(0.0, f64::max);
    let panel = canvas.panel(place(below + 12, MISSED), &x, &axes::share(highest))?;
    for policy in palette::order(missed.len(), main) {
        let points = middles.iter().copied().zip(missed[policy].iter().copied());
        canvas.line(&panel, points, Stroke::policy(policy, main));
    }
    let foot = below + 12 + MISSED + 6;
    canvas.text(time, WIDTH / 2 + 12, foot, Look::label().faint().centred())
}

fn latency_axis(lines: &[Line], slo: f64) -> Axis {
    let values = lines.iter().flatten().filter(|value| value.is_finite());
    let low = values.clone().copied().fold(slo, f64::min);
    let high = values.copied().fold(slo, f64::max);
    axes::log_time(low, high * 1.1, 7)
}
