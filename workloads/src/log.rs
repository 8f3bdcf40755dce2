//! The log of a real master, as it lies on disk: what a real cluster and the simulator have in
//! common.
//!
//! A text file, one record a line: eight hexadecimal digits of CRC-32, a space, JSON. The first
//! record holds the settings, every other one an input with the core's [`Step`]s. Settings and
//! inputs are the real cluster's own words, which a reader that only wants the steps skips. A last
//! record that is torn was never acted upon; a damaged one before it is an error.

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

/// The version of this format; a log of another one is refused.
pub const FORMAT: u32 = 2;

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
    /// Appends the record's line to `lines`.
    ///
    /// # Panics
    /// When the settings or the input cannot be written as JSON.
    pub fn write(&self, lines: &mut Vec<u8>) {
        let start = lines.len();
        lines.extend_from_slice(b"00000000 ");
        serde_json::to_writer(&mut *lines, self).expect("records can be written");
        let sum = format!("{:08x}", crc32fast::hash(&lines[start + 9..]));
        lines[start..start + 8].copy_from_slice(sum.as_bytes());
        lines.push(b'\n');
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
            Some(_) => {
                let what = format!("the settings of a log of format {FORMAT}");
                Err(lines.locate(ReadError::expected(what, "another record")))
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

    /// Bytes of a torn record after that, once all were read.
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
        match parse(&self.bytes) {
            Ok(record) => {
                self.good_bytes += length;
                Ok(Some(record))
            }
            Err(_) if self.file.fill_buf().map_err(io_error)?.is_empty() => {
                self.torn_bytes = length;
                Ok(None)
            }
            Err(what) => {
                let error = ReadError::said(format!("{what}, and more records follow"));
                Err(self.locate(error.hint("the file is damaged; restore it from a copy")))
            }
        }
    }

    fn locate(&self, error: ReadError) -> ReadError {
        error.file(&self.path).line(self.line)
    }
}

fn parse<R: DeserializeOwned>(line: &[u8]) -> Result<R, String> {
    let line = line
        .strip_suffix(b"\n")
        .ok_or("the record has no end of line")?;
    let (sum, json) = line
        .split_at_checked(9)
        .filter(|(sum, _)| sum[8] == b' ')
        .ok_or("the record has no checksum")?;
    let sum = std::str::from_utf8(&sum[..8]).ok();
    let sum = sum.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if sum != Some(crc32fast::hash(json)) {
        return Err("the checksum does not agree".to_owned());
    }
    serde_json::from_slice(json).map_err(|error| format!("the record does not read: {error}"))
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

    fn log(inputs: std::ops::Range<u32>) -> Vec<u8> {
        let mut lines = Vec::new();
        let settings = "s".to_owned();
        let format = FORMAT;
        Words::Opened { format, settings }.write(&mut lines);
        for input in inputs {
            let steps = Vec::new();
            let at = Time::from_micros(u64::from(input));
            Words::Turn { at, input, steps }.write(&mut lines);
        }
        lines
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
                assert!(error.contains("and more records follow"), "{at}: {error}");
            } else {
                let (inputs, good, _) = read.unwrap().unwrap();
                assert_eq!((inputs, good), (vec![0], last as u64), "{at}");
            }
        }
    }

    #[test]
    fn what_is_no_log_is_said() {
        let mut lines = Vec::new();
        let record = Words::Opened {
            format: FORMAT + 1,
            settings: "s".to_owned(),
        };
        record.write(&mut lines);
        let error = read(&lines).unwrap_err().to_string();
        let expected = format!("a log of format {FORMAT}");
        assert!(error.contains(&expected), "{error}");
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
