//! Jobs of Cook's simulator: who submitted what when, and how long it runs.

use serde::Deserialize;

use crate::formats::prelude::*;

/// The farthest a time may lie from zero, in milliseconds (a hundred years).
const FARTHEST: i64 = 3_155_760_000_000;
/// The most of any resource one job may ask for.
const MOST: f64 = 1e12;

pub(crate) const FORM: Form = Form {
    about: "jobs of users with their resources, a JSON list (Cook's simulator)",
    signs: &[Holds("\"run-time-ms\"")],
    unkept: &["group"],
    import: Ok(import),
    samples: &[r#"[ {
  "run-time-ms" : 1157730, "submit-time-ms" : -855, "job/user" : "a", "job/uuid" : "1",
  "job/resource" : [ { "resource/type" : "resource.type/cpus", "resource/amount" : 2.0 },
    { "resource/type" : "resource.type/mem", "resource/amount" : 2817.5 } ]
}, {
  "run-time-ms" : 10000, "submit-time-ms" : 5, "job/user" : "b", "job/uuid" : "2",
  "job/resource" : [ ]
} ]
"#],
    ..Form::of::<Documents<Record>>()
};

/// One job.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// Its name.
    #[serde(rename = "job/uuid")]
    pub uuid: String,
    /// Who submitted it.
    #[serde(rename = "job/user")]
    pub user: String,
    /// Its priority within the user's jobs.
    #[serde(rename = "job/priority", default)]
    pub priority: Option<i64>,
    /// The jobs it belongs to.
    #[serde(rename = "job/group", default)]
    pub group: Option<String>,
    /// When it is submitted, in milliseconds; may lie before zero.
    #[serde(rename = "submit-time-ms")]
    pub submit: i64,
    /// How long it runs, in milliseconds.
    #[serde(rename = "run-time-ms")]
    pub run: i64,
    /// What it asks for.
    #[serde(rename = "job/resource")]
    pub resources: Vec<Amount>,
}

/// An amount of one resource.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Amount {
    /// Which: `resource.type/cpus`, `resource.type/mem` (MB), `resource.type/gpus`.
    #[serde(rename = "resource/type", alias = "type")]
    pub kind: String,
    /// How much.
    #[serde(rename = "resource/amount", alias = "amount")]
    pub amount: f64,
}

impl Record {
    /// How much it asks for of the resource called `name`, in millionths.
    pub fn amount(&self, name: &str) -> u64 {
        let of = |amount: &&Amount| amount.kind.rsplit('/').next() == Some(name);
        let amounts = self.resources.iter().filter(of);
        let amounts = amounts.map(|amount| libm::round(amount.amount * 1e6) as u64);
        amounts.fold(0, u64::saturating_add)
    }
}

impl Document for Record {
    const ONE: &'static str = "job";
    const MEMBER: &'static str = "trace.json";
    const KEYS: &'static str =
        "keys: job/uuid, job/user, submit-time-ms, run-time-ms, job/resource[{type, amount}]";

    fn check(&self) -> Result<(), ReadError> {
        if !(-FARTHEST..=FARTHEST).contains(&self.submit) {
            let expected = "a time within a hundred years of zero";
            return Err(ReadError::expected(expected, self.submit).place("key `submit-time-ms`"));
        }
        if !(0..=FARTHEST).contains(&self.run) {
            let expected = "a run time of at most a hundred years";
            return Err(ReadError::expected(expected, self.run).place("key `run-time-ms`"));
        }
        let wrong = self
            .resources
            .iter()
            .find(|a| !(0.0..=MOST).contains(&a.amount));
        match wrong {
            Some(wrong) => {
                let error = ReadError::expected("an amount from 0 to 10^12", wrong.amount);
                Err(error.place("key `job/resource`"))
            }
            None => Ok(()),
        }
    }
}

contents! { Record: |_| Jobs 1, Tasks 1; }

shows! { Record: |one|
    "uuid": one.uuid, "user": one.user, "submit_time_ms": one.submit, "run_time_ms": one.run,
    "cpus": digits(one.amount("cpus"), MILLIONTHS), "mem_mb": digits(one.amount("mem"), MILLIONTHS),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("jobs");
        seen.tally("users", &self.user);
        for (fact, name) in [
            ("cpus_sum", "cpus"),
            ("mem_sum", "mem"),
            ("gpus_sum", "gpus"),
        ] {
            seen.sum(fact, self.amount(name)).written(MILLIONTHS);
        }
        seen.figures("submit_time_ms", "milliseconds", [self.submit]);
        seen.figures("run_time_ms", "milliseconds", [self.run]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    // Submissions may lie before zero, by how much is known only after all of them.
    let mut earliest = 0;
    for job in Documents::<Record>::open(path)?.flatten() {
        earliest = earliest.min(job.submit);
    }
    let moved = earliest.unsigned_abs();
    if moved > 0 {
        import.assume(
            "clock",
            format!("{moved} ms later, so that it begins at zero"),
        );
    }
    import.each(Documents::open(path)?, |import, job: Record| {
        let tasks = Tasks {
            count: 1,
            run: u64::try_from(job.run).ok().map(millis),
            cpus: Some(job.amount("cpus") / 1000),
            memory: Some(job.amount("mem").div_ceil(1_000_000)),
            gpus: Some(job.amount("gpus") / 1000),
            ..Tasks::default()
        };
        let submit = (job.submit - earliest).unsigned_abs();
        let mut draft = Draft::simple(job.uuid, Some(millis(submit)), tasks).by(job.user);
        draft.priority = job
            .priority
            .and_then(|priority| u64::try_from(priority).ok());
        import.job(draft)
    })
}
