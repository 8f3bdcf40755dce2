//! Azure Functions, 2021: every invocation of two weeks with its duration.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureFunctionsInvocationTrace2021`. CSV with a
//! header: application and function (hashes), when the invocation ended, in seconds from the
//! beginning, and how long it took. When it began is the difference.

use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "invocations of functions with their durations (Azure Functions 2021)",
    signs: &[Begins("app,func,end_timestamp")],
    import: Ok(|import, path| {
        let shape = "a job of one task each; CPU and memory are not in the source";
        import.assume("invocations", shape);
        import.each(Rows::open(path)?, |import, one: Record| {
            let begin = one.begin() / 1000;
            let draft = Draft::simple(one.function, Some(begin), ran(Some(one.duration / 1000)));
            import.job(draft.by(one.app))
        })
    }),
    samples: &["\
app,func,end_timestamp,duration
7b2c,e3cd,0.07949090003967285,0.078
7b2c,337c,0.5,1.5
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One invocation.
    pub struct Record: "invocation" in "AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt", headed;
    /// The application.
    app: String = "app", Word("an application");
    /// The function.
    function: String = "func", Word("a function");
    /// When it ended, in billionths of a second from the beginning.
    end: u64 = "end_timestamp" as "end_s", Decimal("seconds", BILLIONTHS, LATEST);
    /// How long it took, in billionths of a second.
    duration: u64 = "duration" as "duration_s", Decimal("seconds", BILLIONTHS, LATEST);
}

contents! { Record: |_| Jobs 1, Tasks 1; }

impl Record {
    /// When it began, in billionths of a second; zero for what began earlier.
    pub const fn begin(&self) -> u64 {
        self.end.saturating_sub(self.duration)
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let early = self.duration > self.end;
        if early {
            let odd = ReadError::expected("a begin after the beginning", "an earlier one");
            seen.warn(odd.hint("it is taken to begin at zero"));
        }
        seen.count("invocations");
        seen.columns();
        seen.distinct("apps", &self.app);
        seen.distinct("functions", &self.function);
        seen.least("start_min_s", self.begin()).rounded(BILLIONTHS);
        seen.most("end_timestamp_max_s", self.end)
            .rounded(BILLIONTHS);
        seen.count_if("begun_before_the_trace", early);
        seen.figures("duration_s", "billionths of a second", [self.duration]);
    }
}
