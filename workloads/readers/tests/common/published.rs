//! Small files in the formats of published traces, one for each reader that reads rows.

use fairground_readers::Format;

/// Four jobs: completed, cancelled before it ran, without processors, and with a fraction too many.
pub(crate) const SWF: &str = Format::Swf.samples()[0];

/// A machine that is there from the beginning, one that is changed, one that goes.
pub(crate) const GOOGLE_MACHINES: &str = Format::Google2011Machines.samples()[0];

/// A job from before the trace, and one that is killed and comes again.
pub(crate) const GOOGLE_JOBS: &str = Format::Google2011Jobs.samples()[0];

/// A task from before the trace that never ends, and one that is evicted and comes again.
pub(crate) const GOOGLE_TASKS: &str = Format::Google2011Tasks.samples()[0];

/// Two jobs as published: a map with a reduce, and a task for itself that is still running.
pub(crate) const ALIBABA_TASKS: &str = Format::Alibaba2018Tasks.samples()[0];

/// A join in the columns of the sample.
pub(crate) const ALIBABA_SAMPLE: &str = Format::Alibaba2018Tasks.samples()[1];

/// Two instances, one that lost its machine.
pub(crate) const ALIBABA_INSTANCES: &str = Format::Alibaba2018Instances.samples()[0];

/// The same in the columns of the sample.
pub(crate) const ALIBABA_SAMPLE_INSTANCES: &str = Format::Alibaba2018Instances.samples()[1];

/// Three rows of two machines.
pub(crate) const ALIBABA_MACHINES: &str = Format::Alibaba2018Machines.samples()[0];

/// Three tasks under a header, one created before the trace.
pub(crate) const ALIBABA_2017: &str = Format::Alibaba2017.samples()[0];

/// Three jobs of two virtual clusters and an empty line.
pub(crate) const PHILLY: &str = Format::Philly.samples()[0];

/// A node with GPUs and one without.
pub(crate) const OPENB_NODES: &str = Format::OpenbNodes.samples()[0];

/// A pod that shares a GPU, one with eight that is pending, one without any.
pub(crate) const OPENB_PODS: &str = Format::OpenbPods.samples()[0];

/// The same without times.
pub(crate) const OPENB_BRIEF: &str = Format::OpenbPods.samples()[1];

/// Two jobs of a year.
pub(crate) const GAIA: &str = Format::Gaia.samples()[0];

/// A machine without GPUs and one with two.
pub(crate) const PAI: &str = Format::PaiMachines.samples()[0];

/// An instance from before the trace that outlives it, and one that does not.
pub(crate) const DLRM: &str = Format::Dlrm.samples()[0];

/// Two jobs of a cluster.
pub(crate) const ELASTICFLOW: &str = Format::ElasticFlow.samples()[0];

/// Two requests, with and without a zone.
pub(crate) const AZURE_LLM: &str = Format::AzureLlm.samples()[0];

/// Two requests that begin alike.
pub(crate) const MOONCAKE: &str = Format::Mooncake.samples()[0];

/// Two coflows between three racks.
pub(crate) const COFLOW: &str = Format::Coflow.samples()[0];

/// Two requests, with an escaped quote and without referer.
pub(crate) const ACCESS_LOG: &str = Format::AccessLog.samples()[0];
