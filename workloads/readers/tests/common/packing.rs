//! Packing that needs more than a library's writer: zip archives, and the framings of Spark's libraries.

use std::io::Write as _;

use rawzip::{CompressionMethod, ZipArchiveWriter};
use twox_hash::XxHash32;

/// A zip archive of files, each deflated; one whose name ends in a blank is stored.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        if name.ends_with('/') {
            archive.new_dir(*name).create().unwrap();
            continue;
        }
        let stored = name.ends_with(' ');
        let file = archive.new_file(name.trim_end());
        if stored {
            let (mut entry, config) = file.start().unwrap();
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            let (_, descriptor) = writer.finish().unwrap();
            entry.finish(descriptor).unwrap();
            continue;
        }
        let file = file.compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let level = flate2::Compression::fast();
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, level);
        let mut writer = config.wrap(encoder);
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

/// What lz4-java's `LZ4BlockOutputStream` writes: a packed block, a raw one, and the end.
pub(crate) fn lz4_block(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let (one, other) = bytes.as_ref().split_at(bytes.as_ref().len() / 2);
    let mut packed = Vec::new();
    let blocks = [(0x2f, one), (0x1f, other), (0x1f, b"".as_slice())];
    for (token, plain) in blocks
        .into_iter()
        .filter(|(token, plain)| *token == 0x1f || !plain.is_empty())
    {
        let block = match token {
            0x2f => lz4_flex::block::compress(plain),
            _ => plain.to_vec(),
        };
        let checksum = match plain.len() {
            0 => 0,
            _ => XxHash32::oneshot(0x9747_b28c, plain) & 0x0fff_ffff,
        };
        packed.extend(b"LZ4Block");
        packed.push(token);
        packed.extend((block.len() as u32).to_le_bytes());
        packed.extend((plain.len() as u32).to_le_bytes());
        packed.extend(checksum.to_le_bytes());
        packed.extend(block);
    }
    packed
}

/// What snappy-java's `SnappyOutputStream` writes.
pub(crate) fn snappy_java(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packed = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
    for plain in bytes.as_ref().chunks(1000) {
        let block = snap::raw::Encoder::new().compress_vec(plain).unwrap();
        packed.extend((block.len() as u32).to_be_bytes());
        packed.extend(block);
    }
    packed
}
