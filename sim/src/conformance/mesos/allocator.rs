//! What is offered after each of several facts.

use std::collections::BTreeMap;

use fairground_policies::ledger::Node;
use fairground_policies::message::{AgentId, Event, FrameworkId};
use fairground_policies::part::{AgentPart, Capabilities, Portion};
use fairground_policies::resources::{QuotaLimit, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::Span;
use serde::Deserialize;

use super::amounts::{self, VOLUME, Written};
use super::cluster::{Cluster, Offered};
use crate::conformance::case::close;
use crate::conformance::{Case, Unreadable, Verdict};

/// How long an offer is refused where a case says nothing (Mesos' default).
const REFUSE: Span = Span::from_secs(5);

/// A step of a case: what happens, or what must hold then.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Step {
    #[serde(rename = "do")]
    act: Option<String>,
    name: Option<String>,
    framework: Option<String>,
    agent: Option<String>,
    role: Option<String>,
    roles: Vec<String>,
    capabilities: Vec<String>,
    active: Option<bool>,
    resources: Written,
    used_by: BTreeMap<String, Written>,
    uses: Written,
    guarantee: Written,
    limit: Written,
    guarantee_and_limit: Written,
    default: bool,
    disk: u64,
    for_intervals: Option<u64>,
    expect_offer: Option<ExpectedOffer>,
    expect_no_offer: bool,
    expect_exactly_one_offer_of: Vec<String>,
    dominant_share: BTreeMap<String, f64>,
    absent: Vec<String>,
}

#[derive(Deserialize)]
struct ExpectedOffer {
    framework: String,
    agent: String,
    resources: Written,
}

/// A case while it is played.
struct Play {
    cluster: Cluster,
    /// What becomes of volumes once the offers that hold them are answered.
    changes: Vec<(AgentPart, AgentPart, Resources)>,
    launches: Vec<(FrameworkId, Resources)>,
    /// Who wants offers.
    active: Vec<FrameworkId>,
}

fn named<'a>(name: Option<&'a String>, what: &str) -> Result<&'a str, Unreadable> {
    let missing = || Unreadable(format!("expected a member `{what}` of a step, found none"));
    name.map(String::as_str).ok_or_else(missing)
}

pub(super) fn offers(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let steps: Vec<Step> = case.read("steps")?;
    if steps
        .iter()
        .any(|step| step.act.as_deref() == Some("agent_total"))
    {
        return Ok(Verdict::NotOffered(
            "an agent has other amounts only when it joins again, which ends what it is offered with",
        ));
    }
    let expects = |step: &Step| {
        step.expect_offer.is_some()
            || step.expect_no_offer
            || !step.expect_exactly_one_offer_of.is_empty()
    };
    // Where a case names no offers at all, it is about something else.
    let names_all = steps.iter().any(expects);
    let roles = steps
        .iter()
        .flat_map(|step| step.roles.iter().chain(&step.role));
    let reserved = steps.iter().flat_map(|step| step.resources.keys());
    let reserved = reserved.filter_map(|name| Some(name.split_once('(')?.1.trim_end_matches(')')));
    let roles = roles.map(String::as_str).chain(reserved);
    let mut play = Play {
        cluster: Cluster::new("drf[tie=allocations]", roles)?,
        changes: Vec::new(),
        launches: Vec::new(),
        active: Vec::new(),
    };
    let verdict = play.all(&steps, names_all)?;
    let quotas = steps
        .iter()
        .filter(|step| step.act.as_deref() == Some("quota"));
    let mut above = quotas.filter_map(|step| step.role.as_deref());
    let is_below = |role: &String, above: &str| role.starts_with(&format!("{above}/"));
    let mut members = steps.iter().flat_map(|step| &step.roles);
    let nested = above.any(|above| members.any(|role| is_below(role, above)));
    Ok(match verdict {
        // What is said of a role holds here for all below it, which is what the original's authors wanted of it one day.
        Verdict::Differs {
            expected, found, ..
        } if nested => Verdict::Differs {
            expected,
            found,
            rule: Some(
                "in Mesos a quota is for a role's own frameworks, which it calls a gap; here it is for all below the role"
                    .to_owned(),
            ),
        },
        other => other,
    })
}

/// Says at which step.
fn at(number: usize, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Differs {
            expected,
            found,
            rule,
        } => Verdict::Differs {
            expected: format!("{expected} (step {number})"),
            found,
            rule,
        },
        other => other,
    }
}

impl Play {
    /// Every step in its turn; where `names_all`, nothing is offered but what the case says.
    fn all(&mut self, steps: &[Step], names_all: bool) -> Result<Verdict, Unreadable> {
        for (number, step) in steps.iter().enumerate() {
            let verdict = if let Some(act) = step.act.as_deref() {
                let unexpected = self.unexpected().filter(|_| names_all);
                self.act(step)?;
                // What is given back waits for the next allocation, which the case only has where it looks at it.
                let looks = steps.get(number + 1).is_none_or(|next| next.act.is_none());
                if looks || !matches!(act, "decline" | "recover_all" | "recover_rest") {
                    self.cluster.end_instant();
                }
                unexpected.unwrap_or(Verdict::AGREES)
            } else {
                self.look(step)?
            };
            if verdict != Verdict::AGREES {
                return Ok(at(number, verdict));
            }
        }
        let unexpected = self.unexpected().filter(|_| names_all);
        Ok(unexpected.map_or(Verdict::AGREES, |verdict| at(steps.len(), verdict)))
    }

    fn act(&mut self, step: &Step) -> Result<(), Unreadable> {
        let act = step.act.as_deref().unwrap_or_default();
        match act {
            "add_framework" => self.add_framework(step),
            "remove_framework" => {
                let framework = self.framework(step)?;
                self.active.retain(|one| *one != framework);
                self.cluster.tell(Event::FrameworkLeft { framework });
                Ok(())
            }
            "activate" => {
                let framework = self.framework(step)?;
                self.active.push(framework);
                self.cluster.tell(Event::Revived { framework });
                Ok(())
            }
            "add_agent" => {
                let agent = self.cluster.agent(named(step.name.as_ref(), "name")?);
                let all = self.portions(&step.resources)?;
                self.cluster.join(agent, &all);
                Ok(())
            }
            "remove_agent" => {
                let agent = self.cluster.agent(named(step.name.as_ref(), "name")?);
                self.cluster.tell(Event::AgentLost { agent });
                Ok(())
            }
            "add_provider" => self.add_provider(step),
            "quota" => self.set_quota(step),
            "decline" | "recover_all" | "recover_rest" => self.recover(step),
            "launch" => {
                let framework = self.framework(step)?;
                // A shared volume goes along with what is launched.
                let mut uses = step.uses.clone();
                uses.remove("shared volume");
                self.launches.push((framework, amounts::plain(&uses)?));
                Ok(())
            }
            "create_shared_volume" => {
                let role = self.cluster.role(named(step.role.as_ref(), "role")?)?;
                let volume = amounts::reserved(role, Some(VOLUME));
                let disk = amounts::disk(step.disk);
                let plain = amounts::reserved(role, None);
                self.changes.push((plain, volume, disk));
                self.changes.push((volume, amounts::shared(role), disk));
                Ok(())
            }
            "destroy_volume" => {
                let all = self.cluster.master.ledger().shared(AgentId(0));
                for Portion { part, amount } in all.collect::<Vec<_>>() {
                    let asks = Capabilities::NONE;
                    let volume = AgentPart { asks, ..part };
                    let plain = AgentPart {
                        volume: None,
                        ..volume
                    };
                    self.changes.push((part, volume, amount));
                    self.changes.push((volume, plain, amount));
                }
                Ok(())
            }
            other => Err(Unreadable(format!(
                "expected something that happens, found `{other}`"
            ))),
        }
    }

    fn framework(&mut self, step: &Step) -> Result<FrameworkId, Unreadable> {
        let name = step.framework.as_ref().or(step.name.as_ref());
        Ok(self.cluster.framework(named(name, "framework")?))
    }

    fn portions(&self, written: &Written) -> Result<Vec<Portion>, Unreadable> {
        amounts::portions(written, |path| self.cluster.role(path))
    }

    fn add_framework(&mut self, step: &Step) -> Result<(), Unreadable> {
        let framework = self.framework(step)?;
        let role = step.roles.first().map(|path| self.cluster.role(path));
        if step
            .capabilities
            .iter()
            .any(|one| one == "SHARED_RESOURCES")
        {
            self.cluster.tell(Event::CapabilitiesSet {
                framework,
                capabilities: Capabilities::SHARED,
            });
        }
        self.cluster.tell(Event::FrameworkJoined {
            framework,
            weight: Weight::ONE,
            role: role.transpose()?,
        });
        if step.active == Some(false) {
            self.cluster.tell(Event::Suppressed { framework });
        } else {
            self.active.push(framework);
        }
        Ok(())
    }

    /// What a provider adds is as an agent's own; what frameworks use of it, or of its agent, they were offered once.
    fn add_provider(&mut self, step: &Step) -> Result<(), Unreadable> {
        let name = named(step.agent.as_ref(), "agent")?;
        let all = self.portions(&step.resources)?;
        let mut agent = self.cluster.agent(name);
        if !all.is_empty() {
            agent = self.cluster.agent(&format!("provider of {name}"));
            self.cluster.join(agent, &all);
        }
        for (user, uses) in &step.used_by {
            let framework = self.cluster.framework(user);
            self.cluster.tell(Event::Revived { framework });
            self.cluster.end_instant();
            self.cluster.answer(
                framework,
                Some(agent),
                Some(amounts::plain(uses)?),
                Span::ZERO,
            );
            self.cluster.answer(framework, None, None, Span::ZERO);
            self.cluster.tell(Event::Suppressed { framework });
        }
        self.cluster.unseen.clear();
        Ok(())
    }

    fn set_quota(&mut self, step: &Step) -> Result<(), Unreadable> {
        let role = self.cluster.role(named(step.role.as_ref(), "role")?)?;
        let (guarantee, limit) = if step.guarantee_and_limit.is_empty() {
            (&step.guarantee, &step.limit)
        } else {
            (&step.guarantee_and_limit, &step.guarantee_and_limit)
        };
        let event = Event::QuotaSet {
            role,
            guarantee: amounts::plain(guarantee)?,
            limit: if step.default {
                QuotaLimit::NONE
            } else {
                amounts::limit(limit)?
            },
        };
        self.cluster.tell(event);
        Ok(())
    }

    fn recover(&mut self, step: &Step) -> Result<(), Unreadable> {
        let framework = self.framework(step)?;
        let agent = step.agent.as_ref().map(|name| self.cluster.agent(name));
        let refuse = match (step.act.as_deref(), step.for_intervals) {
            (Some("decline"), None) => REFUSE,
            (Some("decline"), Some(intervals)) => Span::from_secs(intervals),
            _ => Span::ZERO,
        };
        // What is launched on a volume that was just made is launched once it is there.
        let launches = std::mem::take(&mut self.launches);
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            self.cluster.answer(framework, agent, None, refuse);
            let on = agent.unwrap_or(AgentId(0));
            for (from, to, amount) in changes {
                self.cluster.change(on, (from, to), amount);
            }
            if !launches.is_empty() {
                self.offer_only(framework);
            }
        }
        for (framework, needs) in &launches {
            self.cluster.answer(*framework, agent, Some(*needs), refuse);
        }
        self.cluster.answer(framework, agent, None, refuse);
        Ok(())
    }

    /// One framework is offered again what it gave back; it is as if it had held it all the time.
    fn offer_only(&mut self, framework: FrameworkId) {
        let others = self.active.iter().copied().filter(|one| *one != framework);
        let others: Vec<FrameworkId> = others.collect();
        for framework in &others {
            let framework = *framework;
            self.cluster.tell(Event::Suppressed { framework });
        }
        self.cluster.end_instant();
        self.cluster.unseen.clear();
        for framework in others {
            self.cluster.tell(Event::Revived { framework });
        }
    }

    /// Whether what a step says holds.
    fn look(&mut self, step: &Step) -> Result<Verdict, Unreadable> {
        if let Some(expected) = &step.expect_offer {
            return self.find(expected);
        }
        if !step.expect_exactly_one_offer_of.is_empty() {
            let some = &step.expect_exactly_one_offer_of;
            let agents: Vec<AgentId> = some.iter().map(|name| self.cluster.agent(name)).collect();
            let found = self.cluster.unseen.len();
            let mut unseen = self.cluster.unseen.drain(..);
            let right = unseen.all(|one| agents.contains(&one.offer.agent)) && found == 1;
            return Ok(Verdict::of(
                right,
                format!("one offer of {some:?}"),
                format!("{found}"),
            ));
        }
        if step.expect_no_offer {
            return Ok(self.unexpected().unwrap_or(Verdict::AGREES));
        }
        for (role, share) in &step.dominant_share {
            let id = self.cluster.role(role)?;
            let found = self.cluster.master.ledger().dominant_share(id);
            let found = found.parts_per_million() as f64 / 1e6;
            if !close(*share, found) {
                let told = |share: f64| format!("a share of {role} of {share}");
                return Ok(Verdict::of(false, told(*share), told(found)));
            }
        }
        for role in &step.absent {
            let node = Node::Role(self.cluster.role(role)?);
            let left = self.cluster.master.ledger().below(node).count();
            if left > 0 {
                return Ok(Verdict::of(
                    false,
                    format!("nobody in {role}"),
                    format!("{left}"),
                ));
            }
        }
        Ok(Verdict::AGREES)
    }

    fn find(&mut self, expected: &ExpectedOffer) -> Result<Verdict, Unreadable> {
        let framework = self.cluster.framework(&expected.framework);
        let agent = self.cluster.agent(&expected.agent);
        let wanted = self.portions(&expected.resources)?;
        let same = |one: &Offered| one.offer.framework == framework && whole(one) == wanted;
        let here = |one: &Offered| one.offer.agent == agent && same(one);
        let mut unseen = self.cluster.unseen.iter();
        if let Some(place) = unseen.position(here) {
            self.cluster.unseen.remove(place);
            return Ok(Verdict::AGREES);
        }
        let elsewhere = self.cluster.unseen.iter().any(same);
        let rule = elsewhere.then(|| {
            "Mesos looks at the agent that came, the core at every one that may be of use, in their order: as much of \
             another agent is offered"
                .to_owned()
        });
        Ok(Verdict::Differs {
            expected: format!("{} of {agent} to {}", said(&wanted), expected.framework),
            found: self.told(),
            rule,
        })
    }

    /// Offers that the case says nothing of.
    fn unexpected(&self) -> Option<Verdict> {
        let none = self.cluster.unseen.is_empty();
        (!none).then(|| Verdict::of(false, "no other offer", self.told()))
    }

    fn told(&self) -> String {
        let told = |one: &Offered| {
            let to = self.cluster.framework_name(one.offer.framework);
            format!("{} of {} to {to}", said(&whole(one)), one.offer.agent)
        };
        let all: Vec<String> = self.cluster.unseen.iter().map(told).collect();
        if all.is_empty() {
            return "no offer".to_owned();
        }
        all.join("; ")
    }
}

/// Parts for people: of the common one its amount alone.
fn said(portions: &[Portion]) -> String {
    let said = |one: &Portion| match one.part {
        AgentPart::PLAIN => one.amount.to_string(),
        part => format!("{} of {part:?}", one.amount),
    };
    portions.iter().map(said).collect::<Vec<_>>().join(" and ")
}

/// An offer by parts. What is shared is beside its amount.
fn whole(one: &Offered) -> Vec<Portion> {
    let within = one.special.iter().filter(|part| !part.part.is_shared());
    let within: Resources = within.map(|part| part.amount).sum();
    let amount = one.offer.resources.saturating_sub(within);
    let part = AgentPart::PLAIN;
    let mut all = vec![Portion { part, amount }];
    all.extend(&one.special);
    all.retain(|one| !one.amount.is_zero());
    all.sort_by_key(|one| one.part);
    all
}
