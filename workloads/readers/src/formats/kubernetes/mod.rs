//! Pods, nodes and events of a Kubernetes cluster: `kubectl get pods,nodes,events -A -o json`, together or alone.
//!
//! Source: the API reference (core/v1 Pod, Node and Event), and how the scheduler counts: what a pod needs is the
//! most of what its containers need together and what each of its init containers needs, with sidecars
//! (init containers that restart always) among both. A list is read pod by pod, however long it is.

mod events;
mod import;
mod objects;
mod quantity;

pub use objects::Record;

use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "pods and nodes of a Kubernetes cluster (kubectl get pods,nodes -A -o json)",
    signs: &[
        Holds("\"kind\": \"Event\""),
        Holds("\"kind\":\"Event\""),
        Holds("\"kind\": \"Pod\""),
        Holds("\"kind\":\"Pod\""),
        Holds("\"kind\": \"Node\""),
        Holds("\"kind\":\"Node\""),
        Holds("\"apiVersion\": \"v1\""),
        Holds("\"apiVersion\":\"v1\""),
    ],
    unkept: &["spec.nodeName"],
    import: Ok(import::import),
    samples: &[PODS, PLAIN],
    ..Form::of::<Documents<Record>>()
};

const PODS: &str = r#"{
    "apiVersion": "v1",
    "items": [
        {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "train-0", "namespace": "ml", "uid": "u1", "creationTimestamp": "2026-01-05T08:00:00Z",
                "annotations": { "scheduling.k8s.io/group-name": "train" },
                "ownerReferences": [ { "apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "name": "train",
                    "controller": true } ]
            },
            "spec": {
                "nodeName": "n1", "priority": 1000,
                "containers": [ { "name": "main", "image": "torch:2", "resources": {
                    "requests": { "cpu": "7500m", "memory": "16Gi", "nvidia.com/gpu": "2" },
                    "limits": { "nvidia.com/gpu": "2" } } } ],
                "initContainers": [
                    { "name": "log", "restartPolicy": "Always", "resources": { "requests": { "cpu": "500m" } } },
                    { "name": "fetch", "resources": { "requests": { "cpu": "1", "memory": "32Gi" } } } ]
            },
            "status": {
                "phase": "Succeeded", "startTime": "2026-01-05T08:00:10Z",
                "containerStatuses": [ { "name": "main", "restartCount": 0, "state": { "terminated": {
                    "exitCode": 0, "startedAt": "2026-01-05T08:01:00Z", "finishedAt": "2026-01-05T09:01:00Z" } } } ]
            }
        },
        {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "web-1", "namespace": "shop", "creationTimestamp": "2026-01-05T08:00:00Z",
                "ownerReferences": [ { "kind": "ReplicaSet", "name": "web", "controller": true } ] },
            "spec": { "containers": [ { "name": "main", "resources": { "limits": { "cpu": 1.5, "memory": "128974848" } } } ] },
            "status": { "phase": "Running", "containerStatuses": [ { "name": "main",
                "state": { "running": { "startedAt": "2026-01-05T08:00:02Z" } } } ] }
        },
        {
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": "n1", "labels": { "node.kubernetes.io/instance-type": "big" } },
            "spec": { "unschedulable": true },
            "status": { "allocatable": { "cpu": "63770m", "memory": "263856796Ki", "nvidia.com/gpu": "8", "pods": "110" },
                "capacity": { "cpu": "64", "memory": "263960000Ki", "nvidia.com/gpu": "8", "pods": "110" } }
        }
    ],
    "kind": "List",
    "metadata": { "resourceVersion": "" }
}
"#;

const PLAIN: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"default"},"spec":{"containers":[]},"status":{"phase":"Pending"}}
{"apiVersion":"v1","kind":"Service","metadata":{"name":"b"}}
{"apiVersion":"v1","kind":"Event","metadata":{"name":"a.1"},"involvedObject":{"kind":"Pod","namespace":"default","name":"a"},"reason":"FailedScheduling","firstTimestamp":"2026-01-05T08:00:00Z","count":3}
"#;
