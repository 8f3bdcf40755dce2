//! The endpoints that only show.

use axum::body::Body;
use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::answers::Place;
use super::{App, Problem, caller, front, sender, stopping};
use crate::master::cluster::View;
use crate::master::request::Request;
use crate::wire::{to_ascii, version};

pub(super) async fn answer(app: &App, path: &str, parts: &Parts) -> Result<Response, Problem> {
    if path == "/redirect" || path == "/health" || path == "/version" || path == "/metrics" {
        return fixed(app, path, parts).await;
    }
    let view = match path {
        "/" => View::Front,
        "/state" => View::State,
        "/state-summary" => View::StateSummary,
        "/slaves" => View::Agents,
        "/frameworks" => View::Frameworks,
        "/tasks" => tasks(parts)?,
        "/roles" => View::Roles,
        "/weights" => View::Weights,
        "/quota" => View::Quotas,
        "/metrics/snapshot" => View::Metrics,
        _ => {
            return Err(Problem(
                StatusCode::NOT_FOUND,
                format!(
                    "{path} is not here; known are / /version /health /state /state-summary /slaves \
                     /frameworks /tasks /roles /weights /quota /metrics/snapshot /metrics"
                ),
            ));
        }
    };
    only_get(parts)?;
    let is_page = view == View::Front;
    let Shown { value, place, turn } = look(app, parts, view).await?;
    if is_page {
        return Ok(front::page(&value).response());
    }
    let write = move || {
        let bytes = to_ascii(&value);
        drop((value, turn));
        place.send(bytes)
    };
    // It may take long, and calls come in on this thread.
    let bytes = tokio::task::spawn_blocking(write).await;
    Ok(json_response(bytes.map_err(|_| stopping())?))
}

/// What is seen of the cluster, with the place of its answer, and the turn to look.
struct Shown {
    value: Value,
    place: Place,
    turn: OwnedSemaphorePermit,
}

async fn look(app: &App, parts: &Parts, view: View) -> Result<Shown, Problem> {
    let place = app.answers.place(sender(parts), caller(parts)).await;
    let turn = app.answers.turn().await;
    let value = app.ask(|reply| Request::View { view, reply }).await?;
    Ok(Shown { value, place, turn })
}

async fn fixed(app: &App, path: &str, parts: &Parts) -> Result<Response, Problem> {
    only_get(parts)?;
    Ok(match path {
        "/health" => StatusCode::OK.into_response(),
        "/redirect" => {
            let host = parts.headers.get(header::HOST);
            let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
            let location = [(header::LOCATION, format!("//{host}"))];
            (StatusCode::TEMPORARY_REDIRECT, location).into_response()
        }
        "/version" => json_response(to_ascii(&version())),
        _ => {
            let shown = look(app, parts, View::Metrics).await?;
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            (
                [(header::CONTENT_TYPE, kind)],
                app.metrics.text(&shown.value),
            )
                .into_response()
        }
    })
}

fn only_get(parts: &Parts) -> Result<(), Problem> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    Err(Problem(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("Expecting 'GET', received '{}'", parts.method),
    ))
}

fn json_response(bytes: impl Into<Body>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, bytes.into()).into_response()
}

fn tasks(parts: &Parts) -> Result<View, Problem> {
    let bad = |text: String| Problem(StatusCode::BAD_REQUEST, text);
    let (mut limit, mut offset, mut ascending) = (100, 0, false);
    let (mut framework_id, mut task_id) = (None, None);
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let Query(pairs) = query.map_err(|error| bad(error.body_text()))?;
    for (key, value) in pairs {
        let wrong = |expected| bad(format!("query `{key}` is `{value}`; expected {expected}"));
        match key.as_str() {
            // All, as in Mesos.
            "limit" if value == "-1" => limit = usize::MAX,
            "limit" => {
                let number = value.parse();
                limit = number.map_err(|_| wrong("a whole number, or -1 for all"))?;
            }
            "offset" => offset = value.parse().map_err(|_| wrong("a whole number"))?,
            "order" => ascending = value == "asc",
            "framework_id" => framework_id = Some(value),
            "task_id" => task_id = Some(value),
            _ => {}
        }
    }
    Ok(View::Tasks {
        limit,
        offset,
        ascending,
        framework_id,
        task_id,
    })
}
