//! A file as plain bytes: whatever is compressed or packed is unpacked by its content.
//!
//! Names lie (`.tbz2`, `.gz` downloads that a browser has already unpacked); the first bytes do
//! not. Everything streams, so a large archive needs no large memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Reached, ReadError};
use crate::trace::Input;

/// How many bytes are read at once.
const CHUNK: usize = 64 << 10;
/// How many layers of compression may lie around each other.
const MOST_LAYERS: usize = 3;
/// The most memory that unpacking an xz file may take, in KiB: four times what `xz -9` asks for.
const MOST_XZ_KIB: u32 = 256 << 10;
const TAR_BLOCK: usize = 512;
/// Where an archive says what is in it, for messages.
pub(crate) const HEADERS: &str = "the headers of the archive";

/// The plain bytes of a file.
pub(crate) type Plain = Box<dyn BufRead + Send>;

/// Opens `path` and unpacks it. Inside a tar archive, `member` is looked for.
pub(crate) fn open(path: &Path, member: &str) -> Result<Plain, ReadError> {
    let failed = |error: io::Error| ReadError::io(path, &error);
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

/// The files of a folder in the order of their names; what is hidden, or a folder, is left out.
pub(crate) fn parts(folder: &Path) -> Result<VecDeque<PathBuf>, ReadError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            if !name.starts_with(b".") && path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    };
    let files = list().map_err(|error| ReadError::io(folder, &error))?;
    if files.is_empty() {
        let error = ReadError::expected("a file or a folder of parts", "an empty folder");
        return Err(error.file(folder));
    }
    Ok(files.into())
}

/// What a trace says it was read from: `name` as the recipe gives it, and the file's hash.
///
/// # Errors
/// When it cannot be read.
pub fn input(path: &Path, name: &Path) -> Result<Input, ReadError> {
    let mut hasher = blake3::Hasher::new();
    let read = File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ()));
    read.map_err(|error| ReadError::io(path, &error))?;
    Ok(Input {
        path: name.to_owned(),
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

/// How many bytes of trace files this process has read so far, as they lie on disk: for whoever shows
/// progress. What is read as Parquet is not among them.
pub fn bytes_read() -> u64 {
    READ.load(Ordering::Relaxed)
}

static READ: AtomicU64 = AtomicU64::new(0);

/// A file that counts what is read of it.
struct Counted(File);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        READ.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The plain bytes of a file; an archive stays one.
pub(crate) fn decompressed(path: &Path) -> io::Result<Plain> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a folder",
        ));
    }
    let mut plain: Plain = Box::new(BufReader::with_capacity(CHUNK, Counted(file)));
    for _ in 0..MOST_LAYERS {
        let unpacked: Box<dyn Read + Send> =
            match plain.fill_buf()? {
                [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::with_buffer(plain)?),
                [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => {
                    Box::new(bzip2::bufread::MultiBzDecoder::new(plain))
                }
                [0x1f, 0x8b, 0x08, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(plain)),
                [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Box::new(
                    lzma_rust2::XzReader::new_mem_limit(plain, true, MOST_XZ_KIB),
                ),
                _ => return Ok(plain),
            };
        plain = Box::new(BufReader::with_capacity(
            CHUNK,
            Unpacked {
                inner: unpacked,
                passed: 0,
            },
        ));
    }
    Ok(plain)
}

/// Bytes on their way out of a compressed file: what goes wrong says after how many.
struct Unpacked {
    inner: Box<dyn Read + Send>,
    passed: u64,
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
