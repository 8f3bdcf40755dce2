//! Traces with machines of their own.

use expect_test::expect;

use super::check;

/// Nodes with GPUs, and pods that ask for them.
const NODES: &str = "\
sn,cpu_milli,memory_mib,gpu,model
node-0,32000,131072,2,T4
node-1,64000,262144,0,
";
const PODS: &str = "\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
pod-0,8000,30517,1,500,,LS,Succeeded,0,900,0
pod-1,8000,30517,1,500,,BE,Succeeded,10,910,10
pod-2,4000,15258,2,1000,,BE,Succeeded,20,920,20
";

/// Machines of Google's cell: one changes its size, one comes later.
pub(super) const MACHINES: &str = "\
0,1,0,a,0.5,0.5
0,2,0,b,1,1
700000000,1,2,a,0.25,0.5
900000000,3,0,a,0.5,0.25
";
/// A job of two tasks, one of which has no end in the trace.
const TASKS: &str = "\
600000000,,5,0,,0,alice,2,9,0.125,0.125,0.0001,0
600000000,,5,1,,0,alice,2,9,0.125,0.125,0.0001,0
610000000,,5,0,1,1,alice,2,9,0.125,0.125,0.0001,0
620000000,,5,1,2,1,alice,2,9,0.125,0.125,0.0001,0
700000000,,6,0,,0,bob,2,9,0.25,0.125,0.0001,0
710000000,,6,0,2,1,bob,2,9,0.25,0.125,0.0001,0
900000000,,5,0,1,4,alice,2,9,0.125,0.125,0.0001,0
990000000,,6,0,2,4,bob,2,9,0.25,0.125,0.0001,0
";

#[test]
fn nodes_are_the_cluster_of_pods() {
    let files = [("openb_pods.csv", PODS), ("openb_nodes.csv", NODES)];
    let arguments = "compare --trace openb_pods.csv --trace openb_nodes.csv --seeds 1 --out out";
    check(
        &files,
        arguments,
        &expect![[r#"
            exit 0
            --- stdout
            Jobs: time from submission to the end

            framework  policy  verdict         mean   change      median    95th pct  worse  unfinished
            BE         static  baseline    22.4 min        –      15 min    29.8 min      –         0 %
                       drf     one seed    22.4 min    0.0 %      15 min    29.8 min    0 %         0 %
            LS         static  baseline  ≥ 29.8 min        –  ≥ 29.8 min  ≥ 29.8 min      –       100 %
                       drf     one seed      15 min  −49.7 %      15 min      15 min    0 %         0 %

            Changes are against static, on the same trace, from one seed, so without an interval; pp: percentage
            points. Worse: jobs more than 1 % later than under static, or never finished. A job that never
            finishes counts as the longest time any job took, or the replay's length; a value with one is a
            lower bound (≥).

            drf instead of static (3 jobs, one seed, which says nothing about chance): LS is better off (mean
            completion 49.7 % lower); nobody is worse off; no difference for BE (mean completion the same). All
            jobs together: mean completion time 19.9 % lower, 1.25 times sooner; the median job's the same.
            Never finished: 1 job under static, 0 under drf; each counts as the longest time any job took, or
            the replay's length if that is longer.

            report: out/report.html
            --- stderr
            warning: static: 1 jobs of LS can never run: a task, or a gang, is larger than the agents it may use
        "#]],
    );
}

/// The same nodes, and pods that ask for models that some of them have, and for one that none has.
const CHOOSY: &str = "\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
pod-0,8000,30517,1,500,T4|P100,LS,Succeeded,0,900,0
pod-1,8000,30517,1,500,G2|G3,LS,Succeeded,10,910,10
pod-2,4000,15258,2,1000,,BE,Succeeded,20,920,20
";

#[test]
fn pods_run_on_models_that_they_ask_for() {
    let files = [("openb_pods.csv", CHOOSY), ("openb_nodes.csv", NODES)];
    let arguments =
        "compare --trace openb_pods.csv --trace openb_nodes.csv --seeds 1 --policies drf --out out";
    check(
        &files,
        arguments,
        &expect![[r#"
        exit 0
        --- stdout
        Jobs: time from submission to the end

        framework  policy  verdict       mean  change    median  change  95th pct  change  worse  unfinished
        BE         drf     baseline  29.7 min       –  29.7 min       –  29.7 min       –      –         0 %
        LS         drf     baseline    15 min       –    15 min       –    15 min       –      –         0 %

        report: out/report.html
        --- stderr
        warning: drf: 1 jobs of LS can never run: a task, or a gang, is larger than the agents it may use, or none of them has GPUs of a model that it asks for
    "#]],
    );
    let arguments = "compare --trace openb_pods.csv --trace openb_nodes.csv --dry-run";
    check(
        &files,
        arguments,
        &expect![[r#"
        exit 0
        --- stdout
        name = "openb-pods"
        title = "openb-pods: static partitions against one pool"
        about = "openb_pods.csv holds pods that share GPUs (Alibaba cluster-trace-gpu-v2023, openb_pod_list), 3 jobs of 2 tenants. Replayed: 20s from its beginning, all 3 jobs. The cluster is the trace's own machines: 2. Tasks run on GPUs of a model that they ask for. No machine has G2 or G3. Over the recipe's 10m, the work asks for 20.6 % of their CPUs, 19.1 % of their memory and 146.2 % of their GPUs. A partition has agents in proportion to the load of its framework."
        duration = "10m"
        seeds = 3
        first_seed = 1
        policies = ["static", "drf"]

        [machines]
        file = "openb_nodes.csv"
        from = "0s"
        cpus = 64
        mem = "256GiB"
        largest_cpus = 64
        largest_mem = "256GiB"

        [network]
        latency = "0s"
        jitter = "0s"
        think = "0s"
        detection = "0s"

        [costs]
        start = "0s"
        stragglers = 0
        slowdown = 10

        [faults]

        [[framework]]
        name = "BE"
        share = 1
        weight = 1
        scheduler = "fair"
        refuse = "5m"

        [framework.workload.trace]
        file = "openb_pods.csv"
        from = "0s"
        tenants = ["BE"]
        gpu_models = true
        cpus = 1
        mem = "1GiB"
        largest_cpus = 64
        largest_mem = "256GiB"
        run = "10m"
        every = "1m"
        step = "1m"

        [[framework]]
        name = "LS"
        share = 1
        weight = 1
        scheduler = "fair"
        refuse = "5m"

        [framework.workload.trace]
        file = "openb_pods.csv"
        from = "0s"
        tenants = ["LS"]
        gpu_models = true
        cpus = 1
        mem = "1GiB"
        largest_cpus = 64
        largest_mem = "256GiB"
        run = "10m"
        every = "1m"
        step = "1m"
        --- stderr
        openb-pods (the recipe of the traces)
        openb-pods: static partitions against one pool

        cluster     2 agents, cpus:96 mem:393216 gpus:2 MiB
        duration    10m
        failures    0 in the first seed
        framework   BE (trace), share 1, weight 1, scheduler fair: 1 jobs, 1 tasks in the first seed
        framework   LS (trace), share 1, weight 1, scheduler fair: 2 jobs, 2 tasks in the first seed
        policies    static, drf
        seeds       3 (1 to 3)
        runs        6
        results     fairground-out/openb-pods
    "#]],
    );
}

#[test]
fn machines_are_as_many_as_they_are() {
    let files = [("task_events.csv", TASKS), ("machine_events.csv", MACHINES)];
    check(
        &files,
        "compare --trace task_events.csv --trace machine_events.csv --load 0.5",
        &expect![[r#"
            exit 2
            --- stderr
            error: `--load`: no effect: the cluster is the machines of the trace; found 0.5
              hint: leave it out
        "#]],
    );
}

#[test]
fn machines_come_and_change_as_the_trace_says() {
    let files = [("task_events.csv", TASKS), ("machine_events.csv", MACHINES)];
    let traces = "compare --trace task_events.csv --trace machine_events.csv --check";
    check(
        &files,
        &format!("{traces} --dry-run"),
        &expect![[r#"
            exit 0
            --- stdout
            name = "task-events"
            title = "task-events: static partitions against one pool"
            about = "task_events.csv holds what happens to tasks; a file or a folder of parts (Google ClusterData 2011, task_events), 2 jobs of 2 tenants. Replayed: 1m 40s from its beginning, all 2 jobs. The cluster is the trace's own machines: 3, of 2 platforms, with 2 changes of capacity, as they come, go or change their size. Over the recipe's 10m, the work asks for 12.7 % of their CPUs and 11.2 % of their memory. A partition has agents in proportion to the load of its framework."
            duration = "10m"
            seeds = 3
            first_seed = 1
            policies = ["static", "drf"]

            [machines]
            file = "machine_events.csv"
            from = "10m"
            cpus = 64
            mem = "256GiB"
            largest_cpus = 64
            largest_mem = "256GiB"

            [network]
            latency = "0s"
            jitter = "0s"
            think = "0s"
            detection = "0s"

            [costs]
            start = "0s"
            stragglers = 0
            slowdown = 10

            [faults]

            [[framework]]
            name = "alice"
            share = 2
            weight = 1
            scheduler = "fair"
            refuse = "5m"

            [framework.workload.trace]
            file = "task_events.csv"
            from = "0s"
            tenants = ["alice"]
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"

            [[framework]]
            name = "bob"
            share = 1
            weight = 1
            scheduler = "fair"
            refuse = "5m"

            [framework.workload.trace]
            file = "task_events.csv"
            from = "0s"
            tenants = ["bob"]
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"
            --- stderr
            task-events (the recipe of the traces)
            task-events: static partitions against one pool

            cluster     3 agents, cpus:128 mem:458752 MiB
            duration    10m
            failures    2 in the first seed
            framework   alice (trace), share 2, weight 1, scheduler fair: 1 jobs, 2 tasks in the first seed
            framework   bob (trace), share 1, weight 1, scheduler fair: 1 jobs, 1 tasks in the first seed
            policies    static, drf
            seeds       3 (1 to 3)
            runs        6
            results     fairground-out/task-events
        "#]],
    );
    check(
        &files,
        &format!("{traces} --seeds 1"),
        &expect![[r#"
            exit 0
            --- stdout
            Jobs: time from submission to the end

            framework  policy  verdict       mean   change    median  95th pct  worse  unfinished
            alice      static  baseline  6.17 min        –  6.17 min  6.17 min      –         0 %
                       drf     one seed  6.17 min    0.0 %  6.17 min  6.17 min    0 %         0 %
            bob        static  baseline     8 min        –     8 min     8 min      –         0 %
                       drf     one seed  4.67 min  −41.7 %  4.67 min  4.67 min    0 %         0 %

            Changes are against static, on the same trace, from one seed, so without an interval; pp: percentage
            points. Worse: jobs more than 1 % later than under static, or never finished.

            drf instead of static (2 jobs, one seed, which says nothing about chance): bob is better off (mean
            completion 41.7 % lower); nobody is worse off; no difference for alice (mean completion the same).
            All jobs together: mean completion time 23.5 % lower, 1.31 times sooner; the median job's 23.6 %
            lower, 1.31 times sooner.

            report: fairground-out/task-events/report.html
        "#]],
    );
}
