//! The words of the Mesos v1 scheduler API, read leniently and written strictly.
//!
//! What a real client is known to send is understood: `null` for absent, one object where a list
//! is declared, numbers as text ([`proto`]); what it means here is judged from types
//! ([`messages`]). What is written is ASCII JSON without line breaks.

pub mod call;
pub mod members;
pub mod messages;
pub mod operator;
pub mod order;
pub mod ports;
pub mod proto;
pub mod resources;
pub mod scalar;

use std::io;

use serde::Serialize;
use serde_json::{Value, json};

pub use scalar::Id;

/// The version of the API that clients are told: numbers and dots only, or some do not start.
pub const API_VERSION: &str = "1.11.0";

/// What `/version` shows, of a master and of an agent.
pub fn version() -> Value {
    json!({
        "version": API_VERSION,
        "build_user": "fairground",
        "fairground": env!("CARGO_PKG_VERSION"),
    })
}

/// `value` as JSON in ASCII, without line breaks.
pub fn to_ascii<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Ascii);
    value
        .serialize(&mut serializer)
        .expect("JSON values can be written");
    bytes
}

/// Writes every character beyond ASCII as an escape, in pairs of surrogates where needed.
struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: io::Write + ?Sized,
    {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        for character in fragment.chars() {
            if character.is_ascii() {
                writer.write_all(&[character as u8])?;
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// Why a name cannot be the id of a task or framework; `None` when it can.
pub fn bad_id(id: &str) -> Option<&'static str> {
    if id.is_empty() || id.len() > 255 {
        return Some("an id has 1 to 255 characters");
    }
    if id == "." || id == ".." {
        return Some("an id is not `.` or `..`");
    }
    if id.chars().any(|c| c.is_control() || c == '/' || c == '\\') {
        return Some("an id has no control characters, no `/` and no `\\`");
    }
    None
}

/// Why a name cannot be a role's; `None` when it can. What is before a `/` is the role above.
pub fn bad_role(role: &str) -> Option<&'static str> {
    if role == "*" {
        return None;
    }
    if role.len() > 255 {
        return Some("a role has at most 255 bytes");
    }
    let bad = |part: &str| matches!(part, "" | "." | ".." | "*");
    if role.split('/').any(bad) {
        return Some("a role and its parts between `/` are not empty, `.`, `..` or `*`");
    }
    if role.split('/').any(|part| part.starts_with('-')) {
        return Some("a role and its parts do not begin with `-`");
    }
    if role.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("a role has no spaces or control characters");
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn output_is_ascii_and_reads_back() {
        let value = json!({"name": "søk 😀 \n"});
        let bytes = to_ascii(&value);
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{"name":"s\u00f8k \ud83d\ude00 \n"}"#
        );
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }

    #[test]
    fn ids_and_roles_are_checked() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a\nb", &"x".repeat(256)] {
            assert!(bad_id(bad).is_some(), "{bad:?}");
        }
        assert_eq!(bad_id("job-1.task 7"), None);
        for bad in [
            "",
            ".",
            "-a",
            "a b",
            "a/-b",
            "/a",
            "a/",
            "a//b",
            "a/*",
            "a/..",
            &"x".repeat(256),
        ] {
            assert!(bad_role(bad).is_some(), "{bad:?}");
        }
        for good in ["eng/web", "*", "a*", "a-b/c.d", &"x".repeat(255)] {
            assert_eq!(bad_role(good), None);
        }
    }
}
