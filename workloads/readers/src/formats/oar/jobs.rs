//! `oarstat -J`, one object with a job under each id, or the lists of jobs of OAR's REST API.
//!
//! Names differ (`Job_Id`, `startTime`; `id`, `start_time` with `--format 3` and in the API), and Perl writes numbers as
//! texts now and then. Of finished jobs only `oarstat --sql` and the API tell.

use std::collections::VecDeque;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::formats::batch::expanded::{Expanded, Several};
use crate::formats::batch::notation::{count, moment, span};
use crate::formats::batch::values::{ListLength, LooseText, Unkept};
use crate::formats::batch::{self, Accounted, Chunk, RunPhase};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "jobs of an OAR cluster, JSON (oarstat -J, the REST API)",
    signs: &[
        Holds("\"assigned_network_address\""),
        Holds("\"launchingDirectory\""),
        Named("oarstat"),
    ],
    unkept: &UNKEPT,
    import: Ok(|import, path| {
        let shape = "a task a host, all at the same time, with an equal part of the assigned resources, each a core; GPUs \
                     as many for each host as the request says";
        batch::import::<Expanded<OarJobs>>(import, path, shape)
    }),
    samples: &[
        r#"{
  "42" : { "Job_Id" : 42, "array_id" : 42, "name" : "train", "owner" : "ann", "job_user" : "ann", "state" : "Terminated",
    "assigned_resources" : [ 1, 2, 3, 4 ], "assigned_network_address" : [ "n1", "n2" ], "queue" : "default",
    "command" : "./a", "launchingDirectory" : "/home/ann", "walltime" : "3600", "submissionTime" : 1767600000,
    "startTime" : 1767600060, "stopTime" : 1767600660, "project" : "ml", "types" : [ "besteffort" ],
    "dependencies" : [ 41 ], "wanted_resources" : "-l \"{type = 'default'}/host=2/gpu=1,walltime=1:0:0\" " },
  "43" : { "Job_Id" : 43, "name" : null, "owner" : "bob", "state" : "Waiting", "assigned_resources" : [],
    "assigned_network_address" : [], "queue" : "default", "submissionTime" : 1767600100, "startTime" : 0,
    "wanted_resources" : "-l \"/nodes=2/core=4,walltime=2:0:0\" " }
}
"#,
        r#"{ "items" : [
  { "id" : 44, "owner" : "ann", "state" : "Running", "queue" : "default", "submission_time" : 1767600000,
    "start_time" : 1767600060, "stop_time" : 0, "walltime" : 7200, "resources" : [ { "id" : 1 } ],
    "nodes" : [ { "network_address" : "n1" } ], "launchingDirectory" : "/" } ],
  "total" : 1, "api_timestamp" : 1767600200 }
"#,
    ],
    ..Form::of::<Expanded<OarJobs>>()
};

/// What is known and not kept.
const UNKEPT: [&str; 19] = [
    "array_id",
    "array_index",
    "resubmit_job_id",
    "properties",
    "reservation",
    "message",
    "events",
    "exit_code",
    "launchingDirectory",
    "launching_directory",
    "stdout_file",
    "stderr_file",
    "jobType",
    "type",
    "cpuset_name",
    "initial_request",
    "scheduledStart",
    "scheduled_start",
    "reserved_resources",
];

/// The most jobs of one object; a list may have any number.
const MOST_JOBS: usize = 200_000;

/// The jobs of an object: itself, or those under ids.
#[derive(Default)]
pub struct OarJobs {
    own: OarJob,
    inside: Vec<OarJob>,
}

/// One job.
#[derive(Default)]
struct OarJob {
    id: LooseText,
    name: LooseText,
    owner: LooseText,
    state: LooseText,
    queue: LooseText,
    command: LooseText,
    project: LooseText,
    wanted: LooseText,
    types: LooseText,
    walltime: LooseText,
    submitted: LooseText,
    started: LooseText,
    stopped: LooseText,
    dependencies: LooseText,
    resources: ListLength,
    hosts: ListLength,
}

impl Document for OarJobs {
    const ONE: &'static str = "job";
    const MEMBER: &'static str = "oarstat.json";
    const KEYS: &'static str =
        "keys: \"42\" { Job_Id, owner, state, submissionTime, startTime, stopTime }, or items";
    const INSIDE: Option<&'static str> = Some("items");
}

impl<'de> Deserialize<'de> for OarJobs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(JobsVisitor)
    }
}

struct JobsVisitor;

impl<'de> Visitor<'de> for JobsVisitor {
    type Value = OarJobs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of jobs, or a job")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OarJobs, A::Error> {
        let mut jobs = OarJobs::default();
        let own = &mut jobs.own;
        while let Some(key) = map.next_key::<String>()? {
            let text = match key.as_str() {
                "Job_Id" | "id" | "job_id" => &mut own.id,
                "name" | "job_name" => &mut own.name,
                "owner" | "job_user" | "user" => &mut own.owner,
                "state" => &mut own.state,
                "queue" | "queue_name" => &mut own.queue,
                "command" => &mut own.command,
                "project" => &mut own.project,
                "wanted_resources" => &mut own.wanted,
                "types" => &mut own.types,
                "walltime" => &mut own.walltime,
                "submissionTime" | "submission_time" => &mut own.submitted,
                "startTime" | "start_time" => &mut own.started,
                "stopTime" | "stop_time" => &mut own.stopped,
                "dependencies" => &mut own.dependencies,
                "assigned_resources" | "resources" => {
                    own.resources = map.next_value()?;
                    continue;
                }
                "assigned_network_address" | "assigned_hostnames" | "nodes" => {
                    own.hosts = map.next_value()?;
                    continue;
                }
                known if UNKEPT.contains(&known) => {
                    let Unkept = map.next_value()?;
                    continue;
                }
                id if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => {
                    let Self::Value { own: job, inside } = map.next_value()?;
                    if !inside.is_empty() {
                        return Err(de::Error::custom("jobs within a job"));
                    }
                    if jobs.inside.len() >= MOST_JOBS {
                        let most = format!(
                            "more than {MOST_JOBS} jobs in one object: put them into several files"
                        );
                        return Err(de::Error::custom(most));
                    }
                    jobs.inside.push(job);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let value: LooseText = map.next_value()?;
            // Some are told under two names.
            if text.get().is_none() {
                *text = value;
            }
        }
        Ok(jobs)
    }
}

impl Several for OarJobs {
    fn jobs(self) -> VecDeque<Result<Accounted, ReadError>> {
        let alone = self.inside.is_empty().then_some(self.own);
        let jobs = self.inside.into_iter().chain(alone);
        jobs.map(OarJob::record).collect()
    }

    fn member(name: &str) -> &str {
        let (first, rest) = name.split_once('.').unwrap_or((name, name));
        let id = first.bytes().all(|byte| byte.is_ascii_digit());
        if id { rest } else { name }
    }
}

impl OarJob {
    fn record(self) -> Result<Accounted, ReadError> {
        let Some(id) = self.id.get() else {
            let error = ReadError::expected("a job with Job_Id or id", "none");
            return Err(error.hint(OarJobs::KEYS));
        };
        let placed = |name: &str| {
            let place = format!("job {}, key {name}", quoted(id));
            move |error: ReadError| error.place(place)
        };
        let time = |text: &LooseText, name: &str| {
            let read = text.get().map(moment).transpose().map_err(placed(name));
            read.map(Option::flatten)
        };
        let (started, stopped) = (
            time(&self.started, "startTime")?,
            time(&self.stopped, "stopTime")?,
        );
        let state = self.state.get().unwrap_or_default();
        let phase = match state {
            "Terminated" | "Error" => RunPhase::Over,
            "Running" | "Finishing" | "Suspended" | "Resuming" | "toError" => RunPhase::Runs,
            "" if stopped.is_some() => RunPhase::Over,
            "" if started.is_some() => RunPhase::Runs,
            _ => RunPhase::Waits,
        };
        let wanted = OarRequest::read(self.wanted.get().unwrap_or_default())
            .map_err(placed("wanted_resources"))?;
        let limit = self
            .walltime
            .get()
            .map(span)
            .transpose()
            .map_err(placed("walltime"))?;
        let hosts = Some(self.hosts.0)
            .filter(|hosts| *hosts > 0)
            .or(wanted.hosts);
        let hosts = hosts.unwrap_or(1);
        let assigned = Some(self.resources.0).filter(|resources| *resources > 0);
        let cpus = batch::each_of(assigned.map(|cores| cores * 1000), hosts);
        let after = self.dependencies.get().unwrap_or_default();
        let first = after.split([',', ' ']).next().unwrap_or_default();
        let word = |text: &LooseText| text.get().unwrap_or_default().to_owned();
        Ok(Accounted {
            kind: state.to_owned(),
            phase,
            id: id.to_owned(),
            name: word(if self.name.get().is_some() {
                &self.name
            } else {
                &self.command
            }),
            user: word(&self.owner),
            group: word(&self.project),
            queue: word(&self.queue),
            class: word(&self.types),
            submit: time(&self.submitted, "submissionTime")?,
            start: started.filter(|_| phase != RunPhase::Waits),
            end: stopped,
            limit: limit.or(wanted.limit).filter(|limit| *limit > 0),
            chunks: vec![Chunk {
                count: hosts,
                cpus: cpus.or(wanted.cores.map(|cores| cores * 1000)),
                gpus: wanted.gpus.map(|gpus| gpus * 1000),
                ..Chunk::default()
            }],
            outcome: state.to_owned(),
            after: first.to_owned(),
            ..Accounted::default()
        })
    }
}

/// What a job asks for, by its first alternative: `-l "{type='x'}/nodes=2/core=4,walltime=1:0:0" `.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct OarRequest {
    hosts: Option<u64>,
    /// Of each host.
    cores: Option<u64>,
    /// Of each host.
    gpus: Option<u64>,
    limit: Option<u64>,
}

impl OarRequest {
    fn read(text: &str) -> Result<Self, ReadError> {
        let first = text.split("-l").find(|part| part.contains('='));
        let first = first.unwrap_or_default().trim_matches([' ', '"']);
        let mut wanted = Self::default();
        // What stands in braces says which resources will do.
        let mut plain = String::new();
        let mut depth = 0_u64;
        for letter in first.chars() {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ if depth == 0 => plain.push(letter),
                _ => {}
            }
        }
        let parts = plain.split(['/', ',', '+']);
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let (name, value) = (name.trim_ascii(), value.trim_matches([' ', '"']));
            let whole = || match value {
                "ALL" | "BEST" => Ok(None),
                _ => count(value, "resources").map(Some),
            };
            match name {
                "nodes" | "host" | "network_address" => wanted.hosts = wanted.hosts.or(whole()?),
                "core" | "cpu" | "resource_id" => {
                    let more = whole()?;
                    let product = wanted
                        .cores
                        .zip(more)
                        .map(|(one, other)| one.saturating_mul(other));
                    wanted.cores = product.or(more).or(wanted.cores);
                }
                "gpu" | "gpu_device" => wanted.gpus = wanted.gpus.or(whole()?),
                "walltime" => wanted.limit = wanted.limit.or(Some(span(value)?)),
                _ => {}
            }
        }
        let sound =
            |amount: Option<u64>| amount.filter(|amount| (1..=1_000_000_000).contains(amount));
        Ok(Self {
            hosts: sound(wanted.hosts),
            cores: sound(wanted.cores),
            gpus: sound(wanted.gpus),
            ..wanted
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_alternative_counts() {
        let read =
            |text| OarRequest::read(text).map(|one| (one.hosts, one.cores, one.gpus, one.limit));
        assert_eq!(
            read("-l \"{type = 'default' and x=2}/host=2/gpu=1,walltime=1:0:0\" "),
            Ok((Some(2), None, Some(1), Some(3_600_000_000)))
        );
        assert_eq!(
            read("-l \"/nodes=2/cpu=2/core=4,walltime=2:0:0\" -l \"/nodes=1,walltime=1:0:0\" "),
            Ok((Some(2), Some(8), None, Some(7_200_000_000)))
        );
        assert_eq!(
            read("-l \"/host=ALL/core=1\""),
            Ok((None, Some(1), None, None))
        );
        assert_eq!(read(""), Ok((None, None, None, None)));
        read("-l \"/host=x\"").unwrap_err();
    }
}
