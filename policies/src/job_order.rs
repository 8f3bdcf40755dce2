//! Whose rigid job goes first: the scores of batch scheduling, the least first.
//!
//! One score an order, one line in [`ORDERS`]. Equal scores go by the tie rule of whoever orders: by the order of
//! submission, if nothing is said. Longer than a policy's file: it is the table of all of them.

use crate::evidence::{Evidence, Proven};
use crate::name::{BadName, Name, Param};
use crate::score::Score;
use crate::time::{Span, Time};

/// What is known of a rigid job that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RigidJob {
    /// When it was submitted.
    pub submitted: Time,
    /// How long it is expected to run.
    pub estimate: Span,
    /// How many processors it takes, all at once.
    pub processors: u32,
    /// How long it is expected to be until all that follows from it is done: its estimate, unless it is a stage of a
    /// job that others wait for.
    pub remaining: Span,
    /// When it is to be done; if nobody says it, as long after its submission as it, with all its stages, is expected to run.
    pub deadline: Time,
}

impl RigidJob {
    /// A job of one stage.
    pub fn new(submitted: Time, estimate: Span, processors: u32) -> Self {
        Self {
            submitted,
            estimate,
            processors,
            remaining: estimate,
            deadline: submitted + estimate,
        }
    }

    /// How long it has waited.
    const fn wait(&self, now: Time) -> Span {
        now.since(self.submitted)
    }

    fn processors(&self) -> Score {
        self.processors.into()
    }
}

/// An order of jobs.
#[derive(Clone, Copy)]
pub struct ScoreOrder {
    /// Its name, as in `order=sjf`.
    pub name: &'static str,
    /// What goes first, in a few words.
    pub about: &'static str,
    /// Where it comes from, and how far it was proven.
    pub evidence: Evidence,
    /// Whether scores change while jobs wait.
    pub ages: bool,
    /// The score of a job; times count in seconds.
    pub score: fn(&RigidJob, Time) -> Score,
}

impl std::fmt::Debug for ScoreOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for ScoreOrder {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A time in seconds.
fn seconds(span: Span) -> Score {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Score::ratio(micros, 1_000_000)
}

/// Seconds since the beginning of the log, and a tenth of one at the beginning, so that there is a logarithm.
fn since_start(job: &RigidJob) -> Score {
    seconds(job.submitted.since(Time::ZERO)).max(Score::ratio(1, 10))
}

/// Processors times expected seconds.
fn area(job: &RigidJob) -> Score {
    seconds(job.estimate) * job.processors()
}

/// The logarithm of (wait/estimate)^3 x processors, which keeps its order and loses no small ones.
fn wfp3(job: &RigidJob, wait: Score) -> Score {
    Score::new(3) * (wait.log2() - seconds(job.estimate).log2()) + job.processors().log2()
}

/// wait / (log2(processors) x estimate), with a logarithm of at least so much. Of one processor it is none: whoever
/// has waited on one is above all others, and equal.
fn unicep(job: &RigidJob, wait: Score, least: Score) -> Score {
    wait / (job.processors().log2().max(least) * seconds(job.estimate))
}

/// The wait as in the artefact of `RLScheduler` (SC 2020), which takes -1 for the present: minus a second and the
/// time since the log began. Its sign is left out here.
fn mistaken_wait(job: &RigidJob) -> Score {
    Score::ONE + seconds(job.submitted.since(Time::ZERO))
}

/// All processors are held until four others wait, of which none fits beside another.
macro_rules! evidence {
    ($name:literal, $proven:expr, $source:expr) => {
        Evidence {
            source: $source,
            proven: $proven,
            example: concat!(
                "pool 8 list[order=",
                $name,
                "]\njob processors=8 run=100s\njob at=10s processors=5 run=40s\njob at=30s processors=8 run=30s\njob \
                 at=50s processors=6 run=50s\njob at=70s processors=7 run=20s\n"
            ),
        }
    };
}

/// Those of which tables were published, which `pick` gives.
const PUBLISHED: Proven = Proven::ExactWith("pick[instant=each]");
const OWN: Proven = Proven::Scripts;

/// A score like those of Carastan-Santos and de Camargo.
macro_rules! nonlinear {
    ($name:literal, $formula:literal, $proven:expr, $size:expr, $factor:literal) => {
        ScoreOrder {
            name: $name,
            about: concat!(
                "the least ",
                $formula,
                " (r estimate, n processors, s time of submission, in seconds)"
            ),
            evidence: evidence!(
                $name,
                $proven,
                "Carastan-Santos and de Camargo, SC 2017, table 3"
            ),
            ages: false,
            score: |job, _| {
                let size: fn(Score, Score) -> Score = $size;
                size(seconds(job.estimate), job.processors())
                    + Score::new($factor) * since_start(job).log10()
            },
        }
    };
}

/// A score that is a plain number of the job.
macro_rules! plain {
    ($name:literal, $about:literal, $proven:expr, $source:expr, $score:expr) => {
        ScoreOrder {
            name: $name,
            about: $about,
            evidence: evidence!($name, $proven, $source),
            ages: false,
            score: $score,
        }
    };
}

const SIZES: &str = "Majumdar, Eager and Bunt, SIGMETRICS 1988";
const AREAS: &str = "Carastan-Santos et al., CCGrid 2019 (smallest area first)";
const TANG: &str = "Tang et al., Cluster 2009";
const TABLES: &str = "Zhang et al., RLScheduler, SC 2020, its artefact";

/// First come, first served.
pub const FCFS: ScoreOrder = plain!(
    "fcfs",
    "the one that was submitted first",
    PUBLISHED,
    "first come, first served",
    |job, _| seconds(job.submitted.since(Time::ZERO))
);

/// Every order there is.
pub const ORDERS: [ScoreOrder; 19] = [
    FCFS,
    plain!(
        "sjf",
        "the shortest by estimate",
        PUBLISHED,
        "Conway, Maxwell and Miller, Theory of Scheduling, 1967",
        |job, _| seconds(job.estimate)
    ),
    plain!(
        "ljf",
        "the longest by estimate",
        OWN,
        "longest processing time first: Graham, SIAM Journal on Applied Mathematics 17(2), 1969",
        |job, _| -seconds(job.estimate)
    ),
    plain!(
        "smallest",
        "the one on the fewest processors",
        OWN,
        SIZES,
        |job, _| job.processors()
    ),
    plain!(
        "largest",
        "the one on the most processors",
        OWN,
        SIZES,
        |job, _| -job.processors()
    ),
    plain!(
        "saf",
        "the smallest area, processors times estimate",
        OWN,
        AREAS,
        |job, _| area(job)
    ),
    plain!(
        "laf",
        "the largest area, processors times estimate",
        OWN,
        AREAS,
        |job, _| -area(job)
    ),
    plain!(
        "srtf",
        "the least time expected until all stages are done; sjf where there is one",
        OWN,
        "shortest remaining time first: Schrage, Operations Research 16(3), 1968",
        |job, _| seconds(job.remaining)
    ),
    plain!(
        "critical",
        "the longest chain of stages still to run (critical path first)",
        OWN,
        "Kelley and Walker, Critical-Path Planning and Scheduling, 1959",
        |job, _| -seconds(job.remaining)
    ),
    plain!(
        "edf",
        "the earliest deadline; of a job without one, its submission and what its user says that it runs for",
        OWN,
        "Liu and Layland, JACM 20(1), 1973",
        |job, _| seconds(job.deadline.since(Time::ZERO))
    ),
    ScoreOrder {
        name: "expansion",
        about: "the largest expansion factor, (wait + estimate) / estimate",
        evidence: evidence!(
            "expansion",
            OWN,
            "Maui's XFactor: Jackson, Snell and Clement, JSSPP 2001"
        ),
        ages: true,
        score: |job, now| -(seconds(job.wait(now)) / seconds(job.estimate)),
    },
    ScoreOrder {
        name: "wfp3",
        about: "the largest (wait/estimate)^3 x processors",
        evidence: evidence!("wfp3", OWN, TANG),
        ages: true,
        score: |job, now| -wfp3(job, seconds(job.wait(now))),
    },
    ScoreOrder {
        name: "unicep",
        about: "the largest wait / (log2(processors) x estimate)",
        evidence: evidence!("unicep", OWN, TANG),
        ages: true,
        score: |job, now| -unicep(job, seconds(job.wait(now)), Score::ZERO),
    },
    ScoreOrder {
        name: "wfp3-published",
        about: "wfp3 as the tables of RLScheduler have it, whose wait is -(1 + time of submission)",
        evidence: evidence!("wfp3-published", PUBLISHED, TABLES),
        ages: false,
        score: |job, _| wfp3(job, mistaken_wait(job)),
    },
    ScoreOrder {
        name: "unicep-published",
        about: "unicep as the tables of RLScheduler have it, whose wait is -(1 + time of submission)",
        evidence: evidence!("unicep-published", PUBLISHED, TABLES),
        ages: false,
        // Its logarithms are those of 1e-15 more, so that there is one of one processor, too.
        score: |job, _| unicep(job, mistaken_wait(job), Score::STEP),
    },
    nonlinear!(
        "f1",
        "log10(r) n + 870 log10(s)",
        PUBLISHED,
        |r, n| r.log10() * n,
        870
    ),
    nonlinear!(
        "f2",
        "sqrt(r) n + 25600 log10(s)",
        OWN,
        |r, n| r.sqrt() * n,
        25_600
    ),
    nonlinear!("f3", "r n + 6860000 log10(s)", OWN, |r, n| r * n, 6_860_000),
    nonlinear!(
        "f4",
        "r sqrt(n) + 530000 log10(s)",
        OWN,
        |r, n| r * n.sqrt(),
        530_000
    ),
];

/// Whose turn it is, as a parameter of a name.
pub(crate) const ORDER: Param = Param {
    key: "order",
    about: "whose turn it is: an order of jobs (default fcfs; `fairground policies` lists them)",
};

/// The order that parameter `key` names; that of submission if nothing is said.
pub(crate) fn from_name(name: &mut Name, key: &str) -> Result<&'static ScoreOrder, BadName> {
    let Some(text) = name.take(key) else {
        return Ok(&FCFS);
    };
    let known = ORDERS.iter().find(|order| order.name == text);
    known.ok_or_else(|| {
        let names: Vec<_> = ORDERS.iter().map(|order| order.name).collect();
        name.bad(key, &text, &format!("one of {}", names.join(", ")))
    })
}
