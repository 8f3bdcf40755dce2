//! The part of a recipe that says where a framework's work comes from.
//!
//! Files are read once ([`WorkloadSpec::load`]); every seed then builds its own workload from the
//! same [`Source`], which may be shared by threads. Every random choice comes from a stream named
//! by the framework and the purpose, so a change of one parameter leaves the other draws alone.

use std::path::Path;

use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::canonical::Imports;
use crate::error::ReadError;
use crate::models::hadoop::{self, HadoopSpec};
use crate::models::mpi::{self, MpiSpec};
use crate::models::rails::RailsSpec;
use crate::models::requests::{self, RequestsSpec};
use crate::models::spark::{self, SparkSpec};
use crate::models::swf::SwfSpec;
use crate::models::swim::{self, SwimSpec};
use crate::models::tpch::{self, TpchSpec};
use crate::models::trace::{self, TraceSpec};
use crate::phases::Phased;
use crate::rng::{Stream, stream};
use crate::trace::{Input, JobStream, Workload};

/// Where a framework's work comes from: in a recipe, one table named by the kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkloadSpec {
    /// Synthetic Hadoop jobs.
    Hadoop(HadoopSpec),
    /// Synthetic Spark jobs.
    Spark(SparkSpec),
    /// A synthetic web service.
    Rails(RailsSpec),
    /// Synthetic MPI jobs.
    Mpi(MpiSpec),
    /// Hadoop jobs of a SWIM file.
    Swim(SwimSpec),
    /// Spark queries of TPC-H profiles.
    Tpch(TpchSpec),
    /// A web service under the requests of a file.
    Requests(RequestsSpec),
    /// Jobs of a parallel machine's log.
    Swf(SwfSpec),
    /// Jobs or a service of any public trace.
    Trace(TraceSpec),
}

/// What a workload is built for.
#[derive(Clone, Copy, Debug)]
pub struct SpecContext<'a> {
    /// How many agents there are, for the places where data lies.
    pub agents: u32,
    /// When arrivals and load end.
    pub horizon: Span,
    /// The seed of every random choice.
    pub seed: u64,
    /// The framework's name: part of the name of its random streams.
    pub name: &'a str,
}

/// A workload's files, read and checked; builds a workload for any seed.
#[derive(Clone, Debug)]
pub struct Source(Loaded);

#[derive(Clone, Debug)]
enum Loaded {
    Hadoop(HadoopSpec),
    Spark(SparkSpec),
    Rails(RailsSpec),
    Mpi(MpiSpec),
    Swim(swim::Loaded),
    Tpch(tpch::Loaded),
    Requests(requests::Loaded),
    /// Of the kinds `swf` and `trace`, which are one road.
    Trace(trace::Loaded),
    /// Of several workloads, one after the other.
    Phased(Phased),
}

impl WorkloadSpec {
    /// The names of the kinds, for messages.
    pub const NAMES: [&'static str; 9] = [
        "hadoop", "spark", "rails", "mpi", "swim", "tpch", "requests", "swf", "trace",
    ];

    /// The name of its kind.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hadoop(_) => "hadoop",
            Self::Spark(_) => "spark",
            Self::Rails(_) => "rails",
            Self::Mpi(_) => "mpi",
            Self::Swim(_) => "swim",
            Self::Tpch(_) => "tpch",
            Self::Requests(_) => "requests",
            Self::Swf(_) => "swf",
            Self::Trace(_) => "trace",
        }
    }

    /// The same with gaps and days that are not written down, where there are any: all else has its defaults
    /// in it already.
    #[must_use]
    pub fn filled(&self) -> Self {
        let mut all = self.clone();
        match &mut all {
            Self::Hadoop(spec) if spec.closed.is_none() => {
                spec.gap.get_or_insert(hadoop::GAP);
                spec.day.get_or_insert_default();
            }
            Self::Spark(spec) if spec.closed.is_none() => {
                spec.gap.get_or_insert(spark::GAP);
                spec.day.get_or_insert_default();
            }
            Self::Mpi(spec) if spec.closed.is_none() => {
                spec.gap.get_or_insert(mpi::GAP);
            }
            Self::Tpch(spec) if spec.closed.is_none() => {
                spec.gap.get_or_insert(tpch::GAP);
            }
            _ => {}
        }
        all
    }

    /// Checks the parameters and reads the files; their paths are relative to `folder`.
    ///
    /// # Errors
    /// The first bad parameter, unreadable file or bad record.
    pub fn load(&self, folder: &Path) -> Result<Source, ReadError> {
        self.load_with(folder, &mut Imports::default())
    }

    /// The same with traces that were imported before.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_with(&self, folder: &Path, imports: &mut Imports) -> Result<Source, ReadError> {
        let loaded = match self {
            Self::Hadoop(spec) => spec.check().map(|()| Loaded::Hadoop(spec.clone())),
            Self::Spark(spec) => spec.check().map(|()| Loaded::Spark(spec.clone())),
            Self::Rails(spec) => spec.check().map(|()| Loaded::Rails(spec.clone())),
            Self::Mpi(spec) => spec.check().map(|()| Loaded::Mpi(spec.clone())),
            Self::Swim(spec) => spec.load(folder, imports).map(Loaded::Swim),
            Self::Tpch(spec) => spec.load(folder, imports).map(Loaded::Tpch),
            Self::Requests(spec) => spec.load(folder, imports).map(Loaded::Requests),
            Self::Swf(spec) => spec.load(folder, imports).map(Loaded::Trace),
            Self::Trace(spec) => spec.load(folder, imports).map(Loaded::Trace),
        };
        loaded.map(Source)
    }
}

impl Source {
    pub(crate) const fn of_phases(phased: Phased) -> Self {
        Self(Loaded::Phased(phased))
    }

    /// The workload for one seed, cluster size and horizon.
    ///
    /// # Errors
    /// When parameters and horizon ask for absurdly much, or the files do not last so long.
    pub fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        match &self.0 {
            Loaded::Hadoop(spec) => spec.build(context),
            Loaded::Spark(spec) => spec.build(context),
            Loaded::Rails(spec) => spec.build(context),
            Loaded::Mpi(spec) => spec.build(context),
            Loaded::Swim(loaded) => loaded.build(context),
            Loaded::Tpch(loaded) => loaded.build(context),
            Loaded::Requests(loaded) => loaded.build(context),
            Loaded::Trace(loaded) => loaded.build(context),
            Loaded::Phased(phased) => phased.build(context),
        }
    }

    /// The same with the jobs beside it, one by one, where the source is a trace of jobs.
    ///
    /// # Errors
    /// When the trace cannot be read.
    pub fn stream(
        &self,
        context: &SpecContext<'_>,
    ) -> Option<Result<(Workload, JobStream<'_>), ReadError>> {
        match &self.0 {
            Loaded::Trace(loaded) => loaded.stream(context),
            _ => None,
        }
    }

    /// How many jobs of a trace within the horizon cannot be run, and why not.
    ///
    /// # Errors
    /// When the trace cannot be read.
    pub fn left_out(&self, context: &SpecContext<'_>) -> Result<trace::LeftOut, ReadError> {
        match &self.0 {
            Loaded::Trace(loaded) => loaded.left_out(context),
            _ => Ok(trace::LeftOut::new()),
        }
    }

    /// Whether what its jobs used was measured.
    ///
    /// # Errors
    /// When it was not, or means something else than a part of what a job has.
    pub fn tells_use(&self) -> Result<(), ReadError> {
        match &self.0 {
            Loaded::Trace(loaded) => loaded.tells_use(),
            _ => Err(trace::unmeasured()),
        }
    }

    /// The files that were read.
    pub fn inputs(&self) -> &[Input] {
        match &self.0 {
            Loaded::Hadoop(_) | Loaded::Spark(_) | Loaded::Rails(_) | Loaded::Mpi(_) => &[],
            Loaded::Swim(loaded) => loaded.inputs(),
            Loaded::Tpch(loaded) => loaded.inputs(),
            Loaded::Requests(loaded) => loaded.inputs(),
            Loaded::Trace(loaded) => loaded.inputs(),
            Loaded::Phased(phased) => phased.inputs(),
        }
    }
}

impl SpecContext<'_> {
    /// The random stream of this framework for `purpose`.
    pub(crate) fn stream(&self, purpose: &str) -> Stream {
        stream(self.seed, &format!("{}/{purpose}", self.name))
    }
}
