//! `ps`, `logs` and `kill`.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::{MasterArg, ask, block_on};

/// Lists the tasks of a cluster.
#[derive(clap::Args, Debug)]
pub struct PsArgs {
    #[command(flatten)]
    master: MasterArg,
    /// Tasks that have ended, too
    #[arg(long, short)]
    all: bool,
    /// Agents instead of tasks
    #[arg(long)]
    agents: bool,
}

/// Shows what a task wrote.
#[derive(clap::Args, Debug)]
pub struct LogsArgs {
    #[command(flatten)]
    master: MasterArg,
    /// The task's id
    task: String,
    /// Standard error instead of standard output
    #[arg(long)]
    stderr: bool,
    /// Go on until the task has ended
    #[arg(long, short)]
    follow: bool,
}

/// Ends a task.
#[derive(clap::Args, Debug)]
pub struct KillArgs {
    #[command(flatten)]
    master: MasterArg,
    /// The task's id, or a framework's to end all of it
    id: String,
}

/// Lists tasks or agents.
///
/// # Errors
/// When the master cannot be asked.
pub fn ps(args: &PsArgs) -> anyhow::Result<ExitCode> {
    let rows = block_on(async {
        if args.agents {
            let shown = args.master.get("/slaves").await?;
            return Ok(agent_rows(&shown));
        }
        let shown = args.master.get("/tasks?limit=1000000&order=asc").await?;
        Ok(task_rows(&shown, args.all))
    })?;
    print_table(&rows)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn is_over(state: &str) -> bool {
    ![
        "TASK_STAGING",
        "TASK_STARTING",
        "TASK_RUNNING",
        "TASK_KILLING",
    ]
    .contains(&state)
}

fn task_rows(shown: &Value, all: bool) -> Vec<Vec<String>> {
    let head = ["TASK", "STATE", "AGENT", "CPUS", "MEM", "FRAMEWORK"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for task in shown["tasks"].as_array().into_iter().flatten() {
        let state = text(&task["state"]);
        if all || !is_over(&state) {
            rows.push(vec![
                text(&task["id"]),
                state.trim_start_matches("TASK_").to_lowercase(),
                text(&task["slave_id"]),
                text(&task["resources"]["cpus"]),
                text(&task["resources"]["mem"]),
                text(&task["framework_id"]),
            ]);
        }
    }
    rows
}

fn agent_rows(shown: &Value) -> Vec<Vec<String>> {
    let head = [
        "AGENT", "HOST", "ADDRESS", "ACTIVE", "CPUS", "USED", "MEM", "USED",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for agent in shown["slaves"].as_array().into_iter().flatten() {
        let (all, used) = (&agent["resources"], &agent["used_resources"]);
        let pid = text(&agent["pid"]);
        rows.push(vec![
            text(&agent["id"]),
            text(&agent["hostname"]),
            pid.split_once('@')
                .map_or("", |(_, address)| address)
                .to_owned(),
            text(&agent["active"]),
            text(&all["cpus"]),
            text(&used["cpus"]),
            text(&all["mem"]),
            text(&used["mem"]),
        ]);
    }
    rows
}

fn print_table(rows: &[Vec<String>]) -> anyhow::Result<ExitCode> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = std::io::stdout().lock();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The task with this id; the latest when several frameworks have one.
async fn find(master: &MasterArg, id: &str) -> anyhow::Result<Option<Value>> {
    let shown = master.get("/tasks?limit=1000000").await?;
    let tasks = shown["tasks"].as_array().cloned().unwrap_or_default();
    Ok(tasks.into_iter().find(|task| task["id"] == id))
}

/// Shows a task's output.
///
/// # Errors
/// When the task or its agent cannot be found or asked.
pub fn logs(args: &LogsArgs) -> anyhow::Result<ExitCode> {
    block_on(async {
        let task = find(&args.master, &args.task).await?;
        let task =
            task.with_context(|| format!("no task is called `{}`; see `ps --all`", args.task))?;
        let agents = args.master.get("/slaves").await?;
        let agents = agents["slaves"].as_array().cloned().unwrap_or_default();
        let agent = agents.iter().find(|agent| agent["id"] == task["slave_id"]);
        let pid = text(&agent.context("the task's agent is not known")?["pid"]);
        let address = pid.split_once('@').context("the agent has no address")?.1;
        let file = if args.stderr { "stderr" } else { "stdout" };
        let path = format!(
            "{}/{}/latest/{file}",
            text(&task["framework_id"]),
            args.task
        );
        let mut offset = 0;
        loop {
            let over = match find(&args.master, &args.task).await? {
                Some(task) => is_over(&text(&task["state"])),
                None => true,
            };
            offset += copy(address, &path, offset).await?;
            if over || !args.follow {
                return Ok(ExitCode::SUCCESS);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    })
}

/// Prints what there is of a file from `offset` on, byte by byte as it is; how much that was.
async fn copy(address: &str, path: &str, offset: u64) -> anyhow::Result<u64> {
    let url = format!("http://{address}/files/download");
    let query = [("path", path), ("offset", &offset.to_string())];
    let mut answer = ask(reqwest::Url::parse_with_params(&url, query)?).await?;
    let (mut stdout, mut count) = (std::io::stdout(), 0);
    while let Some(piece) = answer.chunk().await? {
        stdout.write_all(&piece)?;
        count += piece.len() as u64;
    }
    stdout.flush()?;
    Ok(count)
}

/// Ends a task or a framework.
///
/// # Errors
/// When nothing has that id, or the master cannot be asked.
pub fn kill(args: &KillArgs) -> anyhow::Result<ExitCode> {
    block_on(async {
        let task = find(&args.master, &args.id).await?;
        let body = if let Some(task) = task.filter(|task| !is_over(&text(&task["state"]))) {
            json!({"framework_id": task["framework_id"], "task_id": args.id})
        } else {
            let shown = args.master.get("/frameworks").await?;
            let frameworks = shown["frameworks"].as_array().cloned().unwrap_or_default();
            if !frameworks
                .iter()
                .any(|framework| framework["id"] == args.id)
            {
                bail!(
                    "no running task or framework is called `{}`; see `ps`",
                    args.id
                );
            }
            json!({"framework_id": args.id})
        };
        args.master.post("/fairground/v1/kill", &body).await?;
        Ok(ExitCode::SUCCESS)
    })
}
