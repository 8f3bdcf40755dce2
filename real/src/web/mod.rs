//! What masters, agents and clients share of HTTP.

mod connections;
pub(crate) mod page;
mod server;

use std::time::Duration;

pub(crate) use connections::{Caller, Connections, StreamPlace};
pub(crate) use server::serve;

use crate::credentials::Credential;

/// How long a master or an agent has to take a connection, and a call.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A request that says who it comes from, if that is somebody.
pub(crate) fn authorize(
    request: reqwest::RequestBuilder,
    credential: Option<&Credential>,
) -> reqwest::RequestBuilder {
    match credential {
        None => request,
        Some(one) => request.basic_auth(&one.principal, Some(&one.secret)),
    }
}

/// What speaks with masters and agents: directly, whatever proxy the environment names for the web.
///
/// # Errors
/// When the system refuses.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder().no_proxy();
    client.connect_timeout(PATIENCE).build()
}
