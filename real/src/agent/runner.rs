//! The agent's one loop: everything that happens comes in here, one thing after another.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fairground_workloads::say;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::accounts::Accounts;
use super::checkpoint::{Identity, News, Taken, WorkDir};
use super::config::{Args, Fence};
use super::guard::Guard;
use super::launch;
use super::task::{Key, Task, may_run, status};
use super::verdict::Verdict;
use super::watch::{Watched, watch};
use super::{fetch, sandboxes};
use crate::isolation::cgroup::Cgroups;
use crate::isolation::spec::{Exit, Files};
use crate::isolation::{IsolationError, Result, container, store};
use crate::protocol::{
    AgentCall, AgentMessage, Amounts, FromMaster, Pages, RunTask, Subscribe, TaskState, VERSION,
};

/// How often waits are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How often old sandboxes are looked for.
const SWEEP: Duration = Duration::from_hours(1);

/// Everything that can happen to an agent.
pub(super) enum Input {
    /// The master says something.
    Master(FromMaster),
    /// A subscription is about to be tried: who are we?
    Introduce(oneshot::Sender<Subscribe>),
    /// The subscription is gone.
    Disconnected,
    /// A task's sandbox is ready, or cannot be.
    Fetched(Key, std::result::Result<(), String>),
    /// A container's supervisor did something.
    Watched(Key, Watched),
    /// Old sandboxes of these users are gone.
    Swept(Vec<u32>),
    /// Somebody wants to see the tasks.
    Look(oneshot::Sender<View>),
    /// End, and leave the tasks to the next agent.
    Leave,
    /// End the tasks too.
    LeaveNothing,
}

/// What can be seen of an agent from outside.
pub(super) struct View {
    pub(super) agent_id: Option<String>,
    pub(super) connected: bool,
    pub(super) tasks: Vec<TaskView>,
}

/// What can be seen of a task.
pub(super) struct TaskView {
    pub(super) key: Key,
    pub(super) name: String,
    pub(super) container: String,
    pub(super) state: TaskState,
    pub(super) resources: Amounts,
}

pub(super) struct Agent {
    pub(super) args: Args,
    pub(super) work: WorkDir,
    pub(super) prefix: String,
    pub(super) cgroups: Option<Cgroups>,
    pub(super) identity: Identity,
    /// What introduces it; what changes is filled in each time.
    pub(super) hello: Subscribe,
    /// Has to know what the master says of pages.
    pub(super) guard: Guard,
    pub(super) accounts: Accounts,
    pub(super) tasks: BTreeMap<Key, Task>,
    pub(super) inbox: mpsc::UnboundedSender<Input>,
    pub(super) outbox: mpsc::UnboundedSender<AgentCall>,
    pub(super) connected: bool,
    /// Since when it has been ending its tasks in order to leave.
    pub(super) leaving: Option<Instant>,
}

impl Agent {
    /// Runs until it is told to leave, or something happens that it cannot go on from: its tasks
    /// stay, and the next agent takes them over.
    pub(super) async fn run(
        mut self,
        mut inputs: mpsc::UnboundedReceiver<Input>,
    ) -> Result<ExitCode> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sweeps = tokio::time::interval(SWEEP);
        let mut sweep: Option<JoinHandle<()>> = None;
        loop {
            let input = tokio::select! {
                input = inputs.recv() => input,
                _ = ticks.tick() => {
                    self.send_due();
                    if self.has_left()? {
                        return Ok(ExitCode::SUCCESS);
                    }
                    continue;
                }
                _ = sweeps.tick() => {
                    if sweep.as_ref().is_none_or(JoinHandle::is_finished) {
                        sweep = Some(self.sweep());
                    }
                    continue;
                }
            };
            match input {
                None => return Ok(ExitCode::SUCCESS),
                Some(Input::Leave) => {
                    say!("leaving; the tasks go on");
                    self.leave_groups();
                    return Ok(ExitCode::SUCCESS);
                }
                Some(Input::Master(FromMaster::Refused { message })) => {
                    say!("the master refuses this agent: {message}");
                    self.leave_groups();
                    return Ok(ExitCode::FAILURE);
                }
                Some(input) => self.take(input)?,
            }
        }
    }

    /// Beside everything else: a task may have left millions of files.
    fn sweep(&self) -> JoinHandle<()> {
        let (work, hours) = (self.work.clone(), self.args.sandbox_hours);
        let kept = self.tasks.keys().filter_map(|key| work.sandbox(key).ok());
        let kept = kept.collect();
        let inbox = self.inbox.clone();
        tokio::task::spawn_blocking(move || {
            let gone = sandboxes::sweep(&work, &kept, hours);
            // An agent that ends has no use for it.
            let _ = inbox.send(Input::Swept(gone));
        })
    }

    fn take(&mut self, input: Input) -> Result<()> {
        match input {
            Input::Master(message) => self.obey(message)?,
            Input::Introduce(answer) => {
                // Nobody waits for it any more when the answer cannot be given.
                let _ = answer.send(self.introduction()?);
            }
            Input::Disconnected => self.connected = false,
            Input::Fetched(key, result) => self.fetched(&key, result)?,
            Input::Watched(key, Watched::Started(init)) => self.started(&key, init)?,
            Input::Watched(key, Watched::Ended) => self.ended(&key)?,
            Input::Swept(uids) => self.accounts.give_back(&uids),
            Input::Look(answer) => {
                let _ = answer.send(self.view());
            }
            Input::LeaveNothing => self.leave_nothing()?,
            Input::Leave => {}
        }
        Ok(())
    }

    fn obey(&mut self, message: FromMaster) -> Result<()> {
        match message {
            FromMaster::Registered {
                agent_id, pages, ..
            } => self.registered(&agent_id, pages),
            FromMaster::RunTask(run) => self.run_task(*run),
            FromMaster::KillTask {
                framework_id,
                task_id,
                launch,
                grace_millis,
            } => {
                let key = Key {
                    framework: framework_id,
                    task: task_id,
                    launch,
                };
                self.kill_task(&key, grace_millis)
            }
            FromMaster::AcknowledgeStatus {
                framework_id,
                task_id,
                launch,
                uuid,
            } => {
                let key = Key {
                    framework: framework_id,
                    task: task_id,
                    launch,
                };
                self.acknowledge(&key, uuid)
            }
            FromMaster::Ping => {
                self.say(AgentMessage::Pong);
                Ok(())
            }
            FromMaster::Refused { .. } => Ok(()),
        }
    }

    fn introduction(&mut self) -> Result<Subscribe> {
        // Counted before it is said: no two of them are alike, whatever happens to this process.
        self.identity.count += 1;
        store::write(&self.work.identity(), &self.identity)?;
        Ok(Subscribe {
            agent_id: self.identity.agent_id.clone(),
            key: self.identity.key,
            count: self.identity.count,
            tasks: self.tasks.values().map(Task::known).collect(),
            protocol: VERSION,
            ..self.hello.clone()
        })
    }

    fn registered(&mut self, agent_id: &str, pages: Pages) -> Result<()> {
        self.guard.learn(agent_id, self.identity.key, pages);
        let known = self.identity.agent_id.as_deref() == Some(agent_id);
        if !known || self.identity.pages != Some(pages) {
            self.identity.agent_id = Some(agent_id.to_owned());
            self.identity.pages = Some(pages);
            store::write(&self.work.identity(), &self.identity)?;
        }
        say!("registered as {agent_id}");
        self.connected = true;
        for task in self.tasks.values_mut() {
            task.forget_sending();
        }
        self.send_due();
        Ok(())
    }

    fn run_task(&mut self, run: RunTask) -> Result<()> {
        let key = Key::of(&run);
        if self.tasks.contains_key(&key) {
            return Ok(());
        }
        let sandbox = self.work.sandbox(&key);
        if sandbox.as_ref().is_ok_and(|sandbox| sandbox.exists()) {
            say!("{key} was taken in before; this order is late");
            return Ok(());
        }
        let taken = self.take_in(run)?;
        if self.leaving.is_some() {
            container::give_up(&self.work.container(&taken.container))?;
            let why = "REASON_AGENT_DISCONNECTED";
            return self.tell(
                &key,
                Verdict::agent(TaskState::Lost, why, "The agent leaves"),
            );
        }
        self.tell(&key, Verdict::plain(TaskState::Starting))?;

        let prepared = sandbox.and_then(|sandbox| self.prepare(&key, &sandbox, taken.run));
        let order = match prepared {
            Ok(order) => order,
            Err(error) => return self.fail(&key, &error.to_string()),
        };
        if order.uris.is_empty() {
            return self.fetched(&key, Ok(()));
        }
        let (inbox, task) = (self.inbox.clone(), key.clone());
        let fetching = tokio::spawn(async move {
            let result = order.carry_out().await;
            // An agent that is gone finds the task not started, and says so.
            let _ = inbox.send(Input::Fetched(task, result));
        });
        if let Some(task) = self.tasks.get_mut(&key) {
            task.fetching = Some(fetching.abort_handle());
        }
        Ok(())
    }

    /// Gives a task its account and its sandbox; what is to be fetched into it.
    fn prepare(&mut self, key: &Key, sandbox: &Path, run: RunTask) -> Result<fetch::Order> {
        let user = launch::user(&self.args, &run, &mut self.accounts)?;
        let owner = launch::account(&self.args, user.as_ref())?;
        sandboxes::make(sandbox, owner)?;
        if let Some(task) = self.tasks.get_mut(key) {
            task.user.clone_from(&user);
        }
        let covers = self.args.isolation.contains(&Fence::Namespaces);
        Ok(fetch::Order {
            uris: run.command.uris,
            sandbox: sandbox.to_owned(),
            user,
            hidden: covers.then(|| launch::hidden(&self.args, &self.work)),
        })
    }

    fn fetched(&mut self, key: &Key, result: std::result::Result<(), String>) -> Result<()> {
        // It may have been killed meanwhile.
        let Some(task) = self
            .tasks
            .get_mut(key)
            .filter(|task| may_run(task.news.state))
        else {
            return Ok(());
        };
        task.fetching = None;
        if let Err(error) = result {
            return self.fail(key, &format!("Failed to launch: {error}"));
        }
        let spec = launch::spec(&self.args, &self.prefix, task, &self.work)?;
        let files = self.work.container(&task.taken.container);
        let program = Path::new("/proc/self/exe");
        let started = container::start(&files, &spec, program);
        match started.and_then(|child| watch(key.clone(), files, None, Some(child), &self.inbox)) {
            Ok(()) => Ok(()),
            Err(error) => self.fail(key, &format!("Failed to launch: {error}")),
        }
    }

    /// Ends a task that was never started, and sees to it that it never is.
    fn fail(&mut self, key: &Key, message: &str) -> Result<()> {
        if let Some(task) = self.tasks.get(key) {
            container::give_up(&self.work.container(&task.taken.container))?;
        }
        self.tell(key, Verdict::not_started(message))
    }

    fn started(&mut self, key: &Key, init: i32) -> Result<()> {
        let Some(task) = self.tasks.get_mut(key) else {
            return Ok(());
        };
        task.init = Some(init);
        // A task that was told to end before it began goes from killing to its end.
        if task.news.state == TaskState::Starting {
            return self.tell(key, Verdict::plain(TaskState::Running));
        }
        Ok(())
    }

    /// The supervisor is gone: either it wrote down how the task ended, or it was killed.
    pub(super) fn ended(&mut self, key: &Key) -> Result<()> {
        let Some(task) = self.tasks.get(key).filter(|task| may_run(task.news.state)) else {
            return Ok(());
        };
        let files = self.work.container(&task.taken.container);
        // A task can remove its sandbox.
        let _ = sandboxes::begin_to_age(&self.work.sandbox(key)?);
        let mem_limit = launch::mem_limit(&task.taken.run);
        let verdict = if let Some(exit) = store::read::<Exit>(&files.exit())? {
            if let Some(left) = &exit.left {
                say!("{key} left something: {left}");
            }
            Verdict::of(&exit, mem_limit)
        } else {
            clear(&files)?;
            // What it had to say at last, if it was not simply killed.
            let log = std::fs::read_to_string(files.log()).unwrap_or_default();
            let why = format!("The task's supervisor ended before the task did {log}");
            Verdict::agent(
                TaskState::Failed,
                "REASON_EXECUTOR_TERMINATED",
                why.trim_end(),
            )
        };
        self.tell(key, verdict)
    }

    pub(super) fn kill_task(&mut self, key: &Key, grace_millis: Option<u64>) -> Result<()> {
        let Some(task) = self.tasks.get_mut(key) else {
            return self.kill_unknown(key);
        };
        if !may_run(task.news.state) {
            // The master missed its end.
            task.forget_sending();
            self.send_due();
            return Ok(());
        }
        let files = self.work.container(&task.taken.container);
        if let Some(fetching) = task.fetching.take() {
            fetching.abort();
            container::give_up(&files)?;
            return self.tell(key, Verdict::killed_during_launch());
        }
        let grace = grace_millis.unwrap_or_else(|| launch::grace(&self.args, &task.taken.run));
        container::kill(&files, grace)?;
        let news = task.taken.run.wants_killing_state && task.news.state != TaskState::Killing;
        if news {
            self.tell(key, Verdict::plain(TaskState::Killing))
        } else {
            Ok(())
        }
    }

    /// The order came before its task, which is never to be started then, or long after it.
    fn kill_unknown(&mut self, key: &Key) -> Result<()> {
        if self.work.sandbox(key).is_ok_and(|sandbox| sandbox.exists()) {
            let unknown = "REASON_RECONCILIATION";
            let verdict = Verdict::agent(TaskState::Lost, unknown, "Forgotten by its agent");
            self.say(AgentMessage::Status(Box::new(status(key.clone(), verdict))));
            return Ok(());
        }
        let run = RunTask {
            framework_id: key.framework.clone(),
            task_id: key.task.clone(),
            launch: key.launch.clone(),
            ..RunTask::default()
        };
        let taken = self.take_in(run)?;
        container::give_up(&self.work.container(&taken.container))?;
        self.tell(key, Verdict::killed_during_launch())
    }

    /// From here on the task is known, whatever happens to this process.
    fn take_in(&mut self, run: RunTask) -> Result<Taken> {
        let taken = Taken {
            run,
            container: Uuid::new_v4().to_string(),
        };
        self.work.take(&taken)?;
        let task = Task::new(taken.clone(), News::default());
        self.tasks.insert(task.key(), task);
        Ok(taken)
    }

    fn acknowledge(&mut self, key: &Key, uuid: Uuid) -> Result<()> {
        let Some(task) = self.tasks.get_mut(key) else {
            return Ok(());
        };
        if !task.acknowledge(uuid) {
            return Ok(());
        }
        let taken = task.taken.clone();
        if task.is_over() {
            self.tasks.remove(key);
            return self.work.forget(&taken);
        }
        self.work.write_news(&taken.container, &task.news)?;
        self.send_due();
        Ok(())
    }

    /// Writes down what happened to a task, and tells the master.
    pub(super) fn tell(&mut self, key: &Key, verdict: Verdict) -> Result<()> {
        let Some(task) = self.tasks.get_mut(key) else {
            return Ok(());
        };
        task.add(verdict);
        self.work.write_news(&task.taken.container, &task.news)?;
        self.send_due();
        Ok(())
    }

    fn send_due(&mut self) {
        if !self.connected {
            return;
        }
        let (now, first) = (
            Instant::now(),
            Duration::from_millis(self.args.status_retry),
        );
        let due = self
            .tasks
            .values_mut()
            .filter_map(|task| task.due(now, first));
        for status in due.collect::<Vec<_>>() {
            self.say(AgentMessage::Status(Box::new(status)));
        }
    }

    fn say(&self, message: AgentMessage) {
        if let Some(agent_id) = self.identity.agent_id.clone() {
            // The posting end stops only together with this one.
            let key = self.identity.key;
            let call = AgentCall {
                agent_id,
                key,
                message,
            };
            let _ = self.outbox.send(call);
        }
    }

    fn view(&self) -> View {
        let tasks = self.tasks.values().map(|task| TaskView {
            key: task.key(),
            name: task.taken.run.name.clone(),
            container: task.taken.container.clone(),
            state: task.news.state,
            resources: task.taken.run.resources.clone(),
        });
        View {
            agent_id: self.identity.agent_id.clone(),
            connected: self.connected,
            tasks: tasks.collect(),
        }
    }
}

/// Removes what a container without supervisor left in the kernel.
fn clear(files: &Files) -> Result<()> {
    let Some(spec) = store::read(&files.spec())? else {
        return Ok(());
    };
    match container::clear(&spec) {
        Err(error @ IsolationError::StillAlive { .. }) => {
            // It is an orphan from now on, and the next agent tries again.
            say!("{error}");
            Ok(())
        }
        other => other,
    }
}
