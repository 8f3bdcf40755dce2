//! Numbered lines of a file, each of limited length.
//!
//! A file that is not what it claims to be may be one line of gigabytes; it must not fill memory.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::formats::source::{self, Plain};

/// The longest line that is read, in bytes.
pub const LONGEST_LINE: usize = 16 << 20;

/// The lines of a file.
pub(crate) struct Lines {
    path: PathBuf,
    plain: Plain,
    line: u64,
    buffer: Vec<u8>,
    ended: bool,
    complete: bool,
}

impl Lines {
    /// The lines of the file at `path`, unpacked; `member` names the file within an archive.
    pub(crate) fn open(path: &Path, member: &str) -> Result<Self, ReadError> {
        Ok(Self {
            path: path.to_owned(),
            plain: source::open(path, member)?,
            line: 0,
            buffer: Vec::new(),
            ended: false,
            complete: true,
        })
    }

    /// The number of the line read last, counted from one.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// Whether the line read last ended with a newline.
    pub(crate) const fn complete(&self) -> bool {
        self.complete
    }

    /// `error`, at the line read last.
    pub(crate) fn here(&self, error: ReadError) -> ReadError {
        error.file(&self.path).line(self.line)
    }

    /// `error`, in this file.
    pub(crate) fn in_file(&self, error: ReadError) -> ReadError {
        error.file(&self.path)
    }

    /// The next line without its end; `None` after the last. A bad line does not end the file,
    /// a failure to read does.
    pub(crate) fn next(&mut self) -> Option<Result<&str, ReadError>> {
        if self.ended {
            return None;
        }
        let too_long = match self.fill() {
            Ok(Some(too_long)) => too_long,
            Ok(None) => {
                self.ended = true;
                return None;
            }
            Err(error) => {
                self.ended = true;
                return Some(Err(ReadError::io(&self.path, &error)));
            }
        };
        self.line += 1;
        if too_long {
            let found = "a longer one";
            let error = ReadError::expected("a line of at most 16 MiB", found)
                .hint("check that the file has the format you named");
            return Some(Err(self.here(error)));
        }
        if self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        if std::str::from_utf8(&self.buffer).is_err() {
            let error = ReadError::expected("text in UTF-8", "other bytes")
                .hint("check that the file is complete and has the format you named");
            return Some(Err(self.here(error)));
        }
        Some(Ok(std::str::from_utf8(&self.buffer).unwrap_or_default()))
    }

    /// Fills the buffer with the next line and tells whether it was too long for it.
    fn fill(&mut self) -> std::io::Result<Option<bool>> {
        self.buffer.clear();
        let mut seen = 0_usize;
        loop {
            let chunk = self.plain.fill_buf()?;
            if chunk.is_empty() {
                self.complete = false;
                return Ok((seen > 0).then_some(seen > LONGEST_LINE));
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = end.unwrap_or(chunk.len());
            seen = seen.saturating_add(part);
            if seen <= LONGEST_LINE {
                self.buffer.extend_from_slice(&chunk[..part]);
            }
            self.plain.consume(part + usize::from(end.is_some()));
            if end.is_some() {
                self.complete = true;
                return Ok(Some(seen > LONGEST_LINE));
            }
        }
    }
}
