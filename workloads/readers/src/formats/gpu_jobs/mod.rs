//! The jobs of two publishers' clusters for deep learning, which tell the same of a job in the same words:
//! Helios (`SenseTime`, 2020) and Acme (Shanghai AI Laboratory, 2023).
//!
//! Tables with a header. Of a job they tell its nodes, GPUs and CPUs in all, its state in the words of Slurm,
//! and when it was submitted, started and ended; each table has some columns that others lack. A task is a
//! node with an equal part of all.

use crate::canonical::tables::Job;
use crate::formats::cells::decimal;
use crate::formats::clock;
use crate::formats::prelude::*;
use crate::formats::slurm::notation;

pub mod acme;
pub mod capacity;
pub mod helios;

/// The most nodes, GPUs or CPUs of one job.
const MOST: u64 = 100_000_000;
/// The most memory of one node, in GB.
const MOST_GIGABYTES: u64 = 1_000_000_000;
const WHEN: When = When;

columns! {
    /// One job.
    pub struct Record: "job" in "cluster_log.csv", headed {
        const TABLE: &'static str = "cluster_log";
    };
    /// Its name.
    id: String = "job_id" as "job", Word("the name of a job");
    /// Who submitted it, as a hash.
    user: String = "user", Text;
    /// The virtual cluster it was submitted to, as a hash, where there are some.
    vc: String = "vc", Text;
    /// What its user called it.
    name: String = "jobname" as _, Text;
    /// Its nodes.
    nodes: Option<u64> = "node_num" as "nodes", Maybe(Round("nodes", MOST));
    /// Its GPUs, on all nodes.
    gpus: Option<u64> = "gpu_num" as "gpus", Maybe(Round("GPUs", MOST));
    /// Its CPUs, on all nodes.
    cpus: Option<u64> = "cpu_num" as "cpus", Maybe(Round("CPUs", MOST));
    /// The memory of each node, in millionths of a GB.
    memory: Option<u64> = "mem_per_pod_GB" as _, Maybe(Decimal("GB", MILLIONTHS, MOST_GIGABYTES));
    /// The part of that which is shared.
    shared: String = "shared_mem_per_pod" as _, Text;
    /// What kind of work it is.
    kind: String = "type", Text;
    /// How it ended: `COMPLETED`, `CANCELLED`, `FAILED`, `TIMEOUT`, `NODE_FAIL`.
    state: String = "state", Text;
    /// When it was submitted.
    submit: Option<Dated> = "submit_time", WHEN;
    /// When it started.
    start: Option<Dated> = "start_time", WHEN;
    /// When it ended.
    end: Option<Dated> = "end_time", WHEN;
    /// When it failed.
    fail: String = "fail_time" as _, Text;
    /// When it was stopped.
    stop: String = "stop_time" as _, Text;
    /// How long it took by the file, in seconds: some tables count the wait.
    duration: String = "duration" as "duration_s", Text;
    /// How long it waited by the file.
    queue: String = "queue" as _, Text;
    /// GPUs times duration.
    gpu_time: String = "gpu_time" as _, Text;
}

/// A time as it is written, and in microseconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dated {
    /// As it is written.
    pub text: String,
    /// In microseconds since 1970: in UTC where a zone is written.
    pub micros: u64,
}

impl Dated {
    /// The zone that is written: `+08:00`.
    fn zone(&self) -> &str {
        let behind = self.text.get(19..).unwrap_or_default();
        let at = behind.find(['+', '-', 'Z']);
        at.map_or("", |at| &behind[at..])
    }
}

/// A time, or nothing where it is not known.
struct When;

impl Kind for When {
    type Value = Option<Dated>;

    fn read(&self, cell: Cell<'_>) -> Result<Option<Dated>, ReadError> {
        let text = cell.text();
        if notation::nothing(text) || ["NaT", "nan", "NaN"].contains(&text) {
            return Ok(None);
        }
        let micros = clock::moment(text).ok_or_else(|| {
            let expected = "a time such as 2020-06-09 18:41:01 or 2023-03-01 00:18:22+08:00";
            cell.wrong(ReadError::expected(expected, quoted(text)))
        })?;
        let text = text.to_owned();
        Ok(Some(Dated { text, micros }))
    }

    fn show(&self, value: &Option<Dated>) -> String {
        value.as_ref().map_or(String::new(), |one| one.text.clone())
    }
}

contents! { Record: |job| Jobs 1, Tasks job.width(); }

impl Record {
    fn width(&self) -> u64 {
        self.nodes.unwrap_or(1).max(1)
    }

    fn micros(time: Option<&Dated>) -> Option<u64> {
        time.map(|time| time.micros)
    }

    /// The time from start to end.
    fn ran(&self) -> Option<u64> {
        let (start, end) = (self.start.as_ref()?, self.end.as_ref()?);
        end.micros.checked_sub(start.micros)
    }

    fn wait(&self) -> Option<u64> {
        let (submit, start) = (self.submit.as_ref()?, self.start.as_ref()?);
        start.micros.checked_sub(submit.micros)
    }

    fn runs(&self) -> bool {
        matches!(self.state.as_str(), "RUNNING" | "SUSPENDED" | "COMPLETING")
    }

    /// Whether the file tells of another duration than its times.
    fn is_at_odds(&self) -> bool {
        let told = decimal(&self.duration, "seconds", MILLIONTHS, LATEST).ok();
        let both = told.zip(self.ran());
        both.is_some_and(|(told, ran)| told.abs_diff(ran) >= 1_000_000)
    }

    fn tasks(&self) -> Tasks {
        let nodes = self.width();
        let each = |amount: u64| (amount * 1000).div_ceil(nodes);
        let ran = self.ran();
        let known = match (&self.start, &self.end) {
            (None, _) if self.runs() => censored(None),
            (None, _) => unstarted(),
            _ if self.runs() => censored(ran),
            _ => ended(ran),
        };
        Tasks {
            count: nodes,
            cpus: self.cpus.map(each),
            memory: self
                .memory
                .map(|gb| (u128::from(gb) * 1024).div_ceil(1_000_000) as u64),
            gpus: self.gpus.map(each),
            ..known
        }
    }

    fn draft(self) -> Draft {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let submit = self.submit.as_ref().or(self.start.as_ref());
        let whose = if self.vc.is_empty() {
            &self.user
        } else {
            &self.vc
        };
        let mut draft = Draft::simple(self.id.clone(), Self::micros(submit), self.tasks())
            .by(whose.clone())
            .ended(self.state.clone());
        draft.gang = self.width() > 1;
        draft.more = Job {
            wait: self.wait(),
            executable: some(&self.name).or(some(&self.kind)),
            ..Job::default()
        };
        draft
    }
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let some = |text: &'_ str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let backwards = self.start.is_some() && self.end.is_some() && self.ran().is_none();
        if backwards {
            let odd = ReadError::expected("an end not before the start", "an earlier one");
            let odd = odd.hint("how long such a job ran is not known");
            seen.warn(odd.place("column end_time"));
        }
        seen.count("jobs");
        seen.columns();
        seen.tally("states", some(&self.state).as_deref());
        seen.distinct("users", some(&self.user).as_deref());
        seen.tally("virtual_clusters", some(&self.vc).as_deref());
        seen.tally("types", some(&self.kind).as_deref());
        seen.count_if("jobs_with_gpus", self.gpus.is_some_and(|gpus| gpus > 0));
        seen.count_if(
            "jobs_that_never_started",
            self.start.is_none() && !self.runs(),
        );
        seen.count_if("jobs_that_end_before_they_start", backwards);
        seen.count_if(
            "durations_that_are_not_from_start_to_end",
            self.is_at_odds(),
        );
        if let Some(submit) = &self.submit {
            seen.earliest("first", submit.micros, &submit.text);
            seen.latest("last", submit.micros, &submit.text);
        }
        seen.figures("run_s", "millionths of a second", self.ran());
        seen.figures("wait_s", "millionths of a second", self.wait());
        seen.figures("nodes", "nodes", self.nodes);
        seen.figures("gpus", "GPUs", self.gpus);
        seen.figures("cpus", "CPUs", self.cpus);
    }
}

/// Every record is a job.
fn replay(import: &mut Import<'_>, path: &Path) -> Done {
    let (mut zone, mut odd, mut memory) = (None, 0_u64, false);
    import.each(Rows::open(path)?, |import, job: Record| {
        let written = job.submit.as_ref().or(job.start.as_ref()).map(Dated::zone);
        zone = zone.take().or(written.map(ToOwned::to_owned));
        odd += u64::from(job.is_at_odds());
        memory |= job.memory.is_some();
        import.job(job.draft())
    })?;
    let zone = match zone.as_deref() {
        None | Some("") => WallClock::LOCAL,
        Some("Z" | "+00:00" | "+0000") => "UTC",
        Some(zone) => zone,
    };
    import.clock(WallClock {
        zero: 0,
        zone: zone.to_owned(),
    });
    import.assume(
        "job shape",
        "a task a node, all at the same time, each with an equal part of the job's CPUs and GPUs",
    );
    import.assume(
        "run times",
        "from start to end; a job without a start never ran",
    );
    if memory {
        import.assume("memory", "of each node; a GB is 1024 MiB");
    }
    if odd > 0 {
        let model = format!("{odd} are not from start to end, and not used: some count the wait");
        import.assume("durations", model);
    }
    Ok(())
}
