//! Azure LLM inference: requests to language models by their tokens.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureLLMInferenceTrace_*.csv` of 2023 (Splitwise, ISCA
//! 2024), a week of 2024 (`DynamoLLM`, HPCA 2025), and `AzureLMMInferenceTrace_multimodal.csv` (`ModServe`, `SoCC`
//! 2025). CSV with a header: time with up to nine digits of a second or none, perhaps followed by the zone
//! `+00:00`; tokens read, tokens written; where images can be asked about, how many there are. How long a
//! request took is not in it.

use crate::formats::clock;
use crate::formats::prelude::*;

/// The most tokens of one request.
pub const MOST_TOKENS: u64 = 1_000_000_000;

pub(crate) const FORM: Form = Form {
    about: "requests to language models by tokens (Azure LLM inference 2023 to 2025)",
    signs: &[
        Begins("TIMESTAMP,ContextTokens"),
        Begins("TIMESTAMP,NumImages,ContextTokens"),
    ],
    import: Ok(import),
    samples: &[
        "\
TIMESTAMP,ContextTokens,GeneratedTokens\r
2023-11-16 18:17:03.9799600,4808,10\r
2023-11-16 18:17:04.009930+00:00,3180,8\r
",
        "\
TIMESTAMP,NumImages,ContextTokens,GeneratedTokens
2024-10-15 00:00:00+00:00,2,808,10
2024-10-15 00:00:01.25+00:00,0,318,8
",
    ],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One request.
    pub struct Record: "request" in "trace.csv", headed;
    /// When it arrived.
    time: Moment = "TIMESTAMP" as "timestamp", Moments;
    /// Images that it is about.
    images: Option<u64> = "NumImages" as _, Maybe(Round("images", MOST_TOKENS));
    /// Tokens read.
    context: u64 = "ContextTokens" as "context_tokens", Whole("tokens", MOST_TOKENS);
    /// Tokens written.
    generated: u64 = "GeneratedTokens" as "generated_tokens", Whole("tokens", MOST_TOKENS);
}

contents! { Record: |_| Requests 1; }

/// A time as it is written, and in nanoseconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moment {
    text: String,
    nanos: u64,
}

struct Moments;

impl Kind for Moments {
    type Value = Moment;

    fn read(&self, cell: Cell<'_>) -> Result<Moment, ReadError> {
        let nanos = nanos(cell.text()).ok_or_else(|| {
            let expected = "a time of the form 2023-11-16 18:17:03.9799600";
            cell.wrong(ReadError::expected(expected, quoted(cell.text())))
        })?;
        let text = cell.text().to_owned();
        Ok(Moment { text, nanos })
    }

    fn show(&self, value: &Moment) -> String {
        value.text.clone()
    }
}

fn nanos(text: &str) -> Option<u64> {
    let text = text.strip_suffix("+00:00").unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || fraction.len() > 9 {
        return None;
    }
    let part: u64 = format!("{fraction:0<9}").parse().ok()?;
    clock::seconds(whole)?
        .checked_mul(1_000_000_000)?
        .checked_add(part)
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let Moment { text, nanos } = &self.time;
        seen.count("requests");
        seen.columns();
        seen.first_text("first", text);
        let before = seen.text("last", text);
        if seen.sorted("time_nondecreasing", *nanos).is_some() {
            seen.before("column TIMESTAMP", before.unwrap_or_default(), text);
        }
        if let Some(images) = self.images {
            seen.count_if("requests_about_images", images > 0);
            seen.figures("images", "images", [images]);
        }
        seen.figures("context_tokens", "tokens", [self.context]);
        seen.figures("generated_tokens", "tokens", [self.generated]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.clock(WallClock::utc());
    let about_images = std::cell::Cell::new(0_u64);
    import.tokens(Rows::open(path)?, TOKENS, |one: &Record| {
        let images = one.images.is_some_and(|images| images > 0);
        about_images.set(about_images.get() + u64::from(images));
        (one.time.nanos / 1000, one.context, one.generated)
    })?;
    let count = about_images.get();
    if count > 0 {
        let model = format!("{count} requests are about some, whose numbers are not kept");
        import.assume("images", model);
    }
    Ok(())
}
