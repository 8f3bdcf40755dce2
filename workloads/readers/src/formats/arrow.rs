//! Tables of Arrow, as files (`.arrow`, the second version of Feather) or streams: a batch of rows at a time.
//!
//! Source: the columnar format of Apache Arrow, "Serialization and Interprocess Communication". A file is a
//! stream between a magic word and a footer that repeats where its batches are, so both are read as streams,
//! packed or not. The library takes the memory that a message asks for; every message is therefore looked at
//! before it has a say: how long it is, what its buffers unpack to, and how many rows they can hold.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{read_dictionary, read_record_batch};
use arrow_ipc::{Message, MessageHeader, root_as_message};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use crate::error::ReadError;
use crate::formats::source::{self, Plain};

/// The first and the last bytes of a file of Arrow.
const MAGIC: &[u8] = b"ARROW1";
/// How many bytes stand in front of the stream in a file, and how many more numbers of nothing may.
const FRONT: u64 = 8;
const MOST_FILLED: usize = 16;
/// What a message begins with, and so a stream.
const CONTINUES: [u8; 4] = [0xff; 4];
/// The longest description of a message, in bytes.
const MOST_SAID: u64 = 16 << 20;
/// The most memory that the rows of one batch may take, packed and unpacked together, in bytes.
const MOST_BATCH: u64 = 256 << 20;
/// The most that all dictionaries may take, in bytes.
const MOST_DICTIONARIES: u64 = 64 << 20;

/// Whether a file that begins so is a table of Arrow.
pub(crate) fn begins(start: &[u8]) -> bool {
    start.starts_with(MAGIC) || start.starts_with(&CONTINUES)
}

/// Whether a file is one.
pub(crate) fn is_arrow(path: &Path) -> Result<bool, ReadError> {
    let plain = source::unpacked(path);
    let begins = plain.and_then(|mut plain| Ok(begins(plain.fill_buf()?)));
    begins.map_err(|error| ReadError::io(path, &error))
}

/// The batches of a table on their way.
pub(crate) struct Batches {
    bytes: Plain,
    path: Arc<Path>,
    /// Whether there is a footer behind the stream.
    is_file: bool,
    schema: SchemaRef,
    /// As the library wants them; nobody walks through it.
    dictionaries: HashMap<i64, ArrayRef>,
    /// How many bytes each of them takes.
    sizes: BTreeMap<i64, u64>,
    /// How many messages were begun.
    message: u64,
    ended: bool,
}

/// What a message was.
enum Heard {
    End,
    Nothing,
    Rows(RecordBatch),
}

impl Batches {
    /// Opens a table and reads what its columns are.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let failed = |error: std::io::Error| ReadError::io(path, &error);
        let mut bytes = source::unpacked(path).map_err(failed)?;
        let is_file = bytes.fill_buf().map_err(failed)?.starts_with(MAGIC);
        let mut table = Self {
            bytes,
            path: Arc::from(path),
            is_file,
            schema: Arc::new(Schema::empty()),
            dictionaries: HashMap::new(),
            sizes: BTreeMap::new(),
            message: 0,
            ended: false,
        };
        table
            .head()
            .map_err(|error| standing(error, "the schema").file(path))?;
        Ok(table)
    }

    fn head(&mut self) -> Result<(), ReadError> {
        let said = if self.is_file {
            self.exactly(FRONT)?;
            // Some writers fill the front up to a larger boundary.
            let mut first = self.four()?;
            for _ in 0..MOST_FILLED {
                if first != [0; 4] {
                    break;
                }
                first = self.four()?;
            }
            self.said_behind(first)?
        } else {
            self.said()?
        };
        let said = said.ok_or_else(truncated)?;
        self.schema = guarded(|| schema(&understood(&said)?))?;
        Ok(())
    }

    /// What its columns are.
    pub(crate) fn fields(&self) -> impl ExactSizeIterator<Item = &Field> {
        self.schema.fields().iter().map(AsRef::as_ref)
    }

    /// The next rows, with these columns alone; nothing behind the last. A bad message ends the table.
    pub(crate) fn next(&mut self, columns: &[usize]) -> Option<Result<RecordBatch, ReadError>> {
        while !self.ended {
            let heard = self.hear(columns);
            self.ended = matches!(heard, Ok(Heard::End) | Err(_));
            match heard {
                Ok(Heard::Rows(batch)) => return Some(Ok(batch)),
                Ok(Heard::Nothing | Heard::End) => {}
                Err(error) => {
                    let place = format!("message {}", self.message);
                    return Some(Err(standing(error, &place).file(&self.path)));
                }
            }
        }
        None
    }

    fn hear(&mut self, columns: &[usize]) -> Result<Heard, ReadError> {
        let Some(said) = self.said()? else {
            self.footer()?;
            return Ok(Heard::End);
        };
        let length = understood(&said)?.bodyLength();
        let body = self.exactly(within(length, MOST_BATCH, "bytes of one batch")?)?;
        guarded(|| self.understand(&understood(&said)?, &Buffer::from_vec(body), columns))
    }

    fn understand(
        &mut self,
        message: &Message<'_>,
        body: &Buffer,
        columns: &[usize],
    ) -> Result<Heard, ReadError> {
        let version = message.version();
        if let Some(batch) = message.header_as_record_batch() {
            room(&batch, body)?;
            let (schema, dictionaries) = (Arc::clone(&self.schema), &self.dictionaries);
            let read =
                read_record_batch(body, batch, schema, dictionaries, Some(columns), &version);
            return read.map(Heard::Rows).map_err(|error| damaged(&error));
        }
        let Some(dictionary) = message.header_as_dictionary_batch() else {
            let found = match message.header_type() {
                MessageHeader::Schema => "another schema",
                _ => "something else",
            };
            return Err(ReadError::expected("rows, or a dictionary", found));
        };
        let data = dictionary.data().ok_or_else(truncated)?;
        let size = self.sizes.entry(dictionary.id()).or_default();
        let before = if dictionary.isDelta() { *size } else { 0 };
        *size = before.saturating_add(room(&data, body)?);
        let all = self
            .sizes
            .values()
            .fold(0, |all: u64, one| all.saturating_add(*one));
        if all > MOST_DICTIONARIES {
            let expected = format!("dictionaries of at most {MOST_DICTIONARIES} bytes");
            return Err(ReadError::expected(expected, all)
                .hint("write columns with as many different values as plain text"));
        }
        let known = &mut self.dictionaries;
        read_dictionary(body, dictionary, &self.schema, known, &version)
            .map(|()| Heard::Nothing)
            .map_err(|error| damaged(&error))
    }

    /// The description of the next message; nothing where the stream says that it ends, or where it may.
    fn said(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        if !self.is_file && self.peek()?.is_empty() {
            return Ok(None);
        }
        let first = self.four()?;
        self.said_behind(first)
    }

    /// The same, behind its first bytes.
    fn said_behind(&mut self, first: [u8; 4]) -> Result<Option<Vec<u8>>, ReadError> {
        self.message += 1;
        let mut length = first;
        if length == CONTINUES {
            length = self.four()?;
        }
        let length = within(
            i32::from_le_bytes(length),
            MOST_SAID,
            "bytes that describe a message",
        )?;
        match length {
            0 => Ok(None),
            length => self.exactly(length).map(Some),
        }
    }

    /// Behind the stream of a file comes what this reader has no use for, and the magic word again.
    fn footer(&mut self) -> Result<(), ReadError> {
        let mut end: Vec<u8> = Vec::new();
        while self.is_file {
            let part = self.peek()?;
            if part.is_empty() {
                return if end == MAGIC {
                    Ok(())
                } else {
                    Err(truncated())
                };
            }
            let length = part.len();
            end.extend_from_slice(&part[length.saturating_sub(MAGIC.len())..]);
            end.drain(..end.len().saturating_sub(MAGIC.len()));
            self.bytes.consume(length);
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<&[u8], ReadError> {
        let path = &self.path;
        let part = self.bytes.fill_buf();
        part.map_err(|error| ReadError::io(path, &error))
    }

    fn four(&mut self) -> Result<[u8; 4], ReadError> {
        let bytes = self.exactly(4)?;
        bytes.try_into().map_err(|_| truncated())
    }

    /// So many bytes; memory grows with those that are there, not with those that are said to be.
    fn exactly(&mut self, length: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        let read = self.bytes.by_ref().take(length).read_to_end(&mut bytes);
        match read.map_err(|error| ReadError::io(&self.path, &error))? {
            read if read as u64 == length => Ok(bytes),
            _ => Err(truncated()),
        }
    }
}

/// An error of this place, where it does not know a better one.
fn standing(error: ReadError, place: &str) -> ReadError {
    match error.place {
        Some(_) => error,
        None => error.place(place),
    }
}

/// What is said about a message.
fn understood(said: &[u8]) -> Result<Message<'_>, ReadError> {
    root_as_message(said).map_err(|error| {
        // It says on further lines how it came there.
        let error = error.to_string();
        unreadable(error.lines().next().unwrap_or_default())
    })
}

fn schema(message: &Message<'_>) -> Result<SchemaRef, ReadError> {
    let schema = message.header_as_schema();
    let schema = schema.ok_or_else(|| ReadError::expected("a schema first", "something else"))?;
    if !schema.endianness().equals_to_target_endianness() {
        let error = ReadError::expected("numbers in this machine's byte order", "the other one");
        return Err(error.hint("write it on a machine like this one, or as Parquet"));
    }
    let schema = try_fb_to_schema(schema).map_err(|error| damaged(&error))?;
    Ok(Arc::new(schema))
}

/// How many bytes the buffers of a batch unpack to, where that and its rows are no more than there can be.
fn room(batch: &arrow_ipc::RecordBatch<'_>, body: &[u8]) -> Result<u64, ReadError> {
    let packed = batch.compression().is_some();
    let mut all = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let part = usize::try_from(buffer.offset()).ok().and_then(|from| {
            let to = from.checked_add(usize::try_from(buffer.length()).ok()?)?;
            body.get(from..to)
        });
        let part = part.ok_or_else(|| {
            let expected = format!("buffers within the {} bytes of the batch", body.len());
            ReadError::expected(expected, "another one").hint(DAMAGED)
        })?;
        let unpacked = match part.first_chunk() {
            Some(length) if packed => match i64::from_le_bytes(*length) {
                // Not packed after all.
                -1 => part.len() as u64,
                length => within(length, MOST_BATCH, "bytes of one batch")?,
            },
            _ => part.len() as u64,
        };
        all = all.saturating_add(unpacked);
    }
    let memory = if packed { body.len() as u64 } else { 0 };
    if all.saturating_add(memory) > MOST_BATCH {
        let expected = format!("batches of at most {MOST_BATCH} bytes");
        return Err(ReadError::expected(expected, all.saturating_add(memory)).hint(SMALLER));
    }
    // A row of a column that is read takes a bit at the least.
    let most = all.saturating_mul(8);
    within(batch.length(), most, "rows of so short a batch")?;
    for node in batch.nodes().into_iter().flatten() {
        within(node.length(), most, "values of so short a batch")?;
    }
    Ok(all)
}

/// A number that counts something of which there are at most so many.
fn within(count: impl Into<i64>, most: u64, what: &str) -> Result<u64, ReadError> {
    let count = count.into();
    let fits = u64::try_from(count).ok().filter(|count| *count <= most);
    fits.ok_or_else(|| ReadError::expected(format!("0 to {most} {what}"), count).hint(SMALLER))
}

const SMALLER: &str = "the file is damaged, or its batches are too large: write it with fewer rows in each, as in \
                       pyarrow.feather.write_feather(table, \"jobs.arrow\", chunksize=65536)";
const DAMAGED: &str = "the file is damaged or truncated; fetch it again";

/// The library panics on some damaged files; here that is one more kind of damage. The table is not read on.
fn guarded<T>(read: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(unreadable("it is damaged")))
}

fn damaged(error: &ArrowError) -> ReadError {
    unreadable(&error.to_string())
}

fn unreadable(error: &str) -> ReadError {
    ReadError::said(format!("the table of Arrow cannot be read: {error}")).hint(DAMAGED)
}

fn truncated() -> ReadError {
    ReadError::expected("more of the table of Arrow", "the end of the file").hint(DAMAGED)
}
