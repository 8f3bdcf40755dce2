//! Requests in each second of a service's life: whole numbers separated by blanks.
//!
//! Source: github.com/reconfigurable-ml-pipeline/web-service-datasets (NASA 1995, Twitter 2021),
//! a bzip2 tar archive with one member `workload.txt`. Plain text is read as well. A series may be
//! one line of many megabytes, so it is read number by number.

use std::io::BufRead as _;
use std::path::PathBuf;

use crate::formats::lines::MARK;
use crate::formats::prelude::*;
use crate::formats::source::{self, Plain};
use crate::formats::survey::Unread;
use crate::formats::swim::number;

/// The most requests one second may claim.
pub const MOST_REQUESTS: u64 = 1_000_000_000;
/// The longest series, in seconds (more than three years).
pub const LONGEST: u64 = 100_000_000;
/// The longest text that may be a number, in bytes.
const LONGEST_WORD: usize = 64;

pub(crate) const FORM: Form = Form {
    about: "requests in each second, whole numbers; a text or an archive with workload.txt",
    signs: &[
        Ends(".tbz2"),
        Ends(".tbz"),
        Ends(".tgz"),
        Ends(".tzst"),
        Ends(".tar"),
        Ends("workload.txt"),
    ],
    import: Ok(import),
    samples: &["1 0 2 0 3 0\n4 0 5 0 6 0\n"],
    ..Form::of::<Records>()
};

/// One second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// Which second, counted from zero.
    pub second: u64,
    /// Requests in it.
    pub requests: u32,
}

/// The seconds of a series; a bad number does not end them.
pub struct Records {
    path: PathBuf,
    plain: Plain,
    word: Vec<u8>,
    line: u64,
    second: u64,
    ended: bool,
}

impl Reader for Records {
    type Record = Record;

    fn open(path: &Path) -> Result<Self, ReadError> {
        let mut plain = source::open(path, "workload.txt")?;
        let marked = plain.fill_buf().is_ok_and(|start| start.starts_with(MARK));
        plain.consume(if marked { MARK.len() } else { 0 });
        Ok(Self {
            path: path.to_owned(),
            plain,
            word: Vec::new(),
            line: 1,
            second: 0,
            ended: false,
        })
    }

    fn place(&self) -> Option<Place> {
        None
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let line = match self.next_word() {
            Ok(Some(line)) => line,
            Ok(None) => {
                self.ended = true;
                let error = ReadError::expected("at least one number", "none")
                    .hint("a series has the requests of each second, separated by blanks");
                return (self.second == 0).then(|| Err(self.here(error)));
            }
            Err(error) => {
                self.ended = true;
                return Some(Err(self.here(ReadError::io(&self.path, &error))));
            }
        };
        let second = self.second;
        self.second += 1;
        if second == LONGEST {
            self.ended = true;
            let error = ReadError::expected(format!("at most {LONGEST} seconds"), "more")
                .hint("cut the series, or give one number a minute and scale it");
            return Some(Err(self.here(error)));
        }
        let text = String::from_utf8_lossy(&self.word);
        Some(match number(&text, "requests", MOST_REQUESTS) {
            Ok(requests) => Ok(Record {
                second,
                requests: requests as u32,
            }),
            Err(error) => Err(error
                .file(&self.path)
                .line(line)
                .place(format!("number {}", second + 1))),
        })
    }
}

impl Unread for Records {
    /// A series has nothing but its numbers.
    fn unread(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Records {
    /// `error`, at the number that comes next.
    fn here(&self, error: ReadError) -> ReadError {
        error.file(&self.path).line(self.line)
    }

    /// Reads the next word into `self.word` and says on which line it stands; of an absurdly
    /// long one, only the beginning is kept.
    fn next_word(&mut self) -> std::io::Result<Option<u64>> {
        self.word.clear();
        loop {
            let chunk = self.plain.fill_buf()?;
            if chunk.is_empty() {
                return Ok((!self.word.is_empty()).then_some(self.line));
            }
            let mut used = 0;
            for byte in chunk {
                if byte.is_ascii_whitespace() && !self.word.is_empty() {
                    self.plain.consume(used);
                    return Ok(Some(self.line));
                }
                used += 1;
                if *byte == b'\n' {
                    self.line += 1;
                } else if !byte.is_ascii_whitespace() && self.word.len() < LONGEST_WORD {
                    self.word.push(*byte);
                }
            }
            self.plain.consume(used);
        }
    }
}

contents! { Record: |row| Requests u64::from(row.requests); }

shows! { Record: |one|
    "second": one.second, "requests": one.requests,
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("seconds");
        seen.count_if("seconds_without_requests", self.requests == 0);
        seen.figures("requests_per_second", "requests", [self.requests]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.push(Service {
        name: "requests".to_owned(),
        ..Service::default()
    })?;
    import.sees(0);
    import.each(Records::open(path)?, |import, row| {
        // No step says the same as one without requests.
        if row.requests > 0 {
            import.push(Load {
                start: seconds(row.second),
                length: seconds(1),
                requests: u64::from(row.requests),
                ..Load::default()
            })?;
        }
        Ok(Became::Imported)
    })
}
