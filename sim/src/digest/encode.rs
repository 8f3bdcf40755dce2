//! The words that digests are taken of: every number is one of 64 bits, the lowest byte first, however small; a truth
//! value, whether there is something, how many follow and which of several it is are numbers, too. Text is its length and
//! its bytes, filled up with zeros to whole words. Nothing stands between parts that always follow each other.
//!
//! All facts and orders of a run pass here, so a number is one store into a buffer that was looked after once. A property
//! test compares the words with those of a plain encoder.

use std::fmt;

use serde::{Serialize, ser};
use twox_hash::xxhash3_128::Hasher;

/// What histories are not made of.
#[derive(Debug)]
pub(super) struct NotPlain;

impl fmt::Display for NotPlain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("histories are made of whole numbers, text, lists, structs and enums")
    }
}

impl std::error::Error for NotPlain {}

impl ser::Error for NotPlain {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Bytes of a word.
const WORD: usize = 8;

/// Bytes that are hashed at once: long inputs hash several times faster than many short ones, and this many are still in
/// the first cache of data when they are.
pub(super) const CHUNK: usize = 8 * 1024;

/// Encodes into a hash.
pub(super) struct Encoder {
    hasher: Hasher,
    buffer: Box<[u8; CHUNK]>,
    /// How much of the buffer is filled: less than all of it, in whole words.
    len: usize,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes that are not hashed yet", self.len)
    }
}

impl Default for Encoder {
    fn default() -> Self {
        let buffer: Box<[u8]> = vec![0; CHUNK].into();
        Self {
            hasher: Hasher::new(),
            buffer: buffer.try_into().expect("a chunk"),
            len: 0,
        }
    }
}

impl Encoder {
    /// What is encoded and not hashed yet.
    #[cfg(test)]
    pub(super) fn pending(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    pub(super) fn finish(mut self) -> u128 {
        self.flush();
        self.hasher.finish_128()
    }

    #[cold]
    fn flush(&mut self) {
        self.hasher.write(&self.buffer[..self.len]);
        self.len = 0;
    }

    #[inline]
    fn word(&mut self, bytes: [u8; WORD]) {
        // It is whole words and less than a chunk; so said, nothing is left to be looked after.
        let room = self.buffer[self.len % CHUNK / WORD * WORD..].first_chunk_mut();
        *room.expect("a chunk is whole words") = bytes;
        self.len += WORD;
        if self.len == CHUNK {
            self.flush();
        }
    }

    /// Adds words of which it is known how many there are: mostly there is room for all of them.
    #[inline]
    pub(super) fn words<const N: usize>(&mut self, words: [u64; N]) {
        let end = self.len + N * WORD;
        if end < CHUNK
            && let Some(room) = self.buffer.get_mut(self.len..end)
        {
            for (room, word) in room.as_chunks_mut().0.iter_mut().zip(words) {
                *room = word.to_le_bytes();
            }
            self.len = end;
        } else {
            self.words_one_by_one(&words);
        }
    }

    #[cold]
    fn words_one_by_one(&mut self, words: &[u64]) {
        for word in words {
            self.number(*word);
        }
    }

    #[inline]
    fn number(&mut self, number: u64) {
        self.word(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(WORD) {
            let mut word = [0; WORD];
            word[..part.len()].copy_from_slice(part);
            self.word(word);
        }
    }
}

type Done = Result<(), NotPlain>;

macro_rules! refused {
    ($($name:ident($($type:ty),*) $(-> $to:ty)?;)*) => {
        $(fn $name(self $(, _: $type)*) -> refused!(@ $($to)?) { Err(NotPlain) })*
    };
    (@) => { Done };
    (@ $to:ty) => { Result<$to, NotPlain> };
}

impl ser::Serializer for &mut Encoder {
    type Ok = ();
    type Error = NotPlain;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;
    type SerializeMap = ser::Impossible<(), NotPlain>;

    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Done {
        self.serialize_u64(value.into())
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Done {
        self.serialize_u64(value.into())
    }

    #[inline]
    fn serialize_u16(self, value: u16) -> Done {
        self.serialize_u64(value.into())
    }

    #[inline]
    fn serialize_u32(self, value: u32) -> Done {
        self.serialize_u64(value.into())
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Done {
        self.number(value);
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Done {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Done {
        self.serialize_bool(false)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.number(1);
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, variant: u32, _: &'static str) -> Done {
        self.serialize_u32(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Done {
        self.serialize_u32(variant)?;
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self, NotPlain> {
        self.number(len.ok_or(NotPlain)? as u64);
        Ok(self)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, NotPlain> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, NotPlain> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, NotPlain> {
        self.serialize_u32(variant)?;
        Ok(self)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, NotPlain> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, NotPlain> {
        self.serialize_u32(variant)?;
        Ok(self)
    }

    refused! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_bytes(&[u8]);
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_map(Option<usize>) -> Self::SerializeMap;
    }
}

macro_rules! part_by_part {
    ($($part:ident: $add:ident($($key:ty)?),)*) => {
        $(impl ser::$part for &mut Encoder {
            type Ok = ();
            type Error = NotPlain;

            #[inline]
            fn $add<T: Serialize + ?Sized>(&mut self, $(_: $key,)? value: &T) -> Done {
                value.serialize(&mut **self)
            }

            #[inline]
            fn end(self) -> Done {
                Ok(())
            }
        })*
    };
}

part_by_part! {
    SerializeSeq: serialize_element(),
    SerializeTuple: serialize_element(),
    SerializeTupleStruct: serialize_field(),
    SerializeTupleVariant: serialize_field(),
    SerializeStruct: serialize_field(&'static str),
    SerializeStructVariant: serialize_field(&'static str),
}
