//! A workload of Batsim: jobs that ask for resources, and profiles that say what each executes.
//!
//! How long a job runs is known of delays alone, and of sequences of them; computations, communications and replays of
//! traces take as long as the platform has them take. A job ends at its walltime at the latest.

use std::collections::VecDeque;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::canonical::MachineSize;
use crate::formats::batch::expanded::{Expanded, Several};
use crate::formats::batch::notation::{MOST_SECONDS, count};
use crate::formats::batch::values::{LooseText, Unkept};
use crate::formats::batch::{self, Accounted, Chunk, RunPhase};
use crate::formats::cells::decimal;
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "jobs with their profiles, JSON (Batsim workload)",
    signs: &[
        Holds("\"nb_res\""),
        Holds("\"subtime\""),
        Holds("\"DelayProfile\""),
    ],
    unkept: &["amounts of computation and communication (cpu, com)", "ret"],
    import: Ok(import),
    samples: &[
        r#"{
  "nb_res": 4,
  "jobs": [
    {"id": "a", "subtime": 0, "walltime": 30, "res": 1, "profile": "delay"},
    {"id": 1, "subtime": 1.5, "res": 4, "profile": "homogeneous"},
    {"id": "c", "subtime": 2, "walltime": 20, "res": 2, "profile": "sequence", "dependencies": ["a"]}
  ],
  "profiles": {
    "delay": {"type": "DelayProfile", "delay": 20.25},
    "homogeneous": {"type": "ParallelTaskHomogeneousProfile", "cpu": 10e6, "com": 1e6},
    "sequence": {"type": "SequentialCompositionProfile", "repeat": 4, "seq": ["delay", "delay"]}
  }
}
"#,
        r#"{ "description": "older", "nb_res": 2, "profiles": { "d": {"type": "delay", "delay": 10} },
  "jobs": [ {"id": "w0!1", "subtime": 3, "walltime": -1, "res": 2, "profile": "d"} ] }
"#,
    ],
    ..Form::of::<Expanded<Workloads>>()
};

/// The most profiles of a workload.
const MOST_PROFILES: usize = 500_000;
/// How deep sequences of sequences are followed.
const DEEPEST: usize = 50;
/// The most run time of a job, in microseconds.
const LONGEST: u64 = MOST_SECONDS * 1_000_000;

/// A workload.
#[derive(Deserialize)]
pub struct Workloads {
    nb_res: LooseText,
    jobs: Vec<PlannedJob>,
    profiles: Profiles,
}

/// A job that is to be run.
#[derive(Deserialize)]
struct PlannedJob {
    id: LooseText,
    subtime: LooseText,
    res: LooseText,
    profile: LooseText,
    #[serde(default)]
    walltime: LooseText,
    #[serde(default)]
    dependencies: LooseText,
    #[serde(default, alias = "user_id", alias = "uid")]
    user: LooseText,
    #[serde(default)]
    queue: LooseText,
    #[serde(default)]
    priority: LooseText,
}

/// The profiles by their names.
#[derive(Default)]
struct Profiles(BTreeMap<String, WorkProfile>);

/// What a job executes.
#[derive(Deserialize)]
struct WorkProfile {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    delay: LooseText,
    #[serde(default)]
    seq: Vec<String>,
    #[serde(default, alias = "nb")]
    repeat: LooseText,
    // Known, so that they are not told as unread.
    #[serde(default, rename = "cpu")]
    _cpu: Unkept,
    #[serde(default, rename = "com")]
    _com: Unkept,
    #[serde(default, rename = "ret")]
    _ret: Unkept,
}

impl<'de> Deserialize<'de> for Profiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ProfilesVisitor)
    }
}

struct ProfilesVisitor;

impl<'de> Visitor<'de> for ProfilesVisitor {
    type Value = Profiles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of profiles")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Profiles, A::Error> {
        let mut profiles = Profiles::default();
        while let Some((name, profile)) = map.next_entry()? {
            profiles.0.insert(name, profile);
            if profiles.0.len() > MOST_PROFILES {
                return Err(de::Error::custom(format!(
                    "more than {MOST_PROFILES} profiles"
                )));
            }
        }
        Ok(profiles)
    }
}

impl Document for Workloads {
    const ONE: &'static str = "workload";
    const MEMBER: &'static str = "workload.json";
    const KEYS: &'static str =
        "keys: nb_res, jobs[{id, subtime, res, profile, walltime}], profiles{name: {type, delay}}";
}

impl Profiles {
    /// How long a profile runs, in microseconds, where the platform does not matter.
    fn run<'a>(
        &'a self,
        name: &'a str,
        depth: usize,
        known: &mut BTreeMap<&'a str, Option<u64>>,
    ) -> Result<Option<u64>, ReadError> {
        if let Some(run) = known.get(name) {
            return Ok(*run);
        }
        let Some(profile) = self.0.get(name) else {
            let error = ReadError::expected("a profile that is there", quoted(name));
            return Err(error.hint("every job and every sequence names profiles of the workload"));
        };
        // A profile that holds itself never ends.
        known.insert(name, None);
        let placed = |key: &str| format!("profile {}, key {key}", quoted(name));
        let run = match profile.kind.as_str() {
            "DelayProfile" | "delay" => {
                let text = profile.delay.get().unwrap_or_default();
                let delay = decimal(text, "seconds", 6, MOST_SECONDS);
                Some(delay.map_err(|error| error.place(placed("delay")))?)
            }
            "SequentialCompositionProfile" | "composed" | "sequence" if depth < DEEPEST => {
                let repeat = profile.repeat.get().map(|text| count(text, "repetitions"));
                let repeat = repeat
                    .transpose()
                    .map_err(|error| error.place(placed("repeat")))?;
                let mut all = Some(0_u64);
                for one in &profile.seq {
                    let run = self.run(one, depth + 1, known)?;
                    all = all.zip(run).map(|(all, run)| all.saturating_add(run));
                }
                let all = all.map(|all| all.saturating_mul(repeat.unwrap_or(1)));
                all.filter(|all| *all <= LONGEST)
            }
            _ => None,
        };
        known.insert(name, run);
        Ok(run)
    }
}

impl Several for Workloads {
    fn jobs(self) -> VecDeque<Result<Accounted, ReadError>> {
        let mut known = BTreeMap::new();
        let profiles = &self.profiles;
        let jobs = self.jobs.iter();
        jobs.map(|job| job.record(profiles, &mut known)).collect()
    }

    fn member(name: &str) -> &str {
        // The names of profiles have points in them, too.
        let profile = name.strip_prefix("profiles.");
        let inside = profile.and_then(|name| name.rsplit_once('.'));
        inside.map_or(name, |(_, member)| member)
    }
}

impl PlannedJob {
    fn record<'a>(
        &'a self,
        profiles: &'a Profiles,
        known: &mut BTreeMap<&'a str, Option<u64>>,
    ) -> Result<Accounted, ReadError> {
        let id = self.id.get().unwrap_or_default();
        let job = format!("job {}", quoted(id));
        let placed = |key: &str| format!("{job}, key {key}");
        let name = self.profile.get().unwrap_or_default();
        let run = profiles
            .run(name, 0, known)
            .map_err(|error| match error.place {
                Some(_) => error,
                None => error.place(placed("profile")),
            })?;
        let seconds = |text: &LooseText, key: &str| {
            let text = text.get().filter(|text| !text.starts_with('-'));
            let read = text.map(|text| decimal(text, "seconds", 6, MOST_SECONDS));
            read.transpose().map_err(|error| error.place(placed(key)))
        };
        let resources = count(self.res.get().unwrap_or_default(), "resources");
        let resources = resources.map_err(|error| error.place(placed("res")))?;
        let limit = seconds(&self.walltime, "walltime")?.filter(|limit| *limit > 0);
        let after = self.dependencies.get().unwrap_or_default();
        let word = |text: &LooseText| text.get().unwrap_or_default().to_owned();
        let kind = profiles.0.get(name).map(|profile| profile.kind.as_str());
        Ok(Accounted {
            kind: kind.unwrap_or_default().to_owned(),
            phase: RunPhase::Planned,
            id: id.to_owned(),
            name: name.to_owned(),
            user: word(&self.user),
            queue: word(&self.queue),
            priority: self.priority.get().and_then(|text| text.parse().ok()),
            submit: seconds(&self.subtime, "subtime")?,
            // What takes longer is ended.
            run: run.map(|run| limit.map_or(run, |limit| run.min(limit))),
            limit,
            chunks: vec![Chunk {
                count: resources.max(1),
                cpus: Some(1000),
                ..Chunk::default()
            }],
            after: after.split(',').next().unwrap_or_default().to_owned(),
            ..Accounted::default()
        })
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    let mut processors = None;
    for workload in Documents::<Workloads>::open(path)?.flatten() {
        let told = workload
            .nb_res
            .get()
            .and_then(|text| count(text, "resources").ok());
        processors = processors.max(told.filter(|count| *count > 0));
    }
    import.assume(
        "run times",
        "delays, and sequences of them, until the walltime; what computations, communications and replays of traces take \
         follows from the platform and is not known",
    );
    let shape = "a task a resource, with one core, all at the same time";
    batch::import::<Expanded<Workloads>>(import, path, shape)?;
    import.clock(None);
    import.machine(processors.map(|processors| MachineSize {
        processors: Some(processors),
        ..MachineSize::default()
    }));
    Ok(())
}
