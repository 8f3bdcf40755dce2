//! A framework's side of the scheduler API: one stream of events, and calls.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::MasterArg;
use crate::credentials::Credential;
use crate::recordio::Decoder;
use crate::web;

const PATH: &str = "/api/v1/scheduler";

/// An open subscription.
pub(crate) struct Subscription {
    master: MasterArg,
    who: Option<Credential>,
    client: reqwest::Client,
    /// The framework's id.
    pub(crate) framework_id: String,
    stream_id: String,
    answer: reqwest::Response,
    decoder: Decoder,
}

impl Subscription {
    /// Subscribes; `info` has an id when the framework comes back.
    pub(crate) async fn open(master: &MasterArg, info: &Value) -> anyhow::Result<Self> {
        let client = web::client()?;
        let mut call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
        if let Some(id) = info.get("id") {
            call["framework_id"] = id.clone();
        }
        let who = master.who()?;
        let request = web::authorize(client.post(master.url(PATH)), who.as_ref());
        let answer = request.json(&call).send().await;
        let answer = answer
            .with_context(|| format!("--master {}: is a master running there?", master.master))?;
        if !answer.status().is_success() {
            bail!("SUBSCRIBE: {}", answer.text().await?.trim());
        }
        let stream_id = answer.headers().get("Mesos-Stream-Id");
        let stream_id = stream_id.and_then(|id| id.to_str().ok()).map(str::to_owned);
        let mut subscription = Self {
            master: master.clone(),
            who,
            client,
            framework_id: String::new(),
            stream_id: stream_id.context("SUBSCRIBE: the answer has no Mesos-Stream-Id")?,
            answer,
            decoder: Decoder::default(),
        };
        let first = subscription.next().await?;
        let id = first["subscribed"]["framework_id"]["value"].as_str();
        let Some(id) = id else {
            bail!(
                "SUBSCRIBE: {}",
                first["error"]["message"].as_str().unwrap_or("refused")
            );
        };
        id.clone_into(&mut subscription.framework_id);
        Ok(subscription)
    }

    /// The next event. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Value> {
        loop {
            if let Some(record) = self.decoder.next_record()? {
                return Ok(serde_json::from_slice(&record)?);
            }
            match self.answer.chunk().await? {
                Some(chunk) => self.decoder.push(&chunk),
                None => bail!("the master closed the stream"),
            }
        }
    }

    /// Makes a call.
    pub(crate) async fn call(&self, kind: &str, member: Value) -> anyhow::Result<()> {
        let mut call = json!({"type": kind, "framework_id": {"value": self.framework_id}});
        call[kind.to_ascii_lowercase()] = member;
        let request = self.client.post(self.master.url(PATH)).json(&call);
        let request = web::authorize(request, self.who.as_ref());
        let answer = request
            .timeout(web::PATIENCE)
            .header("Mesos-Stream-Id", &self.stream_id)
            .send()
            .await?;
        if !answer.status().is_success() {
            bail!("{kind}: {}", answer.text().await?.trim());
        }
        Ok(())
    }
}
