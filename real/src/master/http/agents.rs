//! Where agents subscribe and speak.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fairground_policies::resources::{Kind, Resources};
use serde::Deserialize;

use super::{App, Problem, json_body};
use crate::master::request::{Request, Verdict};
use crate::protocol::{AgentCall, Subscribe, VERSION};

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
            "the agent speaks version {protocol} of the protocol; this master speaks {VERSION}"
        )));
    }
    let subscribe: Subscribe = serde_json::from_slice(&bytes).map_err(not_understood)?;
    check(&subscribe).map_err(bad)?;
    let (link, records) = app.open_stream();
    let body = app.stream(link.id, records, None);
    app.ask(|reply| Request::AgentSubscribe {
        subscribe,
        link,
        reply,
    })
    .await?;
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

pub(super) async fn message(app: &App, parts: &Parts, body: Body) -> Result<Response, Problem> {
    let (bytes, _room) = json_body(app, parts, body).await?;
    let call: AgentCall = serde_json::from_slice(&bytes)
        .map_err(|error| Problem(StatusCode::BAD_REQUEST, format!("AgentCall: {error}")))?;
    match app.ask(|reply| Request::AgentCall { call, reply }).await? {
        Verdict::Accepted => Ok(StatusCode::ACCEPTED.into_response()),
        Verdict::Bad(text) => Err(Problem(StatusCode::BAD_REQUEST, text)),
        Verdict::Forbidden(text) => Err(Problem(StatusCode::FORBIDDEN, text)),
    }
}
