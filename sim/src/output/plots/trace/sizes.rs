//! How large jobs are and how long they run, with the law that fits the tail.

use fairground_readers::canonical::profile::{KINDS, PARTS, Profile, Spread, Tail};

use super::scales::{decades, law, power_law, rare, stroke, survival};
use super::{Answer, HIGH, Picture, absent, kind_colour, plain};
use crate::output::plots::canvas::{Axis, Key};
use crate::output::plots::{axes, palette};
use crate::output::profiled::TraceView;
use crate::output::units;

/// The colour of tasks beside jobs, which is that of no kind.
fn tasks_colour() -> palette::Rgb {
    palette::framework(6)
}

/// What a tail is like, as a sentence.
fn told(tail: Option<&Tail>, from: impl Fn(u128) -> String) -> String {
    let Some(tail) = tail else {
        return "There are too few different ones to fit a tail.".to_owned();
    };
    if !fits(tail) {
        return format!(
            "No power law fits the tail: the nearest, of the index {} (Hill), is off by up to {}.",
            units::short(tail.index),
            units::percent(tail.distance),
        );
    }
    let weight = match tail.index {
        index if index < 1.0 => "so heavy that not even a mean exists",
        index if index < 2.0 => "heavy: the variance is infinite",
        _ => "not heavy: the variance exists",
    };
    format!(
        "From {} on ({} of all) the tail is like a power law of the index {} ± {} (Hill), off by at most {}: \
         {weight}.",
        from(tail.from),
        units::percent(tail.part),
        units::short(tail.index),
        units::short(tail.error),
        units::percent(tail.distance),
    )
}

/// Whether a law is near enough to be drawn and concluded from.
fn fits(tail: &Tail) -> bool {
    tail.distance < 0.1
}

/// Keys of a curve with its law.
fn keys(name: &str, colour: palette::Rgb, tail: Option<&Tail>) -> Vec<Key> {
    let mut keys = vec![Key::Line(stroke(colour), name.to_owned())];
    keys.extend(
        tail.filter(|tail| fits(tail))
            .map(|_| Key::Line(law(), "power law".to_owned())),
    );
    keys
}

pub(super) fn runs(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "Run times at least as long";
    let (jobs, largest) = &profile.sizes.longest;
    let tasks = &profile.run;
    if tasks.max == 0 {
        return absent(TITLE, "no task says how long it runs");
    }
    let tail = largest.tail();
    let caption = format!(
        "The median task runs for {}, the 99th percentile for {}, the longest for {}. Jobs count by their longest task. {}",
        units::duration(tasks.quantile(500) as f64),
        units::duration(tasks.quantile(990) as f64),
        units::duration(tasks.max as f64),
        told(tail.as_ref(), |from| units::duration(from as f64)),
    );
    let mut keys = keys("jobs, their longest task", plain(), tail.as_ref());
    keys.insert(0, Key::Line(stroke(tasks_colour()), "tasks".to_owned()));
    Ok(Picture {
        name: "run-times",
        title: TITLE.to_owned(),
        below: "run time".to_owned(),
        caption,
        keys,
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let least = tasks.steps().find(|(run, _)| *run > 0);
            let least = (least.map_or(1.0, |(run, _)| run as f64) / 1e6).max(1e-6);
            let x = axes::log_time(least, tasks.max as f64 / 1e6, 6);
            let panel = canvas.panel(place, &x, &rare(tasks.n))?;
            survival(canvas, &panel, tasks, 1e6, stroke(tasks_colour()));
            if jobs.n > 0 {
                survival(canvas, &panel, jobs, 1e6, stroke(plain()));
            }
            if let Some(tail) = tail.as_ref().filter(|tail| fits(tail)) {
                power_law(canvas, &panel, tail, jobs.max, 1e6);
            }
            Ok(())
        }),
    })
}

pub(super) fn widths(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "Jobs of at least as many tasks";
    let (spread, largest) = &profile.sizes.width;
    if spread.max <= 1 {
        return absent(TITLE, "no job has more than one task that ran");
    }
    let tail = largest.tail();
    let caption = format!(
        "The median job has {}, the 99th percentile {}, the largest {}. {}",
        units::count(spread.quantile(500) as usize, "task", "tasks"),
        units::number(spread.quantile(990) as usize),
        units::number(spread.max as usize),
        told(tail.as_ref(), |from| units::count(
            from as usize,
            "task",
            "tasks"
        )),
    );
    Ok(Picture {
        name: "sizes",
        title: TITLE.to_owned(),
        below: "tasks of a job".to_owned(),
        caption,
        keys: keys("jobs", plain(), tail.as_ref()),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let x = decades(1.0, spread.max as f64, 7);
            let panel = canvas.panel(place, &x, &rare(spread.n))?;
            survival(canvas, &panel, spread, 1.0, stroke(plain()));
            if let Some(tail) = tail.as_ref().filter(|tail| fits(tail)) {
                power_law(canvas, &panel, tail, spread.max, 1.0);
            }
            Ok(())
        }),
    })
}

pub(super) fn work<'a>(view: &TraceView<'a>) -> Answer<'a> {
    const TITLE: &str = "Jobs of at least as much work";
    let profile = view.profile;
    let kind = profile.main_kind();
    let (spread, largest) = &profile.sizes.work[kind];
    if spread.sum == 0 {
        return absent(TITLE, "run times or demands are missing");
    }
    let (whole, name) = view.unit(kind);
    let unit = whole * 3600e6;
    let hours =
        move |work: u128| format!("{} {name} x hours", super::scales::size(work as f64 / unit));
    let tail = largest.tail();
    let caption = format!(
        "The median job takes {}, the 99th percentile {}. {}",
        hours(spread.quantile(500)),
        hours(spread.quantile(990)),
        told(tail.as_ref(), hours),
    );
    Ok(Picture {
        name: "work",
        title: TITLE.to_owned(),
        below: format!("{name} x hours"),
        caption,
        keys: keys("jobs", kind_colour(kind), tail.as_ref()),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
            let least = smallest(spread);
            let x = decades(least / unit, spread.max as f64 / unit, 6);
            let panel = canvas.panel(place, &x, &rare(spread.n))?;
            survival(canvas, &panel, spread, unit, stroke(kind_colour(kind)));
            if let Some(tail) = tail.as_ref().filter(|tail| fits(tail)) {
                power_law(canvas, &panel, tail, spread.max, unit);
            }
            Ok(())
        }),
    })
}

/// The smallest number that is more than nothing.
fn smallest(spread: &Spread) -> f64 {
    let least = spread.steps().find(|(value, _)| *value > 0);
    least.map_or(1.0, |(value, _)| value as f64)
}

pub(super) fn largest(profile: &Profile) -> Answer<'_> {
    const TITLE: &str = "Work of the largest jobs";
    let kind = profile.main_kind();
    let spread = &profile.sizes.work[kind].0;
    if spread.sum == 0 {
        return absent(TITLE, "run times or demands are missing");
    }
    let share = |part: f64| units::percent(spread.share_of_largest(part));
    let caption = format!(
        "The largest 1 % of jobs have {} of all work ({}), the largest 10 % {}.",
        share(0.01),
        KINDS[kind],
        share(0.1),
    );
    Ok(Picture {
        name: "largest",
        title: TITLE.to_owned(),
        below: "part of all jobs, the largest first".to_owned(),
        caption,
        keys: Vec::new(),
        high: HIGH,
        draw: Box::new(move |canvas, place| {
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
                (at, spread.share_of_largest(libm::pow(10.0, at)))
            });
            canvas.line(&panel, points, stroke(kind_colour(kind)));
            Ok(())
        }),
    })
}
