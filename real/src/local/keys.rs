//! Who is who in a cluster on this machine: made with it, and gone with it.

use std::fs::DirBuilder;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::CLUSTERS;
use crate::credentials::Credential;
use crate::isolation::store;

/// The principal of whoever started the cluster, and of the jobs it submits: it may do everything.
const OPERATOR: &str = "operator";
/// The principal of the agents.
const AGENT: &str = "agent";

/// The files that the parts of a cluster are told.
#[derive(Debug)]
pub(super) struct Keys {
    /// Whom the master knows.
    pub(super) credentials: PathBuf,
    /// Who the agents are.
    pub(super) agent: PathBuf,
}

/// What the commands find by the address of the master.
#[derive(Serialize, Deserialize)]
struct Client {
    master: SocketAddr,
    operator: Credential,
}

impl Keys {
    /// Where they are in a cluster's directory.
    pub(super) fn folder(cluster: &Path) -> PathBuf {
        cluster.join("keys")
    }

    /// Makes new ones for a master that listens there.
    pub(super) fn make(cluster: &Path, master: SocketAddr) -> anyhow::Result<Self> {
        let folder = Self::folder(cluster);
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.with_context(|| folder.display().to_string())?;
        let [operator, agent] = [OPERATOR, AGENT].map(|principal| Credential {
            principal: principal.to_owned(),
            secret: Uuid::new_v4().simple().to_string(),
        });
        let write = |name: &str, text: String| -> anyhow::Result<PathBuf> {
            let path = folder.join(name);
            let written =
                store::private(&path).and_then(|mut file| file.write_all(text.as_bytes()));
            written.with_context(|| path.display().to_string())?;
            Ok(path)
        };
        let credentials = json!({"credentials": [operator, agent]});
        let keys = Self {
            credentials: write("credentials", credentials.to_string())?,
            agent: write("agent", serde_json::to_string(&agent)?)?,
        };
        let client = Client { master, operator };
        write("client", serde_json::to_string(&client)?)?;
        Ok(keys)
    }
}

/// Who the commands are to the master at an address, when a cluster of this machine has it, and they
/// run as whoever may read its keys.
pub(crate) fn credential_for(master: &str) -> Option<Credential> {
    let address = master
        .replace("localhost", "127.0.0.1")
        .parse::<SocketAddr>()
        .ok()?;
    let clusters = std::fs::read_dir(CLUSTERS).into_iter().flatten().flatten();
    let clients = clusters.filter_map(|cluster| {
        let path = Keys::folder(&cluster.path()).join("client");
        serde_json::from_str::<Client>(&std::fs::read_to_string(path).ok()?).ok()
    });
    let mut fitting = clients.filter(|client| {
        let (own, port) = (client.master.ip(), client.master.port());
        // Only an address of this machine's can be bound: nobody else is told its secret.
        let is_here = || std::net::UdpSocket::bind((address.ip(), 0)).is_ok();
        port == address.port() && (own == address.ip() || own.is_unspecified() && is_here())
    });
    fitting.next().map(|client| client.operator)
}
