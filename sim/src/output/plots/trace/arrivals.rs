//! When work arrives: rates over time, gaps, the hours of a day and the days of a week; what requests read
//! and write.

use fairground_readers::canonical::profile::{ArrivalTimes, PARTS, Profile};
use std::fmt::Write as _;

use super::scales::{amounts, columns, decades, faint, rare, stroke, survival};
use super::{Answer, HIGH, Picture, absent, plain};
use crate::output::plots::canvas::{Axis, Key};
use crate::output::plots::{axes, palette};
use crate::output::profiled::{DAYS, TraceView, ends};
use crate::output::units;

/// The axis of time, and the middles of its parts in seconds.
pub(super) fn time(profile: &Profile) -> (Axis, &'static str, Vec<f64>) {
    let part = profile.part_length() as f64 / 1e6;
    let (axis, title) = axes::time(part * PARTS as f64, 7);
    let middles = (0..PARTS).map(|number| (number as f64 + 0.5) * part);
    (axis, title, middles.collect())
}

/// Jobs, or requests where there are no jobs; what they are called.
fn main_arrivals(profile: &Profile) -> (&ArrivalTimes, &'static str) {
    if profile.submits.n > 0 {
        (&profile.submits, "jobs")
    } else if profile.singles.n > 0 {
        (&profile.singles, "requests")
    } else {
        (&profile.steps, "requests")
    }
}

pub(super) fn rate<'a>(view: &TraceView<'a>) -> Answer<'a> {
    let profile = view.profile;
    let jobs = profile.submits.n > 0;
    let (counts, what) = if jobs {
        (&profile.arrivals, "Jobs")
    } else {
        (&profile.requests, "Requests")
    };
    if counts.iter().all(|count| *count == 0) {
        return absent(
            "Arrivals over time",
            "the trace has no times of arrival, or one for all",
        );
    }
    let part = profile.part_length() as f64 / 1e6;
    let rates: Vec<f64> = counts.iter().map(|count| *count as f64 / part).collect();
    let most = rates.iter().copied().fold(0.0, f64::max);
    // Rates below one a second are told by the hour.
    let (scale, per) = if most < 1.0 {
        (3600.0, "an hour")
    } else {
        (1.0, "a second")
    };
    let rates: Vec<f64> = rates.into_iter().map(|rate| rate * scale).collect();
    let all: u64 = counts.iter().sum();
    let (arrivals, _) = main_arrivals(profile);
    let (first, last) = match arrivals.n {
        0 => profile.span.unwrap_or_default(),
        _ => arrivals.span,
    };
    let long = (last - first) as f64;
    let mean = all as f64 / (long / 1e6).max(1e-6) * scale;
    let mut caption = format!(
        "{} {} in {}",
        units::number(all as usize),
        what.to_lowercase(),
        units::duration(long)
    );
    if long > 0.0 {
        let _ = write!(
            caption,
            ", {} {per} on average (dashed)",
            units::short(mean)
        );
    }
    // In windows that are mostly empty any arrival is many times the mean.
    let windows = arrivals.windows.iter().filter(|window| window.mean >= 1.0);
    let peaks = windows.map(|window| {
        let name = ["minute", "hour", "day"][match window.length / 1_000_000 {
            0..=60 => 0,
            61..=3600 => 1,
            _ => 2,
        }];
        let times = units::short(window.most as f64 / window.mean);
        format!("the busiest {name} has {times} times the mean")
    });
    let peaks: Vec<String> = peaks.collect();
    if !peaks.is_empty() {
        let _ = write!(caption, "; {}", peaks.join(", "));
    }
    caption.push('.');
    if arrivals.standing > 0 {
        let _ = write!(
            caption,
            " {} more are there when the trace begins.",
            units::number(arrivals.standing as usize)
        );
    }
    let (x, title, middles) = time(profile);
    Ok(Picture {
        name: "arrivals",
        title: format!("{what} that arrive, {per}"),
        below: title.to_owned(),
        caption,
        keys: vec![Key::Line(faint(), "mean of all time".to_owned())],
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let most = rates.iter().copied().fold(0.0, f64::max);
            let panel = canvas.panel(place, &x, &amounts(most))?;
            canvas.between(&panel, &middles, &[0.0; PARTS], &rates, plain());
            let line = [(x.low, mean), (x.high, mean)];
            canvas.line(&panel, line.into_iter(), faint());
            Ok(())
        }),
    })
}

pub(super) fn gaps(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "Gaps between arrivals at least as long";
    let (all, what) = main_arrivals(profile);
    let gaps = &all.gaps;
    let Some(variation) = gaps
        .variation()
        .filter(|_| gaps.n >= 10 && gaps.max > gaps.min)
    else {
        return absent(TITLE, "there are no different gaps between arrivals");
    };
    let mean = gaps.mean() / 1e6;
    let least = gaps.steps().find(|(gap, _)| *gap > 0);
    let least = (least.map_or(1.0, |(gap, _)| gap as f64) / 1e6).max(1e-6);
    let most = gaps.max as f64 / 1e6;
    let together = all.together as f64 / gaps.n as f64;
    let caption = format!(
        "Gaps between {what} have a coefficient of variation of {}; a Poisson process of the same rate (dashed) \
         has 1. The mean is {}, the median {}; {} come at the same time as the one before.",
        units::short(variation),
        units::duration(gaps.mean()),
        units::duration(gaps.quantile(500) as f64),
        units::percent(together),
    );
    Ok(Picture {
        name: "gaps",
        title: TITLE.to_owned(),
        below: "gap".to_owned(),
        caption,
        keys: vec![
            Key::Line(stroke(plain()), what.to_owned()),
            Key::Line(faint(), "Poisson".to_owned()),
        ],
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let x = axes::log_time(least, most, 6);
            let y = rare(gaps.n);
            let panel = canvas.panel(place, &x, &y)?;
            let low = y.low;
            let poisson = (0..=200).map(|step| {
                let at = x.low + (x.high - x.low) * f64::from(step) / 200.0;
                let log = -libm::pow(10.0, at) / mean * std::f64::consts::LOG10_E;
                (at, log)
            });
            canvas.line(&panel, poisson.filter(|(_, log)| *log >= low), faint());
            survival(canvas, &panel, gaps, 1e6, stroke(plain()));
            Ok(())
        }),
    })
}

/// Ticks in the middle of columns.
fn named(labels: impl Iterator<Item = (usize, String)>, count: usize) -> Axis {
    Axis {
        low: 0.0,
        high: count as f64,
        ticks: labels.map(|(at, label)| (at as f64 + 0.5, label)).collect(),
    }
}

pub(super) fn hours<'a>(view: &TraceView<'a>) -> Answer<'a> {
    let (all, what) = main_arrivals(view.profile);
    let labels = (0..24).step_by(3).map(|hour| (hour, format!("{hour}:00")));
    let axis = named(labels, 24);
    let name = |hour: usize| format!("{hour}:00");
    let told = ["hours", "by the hour of the day", "an hour"];
    cycle(view, all.hours(), told, what, axis, name)
}

pub(super) fn days<'a>(view: &TraceView<'a>) -> Answer<'a> {
    let (all, what) = main_arrivals(view.profile);
    let labels = DAYS.iter().map(|day| (*day).to_owned()).enumerate();
    let axis = named(labels, 7);
    let name = |day: usize| DAYS[day].to_owned();
    let told = ["days", "by the day of the week", "a day"];
    cycle(view, all.days(), told, what, axis, name)
}

/// Rates that come again.
fn cycle<'a>(
    view: &TraceView<'a>,
    rates: Option<Vec<Option<f64>>>,
    [file, by, per]: [&'static str; 3],
    what: &'static str,
    axis: Axis,
    name: impl Fn(usize) -> String,
) -> Answer<'a> {
    let title = if file == "hours" {
        "Arrivals by the hour of the day"
    } else {
        "Arrivals by the day of the week"
    };
    let Some(zone) = view.zone else {
        return absent(
            title,
            "the trace does not say what clocks showed: tell it with --clock",
        );
    };
    let Some((rates, (most, least))) = rates.and_then(|rates| {
        let found = ends(&rates)?;
        Some((rates, found))
    }) else {
        return absent(title, "the trace is shorter than that");
    };
    let known: Vec<f64> = rates.iter().filter_map(|rate| *rate).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let caption = format!(
        "{}: the busiest is {} with {} times the mean, the quietest {} with {}. Hours are counted as often as \
         they were there.",
        shown(zone),
        name(most.0),
        units::short(most.1 / mean),
        name(least.0),
        units::short(least.1 / mean),
    );
    Ok(Picture {
        name: file,
        title: format!("{} {per}, {by}", capital(what)),
        below: zone.to_owned(),
        caption,
        keys: Vec::new(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let panel = canvas.panel(place, &axis, &amounts(most.1))?;
            columns(canvas, &panel, &rates, plain());
            let line = [(axis.low, mean), (axis.high, mean)];
            canvas.line(&panel, line.into_iter(), faint());
            Ok(())
        }),
    })
}

fn shown(zone: &str) -> String {
    match zone {
        "UTC" => "In UTC".to_owned(),
        zone if zone.contains(' ') => format!("In the {zone}"),
        zone => format!("On the clocks of {zone}"),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

pub(super) fn tokens(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "Requests that read or write at least";
    let [reads, writes] = &profile.tokens;
    let most = reads.max.max(writes.max);
    if most == 0 {
        return absent(
            "Sizes of requests",
            "the trace has no single requests with sizes",
        );
    }
    let told = |spread: &fairground_readers::canonical::profile::Spread, verb: &str| {
        format!(
            "{verb} {} at the median and {} at the 99th percentile",
            units::number(spread.quantile(500) as usize),
            units::number(spread.quantile(990) as usize),
        )
    };
    let caption = format!(
        "Requests {}, and {}, in tokens or bytes of the source.",
        told(reads, "read"),
        told(writes, "write")
    );
    let both = [(reads, "read", 0), (writes, "write", 1)];
    Ok(Picture {
        name: "requests",
        title: TITLE.to_owned(),
        below: "tokens or bytes".to_owned(),
        caption,
        keys: both
            .iter()
            .map(|(_, name, colour)| {
                Key::Line(stroke(palette::framework(*colour)), (*name).to_owned())
            })
            .collect(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let x = decades(1.0, most as f64, 7);
            let panel = canvas.panel(place, &x, &rare(reads.n.max(writes.n)))?;
            for (spread, _, colour) in both {
                survival(
                    canvas,
                    &panel,
                    spread,
                    1.0,
                    stroke(palette::framework(colour)),
                );
            }
            Ok(())
        }),
    })
}
