//! Who is connected: how many in all, how many from one address, and who gives way for another.
//!
//! A connection that only waits for its next request costs nobody anything while there is room for
//! others. When there is none, the one that has waited longest is closed, first of all one of the
//! same address: whoever opens thousands of connections and leaves them locks nobody out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// A new connection has so long to begin its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// The head of a request has so long to arrive, from its first byte on.
const HEAD: Duration = Duration::from_secs(10);
/// A connection may rest so long between two requests: clients keep one for all their calls, and count
/// on it after hours.
const REST: Duration = Duration::from_hours(24);

/// What a connection is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nothing was asked yet.
    New,
    /// The head of a request is arriving.
    Head,
    /// A request's body is read, it is answered, or streamed to. Whoever reads a body bounds it, and
    /// what is sent has to be received in time (`server.rs`); a quiet stream may stay for ever.
    Busy,
    /// All was answered; the next request may come whenever.
    Resting,
}

impl Phase {
    /// How long it may last.
    const fn bound(self) -> Option<Duration> {
        match self {
            Self::New => Some(FIRST_REQUEST),
            Self::Head => Some(HEAD),
            Self::Resting => Some(REST),
            Self::Busy => None,
        }
    }

    /// Whether nobody loses anything when such a connection is closed.
    const fn gives_way(self) -> bool {
        matches!(self, Self::New | Self::Resting)
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    state: Mutex<(Phase, Instant)>,
    leave: Notify,
}

impl Connection {
    fn new() -> Self {
        Self {
            state: Mutex::new((Phase::New, Instant::now())),
            leave: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, (Phase, Instant)> {
        // Nothing that could panic is done while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, phase: Phase) {
        *self.state() = (phase, Instant::now());
    }

    /// Bytes arrived: the beginning of a request, unless one is under way.
    pub(super) fn heard(&self) {
        if self.state().0.gives_way() {
            self.enter(Phase::Head);
        }
    }

    /// The head of a request has arrived. It is under way until what this returns is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.enter(Phase::Busy);
        UnderWay(Arc::clone(self))
    }

    /// Until when something has to be heard.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let (phase, since) = *self.state();
        Some(since + phase.bound()?)
    }

    /// Since when it is of no use to anybody.
    fn idle_since(&self) -> Option<Instant> {
        let (phase, since) = *self.state();
        phase.gives_way().then_some(since)
    }
}

/// A request that is not answered to its end.
pub(super) struct UnderWay(Arc<Connection>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.enter(Phase::Resting);
    }
}

/// All that are open.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
    most_a_peer: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    peers: BTreeMap<IpAddr, BTreeMap<u64, Arc<Connection>>>,
    count: usize,
    next: u64,
}

/// A connection's place among them, until it is dropped.
pub(super) struct Place {
    connections: Arc<Connections>,
    peer: IpAddr,
    number: u64,
    pub(super) connection: Arc<Connection>,
}

impl Connections {
    /// Room for so many, and for so many from one address.
    pub(crate) fn new(most: usize, most_a_peer: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_a_peer,
            open: Mutex::default(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for another one; somebody who only waits gives way when there is none.
    ///
    /// # Errors
    /// When nobody can: all are in the middle of a request.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Place, String> {
        let peer = peer.to_canonical();
        let mut open = self.open();
        let of_peer = open.peers.get(&peer).map_or(0, BTreeMap::len);
        if of_peer >= self.most_a_peer && !open.dismiss(Some(peer)) {
            return Err(format!(
                "{of_peer} connections of {peer} are in use, as many as one address may have"
            ));
        }
        if open.count >= self.most && !open.dismiss(Some(peer)) && !open.dismiss(None) {
            return Err(format!("all {} connections are in use", open.count));
        }
        let number = open.next;
        open.next += 1;
        open.count += 1;
        let connection = Arc::new(Connection::new());
        let of_peer = open.peers.entry(peer).or_default();
        of_peer.insert(number, Arc::clone(&connection));
        drop(open);
        Ok(Place {
            connections: Arc::clone(self),
            peer,
            number,
            connection,
        })
    }

    /// Somebody who only waits gives way, if there is one.
    pub(super) fn make_room(&self) {
        self.open().dismiss(None);
    }
}

impl Open {
    /// Closes the connection that has waited longest, of this address or of any. Whether there was one.
    fn dismiss(&mut self, peer: Option<IpAddr>) -> bool {
        let peers = self.peers.iter();
        let chosen = peers.filter(|(address, _)| peer.is_none_or(|peer| peer == **address));
        let all = chosen.flat_map(|(address, of_peer)| {
            let numbered = of_peer.iter();
            numbered.filter_map(|(number, connection)| {
                Some((connection.idle_since()?, *number, *address))
            })
        });
        let Some((_, number, address)) = all.min() else {
            return false;
        };
        if let Some(connection) = self.remove(address, number) {
            connection.leave.notify_one();
        }
        true
    }

    fn remove(&mut self, peer: IpAddr, number: u64) -> Option<Arc<Connection>> {
        let of_peer = self.peers.get_mut(&peer)?;
        let removed = of_peer.remove(&number);
        if of_peer.is_empty() {
            self.peers.remove(&peer);
        }
        self.count -= usize::from(removed.is_some());
        removed
    }
}

impl Place {
    /// Waits until it is to give way.
    pub(super) async fn is_dismissed(&self) {
        self.connection.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(self.peer, self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn peer(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    fn left(place: &Place) -> bool {
        place.is_dismissed().now_or_never().is_some()
    }

    #[test]
    fn who_waited_longest_gives_way_to_one_of_its_own_address() {
        let connections = Connections::new(4, 2);
        let other = connections.admit(peer(9)).unwrap();
        let first = connections.admit(peer(1)).unwrap();
        let second = connections.admit(peer(1)).unwrap();
        let third = connections.admit(peer(1)).unwrap();
        assert_eq!(
            [&other, &first, &second, &third].map(left),
            [false, true, false, false]
        );
        // A request was answered: the connection rests anew, and the other one has waited longer.
        drop(second.connection.begin());
        let fourth = connections.admit(peer(1)).unwrap();
        assert_eq!([&second, &third, &fourth].map(left), [false, true, false]);
    }

    #[test]
    fn nobody_in_the_middle_of_a_request_gives_way() {
        let connections = Connections::new(3, 2);
        let places = [1, 1, 2].map(|last| connections.admit(peer(last)).unwrap());
        let under_way = places.each_ref().map(|place| place.connection.begin());
        let error = connections.admit(peer(1)).err().unwrap();
        assert!(error.contains("2 connections of 10.0.0.1"), "{error}");
        let error = connections.admit(peer(3)).err().unwrap();
        assert!(error.contains("all 3 connections"), "{error}");
        drop(under_way);
        let third = connections.admit(peer(3)).unwrap();
        assert_eq!(places.each_ref().map(left), [true, false, false]);
        drop((places, third));
        assert_eq!(connections.open().count, 0);
        assert!(connections.open().peers.is_empty());
    }

    #[test]
    fn each_phase_has_its_own_bound() {
        let connection = Arc::new(Connection::new());
        let left = |connection: &Connection| {
            let deadline = connection.deadline()?;
            Some(deadline.duration_since(connection.state().1))
        };
        assert_eq!(left(&connection), Some(FIRST_REQUEST));
        connection.heard();
        assert_eq!(left(&connection), Some(HEAD));
        let begun = connection.state().1;
        connection.heard();
        assert_eq!(
            connection.state().1,
            begun,
            "a byte now and then changes nothing"
        );
        let under_way = connection.begin();
        connection.heard();
        assert_eq!(left(&connection), None);
        drop(under_way);
        assert_eq!(left(&connection), Some(REST));
    }
}
