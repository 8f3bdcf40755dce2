//! A log fed to a fresh core: does it order today what it ordered then?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use fairground_policies::master::Master;
use fairground_policies::message::{Action, Step};
use fairground_policies::registry::Registry;
use serde::de::IgnoredAny;

use super::{Contents, Turn};
use crate::master::cluster;

/// Feeds a log to a fresh core and compares every action.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The log: the file `log` of a master's work directory.
    log: PathBuf,
}

/// What a replay showed.
#[derive(Debug)]
pub struct Replayed {
    /// The records fed.
    pub turns: usize,
    /// The core's steps among them.
    pub steps: usize,
    /// The core's actions among them.
    pub actions: usize,
    /// Where the core first ordered something else.
    pub difference: Option<Difference>,
}

/// Where a replay departs from its log.
#[derive(Debug)]
pub struct Difference {
    /// The line of the log.
    pub line: usize,
    /// The step as logged.
    pub logged: Step,
    /// What the fresh core ordered instead.
    pub replayed: Vec<Action>,
    /// The books of the fresh core before and after the step.
    pub before: String,
    /// After it.
    pub after: String,
}

/// Replays a log and prints what came of it; 1 when an action differs.
///
/// # Errors
/// When the log cannot be read or its policy is not known.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let replayed = replay(&args.log, &Registry::default())?;
    println!(
        "{}: {} records, {} steps, {} actions",
        args.log.display(),
        replayed.turns,
        replayed.steps,
        replayed.actions
    );
    let Some(difference) = replayed.difference else {
        println!("every action is the same");
        return Ok(ExitCode::SUCCESS);
    };
    println!("line {}: the first difference", difference.line);
    println!("told     {}", json(&difference.logged.event));
    println!("at       {}", difference.logged.at);
    println!("logged   {}", json(&difference.logged.actions));
    println!("replayed {}", json(&difference.replayed));
    println!("-- books before\n{}", difference.before);
    println!("-- books after\n{}", difference.after);
    Ok(ExitCode::FAILURE)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("steps can be written")
}

/// Feeds a log to a fresh core; the books are recounted after every step.
///
/// # Errors
/// When the log cannot be read or its policy is not known.
pub fn replay(path: &Path, registry: &Registry) -> anyhow::Result<Replayed> {
    let contents: Contents<IgnoredAny> = super::read(path)?
        .with_context(|| format!("{}: there is no log, or nothing in it", path.display()))?;
    let mut core = cluster::new_core(&contents.settings, registry)?;
    let mut replayed = Replayed {
        turns: contents.turns.len(),
        steps: 0,
        actions: 0,
        difference: None,
    };
    let mut actions = Vec::new();
    for Turn { line, steps, .. } in contents.turns {
        for step in steps {
            let before = books(&core);
            actions.clear();
            core.step(step.at, step.event.clone(), &mut actions);
            core.check();
            if actions != step.actions {
                replayed.difference = Some(Difference {
                    line,
                    logged: step,
                    replayed: actions,
                    before,
                    after: books(&core),
                });
                return Ok(replayed);
            }
            replayed.steps += 1;
            replayed.actions += actions.len();
        }
    }
    Ok(replayed)
}

/// The books, one agent or framework a line.
fn books(core: &Master) -> String {
    let ledger = core.ledger();
    let agents = ledger.agents().map(|agent| {
        let (free, total) = (ledger.free(agent), ledger.capacity(agent));
        format!("{agent} free {free} of {total}")
    });
    let frameworks = ledger.frameworks().map(|framework| {
        let (held, tasks) = (ledger.held(framework), ledger.tasks(framework));
        let offers = ledger.open_offers(framework);
        format!("{framework} holds {held}, {tasks} tasks, {offers} offers open")
    });
    agents.chain(frameworks).collect::<Vec<_>>().join("\n")
}
