//! Who asks for how much in a trace: which tenants are worth a framework of their own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fairground_policies::time::Time;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::tables::{Tasks, Tenant, Unknown};
use fairground_readers::models::trace::arrivals;
use fairground_workloads::ReadError;
use fairground_workloads::models::trace::TraceSpec;

use super::part::Part;

/// What stands in a part of a trace.
pub(super) struct Tenants {
    /// By name: what a tenant's tasks ask for, times how long; GPUs if any task has some, else CPUs.
    /// Jobs of nobody have no name.
    pub(super) loads: BTreeMap<String, u128>,
    /// Whether jobs ask for all their tasks at once.
    pub(super) gang: bool,
}

/// CPU time and GPU time.
#[derive(Clone, Copy, Default)]
struct Asked {
    cpus: u128,
    gpus: u128,
}

impl Tenants {
    /// Those who submit in `part`, with what they ask for until its end.
    pub(super) fn of(trace: &Opened, part: &Part, spec: &TraceSpec) -> Result<Self, ReadError> {
        let end = Time::ZERO + part.duration;
        let mut names = BTreeMap::new();
        for tenant in trace.rows::<Tenant>()? {
            let tenant = tenant?;
            names.insert(tenant.id, tenant.name);
        }
        let mut jobs: BTreeMap<u64, (Time, Option<u64>)> = BTreeMap::new();
        let mut gang = false;
        for job in arrivals(trace, spec.every)? {
            let (job, at) = job?;
            if let Some(arrival) = part.arrival(at).filter(|_| part.holds(at)) {
                gang |= job.gang == 1;
                jobs.insert(job.id, (Time::ZERO + arrival, job.tenant));
            }
        }
        let mut asked: BTreeMap<Option<u64>, Asked> = BTreeMap::new();
        for row in trace.rows::<Tasks>()? {
            let row = row?;
            let Some((arrival, tenant)) = jobs.get(&row.job) else {
                continue;
            };
            if row.unknown == Some(Unknown::Unstarted) {
                continue;
            }
            let run = row
                .run
                .unwrap_or(spec.run.as_micros())
                .min(end.since(*arrival).as_micros());
            let time = u128::from(run) * u128::from(row.count);
            let sum = asked.entry(*tenant).or_default();
            sum.cpus += time * u128::from(row.cpus.unwrap_or(spec.cpus.0));
            sum.gpus += time * u128::from(row.gpus.unwrap_or(0));
        }
        let by_gpus = asked.values().any(|one| one.gpus > 0);
        let load = |one: Asked| if by_gpus { one.gpus } else { one.cpus };
        let name_of = |id: Option<u64>| id.and_then(|id| names.get(&id).cloned());
        let loads = asked.into_iter();
        let loads = loads.map(|(id, one)| (name_of(id).unwrap_or_default(), load(one)));
        Ok(Self {
            loads: loads.collect(),
            gang,
        })
    }

    /// The names of the tenants with the most load, by name, and how many others there are. One other
    /// alone is no other; jobs of nobody are always among the others.
    pub(super) fn largest(&self, most: usize) -> (Vec<String>, usize) {
        let mut named: Vec<(&String, u128)> = self
            .loads
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, load)| (name, *load))
            .collect();
        named.sort_by_key(|(name, load)| (Reverse(*load), *name));
        let nobody = self.loads.len() - named.len();
        let most = if nobody == 0 && named.len() == most + 1 {
            named.len()
        } else {
            most.max(1)
        };
        let rest = named.len().saturating_sub(most) + nobody;
        named.truncate(most);
        let sorted: BTreeSet<&String> = named.into_iter().map(|(name, _)| name).collect();
        (sorted.into_iter().cloned().collect(), rest)
    }
}

/// The longest name of a framework that is not cut: longer ones are hashes.
const LONGEST: usize = 14;
/// To so many characters they are cut.
const CUT: usize = 8;

/// Names for legends: hashes are cut where what is left tells them apart.
pub(super) fn short(names: &[String]) -> Vec<String> {
    let cut = |name: &String| -> String {
        if name.chars().count() <= LONGEST {
            return name.clone();
        }
        name.chars().take(CUT).collect()
    };
    let cuts: BTreeSet<String> = names.iter().map(cut).collect();
    if cuts.len() < names.len() || cuts.contains("others") {
        return names.to_vec();
    }
    names.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenants(loads: &[(&str, u128)]) -> Tenants {
        let loads = loads.iter().map(|(name, load)| ((*name).to_owned(), *load));
        Tenants {
            loads: loads.collect(),
            gang: false,
        }
    }

    #[test]
    fn the_largest_are_named_and_the_others_are_together() {
        let four = tenants(&[("a", 1), ("b", 9), ("c", 5), ("d", 5)]);
        let names = |most| four.largest(most);
        assert_eq!(names(2), (vec!["b".to_owned(), "c".to_owned()], 2));
        assert_eq!(names(3).1, 0, "one other alone is a framework, too");
        assert_eq!(names(9).0.len(), 4);
        let nobody = tenants(&[("", 50), ("b", 9)]);
        assert_eq!(nobody.largest(6), (vec!["b".to_owned()], 1));
    }

    #[test]
    fn hashes_are_cut_where_that_tells_them_apart() {
        let hashes = [
            "pZ5qmtwTmT1lNVKL=".to_owned(),
            "ou8blVOzCDbrmDOF=".to_owned(),
        ];
        assert_eq!(short(&hashes), ["pZ5qmtwT", "ou8blVOz"]);
        let alike = [
            "team-alpha-batch-one".to_owned(),
            "team-alpha-batch-two".to_owned(),
        ];
        assert_eq!(short(&alike), alike);
    }
}
