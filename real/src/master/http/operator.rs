//! What people order: the end of a task or of a framework, weights and quotas of roles.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::{App, Problem, json_body, read_body, rights};
use crate::master::authentication::Rights;
use crate::master::cluster::RoleOrder;
use crate::master::request::Request;
use crate::wire::operator;

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

/// Whether something is said of roles, and not only asked.
pub(super) fn is_role_order(path: &str, parts: &Parts) -> bool {
    let is_asked = matches!(parts.method, Method::GET | Method::HEAD);
    path.starts_with("/quota/") || !is_asked && matches!(path, "/weights" | "/quota")
}

/// Something is said of roles.
pub(super) async fn roles(
    app: &App,
    path: &str,
    parts: &Parts,
    body: Body,
) -> Result<Response, Problem> {
    if let Rights(Some(principal)) = rights(parts) {
        let text = format!("`{principal}` is no operator (--operator of the master)");
        return Err(Problem(StatusCode::FORBIDDEN, text));
    }
    let bad = |text: String| Problem(StatusCode::BAD_REQUEST, text);
    let order = match (path, &parts.method) {
        ("/weights", &Method::PUT) => {
            let (bytes, _room) = words(app, parts, body).await?;
            RoleOrder::Weights(operator::weights(&bytes).map_err(bad)?)
        }
        ("/quota", &Method::POST) => {
            let (bytes, _room) = words(app, parts, body).await?;
            RoleOrder::Quota(operator::quota(&bytes).map_err(bad)?)
        }
        (_, &Method::DELETE) if path.starts_with("/quota/") => {
            RoleOrder::NoQuota(named(parts.uri.path()).map_err(bad)?)
        }
        (_, method) => {
            let expected = match path {
                "/weights" => "'GET' or 'PUT'",
                "/quota" => "'GET' or 'POST'",
                _ => "'DELETE'",
            };
            let text = format!("Expecting {expected}, received '{method}'");
            return Err(Problem(StatusCode::METHOD_NOT_ALLOWED, text));
        }
    };
    let verdict = app.ask(|reply| Request::Roles { order, reply });
    Problem::check(verdict.await?)?;
    Ok(StatusCode::OK.into_response())
}

/// The role at the end of a path, whatever is in it.
fn named(path: &str) -> Result<String, String> {
    let role = path.split_once("/quota/").map_or("", |(_, role)| role);
    let role = percent_decode_str(role).decode_utf8();
    let role = role.map_err(|_| format!("{path}: the role is not UTF-8"))?;
    Ok(role.into_owned())
}

/// JSON, whatever it is called: curl calls it a form unless it is told. What a browser sends for a page of
/// somebody else has an origin, and can call it JSON only after it has asked.
async fn words(
    app: &App,
    parts: &Parts,
    body: Body,
) -> Result<(axum::body::Bytes, super::budget::Held), Problem> {
    if parts.headers.contains_key(header::ORIGIN) {
        return json_body(app, parts, body).await;
    }
    read_body(app, parts, body).await
}
