//! The endpoints that only show.

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::{App, Problem, front};
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
        "/metrics/snapshot" => View::Metrics,
        _ => {
            return Err(Problem(
                StatusCode::NOT_FOUND,
                format!(
                    "{path} is not here; known are / /version /health /state /state-summary /slaves \
                     /frameworks /tasks /roles /metrics/snapshot /metrics"
                ),
            ));
        }
    };
    only_get(parts)?;
    let is_page = view == View::Front;
    let shown = app.ask(|reply| Request::View { view, reply }).await?;
    if is_page {
        return Ok(front::page(&shown).response());
    }
    Ok(json_response(to_ascii(&shown)))
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
            let view = View::Metrics;
            let snapshot = app.ask(|reply| Request::View { view, reply }).await?;
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], app.metrics.text(&snapshot)).into_response()
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

fn json_response(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
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
