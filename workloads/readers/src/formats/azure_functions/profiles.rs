//! What functions need when they are invoked: memory and durations, cold and warm.
//!
//! Source: github.com/COS-IN/iluvatar-faas; it goes with a list of invocations ([`super::replay`]).
//! CSV with a header: function, milliseconds when cold and when warm, memory in MB, and the mean
//! time between invocations.

use crate::formats::prelude::*;

/// The most memory of one function.
const MOST_MEGABYTES: u64 = 1 << 30;

pub(crate) const FORM: Form = Form {
    about: "durations and memory of functions (Iluvatar)",
    signs: &[Begins("func_name,cold_dur_ms")],
    import: Err("it holds needs of functions and no invocations"),
    samples: &["\
func_name,cold_dur_ms,warm_dur_ms,mem_mb,mean_iat
da70,1582,34,37,548.0
9b63,10672,23,94,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One function.
    pub struct Record: "function" in "metadata.csv", headed;
    /// The function.
    function: String = "func_name", Word("a function");
    /// The first invocation in a new container, in milliseconds.
    cold: u64 = "cold_dur_ms", Round("milliseconds", LATEST);
    /// Any later one.
    warm: u64 = "warm_dur_ms", Round("milliseconds", LATEST);
    /// Its memory.
    megabytes: u64 = "mem_mb", Round("MB", MOST_MEGABYTES);
    /// The mean time between invocations, in millionths of a millisecond.
    gap: Option<u64> = "mean_iat" as _, Maybe(Decimal("milliseconds", MILLIONTHS, LATEST));
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("functions");
        seen.figures("cold_dur_ms", "milliseconds", [self.cold]);
        seen.figures("warm_dur_ms", "milliseconds", [self.warm]);
        seen.figures("mem_mb", "MB", [self.megabytes]);
    }
}
