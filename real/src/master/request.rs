//! What the HTTP server asks of the decision thread.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::cluster::{RoleOrder, View};
use super::links::{Link, LinkId};
use crate::protocol::{AgentCall, Pages, Subscribe};
use crate::wire::call::Body;
use crate::wire::messages::framework::FrameworkInfo;

/// What reaches the thread.
#[derive(Debug)]
pub enum Request {
    /// A framework subscribes; its stream is `link`.
    Subscribe {
        /// Who it is.
        framework_info: Box<FrameworkInfo>,
        /// The roles for which it wants no offers yet.
        suppressed_roles: Vec<String>,
        /// The principal it proved to be, where that is asked.
        principal: Option<String>,
        /// Where its events go.
        link: Link,
        /// Told when the stream may begin, or why it may not.
        reply: oneshot::Sender<Verdict>,
    },
    /// Another call of a framework.
    Call {
        /// Whose.
        framework_id: String,
        /// The stream id it named.
        stream: Option<String>,
        /// What is asked.
        body: Body,
        /// The principal it proved to be, where that is asked.
        principal: Option<String>,
        /// Told when it was taken in.
        reply: oneshot::Sender<Verdict>,
    },
    /// An agent subscribes; its stream is `link`.
    AgentSubscribe {
        /// Who it is.
        subscribe: Subscribe,
        /// Where its messages go.
        link: Link,
        /// Told when the stream may begin, or why it may not.
        reply: oneshot::Sender<Verdict>,
    },
    /// An agent says something.
    AgentCall {
        /// What it says.
        call: AgentCall,
        /// Told when it was taken in.
        reply: oneshot::Sender<Verdict>,
    },
    /// Somebody orders the end of a task, or of a whole framework.
    Kill {
        /// Whose.
        framework_id: String,
        /// Which task; all when absent.
        task_id: Option<String>,
        /// Whose they have to be; anybody's when absent.
        principal: Option<String>,
        /// Told when it was taken in.
        reply: oneshot::Sender<Verdict>,
    },
    /// An agent asks whether somebody may read what it has.
    MayRead {
        /// Which agent.
        agent_id: String,
        /// Its key.
        key: Uuid,
        /// Of which framework.
        framework_id: Option<String>,
        /// Who wants to; somebody who may read everything when absent.
        principal: Option<String>,
        /// Told whether; nothing when it is no agent that asks.
        reply: oneshot::Sender<Option<bool>>,
    },
    /// An operator says something of roles.
    Roles {
        /// What.
        order: RoleOrder,
        /// Told when it was taken in, or why it is not.
        reply: oneshot::Sender<Verdict>,
    },
    /// Somebody looks.
    View {
        /// At what.
        view: View,
        /// Told what is seen.
        reply: oneshot::Sender<Value>,
    },
    /// A stream has room for what is waited with.
    Drained,
    /// All that had arrived when a ping was due is read.
    Ping,
    /// A stream ended.
    Closed(LinkId),
    /// The process is to end.
    Stop,
}

/// What a call is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// 202.
    Accepted,
    /// 400.
    Bad(String),
    /// 403.
    Forbidden(String),
    /// 409.
    Conflict(String),
    /// 503: later it would be taken in.
    Later(String),
}

/// Timing and addresses of the thread.
#[derive(Clone, Debug)]
pub struct Habits {
    /// What frameworks are told about heartbeats.
    pub heartbeat: Duration,
    /// How often agents are pinged.
    pub ping: Duration,
    /// An agent not heard for so long is gone.
    pub silence: Duration,
    /// Where this master can be reached, for `master_info` and the endpoints.
    pub address: SocketAddr,
    /// What the cluster is called.
    pub cluster: String,
    /// What of an agent's pages is for everybody.
    pub pages: Pages,
}

impl Habits {
    /// How many pings there are in some time, the last one begun.
    pub fn pings(&self, time: Duration) -> u64 {
        let pings = time.as_nanos().div_ceil(self.ping.as_nanos());
        u64::try_from(pings).unwrap_or(u64::MAX)
    }
}
