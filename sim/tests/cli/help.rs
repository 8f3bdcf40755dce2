//! What the program says of itself.

use expect_test::expect;

use crate::place::Place;

#[test]
fn help() {
    expect![[r#"
        exit 0
        --- stdout
        Compares how policies share a cluster, by deterministic simulation

        Usage: fairground <COMMAND>

        Commands:
          compare      Run a recipe under all its policies and write tables, figures and a report
          run          Run a recipe under one policy with one seed
          stream       Run a recipe under one policy in bounded memory, the jobs of traces one by one
          draw         Write what a recipe's traces come to for one seed, for a real cluster, which reads no
                       traces
          trace        Look at trace files
          policies     List the policies of every level with their sources, or explain one
          new-policy   Write a crate with a policy of your own, a test and a recipe
          pack         Place tasks that never end on nodes until these are full, as papers on fragmentation
                       do
          pool         Schedule a log of rigid jobs on one pool of processors, as papers on backfilling do
          sample       Send tasks to queues at workers that are found by asking a few of them, as Sparrow
                       does
          robust       Make a comparison again under everything that should not matter, and say what of it
                       survives
          gap          Find the smallest perturbation of a trace that makes one policy worse than another
          conformance  Hold the rules of policies against the test cases of the systems they come from
          audit        Look for what policies break: properties that do not hold, made as small as they can
                       be
          verify       Run a result folder's recipe again and compare everything
          fidelity     Simulate what a real cluster ran, and print simulated against measured
          replay       Feed the logs of real masters to a fresh core and compare every action
          bench        Measure what Fairground costs, row by row, each with an aim
          completions  Print completions for a shell
          help         Print this message or the help of the given subcommand(s)

        Options:
          -h, --help     Print help
          -V, --version  Print version

        Examples:
          fairground compare                              the built-in nine hosts, 20 seeds
          fairground compare my.toml --seeds 5            a recipe of your own
          fairground compare --set network.latency=20ms   any field of the recipe
          fairground compare --trace jobs.swf             a public trace; --dry-run shows the recipe
          fairground run --policy 'drf[round=1s]' --seed 7
          fairground stream month.toml                    a trace that does not fit into memory
          fairground trace stat jobs.tsv
          fairground trace get swim --accept-licence swim-bsd
          fairground verify results/nine-hosts

        Exit codes: 0 done, 1 the answer is no, 2 bad usage or input, 130 interrupted
    "#]]
    .assert_eq(&Place::empty().fairground("--help"));
}

#[test]
fn help_on_compare() {
    expect![[r#"
        exit 0
        --- stdout
        Run a recipe under all its policies and write tables, figures and a report

        Usage: fairground compare [OPTIONS] [RECIPE]

        Arguments:
          [RECIPE]  The recipe; the built-in nine hosts if none is named

        Options:
              --set <KEY=VALUE>      Replace a value of the recipe, as in cluster.0.agents=12 or
                                     framework.hadoop.weight=2
              --duration <SPAN>      How long jobs and requests arrive, as in 6h
              --jobs <N>             How many runs at the same time; the results do not depend on it
                                     [default: all cores]
              --check                Recount every law after every step: slow and sure
              --tasks                Write a row a task, too, into tasks.parquet
              --policies <NAMES>...  The policies, the baseline first, separated by spaces
              --seeds <N>            How many seeds
              --out <FOLDER>         Where results go [default: fairground-out/<name>]
              --dry-run              Say what would be run, and stop
          -h, --help                 Print help

        A recipe made of traces:
              --trace <PATH>           Replay this public trace: a file, a folder of parts, a canonical
                                       trace or - for standard input; one with machines is the cluster; may
                                       be given several times
              --format <FORMAT>        Its format, if file and name do not tell: swim, tpch, requests, swf,
                                       google2011-machines, google2011-jobs, google2011-tasks, alibaba2017,
                                       alibaba2018-tasks, alibaba2018-instances, alibaba2018-machines,
                                       philly, openb-nodes, openb-pods, gaia, pai-machines, dlrm,
                                       elasticflow, azure-llm, mooncake, coflow, accesslog,
                                       google2011-usage, google2019-instances, alibaba-genai,
                                       spot-gpu-nodes, azure-functions-2021, azure-functions-2019,
                                       azure-functions-2019-durations, azure-functions-2019-memory,
                                       function-replay, function-profiles, azure-vms, azure-vm-readings,
                                       cook-jobs, cook-hosts, gavel-jobs, gavel-throughputs, muri,
                                       philly-runtimes, rumen, sls, hadoop-topology, jhist, jobtracker,
                                       spark-events, spark-joblog, wfcommons, opendc-tasks,
                                       opendc-fragments, wta, gwf, bitbrains, planetlab, loads, burstgpt,
                                       sacct, slurm-nodes, kubernetes, pbs, pbs-nodes, lsf, sge,
                                       batch-hosts, condor, condor-machines, oar, batsim, batsim-jobs,
                                       simgrid-platform, nextflow, dax, pegasus, philly-jobs,
                                       philly-machines, philly-cpu, philly-gpu, philly-memory, helios,
                                       helios-gpus, acme, pai-jobs, pai-tasks, pai-instances, pai-tags,
                                       pai-sensors, pai-metrics, spot-gpu-jobs, google2019-collections,
                                       google2019-machines, google2019-usage, azure-packing,
                                       azure-packing-types, huawei-functions, huawei-requests, materna,
                                       google2010, table
              --columns <COLUMNS>      Of a plain table, which column is what, and in which unit, as in
                                       submit=arrival:s,run=seconds,cpus=cores (workloads/FORMATS.md)
              --from <SPAN>            Begin so long after the beginning of the trace [default: at once, or
                                       with the busiest week]
              --tenants <N>            How many tenants are frameworks of their own; the others are one
                                       together [default: 6]
              --sample <SHARE>         Draw this part of the jobs and requests by seed, as in 0.1
              --interarrival <FACTOR>  Multiply times between arrivals, as in 0.5 for twice the load; run
                                       times stay
              --load <SHARE>           The load a cluster is made for where the trace has no machines, as in
                                       0.9 [default: 0.8]
              --feedback <FROM>        Submit jobs when those they wait for end, and not at their logged
                                       times: which wait is in the log (`logged`: of a workload log, columns
                                       17 and 18), or follows from what its users did (`user`)
    "#]]
    .assert_eq(&Place::empty().fairground("compare --help"));
}

#[test]
fn help_on_run() {
    expect![[r#"
        exit 0
        --- stdout
        Run a recipe under one policy with one seed

        Usage: fairground run [OPTIONS] [RECIPE]

        Arguments:
          [RECIPE]  The recipe; the built-in nine hosts if none is named

        Options:
              --set <KEY=VALUE>  Replace a value of the recipe, as in cluster.0.agents=12 or
                                 framework.hadoop.weight=2
              --duration <SPAN>  How long jobs and requests arrive, as in 6h
              --jobs <N>         How many runs at the same time; the results do not depend on it [default:
                                 all cores]
              --check            Recount every law after every step: slow and sure
              --tasks            Write a row a task, too, into tasks.parquet
              --policy <NAME>    The policy [default: drf]
              --seed <N>         The seed [default: 1]
              --out <FOLDER>     Where results go [default: fairground-out/<name>-run]
          -h, --help             Print help
    "#]].assert_eq(&Place::empty().fairground("run --help"));
}

#[test]
fn help_on_trace() {
    expect![[r#"
        exit 0
        --- stdout
        Look at trace files

        Usage: fairground trace <COMMAND>

        Commands:
          stat       Count a trace: its columns, and arrivals, run times, demands, tails, tenants, load,
                     waits and estimates
          head       Show the first records of a trace as CSV
          validate   Read all of a trace and name every problem
          bench      Measure how fast traces are read, beside a reader that only finds the ends of lines
          import     Make a canonical trace of a public one, or of exported text
          export     Write a canonical trace as JSON lines; packed if the name ends with .zst
          slice      Take a part of a canonical trace
          scale      Stretch the time, load or cluster of a canonical trace
          merge      Put canonical traces together
          anonymise  Replace all names of a canonical trace by keyed hashes
          list       List the public traces that can be read, with their licences
          get        Fetch a public trace into the cache and print where its files are
          help       Print this message or the help of the given subcommand(s)

        Options:
          -h, --help  Print help
    "#]]
    .assert_eq(&Place::empty().fairground("trace --help"));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let told = Place::empty().fairground(&format!("completions {shell}"));
        assert!(told.starts_with("exit 0\n--- stdout\n"), "{told}");
        assert!(told.contains("compare"), "{shell}");
        assert!(!told.contains("--- stderr"), "{told}");
    }
}

#[test]
fn no_command() {
    let told = Place::empty().fairground("");
    assert!(told.starts_with("exit 2\n--- stderr\n"), "{told}");
    assert!(told.contains("Usage: fairground <COMMAND>"), "{told}");
}

#[test]
fn a_command_misspelt() {
    expect![[r#"
        exit 2
        --- stderr
        error: unrecognized subcommand 'comapre'

          tip: some similar subcommands exist: 'completions', 'conformance', 'compare'

        Usage: fairground <COMMAND>

        For more information, try '--help'.
    "#]]
    .assert_eq(&Place::empty().fairground("comapre"));
}
