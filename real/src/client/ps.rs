//! `ps`: what runs, where, for how long, and how it ended.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fairground_workloads::{say, words};
use serde_json::{Value, json};

use super::look::{is_over, text};
use super::{Interrupts, MasterArg, block_on, waiting};
use crate::web::page::age;

/// Lists the tasks of a cluster.
///
/// What waits for an agent larger than there is one is said on standard error.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    master: MasterArg,
    /// Tasks that have ended, too
    #[arg(long, short)]
    all: bool,
    /// Agents instead of tasks
    #[arg(long)]
    agents: bool,
    /// As JSON, with whole ids
    #[arg(long)]
    json: bool,
    /// Again and again, every so many seconds, until interrupted
    #[arg(long, short, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    watch: Option<u64>,
}

/// Lists tasks or agents.
///
/// # Errors
/// When the master cannot be asked.
pub fn ps(args: &Args) -> anyhow::Result<ExitCode> {
    block_on(async {
        let Some(seconds) = args.watch else {
            show(args, false).await?;
            return Ok(());
        };
        let mut interrupts = Interrupts::listen()?;
        let mut ticks = tokio::time::interval(Duration::from_secs(seconds));
        loop {
            tokio::select! {
                () = interrupts.come() => return Ok(()),
                _ = ticks.tick() => if !show(args, true).await? {
                    return Ok(());
                },
            }
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Shows it once; whether somebody still reads it.
async fn show(args: &Args, again: bool) -> anyhow::Result<bool> {
    let agents = args.master.get("/slaves").await?;
    let (shown, waits) = if args.agents {
        (agent_list(&agents), Vec::new())
    } else {
        let frameworks = args.master.get("/frameworks").await?;
        let waits = waiting::waiting(&frameworks, &waiting::sizes(&agents));
        (task_list(&frameworks, &agents, args.all), waits)
    };
    let (mut out, terminal) = (Vec::new(), std::io::stdout().is_terminal());
    if again && terminal {
        // The whole screen, from its beginning.
        write!(out, "\x1b[2J\x1b[H")?;
    }
    if args.json {
        let waits = waits.iter();
        let waits: Vec<Value> = waits
            .map(|(name, stage, why)| json!({"framework": name, "stage": stage, "why": why}))
            .collect();
        let shown = if args.agents {
            json!({"agents": shown})
        } else {
            json!({"tasks": shown, "waiting": waits})
        };
        writeln!(out, "{shown:#}")?;
    } else {
        let columns: &[&str] = if args.agents { &AGENTS } else { &TASKS };
        print_table(&mut out, columns, &shown)?;
        if again && !terminal {
            writeln!(out)?;
        }
    }
    let read = words::print(out)?;
    for (name, stage, why) in waits.iter().filter(|_| !args.json) {
        say!("{name}: stage `{stage}` waits: {why}");
    }
    Ok(read)
}

/// The columns of tasks: members of what `--json` prints, in capitals.
const TASKS: [&str; 10] = [
    "TASK",
    "NAME",
    "STATE",
    "HOST",
    "AGE",
    "EXIT",
    "CPUS",
    "MEM",
    "ROLE",
    "FRAMEWORK",
];
const AGENTS: [&str; 8] = [
    "AGENT",
    "HOST",
    "ADDRESS",
    "ACTIVE",
    "CPUS",
    "USED_CPUS",
    "MEM",
    "USED_MEM",
];

fn task_list(frameworks: &Value, agents: &Value, all: bool) -> Vec<Value> {
    let agents = agents["slaves"].as_array().into_iter().flatten();
    let hosts: BTreeMap<String, &Value> = agents
        .map(|agent| (text(&agent["id"]), &agent["hostname"]))
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0.0, |since| since.as_secs_f64());
    let mut found: Vec<(f64, Value)> = Vec::new();
    let of = |member: &str| frameworks[member].as_array().into_iter().flatten();
    for framework in of("frameworks").chain(of("completed_frameworks")) {
        let of = |member: &str| framework[member].as_array().into_iter().flatten();
        for task in of("tasks").chain(of("completed_tasks")) {
            let state = text(&task["state"]);
            if !all && is_over(&state) {
                continue;
            }
            let launched = task["launched_time"].as_f64().unwrap_or(now);
            let (exit, message) = exit_of(task);
            let shown = json!({
                "task": task["id"],
                "name": task["name"],
                "state": state.trim_start_matches("TASK_").to_lowercase(),
                "host": hosts.get(&text(&task["slave_id"])),
                "agent": task["slave_id"],
                "age": age((now - launched).max(0.0) as u64),
                "launched_time": launched,
                "exit": exit,
                "message": message,
                "cpus": task["resources"]["cpus"],
                "mem": task["resources"]["mem"],
                "framework": framework["name"],
                "framework_id": framework["id"],
                "role": task["role"],
            });
            found.push((launched, shown));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    found.into_iter().map(|(_, shown)| shown).collect()
}

fn agent_list(shown: &Value) -> Vec<Value> {
    let agents = shown["slaves"].as_array().into_iter().flatten();
    agents
        .map(|agent| {
            let (all, used) = (&agent["resources"], &agent["used_resources"]);
            let pid = text(&agent["pid"]);
            json!({
                "agent": agent["id"],
                "host": agent["hostname"],
                "address": pid.split_once('@').map_or("", |(_, address)| address),
                "active": agent["active"],
                "cpus": all["cpus"],
                "used_cpus": used["cpus"],
                "mem": all["mem"],
                "used_mem": used["mem"],
                "attributes": agent["attributes"],
            })
        })
        .collect()
}

/// The exit code of a task that ended, or the signal that ended it, and what was said of its end.
fn exit_of(task: &Value) -> (Value, Value) {
    let last = task["statuses"].as_array().and_then(|all| all.last());
    let message = last.map_or(Value::Null, |status| status["message"].clone());
    let words = message.as_str().unwrap_or_default();
    let behind = |before: &str| {
        let rest = words.strip_prefix(before)?;
        rest.split_whitespace().next()
    };
    let code = behind("Command exited with status ").and_then(|code| code.parse::<i32>().ok());
    let signal = behind("Command terminated with signal ").and_then(|_| {
        let name = words.split_once('(')?.1;
        Some(name.split_once(')')?.0)
    });
    let exit = code.map_or_else(
        || signal.map_or(Value::Null, |name| json!(name)),
        |code| json!(code),
    );
    (exit, message)
}

fn print_table(
    out: &mut impl std::io::Write,
    columns: &[&str],
    shown: &[Value],
) -> std::io::Result<()> {
    let mut rows = vec![columns.iter().map(ToString::to_string).collect::<Vec<_>>()];
    rows.extend(shown.iter().map(|row| {
        let cell = |column: &&str| match &row[column.to_lowercase()] {
            Value::Null => "-".to_owned(),
            value => text(value),
        };
        columns.iter().map(cell).collect()
    }));
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_a_word() {
        for (message, exit) in [
            ("Command exited with status 0", json!(0)),
            (
                "Command exited with status 3 (4 bytes of its output could not be written)",
                json!(3),
            ),
            (
                "Command terminated with signal 9 (SIGKILL)",
                json!("SIGKILL"),
            ),
            (
                "Memory limit exceeded: Requested: 64MB Maximum Used: 64MB",
                Value::Null,
            ),
        ] {
            let task = json!({"statuses": [{"state": "TASK_RUNNING"}, {"message": message}]});
            assert_eq!(exit_of(&task), (exit, json!(message)));
        }
        assert_eq!(
            exit_of(&json!({"statuses": []})),
            (Value::Null, Value::Null)
        );
    }
}
