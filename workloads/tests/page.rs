//! The page of formats is written from the code.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;
use fairground_workloads::Format;
use fairground_workloads::canonical::import::refusal;
use fairground_workloads::formats::plain::meanings;

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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("FORMATS.md");
    expect_file![path].assert_eq(&page);
}

const BEGIN: &str = "\
# Formats that are read

This page is written by a test from the code (`workloads/tests/page.rs`). Every file may be packed (gzip, zstd,
bzip2, xz), and `-` is standard input; most formats may be a folder of parts. What a file is, its first lines or
its name tell, or else `--format`.

```sh
fairground trace stat jobs.csv                    # what is in it, and what of it is not read
fairground trace import jobs.csv --out jobs       # one form for all, with the account of what became of it
fairground compare --trace jobs.csv               # a simulation of it
```

## A plain table

One job a row, the first line names the columns: CSV with commas, semicolons, tabs or bars between, cells in
double quotes where they have those or line ends in them, or Parquet. Columns are known by the names below,
whatever their case and with blanks, points or dashes in place of `_`; whatever else is there is named as not
read. Where the names are others, somebody says which column is what:

```sh
fairground compare --trace jobs.csv --columns 'submit=arrival:s,run=seconds,cpus=cores,mem=ram:GiB'
```

In a recipe that is `columns = \"submit=arrival:s,run=seconds\"` beside `file`. What `--columns` does not say is
known by its name all the same.

**Units are stated**: at the end of a column's name (`run_s`, `mem_gib`, `Wait Time (ms)`), behind a colon in
`--columns`, by the type of a column of Parquet, or in the cell (`16GiB`, `90s`). A number of which nobody says
the unit is refused; only cores and GPUs are what their names say. GB is 10^9 bytes, GiB 2^30. Dates are
`2026-01-05T08:00:30`, with a blank in place of the T, a fraction and a zone (`Z`, `+01:00`) or without.

**How long a job ran** is `run`, or else the time from `start` to `end`: then a job without a start never ran,
and one without an end still ran. Where nothing tells the submission, the start is taken for it. Cores, memory
and GPUs are of each of its `tasks`, of which it has one where nothing is said. An empty cell says nothing.
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
## Pods and nodes of a Kubernetes cluster

```sh
kubectl get pods,nodes -A -o json > cluster.json
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

";
