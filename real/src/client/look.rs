//! `logs` and `kill`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use fairground_workloads::words;
use serde_json::{Value, json};

use super::{MasterArg, block_on};

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
    /// The task's id, or a framework's id or name to end all of it
    id: String,
}

pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn is_over(state: &str) -> bool {
    ![
        "TASK_STAGING",
        "TASK_STARTING",
        "TASK_RUNNING",
        "TASK_KILLING",
    ]
    .contains(&state)
}

/// The task with this id; the latest when several frameworks have one.
async fn find(master: &MasterArg, id: &str) -> anyhow::Result<Option<Value>> {
    let shown = master.get("/tasks?limit=-1").await?;
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
            let (count, read) = copy(&args.master, address, &path, offset).await?;
            offset += count;
            if over || !args.follow || !read {
                return Ok(ExitCode::SUCCESS);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    })
}

/// Prints what there is of a file from `offset` on, byte by byte as it is: how much that was, and whether
/// somebody still reads it.
async fn copy(
    master: &MasterArg,
    address: &str,
    path: &str,
    offset: u64,
) -> anyhow::Result<(u64, bool)> {
    let url = format!("http://{address}/files/download");
    let query = [("path", path), ("offset", &offset.to_string())];
    let url = reqwest::Url::parse_with_params(&url, query)?;
    let mut answer = master.ask(url, "the task's agent").await?;
    let (mut count, mut read) = (0, true);
    while let Some(piece) = answer.chunk().await?
        && read
    {
        read = words::print(&piece)?;
        count += piece.len() as u64;
    }
    Ok((count, read))
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
            json!({"framework_id": framework(&shown, &args.id)?})
        };
        args.master.post("/fairground/v1/kill", &body).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The id of the framework that is called so: by its id, or by a name that no other has.
fn framework(shown: &Value, called: &str) -> anyhow::Result<String> {
    let frameworks = || shown["frameworks"].as_array().into_iter().flatten();
    let known = |member: &str| -> Vec<String> {
        let mine = frameworks().filter(|framework| framework[member] == called);
        mine.map(|framework| text(&framework["id"])).collect()
    };
    match (known("id").as_slice(), known("name").as_slice()) {
        ([id], _) | ([], [id]) => Ok(id.clone()),
        (_, []) => bail!("no running task or framework is called `{called}`; see `ps`"),
        (_, several) => bail!(
            "several frameworks are called `{called}`: {}",
            several.join(", ")
        ),
    }
}
