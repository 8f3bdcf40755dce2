//! Who is first, what is counted of whom, and what a role is given.

use std::collections::BTreeMap;

use fairground_policies::message::{AgentId, Demand, Event, FrameworkId};
use fairground_policies::part::{AgentPart, Capabilities};
use fairground_policies::resources::{QuotaLimit, Resources};
use fairground_policies::share::Weight;
use fairground_policies::time::Span;
use serde::Deserialize;
use serde_json::Value;

use super::amounts::{self, VOLUME, Written, disk};
use super::cluster::Cluster;
use crate::conformance::case::thousandths;
use crate::conformance::compared::Compared;
use crate::conformance::{Case, Unreadable, Verdict};

/// Offers of stated sizes, by what is held.
const POLICY: &str = "drf[offers=task,tie=allocations]";

#[derive(Deserialize, Default)]
#[serde(default)]
struct SortStep {
    #[serde(rename = "do")]
    act: String,
    client: String,
    allocated: Written,
    amount: Written,
    shared: Option<u64>,
    value: Written,
    order: Option<Vec<String>>,
    members: Option<Vec<String>>,
}

/// Clients that hold something, in a tree or, where they share a volume, beside each other in one role.
struct Clients {
    cluster: Cluster,
    shares: bool,
    /// What each wants next; something that fits nowhere stands at the end, so that nobody is without a wish.
    total: Resources,
}

/// A role that all clients are in who share a volume.
const TOGETHER: &str = "r";

impl Clients {
    fn new(steps: &[SortStep], total: Resources) -> Result<Self, Unreadable> {
        let shared = steps.iter().filter_map(|step| step.shared).max();
        let names = || {
            steps
                .iter()
                .map(|step| step.client.as_str())
                .filter(|name| !name.is_empty())
        };
        let mut cluster = match shared {
            Some(_) => Cluster::new(POLICY, [TOGETHER].into_iter())?,
            None => Cluster::new(POLICY, names())?,
        };
        cluster.name_frameworks(names());
        let agent = cluster.agent("first");
        cluster.tell(Event::AgentJoined { agent, total });
        if let Some(units) = shared {
            let role = cluster.role(TOGETHER)?;
            let volume = amounts::reserved(role, Some(VOLUME));
            let disk = disk(units);
            cluster.change(agent, (AgentPart::PLAIN, volume), disk);
            cluster.change(agent, (volume, amounts::shared(role)), disk);
        }
        Ok(Self {
            cluster,
            shares: shared.is_some(),
            total,
        })
    }

    /// What is held is offered as a task of that size.
    fn give(&mut self, framework: FrameworkId, needs: Resources) {
        let one = |needs| Demand { needs, count: 1 };
        let beyond = one(self.total.times(1000));
        let held = Some(one(needs)).filter(|_| !needs.is_zero());
        let demand = held.into_iter().chain([beyond]).collect();
        self.cluster
            .tell(Event::DemandDeclared { framework, demand });
        self.cluster.end_instant();
        // What is offered runs, so that the next demand does not count it.
        self.cluster.answer(
            framework,
            None,
            Some(needs).filter(|needs| !needs.is_zero()),
            Span::ZERO,
        );
        let demand = vec![beyond];
        self.cluster.tell(Event::DemandDeclared {
            framework,
            demand: demand.into(),
        });
        self.cluster.end_instant();
    }

    fn act(&mut self, step: &SortStep) -> Result<(), Unreadable> {
        let framework = self.cluster.framework(&step.client);
        match step.act.as_str() {
            "add" => {
                let path = if self.shares { TOGETHER } else { &step.client };
                let role = Some(self.cluster.role(path)?);
                if step.shared.is_some() {
                    let capabilities = Capabilities::SHARED;
                    self.cluster.tell(Event::CapabilitiesSet {
                        framework,
                        capabilities,
                    });
                }
                self.cluster.tell(Event::FrameworkJoined {
                    framework,
                    weight: Weight::ONE,
                    role,
                });
                self.give(framework, amounts::plain(&step.allocated)?);
            }
            // Each further copy of the volume comes along with as little as there is.
            "more_copies" => self.give(framework, Resources::cores(0, 1)),
            "deactivate" => self.cluster.tell(Event::Suppressed { framework }),
            "remove" => self.cluster.tell(Event::FrameworkLeft { framework }),
            "free" => self.free(framework, amounts::plain(&step.amount)?)?,
            "total" => {
                let more = amounts::plain(&step.value)?.saturating_sub(self.total);
                let agent = self.cluster.agent("second");
                self.cluster.tell(Event::AgentJoined { agent, total: more });
            }
            other => {
                return Err(Unreadable(format!(
                    "expected something that happens, found `{other}`"
                )));
            }
        }
        Ok(())
    }

    /// Something of what a client holds is given back: what it has is offered anew.
    fn free(&mut self, framework: FrameworkId, amount: Resources) -> Result<(), Unreadable> {
        let held = self.cluster.master.ledger().running(framework);
        let left = held.checked_sub(amount);
        let left = left.ok_or_else(|| Unreadable(format!("expected no more than {held}")))?;
        self.cluster.end_tasks(framework);
        self.give(framework, left);
        Ok(())
    }

    fn order(&mut self) -> Vec<String> {
        let order = self.cluster.master.order();
        let name = |one: &FrameworkId| self.cluster.framework_name(*one).to_owned();
        order.iter().map(name).collect()
    }
}

pub(super) fn order(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let steps: Vec<SortStep> = case.read("steps")?;
    let total = amounts::plain(&case.read("total")?)?;
    let mut clients = Clients::new(&steps, total)?;
    for step in &steps {
        let verdict = if let Some(expected) = &step.order {
            Verdict::equal(expected, &clients.order())
        } else if let Some(members) = &step.members {
            let mut found = clients.order();
            found.sort();
            Verdict::equal(members, &found)
        } else {
            clients.act(step)?;
            Verdict::AGREES
        };
        if verdict != Verdict::AGREES {
            return Ok(verdict);
        }
    }
    Ok(Verdict::AGREES)
}

/// What is counted of each client, and of all.
pub(super) fn totals(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let written: BTreeMap<String, Written> = case.read("client_allocated")?;
    // "or nested a/x" is the same with another client instead.
    let (others, first): (Vec<_>, Vec<_>) = written
        .iter()
        .partition(|(name, _)| name.starts_with("or "));
    let others = others.into_iter().map(|one| vec![one]);
    for clients in std::iter::once(first).chain(others) {
        let verdict = totals_of(case, &clients)?;
        if verdict != Verdict::AGREES {
            return Ok(verdict);
        }
    }
    Ok(Verdict::AGREES)
}

fn totals_of(case: &Case<'_>, clients: &[(&String, &Written)]) -> Result<Verdict, Unreadable> {
    let path = |name: &String| {
        let name = name.trim_start_matches("or nested ");
        name.trim_end_matches(" (inactive)").to_owned()
    };
    let paths: Vec<String> = clients.iter().map(|(name, _)| path(name)).collect();
    let roles = paths.iter().map(String::as_str);
    let mut cluster = Cluster::new("drf[tie=allocations]", roles)?;
    let agent = cluster.agent("first");
    let total = amounts::plain(&case.read("total")?)?;
    cluster.tell(Event::AgentJoined { agent, total });
    for ((name, held), path) in clients.iter().zip(&paths) {
        let framework = cluster.framework(path);
        let role = Some(cluster.role(path)?);
        cluster.tell(Event::FrameworkJoined {
            framework,
            weight: Weight::ONE,
            role,
        });
        hold(&mut cluster, framework, amounts::plain(held)?);
        if name.ends_with("(inactive)") {
            cluster.tell(Event::Suppressed { framework });
        }
        if case.maybe::<String>("change")?.is_some() {
            // What is used cannot become a volume: it is given back, and offered anew with it.
            cluster.end_tasks(framework);
            let parts = (AgentPart::PLAIN, AgentPart::disk(VOLUME));
            cluster.change(agent, parts, disk(5));
            cluster.tell(Event::Revived { framework });
            hold(&mut cluster, framework, amounts::plain(held)?);
        }
    }
    let ledger = cluster.master.ledger();
    let mut compared = Compared::default();
    let all: Resources = ledger.frameworks().map(|one| ledger.held(one)).sum();
    compared.same(
        "in all",
        &amounts::plain(&case.read("expect.all_total")?)?,
        &all,
    );
    let each: BTreeMap<String, Value> = case.read("expect.client_total")?;
    for (place, path) in paths.iter().enumerate() {
        let expected = match each.get(path) {
            Some(own) => {
                Written::deserialize(own).map_err(|error| Unreadable(error.to_string()))?
            }
            None => case.read("expect.client_total")?,
        };
        let found = ledger.held(FrameworkId(place as u32));
        compared.same(path, &amounts::plain(&expected)?, &found);
    }
    Ok(compared.verdict())
}

/// Of what it is offered, a framework uses so much.
fn hold(cluster: &mut Cluster, framework: FrameworkId, needs: Resources) {
    cluster.end_instant();
    cluster.answer(framework, None, Some(needs), Span::FOREVER);
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TreeStep {
    #[serde(rename = "do")]
    act: Option<String>,
    role: String,
    value: Option<Value>,
    guarantee_and_limit: Written,
    exists: Vec<String>,
    gone: Vec<String>,
    weight: BTreeMap<String, f64>,
    quota_on: Vec<String>,
    reserved: BTreeMap<String, Written>,
}

/// What a role is given, and whether anything of it is left.
pub(super) fn tree(case: &Case<'_>) -> Result<Verdict, Unreadable> {
    let steps: Vec<TreeStep> = case.read("steps")?;
    let named = steps.iter().map(|step| step.role.as_str());
    let mut cluster = Cluster::new("drf", named.filter(|path| !path.is_empty()))?;
    let (agent, total) = (cluster.agent("first"), Resources::cores(1000, 1_000_000));
    cluster.tell(Event::AgentJoined { agent, total });
    for step in &steps {
        if step.act.is_some() {
            give_role(&mut cluster, step)?;
            continue;
        }
        let mut compared = Compared::default();
        for path in &step.exists {
            compared.same(path, &true, &stands(&cluster, path)?);
            let with_quota = step.quota_on.is_empty() || step.quota_on.contains(path);
            if !step.quota_on.is_empty() {
                compared.same(path, &with_quota, &has_quota(&cluster, path)?);
            }
        }
        for path in &step.gone {
            compared.same(path, &false, &stands(&cluster, path)?);
        }
        for (path, weight) in &step.weight {
            let weight = thousandths(*weight)?;
            let found = cluster.master.ledger().weight(cluster.role(path)?);
            compared.same(path, &weight, &found.thousandths().into());
        }
        for (path, reserved) in &step.reserved {
            let found = cluster.master.ledger().consumed(cluster.role(path)?);
            compared.same(path, &amounts::plain(reserved)?, &found);
        }
        let verdict = compared.verdict();
        if verdict != Verdict::AGREES {
            return Ok(verdict);
        }
    }
    Ok(Verdict::AGREES)
}

fn give_role(cluster: &mut Cluster, step: &TreeStep) -> Result<(), Unreadable> {
    let role = cluster.role(&step.role)?;
    let value = step.value.clone().unwrap_or_default();
    let amount = || -> Result<Resources, Unreadable> {
        let written = Written::deserialize(value.clone());
        amounts::plain(&written.map_err(|error| Unreadable(error.to_string()))?)
    };
    match step.act.as_deref() {
        Some("weight") => {
            let weight = thousandths(value.as_f64().unwrap_or_default())?;
            let weight = u32::try_from(weight)
                .ok()
                .and_then(Weight::from_thousandths);
            let weight =
                weight.ok_or_else(|| Unreadable(format!("expected a weight, found {value}")))?;
            cluster.weigh(&step.role, weight)?;
        }
        Some("quota") => cluster.tell(Event::QuotaSet {
            role,
            guarantee: amounts::plain(&step.guarantee_and_limit)?,
            limit: amounts::limit(&step.guarantee_and_limit)?,
        }),
        Some("reserve") => {
            let parts = (AgentPart::PLAIN, amounts::reserved(role, None));
            cluster.change(AgentId(0), parts, amount()?);
        }
        Some("unreserve") => {
            let parts = (amounts::reserved(role, None), AgentPart::PLAIN);
            cluster.change(AgentId(0), parts, amount()?);
        }
        other => {
            return Err(Unreadable(format!(
                "expected something that happens, found {other:?}"
            )));
        }
    }
    Ok(())
}

fn has_quota(cluster: &Cluster, path: &str) -> Result<bool, Unreadable> {
    let (ledger, role) = (cluster.master.ledger(), cluster.role(path)?);
    let limited = ledger.limit(role) != QuotaLimit::NONE;
    Ok(limited || !ledger.guarantee(role).is_zero())
}

/// Whether anything is said of a role, or of one below it. Names are known for good here, so that a role of which
/// nothing is said is what is none there.
fn stands(cluster: &Cluster, path: &str) -> Result<bool, Unreadable> {
    for below in cluster.roles_below(path) {
        let (ledger, role) = (cluster.master.ledger(), cluster.role(below)?);
        let weighs = ledger.weight(role) != Weight::ONE;
        if weighs || has_quota(cluster, below)? || !ledger.consumed(role).is_zero() {
            return Ok(true);
        }
    }
    Ok(false)
}
