//! The write-ahead log: every input of a master and what followed from it, on disk before
//! anything of it is sent.
//!
//! A text file, one record a line: eight hexadecimal digits of CRC-32, a space, JSON. The first
//! record holds the settings, every other one an input with the core's [`Step`]s, which are the
//! words the simulator uses too. A last record that is torn was never acted upon and is cut off;
//! a damaged record before it is an error.

pub mod replay;

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use fairground_policies::message::Step;
use fairground_policies::time::{Span, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::master::cluster::{Input, Settings};

/// The version of this format; a log of another one is refused.
pub const FORMAT: u32 = 1;

/// One record.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record<I = Input> {
    /// The first record.
    Opened {
        /// [`FORMAT`].
        format: u32,
        /// What the cluster's behaviour follows from besides its inputs.
        settings: Settings,
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

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read at all.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A record is damaged and others follow it.
    #[error(
        "{}: line {line}: {what}, and more records follow; the file is damaged, \
         restore it from a copy", path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Which line, from one.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The first record is not the settings of this format.
    #[error("{}: the first record is not the settings of a log of format {FORMAT}", path.display())]
    NoSettings {
        /// Which file.
        path: PathBuf,
    },
}

/// What was read of a log.
#[derive(Debug)]
pub struct Contents<I = Input> {
    /// The settings of the first record.
    pub settings: Settings,
    /// The others.
    pub turns: Vec<Turn<I>>,
    /// The length of the file up to the end of the last good record.
    pub good_bytes: u64,
    /// Bytes of a torn record after that.
    pub torn_bytes: u64,
}

/// One input of a log and what followed.
#[derive(Clone, PartialEq, Debug)]
pub struct Turn<I = Input> {
    /// The line it stands in, from one.
    pub line: usize,
    /// When it was taken in.
    pub at: Time,
    /// What it was.
    pub input: I,
    /// What the core was told and ordered.
    pub steps: Vec<Step>,
}

/// Reads a log. `None` when there is no file, or nothing whole in it.
///
/// # Errors
/// When the file cannot be read or is damaged anywhere but at its end.
pub fn read<I: DeserializeOwned>(path: &Path) -> Result<Option<Contents<I>>, ReadError> {
    let io_error = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(error)),
    };
    let mut contents: Option<Contents<I>> = None;
    let mut damage: Option<(usize, String)> = None;
    let (mut good, mut torn) = (0, 0);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let length = file.read_until(b'\n', &mut bytes).map_err(io_error)? as u64;
        if length == 0 {
            break;
        }
        if let Some((line, what)) = damage {
            let path = path.to_owned();
            return Err(ReadError::Damaged { path, line, what });
        }
        match (parse::<I>(&bytes), contents.as_mut()) {
            (Err(what), _) => {
                damage = Some((line, what));
                torn = length;
                continue;
            }
            (Ok(Record::Opened { format, settings }), None) if format == FORMAT => {
                contents = Some(Contents {
                    settings,
                    turns: Vec::new(),
                    good_bytes: 0,
                    torn_bytes: 0,
                });
            }
            (Ok(Record::Turn { at, input, steps }), Some(contents)) => contents.turns.push(Turn {
                line,
                at,
                input,
                steps,
            }),
            (Ok(_), _) => {
                let path = path.to_owned();
                return Err(ReadError::NoSettings { path });
            }
        }
        good += length;
    }
    if let Some(contents) = &mut contents {
        (contents.good_bytes, contents.torn_bytes) = (good, torn);
    }
    Ok(contents)
}

fn parse<I: DeserializeOwned>(line: &[u8]) -> Result<Record<I>, String> {
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

/// When records are forced to the disk itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fsync {
    /// Before anything is sent. Survives a loss of power.
    Always,
    /// At most so often. A loss of power can lose that much; a crash of the master nothing.
    Every(Duration),
    /// When the system likes.
    Never,
}

impl FromStr for Fsync {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            span => match span.parse::<Span>() {
                Ok(span) => Ok(Self::Every(Duration::from_micros(span.as_micros()))),
                Err(_) => Err(format!(
                    "`{text}` is not a policy; expected always, never or a length of time as in 1s"
                )),
            },
        }
    }
}

/// Appends records. Nothing is written before [`Writer::commit`].
#[derive(Debug)]
pub struct Writer {
    file: File,
    fsync: Fsync,
    synced: Instant,
    pending: Vec<u8>,
    /// The length of the file.
    pub bytes: u64,
}

impl Writer {
    /// Opens a log to append after its first `length` bytes; what is behind them is cut off.
    ///
    /// # Errors
    /// When the file cannot be opened or cut.
    pub fn open(path: &Path, length: u64, fsync: Fsync) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)?;
        file.set_len(length)?;
        file.sync_all()?;
        // The name of a new file is safe only once its directory is.
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            File::open(folder)?.sync_all()?;
        }
        let mut file = file;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        Ok(Self {
            file,
            fsync,
            synced: Instant::now(),
            pending: Vec::new(),
            bytes: length,
        })
    }

    /// Adds a record to the next commit.
    pub fn append<I: Serialize>(&mut self, record: &Record<I>) {
        let start = self.pending.len();
        self.pending.extend_from_slice(b"00000000 ");
        serde_json::to_writer(&mut self.pending, record).expect("records can be written");
        let sum = format!("{:08x}", crc32fast::hash(&self.pending[start + 9..]));
        self.pending[start..start + 8].copy_from_slice(sum.as_bytes());
        self.pending.push(b'\n');
    }

    /// Writes what was added, and forces it to the disk as the policy says.
    ///
    /// # Errors
    /// When it cannot be written; nothing of it may then be acted upon.
    pub fn commit(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.pending)?;
        self.bytes += self.pending.len() as u64;
        self.pending.clear();
        let due = match self.fsync {
            Fsync::Always => true,
            Fsync::Every(span) => self.synced.elapsed() >= span,
            Fsync::Never => false,
        };
        if due {
            self.file.sync_data()?;
            self.synced = Instant::now();
        }
        Ok(())
    }
}
