//! What a recipe of traces says of itself, and why there is none.

use std::fmt::Write as _;

use fairground_policies::allocators::Partition;
use fairground_policies::resources::Resources;
use fairground_workloads::ReadError;
use fairground_workloads::models::machines::{Built, Machines};
use fairground_workloads::models::trace::{FeedbackMode, LeftOut};

use super::cluster::{self, Demand, Reason};
use super::part::Part;
use super::{LOAD, Replay, Work};
use crate::recipe::{FrameworkSpec, Group};

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
    let Part {
        from,
        duration,
        jobs,
        ..
    } = *part;
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

/// Frameworks some of whose jobs have no room on their partition of `agents`, or of machines that the
/// trace tells: why, and what helps.
pub(super) fn too_narrow(
    frameworks: &[FrameworkSpec],
    demands: &[Demand],
    agents: &[Resources],
    machines: bool,
) -> String {
    let shares: Vec<u32> = frameworks.iter().map(|one| one.share).collect();
    let mut rest = agents;
    let mut narrow = Vec::new();
    let parts = Partition::split(&shares, agents.len() as u32);
    for ((framework, demand), owns) in frameworks.iter().zip(demands).zip(parts) {
        let (own, others) = rest.split_at(owns as usize);
        rest = others;
        let without = cluster::without_room(demand, own);
        if without == 0 {
            continue;
        }
        let jobs = counted(demand.jobs, "job");
        let needs = own.iter().max_by_key(|size| size.units());
        let needs = needs.map_or(String::new(), |size| {
            format!(" (the widest takes {})", cluster::agents_for(demand, *size))
        });
        let owns = counted(u64::from(owns), "agent");
        narrow.push(format!(
            "{without} of the {jobs} of {} on {owns}{needs}",
            framework.name
        ));
    }
    if narrow.is_empty() {
        return String::new();
    }
    let helps = if machines {
        "fewer frameworks (--tenants) have larger partitions"
    } else {
        "--load 0.8 assumes a cluster in which every partition has room for them"
    };
    format!(
        " Tasks of a job start together, and some partitions are too small for jobs of their \
         frameworks, which can never run there: {}; {helps}.",
        narrow.join(", ")
    )
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

impl Replay {
    /// Why a cluster without machines of its own is as it is.
    pub(super) fn cluster_told(&self, groups: &[Group], reason: Reason) -> String {
        let told = groups.iter().map(|group| {
            let size = group.size();
            format!("{} of {size}", counted(u64::from(group.agents), "agent"))
        });
        let told = told.collect::<Vec<_>>().join(" and ");
        let because = match reason {
            Reason::Load => {
                let load = percent(self.load.unwrap_or(LOAD));
                format!("as many as make a load of {load}")
            }
            Reason::Widest => "as many as the widest job needs".to_owned(),
            Reason::Partitions => "as many as the widest job of every framework needs on a \
                                   partition of its own"
                .to_owned(),
            Reason::Frameworks => "one for each framework".to_owned(),
            Reason::Header => {
                return format!(
                    " The trace tells its processors and nodes, and not their memory: {told}, with \
                     memory for a task on every processor."
                );
            }
        };
        format!(" Its machines are not told: {told} were assumed, {because}.")
    }

    pub(super) fn told(&self, work: &[Work], part: &Part, left: &LeftOut) -> String {
        let from = part.from;
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
            about += ". ";
        }
        let begin = match (from.is_zero(), self.from) {
            (true, _) => "from its beginning".to_owned(),
            (false, Some(_)) => format!("from {from} after its beginning"),
            (false, None) => format!("from {from} after its beginning, the busiest week"),
        };
        let _ = write!(about, "Replayed: {} {begin}", part.length());
        if self.interarrival != 1000 {
            let (duration, factor) = (part.duration, percent(self.interarrival));
            let _ = write!(
                about,
                ", in {duration}: times between arrivals are {factor} of the trace's, run times stay"
            );
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
