//! EASY as its authors tell it, in processors and seconds.

use std::collections::BTreeSet;

use super::Rigid;

/// When what happens at one instant counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Instant {
    /// All ends and submissions of an instant, and then who starts: what a master does that offers at the
    /// end of an instant.
    Together,
    /// One after the other, submissions first, then ends in the order in which jobs started, each followed by a
    /// look at who starts; processors whose job is to end now count as free already: what the simulator does
    /// whose numbers were published (pyss).
    OneByOne,
}

/// EASY as its authors tell it, in processors and seconds.
struct PlainEasy<'a> {
    jobs: &'a [Rigid],
    instant: Instant,
    now: u64,
    free: i64,
    /// By expected end; and by end, jobs in the order in which they started.
    expected: BTreeSet<(u64, usize)>,
    ends: BTreeSet<(u64, u32, usize)>,
    /// How many started.
    count: u32,
    queue: Vec<usize>,
    starts: Vec<u64>,
}

/// When each job starts on so many processors.
pub(super) fn plain(jobs: &[Rigid], processors: u64, instant: Instant) -> Vec<u64> {
    let mut easy = PlainEasy {
        jobs,
        instant,
        now: 0,
        free: processors.cast_signed(),
        expected: BTreeSet::new(),
        ends: BTreeSet::new(),
        count: 0,
        queue: Vec::new(),
        starts: vec![0; jobs.len()],
    };
    let mut submitted = 0;
    loop {
        let next = jobs.get(submitted).map(|job| job.submitted);
        let end = easy.ends.first().map(|(end, ..)| *end);
        let Some(now) = next.into_iter().chain(end).min() else {
            return easy.starts;
        };
        easy.now = now;
        while jobs.get(submitted).is_some_and(|job| job.submitted == now) {
            easy.queue.push(submitted);
            if instant == Instant::OneByOne && easy.usable() >= easy.width(submitted) {
                easy.decide();
            }
            submitted += 1;
        }
        while let Some(&(_, _, job)) = easy.ends.first().filter(|(end, ..)| *end == now) {
            easy.ends.pop_first();
            easy.expected.remove(&(easy.expected_end(job), job));
            easy.free += easy.width(job);
            if instant == Instant::OneByOne {
                easy.decide();
            }
        }
        if instant == Instant::Together {
            easy.decide();
        }
    }
}

impl PlainEasy<'_> {
    fn width(&self, job: usize) -> i64 {
        self.jobs[job].width.into()
    }

    fn expected_end(&self, job: usize) -> u64 {
        self.starts[job] + self.jobs[job].estimate.expect("an estimate")
    }

    /// What may be used now.
    fn usable(&self) -> i64 {
        let leaving = self.expected.iter().take_while(|(end, _)| *end <= self.now);
        let leaving: i64 = match self.instant {
            Instant::Together => 0,
            Instant::OneByOne => leaving.map(|(_, job)| self.width(*job)).sum(),
        };
        self.free + leaving
    }

    fn start(&mut self, job: usize) {
        self.starts[job] = self.now;
        self.free -= self.width(job);
        let end = self.now + self.jobs[job].run;
        self.ends.insert((end, self.count, job));
        self.count += 1;
        self.expected.insert((self.expected_end(job), job));
    }

    fn decide(&mut self) {
        let mut usable = self.usable();
        while let Some(first) = self.queue.first().copied() {
            if self.width(first) > usable {
                break;
            }
            self.queue.remove(0);
            usable -= self.width(first);
            self.start(first);
        }
        let Some(first) = self.queue.first().copied() else {
            return;
        };
        let (mut shadow, mut extra) = (self.now, usable - self.width(first));
        for (end, job) in self.expected.iter().filter(|(end, _)| *end > self.now) {
            if extra >= 0 && *end > shadow {
                break;
            }
            shadow = *end;
            extra += self.width(*job);
        }
        let mut rest = vec![first];
        for job in self.queue.split_off(1) {
            let ends = self.now + self.jobs[job].estimate.expect("an estimate") <= shadow;
            let width = self.width(job);
            if width <= usable && (ends || width <= extra) {
                usable -= width;
                extra -= if ends { 0 } else { width };
                self.start(job);
            } else {
                rest.push(job);
            }
        }
        self.queue = rest;
    }
}
