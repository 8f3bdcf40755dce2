//! Policies of a pool by name.
//!
//! Longer than a policy's file: it is the table of all of them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use crate::evidence::{Evidence, Proven};
use crate::job_order::{self, FCFS, ORDER, ScoreOrder};
use crate::job_queue::JobTie;
use crate::name::{BadName, Name, Param};

/// How a pool is scheduled.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PoolPolicy {
    pub(super) rule: Rule,
    pub(super) order: &'static ScoreOrder,
    pub(super) tie: JobTie,
    pub(super) instant: SameInstant,
}

/// Who may start before their turn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Rule {
    /// Nobody.
    List,
    /// Whoever does not delay the first, looked through in this order.
    Easy { among: &'static ScoreOrder },
    /// Whoever delays nobody.
    Conservative,
    /// Whoever ends before the first could start, which stays the first.
    Pick { backfill: bool },
}

/// What counts together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum SameInstant {
    /// All ends and submissions of an instant, and then who starts, as under a master that offers at the end of
    /// an instant.
    #[default]
    Together,
    /// One fact after the other, submissions first, then ends in the order in which jobs started, each followed by
    /// a look at who starts; processors whose job is expected to end now count as free already (pyss, and what was
    /// published with it).
    Each,
}

/// One line of the by-name table.
#[derive(Clone, Copy, Debug)]
pub struct PoolEntry {
    /// The name without parameters.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// Where it comes from, and how far it was proven.
    pub evidence: Evidence,
    make: fn(&mut Name) -> Result<Rule, BadName>,
}

impl PoolPolicy {
    /// The policy that `name` means.
    ///
    /// # Errors
    /// When the name or a parameter is not known, naming those that are.
    pub fn from_name(name: &Name) -> Result<Self, BadName> {
        let entry = ENTRIES.iter().find(|entry| entry.name == name.base());
        let entry = entry.ok_or_else(|| {
            let known: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
            BadName(format!(
                "no policy of a pool is called `{}`; known are {}",
                name.base(),
                known.join(", ")
            ))
        })?;
        let mut rest = name.clone();
        let rule = (entry.make)(&mut rest)?;
        let orders = entry.params.iter().any(|param| param.key == ORDER.key);
        let order = if orders {
            job_order::from_name(&mut rest, ORDER.key)?
        } else {
            &FCFS
        };
        let tie = if orders {
            tie(&mut rest)?
        } else {
            JobTie::First
        };
        let instant = match rest.take(INSTANT.key).as_deref() {
            None | Some("together") => SameInstant::Together,
            Some("each") => SameInstant::Each,
            Some(other) => return Err(rest.bad(INSTANT.key, other, "together or each")),
        };
        let keys: Vec<_> = entry.params.iter().map(|param| param.key).collect();
        rest.finish(&keys)?;
        Ok(Self {
            rule,
            order,
            tie,
            instant,
        })
    }

    /// What counts together.
    pub const fn instant(&self) -> SameInstant {
        self.instant
    }

    /// The order in which those are looked through that may start before their turn, where it is not that of the
    /// turns.
    pub(super) fn among(&self) -> Option<&'static ScoreOrder> {
        match self.rule {
            Rule::Easy { among } => Some(among).filter(|among| *among != self.order),
            _ => None,
        }
    }

    /// Whether what is expected of jobs may be too short: not where starts are promised by it.
    pub fn bears_short_estimates(&self) -> bool {
        self.rule != Rule::Conservative
    }
}

pub(crate) const AMONG: Param = Param {
    key: "among",
    about: "the order in which those behind the first are looked through (default that of submission; sjf is \
            EASY-SJBF)",
};

const SEED: Param = Param {
    key: "seed",
    about: "of draws among equal jobs, with tie=random (default 0)",
};

/// The tie rule that parameters `tie` and `seed` ask for.
fn tie(name: &mut Name) -> Result<JobTie, BadName> {
    let seed: Option<u64> = name.take_as(SEED.key, "a whole number, as in 7")?;
    let mut draws = ChaCha8Rng::seed_from_u64(seed.unwrap_or(0));
    let tie = JobTie::from_name(name, &mut draws)?;
    if seed.is_some() && !matches!(tie, JobTie::Random(_)) {
        let expected = "tie=random beside it, where something is drawn";
        return Err(name.bad(SEED.key, "given", expected));
    }
    Ok(tie)
}

const BACKFILL: Param = Param {
    key: "backfill",
    about: "yes: jobs in order of submission that end before the first is expected to start, start (default no)",
};

const INSTANT: Param = Param {
    key: "instant",
    about: "together: all of an instant happens, and then who starts (default); each: a look after every fact, as \
            published numbers have it",
};

/// The order that parameter `among` names.
pub(crate) fn among(name: &mut Name) -> Result<&'static ScoreOrder, BadName> {
    let among = job_order::from_name(name, AMONG.key)?;
    if among.ages {
        let expected = "an order whose scores do not change";
        return Err(name.bad(AMONG.key, among.name, expected));
    }
    Ok(among)
}

/// The policies of a pool.
pub const ENTRIES: [PoolEntry; 4] = [
    PoolEntry {
        name: "list",
        about: "jobs start in order, nobody before their turn",
        params: &[ORDER, JobTie::TIE, SEED, INSTANT],
        evidence: Evidence {
            source: "list scheduling; orders of Tang et al., Cluster 2009, and Carastan-Santos and de Camargo, SC 2017",
            proven: Proven::ExactWith("instant=each"),
            example: "\
pool 100 list
job processors=70 run=100s
job at=1s processors=80 run=100s
job at=2s processors=90 run=100s
job at=50s processors=20 run=250s
job at=60s processors=20 run=30s
job at=70s processors=40 run=30s
",
        },
        make: |_| Ok(Rule::List),
    },
    PoolEntry {
        name: "easy",
        about: "EASY backfilling: those behind the first start if by all estimates it starts no later for it",
        params: &[ORDER, AMONG, JobTie::TIE, SEED, INSTANT],
        evidence: Evidence {
            source: "Mu'alem and Feitelson, IEEE TPDS 12(6), 2001; SJBF and EASY++: Tsafrir, Etzion and Feitelson, IEEE \
                     TPDS 18(6), 2007",
            proven: Proven::ExactWith("instant=each"),
            example: "\
pool 100 easy
job processors=70 run=100s
job at=1s processors=80 run=100s
job at=2s processors=90 run=100s
job at=50s processors=20 run=250s
job at=60s processors=20 run=30s
job at=70s processors=40 run=30s
",
        },
        make: |name| {
            let among = among(name)?;
            Ok(Rule::Easy { among })
        },
    },
    PoolEntry {
        name: "conservative",
        about: "conservative backfilling: every job has a start planned, and whoever comes later delays none of them",
        params: &[INSTANT],
        evidence: Evidence {
            source: "Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2",
            proven: Proven::ExactWith("instant=each"),
            example: "\
pool 100 conservative
job processors=70 run=100s
job at=1s processors=80 run=100s
job at=2s processors=90 run=100s
job at=50s processors=20 run=250s
job at=60s processors=20 run=30s
job at=70s processors=40 run=30s
",
        },
        make: |_| Ok(Rule::Conservative),
    },
    PoolEntry {
        name: "pick",
        about: "the job that is first when the last one started is the next one, whoever comes; the engine of \
                RLScheduler's tables",
        params: &[ORDER, BACKFILL, JobTie::TIE, SEED, INSTANT],
        evidence: Evidence {
            source: "Zhang et al., RLScheduler, SC 2020, and its artefact",
            proven: Proven::ExactWith("instant=each"),
            example: "\
pool 100 pick[order=sjf,backfill=yes]
job processors=70 run=100s
job at=1s processors=80 run=100s
job at=2s processors=90 run=100s
job at=50s processors=20 run=250s
job at=60s processors=20 run=30s
job at=70s processors=40 run=30s
",
        },
        make: |name| {
            let backfill = match name.take(BACKFILL.key).as_deref() {
                None | Some("no") => false,
                Some("yes") => true,
                Some(other) => return Err(name.bad(BACKFILL.key, other, "yes or no")),
            };
            Ok(Rule::Pick { backfill })
        },
    },
];
