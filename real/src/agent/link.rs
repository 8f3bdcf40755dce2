//! The line to the master: one stream in, posts out.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use uuid::Uuid;

use super::runner::Input;
use crate::protocol::{AgentCall, FromMaster, MESSAGE_PATH, SUBSCRIBE_PATH, Subscribe};
use crate::recordio::Decoder;

const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_mins(1);
/// For connecting, for the first record, and for a post.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many posts are on their way at once.
const POSTS: usize = 32;

/// Keeps a subscription up for ever; ends only when the agent does.
pub(super) async fn keep_subscribed(
    client: Client,
    master: String,
    again: Arc<Notify>,
    inbox: mpsc::UnboundedSender<Input>,
) {
    let mut backoff = FIRST_BACKOFF;
    loop {
        let (ask, answer) = oneshot::channel();
        if inbox.send(Input::Introduce(ask)).is_err() {
            return;
        }
        let Ok(hello) = answer.await else { return };
        let mut registered = false;
        let why = tokio::select! {
            end = subscribe(&client, &master, &hello, &inbox, &mut registered) => {
                end.unwrap_or_else(|error| error)
            }
            () = again.notified() => "the master does not know this subscription".into(),
        };
        if inbox.send(Input::Disconnected).is_err() {
            return;
        }
        if registered {
            backoff = FIRST_BACKOFF;
        }
        // Somewhere up to the whole wait, so that agents that lost one master do not all come
        // back at once.
        let wait = backoff.mul_f64((Uuid::new_v4().as_u128() % 1000) as f64 / 1000.0);
        eprintln!(
            "not subscribed at {master}: {why}; again in {} ms",
            wait.as_millis()
        );
        tokio::time::sleep(wait).await;
        backoff = (backoff * 2).min(LONGEST_BACKOFF);
    }
}

/// One subscription, from its first record to its last.
async fn subscribe(
    client: &Client,
    master: &str,
    hello: &Subscribe,
    inbox: &mpsc::UnboundedSender<Input>,
    registered: &mut bool,
) -> Result<String, String> {
    let request = client
        .post(format!("http://{master}{SUBSCRIBE_PATH}"))
        .json(hello)
        .send();
    let response = timeout(PATIENCE, request)
        .await
        .map_err(|_| "no answer in time")?;
    let mut response = response.map_err(|error| words(&error))?;
    if response.status() != StatusCode::OK {
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        return Err(format!("it answered {status} {text}"));
    }
    let mut decoder = Decoder::default();
    let mut silence = PATIENCE;
    loop {
        let piece = timeout(silence, response.chunk()).await;
        let piece = piece.map_err(|_| format!("it was silent for {} ms", silence.as_millis()))?;
        let Some(piece) = piece.map_err(|error| words(&error))? else {
            return Ok("it closed the stream".into());
        };
        decoder.push(&piece);
        while let Some(record) = decoder.next_record().map_err(|error| error.to_string())? {
            let message: FromMaster = serde_json::from_slice(&record)
                .map_err(|error| format!("a record is not understood: {error}"))?;
            if let FromMaster::Registered { silence_millis, .. } = &message {
                silence = Duration::from_millis(*silence_millis);
                *registered = true;
            }
            if inbox.send(Input::Master(message)).is_err() {
                return Ok("the agent ends".into());
            }
        }
    }
}

/// Posts what the agent says. What does not arrive is said again by whoever said it: statuses
/// are retried, and a lost pong is followed by another.
pub(super) async fn post_all(
    client: Client,
    master: String,
    again: Arc<Notify>,
    mut outbox: mpsc::UnboundedReceiver<AgentCall>,
) {
    let places = Arc::new(Semaphore::new(POSTS));
    while let Some(call) = outbox.recv().await {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let (client, again) = (client.clone(), again.clone());
        let url = format!("http://{master}{MESSAGE_PATH}");
        tokio::spawn(async move {
            let answer = client.post(url).timeout(PATIENCE).json(&call).send().await;
            match answer.map(|answer| answer.status()) {
                Ok(StatusCode::FORBIDDEN) => again.notify_one(),
                Ok(status) if status.is_success() || status == StatusCode::SERVICE_UNAVAILABLE => {}
                Ok(status) => eprintln!("the master answered {status} to {:?}", call.message),
                Err(error) => eprintln!("cannot tell the master: {}", words(&error)),
            }
            drop(place);
        });
    }
}

/// An error with its causes: the outermost one alone says only which URL it was.
fn words(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {inner}");
        cause = inner.source();
    }
    text
}
