//! `lsb.acct`: jobs that are over, a `JOB_FINISH` record a line.
//!
//! Fields stand between blanks, texts in double quotes, a quote within doubled. Lists say how long they are and move
//! all behind them: hosts that were asked for, hosts of the run, what each used. Newer versions have more fields at
//! the end. A host stands once for each of its slots, or `16*host`.

use std::borrow::Cow;

use crate::formats::batch::lines::{AccountLines, NamesUnread, RecordLine};
use crate::formats::batch::notation::{MOST, MOST_SECONDS, memory};
use crate::formats::batch::{self, Accounted, Chunk, RunPhase};
use crate::formats::cells::{decimal, until_quote};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "jobs of an LSF cluster that are over, one JOB_FINISH record a line (lsb.acct)",
    signs: &[
        Begins("\"JOB_FINISH\" \""),
        Begins("\"JOB_NEW\" \""),
        Named("lsb.acct"),
    ],
    unkept: &[
        "exitStatus", "exitInfo", "beginTime", "termTime", "maxNumProcessors", "maxRSwap", "options",
        "command", "hostRusage", "fields that are not named here",
    ],
    import: Ok(|import, path| {
        let shape = "a task a host, all at the same time, with its slots as cores; memory and GPUs of rusage count for \
                     each host, in MB where no unit is written (/task and /job as they say)";
        batch::import::<Records>(import, path, shape)
    }),
    samples: &[
        "\
\"JOB_FINISH\" \"10.108\" 1767604200 404 1001 33554434 6 1767600010 0 0 1767600600 \"ann\" \"gpu\" \
\"rusage[mem=4096]\" \"done(403)\" \"\" \"login\" \"/home/ann\" \"\" \"%J.out\" \"\" \"1767600010.404\" \
1 \"n1\" 6 \"n1\" \"n1\" \"n1\" \"n1\" \"n2\" \"n2\" 64 60.0 \"train\" \"python \"\"a b\"\" #x\" 28800.5 12.25 \
41943040 0 -1 0 0 436 4 0 928 0 -1 0 0 0 19 2 -1 \"\" \"ml\" 0 6 \"\" \"\" 0 41943040 0 \"\" \"\" \"\" \"gold\" 0 \"\" \
0 \"\" -1 \"\" \"\" \"\" \"\" -1 \"\" \"\" 5136 \"\" 1767600600 \"\" \"\" 1 1032 \"0\" 2 \"n1\" 10 0 5 1 \"n2\" 10 0 5 1 \
43200 4194304 1024 \"select[type == any] rusage[mem=4096.00,ngpus_physical=2.00] \" \"\" -1 \"\" -1 0 \"\" 0 0 \"\" \
3600 \"/home/ann\" 0 \"\" 0.000000 0.00\n\
\"JOB_FINISH\" \"10.108\" 1767604300 405 1001 33554434 1 1767600010 0 0 0 \"bob\" \"short\" \"\" \"\" \"\" \"login\" \
\"/\" \"\" \"\" \"\" \"1767600010.405\" 0 0 32 60.0 \"a[1-3]\" \"sleep 1\" -1.0 -1.0 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 \
-1 -1 -1 -1 -1 \"\" \"default\" 65280 1 \"\" \"\" 2 0 0 \"\" \"\" \"\" \"\" 0 \"\" 15\n\
\"JOB_RESIZE\" \"10.108\" 1767604400 405\n",
        "\
\"JOB_FINISH\" \"5.1\" 1089407406 699195 283 33554482 1 1089290023 0 0 1089406862 \"raortega\" \"8nm\" \"\" \"\" \"\" \
\"lxplus015\" \"prog\" \"\" \"\" \"\" \"1089290023.699195\" 0 1 \"8*tbed0079\" 64 3.3 \"\" \"start 362\" 277.21 17.28 0 0 \
-1 0 0 927804 87722 0 0 0 -1 0 0 0 0 0 -1 \"\" \"default\" 0 1 \"\" \"\" 0 310424 339112 \"\" \"\" \"\"
",
    ],
    ..Form::of::<Records>()
};

/// The records of an account.
pub(crate) type Records = AccountLines<LsfLine>;

/// What is said of a line of the account.
#[derive(Default)]
pub(crate) struct LsfLine;

/// The fields of a record, one after the other.
struct LsfFields<'a> {
    rest: &'a str,
    /// The number of the field read last.
    at: usize,
}

/// One of them: its text, and whether it stands in quotes.
type LsfField<'a> = (Cow<'a, str>, bool);

impl<'a> LsfFields<'a> {
    fn next(&mut self) -> Result<Option<LsfField<'a>>, ReadError> {
        let rest = self.rest.trim_ascii_start();
        self.at += 1;
        let Some(inside) = rest.strip_prefix('"') else {
            let end = rest.find([' ', '\t']).unwrap_or(rest.len());
            self.rest = &rest[end..];
            return Ok((end > 0).then(|| (Cow::Borrowed(&rest[..end]), false)));
        };
        let Some((text, behind)) = until_quote(inside) else {
            let error = ReadError::expected("a text with a quote at its end", quoted(inside));
            return Err(self.here(error, "text"));
        };
        self.rest = behind;
        Ok(Some((text, true)))
    }

    fn here(&self, error: ReadError, name: &str) -> ReadError {
        error.place(format!("field {} ({name})", self.at))
    }

    fn text(&mut self, name: &str) -> Result<Cow<'a, str>, ReadError> {
        match self.next()? {
            Some((text, _)) => Ok(text),
            None => Err(self.here(ReadError::expected("more fields", "the end"), name)),
        }
    }

    /// A number in millionths; nothing for -1, as LSF writes what it does not know.
    fn number(&mut self, name: &str, most: u64) -> Result<Option<u64>, ReadError> {
        let text = self.text(name)?;
        if text.starts_with('-') {
            return Ok(None);
        }
        let read = decimal(&text, name, 6, most).map_err(|error| self.here(error, name));
        read.map(Some)
    }

    /// A whole number.
    fn whole(&mut self, name: &str) -> Result<u64, ReadError> {
        Ok(self.number(name, MOST)?.unwrap_or(0) / 1_000_000)
    }

    /// Passes over so many fields.
    fn skip(&mut self, count: u64) -> Result<(), ReadError> {
        for _ in 0..count {
            if self.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// A list that says how long it is.
    fn list(&mut self, name: &str) -> Result<Vec<Cow<'a, str>>, ReadError> {
        let count = self.whole(name)?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(self.text(name)?);
        }
        Ok(list)
    }

    /// What stands behind what each host used: the limit of the run, and the resources in force. How many numbers a host
    /// has depends on the version; the right one leaves three numbers and a text.
    fn tail(&mut self, hosts: u64) -> Result<(Option<u64>, String), ReadError> {
        for width in [5, 6] {
            let mut fields = LsfFields { ..*self };
            fields.skip(hosts.saturating_mul(width))?;
            let mut ahead = LsfFields { ..fields };
            let quotes = [ahead.next()?, ahead.next()?, ahead.next()?, ahead.next()?];
            let quotes = quotes.map(|field| field.map(|(_, quoted)| quoted));
            if quotes == [Some(false), Some(false), Some(false), Some(true)] {
                let limit = fields.number("runLimit", MOST_SECONDS)?;
                fields.skip(2)?;
                let resources = fields.text("effectiveResReq")?.into_owned();
                *self = fields;
                return Ok((limit.filter(|limit| *limit > 0), resources));
            }
        }
        Ok((None, String::new()))
    }
}

impl RecordLine for LsfLine {
    const MEMBER: &'static str = "lsb.acct";
    const ABOUT: &'static str = "a record a line: \"JOB_FINISH\" \"10.1\" 1767604200 404 ...";
    const COMMENT: Option<char> = Some('#');

    fn read(&mut self, line: &str, _: &mut NamesUnread) -> Result<Accounted, ReadError> {
        let mut fields = LsfFields { rest: line, at: 0 };
        let (kind, is_text) = fields.next()?.unwrap_or_default();
        let name = |byte: u8| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit();
        if !is_text || kind.is_empty() || !kind.bytes().all(name) {
            let error =
                ReadError::expected("a type of record such as \"JOB_FINISH\"", quoted(line));
            return Err(fields.here(error, "type").hint(Self::ABOUT));
        }
        if kind != "JOB_FINISH" {
            return Ok(Accounted::other(
                kind,
                "records that are not of a job's end",
            ));
        }
        finish(&mut fields)
    }
}

/// A time in microseconds; nothing for zero, as LSF writes what did not happen.
fn moment(fields: &mut LsfFields<'_>, name: &str) -> Result<Option<u64>, ReadError> {
    let time = fields.number(name, MOST_SECONDS)?;
    Ok(time.filter(|time| *time > 0))
}

/// The record of a job's end.
fn finish(fields: &mut LsfFields<'_>) -> Result<Accounted, ReadError> {
    fields.text("version")?;
    let end = moment(fields, "eventTime")?;
    let job = fields.whole("jobId")?;
    fields.skip(2)?;
    let processors = fields.whole("numProcessors")?;
    let submit = moment(fields, "submitTime")?;
    fields.skip(2)?;
    let start = moment(fields, "startTime")?;
    let user = fields.text("userName")?.into_owned();
    let queue = fields.text("queue")?.into_owned();
    let resources = fields.text("resReq")?.into_owned();
    let after = before(&fields.text("dependCond")?).unwrap_or_default();
    fields.skip(7)?;
    fields.list("askedHosts")?;
    let hosts = fields.list("execHosts")?;
    let status = fields.whole("jStatus")?;
    fields.skip(1)?;
    let name = fields.text("jobName")?.into_owned();
    fields.skip(1)?;
    let times = [
        fields.number("ru_utime", MOST)?,
        fields.number("ru_stime", MOST)?,
    ];
    fields.skip(17 + 1)?;
    let project = fields.text("projectName")?.into_owned();
    fields.skip(4)?;
    let index = fields.whole("idx")?;
    let resident = fields.number("maxRMem", MOST)?.map(|kib| kib / 1_000_000);
    // What follows came with later versions.
    fields.skip(4)?;
    let class = fields.next()?.map(|(text, _)| text.into_owned());
    fields.skip(17)?;
    let extra = fields
        .next()?
        .and_then(|(text, _)| text.parse::<u64>().ok());
    fields.skip(extra.unwrap_or(0).saturating_mul(2))?;
    let rusage = fields
        .next()?
        .and_then(|(text, _)| text.parse::<u64>().ok());
    let (limit, effective) = fields.tail(rusage.unwrap_or(0))?;
    let resources = if effective.contains("rusage[") {
        effective
    } else {
        resources
    };
    let outcome = match status {
        32 => "EXIT".to_owned(),
        64 => "DONE".to_owned(),
        other => other.to_string(),
    };
    Ok(Accounted {
        kind: "JOB_FINISH".to_owned(),
        phase: RunPhase::Over,
        id: match index {
            0 => job.to_string(),
            _ => format!("{job}[{index}]"),
        },
        name,
        user,
        group: project,
        queue,
        class: class.unwrap_or_default(),
        submit,
        start,
        end,
        limit,
        requested: Some(processors * 1000).filter(|cpus| *cpus > 0),
        chunks: chunks(&hosts, processors, &Reserved::read(&resources)?),
        used: resident,
        busy: times[0]
            .zip(times[1])
            .map(|(user, system)| user.saturating_add(system)),
        outcome,
        after,
        ..Accounted::default()
    })
}

/// The tasks of a job: the hosts of its run, or else one with the processors that it asked for.
fn chunks(hosts: &[Cow<'_, str>], processors: u64, reserved: &Reserved) -> Vec<Chunk> {
    let mut slots: Vec<u64> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for host in hosts {
        let (many, name) = match host.split_once('*') {
            Some((many, name)) => (many.parse().unwrap_or(1), name),
            None => (1_u64, host.as_ref()),
        };
        let at = *known.entry(name).or_insert(slots.len());
        match slots.get_mut(at) {
            Some(known) => *known = known.saturating_add(many.min(MOST)),
            None => slots.push(many.min(MOST)),
        }
    }
    if slots.is_empty() {
        slots.push(processors.max(1));
    }
    let all = slots.len() as u64;
    let mut chunks: Vec<Chunk> = Vec::new();
    for slots in slots {
        let chunk = Chunk {
            count: 1,
            cpus: Some(slots.saturating_mul(1000)),
            memory: reserved.memory.map(|amount| amount.of_host(slots, all)),
            gpus: reserved.gpus.map(|amount| amount.of_host(slots, all)),
            model: String::new(),
        };
        match chunks.last_mut().filter(|last| last.is_like(&chunk)) {
            Some(last) => last.count += 1,
            None => chunks.push(chunk),
        }
    }
    chunks
}

/// An amount and whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ReservedAmount {
    Host(u64),
    Slot(u64),
    Job(u64),
}

impl ReservedAmount {
    /// What one of so many hosts has of it.
    fn of_host(self, slots: u64, hosts: u64) -> u64 {
        match self {
            Self::Host(amount) => amount,
            Self::Slot(amount) => amount.saturating_mul(slots),
            Self::Job(amount) => amount.div_ceil(hosts.max(1)),
        }
    }
}

/// What a text of resources reserves: `rusage[mem=4096.00,ngpus_physical=2.00]`.
#[derive(Default)]
struct Reserved {
    /// In KiB.
    memory: Option<ReservedAmount>,
    /// In thousandths.
    gpus: Option<ReservedAmount>,
}

impl Reserved {
    fn read(text: &str) -> Result<Self, ReadError> {
        let mut reserved = Self::default();
        let inside = text.split("rusage[").skip(1);
        for part in inside.filter_map(|part| part.split(']').next()) {
            for one in part.split([',', ':', '|']) {
                let Some((name, value)) = one.split_once('=') else {
                    continue;
                };
                let (value, whose) = value.split_once('/').unwrap_or((value, "host"));
                let of: fn(u64) -> ReservedAmount = match whose.trim_ascii() {
                    "task" | "slot" => ReservedAmount::Slot,
                    "job" => ReservedAmount::Job,
                    _ => ReservedAmount::Host,
                };
                let (name, value) = (name.trim_ascii(), value.trim_ascii());
                let placed = |error: ReadError| error.place(format!("rusage {name}"));
                match name {
                    "mem" => {
                        let amount = memory(value, 1 << 20).map_err(placed)?;
                        reserved.memory = reserved.memory.or(Some(of(amount)));
                    }
                    "ngpus_physical" | "ngpus" | "ngpus_excl_p" | "ngpus_shared"
                    | "ngpus_excl_t" => {
                        let amount = decimal(value, "GPUs", 3, 1_000_000).map_err(placed)?;
                        reserved.gpus = reserved.gpus.or(Some(of(amount)));
                    }
                    _ => {}
                }
            }
        }
        Ok(reserved)
    }
}

/// The first job whose end another one waits for: `done(403) && ended("name")`.
fn before(condition: &str) -> Option<String> {
    ["done(", "ended(", "exit("].into_iter().find_map(|kind| {
        let (_, rest) = condition.split_once(kind)?;
        let inside = rest
            .split([')', ','])
            .next()?
            .trim_ascii()
            .trim_matches('"');
        let digits = inside.split('[').next()?;
        let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        number.then(|| inside.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::ReservedAmount::{Host, Job, Slot};
    use super::*;

    #[test]
    fn texts_have_doubled_quotes() {
        let mut fields = LsfFields {
            rest: "\"a\" 1 \"b \"\"c\"\"\" \"\" -1",
            at: 0,
        };
        let mut read = Vec::new();
        while let Some((text, quoted)) = fields.next().unwrap() {
            read.push(format!("{text}{}", if quoted { "'" } else { "" }));
        }
        assert_eq!(read, ["a'", "1", "b \"c\"'", "'", "-1"]);
        let mut open = LsfFields {
            rest: "\"a \"\"",
            at: 0,
        };
        open.next().unwrap_err();
    }

    #[test]
    fn resources_are_reserved_by_host_task_or_job() {
        let read = |text| Reserved::read(text).map(|one| (one.memory, one.gpus));
        assert_eq!(
            read("select[a] rusage[mem=4096.00,ngpus_physical=2.00] span[hosts=1]"),
            Ok((Some(Host(4 << 20)), Some(Host(2000))))
        );
        assert_eq!(
            read("rusage[mem=2G/task:duration=5]"),
            Ok((Some(Slot(2 << 20)), None))
        );
        assert_eq!(
            read("rusage[mem=10GB/job]"),
            Ok((Some(Job(10 << 20)), None))
        );
        assert_eq!(read("span[ptile=16]"), Ok((None, None)));
        read("rusage[mem=x]").unwrap_err();
    }

    #[test]
    fn conditions_name_jobs() {
        for (text, job) in [
            ("done(403) && ended(404)", Some("403")),
            ("ended(\"404\")", Some("404")),
            ("done(7[3])", Some("7[3]")),
            ("done(\"name\")", None),
            ("started(5)", None),
            ("", None),
        ] {
            assert_eq!(before(text).as_deref(), job, "{text}");
        }
    }
}
