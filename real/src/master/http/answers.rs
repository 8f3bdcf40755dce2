//! Room for answers that show the cluster: each may be as large as that, and stays in memory until its
//! reader has received it.
//!
//! So few are made and sent at a time, of one sender fewer still; the others wait here, before they are
//! asked of the decision thread, which is asked for one after the other and has time for what else it is
//! told. Whoever is slow to receive what it asked for gives way to who has waited for long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::budget::{Budget, Held, Sender};
use crate::web::Caller;

/// Answers that are made and sent at a time.
const MOST: usize = 8;
/// Those of them that are one sender's.
const MOST_A_SENDER: usize = 2;
/// Who waits for so long may have the place of who has been receiving for as long.
const PATIENCE: Duration = Duration::from_secs(10);

/// The room.
#[derive(Clone, Debug)]
pub struct Answers {
    room: Arc<Budget>,
    turn: Arc<Semaphore>,
    sending: Arc<Mutex<Sending>>,
}

/// Answers that are being sent, by number.
#[derive(Debug, Default)]
struct Sending {
    next: u64,
    answers: BTreeMap<u64, (Sender, Caller, Instant)>,
}

/// A place for an answer.
pub(super) struct Place {
    answers: Answers,
    sender: Sender,
    caller: Caller,
    held: Held,
}

/// An answer that is being sent. It is dropped with the last byte of it.
struct Sent {
    bytes: Vec<u8>,
    number: u64,
    answers: Answers,
    _held: Held,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            room: Budget::new(MOST, MOST_A_SENDER),
            turn: Arc::new(Semaphore::new(1)),
            sending: Arc::default(),
        }
    }
}

impl Answers {
    /// Waits for a place.
    pub(super) async fn place(&self, sender: Sender, caller: &Caller) -> Place {
        let mut taken = std::pin::pin!(self.room.take(sender.clone(), 1));
        let held = loop {
            match tokio::time::timeout(PATIENCE, &mut taken).await {
                Ok(held) => break held,
                Err(_) => self.sending().cut(&sender),
            }
        };
        Place {
            answers: self.clone(),
            sender,
            caller: caller.clone(),
            held,
        }
    }

    /// Waits for the turn to ask the decision thread, until the answer is made.
    pub(super) async fn turn(&self) -> OwnedSemaphorePermit {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        turn.expect("the semaphore is never closed")
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        // Nothing that could panic is done while it is held.
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sending {
    /// Cuts the one that has been received for longest, of this sender if that has all it may have.
    fn cut(&self, waiting: &Sender) {
        let own = |sender: &Sender| sender == waiting;
        let all = self.answers.values();
        let is_full = all.clone().filter(|(sender, ..)| own(sender)).count() >= MOST_A_SENDER;
        let mut chosen = all.filter(|(sender, ..)| !is_full || own(sender));
        // The first one is the oldest.
        if let Some((_, caller, since)) = chosen.next()
            && since.elapsed() >= PATIENCE
        {
            caller.dismiss();
        }
    }
}

impl Place {
    /// The answer's bytes, which have the place until they are sent.
    pub(super) fn send(self, bytes: Vec<u8>) -> Bytes {
        let Self {
            answers,
            sender,
            caller,
            held,
        } = self;
        let mut sending = answers.sending();
        let number = sending.next;
        sending.next += 1;
        let since = Instant::now();
        sending.answers.insert(number, (sender, caller, since));
        drop(sending);
        Bytes::from_owner(Sent {
            bytes,
            number,
            answers,
            _held: held,
        })
    }
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.answers.sending().answers.remove(&self.number);
    }
}
