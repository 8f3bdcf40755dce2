//! What speaks to a master from outside: jobs and the commands people type.

pub mod job;
pub mod look;
pub mod ps;
pub mod submit;

mod driver;
pub(crate) mod offers;
pub(crate) mod stream;
mod waiting;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::web;

/// A call to make.
pub(crate) type Call = (&'static str, Value);

/// Where the master is, for every command that asks it.
#[derive(clap::Args, Clone, Debug)]
pub struct MasterArg {
    /// The master: `host:port`
    #[arg(long, default_value = "127.0.0.1:5050", env = "FAIRGROUND_MASTER")]
    pub master: String,
}

impl MasterArg {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.master)
    }

    /// What an endpoint shows.
    ///
    /// # Errors
    /// When the master cannot be reached or does not show it.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        get(&self.url(path))
            .await
            .with_context(|| format!("--master {}: is a master running there?", self.master))
    }

    /// Posts JSON and expects it to be taken in.
    ///
    /// # Errors
    /// When the master cannot be reached or refuses, with its words.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        let request = web::client()?
            .post(self.url(path))
            .json(body)
            .timeout(web::PATIENCE);
        let answer = request
            .send()
            .await
            .with_context(|| format!("--master {}: is a master running there?", self.master))?;
        if !answer.status().is_success() {
            bail!("{}", answer.text().await?.trim());
        }
        Ok(())
    }
}

/// JSON from any address.
async fn get(url: &str) -> anyhow::Result<Value> {
    Ok(ask(url.parse()?).await?.json().await?)
}

/// A good answer from any address.
async fn ask(url: reqwest::Url) -> anyhow::Result<reqwest::Response> {
    let answer = web::client()?.get(url.clone()).send().await?;
    let status = answer.status();
    if !status.is_success() {
        bail!("{url}: {status}: {}", answer.text().await?.trim());
    }
    Ok(answer)
}

/// SIGINT and SIGTERM, kept from the moment it is made.
pub(crate) struct Interrupts(Signal, Signal);

impl Interrupts {
    /// Only inside of a runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self(signal(interrupt)?, signal(terminate)?))
    }

    /// Waits for one.
    pub(crate) async fn come(&mut self) {
        let Self(interrupt, terminate) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Runs a command that asks over the network.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
