//! What people look at: the page at `/`, and lists in pages.

use serde_json::{Value, json};

use super::agent::{Agent, Spec};
use super::client::{get, send};
use super::framework::{Framework, task};
use super::process::Master;

/// Status, kind and content of a page.
fn page(master: &Master, path: &str) -> (u16, String, String) {
    let exchange = send(master.address, &get(path)).unwrap();
    let kind = exchange.head.header("content-type").unwrap_or_default();
    (exchange.head.status, kind.to_owned(), exchange.body())
}

#[test]
fn the_page_at_the_root_says_what_is_here() {
    let master = Master::start(&["--cluster", "blue"]);
    let empty = page(&master, "/").2;
    assert!(empty.contains("No agent has joined"), "{empty}");
    let agent = Agent::start(&Spec::new(master.address, "host-7", 2, 1000));
    let info = json!({"user": "u", "name": "<b>mine</b>", "failover_timeout": 60});
    let framework = Framework::subscribe_as(master.address, &info);
    framework.launch(&framework.offer(), &[("t", "sleep")]);
    assert_eq!(framework.status("t")["state"], "TASK_RUNNING");
    for path in ["/", "/master/", "/master"] {
        let (status, kind, html) = page(&master, path);
        assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
        for words in [
            "<title>Fairground cluster blue</title>",
            env!("CARGO_PKG_VERSION"),
            "drf[round=50ms]",
            "s ago</dd>",
            "<dd>1 of 1 up</dd>",
            "<td>host-7</td>",
            "<td>0.5 of 2.0</td>",
            "<td>*</td><td>1.0</td><td>1</td>",
            "<td>none</td><td>none</td>",
            "<td>&lt;b&gt;mine&lt;/b&gt;</td>",
            "/api/v1/scheduler",
        ] {
            assert!(html.contains(words), "{words}: {html}");
        }
        assert!(!html.contains("<b>"), "{html}");
        // Every link leads somewhere.
        let links: Vec<&str> = html
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split_once('"').unwrap().0)
            .collect();
        assert!(links.contains(&"/state") && links.contains(&"/metrics"));
        for link in links {
            assert_eq!(page(&master, link).0, 200, "{link}");
        }
    }
    drop(agent);
}

#[test]
fn a_limit_of_minus_one_is_all() {
    let master = Master::start(&[]);
    let _agent = Agent::start(&Spec::new(master.address, "a", 100, 10_000));
    let framework = Framework::subscribe(master.address, "f");
    let offer = framework.offer();
    let tasks: Vec<Value> = (0..120)
        .map(|i| task(&offer, &format!("a b {i}"), "sleep"))
        .collect();
    framework.accept(&offer, &tasks, 0.0);
    master.wait_for_metric("master/tasks_running", 120.0);
    let count = |query: &str| {
        let shown = master.get(&format!("/tasks{query}"));
        shown["tasks"].as_array().unwrap().len()
    };
    for (query, expected) in [
        ("", 100),
        ("?limit=-1", 120),
        ("?limit=-1&offset=30", 90),
        ("?limit=50", 50),
        ("?limit=0", 0),
        ("?limit=-1&task_id=a%20b%207", 1),
        ("?limit=-1&task_id=a+b+7", 1),
    ] {
        assert_eq!(count(query), expected, "{query}");
    }
    for (query, words) in [
        ("?limit=-2", "expected a whole number, or -1 for all"),
        ("?limit=many", "query `limit` is `many`"),
        ("?offset=-1", "query `offset` is `-1`"),
    ] {
        let (status, _, body) = page(&master, &format!("/tasks{query}"));
        assert_eq!(status, 400, "{query}");
        assert!(body.contains(words), "{query}: {body}");
    }
}
