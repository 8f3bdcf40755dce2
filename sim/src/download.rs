//! Fetching a file over HTTP so that what is kept is whole: resumed where it broke off, hashed as it
//! streams, and put in its place only when it is as it should be.
//!
//! An unfinished file waits beside its place as `.part`, with what the server called that version of
//! it in `.part.tag`. A server that has another version by then, or that cannot send a part of a file,
//! sends all of it and the beginning is dropped.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use ureq::http::{HeaderMap, Response};

/// How often a broken connection is taken up again, as long as each brought something.
const TURNS: u32 = 5;
/// How many bytes are read at once.
const CHUNK: usize = 64 << 10;

/// What is fetched.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Where it is.
    pub address: &'a str,
    /// Where it goes.
    pub place: &'a Path,
    /// How many bytes it has, if that is known.
    pub size: Option<u64>,
    /// Its SHA-256 in hexadecimal, if that is known.
    pub sha256: Option<&'a str>,
}

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The server answers that it will not.
    #[error("{address}: the server answers {status}")]
    Refused {
        /// Where.
        address: String,
        /// The status of HTTP and its name.
        status: String,
    },
    /// There is no answer, or it breaks off.
    #[error("{address}: {cause}, after {held} bytes\n  hint: the same command goes on from there")]
    Broken {
        /// Where.
        address: String,
        /// What happened.
        cause: String,
        /// How many bytes are kept.
        held: u64,
    },
    /// It is not what the catalogue knows.
    #[error(
        "{address}: expected {what} {expected}, found {found}; nothing is kept\n  \
         hint: the file was damaged on its way, or changed since; fetch it again or ask its publisher"
    )]
    Other {
        /// Where.
        address: String,
        /// The size or the checksum.
        what: &'static str,
        /// What is known.
        expected: String,
        /// What came.
        found: String,
    },
    /// It cannot be written.
    #[error("{}: cannot be written: {cause}", place.display())]
    Unwritten {
        /// Where.
        place: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// A file on its way.
struct Part {
    path: PathBuf,
    tag: PathBuf,
    file: File,
    hasher: Sha256,
    held: u64,
}

impl Part {
    /// What is there of it already.
    fn open(place: &Path) -> io::Result<Self> {
        let beside = |ending: &str| {
            let mut name = place.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let path = beside(".part");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let mut hasher = Sha256::new();
        let held = hash(&mut file, &mut hasher)?;
        let tag = beside(".part.tag");
        Ok(Self {
            path,
            tag,
            file,
            hasher,
            held,
        })
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.hasher = Sha256::new();
        self.held = 0;
        self.forget()
    }

    fn forget(&self) -> io::Result<()> {
        match fs::remove_file(&self.tag) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.held += bytes.len() as u64;
        Ok(())
    }

    /// What the server called the version that this is a part of.
    fn version(&self) -> Option<String> {
        let tag = fs::read_to_string(&self.tag).ok()?;
        Some(tag).filter(|_| self.held > 0)
    }
}

/// Adds all of a file to a hash; tells its length.
fn hash(file: &mut File, hasher: &mut Sha256) -> io::Result<u64> {
    let mut chunk = vec![0; CHUNK];
    let mut length = 0;
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(length),
            count => {
                hasher.update(&chunk[..count]);
                length += count as u64;
            }
        }
    }
}

fn hex(hasher: Sha256) -> String {
    let mut text = String::new();
    for byte in hasher.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The SHA-256 of a file in hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    hash(&mut File::open(path)?, &mut hasher)?;
    Ok(hex(hasher))
}

/// Fetches a file to its place; `tell` hears how many bytes of how many are there. Gives its SHA-256.
///
/// # Errors
/// When the server refuses or breaks off, or the file is another than the one that is known. What came
/// of it is kept for the next time unless it is known to be wrong.
pub fn download(
    wanted: Wanted<'_>,
    tell: &mut dyn FnMut(u64, Option<u64>),
) -> Result<String, DownloadError> {
    let unwritten = |cause: io::Error| DownloadError::Unwritten {
        place: wanted.place.to_owned(),
        cause,
    };
    if let Some(folder) = wanted.place.parent() {
        fs::create_dir_all(folder).map_err(unwritten)?;
    }
    let mut part = Part::open(wanted.place).map_err(unwritten)?;
    if wanted.size.is_some_and(|size| part.held > size) {
        part.restart().map_err(unwritten)?;
    }
    let whole = |part: &Part| wanted.size.is_some_and(|size| part.held == size);
    for turn in 1.. {
        if whole(&part) {
            break;
        }
        let before = part.held;
        match transfer(wanted, &mut part, tell) {
            Ok(()) => break,
            Err(DownloadError::Broken { .. }) if part.held > before && turn < TURNS => {}
            Err(error) => return Err(error),
        }
    }
    let found = hex(part.hasher.clone());
    let checks = [
        (
            "the size",
            wanted.size.map(|size| size.to_string()),
            part.held.to_string(),
        ),
        (
            "the SHA-256",
            wanted.sha256.map(str::to_owned),
            found.clone(),
        ),
    ];
    for (what, expected, found) in checks {
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            fs::remove_file(&part.path).map_err(unwritten)?;
            part.forget().map_err(unwritten)?;
            let address = wanted.address.to_owned();
            return Err(DownloadError::Other {
                address,
                what,
                expected,
                found,
            });
        }
    }
    let placed = part.file.sync_all();
    let placed = placed.and_then(|()| fs::rename(&part.path, wanted.place));
    placed.and_then(|()| part.forget()).map_err(unwritten)?;
    Ok(found)
}

/// Asks for what is missing and writes it behind what is there.
fn transfer(
    wanted: Wanted<'_>,
    part: &mut Part,
    tell: &mut dyn FnMut(u64, Option<u64>),
) -> Result<(), DownloadError> {
    let address = wanted.address;
    let broken = |cause: String, held: u64| DownloadError::Broken {
        address: address.to_owned(),
        cause,
        held,
    };
    let unwritten = |cause: io::Error| DownloadError::Unwritten {
        place: wanted.place.to_owned(),
        cause,
    };
    // Without a name for the version or a checksum, nobody could tell whether two halves fit.
    if part.version().is_none() && wanted.sha256.is_none() {
        part.restart().map_err(unwritten)?;
    }
    let response = ask(address, part.held, part.version().as_deref());
    let response = response.map_err(|error| broken(error.to_string(), part.held))?;
    let length = header(response.headers(), "content-length").and_then(|text| text.parse().ok());
    let total = match response.status().as_u16() {
        200 => {
            part.restart().map_err(unwritten)?;
            length
        }
        206 => match content_range(response.headers()) {
            Some((from, total)) if from == part.held => total,
            _ => {
                part.restart().map_err(unwritten)?;
                return Err(broken("the server sends another part".to_owned(), 0));
            }
        },
        // Nothing is behind what is there: it is no part of what the server has.
        416 => {
            part.restart().map_err(unwritten)?;
            return Err(broken("the server has less than that".to_owned(), 0));
        }
        _ => {
            let status = response.status().to_string();
            let address = address.to_owned();
            return Err(DownloadError::Refused { address, status });
        }
    };
    if let Some(version) = version(response.headers()) {
        fs::write(&part.tag, version).map_err(unwritten)?;
    }
    let mut body = response.into_body().into_reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        tell(part.held, total.or(wanted.size));
        match body.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => part.write(&chunk[..count]).map_err(unwritten)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(error.to_string(), part.held)),
        }
    }
    match total {
        Some(total) if part.held < total => {
            Err(broken(format!("it breaks off before {total}"), part.held))
        }
        _ => Ok(()),
    }
}

fn ask(
    address: &str,
    held: u64,
    version: Option<&str>,
) -> Result<Response<ureq::Body>, Box<ureq::Error>> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(30)))
        .timeout_recv_response(Some(Duration::from_mins(1)))
        .user_agent(concat!("fairground/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    // A packed body would have another length and another hash.
    let mut request = agent.get(address).header("accept-encoding", "identity");
    if held > 0 {
        request = request.header("range", format!("bytes={held}-"));
        if let Some(version) = version {
            request = request.header("if-range", version);
        }
    }
    request.call().map_err(Box::new)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Where a part begins and how long the whole is.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let range = header(headers, "content-range")?.strip_prefix("bytes ")?;
    let (range, total) = range.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

/// What the server calls this version: a weak name does not promise the same bytes.
fn version(headers: &HeaderMap) -> Option<&str> {
    let strong = header(headers, "etag").filter(|tag| tag.starts_with('"'));
    strong.or_else(|| header(headers, "last-modified"))
}
