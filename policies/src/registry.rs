//! Policies by name: a table that is open to a user's own.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use crate::allocators::{self, BoxedAllocator, Setup};
use crate::framework_kind::FrameworkKind;
use crate::master::{Config, Master, OfferSize};
use crate::message::AgentId;
use crate::name::{BadName, Name};
use crate::personality::{self, Personality};
use crate::schedulers::{self, BoxedScheduler};

/// The allocators and schedulers that names can mean.
#[derive(Clone, Debug)]
pub struct Registry {
    allocators: Vec<allocators::AllocatorEntry>,
    schedulers: Vec<schedulers::SchedulerEntry>,
}

impl Default for Registry {
    /// The policies that come with Fairground.
    fn default() -> Self {
        Self {
            allocators: allocators::STANDARD.to_vec(),
            schedulers: schedulers::STANDARD.to_vec(),
        }
    }
}

impl Registry {
    /// The table with one more allocator; a name that exists is replaced.
    #[must_use]
    pub fn with_allocator(mut self, entry: allocators::AllocatorEntry) -> Self {
        self.allocators.retain(|known| known.name != entry.name);
        self.allocators.push(entry);
        self
    }

    /// The table with one more scheduler; a name that exists is replaced.
    #[must_use]
    pub fn with_scheduler(mut self, entry: schedulers::SchedulerEntry) -> Self {
        self.schedulers.retain(|known| known.name != entry.name);
        self.schedulers.push(entry);
        self
    }

    /// The allocators known.
    pub fn allocators(&self) -> &[allocators::AllocatorEntry] {
        &self.allocators
    }

    /// The schedulers known.
    pub fn schedulers(&self) -> &[schedulers::SchedulerEntry] {
        &self.schedulers
    }

    /// The allocator `name` means, and the master's parameters in it.
    ///
    /// # Errors
    /// When the name or a parameter is not known, naming those that are.
    pub fn allocator(
        &self,
        name: &Name,
        setup: Setup,
    ) -> Result<(Config, BoxedAllocator), BadName> {
        let mut rest = Personality::resolved(name)?;
        let entry = self.allocators.iter().find(|one| one.name == rest.base());
        let entry = entry.ok_or_else(|| self.no_policy(name, &[]))?;
        let mut config = Config::from_name(&mut rest)?;
        let allocator = (entry.make)(&mut rest, setup)?;
        config.reclaims = allocator.reclaims();
        if config.reclaims && config.offers == OfferSize::Shared {
            return Err(BadName(format!(
                "{name}: takes back for one what shared offers hold for nobody; say offers=agent or offers=task"
            )));
        }
        config.declares |= allocator.reads_demand() || config.reclaims;
        let params = entry.params.iter().chain(&Config::PARAMS);
        rest.finish(&params.map(|param| param.key).collect::<Vec<_>>())?;
        Ok((config, allocator))
    }

    /// That no policy has this name, naming those that there are: the allocators, `others` that whoever
    /// asks knows beside them, and personalities.
    pub fn no_policy(&self, name: &Name, others: &[&'static str]) -> BadName {
        let known = self.allocators.iter().map(|entry| entry.name);
        let personalities = personality::STANDARD.iter().map(|one| one.name);
        let all = known.chain(others.iter().copied()).chain(personalities);
        unknown("policy", name, all)
    }

    /// The master of a real cluster under the allocator `name`: agents and frameworks come as they
    /// come, so the policy knows nothing of them before.
    ///
    /// # Errors
    /// When the name or a parameter is not known, naming those that are, and when the policy divides
    /// agents among frameworks beforehand, which would silently share all of them here.
    pub fn master(&self, name: &Name, rng: ChaCha8Rng) -> Result<Master, BadName> {
        // One agent and one framework are enough to see it.
        let smallest = Setup {
            shares: vec![1],
            agents: 1,
            rng: rng.clone(),
        };
        let (_, divider) = self.allocator(name, smallest)?;
        if divider.owner(AgentId(0)).is_some() {
            return Err(BadName(format!(
                "{name}: reserves agents for frameworks, and a real master knows neither before \
                 they come; name one that shares, as drf or fair"
            )));
        }
        let setup = Setup {
            shares: Vec::new(),
            agents: 0,
            rng,
        };
        let (config, allocator) = self.allocator(name, setup)?;
        if config.offers == OfferSize::Shared {
            return Err(BadName(format!(
                "{name}: offers=shared is simulated only: frameworks of a real cluster rely on what they are offered being \
                 theirs until they answer"
            )));
        }
        Ok(Master::new(config, allocator))
    }

    /// The scheduler of a framework of a kind that asks for `own`, or the one that `policy` chooses
    /// ([`Personality::scheduler`]). What it draws is drawn of `rng`, which is the framework's alone, or all of them would draw alike.
    ///
    /// # Errors
    /// As [`Self::scheduler`].
    pub fn scheduler_under(
        &self,
        policy: &Name,
        own: &Name,
        kind: FrameworkKind,
        rng: &mut ChaCha8Rng,
    ) -> Result<BoxedScheduler, BadName> {
        self.made_scheduler(&Personality::scheduler(policy, own, kind)?, rng)
    }

    /// The scheduler `name` means, for whoever looks at what it is or has it alone: what it draws is the same every time.
    ///
    /// # Errors
    /// When the name or a parameter is not known, naming those that are.
    pub fn scheduler(&self, name: &Name) -> Result<BoxedScheduler, BadName> {
        self.made_scheduler(name, &mut ChaCha8Rng::seed_from_u64(0))
    }

    fn made_scheduler(&self, name: &Name, rng: &mut ChaCha8Rng) -> Result<BoxedScheduler, BadName> {
        let entry = self.schedulers.iter().find(|one| one.name == name.base());
        let known = self.schedulers.iter().map(|entry| entry.name);
        let entry = entry.ok_or_else(|| unknown("scheduler", name, known))?;
        let mut rest = name.clone();
        let scheduler = (entry.make)(&mut rest, rng)?;
        rest.finish(
            &entry
                .params
                .iter()
                .map(|param| param.key)
                .collect::<Vec<_>>(),
        )?;
        Ok(scheduler)
    }
}

/// That no `what` has this name: the one of `known` that may be meant, and all of them once.
pub fn unknown(what: &str, name: &Name, known: impl Iterator<Item = &'static str>) -> BadName {
    let mut known: Vec<_> = known.collect();
    // What several lists have is said once.
    let mut said = BTreeSet::new();
    known.retain(|one| said.insert(*one));
    let meant = name.meant(known.iter().copied());
    let meant = meant.map_or(String::new(), |one| format!("did you mean `{one}`? "));
    BadName(format!(
        "no {what} is called `{}`; {meant}known are {}",
        name.base(),
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    fn master(name: &str) -> Result<Master, BadName> {
        let name = name.parse().expect("a name");
        Registry::default().master(&name, ChaCha8Rng::seed_from_u64(1))
    }

    #[test]
    fn real_masters() {
        let names = [
            "drf[round=1s]",
            "fair",
            "fifo",
            "priority",
            "borg",
            "random",
            "lottery",
            "slots",
            "asset",
            "choosy",
            "hdrf",
            "karma",
            "slurm",
            "tiresias",
            "yarn-fair",
            "yarn-capacity",
            "kueue",
            "kai",
            "armada",
            "volcano",
        ];
        for name in names {
            assert!(master(name).is_ok(), "{name}");
        }
        let mut shared = allocators::STANDARD
            .iter()
            .filter(|one| one.name != "static");
        let tried =
            |one: &allocators::AllocatorEntry| names.iter().any(|name| name.starts_with(one.name));
        assert!(shared.all(tried), "a policy is not tried");
        for one in &personality::STANDARD {
            assert_eq!(
                master(one.name).is_ok(),
                one.name != "omega-like",
                "{}",
                one.name
            );
            let scheduler = one.scheduler.parse().expect("a name");
            let known = Registry::default().scheduler(&scheduler);
            assert!(known.is_ok(), "{}", one.name);
        }
        assert!(master("slurm-like[half-life=1d]").is_ok());
        let error = master("mesos-like[half-life=1d]").err();
        let error = error.expect("a parameter of another policy");
        assert!(error.0.starts_with("`drf` has no parameter"), "{error}");
        let error = master("static").err().expect("partitions need to be known");
        assert!(error.0.starts_with("static: reserves agents"), "{error}");
    }

    #[test]
    fn shared_offers_are_for_whom_they_may_be() {
        let check = |name: &str, expected: &str| {
            let error = master(name).err().expect(name);
            assert!(error.0.contains(expected), "{name}: {error}");
        };
        check(
            "drf[offers=shared]",
            "drf[offers=shared]: offers=shared is simulated only",
        );
        check("borg[offers=shared]", "takes back for one");
        check("drf[conflict=fit]", "only shared offers are in conflict");
        check("drf[commit=all,offers=task]", "say offers=shared");
        check("drf[conflict=none,offers=shared]", "fit or sequence");
        check("drf[commit=some,offers=shared]", "each or all");
        check("drf[offers=all]", "agent, task or shared");
    }
}
