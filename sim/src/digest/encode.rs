//! The compact encoding that digests are taken of: postcard's, for the kinds of data that histories
//! are made of.
//!
//! All facts and orders of a run pass here, so a number is one store into a buffer that was looked
//! after once. A property test compares the bytes with those of the `postcard` crate.

use std::fmt;

use serde::{Serialize, ser};

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

/// Seven bits a byte, the lowest first; all bytes but the last have their highest bit set.
#[inline]
fn varint(number: u64) -> (u64, usize) {
    // Spread four times seven bits at once, then two times, then one.
    let mut spread = (number & 0x0fff_ffff) | ((number & 0x00ff_ffff_f000_0000) << 4);
    spread = (spread & 0x0000_3fff_0000_3fff) | ((spread & 0x0fff_c000_0fff_c000) << 2);
    spread = (spread & 0x007f_007f_007f_007f) | ((spread & 0x3f80_3f80_3f80_3f80) << 1);
    let more = (spread | 1).ilog2() / 8;
    let marks = 0x0080_8080_8080_8080 & ((1 << (8 * more)) - 1);
    (spread | marks, more as usize + 1)
}

/// The largest number whose encoding is at most eight bytes.
const EIGHT_BYTES: u64 = (1 << 56) - 1;

/// Long inputs hash several times faster than many short ones.
pub(super) const CHUNK: usize = 64 * 1024;

/// What is written at once, at most.
const MARGIN: usize = 8;

/// Encodes into a hash.
#[derive(Debug)]
pub(super) struct Encoder {
    hasher: blake3::Hasher,
    buffer: Box<[u8; CHUNK + MARGIN]>,
    /// How much of the buffer is filled.
    len: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        let buffer: Box<[u8]> = vec![0; CHUNK + MARGIN].into();
        Self {
            hasher: blake3::Hasher::new(),
            buffer: buffer.try_into().expect("a chunk and its margin"),
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

    pub(super) fn finish(mut self) -> blake3::Hash {
        self.flush();
        self.hasher.finalize()
    }

    #[cold]
    fn flush(&mut self) {
        self.hasher.update(&self.buffer[..self.len]);
        self.len = 0;
    }

    /// The place for the next few bytes.
    #[inline]
    fn room(&mut self) -> &mut [u8; MARGIN] {
        if self.len >= CHUNK {
            self.flush();
        }
        // It is less than a chunk; so said, nothing is left to be looked after.
        let room = self.buffer[self.len % CHUNK..].first_chunk_mut();
        room.expect("a margin behind the chunk")
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for unit in bytes.chunks(CHUNK) {
            if self.len + unit.len() > CHUNK {
                self.flush();
            }
            self.buffer[self.len..self.len + unit.len()].copy_from_slice(unit);
            self.len += unit.len();
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.room()[0] = byte;
        self.len += 1;
    }

    #[inline]
    fn number(&mut self, number: u64) {
        if number < 1 << 7 {
            self.byte(number as u8);
        } else if number <= EIGHT_BYTES {
            let (bytes, len) = varint(number);
            *self.room() = bytes.to_le_bytes();
            self.len += len;
        } else {
            self.long_number(number);
        }
    }

    /// One of nine or ten bytes: rare.
    #[cold]
    fn long_number(&mut self, mut number: u64) {
        while number >= 1 << 7 {
            self.byte(number as u8 | 1 << 7);
            number >>= 7;
        }
        self.byte(number as u8);
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
        self.byte(u8::from(value));
        Ok(())
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Done {
        self.byte(value);
        Ok(())
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
        self.byte(1);
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
