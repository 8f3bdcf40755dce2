//! Reservations: what of each agent of a group is kept for a role, whoever else wants it.

use std::ops::Range;

use fairground_policies::message::{AgentId, Event, RoleId};
use fairground_policies::part::AgentPart;
use fairground_policies::resources::Resources;
use serde::{Deserialize, Serialize};

use super::Recipe;
use super::roles::{QuotaCores, QuotaGpus, QuotaMemory, QuotaSpec, Role};

/// Some of each agent of a group, reserved for a role and those below it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationSpec {
    /// The path of the role.
    pub role: String,
    /// Cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<QuotaCores>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mem: Option<QuotaMemory>,
    /// Disk space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<QuotaMemory>,
    /// Accelerators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<QuotaGpus>,
}

impl ReservationSpec {
    fn amount(&self) -> Resources {
        let Self {
            cpus,
            mem,
            disk,
            gpus,
            ..
        } = *self;
        let amounts = QuotaSpec {
            cpus,
            mem,
            disk,
            gpus,
        };
        amounts.amounts()
    }
}

/// What some agents have reserved for a role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reservation {
    /// Of each of them.
    pub agents: Range<u32>,
    /// For whom.
    pub role: RoleId,
    /// How much of each.
    pub amount: Resources,
}

impl Reservation {
    /// What the master is told of `agent`, if it is one of them, once it has joined.
    pub fn event(&self, agent: AgentId) -> Option<Event> {
        self.agents.contains(&agent.0).then(|| Event::PartChanged {
            agent,
            offer: None,
            from: AgentPart::PLAIN,
            to: AgentPart::reserved_for(self.role),
            amount: self.amount,
        })
    }
}

impl Recipe {
    /// What is reserved on which agents; ids of roles are positions in `roles`.
    pub fn reservations(&self, roles: &[Role]) -> Vec<Reservation> {
        let mut first = 0;
        let groups = self.cluster.iter().flat_map(|group| {
            let agents = first..first + group.agents;
            first = agents.end;
            group.reserved.iter().map(move |one| (agents.clone(), one))
        });
        let reservation = |(agents, one): (Range<u32>, &ReservationSpec)| {
            let role = roles.iter().position(|role| role.path == one.role)?;
            Some(Reservation {
                agents,
                role: RoleId(role as u32),
                amount: one.amount(),
            })
        };
        groups.filter_map(reservation).collect()
    }

    /// What is wrong with a reservation: its key, and why.
    pub(super) fn check_reservations(&self) -> Result<(), (String, String)> {
        let roles = self.roles();
        for (i, group) in self.cluster.iter().enumerate() {
            let bad = |why: String| Err((format!("cluster[{i}].reserved"), why));
            let mut all = Resources::ZERO;
            for (n, one) in group.reserved.iter().enumerate() {
                if !roles.iter().any(|role| role.path == one.role) {
                    let near = roles.first().map_or_else(
                        || "\n  hint: a framework is in it with `role = \"...\"`".to_owned(),
                        |role| format!("\n  hint: there is `{}`", role.path),
                    );
                    return bad(format!("no framework is in the role `{}`{near}", one.role));
                }
                if one.amount().is_zero() {
                    return bad(format!(
                        "expected some of what agents have for `{}`",
                        one.role
                    ));
                }
                if group.reserved[..n]
                    .iter()
                    .any(|other| other.role == one.role)
                {
                    return bad(format!("`{}` is named twice", one.role));
                }
                all += one.amount();
            }
            if !all.fits_in(group.size()) {
                let size = group.size();
                return bad(format!("{all} is reserved in all, and an agent has {size}"));
            }
        }
        Ok(())
    }
}
