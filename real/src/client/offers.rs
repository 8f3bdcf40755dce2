//! What a framework was offered, by the core's numbers and by the API's names.

use std::collections::BTreeMap;

use fairground_policies::message::{AgentId, FrameworkId, Offer, OfferId, Outcome};
use fairground_policies::time::Span;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::Call;
use crate::wire::messages::resource::Resource;
use crate::wire::resources::amounts;

/// Offers in the hands of one framework.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    known: BTreeMap<OfferId, Known>,
    count: u64,
}

#[derive(Debug)]
struct Known {
    name: String,
    agent_name: String,
    agent: AgentId,
}

impl Offers {
    /// Takes in an OFFERS event; `agent` tells which agent an offer is of.
    pub(crate) fn offered(
        &mut self,
        event: &Value,
        framework: FrameworkId,
        mut agent: impl FnMut(&Value) -> AgentId,
    ) -> anyhow::Result<Vec<Offer>> {
        let mut offers = Vec::new();
        for offer in event["offers"]["offers"].as_array().into_iter().flatten() {
            let text = |member: &str| {
                let text = offer[member]["value"].as_str();
                text.unwrap_or_default().to_owned()
            };
            let list = Vec::<Resource>::deserialize(&offer["resources"])?;
            let resources = amounts(&list).map_err(anyhow::Error::msg)?.counted();
            let id = OfferId(self.count);
            self.count += 1;
            let known = Known {
                name: text("id"),
                agent_name: text("agent_id"),
                agent: agent(offer),
            };
            offers.push(Offer {
                id,
                framework,
                agent: known.agent,
                resources,
            });
            self.known.insert(id, known);
        }
        Ok(offers)
    }

    /// Takes in a RESCIND event.
    pub(crate) fn rescinded(&mut self, event: &Value) -> Option<OfferId> {
        let id = &event["rescind"]["offer_id"]["value"];
        let found = self.known.iter().find(|(_, known)| *id == known.name);
        let offer = *found?.0;
        self.known.remove(&offer);
        Some(offer)
    }

    /// All are gone.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = OfferId> + use<> {
        std::mem::take(&mut self.known).into_keys()
    }

    /// The agent that an offer is of, and its name.
    pub(crate) fn agent(&self, offer: OfferId) -> Option<(AgentId, &str)> {
        let known = self.known.get(&offer)?;
        Some((known.agent, &known.agent_name))
    }

    /// The call that answers offers.
    pub(crate) fn answer(&mut self, offers: &[OfferId], infos: &[Value], refuse: Span) -> Call {
        let names = offers.iter().filter_map(|offer| self.known.remove(offer));
        let ids: Vec<Value> = names.map(|known| json!({"value": known.name})).collect();
        let filters = json!({"refuse_seconds": refuse.as_micros() as f64 / 1e6});
        if infos.is_empty() {
            return ("DECLINE", json!({"offer_ids": ids, "filters": filters}));
        }
        let operation = json!({"type": "LAUNCH", "launch": {"task_infos": infos}});
        let accept = json!({"offer_ids": ids, "operations": [operation], "filters": filters});
        ("ACCEPT", accept)
    }
}

/// The call that acknowledges a status; nothing for one that asks for none.
pub(crate) fn acknowledged(status: &Value) -> Option<Call> {
    let uuid = status.get("uuid")?;
    let member = json!({
        "agent_id": status["agent_id"], "task_id": status["task_id"], "uuid": uuid,
    });
    Some(("ACKNOWLEDGE", member))
}

/// How a task ended, as the core says it; `None` for states it goes on from.
pub(crate) fn outcome(state: &str) -> Option<Outcome> {
    match state {
        "TASK_FINISHED" => Some(Outcome::Finished),
        "TASK_FAILED" | "TASK_ERROR" => Some(Outcome::Failed),
        "TASK_KILLED" => Some(Outcome::Killed),
        "TASK_LOST" | "TASK_DROPPED" | "TASK_GONE" | "TASK_UNREACHABLE" | "TASK_UNKNOWN" => {
            Some(Outcome::Lost)
        }
        _ => None,
    }
}
