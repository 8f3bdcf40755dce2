//! Accounts that tasks have for themselves: a number each, that no account of the machine has.
//!
//! A task's number is in use for as long as its sandbox is there, and the sandbox says whose it is:
//! nothing else has to be written down.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::checkpoint::WorkDir;
use super::sandboxes;
use crate::isolation::{IsolationError, Result};

/// The first of all numbers that are given when nobody says which: systemd and the usual tools give
/// none of those from here to 2^31.
const FIRST: u32 = 1_900_000_000;
/// How many an agent has then.
const COUNT: u32 = 1 << 16;
/// How many times so many there are.
const PARTS: u32 = 3700;

/// Numbers of users from `first` to `last`, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uids {
    first: u32,
    last: u32,
}

impl FromStr for Uids {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let (first, last) = text
            .split_once('-')
            .and_then(|(first, last)| Some((number(first)?, number(last)?)))
            .ok_or_else(|| format!("'{text}' is not like 1900000000-1900065535"))?;
        // Below are the machine's own accounts, with `nobody` as the last of them.
        if first <= 65_535 || last < first || last == u32::MAX {
            return Err(format!(
                "'{text}' is no range for tasks; expected two numbers from 65536 to 4294967294, \
                 the smaller one first"
            ));
        }
        Ok(Self { first, last })
    }
}

impl Uids {
    /// Those of a work directory, when nobody says which: agents of one machine have different ones,
    /// but for an unlikely chance.
    fn of(work: &WorkDir) -> Self {
        let part = u32::from_str_radix(&work.name()[..8], 16).unwrap_or(0) % PARTS;
        let first = FIRST + part * COUNT;
        Self {
            first,
            last: first + COUNT - 1,
        }
    }

    const fn count(self) -> u32 {
        self.last - self.first + 1
    }
}

/// The numbers and which of them are in use.
#[derive(Debug)]
pub(super) struct Accounts {
    uids: Uids,
    next: u32,
    used: BTreeSet<u32>,
}

impl Accounts {
    /// Those of an agent, as the sandboxes tell.
    pub(super) fn new(uids: Option<Uids>, work: &WorkDir) -> Self {
        let uids = uids.unwrap_or_else(|| Uids::of(work));
        let mut used = sandboxes::owners(work);
        used.retain(|uid| (uids.first..=uids.last).contains(uid));
        let next = used.last().map_or(uids.first, |last| last.wrapping_add(1));
        Self { uids, next, used }
    }

    /// A number that nobody has. What was given back last comes last, so that what a task may have
    /// left outside of its sandbox does not soon belong to another.
    ///
    /// # Errors
    /// When all are in use.
    pub(super) fn take(&mut self) -> Result<u32> {
        for _ in 0..self.uids.count() {
            if !(self.uids.first..=self.uids.last).contains(&self.next) {
                self.next = self.uids.first;
            }
            let uid = self.next;
            self.next = self.next.wrapping_add(1);
            if self.used.insert(uid) {
                return Ok(uid);
            }
        }
        Err(IsolationError::NoAccountLeft(self.uids.count()))
    }

    /// Takes numbers back whose sandboxes are gone; others than were given do not matter.
    pub(super) fn give_back(&mut self, uids: &[u32]) {
        for uid in uids {
            self.used.remove(uid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_numbers_are_read() {
        let read = |text: &str| text.parse::<Uids>();
        assert_eq!(read("70000 - 70001").unwrap().count(), 2);
        for (text, words) in [
            ("70000", "is not like"),
            ("a-b", "is not like"),
            ("1000-70000", "is no range for tasks"),
            ("70001-70000", "is no range for tasks"),
            ("70000-4294967295", "is no range for tasks"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_number_is_nobodys_before_it_is_given_again() {
        let directory = tempfile::tempdir().unwrap();
        let (work, _lock) = WorkDir::open(directory.path()).unwrap();
        let mut accounts = Accounts::new(Some("70000-70002".parse().unwrap()), &work);
        let taken = [(); 3].map(|()| accounts.take().unwrap());
        assert_eq!(taken, [70_000, 70_001, 70_002]);
        let error = accounts.take().unwrap_err();
        assert!(
            error.to_string().starts_with("all 3 accounts of tasks"),
            "{error}"
        );
        accounts.give_back(&[70_001, 0]);
        assert_eq!(accounts.take().unwrap(), 70_001);
        let own = Accounts::new(None, &work);
        assert!(
            own.uids.first >= FIRST && own.uids.last < 1 << 31,
            "{own:?}"
        );
        assert_eq!(own.uids.count(), COUNT);
    }
}
