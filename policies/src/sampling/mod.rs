//! Tasks go to queues at workers, which schedulers know by asking a few of them: the model of Sparrow.
//!
//! There is no master and nobody holds the whole in books, so this is a machine of its own, as [`pool`](crate::pool)
//! is: it is told what came, what arrived and what ended, and says what is sent and what starts. How long a
//! message is on its way is its clock's affair.
//!
//! Longer than a policy's file: schedulers and workers of all five policies are here, which differ in whom they ask.

mod policy;
mod worker;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand_chacha::ChaCha8Rng;

use self::policy::SamplingRule;
pub use self::policy::{ENTRIES, SamplingEntry, SamplingPolicy};
use self::worker::{Queued, Worker};
use crate::allocators::below;

/// A task of a job, both by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JobTask {
    /// The job, in the order of submission.
    pub job: u32,
    /// Which of its tasks.
    pub task: u32,
}

/// What is on its way between a scheduler and a worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueMessage {
    /// To a worker: how long is its queue?
    Probe(WorkerQuestion),
    /// To a worker: a task for its queue.
    Enqueue(u32, JobTask),
    /// To a worker: a place in its queue, for whatever task of the job is left when its turn comes.
    Reserve(WorkerQuestion),
    /// To a worker: the task that a place in its queue became.
    Launch(u32, JobTask),
    /// To a worker: no task of the job is left, and its turn is over.
    Nothing(u32),
    /// To a worker: no task of the job is left, and its place is not needed.
    Cancel(WorkerQuestion),
    /// To a scheduler: how many tasks run and wait there.
    Length(WorkerQuestion, u32),
    /// To a scheduler: a place has its turn.
    Turn(WorkerQuestion),
}

/// Which worker was asked for which job, and which of the job's questions it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkerQuestion {
    /// The worker.
    pub worker: u32,
    /// The job.
    pub job: u32,
    /// Counted from zero, by job.
    pub question: u32,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SamplingOrder {
    /// This is sent.
    Send(QueueMessage),
    /// A task starts on a worker.
    Start(u32, JobTask),
}

/// What a job's scheduler knows of it.
#[derive(Clone, Debug, Default)]
struct JobState {
    tasks: u32,
    /// How many were given to somebody.
    given: u32,
    /// The workers that were asked, by question.
    asked: Vec<u32>,
    /// By question: what was answered, the length of a queue or that the turn of a place has come.
    answers: Vec<Option<u32>>,
}

impl JobState {
    /// The next task that nobody was given.
    const fn next(&mut self, job: u32) -> JobTask {
        let task = self.given;
        self.given += 1;
        JobTask { job, task }
    }
}

/// Workers with queues, and the schedulers of all jobs.
#[derive(Debug)]
pub struct Sampling {
    policy: SamplingPolicy,
    slots: u32,
    workers: Vec<Worker>,
    /// All workers, in the order in which the last draws left them.
    order: Vec<u32>,
    jobs: Vec<JobState>,
    /// Of the scheduler that knows all: slots that are free, and tasks that wait.
    free: BinaryHeap<Reverse<u32>>,
    waiting: VecDeque<JobTask>,
    rng: ChaCha8Rng,
}

impl Sampling {
    /// So many workers with so many slots each, on which nothing runs.
    pub fn new(policy: SamplingPolicy, workers: u32, slots: u32, rng: ChaCha8Rng) -> Self {
        let free = (0..workers).flat_map(|worker| (0..slots).map(move |_| Reverse(worker)));
        Self {
            policy,
            slots,
            workers: vec![Worker::new(slots); workers as usize],
            order: (0..workers).collect(),
            jobs: Vec::new(),
            free: if policy.rule == SamplingRule::Central {
                free.collect()
            } else {
                BinaryHeap::new()
            },
            waiting: VecDeque::new(),
            rng,
        }
    }

    /// A job of so many tasks came; jobs are numbered in the order in which they come.
    pub fn submit(&mut self, tasks: u32, orders: &mut Vec<SamplingOrder>) {
        let job = self.jobs.len() as u32;
        self.jobs.push(JobState {
            tasks,
            ..JobState::default()
        });
        let all = (0..tasks).map(|task| JobTask { job, task });
        match self.policy.rule {
            SamplingRule::Random => {
                for task in all {
                    let worker = below(&mut self.rng, self.order.len() as u64) as u32;
                    orders.push(SamplingOrder::Send(QueueMessage::Enqueue(worker, task)));
                }
            }
            SamplingRule::PerTask { probes } => {
                for _ in all {
                    self.ask(job, u64::from(probes), QueueMessage::Probe, orders);
                }
            }
            SamplingRule::Batch { probes } => {
                self.ask(
                    job,
                    u64::from(probes) * u64::from(tasks),
                    QueueMessage::Probe,
                    orders,
                );
            }
            SamplingRule::Late { probes, .. } => {
                self.ask(
                    job,
                    u64::from(probes) * u64::from(tasks),
                    QueueMessage::Reserve,
                    orders,
                );
            }
            SamplingRule::Central => {
                self.waiting.extend(all);
                self.serve_all(orders);
            }
        }
    }

    /// A message arrived.
    pub fn receive(&mut self, message: QueueMessage, orders: &mut Vec<SamplingOrder>) {
        match message {
            QueueMessage::Probe(asked) => {
                let length = self.workers[asked.worker as usize].length(self.slots);
                orders.push(SamplingOrder::Send(QueueMessage::Length(asked, length)));
            }
            QueueMessage::Enqueue(worker, task) => self.enqueue(worker, Queued::Task(task), orders),
            QueueMessage::Reserve(asked) => {
                self.enqueue(asked.worker, Queued::Place(asked), orders);
            }
            QueueMessage::Launch(worker, task) => orders.push(SamplingOrder::Start(worker, task)),
            QueueMessage::Nothing(worker) => self.end(worker, orders),
            QueueMessage::Cancel(asked) => self.workers[asked.worker as usize].cancel(asked),
            QueueMessage::Length(asked, length) => self.length(asked, length, orders),
            QueueMessage::Turn(asked) => self.turn(asked, orders),
        }
    }

    /// A task on a worker ended.
    pub fn end(&mut self, worker: u32, orders: &mut Vec<SamplingOrder>) {
        if self.policy.rule == SamplingRule::Central {
            self.free.push(Reverse(worker));
            self.serve_all(orders);
        } else {
            self.workers[worker as usize].free += 1;
            self.serve(worker, orders);
        }
    }

    /// Asks so many workers, no two of them the same before all were asked.
    fn ask(
        &mut self,
        job: u32,
        count: u64,
        as_message: fn(WorkerQuestion) -> QueueMessage,
        orders: &mut Vec<SamplingOrder>,
    ) {
        let all = self.order.len();
        let state = &mut self.jobs[job as usize];
        for at in 0..count as usize {
            let at = at % all;
            let drawn = at + below(&mut self.rng, (all - at) as u64) as usize;
            self.order.swap(at, drawn);
            let worker = self.order[at];
            let question = state.asked.len() as u32;
            state.asked.push(worker);
            state.answers.push(None);
            orders.push(SamplingOrder::Send(as_message(WorkerQuestion {
                worker,
                job,
                question,
            })));
        }
    }

    fn enqueue(&mut self, worker: u32, queued: Queued, orders: &mut Vec<SamplingOrder>) {
        self.workers[worker as usize].queue.push_back(queued);
        self.serve(worker, orders);
    }

    /// Gives the slots of a worker to whoever waits there; a slot whose task is still to be told is taken.
    fn serve(&mut self, worker: u32, orders: &mut Vec<SamplingOrder>) {
        while let Some(next) = self.workers[worker as usize].next() {
            orders.push(match next {
                Queued::Task(task) => SamplingOrder::Start(worker, task),
                Queued::Place(asked) => SamplingOrder::Send(QueueMessage::Turn(asked)),
            });
        }
    }

    /// Gives slots to tasks, first come first served, by whoever knows all.
    fn serve_all(&mut self, orders: &mut Vec<SamplingOrder>) {
        while let Some(task) = self.waiting.front().copied()
            && let Some(Reverse(worker)) = self.free.pop()
        {
            self.waiting.pop_front();
            orders.push(SamplingOrder::Start(worker, task));
        }
    }

    /// A worker told the length of its queue. With the last answer of those that belong together, tasks go to the
    /// shortest: one task where every task asks on its own, all of them where a job asks for them together.
    fn length(&mut self, asked: WorkerQuestion, length: u32, orders: &mut Vec<SamplingOrder>) {
        let all = self.order.len() as u32;
        let state = &mut self.jobs[asked.job as usize];
        let (together, tasks) = match self.policy.rule {
            SamplingRule::PerTask { probes } => (probes, 1),
            _ => (state.asked.len() as u32, state.tasks),
        };
        // Who was asked twice has one task more by the second time.
        let length = length + asked.question % together / all;
        state.answers[asked.question as usize] = Some(length);
        let first = asked.question / together * together;
        let questions = first as usize..(first + together) as usize;
        // The last question is answered last, as a rule.
        if state.answers[questions.clone()]
            .iter()
            .rev()
            .any(Option::is_none)
        {
            return;
        }
        let tie = self.policy.tie;
        let mut queues: Vec<usize> = questions.collect();
        queues.sort_unstable_by_key(|question| {
            (
                state.answers[*question],
                tie.of(*question, state.asked[*question]),
            )
        });
        for question in queues.into_iter().take(tasks as usize) {
            let worker = state.asked[question];
            let task = state.next(asked.job);
            orders.push(SamplingOrder::Send(QueueMessage::Enqueue(worker, task)));
        }
    }

    /// A place in a queue has its turn: it becomes the next task, if one is left.
    fn turn(&mut self, asked: WorkerQuestion, orders: &mut Vec<SamplingOrder>) {
        let state = &mut self.jobs[asked.job as usize];
        state.answers[asked.question as usize] = Some(0);
        if state.given == state.tasks {
            orders.push(SamplingOrder::Send(QueueMessage::Nothing(asked.worker)));
            return;
        }
        let task = state.next(asked.job);
        orders.push(SamplingOrder::Send(QueueMessage::Launch(
            asked.worker,
            task,
        )));
        if state.given == state.tasks && self.policy.cancels() {
            let places = (0_u32..).zip(state.asked.iter().zip(&state.answers));
            let open = places.filter(|(_, (_, answer))| answer.is_none());
            orders.extend(open.map(|(question, (worker, _))| {
                let worker = *worker;
                SamplingOrder::Send(QueueMessage::Cancel(WorkerQuestion {
                    worker,
                    question,
                    ..asked
                }))
            }));
        }
    }
}
