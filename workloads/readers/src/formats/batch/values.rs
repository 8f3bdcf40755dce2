//! Values of JSON that programs write as they like: numbers as texts, texts as numbers, one thing or a list of it.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

/// The longest text of a list, in bytes: the first of it counts.
const LONGEST: usize = 4096;

/// A value as text: nothing for null and for objects, commas between what a list holds.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct LooseText(pub(crate) String);

/// How many elements a list has; an object as many as members.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct ListLength(pub(crate) u64);

/// A value that is known and not kept, whatever it holds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Unkept;

impl LooseText {
    /// The text, if there is any.
    pub(crate) fn get(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }
}

impl<'de> Deserialize<'de> for LooseText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = LooseText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<LooseText, E> {
        Ok(LooseText(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<LooseText, E> {
        Ok(LooseText(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<LooseText, E> {
        Ok(LooseText(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<LooseText, E> {
        Ok(LooseText(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<LooseText, E> {
        Ok(LooseText(value.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<LooseText, E> {
        Ok(LooseText::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<LooseText, A::Error> {
        let mut text = String::new();
        while let Some(LooseText(one)) = list.next_element()? {
            if !one.is_empty() && text.len() + one.len() < LONGEST {
                if !text.is_empty() {
                    text.push(',');
                }
                text.push_str(&one);
            }
        }
        Ok(LooseText(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LooseText, A::Error> {
        while map.next_entry::<Unkept, Unkept>()?.is_some() {}
        Ok(LooseText::default())
    }
}

impl<'de> Deserialize<'de> for ListLength {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LengthVisitor)
    }
}

struct LengthVisitor;

impl<'de> Visitor<'de> for LengthVisitor {
    type Value = ListLength;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: de::Error>(self) -> Result<ListLength, E> {
        Ok(ListLength(0))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<ListLength, E> {
        Ok(ListLength(u64::from(!value.is_empty())))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<ListLength, E> {
        Ok(ListLength(1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ListLength, A::Error> {
        let mut length = 0;
        while list.next_element::<Unkept>()?.is_some() {
            length += 1;
        }
        Ok(ListLength(length))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListLength, A::Error> {
        let mut length = 0;
        while map.next_entry::<Unkept, Unkept>()?.is_some() {
            length += 1;
        }
        Ok(ListLength(length))
    }
}

impl<'de> Deserialize<'de> for Unkept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnkeptVisitor)
    }
}

struct UnkeptVisitor;

impl<'de> Visitor<'de> for UnkeptVisitor {
    type Value = Unkept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Unkept, E> {
        Ok(Unkept)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Unkept, E> {
        Ok(Unkept)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Unkept, E> {
        Ok(Unkept)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Unkept, E> {
        Ok(Unkept)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Unkept, E> {
        Ok(Unkept)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Unkept, E> {
        Ok(Unkept)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Unkept, A::Error> {
        while list.next_element::<Unkept>()?.is_some() {}
        Ok(Unkept)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unkept, A::Error> {
        while map.next_entry::<Unkept, Unkept>()?.is_some() {}
        Ok(Unkept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_texts() {
        let text = |json: &str| {
            serde_json::from_str::<LooseText>(json)
                .map(|text| text.0)
                .ok()
        };
        for (json, expected) in [
            ("5", "5"),
            ("-5", "-5"),
            ("0.1", "0.1"),
            ("\"5\"", "5"),
            ("null", ""),
            ("true", "true"),
            ("[1, \"a\", null, [2]]", "1,a,2"),
            ("{\"a\": 1}", ""),
        ] {
            assert_eq!(text(json).as_deref(), Some(expected), "{json}");
        }
        let length = |json: &str| {
            serde_json::from_str::<ListLength>(json)
                .map(|list| list.0)
                .ok()
        };
        assert_eq!(length("[1, {}, null]"), Some(3));
        assert_eq!(length("{\"7\": 1, \"8\": 2}"), Some(2));
        assert_eq!(length("null"), Some(0));
        assert_eq!(length("\"n1\""), Some(1));
    }
}
