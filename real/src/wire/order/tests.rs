use serde_json::{Value, json};

use super::*;

fn base() -> Value {
    json!({
        "name": "n", "task_id": {"value": "t"}, "agent_id": {"value": "a"},
        "resources": [{"name": "cpus", "scalar": {"value": 1}}],
        "command": {"value": "true"},
    })
}

/// The good task, but for `change`.
fn changed(change: &Value) -> Value {
    let mut info = base();
    for (key, value) in change.as_object().unwrap() {
        info[key] = value.clone();
    }
    info
}

fn order(change: &Value) -> Result<Order, String> {
    let info = TaskInfo::read(changed(change)).unwrap_or_else(|bad| panic!("{change}: {bad}"));
    // What is logged is what was read.
    let write = |info: &TaskInfo| serde_json::to_value(info).unwrap();
    assert_eq!(write(&TaskInfo::read(write(&info)).unwrap()), write(&info));
    Order::of(&info, "*")
}

#[test]
fn a_task_is_read_as_clients_write_it() {
    let order = order(&json!({
        "container": {
            "type": "MESOS", "network_infos": {"port_mappings": {"host_port": 1, "container_port": 2}},
            "mesos": {"image": {"type": "DOCKER", "docker": {"name": "busybox"}}},
        },
        "limits": {"cpus": {"value": "0.5"}, "mem": {"value": "Infinity"}},
        "kill_policy": {"grace_period": {"nanoseconds": "1500000000"}},
        "max_completion_time": {"nanoseconds": 1},
        "command": {"value": "true", "environment": {"variables": {"name": "A", "value": "1"}}},
    }))
    .unwrap();
    assert_eq!(order.image.as_deref(), Some("busybox"));
    assert_eq!(order.limits.millicores, Some(Limit::To(500)));
    assert_eq!(order.limits.mem_mib, Some(Limit::Infinite));
    assert_eq!(order.kill_grace_millis, Some(1500));
    assert_eq!(order.max_completion_millis, Some(1));
    assert!(order.command.shell);
    assert_eq!(order.command.environment["A"], "1");
}

#[test]
fn commands_are_words_or_text_for_a_shell() {
    let command = |command: Value| order(&json!({"command": command})).map(|order| order.command);
    let words = |command: &Command| command.arguments.join("|");
    let argv =
        json!({"shell": "false", "value": "sh", "arguments": ["mysh", "-c", " two  spaces "]});
    let argv = command(argv).unwrap();
    assert!(!argv.shell && argv.value == "sh");
    assert_eq!(words(&argv), "mysh|-c| two  spaces ");
    let text = command(json!({"shell": true, "value": "echo", "arguments": ["x"]})).unwrap();
    assert!(text.shell && text.arguments.is_empty());
    for (bad, word) in [
        (json!({}), "`command.value` is missing or empty"),
        (json!({"value": ""}), "is missing or empty"),
        (
            json!({"shell": false, "arguments": ["echo"]}),
            "is missing or empty",
        ),
        (
            json!({"value": "a\u{0}b"}),
            "`command.value` holds a zero byte",
        ),
        (
            json!({"shell": false, "value": "a", "arguments": ["\u{0}"]}),
            "`command.arguments` holds a zero byte",
        ),
    ] {
        let error = command(bad.clone()).unwrap_err();
        assert!(error.contains(word), "{bad}: {error}");
    }
}

#[test]
fn variables_have_values_or_secrets() {
    let variable = |more: Value| {
        let mut variable = json!({"name": "V"});
        for (key, value) in more.as_object().unwrap() {
            variable[key] = value.clone();
        }
        let change = json!({"command": {"value": "x", "environment": {"variables": [variable]}}});
        order(&change).map(|order| order.command.environment["V"].clone())
    };
    let secret = |kind: &str, data: &str| json!({"type": "SECRET", "secret": {"type": kind, "value": {"data": data}}});
    assert_eq!(variable(json!({"value": ""})).unwrap(), "");
    assert_eq!(
        variable(json!({"value": "v", "type": "VALUE"})).unwrap(),
        "v"
    );
    assert_eq!(variable(secret("VALUE", "c8O4ayDwn5iA")).unwrap(), "søk 😀");
    for (more, word) in [
        (
            json!({}),
            "variable `V` is of type VALUE; expected a `value`",
        ),
        (json!({"type": "SECRET"}), "expected a `secret`"),
        (
            json!({"type": "SECRET", "value": "v"}),
            "expected a `secret`",
        ),
        (
            json!({"type": "UNKNOWN", "value": "v"}),
            "is of type UNKNOWN",
        ),
        (
            json!({"value": "v", "secret": {"type": "VALUE"}}),
            "and no `secret`",
        ),
        (secret("UNKNOWN", "eA=="), "has a secret without type VALUE"),
        (
            json!({"type": 2, "secret": {"type": 2}}),
            "has a secret without",
        ),
        (secret("VALUE", "/w=="), "has a secret that is not UTF-8"),
        (secret("VALUE", "AA=="), "holds a zero byte"),
        (
            json!({"type": "SECRET", "secret": {"type": "REFERENCE", "reference": {"name": "pw"}}}),
            "`command.environment.variables[0].secret.reference` is not supported",
        ),
        (json!({"name": "A=B", "value": "v"}), "has no name"),
    ] {
        let error = variable(more.clone()).unwrap_err();
        assert!(error.contains(word), "{more}: {error}");
    }
}

/// Checks a word of why each is refused.
fn refused(cases: &[(Value, &str)]) {
    for (change, word) in cases {
        let error = order(change).unwrap_err();
        assert!(error.contains(word), "{change}: {error}");
    }
}

#[test]
fn what_is_not_there_is_refused_with_its_name() {
    refused(&[
        (
            json!({"executor": {}}),
            "`executor` is not supported: executors of one's own",
        ),
        (json!({"resources": []}), "uses no resources"),
        (json!({"task_id": {"value": "a/b"}}), "no `/`"),
        (
            json!({"limits": {"disk": {"value": 1}}}),
            "limits of cpus and mem",
        ),
        (
            json!({"limits": {"cpus": {"value": "NaN"}}}),
            "`limits.cpus`: resource `cpus` is NaN",
        ),
        (
            json!({"limits": {"mem": {"value": "-Infinity"}}}),
            "`mem` is -inf",
        ),
        (
            json!({"resources": {"name": "cpus", "scalar": {"value": "Infinity"}}}),
            "is inf",
        ),
        (
            json!({"resources": {"name": "cpus", "type": "RANGES", "scalar": {"value": 1}}}),
            "SCALAR",
        ),
        (
            json!({"resources": {"name": "cpus", "shared": {}, "scalar": {"value": 1}}}),
            "resource `cpus`: `resources[0]`: `shared` is not supported",
        ),
        (
            json!({"health_check": {}}),
            "`health_check` is not supported",
        ),
        (
            json!({"check": {"type": "TCP", "tcp": {"port": "1"}}}),
            "`check` is not supported",
        ),
        (
            json!({"kill_policy": {"grace_period": {"nanoseconds": -1}}}),
            "grace_period` is -1 ns",
        ),
        (
            json!({"max_completion_time": {"nanoseconds": "-5"}}),
            "max_completion_time` is -5 ns",
        ),
    ]);
}

#[test]
fn containers_that_cannot_be_had_are_refused() {
    let docker = |more: Value| {
        let mut info = json!({"image": "x"});
        for (key, value) in more.as_object().unwrap() {
            info[key] = value.clone();
        }
        json!({"container": {"type": "DOCKER", "docker": info}})
    };
    let mesos = |more: Value| {
        let mut info = json!({"type": "MESOS"});
        for (key, value) in more.as_object().unwrap() {
            info[key] = value.clone();
        }
        json!({"container": info})
    };
    let volume = json!({"mode": "RO", "container_path": "data", "host_path": "/tmp"});
    refused(&[
        (
            mesos(json!({"volumes": volume})),
            "`container.volumes` is not supported",
        ),
        (mesos(json!({"hostname": "h"})), "`container.hostname`"),
        (mesos(json!({"tty_info": {}})), "`container.tty_info`"),
        (
            mesos(json!({"docker": {"image": "x"}})),
            "not for the type MESOS",
        ),
        (
            mesos(json!({"network_infos": [{}, {"name": "overlay"}]})),
            "`container.network_infos[1].name` is not supported: there are no networks",
        ),
        (
            mesos(json!({"network_infos": {"groups": "g"}})),
            "network_infos[0].groups`",
        ),
        (
            mesos(json!({"mesos": {"image": {"type": "APPC", "appc": {"name": "x"}}}})),
            "`container.mesos.image.type` is not supported: DOCKER only",
        ),
        (
            mesos(json!({"mesos": {"image": {"type": "DOCKER"}}})),
            "expected the image's name",
        ),
        (
            mesos(json!({"linux_info": {"share_pid_namespace": true}})),
            "share_pid_namespace`",
        ),
        (
            mesos(json!({"linux_info": {"seccomp": {"unconfined": "true"}}})),
            "seccomp`",
        ),
        (
            mesos(json!({"linux_info": {"share_cgroups": false}})),
            "share_cgroups`",
        ),
        (
            mesos(json!({"rlimit_info": {"rlimits": {"type": "RLMT_NOFILE"}}})),
            "rlimits`",
        ),
        (
            json!({"container": {"type": "DOCKER"}}),
            "the type DOCKER needs an image",
        ),
        (
            json!({"container": {"type": "DOCKER", "docker": {}}}),
            "the type DOCKER needs an image",
        ),
        (
            json!({"container": {"type": "DOCKER", "mesos": {}, "docker": {"image": "x"}}}),
            "`container.mesos` is not for the type DOCKER",
        ),
        (
            docker(json!({"network": "BRIDGE"})),
            "`container.docker.network` is not supported",
        ),
        (
            docker(json!({"privileged": true})),
            "`container.docker.privileged`",
        ),
        (
            docker(json!({"parameters": {"key": "cap-add", "value": "NET_ADMIN"}})),
            "parameters`",
        ),
        (
            docker(json!({"port_mappings": {"host_port": 1, "container_port": 80}})),
            "port_mappings`",
        ),
    ]);
}

#[test]
fn what_asks_for_nothing_is_harmless() {
    for change in [
        json!({"container": {"type": "MESOS", "network_infos": [], "volumes": [], "hostname": "",
                             "linux_info": {"share_pid_namespace": false, "share_cgroups": true},
                             "rlimit_info": {"rlimits": []}, "mesos": {}}}),
        json!({"container": {"type": 2, "network_infos": {"name": null, "ip_addresses": []}}}),
        json!({"container": {"type": "DOCKER", "docker": {"image": "x", "network": "HOST",
               "privileged": "false", "parameters": [], "force_pull_image": true}}}),
        json!({"data": "AAAA", "health_check": null, "unknown": {"of": ["tomorrow"]}}),
        json!({"resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": "0.1"}},
                             {"name": "tapes", "revocable": {}, "scalar": {"value": 0.0}}]}),
    ] {
        assert!(order(&change).is_ok(), "{change}: {:?}", order(&change));
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (change, expected) in [
        (
            json!({"agent_id": {}}),
            "`agent_id.value`: missing; expected text",
        ),
        (
            json!({"name": 1}),
            "`name`: expected text, found the number 1",
        ),
        (
            json!({"resources": [{}, {"name": "x"}]}),
            "`resources[0].name`: missing; expected text",
        ),
        (
            json!({"kill_policy": {"grace_period": {"nanoseconds": "soon"}}}),
            "`kill_policy.grace_period.nanoseconds`: expected a whole number of 64 bits, found \
             the text \"soon\"",
        ),
        (
            json!({"limits": {"cpus": {"value": "many"}}}),
            "`limits.cpus.value`: expected a number, found the text \"many\"",
        ),
        (
            json!({"command": {"value": "x", "shell": 1}}),
            "`command.shell`: expected true or false, found the number 1",
        ),
        (
            json!({"container": {"type": "LXC"}}),
            "`container.type`: expected one of DOCKER, MESOS, found the text \"LXC\"",
        ),
        (
            json!({"command": {"value": "x", "environment": {"variables": {"name": "S",
                   "secret": {"value": {"data": "?"}}}}}}),
            "`command.environment.variables.secret.value.data`: expected bytes in base 64, found \
             the text \"?\"",
        ),
        (
            json!({"healthCheck": {}}),
            "`healthCheck`: names are in snake_case; expected `health_check`",
        ),
    ] {
        let bad = TaskInfo::read(changed(&change)).unwrap_err().to_string();
        assert_eq!(bad, expected, "{change}");
    }
}
