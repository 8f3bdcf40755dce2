//! Frameworks and agents that come, or come back.

use serde_json::json;
use tokio::sync::oneshot;

use super::super::cluster::{Answer, Input, Output};
use super::super::links::Link;
use super::super::request::Verdict;
use super::{Decision, Delivery};
use crate::protocol::{FromMaster, Subscribe};
use crate::wire::messages::framework::FrameworkInfo;

impl Decision {
    pub(super) fn subscribe(
        &mut self,
        framework_info: Box<FrameworkInfo>,
        suppressed_roles: Vec<String>,
        link: Link,
        reply: oneshot::Sender<Verdict>,
    ) {
        let (answer, turn) = self.step(Input::Subscribed {
            framework_info,
            suppressed_roles,
        });
        let (framework, id) = match answer {
            Answer::FrameworkSubscribed { framework, id } => (framework, id),
            Answer::Refused(why) => return self.refuse(link, reply, &why),
            Answer::Done | Answer::AgentSubscribed { .. } | Answer::Late => {
                unreachable!("an answer to SUBSCRIBE")
            }
        };
        self.deliveries
            .push(Delivery::Verdict(reply, Verdict::Accepted));
        // First what its older stream still hears, and the end of that.
        let mut outputs = turn.outputs;
        let is_end = |output: &Output| matches!(output, Output::CloseFramework(_));
        let older = outputs.iter().position(is_end).map_or(0, |end| end + 1);
        let newer = outputs.split_off(older);
        self.queue(outputs);
        self.links.attach_framework(framework, link.clone());
        self.forget_questions(framework);
        let subscribed = json!({"type": "SUBSCRIBED", "subscribed": {
            "framework_id": {"value": id},
            "heartbeat_interval_seconds": self.habits.heartbeat.as_secs_f64(),
            "master_info": self.cluster.master_info(&self.habits),
        }});
        self.send(link.clone(), &subscribed);
        self.send(link, &json!({"type": "HEARTBEAT"}));
        self.queue(newer);
    }

    /// Begins a stream that ends with an ERROR event.
    pub(super) fn refuse(&mut self, link: Link, reply: oneshot::Sender<Verdict>, message: &str) {
        self.deliveries
            .push(Delivery::Verdict(reply, Verdict::Accepted));
        let event = json!({"type": "ERROR", "error": {"message": message}});
        self.send(link, &event);
    }

    pub(super) fn agent_subscribe(
        &mut self,
        subscribe: Subscribe,
        link: Link,
        reply: oneshot::Sender<Verdict>,
    ) {
        let (answer, turn) = self.step(Input::AgentSubscribed(subscribe));
        self.deliveries
            .push(Delivery::Verdict(reply, Verdict::Accepted));
        let (agent, agent_id) = match answer {
            Answer::AgentSubscribed { agent, id } => (agent, id),
            Answer::Refused(message) => return self.send(link, &FromMaster::Refused { message }),
            // Its stream ends with the link, and whoever listens subscribes again.
            Answer::Late => return,
            Answer::Done | Answer::FrameworkSubscribed { .. } => {
                unreachable!("an answer to an agent")
            }
        };
        self.links.attach_agent(agent, link.clone());
        self.hear(agent);
        let registered = FromMaster::Registered {
            agent_id,
            silence_millis: self.habits.silence.as_millis() as u64,
            pages: self.habits.pages,
        };
        self.send(link, &registered);
        self.queue(turn.outputs);
    }
}
