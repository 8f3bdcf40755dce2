//! The budget of bodies: what they may take together, and each of those who send them.
//!
//! A body has its room from before its first byte until it is decided upon, so that what is taken in is
//! bounded and whoever began can come to its end. How fast it comes is its sender's business: a sender,
//! which is a principal or, where nobody is asked, an address, has a sixteenth of the room, and its own
//! bodies wait for each other there. Neither a pace nor an age has to be told from an honest one's.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longer bodies are long, in bytes; so are those of unknown length.
const SHORT: u64 = 64 << 10;
/// A sender has one of so many parts of a room.
const SENDERS: usize = 16;

/// Whose a body is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Sender {
    /// A principal's, wherever it is; all agents may have the same.
    Principal(String),
    /// Of somebody who was not asked.
    Address(IpAddr),
}

/// The budget of short bodies and that of long ones: short ones are not to wait for those that take longer.
#[derive(Clone, Debug)]
pub struct BodyBudget {
    short: Arc<Budget>,
    long: Arc<Budget>,
}

/// One budget, counted in KiB or in places.
#[derive(Debug)]
pub(super) struct Budget {
    all: Arc<Semaphore>,
    /// What one sender has.
    share: usize,
    shares: Mutex<BTreeMap<Sender, Arc<Semaphore>>>,
}

/// A sender's part of a room; forgotten with the last that has it.
#[derive(Debug)]
struct Share {
    room: Arc<Budget>,
    sender: Sender,
    own: Arc<Semaphore>,
}

/// A body's room, until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _share: Share,
}

impl BodyBudget {
    /// So many KiB for short ones and for long ones, for bodies of so many bytes at most.
    pub fn new(short: usize, long: usize, max_body: usize) -> Self {
        Self {
            short: Budget::of_bodies(short, SHORT as usize >> 10),
            long: Budget::of_bodies(long, max_body >> 10),
        }
    }

    /// Waits for room for a sender's body of so many bytes.
    pub(super) async fn take(&self, sender: Sender, length: u64) -> Held {
        let room = if length <= SHORT {
            &self.short
        } else {
            &self.long
        };
        room.take(sender, (length >> 10) as u32).await
    }
}

impl Budget {
    /// Of so many KiB, where one body has so many at most.
    fn of_bodies(all: usize, body: usize) -> Arc<Self> {
        let all = all.max(body);
        Self::new(all, body.max(all / SENDERS))
    }

    /// Of which a sender has no more than its share.
    pub(super) fn new(all: usize, share: usize) -> Arc<Self> {
        Arc::new(Self {
            all: Arc::new(Semaphore::new(all)),
            share,
            shares: Mutex::default(),
        })
    }

    /// Waits for room for something of a sender's.
    pub(super) async fn take(self: &Arc<Self>, sender: Sender, much: u32) -> Held {
        let share = Share::of(self, sender);
        let take = async |room: &Arc<Semaphore>| {
            let permit = Arc::clone(room).acquire_many_owned(much).await;
            permit.expect("the semaphore is never closed")
        };
        let own = take(&share.own).await;
        Held {
            _all: take(&self.all).await,
            _own: own,
            _share: share,
        }
    }

    fn shares(&self) -> MutexGuard<'_, BTreeMap<Sender, Arc<Semaphore>>> {
        // Nothing that could panic is done while it is held.
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    fn of(room: &Arc<Budget>, sender: Sender) -> Self {
        let mut shares = room.shares();
        let own = shares.entry(sender.clone());
        let own = own.or_insert_with(|| Arc::new(Semaphore::new(room.share)));
        Self {
            own: Arc::clone(own),
            room: Arc::clone(room),
            sender,
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut shares = self.room.shares();
        // The room's own and this one.
        if Arc::strong_count(&self.own) <= 2 {
            shares.remove(&self.sender);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const MIB: u64 = 1 << 20;

    fn principal(name: &str) -> Sender {
        Sender::Principal(name.to_owned())
    }

    #[test]
    fn a_sender_has_its_share() {
        let bodies = BodyBudget::new(64 << 10, 192 << 10, 8 << 20);
        let take = |sender: Sender, length: u64| bodies.take(sender, length).now_or_never();
        for (length, most) in [(64 << 10, 64), (65 << 10, 189), (8 * MIB, 1), (4 * MIB, 3)] {
            let all: Vec<_> = (0..1000)
                .map_while(|_| take(principal("a"), length))
                .collect();
            assert_eq!(all.len(), most, "{length}");
            let others = [principal("b"), Sender::Address([10, 0, 0, 1].into())];
            assert!(
                others
                    .into_iter()
                    .all(|other| take(other, length).is_some())
            );
        }
        assert!(bodies.long.shares().is_empty() && bodies.short.shares().is_empty());
        assert_eq!(bodies.long.all.available_permits(), 192 << 10);
    }

    #[test]
    fn all_of_them_have_no_more_than_there_is() {
        let bodies = BodyBudget::new(64 << 10, 192 << 10, 8 << 20);
        let take = |i: u8| {
            let sender = Sender::Address([10, 0, 0, i].into());
            bodies.take(sender, 8 * MIB).now_or_never()
        };
        let mut all: Vec<_> = (0..100).map_while(take).collect();
        assert_eq!(all.len(), 24);
        all.pop();
        assert!(take(200).is_some());
        // The longest body fits, however little room was given.
        let small = BodyBudget::new(1, 1, 8 << 20);
        assert!(small.take(principal("a"), 8 * MIB).now_or_never().is_some());
    }
}
