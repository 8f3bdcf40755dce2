//! A task's output on disk, never more than so much of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::spec::OutputLimits;

/// One of a task's two outputs.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    limits: OutputLimits,
    /// Who the file is given to.
    owner: (u32, u32),
    file: Option<File>,
    written: u64,
    /// Bytes that could not be written.
    pub(super) lost: u64,
}

impl Output {
    pub(super) fn new(path: &Path, limits: OutputLimits, owner: (u32, u32)) -> io::Result<Self> {
        let file = Some(open(path, owner)?);
        Ok(Self {
            path: path.to_owned(),
            limits,
            owner,
            file,
            written: 0,
            lost: 0,
        })
    }

    /// Takes in what the task wrote. A full disk loses output; it must not stop the task.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.written >= self.limits.bytes {
            self.put_aside();
        }
        let file = self.file.as_mut();
        let result = file.map_or(Err(io::ErrorKind::NotFound.into()), |file| {
            file.write_all(bytes)
        });
        match result {
            Ok(()) => self.written += bytes.len() as u64,
            Err(_) => self.lost += bytes.len() as u64,
        }
    }

    fn put_aside(&mut self) {
        for number in (1..self.limits.aside).rev() {
            // Gaps are usual: the first ones were not there yet.
            let _ = fs::rename(self.aside(number), self.aside(number + 1));
        }
        if self.limits.aside > 0 {
            let _ = fs::rename(&self.path, self.aside(1));
        }
        self.file = open(&self.path, self.owner).ok();
        self.written = 0;
    }

    fn aside(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// A new file. The sandbox is the task's, so whatever it may have put in this place, a link to
/// somebody else's file for instance, is removed and never followed.
fn open(path: &Path, (uid, gid): (u32, u32)) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o644);
    let file = options.custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)?;
    fchown(&file, Some(uid), Some(gid))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_output_is_put_aside_and_then_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("stdout");
        let owner = (
            nix::unistd::getuid().as_raw(),
            nix::unistd::getgid().as_raw(),
        );
        let mut output = Output::new(&path, OutputLimits { bytes: 4, aside: 2 }, owner).unwrap();
        for piece in ["aaaa", "bbbb", "cccc", "dddd", "e"] {
            output.write(piece.as_bytes());
        }
        let read = |name| fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(
            (read("stdout"), read("stdout.1"), read("stdout.2")),
            ("e".into(), "dddd".into(), "cccc".into())
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
        assert_eq!(output.lost, 0);
    }

    #[test]
    fn a_link_in_the_sandbox_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let precious = directory.path().join("precious");
        fs::write(&precious, "mine").unwrap();
        let path = directory.path().join("stdout");
        let owner = (
            nix::unistd::getuid().as_raw(),
            nix::unistd::getgid().as_raw(),
        );
        let mut output = Output::new(&path, OutputLimits { bytes: 1, aside: 0 }, owner).unwrap();
        output.write(b"a");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&precious, &path).unwrap();
        output.write(b"b");
        assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
    }
}
