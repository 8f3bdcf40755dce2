//! One number for a whole run: equal digests mean equal histories.

use serde::Serialize;

/// BLAKE3 over the compact encoding of everything that is added, in order.
#[derive(Debug)]
pub struct Digest {
    hasher: blake3::Hasher,
    buffer: Box<[u8]>,
    /// How much of the buffer is filled.
    len: usize,
}

/// Long inputs hash several times faster than many short ones.
const CHUNK: usize = 64 * 1024;

impl Default for Digest {
    fn default() -> Self {
        Self {
            hasher: blake3::Hasher::new(),
            buffer: vec![0; CHUNK].into_boxed_slice(),
            len: 0,
        }
    }
}

impl Digest {
    /// Adds a value.
    pub fn add<T: Serialize + ?Sized>(&mut self, value: &T) {
        let room = &mut self.buffer[self.len..];
        if let Ok(used) = postcard::to_slice(value, room) {
            self.len += used.len();
            return;
        }
        self.flush();
        let bytes = postcard::to_stdvec(value).expect("plain data has an encoding");
        self.hasher.update(&bytes);
    }

    fn flush(&mut self) {
        self.hasher.update(&self.buffer[..self.len]);
        self.len = 0;
    }

    /// The digest of all that was added, in hexadecimal.
    pub fn finish(mut self) -> String {
        self.flush();
        self.hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_change_nothing() {
        let (mut digest, mut plain) = (Digest::default(), Vec::new());
        for length in (0..400).chain([3 * CHUNK, 7]) {
            let value = (length, vec![length as u8; length]);
            digest.add(&value);
            plain.extend(postcard::to_stdvec(&value).unwrap());
        }
        assert_eq!(digest.finish(), blake3::hash(&plain).to_hex().to_string());
    }
}
