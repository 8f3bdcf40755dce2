//! How Slurm writes ids, amounts and lists of hosts.

use crate::error::{ReadError, quoted};
use crate::formats::cells::decimal;
use crate::formats::clock;

/// The most of anything that is believed: cores, nodes, MiB.
const MOST: u64 = 1_000_000_000_000;
/// The most names that a list of hosts may stand for.
pub(super) const MOST_HOSTS: usize = 1_000_000;

/// What a `JobID` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SlurmId<'a> {
    /// The id without the step.
    pub(super) job: &'a str,
    /// The step: `batch`, `extern`, `0`.
    pub(super) step: Option<&'a str>,
    /// How many tasks of an array it stands for, that have not started; otherwise one.
    pub(super) tasks: u64,
    /// Whether the list of those tasks is cut off.
    pub(super) cut: bool,
}

/// Understands `123`, `123_4`, `123_[5-9%2]`, `123+1` and what has a step behind a point.
pub(super) fn job_id(text: &str) -> Option<SlurmId<'_>> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = |job| SlurmId {
        job,
        step: None,
        tasks: 1,
        cut: false,
    };
    if let Some((array, list)) = text.split_once("_[") {
        let list = list.strip_suffix(']')?;
        let (tasks, cut) = array_tasks(list)?;
        return digits(array).then_some(SlurmId {
            tasks,
            cut,
            ..plain(text)
        });
    }
    let (job, step) = match text.split_once('.') {
        Some((job, step)) if !step.is_empty() => (job, Some(step)),
        Some(_) => return None,
        None => (text, None),
    };
    let number = match job.split_once(['_', '+']) {
        Some((number, rest)) => digits(rest).then_some(number)?,
        None => job,
    };
    digits(number).then_some(SlurmId { step, ..plain(job) })
}

/// How many tasks `1,5-9:2%4` are, and whether the list ends in points.
pub(crate) fn array_tasks(list: &str) -> Option<(u64, bool)> {
    let list = list.split_once('%').map_or(list, |pair| pair.0);
    let (mut tasks, mut cut) = (0_u64, false);
    for part in list.split(',') {
        if part == "..." {
            cut = true;
            continue;
        }
        let (range, step) = part.split_once(':').unwrap_or((part, "1"));
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        let step: u64 = step.parse().ok().filter(|step| *step > 0)?;
        tasks = tasks
            .checked_add(to.checked_sub(from)? / step)?
            .checked_add(1)?;
    }
    (tasks > 0).then_some((tasks, cut))
}

/// Whether nothing is said: how Slurm writes that a time or a limit is not there.
pub(crate) fn nothing(text: &str) -> bool {
    let words = [
        "",
        "Unknown",
        "None",
        "N/A",
        "INVALID",
        "UNLIMITED",
        "Partition_Limit",
        "NONE",
        "(null)",
    ];
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// A point in time: a date, or seconds since 1970 (`SLURM_TIME_FORMAT=%s`).
pub(super) fn moment(text: &str) -> Result<u64, ReadError> {
    let seconds = !text.is_empty() && text.len() <= 11 && text.bytes().all(|b| b.is_ascii_digit());
    let epoch = text.parse::<u64>().ok().filter(|_| seconds);
    let moment = match epoch {
        Some(seconds) => Some(seconds * 1_000_000),
        None => clock::moment(text),
    };
    moment.ok_or_else(|| {
        let expected = "a time such as 2026-01-05T08:00:30, seconds since 1970, Unknown or None";
        ReadError::expected(expected, quoted(text))
    })
}

/// A length of time: `1-02:03:04`, `02:03`.
pub(super) fn span(text: &str) -> Result<u64, ReadError> {
    clock::span(text).ok_or_else(|| {
        let expected = "a time of the form [days-]hours:minutes:seconds";
        ReadError::expected(expected, quoted(text))
    })
}

/// A whole number, perhaps in thousands (`1.5K`).
pub(super) fn count(text: &str) -> Result<u64, ReadError> {
    let (number, unit) = unit_of(text);
    let factor = match unit {
        "" => 1,
        "K" => 1000,
        "M" => 1_000_000,
        _ => return Err(ReadError::expected("a whole number", quoted(text))),
    };
    Ok(decimal(number, "a whole number", 3, MOST / factor)? * factor / 1000)
}

/// Whose an amount of memory is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Each {
    /// The job's.
    Job,
    /// Each node's (`4000Mn`).
    Node,
    /// Each core's (`2Gc`).
    Core,
}

/// Memory in KiB, and whose it is: `4000Mn`, `2Gc`, `1.5G`, `46.88G`, `0`. MiB, where no unit is said, or
/// what `plain` says.
pub(super) fn memory(text: &str, plain: &str) -> Result<(u64, Each), ReadError> {
    let wrong = || ReadError::expected("memory such as 4000Mn, 2Gc or 1.5G", quoted(text));
    let (number, unit) = unit_of(text);
    let (unit, each) = match unit.as_bytes().last() {
        Some(b'n') => (&unit[..unit.len() - 1], Each::Node),
        Some(b'c') => (&unit[..unit.len() - 1], Each::Core),
        _ => (unit, Each::Job),
    };
    let unit = if unit.is_empty() { plain } else { unit };
    // In 1024ths of a KiB, so that bytes count.
    let scale: u64 = match unit {
        "B" => 1,
        "K" | "KB" => 1 << 10,
        "M" | "MB" => 1 << 20,
        "G" | "GB" => 1 << 30,
        "T" | "TB" => 1 << 40,
        "P" | "PB" => 1 << 50,
        _ => return Err(wrong()),
    };
    let parts = decimal(number, "memory", 6, MOST).map_err(|_| wrong())?;
    let bytes = u128::from(parts) * u128::from(scale) / 1_000_000;
    let kibibytes = bytes.div_ceil(1024);
    match u64::try_from(kibibytes) {
        Ok(kibibytes) if kibibytes <= MOST * 1024 => Ok((kibibytes, each)),
        _ => Err(wrong().hint("so much memory is taken for damage")),
    }
}

/// A number and what stands behind it.
fn unit_of(text: &str) -> (&str, &str) {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.');
    text.split_at(end.map_or(0, |end| end + 1))
}

/// What a list of trackable resources says: `billing=4,cpu=4,gres/gpu:a100=2,mem=16G,node=1`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Tres {
    pub(super) cpus: Option<u64>,
    /// In KiB.
    pub(super) memory: Option<u64>,
    pub(super) nodes: Option<u64>,
    pub(super) gpus: Option<u64>,
}

impl Tres {
    /// Understands one; what else is in it is not read.
    pub(super) fn read(text: &str) -> Result<Self, ReadError> {
        let mut tres = Self::default();
        // GPUs of a model are counted among all GPUs, too, where both are told.
        let mut models = None;
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let Some((name, amount)) = part.split_once('=') else {
                let expected = "resources such as cpu=4,mem=16G,node=1";
                return Err(ReadError::expected(expected, quoted(part)));
            };
            match name {
                "cpu" => tres.cpus = Some(count(amount)?),
                "node" => tres.nodes = Some(count(amount)?),
                "mem" => tres.memory = Some(memory(amount, "M")?.0),
                "gres/gpu" => tres.gpus = Some(count(amount)?),
                _ if name.starts_with("gres/gpu:") => {
                    models = Some(models.unwrap_or(0_u64).saturating_add(count(amount)?));
                }
                _ => {}
            }
        }
        tres.gpus = tres.gpus.or(models);
        Ok(tres)
    }
}

/// The GPUs of a list of generic resources, and their model: `gpu:a100:4(S:0-1),shard:8`.
pub(super) fn gres(text: &str) -> Result<(u64, Option<&str>), ReadError> {
    let (mut gpus, mut model) = (0_u64, None);
    for part in split_outside(text, '(', ')') {
        let part = part.split_once('(').map_or(part, |pair| pair.0);
        // Old accounts write a colon or nothing where newer ones write an equals sign.
        let Some(rest) = part.trim_start_matches("gres/").strip_prefix("gpu") else {
            continue;
        };
        let words: Vec<&str> = rest
            .split([':', '='])
            .filter(|word| !word.is_empty())
            .collect();
        let (kind, amount) = match words.as_slice() {
            [] => (None, "1"),
            [one] if one.bytes().all(|byte| byte.is_ascii_digit()) => (None, *one),
            [kind] => (Some(*kind), "1"),
            [kind, .., amount] => (Some(*kind), *amount),
        };
        gpus = gpus.saturating_add(count(amount)?);
        model = model.or(kind);
    }
    Ok((gpus, model))
}

/// The parts of a list between commas that stand in no brackets.
fn split_outside(text: &str, open: char, close: char) -> Vec<&str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0_usize, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if letter == open => depth += 1,
            _ if letter == close => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// The hosts that `rack[0-1]n[01-16],login` stands for.
pub(crate) fn hosts(text: &str) -> Result<Vec<String>, ReadError> {
    let wrong = || {
        let error = ReadError::expected("hosts such as n[001-128,140],gpu1", quoted(text));
        error.hint(format!("at most {MOST_HOSTS} of them"))
    };
    let mut all = Vec::new();
    for part in split_outside(text, '[', ']') {
        let mut names = vec![String::new()];
        let mut rest = part.trim_ascii();
        if rest.is_empty() {
            return Err(wrong());
        }
        while let Some((before, bracket)) = rest.split_once('[') {
            let (list, behind) = bracket.split_once(']').ok_or_else(wrong)?;
            let ends = numbers(list).ok_or_else(wrong)?;
            if ends.len().saturating_mul(names.len()) > MOST_HOSTS {
                return Err(wrong());
            }
            let longer = |name: &String| {
                let begin = format!("{name}{before}");
                let ends = ends.iter();
                ends.map(|end| format!("{begin}{end}")).collect::<Vec<_>>()
            };
            names = names.iter().flat_map(longer).collect();
            rest = behind;
        }
        all.extend(names.into_iter().map(|name| name + rest));
        if all.len() > MOST_HOSTS {
            return Err(wrong());
        }
    }
    Ok(all)
}

/// The numbers of `001-128,140`, as wide as they are written.
fn numbers(list: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for part in list.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let width = from.len();
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        let many = to.checked_sub(from)?;
        if many >= MOST_HOSTS as u64 || all.len() > MOST_HOSTS {
            return None;
        }
        all.extend((from..=to).map(|number| format!("{number:0width$}")));
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_steps_and_arrays() {
        let told = |text| {
            let id = job_id(text)?;
            Some((id.job, id.step, id.tasks, id.cut))
        };
        let one = |job, step| Some((job, step, 1, false));
        assert_eq!(told("123"), one("123", None));
        assert_eq!(told("123.batch"), one("123", Some("batch")));
        assert_eq!(told("123_4.0"), one("123_4", Some("0")));
        assert_eq!(told("123+1.extern"), one("123+1", Some("extern")));
        assert_eq!(told("9_[3-9]"), Some(("9_[3-9]", None, 7, false)));
        assert_eq!(told("9_[5-9%2]"), Some(("9_[5-9%2]", None, 5, false)));
        assert_eq!(
            told("9_[1,3,5-9:2]"),
            Some(("9_[1,3,5-9:2]", None, 5, false))
        );
        assert_eq!(told("9_[1-3,...]"), Some(("9_[1-3,...]", None, 3, true)));
        for text in [
            "",
            "batch",
            "12a",
            "12_",
            "12_a",
            "12.",
            "_[1]",
            "1_[]",
            "1_[9-1]",
            "1_[1-2:0]",
            "1_[a]",
            "1_[1",
            "12 ",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn memory_is_written_in_many_ways() {
        let mib = |text| {
            memory(text, "M")
                .ok()
                .map(|(kib, each)| (kib.div_ceil(1024), each))
        };
        assert_eq!(mib("4000Mn"), Some((4000, Each::Node)));
        assert_eq!(mib("2Gc"), Some((2048, Each::Core)));
        assert_eq!(mib("1.5G"), Some((1536, Each::Job)));
        assert_eq!(mib("46.875G"), Some((48_000, Each::Job)));
        assert_eq!(mib("512"), Some((512, Each::Job)));
        assert_eq!(mib("1025K"), Some((2, Each::Job)));
        assert_eq!(mib("0n"), Some((0, Each::Node)));
        assert_eq!(mib("2T"), Some((2 << 20, Each::Job)));
        for text in ["", "G", "Gn", "4X", "-1G", "1e30P", "4 G", "9999999999P"] {
            assert_eq!(mib(text), None, "{text}");
        }
    }

    #[test]
    fn resources_count_gpus_once() {
        let told =
            |text| Tres::read(text).map(|tres| (tres.cpus, tres.memory, tres.nodes, tres.gpus));
        assert_eq!(
            told("billing=4,cpu=4,gres/gpu:a100=2,gres/gpu=2,mem=16G,node=1,energy=5"),
            Ok((Some(4), Some(16 << 20), Some(1), Some(2)))
        );
        assert_eq!(
            told("gres/gpu:a100=2,gres/gpu:t4=1"),
            Ok((None, None, None, Some(3)))
        );
        assert_eq!(told(""), Ok((None, None, None, None)));
        told("cpu").unwrap_err();
        told("cpu=x").unwrap_err();
        assert_eq!(gres("gpu:a100:4(S:0-1),shard:8"), Ok((4, Some("a100"))));
        assert_eq!(gres("gpu:2,gpu:t4:1"), Ok((3, Some("t4"))));
        assert_eq!(gres("gpu"), Ok((1, None)));
        assert_eq!(gres("(null)"), Ok((0, None)));
        gres("gpu:a:b").unwrap_err();
    }

    #[test]
    fn hosts_are_spelled_out() {
        let told = |text| hosts(text).map(|hosts| hosts.join(" ")).unwrap_or_default();
        assert_eq!(told("n1"), "n1");
        assert_eq!(told("n[08-10,7],login"), "n08 n09 n10 n7 login");
        assert_eq!(told("r[0-1]n[1-2]x"), "r0n1x r0n2x r1n1x r1n2x");
        for text in [
            "",
            "n[1-2",
            "n[2-1]",
            "n[a]",
            "n[1-9999999]",
            "n[1-5000][1-5000]",
            "a,,b",
        ] {
            assert_eq!(told(text), "", "{text}");
        }
    }
}
