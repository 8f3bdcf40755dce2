//! A file as plain bytes: whatever is compressed or packed is unpacked by its content.
//!
//! Names lie (`.tbz2`, `.gz` downloads that a browser has already unpacked); the first bytes do
//! not. Everything streams, so a large archive needs no large memory.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{self, AtomicU64};

use crate::error::{Reached, ReadError};
use crate::formats::framings::{self, Blocks, Framing};
use crate::formats::{arrow, mixed, stdin, zipped};
use crate::trace::Input;

/// How many bytes are read at once.
pub(crate) const CHUNK: usize = 64 << 10;
/// How many layers of compression may lie around each other.
const MOST_LAYERS: usize = 3;
/// The most memory that unpacking an xz file may take, in KiB: four times what `xz -9` asks for.
const MOST_XZ_KIB: u32 = 256 << 10;
const TAR_BLOCK: usize = 512;
/// Where an archive says what is in it, for messages.
pub(crate) const HEADERS: &str = "the headers of the archive";

/// The plain bytes of a file.
pub(crate) type Plain = Box<dyn BufRead + Send>;

/// Opens `path` and unpacks it. Inside an archive of several files, `member` is looked for.
pub(crate) fn open(path: &Path, member: &str) -> Result<Plain, ReadError> {
    let failed = |error: io::Error| ReadError::io(path, &error);
    if let Some(inside) = zipped::member(path, member) {
        return decompressed(&inside).map_err(failed);
    }
    let (is_tar, mut plain) = decompressed(path)
        .and_then(looks_like_tar)
        .map_err(failed)?;
    if !is_tar {
        return Ok(plain);
    }
    let found = decompressed(path).and_then(|archive| locate(archive, member));
    let (start, length) = found.map_err(|error| failed(error).place(HEADERS))?;
    io::copy(&mut plain.by_ref().take(start), &mut io::sink()).map_err(failed)?;
    Ok(Box::new(BufReader::new(Exactly {
        inner: plain,
        end: start + length,
        left: length,
    })))
}

/// The files of a folder in the order of their numbers (see [`by_number`]); what is hidden, or a
/// folder, is left out, and so is what a writer of Spark's logs puts beside them. Of a zip archive all
/// files that are in it, in whatever folders.
pub(crate) fn parts(folder: &Path) -> Result<VecDeque<PathBuf>, ReadError> {
    if let Some((folder, format)) = mixed::selected(folder) {
        return mixed::files(folder, format);
    }
    let list = || -> io::Result<Vec<PathBuf>> {
        if !folder.is_dir() {
            let mut names: Vec<String> = zipped::files(folder)?.into_iter().collect();
            names.sort_by(|one, other| by_number(one, other));
            return Ok(names.iter().map(|name| folder.join(name)).collect());
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            if !name.starts_with(b".") && path.is_file() {
                files.push(path);
            }
        }
        files.sort_by(|one, other| by_number(&name_of(one), &name_of(other)));
        Ok(files)
    };
    let files = list().map_err(|error| ReadError::io(folder, &error))?;
    let files = rolled(files);
    if files.is_empty() {
        let expected = "a file or a folder of parts";
        let error = match folders(folder) {
            None => ReadError::expected(expected, "an empty folder"),
            Some(inner) => {
                let found = format!("a folder of folders alone ({inner})");
                ReadError::expected(expected, found).hint("name one of them")
            }
        };
        return Err(error.file(folder));
    }
    Ok(files.into())
}

/// The folders in a folder, the first of them by name.
pub(crate) fn folders(folder: &Path) -> Option<String> {
    const NAMED: usize = 3;
    let entries = std::fs::read_dir(folder).ok()?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut names: Vec<String> = paths
        .filter(|path| path.is_dir())
        .map(|path| name_of(&path))
        .collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort_by(|one, other| by_number(one, other));
    let more = if names.len() > NAMED { ", ..." } else { "" };
    names.truncate(NAMED);
    (!names.is_empty()).then(|| names.join(", ") + more)
}

/// Whether a path is a folder of parts, or an archive that is read as one.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.is_dir() || zipped::is_folder(path) || mixed::selected(path).is_some()
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The order of the parts of a trace: digits in names are numbers, so that part 10 comes behind part
/// 2; everything else goes by its bytes, and so do names that differ in zeros before a number only.
pub(crate) fn by_number(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one.as_bytes(), other.as_bytes());
    loop {
        let ((number, left_rest), (other_number, right_rest)) = (digits(left), digits(right));
        let order = if number.is_empty() || other_number.is_empty() {
            left.first().cmp(&right.first())
        } else {
            let (number, other_number) = (without_zeros(number), without_zeros(other_number));
            let longer = number.len().cmp(&other_number.len());
            longer.then_with(|| number.cmp(other_number))
        };
        if order != Ordering::Equal {
            return order;
        }
        if left.is_empty() {
            return one.cmp(other);
        }
        let both = !number.is_empty() && !other_number.is_empty();
        (left, right) = if both {
            (left_rest, right_rest)
        } else {
            (&left[1..], &right[1..])
        };
    }
}

/// The digits that text begins with, and what follows them.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let first = digits.iter().position(|digit| *digit != b'0');
    &digits[first.unwrap_or(digits.len())..]
}

/// The parts of a log that Spark rolled over, in their order; other files as they are.
///
/// Spark's rules (`EventLogFileReaders`): `events_2_app`, perhaps with the name of a codec behind it,
/// is part two. `events_2_app.compact` stands for the parts up to two, which may still be there.
/// `appstatus_app`, perhaps `.inprogress`, only says by its name whether the application is over. At
/// Databricks `eventlog` is the newest part, behind all `eventlog-DATE` ones.
fn rolled(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let events = |path: &Path| {
        let name = name_of(path);
        let (number, _) = name.strip_prefix("events_")?.split_once('_')?;
        Some((number.parse::<u64>().ok()?, name.ends_with(".compact")))
    };
    let numbered: Vec<(u64, bool)> = files.iter().filter_map(|file| events(file)).collect();
    if !numbered.is_empty() {
        let compacts = numbered.iter().filter(|(_, compact)| *compact);
        let whole = compacts.map(|(number, _)| *number).max();
        let counts = |file: &PathBuf| {
            let part = events(file);
            part.map_or(
                !name_of(file).starts_with("appstatus"),
                |(number, compact)| {
                    whole.is_none_or(|whole| number > whole || (number == whole && compact))
                },
            )
        };
        return files.into_iter().filter(counts).collect();
    }
    let newest = |file: &PathBuf| name_of(file) == "eventlog";
    let dated = |file: &PathBuf| name_of(file).starts_with("eventlog-");
    if files.iter().any(dated) {
        let (last, mut rest): (Vec<_>, Vec<_>) = files.into_iter().partition(newest);
        rest.extend(last);
        return rest;
    }
    files
}

/// What a trace says it was read from: `name` as the recipe gives it, and the file's hash.
///
/// # Errors
/// When it cannot be read.
pub fn input(path: &Path, name: &Path) -> Result<Input, ReadError> {
    let mut hasher = blake3::Hasher::new();
    let whole = zipped::around(path).unwrap_or(path);
    let read = stdin::open(whole).and_then(|file| hasher.update_reader(file).map(|_| ()));
    read.map_err(|error| ReadError::io(path, &error))?;
    Ok(Input {
        path: name.to_owned(),
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

/// How many lines a file has and how many bytes, unpacked: what reading it costs at the least, of which nothing is
/// understood.
///
/// # Errors
/// When it cannot be read or unpacked.
pub fn lines_of(path: &Path) -> Result<(u64, u64), ReadError> {
    let count = || -> io::Result<(u64, u64)> {
        let (mut plain, mut line) = (unpacked(path)?, Vec::new());
        let (mut lines, mut bytes) = (0, 0);
        loop {
            line.clear();
            match plain.read_until(b'\n', &mut line)? {
                0 => return Ok((lines, bytes)),
                read => (lines, bytes) = (lines + 1, bytes + read as u64),
            }
        }
    };
    count().map_err(|error| ReadError::io(path, &error))
}

/// How many bytes of trace files this process has read so far, as they lie on disk: for whoever shows
/// progress. What is read as Parquet is not among them.
pub fn bytes_read() -> u64 {
    READ.load(atomic::Ordering::Relaxed)
}

static READ: AtomicU64 = AtomicU64::new(0);

/// A file that counts what is read of it.
pub(crate) struct Counted(File);

impl Counted {
    pub(crate) const fn new(file: File) -> Self {
        Self(file)
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        READ.fetch_add(read as u64, atomic::Ordering::Relaxed);
        Ok(read)
    }
}

/// The bytes of a file as they lie on disk.
fn opened(file: File) -> io::Result<Plain> {
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a folder",
        ));
    }
    Ok(Box::new(BufReader::with_capacity(CHUNK, Counted(file))))
}

/// The plain bytes of a file that is no table of Arrow: only who asks for such a table reads one.
pub(crate) fn decompressed(path: &Path) -> io::Result<Plain> {
    let mut plain = unpacked(path)?;
    match plain.fill_buf()? {
        start if arrow::begins(start) => Err(of_arrow()),
        _ => Ok(plain),
    }
}

/// The plain bytes of a file, whatever they are; an archive that can be read as a stream stays one.
pub(crate) fn unpacked(path: &Path) -> io::Result<Plain> {
    let mut plain = match stdin::open(path) {
        Ok(file) => opened(file)?,
        Err(error) => zipped::inside(path)?.ok_or(error)?,
    };
    if zipped::begins(plain.fill_buf()?) && zipped::is_one(path) {
        plain = zipped::only(path)?;
    }
    for _ in 0..MOST_LAYERS {
        let unpacked: Box<dyn Read + Send> = match plain.fill_buf()? {
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::with_buffer(plain)?),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => {
                Box::new(bzip2::bufread::MultiBzDecoder::new(plain))
            }
            [0x1f, 0x8b, 0x08, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(plain)),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Box::new(lzma_rust2::XzReader::new_mem_limit(
                plain,
                true,
                MOST_XZ_KIB,
            )),
            start if start.starts_with(framings::LZ4) => Box::new(Blocks::new(plain, Framing::Lz4)),
            start if start.starts_with(framings::SNAPPY) => {
                Box::new(Blocks::new(plain, Framing::Snappy))
            }
            start if zipped::begins(start) => return Err(zip_within()),
            [b'F', b'E', b'A', b'1', ..] => return Err(first_feather()),
            [b'Z', b'V', 0 | 1, ..] => return Err(packed_with_lzf()),
            _ => return Ok(plain),
        };
        plain = Box::new(BufReader::with_capacity(CHUNK, Unpacked::new(unpacked)));
    }
    Ok(plain)
}

/// Spark's oldest codec has a framing that nobody but its Java library knows.
fn packed_with_lzf() -> io::Error {
    let message = "it is packed with LZF in a framing of Java's own; unpack it with Spark, or write logs with \
                   spark.eventLog.compression.codec=zstd";
    Reached::after(0, io::Error::new(io::ErrorKind::Unsupported, message))
}

/// Public data sets in columns are Parquet; a table of Arrow is somebody's own.
fn of_arrow() -> io::Error {
    let message = "it is a table of Arrow, which is read as a plain table (--format table, --columns) and as nothing \
                   else; write it as Parquet, as in \
                   pandas.read_feather(\"jobs.arrow\").to_parquet(\"jobs.parquet\")";
    Reached::after(0, io::Error::new(io::ErrorKind::Unsupported, message))
}

/// The first version of Feather is a format of its own, which nobody has written since 2020.
fn first_feather() -> io::Error {
    let message = "it is a table in the first version of Feather; write it in the second, as in \
                   pandas.read_feather(\"old.feather\").to_feather(\"new.feather\")";
    Reached::after(0, io::Error::new(io::ErrorKind::Unsupported, message))
}

/// What is in a zip stands at its end, which is known of files alone.
fn zip_within() -> io::Error {
    let message =
        "a zip archive is in it, which can be read as a file alone; unpack what is around it";
    Reached::after(0, io::Error::new(io::ErrorKind::Unsupported, message))
}

/// Bytes on their way out of a compressed file: what goes wrong says after how many.
pub(crate) struct Unpacked {
    inner: Box<dyn Read + Send>,
    passed: u64,
}

impl Unpacked {
    pub(crate) const fn new(inner: Box<dyn Read + Send>) -> Self {
        Self { inner, passed: 0 }
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self
            .inner
            .read(buffer)
            .map_err(|error| Reached::after(self.passed, error))?;
        self.passed += read as u64;
        Ok(read)
    }
}

/// Whether a tar header comes first; gives all bytes back.
pub(crate) fn looks_like_tar(mut plain: Plain) -> io::Result<(bool, Plain)> {
    let mut head = Vec::with_capacity(TAR_BLOCK);
    plain
        .by_ref()
        .take(TAR_BLOCK as u64)
        .read_to_end(&mut head)?;
    let is_tar = head.get(257..262) == Some(b"ustar".as_slice());
    Ok((is_tar, Box::new(io::Cursor::new(head).chain(plain))))
}

/// Where `member` starts in a tar archive and how long it is, in bytes.
fn locate(archive: Plain, member: &str) -> io::Result<(u64, u64)> {
    let mut archive = tar::Archive::new(archive);
    let mut seen = Vec::new();
    for entry in archive.entries()? {
        let entry = entry?;
        let path = entry.path()?;
        let plain_file = entry.header().entry_type().is_file();
        if plain_file && path.file_name().is_some_and(|name| name == member) {
            return Ok((entry.raw_file_position(), entry.size()));
        }
        if seen.len() < 5 {
            seen.push(path.display().to_string());
        }
    }
    let message = format!(
        "expected a member `{member}` in the archive, found {}",
        if seen.is_empty() {
            "an empty archive".to_owned()
        } else {
            seen.join(", ")
        }
    );
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

/// Reads exactly so many bytes: an end before that is an error.
struct Exactly {
    inner: Plain,
    /// Where in the archive they end.
    end: u64,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut buffer[..room])?;
        if count == 0 && room > 0 {
            let reached = self.end - self.left;
            return Err(Reached::after(reached, io::ErrorKind::UnexpectedEof.into()));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &str, expected: &str) {
        let mut names: Vec<&str> = names.split(' ').collect();
        let expected: Vec<&str> = expected.split(' ').collect();
        for _ in 0..names.len() {
            names.rotate_left(1);
            names.sort_by(|one, other| by_number(one, other));
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn numbers_in_names_are_numbers() {
        sorted("part-10 part-9 part-1", "part-1 part-9 part-10");
        sorted("a10b2 a10b10 a9b1 a", "a a9b1 a10b2 a10b10");
        sorted("x2 x02 x1 x002", "x1 x002 x02 x2");
        sorted("7 b 10 a", "7 10 a b");
        sorted(
            "part-00001 part-00000 part-00010",
            "part-00000 part-00001 part-00010",
        );
        sorted(
            "9999999999999999999999 10000000000000000000000 1",
            "1 9999999999999999999999 10000000000000000000000",
        );
    }

    fn read(names: &str, expected: &str) {
        let mut files: Vec<PathBuf> = names.split(' ').map(PathBuf::from).collect();
        files.sort_by(|one, other| by_number(&name_of(one), &name_of(other)));
        let files: Vec<String> = rolled(files).iter().map(|file| name_of(file)).collect();
        assert_eq!(files.join(" "), expected);
    }

    #[test]
    fn parts_of_a_rolled_log_go_by_its_writers_rules() {
        read(
            "appstatus_x events_10_x events_2_x events_1_x",
            "events_1_x events_2_x events_10_x",
        );
        read(
            "appstatus_x.inprogress events_1_x.zstd events_2_x.zstd.compact events_2_x.zstd events_3_x.zstd",
            "events_2_x.zstd.compact events_3_x.zstd",
        );
        read(
            "events_1_x.compact events_4_x.compact events_5_x events_11_x.inprogress",
            "events_4_x.compact events_5_x events_11_x.inprogress",
        );
        read(
            "eventlog eventlog-2024-05-01--10-00.gz eventlog-2024-04-30--23-00.gz",
            "eventlog-2024-04-30--23-00.gz eventlog-2024-05-01--10-00.gz eventlog",
        );
        // Only beside parts is a status no part.
        read("appstatus_x b a", "a appstatus_x b");
    }
}
