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
    match call.body {
        Body::Subscribe {
            framework_info,
            suppressed_roles,
        } => {
            let bad = |text: &str| Problem(StatusCode::BAD_REQUEST, text.to_owned());
            if stream.is_some() {
                return Err(bad(
                    "Subscribe calls should not include the 'Mesos-Stream-Id' header",
                ));
            }
            let info = with_id(framework_info, call.framework_id.as_deref());
            let info = info.ok_or_else(|| {
                bad("Framework id in the call doesn't match framework id in framework_info")
            })?;
            let info = with_principal(info, &rights(parts)).map_err(|text| bad(&text))?;
            subscribe(app, parts, info, &suppressed_roles).await
        }
        body => {
            let framework_id = call.framework_id.unwrap_or_default();
            let verdict = app.ask(|reply| Request::Call {
                framework_id,
                stream,
                body,
                principal: rights(parts).0,
                reply,
            });
            Problem::check(verdict.await?)?;
            Ok(StatusCode::ACCEPTED.into_response())
        }
    }
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
    suppressed: &[String],
) -> Result<Response, Problem> {
    let role = framework_info.role.as_ref();
    let role = role.or_else(|| framework_info.roles.first());
    let role = role.map_or("*", String::as_str);
    let is_suppressed = suppressed.iter().any(|name| name == role);
    let (link, records, place) = app.open_stream(parts)?;
    let (id, stream) = (link.id, link.stream);
    // Made first: if the client goes away while it waits, the stream counts as closed.
    let heartbeat = recordio::frame(&to_ascii(&json!({"type": "HEARTBEAT"})));
    let body = app.stream(id, records, place, Some(heartbeat));
    let verdict = app.ask(|reply| Request::Subscribe {
        framework_info,
        suppressed: is_suppressed,
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
