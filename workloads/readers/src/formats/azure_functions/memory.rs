//! Azure Functions, 2019: how much memory each application had on one day.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureFunctionsDataset2019`,
//! `app_memory_percentiles.anon.d*.csv` (Shahrad et al., ATC 2020). CSV with a header; MB. Samples
//! cut out of the data set by others also name the function.

use super::MOST_INVOCATIONS;
use crate::formats::prelude::*;

/// Up to the most memory of one application.
const MB: Decimal = Decimal("MB", MILLIONTHS, 1_000_000_000);

pub(crate) const FORM: Form = Form {
    about: "how much memory applications have (Azure Functions 2019)",
    signs: &[
        Begins("HashOwner,HashApp,SampleCount"),
        Begins("HashOwner,HashApp,HashFunction,SampleCount"),
    ],
    import: Err("it holds aggregates of functions and no invocations"),
    samples: &["\
HashOwner,HashApp,SampleCount,AverageAllocatedMb
c455,68ba,12,120.5
"],
    ..Form::of::<Rows<Record>>()
};

columns! {
    /// One application.
    pub struct Record: "application" in "app_memory.csv", headed;
    /// Whose application it is.
    owner: String = "HashOwner" as _, Word("an owner");
    /// The application.
    app: String = "HashApp", Word("an application");
    /// The function; empty where the row is for all of the application.
    function: String = "HashFunction", Text;
    /// How often it was measured.
    samples: u64 = "SampleCount", Round("samples", MOST_INVOCATIONS);
    /// The mean memory allocated, in millionths of a MB.
    average: u64 = "AverageAllocatedMb", MB;
    /// The median, in millionths of a MB.
    median: Option<u64> = "AverageAllocatedMb_pct50" as _, Maybe(MB);
    /// The 99th percentile, in millionths of a MB.
    p99: Option<u64> = "AverageAllocatedMb_pct99" as _, Maybe(MB);
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("rows");
        seen.columns();
        seen.distinct("owners", &self.owner);
        seen.distinct("apps", &self.app);
        seen.figures("sample_count", "samples", [self.samples]);
        seen.figures("average_allocated_mb", "millionths of a MB", [self.average]);
    }
}
