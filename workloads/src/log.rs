//! The log of a real master, as it lies on disk: what a real cluster and the simulator have in
//! common.
//!
//! A text file, one record a line: eight hexadecimal digits of CRC-32 over what follows them, a
//! space or a plus, JSON. The first record holds the settings, every other one an input with the
//! core's [`Step`]s. Settings and inputs are the real cluster's own words, which a reader that only
//! wants the steps skips. Records are written in batches, the first of each with a space, the others
//! with a plus: a batch that is torn, wherever, was never acted upon; damage before it is an error.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use fairground_policies::message::Step;
use fairground_policies::name::Name;
use fairground_policies::time::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ReadError;

/// The version of this format and of the core's rules for when it orders what; a log of another one is
/// refused. From 4 on, offers are made only when the core is woken, and a demand has several sizes; from 5
/// on, frameworks are in roles, which have weights and quotas that change.
pub const FORMAT: u32 = 5;

/// How many bytes a checksum has.
const SUM: usize = 8;

/// One record: settings `S`, inputs `I`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record<S, I> {
    /// The first record.
    Opened {
        /// [`FORMAT`].
        format: u32,
        /// What the master's behaviour follows from besides its inputs.
        settings: S,
    },
    /// One input and what followed.
    Turn {
        /// When it was taken in.
        at: Time,
        /// What it was.
        input: I,
        /// What the core was told and ordered.
        steps: Vec<Step>,
    },
}

/// The settings a core follows from; a master's has more.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct CoreSettings {
    /// The policy's name with its parameters.
    pub allocator: Name,
    /// The seed of the policy's draws: the stream `policy` of [`crate::rng`].
    pub seed: u64,
}

/// One input of a log and what followed.
#[derive(Clone, PartialEq, Debug)]
pub struct Turn<I> {
    /// The line it stands in, from one.
    pub line: u64,
    /// When it was taken in.
    pub at: Time,
    /// What it was.
    pub input: I,
    /// What the core was told and ordered.
    pub steps: Vec<Step>,
}

impl<S: Serialize, I: Serialize> Record<S, I> {
    /// Appends the record's line to the lines of its `batch`.
    ///
    /// # Panics
    /// When the settings or the input cannot be written as JSON.
    pub fn write(&self, batch: &mut Vec<u8>) {
        let start = batch.len();
        batch.extend_from_slice(if start == 0 {
            b"00000000 "
        } else {
            b"00000000+"
        });
        serde_json::to_writer(&mut *batch, self).expect("records can be written");
        let sum = format!("{:08x}", crc32fast::hash(&batch[start + SUM..]));
        batch[start..start + SUM].copy_from_slice(sum.as_bytes());
        batch.push(b'\n');
    }
}

/// Reads a log record by record: first the settings, then an iterator of turns.
#[derive(Debug)]
pub struct Reader<S, I> {
    lines: Lines,
    settings: S,
    inputs: PhantomData<I>,
}

impl<S: DeserializeOwned, I: DeserializeOwned> Reader<S, I> {
    /// Opens a log. `None` when there is no file, or nothing whole in it.
    ///
    /// # Errors
    /// When the file cannot be read, or its first record is not the settings of a log.
    pub fn open(path: &Path) -> Result<Option<Self>, ReadError> {
        let file = match File::open(path) {
            Ok(file) => BufReader::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ReadError::io(path, &error)),
        };
        let mut lines = Lines {
            path: path.to_owned(),
            file,
            line: 0,
            bytes: Vec::new(),
            good_bytes: 0,
            torn_bytes: 0,
        };
        match lines.next_record::<Record<S, I>>()? {
            None => Ok(None),
            Some(Record::Opened { format, settings }) if format == FORMAT => Ok(Some(Self {
                lines,
                settings,
                inputs: PhantomData,
            })),
            Some(other) => {
                let what = format!("the settings of a log of format {FORMAT}");
                let Record::Opened { format, .. } = other else {
                    return Err(lines.locate(ReadError::expected(what, "another record")));
                };
                let error = ReadError::expected(what, format!("format {format}"));
                let hint = "it is as it was written, by another version: end with that one what \
                            still runs, or begin in an empty folder";
                Err(lines.locate(error.hint(hint)))
            }
        }
    }

    /// The settings of the first record.
    pub const fn settings(&self) -> &S {
        &self.settings
    }

    /// The length of the file up to the end of the last good record read.
    pub const fn good_bytes(&self) -> u64 {
        self.lines.good_bytes
    }

    /// Bytes of a torn batch after that, once all were read.
    pub const fn torn_bytes(&self) -> u64 {
        self.lines.torn_bytes
    }
}

impl<S: DeserializeOwned, I: DeserializeOwned> Iterator for Reader<S, I> {
    type Item = Result<Turn<I>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.lines.next_record().transpose()? {
            Ok(Record::<S, I>::Turn { at, input, steps }) => Ok(Turn {
                line: self.lines.line,
                at,
                input,
                steps,
            }),
            Ok(Record::Opened { .. }) => {
                let error = ReadError::expected("an input", "settings");
                Err(self.lines.locate(error))
            }
            Err(error) => Err(error),
        })
    }
}

/// The lines of a log, each with its checksum.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    line: u64,
    bytes: Vec<u8>,
    good_bytes: u64,
    torn_bytes: u64,
}

impl Lines {
    /// The next record; `None` at the end of the file or of what is whole in it.
    fn next_record<R: DeserializeOwned>(&mut self) -> Result<Option<R>, ReadError> {
        let next = self.line + 1;
        let io_error = |error| ReadError::io(&self.path, &error).line(next);
        self.bytes.clear();
        let length = self.file.read_until(b'\n', &mut self.bytes);
        let length = length.map_err(io_error)? as u64;
        if length == 0 {
            return Ok(None);
        }
        self.line = next;
        let what = match whole(&self.bytes) {
            Ok((_, json)) => match serde_json::from_slice(json) {
                Ok(record) => {
                    self.good_bytes += length;
                    return Ok(Some(record));
                }
                Err(error) => {
                    let error = ReadError::said(format!("the record does not read: {error}"));
                    let hint = "it is as it was written, by another version: end with that one what \
                                still runs, or begin in an empty folder";
                    return Err(self.locate(error.hint(hint)));
                }
            },
            Err(what) => what,
        };
        let rest = self.rest_of_batch().map_err(|error| self.locate(error))?;
        if let Some(rest) = rest {
            self.torn_bytes = length + rest;
            return Ok(None);
        }
        let error = ReadError::said(format!("{what}, and later records follow"));
        Err(self.locate(error.hint("the file is damaged; restore it from a copy")))
    }

    /// Reads on to the end: how many bytes, or `None` when a later batch begins among them.
    fn rest_of_batch(&mut self) -> Result<Option<u64>, ReadError> {
        let mut bytes = 0;
        loop {
            self.bytes.clear();
            let length = self.file.read_until(b'\n', &mut self.bytes);
            match length.map_err(|error| ReadError::io(&self.path, &error))? as u64 {
                0 => return Ok(Some(bytes)),
                length => bytes += length,
            }
            if whole(&self.bytes).is_ok_and(|(begins, _)| begins) {
                return Ok(None);
            }
        }
    }

    fn locate(&self, error: ReadError) -> ReadError {
        error.file(&self.path).line(self.line)
    }
}

/// A whole line's JSON and whether it begins a batch, or what is wrong with the line.
fn whole(line: &[u8]) -> Result<(bool, &[u8]), &'static str> {
    let line = line
        .strip_suffix(b"\n")
        .ok_or("the record has no end of line")?;
    let (sum, rest) = line
        .split_at_checked(SUM)
        .ok_or("the record has no checksum")?;
    let sum = std::str::from_utf8(sum).ok();
    let sum = sum.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if sum != Some(crc32fast::hash(rest)) {
        return Err("the checksum does not agree");
    }
    match rest {
        [b' ', json @ ..] => Ok((true, json)),
        [b'+', json @ ..] => Ok((false, json)),
        _ => Err("the record has no checksum"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Words = Record<String, u32>;

    /// The settings and inputs of a file with these bytes, the good and the torn bytes.
    fn read(bytes: &[u8]) -> Result<Option<(Vec<u32>, u64, u64)>, ReadError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let Some(mut reader) = Reader::<String, u32>::open(file.path())? else {
            return Ok(None);
        };
        assert_eq!(reader.settings(), "s");
        let turns: Result<Vec<_>, _> = reader.by_ref().collect();
        let inputs = turns?.iter().map(|turn| turn.input).collect();
        Ok(Some((inputs, reader.good_bytes(), reader.torn_bytes())))
    }

    fn batch(inputs: std::ops::Range<u32>) -> Vec<u8> {
        let mut lines = Vec::new();
        for input in inputs {
            let steps = Vec::new();
            let at = Time::from_micros(u64::from(input));
            Words::Turn { at, input, steps }.write(&mut lines);
        }
        lines
    }

    fn opened(format: u32) -> Vec<u8> {
        let mut lines = Vec::new();
        let settings = "s".to_owned();
        Words::Opened { format, settings }.write(&mut lines);
        lines
    }

    /// A log with every record in a batch of its own.
    fn log(inputs: std::ops::Range<u32>) -> Vec<u8> {
        let batches = inputs.flat_map(|input| batch(input..input + 1));
        opened(FORMAT).into_iter().chain(batches).collect()
    }

    #[test]
    fn a_log_torn_anywhere_gives_what_was_whole() {
        let whole = log(0..3);
        let ends: Vec<usize> = (0..4).map(|count| log(0..count).len()).collect();
        for cut in 0..=whole.len() {
            let kept = ends.iter().filter(|end| **end <= cut).count();
            let read = read(&whole[..cut]).unwrap();
            let Some((inputs, good, torn)) = read else {
                assert_eq!(kept, 0, "cut at {cut}");
                continue;
            };
            assert_eq!(inputs, (0..kept as u32 - 1).collect::<Vec<_>>());
            assert_eq!(good, ends[kept - 1] as u64);
            assert_eq!(good + torn, cut as u64);
        }
    }

    #[test]
    fn a_damaged_record_is_an_error_unless_it_is_the_last() {
        let whole = log(0..2);
        let last = log(0..1).len();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            let read = read(&damaged);
            if at == last - 1 {
                // Without the newline between them, the last two are one torn record.
                assert!(read.unwrap().unwrap().0.is_empty());
            } else if at < last {
                let error = read.unwrap_err().to_string();
                assert!(error.contains("and later records follow"), "{at}: {error}");
            } else {
                let (inputs, good, _) = read.unwrap().unwrap();
                assert_eq!((inputs, good), (vec![0], last as u64), "{at}");
            }
        }
    }

    #[test]
    fn a_batch_damaged_anywhere_is_torn_unless_another_follows() {
        let (before, last) = (log(0..2), batch(2..5));
        let ends: Vec<usize> = (2..=5)
            .map(|end| before.len() + batch(2..end).len())
            .collect();
        let whole: Vec<u8> = before.iter().chain(&last).copied().collect();
        for at in before.len()..whole.len() {
            // A page that never reached the disk.
            let mut torn = whole.clone();
            let end = (at + 7).min(torn.len());
            torn[at..end].fill(0);
            let kept = ends.iter().filter(|end| **end <= at).count();
            let (inputs, good, bytes) = read(&torn).unwrap().unwrap();
            assert_eq!(inputs, (0..=kept as u32).collect::<Vec<_>>(), "{at}");
            assert_eq!(good + bytes, whole.len() as u64);
            torn.extend(batch(5..6));
            let later = read(&torn);
            if end == whole.len() {
                // Without a newline between them, both batches are one torn record.
                assert!(later.is_ok(), "{at}");
            } else {
                let error = later.unwrap_err().to_string();
                assert!(error.contains("and later records follow"), "{at}: {error}");
            }
        }
    }

    #[test]
    fn a_whole_record_that_does_not_read_is_never_torn() {
        let mut lines = log(0..1);
        let mut other = Vec::new();
        let (settings, format) = (Vec::<u32>::new(), FORMAT);
        Record::<Vec<u32>, u32>::Opened { format, settings }.write(&mut other);
        lines.extend(other);
        let error = read(&lines).unwrap_err().to_string();
        assert!(error.contains("does not read"), "{error}");
        assert!(error.contains("another version"), "{error}");
    }

    #[test]
    fn what_is_no_log_is_said() {
        let error = read(&opened(FORMAT - 1)).unwrap_err().to_string();
        let expected = format!("a log of format {FORMAT}, found format {}", FORMAT - 1);
        assert!(error.contains(&expected), "{error}");
        assert!(error.contains("by another version"), "{error}");
        let mut twice = log(0..1);
        twice.extend(log(0..0));
        let error = read(&twice).unwrap_err().to_string();
        assert!(
            error.contains("expected an input, found settings"),
            "{error}"
        );
        assert!(
            Reader::<String, u32>::open(Path::new("/nowhere"))
                .unwrap()
                .is_none()
        );
    }
}
