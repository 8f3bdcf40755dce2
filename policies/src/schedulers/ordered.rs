//! Jobs in order, first fit, with patience for data: FIFO and fair sharing inside a framework, and
//! delay scheduling (Zaharia et al., `EuroSys` 2010, section 4) on top of either.

use super::together::{HOLD, Manner, Together};
use super::{Desk, Entry, Scheduler};
use crate::frameworks::JobOrder;
use crate::job::JobSpec;
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
}

#[derive(Clone, Copy, Debug)]
struct Passing {
    order: JobOrder,
    wait: Span,
}

impl Scheduler for Ordered {
    fn order(&self) -> JobOrder {
        self.passing.order
    }

    fn place(&mut self, now: Time, desk: &mut Desk<'_>) {
        if desk.queue().has_gangs() {
            return self.together.place(now, desk, &self.passing);
        }
        for position in 0..desk.len() {
            desk.release(position);
            while desk.may_fit(position) && self.passing.launch_first(now, position, desk) {}
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

    fn start_one(&self, now: Time, job: JobId, desk: &mut Desk<'_>) -> bool {
        (0..desk.len()).any(|position| {
            let open = !desk.is_held(position) && desk.fits(position, job);
            open && self.launch(now, position, job, desk)
        })
    }
}

impl Passing {
    /// Launches one task on the offer at `position`; whether there was one to launch.
    fn launch_first(&self, now: Time, position: usize, desk: &mut Desk<'_>) -> bool {
        if self.wait.is_zero() {
            let fits = |job: &JobId| desk.fits(position, *job);
            let first = desk.queue().ready().find(fits);
            return first.is_some_and(|job| self.launch(now, position, job, desk));
        }
        let jobs: Vec<JobId> = desk.queue().ready().collect();
        let mut jobs = jobs.into_iter();
        jobs.any(|job| self.launch(now, position, job, desk))
    }

    /// Launches one task of a job on the offer at `position`, unless it waits for its data.
    fn launch(&self, now: Time, position: usize, job: JobId, desk: &mut Desk<'_>) -> bool {
        if self.wait.is_zero() {
            return desk.launch(position, job, true) || desk.launch(position, job, false);
        }
        if desk.launch(position, job, true) {
            desk.end_wait(job);
            return true;
        }
        if !desk.fits(position, job) {
            return false;
        }
        let waited = now.since(desk.wait(job, now));
        if waited >= self.wait {
            return desk.launch(position, job, false);
        }
        let rest = self.wait.as_micros() - waited.as_micros();
        desk.refuse(position, Span::from_micros(rest));
        false
    }
}

const WAIT: Param = Param {
    key: "wait",
    about: "how long a job lets offers pass that do not hold its data (default 0s)",
};

fn make(order: JobOrder, name: &mut Name) -> Result<super::BoxedScheduler, BadName> {
    let wait = name
        .take_as("wait", "a length of time, as in 5s")?
        .unwrap_or(Span::ZERO);
    let passing = Passing { order, wait };
    let together = Together::from_name(name)?;
    Ok(Box::new(Ordered { passing, together }))
}

pub(super) const FIFO: Entry = Entry {
    name: "fifo",
    about: "jobs in order of submission, first fit; with `wait`, delay scheduling",
    params: &[WAIT, HOLD],
    make: |name| make(JobOrder::Fifo, name),
};

pub(super) const FAIR: Entry = Entry {
    name: "fair",
    about: "the job with the fewest running tasks first, first fit; with `wait`, delay scheduling",
    params: &[WAIT, HOLD],
    make: |name| make(JobOrder::Fair, name),
};
