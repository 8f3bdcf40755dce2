//! Who gains and who pays, in sentences to be quoted: a paragraph a policy.
//!
//! The first sentence names both sides, and for how many jobs it holds; then come all jobs together,
//! mean and median, also against variants of the baseline; then whatever never finished.

use std::fmt::Write as _;

use super::comparison::{Changes, JobCounts, Line, Measure, Overall, Verdict};
use super::stats::Estimate;
use super::units;

/// What is said where no framework has anything to compare.
const NOTHING: &str = "nothing to compare: no job finished under any policy, and no request came";

/// Frameworks that gain, or show no difference, and are named one by one.
const NAMED: usize = 4;
/// Frameworks that pay and are named one by one: it is them a reader looks for.
const PAYERS: usize = 8;

impl Changes {
    /// A paragraph a policy, fit to be quoted; the policy that finished jobs soonest comes first.
    pub fn sentences(&self) -> Vec<String> {
        let order = self.order().into_iter();
        order.map(|policy| self.paragraph(policy)).collect()
    }

    /// The policy that is compared first of all: the one that finished jobs soonest.
    pub fn main(&self) -> usize {
        self.order().first().copied().unwrap_or(0)
    }

    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (1..self.policies.len()).collect();
        let change = |policy: &usize| self.overall_of(*policy).map_or(0.0, |all| all.mean.mean);
        order.sort_by(|one, other| change(one).total_cmp(&change(other)));
        order
    }

    fn overall_of(&self, policy: usize) -> Option<&Overall> {
        self.overall.iter().find(|overall| overall.policy == policy)
    }

    fn paragraph(&self, policy: usize) -> String {
        let mut text = self.first(policy);
        if let Some(overall) = self.overall_of(policy) {
            let _ = write!(
                text,
                " All jobs together{}: mean completion time {}; the median job's {}.",
                self.fewer(&overall.mean)
                    .map_or(String::new(), |fewer| format!(" ({fewer})")),
                both(&overall.mean),
                both(&overall.median)
            );
            for (variant, change) in &overall.against {
                let name = &self.policies[*variant];
                let _ = write!(text, " Against {name}: {}.", both(change));
            }
            self.never(&mut text, overall);
        }
        text
    }

    /// Who gains, who pays, over how many jobs and seeds.
    fn first(&self, policy: usize) -> String {
        let (name, baseline) = (&self.policies[policy], &self.policies[0]);
        let lines = self.lines.iter().filter(|line| line.policy == policy);
        let told: Vec<(Verdict, Told<'_>)> = lines
            .filter_map(|line| Some((self.leaning(line)?, Told::of(self, line)?)))
            .collect();
        let of = |verdict: Verdict| -> Vec<&Told<'_>> {
            let mut told: Vec<&Told<'_>> = told
                .iter()
                .filter(|(whose, _)| *whose == verdict)
                .map(|(_, told)| told)
                .collect();
            told.sort_by(|one, other| other.change.mean.abs().total_cmp(&one.change.mean.abs()));
            told
        };
        let words = Words::of(self.seeds);
        let (gain, pay, none) = (of(Verdict::Gains), of(Verdict::Pays), of(Verdict::NotShown));
        let mut parts = Vec::new();
        parts.extend(group(&gain, words.gain, NAMED, told.len()));
        parts.extend(group(&pay, words.pay, PAYERS, told.len()));
        if pay.is_empty() {
            parts.push(words.nobody.to_owned());
        }
        parts.extend(words.neither(&none));
        let unknown = self.unknown(policy);
        if told.is_empty() {
            parts = vec![NOTHING.to_owned()];
        } else if !unknown.is_empty() {
            parts.push(match unknown.len() {
                few if few <= NAMED => format!("nothing to compare of {}", listed(&unknown)),
                many => format!("nothing to compare of {many} frameworks"),
            });
        }
        let jobs = self
            .overall_of(policy)
            .map_or(0, |overall| overall.jobs.all);
        let seeds = match self.seeds {
            1 => "one seed, which says nothing about chance".to_owned(),
            seeds => units::count(seeds, "seed", "seeds"),
        };
        let over = match jobs {
            0 => seeds,
            jobs => format!("{}, {seeds}", units::count(jobs, "job", "jobs")),
        };
        format!(
            "{name} instead of {baseline} ({over}{}): {}.",
            self.stuck(policy),
            parts.join("; ")
        )
    }

    /// Which of the two sides stood still with jobs waiting: no fair side of a comparison.
    fn stuck(&self, policy: usize) -> String {
        let mut sides = [0, policy]
            .map(|side| (self.stalled[side], &self.policies[side]))
            .to_vec();
        sides.retain(|(seeds, _)| *seeds > 0);
        let one = |(seeds, name): &(usize, &String)| match self.seeds {
            1 => format!("{name} stalled"),
            all => format!("{name} stalled in {seeds} of {all} seeds"),
        };
        let sides: Vec<String> = sides.iter().map(one).collect();
        if sides.is_empty() {
            return String::new();
        }
        format!(
            "; not a fair comparison: {}, with jobs waiting although nothing could happen any more",
            listed(&sides)
        )
    }

    /// Frameworks of which nothing can be compared: no job of theirs finished under any policy, and no
    /// request came.
    fn unknown(&self, policy: usize) -> Vec<String> {
        let lines = self.lines.iter().filter(|line| line.policy == policy);
        let unknown = lines.filter(|line| self.leaning(line).is_none());
        unknown.map(|line| line.name.clone()).collect()
    }

    /// In how many of the seeds there was something to compare, if not in all.
    pub(super) fn fewer(&self, change: &Estimate) -> Option<String> {
        let all = self.seeds;
        (change.seeds < all).then(|| format!("in {} of {all} seeds", change.seeds))
    }

    /// What is shown of a framework; with one seed, which shows nothing, where it leans.
    pub(super) fn leaning(&self, line: &Line) -> Option<Verdict> {
        let change = line.get(Measure::deciding(line.service))?.change?;
        Some(match self.seeds {
            1 if change.mean < 0.0 => Verdict::Gains,
            1 if change.mean > 0.0 => Verdict::Pays,
            _ => line.verdict(),
        })
    }

    /// Jobs that never finish, on either side or anywhere.
    fn never(&self, text: &mut String, overall: &Overall) {
        let (base, policy): (JobCounts, JobCounts) = (self.base_jobs(), overall.jobs);
        if base.unfinished + policy.unfinished > 0 {
            let (name, baseline) = (&self.policies[overall.policy], &self.policies[0]);
            let _ = write!(
                text,
                " Never finished: {} under {baseline}, {} under {name}; each counts as the longest \
                 time any job took, or the replay's length if that is longer.",
                units::count(base.unfinished, "job", "jobs"),
                units::number(policy.unfinished)
            );
        }
        if policy.nobody > 0 {
            let _ = write!(
                text,
                " {} more finished under no policy, which says nothing about any.",
                units::count(policy.nobody, "job", "jobs")
            );
        }
    }
}

/// A change as percent and as factor.
fn both(change: &Estimate) -> String {
    let ratio = 1.0 + change.mean;
    let times = match change.mean {
        _ if !change.differs_from(0.0) && change.interval.is_some() => return units::lower(change),
        less if less < 0.0 => (units::short(1.0 / ratio), "sooner"),
        _ => (units::short(ratio), "later"),
    };
    match times {
        // A factor that rounds to one says less than the percentage.
        (factor, _) if factor == "1" => units::lower(change),
        (factor, which) => format!("{}, {factor} times {which}", units::lower(change)),
    }
}

/// What a sentence says of one framework.
struct Told<'a> {
    name: &'a str,
    what: String,
    change: Estimate,
}

impl<'a> Told<'a> {
    fn of(changes: &Changes, line: &'a Line) -> Option<Self> {
        let measured = line.get(Measure::deciding(line.service))?;
        let change = measured.change?;
        let what = if line.service {
            let mut lines = changes.lines.iter();
            let base =
                lines.find(|other| other.framework == line.framework && other.policy == 0)?;
            let (before, after) = (base.get(measured.measure)?.value?, measured.value?);
            format!(
                "{} of requests late instead of {}, {}",
                units::percent(after),
                units::percent(before),
                units::change_inside(&change, "pp")
            )
        } else {
            format!("mean completion {}", units::lower_inside(&change))
        };
        let what = match changes.fewer(&change) {
            Some(fewer) => format!("{what}, {fewer}"),
            None => what,
        };
        let name = line.name.as_str();
        Some(Self { name, what, change })
    }
}

/// How the two sides are called: one seed shows nothing.
struct Words {
    gain: (&'static str, &'static str),
    pay: (&'static str, &'static str),
    nobody: &'static str,
    neither: &'static str,
}

impl Words {
    const fn of(seeds: usize) -> Self {
        if seeds == 1 {
            Self {
                gain: ("is better off", "are better off"),
                pay: ("is worse off", "are worse off"),
                nobody: "nobody is worse off",
                neither: "no difference for",
            }
        } else {
            Self {
                gain: ("gains", "gain"),
                pay: ("pays", "pay"),
                nobody: "nobody is shown to pay",
                neither: "no difference shown for",
            }
        }
    }

    fn neither(&self, none: &[&Told<'_>]) -> Option<String> {
        let each = |told: &&Told<'_>| format!("{} ({})", told.name, told.what);
        match none.len() {
            0 => None,
            few if few <= NAMED => {
                let names: Vec<String> = none.iter().map(each).collect();
                Some(format!("{} {}", self.neither, listed(&names)))
            }
            many => Some(format!("{} {many} frameworks", self.neither)),
        }
    }
}

/// Those of one side, each with its number; the smallest of many only counted.
fn group(told: &[&Told<'_>], (one, many): (&str, &str), most: usize, all: usize) -> Option<String> {
    let named = told.len().min(most);
    let mut parts: Vec<String> = told[..named]
        .iter()
        .map(|told| format!("{} {one} ({})", told.name, told.what))
        .collect();
    match told.len() - named {
        0 => {}
        1 => parts.push(format!("1 more of {all} frameworks {one}")),
        more => parts.push(format!("{more} more of {all} frameworks {many}")),
    }
    (!parts.is_empty()).then(|| listed(&parts))
}

/// `one`, `one and two`, `one, two and three`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
