//! The rows of a trace file: any columns in any order, nothing quoted.
//!
//! Nothing is quoted, which `unquoted.rs` deals with: texts are names, scripts, paths.

use super::Record;
use crate::error::{ReadError, quoted};
use crate::formats::cells::Cell;
use crate::formats::place::Place;
use crate::formats::unquoted::{FirstLine, UnquotedRecords};

/// The columns that are read.
const READ: [&str; 25] = [
    "task_id",
    "process",
    "name",
    "status",
    "container",
    "attempt",
    "submit",
    "start",
    "complete",
    "duration",
    "realtime",
    "%cpu",
    "cpus",
    "memory",
    "time",
    "queue",
    "rss",
    "peak_rss",
    "rchar",
    "wchar",
    "read_bytes",
    "write_bytes",
    "accelerator",
    "accelerator_type",
    "exit",
];
/// The columns that hold what people wrote.
const FREE: [&str; 8] = [
    "name",
    "tag",
    "script",
    "env",
    "process",
    "module",
    "container",
    "workdir",
];
/// What the first line says.
#[derive(Clone, Default)]
pub(crate) struct TraceLayout {
    between: char,
    names: Vec<String>,
    /// Where the columns stand that are read, in the order of [`READ`].
    positions: [Option<usize>; READ.len()],
    /// Where what people wrote stands.
    free: Vec<usize>,
}

/// The records of a trace file.
pub(crate) type Records = UnquotedRecords<TraceLayout>;

/// Whether a first line names the columns of a trace file.
pub(crate) fn looks_so(line: &str) -> bool {
    TraceLayout::read(line).is_ok_and(|(layout, _)| {
        let own = [
            "hash",
            "native_id",
            "realtime",
            "%cpu",
            "peak_rss",
            "process",
        ];
        layout.names.iter().any(|name| own.contains(&name.as_str()))
    })
}

impl FirstLine for TraceLayout {
    type Record = Record;
    const MEMBER: &'static str = "trace.txt";
    const ONE: &'static str = "task";
    const ABOUT: &'static str = "the file of nextflow -with-trace: task_id, hash, native_id, name, status, exit, submit, ...";
    const SEVERAL: &'static str = "the separator stands in texts, and the row can be read in several ways; \
                                   write the trace with another trace.sep";

    fn read(line: &str) -> Result<(Self, Vec<String>), ReadError> {
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '%');
        let between = line.chars().find(|c| !name(*c)).unwrap_or('\t');
        let names: Vec<String> = line
            .split(between)
            .map(|n| n.trim_ascii().to_owned())
            .collect();
        let at = |wanted: &str| names.iter().position(|name| name == wanted);
        let positions = READ.map(at);
        if positions[0].is_none() || names.len() < 2 {
            let expected = "a first line that names the columns, task_id among them";
            return Err(ReadError::expected(expected, quoted(line)).hint(Self::ABOUT));
        }
        let free = FREE.iter().filter_map(|name| at(name)).collect();
        let unread = names.iter().filter(|name| !READ.contains(&name.as_str()));
        let unread = unread.cloned().collect();
        let layout = Self {
            between,
            names,
            positions,
            free,
        };
        Ok((layout, unread))
    }

    fn width(&self) -> usize {
        self.names.len()
    }

    fn between(&self) -> char {
        self.between
    }

    fn free(&self) -> &[usize] {
        &self.free
    }

    /// Whether a line begins a record: the number of a task stands where one does.
    fn begins(&self, line: &str) -> bool {
        let at = self.positions[0].unwrap_or(0);
        let free = self.free.iter().filter(|free| **free < at).count();
        // Behind texts it may stand further on.
        let most = if free > 0 { usize::MAX } else { at };
        let cells = line.split(self.between).enumerate();
        let mut cells = cells.skip_while(|(position, _)| *position < at);
        cells.any(|(position, text)| position <= most && is_number(text))
    }

    fn record(&self, cells: &[&str]) -> Result<Record, ReadError> {
        let cell = |name: &'static str| {
            let column = READ.iter().position(|known| *known == name)?;
            let at = self.positions[column]?;
            let text = cells.get(at)?.trim_ascii();
            (!matches!(text, "" | super::notation::NOTHING)).then(|| Cell::new(at, name, text))
        };
        Record::read(&cell)
    }

    fn alike(one: &Record, other: &Record) -> bool {
        one.is_like(other)
    }

    fn at(record: Record, place: Place, part: u64) -> Record {
        Record {
            place: Some(place),
            run: part,
            ..record
        }
    }
}

fn is_number(text: &str) -> bool {
    let text = text.trim_ascii();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
