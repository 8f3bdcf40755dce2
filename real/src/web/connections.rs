//! Who is connected: how many in all, how many from one address, and who gives way for another.
//!
//! A call always finds a place. Streams are bounded so that an eighth of the places is left for calls,
//! and whatever is no stream gives way when there is no place: first of the address that has most calls,
//! where the first few of one that has a stream are not counted, because agents and frameworks have to
//! be heard; of its connections those that are waited for (a request is not there, or not whole) before
//! those that are answered; and of these the one for longest. Whoever opens thousands of connections,
//! and says nothing, half a head or half a body, so makes room by itself, with a stream or without.

use std::cmp::Reverse;
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
/// One in so many places, at least one, is never a stream's.
const FOR_CALLS: usize = 8;

/// So many calls of an address that has a stream are not counted when somebody has to give way: more
/// would let a few addresses with one stream each keep all places from those without.
const SPARED: usize = 4;

/// What a connection is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nothing was asked yet.
    New,
    /// The head of a request is arriving.
    Head,
    /// The body of a request is arriving. Whoever reads it bounds the time for that.
    Body,
    /// A request has arrived and is answered. What is sent has to be received in time (`server.rs`).
    Answered,
    /// The last of an answer is on its way.
    Sending,
    /// All was answered; the next request may come whenever.
    Resting,
    /// It is streamed to; a quiet stream may stay for ever.
    Stream,
}

impl Phase {
    /// How long it may last.
    const fn bound(self) -> Option<Duration> {
        match self {
            Self::New => Some(FIRST_REQUEST),
            Self::Head => Some(HEAD),
            Self::Resting => Some(REST),
            Self::Body | Self::Answered | Self::Sending | Self::Stream => None,
        }
    }

    /// Whether it is up to its peer that a request is there.
    const fn is_waited_for(self) -> bool {
        matches!(self, Self::New | Self::Head | Self::Body | Self::Resting)
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    state: Mutex<State>,
    leave: Notify,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Another has its place: nothing of it is taken in any more.
    dismissed: bool,
}

impl Connection {
    fn new() -> Self {
        Self {
            state: Mutex::new(State {
                phase: Phase::New,
                since: Instant::now(),
                dismissed: false,
            }),
            leave: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes from one of these phases to another. `false` when it was dismissed.
    fn enter(&self, phase: Phase, from: &[Phase]) -> bool {
        let mut state = self.state();
        if !state.dismissed && from.contains(&state.phase) {
            (state.phase, state.since) = (phase, Instant::now());
        }
        !state.dismissed
    }

    /// Bytes arrived: the beginning of a request, unless one is under way.
    pub(super) fn heard(&self) {
        self.enter(Phase::Head, &[Phase::New, Phase::Resting]);
    }

    /// The head of a request has arrived. It is under way until what this returns is dropped; nothing
    /// when the connection was dismissed.
    pub(super) fn begin(self: &Arc<Self>, has_body: bool) -> Option<UnderWay> {
        let mut state = self.state();
        state.phase = if has_body {
            Phase::Body
        } else {
            Phase::Answered
        };
        state.since = Instant::now();
        (!state.dismissed).then(|| UnderWay(Arc::clone(self)))
    }

    /// Nothing more of the request's body is waited for. `false` when the connection was dismissed.
    pub(super) fn is_whole(&self) -> bool {
        self.enter(Phase::Answered, &[Phase::Body])
    }

    /// Everything that was written is sent.
    pub(super) fn flushed(&self) {
        self.enter(Phase::Resting, &[Phase::Sending]);
    }

    /// Until when something has to be heard.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        Some(state.since + state.phase.bound()?)
    }

    /// Whether it is answered, and since when it is as it is; `None` for a stream.
    fn standing(&self) -> Option<(bool, Instant)> {
        let state = self.state();
        let gives_way = state.phase != Phase::Stream;
        gives_way.then_some((!state.phase.is_waited_for(), state.since))
    }

    fn dismiss(&self) {
        self.state().dismissed = true;
        self.leave.notify_one();
    }
}

/// A request that is not answered to its end.
pub(super) struct UnderWay(Arc<Connection>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let from = [Phase::Body, Phase::Answered, Phase::Stream];
        self.0.enter(Phase::Sending, &from);
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
    /// How many of them are streams, by address.
    streams: BTreeMap<IpAddr, usize>,
}

/// Who makes a request: an extension of every one.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    connections: Arc<Connections>,
    peer: IpAddr,
    number: u64,
    connection: Arc<Connection>,
}

/// A connection's place among the others, until it is dropped.
pub(super) struct Place(Caller);

/// A stream's place among the others, until it is dropped.
#[derive(Debug)]
pub(crate) struct StreamPlace(Caller);

impl Connections {
    /// Room for so many, and for so many from one address; at least two.
    pub(crate) fn new(most: usize, most_a_peer: usize) -> Arc<Self> {
        assert!(most.min(most_a_peer) >= 2, "a stream and a call");
        Arc::new(Self {
            most,
            most_a_peer,
            open: Mutex::default(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for another one; somebody else gives way when there is none.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Place {
        let peer = peer.to_canonical();
        let mut open = self.open();
        // There is always one that can: the streams leave an eighth.
        if open.peers.get(&peer).map_or(0, BTreeMap::len) >= self.most_a_peer {
            open.dismiss(Some(peer));
        } else if open.count >= self.most {
            open.dismiss(None);
        }
        let number = open.next;
        open.next += 1;
        open.count += 1;
        let connection = Arc::new(Connection::new());
        let of_peer = open.peers.entry(peer).or_default();
        of_peer.insert(number, Arc::clone(&connection));
        drop(open);
        Place(Caller {
            connections: Arc::clone(self),
            peer,
            number,
            connection,
        })
    }

    /// Somebody gives way, if there is anybody who is no stream.
    pub(super) fn make_room(&self) {
        self.open().dismiss(None);
    }
}

/// How many of so many places streams may have.
const fn for_streams(places: usize) -> usize {
    let calls = places / FOR_CALLS;
    places - if calls == 0 { 1 } else { calls }
}

impl Open {
    fn streams(&self, peer: IpAddr) -> usize {
        self.streams.get(&peer).copied().unwrap_or(0)
    }

    /// Closes the connection that is the first to give way, of this address or of any.
    fn dismiss(&mut self, peer: Option<IpAddr>) {
        let peers = self.peers.iter();
        let chosen = peers.filter(|(address, _)| peer.is_none_or(|peer| peer == **address));
        let all = chosen.flat_map(|(address, of_peer)| {
            let streams = self.streams(*address);
            let spared = if streams > 0 { SPARED } else { 0 };
            let calls = of_peer.len().saturating_sub(streams + spared);
            of_peer.iter().filter_map(move |(number, connection)| {
                let (answered, since) = connection.standing()?;
                Some((Reverse(calls), answered, since, *number, *address))
            })
        });
        if let Some((.., number, address)) = all.min()
            && let Some(connection) = self.remove(address, number)
        {
            connection.dismiss();
        }
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

impl Caller {
    /// Where it is.
    pub(crate) const fn address(&self) -> IpAddr {
        self.peer
    }

    /// Ends its connection, whatever it is in the middle of.
    pub(crate) fn dismiss(&self) {
        self.connection.dismiss();
    }

    /// Makes its connection a stream, which gives way to nobody.
    ///
    /// # Errors
    /// When there are as many streams as may be, of this address or in all, or the connection has been
    /// dismissed.
    pub(crate) fn open_stream(&self) -> Result<StreamPlace, String> {
        let Connections {
            most, most_a_peer, ..
        } = *self.connections;
        let mut open = self.connections.open();
        let own = open.streams(self.peer);
        let all: usize = open.streams.values().sum();
        if own >= for_streams(most_a_peer) {
            return Err(format!(
                "{own} streams of {} are open, as many as one address may have",
                self.peer
            ));
        }
        if all >= for_streams(most) {
            return Err(format!("{all} streams are open, as many as there may be"));
        }
        if !self.connection.enter(Phase::Stream, &[Phase::Answered]) {
            return Err("another connection has this one's place".to_owned());
        }
        *open.streams.entry(self.peer).or_default() += 1;
        Ok(StreamPlace(self.clone()))
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let Caller {
            connections,
            peer,
            connection,
            ..
        } = &self.0;
        let mut open = connections.open();
        connection.enter(Phase::Answered, &[Phase::Stream]);
        if let Some(streams) = open.streams.get_mut(peer) {
            *streams -= 1;
            if *streams == 0 {
                open.streams.remove(peer);
            }
        }
    }
}

impl Place {
    /// The connection.
    pub(super) const fn connection(&self) -> &Arc<Connection> {
        &self.0.connection
    }

    /// Who makes requests on it.
    pub(super) fn caller(&self) -> Caller {
        self.0.clone()
    }

    /// Waits until it is to give way.
    pub(super) async fn is_dismissed(&self) {
        self.0.connection.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Caller {
            connections,
            peer,
            number,
            ..
        } = &self.0;
        connections.open().remove(*peer, *number);
    }
}

#[cfg(test)]
mod tests;
