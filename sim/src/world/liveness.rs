//! Whether the cluster will move again: what is still to come, and when something happened last.

use fairground_policies::time::{Span, Time};

/// A cluster in which nothing runs, starts or ends for so long, and where nothing is to arrive or
/// to return, will not move again: longer than any filter, wait or hold of a sensible recipe.
const STALL: Span = Span::from_secs(4 * 3600);

/// What is still to come.
#[derive(Default, Debug)]
pub(super) struct Liveness {
    /// Loads, frameworks whose jobs still arrive, and jobs that are not over.
    pub(super) open: u64,
    /// Failures and returns of agents still to come.
    pub(super) faults: usize,
    /// Ends of tasks and of work in executors still to come: without any, what runs waits for ever.
    pub(super) due: u64,
    /// Jobs whose users think before they submit them.
    pub(super) thinking: u64,
    /// When something last changed that could let the cluster go on.
    moved: Time,
    stalled: bool,
}

impl Liveness {
    /// Something changed that could let the cluster go on.
    pub(super) const fn moves(&mut self, now: Time) {
        self.moved = now;
    }

    /// Nothing will ever happen again: the cluster stands still if anything is left to do.
    pub(super) const fn ends(&mut self) {
        self.stalled = self.open > 0;
    }

    /// Whether the run ended with work left that would never be done.
    pub(super) const fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// Whether something that runs will end by itself.
    pub(super) const fn is_at_work(&self, running: u64) -> bool {
        running > 0 && self.due > 0
    }

    /// Whether no more will ever be done, though work is left: nobody is to submit anything either, if `no_more_jobs`.
    pub(super) fn stalls(&mut self, now: Time, no_more_jobs: impl FnOnce() -> bool) -> bool {
        self.stalled = self.open > 0
            && now.since(self.moved) > STALL
            && self.faults == 0
            && self.thinking == 0
            && no_more_jobs();
        self.stalled
    }

    /// Whether all work is done: of what is to happen, `pending` things in all, only failures and `looks` are left.
    pub(super) const fn is_done(&self, running: u64, pending: usize, looks: usize) -> bool {
        running == 0 && self.open == 0 && pending == self.faults + looks
    }
}
