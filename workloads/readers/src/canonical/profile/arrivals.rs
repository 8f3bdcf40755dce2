//! When jobs or requests arrive: gaps, busiest windows, the hours of a day and the days of a week.

use super::spread::Spread;
use crate::error::ReadError;
use crate::sorted::Sorted;

/// An hour, in microseconds.
const HOUR: u64 = 3_600_000_000;
/// The windows in which arrivals are counted: a minute, an hour, a day.
const WINDOWS: [u64; 3] = [60_000_000, HOUR, 24 * HOUR];
/// Of a longer time nobody wants to know the hours: a century.
const LONGEST: u64 = 100 * 366 * 24 * HOUR;

/// So many at the first microsecond, and so large a part of all, did not arrive then: they were there before.
const STANDING: (u64, u64) = (10, 10);

/// When something comes, and how many.
pub(super) type Coming = (u64, u64);

/// None yet.
pub(super) const fn none() -> Sorted<Coming> {
    Sorted::by(|(time, _)| (*time, 0))
}

/// What clocks show at a time of the trace: the day of the week from Monday on, and the hour.
pub type Local<'a> = &'a dyn Fn(u64) -> Option<(usize, usize)>;

/// Arrivals in an hour of the week, and how many such hours were seen.
pub type HourOfWeek = (u64, u64);

/// When things arrive.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct ArrivalTimes {
    /// How many there are.
    pub n: u64,
    /// How many more are there when the trace begins: a tenth of all or more that have one time, the first,
    /// are no arrivals.
    pub standing: u64,
    /// The first and the last, in microseconds.
    pub span: (u64, u64),
    /// How long after each comes the next, in microseconds.
    pub gaps: Spread,
    /// How many come at the same microsecond as the one before.
    pub together: u64,
    /// How they crowd in windows of a minute, an hour and a day, where at least two of these are over.
    pub windows: Vec<Window>,
    /// Each hour of each day of the week, from Monday on.
    pub week: Option<Box<[[HourOfWeek; 24]; 7]>>,
}

/// How arrivals crowd in windows of one length.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Window {
    /// How long it is, in microseconds.
    pub length: u64,
    /// Arrivals in the busiest.
    pub most: u64,
    /// Arrivals in one, on average.
    pub mean: f64,
    /// The variance of arrivals in one over their mean: 1 for a Poisson process.
    pub dispersion: f64,
}

/// A window being counted.
struct WindowCount {
    length: u64,
    at: u64,
    here: u64,
    most: u64,
    squares: u128,
}

impl WindowCount {
    fn add(&mut self, time: u64, count: u64) {
        let at = time / self.length;
        if at != self.at {
            self.end();
            self.at = at;
        }
        self.here = self.here.saturating_add(count);
    }

    fn end(&mut self) {
        self.most = self.most.max(self.here);
        let square = u128::from(self.here) * u128::from(self.here);
        self.squares = self.squares.saturating_add(square);
        self.here = 0;
    }

    /// What is told of windows that are over; the one that the last arrival is in is not whole.
    fn window(self, n: u64, span: u64) -> Option<Window> {
        let whole = span / self.length;
        let mean = (n - self.here) as f64 / whole.max(1) as f64;
        let variance = self.squares as f64 / whole.max(1) as f64 - mean * mean;
        (whole > 1 && mean > 0.0).then_some(Window {
            length: self.length,
            most: self.most,
            mean,
            dispersion: variance / mean,
        })
    }
}

impl ArrivalTimes {
    /// The times that were put aside, in any order, each with how many come then. Of what is counted in steps
    /// the longest is told: there are no gaps, and windows that are shorter tell nothing.
    pub(super) fn of(
        mut times: Sorted<Coming>,
        step: Option<u64>,
        local: Option<Local<'_>>,
    ) -> Result<Self, ReadError> {
        let mut all = Self::default();
        times.finish()?;
        let mut windows = WINDOWS.map(|length| WindowCount {
            length,
            at: 0,
            here: 0,
            most: 0,
            squares: 0,
        });
        let mut week = Box::new([[(0_u64, 0_u64); 24]; 7]);
        let mut known = local.is_some();
        if step.is_none() {
            all.standing = standing(&times)?;
        }
        for row in times.rows().skip(all.standing as usize) {
            let (time, count) = row?;
            if all.n == 0 {
                all.span = (time, time);
            } else if step.is_none() {
                let gap = time - all.span.1;
                all.gaps.add(gap.into(), 1);
                all.together += u64::from(gap == 0);
            }
            all.n = all.n.saturating_add(count);
            all.span.1 = time;
            for window in &mut windows {
                window.add(time - all.span.0, count);
            }
            match local.and_then(|local| local(time)) {
                Some((day, hour)) => {
                    let here = &mut week[day % 7][hour % 24].0;
                    *here = here.saturating_add(count);
                }
                None => known = false,
            }
        }
        let span = all.span.1 - all.span.0;
        let counted = windows.into_iter();
        all.windows = counted
            .filter(|counting| counting.length >= step.unwrap_or(0))
            .filter_map(|counting| counting.window(all.n, span))
            .collect();
        if let Some(local) = local.filter(|_| known && (HOUR..LONGEST).contains(&span)) {
            // Every hour counts once for each time that it was there.
            for hour in 0..=span / HOUR {
                if let Some((day, hour)) = local(all.span.0 + hour * HOUR) {
                    week[day % 7][hour % 24].1 += 1;
                }
            }
            all.week = Some(week);
        }
        Ok(all)
    }

    /// The rates in each hour of the day, in arrivals an hour; nothing for hours that were not seen. Not told
    /// of less than a day.
    pub fn hours(&self) -> Option<Vec<Option<f64>>> {
        let week = self.week.as_ref().filter(|_| self.lasts(24))?;
        let rate = |hour: usize| rate(week.iter().map(|day| day[hour]), 1.0);
        Some((0..24).map(rate).collect())
    }

    /// The rates on each day of the week from Monday on, in arrivals a day. Not told of less than a week.
    pub fn days(&self) -> Option<Vec<Option<f64>>> {
        let week = self.week.as_ref().filter(|_| self.lasts(7 * 24))?;
        let rate = |day: &[(u64, u64); 24]| rate(day.iter().copied(), 24.0);
        Some(week.iter().map(rate).collect())
    }

    fn lasts(&self, hours: u64) -> bool {
        self.span.1 - self.span.0 >= hours * HOUR
    }
}

/// How many are there when the trace begins.
fn standing(times: &Sorted<Coming>) -> Result<u64, ReadError> {
    let (mut first, mut at_first, mut all) = (None, 0_u64, 0_u64);
    for time in times.rows() {
        let (time, _) = time?;
        all += 1;
        at_first += u64::from(*first.get_or_insert(time) == time);
    }
    let (least, part) = STANDING;
    Ok(if at_first >= least.max(all / part) {
        at_first
    } else {
        0
    })
}

/// Arrivals over the hours in which they came, so many hours of it at a time.
fn rate(cells: impl Iterator<Item = (u64, u64)>, hours: f64) -> Option<f64> {
    let (arrivals, seen) = cells.fold((0, 0), |(a, s), (arrivals, seen)| (a + arrivals, s + seen));
    (seen > 0).then(|| arrivals as f64 / seen as f64 * hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(seconds: impl IntoIterator<Item = u64>, local: Option<Local<'_>>) -> ArrivalTimes {
        let mut times = none();
        for second in seconds {
            times.push((second * 1_000_000, 1), 1).unwrap();
        }
        ArrivalTimes::of(times, None, local).unwrap()
    }

    #[test]
    fn gaps_are_between_neighbours_in_time() {
        let all = arrivals([30, 0, 10, 10], None);
        assert_eq!((all.n, all.span), (4, (0, 30_000_000)));
        assert_eq!((all.gaps.n, all.gaps.max, all.together), (3, 20_000_000, 1));
        assert_eq!(all.windows, []);
        assert_eq!(arrivals([], None).n, 0);
        // Ten of a hundred at the first second are there before, nine are not, and nobody is left of a batch.
        let crowd = |first: usize| {
            arrivals(
                (0..100 - first as u64).map(|n| n + 1).chain(vec![0; first]),
                None,
            )
        };
        assert_eq!((crowd(10).standing, crowd(10).n), (10, 90));
        assert_eq!((crowd(9).standing, crowd(9).n), (0, 100));
        assert_eq!((crowd(100).standing, crowd(100).n), (100, 0));
        assert_eq!(arrivals([5], None).gaps.n, 0);
    }

    /// One arrival a minute is as even as can be; sixty in one minute of an hour are not.
    #[test]
    fn windows_tell_how_arrivals_crowd() {
        let even = arrivals((0..120).map(|minute| minute * 60), None);
        let minute = even.windows[0];
        assert_eq!((minute.most, minute.mean), (1, 1.0));
        assert!(minute.dispersion.abs() < 1e-9, "{minute:?}");
        let crowd = arrivals((0..60).chain([3599]), None);
        let minute = crowd.windows[0];
        assert_eq!(minute.most, 60);
        assert!((minute.mean - 60.0 / 59.0).abs() < 1e-9, "{minute:?}");
        assert!(minute.dispersion > 50.0, "{minute:?}");
        let lengths: Vec<u64> = crowd.windows.iter().map(|window| window.length).collect();
        assert_eq!(lengths, [60_000_000], "no second hour");
    }

    /// Two weeks from a Monday's midnight, an arrival at nine every day and a second one on Sundays.
    #[test]
    fn hours_and_days_are_those_of_clocks() {
        let local = |time: u64| {
            let hours = time / HOUR;
            Some((hours as usize / 24 % 7, hours as usize % 24))
        };
        let day = 24 * 3600;
        let nine = (0..14).map(|number| number * day + 9 * 3600);
        let sundays = [6, 13].map(|number| number * day + 9 * 3600);
        let ends = [0, 14 * day - 1];
        let all = arrivals(nine.chain(sundays).chain(ends), Some(&local));
        let hours = all.hours().unwrap();
        assert_eq!(hours[9], Some(16.0 / 14.0));
        assert_eq!(hours[8], Some(0.0));
        let days = all.days().unwrap();
        assert_eq!(days[1..6], [Some(1.0); 5]);
        assert_eq!(
            days[6],
            Some(2.5),
            "two at nine, and the last one ends on a Sunday"
        );
        assert_eq!(arrivals([0, 3 * day], Some(&local)).days(), None, "no week");
        assert_eq!(arrivals([0, 9 * day], None).days(), None, "no clock");
    }

    /// A hundred in every step of ten minutes, but for the last one.
    #[test]
    fn what_is_counted_in_steps_has_no_gaps() {
        let step = 600_000_000;
        let mut times = none();
        for number in 0..300 {
            times.push((number * step, 100), 1).unwrap();
        }
        let all = ArrivalTimes::of(times, Some(step), None).unwrap();
        assert_eq!((all.n, all.gaps.n, all.standing), (30_000, 0, 0));
        let told: Vec<_> = all
            .windows
            .iter()
            .map(|w| (w.length, w.most, w.mean))
            .collect();
        assert_eq!(told, [(HOUR, 600, 600.0), (24 * HOUR, 14_400, 14_400.0)]);
    }
}
