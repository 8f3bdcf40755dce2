//! Mooncake: requests to Kimi's language model, with the blocks of their prompts that repeat.
//!
//! Source: github.com/kvcache-ai/Mooncake, `FAST25-release/traces` (Qin et al., FAST 2025). JSON
//! lines: milliseconds from the beginning, tokens read, tokens written, and an id for every block of
//! 512 tokens of the prompt: equal ids are equal prefixes. How long a request took is not in it.

use serde::Deserialize;

use crate::formats::prelude::*;

/// The latest time: a hundred years of milliseconds.
const MOST_MILLIS: u64 = LATEST * 1000;

pub(crate) const FORM: Form = Form {
    about: "requests to a language model with their prefixes, JSON lines (Mooncake, Kimi)",
    signs: &[Holds("\"input_length\"")],
    unkept: &["hash_ids"],
    import: Ok(|import, path| {
        import.tokens(Rows::open(path)?, TOKENS, |one: &Record| {
            let [read, write] = [one.input_length, one.output_length].map(u64::from);
            (millis(one.timestamp), read, write)
        })
    }),
    samples: &[concat!(
        r#"{"timestamp": 0, "input_length": 758, "output_length": 500, "hash_ids": [0, 1]}"#,
        "\n",
        r#"{"timestamp": 3000, "input_length": 322, "output_length": 490, "hash_ids": [0]}"#,
        "\n"
    )],
    ..Form::of::<Rows<Record>>()
};

/// One request.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Record {
    /// When it arrived, in milliseconds.
    pub timestamp: u64,
    /// Tokens read.
    pub input_length: u32,
    /// Tokens written.
    pub output_length: u32,
    /// The blocks of the prompt.
    #[serde(default)]
    pub hash_ids: Vec<u64>,
}

impl Row for Record {
    /// The members that are not read.
    type Layout = Members;
    const MEMBER: &'static str = "trace.jsonl";
    const ONE: &'static str = "request";
    const ABOUT: &'static str = "a request is a line of JSON with timestamp and lengths";

    fn row(line: &str, members: &mut Members) -> Result<Option<Self>, ReadError> {
        let request: Self = members.parse(line.as_bytes()).map_err(|error| {
            ReadError::json("a request", &error)
                .hint("keys: timestamp, input_length, output_length, hash_ids")
        })?;
        if request.timestamp > MOST_MILLIS {
            let expected = format!("at most {MOST_MILLIS} milliseconds");
            let error = ReadError::expected(expected, request.timestamp);
            return Err(error
                .place("key `timestamp`")
                .hint("so large a number is taken for damage"));
        }
        Ok(Some(request))
    }

    fn unread(members: &Members) -> Vec<String> {
        members.names()
    }
}

contents! { Record: |_| Requests 1; }

shows! { Record: |one|
    "timestamp_ms": one.timestamp, "input_length": one.input_length,
    "output_length": one.output_length, "blocks": one.hash_ids.len(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("requests");
        if let Some(last) = seen.sorted("time_nondecreasing", self.timestamp) {
            let expected = format!("a time not before the line above ({last})");
            let odd = ReadError::expected(expected, self.timestamp);
            seen.warn(odd.place("key `timestamp`"));
        }
        seen.figures("timestamp_ms", "milliseconds", [self.timestamp]);
        seen.figures("input_length", "tokens", [self.input_length]);
        seen.figures("output_length", "tokens", [self.output_length]);
    }
}
