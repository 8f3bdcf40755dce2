//! What a job is: stages of tasks, from a file or from the command line.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use fairground_policies::job::{JobSpec, StageSpec};
use fairground_policies::name::Name;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::protocol::Amounts;
use crate::wire::bad_id;
use crate::wire::resources::{Shape, mebibytes, thousandths};

/// A job as people write it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// What it is called; the beginning of its framework's name.
    pub name: String,
    /// The policy that places its tasks.
    #[serde(default = "fifo")]
    pub scheduler: Name,
    /// Whether all tasks of a stage start together or not at all.
    #[serde(default)]
    pub gang: bool,
    /// How often a task that failed is tried again.
    #[serde(default)]
    pub retries: u32,
    /// Its stages, in any order that names earlier ones in `after`.
    pub stage: Vec<Stage>,
}

/// Tasks of one kind.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What it is called.
    pub name: String,
    /// How many tasks it has.
    #[serde(default = "one")]
    pub tasks: u32,
    /// Processors of one task.
    pub cpus: f64,
    /// MiB of memory of one task.
    pub mem: f64,
    /// MiB of disk of one task.
    #[serde(default)]
    pub disk: f64,
    /// Stages that have to be done before.
    #[serde(default)]
    pub after: Vec<String>,
    /// What a task runs, in a shell. `$FAIRGROUND_STAGE` and `$FAIRGROUND_INDEX` name it.
    #[serde(default)]
    pub command: String,
    /// What a task runs, as a program and its arguments.
    #[serde(default)]
    pub argv: Vec<String>,
    /// Variables of its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What is fetched into its sandbox.
    #[serde(default)]
    pub uris: Vec<String>,
    /// Who it runs as.
    #[serde(default)]
    pub user: Option<String>,
}

fn fifo() -> Name {
    "fifo".parse().expect("a name")
}

const fn one() -> u32 {
    1
}

impl Job {
    /// Reads a job from a file.
    ///
    /// # Errors
    /// When the file cannot be read, or does not read as a job.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let job: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        job.spec().with_context(|| path.display().to_string())?;
        Ok(job)
    }

    /// What its framework is told.
    ///
    /// # Errors
    /// When a stage needs nothing, runs nothing, or comes after one that is not before it.
    pub fn spec(&self) -> anyhow::Result<JobSpec> {
        if let Some(why) = bad_id(&self.name) {
            bail!("`name` is `{}`: {why}", self.name);
        }
        if self.stage.is_empty() {
            bail!("the job has no [[stage]]");
        }
        let mut stages: Vec<StageSpec> = Vec::new();
        for (position, stage) in self.stage.iter().enumerate() {
            let before = &self.stage[..position];
            let spec = stage.spec(before);
            stages.push(spec.with_context(|| format!("stage `{}`", stage.name))?);
        }
        Ok(JobSpec::new(self.gang, stages))
    }
}

impl Stage {
    /// What one of its tasks needs.
    pub(super) fn amounts(&self) -> anyhow::Result<Amounts> {
        let checked = |units: Result<u64, String>| units.map_err(anyhow::Error::msg);
        Ok(Amounts {
            millicores: checked(thousandths("cpus", self.cpus))?,
            mem_mib: checked(mebibytes("mem", self.mem))?,
            disk_mib: checked(mebibytes("disk", self.disk))?,
            ..Amounts::default()
        })
    }

    fn spec(&self, before: &[Self]) -> anyhow::Result<StageSpec> {
        if let Some(why) = bad_id(&self.name) {
            bail!("`name`: {why}");
        }
        if before.iter().any(|other| other.name == self.name) {
            bail!("another stage has this name");
        }
        if self.command.is_empty() == self.argv.is_empty() {
            bail!("expected either `command` or `argv`");
        }
        if self.tasks == 0 {
            bail!("`tasks` is 0; expected at least 1");
        }
        let needs = self.amounts()?.counted();
        if needs.is_zero() {
            bail!("it needs nothing; expected some `cpus` or `mem`");
        }
        let mut spec = StageSpec::new(needs, self.tasks);
        for name in &self.after {
            let parent = before.iter().position(|other| other.name == *name);
            let parent = parent.with_context(|| {
                let known: Vec<&str> = before.iter().map(|other| other.name.as_str()).collect();
                format!("`after` names `{name}`; before it come {known:?}")
            })?;
            spec.parents.push(parent as u32);
        }
        Ok(spec)
    }

    /// A task of it as the API describes one.
    ///
    /// # Errors
    /// When the amounts are not amounts.
    pub fn task_info(&self, task_id: &str, index: u32, agent_id: &str) -> anyhow::Result<Value> {
        let own = [
            ("FAIRGROUND_STAGE".to_owned(), self.name.clone()),
            ("FAIRGROUND_INDEX".to_owned(), index.to_string()),
            ("FAIRGROUND_TASKS".to_owned(), self.tasks.to_string()),
        ];
        let variables = self.env.clone().into_iter().chain(own);
        let variables: Vec<Value> = variables
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let uris: Vec<Value> = self.uris.iter().map(|uri| json!({"value": uri})).collect();
        let mut command = json!({"environment": {"variables": variables}, "uris": uris});
        if let Some(program) = self.argv.first() {
            command["shell"] = json!(false);
            command["value"] = json!(program);
            command["arguments"] = json!(self.argv);
        } else {
            command["value"] = json!(self.command);
        }
        if let Some(user) = &self.user {
            command["user"] = json!(user);
        }
        Ok(json!({
            "name": format!("{}-{index}", self.name),
            "task_id": {"value": task_id},
            "agent_id": {"value": agent_id},
            "resources": self.amounts()?.to_api(&Shape::default()),
            "command": command,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(text: &str) -> anyhow::Result<JobSpec> {
        toml::from_str::<Job>(text)?.spec()
    }

    #[test]
    fn stages_come_after_each_other() {
        let spec = job(r#"
            name = "count"
            [[stage]]
            name = "map"
            tasks = 4
            cpus = 0.5
            mem = 64
            command = "true"
            [[stage]]
            name = "reduce"
            cpus = 1
            mem = 128.5
            after = ["map"]
            argv = ["/bin/true", "x"]
        "#)
        .unwrap();
        assert_eq!(spec.stages[1].parents, [0]);
        assert_eq!(spec.stages[1].needs.mem().0, 129);
        assert_eq!(spec.tasks(), 5);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let stage = |text: &str| format!("name = 'j'\n[[stage]]\nname = 's'\n{text}");
        for (text, word) in [
            ("name = 'j'\nstage = []".to_owned(), "no [[stage]]"),
            (stage("cpus = 1\nmem = 1"), "either `command` or `argv`"),
            (stage("cpus = 0\nmem = 0\ncommand = 'x'"), "needs nothing"),
            (stage("cpus = -1\nmem = 0\ncommand = 'x'"), "`cpus` is -1"),
            (
                stage("cpus = 1\nmem = 1\ncommand = 'x'\nafter = ['t']"),
                "names `t`",
            ),
            (
                stage("cpus = 1\nmem = 1\ncommand = 'x'\ncolour = 1"),
                "colour",
            ),
        ] {
            let error = format!("{:#}", job(&text).unwrap_err());
            assert!(error.contains(word), "{error}");
        }
    }
}
