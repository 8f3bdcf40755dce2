//! Pods and nodes: what containers need together, whose task a pod is, when it ran, and files that are odd.

use expect_test::{Expect, expect};
use fairground_readers::Format;
use fairground_readers::canonical::Opened;
use fairground_readers::canonical::import::import;
use fairground_readers::canonical::tables::Machine;
use fairground_readers::formats::{head, validate};

use crate::common::{folder, told, write};
use crate::{jobs, rows};

/// What becomes of objects in a list.
fn check(objects: &[String], expected: &Expect) {
    let list = format!(
        "{{\"items\": [{}], \"kind\": \"List\"}}",
        objects.join(",\n")
    );
    expected.assert_eq(&jobs(Format::Kubernetes, &list));
}

/// A pod with these members in its metadata, its spec and its status.
fn pod(name: &str, metadata: &str, spec: &str, status: &str) -> String {
    format!(
        "{{\"kind\": \"Pod\", \"metadata\": {{\"name\": \"{name}\", \"namespace\": \"ns\", \
         \"creationTimestamp\": \"2026-01-05T08:00:00Z\"{metadata}}}, \"spec\": {{{spec}}}, \
         \"status\": {{{status}}}}}"
    )
}

/// A container that needs so much, with more members.
fn container(requests: &str, more: &str) -> String {
    format!("{{\"name\": \"c\", \"resources\": {{\"requests\": {{{requests}}}}}{more}}}")
}

const DONE: &str = r#""phase": "Succeeded", "containerStatuses": [
    {"state": {"terminated": {"startedAt": "2026-01-05T08:01:00Z", "finishedAt": "2026-01-05T08:02:00Z"}}},
    {"state": {"terminated": {"startedAt": "2026-01-05T08:01:30Z", "finishedAt": "2026-01-05T08:03:00Z"}}}]"#;
const RUNS: &str = r#""phase": "Running", "containerStatuses": [
    {"state": {"running": {"startedAt": "2026-01-05T08:02:30Z"}}}]"#;

#[test]
fn a_pod_needs_what_its_containers_need_together_or_the_first_ones_alone() {
    let cpu = |amount: &str| container(&format!("\"cpu\": \"{amount}\""), "");
    let sidecar = |amount: &str| {
        let requests = format!("\"cpu\": \"{amount}\"");
        container(&requests, ", \"restartPolicy\": \"Always\"")
    };
    let spec = |init: &[String], rest: &[String], more: &str| {
        let (init, rest) = (init.join(","), rest.join(","));
        format!("\"initContainers\": [{init}], \"containers\": [{rest}]{more}")
    };
    let one = |name: &str, spec: String| pod(name, "", &spec, DONE);
    check(
        &[
            one("sum", spec(&[], &[cpu("100m"), cpu("1.5")], "")),
            one(
                "init",
                spec(&[cpu("4"), cpu("3")], &[cpu("1"), cpu("2")], ""),
            ),
            one("less", spec(&[cpu("1")], &[cpu("1"), cpu("2")], "")),
            // The second of the first ones runs beside the sidecar before it, the first does not.
            one(
                "sidecar",
                spec(&[cpu("3500m"), sidecar("1"), cpu("3")], &[cpu("2")], ""),
            ),
            one(
                "sidecars",
                spec(&[sidecar("1"), sidecar("1")], &[cpu("2")], ""),
            ),
            one(
                "more",
                spec(
                    &[],
                    &[cpu("1")],
                    ", \"overhead\": {\"cpu\": \"250m\", \"memory\": \"10Mi\"}",
                ),
            ),
            one(
                "whole",
                spec(
                    &[],
                    &[cpu("1")],
                    ", \"resources\": {\"requests\": {\"cpu\": \"7\"}}",
                ),
            ),
            one(
                "gpus",
                spec(
                    &[],
                    &[
                        container("\"nvidia.com/gpu\": 2, \"memory\": \"1e9\"", ""),
                        container("\"amd.com/gpu\": \"1\", \"nvidia.com/mig-1g.5gb\": 1", ""),
                    ],
                    ", \"priority\": -5",
                ),
            ),
        ],
        &expect![[r"
            ns/sum of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, cpus 1600, gpus 0, Succeeded
            ns/init of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, cpus 4000, gpus 0, Succeeded
            ns/less of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, cpus 3000, gpus 0, Succeeded
            ns/sidecar of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, cpus 4000, gpus 0, Succeeded
            ns/sidecars of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, cpus 4000, gpus 0, Succeeded
            ns/more of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, cpus 1250, mem 10, gpus 0, Succeeded
            ns/whole of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, cpus 7000, gpus 0, Succeeded
            ns/gpus of ns, submit 1767600000000000, wait 60000000, priority 0, tasks 1, run 120000000, mem 954, gpus 3000, Succeeded
            job shape: the pods of one owner, or of one gang, are the tasks of one job, submitted when the first was created
            not read: spec.containers.name, spec.initContainers.name
            priorities: 1 below zero are zero
            read and not kept: spec.nodeName
            resources not kept: nvidia.com/mig-1g.5gb
            run times: from the start of the first container to the end of the last; a pod that runs has run until the latest time in the file
            tenants: the namespaces of pods
        "]],
    );
}

#[test]
fn pods_of_one_owner_or_gang_are_one_job() {
    let owner = |kind: &str, name: &str| {
        format!(
            ", \"ownerReferences\": [{{\"kind\": \"Other\", \"name\": \"x\"}}, \
             {{\"kind\": \"{kind}\", \"name\": \"{name}\", \"controller\": true}}]"
        )
    };
    let note =
        |kind: &str, name: &str, gang: &str| format!(", \"{kind}\": {{\"{name}\": \"{gang}\"}}");
    check(
        &[
            pod("a-1", &owner("Job", "a"), "", DONE),
            pod("b", "", "", DONE),
            pod("a-2", &owner("Job", "a"), "\"activeDeadlineSeconds\": 60", RUNS),
            pod("c", &owner("ReplicaSet", "a"), "", RUNS),
            pod("v", &note("annotations", "scheduling.k8s.io/group-name", "g"), "", DONE),
            pod("w", &note("labels", "scheduling.x-k8s.io/pod-group", "g"), "", DONE),
            pod("x", &note("labels", "pod-group.scheduling.sigs.k8s.io", "h"), "", DONE),
            pod("y", &note("labels", "pod-group.scheduling.sigs.k8s.io/name", "h"), "", DONE),
            pod("z", &note("labels", "kueue.x-k8s.io/pod-group-name", "k"), "", DONE),
            "{\"kind\": \"PodGroup\", \"metadata\": {\"name\": \"g\"}, \"spec\": {\"minMember\": 2}}".to_owned(),
        ],
        &expect![[r"
            ns/a of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, gpus 0, tasks 1, run 30000000, gpus 0, censored, Running
            ns/b of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, gpus 0, Succeeded
            ns/a of ns, submit 1767600000000000, wait 150000000, tasks 1, run 30000000, gpus 0, censored, Running
            ns/g of ns together, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, gpus 0, tasks 1, run 120000000, gpus 0, Succeeded
            ns/h of ns together, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, gpus 0, tasks 1, run 120000000, gpus 0, Succeeded
            ns/k of ns together, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, gpus 0, Succeeded
            passed over: 1 records, objects that are neither pods nor nodes
            merged: 3 jobs, another pod of the same owner or gang
            gangs: 3 are of pods that name one
            job shape: the pods of one owner, or of one gang, are the tasks of one job, submitted when the first was created
            not read: spec.minMember
            read and not kept: spec.nodeName
            records passed over: 1: objects that are neither pods nor nodes
            run times: from the start of the first container to the end of the last; a pod that runs has run until the latest time in the file
            run times of which the trace holds a part: 2 of 9 tasks
            tenants: the namespaces of pods
        "]],
    );
}

#[test]
fn when_a_pod_ran_is_told_by_its_containers() {
    let again = r#""phase": "Succeeded", "startTime": "2026-01-05T08:00:05Z", "containerStatuses": [
        {"restartCount": 2, "state": {"terminated": {"startedAt": "2026-01-05T08:02:00Z",
         "finishedAt": "2026-01-05T08:05:00Z"}}, "lastState": {"terminated": {"startedAt":
         "2026-01-05T08:01:00Z", "finishedAt": "2026-01-05T08:01:50Z"}}}]"#;
    let wrong = DONE
        .replace("08:03:00Z", "07:00:00Z")
        .replace("08:02:00Z", "07:00:00Z");
    check(
        &[
            pod("done", "", "", DONE),
            pod("again", "", "", again),
            pod("runs", "", "", RUNS),
            pod("wrong", "", "", &wrong),
            pod(
                "waits",
                "",
                "",
                "\"phase\": \"Pending\", \"containerStatuses\": [{\"state\": {\"waiting\": {}}}]",
            ),
            pod(
                "pulls",
                "",
                "",
                "\"phase\": \"Pending\", \"startTime\": \"2026-01-05T08:00:09Z\"",
            ),
            pod(
                "evicted",
                "",
                "",
                "\"phase\": \"Failed\", \"reason\": \"Evicted\", \"startTime\": \"2026-01-05T08:00:09Z\"",
            ),
            pod(
                "refused",
                "",
                "",
                "\"phase\": \"Failed\", \"reason\": \"OutOfcpu\"",
            ),
            pod("lost", "", "", "\"phase\": \"Unknown\""),
            pod("bare", "", "", ""),
        ],
        &expect![[r"
            ns/done of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, gpus 0, Succeeded
            ns/again of ns, submit 1767600000000000, wait 5000000, tasks 1, run 295000000, gpus 0, Succeeded
            ns/runs of ns, submit 1767600000000000, wait 150000000, tasks 1, run 150000000, gpus 0, censored, Running
            ns/wrong of ns, submit 1767600000000000, wait 60000000, tasks 1, gpus 0, damaged, Succeeded
            ns/waits of ns, submit 1767600000000000, tasks 1, gpus 0, unstarted, Pending
            ns/pulls of ns, submit 1767600000000000, tasks 1, gpus 0, unstarted, Pending
            ns/evicted of ns, submit 1767600000000000, wait 9000000, tasks 1, gpus 0, Evicted
            ns/refused of ns, submit 1767600000000000, tasks 1, gpus 0, unstarted, OutOfcpu
            ns/lost of ns, submit 1767600000000000, tasks 1, gpus 0, censored, Unknown
            ns/bare of ns, submit 1767600000000000, tasks 1, gpus 0
            job shape: the pods of one owner, or of one gang, are the tasks of one job, submitted when the first was created
            not read: status.containerStatuses.state.waiting
            read and not kept: spec.nodeName
            run times: from the start of the first container to the end of the last; a pod that runs has run until the latest time in the file
            run times of which the trace holds a part: 2 of 10 tasks
            run times that are damaged: 1 of 10 tasks
            run times that the source does not tell: 2 of 10 tasks
            tasks that never started, and add no load: 3 of 10 tasks
            tenants: the namespaces of pods
        "]],
    );
}

#[test]
fn a_watch_tells_of_a_pod_each_time_that_it_changes() {
    let uid = ", \"uid\": \"1\"";
    let text = [
        pod("a", uid, "", "\"phase\": \"Pending\""),
        pod("a", uid, "", RUNS),
        pod("a", uid, "", DONE),
    ];
    expect![[r"
        ns/a of ns, submit 1767600000000000, wait 60000000, tasks 1, run 120000000, gpus 0, Succeeded
        merged: 2 records, another state of the same pod
        merged: 2 jobs, another state of the same pod
        merged: 2 tasks, another state of the same pod
        job shape: the pods of one owner, or of one gang, are the tasks of one job, submitted when the first was created
        read and not kept: spec.nodeName
        run times: from the start of the first container to the end of the last; a pod that runs has run until the latest time in the file
        tenants: the namespaces of pods
    "]].assert_eq(&jobs(Format::Kubernetes, &text.join("\n")));
}

#[test]
fn lists_are_read_wherever_their_items_stand() {
    let folder = folder();
    let item = |name: &str| pod(name, ", \"labels\": {\"items\": \"]}{[\\\"\"}", "", RUNS);
    let (a, b) = (item("a"), item("b"));
    for (text, names) in [
        (
            format!("{{\"apiVersion\": \"v1\", \"items\": [{a}, {b}], \"kind\": \"List\"}}"),
            "a b",
        ),
        (
            format!(
                "{{\"kind\": \"items\", \"metadata\": {{\"items\": [1]}}, \"items\" : [ {a} ]}}\n"
            ),
            "a",
        ),
        (
            format!(
                "\u{feff}{{\"items\":[{a}]}} {{\"items\":[]}}{{\"items\":[{b}],\"metadata\":{{\"x\":\"}}\"}}}}"
            ),
            "a b",
        ),
        (format!("[{a}, {b}]"), "a b"),
        (format!("{a}{b}"), "a b"),
    ] {
        let path = write(&folder, "pods", &text);
        let head =
            head(&path, Format::Kubernetes, 9).unwrap_or_else(|error| panic!("{error}: {text}"));
        let found: Vec<&str> = head.rows.iter().map(|row| row[2].as_str()).collect();
        assert_eq!(found.join(" "), names, "{text}");
        assert!(validate(&path, Format::Kubernetes, 1).is_ok(), "{text}");
    }
    let many = "{\"items\":[]}\n".repeat(100_000);
    let path = write(&folder, "pods", many);
    assert_eq!(validate(&path, Format::Kubernetes, 1).problem_count, 1);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let wrong = |text: &str, expected: &Expect| {
        let folder = folder();
        let path = write(&folder, "pods", text);
        let check = validate(&path, Format::Kubernetes, 9);
        let problems = check.problems.iter().map(|one| format!("{one}\n"));
        expected.assert_eq(&told(folder.path(), &problems.collect::<String>()));
    };
    wrong(
        "",
        &expect![[r"
        pods:1: expected at least one pod or node, found none
          hint: the output of kubectl get pods,nodes -A -o json: items[{kind, metadata, spec, status}]
    "]],
    );
    wrong(
        "{\"items\": []}",
        &expect![[r"
        pods:1: expected at least one pod or node, found none
          hint: the output of kubectl get pods,nodes -A -o json: items[{kind, metadata, spec, status}]
    "]],
    );
    wrong(
        "{\"items\": [{\"kind\": \"Pod\"}",
        &expect![[r"
        pods:1: expected the end of the list, `]`, found the end of the file
          hint: the file is truncated; what stands before can be used
    "]],
    );
    wrong(
        "{\"items\": [{\"kind\": \"Pod\"}]",
        &expect![[r"
        pods:1: expected the end of the object around the list, `}`, found the end of the file
          hint: the file is truncated; what stands before can be used
    "]],
    );
    wrong(
        "{\"kind\": \"Pod\"",
        &expect![[r"
        pods:1: expected the rest of a value, found the end of the file
          hint: the file is truncated; what stands before can be used
    "]],
    );
    wrong(
        "{\"items\": [\n{\"kind\": 5},\n{\"kind\": \"Pod\"},\n7]}",
        &expect![[r"
            pods:2: column 10: expected a pod or node; invalid type: integer `5`, expected a string
              hint: the output of kubectl get pods,nodes -A -o json: items[{kind, metadata, spec, status}]
            pods:4: expected a pod or node as JSON, found `7`
              hint: the output of kubectl get pods,nodes -A -o json: items[{kind, metadata, spec, status}]
        "]],
    );
    let cpus = container("\"cpu\": \"2 cores\"", "");
    let spec = format!("\"containers\": [{cpus}]");
    let text = format!("{{\"items\": [\n{}\n]}}", pod("a", "", &spec, RUNS));
    wrong(
        &text,
        &expect![[r"
        pods:2: column 189: expected a pod or node; expected a quantity such as 100m, 1.5 or 2Gi, found `2 cores`
          hint: the output of kubectl get pods,nodes -A -o json: items[{kind, metadata, spec, status}]
    "]],
    );
    let status = "\"startTime\": \"yesterday\"";
    wrong(
        &pod("a", "", "", status),
        &expect![[r"
        pods:1: column 155: expected a pod or node; expected a time such as 2026-01-05T08:00:00Z, found `yesterday`
          hint: the output of kubectl get pods,nodes -A -o json: items[{kind, metadata, spec, status}]
    "]],
    );
}

#[test]
fn nodes_are_machines() {
    let folder = folder();
    let path = write(&folder, "file", Format::Kubernetes.samples()[0]);
    assert_eq!(Format::detect(&path).unwrap(), Format::Kubernetes);
    let place = folder.path().join("form");
    import(&path, None, &place, false).unwrap();
    let machines = rows::<Machine>(&Opened::open(&place).unwrap());
    let told = machines.iter().map(|one| {
        let (cpus, memory, gpus) = (one.cpus, one.memory, one.gpus);
        (
            one.name.as_str(),
            one.platform.as_deref(),
            cpus,
            memory,
            gpus,
        )
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [("n1", Some("big"), Some(63_770), Some(257_673), Some(8000))]
    );
}

#[test]
fn events_tell_when_pods_were_scheduled_and_that_they_lost_their_place() {
    let event = |reason: &str, pod: &str, minute: u32, more: &str| {
        format!(
            "{{\"kind\": \"Event\", \"reason\": \"{reason}\", \"involvedObject\": {{\"kind\": \"Pod\", \"namespace\": \"ns\", \
             \"name\": \"{pod}\"}}, \"firstTimestamp\": \"2026-01-05T08:{minute:02}:30Z\"{more}}}"
        )
    };
    let spec = format!("\"containers\": [{}]", container("\"cpu\": 1", ""));
    check(
        &[
            pod("a", "", &spec, DONE),
            pod("b", "", &spec, "\"phase\": \"Failed\""),
            event("Scheduled", "a", 0, ""),
            event("Pulled", "a", 0, ""),
            event("FailedScheduling", "b", 0, ", \"count\": 7"),
            event("FailedScheduling", "b", 1, ", \"series\": {\"count\": 2}"),
            event("Started", "b", 2, ""),
            event("Preempted", "b", 3, ""),
            event("Preempted", "gone", 3, ""),
            "{\"kind\": \"Event\", \"involvedObject\": {\"kind\": \"Node\"}}".to_owned(),
        ],
        &expect![[r"
            ns/a of ns, submit 1767600000000000, wait 30000000, tasks 1, run 120000000, cpus 1000, gpus 0, Succeeded
            ns/b of ns, submit 1767600000000000, wait 150000000, tasks 1, cpus 1000, gpus 0, Preempted
            merged: 6 records, an event of a pod
            passed over: 1 records, events that say what pods say, too
            passed over: 1 records, events of objects other than pods
            job shape: the pods of one owner, or of one gang, are the tasks of one job, submitted when the first was created
            not read: spec.containers.name
            pods that are gone: 1 pods that events tell of are not in the file: what they asked for is not known
            preemption: 2 pods lost their place to others; what they did until then is lost
            read and not kept: spec.nodeName
            records passed over: 1: events of objects other than pods
            records passed over: 1: events that say what pods say, too
            run times: from the start of the first container to the end of the last; a pod that runs has run until the latest time in the file
            run times that the source does not tell: 1 of 2 tasks
            scheduling that failed: no node was found for 1 pods, 9 times in all
            tenants: the namespaces of pods
            waits: of 1 pods they end when the pod was scheduled, which is before its images came
        "]],
    );
}
