//! The accounting log of PBS Professional, `OpenPBS` and Torque: what happened to jobs, one event a line.
//!
//! `date;type;id;key=value key=value ...`, a file a day. A job is queued (`Q`), starts (`S`), is started again (`R`) and
//! ends (`E`), or is deleted (`D`), aborted (`A`) or moved (`M`). Dates are local, the times behind the keys are seconds
//! since 1970, so that the zone is known. Values with blanks are quoted by PBS and not by Torque; Cobalt writes the
//! same with fractions of seconds.

use super::chunks::{GPUS, MODELS, asked, given, hosts};
use crate::formats::batch::lines::{AccountLine, AccountLines, NamesUnread};
use crate::formats::batch::notation::{count, memory, moment, span};
use crate::formats::batch::{self, Accounted, Chunk, RunPhase, each_of};
use crate::formats::clock;
use crate::formats::prelude::*;
use crate::formats::slurm::notation::array_tasks;

pub(crate) const FORM: Form = Form {
    about: "jobs of a PBS or Torque cluster, a file or a folder of days (accounting log)",
    signs: &[Headed(looks_so)],
    unkept: &[
        "qtime", "etime", "eligible_time", "owner", "session", "exec_host", "exec_vnode", "place", "vmem",
        "cpupercent", "mpiprocs", "total_execution_slots", "unique_node_count", "alt_id", "the signal in Exit_status",
    ],
    import: Ok(|import, path| {
        let shape = "a task a chunk (select), node (nodes) or host, all at the same time, each with what it asked for \
                     or else an equal part of the job's processors, memory and GPUs";
        batch::import::<Records>(import, path, shape)
    }),
    samples: &[
        "\
01/05/2026 09:00:00;L;license;floating license hour:3 day:3 month:40 max:40
01/05/2026 09:00:10;Q;7.pbs;user=ann group=ml account=\"deep learning\" project=_pbs_project_default \
jobname=train queue=gpu ctime=1767600010 qtime=1767600010 etime=1767600010 depend=afterok:6.pbs@pbs \
Resource_List.ncpus=16 Resource_List.select=2:ncpus=8:mem=32gb:ngpus=4 Resource_List.walltime=24:00:00
01/05/2026 09:01:00;S;7.pbs;user=ann group=ml account=\"deep learning\" project=_pbs_project_default \
jobname=train queue=gpu ctime=1767600010 qtime=1767600010 etime=1767600010 start=1767600060 \
exec_host=n1/0*8+n2/0*8 exec_vnode=(n1:ncpus=8:mem=33554432kb:ngpus=4)+(n2:ncpus=8:mem=33554432kb:ngpus=4) \
Resource_List.ncpus=16 Resource_List.select=2:ncpus=8:mem=32gb:ngpus=4 Resource_List.walltime=24:00:00
01/05/2026 09:05:00;R;7.pbs;user=ann group=ml account=\"deep learning\" jobname=train queue=gpu \
ctime=1767600010 start=1767600060 Resource_List.select=2:ncpus=8:mem=32gb:ngpus=4 \
Resource_List.walltime=24:00:00 session=1 end=1767600300 Exit_status=-11 resources_used.cput=00:10:00 run_count=1
01/05/2026 10:10:00;E;7.pbs;user=ann group=ml account=\"deep learning\" jobname=train queue=gpu \
ctime=1767600010 start=1767600600 Resource_List.select=2:ncpus=8:mem=32gb:ngpus=4 \
Resource_List.walltime=24:00:00 session=1 end=1767604200 Exit_status=0 resources_used.cput=08:00:00 \
resources_used.mem=41943040kb resources_used.walltime=01:00:00 eligible_time=00:01:00 run_count=2
01/05/2026 10:11:00;Q;8[].pbs;user=bob group=bio jobname=a queue=short ctime=1767604260 array_indices=1-3
01/05/2026 10:12:00;S;8[1].pbs;user=bob group=bio jobname=a queue=short ctime=1767604260 start=1767604320
01/05/2026 10:13:00;D;9.pbs;requestor=bob@login
",
        "\
12/21/2009 15:27:00;E;6.edge;user=ann group=staff jobname=my run queue=ccr ctime=1261424924 qtime=1261424924 \
etime=1261424924 start=1261425023 owner=ann@edge exec_host=n33/1+n33/0+n32/1+n32/0 \
Resource_List.neednodes=2:ppn=2 Resource_List.nodect=2 Resource_List.nodes=2:ppn=2:gpus=1 Resource_List.pmem=1gb \
Resource_List.walltime=04:00:00 session=5510 end=1261427220 Exit_status=271 resources_used.cput=01:12:00 \
resources_used.mem=15240kb resources_used.vmem=350936kb resources_used.walltime=00:36:37
12/21/2009 15:28:00;Q;7.edge;queue=ccr
",
    ],
    ..Form::of::<Records>()
};

/// The records of an accounting log.
pub(crate) type Records = AccountLines<PbsLine>;

/// What is said of a line of the log.
#[derive(Default)]
pub(crate) struct PbsLine;

/// What is read, or known and not kept, by lower-case names.
const READ: [&str; 51] = [
    "user",
    "group",
    "account",
    "project",
    "jobname",
    "queue",
    "ctime",
    "qtime",
    "etime",
    "start",
    "end",
    "exit_status",
    "run_count",
    "eligible_time",
    "owner",
    "session",
    "exec_host",
    "exec_vnode",
    "depend",
    "array_indices",
    "requestor",
    "resource_list.select",
    "resource_list.nodes",
    "resource_list.neednodes",
    "resource_list.nodect",
    "resource_list.ncpus",
    "resource_list.procs",
    "resource_list.mem",
    "resource_list.pmem",
    "resource_list.walltime",
    "resource_list.place",
    "resource_list.mpiprocs",
    "resource_list.ngpus",
    "resource_list.gpus",
    "resource_list.gpu",
    "resource_list.naccelerators",
    "resource_list.gpu_type",
    "resource_list.gpu_model",
    "resource_list.gputype",
    "resource_list.gpu_id",
    "resource_list.accelerator_model",
    "resource_list.vmem",
    "resources_used.cput",
    "resources_used.mem",
    "resources_used.vmem",
    "resources_used.walltime",
    "resources_used.ncpus",
    "resources_used.cpupercent",
    "total_execution_slots",
    "unique_node_count",
    "alt_id",
];

/// Whether a line is one of the log.
fn looks_so(line: &str) -> bool {
    let mut parts = line.splitn(4, ';');
    let date = parts.next().and_then(local);
    let kind = parts.next().filter(|kind| kind.len() == 1);
    date.is_some() && kind.is_some() && parts.next().is_some()
}

/// `MM/DD/YYYY HH:MM:SS`, perhaps with a fraction, in microseconds.
fn local(text: &str) -> Option<u64> {
    let (date, time) = text.trim_ascii().split_once(' ')?;
    let number = |text: &str| {
        let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| digits)
    };
    let mut parts = date.split('/');
    let (month, day) = (number(parts.next()?)?, number(parts.next()?)?);
    let midnight = clock::day(number(parts.next()?)?, month, day)?;
    let time = time.trim_ascii();
    let sound = time.split(':').count() == 3 && parts.next().is_none();
    let within = span(time)
        .ok()
        .filter(|time| *time < 86_400_000_000 && sound)?;
    Some(seconds(midnight) + within)
}

/// `key=value` pairs with blanks between: values may be quoted; what has no key belongs to the value before.
fn pairs(text: &str) -> Vec<(&str, &str)> {
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

/// What a kind of record says of a job, and how one ends that is taken away.
fn phase(kind: &str) -> (RunPhase, &'static str) {
    match kind {
        "Q" => (RunPhase::Waits, ""),
        "S" => (RunPhase::Runs, ""),
        "R" => (RunPhase::Again, ""),
        "E" => (RunPhase::Over, ""),
        "D" => (RunPhase::Gone, "deleted"),
        "A" => (RunPhase::Gone, "aborted"),
        "M" => (RunPhase::Gone, "moved"),
        "L" => (RunPhase::Other("licences"), ""),
        "U" | "Y" | "B" | "F" | "K" | "k" => (RunPhase::Other("reservations"), ""),
        "z" | "r" => (
            RunPhase::Other("suspended and resumed: counted as running"),
            "",
        ),
        _ => (
            RunPhase::Other("other events, which say nothing of a run"),
            "",
        ),
    }
}

impl AccountLine for PbsLine {
    const MEMBER: &'static str = "accounting";
    const ABOUT: &'static str =
        "a line an event: 01/05/2026 09:00:00;E;123.server;user=... queue=... start=... end=...";
    const COMMENT: Option<char> = Some('#');

    fn read(&mut self, line: &str, unread: &mut NamesUnread) -> Result<Accounted, ReadError> {
        let mut parts = line.splitn(4, ';');
        let date = parts.next().unwrap_or_default();
        let logged = local(date).ok_or_else(|| {
            let error = ReadError::expected("a time such as 01/05/2026 09:00:00", quoted(date));
            error.place("part 1 (date)").hint(Self::ABOUT)
        })?;
        let (Some(kind), Some(id)) = (parts.next(), parts.next()) else {
            let expected = "four parts with semicolons between: date, type, id, and what is told";
            return Err(ReadError::expected(expected, quoted(line)).hint(Self::ABOUT));
        };
        let mut chars = kind.chars();
        if chars.next().is_none_or(|kind| !kind.is_ascii_alphabetic()) || chars.next().is_some() {
            let error = ReadError::expected("a type of record, one letter", quoted(kind));
            return Err(error.place("part 2 (type)"));
        }
        let (phase, outcome) = phase(kind);
        if let RunPhase::Other(why) = phase {
            return Ok(Accounted::other(kind, why));
        }
        if id.is_empty() {
            return Err(ReadError::expected("the id of a job", "nothing").place("part 3 (id)"));
        }
        let mut told = PbsKeys::default();
        for (name, value) in pairs(parts.next().unwrap_or_default()) {
            let key = name.to_ascii_lowercase();
            if READ.contains(&key.as_str()) {
                told.0.insert(key, (name, value));
            } else {
                unread.see(name);
            }
        }
        let row = told.record(Accounted {
            kind: kind.to_owned(),
            phase,
            id: id.to_owned(),
            logged: Some(logged),
            outcome: outcome.to_owned(),
            ..Accounted::default()
        })?;
        told.of_array(row)
    }
}

/// The keys of a record in lower case, with how they are written and their values.
#[derive(Default)]
struct PbsKeys<'a>(BTreeMap<String, (&'a str, &'a str)>);

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
    fn record(&self, row: Accounted) -> Result<Accounted, ReadError> {
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
    fn of_array(&self, mut row: Accounted) -> Result<Accounted, ReadError> {
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
