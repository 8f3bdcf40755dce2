//! What a recipe must not say: values that make no sense, and keys that would be ignored.

use fairground_policies::time::Span;

use super::{FrameworkSpec, LONGEST, MOST_AGENTS, Recipe, RecipeError, scheduler};
use crate::deadlines::DeadlineSpec;
use crate::error::ReadError;
use crate::estimates::EstimateSpec;
use crate::phases;
use crate::spec::WorkloadSpec;
use crate::usage::UseSpec;

impl Recipe {
    pub(super) fn check(&self, origin: &str) -> Result<(), RecipeError> {
        let bad = |key: &str, problem: &str| {
            Err(RecipeError::Senseless {
                path: origin.to_owned(),
                key: key.to_owned(),
                problem: problem.to_owned(),
            })
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !self.name.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !self.name.chars().all(plain)
        {
            return bad(
                "name",
                "expected letters, digits, `-`, `_` and `.`: it names a folder",
            );
        }
        if self.duration.is_zero() || self.duration > LONGEST {
            return bad(
                "duration",
                "expected more than nothing and less than 20 years",
            );
        }
        if self.seeds == 0 {
            return bad("seeds", "expected at least one");
        }
        if self.policies.is_empty() {
            return bad("policies", "expected at least one");
        }
        if self.framework.is_empty() {
            return bad("framework", "expected at least one [[framework]]");
        }
        let agents: u64 = self
            .cluster
            .iter()
            .map(|group| u64::from(group.agents))
            .sum();
        if self.machines.is_some() && agents > 0 {
            return bad(
                "machines",
                "expected either a cluster or the machines of a trace",
            );
        }
        if (agents == 0 && self.machines.is_none()) || agents > MOST_AGENTS {
            return bad(
                "cluster",
                &format!("expected 1 to {MOST_AGENTS} agents in all, found {agents}"),
            );
        }
        if self
            .cluster
            .iter()
            .any(|group| group.cpus.0 == 0 && group.mem.0 == 0)
        {
            return bad("cluster", "expected agents that have something");
        }
        if let Err((key, problem)) = self.costs.check() {
            return bad(key, problem);
        }
        if let Err((key, problem)) = self.check_overcommit() {
            return bad(&key, problem);
        }
        if let Err((key, problem)) = self.check_sensitivity() {
            return bad(key, &problem);
        }
        if let Err((key, problem)) = self.check_all_roles() {
            return bad(&key, &problem);
        }
        self.check_ignored().map_err(|error| RecipeError::Ignored {
            path: origin.to_owned(),
            error: Box::new(error),
        })
    }

    /// What is wrong with a framework: its key, and why.
    pub(super) fn check_frameworks(&self) -> Result<(), (String, String)> {
        let shared = self.framework.iter().any(|one| one.uses.is_some())
            || self.cluster.iter().any(|group| group.overcommit != 1000)
            || self.machines.iter().any(|one| one.overcommit != 1000);
        for (i, framework) in self.framework.iter().enumerate() {
            let key = format!("framework.{}", framework.name);
            let bad =
                |member: &str, problem: &str| Err((format!("{key}{member}"), problem.to_owned()));
            if framework.name.is_empty() {
                return Err(("framework.name".to_owned(), "expected a name".to_owned()));
            }
            let mut others = self.framework[..i].iter();
            if others.any(|other| other.name == framework.name) {
                return bad("", "two frameworks have this name");
            }
            if let Err(phase) = phases::resolved(&framework.workload, &framework.phases) {
                return bad(&format!(".{}", phase.key), &phase.problem);
            }
            if framework.weight == 0 {
                return bad(".weight", "expected more than zero");
            }
            if framework.refuse.is_zero() {
                return bad(
                    ".refuse",
                    "expected more than no time: what is refused would come back at once, for ever",
                );
            }
            if shared && !framework.preempted.is_lost() {
                return bad(
                    ".preempted",
                    "how far a task is that shares a machine by its use is not known: expected lost where \
                     any framework has a `use` or agents are overcommitted",
                );
            }
            if let Err(problem) = framework.check_use() {
                return bad(".use", problem);
            }
            if let Some(Err(problem)) = framework.estimate.map(EstimateSpec::check) {
                return bad(".estimate", problem);
            }
            if let Some(Err(problem)) = framework.deadline.map(DeadlineSpec::check) {
                return bad(".deadline", problem);
            }
        }
        Ok(())
    }

    /// The first key that nobody would ever look at. A number that switches something off, as
    /// `costs.stragglers = 0`, may stand beside the keys of what is off: a setting switches it on again.
    fn check_ignored(&self) -> Result<(), ReadError> {
        let duration = self.duration;
        for (i, policy) in self.policies.iter().enumerate() {
            if self.policies[..i].contains(policy) {
                let why = "a policy has the same runs however often it is named";
                let found = format!("`{policy}` twice");
                return Err(ReadError::ignored("`policies`", why, found).hint("name it once"));
            }
        }
        for (i, outage) in self.faults.list.iter().enumerate() {
            let key = format!("faults.list.{i}.at");
            within(duration, outage.at, &key, "outage")?;
        }
        for framework in &self.framework {
            let key = format!("framework.{}", framework.name);
            let kind = &framework.workload;
            let service = matches!(kind, WorkloadSpec::Rails(_) | WorkloadSpec::Requests(_));
            if service && framework.scheduler != scheduler() {
                let place = format!("`{key}.scheduler`");
                let why = format!("a `{}` workload has instances and no jobs", kind.name());
                return Err(ReadError::ignored(place, why, &framework.scheduler));
            }
            if service && framework.estimate.is_some() {
                let place = format!("`{key}.estimate`");
                let why = format!("a `{}` workload has instances and no jobs", kind.name());
                return Err(ReadError::ignored(place, why, "estimates"));
            }
            if service && framework.deadline.is_some() {
                let place = format!("`{key}.deadline`");
                let why = format!("a `{}` workload has instances and no jobs", kind.name());
                return Err(ReadError::ignored(place, why, "deadlines"));
            }
            for (i, phase) in framework.phases.iter().enumerate() {
                let key = format!("{key}.phases.{i}.start");
                within(duration, phase.start, &key, "phase")?;
            }
        }
        Ok(())
    }

    fn check_sensitivity(&self) -> Result<(), (&'static str, String)> {
        let Some(asked) = &self.sensitivity else {
            return Ok(());
        };
        if asked.seeds == 0 {
            return Err(("sensitivity.seeds", "expected at least one".to_owned()));
        }
        for (i, row) in asked.vary.iter().enumerate() {
            if row.what.trim().is_empty() {
                let problem = format!("expected what row {i} says of the world, in words");
                return Err(("sensitivity.vary", problem));
            }
            if asked.vary[..i].iter().any(|other| other.what == row.what) {
                let problem = format!(
                    "expected a name of its own for each row, found `{}` twice",
                    row.what
                );
                return Err(("sensitivity.vary", problem));
            }
        }
        Ok(())
    }

    fn check_overcommit(&self) -> Result<(), (String, &'static str)> {
        let groups = self.cluster.iter().enumerate();
        let groups = groups.map(|(i, group)| (format!("cluster.{i}.overcommit"), group.overcommit));
        let machines = self.machines.iter();
        let machines = machines.map(|one| ("machines.overcommit".to_owned(), one.overcommit));
        for (key, times) in groups.chain(machines) {
            if !(1000..=1_000_000).contains(&times) {
                let problem = "expected how many times its cores an agent offers, from 1 to 1000: for \
                               fewer than it has, make `cpus` smaller";
                return Err((key, problem));
            }
        }
        Ok(())
    }
}

impl FrameworkSpec {
    fn check_use(&self) -> Result<(), &'static str> {
        let Some(uses) = self.uses else { return Ok(()) };
        let traced = matches!(self.workload, WorkloadSpec::Trace(_) | WorkloadSpec::Swf(_));
        if uses == UseSpec::Trace && !traced {
            return Err(
                "only a workload of the kind `trace` has measurements: expected a part of what a task \
                 asked for, as in 0.6, or a distribution, as in { median = 0.4, spread = 0.5 }",
            );
        }
        uses.check()
    }
}

/// Nothing happens at the end of a run or after it.
fn within(duration: Span, at: Span, key: &str, what: &str) -> Result<(), ReadError> {
    if at < duration {
        return Ok(());
    }
    let why = format!("the run is over by then, as its `duration` is {duration}");
    let hint = format!("leave the {what} out, or make the duration longer");
    Err(ReadError::ignored(format!("`{key}`"), why, at).hint(hint))
}
