//! What is replayed of traces: from when on, for how long, and how many jobs that is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::time::{Span, Time};
use fairground_readers::canonical::tables::Load;
use fairground_readers::models::trace::arrivals;
use fairground_workloads::ReadError;
use fairground_workloads::models::trace::TraceSpec;
use fairground_workloads::recipe::LONGEST;

use super::Work;

/// What is replayed of a trace: all that arrives in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) from: Span,
    /// How long it takes, after times between arrivals were multiplied: in whole minutes, unless it is said.
    pub(super) duration: Span,
    /// How much of the trace it is, and how long arrivals come then: no longer than there are any.
    pub(super) length: Span,
    pub(super) arrivals: Span,
    /// By how many thousandths they are.
    interarrival: u32,
    /// Jobs that arrive in it.
    pub(super) jobs: u64,
    /// Whether it is all of the trace.
    pub(super) whole: bool,
}

const A_SECOND: u64 = 1_000_000;
const A_DAY: Span = Span::from_secs(86_400);
/// A longer trace is cut when nobody says how long it shall be.
const A_WEEK: Span = Span::from_secs(7 * 86_400);
/// A shorter one is hardly worth a cluster.
const LEAST: Span = Span::from_secs(600);
/// What arrives with the end comes too late, so that the last arrival is a moment before it.
const A_MOMENT: Span = Span::from_micros(1);

/// When everything arrives.
#[derive(Default)]
struct Arrivals {
    days: BTreeMap<u64, u64>,
    /// The end of the last one.
    end: Time,
}

impl Arrivals {
    fn of(work: &[Work]) -> Result<Self, ReadError> {
        let mut all = Self::default();
        for one in work {
            for job in arrivals(&one.trace, TraceSpec::default().every)? {
                let (_, at) = job?;
                all.add(at, A_MOMENT, 1);
            }
            let origin = one.trace.manifest.units.origin;
            for row in one.trace.rows::<Load>()? {
                let row = row?;
                let at = Time::from_micros(row.start.saturating_sub(origin));
                let length = Span::from_micros(row.length).max(A_MOMENT);
                all.add(at, length, row.requests);
            }
        }
        Ok(all)
    }

    fn add(&mut self, at: Time, length: Span, count: u64) {
        let day = at.as_micros() / A_DAY.as_micros();
        *self.days.entry(day).or_default() += count;
        let end = at.as_micros().saturating_add(length.as_micros());
        self.end = self.end.max(Time::from_micros(end));
    }

    /// When the week with the most arrivals begins; the first of several.
    fn busiest_week(&self) -> Span {
        let week = |day: u64| {
            let week = self.days.range(day..day + 7);
            week.map(|(_, count)| *count).sum::<u64>()
        };
        let last = (self.end.as_micros() / A_DAY.as_micros()).saturating_sub(6);
        // A week with arrivals begins with one, or with the last whole one.
        let first_days = self.days.keys().copied().filter(|day| *day <= last);
        let busiest = first_days
            .chain([0, last])
            .max_by_key(|day| (week(*day), Reverse(*day)));
        A_DAY.scaled(busiest.unwrap_or(0), 1)
    }
}

/// All until the last arrival, in whole minutes; of more than a week the week with the most arrivals,
/// unless it is said what.
pub(super) fn part(
    work: &[Work],
    from: Option<Span>,
    duration: Option<Span>,
    interarrival: u32,
) -> Result<Part, ReadError> {
    let all = Arrivals::of(work)?;
    let length = all.end.since(Time::ZERO);
    let cut = from.is_none() && duration.is_none() && length > A_WEEK;
    let from = match from {
        Some(from) => from,
        None if cut => all.busiest_week(),
        None => Span::ZERO,
    };
    let rest = all.end.since(Time::ZERO + from);
    if rest.is_zero() {
        // The end is the moment after the last arrival. It is told as people write it, in whole seconds.
        let last = length.as_micros() - 1;
        let last = Span::from_micros(last - if last < A_SECOND { 0 } else { last % A_SECOND });
        let error = ReadError::expected(format!("at most {last}"), from);
        return Err(error.place("--from"));
    }
    let until = |end: Span| {
        let last = Span::from_micros(end.as_micros() - A_MOMENT.as_micros());
        last.scaled(interarrival.into(), 1000) + A_MOMENT
    };
    let minutes = until(rest.min(A_WEEK)).as_micros().div_ceil(60 * A_SECOND);
    let asked = duration;
    let duration = asked.unwrap_or(Span::from_secs(minutes * 60).max(LEAST));
    check(asked, duration, interarrival)?;
    let all = duration >= until(rest);
    let mut part = Part {
        from,
        duration,
        length: if all {
            rest
        } else {
            duration.scaled(1000, interarrival.into()).min(rest)
        },
        arrivals: duration.min(until(rest)),
        interarrival,
        jobs: 0,
        whole: from.is_zero() && all,
    };
    for one in work {
        for job in arrivals(&one.trace, TraceSpec::default().every)? {
            part.jobs += u64::from(part.holds(job?.1));
        }
    }
    Ok(part)
}

/// Whether any job of a part names one before it that is in it, too.
pub(super) fn names_another(work: &[Work], part: &Part) -> Result<bool, ReadError> {
    for one in work {
        let (mut jobs, mut before) = (BTreeSet::new(), Vec::new());
        for job in arrivals(&one.trace, TraceSpec::default().every)? {
            let (job, at) = job?;
            if part.holds(at) {
                jobs.insert(job.name);
                before.extend(job.preceding);
            }
        }
        if before.iter().any(|name| jobs.contains(name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A part that lasts for no time, or longer than a recipe may.
fn check(asked: Option<Span>, duration: Span, interarrival: u32) -> Result<(), ReadError> {
    if !duration.is_zero() && duration <= LONGEST {
        return Ok(());
    }
    let error = if let Some(asked) = asked {
        let error = ReadError::expected("more than nothing and less than 20 years", asked);
        error.place("--duration")
    } else {
        let found = f64::from(interarrival) / 1000.0;
        let error =
            ReadError::expected("a factor that makes less than 20 years of the trace", found);
        error.place("--interarrival")
    };
    Err(error)
}

impl Part {
    /// When it comes, from the beginning of the part; `None` if that is before it.
    pub(super) fn arrival(&self, at: Time) -> Option<Span> {
        let from = Time::ZERO + self.from;
        (at >= from).then(|| at.since(from).scaled(self.interarrival.into(), 1000))
    }

    /// Whether something arrives in it.
    pub(super) fn holds(&self, at: Time) -> bool {
        self.arrival(at)
            .is_some_and(|arrival| arrival < self.duration)
    }
}
