//! Blocks as Spark's Java libraries put them one after the other: lz4-java's `LZ4BlockOutputStream` and
//! snappy-java's `SnappyOutputStream`. What is in a block, libraries unpack; here is what stands around them.
//!
//! Source: the documentation of the two classes. LZ4: `LZ4Block`, a byte with the method and the logarithm of the
//! block's size, then the packed length, the plain length and a checksum, little-endian; a block of nothing ends a
//! stream. Snappy: eight bytes and two versions, then blocks, each behind its length, big-endian. In both, a stream
//! may follow another, which is what an application that flushes or is started again leaves.

use std::io::{self, BufRead as _, Read};

use twox_hash::XxHash32;

use crate::formats::source::Plain;

/// What every block of the one begins with.
pub(crate) const LZ4: &[u8] = b"LZ4Block";
/// What every stream of the other begins with.
pub(crate) const SNAPPY: &[u8] = b"\x82SNAPPY\0";

/// The largest plain block, in bytes: what LZ4's byte can say.
const LARGEST: usize = 32 << 20;
/// The most bytes that a packed one of LZ4 or Snappy becomes.
const MOST_PER_BYTE: usize = 255;
/// The versions behind Snappy's first bytes.
const VERSIONS: usize = 8;
/// The seed of LZ4's checksums, of which four bits are left out.
const SEED: u32 = 0x9747_b28c;
const KEPT: u32 = 0x0fff_ffff;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Lz4,
    Snappy,
}

/// The plain bytes of such a stream.
pub(crate) struct Blocks {
    inner: Plain,
    framing: Framing,
    packed: Vec<u8>,
    plain: Vec<u8>,
    /// How much of the plain block was read.
    at: usize,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Blocks {
    pub(crate) const fn new(inner: Plain, framing: Framing) -> Self {
        Self {
            inner,
            framing,
            packed: Vec::new(),
            plain: Vec::new(),
            at: 0,
        }
    }

    /// Reads so many packed bytes; room for them is made as they come.
    fn pack(&mut self, count: usize) -> io::Result<()> {
        self.packed.clear();
        let read = (&mut self.inner)
            .take(count as u64)
            .read_to_end(&mut self.packed)?;
        if read < count {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Makes room for a plain block that so many packed bytes can become.
    fn room(&mut self, plain: usize) -> io::Result<()> {
        let most = self.packed.len().saturating_mul(MOST_PER_BYTE).min(LARGEST);
        if plain > most {
            return Err(damaged("a block is larger than what is packed can become"));
        }
        self.plain.clear();
        self.plain.resize(plain, 0);
        Ok(())
    }

    /// Unpacks the next block; nothing is left at the end.
    fn next(&mut self) -> io::Result<bool> {
        self.plain.clear();
        self.at = 0;
        if self.inner.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.framing {
            Framing::Lz4 => self.lz4()?,
            Framing::Snappy => self.snappy()?,
        }
        Ok(true)
    }

    fn number<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn lz4(&mut self) -> io::Result<()> {
        if self.number::<8>()? != LZ4 {
            return Err(damaged("a block of LZ4 begins with something else"));
        }
        let [token] = self.number()?;
        let packed = u32::from_le_bytes(self.number()?) as usize;
        let plain = u32::from_le_bytes(self.number()?) as usize;
        let checksum = u32::from_le_bytes(self.number()?);
        let most = 1 << (10 + (token & 0x0f));
        let raw = match token & 0xf0 {
            0x10 => true,
            0x20 => false,
            _ => return Err(damaged("a block of LZ4 is packed in an unknown way")),
        };
        let odd = plain > most || packed > plain.max(1) + plain / 255 + 16;
        if odd || (raw && packed != plain) || ((packed == 0) != (plain == 0)) {
            return Err(damaged("the lengths of a block of LZ4 cannot be right"));
        }
        self.pack(packed)?;
        if plain == 0 {
            return Ok(());
        }
        if raw {
            std::mem::swap(&mut self.packed, &mut self.plain);
        } else {
            self.room(plain)?;
            let unpacked = lz4_flex::block::decompress_into(&self.packed, &mut self.plain);
            if unpacked.ok() != Some(plain) {
                return Err(damaged("a block of LZ4 cannot be unpacked"));
            }
        }
        if XxHash32::oneshot(SEED, &self.plain) & KEPT != checksum & KEPT {
            return Err(damaged("the checksum of a block of LZ4 is wrong"));
        }
        Ok(())
    }

    fn snappy(&mut self) -> io::Result<()> {
        let start: [u8; 4] = self.number()?;
        if SNAPPY.starts_with(&start) {
            let rest: [u8; 4] = self.number()?;
            if !SNAPPY.ends_with(&rest) {
                return Err(damaged("a stream of Snappy begins with something else"));
            }
            return self.number::<VERSIONS>().map(|_| ());
        }
        let packed = u32::from_be_bytes(start) as usize;
        if packed > LARGEST + LARGEST / 6 + 32 {
            return Err(damaged("the length of a block of Snappy cannot be right"));
        }
        self.pack(packed)?;
        let wrong = |_| damaged("a block of Snappy cannot be unpacked");
        if packed > 0 {
            self.room(snap::raw::decompress_len(&self.packed).map_err(wrong)?)?;
            let mut decoder = snap::raw::Decoder::new();
            let unpacked = decoder.decompress(&self.packed, &mut self.plain);
            let unpacked = unpacked.map_err(wrong)?;
            self.plain.truncate(unpacked);
        }
        Ok(())
    }
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.plain.len() {
            if !self.next()? {
                return Ok(0);
            }
        }
        let count = (&self.plain[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream of LZ4 of these blocks, the last of which ends it.
    fn lz4(blocks: &[(&[u8], bool)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (plain, raw) in blocks.iter().chain(&[(b"".as_slice(), true)]) {
            let packed = match raw {
                true => plain.to_vec(),
                false => lz4_flex::block::compress(plain),
            };
            let checksum = match plain.len() {
                0 => 0,
                _ => XxHash32::oneshot(SEED, plain) & KEPT,
            };
            bytes.extend(LZ4);
            bytes.push(if *raw { 0x16 } else { 0x26 });
            bytes.extend((packed.len() as u32).to_le_bytes());
            bytes.extend((plain.len() as u32).to_le_bytes());
            bytes.extend(checksum.to_le_bytes());
            bytes.extend(packed);
        }
        bytes
    }

    fn snappy(blocks: &[&[u8]]) -> Vec<u8> {
        let mut bytes = [SNAPPY, &[0, 0, 0, 1, 0, 0, 0, 1]].concat();
        for plain in blocks {
            let packed = snap::raw::Encoder::new().compress_vec(plain).unwrap();
            bytes.extend((packed.len() as u32).to_be_bytes());
            bytes.extend(packed);
        }
        bytes
    }

    fn read(bytes: &[u8], framing: Framing) -> Result<String, String> {
        let inner: Plain = Box::new(io::Cursor::new(bytes.to_vec()));
        let mut text = String::new();
        let read = Blocks::new(inner, framing).read_to_string(&mut text);
        read.map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn blocks_and_streams_follow_each_other() {
        let long = "ab".repeat(9000);
        let one = lz4(&[(long.as_bytes(), false), (b"raw", true)]);
        let all = [one.clone(), lz4(&[]), lz4(&[(b"x", false)])].concat();
        assert_eq!(read(&all, Framing::Lz4), Ok(format!("{long}rawx")));
        let two = [
            snappy(&[long.as_bytes(), b"y"]),
            snappy(&[]),
            snappy(&[b"z"]),
        ]
        .concat();
        assert_eq!(read(&two, Framing::Snappy), Ok(format!("{long}yz")));
        for end in 1..one.len() - 21 {
            let cut = read(&one[..end], Framing::Lz4);
            assert!(cut.is_err() || end == one.len() - 45, "{end}");
        }
    }

    #[test]
    fn damage_is_found_and_takes_no_memory() {
        let good = lz4(&[(b"abcabcabcabcabcabcabcabc", false)]);
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            read(&bytes, Framing::Lz4).unwrap_err()
        };
        assert_eq!(with(0, b'X'), "a block of LZ4 begins with something else");
        assert_eq!(with(8, 0x36), "a block of LZ4 is packed in an unknown way");
        assert_eq!(with(17, 0), "the checksum of a block of LZ4 is wrong");
        assert_eq!(
            with(16, 0xff),
            "the lengths of a block of LZ4 cannot be right"
        );
        // Four bytes that claim to be four gigabytes.
        let bomb = [
            &snappy(&[])[..],
            &[0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
        ]
        .concat();
        assert_eq!(
            read(&bomb, Framing::Snappy).unwrap_err(),
            "a block is larger than what is packed can become"
        );
    }
}
