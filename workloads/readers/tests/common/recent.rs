//! Small files in the formats of lists of functions, machines, training jobs, Hadoop, Spark and
//! workflows.

use fairground_readers::Format;

/// A use of a task in the columns of the trace.
pub(crate) const GOOGLE_USAGE: &str = Format::Google2011Usage.samples()[0];

/// An event as `BigQuery` exports it, one of a job that a spreadsheet rounded, one without request.
pub(crate) const GOOGLE_2019: &str = Format::Google2019Instances.samples()[0];

/// The same as JSON.
pub(crate) const GOOGLE_2019_JSON: &str = Format::Google2019Instances.samples()[1];

/// A request that succeeded and one that failed and lacks its prompt.
pub(crate) const GENAI: &str = Format::GenAi.samples()[0];

/// Two nodes.
pub(crate) const SPOT_NODES: &str = Format::SpotGpuNodes.samples()[0];

/// Two invocations, one begun before the trace.
pub(crate) const INVOCATIONS: &str = Format::AzureInvocations.samples()[0];

/// Two functions in three minutes.
pub(crate) const MINUTES: &str = Format::AzureMinutes.samples()[0];

/// How long they take.
pub(crate) const DURATIONS: &str = Format::AzureDurations.samples()[0];

/// How much memory they have.
pub(crate) const MEMORY: &str = Format::AzureMemory.samples()[0];

/// A list of invocations and what the functions need.
pub(crate) const REPLAY: &str = Format::FunctionReplay.samples()[0];
pub(crate) const PROFILES: &str = Format::FunctionProfiles.samples()[0];

/// A machine of version 1 and one of version 2 in the largest buckets.
pub(crate) const VMS: &str = Format::AzureVms.samples()[0];
pub(crate) const READINGS: &str = Format::AzureReadings.samples()[0];

/// Two jobs of Cook, one before the beginning, and a host.
pub(crate) const COOK_JOBS: &str = Format::CookJobs.samples()[0];
pub(crate) const COOK_HOSTS: &str = Format::CookHosts.samples()[0];

/// Two jobs of Gavel and how fast they are.
pub(crate) const GAVEL: &str = Format::GavelJobs.samples()[0];
pub(crate) const THROUGHPUTS: &str = Format::GavelThroughputs.samples()[0];

/// Two jobs of Muri.
pub(crate) const MURI: &str = Format::Muri.samples()[0];

/// Run times.
pub(crate) const RUNTIMES: &str = Format::PhillyRuntimes.samples()[0];

/// A job with a map that was killed once, and a reduce that never ended.
pub(crate) const RUMEN: &str = Format::Rumen.samples()[0];

/// A job of three containers.
pub(crate) const SLS: &str = Format::Sls.samples()[0];

/// Two racks, one without hosts.
pub(crate) const TOPOLOGY: &str = Format::Topology.samples()[0];

/// A job that was submitted and ended.
pub(crate) const JHIST: &str = Format::Jhist.samples()[0];

/// A job with settings in front and the report of a failure over two lines.
pub(crate) const JOBTRACKER: &str = Format::JobTracker.samples()[0];

/// An application with a job of two stages.
pub(crate) const SPARK: &str = Format::SparkEvents.samples()[0];

/// A query of two stages.
pub(crate) const JOBLOG: &str = Format::SparkJobLog.samples()[0];

/// A fork: two tasks wait for one.
pub(crate) const WORKFLOW: &str = Format::WfCommons.samples()[0];

/// Tables of `OpenDC` as CSV.
pub(crate) const TASKS: &str = Format::OpenDcTasks.samples()[0];
pub(crate) const FRAGMENTS: &str = Format::OpenDcFragments.samples()[0];
pub(crate) const WTA: &str = Format::Wta.samples()[0];

/// A workflow in which one task waits for two.
pub(crate) const GWF: &str = Format::Gwf.samples()[0];

/// Two rows of a machine.
pub(crate) const BITBRAINS: &str = Format::Bitbrains.samples()[0];

/// A machine in three periods.
pub(crate) const PLANETLAB: &str = Format::PlanetLab.samples()[0];

/// Two hours of a service, and one that was taken out.
pub(crate) const LOAD: &str = Format::Loads.samples()[0];
