//! What people order: the end of a task or of a framework.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::{App, Problem, json_body, rights};
use crate::master::request::Request;

/// Where it is ordered.
pub(super) const KILL_PATH: &str = "/fairground/v1/kill";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kill {
    framework_id: String,
    /// All of the framework when absent.
    #[serde(default)]
    task_id: Option<String>,
}

pub(super) async fn kill(app: &App, parts: &Parts, body: Body) -> Result<Response, Problem> {
    let (bytes, _room) = json_body(app, parts, body).await?;
    let kill: Kill = serde_json::from_slice(&bytes)
        .map_err(|error| Problem(StatusCode::BAD_REQUEST, format!("Kill: {error}")))?;
    let verdict = app.ask(|reply| Request::Kill {
        framework_id: kill.framework_id,
        task_id: kill.task_id,
        principal: rights(parts).0,
        reply,
    });
    Problem::check(verdict.await?)?;
    Ok(StatusCode::ACCEPTED.into_response())
}
