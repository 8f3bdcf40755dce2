//! A list of invocations by time: function and millisecond.
//!
//! Source: github.com/COS-IN/iluvatar-faas (Fuerst et al., HPDC 2023), whose load generator replays
//! such lists, made of Azure Functions 2019. CSV with a header: function, milliseconds from the
//! beginning. What a function needs stands in another table ([`super::profiles`]).

use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "invocations of functions by millisecond (Iluvatar)",
    signs: &[Begins("func_name,invoke_time_ms")],
    import: Ok(|import, path| {
        import.steps(Rows::open(path)?, |one: Record, steps| {
            steps.add(&one.function, millis(one.time), None);
        })
    }),
    samples: &["func_name,invoke_time_ms\nda70,6\n9b63,51\nda70,58\n"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One invocation.
    pub struct Record: "invocation" in "trace.csv", headed;
    /// The function.
    function: String = "func_name", Word("a function");
    /// When it is invoked, in milliseconds.
    time: u64 = "invoke_time_ms", Round("milliseconds", LATEST);
}

contents! { Record: |_| Requests 1; }

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("invocations");
        seen.distinct("functions", &self.function);
        seen.first("first_ms", self.time);
        seen.last("last_ms", self.time);
        seen.in_order("time_nondecreasing", self.time, "column invoke_time_ms");
    }
}
