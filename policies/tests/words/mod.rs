//! The commands of scripts: words in, facts out.

use std::collections::BTreeMap;

use fairground_policies::attributes::{
    AgentAttributes, AgentSpeeds, AttributeTest, Expected, OfferConstraints, SpeedOf,
};
use fairground_policies::frameworks::OfferPolicy;
use fairground_policies::ledger::Ledger;
use fairground_policies::message::{
    AgentAnswer, AgentId, Demand, Event, FrameworkId, GangPlace, GangRequest, OfferId, Outcome,
    RoleId, TaskId, TaskRequest,
};
use fairground_policies::part::{AgentPart, Capabilities};
use fairground_policies::resources::{
    Kind, Mebibytes, Millicores, Milligpus, QuotaLimit, Resources,
};
use fairground_policies::share::Weight;
use fairground_policies::time::{Span, Time};

pub(crate) fn time(text: &str) -> Time {
    Time::ZERO + text.parse::<Span>().unwrap()
}

/// The words of a command, sorted by what they are.
#[derive(Default)]
pub(crate) struct Words<'a> {
    pub(crate) agents: Vec<AgentId>,
    pub(crate) frameworks: Vec<FrameworkId>,
    pub(crate) roles: Vec<RoleId>,
    pub(crate) offers: Vec<OfferId>,
    pub(crate) tasks: Vec<TaskRequest>,
    /// Of the command itself; amounts after a task are the task's.
    pub(crate) amount: Resources,
    /// `key=value`.
    pub(crate) keys: BTreeMap<&'a str, &'a str>,
    /// Any other word.
    pub(crate) plain: &'a str,
}

impl<'a> Words<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let mut words = Self::default();
        for word in text.split_whitespace() {
            let (prefix, rest) = word.split_at(1);
            match (prefix, rest.parse::<u32>()) {
                ("a", Ok(id)) => words.agents.push(AgentId(id)),
                ("f", Ok(id)) => words.frameworks.push(FrameworkId(id)),
                ("r", Ok(id)) => words.roles.push(RoleId(id)),
                ("o", Ok(id)) => words.offers.push(OfferId(id.into())),
                ("t", Ok(id)) => words.tasks.push(TaskRequest {
                    task: TaskId(id.into()),
                    needs: Resources::ZERO,
                }),
                _ => words.read_other(word),
            }
        }
        words
    }

    fn read_other(&mut self, word: &'a str) {
        if word.contains('[') {
            self.plain = word;
        } else if let Some((kind, amount)) = word.split_once(':').filter(|_| !word.contains('=')) {
            let amount = resources(kind, amount);
            match self.tasks.last_mut() {
                Some(task) => task.needs += amount,
                None => self.amount += amount,
            }
        } else if let Some((key, value)) = word.split_once('=') {
            self.keys.insert(key, value);
        } else {
            self.plain = word;
        }
    }
}

fn resources(kind: &str, amount: &str) -> Resources {
    let whole = || amount.parse().unwrap();
    let thousandths = || (amount.parse::<f64>().unwrap() * 1000.0).round() as u64;
    match kind {
        "cpus" => Resources::new(Millicores(thousandths()), Mebibytes(0)),
        "mem" => Resources::cores(0, whole()),
        "disk" => Resources::ZERO.with_disk(Mebibytes(whole())),
        "gpus" => Resources::ZERO.with_gpus(Milligpus(thousandths())),
        _ => panic!("no resource is called `{kind}`"),
    }
}

/// What a command tells the master.
pub(crate) fn events(verb: &str, words: Words<'_>) -> Vec<Event> {
    let total = words.amount;
    let weight = words
        .keys
        .get("weight")
        .map_or(1.0, |w| w.parse::<f64>().unwrap());
    let weight = Weight::from_thousandths((weight * 1000.0).round() as u32).unwrap();
    let named = |key| words.keys.get(key).map(|role| Words::read(role).roles[0]);
    let agents = words.agents.iter().copied();
    let frameworks = words.frameworks.iter().copied();
    match verb {
        "agent" => {
            return agents
                .map(|agent| Event::AgentJoined { agent, total })
                .collect();
        }
        "lose" => return agents.map(|agent| Event::AgentLost { agent }).collect(),
        "framework" => {
            return frameworks
                .map(|framework| Event::FrameworkJoined {
                    framework,
                    weight,
                    role: named("role"),
                })
                .collect();
        }
        "role" => {
            let roles = words.roles.iter().copied();
            return roles
                .map(|role| Event::RoleSet {
                    role,
                    parent: named("in"),
                    weight,
                })
                .collect();
        }
        _ => {}
    }
    let [framework] = words.frameworks[..] else {
        panic!("`{verb}` takes one framework")
    };
    vec![match verb {
        "leave" => Event::FrameworkLeft { framework },
        "revive" => Event::Revived { framework },
        "suppress" => Event::Suppressed { framework },
        "accept" | "decline" => Event::OffersAnswered {
            framework,
            offers: words.offers.into(),
            launch: words.tasks.into(),
            refuse: words
                .keys
                .get("refuse")
                .map_or(OfferPolicy::default().refuse, |span| span.parse().unwrap()),
        },
        "kill" => Event::KillRequested {
            framework,
            task: words.tasks[0].task,
        },
        "end" => Event::TaskEnded {
            agent: words.agents[0],
            framework,
            task: words.tasks[0].task,
            outcome: outcome(words.plain),
        },
        _ => panic!("no command is called `{verb}`"),
    }]
}

/// A demand of several sizes.
pub(crate) fn demand(text: &str) -> Event {
    let mut sizes = text.split("count=");
    let framework = Words::read(sizes.next().unwrap()).frameworks[0];
    let size = |text: &str| {
        let (count, needs) = text.split_once(' ').unwrap_or((text, ""));
        Demand {
            needs: Words::read(needs).amount,
            count: count.parse().unwrap(),
        }
    };
    let demand = sizes.map(size).collect();
    Event::DemandDeclared { framework, demand }
}

/// Gangs on the offers that are named.
pub(crate) fn gangs(text: &str, ledger: &Ledger) -> Event {
    let mut named = text.split(" t");
    let first = Words::read(named.next().unwrap());
    let gang = |text: &str| {
        let (task, rest) = text.split_once(' ').unwrap();
        let words = Words::read(rest);
        let place = |place: &str| {
            let (agent, units) = place.split_once(':').unwrap();
            GangPlace {
                agent: Words::read(agent).agents[0],
                units: units.parse().unwrap(),
            }
        };
        GangRequest {
            task: TaskId(task.parse().unwrap()),
            needs: words.amount,
            places: words.keys["on"].split(',').map(place).collect(),
        }
    };
    let gangs = named.map(gang).collect();
    let mut answers: BTreeMap<Option<AgentId>, AgentAnswer> = BTreeMap::new();
    for id in first.offers {
        let agent = ledger
            .offers()
            .find(|open| open.id == id)
            .map(|open| open.agent);
        let answer = answers.entry(agent).or_insert_with(|| AgentAnswer {
            offers: Vec::new(),
            refuse: OfferPolicy::default().refuse,
        });
        answer.offers.push(id);
    }
    Event::GangsPlaced {
        framework: first.frameworks[0],
        answers: answers.into_values().collect(),
        gangs,
    }
}

/// What a role is guaranteed, and its limit.
pub(crate) fn quota(text: &str) -> Event {
    let (guarantee, limit) = text.split_once("limit").unwrap_or((text, ""));
    let words = Words::read(guarantee);
    let most = Words::read(limit).amount;
    let limit = Kind::ALL.map(|kind| {
        let said = limit.contains(kind.name());
        said.then(|| most.of(kind))
    });
    Event::QuotaSet {
        role: words.roles[0],
        guarantee: words.amount,
        limit: QuotaLimit::from_units(limit),
    }
}

/// What becomes of parts of an agent, and who knows how to handle them.
pub(crate) fn parts(verb: &str, text: &str) -> Event {
    let words = Words::read(text);
    let has = |word| text.split_whitespace().any(|one| one == word);
    let flag = |word, capability| {
        if has(word) {
            capability
        } else {
            Capabilities::NONE
        }
    };
    let asks = flag("refined", Capabilities::REFINED);
    let shared = flag("shared", Capabilities::SHARED);
    let knows = asks
        .and(shared)
        .and(flag("revocable", Capabilities::REVOCABLE));
    let amount = words.amount;
    match verb {
        "knows" => {
            return Event::CapabilitiesSet {
                framework: words.frameworks[0],
                capabilities: knows,
            };
        }
        "lend" => {
            let agent = words.agents[0];
            return Event::RevocableEstimated { agent, amount };
        }
        _ => {}
    }
    let reserved = |role| AgentPart {
        asks,
        ..AgentPart::reserved_for(role)
    };
    let (from, to) = match verb {
        "reserve" => (AgentPart::PLAIN, reserved(words.roles[0])),
        "unreserve" => (reserved(words.roles[0]), AgentPart::PLAIN),
        "share" => {
            let volume = text.split_whitespace().find_map(|word| word.parse().ok());
            let part = AgentPart {
                volume,
                ..reserved(words.roles[0])
            };
            let asks = asks.and(Capabilities::SHARED);
            (part, AgentPart { asks, ..part })
        }
        _ => {
            let role = words.keys.get("in").map(|role| Words::read(role).roles[0]);
            let part = role.map_or(AgentPart::PLAIN, reserved);
            let volume = text.split_whitespace().find_map(|word| word.parse().ok());
            (part, AgentPart { volume, ..part })
        }
    };
    let offer = words.keys.get("offer");
    Event::PartChanged {
        agent: words.agents[0],
        offer: offer.map(|offer| Words::read(offer).offers[0]),
        from,
        to,
        amount,
    }
}

/// What an agent is described with: `agent a0 zone=a gpu=v100`.
pub(crate) fn attributes(text: &str) -> Event {
    let words = Words::read(text);
    let said = words.keys.iter();
    let said = said.map(|(name, word)| ((*name).to_owned(), (*word).to_owned()));
    Event::AgentDescribed {
        agent: words.agents[0],
        attributes: AgentAttributes::new(said),
    }
}

/// What a framework asks of agents: `zone=a|b`, `zone!=a|b`, `zone`, `!zone`; `or` begins another group.
pub(crate) fn constraints(text: &str) -> Event {
    let (framework, asked) = text.split_once(' ').unwrap_or((text, ""));
    let read = |word: &str| {
        let words = |text: &str| text.split('|').map(str::to_owned).collect();
        let (attribute, expects) = if let Some((attribute, rest)) = word.split_once("!=") {
            (attribute, Expected::NoneOf(words(rest)))
        } else if let Some((attribute, rest)) = word.split_once('=') {
            (attribute, Expected::OneOf(words(rest)))
        } else if let Some(attribute) = word.strip_prefix('!') {
            (attribute, Expected::Nothing)
        } else {
            (word, Expected::Some)
        };
        let attribute = attribute.to_owned();
        AttributeTest { attribute, expects }
    };
    let groups = asked.split(" or ").filter(|group| !group.is_empty());
    let any_of = groups.map(|group| group.split_whitespace().map(read).collect());
    Event::ConstraintsSet {
        framework: Words::read(framework).frameworks[0],
        constraints: OfferConstraints {
            any_of: any_of.collect(),
        },
    }
}

/// How fast a framework is where: `f gpu=v100*2 gpu=k80*0.5`.
pub(crate) fn speeds(text: &str) -> Event {
    let (framework, said) = text.split_once(' ').unwrap_or((text, ""));
    let read = |word: &str| {
        let (attribute, rest) = word.split_once('=').expect("attribute=word*speed");
        let (word, speed) = rest.split_once('*').expect("attribute=word*speed");
        let speed: f64 = speed.parse().expect("a speed");
        SpeedOf {
            attribute: attribute.to_owned(),
            word: word.to_owned(),
            thousandths: (speed * 1000.0).round() as u32,
        }
    };
    Event::SpeedsSet {
        framework: Words::read(framework).frameworks[0],
        speeds: AgentSpeeds::new(said.split_whitespace().map(read).collect()),
    }
}

fn outcome(word: &str) -> Outcome {
    match word {
        "" | "finished" => Outcome::Finished,
        "failed" => Outcome::Failed,
        "killed" => Outcome::Killed,
        "lost" => Outcome::Lost,
        _ => panic!("no outcome is called `{word}`"),
    }
}
