//! Brings what a task asked for into its sandbox.

use std::fs::{File, Permissions};
use std::io::{self, Read, Seek as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use fairground_workloads::say;
use flate2::read::GzDecoder;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, mkdirat, umask};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use super::checkpoint::hex;
use crate::isolation::namespaces;
use crate::isolation::privileges::{Account, User};
use crate::protocol::Uri;

/// A server that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_mins(1);

/// What is to be brought where, and for whom.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) uris: Vec<Uri>,
    pub(super) sandbox: PathBuf,
    pub(super) user: Option<User>,
    /// What the task will not see, where it has mounts of its own.
    pub(super) hidden: Option<Vec<PathBuf>>,
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
    let account = Account::find(order.user.as_ref())?;
    if let Some(hidden) = &order.hidden {
        namespaces::hide(hidden, &order.sandbox)?;
    }
    account.become_it(false)?;
    umask(Mode::from_bits_truncate(0o022));
    // Set after the change of account, which clears it: an agent that is killed fetches nothing.
    set_pdeathsig(Signal::SIGKILL)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(all(&order.uris, Path::new("."))) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            say!("{error}");
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
        Some(("file", _)) => Err("its path is not absolute, as in file:///srv/tool".into()),
        Some((scheme, _)) => Err(format!("'{scheme}' is neither http nor file")),
        None => Err("it is neither a URI nor an absolute path".into()),
    }
}

fn copy(from: &Path, to: &mut File) -> io::Result<()> {
    // A pipe would be waited for.
    let mut source = File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(from)?;
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
    let response = client.map_err(text)?.get(uri).send().await;
    let mut response = response.map_err(text)?;
    if !response.status().is_success() {
        let status = response.status();
        let location = response.headers().get(reqwest::header::LOCATION);
        let location = location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
        return Err(match location.filter(|_| status.is_redirection()) {
            // To http it would have been followed.
            Some(to) => format!("the server answered {status} to '{to}', which is not followed"),
            None => format!("the server answered {status}"),
        });
    }
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
mod tests;
