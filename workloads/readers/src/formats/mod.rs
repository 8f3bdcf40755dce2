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
pub mod azure_packing;
pub mod azure_vm;
pub mod batch;
pub mod batsim;
pub mod burstgpt;
pub mod coflow;
pub mod condor;
pub mod cook;
pub mod dlrm;
pub mod elasticflow;
pub mod gaia;
pub mod gavel;
pub mod genai;
pub mod google2010;
pub mod google2011;
pub mod google2019;
pub mod gpu_jobs;
pub mod hadoop;
pub mod huawei;
pub mod kubernetes;
pub mod loads;
pub mod lsf;
pub mod mooncake;
pub mod muri;
pub mod nextflow;
pub mod oar;
pub mod openb;
pub mod opendc;
pub mod pai;
pub mod pbs;
pub mod pegasus;
pub mod philly;
pub mod philly_log;
pub mod philly_runtimes;
pub mod plain;
pub mod planetlab;
pub mod requests;
pub mod sge;
pub mod slurm;
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
pub mod stdin;

pub(crate) mod ahead;
pub(crate) mod archive;
pub(crate) mod arrow;
pub(crate) mod cells;
pub(crate) mod clock;
pub(crate) mod columns;
pub(crate) mod detect;
pub(crate) mod facts;
pub(crate) mod figures;
pub(crate) mod form;
pub(crate) mod framings;
pub(crate) mod given;
pub(crate) mod lines;
pub(crate) mod mixed;
pub(crate) mod nearest;
pub(crate) mod prelude;
pub(crate) mod seen;
pub(crate) mod source;
pub(crate) mod survey;
pub(crate) mod table;
pub(crate) mod tables;
pub(crate) mod unquoted;
pub(crate) mod zipped;

pub use given::{ColumnMap, ReadAs};
pub use lines::LONGEST_LINE;
pub use place::Place;
pub use source::{bytes_read, input, lines_of};
pub use survey::{Check, Column, Head, Stat};
pub use table::Table;

/// The list of formats, a line each: the enum, the names on command lines, and the file of each.
macro_rules! formats {
    ($($format:ident $name:literal $($module:ident)::+;)+) => {
        /// A public trace format; its module says what it is.
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize,
        )]
        #[allow(missing_docs, reason = "said in the files of the formats")]
        pub enum Format {
            $(#[serde(rename = $name)] $format,)+
        }

        impl Format {
            /// Every format.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$format),+];
            /// Their names, for messages and command lines.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// All that there is to say of it.
            pub(crate) const fn form(self) -> Form {
                match self {
                    $(Self::$format => $($module)::+::FORM,)+
                }
            }
        }
    };
}

formats! {
    Swim "swim" swim;
    Tpch "tpch" tpch;
    Requests "requests" requests;
    Swf "swf" swf;
    Google2011Machines "google2011-machines" google2011::machines;
    Google2011Jobs "google2011-jobs" google2011::jobs;
    Google2011Tasks "google2011-tasks" google2011::tasks;
    Alibaba2017 "alibaba2017" alibaba2017;
    Alibaba2018Tasks "alibaba2018-tasks" alibaba2018::tasks;
    Alibaba2018Instances "alibaba2018-instances" alibaba2018::instances;
    Alibaba2018Machines "alibaba2018-machines" alibaba2018::machines;
    Philly "philly" philly;
    OpenbNodes "openb-nodes" openb::nodes;
    OpenbPods "openb-pods" openb::pods;
    Gaia "gaia" gaia;
    PaiMachines "pai-machines" pai::machines;
    Dlrm "dlrm" dlrm;
    ElasticFlow "elasticflow" elasticflow;
    AzureLlm "azure-llm" azure_llm;
    Mooncake "mooncake" mooncake;
    Coflow "coflow" coflow;
    AccessLog "accesslog" accesslog;
    Google2011Usage "google2011-usage" google2011::usage;
    Google2019Instances "google2019-instances" google2019::instances;
    GenAi "alibaba-genai" genai;
    SpotGpuNodes "spot-gpu-nodes" spot_gpu::nodes;
    AzureInvocations "azure-functions-2021" azure_functions::invocations;
    AzureMinutes "azure-functions-2019" azure_functions::minutes;
    AzureDurations "azure-functions-2019-durations" azure_functions::durations;
    AzureMemory "azure-functions-2019-memory" azure_functions::memory;
    FunctionReplay "function-replay" azure_functions::replay;
    FunctionProfiles "function-profiles" azure_functions::profiles;
    AzureVms "azure-vms" azure_vm::table;
    AzureReadings "azure-vm-readings" azure_vm::readings;
    CookJobs "cook-jobs" cook::jobs;
    CookHosts "cook-hosts" cook::hosts;
    GavelJobs "gavel-jobs" gavel::jobs;
    GavelThroughputs "gavel-throughputs" gavel::throughputs;
    Muri "muri" muri;
    PhillyRuntimes "philly-runtimes" philly_runtimes;
    Rumen "rumen" hadoop::rumen;
    Sls "sls" hadoop::sls;
    Topology "hadoop-topology" hadoop::topology;
    Jhist "jhist" hadoop::jhist;
    JobTracker "jobtracker" hadoop::jobtracker;
    SparkEvents "spark-events" spark::events;
    SparkJobLog "spark-joblog" spark::joblogger;
    WfCommons "wfcommons" wfcommons;
    OpenDcTasks "opendc-tasks" opendc::tasks;
    OpenDcFragments "opendc-fragments" opendc::fragments;
    Wta "wta" opendc::wta;
    Gwf "gwf" opendc::gwf;
    Bitbrains "bitbrains" opendc::bitbrains;
    PlanetLab "planetlab" planetlab;
    Loads "loads" loads;
    BurstGpt "burstgpt" burstgpt;
    Sacct "sacct" slurm::sacct;
    SlurmNodes "slurm-nodes" slurm::nodes;
    Kubernetes "kubernetes" kubernetes;
    PbsJobs "pbs" pbs::jobs;
    PbsNodes "pbs-nodes" pbs::nodes;
    Lsf "lsf" lsf::jobs;
    Sge "sge" sge::jobs;
    BatchHosts "batch-hosts" batch::hosts;
    CondorJobs "condor" condor::jobs;
    CondorMachines "condor-machines" condor::machines;
    Oar "oar" oar::jobs;
    BatsimWorkload "batsim" batsim::workload;
    BatsimJobs "batsim-jobs" batsim::jobs;
    SimGridPlatform "simgrid-platform" batsim::platform;
    Nextflow "nextflow" nextflow;
    Dax "dax" pegasus::dax;
    Pegasus "pegasus" pegasus::yaml;
    PhillyJobs "philly-jobs" philly_log::jobs;
    PhillyMachines "philly-machines" philly_log::machines;
    PhillyCpu "philly-cpu" philly_log::cpu;
    PhillyGpu "philly-gpu" philly_log::gpu;
    PhillyMemory "philly-memory" philly_log::memory;
    Helios "helios" gpu_jobs::helios;
    HeliosGpus "helios-gpus" gpu_jobs::capacity;
    Acme "acme" gpu_jobs::acme;
    PaiJobs "pai-jobs" pai::jobs;
    PaiTasks "pai-tasks" pai::tasks;
    PaiInstances "pai-instances" pai::instances;
    PaiTags "pai-tags" pai::tags;
    PaiSensors "pai-sensors" pai::sensors;
    PaiMetrics "pai-metrics" pai::metrics;
    SpotGpuJobs "spot-gpu-jobs" spot_gpu::jobs;
    Google2019Collections "google2019-collections" google2019::collections;
    Google2019Machines "google2019-machines" google2019::machines;
    Google2019Usage "google2019-usage" google2019::usage;
    AzurePacking "azure-packing" azure_packing::vms;
    AzurePackingTypes "azure-packing-types" azure_packing::types;
    HuaweiFunctions "huawei-functions" huawei::series;
    HuaweiRequests "huawei-requests" huawei::requests;
    Materna "materna" opendc::materna;
    Google2010 "google2010" google2010;
    Plain "table" plain;
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

    /// Small good files of the format, for tests.
    pub const fn samples(self) -> &'static [&'static str] {
        self.form().samples
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
        if let Some(mixed) = mixed::Mixed::of(path)?
            && let Some((format, _)) = mixed.groups.first()
        {
            return Ok(*format);
        }
        detect::sure(path).ok_or_else(|| {
            let text = detect::sample(path).unwrap_or_default();
            let tried = detect::tried(&text);
            let could = detect::candidates(&tried);
            let could: Vec<&str> = could.iter().map(|format| format.name()).collect();
            if !could.is_empty() {
                let could = could.join(", ");
                let problem = "neither the name nor the first line tells the format";
                let hint = format!("it could be {could}: say which one with --format");
                return ReadError::said(problem).file(path).hint(hint);
            }
            nearest::unknown(path, &text, tried)
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

/// The counts of a file; of a folder with work and machines, of the work.
///
/// # Errors
/// The first problem of the file.
pub fn stat(path: &Path, how: impl Into<ReadAs>) -> Result<Stat, ReadError> {
    let how = how.into();
    let (format, path) = how.work(path)?;
    (format.form().stat)(&path, &how.columns)
}

/// The first `count` records of a file, as rows for people.
///
/// # Errors
/// The first problem among them.
pub fn head(path: &Path, how: impl Into<ReadAs>, count: usize) -> Result<Head, ReadError> {
    let how = how.into();
    let (format, path) = how.work(path)?;
    (format.form().head)(&path, &how.columns, count)
}

/// Reads all of a file and lists up to `limit` problems and as many warnings.
pub fn validate(path: &Path, how: impl Into<ReadAs>, limit: usize) -> Check {
    let how = how.into();
    match how.work(path) {
        Ok((format, path)) => (format.form().check)(&path, &how.columns, limit),
        Err(problem) => {
            let mut check = Check::default();
            check.problem(problem, limit);
            check
        }
    }
}
