//! Who may read what tasks left. The master knows who is who; an agent asks it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use reqwest::Client;
use uuid::Uuid;

use crate::credentials::Credential;
use crate::protocol::{MAY_READ_PATH, MayRead, Pages, Reader};
use crate::web;

/// What there is to be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Wanted<'a> {
    /// What the agent runs, and how much of everything.
    Numbers,
    /// A sandbox of this framework.
    Sandbox(&'a str),
    /// The list of all frameworks.
    Sandboxes,
}

/// What the agent says when it asks.
#[derive(Clone, Debug)]
struct Known {
    agent_id: String,
    key: Uuid,
    pages: Pages,
}

/// Asks the master.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    client: Client,
    master: String,
    credential: Option<Credential>,
    known: Arc<Mutex<Option<Known>>>,
}

impl Guard {
    pub(super) fn new(client: Client, master: &str, credential: Option<Credential>) -> Self {
        Self {
            client,
            master: master.to_owned(),
            credential,
            known: Arc::default(),
        }
    }

    /// Learns who the agent is and what is for everybody.
    pub(super) fn learn(&self, agent_id: &str, key: Uuid, pages: Pages) {
        let known = Known {
            agent_id: agent_id.to_owned(),
            key,
            pages,
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// Whether whoever sent these headers may see what it wants.
    ///
    /// # Errors
    /// The answer when it may not, or when nobody can say.
    pub(super) async fn admit(
        &self,
        wanted: Wanted<'_>,
        headers: &HeaderMap,
    ) -> Result<(), Response> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (known, framework_id) = match (known, wanted) {
            (
                Some(Known {
                    pages: Pages::All, ..
                }),
                _,
            )
            | (
                Some(Known {
                    pages: Pages::WithoutSandboxes,
                    ..
                })
                | None,
                Wanted::Numbers,
            ) => return Ok(()),
            (None, _) => {
                let text = "no master has told this agent yet who may read\n";
                return Err((StatusCode::SERVICE_UNAVAILABLE, text).into_response());
            }
            (Some(known), Wanted::Numbers) => (known, None),
            (Some(known), Wanted::Sandbox(framework)) => (known, Some(framework.to_owned())),
            // No framework has that name, so this is for whoever may read everything.
            (Some(known), Wanted::Sandboxes) => (known, Some(String::new())),
        };
        let authorization = headers.get(header::AUTHORIZATION);
        let ask = MayRead {
            agent_id: known.agent_id,
            key: known.key,
            framework_id,
            authorization: authorization.and_then(|value| Some(value.to_str().ok()?.to_owned())),
        };
        match self.ask(&ask).await {
            Ok(Reader::Welcome) => Ok(()),
            Ok(Reader::Unknown) => {
                let text = "this agent asks who you are: a principal and its secret, as HTTP basic \
                            authentication\n";
                let realm = [(header::WWW_AUTHENTICATE, "Basic realm=\"fairground\"")];
                Err((StatusCode::UNAUTHORIZED, realm, text).into_response())
            }
            Ok(Reader::Stranger) => {
                let text = "that is another principal's\n";
                Err((StatusCode::FORBIDDEN, text).into_response())
            }
            Err(error) => {
                let text = format!("the master cannot say who you are: {error}\n");
                Err((StatusCode::SERVICE_UNAVAILABLE, text).into_response())
            }
        }
    }

    async fn ask(&self, ask: &MayRead) -> reqwest::Result<Reader> {
        let request = self
            .client
            .post(format!("http://{}{MAY_READ_PATH}", self.master));
        let request = web::authorize(request.json(ask), self.credential.as_ref());
        let answer = request.timeout(web::PATIENCE).send().await?;
        answer.error_for_status()?.json().await
    }
}
