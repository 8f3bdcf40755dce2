//! All or nothing: offers are held until a whole stage fits on them.

use super::{Desk, Entry, Scheduler};
use crate::message::JobId;
use crate::name::Param;
use crate::time::{Span, Time};

/// Serves jobs in order of submission; a stage starts when all its waiting tasks can.
#[derive(Debug)]
pub struct Gang {
    hold: Span,
}

impl Scheduler for Gang {
    fn place(&mut self, now: Time, desk: &mut Desk<'_>) {
        while let Some(job) = desk.queue().first_ready() {
            let Some((stage, waiting)) = desk.queue().ready_stages(job).next() else {
                break;
            };
            // After a loss, the rest of a gang is being ended: it starts again when all of it waits.
            let ending = desk.queue().running(job, stage) > 0;
            if ending || !start_together(desk, job, stage, waiting) {
                self.hold_useful(now, desk, job, stage);
                return;
            }
        }
        for position in 0..desk.len() {
            desk.release(position);
        }
    }
}

impl Gang {
    /// Holds what the next stage could use until one common moment. All that is let go together is
    /// refused for one length of time, so that it comes back together: were each offer held for a
    /// time of its own, a stage that needs the whole cluster would never see all of it.
    fn hold_useful(&self, now: Time, desk: &mut Desk<'_>, job: JobId, stage: u32) {
        let Some(framework) = desk.framework() else {
            return;
        };
        // Two frameworks that hold half a cluster each and let go in step would swap halves for
        // ever: each is patient for a time of its own.
        let patience = self.hold.scaled(8 + u64::from(framework.0 % 8), 8);
        let until = desk.held_until().unwrap_or(now + patience);
        let needs = desk.queue().spec(job).stages[stage as usize].needs;
        for position in 0..desk.len() {
            let useful = needs.fits_in(desk.left(position));
            if useful && now < until {
                desk.hold(position, until);
            } else {
                desk.release(position);
                if useful {
                    desk.refuse(position, patience.scaled(1, 2));
                }
            }
        }
    }
}

/// Places all waiting tasks of a stage, or none.
fn start_together(desk: &mut Desk<'_>, job: JobId, stage: u32, waiting: u32) -> bool {
    let needs = desk.queue().spec(job).stages[stage as usize].needs;
    let room = |position| needs.times_in(desk.left(position)).unwrap_or(u64::MAX);
    let rooms = (0..desk.len()).map(room).fold(0, u64::saturating_add);
    if rooms < u64::from(waiting) {
        return false;
    }
    let mut left = waiting;
    for position in 0..desk.len() {
        while left > 0 && desk.launch_stage(position, job, stage) {
            left -= 1;
        }
    }
    true
}

pub(super) const ENTRY: Entry = Entry {
    name: "gang",
    about: "all tasks of a stage start together or not at all; offers are held until they can",
    params: &[Param {
        key: "hold",
        about: "how long offers are held together, up to twice that (default 30s)",
    }],
    make: |name| {
        let hold = name.take_as("hold", "a length of time, as in 30s")?;
        let hold = match hold {
            // Offers come one by one: without patience no two are ever in hand.
            Some(Span::ZERO) => return Err(name.bad("hold", "0s", "more than no time")),
            hold => hold.unwrap_or(Span::from_secs(30)),
        };
        Ok(Box::new(Gang { hold }))
    },
};
