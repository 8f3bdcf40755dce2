//! What a recipe of traces says of itself, and why there is none.

use std::fmt::Write as _;

use fairground_policies::time::Span;
use fairground_readers::canonical::NOT_UNDERSTOOD;
use fairground_workloads::models::machines::{Built, Machines};
use fairground_workloads::models::trace::{FeedbackMode, LeftOut};
use fairground_workloads::{ReadError, WorkloadSpec};

use super::cluster::Reason;
use super::part::Part;
use super::{LOAD, Replay, Work};
use crate::recipe::{FrameworkSpec, Group, Recipe};

/// A trace none of whose jobs can be run.
pub(super) fn nothing(left: &LeftOut) -> ReadError {
    let told = left.iter().map(|(why, (count, first))| {
        format!(
            "{} {}, `{first}` first",
            counted(*count, "job"),
            why.about()
        )
    });
    let found = told.collect::<Vec<_>>().join("; ");
    ReadError::expected("a job that can be run", found)
}

/// Jobs that went missing between a trace and the recipe: nothing that anyone but us can cure.
pub(super) fn lost(announced: u64, built: u64, left_out: u64) -> ReadError {
    let jobs = |n| counted(n, "job");
    let expected = format!("{} in the part replayed", jobs(announced));
    let found = format!("{} and {} that cannot be run", jobs(built), jobs(left_out));
    ReadError::expected(expected, found).hint("this is an error of Fairground: please report it")
}

/// A part of a trace in which nothing arrives, or of which nothing is drawn.
pub(super) fn empty(replay: &Replay, part: &Part) -> ReadError {
    let jobs = part.jobs;
    let (from, duration) = (spelled(part.from), spelled(part.duration));
    let error = ReadError::expected(
        format!("a job or a request in the {duration} from {from} on"),
        "none",
    );
    match (jobs, replay.sample) {
        (0, _) | (_, 1000) => error.hint("--from and --duration say which part is replayed"),
        (jobs, sample) => {
            let jobs = counted(jobs, "job");
            error
                .place(format!("--sample of {}", percent(sample)))
                .hint(format!(
                    "a larger --sample draws more of the {jobs} in this part"
                ))
        }
    }
}

/// What is wrong with a parameter that a flag sets is said of the flag, because nobody wrote the other.
pub(crate) fn of_flag(mut error: ReadError) -> ReadError {
    let parameter = error.place.as_deref().and_then(|place| {
        let name = place.strip_prefix("parameter `")?.strip_suffix('`')?;
        ["columns", "feedback", "from", "interarrival", "sample"]
            .into_iter()
            .find(|flag| *flag == name)
    });
    if let Some(flag) = parameter {
        error.place = Some(format!("--{flag}"));
        error.hint = error
            .hint
            .replace("`feedback = \"user\"`", "--feedback user");
    }
    error
}

/// Thousandths as per cent.
pub(super) fn percent(thousandths: u32) -> String {
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

pub(super) fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// How many of all machines there are in the part replayed, of what types, and whether that changes.
pub(super) fn machines(machines: &Machines, built: &Built) -> String {
    let all = machines.count();
    let mut told = " The cluster is the trace's own machines: ".to_owned();
    let there = built.agents.len();
    let _ = match all - there {
        0 => write!(told, "{there}"),
        _ => write!(
            told,
            "those {there} of {all} that are there in the time replayed"
        ),
    };
    let platforms = machines.platforms().len();
    if platforms > 1 {
        let _ = write!(told, ", of {platforms} platforms");
    }
    if !built.faults.is_empty() {
        let changes = counted(built.faults.len() as u64, "change");
        let _ = write!(
            told,
            ", with {changes} of capacity, as they come, go or change their size"
        );
    }
    told + "."
}

/// A length of time as people say it: `3h 24m 12s`, rounded down to the second.
pub(super) fn spelled(span: Span) -> String {
    let micros = span.as_micros();
    let size = match micros {
        0..1_000 => 1,
        1_000..1_000_000 => 1_000,
        _ => 1_000_000,
    };
    if micros < 1_000_000 {
        return Span::from_micros(micros - micros % size).to_string();
    }
    let mut rest = micros / size;
    let mut parts = Vec::new();
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
        }
        rest %= size;
    }
    parts.join(" ")
}

/// What a trace tells of the size of its machine: `64 processors and 8 nodes`.
fn size(work: &Work) -> Option<String> {
    let size = work.trace.manifest.machine?;
    let told = [(size.processors, "processor"), (size.nodes, "node")];
    let told = told.into_iter();
    let told: Vec<String> = told
        .filter_map(|(n, what)| Some(counted(n?, what)))
        .collect();
    (!told.is_empty()).then(|| told.join(" and "))
}

/// What the traces that say how large their machine is say of it.
fn header(work: &[Work]) -> Option<String> {
    let told = work.iter().filter_map(|one| {
        let whose = match work {
            [_] => "The trace".into(),
            _ => one.file.file_name().unwrap_or_default().to_string_lossy(),
        };
        Some(format!("{whose} tells {}", size(one)?))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// What traces tell of their machines and nobody understands.
pub(super) fn not_understood(work: &[Work]) -> String {
    let said = work.iter().flat_map(|one| {
        let file = one.file.file_name().unwrap_or_default().to_string_lossy();
        let said = one.trace.manifest.assumptions.iter();
        let said = said.filter(|said| said.about == NOT_UNDERSTOOD);
        said.map(move |said| format!(" {file}: {}.", said.model))
    });
    said.collect()
}

/// What the traces hold.
pub(super) fn traces(work: &[Work]) -> String {
    let mut about = String::new();
    for alike in work.chunk_by(|one, next| one.what() == next.what()) {
        let files = alike
            .iter()
            .map(|one| one.file.file_name().unwrap_or_default());
        let files: Vec<_> = files.map(|file| file.to_string_lossy()).collect();
        let holds = if files.len() == 1 { "holds" } else { "hold" };
        let _ = write!(about, "{} {holds} {}", files.join(", "), alike[0].what());
        let all = |table| alike.iter().map(|one| one.rows(table)).sum();
        let (jobs, tenants) = (all("jobs"), all("tenants"));
        if jobs > 0 {
            let _ = write!(about, ", {}", counted(jobs, "job"));
        }
        if tenants > 0 {
            let _ = write!(about, " of {}", counted(tenants, "tenant"));
        }
        // One who is in two files is two tenants, as nobody knows whether it is one.
        if tenants > 0 && files.len() > 1 {
            about += " (those of each file are counted for themselves)";
        }
        about += ". ";
    }
    about
}

impl Replay {
    /// Why a cluster without machines of its own is as it is.
    pub(super) fn cluster_told(
        &self,
        work: &[Work],
        groups: &[Group],
        reason: Reason,
        drawn: bool,
    ) -> String {
        // It is made before anything is drawn with another seed.
        let seed = if drawn { " in seed 1" } else { "" };
        let told = groups.iter().map(|group| {
            let size = group.size();
            format!("{} of {size}", counted(u64::from(group.agents), "agent"))
        });
        let told = told.collect::<Vec<_>>().join(" and ");
        let because = match reason {
            Reason::Load => {
                let load = percent(self.load.unwrap_or(LOAD));
                format!("as many as make a load of {load}{seed}")
            }
            Reason::Partitions => format!(
                "as many as the widest job of every framework needs{seed} on a partition of its own"
            ),
            Reason::Frameworks => "one for each framework".to_owned(),
            Reason::Wider => {
                format!("as many as the widest job needs{seed}, which is wider than that")
            }
            Reason::Header => {
                let header = header(work).unwrap_or_default();
                let mut sizes = work.iter().filter_map(|one| one.trace.manifest.machine);
                if sizes.any(|size| size.nodes.is_some() && size.processors.is_none()) {
                    return format!(
                        " {header}, and neither the processors of nodes nor their memory: {told} were \
                         assumed, each with room for the largest task."
                    );
                }
                return format!(
                    " {header}, and not their memory: {told}, with memory for a task on every processor."
                );
            }
        };
        let some = work.iter().any(|one| size(one).is_none());
        let header = header(work).map(|header| match (self.load.is_some(), some) {
            (true, _) => format!("{header}, which --load leaves aside"),
            (false, true) => format!("{header}, and what the others have is not told"),
            (false, false) => header,
        });
        let header = header.unwrap_or_else(|| "Its machines are not told".to_owned());
        format!(" {header}: {told} were assumed, {because}.")
    }

    /// What helps where partitions are too small for jobs of their frameworks.
    pub(super) fn helps(&self, recipe: &Recipe, sampling: bool) -> &'static str {
        let of_tenants = |framework: &FrameworkSpec| matches!(&framework.workload, WorkloadSpec::Trace(spec) if !spec.tenants.is_empty());
        match (&recipe.machines, self.load, sampling) {
            (Some(_), ..) if !recipe.framework.iter().any(of_tenants) => "",
            (Some(_), ..) => "; fewer frameworks (--tenants) have larger partitions",
            (None, Some(_), _) => "; a smaller --load assumes a larger cluster",
            (None, None, true) => "; --load 0.8 assumes a cluster with room for those of seed 1",
            (None, None, false) => {
                "; --load 0.8 assumes a cluster in which every partition has room for them"
            }
        }
    }

    /// What is replayed of the traces.
    pub(super) fn told(&self, part: &Part, left: &LeftOut) -> String {
        let from = part.from;
        let mut about = String::new();
        let (since, length) = (spelled(from), part.length);
        // All of it may come at one instant.
        let from_on = if length > Span::from_micros(1) {
            format!("{} from", spelled(length))
        } else {
            "what arrives at".to_owned()
        };
        let begin = match (from.is_zero(), self.from) {
            (true, _) => "its beginning".to_owned(),
            (false, Some(_)) => format!("{since} after its beginning"),
            (false, None) => format!("{since} after its beginning, the busiest week"),
        };
        let _ = write!(about, "Replayed: {from_on} {begin}");
        if self.interarrival != 1000 {
            let (time, factor) = (spelled(part.arrivals), percent(self.interarrival));
            // What comes at one instant has no times between.
            if part.length > Span::from_micros(1) {
                let _ = write!(
                    about,
                    ", in {time}: times between arrivals are {factor} of the trace's, run times stay"
                );
            }
        }
        if part.jobs == 0 && self.sample < 1000 {
            let _ = write!(about, ", {} of its requests", percent(self.sample));
        }
        if part.jobs > 0 {
            let jobs = counted(part.jobs, "job");
            let _ = match (self.sample < 1000, part.whole) {
                (true, _) => write!(about, ", {} of the {jobs} in it", percent(self.sample)),
                (false, true) => write!(about, ", all {jobs}"),
                (false, false) => write!(about, ", the {jobs} in it"),
            };
        }
        about.push('.');
        about += match self.feedback {
            None => "",
            Some(FeedbackMode::Logged) => {
                " A job that names one before it is submitted its think time after that one's end."
            }
            Some(FeedbackMode::User) => {
                " A job is submitted as long after the end of its user's last job as in the log."
            }
        };
        for (why, (count, first)) in left {
            let (jobs, why) = (counted(*count, "job"), why.about());
            let _ = write!(about, " Left out: {jobs} {why}, `{first}` first.");
        }
        about
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spelled_and_never_longer() {
        for (micros, text) in [
            (0, "0s"),
            (1, "1us"),
            (1_999, "1ms"),
            (999_999, "999ms"),
            (1_000_000, "1s"),
            (59_999_999, "59s"),
            (12_252_252_252, "3h 24m 12s"),
            (86_400_000_001, "1d"),
            (90_061_000_000, "1d 1h 1m 1s"),
        ] {
            assert_eq!(spelled(Span::from_micros(micros)), text, "{micros}");
        }
    }
}
