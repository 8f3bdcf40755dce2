//! `RecordIO`, the framing of every stream: a decimal length, a newline, that many bytes.

use bytes::{Buf as _, Bytes, BytesMut};

/// The longest record taken in; a peer that announces more is broken or hostile.
pub const MAX_RECORD: usize = 16 << 20;

/// One record, framed.
pub fn frame(record: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(record.len() + 12);
    framed.extend_from_slice(record.len().to_string().as_bytes());
    framed.extend_from_slice(b"\n");
    framed.extend_from_slice(record);
    framed.freeze()
}

/// Takes records out of a stream that arrives in pieces of any size.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
}

/// Why a stream is not `RecordIO`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// The length is not a number.
    #[error("a record's length is `{0}`; expected decimal digits and a newline")]
    Length(String),
    /// The length is too large.
    #[error("a record of {0} bytes was announced; at most {MAX_RECORD} are taken")]
    TooLong(u64),
}

/// Digits of the longest length that is looked at before it is refused.
const MAX_DIGITS: usize = 20;

impl Decoder {
    /// Takes in the next piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole record; `None` until more of the stream was pushed.
    ///
    /// # Errors
    /// When the stream is not `RecordIO`; it cannot be read on.
    pub fn next_record(&mut self) -> Result<Option<Bytes>, Malformed> {
        let head = &self.buffer[..self.buffer.len().min(MAX_DIGITS + 1)];
        let Some(digits) = head.iter().position(|byte| *byte == b'\n') else {
            if head.len() <= MAX_DIGITS && head.iter().all(u8::is_ascii_digit) {
                return Ok(None);
            }
            let found = String::from_utf8_lossy(head).into_owned();
            return Err(Malformed::Length(found));
        };
        let text = String::from_utf8_lossy(&head[..digits]);
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length: u64 = match text.parse() {
            Ok(length) if is_number => length,
            _ => return Err(Malformed::Length(text.into_owned())),
        };
        if length > MAX_RECORD as u64 {
            return Err(Malformed::TooLong(length));
        }
        let end = digits + 1 + length as usize;
        if self.buffer.len() < end {
            return Ok(None);
        }
        self.buffer.advance(digits + 1);
        Ok(Some(self.buffer.split_to(length as usize).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of a stream that arrives in pieces of `size` bytes.
    fn decoded(stream: &[u8], size: usize) -> Result<Vec<Bytes>, Malformed> {
        let mut decoder = Decoder::default();
        let mut records = Vec::new();
        for piece in stream.chunks(size) {
            decoder.push(piece);
            while let Some(record) = decoder.next_record()? {
                records.push(record);
            }
        }
        Ok(records)
    }

    #[test]
    fn records_come_out_whole_whatever_the_pieces() {
        let records: [&[u8]; 4] = [b"{}", b"", b"12\n34", &[b'x'; 1000]];
        let stream: Vec<u8> = records.iter().flat_map(|record| frame(record)).collect();
        for size in [1, 2, 3, 7, 4096] {
            assert_eq!(decoded(&stream, size).unwrap(), records);
        }
    }

    #[test]
    fn what_is_not_a_length_is_refused() {
        for stream in [
            "x",
            "\n",
            "-1\n",
            "1x\n",
            "+1\na",
            "123456789012345678901234",
        ] {
            assert!(
                matches!(decoded(stream.as_bytes(), 64), Err(Malformed::Length(_))),
                "{stream:?}"
            );
        }
        assert_eq!(
            decoded(b"16777217\n", 64),
            Err(Malformed::TooLong(16_777_217))
        );
    }
}
