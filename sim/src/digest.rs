//! One number for a whole run: equal digests mean equal histories.

use serde::Serialize;

/// BLAKE3 over the compact encoding of everything that is added, in order.
#[derive(Debug, Default)]
pub struct Digest {
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
}

/// Long inputs hash several times faster than many short ones.
const FLUSH: usize = 64 * 1024;

impl Digest {
    /// Adds a value.
    pub fn add<T: Serialize + ?Sized>(&mut self, value: &T) {
        let buffer = std::mem::take(&mut self.buffer);
        self.buffer = postcard::to_extend(value, buffer).expect("plain data has an encoding");
        if self.buffer.len() >= FLUSH {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
    }

    /// The digest of all that was added, in hexadecimal.
    pub fn finish(mut self) -> String {
        self.hasher.update(&self.buffer);
        self.hasher.finalize().to_hex().to_string()
    }
}
