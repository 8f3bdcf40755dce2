//! Brings what a task asked for into its sandbox.

use std::fs::{File, Permissions};
use std::io::{self, Read, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use flate2::read::GzDecoder;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, mkdirat};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use super::checkpoint::hex;
use crate::isolation::privileges::Account;
use crate::protocol::Uri;

/// A server that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_mins(1);

/// What is to be brought where, and for whom.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) uris: Vec<Uri>,
    pub(super) sandbox: PathBuf,
    pub(super) user: Option<String>,
}

impl Order {
    /// Has a process of the task's own user do it, which can read and write what the task could,
    /// and nothing more. It ends when nobody waits for it any more.
    ///
    /// # Errors
    /// When one of the URIs cannot be had, or is not what it should be.
    pub(super) async fn carry_out(&self) -> Result<(), String> {
        let text = |error: io::Error| format!("cannot fetch: {error}");
        let mut child = tokio::process::Command::new("/proc/self/exe")
            .arg("fetch")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(text)?;
        let order = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(&order).await.map_err(text)?;
        }
        let output = child.wait_with_output().await.map_err(text)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(match said.trim() {
            "" => format!("cannot fetch: {}", output.status),
            said => said.to_owned(),
        })
    }
}

/// Is the process that fetches: the order comes from standard input. No thread may run yet.
///
/// # Errors
/// When the order is none. What cannot be fetched is said on standard error.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let order: Order = serde_json::from_reader(io::stdin().lock())?;
    // Before the task's user is somebody who may not get there.
    std::env::set_current_dir(&order.sandbox)?;
    Account::find(order.user.as_deref())?.become_it(false)?;
    // Set after the change of account, which clears it: an agent that is killed fetches nothing.
    set_pdeathsig(Signal::SIGKILL)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(all(&order.uris, Path::new("."))) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Fetches all of `uris` into `sandbox`, one after another.
async fn all(uris: &[Uri], sandbox: &Path) -> Result<(), String> {
    for uri in uris {
        let fetched = one(uri, sandbox).await;
        fetched.map_err(|reason| format!("cannot fetch {}: {reason}", uri.value))?;
    }
    Ok(())
}

async fn one(uri: &Uri, sandbox: &Path) -> Result<(), String> {
    let name = name(uri)?;
    let from = local(&uri.value)?;
    let mut file = create(sandbox, name).map_err(|error| error.to_string())?;
    match from {
        Some(from) => copy(from, &mut file).map_err(|error| error.to_string())?,
        None => download(&uri.value, &mut file).await?,
    }
    finish(uri, name, file, sandbox)
}

/// Where it goes in the sandbox: never out of it.
fn name(uri: &Uri) -> Result<&Path, String> {
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
    Ok(Path::new(name))
}

/// A file of the sandbox, and the directories above it. They are opened one by one and by their
/// own names only: an archive, or another task of the same user, may have put links there.
fn create(sandbox: &Path, name: &Path) -> io::Result<File> {
    let mut directory = File::open(sandbox)?;
    for part in name.parent().unwrap_or(name) {
        match mkdirat(&directory, part, Mode::from_bits_truncate(0o755)) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        directory = openat(&directory, part, flags, Mode::empty())?.into();
    }
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_TRUNC | OFlag::O_NOFOLLOW;
    let last = name.file_name().unwrap_or_default();
    let mode = Mode::from_bits_truncate(0o644);
    Ok(openat(&directory, last, flags | OFlag::O_CLOEXEC, mode)?.into())
}

/// The path of something on this machine; `None` for something on the network.
fn local(value: &str) -> Result<Option<&Path>, String> {
    let path = value.strip_prefix("file://").unwrap_or(value);
    if path.starts_with('/') {
        return Ok(Some(Path::new(path)));
    }
    match value.split_once("://") {
        Some(("http", _)) => Ok(None),
        Some((scheme, _)) => Err(format!("'{scheme}' is neither http nor file")),
        None => Err("it is neither a URI nor an absolute path".into()),
    }
}

fn copy(from: &Path, to: &mut File) -> io::Result<()> {
    let mut source = File::open(from)?;
    if !source.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    io::copy(&mut source, to).map(drop)
}

async fn download(uri: &str, to: &mut File) -> Result<(), String> {
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
    while let Some(piece) = response.chunk().await.map_err(text)? {
        to.write_all(&piece).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn finish(uri: &Uri, name: &Path, mut file: File, sandbox: &Path) -> Result<(), String> {
    if let Some(expected) = &uri.sha256 {
        let found = digest(&mut file).map_err(|error| error.to_string())?;
        if !found.eq_ignore_ascii_case(expected) {
            return Err(format!("its sha256 is {found}, expected {expected}"));
        }
    }
    if uri.executable {
        let executable = Permissions::from_mode(0o755);
        file.set_permissions(executable)
            .map_err(|error| error.to_string())
    } else if uri.extract.unwrap_or(true) {
        unpack(name, file, sandbox)
    } else {
        Ok(())
    }
}

fn digest(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut hasher = Sha256::new();
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
fn unpack(name: &Path, mut file: File, sandbox: &Path) -> Result<(), String> {
    let name = name
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    let packed = ends(&[".tar.gz", ".tgz"]);
    if ends(&[".zip", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"]) || (ends(&[".gz"]) && !packed) {
        return Err("this kind of archive cannot be unpacked; say extract: false".into());
    }
    if !packed && !ends(&[".tar"]) {
        return Ok(());
    }
    let text = |error: io::Error| format!("cannot unpack it: {error}");
    file.rewind().map_err(text)?;
    let reader: Box<dyn Read> = if packed {
        Box::new(GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    // The reader refuses paths that lead out of the directory, through links too.
    tar::Archive::new(reader).unpack(sandbox).map_err(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

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
        all(&uris, sandbox.path()).await.unwrap();
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

    /// An archive of this one link.
    fn link(path: &Path, name: &str, target: &Path) {
        let mut archive = tar::Builder::new(File::create(path).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, name, target).unwrap();
        archive.into_inner().unwrap();
    }

    #[tokio::test]
    async fn no_link_leads_out_of_the_sandbox() {
        let (from, sandbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| from.path().join(name);
        fs::write(at("precious"), "mine").unwrap();
        fs::write(at("new"), "theirs").unwrap();
        fs::create_dir(at("folder")).unwrap();
        link(&at("link.tar"), "x", &at("precious"));
        link(&at("below.tar"), "below", &at("folder"));
        archive(&at("a.tar.gz"));
        let value = |name: &str| uri(at(name).to_str().unwrap());
        let named = |name: &str| Uri {
            executable: true,
            output_file: Some(name.into()),
            ..value("new")
        };
        // A link from an archive, to a file and to a directory; one that was there before.
        symlink(at("folder"), sandbox.path().join("inner")).unwrap();
        for (uris, reason) in [
            (vec![value("link.tar"), named("x")], "symbolic links"),
            (
                vec![value("below.tar"), named("below/x")],
                "Not a directory",
            ),
            (vec![named("inner/x")], "Not a directory"),
            (vec![value("a.tar.gz")], "cannot unpack it"),
        ] {
            let error = all(&uris, sandbox.path()).await.unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        assert_eq!(fs::read_to_string(at("precious")).unwrap(), "mine");
        assert_eq!(fs::metadata(at("precious")).unwrap().mode() & 0o111, 0);
        assert_eq!(fs::read_dir(at("folder")).unwrap().count(), 0);
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
            let error = all(&[uri], sandbox.path()).await.unwrap_err();
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
        all(&uris, sandbox.path()).await.unwrap();
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
            let error = all(&[uri], sandbox.path()).await.unwrap_err();
            assert!(error.contains(&value) && error.contains(reason), "{error}");
        }
    }
}
