//! The master's HTTP server: every request becomes one for the decision thread.

mod agents;
mod answers;
mod front;
mod operator;
mod reads;
mod budget;
mod scheduler;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Request as HttpRequest, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use tokio::sync::oneshot;

pub use self::answers::Answers;
pub use self::budget::BodyBudget;
use self::budget::{Held, Sender as BodySender};
use super::authentication::{Authentication, Door, Rights};
use super::links::{Link, LinkId, Records};
use super::metrics::Metrics;
use super::request::{Request, Verdict};
use crate::protocol::{MAY_READ_PATH, MESSAGE_PATH, SUBSCRIBE_PATH};
use crate::web::{Caller, StreamPlace};

fn stopping() -> Problem {
    let text = "the master is stopping";
    Problem(StatusCode::SERVICE_UNAVAILABLE, text.to_owned())
}

/// What every request needs.
#[derive(Clone, Debug)]
pub struct App {
    /// The way to the decision thread.
    pub inbox: Sender<Request>,
    /// Its numbers.
    pub metrics: Metrics,
    /// How often a stream carries a heartbeat.
    pub heartbeat: Duration,
    /// Who is asked who they are.
    pub authentication: Arc<Authentication>,
    /// The longest body taken in.
    pub max_body: usize,
    /// What bodies may take together, from their first byte until they are decided upon.
    pub bodies: BodyBudget,
    /// Room for answers that show the cluster.
    pub answers: Answers,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Streams opened so far.
    pub streams: Arc<AtomicU64>,
}

/// How somebody who has to say who it is can do so.
const REALM: HeaderValue = HeaderValue::from_static("Basic realm=\"fairground\"");

/// An answer that is an error: a status and a sentence.
struct Problem(StatusCode, String);

impl Problem {
    /// What a verdict is answered, if it is a refusal.
    fn check(verdict: Verdict) -> Result<(), Self> {
        match verdict {
            Verdict::Accepted => Ok(()),
            Verdict::Bad(text) => Err(Self(StatusCode::BAD_REQUEST, text)),
            Verdict::Forbidden(text) => Err(Self(StatusCode::FORBIDDEN, text)),
            Verdict::Conflict(text) => Err(Self(StatusCode::CONFLICT, text)),
            Verdict::Later(text) => Err(Self(StatusCode::SERVICE_UNAVAILABLE, text)),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, mut text) = self;
        text.push('\n');
        let mut answer = (status, text).into_response();
        if status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, REALM);
        }
        answer
    }
}

/// Every path: what is not served is told so.
pub fn router(app: App) -> Router {
    Router::new().fallback(answer).with_state(app)
}

/// Any request at all.
async fn answer(State(app): State<App>, request: HttpRequest) -> Response {
    let path = canonical(request.uri().path());
    let (mut parts, body) = request.into_parts();
    let door = Door::of(&parts.method, &path);
    let Some(rights) = app.authentication.enter(door, &parts.headers) else {
        let text = "this master asks who you are: a principal and its secret, as HTTP basic \
                    authentication";
        return Problem(StatusCode::UNAUTHORIZED, text.to_owned()).into_response();
    };
    parts.extensions.insert(rights);
    let outcome = match path.as_str() {
        "/api/v1/scheduler" => scheduler::answer(&app, &parts, body).await,
        SUBSCRIBE_PATH => agents::subscribe(&app, &parts, body).await,
        MESSAGE_PATH => agents::message(&app, &parts, body).await,
        MAY_READ_PATH => agents::may_read(&app, &parts, body).await,
        operator::KILL_PATH => operator::kill(&app, &parts, body).await,
        path if operator::is_role_order(path, &parts) => {
            operator::roles(&app, path, &parts, body).await
        }
        "/api/v1" | "/api/v1/operator" | "/api/v1/executor" => Err(Problem(
            StatusCode::NOT_IMPLEMENTED,
            format!(
                "{path} is not served; known are /api/v1/scheduler and the read-only endpoints"
            ),
        )),
        _ => reads::answer(&app, &path, &parts).await,
    };
    outcome.unwrap_or_else(IntoResponse::into_response)
}

/// The one spelling of a path that has several: `/master/state.json/` is `/state`.
fn canonical(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".json").unwrap_or(path);
    match path.strip_prefix("/master").unwrap_or(path) {
        "" => "/".to_owned(),
        rest if rest.starts_with('/') => rest.to_owned(),
        _ => path.to_owned(),
    }
}

/// The body of a POST of JSON, and its room, to be kept for as long as what was in it.
async fn json_body(app: &App, parts: &Parts, body: Body) -> Result<(Bytes, Held), Problem> {
    if parts.method != Method::POST {
        return Err(Problem(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("Expecting 'POST', received '{}'", parts.method),
        ));
    }
    let content_type = text_header(&parts.headers, header::CONTENT_TYPE.as_str());
    match content_type.map(media_type) {
        Some("application/json") => {}
        None => {
            let text = "Expecting 'Content-Type' to be present";
            return Err(Problem(StatusCode::BAD_REQUEST, text.to_owned()));
        }
        Some(other) => {
            return Err(Problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("Expecting 'Content-Type' of application/json, received `{other}`"),
            ));
        }
    }
    read_body(app, parts, body).await
}

/// A body and its room, to be kept for as long as what was in it.
async fn read_body(app: &App, parts: &Parts, body: Body) -> Result<(Bytes, Held), Problem> {
    let too_long = || {
        let text = format!(
            "the body is broken off or longer than {} bytes",
            app.max_body
        );
        Problem(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    let length = body.size_hint().exact().unwrap_or(app.max_body as u64);
    if length > app.max_body as u64 {
        return Err(too_long());
    }
    let sender = sender(parts);
    let read = async {
        let room = app.bodies.take(sender, length).await;
        let bytes = axum::body::to_bytes(body, app.max_body).await?;
        Ok::<_, axum::Error>((bytes, room))
    };
    match tokio::time::timeout(app.body_timeout, read).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(_)) => Err(too_long()),
        Err(_) => Err(Problem(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not arrive within {:?}", app.body_timeout),
        )),
    }
}

/// Whose rights a request has.
fn rights(parts: &Parts) -> Rights {
    parts.extensions.get().cloned().unwrap_or_default()
}

/// Whose share of what is bounded a request takes.
fn sender(parts: &Parts) -> BodySender {
    match rights(parts) {
        Rights(Some(principal)) => BodySender::Principal(principal),
        Rights(None) => BodySender::Address(caller(parts).address()),
    }
}

/// Who makes a request.
fn caller(parts: &Parts) -> &Caller {
    let caller = parts.extensions.get();
    caller.expect("the server says it of every request")
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// Whether JSON may be answered.
fn accepts_json(headers: &HeaderMap) -> bool {
    text_header(headers, header::ACCEPT.as_str()).is_none_or(|accept| {
        let mut types = accept.split(',').map(media_type);
        types.any(|kind| matches!(kind, "application/json" | "application/*" | "*/*"))
    })
}

impl App {
    /// A new stream's two ends and its place among the connections.
    fn open_stream(&self, parts: &Parts) -> Result<(Link, Records, StreamPlace), Problem> {
        let place = caller(parts).open_stream();
        let place = place.map_err(|why| Problem(StatusCode::SERVICE_UNAVAILABLE, why))?;
        let (link, records) = Link::open(self.streams.fetch_add(1, Ordering::Relaxed));
        Ok((link, records, place))
    }

    /// Asks the decision thread and waits for its answer.
    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(request(reply)).map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())
    }

    /// A response that stays open and carries what the decision thread queues, with heartbeats
    /// in between.
    fn stream(
        &self,
        link: LinkId,
        records: Records,
        place: StreamPlace,
        heartbeat: Option<Bytes>,
    ) -> Body {
        let closing = Closing {
            link,
            inbox: self.inbox.clone(),
            _place: place,
        };
        let Some(heartbeat) = heartbeat else {
            let events = records.map(move |record| {
                // Held by the stream: dropped with it.
                let _ = &closing;
                Ok::<_, std::convert::Infallible>(record)
            });
            return Body::from_stream(events);
        };
        let start = tokio::time::Instant::now() + self.heartbeat;
        let beats = tokio::time::interval_at(start, self.heartbeat);
        let state = (records, beats, heartbeat, closing);
        let events =
            futures_util::stream::unfold(state, |(mut events, mut beats, beat, closing)| async {
                let record = tokio::select! {
                    record = events.next() => record?,
                    _ = beats.tick() => beat.clone(),
                };
                if events.wants_more() {
                    // Without a decision thread there is nothing more.
                    let _ = closing.inbox.send(Request::Drained);
                }
                Some((
                    Ok::<_, std::convert::Infallible>(record),
                    (events, beats, beat, closing),
                ))
            });
        Body::from_stream(events)
    }
}

/// Tells the decision thread when a stream is over.
struct Closing {
    link: LinkId,
    inbox: Sender<Request>,
    _place: StreamPlace,
}

impl Drop for Closing {
    fn drop(&mut self) {
        // Without a decision thread there is nobody to tell.
        let _ = self.inbox.send(Request::Closed(self.link));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for path in [
            "/state",
            "/master/state",
            "/state.json",
            "/master/state.json",
            "/state/",
        ] {
            assert_eq!(canonical(path), "/state");
        }
        assert_eq!(canonical("/"), "/");
        assert_eq!(canonical("/master/"), "/");
        assert_eq!(canonical("/master/api/v1/scheduler"), "/api/v1/scheduler");
        assert_eq!(canonical("/state-summary"), "/state-summary");
        assert_eq!(canonical("/masterfoo"), "/masterfoo");
    }
}
