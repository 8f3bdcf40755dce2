//! Jobs in order, first fit, with patience for data: FIFO and fair sharing inside a framework, and
//! delay scheduling (Zaharia et al., `EuroSys` 2010, section 4) on top of either.
//!
//! Longer than other policies' files, because it is three that differ in the order, with what all of them say of copies.

use rand_chacha::ChaCha8Rng;

use super::together::{HOLD, Manner, Together};
use super::{OfferView, Scheduler, SchedulerEntry, Speculation};
use crate::evidence::{Evidence, Proven};
use crate::job::JobSpec;
use crate::job_queue::{JobOrder, JobTie};
use crate::message::JobId;
use crate::name::{BadName, Name, Param};
use crate::time::{Span, Time};

/// Serves jobs in order; a job whose data lies elsewhere lets an offer pass for up to `wait`. Jobs whose
/// tasks start together wait for room on offers that are held, and those behind them use what they
/// cannot.
#[derive(Debug)]
pub struct Ordered {
    passing: Passing,
    together: Together,
    speculation: Option<Speculation>,
}

#[derive(Clone, Copy, Debug)]
struct Passing {
    order: JobOrder,
    tie: JobTie,
    wait: Span,
}

impl Scheduler for Ordered {
    fn order(&self) -> JobOrder {
        self.passing.order
    }

    fn tie(&self) -> JobTie {
        self.passing.tie
    }

    fn heeds_spread(&self) -> bool {
        true
    }

    fn starts_in_order(&self) -> bool {
        self.passing.wait.is_zero()
    }

    fn heeds_asks(&self) -> bool {
        true
    }

    fn reads_estimates(&self) -> bool {
        matches!(self.passing.order, JobOrder::Least(_))
    }

    fn speculation(&self) -> Option<Speculation> {
        self.speculation
    }

    fn place(&mut self, now: Time, view: &mut OfferView<'_>) {
        if view.queue().has_gangs() {
            return self.together.place(now, view, &self.passing);
        }
        for position in 0..view.len() {
            view.release(position);
            while view.may_fit(position) && self.passing.launch_first(now, position, view) {}
        }
    }
}

impl Manner for Passing {
    fn is_gang(&self, job: &JobSpec) -> bool {
        job.gang
    }

    fn lets_pass(&self) -> bool {
        true
    }

    fn start_one(&self, now: Time, job: JobId, view: &mut OfferView<'_>) -> bool {
        (0..view.len()).any(|position| {
            let open = !view.is_held(position) && view.fits(position, job);
            open && self.launch(now, position, job, view)
        })
    }
}

impl Passing {
    /// Launches one task on the offer at `position`; whether there was one to launch.
    fn launch_first(&self, now: Time, position: usize, view: &mut OfferView<'_>) -> bool {
        if self.wait.is_zero() {
            let first = view.first_fitting(position);
            return first.is_some_and(|job| self.launch(now, position, job, view));
        }
        let jobs: Vec<JobId> = view.queue().ready().collect();
        let mut jobs = jobs.into_iter();
        jobs.any(|job| self.launch(now, position, job, view))
    }

    /// Launches one task of a job on the offer at `position`, unless it waits for its data.
    fn launch(&self, now: Time, position: usize, job: JobId, view: &mut OfferView<'_>) -> bool {
        if self.wait.is_zero() {
            return view.launch(position, job, true) || view.launch(position, job, false);
        }
        if view.launch(position, job, true) {
            view.end_wait(job);
            return true;
        }
        if !view.fits(position, job) {
            return false;
        }
        let waited = now.since(view.wait(job, now));
        if waited >= self.wait {
            return view.launch(position, job, false);
        }
        let rest = self.wait.as_micros() - waited.as_micros();
        view.refuse(position, Span::from_micros(rest));
        false
    }
}

const WAIT: Param = Param {
    key: "wait",
    about: "how long a job lets offers pass that do not hold its data (default 0s)",
};

const SPECULATE: Param = Param {
    key: "speculate",
    about: "a task that runs so many times as long as the median of its stage's tasks that are done has a \
            copy on another agent; the first to be done counts (Spark: 1.5, since its version 4 3; \
            default never)",
};

const QUANTILE: Param = Param {
    key: "quantile",
    about: "what part of a stage must be done before that (default 0.75 as Spark, since its version 4 0.9)",
};

fn speculation(name: &mut Name) -> Result<Option<Speculation>, BadName> {
    let mut part = |key: &str, least: u32, most: u32, expected: &str| {
        let Some(text) = name.take(key) else {
            return Ok(None);
        };
        let number = thousandths(&text).filter(|number| (least..=most).contains(number));
        number
            .map(Some)
            .ok_or_else(|| name.bad(key, &text, expected))
    };
    let expected =
        "how many times as long, from 1 to 1000 with at most three decimal places, as in 1.5";
    let multiplier = part("speculate", 1000, 1_000_000, expected)?;
    let expected = "a part between 0 and 1 with at most three decimal places, as in 0.75";
    let quantile = part("quantile", 0, 1000, expected)?;
    match (multiplier, quantile) {
        (None, Some(_)) => Err(BadName(format!(
            "`{}`: parameter `quantile` says when slow tasks are looked for, and without `speculate` nobody \
             looks; expected both, as in speculate=1.5,quantile=0.75",
            name.base()
        ))),
        (multiplier, quantile) => Ok(multiplier.map(|multiplier| Speculation {
            multiplier,
            quantile: quantile.unwrap_or(750),
        })),
    }
}

/// A decimal number of at most three places.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 3 {
        return None;
    }
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    whole
        .parse::<u32>()
        .ok()?
        .checked_mul(1000)?
        .checked_add(fraction)
}

fn make(
    order: JobOrder,
    name: &mut Name,
    rng: &mut ChaCha8Rng,
) -> Result<super::BoxedScheduler, BadName> {
    let wait = name
        .take_as("wait", "a length of time, as in 5s")?
        .unwrap_or(Span::ZERO);
    let tie = JobTie::from_name(name, rng)?;
    let passing = Passing { order, tie, wait };
    let together = Together::from_name(name)?;
    let speculation = speculation(name)?;
    Ok(Box::new(Ordered {
        passing,
        together,
        speculation,
    }))
}

pub(super) const FIFO: SchedulerEntry = SchedulerEntry {
    name: "fifo",
    about: "jobs in order of submission, first fit; with `wait`, delay scheduling",
    params: &[WAIT, HOLD, SPECULATE, QUANTILE, JobTie::TIE],
    evidence: Evidence {
        source: "Zaharia et al., Delay Scheduling, EuroSys 2010, section 4",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:3 mem:3
framework a fifo
job a tasks=6 cpus:1 mem:1 run=10s
job a at=1s tasks=4 cpus:1 mem:1 run=6s
job a at=2s tasks=2 cpus:1 mem:1 run=3s
",
    },
    make: |name, rng| make(JobOrder::Fifo, name, rng),
};

pub(super) const FAIR: SchedulerEntry = SchedulerEntry {
    name: "fair",
    about: "the job with the fewest running tasks first, first fit; with `wait`, delay scheduling",
    params: &[WAIT, HOLD, SPECULATE, QUANTILE, JobTie::TIE],
    evidence: Evidence {
        source: "Zaharia et al., Delay Scheduling, EuroSys 2010, section 4",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:3 mem:3
framework a fair
job a tasks=6 cpus:1 mem:1 run=10s
job a at=1s tasks=4 cpus:1 mem:1 run=6s
job a at=2s tasks=2 cpus:1 mem:1 run=3s
",
    },
    make: |name, rng| make(JobOrder::Fair, name, rng),
};

pub(super) const SJF: SchedulerEntry = SchedulerEntry {
    name: "sjf",
    about: "the job first that says it is done soonest (by `estimate`, those that say nothing last), first \
            fit; with `wait`, delay scheduling",
    params: &[WAIT, HOLD, SPECULATE, QUANTILE, JobTie::TIE],
    evidence: Evidence {
        source: "Conway, Maxwell and Miller, Theory of Scheduling, 1967",
        proven: Proven::Scripts,
        example: "\
agents 1 cpus:3 mem:3
framework a sjf
job a tasks=6 cpus:1 mem:1 run=10s
job a at=1s tasks=4 cpus:1 mem:1 run=6s
job a at=2s tasks=2 cpus:1 mem:1 run=3s
",
    },
    make: |name, rng| make(JobOrder::SHORTEST, name, rng),
};

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Result<Option<(u32, u32)>, &str>) {
        let mut name: Name = name.parse().expect("a name");
        let found = speculation(&mut name);
        let found = found.map(|rule| rule.map(|rule| (rule.multiplier, rule.quantile)));
        match expected {
            Ok(rule) => assert_eq!(found, Ok(rule), "{name}"),
            Err(said) => {
                let error = found.expect_err("a bad name").to_string();
                assert!(error.contains(said), "{error}");
            }
        }
    }

    #[test]
    fn copies_are_asked_for_by_name() {
        check("fair", Ok(None));
        check("fair[speculate=1.5]", Ok(Some((1500, 750))));
        check("fifo[speculate=3,quantile=0.9]", Ok(Some((3000, 900))));
        check(
            "fair[speculate=0.5]",
            Err("`speculate` is `0.5`; expected how many times"),
        );
        check(
            "fair[speculate=1.2345]",
            Err("at most three decimal places"),
        );
        check("fair[speculate=yes]", Err("as in 1.5"));
        check(
            "fair[speculate=2,quantile=1.1]",
            Err("a part between 0 and 1"),
        );
        check(
            "fair[quantile=0.9]",
            Err("expected both, as in speculate=1.5,quantile=0.75"),
        );
    }
}
