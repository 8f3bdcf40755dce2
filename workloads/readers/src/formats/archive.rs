//! The files of a tar archive one after the other, as the parts of one data set.
//!
//! Some data sets are thousands of small files. They are read where they lie, without unpacking.

use std::io::{self, BufRead, Read};
use std::path::Path;

use crate::error::Reached;
use crate::formats::source::{self, Plain};
use crate::formats::swim::MOST_BYTES;

const BLOCK: u64 = 512;
/// The longest name of a file in an archive, in bytes.
const LONGEST_NAME: u64 = 1 << 16;

/// An archive that stands in one of its files.
pub(crate) struct Archive {
    plain: Plain,
    /// Bytes of the archive that are behind us.
    passed: u64,
    /// Bytes of the file that are still to come.
    left: u64,
    /// Bytes behind the file up to the next block.
    padding: u64,
}

impl Archive {
    /// The archive at `path`, in front of its first file; `None` if it is no archive.
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        let (is_tar, plain) = source::looks_like_tar(source::decompressed(path)?)?;
        Ok(is_tar.then_some(Self {
            plain,
            passed: 0,
            left: 0,
            padding: 0,
        }))
    }

    /// Goes to the next file and tells its name; `None` at the end.
    pub(crate) fn advance(&mut self) -> io::Result<Option<String>> {
        self.next_file()
            .map_err(|error| Reached::after(self.passed, error))
    }

    fn next_file(&mut self) -> io::Result<Option<String>> {
        let mut long_name = None;
        loop {
            self.pass(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let mut block = [0; BLOCK as usize];
            let filled = fill(&mut self.plain, &mut block)?;
            self.passed += filled as u64;
            if filled == 0 || block.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            if filled < block.len() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let header = tar::Header::from_byte_slice(&block);
            let around = block[..148].iter().chain(&block[156..]);
            let sum: u32 = around.map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
            if header.cksum()? != sum {
                let message = "the header of a file in the archive is damaged";
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            self.left = header.entry_size()?;
            if self.left > MOST_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.padding = self.left.next_multiple_of(BLOCK) - self.left;
            match header.entry_type() {
                tar::EntryType::GNULongName => long_name = Some(self.text()?),
                tar::EntryType::XHeader => long_name = pax_path(&self.text()?).or(long_name),
                kind if kind.is_file() => {
                    let name = header.path()?.display().to_string();
                    return Ok(Some(long_name.unwrap_or(name)));
                }
                _ => {}
            }
        }
    }

    /// The whole entry as text.
    fn text(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.by_ref().take(LONGEST_NAME).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim_end_matches('\0').to_owned())
    }

    fn pass(&mut self, count: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.plain.by_ref().take(count), &mut io::sink())?;
        self.passed += passed;
        if passed < count {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// The path that an extended header gives to the next file.
fn pax_path(text: &str) -> Option<String> {
    let records = text.lines().filter_map(|line| line.split_once(' '));
    let mut pairs = records.filter_map(|(_, record)| record.split_once('='));
    pairs
        .find(|(key, _)| *key == "path")
        .map(|(_, path)| path.to_owned())
}

fn fill(plain: &mut Plain, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match plain.read(&mut block[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

impl BufRead for Archive {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let chunk = self.plain.fill_buf()?;
        if chunk.is_empty() {
            let cut = io::ErrorKind::UnexpectedEof.into();
            return Err(Reached::after(self.passed, cut));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        Ok(&chunk[..chunk.len().min(most)])
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.passed += count as u64;
        self.plain.consume(count);
    }
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let count = chunk.len().min(buffer.len());
        buffer[..count].copy_from_slice(&chunk[..count]);
        self.consume(count);
        Ok(count)
    }
}
