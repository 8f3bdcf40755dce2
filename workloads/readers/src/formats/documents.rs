//! JSON that is not a line each: values one after the other, or in one long list.
//!
//! Hadoop writes objects behind each other without anything between, Cook a list of jobs, others a
//! single object over thousands of lines. A value is cut out by its brackets before it is parsed, so
//! a file of gigabytes needs the memory of its largest value, and what is wrong has a line.

use std::collections::{BTreeSet, VecDeque};
use std::io::BufRead as _;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_ignored::Path;

use crate::error::ReadError;
use crate::formats::lines::MARK;
use crate::formats::place::Place;

use crate::formats::source::{self, Plain};
use crate::formats::survey::{Reader, Unread};
use crate::formats::tables;

/// The largest value that is read, in bytes.
pub const LARGEST_DOCUMENT: usize = 64 << 20;

/// What a file of JSON values holds.
pub trait Document: DeserializeOwned {
    /// One of them in a word: "job".
    const ONE: &'static str;
    /// What a file of this format is called inside an archive.
    const MEMBER: &'static str;
    /// What the values have in them, for one that is something else.
    const KEYS: &'static str;

    /// What the name of the file has in it that is read of a folder with several tables in it.
    const TABLE: &'static str = "";

    /// The member of an object around them that lists them, where there may be one: `items`.
    const INSIDE: Option<&'static str> = None;

    /// Whether its parts fit together.
    ///
    /// # Errors
    /// When they do not.
    fn check(&self) -> Result<(), ReadError> {
        Ok(())
    }
}

/// The values of a file; a value of the wrong shape does not end them, broken brackets do.
pub struct Documents<D> {
    path: Arc<FilePath>,
    plain: Plain,
    /// The files of a folder that come after this one.
    parts: VecDeque<PathBuf>,
    /// The line that the next byte is on.
    line: u64,
    /// The line that the value read last begins on.
    begun: u64,
    around: Around,
    /// Whether there was a value in this file, and in any.
    any: bool,
    ever: bool,
    ended: bool,
    unread: Members,
    kind: std::marker::PhantomData<D>,
}

/// What values stand in.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Around {
    #[default]
    Nothing,
    /// A list.
    List,
    /// A list that is a member of an object.
    Object,
}

/// The members of JSON values that are not read, each once, without the places in lists.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Members {
    names: BTreeSet<String>,
    name: String,
}

/// More than so many different members are a map whose keys are data.
const MOST_MEMBERS: usize = 200;

impl Members {
    /// Parses a value and notes what of it is not read.
    pub(crate) fn parse<T: DeserializeOwned>(
        &mut self,
        value: &[u8],
    ) -> Result<T, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(value);
        let parsed = serde_ignored::deserialize(&mut deserializer, |path| self.see(&path))?;
        deserializer.end()?;
        Ok(parsed)
    }

    fn see(&mut self, path: &Path<'_>) {
        self.name.clear();
        write(path, &mut self.name);
        if !self.names.contains(&self.name) && self.names.len() < MOST_MEMBERS {
            self.names.insert(self.name.clone());
        }
    }

    /// Their names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names.iter().cloned().collect()
    }
}

/// `machines.cpu`, wherever it stands in lists.
fn write(path: &Path<'_>, name: &mut String) {
    match path {
        Path::Root => {}
        Path::Seq { parent, .. }
        | Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => write(parent, name),
        Path::Map { parent, key } => {
            write(parent, name);
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(key);
        }
    }
}

impl<D: Document> Unread for Documents<D> {
    fn unread(&self) -> Vec<String> {
        self.unread.names()
    }
}

impl<D: Document> Reader for Documents<D> {
    type Record = D;

    fn open(path: &FilePath) -> Result<Self, ReadError> {
        Self::open(path)
    }

    fn place(&self) -> Option<Place> {
        let (file, line) = (Arc::clone(&self.path), self.begun);
        Some(Place { file, line })
    }
}

impl<D: Document> Documents<D> {
    /// Opens a file of JSON values.
    pub(crate) fn open(path: &FilePath) -> Result<Self, ReadError> {
        let mut parts = VecDeque::new();
        if source::is_folder(path) {
            parts = match D::TABLE {
                "" => source::parts(path)?,
                table => tables::of(path, table)?,
            };
        }
        let first = parts.pop_front();
        let path = first.as_deref().unwrap_or(path);
        Ok(Self {
            path: Arc::from(path),
            plain: source::open(path, D::MEMBER)?,
            parts,
            ever: false,
            line: 1,
            begun: 1,
            around: Around::Nothing,
            any: false,
            ended: false,
            unread: Members::default(),
            kind: std::marker::PhantomData,
        })
    }

    /// Goes on with the next file of the folder that has anything in it, if there is one.
    fn turn(&mut self) -> Result<bool, ReadError> {
        while let Some(part) = self.parts.pop_front() {
            self.plain = source::open(&part, D::MEMBER)?;
            self.path = Arc::from(part);
            (self.line, self.begun, self.around) = (1, 1, Around::Nothing);
            self.ever |= std::mem::take(&mut self.any);
            if !matches!(self.peek(), Ok(None)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn listed(&self) -> bool {
        self.around != Around::Nothing
    }

    fn peek(&mut self) -> std::io::Result<Option<u8>> {
        Ok(self.plain.fill_buf()?.first().copied())
    }

    fn take(&mut self, byte: u8) {
        self.plain.consume(1);
        self.line += u64::from(byte == b'\n');
    }

    /// Passes over blanks and, in a list, commas; gives the first byte of the next value.
    fn begin(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            let byte = self
                .peek()
                .map_err(|error| ReadError::io(&self.path, &error).line(self.line))?;
            match byte {
                None if self.listed() => return Err(self.cut("the end of the list, `]`")),
                None => return Ok(None),
                Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) => self.take(byte),
                Some(byte @ b',') if self.listed() && self.any => self.take(byte),
                Some(byte @ b'[') if !self.listed() && !self.any => {
                    self.take(byte);
                    self.around = Around::List;
                }
                Some(byte @ b']') if self.listed() => {
                    self.take(byte);
                    if std::mem::take(&mut self.around) == Around::Object {
                        self.leave()?;
                    }
                }
                Some(0xef) if !self.any && self.line == 1 => self.mark(),
                Some(byte) => return Ok(Some(byte)),
            }
        }
    }

    /// Passes over a byte order mark.
    fn mark(&mut self) {
        let mark = self.plain.fill_buf().map(|start| start.starts_with(MARK));
        self.plain
            .consume(if mark.unwrap_or(false) { MARK.len() } else { 1 });
    }

    fn cut(&self, expected: &str) -> ReadError {
        let error = ReadError::expected(expected, "the end of the file");
        let error = error.hint("the file is truncated; what stands before can be used");
        error.file(&self.path).line(self.line)
    }

    /// Cuts out a value that begins with a bracket.
    fn value(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut value = Vec::new();
        let (mut depth, mut quoted, mut escaped) = (0_u64, false, false);
        loop {
            let chunk = match self.plain.fill_buf() {
                Ok([]) => return Err(self.cut("the rest of a value")),
                Ok(chunk) => chunk,
                Err(error) => return Err(ReadError::io(&self.path, &error).line(self.line)),
            };
            let mut end = None;
            for (position, byte) in chunk.iter().enumerate() {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    _ if quoted => {}
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth == 0 {
                    end = Some(position + 1);
                    break;
                }
            }
            let part = end.unwrap_or(chunk.len());
            if value.len() + part > LARGEST_DOCUMENT {
                let error = ReadError::expected("a value of at most 64 MiB", "a larger one");
                return Err(error.file(&self.path).line(self.line));
            }
            value.extend_from_slice(&chunk[..part]);
            self.plain.consume(part);
            if end.is_some() {
                return Ok(value);
            }
        }
    }

    /// Goes into the list of an object that has one; any other object is given back as a value.
    fn enter(&mut self, member: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let (mut value, mut outline) = (Vec::new(), Outline::default());
        // Where the last text began, and whether it was the name of the member.
        let (mut text, mut named) = (0, false);
        loop {
            let byte = self.byte("the rest of a value")?;
            let quoted = outline.quoted;
            outline.see(byte);
            if value.len() >= LARGEST_DOCUMENT {
                let error = ReadError::expected("a value of at most 64 MiB", "a larger one");
                return Err(error.file(&self.path).line(self.line));
            }
            match (quoted, outline.quoted) {
                (false, true) => text = value.len() + 1,
                (true, false) => named = value.get(text..) == Some(member.as_bytes()),
                _ => {}
            }
            value.push(byte);
            if outline.depth == 0 {
                return Ok(Some(value));
            }
            match byte {
                b'[' if !quoted && named && outline.depth == 2 => {
                    self.around = Around::Object;
                    return Ok(None);
                }
                b'"' | b':' | b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if !outline.quoted => named = false,
                _ => {}
            }
        }
    }

    /// Passes over what stands in an object behind its list.
    fn leave(&mut self) -> Result<(), ReadError> {
        let mut outline = Outline {
            depth: 1,
            ..Outline::default()
        };
        while outline.depth > 0 {
            let byte = self.byte("the end of the object around the list, `}`")?;
            outline.see(byte);
        }
        Ok(())
    }

    fn byte(&mut self, expected: &str) -> Result<u8, ReadError> {
        match self.peek() {
            Ok(Some(byte)) => {
                self.take(byte);
                Ok(byte)
            }
            Ok(None) => Err(self.cut(expected)),
            Err(error) => Err(ReadError::io(&self.path, &error).line(self.line)),
        }
    }

    fn parse(&mut self, value: &[u8], line: u64) -> Result<D, ReadError> {
        let parsed = self.unread.parse::<D>(value).map_err(|error| {
            let below = (error.line() as u64).saturating_sub(1);
            ReadError::json(format!("a {}", D::ONE), &error)
                .hint(D::KEYS)
                .file(&self.path)
                .line(line + below)
        })?;
        parsed
            .check()
            .map_err(|error| error.file(&self.path).line(line))?;
        Ok(parsed)
    }
}

/// How deep in brackets one is, and whether in a text.
#[derive(Default)]
struct Outline {
    depth: u64,
    quoted: bool,
    escaped: bool,
}

impl Outline {
    const fn see(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.quoted => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            _ if self.quoted => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

impl<D: Document> Iterator for Documents<D> {
    type Item = Result<D, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let begun = loop {
            let begun = self.begin();
            let Some(member) = D::INSIDE.filter(|_| !self.listed()) else {
                break begun;
            };
            if !matches!(begun, Ok(Some(b'{'))) {
                break begun;
            }
            let line = self.line;
            match self.enter(member) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    self.any = true;
                    self.begun = line;
                    return Some(self.parse(&value, line));
                }
                Err(error) => break Err(error),
            }
        };
        let line = match begun {
            Ok(Some(b'{' | b'[')) => self.line,
            Ok(Some(byte)) => {
                self.ended = true;
                let found = crate::error::quoted(&String::from_utf8_lossy(&[byte]));
                let error = ReadError::expected(format!("a {} as JSON", D::ONE), found);
                return Some(Err(error.hint(D::KEYS).file(&self.path).line(self.line)));
            }
            Ok(None) => match self.turn() {
                Ok(true) => return self.next(),
                Ok(false) => {
                    self.ended = true;
                    let error = ReadError::expected(format!("at least one {}", D::ONE), "none");
                    return (!self.any && !self.ever)
                        .then(|| Err(error.hint(D::KEYS).file(&self.path).line(self.line)));
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            },
            Err(error) => {
                self.ended = true;
                return Some(Err(error));
            }
        };
        self.any = true;
        self.begun = line;
        match self.value() {
            Ok(value) => {
                let parsed = self.parse(&value, line);
                self.line += value.split(|byte| *byte == b'\n').count() as u64 - 1;
                Some(parsed)
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}
