//! All or nothing: tasks that start together wait on the offers in hand until there is room for all.
//!
//! No policy but what several of them have in common, and longer than one: what is held, for whom and until when.

use super::{OfferView, TaskPlaces};
use crate::job::JobSpec;
use crate::message::{FrameworkId, JobId};
use crate::name::{BadName, Name, Param};
use crate::time::{Span, Time};

/// How long offers are held for those who wait for more of them.
pub(super) const HOLD: Param = Param {
    key: "hold",
    about: "how long offers are held for tasks that start together, up to twice that (default 30s)",
};

/// Jobs in order, those among them whose tasks start together all at once.
#[derive(Debug)]
pub(super) struct Together {
    hold: Span,
    /// The job and the stage that offers were held for last.
    waits: Option<(JobId, u32)>,
    /// Whether offers that it could use are refused until there is news.
    let_go: bool,
    /// Whether offers are held for it.
    holds: bool,
    /// How often in a row offers were held for nothing while others let go of some, too.
    rivalry: u32,
    /// How often in a row they were while nothing else came.
    alone: u32,
    /// Whether something came, since offers were let go last, that was not those coming back.
    heard: bool,
    /// Until then, offers are held for a glance only, and nothing is asked for.
    quiet: Time,
    /// When what was let go last comes back by itself.
    back: Time,
}

/// The time of quiet doubles so often at most: it is waited for by who may be the only one left.
const QUIET_DOUBLINGS: u32 = 4;
/// Who is quiet looks for this part of the time that offers are held, so that all of them can come,
const GLANCES: u64 = 16;
/// and not again for so many of its own times of holding.
const GLANCE_PAUSE: u64 = 4;
/// The time until what was let go comes back grows on, by a quarter or less each time: a cluster in which
/// nothing changes comes to rest, and what has waited for long waits little longer than it must.
const BACK_DOUBLINGS: u32 = 40;

/// How a scheduler serves its jobs.
pub(super) trait Manner {
    /// Whether the tasks of a job's stage start together.
    fn is_gang(&self, job: &JobSpec) -> bool;

    /// Whether those behind a job that waits for room may use what it cannot.
    fn lets_pass(&self) -> bool;

    /// Starts one task of a job whose tasks start one by one; whether it could.
    fn start_one(&self, now: Time, job: JobId, view: &mut OfferView<'_>) -> bool;
}

/// What came of a job's turn.
enum GangTurn {
    LaunchedTask,
    /// The tasks of a stage start together, and there is no room for them.
    Waits(JobId, u32),
    Over,
}

impl Together {
    /// With the parameter `hold` of a scheduler's name.
    pub(super) fn from_name(name: &mut Name) -> Result<Self, BadName> {
        let hold = match name.take_as("hold", "a length of time, as in 30s")? {
            // Offers come one by one: without patience no two are ever in hand.
            Some(Span::ZERO) => return Err(name.bad("hold", "0s", "more than no time")),
            hold => hold.unwrap_or(Span::from_secs(30)),
        };
        Ok(Self {
            hold,
            waits: None,
            let_go: false,
            holds: false,
            rivalry: 0,
            alone: 0,
            heard: false,
            quiet: Time::ZERO,
            back: Time::ZERO,
        })
    }

    /// Serves the jobs in order. The first whose tasks start together and find no room keeps what it
    /// could use, until one common moment: were each offer held for a time of its own, a stage that
    /// needs the whole cluster would never see all of it.
    pub(super) fn place(&mut self, now: Time, view: &mut OfferView<'_>, manner: &impl Manner) {
        let Some(framework) = view.framework() else {
            return;
        };
        let held = view.held_until();
        if self.holds && held.is_none() {
            // All that was held was taken back: somebody else is to have it.
            self.heard = true;
            self.back_off(now, framework);
        }
        let quiet = now < self.quiet;
        let until = held.unwrap_or_else(|| {
            now + if quiet {
                self.hold.scaled(1, GLANCES)
            } else {
                self.patience(framework)
            }
        });
        for position in 0..view.len() {
            view.release(position);
        }
        let mut waits = None;
        loop {
            match next_turn(now, view, manner, waits) {
                GangTurn::LaunchedTask => (self.rivalry, self.alone) = (0, 0),
                GangTurn::Waits(job, stage) => {
                    waits = Some((job, stage));
                    if now < until {
                        keep(view, job, stage, until);
                    }
                    if !manner.lets_pass() {
                        break;
                    }
                }
                GangTurn::Over => break,
            }
        }
        self.holds = (0..view.len()).any(|position| view.is_held(position));
        if quiet {
            self.stay_quiet((now, until <= now), framework, view, waits);
        } else {
            self.settle((now, until <= now), framework, view, waits);
        }
    }

    /// Two frameworks that hold half a cluster each and let go in step would swap halves for ever: each
    /// is patient for a time of its own.
    fn patience(&self, framework: FrameworkId) -> Span {
        self.hold.scaled(8 + u64::from(framework.0 % 8), 8)
    }

    /// When who is quiet looks again whether all is free.
    fn next_glance(&self, now: Time, framework: FrameworkId) -> Time {
        let pause = self.patience(framework).scaled(GLANCE_PAUSE, 1);
        self.quiet.min(now + pause)
    }

    /// Three who hold a third each would let go, ask and be dealt the same again, for ever: nobody is
    /// ever offered all of it while the others ask, too. So whoever held in vain twice or more, and not
    /// alone, keeps quiet for ever longer, until one of them is alone for long enough (as on a shared
    /// wire: Metcalfe and Boggs, Communications of the ACM 19(7), 1976). How long depends on who it is
    /// and how often it held in vain, so that no two stay in step; no draw is needed for that.
    fn back_off(&mut self, now: Time, framework: FrameworkId) {
        if std::mem::take(&mut self.heard) {
            (self.rivalry, self.alone) = (self.rivalry.saturating_add(1), 0);
        } else {
            (self.rivalry, self.alone) = (0, self.alone.saturating_add(1));
        }
        self.quiet = now;
        if self.rivalry > 1 {
            let doublings = (self.rivalry - 2).min(QUIET_DOUBLINGS);
            let who = framework.0.wrapping_mul(0x9E37_79B1);
            let mixed = (who ^ self.rivalry.wrapping_mul(0x85EB_CA77)) >> 16;
            let most = self.hold.scaled(2 << doublings, 1);
            self.quiet = now + most.scaled(64 + u64::from(mixed % 64), 128);
        }
        self.back = if self.quiet > now {
            self.next_glance(now, framework)
        } else {
            let (doublings, quarters) = ((self.alone / 4).min(BACK_DOUBLINGS), self.alone % 4);
            let back = self.hold.scaled(2 << doublings, 1);
            now + back.scaled(u64::from(4 + quarters), 4)
        };
    }

    /// Nothing is held but for a moment, from time to time: if all that is of use comes in it, nobody else
    /// holds any, and the tasks start. Who is quiet would not hear of that otherwise.
    fn stay_quiet(
        &mut self,
        (now, time_is_up): (Time, bool),
        framework: FrameworkId,
        view: &mut OfferView<'_>,
        waits: Option<(JobId, u32)>,
    ) {
        self.waits = waits;
        let Some((job, stage)) = waits else { return };
        let useful = useful(view, job, stage);
        if useful.is_empty() {
            return;
        }
        // What comes before its time was let go by somebody else.
        self.heard |= now < self.back;
        if !time_is_up {
            return;
        }
        // All of it is to come back at one moment, whenever it was let go.
        if now >= self.back {
            self.back = self.next_glance(now, framework);
        }
        for position in useful {
            view.refuse(position, self.back.since(now));
        }
    }

    /// When the moment has come, everybody may have what was kept. It comes back after a while, or as
    /// soon as there is something new for the job that waits: then all of it is asked for. So nothing
    /// idles that it needs, and nothing goes round that is not enough.
    fn settle(
        &mut self,
        (now, time_is_up): (Time, bool),
        framework: FrameworkId,
        view: &mut OfferView<'_>,
        waits: Option<(JobId, u32)>,
    ) {
        let before = std::mem::replace(&mut self.waits, waits);
        let had_let_go = std::mem::replace(&mut self.let_go, false);
        let Some((job, stage)) = waits else { return };
        let useful = useful(view, job, stage);
        let some = !useful.is_empty();
        if some && time_is_up {
            self.back_off(now, framework);
        } else if some && had_let_go && now < self.back {
            self.heard = true;
        }
        for position in useful {
            if view.is_used(position) {
                // What is left cannot be held: it comes back as an offer of its own.
                view.refuse(position, Span::ZERO);
            } else if time_is_up {
                view.refuse(position, self.back.since(now));
            }
        }
        let another = before.is_some_and(|before| Some(before) != waits);
        if another || (some && had_let_go && !time_is_up) {
            view.ask_again();
        } else {
            self.let_go = had_let_go || (some && time_is_up);
        }
    }
}

/// Starts what comes first of that which can start; `waits` is the one that offers are kept for.
fn next_turn(
    now: Time,
    view: &mut OfferView<'_>,
    manner: &impl Manner,
    waits: Option<(JobId, u32)>,
) -> GangTurn {
    let served = if manner.lets_pass() { usize::MAX } else { 1 };
    let jobs: Vec<JobId> = view.queue().ready().take(served).collect();
    for job in jobs {
        if let Some((first, _)) = waits {
            let room = |position| !view.is_held(position) && view.may_fit(position);
            if !(0..view.len()).any(room) {
                break;
            }
            if first == job {
                continue;
            }
        }
        if !manner.is_gang(view.queue().spec(job)) {
            if manner.start_one(now, job, view) {
                return GangTurn::LaunchedTask;
            }
            continue;
        }
        let Some((stage, waiting)) = view.queue().ready_stages(job).next() else {
            continue;
        };
        // After a loss, the rest of a gang is being ended: it starts again when all of it waits.
        let ending = view.queue().running(job, stage) > 0;
        if !ending && start_all(view, job, stage, waiting) {
            return GangTurn::LaunchedTask;
        }
        if waits.is_none() {
            return GangTurn::Waits(job, stage);
        }
    }
    GangTurn::Over
}

/// Offers with room for a task of the stage.
fn useful(view: &OfferView<'_>, job: JobId, stage: u32) -> Vec<usize> {
    let needs = view.queue().spec(job).stages[stage as usize].needs;
    let fits = |position: &usize| needs.fits_in(view.room(*position, job, stage));
    (0..view.len()).filter(fits).collect()
}

fn keep(view: &mut OfferView<'_>, job: JobId, stage: u32, until: Time) {
    for position in useful(view, job, stage) {
        view.hold(position, until);
    }
}

/// Places all waiting tasks of a stage on offers that are not kept, or none.
fn start_all(view: &mut OfferView<'_>, job: JobId, stage: u32, waiting: u32) -> bool {
    let needs = view.queue().spec(job).stages[stage as usize].needs;
    let open: Vec<usize> = (0..view.len()).filter(|at| !view.is_held(*at)).collect();
    let room = |position: &usize| {
        let room = view.room(*position, job, stage);
        needs.times_in(room).unwrap_or(u64::MAX)
    };
    let rooms = open.iter().map(room).fold(0, u64::saturating_add);
    if rooms < u64::from(waiting) {
        return false;
    }
    let mut left = u64::from(waiting);
    let places = open.iter().map(|position| {
        let here = room(position).min(left);
        left -= here;
        (*position, here)
    });
    let places: TaskPlaces = places.filter(|(_, here)| *here > 0).collect();
    view.launch_whole(job, stage, &places);
    true
}
