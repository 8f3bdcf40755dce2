//! The floor: an event heap, exact first fit and a queue a size, and nothing else. What a simulator with
//! frameworks, offers, resources of any kind and records costs is told as a multiple of this.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::workload::{Line, Placements};

mod drf;

pub(super) use drf::drf;

/// What the floor found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Outcome {
    pub(super) placements: Placements,
    /// When the last task ends, in the unit of the times given.
    pub(super) makespan: u64,
    /// The mean time from arrival to start.
    pub(super) mean_wait: f64,
}

/// A task that runs: when it ends, its place in starting order, its machine and its line.
type Running = Reverse<(u64, u32, u32, u32)>;

/// First come, first served, and whoever does not fit is passed over; `times` gives a task's arrival and run time; `started` is told
/// each start with the line's number, its machine, start and end.
pub(super) fn fifo(
    lines: &[Line],
    machines: u32,
    times: impl Fn(&Line, u64) -> (u64, u64),
    mut started: impl FnMut(usize, u32, u64, u64),
) -> Outcome {
    let mut free = Free::new(machines);
    let mut running: BinaryHeap<Running> = BinaryHeap::new();
    let mut waiting: [VecDeque<u32>; SIZES] = Default::default();
    let mut placements = Placements::default();
    let (mut next, mut starts, mut makespan, mut waits) = (0, 0, 0, 0_u128);
    loop {
        let arrival = lines.get(next).map(|line| times(line, next as u64).0);
        let end = running.peek().map(|Reverse((end, ..))| *end);
        let Some(now) = now(arrival, end) else {
            break;
        };
        if end == Some(now) {
            let Reverse((_, _, machine, line)) = running.pop().expect("a task that ends");
            free.give_back(machine, &lines[line as usize]);
            makespan = now;
        } else {
            let line = &lines[next];
            waiting[size(line.cpus, line.mem)].push_back(next as u32);
            next += 1;
        }
        while let Some(first) = free.first(&waiting) {
            let line = &lines[first as usize];
            let machine = free.take(line).expect("a machine with room");
            waiting[size(line.cpus, line.mem)].pop_front();
            let (arrival, runs) = times(line, u64::from(first));
            placements.add(machine);
            waits += u128::from(now - arrival);
            started(first as usize, machine, now, now + runs);
            running.push(Reverse((now + runs, starts, machine, first)));
            starts += 1;
        }
    }
    Outcome {
        placements,
        makespan,
        mean_wait: waits as f64 / lines.len().max(1) as f64,
    }
}

/// When the next thing happens.
fn now(arrival: Option<u64>, end: Option<u64>) -> Option<u64> {
    arrival.into_iter().chain(end).min()
}

/// Which machines have room for a task of each of the twelve sizes.
struct Free {
    free: Vec<(u32, u32)>,
    fits: [Bits; SIZES],
}

const SIZES: usize = 12;

/// The number of a line's size, from its CPUs (1, 2, 4) and memory (1, 2, 4, 8).
const fn size(cpus: u32, mem: u32) -> usize {
    (cpus.trailing_zeros() * 4 + mem.trailing_zeros()) as usize
}

impl Free {
    fn new(machines: u32) -> Self {
        let full = Bits::full(machines as usize);
        Self {
            free: vec![(16, 32); machines as usize],
            fits: std::array::from_fn(|_| full.clone()),
        }
    }

    /// The first of those that wait for whom there is room.
    fn first(&self, waiting: &[VecDeque<u32>; SIZES]) -> Option<u32> {
        let open = waiting.iter().zip(&self.fits);
        let open = open.filter(|(waiting, fits)| !waiting.is_empty() && fits.first().is_some());
        open.filter_map(|(waiting, _)| waiting.front().copied())
            .min()
    }

    fn take(&mut self, line: &Line) -> Option<u32> {
        let machine = self.fits[size(line.cpus, line.mem)].first()?;
        let free = &mut self.free[machine as usize];
        *free = (free.0 - line.cpus, free.1 - line.mem);
        for size in 0..SIZES {
            if !fits(size, *free) {
                self.fits[size].clear(machine as usize);
            }
        }
        Some(machine)
    }

    fn give_back(&mut self, machine: u32, line: &Line) {
        let free = &mut self.free[machine as usize];
        *free = (free.0 + line.cpus, free.1 + line.mem);
        for size in 0..SIZES {
            if fits(size, *free) {
                self.fits[size].set(machine as usize);
            }
        }
    }
}

const fn fits(size: usize, (cpus, mem): (u32, u32)) -> bool {
    1 << (size / 4) <= cpus && 1 << (size % 4) <= mem
}

/// Bits in three levels, 64 to one.
#[derive(Clone)]
struct Bits {
    levels: [Vec<u64>; 3],
}

impl Bits {
    fn full(count: usize) -> Self {
        let words = |bits: usize| vec![0; bits / 64 + 1];
        let mut bits = Self {
            levels: [words(count), words(count / 64), words(count / 64 / 64)],
        };
        (0..count).for_each(|at| bits.set(at));
        bits
    }

    fn set(&mut self, mut at: usize) {
        for level in &mut self.levels {
            level[at / 64] |= 1 << (at % 64);
            at /= 64;
        }
    }

    fn clear(&mut self, mut at: usize) {
        for level in &mut self.levels {
            level[at / 64] &= !(1 << (at % 64));
            if level[at / 64] != 0 {
                return;
            }
            at /= 64;
        }
    }

    fn first(&self) -> Option<u32> {
        let top = self.levels[2].iter().position(|word| *word != 0)?;
        let at = top * 64 + self.levels[2][top].trailing_zeros() as usize;
        let at = at * 64 + self.levels[1][at].trailing_zeros() as usize;
        Some((at * 64 + self.levels[0][at].trailing_zeros() as usize) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::workload::Shape;
    use super::*;

    /// Known placements, makespans and mean waits of the common workload, in milliseconds.
    #[test]
    fn the_floor_finds_what_is_known_of_the_common_workload() {
        let check = |tasks, load, placements, makespan, mean_wait: f64| {
            let lines: Vec<Line> = Shape::new(tasks, 1000, load).lines().collect();
            let got = fifo(
                &lines,
                1000,
                |line, _| (line.arrival, line.runs),
                |_, _, _, _| (),
            );
            assert_eq!((got.placements.0, got.makespan), (placements, makespan));
            assert!((got.mean_wait - mean_wait).abs() < 0.1, "{}", got.mean_wait);
        };
        check(10_000, 7, 0x0761_b1e1_cd19_dcca, 2_047_321, 0.0);
        check(100_000, 7, 0xded1_29ae_fd06_e04e, 11_550_454, 0.0);
        check(100_000, 12, 0x17e8_c5a6_bb9f_851a, 8_311_603, 499_040.8);
    }
}
