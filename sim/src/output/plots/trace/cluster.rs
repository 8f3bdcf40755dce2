//! What the cluster has of it: load offered and in use, waits, estimates, ends, and what is not known.

use fairground_readers::canonical::profile::{KINDS, Profile, Spread};
use fairground_readers::canonical::tables::Unknown;
use std::fmt::Write as _;

use super::arrivals::time;
use super::scales::{
    BARS, amounts, bars, bars_high, columns, decades, faint, rare, stroke, survival,
};
use super::{Answer, HIGH, Picture, absent, kind_colour, plain};
use crate::output::plots::axes;
use crate::output::plots::canvas::{Axis, Key};
use crate::output::profiled::TraceView;
use crate::output::units;

/// What is told of each kind of resources over time: a mean, and parts.
type OverTime = Vec<(usize, f64, Vec<f64>)>;

fn told(loads: &OverTime) -> String {
    let one = |(kind, mean, parts): &(usize, f64, Vec<f64>)| {
        let most = parts.iter().copied().fold(0.0, f64::max);
        format!(
            "{} of {} on average and {} at most",
            units::percent(*mean),
            KINDS[*kind],
            units::percent(most)
        )
    };
    loads.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn over_time<'a>(
    profile: &'a Profile,
    [name, title]: [&'static str; 2],
    caption: String,
    loads: OverTime,
) -> Picture<'a> {
    let (x, below, middles) = time(profile);
    let key = |(kind, ..): &(usize, f64, Vec<f64>)| {
        Key::Line(stroke(kind_colour(*kind)), KINDS[*kind].to_owned())
    };
    Picture {
        name,
        title: title.to_owned(),
        below: below.to_owned(),
        caption,
        keys: loads.iter().map(key).collect(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let all = loads.iter().flat_map(|(_, _, parts)| parts).copied();
            let most = all.fold(0.0, f64::max);
            let y = if most > 1.25 {
                percents(most)
            } else {
                axes::share(most)
            };
            let panel = canvas.panel(place, &x, &y)?;
            for (kind, _, parts) in &loads {
                let points = middles.iter().copied().zip(parts.iter().copied());
                canvas.line(&panel, points, stroke(kind_colour(*kind)));
            }
            if most > 1.0 {
                canvas.line(&panel, [(x.low, 1.0), (x.high, 1.0)].into_iter(), faint());
            }
            Ok(())
        }),
    }
}

/// Shares of a whole that are more than all of it.
fn percents(high: f64) -> Axis {
    let axis = amounts(high * 100.0);
    let tick = |(at, label): (f64, String)| (at / 100.0, format!("{label}\u{202f}%"));
    Axis {
        low: 0.0,
        high: axis.high / 100.0,
        ticks: axis.ticks.into_iter().map(tick).collect(),
    }
}

pub(super) fn offered<'a>(view: &TraceView<'a>) -> Answer<'a> {
    const TITLE: &str = "Load offered to the cluster";
    let profile = view.profile;
    let loads: OverTime = (0..KINDS.len())
        .filter_map(|kind| {
            let (mean, parts) = profile.offered(kind)?;
            Some((kind, mean, parts))
        })
        .collect();
    if loads.is_empty() {
        let why = "no machines or no run times: name a cluster with --cluster";
        return absent(TITLE, why);
    }
    let machines = units::count(profile.machines as usize, "machine", "machines");
    let mut caption = format!(
        "The work of what arrives, over what {machines} can do in that time: {}.",
        told(&loads)
    );
    if profile.submits.standing > 0 {
        caption += " What is there when the trace begins counts on average, not in the line.";
    }
    Ok(over_time(profile, ["offered", TITLE], caption, loads))
}

pub(super) fn in_use<'a>(view: &TraceView<'a>) -> Answer<'a> {
    const TITLE: &str = "In use over time";
    let profile = view.profile;
    let waits = profile.sizes.wait.n > 0;
    let when = if waits {
        "tasks start when the waits of the trace are over"
    } else {
        "tasks start when their job arrives, as the trace tells no waits: what a cluster without a limit would have \
         in use"
    };
    let loads: OverTime = (0..KINDS.len())
        .filter_map(|kind| {
            let (mean, parts) = profile.occupied(kind)?;
            Some((kind, mean, parts))
        })
        .collect();
    if !loads.is_empty() {
        let caption = format!("Of the cluster: {}; {when}.", told(&loads));
        return Ok(over_time(profile, ["in-use", TITLE], caption, loads));
    }
    // Without machines it is told in what people count.
    let kind = profile.main_kind();
    let (unit, name) = view.unit(kind);
    let parts = profile.in_use(kind);
    let parts: Vec<f64> = parts.into_iter().map(|amount| amount / unit).collect();
    let most = parts.iter().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return absent(TITLE, "arrivals, run times or demands are missing");
    }
    let mean = parts.iter().sum::<f64>() / parts.len() as f64;
    let caption = format!(
        "{} {name} on average and {} at most; {when}.",
        super::scales::size(mean),
        super::scales::size(most)
    );
    let (x, below, middles) = time(profile);
    Ok(Picture {
        name: "in-use",
        title: format!("{TITLE}: {name}"),
        below: below.to_owned(),
        caption,
        keys: Vec::new(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let panel = canvas.panel(place, &x, &amounts(most))?;
            let points = middles.iter().copied().zip(parts.iter().copied());
            canvas.line(&panel, points, stroke(kind_colour(kind)));
            Ok(())
        }),
    })
}

/// The share of all that a spread has above a number.
fn above(spread: &Spread, bound: u128) -> f64 {
    let more = spread.steps().filter(|(value, _)| *value > bound);
    more.map(|(_, count)| count).sum::<u64>() as f64 / spread.n.max(1) as f64
}

pub(super) fn waits(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "Jobs that waited at least as long";
    let wait = &profile.sizes.wait;
    if wait.n == 0 {
        return absent(TITLE, "the trace does not say how long jobs waited");
    }
    let caption = format!(
        "The median job waited for {}, the 95th percentile {}, the mean {}; {} waited for longer than an hour.",
        units::duration(wait.quantile(500) as f64),
        units::duration(wait.quantile(950) as f64),
        units::duration(wait.mean()),
        units::percent(above(wait, 3_600_000_000)),
    );
    if wait.max == 0 {
        return absent(TITLE, "no job waited");
    }
    Ok(Picture {
        name: "waits",
        title: TITLE.to_owned(),
        below: "wait".to_owned(),
        caption,
        keys: Vec::new(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let least = wait.steps().find(|(value, _)| *value > 0);
            let least = least.map_or(1.0, |(value, _)| value as f64) / 1e6;
            let x = axes::log_time(least, wait.max as f64 / 1e6, 6);
            let panel = canvas.panel(place, &x, &rare(wait.n))?;
            survival(canvas, &panel, wait, 1e6, stroke(plain()));
            Ok(())
        }),
    })
}

pub(super) fn slowdowns(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "Jobs slowed down at least so many times";
    let slowdown = &profile.sizes.slowdown;
    if slowdown.max <= 1000 {
        return absent(TITLE, "waits or run times are missing");
    }
    let times = |thousandths: u128| units::short(thousandths as f64 / 1000.0);
    let caption = format!(
        "Wait and run over the run, or over 10 s if that is more: {} at the median, {} at the 95th percentile, {} \
         on average.",
        times(slowdown.quantile(500)),
        times(slowdown.quantile(950)),
        units::short(slowdown.mean() / 1000.0),
    );
    Ok(Picture {
        name: "slowdowns",
        title: TITLE.to_owned(),
        below: "bounded slowdown".to_owned(),
        caption,
        keys: Vec::new(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let x = decades(1.0, slowdown.max as f64 / 1e3, 7);
            let panel = canvas.panel(place, &x, &rare(slowdown.n))?;
            survival(canvas, &panel, slowdown, 1e3, stroke(plain()));
            Ok(())
        }),
    })
}

pub(super) fn estimates(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "Jobs by what they ran of their estimate";
    let accuracy = &profile.sizes.accuracy;
    let all = accuracy.parts.n;
    if all == 0 {
        return absent(TITLE, "the trace has no estimates of run times");
    }
    let share = |count: u64| count as f64 / all as f64;
    let mut heights: Vec<Option<f64>> = accuracy
        .counts
        .iter()
        .map(|count| Some(share(*count)))
        .collect();
    heights.push(Some(share(accuracy.over)));
    let caption = format!(
        "{} have an estimate. The median ran {} of it; {} less than a twentieth, {} longer than it (the column on \
         the right).",
        units::count(all as usize, "job", "jobs"),
        units::percent(accuracy.parts.quantile(500) as f64 / 1e3),
        units::percent(share(accuracy.counts[0])),
        units::percent(share(accuracy.over)),
    );
    Ok(Picture {
        name: "estimates",
        title: TITLE.to_owned(),
        below: "run time over estimate".to_owned(),
        caption,
        keys: Vec::new(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let ticks = [
                (0.0, "0"),
                (5.0, "25 %"),
                (10.0, "50 %"),
                (15.0, "75 %"),
                (20.5, "more"),
            ];
            let x = Axis {
                low: 0.0,
                high: 21.0,
                ticks: ticks.map(|(at, label)| (at, label.to_owned())).to_vec(),
            };
            let most = heights.iter().flatten().copied().fold(0.0, f64::max);
            let panel = canvas.panel(place, &x, &axes::share(most))?;
            columns(canvas, &panel, &heights, plain());
            Ok(())
        }),
    })
}

pub(super) fn known(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "What is known of run times";
    let unknown = |why| profile.unknown.get(&why).copied().unwrap_or(0);
    let all = [
        ("known", profile.known),
        ("not told", profile.endless),
        ("never started", unknown(Unknown::Unstarted)),
        ("damaged", unknown(Unknown::Damaged)),
        ("cut off", unknown(Unknown::Censored)),
    ];
    let sum: u64 = all.iter().map(|(_, count)| count).sum();
    if sum == 0 {
        return absent(TITLE, "the trace has no tasks");
    }
    let share = |count: u64| count as f64 / sum as f64;
    let rows = all
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name.to_owned(), share(count), units::percent(share(count))));
    let rows: Vec<_> = rows.collect();
    let mut caption = format!(
        "{}: {} ran for a known time.",
        units::count(sum as usize, "task", "tasks"),
        units::percent(share(profile.known)),
    );
    let cut = unknown(Unknown::Censored);
    if cut > 0 {
        let _ = write!(
            caption,
            " {} began before the trace or ended after it, and count with what it holds of them.",
            units::number(cut as usize)
        );
    }
    if sum > profile.known + cut {
        caption += " Others have no run time and count as no work.";
    }
    Ok(Picture {
        name: "known",
        title: TITLE.to_owned(),
        below: String::new(),
        caption,
        keys: Vec::new(),
        high: bars_high(rows.len()),
        draw: Box::new(move |canvas, place| bars(canvas, place, &rows, plain())),
    })
}

pub(super) fn outcomes(profile: &Profile) -> Answer<'_> {
    let sizes = &profile.sizes;
    let (title, counts, [one, many]) = if sizes.outcomes.is_empty() {
        ("How tasks ended", &sizes.task_outcomes, ["task", "tasks"])
    } else {
        ("How jobs ended", &sizes.outcomes, ["job", "jobs"])
    };
    let mut ends: Vec<_> = counts.iter().collect();
    let all: u64 = ends.iter().map(|(_, count)| **count).sum();
    if all == 0 {
        return absent("How jobs ended", "the trace does not say");
    }
    ends.sort_by_key(|(word, count)| (std::cmp::Reverse(**count), *word));
    let share = |count: u64| count as f64 / all as f64;
    let rows = ends.iter().take(BARS).map(|(word, count)| {
        let name = match word.as_str() {
            "" => "other words",
            word => word,
        };
        (
            name.to_owned(),
            share(**count),
            units::percent(share(**count)),
        )
    });
    let rows: Vec<_> = rows.collect();
    let caption = format!(
        "{}, in the words of the source.",
        units::count(all as usize, one, many)
    );
    Ok(Picture {
        name: "outcomes",
        title: title.to_owned(),
        below: String::new(),
        caption,
        keys: Vec::new(),
        high: bars_high(rows.len()),
        draw: Box::new(move |canvas, place| bars(canvas, place, &rows, plain())),
    })
}
