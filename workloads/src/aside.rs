//! What does not fit into memory: runs of bytes in one temporary file, each read from its beginning
//! whenever it is wanted. One file, because a process may not open many.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

/// Runs of bytes, one after another in a file that has no name.
#[derive(Debug, Default)]
pub struct Aside {
    file: Option<File>,
    runs: Vec<Range<u64>>,
}

impl Aside {
    /// None yet.
    pub const fn new() -> Self {
        Self {
            file: None,
            runs: Vec::new(),
        }
    }

    /// How many runs there are.
    pub const fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Puts aside what `write` writes.
    ///
    /// # Errors
    /// When there is no room for it, or `write` says so.
    pub fn put(
        &mut self,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut file: &File = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let start = file.stream_position()?;
        let mut writer = BufWriter::new(file);
        write(&mut writer)?;
        writer.flush()?;
        self.runs.push(start..file.stream_position()?);
        Ok(())
    }

    /// Readers of all runs, in the order they came.
    pub fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let file = self.file.iter();
        file.flat_map(|file| {
            let run = |range: &Range<u64>| BufReader::new(At(file, range.clone()));
            self.runs.iter().map(run)
        })
    }
}

/// One run, from its beginning, whoever else reads it.
pub type Run<'a> = BufReader<At<'a>>;

/// A part of a file with a position of its own.
#[derive(Debug)]
pub struct At<'a>(&'a File, Range<u64>);

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self(file, range) = self;
        let room = buffer.len().min((range.end - range.start) as usize);
        let read = file.read_at(&mut buffer[..room], range.start)?;
        range.start += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_read_side_by_side_and_again() {
        let mut aside = Aside::new();
        assert_eq!(aside.runs().count(), 0);
        // More than a process may open files.
        for run in 0..3000_u32 {
            let bytes = vec![run as u8; run as usize % 70];
            aside.put(|writer| writer.write_all(&bytes)).unwrap();
        }
        for _ in 0..2 {
            let mut readers: Vec<_> = aside.runs().collect();
            assert_eq!(readers.len(), 3000);
            for (run, reader) in readers.iter_mut().enumerate() {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).unwrap();
                assert_eq!(bytes, vec![run as u8; run % 70]);
            }
        }
    }
}
