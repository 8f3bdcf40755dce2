//! Who is asked who they are, and what that is good for.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use axum::http::{HeaderMap, Method, header};
use fairground_workloads::say;

use crate::credentials::Credentials;
use crate::protocol::{MAY_READ_PATH, MESSAGE_PATH, Pages, SUBSCRIBE_PATH};

/// Who is asked who they are. All who change something are as soon as there are credentials.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags, each with its opposite, as in Mesos"
)]
pub struct Args {
    /// Principals and their secrets, as Mesos has them: JSON, or `principal secret` a line; only its
    /// owner may read the file
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// Ask frameworks who they are: the default with --credentials
    #[arg(long, requires = "credentials")]
    authenticate_frameworks: bool,
    /// Do not ask frameworks who they are, whoever can reach the master
    #[arg(long, conflicts_with = "authenticate_frameworks")]
    no_authenticate_frameworks: bool,
    /// Ask agents who they are: the default with --credentials
    #[arg(long, requires = "credentials")]
    authenticate_agents: bool,
    /// Do not ask agents who they are
    #[arg(long, conflicts_with = "authenticate_agents")]
    no_authenticate_agents: bool,
    /// Ask who ends what is others': the default with --credentials
    #[arg(long, requires = "credentials")]
    authenticate_http_readwrite: bool,
    /// Do not ask who ends what is others'
    #[arg(long, conflicts_with = "authenticate_http_readwrite")]
    no_authenticate_http_readwrite: bool,
    /// Ask everybody who only looks, too
    #[arg(long, requires = "credentials")]
    authenticate_http_readonly: bool,
    /// A principal that may end and read what is others': `operator` when absent; can be given several
    /// times
    #[arg(long = "operator", value_name = "PRINCIPAL", requires = "credentials")]
    operators: Vec<String>,
    /// A principal that agents have: `agent` and `agents` when absent; can be given several times
    #[arg(
        long = "agent-principal",
        value_name = "PRINCIPAL",
        requires = "credentials"
    )]
    agents: Vec<String>,
}

/// Names that are more alike, in millionths, may have been meant.
const ALIKE: u32 = 750_000;

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// The scheduler API.
    Frameworks,
    /// What agents say.
    Agents,
    /// What changes something.
    Change,
    /// What only shows.
    Look,
    /// Whether the master lives, and which it is.
    Open,
}

impl Door {
    /// The door that a path in its one spelling leads to.
    pub fn of(method: &Method, path: &str) -> Self {
        match path {
            "/api/v1/scheduler" => Self::Frameworks,
            SUBSCRIBE_PATH | MESSAGE_PATH | MAY_READ_PATH => Self::Agents,
            "/health" | "/version" | "/redirect" => Self::Open,
            _ if matches!(*method, Method::GET | Method::HEAD) => Self::Look,
            _ => Self::Change,
        }
    }
}

/// Whose rights a request has; everybody's that there are, when nobody is named.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Rights(pub Option<String>);

/// Who is known, and at which doors they are asked.
#[derive(Clone, Debug, Default)]
pub struct Authentication {
    credentials: Credentials,
    /// Where they are asked.
    asked: Vec<Door>,
    operators: Vec<String>,
    agents: Vec<String>,
}

impl Args {
    /// Reads the credentials.
    ///
    /// # Errors
    /// When the file is not what it should be.
    pub fn read(&self) -> anyhow::Result<Authentication> {
        let Some(path) = &self.credentials else {
            return Ok(Authentication::default());
        };
        let credentials = Credentials::read(path)?;
        let named = |flag: &str, said: &[String], usual: &[&str]| -> anyhow::Result<Vec<String>> {
            if said.is_empty() {
                // Whether there are any of those is theirs to say.
                return Ok(usual.iter().map(ToString::to_string).collect());
            }
            for name in said {
                check_principal(name, &credentials)
                    .with_context(|| format!("{flag} {name}, --credentials {}", path.display()))?;
            }
            Ok(said.to_vec())
        };
        let operators = named("--operator", &self.operators, &["operator"])?;
        let agents = named("--agent-principal", &self.agents, &["agent", "agents"])?;
        let doors = [
            (
                Door::Frameworks,
                self.authenticate_frameworks || !self.no_authenticate_frameworks,
            ),
            (
                Door::Agents,
                self.authenticate_agents || !self.no_authenticate_agents,
            ),
            (
                Door::Change,
                self.authenticate_http_readwrite || !self.no_authenticate_http_readwrite,
            ),
            (Door::Look, self.authenticate_http_readonly),
        ];
        let asked = doors.into_iter().filter(|(_, asks)| *asks);
        let asked: Vec<Door> = asked.map(|(door, _)| door).collect();
        if asked.contains(&Door::Agents)
            && !credentials
                .principals()
                .any(|known| agents.iter().any(|agent| agent == known))
        {
            say!(
                "master: no credential of {} is an agent's ({}), so none can join; name theirs with \
                 --agent-principal",
                path.display(),
                agents.join(", ")
            );
        }
        Ok(Authentication {
            credentials,
            asked,
            operators,
            agents,
        })
    }

    /// Whether it was said that nobody is to be asked.
    pub const fn is_open_on_purpose(&self) -> bool {
        self.no_authenticate_frameworks
    }
}

/// That somebody with this name can come: whoever is named and has no credential never does.
fn check_principal(name: &str, credentials: &Credentials) -> anyhow::Result<()> {
    if credentials.principals().any(|known| known == name) {
        return Ok(());
    }
    let alike = credentials.principals().map(|known| {
        let alike = strsim::jaro_winkler(name, known);
        ((alike * 1e6) as u32, known)
    });
    let hint = match alike.max() {
        Some((alike, known)) if alike > ALIKE => format!("did you mean `{known}`?"),
        _ => {
            let known: Vec<&str> = credentials.principals().take(20).collect();
            format!("it has {}", known.join(", "))
        }
    };
    bail!("no credential there has the principal `{name}`; {hint}")
}

impl Authentication {
    /// Whether frameworks are asked who they are.
    pub fn asks_frameworks(&self) -> bool {
        self.asked.contains(&Door::Frameworks)
    }

    /// Whether agents are asked who they are.
    pub fn asks_agents(&self) -> bool {
        self.asked.contains(&Door::Agents)
    }

    /// What of an agent is not for everybody.
    pub fn pages(&self) -> Pages {
        match (self.asked.contains(&Door::Look), self.asks_frameworks()) {
            (true, _) => Pages::None,
            (false, true) => Pages::WithoutSandboxes,
            (false, false) => Pages::All,
        }
    }

    /// Whose rights a request has; `None` when it has to say who it comes from, and does not.
    pub fn enter(&self, door: Door, headers: &HeaderMap) -> Option<Rights> {
        if !self.asked.contains(&door) {
            return Some(Rights::default());
        }
        let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let principal = self.credentials.identify(header)?;
        // An agent is told everybody's tasks with their secrets, and what their readers say.
        if door == Door::Agents && !self.agents.contains(&principal) {
            return None;
        }
        // A framework is its principal's own, whoever else may end it.
        if door == Door::Change && self.operators.contains(&principal) {
            return Some(Rights::default());
        }
        Some(Rights(Some(principal)))
    }

    /// Whose rights somebody has who wants to read on an agent and said this; `None` for nobody known.
    pub fn reader(&self, authorization: Option<&str>) -> Option<Rights> {
        if self.pages() == Pages::All {
            return Some(Rights::default());
        }
        let principal = self.credentials.identify(authorization?)?;
        let is_operator = self.operators.contains(&principal);
        Some(Rights((!is_operator).then_some(principal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_door() {
        for (method, path, door) in [
            (Method::POST, "/api/v1/scheduler", Door::Frameworks),
            (Method::POST, SUBSCRIBE_PATH, Door::Agents),
            (Method::POST, MESSAGE_PATH, Door::Agents),
            (Method::POST, MAY_READ_PATH, Door::Agents),
            (Method::POST, "/fairground/v1/kill", Door::Change),
            (Method::DELETE, "/state", Door::Change),
            (Method::GET, "/state", Door::Look),
            (Method::HEAD, "/", Door::Look),
            (Method::GET, "/health", Door::Open),
        ] {
            assert_eq!(Door::of(&method, path), door, "{path}");
        }
    }
}
