//! `BurstGPT`: requests of a university to `ChatGPT` and GPT-4 by their tokens, over months.
//!
//! Source: github.com/HPMLL/BurstGPT (Wang et al., KDD 2025), releases 1 and 2. CSV with a header:
//! seconds from midnight of the first day, model, tokens read and written, kind of log; release 2 adds
//! the conversation and how long the answer took. Requests that failed have no tokens written.

use crate::formats::azure_llm::MOST_TOKENS;
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "requests to language models by tokens, over months (BurstGPT 2023)",
    signs: &[
        Begins("Timestamp,Model,Request tokens"),
        Begins("Timestamp,Session ID,Elapsed time"),
    ],
    unkept: &[
        "Session ID",
        "Elapsed time",
        "Model",
        "Total tokens",
        "Log Type",
    ],
    import: Ok(|import, path| {
        let model = "single ones, by their tokens; a failed one writes none";
        import.tokens(Rows::open(path)?, model, |one: &Record| {
            (one.time, one.request, one.response)
        })
    }),
    samples: &["\
Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
5,ChatGPT,472,18,490,Conversation log
45.5,GPT-4,1087,0,1087,API log
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One request.
    pub struct Record: "request" in "BurstGPT.csv", headed;
    /// When it was made, in microseconds.
    time: u64 = "Timestamp" as "time_s", Decimal("seconds", MILLIONTHS, LATEST);
    /// The conversation it is part of.
    session: String = "Session ID" as _, Text;
    /// How long the answer took, in microseconds.
    elapsed: Option<u64> = "Elapsed time" as _, Maybe(Decimal("seconds", MILLIONTHS, LATEST));
    /// Whom it asks: `ChatGPT`.
    model: String = "Model" as "model", Word("a model");
    /// Tokens read.
    request: u64 = "Request tokens" as "request_tokens", Round("tokens", MOST_TOKENS);
    /// Tokens written.
    response: u64 = "Response tokens" as "response_tokens", Round("tokens", MOST_TOKENS);
    /// Both, as the file says.
    total: Option<u64> = "Total tokens" as _, Maybe(Round("tokens", MOST_TOKENS));
    /// Where it came from: `API log`.
    kind: String = "Log Type" as "log_type", Text;
}

contents! { Record: |_| Requests 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("requests");
        seen.columns();
        seen.first("first_s", self.time).written(MILLIONTHS);
        seen.last("last_s", self.time).written(MILLIONTHS);
        if let Some(last) = seen.sorted("time_nondecreasing", self.time) {
            let [last, found] = [last, self.time].map(|time| digits(time, MILLIONTHS));
            seen.before("column Timestamp", last, found);
        }
        seen.tally("models", &self.model);
        seen.tally("log_types", &self.kind);
        seen.count_if("requests_without_an_answer", self.response == 0);
        seen.figures("request_tokens", "tokens", [self.request]);
        seen.figures("response_tokens", "tokens", [self.response]);
        seen.figures("elapsed_s", "millionths of a second", self.elapsed);
    }
}
