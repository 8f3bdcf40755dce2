//! Damage to a file: to its bytes, its lines, its fields, and around all of it.

use fairground_workloads::rng::Stream;

use crate::common::packing::{lz4_block, snappy_java, zip};
use crate::common::{archive, bzip2, gzip, xz, zstd};

/// Inputs do not grow beyond this.
const LARGEST: usize = 256 << 10;
/// Bytes that mean something to some format.
const BYTES: &[u8] = b"0123456789-+.eE,;:\t\n\r \"'\\[]{}()#/_=x\0\x7f\x80\xc3\xff";
/// Bytes that stand between fields.
const BETWEEN: &[u8] = b",;:\t \n[]{}()=\"";
/// What a reader may stumble over in the place of a field.
const FIELDS: &[&str] = &[
    "",
    "-",
    "-1",
    "0",
    "00",
    "-0",
    ".",
    "1.",
    ".5",
    "1e309",
    "1e-309",
    "1e19",
    "NaN",
    "inf",
    "0x10",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "4294967296",
    "2147483648",
    "340282366920938463463374607431768211456",
    "1152921504606846976",
    "3155760000",
    "0.0000000000000000000000000001",
    "1.7976931348623157e308",
    "null",
    "true",
    "[]",
    "{}",
    "\"",
    "'",
    "\u{feff}",
    "\u{202e}",
    "2017-02-30 25:61:61",
    "[17/May/2015:10:05:03 +9999]",
    "job_201304190000_0001",
    "M1_1",
    "J999999999999999999999_1",
    "99:99",
];
/// How files in archives are called.
const NAMES: &[&str] = &[
    "workload.txt",
    "a",
    "b.csv",
    "c.load",
    "../d",
    "trace.swf",
    "",
];

/// `bytes`, damaged once or more often, and perhaps packed and damaged again.
pub(crate) fn damaged<'a>(
    stream: &mut Stream,
    bytes: &[u8],
    other: impl Fn() -> &'a [u8],
) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..stream.log_between(1, 8) {
        damage(stream, &mut bytes, &other);
        bytes.truncate(LARGEST);
    }
    if stream.chance(250) {
        for _ in 0..stream.log_between(1, 5) {
            bytes = packed(stream, bytes);
        }
        for _ in 0..stream.below(4) {
            of_bytes(stream, &mut bytes);
        }
    }
    bytes
}

fn damage<'a>(stream: &mut Stream, bytes: &mut Vec<u8>, other: impl Fn() -> &'a [u8]) {
    match stream.below(12) {
        0..=3 => of_bytes(stream, bytes),
        4 | 5 => of_lines(stream, bytes),
        6..=9 => of_fields(stream, bytes),
        10 => splice(stream, bytes, other()),
        _ => of_all(stream, bytes),
    }
}

fn somewhere(stream: &mut Stream, bytes: &[u8]) -> usize {
    stream.below(bytes.len() as u64 + 1) as usize
}

fn byte(stream: &mut Stream) -> u8 {
    if stream.chance(700) {
        BYTES[stream.below(BYTES.len() as u64) as usize]
    } else {
        stream.below(256) as u8
    }
}

fn of_bytes(stream: &mut Stream, bytes: &mut Vec<u8>) {
    let at = somewhere(stream, bytes);
    let length = (stream.log_between(1, 64) as usize).min(bytes.len() - at);
    match stream.below(6) {
        0 => {
            let bit = stream.below(8);
            bytes[at..]
                .iter_mut()
                .take(1)
                .for_each(|byte| *byte ^= 1 << bit);
        }
        1 => {
            let new = byte(stream);
            bytes[at..].iter_mut().take(1).for_each(|byte| *byte = new);
        }
        2 => {
            let new: Vec<u8> = (0..stream.log_between(1, 16))
                .map(|_| byte(stream))
                .collect();
            bytes.splice(at..at, new);
        }
        3 => drop(bytes.drain(at..at + length)),
        4 => bytes.truncate(at),
        _ => {
            let again = bytes[at..at + length].to_vec();
            bytes.splice(at..at, again);
        }
    }
}

/// Where the pieces between `is_end` begin and end.
fn pieces(bytes: &[u8], is_end: impl Fn(u8) -> bool) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (position, byte) in bytes.iter().enumerate() {
        if is_end(*byte) {
            pieces.push((start, position));
            start = position + 1;
        }
    }
    pieces.push((start, bytes.len()));
    pieces
}

fn of_lines(stream: &mut Stream, bytes: &mut Vec<u8>) {
    let lines = pieces(bytes, |byte| byte == b'\n');
    rearrange(stream, bytes, &lines, b'\n');
}

fn of_fields(stream: &mut Stream, bytes: &mut Vec<u8>) {
    let lines = pieces(bytes, |byte| byte == b'\n');
    let &(start, end) = stream.choose(&lines).unwrap();
    let fields = pieces(&bytes[start..end], |byte| BETWEEN.contains(&byte));
    let fields: Vec<_> = fields.iter().map(|(a, b)| (a + start, b + start)).collect();
    let &(from, to) = stream.choose(&fields).unwrap();
    match stream.below(5) {
        0 => {
            let between = bytes.get(to).copied().unwrap_or(b',');
            rearrange(stream, bytes, &fields, between);
        }
        1 => {
            let between = bytes.get(to).copied().unwrap_or(b',');
            let count = stream.log_between(1, 300) as usize;
            bytes.splice(to..to, std::iter::repeat_n(between, count));
        }
        2 => {
            let digits = stream.log_between(1, 400) as usize;
            bytes.splice(from..to, std::iter::repeat_n(b'9', digits));
        }
        _ => {
            let new = stream.choose(FIELDS).unwrap();
            bytes.splice(from..to, new.bytes());
        }
    }
}

/// Doubles, removes or swaps pieces of a file.
fn rearrange(stream: &mut Stream, bytes: &mut Vec<u8>, pieces: &[(usize, usize)], between: u8) {
    let &(from, to) = stream.choose(pieces).unwrap();
    let &(other_from, other_to) = stream.choose(pieces).unwrap();
    match stream.below(4) {
        0 => {
            let mut again = bytes[from..to].to_vec();
            again.push(between);
            bytes.splice(from..from, again);
        }
        1 => drop(bytes.drain(from..(to + 1).min(bytes.len()))),
        2 => {
            let piece = bytes[other_from..other_to].to_vec();
            bytes.splice(from..to, piece);
        }
        _ => {
            let ((a, b), (c, d)) = if from <= other_from {
                ((from, to), (other_from, other_to))
            } else {
                ((other_from, other_to), (from, to))
            };
            if b <= c {
                let (left, right) = (bytes[a..b].to_vec(), bytes[c..d].to_vec());
                bytes.splice(c..d, left);
                bytes.splice(a..b, right);
            }
        }
    }
}

/// The beginning of one file and the end of another.
fn splice(stream: &mut Stream, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = somewhere(stream, bytes);
    bytes.truncate(at);
    let from = somewhere(stream, other);
    bytes.extend_from_slice(&other[from..]);
}

fn of_all(stream: &mut Stream, bytes: &mut Vec<u8>) {
    match stream.below(7) {
        0 => bytes.clear(),
        1 => bytes.retain(|byte| *byte != b'\n'),
        2 => {
            let lines = bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>();
            *bytes = lines.join(b"\r\n".as_slice());
        }
        3 => {
            // Nested deeper than any stack.
            let deep = stream.log_between(10, 60_000) as usize;
            let open: &[u8] = stream.choose(&[b"[".as_slice(), b"{\"a\":", b"("]).unwrap();
            let at = somewhere(stream, bytes);
            bytes.splice(at..at, open.repeat(deep.min(LARGEST / open.len())));
        }
        4 => {
            let at = somewhere(stream, bytes);
            let more = std::iter::repeat_n(byte(stream), stream.log_between(1, 60_000) as usize);
            bytes.splice(at..at, more);
        }
        5 => {
            let times = stream.log_between(2, 50) as usize;
            *bytes = bytes.repeat(times.min(LARGEST / bytes.len().max(1)).max(1));
        }
        _ => bytes.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
    }
}

/// The file within something that packs it.
fn packed(stream: &mut Stream, bytes: Vec<u8>) -> Vec<u8> {
    match stream.below(10) {
        0 => gzip(bytes),
        1 => zstd(bytes),
        2 => bzip2(bytes),
        3 => xz(bytes),
        4 => {
            let name = stream.choose(NAMES).unwrap();
            archive(&[(name, &bytes), ("b", b"1\n")])
        }
        5 => lz4_block(bytes),
        6 => snappy_java(bytes),
        7 => zip(&[("a", &bytes)]),
        8 => {
            let name = stream.choose(&NAMES[..NAMES.len() - 1]).unwrap();
            zip(&[(name, &bytes), ("b ", b"1\n")])
        }
        // Two of them behind each other.
        _ => [gzip(&bytes), gzip(bytes)].concat(),
    }
}
