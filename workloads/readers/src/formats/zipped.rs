//! Files in a zip archive: read where they lie. A path goes on inside of one: `logs.zip/part-1.csv`.
//!
//! A zip says at its end what is in it, so that it is no stream: it must be a file (standard input is kept in
//! one), and one that lies in other packing is refused. An archive of several files is a folder of them, one of a
//! single file is that file. What an operating system puts beside them, and what is hidden, is left out.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Component, Path, PathBuf};

use rawzip::{CompressionMethod, FileReader, ZipArchive, ZipFileHeaderRecord};

use crate::error::Reached;
use crate::formats::source::{CHUNK, Counted, Plain, Unpacked};
use crate::formats::stdin;

/// Room for a name, an extra field and a comment of the greatest length.
const HEADER: usize = 4 << 16;
/// The most files of one archive that are read.
const MOST_FILES: usize = 50_000;
/// How many of them a message names.
const NAMED: usize = 5;

/// What a zip begins with; an empty one begins with its end.
pub(crate) fn begins(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// Whether there is a zip at a path.
pub(crate) fn is_one(path: &Path) -> bool {
    let mut start = [0; 4];
    let Ok(mut file) = stdin::open(path) else {
        return false;
    };
    // What is read of a pipe is gone.
    let is_file = file.metadata().is_ok_and(|file| file.is_file());
    is_file && file.read_exact(&mut start).is_ok() && begins(&start)
}

fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    Reached::after(0, io::Error::new(io::ErrorKind::InvalidData, error))
}

fn unsupported(message: String) -> io::Error {
    Reached::after(0, io::Error::new(io::ErrorKind::Unsupported, message))
}

/// The name of a file within the archive with slashes between its parts; none for a folder or what is hidden.
fn name_of(header: &ZipFileHeaderRecord<'_>) -> io::Result<Option<String>> {
    let path = header.file_path();
    let name = String::from_utf8_lossy(path.as_ref()).replace('\\', "/");
    let parts: Vec<&str> = name
        .split('/')
        .filter(|p| !matches!(*p, "" | "."))
        .collect();
    if parts.contains(&"..") {
        return Err(damaged("a file in the archive has a name that leaves it"));
    }
    let hidden = |part: &&str| part.starts_with('.') || *part == "__MACOSX";
    let is_file = !name.ends_with('/') && !parts.is_empty();
    Ok((is_file && !parts.iter().any(hidden)).then(|| parts.join("/")))
}

/// Does something with what the archive says of each of its files, until it says something.
fn find<T>(
    path: &Path,
    mut look: impl FnMut(
        &ZipArchive<FileReader>,
        &ZipFileHeaderRecord<'_>,
        String,
    ) -> io::Result<Option<T>>,
) -> io::Result<Option<T>> {
    let mut buffer = vec![0; HEADER];
    let archive = ZipArchive::from_file(stdin::open(path)?, &mut buffer).map_err(damaged)?;
    let mut entries = archive.entries(&mut buffer);
    while let Some(header) = entries.next_entry().map_err(damaged)? {
        if let Some(name) = name_of(&header)?
            && let Some(found) = look(&archive, &header, name)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The files of an archive, by their names.
pub(crate) fn files(path: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut left = stdin::open(path)?.metadata()?.len();
    find(path, |_, header, name| {
        // Files that share their bytes are a bomb.
        let packed = header.compressed_size_hint();
        let rest = left.checked_sub(packed);
        left = rest.ok_or_else(|| damaged("the files of the archive are larger than it is"))?;
        if names.len() == MOST_FILES {
            let message = format!("it has more than {MOST_FILES} files; unpack it");
            return Err(unsupported(message));
        }
        if !names.insert(name) {
            return Err(damaged("two files of the archive have one name"));
        }
        Ok(None::<()>)
    })?;
    Ok(names)
}

/// Whether there is an archive of several files at a path.
pub(crate) fn is_folder(path: &Path) -> bool {
    is_one(path) && files(path).is_ok_and(|files| files.len() > 1)
}

/// The only file of an archive.
pub(crate) fn only(path: &Path) -> io::Result<Plain> {
    let names = files(path)?;
    let mut first = names.iter();
    match (first.next(), first.next()) {
        (Some(name), None) => open(path, name),
        (None, _) => Err(damaged("the archive has no file in it")),
        _ => {
            let list: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
            let more = if names.len() > NAMED { ", ..." } else { "" };
            let (list, path) = (list.join(", "), path.display());
            Err(unsupported(format!(
                "it has {} files ({list}{more}); name one of them, as in {path}/{}",
                names.len(),
                names.first().map_or("", String::as_str)
            )))
        }
    }
}

/// The path of the file of this name in an archive of several, wherever it lies in it.
pub(crate) fn member(path: &Path, member: &str) -> Option<PathBuf> {
    if !is_one(path) {
        return None;
    }
    let names = files(path).ok().filter(|names| names.len() > 1)?;
    let mut all = names.iter();
    let name = all.find(|name| name.rsplit('/').next() == Some(member))?;
    Some(path.join(name))
}

/// The archive that a path leads into, and the name of the file in it.
fn split(path: &Path) -> Option<(&Path, String)> {
    let archive = path
        .ancestors()
        .skip(1)
        .find(|outer| stdin::is_it(outer) || outer.is_file())?;
    let rest = path.strip_prefix(archive).ok()?.components();
    let names = rest.filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let name = names.collect::<Vec<_>>().join("/");
    is_one(archive).then_some((archive, name))
}

/// The archive that a path leads into.
pub(crate) fn around(path: &Path) -> Option<&Path> {
    split(path).map(|(archive, _)| archive)
}

/// The file that a path inside of an archive leads to; nothing where it leads into none.
pub(crate) fn inside(path: &Path) -> io::Result<Option<Plain>> {
    let Some((archive, name)) = split(path) else {
        return Ok(None);
    };
    open(archive, &name).map(Some)
}

/// The bytes of a file in an archive, unpacked and compared with their checksum as they are read.
fn open(path: &Path, wanted: &str) -> io::Result<Plain> {
    let found = find(path, |archive, header, name| {
        if name != wanted {
            return Ok(None);
        }
        if header.flags().is_encrypted() {
            return Err(unsupported(format!("{wanted} is encrypted; unpack it")));
        }
        let entry = archive.get_entry(header.wayfinder()).map_err(damaged)?;
        let (start, end) = entry.compressed_data_range();
        let mut file = stdin::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        let packed = Counted::new(file).take(end - start);
        let packed = BufReader::with_capacity(CHUNK, packed);
        let plain: Box<dyn Read + Send> = match header.compression_method() {
            CompressionMethod::STORE => Box::new(entry.verifying_reader(packed)),
            CompressionMethod::DEFLATE => {
                let plain = flate2::bufread::DeflateDecoder::new(packed);
                Box::new(entry.verifying_reader(plain))
            }
            // These begin so that they are known, and have checksums of their own.
            CompressionMethod::ZSTD | CompressionMethod::BZIP2 | CompressionMethod::XZ => {
                Box::new(packed)
            }
            other => {
                return Err(unsupported(format!(
                    "{wanted} is packed with method {other}; unpack it"
                )));
            }
        };
        Ok(Some(plain))
    })?;
    found
        .map(|plain| -> Plain { Box::new(BufReader::with_capacity(CHUNK, Unpacked::new(plain))) })
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("the archive has no {wanted}"),
            )
        })
}

/// A file of which any part can be read at once, for a table that says at its end what is in it: the file
/// itself, or a temporary one of what is packed.
pub(crate) fn seekable(path: &Path, magic: &[u8], unpacked: Plain) -> io::Result<File> {
    let mut start = vec![0; magic.len()];
    if let Ok(mut file) = stdin::open(path)
        && file.read_exact(&mut start).is_ok()
        && start == magic
    {
        file.rewind()?;
        return Ok(file);
    }
    let mut kept = tempfile::tempfile()?;
    let copied = io::copy(&mut unpacked.take(MOST_UNPACKED), &mut kept)?;
    if copied == MOST_UNPACKED {
        return Err(unsupported(
            "the table in it is very large; unpack it".to_owned(),
        ));
    }
    kept.rewind()?;
    Ok(kept)
}

/// The largest table that is unpacked to a temporary file, in bytes.
const MOST_UNPACKED: u64 = 4 << 30;
