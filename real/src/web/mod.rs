//! What masters, agents and clients share of HTTP.

mod connections;
pub(crate) mod page;
mod server;

use std::time::Duration;

pub(crate) use connections::Connections;
pub(crate) use server::serve;

/// How long a master or an agent has to take a connection, and a call.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What speaks with masters and agents: directly, whatever proxy the environment names for the web.
///
/// # Errors
/// When the system refuses.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder().no_proxy();
    client.connect_timeout(PATIENCE).build()
}
