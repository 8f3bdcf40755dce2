//! The write-ahead log: every input of a master and what followed from it, on disk before
//! anything of it is sent.
//!
//! The format is [`fairground_workloads::log`], which the simulator reads too; here are the words
//! of this master, and how records are written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use fairground_policies::time::Span;
use fairground_workloads::log;
pub use fairground_workloads::log::FORMAT;

use crate::master::cluster::{Input, Settings};

/// One record of a master's log.
pub type Record = log::Record<Settings, Input>;

/// The records of a master's log.
pub type Reader = log::Reader<Settings, Input>;

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
    /// Whether something was written since.
    dirty: bool,
    pending: Vec<u8>,
}

impl Writer {
    /// Opens a log to append after its first `length` bytes; what is behind them is cut off.
    ///
    /// # Errors
    /// When the file cannot be opened or cut.
    pub fn open(path: &Path, length: u64, fsync: Fsync) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            // Environments of tasks are in it.
            .mode(0o600)
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
            dirty: false,
            pending: Vec::new(),
        })
    }

    /// Adds a record to the next commit.
    pub fn append(&mut self, record: &Record) {
        record.write(&mut self.pending);
    }

    /// Writes what was added, and forces it to the disk as the policy says.
    ///
    /// # Errors
    /// When it cannot be written; nothing of it may then be acted upon.
    pub fn commit(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.file.write_all(&self.pending)?;
            self.pending.clear();
            self.dirty = true;
        }
        if self.sync_due().is_some_and(|due| due <= Instant::now()) {
            self.file.sync_data()?;
            self.synced = Instant::now();
            self.dirty = false;
        }
        Ok(())
    }

    /// When there is something to be forced to the disk although nothing more may come.
    pub fn sync_due(&self) -> Option<Instant> {
        let wait = match self.fsync {
            Fsync::Always => Duration::ZERO,
            Fsync::Every(span) => span,
            Fsync::Never => return None,
        };
        self.dirty.then(|| self.synced + wait)
    }
}
