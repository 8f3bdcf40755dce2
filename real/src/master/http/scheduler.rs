//! `POST /api/v1/scheduler`.

use axum::body::Body as HttpBody;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::{App, Problem, accepts_json, json_body, rights, text_header};
use crate::master::authentication::Rights;
use crate::master::request::Request;
use crate::recordio;
use crate::wire::call::{Body, Call, Refusal};
use crate::wire::messages::framework::FrameworkInfo;
use crate::wire::{Id, to_ascii};

const STREAM_ID: &str = "mesos-stream-id";

pub(super) async fn answer(app: &App, parts: &Parts, body: HttpBody) -> Result<Response, Problem> {
    let (bytes, _room) = json_body(app, parts, body).await?;
    if !accepts_json(&parts.headers) {
        let text = "Expecting 'Accept' to allow application/json";
        return Err(Problem(StatusCode::NOT_ACCEPTABLE, text.to_owned()));
    }
    let call = Call::read(&bytes).map_err(|refusal| match refusal {
        Refusal::Bad(text) => Problem(StatusCode::BAD_REQUEST, text),
        Refusal::Unknown(text) => Problem(StatusCode::NOT_IMPLEMENTED, text),
    })?;
    let stream = text_header(&parts.headers, STREAM_ID).map(str::to_owned);
    let bad = |text: String| Problem(StatusCode::BAD_REQUEST, text);
    let mut taken_in = StatusCode::ACCEPTED;
    let body = match call.body {
        Body::Subscribe {
            framework_info,
            suppressed_roles,
        } => {
            if stream.is_some() {
                let text = "Subscribe calls should not include the 'Mesos-Stream-Id' header";
                return Err(bad(text.to_owned()));
            }
            let info = described(framework_info, call.framework_id.as_deref(), parts);
            return subscribe(app, parts, info.map_err(bad)?, suppressed_roles).await;
        }
        Body::Update {
            framework_info,
            suppressed_roles,
        } => {
            // The one call that Mesos answers so.
            taken_in = StatusCode::OK;
            let info = described(framework_info, call.framework_id.as_deref(), parts);
            Body::Update {
                framework_info: info.map_err(bad)?,
                suppressed_roles,
            }
        }
        body => body,
    };
    let framework_id = call.framework_id.unwrap_or_default();
    let verdict = app.ask(|reply| Request::Call {
        framework_id,
        stream,
        body,
        principal: rights(parts).0,
        reply,
    });
    Problem::check(verdict.await?)?;
    Ok(taken_in.into_response())
}

/// A framework's description with all that its call says of it.
fn described(
    info: Box<FrameworkInfo>,
    id: Option<&str>,
    parts: &Parts,
) -> Result<Box<FrameworkInfo>, String> {
    let info = with_id(info, id)
        .ok_or("Framework id in the call doesn't match framework id in framework_info")?;
    with_principal(info, &rights(parts))
}

/// A framework's description with the call's id in it; `None` when it has another one.
fn with_id(mut info: Box<FrameworkInfo>, id: Option<&str>) -> Option<Box<FrameworkInfo>> {
    match (info.id(), id) {
        (Some(own), Some(id)) if own != id => None,
        (None, Some(id)) => {
            info.id = Some(Id::from(id));
            Some(info)
        }
        _ => Some(info),
    }
}

/// A framework's description with the principal it proved to be.
fn with_principal(
    mut info: Box<FrameworkInfo>,
    Rights(proved): &Rights,
) -> Result<Box<FrameworkInfo>, String> {
    let Some(proved) = proved else {
        return Ok(info);
    };
    match &info.principal {
        Some(said) if said != proved => Err(format!(
            "Authenticated principal '{proved}' does not match principal '{said}' set in `FrameworkInfo`"
        )),
        _ => {
            info.principal = Some(proved.clone());
            Ok(info)
        }
    }
}

async fn subscribe(
    app: &App,
    parts: &Parts,
    framework_info: Box<FrameworkInfo>,
    suppressed_roles: Vec<String>,
) -> Result<Response, Problem> {
    let (link, records, place) = app.open_stream(parts)?;
    let (id, stream) = (link.id, link.stream);
    // Made first: if the client goes away while it waits, the stream counts as closed.
    let heartbeat = recordio::frame(&to_ascii(&json!({"type": "HEARTBEAT"})));
    let body = app.stream(id, records, place, Some(heartbeat));
    let verdict = app.ask(|reply| Request::Subscribe {
        framework_info,
        suppressed_roles,
        principal: rights(parts).0,
        link,
        reply,
    });
    Problem::check(verdict.await?)?;
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/json".to_owned()),
        ("Mesos-Stream-Id", stream.to_string()),
    ];
    Ok((headers, body).into_response())
}
