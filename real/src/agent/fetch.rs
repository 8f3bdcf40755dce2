//! Brings what a task asked for into its sandbox.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::io::AsyncWriteExt as _;

use super::checkpoint::hex;
use crate::protocol::Uri;

/// Why something could not be fetched.
#[derive(Debug, Error)]
#[error("cannot fetch {uri}: {reason}")]
pub(super) struct FetchError {
    uri: String,
    reason: String,
}

/// A server that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_mins(1);

/// Fetches all of `uris` into `sandbox`, one after another, as the property of `owner`.
///
/// # Errors
/// When one of them cannot be had, or is not what it should be.
pub(super) async fn all(uris: &[Uri], sandbox: &Path, owner: (u32, u32)) -> Result<(), FetchError> {
    for uri in uris {
        one(uri, sandbox, owner)
            .await
            .map_err(|reason| FetchError {
                uri: uri.value.clone(),
                reason,
            })?;
    }
    Ok(())
}

async fn one(uri: &Uri, sandbox: &Path, owner: (u32, u32)) -> Result<(), String> {
    let target = target(uri, sandbox)?;
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(|error| error.to_string())?;
    }
    if let Some(path) = local(&uri.value)? {
        let (from, to) = (path, target.clone());
        blocking(move || copy(&from, &to, owner)).await?;
    } else {
        download(&uri.value, &target).await?;
    }
    let (uri, sandbox) = (uri.clone(), sandbox.to_owned());
    blocking(move || finish(&uri, &target, &sandbox, owner)).await
}

async fn blocking(
    work: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> Result<(), String> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| error.to_string())?
}

/// Where it goes: never out of the sandbox.
fn target(uri: &Uri, sandbox: &Path) -> Result<PathBuf, String> {
    let path = uri.value.split(['?', '#']).next().unwrap_or_default();
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let name = uri.output_file.as_deref().unwrap_or(last);
    let inside = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !inside {
        return Err(format!("'{name}' is not a name for a file in the sandbox"));
    }
    Ok(sandbox.join(name))
}

/// The path of something on this machine; `None` for something on the network.
fn local(value: &str) -> Result<Option<PathBuf>, String> {
    let path = value.strip_prefix("file://").unwrap_or(value);
    if path.starts_with('/') {
        return Ok(Some(path.into()));
    }
    match value.split_once("://") {
        Some(("http", _)) => Ok(None),
        Some((scheme, _)) => Err(format!("'{scheme}' is neither http nor file")),
        None => Err("it is neither a URI nor an absolute path".into()),
    }
}

/// The agent may read everything; the task gets only what its account could read itself.
fn copy(from: &Path, to: &Path, (uid, gid): (u32, u32)) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    let mut source = File::open(from).map_err(text)?;
    let about = source.metadata().map_err(text)?;
    if !about.is_file() {
        return Err("it is not a file".into());
    }
    let mode = about.mode();
    let readable = if uid == 0 {
        true
    } else if about.uid() == uid {
        mode & 0o400 != 0
    } else if about.gid() == gid {
        mode & 0o040 != 0
    } else {
        mode & 0o004 != 0
    };
    if !readable {
        return Err("the task's user may not read it".into());
    }
    let mut target = File::create(to).map_err(text)?;
    io::copy(&mut source, &mut target).map_err(text)?;
    Ok(())
}

async fn download(uri: &str, to: &Path) -> Result<(), String> {
    let client = reqwest::Client::builder()
        .connect_timeout(SILENCE)
        .read_timeout(SILENCE)
        .build();
    let text = |error: reqwest::Error| format!("{error:#}");
    let request = client.map_err(text)?.get(uri);
    let response = request
        .send()
        .await
        .and_then(reqwest::Response::error_for_status);
    let mut response = response.map_err(text)?;
    let mut file = tokio::fs::File::create(to)
        .await
        .map_err(|error| error.to_string())?;
    while let Some(piece) = response.chunk().await.map_err(text)? {
        file.write_all(&piece)
            .await
            .map_err(|error| error.to_string())?;
    }
    file.flush().await.map_err(|error| error.to_string())
}

fn finish(uri: &Uri, file: &Path, sandbox: &Path, owner: (u32, u32)) -> Result<(), String> {
    if let Some(expected) = &uri.sha256 {
        let found = digest(file).map_err(|error| error.to_string())?;
        if !found.eq_ignore_ascii_case(expected) {
            return Err(format!("its sha256 is {found}, expected {expected}"));
        }
    }
    if uri.executable {
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(file, executable).map_err(|error| error.to_string())?;
    } else if uri.extract.unwrap_or(true) {
        unpack(file, sandbox)?;
    }
    give(sandbox, owner).map_err(|error| error.to_string())
}

fn digest(file: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(file)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    Ok(hex(&hasher.finalize()))
}

/// Unpacks an archive by its name; what is no archive stays as it is.
fn unpack(file: &Path, sandbox: &Path) -> Result<(), String> {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    let reader: Box<dyn Read> = if ends(&[".tar.gz", ".tgz"]) {
        Box::new(GzDecoder::new(
            File::open(file).map_err(|error| error.to_string())?,
        ))
    } else if ends(&[".tar"]) {
        Box::new(File::open(file).map_err(|error| error.to_string())?)
    } else if ends(&[".zip", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".gz"]) {
        return Err("this kind of archive cannot be unpacked; say extract: false".into());
    } else {
        return Ok(());
    };
    // The reader refuses paths that lead out of the directory.
    let mut archive = tar::Archive::new(reader);
    archive
        .unpack(sandbox)
        .map_err(|error| format!("cannot unpack it: {error}"))
}

/// Everything in the sandbox is the task's; links are given, not followed.
fn give(path: &Path, (uid, gid): (u32, u32)) -> io::Result<()> {
    lchown(path, Some(uid), Some(gid))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), (uid, gid))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> (u32, u32) {
        (
            nix::unistd::getuid().as_raw(),
            nix::unistd::getgid().as_raw(),
        )
    }

    fn uri(value: &str) -> Uri {
        Uri {
            value: value.into(),
            executable: false,
            extract: None,
            output_file: None,
            sha256: None,
        }
    }

    fn archive(path: &Path) {
        let file = flate2::write::GzEncoder::new(
            File::create(path).unwrap(),
            flate2::Compression::default(),
        );
        let mut archive = tar::Builder::new(file);
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, "inner/file", &b"hello"[..])
            .unwrap();
        archive.into_inner().unwrap().finish().unwrap();
    }

    #[tokio::test]
    async fn files_are_copied_checked_and_unpacked() {
        let (from, sandbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let plain = from.path().join("plain.txt");
        fs::write(&plain, "abc").unwrap();
        archive(&from.path().join("a.tar.gz"));
        let value = |name: &str| format!("file://{}/{name}", from.path().display());
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let uris = [
            Uri {
                sha256: Some(sha.to_uppercase()),
                executable: true,
                ..uri(&value("plain.txt"))
            },
            Uri {
                output_file: Some("sub/renamed".into()),
                ..uri(&value("plain.txt"))
            },
            uri(&value("a.tar.gz")),
        ];
        all(&uris, sandbox.path(), me()).await.unwrap();
        let read = |name: &str| fs::read_to_string(sandbox.path().join(name)).unwrap();
        assert_eq!(
            (read("plain.txt"), read("sub/renamed")),
            ("abc".into(), "abc".into())
        );
        assert_eq!(read("inner/file"), "hello");
        let mode = fs::metadata(sandbox.path().join("plain.txt"))
            .unwrap()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
    }

    #[tokio::test]
    async fn what_is_wrong_is_said() {
        let (from, sandbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let plain = from.path().join("plain.zip");
        fs::write(&plain, "abc").unwrap();
        let value = plain.display().to_string();
        let there = uri(&value);
        for (uri, reason) in [
            (uri("ftp://host/x"), "'ftp' is neither http nor file"),
            (uri("relative"), "neither a URI nor an absolute path"),
            (uri("/no/such/file"), "No such file"),
            (
                Uri {
                    sha256: Some("00".into()),
                    ..there.clone()
                },
                "expected 00",
            ),
            (
                Uri {
                    output_file: Some("../out".into()),
                    ..there.clone()
                },
                "'../out' is not a name",
            ),
            (there, "say extract: false"),
        ] {
            let error = all(&[uri], sandbox.path(), me())
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    /// A server of HTTP on this machine; its address. It answers a path with what `answers` has.
    fn server(answers: Vec<(&'static str, Vec<u8>)>) -> String {
        use std::io::{BufRead as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = io::BufReader::new(stream.try_clone().unwrap()).lines();
                let first = lines.next().unwrap().unwrap();
                while !lines.next().unwrap().unwrap().is_empty() {}
                let path = first.split(' ').nth(1).unwrap().to_owned();
                let known = answers.iter().find(|(known, _)| *known == path);
                let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
                let answer = known.map_or(missing, |(_, answer)| answer.clone());
                // A client that has seen enough closes the connection.
                let _ = stream.write_all(&answer);
            }
        });
        format!("http://{address}")
    }

    fn ok(length: usize, body: &[u8]) -> Vec<u8> {
        let head =
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    fn redirect(to: &str) -> Vec<u8> {
        let head = "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: ";
        format!("{head}{to}\r\n\r\n").into_bytes()
    }

    #[tokio::test]
    async fn files_are_fetched_over_http() {
        let (from, sandbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        archive(&from.path().join("a.tar.gz"));
        let packed = fs::read(from.path().join("a.tar.gz")).unwrap();
        let long: Vec<u8> = (0..3_000_000_u32).map(|i| i as u8).collect();
        let at = server(vec![
            ("/abc", ok(3, b"abc")),
            ("/abc?version=2", ok(3, b"ABC")),
            ("/long", ok(long.len(), &long)),
            ("/a.tar.gz", ok(packed.len(), &packed)),
            ("/moved", redirect("/abc")),
        ]);
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let named = |path: &str, name: &str| Uri {
            output_file: Some(name.into()),
            ..uri(&format!("{at}{path}"))
        };
        let uris = [
            Uri {
                sha256: Some(sha.into()),
                executable: true,
                ..uri(&format!("{at}/abc"))
            },
            named("/abc?version=2", "query"),
            Uri {
                sha256: Some(hex(&Sha256::digest(&long))),
                ..uri(&format!("{at}/long"))
            },
            uri(&format!("{at}/a.tar.gz")),
            Uri {
                extract: Some(false),
                ..named("/a.tar.gz", "sub/whole.tar.gz")
            },
            Uri {
                sha256: Some(sha.into()),
                ..named("/moved", "moved")
            },
        ];
        all(&uris, sandbox.path(), me()).await.unwrap();
        let read = |name: &str| fs::read(sandbox.path().join(name)).unwrap();
        assert_eq!(
            (read("abc"), read("query")),
            (b"abc".to_vec(), b"ABC".to_vec())
        );
        assert_eq!(read("moved"), b"abc");
        assert!(read("long") == long, "three million bytes");
        assert_eq!(read("inner/file"), b"hello");
        assert!(read("sub/whole.tar.gz") == packed, "not unpacked, as asked");
        let mode = |name: &str| fs::metadata(sandbox.path().join(name)).unwrap().mode() & 0o111;
        assert_eq!((mode("abc"), mode("query")), (0o111, 0));
    }

    #[tokio::test]
    async fn what_cannot_be_had_over_http_is_said() {
        let sandbox = tempfile::tempdir().unwrap();
        let at = server(vec![
            ("/abc", ok(3, b"abc")),
            ("/short", ok(10, b"abc")),
            ("/round", redirect("/round")),
            ("/broken.tar.gz", ok(3, b"abc")),
            ("/no-http", b"nonsense\r\n\r\n".to_vec()),
        ]);
        let closed = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}/x", listener.local_addr().unwrap())
        };
        for (value, sha256, reason) in [
            (format!("{at}/abc"), Some("00".to_owned()), "expected 00"),
            (format!("{at}/nowhere"), None, "404"),
            (format!("{at}/short"), None, "body"),
            (format!("{at}/round"), None, "redirect"),
            (format!("{at}/broken.tar.gz"), None, "cannot unpack it"),
            (format!("{at}/no-http"), None, "sending request"),
            (closed, None, "sending request"),
        ] {
            let uri = Uri {
                sha256,
                ..uri(&value)
            };
            let error = all(&[uri], sandbox.path(), me()).await.unwrap_err();
            let error = error.to_string();
            assert!(error.contains(&value) && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_task_gets_nothing_its_user_could_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let secret = directory.path().join("secret");
        fs::write(&secret, "s").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let somebody_else = (me().0 + 1, me().1 + 1);
        let error = copy(&secret, &directory.path().join("copy"), somebody_else).unwrap_err();
        assert_eq!(error, "the task's user may not read it");
    }
}
