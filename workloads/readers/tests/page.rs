//! The page of formats is written from the code.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;
use fairground_readers::Format;
use fairground_readers::canonical::import::refusal;
use fairground_readers::formats::plain::meanings;

#[test]
fn the_page_of_formats_is_true() {
    let mut page = BEGIN.to_owned();
    page += "\n| `--columns` | what it is | known as | written as |\n|---|---|---|---|\n";
    for [name, about, known, written] in meanings() {
        writeln!(page, "| `{name}` | {about} | {known} | {written} |").unwrap();
    }
    page += END;
    page += include_str!("pages/gpu-clusters.md");
    page += "\n## All formats\n";
    page += "\n| `--format` | what it holds | becomes a trace |\n|---|---|---|\n";
    for format in Format::ALL {
        let whether = refusal(format).map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"));
        writeln!(page, "| `{format}` | {} | {whether} |", format.about()).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../FORMATS.md");
    expect_file![path].assert_eq(&page);
}

const BEGIN: &str = "\
# Formats that are read

This page is written by a test from the code (`workloads/readers/tests/page.rs`). Every file may be packed (gzip, zstd,
bzip2, xz, zip, and LZ4 and Snappy as Spark writes them), and `-` is standard input; most formats may be a folder of
parts, or a zip of them. One file of a zip is named as if that were a folder: `logs.zip/part-1.csv`. What a file is,
its first lines or its name tell, or else `--format`. Tables of Arrow (IPC, Feather) are plain tables.

A folder, or a zip, may hold work and machines in two formats (`sacct.txt` and `nodes.txt`): they are one trace. What
is for people (`README`, `LICENSE`, `.md`) is passed over and named; two formats of work are refused.

```sh
fairground trace stat jobs.csv                    # what is in it, and what of it is not read
fairground trace import jobs.csv --out jobs       # one form for all, with the account of what became of it
fairground compare --trace jobs.csv               # a simulation of it
```

## A plain table

One job a row, the first line names the columns: CSV with commas, semicolons, tabs or bars between, cells in
double quotes where they have those or line ends in them, or Parquet, or Arrow; parts in a folder may be some of each.
Columns are known by the names below,
whatever their case and with blanks, points or dashes in place of `_`; whatever else is there is named as not
read. Where the names are others, somebody says which column is what:

```sh
fairground compare --trace jobs.csv --columns 'submit=arrival:s,run=seconds,cpus=cores,mem=ram:GiB'
```

In a recipe that is `columns = \"submit=arrival:s,run=seconds\"` beside `file`. What `--columns` does not say is
known by its name all the same.

**Units are stated**: at the end of a column's name (`run_s`, `mem_gib`, `Wait Time (ms)`), behind a colon in
`--columns`, by the type of a column of Parquet or Arrow, or in the cell (`16GiB`, `90s`). A number of which nobody says
the unit is refused; only cores and GPUs are what their names say. GB is 10^9 bytes, GiB 2^30. Dates are
`2026-01-05T08:00:30`, with a blank in place of the T, a fraction and a zone (`Z`, `+01:00`) or without.

**How long a job ran** is `run`, or else the time from `start` to `end`: then a job without a start never ran,
and one without an end still ran. Where nothing tells the submission, the start is taken for it. Cores, memory
and GPUs are of each of its `tasks`, of which it has one where nothing is said. An empty cell says nothing.

**Which GPUs will do** matters where machines say what theirs are: `compare --trace` then heeds it, in a recipe
`gpu_models = true` beside `file` does. It is so for every format whose work and machines tell models in the same words;
groups of agents in a recipe tell them by `attributes = { gpu_model = \"T4\" }`.
";

const END: &str = "
## The jobs of a Slurm cluster

```sh
sacct -P -a -D -S 2026-01-01 -E 2026-02-01 \\
  -o JobID,User,Account,Partition,QOS,Submit,Start,End,Elapsed,State,NNodes,AllocCPUS,ReqCPUS,ReqMem,AllocTRES,ReqTRES,Timelimit,MaxRSS,JobName > sacct.txt
scontrol show nodes > nodes.txt
fairground compare --trace sacct.txt --trace nodes.txt
```

Any columns in any order will do, as long as `JobID` (or `JobIDRaw`) is one of them; `-p` and `--delimiter` too, a
folder of parts as well. What makes a job good to replay: `Submit`, `Start` and `End` (or `Elapsed`), `State`,
`NNodes` and what it was given (`AllocTRES`, or `AllocCPUS` and `ReqMem`).

- A job is as many tasks as it has nodes, all at the same time, each with an equal part of its cores, memory and GPUs.
- **Steps** (`123.batch`) are part of their job: only what they used (`MaxRSS`) is taken from them.
- **Arrays**: each task that has started is a job (`123_4`). The row for those that have not (`123_[5-9%2]`) is one
  job with the tasks of all of them, which add no load.
- **Attempts**: a job that was preempted, requeued or lost its node has a row each time (`-D`). The last one stands
  for the job, submitted when the first was; how many were lost and how long they ran is told.
- **Texts**: names and submit lines may hold the separator and line ends. A row that can be read in one way only is
  read so, any other is refused.
- Jobs that were cancelled before they started ran for no time and add no load; jobs that still run are censored.
- `nodes.txt` may be `scontrol show nodes -o` or `slurm.conf`, too.

## The jobs of a PBS or Torque cluster

```sh
cat /var/spool/pbs/server_priv/accounting/202601* > january     # or the folder of days as it is
pbsnodes -av > pbsnodes.txt                                     # Torque: pbsnodes -a
fairground compare --trace january --trace pbsnodes.txt
```

The accounting log of PBS Professional, OpenPBS and Torque, and what Cobalt writes like it. Records of one job are put
together: `Q` when it was queued (and for whose end it waited), `S`, `R` each time it was started again, `E` its end. A
job that has only begun is censored, one that was deleted while it waited never ran.

- **Tasks** are the chunks of `select` (`2:ncpus=8:mem=16gb:ngpus=1+4:ncpus=4` are two of one size and four of another),
  or else `nodes=2:ppn=8:gpus=1`, `exec_vnode`, the hosts of `exec_host`, or `ncpus` divided by `nodect`. Memory and GPUs
  of the job as a whole are divided equally. What `place` says is not kept.
- **Arrays**: each job of one (`123[4].server`) is a job; those that did not begin are one job together (`123[].server`).
- **Attempts**: the last one stands for the job, submitted when the first was; how long the others ran is told.
- **The zone** follows from the local dates and the times since 1970 of the same record.
- Licences, reservations and suspensions are passed over, and counted.

## The jobs of an LSF cluster

```sh
lshosts -w > hosts.txt
fairground compare --trace lsb.acct --trace hosts.txt
```

`JOB_FINISH` records of `lsb.acct`, also with `LSF_HPC_EXTENSIONS=SHORT_EVENTFILE`; other records are passed over, and
`lsb.events` has none of these. A task is a host of the job with its slots as cores, so that a job on hosts of
which it had unequal parts has tasks of several sizes. Memory and GPUs are those of `rusage` in the resources in force, for
each host (`/task` and `/job` as they say), memory in MB. The limit is `runLimit`; `done(7)` in a condition is the job before.

## The jobs of a Grid Engine cluster

```sh
qhost > hosts.txt
fairground compare --trace $SGE_ROOT/default/common/accounting --trace hosts.txt
```

Sun, Open, Son of, Univa and Altair Grid Engine; times in seconds or milliseconds. Each task of an array is a job
(`123.4`), and each run that was moved or scheduled anew (`failed` 24 and 25) an earlier attempt.

- **Where the slots of a parallel job were is not told**: a slot is a task of a core. Slots of an environment whose name
  says threads or shared memory (smp, thread, omp, shm, shared, multicore, serial) are one task with as many cores; a job with GPUs
  has as many tasks as those, where its slots divide so.
- `-l` in the category: `h_rt` or `s_rt`, memory for each slot (`m_mem_free`, `mem_free`, `h_rss`, `h_vmem`,
  `virtual_free`), GPUs for the job (`gpu`, `gpus`, `ngpus`, `cuda`, `num_gpu`). Soft requests do not count.
- `qhost` and `lshosts` say nothing of GPUs: jobs with GPUs need the machines of a recipe.

## The jobs of an HTCondor pool

```sh
condor_history -long > condor_history.txt          # or -json, or the history files themselves
condor_status -long > condor_status.txt            # or -json
fairground compare --trace condor_history.txt --trace condor_status.txt
```

Ads with an attribute a line, a JSON list, history files with lines of stars, and the file of epochs, in which a job has an ad a
run. A job is a task (in the parallel universe as many as `MaxHosts`); it ran from the start of its last run until it completed, a
removed one as long as its last run took. What was asked for counts where it is a number; of an expression, what was
provisioned. Jobs of the scheduler and local universes (DAGMan itself) are passed over: they run where they are submitted. The
edges of a DAG are not in the history.

## The jobs of an OAR cluster

```sh
oarstat -J -f --sql \"state = 'Terminated'\" > oarstat.json
fairground compare --trace oarstat.json
```

Or the lists of jobs of OAR's REST API (`items`). A task is a host with an equal part of the assigned resources, each taken
for a core. A list may be of any length, an object may have 200000 jobs.

## Workloads and results of Batsim

A workload (`nb_res`, `jobs`, `profiles`) says what is to be run: submission, resources, walltime, and a profile. **How long
a job runs is known of delays and of sequences of them**, until the walltime; computations, communications and
replays of traces take what the platform has them take, so that their run times are missing, and such jobs are left to the
recipe. `out_jobs.csv` of a run has what ran when. The platform (`--trace platform.xml`) is the machines: hosts and clusters
with their cores; their speeds are their types and nothing else.

## What can be replayed from the account of a batch system

| | tasks | memory | GPUs | limit | waits for | attempts | priority | machines |
|---|---|---|---|---|---|---|---|---|
| `sacct` | a node | asked, used | yes | yes | no | yes | yes | `slurm-nodes` |
| `pbs` | a chunk | asked, used | yes, model | yes | yes | yes | no | `pbs-nodes` |
| `lsf` | a host | asked, used | yes | yes | yes | no | no | `batch-hosts` |
| `sge` | a slot | asked, used | yes, model | yes | no | yes | no | `batch-hosts` |
| `condor` | a job | asked, used | yes | where the pool has one | no | how many | yes | `condor-machines` |
| `oar` | a host | no | asked | yes | yes | no | no | no |
| `batsim` | a resource | no | no | yes | yes | no | yes | `simgrid-platform` |

All but Batsim's workloads tell when jobs were submitted, began and ended, whose they were and in which queue (an HTCondor pool
has none), so that waits of the source can be compared with those of a simulation; limits are the estimates that backfilling
needs. Jobs that never began add no load, jobs that still run are censored.

## Pods and nodes of a Kubernetes cluster

```sh
kubectl get pods,nodes,events -A -o json > cluster.json
fairground compare --trace cluster.json
```

Pods and nodes may stand in one file, in two, or pods alone; a list may be of any length, and what a watch prints
(`--watch`) is read, too: the last state of a pod counts. Objects of other kinds are passed over.

- The pods of one **owner** (a Job, a ReplicaSet) are the tasks of one job, submitted when the first was created.
  Pods of one **gang** are a job whose tasks run at the same time: `scheduling.k8s.io/group-name` (Volcano),
  `scheduling.x-k8s.io/pod-group` and `pod-group.scheduling.sigs.k8s.io` (coscheduling),
  `kueue.x-k8s.io/pod-group-name`. The namespace is the tenant.
- **What a pod needs** is counted as the scheduler counts it: the requests (or else limits) of its containers and
  sidecars together, or what an init container needs where that is more, and the overhead. GPUs are all resources that
  end in `/gpu`; other extended ones are named and not kept.
- **How long it ran**: from the start of its first container to the end of its last. A pod that runs is censored: it
  has run until the latest time in the file. A cluster forgets pods that are gone: what is in the file is what there
  was at one moment, and not all that was submitted.
- **Nodes** have what is allocatable.
- **Events** say when a pod was scheduled, which ends its wait before its images come, that it was preempted, and how
  often no node was found; how many pods they tell of that are gone is told. A cluster keeps them for an hour.

## The tasks of a Nextflow workflow

```sh
nextflow run pipeline.nf -with-trace trace.txt
fairground compare --trace trace.txt
```

Any columns in any order will do, as long as `task_id` is one of them: for people (`1h 2m 3s`, `4.5 GB`) or raw
(`trace.raw = true`), with tabs or any other separator. What makes a trace good to replay:

```groovy
trace.fields = 'task_id,process,name,status,attempt,submit,start,complete,realtime,cpus,memory,time,queue,peak_rss,%cpu,rchar,wchar'
```

- A task is a job that comes when Nextflow submitted it. Who waits for whom is in no trace file: what can be replayed is
  the load that came, and not the workflow under another order. A folder of trace files is one run each.
- **How long it ran** is `realtime`, or else the time from `start` to `complete`. What it waited is the time before
  its start, or what `duration` has more than `realtime`.
- **Attempts** that failed and were tried again are one job, submitted when the first was; how many were lost and how
  long they ran is told. `CACHED` tasks are passed over: the run did not do them.
- Tasks of a run that was broken off never started, or are censored if they ran.
- GB is 1024 MB, as Nextflow writes it; memory that nobody asked for is what was used (`peak_rss`, `rss`); `%cpu` gives
  the processor time, `time` the estimate.

## Abstract workflows of Pegasus

DAX (XML, versions 2 and 3, as the workflow generator, WorkflowSim and WRENCH write and read it) and Pegasus 5 (YAML).
A workflow is one job whose stages are its tasks, each of which waits for its parents; a folder has several.

- **How long a task runs** is its `runtime`, in seconds, or else what its profile expects (`pegasus.runtime`). A workflow
  that tells neither has tasks of no known run time.
- Cores are `numcores` or the profiles `pegasus.cores`, or `nodes` times `ppn`, or `condor.request_cpus`; memory
  `pegasus.memory` or `condor.request_memory` (MB are 2^20 bytes); GPUs `pegasus.gpus` or `condor.request_gpus`. A task that
  asks for several nodes is one task a node.
- A task reads and writes the sizes of the files that it uses. Tasks that are workflows of their own stay one task.
- Aliases of YAML are refused; no element or text may be longer than 16 MiB, no file of YAML longer than 64 MiB.

";
