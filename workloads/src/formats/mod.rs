//! The public trace formats that can be read, one file each, and how to tell them apart.
//!
//! Every reader is an iterator over `Result<Record, ReadError>`: a simulation stops at the first
//! error, [`validate`] goes on and lists them all.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{ReadError, quoted};
use form::Form;

pub mod accesslog;
pub mod alibaba2017;
pub mod alibaba2018;
pub mod azure_functions;
pub mod azure_llm;
pub mod azure_vm;
pub mod coflow;
pub mod cook;
pub mod dlrm;
pub mod elasticflow;
pub mod gaia;
pub mod gavel;
pub mod genai;
pub mod google2011;
pub mod google2019;
pub mod hadoop;
pub mod loads;
pub mod mooncake;
pub mod muri;
pub mod openb;
pub mod opendc;
pub mod pai;
pub mod philly;
pub mod philly_runtimes;
pub mod planetlab;
pub mod requests;
pub mod spark;
pub mod spot_gpu;
pub mod swf;
pub mod swim;
pub mod tpch;
pub mod wfcommons;

pub mod documents;
pub mod place;
pub mod rows;
pub mod sheets;

pub(crate) mod archive;
pub(crate) mod cells;
pub(crate) mod clock;
pub(crate) mod columns;
pub(crate) mod detect;
pub(crate) mod figures;
pub(crate) mod form;
pub(crate) mod lines;
pub(crate) mod prelude;
pub(crate) mod seen;
pub(crate) mod source;
pub(crate) mod survey;
pub(crate) mod table;

pub use lines::LONGEST_LINE;
pub use place::Place;
pub use source::{bytes_read, input};
pub use survey::{Check, Column, Head, Stat};
pub use table::Table;

/// The list of formats: what is said here once is the enum, the names and the way to each reader.
macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident, $name:literal, $($module:ident)::+ $(, $about:literal)?;)+) => {
        /// A public trace format.
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize,
        )]
        pub enum Format {
            $($(#[$doc])* #[serde(rename = $name)] $format,)+
        }

        impl Format {
            /// Every format.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$format),+];
            /// Their names, for messages and command lines.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// All that there is to say of it.
            pub(crate) const fn form(self) -> Form {
                match self {
                    $(Self::$format => form!($format [$($module)::+] $($about)?),)+
                }
            }
        }
    };
}

/// What is said of a format in its own file; of one that is not yet said so, what its parts say.
macro_rules! form {
    ($format:ident [$($module:ident)::+]) => {
        $($module)::+::FORM
    };
    ($format:ident [$($module:ident)::+] $about:literal) => {
        Form {
            about: $about,
            signs: &[],
            import: Ok(|import, path| {
                crate::canonical::import::converted(import, path, Self::$format)
            }),
            units: crate::canonical::Units::absolute,
            unkept: crate::canonical::import::unkept(Self::$format),
            stat: |path| survey::stat::<$($module)::+::Counts>($($module)::+::records(path)?),
            head: |path, count| {
                survey::head::<$($module)::+::Counts>($($module)::+::records(path)?, count)
            },
            check: |path, limit| match $($module)::+::records(path) {
                Ok(records) => survey::check::<$($module)::+::Counts>(records, path, limit),
                Err(problem) => {
                    let mut check = Check::default();
                    check.problem(problem, limit.max(1));
                    check
                }
            },
        }
    };
}

formats! {
    /// Hadoop jobs by their bytes ([`swim`]).
    Swim, "swim", swim,
        "Hadoop jobs: submission and bytes, tab-separated (SWIM, Facebook 2009)";
    /// Spark queries by their stages ([`tpch`]).
    Tpch, "tpch", tpch,
        "Spark queries: stages and task run times, JSON lines (TPC-H, Decima)";
    /// Requests a second ([`requests`]).
    Requests, "requests", requests;
    /// Jobs of parallel machines ([`swf`]).
    Swf, "swf", swf,
        "jobs of parallel machines, 18 numbers a row (Standard Workload Format 2.2)";
    /// Machines of Google's cell of 2011 ([`google2011::machines`]).
    Google2011Machines, "google2011-machines", google2011::machines;
    /// Jobs of Google's cell of 2011 ([`google2011::jobs`]).
    Google2011Jobs, "google2011-jobs", google2011::jobs;
    /// Tasks of Google's cell of 2011 ([`google2011::tasks`]).
    Google2011Tasks, "google2011-tasks", google2011::tasks;
    /// Batch tasks of Alibaba's cluster of 2017 ([`alibaba2017`]).
    Alibaba2017, "alibaba2017", alibaba2017;
    /// Batch tasks of Alibaba's cluster of 2018 ([`alibaba2018::tasks`]).
    Alibaba2018Tasks, "alibaba2018-tasks", alibaba2018::tasks;
    /// Batch instances of Alibaba's cluster of 2018 ([`alibaba2018::instances`]).
    Alibaba2018Instances, "alibaba2018-instances", alibaba2018::instances;
    /// Machines of Alibaba's cluster of 2018 ([`alibaba2018::machines`]).
    Alibaba2018Machines, "alibaba2018-machines", alibaba2018::machines;
    /// Training jobs of Microsoft's Philly ([`philly`]).
    Philly, "philly", philly;
    /// Nodes of Alibaba's openb ([`openb::nodes`]).
    OpenbNodes, "openb-nodes", openb::nodes;
    /// Pods of Alibaba's openb ([`openb::pods`]).
    OpenbPods, "openb-pods", openb::pods;
    /// Job lists of GAIA ([`gaia`]).
    Gaia, "gaia", gaia;
    /// Machines of Alibaba's PAI ([`pai`]).
    PaiMachines, "pai-machines", pai;
    /// Instances of Alibaba's recommendation services ([`dlrm`]).
    Dlrm, "dlrm", dlrm;
    /// Training jobs of Microsoft's ITP ([`elasticflow`]).
    ElasticFlow, "elasticflow", elasticflow;
    /// Requests to Azure's language models ([`azure_llm`]).
    AzureLlm, "azure-llm", azure_llm;
    /// Requests to Kimi's language model ([`mooncake`]).
    Mooncake, "mooncake", mooncake;
    /// Shuffles between racks ([`coflow`]).
    Coflow, "coflow", coflow,
        "shuffles between racks, a coflow a line (coflow benchmark, Facebook 2010)";
    /// Access logs of web servers ([`accesslog`]).
    AccessLog, "accesslog", accesslog;
    /// Use of machines by tasks of Google's cell of 2011 ([`google2011::usage`]).
    Google2011Usage, "google2011-usage", google2011::usage;
    /// Events of instances of Google's cells of 2019 ([`google2019`]).
    Google2019Instances, "google2019-instances", google2019;
    /// Requests for images to Alibaba's models ([`genai`]).
    GenAi, "alibaba-genai", genai;
    /// Nodes of Alibaba's spot GPUs ([`spot_gpu`]).
    SpotGpuNodes, "spot-gpu-nodes", spot_gpu;
    /// Invocations of Azure's functions, 2021 ([`azure_functions::invocations`]).
    AzureInvocations, "azure-functions-2021", azure_functions::invocations;
    /// Invocations of Azure's functions by minute, 2019 ([`azure_functions::minutes`]).
    AzureMinutes, "azure-functions-2019", azure_functions::minutes;
    /// Durations of Azure's functions, 2019 ([`azure_functions::durations`]).
    AzureDurations, "azure-functions-2019-durations", azure_functions::durations;
    /// Memory of Azure's applications, 2019 ([`azure_functions::memory`]).
    AzureMemory, "azure-functions-2019-memory", azure_functions::memory;
    /// Lists of invocations ([`azure_functions::replay`]).
    FunctionReplay, "function-replay", azure_functions::replay;
    /// Needs of functions ([`azure_functions::profiles`]).
    FunctionProfiles, "function-profiles", azure_functions::profiles;
    /// Azure's virtual machines ([`azure_vm::table`]).
    AzureVms, "azure-vms", azure_vm::table;
    /// CPU use of Azure's virtual machines ([`azure_vm::readings`]).
    AzureReadings, "azure-vm-readings", azure_vm::readings;
    /// Jobs of Cook's simulator ([`cook::jobs`]).
    CookJobs, "cook-jobs", cook::jobs,
        "jobs of users with their resources, a JSON list (Cook's simulator)";
    /// Hosts of Cook's simulator ([`cook::hosts`]).
    CookHosts, "cook-hosts", cook::hosts,
        "hosts with their resources, a JSON list (Cook's simulator)";
    /// Jobs of Gavel ([`gavel::jobs`]).
    GavelJobs, "gavel-jobs", gavel::jobs;
    /// Throughputs of Gavel ([`gavel::throughputs`]).
    GavelThroughputs, "gavel-throughputs", gavel::throughputs,
        "steps a second of each type of job on each GPU, JSON (Gavel)";
    /// Jobs of Muri ([`muri`]).
    Muri, "muri", muri;
    /// Run times of Philly ([`philly_runtimes`]).
    PhillyRuntimes, "philly-runtimes", philly_runtimes;
    /// Jobs as Rumen tells them ([`hadoop::rumen`]).
    Rumen, "rumen", hadoop::rumen,
        "jobs with all tasks and attempts, JSON objects (Hadoop Rumen)";
    /// Jobs as YARN's load simulator tells them ([`hadoop::sls`]).
    Sls, "sls", hadoop::sls,
        "jobs with their containers, JSON objects (YARN scheduler load simulator)";
    /// Hosts of a Hadoop cluster ([`hadoop::topology`]).
    Topology, "hadoop-topology", hadoop::topology,
        "hosts by rack, JSON (Hadoop Rumen)";
    /// Job history of YARN ([`hadoop::jhist`]).
    Jhist, "jhist", hadoop::jhist,
        "events of a job, one a line (MapReduce job history, .jhist)";
    /// Job history of the first Hadoop ([`hadoop::jobtracker`]).
    JobTracker, "jobtracker", hadoop::jobtracker,
        "changes of jobs, tasks and attempts, one a line (Hadoop 0.20 job history)";
    /// Event logs of Spark ([`spark::events`]).
    SparkEvents, "spark-events", spark::events,
        "events of an application, JSON lines (Spark event log)";
    /// Job logs of Spark 0.8 ([`spark::joblogger`]).
    SparkJobLog, "spark-joblog", spark::joblogger,
        "plan and tasks of a query (Spark 0.8 JobLogger)";
    /// Workflows of `WfCommons` ([`wfcommons`]).
    WfCommons, "wfcommons", wfcommons,
        "an executed workflow, JSON (WfCommons, WfFormat 1.0 to 1.5)";
    /// Tasks of `OpenDC` ([`opendc::tasks`]).
    OpenDcTasks, "opendc-tasks", opendc::tasks;
    /// Fragments of `OpenDC` ([`opendc::fragments`]).
    OpenDcFragments, "opendc-fragments", opendc::fragments;
    /// Workflows of the Workflow Trace Archive ([`opendc::wta`]).
    Wta, "wta", opendc::wta;
    /// Workflows of the Grid Workloads Archive ([`opendc::gwf`]).
    Gwf, "gwf", opendc::gwf;
    /// Virtual machines of Bitbrains ([`opendc::bitbrains`]).
    Bitbrains, "bitbrains", opendc::bitbrains;
    /// Virtual machines of `PlanetLab` ([`planetlab`]).
    PlanetLab, "planetlab", planetlab;
    /// Load curves of web services ([`loads`]).
    Loads, "loads", loads;
}

impl Format {
    /// The name used on command lines and in recipes.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// What the format holds, in one line.
    pub const fn about(self) -> &'static str {
        self.form().about
    }

    /// The format called `name`.
    ///
    /// # Errors
    /// When there is none; lists those there are.
    pub fn by_name(name: &str) -> Result<Self, ReadError> {
        let position = Self::NAMES.iter().position(|known| *known == name);
        position.map(|position| Self::ALL[position]).ok_or_else(|| {
            ReadError::expected(format!("one of {}", Self::NAMES.join(", ")), quoted(name))
                .place("format")
        })
    }

    /// The format that the first line of `path`, or else its name, suggests; whether it is right,
    /// reading will tell.
    ///
    /// # Errors
    /// When neither suggests one; says how to name the format.
    pub fn detect(path: &Path) -> Result<Self, ReadError> {
        detect::by_first_line(path)
            .or_else(|| detect::by_name(path))
            .ok_or_else(|| {
                let could: Vec<&str> = detect::candidates(path).iter().map(|f| f.name()).collect();
                if !could.is_empty() {
                    let could = could.join(", ");
                    let problem = "neither the name nor the first line tells the format";
                    let hint = format!("it could be {could}: say which one with --format");
                    return ReadError::said(problem).file(path).hint(hint);
                }
                let known = Self::NAMES.join(", ");
                let error = ReadError::said("the name does not tell the format").file(path);
                error.hint(format!("say which one it is with --format: {known}"))
            })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = ReadError;

    fn from_str(name: &str) -> Result<Self, ReadError> {
        Self::by_name(name)
    }
}

/// The counts of a file.
///
/// # Errors
/// The first problem of the file.
pub fn stat(path: &Path, format: Format) -> Result<Stat, ReadError> {
    (format.form().stat)(path)
}

/// The first `count` records of a file, as rows for people.
///
/// # Errors
/// The first problem among them.
pub fn head(path: &Path, format: Format, count: usize) -> Result<Head, ReadError> {
    (format.form().head)(path, count)
}

/// Reads all of a file and lists up to `limit` problems and as many warnings.
pub fn validate(path: &Path, format: Format, limit: usize) -> Check {
    (format.form().check)(path, limit)
}
