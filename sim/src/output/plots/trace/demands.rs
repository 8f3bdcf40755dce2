//! What tasks demand, how it goes together, and whose it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fairground_readers::canonical::profile::{KINDS, PAIRS, Profile, Spread};

use super::scales::{BARS, bars, bars_high, decades, size, stroke};
use super::{Answer, HIGH, Picture, absent, kind_colour};
use crate::output::plots::canvas::{Canvas, Key, Panel, SCALE, Stroke};
use crate::output::plots::{axes, palette};
use crate::output::profiled::TraceView;
use crate::output::units;

/// How many different demands are drawn.
const DRAWN: usize = 300;

pub(super) fn spread<'a>(view: &TraceView<'a>) -> Answer<'a> {
    const TITLE: &str = "Tasks that demand no more than";
    let profile = view.profile;
    let kinds: Vec<usize> = (0..KINDS.len())
        .filter(|kind| profile.demand[*kind].max > 0)
        .collect();
    if kinds.is_empty() {
        return absent(TITLE, "no task says what it demands");
    }
    if kinds.iter().all(|kind| {
        let demand = &profile.demand[*kind];
        demand.min == demand.max
    }) {
        return absent(TITLE, "all tasks demand the same");
    }
    let told = kinds.iter().map(|kind| {
        let (demand, (unit, name)) = (&profile.demand[*kind], view.unit(*kind));
        let amount = |amount: u128| size(amount as f64 / unit);
        let (median, most) = (amount(demand.quantile(500)), amount(demand.max));
        if demand.min == demand.max {
            let name = if most == "1" {
                name.trim_end_matches('s')
            } else {
                name
            };
            return format!("{}: {most} {name} each", KINDS[*kind]);
        }
        let kind = KINDS[*kind];
        format!("{kind}: {median} {name} at the median and {most} at most")
    });
    let caption = format!("Of a task, {}.", told.collect::<Vec<_>>().join("; "));
    let key = |kind: &usize| Key::Line(stroke(kind_colour(*kind)), KINDS[*kind].to_owned());
    Ok(Picture {
        name: "demands",
        title: TITLE.to_owned(),
        below: "part of the largest demand".to_owned(),
        caption,
        keys: kinds.iter().map(key).collect(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let panel = canvas.panel(place, &axes::share(1.0), &axes::share(1.0))?;
            for kind in &kinds {
                let demand = &profile.demand[*kind];
                staircase(canvas, &panel, demand, stroke(kind_colour(*kind)));
            }
            Ok(())
        }),
    })
}

/// Which part of all is no larger, by parts of the largest.
fn staircase(canvas: &mut Canvas<'_>, panel: &Panel, spread: &Spread, stroke: Stroke) {
    let (mut seen, mut points) = (0, Vec::new());
    for (value, count) in spread.steps() {
        let x = value as f64 / spread.max as f64;
        points.push((x, seen as f64 / spread.n as f64));
        seen += count;
        points.push((x, seen as f64 / spread.n as f64));
    }
    canvas.line(panel, points.into_iter(), stroke);
}

/// Amounts of two kinds, and how many tasks demand them.
type Dot = (u64, u64, u64);

/// A dot a demand of a pair of kinds: amounts, and how many tasks; the most frequent first.
fn dots(profile: &Profile, [one, other]: [usize; 2]) -> Vec<Dot> {
    let mut dots: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for (demand, count) in &profile.demands {
        if let (Some(x), Some(y)) = (demand[one], demand[other])
            && x > 0
            && y > 0
        {
            *dots.entry((x, y)).or_default() += count;
        }
    }
    let mut dots: Vec<_> = dots
        .into_iter()
        .map(|((x, y), count)| (x, y, count))
        .collect();
    dots.sort_by_key(|dot| std::cmp::Reverse(dot.2));
    dots.truncate(DRAWN);
    dots
}

pub(super) fn vectors<'a>(view: &TraceView<'a>) -> Answer<'a> {
    const TITLE: &str = "What tasks demand";
    let profile = view.profile;
    // The pair of kinds with the most different demands of both.
    let mut best: Option<(usize, Vec<Dot>)> = None;
    for (pair, kinds) in PAIRS.iter().take(3).enumerate() {
        let dots = dots(profile, *kinds);
        let [(low_x, low_y, _), ..] = dots[..] else {
            continue;
        };
        let varied = [
            dots.iter().any(|dot| dot.0 != low_x),
            dots.iter().any(|dot| dot.1 != low_y),
        ];
        if varied == [true; 2] && dots.len() > best.as_ref().map_or(1, |(_, dots)| dots.len()) {
            best = Some((pair, dots));
        }
    }
    let Some((pair, dots)) = best else {
        return absent(TITLE, "no tasks demand different amounts of two kinds");
    };
    let [one, other] = PAIRS[pair];
    let ((unit_x, name_x), (unit_y, name_y)) = (view.unit(one), view.unit(other));
    let relation = &profile.relations[pair];
    let correlations = [
        ("amounts", relation.of_amounts()),
        ("their logarithms", relation.of_logs()),
        ("their ranks", relation.ranks),
    ];
    let told = correlations.into_iter().filter_map(|(of, value)| {
        let sign = if value? < 0.0 { "−" } else { "" };
        Some(format!("{sign}{:.2} of {of}", value?.abs()))
    });
    let told: Vec<String> = told.collect();
    let mut caption = format!(
        "{} demands of {} and {}, the area as large as tasks are many.",
        units::number(dots.len()),
        KINDS[one],
        KINDS[other]
    );
    if !told.is_empty() {
        let _ = write!(caption, " Correlation: {}.", told.join(", "));
    }
    Ok(Picture {
        name: "vectors",
        title: format!("{TITLE}: {} ({name_y})", KINDS[other]),
        below: format!("{} ({name_x})", KINDS[one]),
        caption,
        keys: Vec::new(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let ends = |values: &mut dyn Iterator<Item = f64>| {
                values.fold((f64::MAX, 0.0_f64), |(low, high), value| {
                    (low.min(value), high.max(value))
                })
            };
            let (low, high) = ends(&mut dots.iter().map(|dot| dot.0 as f64 / unit_x));
            let x = decades(low, high, 6);
            let (low, high) = ends(&mut dots.iter().map(|dot| dot.1 as f64 / unit_y));
            let y = decades(low, high, 5);
            let panel = canvas.panel(place, &x, &y)?;
            let most = dots.iter().map(|dot| dot.2).max().unwrap_or(1) as f64;
            for (at_x, at_y, count) in &dots {
                let at = panel.at(
                    axes::log(*at_x as f64 / unit_x),
                    axes::log(*at_y as f64 / unit_y),
                );
                circle(
                    canvas,
                    at,
                    (14.0 * libm::sqrt(*count as f64 / most)).max(1.5),
                );
            }
            Ok(())
        }),
    })
}

/// A circle that others show through.
fn circle(canvas: &mut Canvas<'_>, (x, y): (f64, f64), radius: f64) {
    let scale = f64::from(SCALE);
    let fill = palette::hex(kind_colour(0));
    canvas.raw(&format!(
        r#"<circle cx="{:.0}" cy="{:.0}" r="{:.0}" fill="{fill}" fill-opacity="0.55"/>"#,
        x * scale,
        y * scale,
        radius * scale
    ));
}

pub(super) fn tenants<'a>(view: &TraceView<'a>) -> Answer<'a> {
    const TITLE: &str = "Work of tenants";
    let profile = view.profile;
    let kind = profile.main_kind();
    let all: u128 = profile.tenants.iter().map(|share| share.work[kind]).sum();
    if all == 0 {
        return absent(TITLE, "run times or demands are missing");
    }
    if profile.tenants.len() < 2 {
        return absent(TITLE, "the trace tells no tenants apart");
    }
    let part = move |work: u128| work as f64 / all as f64;
    let rows: Vec<_> = profile
        .tenants
        .iter()
        .take(BARS)
        .map(|share| {
            let name = match share.name.as_str() {
                "" => "nobody",
                name => name,
            };
            let part = part(share.work[kind]);
            (name.to_owned(), part, units::percent(part))
        })
        .collect();
    // Tenants are in the order of their work.
    let mut sum = 0.0;
    let half = profile.tenants.iter().position(|share| {
        sum += part(share.work[kind]);
        sum >= 0.5
    });
    let squares = profile.tenants.iter().map(|share| part(share.work[kind]));
    let equal = 1.0 / squares.map(|part| part * part).sum::<f64>();
    let caption = format!(
        "Work is amount times run time, of {}. Half of it is of {} of {}; it is as concentrated as if {} had equal \
         parts.",
        KINDS[kind],
        units::count(half.map_or(1, |half| half + 1), "tenant", "tenants"),
        units::number(profile.tenants.len()),
        units::short(equal),
    );
    Ok(Picture {
        name: "tenants",
        title: format!("{TITLE} ({})", KINDS[kind]),
        below: String::new(),
        caption,
        keys: Vec::new(),
        high: bars_high(rows.len()),
        draw: Box::new(move |canvas, place| bars(canvas, place, &rows, kind_colour(kind))),
    })
}
