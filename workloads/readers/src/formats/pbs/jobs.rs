//! The accounting log of PBS Professional, `OpenPBS` and Torque: what happened to jobs, one event a line.
//!
//! `date;type;id;key=value key=value ...`, a file a day. A job is queued (`Q`), starts (`S`), is started again (`R`) and
//! ends (`E`), or is deleted (`D`), aborted (`A`) or moved (`M`). Dates are local, the times behind the keys are seconds
//! since 1970, so that the zone is known. Values with blanks are quoted by PBS and not by Torque; Cobalt writes the
//! same with fractions of seconds.

use super::keys::{PbsKeys, pairs};
use crate::formats::batch::lines::{AccountLines, NamesUnread, RecordLine};
use crate::formats::batch::notation::span;
use crate::formats::batch::{self, Accounted, RunPhase};
use crate::formats::clock;
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "jobs of a PBS or Torque cluster, a file or a folder of days (accounting log)",
    signs: &[Headed(looks_so)],
    unkept: &[
        "qtime", "etime", "eligible_time", "owner", "session", "exec_host", "exec_vnode", "place", "vmem",
        "cpupercent", "mpiprocs", "total_execution_slots", "unique_node_count", "alt_id", "the signal in Exit_status",
    ],
    import: Ok(|import, path| {
        let shape = "a task a chunk (select), node (nodes) or host, all at the same time, each with what it asked for \
                     or else an equal part of the job's processors, memory and GPUs";
        batch::import::<Records>(import, path, shape)
    }),
    samples: &[
        "\
01/05/2026 09:00:00;L;license;floating license hour:3 day:3 month:40 max:40
01/05/2026 09:00:10;Q;7.pbs;user=ann group=ml account=\"deep learning\" project=_pbs_project_default \
jobname=train queue=gpu ctime=1767600010 qtime=1767600010 etime=1767600010 depend=afterok:6.pbs@pbs \
Resource_List.ncpus=16 Resource_List.select=2:ncpus=8:mem=32gb:ngpus=4 Resource_List.walltime=24:00:00
01/05/2026 09:01:00;S;7.pbs;user=ann group=ml account=\"deep learning\" project=_pbs_project_default \
jobname=train queue=gpu ctime=1767600010 qtime=1767600010 etime=1767600010 start=1767600060 \
exec_host=n1/0*8+n2/0*8 exec_vnode=(n1:ncpus=8:mem=33554432kb:ngpus=4)+(n2:ncpus=8:mem=33554432kb:ngpus=4) \
Resource_List.ncpus=16 Resource_List.select=2:ncpus=8:mem=32gb:ngpus=4 Resource_List.walltime=24:00:00
01/05/2026 09:05:00;R;7.pbs;user=ann group=ml account=\"deep learning\" jobname=train queue=gpu \
ctime=1767600010 start=1767600060 Resource_List.select=2:ncpus=8:mem=32gb:ngpus=4 \
Resource_List.walltime=24:00:00 session=1 end=1767600300 Exit_status=-11 resources_used.cput=00:10:00 run_count=1
01/05/2026 10:10:00;E;7.pbs;user=ann group=ml account=\"deep learning\" jobname=train queue=gpu \
ctime=1767600010 start=1767600600 Resource_List.select=2:ncpus=8:mem=32gb:ngpus=4 \
Resource_List.walltime=24:00:00 session=1 end=1767604200 Exit_status=0 resources_used.cput=08:00:00 \
resources_used.mem=41943040kb resources_used.walltime=01:00:00 eligible_time=00:01:00 run_count=2
01/05/2026 10:11:00;Q;8[].pbs;user=bob group=bio jobname=a queue=short ctime=1767604260 array_indices=1-3
01/05/2026 10:12:00;S;8[1].pbs;user=bob group=bio jobname=a queue=short ctime=1767604260 start=1767604320
01/05/2026 10:13:00;D;9.pbs;requestor=bob@login
",
        "\
12/21/2009 15:27:00;E;6.edge;user=ann group=staff jobname=my run queue=ccr ctime=1261424924 qtime=1261424924 \
etime=1261424924 start=1261425023 owner=ann@edge exec_host=n33/1+n33/0+n32/1+n32/0 \
Resource_List.neednodes=2:ppn=2 Resource_List.nodect=2 Resource_List.nodes=2:ppn=2:gpus=1 Resource_List.pmem=1gb \
Resource_List.walltime=04:00:00 session=5510 end=1261427220 Exit_status=271 resources_used.cput=01:12:00 \
resources_used.mem=15240kb resources_used.vmem=350936kb resources_used.walltime=00:36:37
12/21/2009 15:28:00;Q;7.edge;queue=ccr
",
    ],
    ..Form::of::<Records>()
};

/// The records of an accounting log.
pub(crate) type Records = AccountLines<PbsLine>;

/// What is said of a line of the log.
#[derive(Default)]
pub(crate) struct PbsLine;

/// What is read, or known and not kept, by lower-case names.
const READ: [&str; 51] = [
    "user",
    "group",
    "account",
    "project",
    "jobname",
    "queue",
    "ctime",
    "qtime",
    "etime",
    "start",
    "end",
    "exit_status",
    "run_count",
    "eligible_time",
    "owner",
    "session",
    "exec_host",
    "exec_vnode",
    "depend",
    "array_indices",
    "requestor",
    "resource_list.select",
    "resource_list.nodes",
    "resource_list.neednodes",
    "resource_list.nodect",
    "resource_list.ncpus",
    "resource_list.procs",
    "resource_list.mem",
    "resource_list.pmem",
    "resource_list.walltime",
    "resource_list.place",
    "resource_list.mpiprocs",
    "resource_list.ngpus",
    "resource_list.gpus",
    "resource_list.gpu",
    "resource_list.naccelerators",
    "resource_list.gpu_type",
    "resource_list.gpu_model",
    "resource_list.gputype",
    "resource_list.gpu_id",
    "resource_list.accelerator_model",
    "resource_list.vmem",
    "resources_used.cput",
    "resources_used.mem",
    "resources_used.vmem",
    "resources_used.walltime",
    "resources_used.ncpus",
    "resources_used.cpupercent",
    "total_execution_slots",
    "unique_node_count",
    "alt_id",
];

/// Whether a line is one of the log.
fn looks_so(line: &str) -> bool {
    let mut parts = line.splitn(4, ';');
    let date = parts.next().and_then(local);
    let kind = parts.next().filter(|kind| kind.len() == 1);
    date.is_some() && kind.is_some() && parts.next().is_some()
}

/// `MM/DD/YYYY HH:MM:SS`, perhaps with a fraction, in microseconds.
fn local(text: &str) -> Option<u64> {
    let (date, time) = text.trim_ascii().split_once(' ')?;
    let number = |text: &str| {
        let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| digits)
    };
    let mut parts = date.split('/');
    let (month, day) = (number(parts.next()?)?, number(parts.next()?)?);
    let midnight = clock::day(number(parts.next()?)?, month, day)?;
    let time = time.trim_ascii();
    let sound = time.split(':').count() == 3 && parts.next().is_none();
    let within = span(time)
        .ok()
        .filter(|time| *time < 86_400_000_000 && sound)?;
    Some(seconds(midnight) + within)
}

/// What a kind of record says of a job, and how one ends that is taken away.
fn phase(kind: &str) -> (RunPhase, &'static str) {
    match kind {
        "Q" => (RunPhase::Waits, ""),
        "S" => (RunPhase::Runs, ""),
        "R" => (RunPhase::Again, ""),
        "E" => (RunPhase::Over, ""),
        "D" => (RunPhase::Gone, "deleted"),
        "A" => (RunPhase::Gone, "aborted"),
        "M" => (RunPhase::Gone, "moved"),
        "L" => (RunPhase::Other("licences"), ""),
        "U" | "Y" | "B" | "F" | "K" | "k" => (RunPhase::Other("reservations"), ""),
        "z" | "r" => (
            RunPhase::Other("suspended and resumed: counted as running"),
            "",
        ),
        _ => (
            RunPhase::Other("other events, which say nothing of a run"),
            "",
        ),
    }
}

impl RecordLine for PbsLine {
    const MEMBER: &'static str = "accounting";
    const ABOUT: &'static str =
        "a line an event: 01/05/2026 09:00:00;E;123.server;user=... queue=... start=... end=...";
    const COMMENT: Option<char> = Some('#');

    fn read(&mut self, line: &str, unread: &mut NamesUnread) -> Result<Accounted, ReadError> {
        let mut parts = line.splitn(4, ';');
        let date = parts.next().unwrap_or_default();
        let logged = local(date).ok_or_else(|| {
            let error = ReadError::expected("a time such as 01/05/2026 09:00:00", quoted(date));
            error.place("part 1 (date)").hint(Self::ABOUT)
        })?;
        let (Some(kind), Some(id)) = (parts.next(), parts.next()) else {
            let expected = "four parts with semicolons between: date, type, id, and what is told";
            return Err(ReadError::expected(expected, quoted(line)).hint(Self::ABOUT));
        };
        let mut chars = kind.chars();
        if chars.next().is_none_or(|kind| !kind.is_ascii_alphabetic()) || chars.next().is_some() {
            let error = ReadError::expected("a type of record, one letter", quoted(kind));
            return Err(error.place("part 2 (type)"));
        }
        let (phase, outcome) = phase(kind);
        if let RunPhase::Other(why) = phase {
            return Ok(Accounted::other(kind, why));
        }
        if id.is_empty() {
            return Err(ReadError::expected("the id of a job", "nothing").place("part 3 (id)"));
        }
        let mut told = PbsKeys::default();
        for (name, value) in pairs(parts.next().unwrap_or_default()) {
            let key = name.to_ascii_lowercase();
            if READ.contains(&key.as_str()) {
                told.0.insert(key, (name, value));
            } else {
                unread.see(name);
            }
        }
        let row = told.record(Accounted {
            kind: kind.to_owned(),
            phase,
            id: id.to_owned(),
            logged: Some(logged),
            outcome: outcome.to_owned(),
            ..Accounted::default()
        })?;
        told.of_array(row)
    }
}
