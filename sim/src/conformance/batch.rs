//! Rigid jobs on one pool: small instances that say when each job is to end.
//!
//! They are those of pyss and of its fork predictsim (the artefact of Gaussier et al., SC 2015): 100 processors, a line a job
//! (submission, number, estimate, processors, run time, two qualities of service, user), and the number of a job begins with the
//! time of its end. What a file is called says by which rules; of some families these are given nowhere but in a program.

use std::path::Path;

use fairground_policies::job_order::RigidJob;
use fairground_policies::pool::PoolPolicy;
use fairground_policies::time::{Span, Time};
use serde_json::{Value, json};

use super::{Case, CaseFile, Kind, System, Unreadable, Verdict};
use crate::pool::Estimates::{self, Exact, LastTwoRenewed, Requested};
use crate::pool::{LogJob, simulate};

/// The archive of them.
pub(super) const ARCHIVE: &str = "tiny-instances.tar.zst";
/// Its folder among public traces.
pub(super) const AMONG_TRACES: &str = "traces/batch-anchors";

const PROCESSORS: u32 = 100;

pub(super) const SYSTEM: System = System {
    name: "batch",
    about: "rigid jobs on one pool: who passes whom, by which estimates",
    kinds: &[
        Kind {
            name: "list",
            rule: "first come, first served",
            check: |case| held(case, "list[instant=each]", Requested),
        },
        Kind {
            name: "easy",
            rule: "EASY: who does not delay the first may pass",
            check: |case| held(case, "easy[instant=each]", Requested),
        },
        Kind {
            name: "easy-exact",
            rule: "EASY with exact estimates",
            check: |case| held(case, "easy[instant=each]", Exact),
        },
        Kind {
            name: "easy-sjbf",
            rule: "EASY, the shortest that may pass first",
            check: |case| held(case, "easy[among=sjf,instant=each]", Requested),
        },
        Kind {
            name: "easy++",
            rule: "EASY++: the shortest that may pass first, by the mean of its user's last two",
            check: |case| held(case, "easy[among=sjf,instant=each]", LastTwoRenewed),
        },
        Kind {
            name: "conservative",
            rule: "conservative: who delays nobody may pass",
            check: |case| held(case, "conservative[instant=each]", Requested),
        },
    ],
    file: CaseFile::Instances,
};

/// Which kinds hold of a family of files, those of any policy included.
fn kinds(family: &str) -> &'static [&'static str] {
    match family {
        "basic_input" | "extreme_input" => &["list", "easy", "easy-sjbf", "easy++", "conservative"],
        "fcfs_input" => &["list"],
        "bf_input" => &["easy", "conservative"],
        "easy_bf_input" => &["easy"],
        "cons_bf_input" => &["conservative"],
        "perfect" => &["easy-exact"],
        "sjbf" => &["easy-sjbf"],
        "plus_plus_easy" => &["easy++"],
        _ => &[],
    }
}

/// A file of the archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    /// What it is called, without its folder.
    pub name: String,
    /// Its lines.
    text: String,
}

impl Instance {
    /// What the files are called that have the same rules.
    pub fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// Its jobs by their submission, and when each is to end, in seconds; nothing where a row is no job.
    pub fn jobs(&self) -> Option<(Vec<LogJob>, Vec<u64>)> {
        let rows = self.text.lines().filter(|line| !line.starts_with('#'));
        let rows = rows.map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut jobs: Vec<(LogJob, u64)> = Vec::new();
        for row in rows.filter(|row| row.len() == 8) {
            let number = |cell: usize| Some(row[cell].parse::<f64>().ok()? as u64);
            let user = row[7].bytes().fold(0_u64, |user, byte| {
                user.wrapping_mul(256).wrapping_add(byte.into())
            });
            let rigid = RigidJob::new(
                Time::from_secs(number(0)?),
                Span::from_secs(number(2)?),
                u32::try_from(number(3)?).ok()?,
            );
            let run = Span::from_secs(number(4)?);
            jobs.push((LogJob { rigid, run, user }, number(1)?));
        }
        jobs.sort_by_key(|(job, _)| job.rigid.submitted);
        Some(jobs.into_iter().unzip())
    }
}

/// The files of the archive, in its order.
///
/// # Errors
/// When it cannot be read or unpacked.
pub fn instances(archive: &Path) -> Result<Vec<Instance>, String> {
    let wrong = |what: String| format!("{}: {what}", archive.display());
    let packed = std::fs::File::open(archive).map_err(|error| wrong(error.to_string()))?;
    let unpacked = zstd::decode_all(packed).map_err(|error| wrong(error.to_string()))?;
    files(&unpacked).ok_or_else(|| wrong("expected a tar archive of files, found another".into()))
}

/// The files of a tar archive of plain files.
fn files(mut archive: &[u8]) -> Option<Vec<Instance>> {
    let mut all = Vec::new();
    while archive.len() >= 512 && archive[0] != 0 {
        let (head, rest) = archive.split_at(512);
        let text = |from: usize, to: usize| {
            let text = head[from..to].split(|byte| matches!(byte, 0 | b' ')).next();
            String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
        };
        let size = usize::from_str_radix(&text(124, 136), 8).ok()?;
        let text_of = String::from_utf8_lossy(rest.get(..size)?).into_owned();
        let path = text(0, 100);
        if !path.ends_with('/') {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            all.push(Instance {
                name,
                text: text_of,
            });
        }
        archive = rest.get(size.next_multiple_of(512)..)?;
    }
    Some(all)
}

/// A case for every instance and policy whose answer it has; of an instance whose rules are not given, one of its family's
/// name.
pub(super) fn cases(archive: &Path) -> Result<Vec<Value>, String> {
    let mut cases = Vec::new();
    for instance in instances(archive)? {
        let (name, family) = (&instance.name, instance.family());
        let kinds = kinds(family);
        if kinds.is_empty() {
            cases.push(json!({"id": name, "kind": family}));
        }
        for kind in kinds {
            let id = if kinds.len() > 1 {
                format!("{name} {kind}")
            } else {
                name.clone()
            };
            cases.push(json!({"id": id, "kind": kind, "text": instance.text}));
        }
    }
    Ok(cases)
}

/// When jobs end under a policy of the pool.
fn held(case: &Case<'_>, policy: &str, estimates: Estimates) -> Result<Verdict, Unreadable> {
    let name = policy.parse();
    let name = name.map_err(|error: fairground_policies::name::BadName| Unreadable(error.0))?;
    let policy = PoolPolicy::from_name(&name).map_err(|error| Unreadable(error.0))?;
    let instance = Instance {
        name: String::new(),
        text: case.read("text")?,
    };
    let jobs = instance.jobs().filter(|(jobs, _)| {
        let fits = |job: &LogJob| job.rigid.processors <= PROCESSORS;
        !jobs.is_empty() && jobs.iter().all(fits)
    });
    let (jobs, ends) = jobs.ok_or_else(|| {
        Unreadable(format!(
            "expected rows of 8 numbers, of jobs on at most {PROCESSORS} processors"
        ))
    })?;
    let starts = simulate(policy, PROCESSORS, &jobs, estimates);
    let found = starts.iter().zip(&jobs);
    let found: Vec<u64> = found
        .map(|(start, job)| (*start + job.run).as_secs())
        .collect();
    Ok(Verdict::equal(&ends, &found))
}
