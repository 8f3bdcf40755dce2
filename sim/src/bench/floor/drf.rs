//! The floor under dominant resource fairness: for each size of task a queue a user and a tournament of the users that wait
//! with it, so that sizes that fit nowhere are passed over as one.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::super::workload::Line;
use super::{Free, Running, SIZES, now, size};

/// Dominant resource fairness: the user with the least dominant share, of those with a task that fits somewhere, starts
/// the first of these on the first machine with room.
pub(in super::super) fn drf(
    lines: &[Line],
    users: usize,
    machines: u32,
    times: impl Fn(&Line, u64) -> (u64, u64),
    started: impl FnMut(usize, u32, u64, u64),
) {
    let mut cluster = Cluster {
        lines,
        times,
        started,
        free: Free::new(machines),
        running: BinaryHeap::new(),
        starts: 0,
        users: (0..users).map(|_| User::default()).collect(),
        waiting: std::array::from_fn(|_| Tournament::new(users)),
    };
    let mut next = 0;
    loop {
        let arrival = lines
            .get(next)
            .map(|line| (cluster.times)(line, next as u64).0);
        let end = cluster.running.peek().map(|Reverse((end, ..))| *end);
        let Some(now) = now(arrival, end) else {
            return;
        };
        if end == Some(now) {
            cluster.end();
        } else {
            let line = &lines[next];
            let (user, size) = (line.user as usize, size(line.cpus, line.mem));
            cluster.users[user].waiting[size].push_back(next as u32);
            cluster.stand(user, size);
            next += 1;
        }
        while let Some(user) = cluster.least() {
            cluster.start(user, now);
        }
    }
}

#[derive(Default)]
struct User {
    waiting: [VecDeque<u32>; SIZES],
    cpus: u32,
    mem: u32,
}

impl User {
    /// Its dominant share, in parts as large as a machine's memory has GiB, times machines.
    fn share(&self) -> u32 {
        (2 * self.cpus).max(self.mem)
    }
}

struct Cluster<'a, T, S> {
    lines: &'a [Line],
    times: T,
    started: S,
    free: Free,
    running: BinaryHeap<Running>,
    starts: u32,
    users: Vec<User>,
    /// Who waits, by size.
    waiting: [Tournament; SIZES],
}

impl<T: Fn(&Line, u64) -> (u64, u64), S: FnMut(usize, u32, u64, u64)> Cluster<'_, T, S> {
    /// Who is next of those that wait with something that fits.
    fn least(&self) -> Option<usize> {
        let fits = (0..SIZES).filter(|size| self.free.fits[*size].first().is_some());
        let least = fits.filter_map(|size| self.waiting[size].least()).min()?;
        Some(least.1 as usize)
    }

    /// Puts a user where it belongs among those that wait with a size.
    fn stand(&mut self, user: usize, size: usize) {
        let page = &self.users[user];
        let share = (!page.waiting[size].is_empty()).then(|| page.share());
        self.waiting[size].set(user, share);
    }

    fn start(&mut self, user: usize, now: u64) {
        let number = self.free.first(&self.users[user].waiting);
        let number = number.expect("a task that waits and fits");
        let line = &self.lines[number as usize];
        let machine = self.free.take(line).expect("a machine with room");
        let page = &mut self.users[user];
        page.waiting[size(line.cpus, line.mem)].pop_front();
        page.cpus += line.cpus;
        page.mem += line.mem;
        let end = now + (self.times)(line, u64::from(number)).1;
        (self.started)(number as usize, machine, now, end);
        self.running
            .push(Reverse((end, self.starts, machine, number)));
        self.starts += 1;
        self.waiting[size(line.cpus, line.mem)].set(user, None);
        self.share_changed(user);
    }

    fn end(&mut self) {
        let Reverse((_, _, machine, number)) = self.running.pop().expect("a task that ends");
        let line = &self.lines[number as usize];
        self.free.give_back(machine, line);
        let user = line.user as usize;
        let page = &mut self.users[user];
        page.cpus -= line.cpus;
        page.mem -= line.mem;
        self.share_changed(user);
    }

    fn share_changed(&mut self, user: usize) {
        for size in 0..SIZES {
            if !self.users[user].waiting[size].is_empty() {
                self.stand(user, size);
            }
        }
    }
}

/// Who of many has the least share: every match is known, so a change plays a few of them again.
struct Tournament {
    /// Share and user; the winner first, and the matches of each round after those of the one above.
    matches: Vec<(u32, u32)>,
}

const NOBODY: (u32, u32) = (u32::MAX, u32::MAX);

impl Tournament {
    fn new(users: usize) -> Self {
        Self {
            matches: vec![NOBODY; 2 * users.next_power_of_two()],
        }
    }

    fn least(&self) -> Option<(u32, u32)> {
        (self.matches[1] != NOBODY).then_some(self.matches[1])
    }

    fn set(&mut self, user: usize, share: Option<u32>) {
        let mut at = self.matches.len() / 2 + user;
        self.matches[at] = share.map_or(NOBODY, |share| (share, user as u32));
        while at > 1 {
            at /= 2;
            self.matches[at] = self.matches[2 * at].min(self.matches[2 * at + 1]);
        }
    }
}
