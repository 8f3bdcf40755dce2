//! What a record of the log tells behind its keys.

use super::chunks::{GPUS, MODELS, asked, given, hosts};
use crate::formats::batch::notation::{count, memory, moment, span};
use crate::formats::batch::{Accounted, Chunk, RunPhase, each_of};
use crate::formats::prelude::*;
use crate::formats::slurm::notation::array_tasks;

/// `key=value` pairs with blanks between: values may be quoted; what has no key belongs to the value before.
pub(super) fn pairs(text: &str) -> Vec<(&str, &str)> {
    let named = |key: &str| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        !key.is_empty() && key.bytes().all(sound)
    };
    // Keys with where their values begin and end.
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(blanks) = text[at..].find(|c: char| !c.is_ascii_whitespace()) {
        at += blanks;
        let rest = &text[at..];
        let word = rest.split_ascii_whitespace().next().unwrap_or(rest);
        let end = at + word.len();
        let Some((key, value)) = word.split_once('=').filter(|(key, _)| named(key)) else {
            if let Some((.., last)) = found.last_mut() {
                *last = end;
            }
            at = end;
            continue;
        };
        let begin = at + key.len() + 1;
        let quote = value
            .chars()
            .next()
            .filter(|first| matches!(first, '"' | '\''));
        let closed = quote.and_then(|quote| text[begin + 1..].find(quote));
        if let Some(length) = closed {
            found.push((key, begin + 1, begin + 1 + length));
            at = begin + length + 2;
        } else {
            found.push((key, begin, end));
            at = end;
        }
    }
    let pairs = found.into_iter();
    pairs
        .map(|(key, begin, end)| (key, &text[begin..end]))
        .collect()
}

/// The keys of a record in lower case, with how they are written and their values.
#[derive(Default)]
pub(super) struct PbsKeys<'a>(pub(super) BTreeMap<String, (&'a str, &'a str)>);

impl<'a> PbsKeys<'a> {
    /// What stands behind a key, if anything does.
    fn get(&self, key: &str) -> Option<&'a str> {
        let (_, value) = self.0.get(key).copied()?;
        Some(value).filter(|value| !value.is_empty())
    }

    /// `error`, behind a key as it is written.
    fn wrong(&self, key: &str, error: ReadError) -> ReadError {
        let name = self.0.get(key).map_or(key, |(name, _)| name);
        error.place(format!("key {name}"))
    }

    /// What is read of it.
    fn of<T>(
        &self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let read = |value: &str| read(value).map_err(|error| self.wrong(key, error));
        self.get(key).map(read).transpose()
    }

    fn time(&self, key: &str) -> Result<Option<u64>, ReadError> {
        Ok(self.of(key, moment)?.flatten())
    }

    fn amount(&self, key: &str) -> Result<Option<u64>, ReadError> {
        self.of(key, |text| memory(text, 1))
    }

    /// The first of these resources that is told.
    fn resource(&self, names: &[&str]) -> Option<(String, &'a str)> {
        let keys = names.iter().map(|name| format!("resource_list.{name}"));
        keys.into_iter().find_map(|key| {
            let value = self.get(&key)?;
            Some((key, value))
        })
    }

    /// The tasks of the job.
    fn chunks(&self) -> Result<Vec<Chunk>, ReadError> {
        let number = |key: &str| {
            let first = |text: &str| count(text.split(':').next().unwrap_or(text), "processors");
            self.of(key, first)
        };
        let cpus = number("resource_list.ncpus")?;
        let nodes = number("resource_list.nodect")?.filter(|nodes| *nodes > 0);
        let procs = number("resource_list.procs")?.filter(|procs| *procs > 0);
        let mut chunks = Vec::new();
        for (key, read) in [
            (
                "resource_list.select",
                asked as fn(&str) -> Result<Vec<Chunk>, ReadError>,
            ),
            ("resource_list.nodes", asked),
            ("exec_vnode", given),
            ("exec_host", |text| Ok(hosts(text))),
            ("resource_list.nodect", asked),
        ] {
            if chunks.is_empty() {
                chunks = self.of(key, read)?.unwrap_or_default();
            }
        }
        let unsaid = chunks.iter().all(|chunk: &Chunk| chunk.cpus.is_none());
        if let Some(procs) = procs.filter(|_| unsaid) {
            chunks = vec![Chunk {
                count: procs,
                ..Chunk::default()
            }];
        } else if chunks.is_empty() && cpus.or(nodes).is_some() {
            chunks.push(Chunk {
                count: nodes.unwrap_or(1),
                ..Chunk::default()
            });
        }
        let all = chunks
            .iter()
            .fold(0_u64, |sum, chunk| sum.saturating_add(chunk.count));
        let equal = |amount: Option<u64>| each_of(amount, all);
        if unsaid {
            let each = equal(cpus.filter(|_| procs.is_none()).map(|cpus| cpus * 1000));
            for chunk in &mut chunks {
                chunk.cpus = each;
            }
        }
        for chunk in &mut chunks {
            chunk.cpus = chunk.cpus.or(Some(1000));
        }
        self.shared(&mut chunks, all)?;
        Ok(chunks)
    }

    /// What is told of the job as a whole, and of none of its tasks.
    fn shared(&self, chunks: &mut [Chunk], all: u64) -> Result<(), ReadError> {
        let memory = self.amount("resource_list.mem")?;
        let each = self.amount("resource_list.pmem")?;
        let gpus = self.resource(&GPUS);
        let gpus =
            gpus.map(|(key, text)| count(text, "GPUs").map_err(|error| self.wrong(&key, error)));
        let gpus = gpus.transpose()?;
        if chunks.iter().all(|chunk| chunk.memory.is_none()) {
            for chunk in chunks.iter_mut() {
                let of_processes = || Some(each?.saturating_mul(chunk.cpus?.div_ceil(1000)));
                chunk.memory = each_of(memory, all).or_else(of_processes);
            }
        }
        if chunks.iter().all(|chunk| chunk.gpus.is_none()) {
            let each = each_of(gpus.map(|gpus| gpus * 1000), all);
            for chunk in chunks.iter_mut() {
                chunk.gpus = each;
            }
        }
        if let Some((_, model)) = self.resource(&MODELS) {
            for chunk in chunks.iter_mut().filter(|chunk| chunk.model.is_empty()) {
                model.clone_into(&mut chunk.model);
            }
        }
        Ok(())
    }

    /// The record, of which only the line itself is known.
    pub(super) fn record(&self, row: Accounted) -> Result<Accounted, ReadError> {
        let word = |key: &str| self.get(key).unwrap_or_default().to_owned();
        let nobody = |project: &&str| !project.starts_with("_pbs_project_default");
        let group = self.get("account").or(self.get("project").filter(nobody));
        Ok(Accounted {
            name: word("jobname"),
            user: word("user"),
            group: group.map_or_else(|| word("group"), str::to_owned),
            queue: word("queue"),
            submit: self.time("ctime")?.or(self.time("qtime")?),
            start: self.time("start")?,
            end: self.time("end")?,
            run: self.of("resources_used.walltime", span)?,
            limit: self.of("resource_list.walltime", span)?,
            chunks: self.chunks()?,
            used: self.amount("resources_used.mem")?,
            busy: self.of("resources_used.cput", span)?,
            attempts: self.of("run_count", |text| count(text, "runs"))?,
            outcome: self.get("exit_status").map_or(row.outcome, str::to_owned),
            after: self
                .get("depend")
                .and_then(before)
                .unwrap_or_default()
                .to_owned(),
            ..row
        })
    }

    /// The record, which may be of an array or of a job of one: `123[].pbs`, `123[4].pbs`.
    pub(super) fn of_array(&self, mut row: Accounted) -> Result<Accounted, ReadError> {
        let inside = row.id.split_once('[').and_then(|(number, rest)| {
            let (inside, server) = rest.split_once(']')?;
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| (inside, format!("{number}[]{server}")))
        });
        match inside {
            None => {}
            Some(("", _)) if row.phase == RunPhase::Waits => {
                let indices = self.of("array_indices", |text| {
                    let told = array_tasks(text).map(|(count, _)| count);
                    told.ok_or_else(|| ReadError::expected("numbers such as 1-100:2", quoted(text)))
                })?;
                row.parts = indices.unwrap_or(0);
                if row.parts == 0 {
                    return Ok(Accounted::other(row.kind, OF_ARRAY));
                }
            }
            Some((index, array))
                if index.bytes().all(|byte| byte.is_ascii_digit()) && !index.is_empty() =>
            {
                row.array = Some(array);
            }
            Some(_) => return Ok(Accounted::other(row.kind, OF_ARRAY)),
        }
        Ok(row)
    }
}

/// Why the record of an array is passed over.
const OF_ARRAY: &str = "arrays as a whole, whose jobs have records of their own";

/// The first job that has to end before another one begins: `afterok:123.pbs@pbs:124.pbs`.
fn before(depend: &str) -> Option<&str> {
    depend.split(',').find_map(|one| {
        let (kind, jobs) = one.split_once(':')?;
        let ends = ["afterok", "afternotok", "afterany"];
        let first = jobs.split([':', '@']).next()?;
        ends.iter()
            .any(|end| kind.starts_with(end))
            .then_some(first)
    })
}
