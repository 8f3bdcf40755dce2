//! Numbered lines of a file, each of limited length.
//!
//! A file that is not what it claims to be may be one line of gigabytes; it must not fill memory.

use std::collections::VecDeque;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::ReadError;
use crate::formats::archive::Archive;
use crate::formats::place::Place;
use crate::formats::source::{self, Plain};

/// The longest line that is read, in bytes.
pub const LONGEST_LINE: usize = 16 << 20;

/// The byte order mark, which some programs put in front of a text and which is no part of it.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Where the bytes of lines come from.
enum Bytes {
    One(Plain),
    /// The files of an archive that is at this path.
    Many(Box<Archive>, PathBuf, &'static str),
}

/// The lines of a file, or of the files of a folder or an archive one after the other.
pub(crate) struct Lines {
    path: Arc<Path>,
    bytes: Bytes,
    /// What comes after this file.
    parts: VecDeque<PathBuf>,
    member: &'static str,
    /// How many files were begun.
    part: u64,
    /// Bytes that are not UTF-8 are replaced, not refused.
    lenient: bool,
    repaired: u64,
    line: u64,
    /// The line read last.
    text: String,
    ended: bool,
    complete: bool,
}

impl Lines {
    /// The lines of the file at `path`, unpacked; `member` names the file within an archive.
    pub(crate) fn open(path: &Path, member: &'static str) -> Result<Self, ReadError> {
        Ok(Self {
            path: Arc::from(path),
            bytes: Bytes::One(source::open(path, member)?),
            parts: VecDeque::new(),
            member,
            part: 1,
            lenient: false,
            repaired: 0,
            line: 0,
            text: String::new(),
            ended: false,
            complete: true,
        })
    }

    /// The same for public data that may be dirty: bytes that are not UTF-8 are replaced and
    /// counted. With `parts`, a folder is read as its files in the order of their numbers.
    pub(crate) fn lenient(
        path: &Path,
        member: &'static str,
        parts: bool,
    ) -> Result<Self, ReadError> {
        if parts {
            return Self::of_parts(path, member, |_| true);
        }
        Self::files(VecDeque::new(), path, member)
    }

    /// The lines of a file, or of those parts of a folder that count.
    fn of_parts(
        path: &Path,
        member: &'static str,
        counts: impl Fn(&Path) -> bool,
    ) -> Result<Self, ReadError> {
        let mut parts = VecDeque::new();
        if source::is_folder(path) {
            parts = source::parts(path)?;
            if parts.iter().any(|part| counts(part)) {
                parts.retain(|part| counts(part));
            }
        }
        Self::files(parts, path, member)
    }

    /// The lines of these files one after the other; without any of them, of the one at `path`.
    pub(crate) fn files(
        mut parts: VecDeque<PathBuf>,
        path: &Path,
        member: &'static str,
    ) -> Result<Self, ReadError> {
        let first = parts.pop_front();
        let mut lines = Self::open(first.as_deref().unwrap_or(path), member)?;
        lines.parts = parts;
        lines.lenient = true;
        Ok(lines)
    }

    /// The lines of those files of the archive at `path` whose names end so; of the file itself if
    /// it is no archive, and of the files of a folder.
    pub(crate) fn members(
        path: &Path,
        member: &'static str,
        ending: &'static str,
    ) -> Result<Self, ReadError> {
        let archive = if source::is_folder(path) {
            None
        } else {
            let archive = Archive::open(path);
            archive.map_err(|error| ReadError::io(path, &error))?
        };
        let Some(archive) = archive else {
            return Self::of_parts(path, member, |part| {
                let name = part.to_string_lossy().to_ascii_lowercase();
                path.is_dir() || name.ends_with(ending)
            });
        };
        let mut lines = Self {
            path: Arc::from(path),
            bytes: Bytes::Many(Box::new(archive), path.to_owned(), ending),
            parts: VecDeque::new(),
            member,
            part: 0,
            lenient: true,
            repaired: 0,
            line: 0,
            text: String::new(),
            ended: false,
            complete: true,
        };
        match lines.turn() {
            Some(Err(error)) => Err(error),
            _ => Ok(lines),
        }
    }

    /// How many lines had bytes that are not UTF-8.
    pub(crate) const fn repaired(&self) -> u64 {
        self.repaired
    }

    /// Where the line read last stands.
    pub(crate) fn place(&self) -> Place {
        Place {
            file: Arc::clone(&self.path),
            line: self.line,
        }
    }

    /// The number of the line read last, counted from one.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// Whether the line read last ended with a newline.
    pub(crate) const fn complete(&self) -> bool {
        self.complete
    }

    /// `error`, at the line read last; of an empty file, at the first.
    pub(crate) fn here(&self, error: ReadError) -> ReadError {
        error.file(&self.path).line(self.line.max(1))
    }

    /// The next line without its end; `None` after the last. A bad line does not end the file,
    /// a failure to read does.
    pub(crate) fn next(&mut self) -> Option<Result<&str, ReadError>> {
        if self.ended {
            return None;
        }
        match self.read()? {
            Ok(()) => Some(Ok(&self.text)),
            Err(error) => Some(Err(error)),
        }
    }

    /// The next line with the number of the file it is in, counted from one.
    pub(crate) fn next_of_part(&mut self) -> Option<Result<(&str, u64), ReadError>> {
        // The number is known only after the line is read, and the line borrows all of this.
        if let Err(error) = self.next()? {
            return Some(Err(error));
        }
        Some(Ok((&self.text, self.part)))
    }

    /// Reads the next line into `text`.
    fn read(&mut self) -> Option<Result<(), ReadError>> {
        let mut buffer = std::mem::take(&mut self.text).into_bytes();
        let too_long = loop {
            match self.fill(&mut buffer) {
                Ok(Some(too_long)) => break too_long,
                Ok(None) => match self.turn()? {
                    Ok(()) => {}
                    Err(error) => return Some(Err(error)),
                },
                Err(error) => {
                    self.ended = true;
                    let error = ReadError::io(&self.path, &error);
                    return Some(Err(error.line(self.line + 1)));
                }
            }
        };
        self.line += 1;
        if too_long {
            let found = "a longer one";
            let error = ReadError::expected("a line of at most 16 MiB", found)
                .hint("check that the file has the format you named");
            return Some(Err(self.here(error)));
        }
        if buffer.last() == Some(&b'\r') {
            buffer.pop();
        }
        if self.line == 1 && buffer.starts_with(MARK) {
            buffer.drain(..MARK.len());
        }
        match String::from_utf8(buffer) {
            Ok(text) => self.text = text,
            Err(error) if self.lenient => {
                self.repaired += 1;
                self.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            }
            Err(_) => {
                let error = ReadError::expected("text in UTF-8", "other bytes")
                    .hint("check that the file is complete and has the format you named");
                return Some(Err(self.here(error)));
            }
        }
        Some(Ok(()))
    }

    /// Goes on with the next file of the folder; `None` after the last.
    fn turn(&mut self) -> Option<Result<(), ReadError>> {
        if let Bytes::Many(archive, path, ending) = &mut self.bytes {
            let name = loop {
                match archive.advance() {
                    Ok(Some(name)) if name.to_ascii_lowercase().ends_with(*ending) => break name,
                    Ok(Some(_)) => {}
                    Ok(None) => {
                        self.ended = true;
                        return None;
                    }
                    Err(error) => {
                        self.ended = true;
                        return Some(Err(ReadError::io(path, &error)));
                    }
                }
            };
            self.path = Arc::from(path.join(name));
            self.line = 0;
            self.part += 1;
            return Some(Ok(()));
        }
        let Some(part) = self.parts.pop_front() else {
            self.ended = true;
            return None;
        };
        Some(source::open(&part, self.member).map(|plain| {
            self.path = Arc::from(part);
            self.bytes = Bytes::One(plain);
            self.line = 0;
            self.part += 1;
        }))
    }

    /// Fills the buffer with the next line and tells whether it was too long for it.
    fn fill(&mut self, buffer: &mut Vec<u8>) -> std::io::Result<Option<bool>> {
        buffer.clear();
        let mut seen = 0_usize;
        let bytes: &mut dyn BufRead = match &mut self.bytes {
            Bytes::One(plain) => plain,
            Bytes::Many(archive, ..) => archive,
        };
        loop {
            let chunk = bytes.fill_buf()?;
            if chunk.is_empty() {
                self.complete = false;
                return Ok((seen > 0).then_some(seen > LONGEST_LINE));
            }
            let end = memchr::memchr(b'\n', chunk);
            let part = end.unwrap_or(chunk.len());
            seen = seen.saturating_add(part);
            if seen <= LONGEST_LINE {
                buffer.extend_from_slice(&chunk[..part]);
            }
            bytes.consume(part + usize::from(end.is_some()));
            if end.is_some() {
                self.complete = true;
                return Ok(Some(seen > LONGEST_LINE));
            }
        }
    }
}
