//! Traces that tell no tenants.

use expect_test::expect;

use super::check;

#[test]
fn a_trace_without_tenants_is_dealt() {
    let jobs = "one\t0\t0\t1000\t2000\t3000\ntwo\t10\t10\t500\t0\t70\nthree\t25\t15\t0\t0\t9\n";
    let arguments = "compare --trace jobs.tsv --sample 0.5 --dry-run";
    check(
        &[("jobs.tsv", jobs)],
        arguments,
        &expect![[r#"
            exit 0
            --- stdout
            name = "jobs"
            title = "jobs: static partitions against one pool"
            about = "jobs.tsv holds Hadoop jobs: submission and bytes, tab-separated (SWIM, Facebook 2009), 3 jobs. Replayed: 25s from its beginning, 50.0 % of the 3 jobs in it. The trace tells no tenants: the jobs are dealt to 4 made-up ones at random. Its machines are not told: 4 agents of cpus:1 mem:2048 were assumed, one for each framework. Over the recipe's 10m, the work asks for 0.0 to 24.6 % of their CPUs and 0.0 to 12.3 % of their memory. A partition has agents in proportion to the load of its framework in seed 1."
            duration = "10m"
            seeds = 3
            first_seed = 1
            policies = ["static", "drf"]

            [[cluster]]
            agents = 4
            cpus = 1
            mem = "2GiB"
            disk = "0B"
            gpus = 0

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
            name = "tenant 1"
            share = 1
            weight = 1
            scheduler = "fair"
            refuse = "5m"

            [framework.workload.trace]
            file = "jobs.tsv"
            from = "0s"
            sample = 0.5
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"

            [framework.workload.trace.dealt]
            part = 1
            of = 4

            [[framework]]
            name = "tenant 2"
            share = 1
            weight = 1
            scheduler = "fair"
            refuse = "5m"

            [framework.workload.trace]
            file = "jobs.tsv"
            from = "0s"
            sample = 0.5
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"

            [framework.workload.trace.dealt]
            part = 2
            of = 4

            [[framework]]
            name = "tenant 3"
            share = 1
            weight = 1
            scheduler = "fair"
            refuse = "5m"

            [framework.workload.trace]
            file = "jobs.tsv"
            from = "0s"
            sample = 0.5
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"

            [framework.workload.trace.dealt]
            part = 3
            of = 4

            [[framework]]
            name = "tenant 4"
            share = 1
            weight = 1
            scheduler = "fair"
            refuse = "5m"

            [framework.workload.trace]
            file = "jobs.tsv"
            from = "0s"
            sample = 0.5
            cpus = 1
            mem = "1GiB"
            largest_cpus = 64
            largest_mem = "256GiB"
            run = "10m"
            every = "1m"
            step = "1m"

            [framework.workload.trace.dealt]
            part = 4
            of = 4
            --- stderr
            jobs (the recipe of the traces)
            jobs: static partitions against one pool

            cluster     4 agents, cpus:4 mem:8192 MiB
            duration    10m
            failures    0 in the first seed
            framework   tenant 1 (trace), share 1, weight 1, scheduler fair: 0 jobs, 0 tasks in the first seed
            framework   tenant 2 (trace), share 1, weight 1, scheduler fair: 0 jobs, 0 tasks in the first seed
            framework   tenant 3 (trace), share 1, weight 1, scheduler fair: 1 jobs, 1 tasks in the first seed
            framework   tenant 4 (trace), share 1, weight 1, scheduler fair: 0 jobs, 0 tasks in the first seed
            policies    static, drf
            seeds       3 (1 to 3)
            runs        6
            results     fairground-out/jobs
        "#]],
    );
}
