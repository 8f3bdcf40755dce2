//! Small files that unpack to very much: memory stays bounded for every reader.
//!
//! `FAIRGROUND_FUZZ_BOMB` says how much, in MiB.

use std::fs;
use std::io::Write as _;

use fairground_readers::formats::validate;

use crate::common::packing::zip;
use crate::common::{files, folder};
use crate::examine::peak;
use crate::number;

/// How much a bomb unpacks to, in MiB, where nobody asks for more: more than the longest line.
const SIZE: u64 = 17;
/// The most memory that a reader may take for one, in MiB.
const MOST: u64 = 512;

/// Packed, the same bytes again and again.
fn bomb(part: &[u8], size: u64) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let chunk = part.repeat((1 << 16) / part.len() + 1);
    for _ in 0..=(size << 20) / chunk.len() as u64 {
        encoder.write_all(&chunk).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn bombs_do_not_fill_memory() {
    let size = number("FAIRGROUND_FUZZ_BOMB", SIZE);
    let folder = folder();
    let path = folder.path().join("file");
    let parts = [
        b"0".as_slice(),
        b"\n",
        b"[",
        b"{\"a\":[",
        b"1 ",
        b"x,",
        b"\"\\",
    ];
    let texts: Vec<_> = files().collect();
    let bombs: Vec<_> = parts.iter().map(|part| bomb(part, size)).collect();
    for (number, (format, text)) in texts.iter().enumerate() {
        // A good beginning, so that the reader goes on; then one kind of bomb, each in its turn.
        let start = crate::common::zstd(text.trim_end());
        let mut packed = [start, bombs[number % bombs.len()].clone()].concat();
        if number % 2 == 1 {
            packed = zip(&[("a", &packed)]);
        }
        fs::write(&path, packed).unwrap();
        let check = validate(&path, *format, 3);
        assert!(
            check.problems.iter().all(
                |error| error.file.is_some() && (error.line.is_some() || error.place.is_some())
            ),
            "{format}: {:?}",
            check.problems
        );
        if let Some(peak) = peak() {
            assert!(peak >> 20 <= MOST, "{format}: {} MiB", peak >> 20);
        }
    }
}
