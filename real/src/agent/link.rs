//! The line to the master: one stream in, posts out.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fairground_workloads::say;
use reqwest::{Client, RequestBuilder, StatusCode};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::timeout;
use uuid::Uuid;

use super::runner::Input;
use crate::credentials::Credential;
use crate::protocol::{AgentCall, FromMaster, MESSAGE_PATH, SUBSCRIBE_PATH, Subscribe};
use crate::recordio::Decoder;
use crate::web;

const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_mins(1);
/// For connecting, for the first record, and for a post.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many posts are on their way at once.
const POSTS: usize = 32;

/// The subscription under way, counted from one, and the last one that the master turned out not to
/// know.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    current: AtomicU64,
    unknown: watch::Sender<u64>,
}

impl Subscriptions {
    fn begin(&self) -> u64 {
        self.current.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn current(&self) -> u64 {
        self.current.load(Ordering::SeqCst)
    }

    fn is_unknown(&self, number: u64) {
        self.unknown.send_modify(|last| *last = number.max(*last));
    }

    /// Waits until the master does not know this subscription; what it says of earlier ones, late,
    /// does not count.
    async fn ends(&self, number: u64) {
        // The sender lives as long as this.
        let _ = self
            .unknown
            .subscribe()
            .wait_for(|last| *last >= number)
            .await;
    }
}

/// The master and who the agent is to it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) client: Client,
    pub(super) master: String,
    pub(super) credential: Option<Credential>,
}

impl Line {
    fn post(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("http://{}{path}", self.master));
        web::authorize(request, self.credential.as_ref())
    }
}

/// Keeps a subscription up for ever; ends only when the agent does.
pub(super) async fn keep_subscribed(
    line: Line,
    subscriptions: Arc<Subscriptions>,
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
        let number = subscriptions.begin();
        let why = tokio::select! {
            end = subscribe(&line, &hello, &inbox, &mut registered) => {
                end.unwrap_or_else(|error| error)
            }
            () = subscriptions.ends(number) => "the master does not know this subscription".into(),
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
        say!(
            "not subscribed at {}: {why}; again in {} ms",
            line.master,
            wait.as_millis()
        );
        tokio::time::sleep(wait).await;
        backoff = (backoff * 2).min(LONGEST_BACKOFF);
    }
}

/// One subscription, from its first record to its last.
async fn subscribe(
    line: &Line,
    hello: &Subscribe,
    inbox: &mpsc::UnboundedSender<Input>,
    registered: &mut bool,
) -> Result<String, String> {
    let request = line.post(SUBSCRIBE_PATH).json(hello).send();
    let response = timeout(PATIENCE, request)
        .await
        .map_err(|_| "no answer in time")?;
    let mut response = response.map_err(|error| words(&error))?;
    if response.status() != StatusCode::OK {
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        return Err(match status {
            StatusCode::UNAUTHORIZED if line.credential.is_none() => {
                "it asks who this agent is; tell it with --credential FILE".into()
            }
            _ => format!("it answered {status} {}", text.trim_end()),
        });
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
    line: Line,
    subscriptions: Arc<Subscriptions>,
    mut outbox: mpsc::UnboundedReceiver<AgentCall>,
) {
    let places = Arc::new(Semaphore::new(POSTS));
    while let Some(call) = outbox.recv().await {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let (line, subscriptions) = (line.clone(), subscriptions.clone());
        let number = subscriptions.current();
        tokio::spawn(async move {
            let post = line.post(MESSAGE_PATH).timeout(PATIENCE).json(&call);
            let answer = post.send().await;
            match answer.map(|answer| answer.status()) {
                Ok(StatusCode::FORBIDDEN) => subscriptions.is_unknown(number),
                Ok(status) if status.is_success() || status == StatusCode::SERVICE_UNAVAILABLE => {}
                Ok(status) => say!("the master answered {status} to {:?}", call.message),
                Err(error) => say!("cannot tell the master: {}", words(&error)),
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_late_word_about_an_earlier_subscription_does_not_end_a_later_one() {
        let subscriptions = Subscriptions::default();
        let first = subscriptions.begin();
        let second = subscriptions.begin();
        subscriptions.is_unknown(first);
        assert_eq!(subscriptions.ends(second).now_or_never(), None);
        subscriptions.is_unknown(second);
        subscriptions.is_unknown(first);
        assert_eq!(subscriptions.ends(second).now_or_never(), Some(()));
    }
}
