//! Azure Functions, 2019: how long the invocations of each function took on one day.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureFunctionsDataset2019`,
//! `function_durations_percentiles.anon.d*.csv` (Shahrad et al., ATC 2020). CSV with a header;
//! milliseconds. Percentiles are weighted averages over the machines.

use super::MOST_INVOCATIONS;
use crate::formats::prelude::*;

const MS: Decimal = Decimal("milliseconds", MILLIONTHS, LATEST);

pub(crate) const FORM: Form = Form {
    about: "how long invocations of functions take (Azure Functions 2019)",
    signs: &[Begins("HashOwner,HashApp,HashFunction,Average,")],
    import: Err("it holds aggregates of functions and no invocations"),
    samples: &["\
HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_50
c455,68ba,f1,32.5,6,1,100,30
c455,68ba,f2,200,3,1,100.5,
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One function.
    pub struct Record: "function" in "function_durations.csv", headed;
    /// Whose function it is.
    owner: String = "HashOwner" as _, Word("an owner");
    /// The application it is part of.
    app: String = "HashApp" as _, Word("an application");
    /// The function.
    function: String = "HashFunction", Word("a function");
    /// The mean, in millionths of a millisecond.
    average: u64 = "Average" as "Average_ms", MS;
    /// How many invocations were measured.
    count: u64 = "Count", Round("invocations", MOST_INVOCATIONS);
    /// The shortest, in millionths of a millisecond.
    minimum: u64 = "Minimum" as "Minimum_ms", MS;
    /// The longest, in millionths of a millisecond.
    maximum: u64 = "Maximum" as "Maximum_ms", MS;
    /// The median, in millionths of a millisecond.
    median: Option<u64> = "percentile_Average_50" as _, Maybe(MS);
    /// The 99th percentile, in millionths of a millisecond.
    p99: Option<u64> = "percentile_Average_99" as _, Maybe(MS);
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let crossed = !(self.minimum..=self.maximum).contains(&self.average);
        if crossed {
            let found = written(u128::from(self.average), MILLIONTHS);
            let odd = ReadError::expected("an average between minimum and maximum", found);
            seen.warn(odd.place("column Average"));
        }
        seen.count("functions");
        seen.columns();
        seen.distinct("owners", &self.owner);
        seen.distinct("apps", &self.app);
        seen.count_if("averages_out_of_bounds", crossed);
        seen.figures("average_ms", "millionths of a millisecond", [self.average]);
        seen.figures("count", "invocations", [self.count]);
    }
}
