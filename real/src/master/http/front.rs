//! The page for people at `/`: what is here, and where the rest is.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::web::page::{Page, Table, age, cell};
use crate::wire::API_VERSION;

/// What is to be read, and what it is.
const LINKS: [(&str, &str); 12] = [
    ("/state", "everything, as JSON"),
    ("/state-summary", "tasks by state"),
    ("/slaves", "agents"),
    ("/frameworks", "frameworks with their tasks"),
    ("/tasks?limit=-1", "all tasks"),
    ("/roles", "roles, who is in them and what they hold"),
    ("/weights", "how much roles count"),
    ("/quota", "what roles are guaranteed, and their limits"),
    ("/metrics/snapshot", "numbers by name"),
    ("/metrics", "the same for Prometheus"),
    ("/version", "of the API and of Fairground"),
    ("/health", "200 while it answers"),
];

/// Made of what `View::Front` shows.
pub(super) fn page(shown: &Value) -> Page {
    let count = |name: &str| shown[name].as_u64().unwrap_or(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let began = now.saturating_sub(count("start_time"));
    let facts = vec![
        ("Cluster", cell(&shown["cluster"])),
        (
            "Fairground",
            format!(
                "{}, speaking the v1 HTTP API of Mesos {API_VERSION} at /api/v1/scheduler",
                env!("CARGO_PKG_VERSION")
            ),
        ),
        ("Policy", cell(&shown["allocator"])),
        (
            "Agents",
            format!("{} of {} up", count("agents_active"), count("agents_count")),
        ),
        ("Frameworks", cell(&shown["frameworks_count"])),
        ("Tasks", format!("{} now", count("tasks"))),
        ("Began", format!("{} ago", age(began))),
        ("Master", cell(&shown["master_id"])),
    ];
    Page {
        title: format!("Fairground cluster {}", cell(&shown["cluster"])),
        facts,
        tables: vec![agents(shown), frameworks(shown), roles(shown)],
        links: LINKS.to_vec(),
    }
}

fn rows(
    shown: &Value,
    what: &str,
    row: impl Fn(&Value) -> Vec<String>,
) -> (Vec<Vec<String>>, Option<String>) {
    let list = shown[what].as_array().map_or(&[][..], Vec::as_slice);
    let all = shown[format!("{what}_count")].as_u64().unwrap_or(0) as usize;
    let more = all.checked_sub(list.len()).filter(|more| *more > 0);
    let more = more.map(|more| format!("and {more} more: see the endpoints"));
    (list.iter().map(row).collect(), more)
}

fn agents(shown: &Value) -> Table {
    let (rows, more) = rows(shown, "agents", |agent| {
        let (all, used) = (&agent["resources"], &agent["used_resources"]);
        let part = |name: &str| format!("{} of {}", cell(&used[name]), cell(&all[name]));
        let address = cell(&agent["pid"]).replace("slave(1)@", "");
        let state = if agent["active"] == true {
            "up"
        } else {
            "away"
        };
        vec![
            cell(&agent["hostname"]),
            address,
            state.to_owned(),
            cell(&agent["tasks"]),
            part("cpus"),
            part("mem"),
        ]
    });
    Table {
        title: "Agents",
        head: &["Host", "Address", "State", "Tasks", "CPUs used", "MiB used"],
        rows,
        empty: "No agent has joined: fairground-real agent --master HOST:PORT --work-dir DIR",
        more,
    }
}

fn frameworks(shown: &Value) -> Table {
    let (rows, more) = rows(shown, "frameworks", |framework| {
        let state = if framework["connected"] == true {
            "connected"
        } else {
            "away"
        };
        vec![
            cell(&framework["name"]),
            cell(&framework["role"]),
            state.to_owned(),
            cell(&framework["running"]),
            cell(&framework["ended"]),
        ]
    });
    Table {
        title: "Frameworks",
        head: &["Name", "Role", "State", "Tasks now", "Ended"],
        rows,
        empty: "No framework has subscribed: fairground-real submit -- COMMAND, or one of your own",
        more,
    }
}

fn roles(shown: &Value) -> Table {
    let (rows, more) = rows(shown, "roles", |role| {
        let (own, quota) = (&role["frameworks"], &role["quota"]);
        let held = &quota["consumed"];
        vec![
            cell(&role["name"]),
            cell(&role["weight"]),
            own.as_array().map_or(0, Vec::len).to_string(),
            cell(&held["cpus"]),
            cell(&held["mem"]),
            amounts(&quota["guarantee"]),
            amounts(&quota["limit"]),
        ]
    });
    Table {
        title: "Roles",
        head: &[
            "Role",
            "Weight",
            "Frameworks",
            "CPUs held",
            "MiB held",
            "Guaranteed",
            "Limit",
        ],
        rows,
        empty: "There are no roles",
        more,
    }
}

/// Amounts by name in a word.
fn amounts(shown: &Value) -> String {
    let kinds = shown.as_object().into_iter().flatten();
    let parts: Vec<String> = kinds
        .map(|(name, amount)| format!("{name}:{}", cell(amount)))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(" ")
    }
}
