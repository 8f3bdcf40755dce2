//! What speaks to a master from outside: jobs and the commands people type.

pub mod job;
pub mod look;
pub mod ps;
pub mod submit;

mod driver;
pub(crate) mod offers;
pub(crate) mod stream;
mod waiting;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::credentials::Credential;
use crate::{local, web};

/// A call to make.
pub(crate) type Call = (&'static str, Value);

/// Where the master is, for every command that asks it.
#[derive(clap::Args, Clone, Debug)]
pub struct MasterArg {
    /// The master: `host:port`
    #[arg(long, default_value = "127.0.0.1:5050", env = "FAIRGROUND_MASTER")]
    pub master: String,
    /// Who you are to the master: a file with a principal and its secret; found by itself for a
    /// cluster of `up` on this machine
    #[arg(long, value_name = "FILE", env = "FAIRGROUND_CREDENTIAL")]
    pub credential: Option<PathBuf>,
}

impl MasterArg {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.master)
    }

    /// The master at an address, asked as whoever started it here.
    pub(crate) fn at(master: String) -> Self {
        Self {
            master,
            credential: None,
        }
    }

    /// Who asks, if that was said or can be found.
    ///
    /// # Errors
    /// When the file that was named is not what it should be.
    pub(crate) fn who(&self) -> anyhow::Result<Option<Credential>> {
        match &self.credential {
            Some(path) => Credential::read(path).context("--credential").map(Some),
            None => Ok(local::credential_for(&self.master)),
        }
    }

    /// A good answer from the master, or from an agent of its cluster, called `whom`.
    async fn ask(&self, url: reqwest::Url, whom: &str) -> anyhow::Result<reqwest::Response> {
        let request = web::client()?.get(url.clone());
        let answer = web::authorize(request, self.who()?.as_ref()).send().await;
        let answer = answer.with_context(|| whom.to_owned())?;
        let status = answer.status();
        if !status.is_success() {
            bail!("{url}: {status}: {}", answer.text().await?.trim());
        }
        Ok(answer)
    }

    /// What an endpoint shows.
    ///
    /// # Errors
    /// When the master cannot be reached or does not show it.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let whom = format!("--master {}: is a master running there?", self.master);
        Ok(self
            .ask(self.url(path).parse()?, &whom)
            .await?
            .json()
            .await?)
    }

    /// Posts JSON and expects it to be taken in.
    ///
    /// # Errors
    /// When the master cannot be reached or refuses, with its words.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        let request = web::client()?.post(self.url(path)).json(body);
        let request = web::authorize(request, self.who()?.as_ref());
        let answer = request
            .timeout(web::PATIENCE)
            .send()
            .await
            .with_context(|| format!("--master {}: is a master running there?", self.master))?;
        if !answer.status().is_success() {
            bail!("{}", answer.text().await?.trim());
        }
        Ok(())
    }
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
