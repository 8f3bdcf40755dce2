//! From what the master says about a task to what its supervisor needs to know.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fairground_policies::resources::{Mebibytes, Millicores};

use super::accounts::Accounts;
use super::checkpoint::WorkDir;
use super::config::{Args, Fence};
use super::hostname;
use super::task::Task;
use crate::isolation::limits::Limits;
use crate::isolation::privileges::{Account, User};
use crate::isolation::spec::{CgroupPlace, Fences, OutputLimits, Spec};
use crate::isolation::{IsolationError, Result};
use crate::protocol::{Limit, RunTask};

/// The default search path.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Who a task runs as: whom it names, whom the agent was told, one of its own. An agent that is not
/// root has only itself, which is `None`.
pub(super) fn user(args: &Args, run: &RunTask, accounts: &mut Accounts) -> Result<Option<User>> {
    if let Some(name) = run.user.as_deref().or(args.task_user.as_deref()) {
        return Ok(Some(name.into()));
    }
    let root = nix::unistd::geteuid().is_root();
    let own = root.then(|| accounts.take()).transpose()?;
    Ok(own.map(User::Own))
}

/// The numbers of that account, if tasks may run as it.
pub(super) fn account(args: &Args, user: Option<&User>) -> Result<(u32, u32)> {
    let ids = Account::find(user)?.ids();
    if ids.0 == 0 && !args.allow_root {
        return Err(IsolationError::Root);
    }
    Ok(ids)
}

/// Everything about the container of a task.
pub(super) fn spec(args: &Args, prefix: &str, task: &Task, work: &WorkDir) -> Result<Spec> {
    let run = &task.taken.run;
    let sandbox = work.sandbox(&task.key())?;
    let command = &run.command;
    let (program, words) = if command.shell {
        let words = ["sh", "-c", command.value.as_str()]
            .map(String::from)
            .to_vec();
        ("/bin/sh".to_owned(), words)
    } else if command.arguments.is_empty() {
        (command.value.clone(), vec![command.value.clone()])
    } else {
        (command.value.clone(), command.arguments.clone())
    };
    let has = |fence| args.isolation.contains(&fence);
    let place = CgroupPlace {
        root: args.cgroup_root.clone(),
        prefix: prefix.to_owned(),
    };
    Ok(Spec {
        container: task.taken.container.clone(),
        program,
        argv: words,
        environment: environment(args, run, &sandbox),
        sandbox,
        user: task.user.clone(),
        fences: Fences {
            cgroups: has(Fence::Cgroups).then_some(place),
            namespaces: has(Fence::Namespaces),
            seccomp: has(Fence::Seccomp),
            network: has(Fence::Network),
            hidden: hidden(args, work),
            root: run.root.as_ref().map(PathBuf::from),
        },
        limits: limits(args, run),
        max_completion_millis: run.max_completion_millis,
        grace_millis: grace(args, run),
        output: OutputLimits {
            bytes: args.output_bytes,
            aside: args.output_aside,
        },
    })
}

/// What no task sees, but for its own sandbox.
pub(super) fn hidden(args: &Args, work: &WorkDir) -> Vec<PathBuf> {
    let mut hidden = vec![work.root().to_owned()];
    hidden.extend(args.hide.iter().cloned());
    hidden
}

/// Time between SIGTERM and SIGKILL when an order does not say.
pub(super) fn grace(args: &Args, run: &RunTask) -> u64 {
    run.kill_grace_millis.unwrap_or(args.kill_grace)
}

/// The memory a task is killed at, in MiB.
pub(super) fn mem_limit(run: &RunTask) -> Option<u64> {
    match run.limits.mem_mib {
        None => Some(run.resources.mem_mib),
        Some(Limit::To(mib)) => Some(mib),
        Some(Limit::Infinite) => None,
    }
}

fn limits(args: &Args, run: &RunTask) -> Limits {
    let cpus = Millicores(run.resources.millicores);
    Limits {
        cpus,
        cpu_limit: match run.limits.millicores {
            None => args.cpu_hard_limit.then_some(cpus),
            Some(Limit::To(millicores)) => Some(Millicores(millicores)),
            Some(Limit::Infinite) => None,
        },
        mem: Mebibytes(run.resources.mem_mib),
        mem_limit: mem_limit(run).map(Mebibytes),
        pids: Some(args.pids_limit),
    }
}

/// The agent's own few, and the task's on top.
fn environment(args: &Args, run: &RunTask, sandbox: &Path) -> BTreeMap<String, String> {
    let inside = match run.root {
        Some(_) => "/mnt/mesos/sandbox".into(),
        None => sandbox.to_string_lossy().into_owned(),
    };
    let own = [
        ("PATH", PATH.to_owned()),
        ("HOME", inside.clone()),
        ("MESOS_SANDBOX", inside),
        ("MESOS_FRAMEWORK_ID", run.framework_id.clone()),
        ("MESOS_TASK_ID", run.task_id.clone()),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    // The machine's name is the same for all agents on it, and resolves; this is what they are called.
    let host = hostname(args).ok();
    let host = host.map(|host| ("FAIRGROUND_HOST".to_owned(), host));
    own.into_iter()
        .chain(host)
        .chain(run.command.environment.clone())
        .collect()
}
