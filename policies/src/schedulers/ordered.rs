//! Jobs in order, first fit, with patience for data: FIFO and fair sharing inside a framework, and
//! delay scheduling (Zaharia et al., `EuroSys` 2010, section 4) on top of either.

use super::{Desk, Entry, Scheduler};
use crate::frameworks::JobOrder;
use crate::message::JobId;
use crate::name::{BadName, Name, Param};
use crate::time::{Span, Time};

/// Serves jobs in order; a job whose data lies elsewhere lets an offer pass for up to `wait`.
#[derive(Debug)]
pub struct Ordered {
    order: JobOrder,
    wait: Span,
}

impl Scheduler for Ordered {
    fn order(&self) -> JobOrder {
        self.order
    }

    fn place(&mut self, now: Time, desk: &mut Desk<'_>) {
        for position in 0..desk.len() {
            while desk.may_fit(position) && self.launch_one(now, position, desk) {}
        }
    }
}

impl Ordered {
    /// Launches one task on the offer at `position`; whether there was one to launch.
    fn launch_one(&self, now: Time, position: usize, desk: &mut Desk<'_>) -> bool {
        if self.wait.is_zero() {
            let fits = |job: &JobId| desk.fits(position, *job);
            let first = desk.queue().ready().find(fits);
            return first.is_some_and(|job| {
                desk.launch(position, job, true) || desk.launch(position, job, false)
            });
        }
        let jobs: Vec<JobId> = desk.queue().ready().collect();
        for job in jobs {
            if desk.launch(position, job, true) {
                desk.end_wait(job);
                return true;
            }
            if !desk.fits(position, job) {
                continue;
            }
            let waited = now.since(desk.wait(job, now));
            if waited >= self.wait {
                return desk.launch(position, job, false);
            }
            let rest = self.wait.as_micros() - waited.as_micros();
            desk.refuse(position, Span::from_micros(rest));
        }
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
    Ok(Box::new(Ordered { order, wait }))
}

pub(super) const FIFO: Entry = Entry {
    name: "fifo",
    about: "jobs in order of submission, first fit; with `wait`, delay scheduling",
    params: &[WAIT],
    make: |name| make(JobOrder::Fifo, name),
};

pub(super) const FAIR: Entry = Entry {
    name: "fair",
    about: "the job with the fewest running tasks first, first fit; with `wait`, delay scheduling",
    params: &[WAIT],
    make: |name| make(JobOrder::Fair, name),
};
