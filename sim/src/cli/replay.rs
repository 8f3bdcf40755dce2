//! `fairground replay`: does the core order what the log of a real master says it ordered?

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fairground_policies::message::Step;
use fairground_policies::registry::Registry;
use fairground_policies::replay::Replay;
use fairground_workloads::log::{CoreSettings, Reader};
use fairground_workloads::rng;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::{Ending, counted, print};

/// Where a core departs from its log: the step, and how many of its line agreed before it.
struct Difference {
    line: u64,
    agreed: usize,
    step: Step,
}

pub(super) fn replay(logs: &[PathBuf], registry: &Registry) -> anyhow::Result<Ending> {
    let mut ending = Ending::Done;
    for log in logs {
        if !replay_one(log, registry)? {
            ending = Ending::No;
        }
    }
    Ok(ending)
}

fn replay_one(log: &Path, registry: &Registry) -> anyhow::Result<bool> {
    let mut fresh = begin(log, registry)?;
    let (records, difference) = feed(log, &mut fresh, u64::MAX, 0)?;
    let (steps, actions) = fresh.counts();
    let mut text = format!(
        "{}: {}, {}, {}: ",
        log.display(),
        counted(records, "record"),
        counted(steps, "step"),
        counted(actions, "action")
    );
    let Some(Difference { line, agreed, step }) = difference else {
        text.push_str("every action is the same\n");
        print(&text)?;
        return Ok(true);
    };
    // Once more up to the difference: books are dear, and only these are wanted.
    let mut before = begin(log, registry)?;
    feed(log, &mut before, line, agreed)?;
    let _ = writeln!(text, "the first difference is on line {line}");
    let _ = writeln!(text, "told     {}", json(&step.event));
    let _ = writeln!(text, "at       {}", step.at);
    let _ = writeln!(text, "logged   {}", json(&step.actions));
    let _ = writeln!(text, "replayed {}", json(&fresh.orders()));
    let _ = writeln!(text, "-- books before\n{}", before.books());
    let _ = writeln!(text, "-- books after\n{}", fresh.books());
    print(&text)?;
    Ok(false)
}

fn open(log: &Path) -> anyhow::Result<Reader<CoreSettings, IgnoredAny>> {
    let hint = "name the file `log` of a master's work directory";
    Reader::open(log)?.with_context(|| {
        format!(
            "{}: there is no log, or nothing in it\n  hint: {hint}",
            log.display()
        )
    })
}

/// A core as the log's was before its first fact.
fn begin(log: &Path, registry: &Registry) -> anyhow::Result<Replay> {
    let reader = open(log)?;
    let settings = reader.settings();
    let rng = rng::stream(settings.seed, "policy").into_generator();
    let core = registry.master(&settings.allocator, rng);
    Ok(Replay::new(
        core.with_context(|| log.display().to_string())?,
    ))
}

/// Feeds all before line `until`, and the first `steps` of that one, or up to the first difference.
/// Also says how many records were fed.
fn feed(
    log: &Path,
    core: &mut Replay,
    until: u64,
    steps: usize,
) -> anyhow::Result<(u64, Option<Difference>)> {
    let mut records = 0;
    for turn in open(log)? {
        let turn = turn?;
        let wanted = if turn.line < until {
            turn.steps.len()
        } else {
            steps
        };
        for (agreed, step) in turn.steps.into_iter().take(wanted).enumerate() {
            if !core.agrees(&step) {
                let line = turn.line;
                return Ok((records, Some(Difference { line, agreed, step })));
            }
        }
        if turn.line >= until {
            break;
        }
        records += 1;
    }
    Ok((records, None))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("steps can be written")
}
