//! The numbers of arrivals: how they crowd, and when they come again.

use fairground_readers::canonical::profile::{ArrivalTimes, Profile, Window};

use super::{Facts, TraceFact};

pub(super) fn arrivals(profile: &Profile) -> Facts {
    let row = |name: &str, all: &ArrivalTimes| {
        let seconds = (all.span.1 - all.span.0) as f64 / 1e6;
        let window = |length: u64| {
            let of = move |window: &&Window| window.length == length * 1_000_000;
            all.windows.iter().find(of)
        };
        let peak = |length: u64| window(length).map(|window| window.most as f64 / window.mean);
        let hour = window(3600).map(|window| window.dispersion);
        let rate = (seconds > 0.0).then(|| all.n as f64 / seconds * 3600.0);
        vec![
            name.into(),
            all.n.into(),
            all.standing.into(),
            seconds.into(),
            rate.into(),
            all.gaps.variation().into(),
            Some(all.together).filter(|_| all.gaps.n > 0).into(),
            peak(60).into(),
            peak(3600).into(),
            peak(86_400).into(),
            hour.into(),
        ]
    };
    let all = [
        ("jobs", &profile.submits),
        ("single_requests", &profile.singles),
        ("requests", &profile.steps),
    ];
    let told = all.into_iter().filter(|(_, all)| all.n + all.standing > 0);
    let rows = told.map(|(name, all)| row(name, all)).collect();
    Facts {
        name: "arrivals",
        heads: &[
            "arrivals",
            "n",
            "there_before",
            "over_s",
            "an_hour",
            "gaps_cv",
            "at_once",
            "minute_peak",
            "hour_peak",
            "day_peak",
            "hour_dispersion",
        ],
        rows,
    }
}

/// Days of the week, from Monday on.
pub(in crate::output) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The busiest and the quietest of rates, by position.
pub(in crate::output) fn ends(rates: &[Option<f64>]) -> Option<((usize, f64), (usize, f64))> {
    let known = || {
        rates
            .iter()
            .enumerate()
            .filter_map(|(at, rate)| Some((at, (*rate)?)))
    };
    let most = known().reduce(|one, other| if other.1 > one.1 { other } else { one })?;
    let least = known().reduce(|one, other| if other.1 < one.1 { other } else { one })?;
    Some((most, least))
}

pub(super) fn cycles(profile: &Profile) -> Facts {
    let mut rows = Vec::new();
    let all = [
        ("jobs", &profile.submits),
        ("single_requests", &profile.singles),
        ("requests", &profile.steps),
    ];
    for (name, all) in all {
        let hours = all.hours().map(|hours| (hours, "of_the_day"));
        let days = all.days().map(|days| (days, "of_the_week"));
        for (rates, what) in hours.into_iter().chain(days) {
            let Some((most, least)) = ends(&rates) else {
                continue;
            };
            let called = |at: usize| match rates.len() {
                7 => DAYS[at].to_owned(),
                _ => format!("{at:02}:00"),
            };
            let seen: Vec<f64> = rates.iter().filter_map(|rate| *rate).collect();
            let mean = seen.iter().sum::<f64>() / seen.len() as f64;
            rows.push(vec![
                TraceFact::Word(format!("{name}_{what}")),
                TraceFact::Word(called(most.0)),
                most.1.into(),
                TraceFact::Word(called(least.0)),
                least.1.into(),
                (most.1 / mean).into(),
            ]);
        }
    }
    Facts {
        name: "cycles",
        heads: &[
            "cycle",
            "busiest",
            "arrivals",
            "quietest",
            "arrivals_then",
            "peak_to_mean",
        ],
        rows,
    }
}
