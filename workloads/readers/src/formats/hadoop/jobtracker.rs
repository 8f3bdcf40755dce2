//! The job history of the first Hadoop: `MapAttempt KEY="value" KEY="value" .`
//!
//! Source: Hadoop 0.20's `JobHistory` (format version 1), alone or as Rumen packs several histories
//! into one text, with `!!FILE=...!!` lines and the jobs' XML settings between. Values escape `"`,
//! `=`, `.` and `\` with `\`; the report of a failure goes over several lines. A line tells one change
//! of a job, task or attempt, not all that is known of it.

use super::LATEST_MILLIS;
use crate::formats::prelude::*;

/// What a line may be about.
const KINDS: [&str; 6] = [
    "Meta",
    "Job",
    "Task",
    "MapAttempt",
    "ReduceAttempt",
    "Jobtracker",
];
/// The longest value that goes over several lines, in bytes.
const LONGEST: usize = 1 << 20;

pub(crate) const FORM: Form = Form {
    about: "changes of jobs, tasks and attempts, one a line (Hadoop 0.20 job history)",
    signs: &[
        Begins("Meta VERSION="),
        Begins("!!FILE="),
        Named("job-tracker"),
    ],
    import: Err("it holds single changes of jobs; Rumen's TraceBuilder makes a trace of them"),
    samples: &[r#"!!FILE=job_1_conf.xml!!
<?xml version="1.0"?><configuration>
</configuration>
Meta VERSION="1" .
Job JOBID="job_1" USER="geek1" SUBMIT_TIME="1240335960685" JOBCONF="hdfs://nn\.x/job\.xml" .
MapAttempt TASKID="task_1" TASK_STATUS="FAILED" FINISH_TIME="1240336743094" ERROR="exit \"15\"
	at x\.y" .
"#],
    ..Form::of::<Rows<Record>>()
};

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// What it is about: `MapAttempt`.
    pub kind: String,
    /// What is told, by key, without escapes.
    pub told: BTreeMap<String, String>,
}

impl Record {
    /// A time in milliseconds since 1970, if it is told.
    pub fn time(&self, key: &str) -> Option<u64> {
        let time = self.told.get(key)?.parse().ok()?;
        super::known(time)
    }
}

/// What was read but is no record.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Between {
    /// The beginning of a change that goes on in the next line.
    begun: String,
    /// Lines of settings, names of files, and those that a change goes over.
    lines: u64,
    /// Whether an XML file is being passed over.
    settings: bool,
}

impl Row for Record {
    type Layout = Between;
    const MEMBER: &'static str = "job-history";
    const ONE: &'static str = "change";
    const ABOUT: &'static str = "lines like: Job JOBID=\"job_1\" SUBMIT_TIME=\"1240335960685\" .";

    fn row(line: &str, between: &mut Between) -> Result<Option<Self>, ReadError> {
        // Rumen puts form feeds between the files that it packs.
        let line = if between.begun.is_empty() {
            line.trim_ascii_start()
        } else {
            line
        };
        if between.begun.is_empty() {
            let settings = between.settings || line.starts_with("<?xml");
            if settings || line.starts_with("!!FILE=") {
                between.settings = settings && !line.contains("</configuration>");
                between.lines += 1;
                return Ok(None);
            }
        }
        let text = if between.begun.is_empty() {
            line.to_owned()
        } else {
            let mut begun = std::mem::take(&mut between.begun);
            begun.push('\n');
            begun.push_str(line);
            begun
        };
        match change(&text) {
            Ok(record) => Ok(Some(record)),
            Err(Bad::Unfinished) if text.len() < LONGEST => {
                between.begun = text;
                between.lines += 1;
                Ok(None)
            }
            Err(Bad::Unfinished) => {
                let error = ReadError::expected("a value of at most 1 MiB", "a longer one");
                Err(error.hint("a quote is not closed"))
            }
            Err(Bad::Said(error)) => Err(error),
        }
    }

    fn end(between: &Between, blank: u64, seen: &mut Seen) {
        seen.add("lines", between.lines + blank);
        if !between.begun.is_empty() {
            let odd = ReadError::expected("the rest of a value", "the end of the file");
            seen.warn(odd.hint("a quote is not closed; the file may be truncated"));
        }
    }
}

enum Bad {
    /// The line ends inside a value.
    Unfinished,
    Said(ReadError),
}

fn change(text: &str) -> Result<Record, Bad> {
    let (kind, mut rest) = text.split_once(' ').unwrap_or((text, ""));
    if !KINDS.contains(&kind) {
        let expected = format!("one of {}", KINDS.join(", "));
        let error = ReadError::expected(expected, quoted(kind)).place("column 1");
        return Err(Bad::Said(error.hint(Record::ABOUT)));
    }
    let mut told = BTreeMap::new();
    loop {
        rest = rest.trim_ascii_start();
        if rest.trim_ascii_end() == "." || rest.is_empty() {
            break;
        }
        let column = text.len() - rest.len() + 1;
        let word = |key: &str| key.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let pair = rest.split_once("=\"").filter(|(key, _)| word(key));
        let Some((key, after)) = pair else {
            let error = ReadError::expected("KEY=\"value\" or a point", quoted(rest));
            return Err(Bad::Said(error.place(format!("column {column}"))));
        };
        let (value, length) = unescaped(after).ok_or(Bad::Unfinished)?;
        let late =
            key.ends_with("_TIME") && value.parse().is_ok_and(|time: i64| time > LATEST_MILLIS);
        if late {
            let expected = format!("a time up to {LATEST_MILLIS} milliseconds");
            let error = ReadError::expected(expected, quoted(&value));
            return Err(Bad::Said(error.place(format!("key {key}"))));
        }
        told.insert(key.to_owned(), value);
        rest = &after[length..];
    }
    Ok(Record {
        kind: kind.to_owned(),
        told,
    })
}

/// The value in front of the next quote, and how far it goes with that quote.
fn unescaped(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((position, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, position + 1)),
            '\\' => value.push(letters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

shows! { Record: |one|
    "kind": one.kind,
    "id": ["TASK_ATTEMPT_ID", "TASKID", "JOBID"].iter()
        .find_map(|key| one.told.get(*key).cloned()),
    "told": one.told.keys().map(String::as_str).collect::<Vec<_>>().join(" "),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("lines");
        for kind in ["Job", "Task", "MapAttempt", "ReduceAttempt"] {
            seen.count_if(kind, self.kind == kind);
        }
        seen.distinct("jobs", self.told.get("JOBID"));
        seen.distinct("users", self.told.get("USER"));
        seen.tally("task_statuses", self.told.get("TASK_STATUS"));
    }
}
