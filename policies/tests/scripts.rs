//! Tests as data: every `scripts/*.txt` tells the master facts and shows what it orders.
//!
//! A script is made of blocks. A block is a few commands, a line `----`, and the answer: the
//! orders given, then the books, one agent or framework a line, then when the master wants to be
//! woken. A blank line ends the answer. `UPDATE_EXPECT=1 cargo test` writes the answers anew.
//!
//! ```text
//! master drf[round=1s]             a new master; static takes shares=2:1 agents=3; the allocators of
//!                                  `sim/examples/` are known, too
//! agent a0 a1 cpus:4 mem:16        agents join
//! framework f0 weight=2 role=r1    frameworks join
//! role r1 in=r0 weight=0.5         roles are named
//! demand f0 count=3 cpus:1 mem:4   a framework says what it could start; more sizes may follow, each
//!                                  after its count
//! quota r0 cpus:2 mem:4 limit mem:8   a role is guaranteed (2, 4) and may not exceed 8 of mem
//! reserve a0 r0 cpus:1 mem:2       some of an agent is reserved for a role; `refined` asks frameworks for it
//! unreserve a0 r0 cpus:1 mem:2     and no more; both out of what is free, or out of an offer with `offer=o0`
//! disk a0 1 disk:100               some of an agent is a disk of its own, that of a role with `in=r0`
//! share a0 r0 1 disk:100            that of a role is for several at once
//! lend a0 cpus:2                   what an agent's tasks do not use, for those who know of it
//! knows f0 revocable refined shared      what a framework knows how to handle
//! describe a0 zone=a gpu=v100      an agent's attributes, all of them
//! speeds f gpu=v100*2 gpu=k80*0.5  how fast a framework is on which agents
//! asks f0 zone=a|b !gpu or rack    a framework asks for agents: words that an attribute has (`!=` has not), an attribute
//!                                  that is there (`!gpu`: is not); any of what `or` parts; nothing: for all
//! accept f0 o0 t0 cpus:1 t1 mem:2  tasks to launch on offers; what is left is refused
//! decline f0 o0 o1 refuse=0s       for 5s, the frameworks' default, if nothing is said
//! gang f0 o0 o1 t0 cpus:1 on=a0:2,a1:3   so many alike as one task on offers of several agents; more gangs may
//!                                  follow, each after its task
//! revive f0 | suppress f0 | leave f0 | kill f0 t0 | lose a0
//! end a0 f0 t0 failed              a task ended; `finished` if nothing is said
//! at 5s                            what follows happens then
//! until 5s                         as `at`, and the master is woken whenever it wants to be
//! also end a0 f0 t1                at the same instant as the line before: a master without rounds
//!                                  makes its offers before any other line, and at the end of a block
//! order                            who is asked first, and next, if anything is free
//! orders only                      from here on, answers show nothing but that
//! steps                            from here on, show who holds what after every offer
//! quiet                            in this block, count the offers and show only the books
//! ```

mod examples;
mod words;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use expect_test::expect_file;
use fairground_policies::allocators::Setup;
use fairground_policies::ledger::Preemptions;
use fairground_policies::master::Master;
use fairground_policies::message::{Action, Event, FrameworkId};
use fairground_policies::part::Portion;
use fairground_policies::registry::Registry;
use fairground_policies::resources::Resources;
use fairground_policies::time::Time;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use words::{Words, attributes, constraints, demand, events, gangs, parts, quota, speeds, time};

// What the examples call their program by; nobody runs it here.
extern crate self as fairground_sim;

pub(crate) fn main_with(_: Registry) -> ExitCode {
    ExitCode::SUCCESS
}

#[test]
fn scripts_get_the_expected_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        expect_file![&path].assert_eq(&answered(&text));
    }
}

/// Nobody else is to pay for the messages.
#[test]
fn demand_is_declared_for_task_sized_offers_and_for_policies_that_read_it() {
    for (name, declares) in [
        ("drf", false),
        ("drf[offers=task]", true),
        ("cap", false),
        ("shortest", true),
    ] {
        let setup = Setup {
            shares: Vec::new(),
            agents: 0,
            rng: ChaCha8Rng::seed_from_u64(0),
        };
        let name = name.parse().unwrap();
        let (config, _) = examples::registry().allocator(&name, setup).unwrap();
        assert_eq!(config.declares, declares, "{name}");
    }
}

/// The script with every answer given anew.
fn answered(text: &str) -> String {
    let mut stage = Stage::new("drf");
    let mut answered = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        writeln!(answered, "{line}").unwrap();
        if line == "----" {
            lines.by_ref().find(|old| old.is_empty());
            writeln!(answered, "{}", stage.answer()).unwrap();
        } else if !line.is_empty() && !line.starts_with('#') {
            stage.command(line);
        }
    }
    answered.truncate(answered.trim_end().len());
    answered + "\n"
}

/// A master and what was said since the last answer.
struct Stage {
    master: Master,
    /// Whether offers are made at the end of every instant.
    at_once: bool,
    now: Time,
    orders: String,
    offers: usize,
    shows: Shows,
    quiet: bool,
    /// What `order` showed since the last answer.
    order: String,
}

/// What answers show, but for the orders and the books.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Nothing,
    /// Who holds what after every offer.
    Steps,
    /// Only who is first, and neither orders nor books.
    Order,
}

impl Stage {
    fn new(words: &str) -> Self {
        let words = Words::read(words);
        let shares = words.keys.get("shares").map_or(Vec::new(), |shares| {
            shares.split(':').map(|s| s.parse().unwrap()).collect()
        });
        let setup = Setup {
            shares,
            agents: words.keys.get("agents").map_or(0, |n| n.parse().unwrap()),
            rng: ChaCha8Rng::seed_from_u64(0),
        };
        let name = words.plain.parse().unwrap();
        let (config, allocator) = examples::registry().allocator(&name, setup).unwrap();
        Self {
            master: Master::new(config, allocator),
            at_once: config.round.is_zero(),
            now: Time::ZERO,
            orders: String::new(),
            offers: 0,
            shows: Shows::Nothing,
            quiet: false,
            order: String::new(),
        }
    }

    fn command(&mut self, line: &str) {
        let also = line.strip_prefix("also ");
        if also.is_none() {
            self.end_instant();
        }
        let line = also.unwrap_or(line);
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "master" => *self = Self::new(rest),
            "steps" => self.shows = Shows::Steps,
            "quiet" => self.quiet = true,
            "order" => {
                self.tell(Event::TimePassed);
                let order = self.master.order();
                let order: Vec<_> = order.iter().map(FrameworkId::to_string).collect();
                self.order = format!("order: {}\n", order.join(" "));
            }
            "orders" => self.shows = Shows::Order,
            "at" => self.now = time(rest),
            "until" => self.wake_until(time(rest)),
            "demand" => self.tell(demand(rest)),
            "quota" => self.tell(quota(rest)),
            "describe" => self.tell(attributes(rest)),
            "asks" => self.tell(constraints(rest)),
            "speeds" => self.tell(speeds(rest)),
            "gang" => self.tell(gangs(rest, self.master.ledger())),
            "reserve" | "unreserve" | "disk" | "share" | "lend" | "knows" => {
                self.tell(parts(verb, rest));
            }
            _ => {
                for event in events(verb, Words::read(rest)) {
                    self.tell(event);
                }
            }
        }
    }

    fn end_instant(&mut self) {
        if self.at_once && self.master.wake_at() == Some(self.now) {
            self.tell(Event::TimePassed);
        }
    }

    fn wake_until(&mut self, end: Time) {
        while let Some(at) = self.master.wake_at().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.tell(Event::TimePassed);
        }
        self.now = end;
    }

    fn tell(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.master.step(self.now, event, &mut actions);
        self.master.check();
        for (position, action) in actions.iter().enumerate() {
            self.offers += usize::from(matches!(action, Action::Offer(_)));
            writeln!(self.orders, "{} {}", self.now, shown(action)).unwrap();
            if self.shows == Shows::Steps && matches!(action, Action::Offer(_)) {
                self.show_step(&actions[position + 1..]);
            }
        }
    }

    /// Who held what before the offers in `later` were made in the same step.
    fn show_step(&mut self, later: &[Action]) {
        let ledger = self.master.ledger();
        for framework in ledger.frameworks() {
            let after = later.iter().filter_map(|action| match action {
                Action::Offer(offer) if offer.framework == framework => Some(offer.resources),
                _ => None,
            });
            let held = ledger.held(framework) - after.sum();
            let share = held.dominant_share(ledger.total());
            let share = share.weighted(ledger.weight(framework));
            writeln!(self.orders, "   {framework}: holds {held}, share {share}").unwrap();
        }
    }

    /// Orders and books since the last answer.
    fn answer(&mut self) -> String {
        self.end_instant();
        let offers = std::mem::take(&mut self.offers);
        let mut text = std::mem::take(&mut self.orders);
        let order = std::mem::take(&mut self.order);
        if self.shows == Shows::Order {
            return order;
        }
        if std::mem::take(&mut self.quiet) {
            text = format!("{offers} offers\n");
        } else if text.is_empty() {
            text.push_str("no orders\n");
        }
        text += &order;
        let ledger = self.master.ledger();
        for agent in ledger.agents() {
            let mine = ledger.offers().filter(|offer| offer.agent == agent);
            let offered: Resources = mine.map(|offer| offer.resources).sum();
            let free = ledger.free(agent);
            let running = ledger.capacity(agent) - free - offered;
            let books = format!("free {free}, offered {offered}, running {running}");
            writeln!(text, "  {agent}: {books}").unwrap();
            for (part, total, free) in ledger.parts(agent) {
                writeln!(text, "    of that {part}: {total}, free {free}").unwrap();
            }
            for one in ledger.shared(agent) {
                writeln!(text, "    beside it {}", portion(&one)).unwrap();
            }
        }
        for framework in ledger.frameworks() {
            let held = ledger.held(framework);
            let share = ledger.dominant_share(framework);
            let (offers, tasks) = (ledger.open_offers(framework), ledger.tasks(framework));
            let books = format!("holds {held}, share {share}, {offers} offers, {tasks} tasks");
            writeln!(text, "  {framework}: {books}").unwrap();
        }
        for role in ledger.roles() {
            let (held, share) = (ledger.held(role), ledger.dominant_share(role));
            writeln!(text, "  {role}: holds {held}, share {share}").unwrap();
        }
        for one in ledger.earmarks() {
            writeln!(
                text,
                "  kept for {}: {} {}",
                one.framework, one.agent, one.needs
            )
            .unwrap();
        }
        let preemptions = ledger.preemptions();
        if preemptions.made > 0 {
            let Preemptions {
                made,
                victims,
                served,
                in_vain,
            } = preemptions;
            let what = format!("{victims} victims for {made}, {served} served, {in_vain} in vain");
            writeln!(text, "  preempted: {what}").unwrap();
        }
        let wake = self.master.wake_at();
        let wake = wake.map_or("never".to_owned(), |at| at.to_string());
        writeln!(text, "  wake: {wake}").unwrap();
        text
    }
}

fn portion(one: &Portion) -> String {
    format!("{} {}", one.part, one.amount)
}

fn shown(action: &Action) -> String {
    match action {
        Action::Offer(offer) => {
            let (id, to) = (offer.id, offer.framework);
            format!("offer {id} to {to}: {} {}", offer.agent, offer.resources)
        }
        Action::Rescind { framework, offer } => format!("rescind {offer} from {framework}"),
        Action::Launch {
            agent,
            framework,
            task,
            needs,
        } => format!("launch {framework} {task} on {agent}: {needs}"),
        Action::Kill {
            agent,
            framework,
            task,
        } => format!("kill {framework} {task} on {agent}"),
        Action::Report {
            framework,
            task,
            outcome,
        } => format!("report {framework} {task}: {}", outcome.name()),
        Action::Preempt {
            agent,
            framework,
            task,
            grace,
        } => format!("preempt {framework} {task} on {agent} in {grace}"),
        Action::LaunchGang { framework, gang } => {
            let (task, needs) = (gang.task, gang.needs);
            let places = gang.places.iter();
            let places: Vec<_> = places
                .map(|place| format!("{} on {}", place.units, place.agent))
                .collect();
            let places = places.join(", ");
            format!("launch {framework} {task}: {places}, each {needs}")
        }
        Action::Parts { offer, portions } => {
            let portions: Vec<String> = portions.iter().map(portion).collect();
            format!("parts of {offer}: {}", portions.join("; "))
        }
    }
}
