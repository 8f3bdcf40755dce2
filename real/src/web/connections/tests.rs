//! Who gives way to whom.

use futures_util::FutureExt as _;

use super::*;

fn peer(last: u8) -> IpAddr {
    [10, 0, 0, last].into()
}

fn left(place: &Place) -> bool {
    place.is_dismissed().now_or_never().is_some()
}

fn stream(place: &Place) -> (UnderWay, StreamPlace) {
    let under_way = place.connection().begin(false).unwrap();
    (under_way, place.caller().open_stream().unwrap())
}

/// Brings a connection into a phase; what it holds there.
fn bring(place: &Place, phase: Phase) -> Option<UnderWay> {
    let connection = place.connection();
    let held = match phase {
        Phase::Body => connection.begin(true),
        Phase::Answered => connection.begin(false),
        Phase::Sending | Phase::Resting => {
            drop(connection.begin(false));
            None
        }
        _ => None,
    };
    match phase {
        Phase::Head => connection.heard(),
        Phase::Resting => connection.flushed(),
        _ => {}
    }
    assert_eq!(connection.state().phase, phase);
    held
}

/// Who of these, oldest first, gives way to another one of the same address.
fn check(phases: &[Phase], expected: usize) {
    let connections = Connections::new(100, phases.len());
    let arrive = |phase: &Phase| {
        let place = connections.admit(peer(1));
        let held = bring(&place, *phase);
        (place, held)
    };
    let (places, _held): (Vec<Place>, Vec<_>) = phases.iter().map(arrive).unzip();
    let another = connections.admit(peer(1));
    let gone: Vec<bool> = places.iter().map(left).collect();
    let position = gone.iter().position(|gone| *gone);
    assert_eq!(position, Some(expected), "{phases:?}");
    assert_eq!(gone.iter().filter(|gone| **gone).count(), 1, "{phases:?}");
    // Whatever comes of the one that went is too late.
    assert!(places[expected].connection().begin(false).is_none());
    assert!(!left(&another));
}

#[test]
fn who_is_waited_for_gives_way_before_who_is_answered() {
    use Phase::{Answered, Body, Head, New, Resting, Sending};
    check(&[New, Head, Body, Resting], 0);
    check(&[Head, New], 0);
    check(&[Body, Head], 0);
    check(&[Resting, Body], 0);
    check(&[Answered, Sending, New], 2);
    check(&[Sending, Answered, Resting, Head], 2);
    check(&[Answered, Body, Body], 1);
    check(&[Answered, Sending], 0);
}

#[test]
fn a_request_that_was_answered_begins_a_new_rest() {
    let connections = Connections::new(4, 2);
    let [first, second] = [1, 1].map(|last| connections.admit(peer(last)));
    for place in [&first, &second, &first] {
        bring(place, Phase::Resting);
    }
    let third = connections.admit(peer(1));
    assert_eq!([&first, &second, &third].map(left), [false, true, false]);
}

#[test]
fn who_has_a_stream_or_little_gives_way_last() {
    let connections = Connections::new(6, 4);
    let quiet = connections.admit(peer(1));
    let agent = [2, 2].map(|last| connections.admit(peer(last)));
    let _stream = stream(&agent[0]);
    let crowd = [3, 3, 3].map(|last| connections.admit(peer(last)));
    // Every one is answered but the oldest, which is a stranger with one connection.
    let _held = crowd.each_ref().map(|place| bring(place, Phase::Answered));
    let mut later = vec![connections.admit(peer(2))];
    assert_eq!(crowd.each_ref().map(left), [true, false, false]);
    later.push(connections.admit(peer(2)));
    assert_eq!(crowd.each_ref().map(left), [false, true, false]);
    // Now both strangers have one: who is waited for goes.
    later.push(connections.admit(peer(4)));
    assert!(left(&quiet) && !left(&crowd[2]));
    assert_eq!(agent.each_ref().map(left), [false, false]);
}

#[test]
fn a_stream_does_not_keep_a_crowd_its_places() {
    let connections = Connections::new(40, 20);
    let crowds: Vec<Place> = (0..38)
        .map(|i| connections.admit(peer(1 + i % 2)))
        .collect();
    let _streams = [0, 1].map(|i| stream(&crowds[i]));
    let agent = [3, 3].map(|last| connections.admit(peer(last)));
    let _own = stream(&agent[0]);
    // Strangers come, each with one call that is in the middle of its head.
    let strangers: Vec<Place> = (10..34).map(|last| connections.admit(peer(last))).collect();
    for place in &strangers {
        drop(bring(place, Phase::Head));
    }
    assert!(!strangers.iter().chain(&agent).any(left));
    let gone = crowds.iter().filter(|place| left(place)).count();
    assert_eq!(gone, strangers.len());
}

#[test]
fn streams_leave_room_for_calls() {
    let connections = Connections::new(4, 3);
    let places = [1, 1, 2].map(|last| connections.admit(peer(last)));
    let mut streams: Vec<_> = places.iter().map(stream).collect();
    for (last, words) in [
        (1, "2 streams of 10.0.0.1 are open, as many as one address"),
        (3, "3 streams are open, as many as there may be"),
    ] {
        let place = connections.admit(peer(last));
        let _under_way = place.connection().begin(false);
        let refused = place.caller().open_stream().unwrap_err();
        assert!(refused.starts_with(words), "{refused}");
    }
    // Its own calls find a place, however many come.
    for _ in 0..10 {
        let calls = [1, 1].map(|last| connections.admit(peer(last)));
        assert_eq!(calls.each_ref().map(left), [true, false]);
    }
    assert_eq!(places.each_ref().map(left), [false; 3]);
    streams.pop();
    let place = connections.admit(peer(3));
    streams.push(stream(&place));
    drop((places, place, streams));
    let open = connections.open();
    assert_eq!(
        (open.count, open.peers.len(), open.streams.len()),
        (0, 0, 0)
    );
}

#[test]
fn each_phase_has_its_own_bound() {
    let connection = Arc::new(Connection::new());
    let left = |connection: &Connection| {
        let deadline = connection.deadline()?;
        Some(deadline.duration_since(connection.state().since))
    };
    assert_eq!(left(&connection), Some(FIRST_REQUEST));
    connection.heard();
    assert_eq!(left(&connection), Some(HEAD));
    let begun = connection.state().since;
    connection.heard();
    assert_eq!(
        connection.state().since,
        begun,
        "a byte now and then changes nothing"
    );
    let under_way = connection.begin(true).unwrap();
    connection.heard();
    assert_eq!(left(&connection), None);
    assert!(connection.is_whole());
    drop(under_way);
    assert_eq!(left(&connection), None, "not all of it is sent");
    connection.flushed();
    assert_eq!(left(&connection), Some(REST));
}
