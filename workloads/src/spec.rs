//! The part of a recipe that says where a framework's work comes from.
//!
//! Files are read once ([`WorkloadSpec::load`]), by whoever can read them ([`TraceFiles`]); every seed then builds
//! its own workload from the same [`Source`]. Every random choice comes from a stream named
//! by the framework and the purpose, so a change of one parameter leaves the other draws alone.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::models::hadoop::{self, HadoopSpec};
use crate::models::machines::{Machines, MachinesSpec};
use crate::models::mpi::{self, MpiSpec};
use crate::models::rails::RailsSpec;
use crate::models::requests::RequestsSpec;
use crate::models::spark::{self, SparkSpec};
use crate::models::swf::SwfSpec;
use crate::models::swim::SwimSpec;
use crate::models::tpch::{self, TpchSpec};
use crate::models::trace::{LeftOut, TraceSpec};
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

/// Work that was asked for and checked, its files read; builds a workload for any seed. Threads may share it.
pub trait Source: fmt::Debug + Send + Sync {
    /// The workload for one seed, cluster size and horizon.
    ///
    /// # Errors
    /// When parameters and horizon ask for absurdly much, or the files do not last so long.
    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError>;

    /// The same with the jobs beside it, one by one, where the source is a trace of jobs.
    ///
    /// # Errors
    /// When the trace cannot be read.
    fn stream(&self, _: &SpecContext<'_>) -> Option<Result<(Workload, JobStream<'_>), ReadError>> {
        None
    }

    /// How many jobs of a trace within the horizon cannot be run, and why not.
    ///
    /// # Errors
    /// When the trace cannot be read.
    fn left_out(&self, _: &SpecContext<'_>) -> Result<LeftOut, ReadError> {
        Ok(LeftOut::new())
    }

    /// Whether what its jobs used was measured.
    ///
    /// # Errors
    /// When it was not, or means something else than a part of what a job has.
    fn tells_use(&self) -> Result<(), ReadError> {
        Err(unmeasured())
    }

    /// The files that were read.
    fn inputs(&self) -> &[Input] {
        &[]
    }
}

/// Why a workload cannot say what its tasks used.
pub fn unmeasured() -> ReadError {
    let error = ReadError::expected("a trace that measured what its jobs used", "none of it");
    let hint = "say it of every task, as in use = 0.6";
    error.place("parameter `use`").hint(hint)
}

/// Reads what recipes name by file; paths are relative to `folder`.
pub trait TraceFiles {
    /// The work of a kind that reads files, whose parameters are checked.
    ///
    /// # Errors
    /// An unreadable file, a bad record.
    fn work(&mut self, spec: &WorkloadSpec, folder: &Path) -> Result<Arc<dyn Source>, ReadError>;

    /// The machines of a trace.
    ///
    /// # Errors
    /// A bad parameter, an unreadable file, a bad record, a trace without machines.
    fn machines(&mut self, spec: &MachinesSpec, folder: &Path) -> Result<Machines, ReadError>;
}

/// The files of a program that reads none.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl NoFiles {
    fn refused(what: &str) -> ReadError {
        let error = ReadError::expected("work and machines that need no file", what);
        error.hint(
            "this program reads no traces; draw them with `fairground draw RECIPE --seed N >drawn.json` and \
             say --drawn drawn.json",
        )
    }
}

impl TraceFiles for NoFiles {
    fn work(&mut self, spec: &WorkloadSpec, _: &Path) -> Result<Arc<dyn Source>, ReadError> {
        Err(Self::refused(&format!(
            "a workload of the kind `{}`",
            spec.name()
        )))
    }

    fn machines(&mut self, _: &MachinesSpec, _: &Path) -> Result<Machines, ReadError> {
        Err(Self::refused("the machines of a trace"))
    }
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

    /// Checks the parameters and has the files read; their paths are relative to `folder`.
    ///
    /// # Errors
    /// The first bad parameter, unreadable file or bad record.
    pub fn load(
        &self,
        folder: &Path,
        files: &mut dyn TraceFiles,
    ) -> Result<Arc<dyn Source>, ReadError> {
        self.check()?;
        Ok(match self {
            Self::Hadoop(spec) => Arc::new(spec.clone()),
            Self::Spark(spec) => Arc::new(spec.clone()),
            Self::Rails(spec) => Arc::new(spec.clone()),
            Self::Mpi(spec) => Arc::new(spec.clone()),
            Self::Swim(_) | Self::Tpch(_) | Self::Requests(_) | Self::Swf(_) | Self::Trace(_) => {
                files.work(self, folder)?
            }
        })
    }

    fn check(&self) -> Result<(), ReadError> {
        match self {
            Self::Hadoop(spec) => spec.check(),
            Self::Spark(spec) => spec.check(),
            Self::Rails(spec) => spec.check(),
            Self::Mpi(spec) => spec.check(),
            Self::Swim(spec) => spec.check(),
            Self::Tpch(spec) => spec.check(),
            Self::Requests(spec) => spec.check(),
            Self::Swf(spec) => spec.check(),
            Self::Trace(spec) => spec.check(),
        }
    }
}

impl SpecContext<'_> {
    /// The random stream of this framework for `purpose`.
    pub fn stream(&self, purpose: &str) -> Stream {
        stream(self.seed, &format!("{}/{purpose}", self.name))
    }
}
