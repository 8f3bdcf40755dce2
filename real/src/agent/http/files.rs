//! Sandboxes, shown: folders and files, whole and piece by piece.

use std::fs::File;
use std::io::{self, ErrorKind, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::super::checkpoint::WorkDir;
use super::super::guard::Wanted;
use super::super::sandboxes;
use super::{Shown, page};

/// The most of a file that one request gets.
const MOST: u64 = 1 << 20;

/// The most entries of a folder that are listed.
const MOST_ENTRIES: usize = 10_000;

/// Says of a list that it is not whole; the list itself is as tools of Mesos know it.
const MORE: HeaderName = HeaderName::from_static("fairground-more");

/// So many answers are read from the disk at a time.
const READERS: usize = 2;

/// Those who read from the disk.
#[derive(Clone)]
pub(in crate::agent) struct Readers(Arc<Semaphore>);

impl Default for Readers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(READERS)))
    }
}

impl Readers {
    /// Reads where nobody else waits for it: the disk may be slow, a folder large, and the master is
    /// answered meanwhile.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let place = Arc::clone(&self.0).acquire_owned().await;
        let place = place.map_err(io::Error::other)?;
        let read = tokio::task::spawn_blocking(move || {
            let read = read();
            drop(place);
            read
        });
        read.await.map_err(io::Error::other)?
    }
}

impl Shown {
    /// Looks at what somebody asks for, who has to be allowed to see it.
    async fn look<T: Send + 'static>(
        self,
        query: FileQuery,
        headers: &HeaderMap,
        look: impl FnOnce(&WorkDir, &FileQuery) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Response> {
        self.admit(&query.path, headers).await?;
        let work = self.work;
        let seen = self.readers.read(move || look(&work, &query)).await;
        seen.map_err(|error| refused(&error))
    }

    /// Whether somebody may see a path of sandboxes.
    async fn admit(&self, path: &str, headers: &HeaderMap) -> Result<(), Response> {
        let framework = sandboxes::framework(&self.work, path);
        let framework = framework.map_err(|error| refused(&error))?;
        let wanted = framework
            .as_deref()
            .map_or(Wanted::Sandboxes, Wanted::Sandbox);
        self.guard.admit(wanted, headers).await
    }
}

/// What was looked at, or why not.
fn answer(looked: Result<Response, Response>) -> Response {
    looked.unwrap_or_else(|refused| refused)
}

#[derive(Deserialize)]
pub(super) struct FileQuery {
    path: String,
    offset: Option<i64>,
    length: Option<u64>,
}

impl FileQuery {
    /// From where on; nothing without an offset, or with a negative one.
    fn start(&self) -> Option<u64> {
        self.offset.and_then(|offset| u64::try_from(offset).ok())
    }
}

/// A failure as an answer.
fn refused(error: &io::Error) -> Response {
    let code = match error.kind() {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::InvalidInput | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
            StatusCode::BAD_REQUEST
        }
        // A link that leads out of its sandbox.
        ErrorKind::CrossesDevices | ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (code, format!("{error}\n")).into_response()
}

pub(super) async fn browse(
    State(shown): State<Shown>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
) -> Response {
    let list = |work: &WorkDir, query: &FileQuery| {
        let (entries, more) = entries(work, &query.path, MOST_ENTRIES)?;
        let page = page(&Value::Array(entries));
        if !more {
            return Ok(page);
        }
        let text = format!("there are more entries than these {MOST_ENTRIES}");
        Ok(([(MORE, text)], page).into_response())
    };
    answer(shown.look(query, &headers, list).await)
}

/// So many of a folder's entries at most, and whether there are more.
fn entries(work: &WorkDir, path: &str, most: usize) -> io::Result<(Vec<Value>, bool)> {
    let directory = sandboxes::open(work, path)?;
    if !directory.metadata()?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    let (mut list, mut more) = (Vec::new(), false);
    // The open directory is listed by its descriptor: its name may mean another one by now.
    let here = std::os::fd::AsRawFd::as_raw_fd(&directory);
    for entry in std::fs::read_dir(format!("/proc/self/fd/{here}"))? {
        let entry = entry?;
        if list.len() == most {
            more = true;
            break;
        }
        let about = entry.metadata()?;
        let name = Path::new(path).join(entry.file_name());
        list.push(json!({
            "path": name.to_string_lossy(),
            "size": about.size(),
            "mode": mode(about.mode()),
            "mtime": about.mtime(),
            "nlink": about.nlink(),
            "uid": about.uid().to_string(),
            "gid": about.gid().to_string(),
        }));
    }
    list.sort_by_cached_key(|entry| entry["path"].as_str().map(String::from));
    Ok((list, more))
}

/// As `ls -l` shows it.
fn mode(bits: u32) -> String {
    let kind = match bits & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o010_000 => 'p',
        0o140_000 => 's',
        _ => '-',
    };
    let rights = "rwxrwxrwx".chars().enumerate();
    let rights = rights.map(|(place, letter)| {
        if bits & (0o400 >> place) != 0 {
            letter
        } else {
            '-'
        }
    });
    std::iter::once(kind).chain(rights).collect()
}

pub(super) async fn read(
    State(shown): State<Shown>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
) -> Response {
    let read = |work: &WorkDir, query: &FileQuery| Ok(page(&piece(work, query)?));
    answer(shown.look(query, &headers, read).await)
}

/// A piece of a file; without an offset only its length is told, as the offset of its end.
fn piece(work: &WorkDir, query: &FileQuery) -> io::Result<Value> {
    let file = plain(work, &query.path)?;
    let Some(offset) = query.start() else {
        return Ok(json!({"data": "", "offset": file.metadata()?.len()}));
    };
    let mut bytes = vec![0; query.length.unwrap_or(MOST).min(MOST) as usize];
    let count = file.read_at(&mut bytes, offset)?;
    Ok(json!({"data": as_text(&bytes[..count]), "offset": offset}))
}

/// A piece of a file as text of as many bytes, because clients ask for the next one from where this
/// ends: what is no text is a question mark a byte, and a character cut off at the end is left for
/// the next piece, unless it is all there is.
fn as_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let rest = chunk.invalid();
        let ends = text.len() + rest.len() == bytes.len();
        let unfinished = str::from_utf8(rest).is_err_and(|error| error.error_len().is_none());
        if !(ends && unfinished) || text.is_empty() {
            text.extend(rest.iter().map(|_| '?'));
        }
    }
    text
}

fn plain(work: &WorkDir, path: &str) -> io::Result<File> {
    let file = sandboxes::open(work, path)?;
    match file.metadata()? {
        about if about.is_dir() => Err(ErrorKind::IsADirectory.into()),
        about if about.is_file() => Ok(file),
        _ => Err(ErrorKind::InvalidInput.into()),
    }
}

pub(super) async fn download(
    State(shown): State<Shown>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
) -> Response {
    use futures_util::stream;
    use tokio::io::AsyncReadExt as _;
    let from_there = |work: &WorkDir, query: &FileQuery| {
        let mut file = plain(work, &query.path)?;
        file.seek(SeekFrom::Start(query.start().unwrap_or(0)))?;
        Ok(file)
    };
    let file = match shown.look(query, &headers, from_there).await {
        Ok(file) => tokio::fs::File::from_std(file),
        Err(refused) => return refused,
    };
    // Piece by piece, so that a long file does not end up in memory.
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; 64 << 10];
        let count = file.read(&mut piece).await?;
        piece.truncate(count);
        io::Result::Ok((count > 0).then_some((piece, file)))
    });
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    (kind, axum::body::Body::from_stream(pieces)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_look_like_those_of_ls() {
        assert_eq!(mode(0o100_644), "-rw-r--r--");
        assert_eq!(mode(0o040_755), "drwxr-xr-x");
        assert_eq!(mode(0o120_777), "lrwxrwxrwx");
    }

    #[test]
    fn text_has_as_many_bytes_as_what_was_read() {
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            ("sm\u{f8}rebr\u{f8}d".as_bytes(), "sm\u{f8}rebr\u{f8}d"),
            (b"a\xffb\xf0\x9f\x98c", "a?b???c"),
            // The next piece begins with the character.
            (b"a\xf0\x9f\x98", "a"),
            (b"\xf0\x9f\x98", "???"),
            (b"", ""),
        ] {
            assert_eq!(as_text(bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn files_are_read_in_pieces() {
        let directory = tempfile::tempdir().unwrap();
        let (work, _lock) = WorkDir::open(directory.path()).unwrap();
        let sandbox = work.sandboxes().join("f/t/l");
        std::fs::create_dir_all(&sandbox).unwrap();
        std::fs::write(sandbox.join("stdout"), "hello world").unwrap();
        let ask = |offset, length| {
            piece(
                &work,
                &FileQuery {
                    path: "/f/t/l/stdout".into(),
                    offset,
                    length,
                },
            )
        };
        assert_eq!(ask(None, None).unwrap(), json!({"data": "", "offset": 11}));
        assert_eq!(
            ask(Some(-1), None).unwrap(),
            json!({"data": "", "offset": 11})
        );
        assert_eq!(
            ask(Some(6), None).unwrap(),
            json!({"data": "world", "offset": 6})
        );
        assert_eq!(
            ask(Some(0), Some(5)).unwrap(),
            json!({"data": "hello", "offset": 0})
        );
        let list = |path: &str, most| entries(&work, path, most);
        let (names, more) = list("/f/t/l", 1).unwrap();
        assert_eq!(
            (names.len(), &names[0]["path"], more),
            (1, &json!("/f/t/l/stdout"), false)
        );
        assert_eq!(names[0]["size"], 11);
        std::fs::write(sandbox.join("stderr"), "").unwrap();
        let (names, more) = list("/f/t/l", 1).unwrap();
        assert_eq!((names.len(), more), (1, true));
        let error = list("/f/t/l/stdout", 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
    }
}
