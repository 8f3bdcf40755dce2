//! The floor under dominant resource fairness: a queue a user, and for each size of task a tournament
//! of the users whose next task has it, so that sizes that fit nowhere are passed over as one.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::super::workload::Line;
use super::{Free, Running, SIZES, now, size};

/// Dominant resource fairness: the user with the least dominant share, of those whose next task fits
/// somewhere, starts it on the first machine with room. A user that just started one is asked for its
/// next task only when everybody else was served, as a framework is that has to answer first.
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
        heads: std::array::from_fn(|_| Tournament::new(users)),
    };
    let mut next = 0;
    let mut answering = VecDeque::new();
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
            while let Some(user) = cluster.least() {
                cluster.leave(user);
                cluster.start(user, now);
                answering.push_back(user);
            }
        } else {
            let user = lines[next].user as usize;
            cluster.users[user].waiting.push_back(next as u32);
            next += 1;
            if cluster.users[user].waiting.len() == 1 {
                answering.push_back(user);
            }
        }
        while let Some(user) = answering.pop_front() {
            let Some(head) = cluster.head(user) else {
                continue;
            };
            if cluster.free.fits[head].first().is_some() {
                cluster.start(user, now);
                answering.push_back(user);
            } else {
                cluster.users[user].stands = Some(head);
                cluster.heads[head].set(user, Some(cluster.users[user].share()));
            }
        }
    }
}

#[derive(Default)]
struct User {
    waiting: VecDeque<u32>,
    cpus: u32,
    mem: u32,
    /// The size of its next task, if that waits for room.
    stands: Option<usize>,
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
    /// Who waits for room, by the size of the next task.
    heads: [Tournament; SIZES],
}

impl<T: Fn(&Line, u64) -> (u64, u64), S: FnMut(usize, u32, u64, u64)> Cluster<'_, T, S> {
    fn head(&self, user: usize) -> Option<usize> {
        let line = *self.users[user].waiting.front()?;
        let line = &self.lines[line as usize];
        Some(size(line.cpus, line.mem))
    }

    /// Who is next of those that wait and whose next task fits.
    fn least(&self) -> Option<usize> {
        let fits = (0..SIZES).filter(|size| self.free.fits[*size].first().is_some());
        let least = fits.filter_map(|size| self.heads[size].least()).min()?;
        Some(least.1 as usize)
    }

    fn leave(&mut self, user: usize) {
        let head = self.users[user].stands.take().expect("one who waits");
        self.heads[head].set(user, None);
    }

    fn start(&mut self, user: usize, now: u64) {
        let page = &mut self.users[user];
        let number = page.waiting.pop_front().expect("a task that waits");
        let line = &self.lines[number as usize];
        let machine = self.free.take(line).expect("a machine with room");
        page.cpus += line.cpus;
        page.mem += line.mem;
        let end = now + (self.times)(line, u64::from(number)).1;
        (self.started)(number as usize, machine, now, end);
        self.running
            .push(Reverse((end, self.starts, machine, number)));
        self.starts += 1;
    }

    fn end(&mut self) {
        let Reverse((_, _, machine, number)) = self.running.pop().expect("a task that ends");
        let line = &self.lines[number as usize];
        self.free.give_back(machine, line);
        let user = line.user as usize;
        let page = &mut self.users[user];
        page.cpus -= line.cpus;
        page.mem -= line.mem;
        if let Some(head) = page.stands {
            self.heads[head].set(user, Some(page.share()));
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
