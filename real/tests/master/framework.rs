//! A framework for tests: it says what the test says and keeps what it hears.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::{Shutdown, SocketAddr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Exchange, PATIENCE, post, send};

const PATH: &str = "/api/v1/scheduler";

/// A subscribed framework.
pub struct Framework {
    pub id: String,
    pub stream: String,
    /// The header that says who it is, if it says that.
    who: String,
    master: SocketAddr,
    events: Receiver<Value>,
    socket: std::net::TcpStream,
    /// Offers that came while something else was waited for.
    passed: RefCell<VecDeque<Value>>,
    /// Whether statuses are acknowledged as they come.
    pub acknowledges: bool,
}

impl Framework {
    /// Subscribes a framework named `name`.
    pub fn subscribe(master: SocketAddr, name: &str) -> Self {
        Self::subscribe_as(
            master,
            &json!({"user": "root", "name": name, "failover_timeout": 60}),
        )
    }

    /// Subscribes with everything said.
    pub fn subscribe_as(master: SocketAddr, info: &Value) -> Self {
        Self::subscribe_by(master, "", info)
    }

    /// Subscribes with a header on top of every call.
    pub fn subscribe_by(master: SocketAddr, who: &str, info: &Value) -> Self {
        Self::subscribe_with(master, who, info, &[])
    }

    /// The same, without offers for some of its roles.
    pub fn subscribe_with(
        master: SocketAddr,
        who: &str,
        info: &Value,
        suppressed: &[&str],
    ) -> Self {
        let mut call = json!({"type": "SUBSCRIBE", "subscribe": {
            "framework_info": info, "suppressed_roles": suppressed,
        }});
        if let Some(id) = info.get("id") {
            call["framework_id"] = id.clone();
        }
        let exchange = send(master, &post(PATH, who, &call.to_string())).unwrap();
        let stream = exchange.head.header("mesos-stream-id").unwrap().to_owned();
        let mut records = exchange.records();
        let first = records.next().unwrap();
        assert_eq!(first["type"], "SUBSCRIBED", "{first}");
        let id = first["subscribed"]["framework_id"]["value"]
            .as_str()
            .unwrap();
        let socket = records.socket();
        let second = records.next().unwrap();
        assert_eq!(second["type"], "HEARTBEAT", "{second}");
        let (sender, events) = channel();
        std::thread::spawn(move || {
            while let Some(event) = records.next() {
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Self {
            id: id.to_owned(),
            stream,
            who: who.to_owned(),
            master,
            events,
            socket,
            passed: RefCell::default(),
            acknowledges: true,
        }
    }

    /// Subscribes in vain; the message of the one ERROR.
    pub fn refused(master: SocketAddr, info: &Value) -> String {
        Self::refused_by(master, "", info)
    }

    /// The same with a header on top.
    pub fn refused_by(master: SocketAddr, who: &str, info: &Value) -> String {
        let mut call = json!({"type": "SUBSCRIBE", "subscribe": {"framework_info": info}});
        if let Some(id) = info.get("id") {
            call["framework_id"] = id.clone();
        }
        let exchange = send(master, &post(PATH, who, &call.to_string()));
        let mut records = exchange.unwrap().records();
        let event = records.next().unwrap();
        assert_eq!(event["type"], "ERROR", "{event}");
        assert_eq!(records.next(), None);
        event["error"]["message"].as_str().unwrap().to_owned()
    }

    /// Makes a call; the status of the answer and what it says.
    pub fn call(&self, kind: &str, member: impl Into<Value>) -> (u16, String) {
        let exchange = self.try_call(kind, member).unwrap();
        (exchange.head.status, exchange.body())
    }

    /// Makes a call to a master that may be gone.
    pub fn try_call(&self, kind: &str, member: impl Into<Value>) -> std::io::Result<Exchange> {
        let mut call = json!({"type": kind, "framework_id": {"value": self.id}});
        call[kind.to_ascii_lowercase()] = member.into();
        let extra = format!("Mesos-Stream-Id: {}\r\n{}", self.stream, self.who);
        send(self.master, &post(PATH, &extra, &call.to_string()))
    }

    /// Makes a call that is taken in.
    pub fn say(&self, kind: &str, member: impl Into<Value>) {
        let member = member.into();
        assert_eq!(
            self.call(kind, member.clone()),
            (202, String::new()),
            "{kind} {member}"
        );
    }

    /// The next event but for heartbeats; `None` when the stream has ended.
    pub fn next(&self) -> Option<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) if event["type"] == "HEARTBEAT" => {}
                Ok(event) => return Some(event),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("no event for {PATIENCE:?}"),
            }
        }
    }

    /// The next event of a kind; others before it are passed over, statuses acknowledged.
    pub fn next_of(&self, kind: &str) -> Value {
        loop {
            let event = self.next().expect("an open stream");
            if event["type"] == "UPDATE" && self.acknowledges {
                self.acknowledge(&event["update"]["status"]);
            }
            if event["type"] == kind {
                return event;
            }
            if event["type"] == "OFFERS" {
                self.passed.borrow_mut().push_back(event);
            }
        }
    }

    /// The next event but for heartbeats, if one comes within `span`.
    pub fn next_within(&self, span: Duration) -> Option<Value> {
        let end = Instant::now() + span;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) if event["type"] == "HEARTBEAT" => {}
                Ok(event) => return Some(event),
                Err(_) => return None,
            }
        }
    }

    /// Whether nothing but heartbeats comes for a while.
    pub fn is_quiet(&self, span: Duration) -> bool {
        let end = Instant::now() + span;
        loop {
            match self
                .events
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(event) if event["type"] == "HEARTBEAT" => {}
                Ok(event) => {
                    eprintln!("not quiet: {event}");
                    return false;
                }
                Err(_) => return true,
            }
        }
    }

    /// The next status of a task.
    pub fn status(&self, task_id: &str) -> Value {
        loop {
            let event = self.next_of("UPDATE");
            let status = event["update"]["status"].clone();
            if status["task_id"]["value"] == task_id {
                return status;
            }
        }
    }

    /// The state a task ends in.
    pub fn end_of(&self, task_id: &str) -> String {
        loop {
            let state = self.status(task_id)["state"].as_str().unwrap().to_owned();
            if !["TASK_STARTING", "TASK_RUNNING", "TASK_STAGING"].contains(&state.as_str()) {
                return state;
            }
        }
    }

    /// The states these tasks end in.
    pub fn ends_of(&self, task_ids: &[&str]) -> BTreeMap<String, String> {
        let mut ends = BTreeMap::new();
        while ends.len() < task_ids.len() {
            let status = self.next_of("UPDATE")["update"]["status"].clone();
            let id = status["task_id"]["value"].as_str().unwrap();
            let state = status["state"].as_str().unwrap();
            if task_ids.contains(&id) && !["TASK_STARTING", "TASK_RUNNING"].contains(&state) {
                ends.insert(id.to_owned(), state.to_owned());
            }
        }
        ends
    }

    pub fn acknowledge(&self, status: &Value) {
        if status.get("uuid").is_some() {
            self.say(
                "ACKNOWLEDGE",
                json!({"agent_id": status["agent_id"], "task_id": status["task_id"],
                       "uuid": status["uuid"]}),
            );
        }
    }

    /// The next offer.
    pub fn offer(&self) -> Value {
        let passed = self.passed.borrow_mut().pop_front();
        let event = passed.unwrap_or_else(|| self.next_of("OFFERS"));
        let offers = event["offers"]["offers"].clone();
        assert_eq!(offers.as_array().unwrap().len(), 1, "{offers}");
        offers[0].clone()
    }

    /// The next so many offers, whichever come together.
    pub fn offers(&self, count: usize) -> Vec<Value> {
        let mut offers = Vec::new();
        while offers.len() < count {
            offers.extend(self.some_offers());
        }
        assert_eq!(offers.len(), count, "{offers:?}");
        offers
    }

    /// The next offers that came together.
    pub fn some_offers(&self) -> Vec<Value> {
        let passed = self.passed.borrow_mut().pop_front();
        let event = passed.unwrap_or_else(|| self.next_of("OFFERS"));
        event["offers"]["offers"].as_array().unwrap().clone()
    }

    /// The next offer of so many processors at least; smaller ones are given back, so that they
    /// become larger.
    pub fn offer_of(&self, cpus: f64) -> Value {
        loop {
            let offer = self.offer();
            let resources = offer["resources"].as_array().unwrap();
            let here = resources.iter().find(|r| r["name"] == "cpus");
            if here.is_some_and(|r| r["scalar"]["value"].as_f64() >= Some(cpus)) {
                return offer;
            }
            self.decline(&offer, 0.0);
        }
    }

    /// Launches tasks of half a core on an offer and gives the rest back for no time.
    pub fn launch(&self, offer: &Value, tasks: &[(&str, &str)]) {
        let tasks: Vec<Value> = tasks
            .iter()
            .map(|(id, command)| task(offer, id, command))
            .collect();
        self.accept(offer, &tasks, 0.0);
    }

    pub fn accept(&self, offer: &Value, tasks: &[Value], refuse: f64) {
        self.say(
            "ACCEPT",
            json!({"offer_ids": [offer["id"]], "filters": {"refuse_seconds": refuse},
                   "operations": [{"type": "LAUNCH", "launch": {"task_infos": tasks}}]}),
        );
    }

    pub fn decline(&self, offer: &Value, refuse: f64) {
        self.say(
            "DECLINE",
            json!({"offer_ids": [offer["id"]], "filters": {"refuse_seconds": refuse}}),
        );
    }

    /// Breaks the stream.
    pub fn disconnect(&self) {
        self.socket.shutdown(Shutdown::Both).unwrap();
    }
}

impl Drop for Framework {
    fn drop(&mut self) {
        // It may be broken already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// A task of half a core on the agent of an offer.
pub fn task(offer: &Value, id: &str, command: &str) -> Value {
    json!({
        "name": id, "task_id": {"value": id}, "agent_id": offer["agent_id"],
        "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}},
                      {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}}],
        "command": {"value": command},
    })
}
