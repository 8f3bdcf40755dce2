//! The jobs of `HTCondor`: `condor_history` (`-long`, `-json`), the history file of a schedd, and the file of epochs,
//! which has an ad for each run of a job.

use super::ads::{ClassAd, ClassAds};
use crate::formats::batch::notation::MOST;
use crate::formats::batch::{self, Accounted, Chunk, RunPhase};
use crate::formats::prelude::*;
use crate::formats::survey::Unread;

/// The most seconds that are believed.
pub(super) const MOST_SECONDS: u64 = batch::notation::MOST_SECONDS;

pub(crate) const FORM: Form = Form {
    about: "jobs of an HTCondor pool (condor_history -long or -json, history and epoch files)",
    signs: &[
        Holds("\"ClusterId\""),
        Holds("\"AutoClusterId\""),
        Holds("\"BytesRecvd\""),
        Holds("\"JobUniverse\""),
        Headed(looks_so),
        Named("condor_history"),
    ],
    unkept: &["JobUniverse", "JobStartDate"],
    import: Ok(|import, path| {
        import.assume(
            "what a job asked for",
            "RequestCpus, RequestMemory and RequestGpus where they are numbers; where they are expressions, what was \
             provisioned",
        );
        import.assume("priorities", "JobPrio; below zero they are zero");
        import.assume(
            "run times",
            "from the start of the last run to the completion; of removed jobs the wall clock time of the last run",
        );
        let shape = "a task a job; as many tasks as MaxHosts, all at the same time, in the parallel universe";
        batch::import::<Records>(import, path, shape)
    }),
    samples: &[
        "\
ClusterId = 7
ProcId = 0
Owner = \"ann\"
AcctGroup = \"physics\"
Cmd = \"/bin/sim\"
QDate = 1767600000
JobStartDate = 1767600060
JobCurrentStartDate = 1767600600
CompletionDate = 1767604200
EnteredCurrentStatus = 1767604200
RemoteWallClockTime = 3900.0
RemoteUserCpu = 3500.5
RemoteSysCpu = 10.0
RequestCpus = 4
RequestMemory = ifThenElse(MemoryUsage =!= undefined,MemoryUsage,( ImageSize + 1023 ) / 1024)
MemoryProvisioned = 8192
RequestGPUs = 1
ResidentSetSize_RAW = 2048000
JobStatus = 4
JobUniverse = 5
NumJobStarts = 2
ExitCode = 0
ExitBySignal = false
JobPrio = -5
Requirements = (TARGET.Arch == \"X86_64\")

ClusterId = 7
ProcId = 1
Owner = \"ann\"
QDate = 1767600000
JobStatus = 3
JobUniverse = 5
RequestCpus = 1
CompletionDate = 0
",
        "\
Owner = \"bob\"
ClusterId = 8
ProcId = 0
JobUniverse = 7
JobStatus = 4
QDate = 1767600000
*** Offset = 0 ClusterId = 8 ProcId = 0 Owner = \"bob\" CompletionDate = 0
Owner = \"bob\"
ClusterId = 9
ProcId = 0
QDate = 1767600000
JobCurrentStartDate = 1767600100
EpochWriteDate = 1767600200
JobStatus = 2
*** EPOCH ClusterId=9 ProcId=0 RunInstanceId=0 Owner=\"bob\" CurrentTime=1767600200
",
        r#"[
{ "ClusterId": 10, "ProcId": 0, "Owner": "eve", "QDate": 1767600000, "JobCurrentStartDate": 1767600100,
  "CompletionDate": 1767600400, "JobStatus": 4, "RequestCpus": 2, "RequestMemory": 2048, "RemoteUserCpu": 1.5,
  "RemoteSysCpu": 0.25, "ExitCode": 1, "Requirements": "\/Expr(true)\/", "MachineAttr": [1, {"a": 2}] }
]
"#,
    ],
    ..Form::of::<Records>()
};

/// The jobs of a file.
pub struct Records(ClassAds);

/// Whether a first line is an attribute of an ad: which one comes first is by chance.
fn looks_so(line: &str) -> bool {
    let Some((name, value)) = line.split_once(" = ") else {
        return false;
    };
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(word);
    named && !value.trim_ascii().is_empty()
}

impl Iterator for Records {
    type Item = Result<Accounted, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let ad = match self.0.next()? {
            Ok(ad) => ad,
            Err(error) => return Some(Err(error)),
        };
        Some(record(&ad).map_err(|error| self.0.here(error)))
    }
}

impl Reader for Records {
    type Record = Accounted;

    fn open(path: &Path) -> Result<Self, ReadError> {
        ClassAds::open(path).map(Self)
    }

    fn place(&self) -> Option<Place> {
        self.0.place()
    }

    fn end(&self, seen: &mut Seen) {
        self.0.end(seen);
    }
}

impl Unread for Records {
    fn unread(&self) -> Vec<String> {
        self.0.unread()
    }
}

/// The first of these attributes that says a number.
fn first(ad: &ClassAd, names: &[&str], digits: u32, most: u64) -> Result<Option<u64>, ReadError> {
    let mut found = None;
    for name in names {
        let number = ad.number(name, digits, most)?;
        found = found.or(number);
    }
    Ok(found)
}

/// When a job ran, and how its ad stands to that.
struct AdRun {
    phase: RunPhase,
    start: Option<u64>,
    end: Option<u64>,
    run: Option<u64>,
}

impl AdRun {
    fn of(ad: &ClassAd, status: Option<u64>, starts: Option<u64>) -> Result<Self, ReadError> {
        let begun = ad
            .time("jobcurrentstartdate")?
            .or(ad.time("joblaststartdate")?);
        let start = begun.or(ad.time("jobstartdate")?);
        let completed = ad.time("completiondate")?;
        let last = ad.number("lastremotewallclocktime", 6, MOST)?;
        let all = ad.number("remotewallclocktime", 6, MOST)?;
        let run = last.or(all.filter(|_| starts.is_none_or(|starts| starts <= 1)));
        let run = run.filter(|run| *run > 0);
        let known = |phase, end| Self {
            phase,
            start,
            end,
            run,
        };
        if ad.banner == "EPOCH" && completed.is_none() {
            let written = ad.time("epochwritedate")?;
            return Ok(known(RunPhase::Again, written));
        }
        Ok(match status {
            // An ad of the queue.
            Some(1 | 5) => Self {
                start: None,
                ..known(RunPhase::Waits, None)
            },
            Some(2 | 6 | 7) if completed.is_none() => known(RunPhase::Runs, ad.time("servertime")?),
            Some(3) if completed.is_none() => known(RunPhase::Over, None),
            _ => known(
                RunPhase::Over,
                completed.or(ad.time("enteredcurrentstatus")?),
            ),
        })
    }
}

/// The record that an ad is.
fn record(ad: &ClassAd) -> Result<Accounted, ReadError> {
    let number = |name: &str| ad.number(name, 0, MOST);
    let kind = match ad.banner.as_str() {
        "" => "job",
        banner => banner,
    };
    if !matches!(kind, "job" | "EPOCH") {
        return Ok(Accounted::other(kind, "transfers and other events of jobs"));
    }
    if ad.get("mytype").is_some_and(|kind| kind != "Job") {
        return Ok(Accounted::other(kind, "ads that are not of jobs"));
    }
    let (Some(cluster), Some(process)) = (number("clusterid")?, number("procid")?) else {
        let error = ReadError::expected("a job with ClusterId and ProcId", "an ad without");
        let hint = match ad.get("machine") {
            Some(_) => "the ads of machines (condor_status) are --format condor-machines",
            None => "the output of condor_history -long or -json",
        };
        return Err(error.hint(hint));
    };
    let universe = number("jobuniverse")?;
    if matches!(universe, Some(7 | 12)) {
        let why = "jobs of the scheduler and local universes, which run where they are submitted";
        return Ok(Accounted::other(kind, why));
    }
    let status = number("jobstatus")?;
    let starts = number("numjobstarts")?;
    let AdRun {
        phase,
        start,
        end,
        run,
    } = AdRun::of(ad, status, starts)?;
    let (user, system) = (
        ad.number("remoteusercpu", 6, MOST)?,
        ad.number("remotesyscpu", 6, MOST)?,
    );
    let busy = user
        .or(system)
        .map(|_| user.unwrap_or(0).saturating_add(system.unwrap_or(0)));
    let word = |name: &str| ad.get(name).unwrap_or_default().to_owned();
    let limit = first(
        ad,
        &["allowedexecuteduration", "allowedjobduration", "maxruntime"],
        6,
        MOST,
    )?;
    let minutes = ad.number("maxwalltimemins", 0, MOST)?;
    let memory = first(ad, &["requestmemory", "memoryprovisioned"], 3, MOST)?;
    let hosts = number("maxhosts")?.filter(|_| universe == Some(11));
    let chunk = Chunk {
        count: hosts.unwrap_or(1).max(1),
        cpus: first(ad, &["requestcpus", "cpusprovisioned"], 3, MOST)?,
        memory: memory.map(|thousandths| {
            u64::try_from((u128::from(thousandths) * 1024).div_ceil(1000)).unwrap_or(u64::MAX)
        }),
        gpus: first(ad, &["requestgpus", "gpusprovisioned"], 3, MOST)?,
        model: String::new(),
    };
    let group = ad.get("acctgroup").or(ad.get("accountinggroup"));
    Ok(Accounted {
        kind: kind.to_owned(),
        phase,
        id: format!("{cluster}.{process}"),
        name: word("cmd"),
        user: word("owner"),
        group: group.unwrap_or_default().to_owned(),
        priority: ad.get("jobprio").map(|text| text.parse().unwrap_or(0)),
        submit: ad.time("qdate")?,
        start,
        end: end.filter(|_| start.is_some()),
        run,
        limit: limit.or(minutes.map(|minutes| seconds(minutes.saturating_mul(60)))),
        chunks: vec![chunk],
        used: first(ad, &["residentsetsize_raw", "residentsetsize"], 0, MOST)?,
        busy,
        attempts: starts.filter(|starts| *starts > 0),
        outcome: outcome(ad, status),
        ..Accounted::default()
    })
}

/// How a job ended: by its exit code where that says more than its status.
fn outcome(ad: &ClassAd, status: Option<u64>) -> String {
    let code = ad.get("exitcode").filter(|code| *code != "0");
    let signal = ad
        .get("exitsignal")
        .filter(|_| ad.get("exitbysignal") == Some("true"));
    match (status, signal, code) {
        (Some(3), ..) => "Removed".to_owned(),
        (Some(4), Some(signal), _) => format!("signal {signal}"),
        (Some(4), None, Some(code)) => format!("exit {code}"),
        (Some(4), None, None) => "Completed".to_owned(),
        (Some(5), ..) => "Held".to_owned(),
        _ => String::new(),
    }
}
