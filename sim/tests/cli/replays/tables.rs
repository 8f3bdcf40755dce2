//! Tables that people make themselves: what is in them, and that they run.

use expect_test::expect;
use fairground_readers::Format;

use super::check;
use crate::place::Place;

/// Two users; the columns have names of their own.
const JOBS: &str = "\
who,arrival,seconds,cores,ram,colour
ann,0,600,4,2,red
bob,60,300,2,1,
ann,120,1200,1,1,blue
";
const COLUMNS: &str = "user=who,submit=arrival:s,run=seconds,mem=ram:GiB";

#[test]
fn a_table_becomes_a_recipe_that_reads_it_again() {
    let place = Place::with("jobs.csv", JOBS);
    let arguments = format!("compare --trace jobs.csv --columns {COLUMNS} --dry-run");
    let told = place.fairground(&arguments);
    let (_, recipe) = told.split_once("--- stdout\n").unwrap();
    let (recipe, _) = recipe.split_once("--- stderr\n").unwrap();
    expect![[r#"
        name = "jobs"
        title = "jobs: static partitions against one pool"
        about = "jobs.csv holds a plain table: one job a row, columns by their names (CSV, Parquet or Arrow), 3 jobs of 2 tenants. Replayed: 2m from its beginning, all 3 jobs. Its machines are not told: 2 agents of cpus:4 mem:4096 were assumed, as many as make a load of 80.0 %. Over the recipe's 10m, the work asks for 72.5 % of their CPUs and 41.2 % of their memory. A partition has agents in proportion to the load of its framework."
        duration = "10m"
        seeds = 1
        first_seed = 1
        policies = ["static", "drf"]

        [[cluster]]
        agents = 2
        cpus = 4
        mem = "4GiB"
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
        name = "ann"
        share = 1
        weight = 1
        scheduler = "fair"
        refuse = "5m"

        [framework.workload.trace]
        file = "jobs.csv"
        columns = "submit=arrival:s,run=seconds,mem=ram:gib,user=who"
        from = "0s"
        tenants = ["ann"]
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
        file = "jobs.csv"
        columns = "submit=arrival:s,run=seconds,mem=ram:gib,user=who"
        from = "0s"
        tenants = ["bob"]
        cpus = 1
        mem = "1GiB"
        largest_cpus = 64
        largest_mem = "256GiB"
        run = "10m"
        every = "1m"
        step = "1m"
    "#]].assert_eq(recipe);
    place.write("jobs.toml", recipe);
    let ran = place.fairground("compare jobs.toml --out out --policies drf");
    assert!(ran.starts_with("exit 0\n"), "{ran}");
    place.write(
        "swf.toml",
        recipe.replacen("columns =", "format = \"swf\"\ncolumns =", 1),
    );
    let refused = place.fairground("compare swf.toml --dry-run");
    expect![[r"
        exit 2
        --- stderr
        error: swf.toml: framework `ann`: jobs.csv: parameter `columns`: no effect: swf has columns of its own; found submit=arrival:s,run=seconds,mem=ram:gib,user=who
          hint: leave it out
    "]].assert_eq(&refused);
}

#[test]
fn what_is_in_a_table_is_told() {
    let place = Place::with("jobs.csv", JOBS);
    let told = |command: &str| place.fairground(&format!("{command} --columns {COLUMNS}"));
    expect![[r"
        exit 0
        --- stdout
        job,submit_s,run_s,tasks,cpus,mem_mib,gpus,user,queue,outcome
        ,0,600,1,4,2048,,ann,,
        ,60,300,1,2,1024,,bob,,
    "]]
    .assert_eq(&told("trace head jobs.csv -n 2"));
    expect![[r#"
        exit 0
        --- stdout
        jobs: 3
        tasks: 3
        columns: 6
        first_s: 0
        last_s: 120
        sorted_by_submission: yes
        users: 2
        queues: 
        gpu_models: 
        outcomes: 
        read_as: submit = arrival (s), run = seconds (s), cpus = cores (cores), mem = ram (gib), user = who
        blank_lines: 0
        lines_not_utf8: 0
        not_read: colour

        column  unit                    n        min        p50         p95         max         sum
        run_s   millionths of a second  3  300000000  600000000  1200000000  1200000000  2100000000
        cpus    thousandths of a core   3       1000       2000        4000        4000        7000
        mem     MiB                     3       1024       1024        2048        2048        4096
        gpus    thousandths of a GPU    0          0          0           0           0           0

        arrivals  n  there_before  over_s  an_hour  gaps_cv  at_once  minute_peak  hour_peak  day_peak  hour_dispersion
        jobs      3             0     120       90        0        0            1          -         -                -

        run_times  tasks  share
        known          3  100 %

        of                  n     min      p50      p95      p99      max     mean      cv  top_1%_has
        task_run_s          3     300      600     1200     1200     1200      700  0.5345     1.714 %
        job_longest_task_s  3     300      600     1200     1200     1200      700  0.5345     1.714 %
        job_tasks           3       1        1        1        1        1        1       0         1 %
        task_cpus           3    1000     2000     4000     4000     4000     2333  0.5345     1.714 %
        task_memory         3    1024     1024     2048     2048     2048     1365  0.3536       1.5 %
        job_cpus_x_s        3  600000  1200000  2400000  2400000  2400000  1400000  0.5345     1.714 %
        job_memory_x_s      3  307200  1228800  1228800  1228800  1228800   921600  0.4714     1.333 %
        gap_of_jobs_s       2      60       60       60       60       60       60       0         1 %

        correlation_of    tasks  amounts  logarithms  ranks
        cpus_with_memory      3   0.9449       0.866  0.866
        cpus_with_run         3     -0.5        -0.5      -
        memory_with_run       3   -0.189           0      -

        demand  cpus  memory  gpus  tasks    share
        1       1000    1024     -      1  33.33 %
        2       2000    1024     -      1  33.33 %
        3       4000    2048     -      1  33.33 %

        tenant  jobs  tasks     work
        ann        2      2  85.71 %
        bob        1      1  14.29 %
    "#]].assert_eq(&told("trace stat jobs.csv"));
    expect![[r"
        exit 0
        --- stdout
        jobs.csv: table, 3 records, 0 problems, 0 warnings
    "]]
    .assert_eq(&told("trace validate jobs.csv"));
    expect![[r#"
        exit 0
        --- stdout
        format: table
        account  found  imported  merged  dropped  passed over
        records      3         3       0        0            0
        jobs         3         3       0        0            0
        tasks        3         3       0        0            0
        tenants: 2
        jobs: 3
        tasks: 3
        cpus: thousandths of a core
        memory: MiB
        assumed: columns: submit = arrival (s), run = seconds (s), cpus = cores (cores), mem = ram (gib), user = who
        assumed: not read: colour
        digest: c5f7e1d7fe761a4e07fd06433a0203f1ce0109e65e6d03786f6c85671a98e17b
    "#]].assert_eq(&told("trace import jobs.csv --out form"));
}

/// An account of two users and the nodes they ran on.
const SACCT: &str = "\
JobID|User|State|Submit|Start|End|NNodes|AllocCPUS|ReqMem|JobName
1|ann|COMPLETED|2026-01-05T08:00:00|2026-01-05T08:00:10|2026-01-05T08:10:10|2|8|4G|a | b
1.batch||COMPLETED|2026-01-05T08:00:10|2026-01-05T08:00:10|2026-01-05T08:10:10|1|4||batch
2_1|bob|TIMEOUT|2026-01-05T08:01:00|2026-01-05T08:01:00|2026-01-05T08:06:00|1|1|1Gc|c
2_[2-3]|bob|PENDING|2026-01-05T08:01:00|Unknown|Unknown|1|1|1Gc|c
";
const NODES: &str = "NodeName=n[1-3] CPUs=4 RealMemory=8000\n";

#[test]
fn an_account_runs_on_its_nodes() {
    let place = Place::with("sacct.txt", SACCT);
    place.write("slurm.conf", NODES);
    let both = "--trace sacct.txt --trace slurm.conf";
    let said = place.fairground(&format!("compare {both} --dry-run"));
    let about = said.lines().find(|line| line.starts_with("about = "));
    expect![[r#"about = "sacct.txt holds jobs of a Slurm cluster, any columns in any order (sacct -P), 3 jobs of 2 tenants. Replayed: 1m from its beginning, all 3 jobs. Left out: 1 job that never started, `2_[2-3]` first. The cluster is the trace's own machines: 3. Over the recipe's 10m, the work asks for 70.8 % of their CPUs and 19.2 % of their memory. A partition has agents in proportion to the load of its framework.""#]].assert_eq(about.unwrap_or(&said));
    let ran = place.fairground(&format!("compare {both} --out out"));
    assert!(ran.starts_with("exit 0\n"), "{ran}");
}

#[test]
fn pods_run_on_the_nodes_of_their_file() {
    let place = Place::with("cluster.json", Format::Kubernetes.samples()[0]);
    let said = place.fairground("compare --trace cluster.json --dry-run");
    let about = said.lines().find(|line| line.starts_with("about = "));
    expect![[r#"about = "cluster.json holds pods and nodes of a Kubernetes cluster (kubectl get pods,nodes -A -o json), 2 jobs of 2 tenants. Replayed: what arrives at its beginning, all 2 jobs. The cluster is the trace's own machines: 1. Over the recipe's 10m, the work asks for 14.9 % of their CPUs, 12.8 % of their memory and 25.0 % of their GPUs. A partition has agents in proportion to the load of its framework. Tasks of a job start together, and some partitions are too small for jobs of their frameworks, which can never run there: 1 of the 1 job of shop on 0 agents; fewer frameworks (--tenants) have larger partitions.""#]].assert_eq(about.unwrap_or(&said));
    let ran = place.fairground("compare --trace cluster.json --out out");
    assert!(ran.starts_with("exit 0\n"), "{ran}");
    let stat = place.fairground("trace stat cluster.json");
    expect![[r#"
        exit 0
        --- stdout
        pods: 2
        nodes: 1
        events: 0
        other_objects: 0
        node_cpus: 63.77
        node_mem_mib: 257673
        node_gpus: 8
        namespaces: 2
        phases: Running: 1, Succeeded: 1
        owners: Job: 1, ReplicaSet: 1
        pods_in_gangs: 1
        first_s: 1767600000
        last_s: 1767600000
        not_read: apiVersion, metadata.ownerReferences.apiVersion, spec.containers.name, spec.initContainers.name, status.containerStatuses.name, status.containerStatuses.state.terminated.exitCode

        column  unit                    n         min         p50         p95         max         sum
        run_s   millionths of a second  1  3600000000  3600000000  3600000000  3600000000  3600000000
        cpus    thousandths of a core   2        1500        1500        8000        8000        9500
        mem     MiB                     2         123         123       32768       32768       32891
        gpus    thousandths of a GPU    1        2000        2000        2000        2000        2000

        arrivals  n  there_before  over_s  an_hour  gaps_cv  at_once  minute_peak  hour_peak  day_peak  hour_dispersion
        jobs      2             0       0        -        -        1            -          -         -                -

        run_times             tasks  share
        known                     1   50 %
        cut_off_by_the_trace      1   50 %

        of                  n      min      p50        p95        p99        max      mean      cv  top_1%_has
        task_run_s          1     3600     3600       3600       3600       3600      3600       0         1 %
        job_longest_task_s  1     3600     3600       3600       3600       3600      3600       0         1 %
        job_tasks           2        1        1          1          1          1         1       0         1 %
        task_cpus           2     1500     1500       8000       8000       8000      4750  0.6842     1.684 %
        task_memory         2      123      123      32768      32768      32768     16446  0.9925     1.993 %
        task_gpus           2        0        0       2000       2000       2000      1000       1         2 %
        job_cpus_x_s        2  5487000  5487000   28800000   28800000   28800000  17143500  0.6799      1.68 %
        job_memory_x_s      2   449934   449934  117964800  117964800  117964800  59207367  0.9924     1.992 %
        job_gpus_x_s        2        0        0    7200000    7200000    7200000   3600000       1         2 %
        wait_s              2        2        2         60         60         60        31  0.9355     1.935 %
        slowdown            1    1.016    1.016      1.016      1.016      1.016     1.016       0         1 %

        correlation_of    tasks  amounts  logarithms  ranks
        cpus_with_memory      2        1           1      1
        cpus_with_gpus        2        1           -      1
        memory_with_gpus      2        1           -      1

        job_outcome  jobs  share
        Running         1   50 %
        Succeeded       1   50 %

        demand  cpus  memory  gpus  tasks  share
        1       1500     123     0      1   50 %
        2       8000   32768  2000      1   50 %

        tenant  jobs  tasks  work
        ml         1      1  84 %
        shop       1      1  16 %
    "#]].assert_eq(&stat);
}

/// What comes from standard input is read as a file is, and nothing of it stays.
#[test]
fn standard_input_is_a_file() {
    let place = Place::with("jobs.csv", JOBS);
    for command in [
        "trace head",
        "trace stat",
        "trace validate",
        "trace import --out form",
        "compare --dry-run --trace",
    ] {
        let told = |file: &str| {
            let command = format!("{command} {file} --columns {COLUMNS}");
            let told = place.fairground_told(&command, JOBS);
            let _ = std::fs::remove_dir_all(place.path("form"));
            told.replace("jobs.csv", "-").replace("jobs", "trace")
        };
        let of_file = told("jobs.csv");
        assert!(of_file.starts_with("exit 0"), "{of_file}");
        assert_eq!(told("-"), of_file, "{command}");
    }
    let temporary = Place::empty();
    let mut command = place.command(env!("CARGO_BIN_EXE_fairground"));
    command.env("TMPDIR", temporary.path("."));
    command.args(["compare", "--trace", "-", "--out", "out"]);
    let file = std::fs::File::open(place.path("jobs.csv")).unwrap();
    let output = command.args(["--columns", COLUMNS]).stdin(file).output();
    let told = crate::place::told(&output.unwrap());
    assert!(told.starts_with("exit 0"), "{told}");
    assert_eq!(temporary.names("."), "\n");
    assert!(place.read("out/recipe.toml").contains("file = \"-\""));
    expect![[r"
        exit 2
        --- stderr
        error: -: the name does not tell the format
          hint: say which one it is with --format (`trace stat --help` lists them)
    "]]
    .assert_eq(&place.fairground_told("trace stat -", "what\n"));
}

#[test]
fn columns_of_what_is_no_plain_table_are_refused() {
    let swf = ("log.swf", super::LOG);
    check(
        &[swf],
        "trace stat log.swf --format swf --columns run=x",
        &expect![[r"
            exit 2
            --- stderr
            error: log.swf: --columns: no effect: swf has columns of its own; found run=x
              hint: leave it out
        "]],
    );
    check(
        &[swf],
        "compare --trace log.swf --format swf --columns run=x",
        &expect![[r"
            exit 2
            --- stderr
            error: log.swf: --columns: no effect: swf has columns of its own; found run=x
              hint: leave it out
        "]],
    );
    check(
        &[("jobs.csv", JOBS)],
        "trace stat jobs.csv --columns run=",
        &expect![[r"
            exit 2
            --- stderr
            error: invalid value 'run=' for '--columns <COLUMNS>': expected the name of a column, found `run=`

            For more information, try '--help'.
        "]],
    );
}
