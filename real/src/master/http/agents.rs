//! Where agents subscribe and speak.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fairground_policies::resources::{Kind, Resources};
use serde::Deserialize;

use super::{App, Problem, caller, json_body};
use crate::master::authentication::Rights;
use crate::master::request::Request;
use crate::protocol::{AgentCall, MayRead, Reader, Subscribe, VERSION};

#[derive(Deserialize)]
struct Version {
    protocol: u32,
}

pub(super) async fn subscribe(app: &App, parts: &Parts, body: Body) -> Result<Response, Problem> {
    let bad = |text: String| Problem(StatusCode::BAD_REQUEST, text);
    let (bytes, _room) = json_body(app, parts, body).await?;
    let not_understood = |error| bad(format!("Subscribe: {error}"));
    // Asked first: the rest may mean nothing in another version.
    let Version { protocol } = serde_json::from_slice(&bytes).map_err(not_understood)?;
    if protocol != VERSION {
        return Err(bad(format!(
            "the agent speaks version {protocol} of the protocol; this master speaks {VERSION}: start \
             both from one release; an agent that is started again on its work directory goes on with \
             its tasks"
        )));
    }
    let subscribe: Subscribe = serde_json::from_slice(&bytes).map_err(not_understood)?;
    check(&subscribe).map_err(bad)?;
    check_address(&subscribe.address, caller(parts).address()).map_err(bad)?;
    let (link, records, place) = app.open_stream(parts)?;
    let body = app.stream(link.id, records, place, None);
    let verdict = app.ask(|reply| Request::AgentSubscribe {
        subscribe,
        link,
        reply,
    });
    Problem::check(verdict.await?)?;
    let headers = [(header::CONTENT_TYPE, "application/json")];
    Ok((headers, body).into_response())
}

fn check(subscribe: &Subscribe) -> Result<(), String> {
    if subscribe.hostname.is_empty() || subscribe.address.is_empty() {
        return Err("`hostname` or `address` is empty".to_owned());
    }
    let capacity = subscribe.capacity.counted();
    if capacity.is_zero() {
        return Err("the agent has no resources; expected at least some cpus or mem".to_owned());
    }
    let too_large = |kind: &Kind| capacity.of(*kind) > Resources::MAX_UNITS;
    match Kind::ALL.into_iter().find(too_large) {
        None => Ok(()),
        Some(kind) => Err(format!(
            "the agent has {} units of {}; at most {} can be counted",
            capacity.of(kind),
            kind.name(),
            Resources::MAX_UNITS
        )),
    }
}

/// An address of an agent has to lead to it from elsewhere, if it is elsewhere: at the one that all
/// machines have there are others.
fn check_address(address: &str, peer: IpAddr) -> Result<(), String> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let nowhere = ip.is_some_and(|ip| ip.is_unspecified());
    let own = host == "localhost" || ip.is_some_and(|ip| ip.is_loopback());
    if nowhere || own && !peer.is_loopback() {
        return Err(format!(
            "the agent says that it listens on {address}, where nobody else reaches it, and comes from \
             {peer}; start it with an address of its machine's, as in --listen {peer}:5051"
        ));
    }
    Ok(())
}

/// Whether an agent may show somebody what it has. Only an agent is told: by its key.
pub(super) async fn may_read(app: &App, parts: &Parts, body: Body) -> Result<Response, Problem> {
    let (bytes, _room) = json_body(app, parts, body).await?;
    let ask: MayRead = serde_json::from_slice(&bytes)
        .map_err(|error| Problem(StatusCode::BAD_REQUEST, format!("MayRead: {error}")))?;
    let rights = app.authentication.reader(ask.authorization.as_deref());
    let is_known = rights.is_some();
    let Rights(principal) = rights.unwrap_or_default();
    let allowed = app.ask(|reply| Request::MayRead {
        agent_id: ask.agent_id,
        key: ask.key,
        framework_id: ask.framework_id,
        principal,
        reply,
    });
    let reader = match (allowed.await?, is_known) {
        (None, _) => {
            let text = "no agent has this id and this key".to_owned();
            return Err(Problem(StatusCode::FORBIDDEN, text));
        }
        (Some(_), false) => Reader::Unknown,
        (Some(true), true) => Reader::Welcome,
        (Some(false), true) => Reader::Stranger,
    };
    Ok(axum::Json(reader).into_response())
}

pub(super) async fn message(app: &App, parts: &Parts, body: Body) -> Result<Response, Problem> {
    let (bytes, _room) = json_body(app, parts, body).await?;
    let call: AgentCall = serde_json::from_slice(&bytes)
        .map_err(|error| Problem(StatusCode::BAD_REQUEST, format!("AgentCall: {error}")))?;
    let verdict = app.ask(|reply| Request::AgentCall { call, reply });
    Problem::check(verdict.await?)?;
    Ok(StatusCode::ACCEPTED.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_elsewhere_has_an_address_there() {
        let check = |address: &str, peer: &str| check_address(address, peer.parse().unwrap());
        for (address, peer) in [
            ("127.0.0.1:5051", "127.0.0.1"),
            ("[::1]:5051", "::1"),
            ("localhost:5051", "127.0.0.1"),
            ("10.0.0.7:5051", "10.0.0.7"),
            ("10.0.0.7:5051", "10.1.0.7"),
            ("node7.example:5051", "10.0.0.7"),
        ] {
            assert_eq!(check(address, peer), Ok(()), "{address} {peer}");
        }
        for (address, peer) in [
            ("127.0.0.1:5051", "10.0.0.7"),
            ("127.8.0.1:5051", "10.0.0.7"),
            ("[::1]:5051", "fd00::7"),
            ("localhost:5051", "10.0.0.7"),
            ("0.0.0.0:5051", "127.0.0.1"),
            ("[::]:5051", "10.0.0.7"),
        ] {
            let why = check(address, peer).unwrap_err();
            assert!(
                why.ends_with(&format!("as in --listen {peer}:5051")),
                "{why}"
            );
        }
    }
}
