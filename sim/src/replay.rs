//! A recipe made of public traces: what `compare --trace` runs.
//!
//! A recipe asks for numbers that a trace does not have: which tenants are frameworks, how large the
//! cluster is where no machines are told, how it is partitioned. Here is the model of them. All of
//! it goes into the recipe, where people read and change it, and into its first paragraph.

mod about;
mod cluster;
mod models;
mod opened;
mod part;
mod tenants;
pub(crate) mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fairground_policies::name::Name;
use fairground_policies::resources::Resources;
use fairground_policies::time::{Span, Time};
use fairground_readers::Format;
use fairground_readers::canonical::{Imports, Opened, store::MANIFEST, tables::Load};
use fairground_readers::formats::ReadAs;
use fairground_workloads::models::parts::{AutoscalerSpec, ServiceSpec};
use fairground_workloads::models::trace::{Deal, FeedbackMode, LeftOut, TraceSpec};
use fairground_workloads::recipe::MOST_AGENTS;
use fairground_workloads::{MachinesSpec, ReadError, SpecContext, TraceFiles as _, WorkloadSpec};

use crate::network::NetworkSpec;
use crate::recipe::{CostSpec, FrameworkSpec, Group, Recipe};
pub use about::Preface;
use cluster::{Aim, Demand};
use part::Part;
use tenants::Tenants;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Files or folders; those with machines are the cluster, the others its work.
    pub traces: Vec<PathBuf>,
    /// Their format, where file and name do not tell, and the columns of plain tables.
    pub read: ReadAs,
    /// How long after the beginning of the work the cluster starts; by default at its beginning, or
    /// with the busiest week.
    pub from: Option<Span>,
    /// When arrivals end; by default with the trace, or after a week.
    pub duration: Option<Span>,
    /// How many tenants become frameworks of their own; by default six.
    pub tenants: Option<usize>,
    /// The part of the jobs and requests that is drawn, in thousandths.
    pub sample: u32,
    /// What times between arrivals are multiplied by, in thousandths.
    pub interarrival: u32,
    /// The load that a cluster without machines of its own is made for, in thousandths; by default
    /// 800, or the machine that a log's header tells.
    pub load: Option<u32>,
    /// Where it is known from which job waits for which; by default all come at their logged times.
    pub feedback: Option<FeedbackMode>,
}

/// A recipe made of traces, and what it was made of.
#[derive(Debug)]
pub struct Replayed {
    /// The recipe; its paths are as the traces were named. What is said of it is in `about`.
    pub recipe: Recipe,
    /// What is said of it, or of what settings make of it.
    pub about: Preface,
    /// How many jobs every run of it has, if that is not drawn.
    pub jobs: Option<u64>,
    /// The traces as they were read.
    pub imports: Imports,
}

/// The load of a made-up cluster, in thousandths.
const LOAD: u32 = 800;

/// Tenants that are frameworks of their own, so that pictures have a colour for each.
const TENANTS: usize = 6;
/// Made-up tenants of a trace without any.
const MADE_UP: u32 = 4;
/// The scheduler of frameworks that have jobs whose tasks start together.
const GANG: &str = "gang";
/// Seeds, where something is drawn.
const SEEDS: u32 = 3;

/// A trace with work.
struct Work {
    file: PathBuf,
    trace: Opened,
    read: ReadAs,
    /// Whether its tasks run only where the GPUs are of a model that they ask for.
    gpu_models: bool,
}

impl Work {
    fn rows(&self, table: &str) -> u64 {
        rows(&self.trace, table)
    }

    /// What its file holds.
    fn what(&self) -> &'static str {
        if self.file.join(MANIFEST).is_file() {
            return "a canonical trace";
        }
        let format = self.read.format(&self.file);
        format.map_or("a canonical trace", Format::about)
    }

    /// The name of its file without what says how it is written.
    fn name(&self) -> String {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let name = name.split('.').next().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = name.chars().map(plain).collect();
        let name = name.trim_matches('-').to_lowercase();
        if name.is_empty() {
            "trace".to_owned()
        } else {
            name
        }
    }
}

fn rows(trace: &Opened, table: &str) -> u64 {
    let mut tables = trace.manifest.rows.iter();
    let found = tables.find(|(name, _)| name == table);
    found.map_or(0, |(_, rows)| *rows)
}

impl Replay {
    /// The recipe.
    ///
    /// # Errors
    /// A trace that cannot be read, one with nothing to run, traces without work or with two
    /// clusters.
    pub fn recipe(&self) -> Result<Replayed, ReadError> {
        self.made().map_err(told::of_flag)
    }

    fn made(&self) -> Result<Replayed, ReadError> {
        let mut imports = Imports::default();
        let (mut work, machines) = self.open(&mut imports)?;
        let part = part::part(&work, self.from, self.duration, self.interarrival)?;
        let machines = machines.map(|machines| self.machines(machines, &work, part.from));
        let lives = machines.as_ref();
        let lives = lives.map(|spec| imports.machines(spec, Path::new("")));
        let lives = lives.transpose()?;
        let models = models::heeded(&mut work, lives.as_ref())?;
        let duration = part.duration;
        let mut framework = Vec::new();
        let mut tenants = String::new();
        for one in &work {
            framework.extend(self.frameworks(one, work.len(), &part, &mut tenants)?);
        }
        tell_apart(&mut framework);
        let mut demands = Vec::new();
        for one in &framework {
            demands.push(demand_of(one, duration, &mut imports)?);
        }
        let left = self.left_out(&work, &part, &mut imports)?;
        if self.feedback == Some(FeedbackMode::Logged) && !part::names_another(&work, &part)? {
            let why = "no job of the part replayed names one before it that is in it, too";
            return Err(ReadError::ignored("--feedback", why, "logged"));
        }
        let built: u64 = demands.iter().map(|demand| demand.jobs).sum();
        let left_out: u64 = left.values().map(|(count, _)| count).sum();
        let sampled = self.sample < 1000;
        if !sampled && built + left_out != part.jobs {
            return Err(told::lost(part.jobs, built, left_out));
        }
        let asked: u64 = demands.iter().map(|demand| demand.requests).sum();
        if built == 0 && asked == 0 {
            let error = match left_out {
                0 => told::empty(self, &part),
                _ => told::nothing(&left),
            };
            return Err(error.file(&work[0].file));
        }
        let mut made = self.told(&part, &left);
        made += &tenants;
        let sampling = framework.iter().any(is_drawn);
        let mut cluster = Vec::new();
        let agents: Vec<Resources> = if let Some(machines) = &lives {
            if let Some(load) = self.load {
                let why = "the cluster is the machines of the trace";
                let load = f64::from(load) / 1000.0;
                return Err(ReadError::ignored("`--load`", why, load));
            }
            let built = machines.build(duration, 1);
            made += &told::machines(machines, &built);
            made += &models;
            built.agents
        } else {
            let (groups, reason) = cluster::sized(&demands, &self.aim(&work)?)?;
            made += &self.cluster_told(&work, &groups, reason, sampling);
            cluster = groups;
            cluster.iter().flat_map(Group::sizes).collect()
        };
        cluster::share(&mut framework, &demands, &agents);
        // The order of machines is drawn, which makes no difference where all are alike.
        let alike = agents.windows(2).all(|pair| pair[0] == pair[1]);
        let drawn = sampling || !alike && machines.is_some();
        let end = if sampling { " in seed 1." } else { "." };
        let partitions =
            format!(" A partition has agents in proportion to the load of its framework{end}");
        let name = work[0].name();
        let recipe = Recipe {
            title: format!("{name}: static partitions against one pool"),
            about: String::new(),
            name,
            duration,
            seeds: if drawn { SEEDS } else { 1 },
            first_seed: 1,
            step: None,
            tasks: false,
            policies: ["static", "drf"].map(named).to_vec(),
            cluster,
            machines,
            network: NetworkSpec::default(),
            costs: CostSpec::default(),
            faults: fairground_workloads::FaultSpec::default(),
            measured: None,
            sensitivity: None,
            role: Vec::new(),
            framework,
        };
        let about = Preface {
            traces: told::traces(&work),
            made,
            headers: told::not_understood(&work),
            partitions,
            helps: self.helps(&recipe, sampling),
            recipe: recipe.clone(),
        };
        Ok(Replayed {
            recipe,
            about,
            jobs: (!sampled).then_some(built),
            imports,
        })
    }

    /// What a cluster without machines of its own is made for.
    fn aim(&self, work: &[Work]) -> Result<Aim, ReadError> {
        let load = Aim::Load(self.load.unwrap_or(LOAD).max(1));
        if self.load.is_some() || work.iter().any(|one| one.trace.manifest.machine.is_none()) {
            return Ok(load);
        }
        // Several machines together have what all of them have.
        let mut header: Vec<(u64, u64)> = Vec::new();
        for one in work {
            let size = one.trace.manifest.machine.unwrap_or_default();
            let kinds = size.agents();
            let count: u128 = kinds.iter().map(|(count, _)| u128::from(*count)).sum();
            if count > u128::from(MOST_AGENTS) {
                let (key, what) = match size.nodes {
                    Some(nodes) if size.processors.is_none_or(|all| nodes <= all) => {
                        ("MaxNodes", "nodes")
                    }
                    _ => ("MaxProcs", "processors that are an agent each"),
                };
                let error = ReadError::expected(format!("at most {MOST_AGENTS} {what}"), count);
                let hint = "--load 0.8 assumes a cluster that the work loads to 80 % instead";
                let error = error.place(format!("header {key}")).hint(hint);
                return Err(error.file(&one.file));
            }
            header.extend(kinds);
        }
        Ok(if header.is_empty() {
            load
        } else {
            Aim::Header(header)
        })
    }

    /// All of a trace's work in a part of it.
    fn spec(&self, work: &Work, part: &Part) -> TraceSpec {
        TraceSpec {
            sample: self.sample,
            interarrival: self.interarrival,
            file: work.file.clone(),
            format: work.read.format.map(|format| format.to_string()),
            columns: work.read.columns.to_string(),
            from: part.from,
            feedback: self.feedback,
            gpu_models: work.gpu_models,
            ..TraceSpec::default()
        }
    }

    /// The jobs that cannot be run, of all tenants: one with no others is no framework.
    fn left_out(
        &self,
        work: &[Work],
        part: &Part,
        imports: &mut Imports,
    ) -> Result<LeftOut, ReadError> {
        let mut left = LeftOut::new();
        for one in work.iter().filter(|one| one.rows("tasks") > 0) {
            let all = WorkloadSpec::Trace(self.spec(one, part));
            let context = context("", part.duration);
            for (why, (count, first)) in all.load(Path::new(""), imports)?.left_out(&context)? {
                left.entry(why).or_insert((0, first)).0 += count;
            }
        }
        Ok(left)
    }

    /// The frameworks of one of `traces` traces.
    fn frameworks(
        &self,
        work: &Work,
        traces: usize,
        part: &Part,
        about: &mut String,
    ) -> Result<Vec<FrameworkSpec>, ReadError> {
        let mut spec = self.spec(work, part);
        if work.rows("tasks") == 0 {
            self.no_tenants("a trace of requests is one framework")?;
            let peak = peak(work, &spec, part)?;
            let (service, autoscaler) = (ServiceSpec::default(), AutoscalerSpec::default());
            // As many instances as the highest step needs at the load aimed at, and half as many more.
            let busy = u128::from(peak) * u128::from(service.time.as_micros());
            let capacity = u128::from(service.workers) * u128::from(spec.step.as_micros());
            let most = busy * 1500 / (capacity * u128::from(autoscaler.target)).max(1) + 10;
            let max = u32::try_from(most).unwrap_or(u32::MAX);
            spec.service = Some(service);
            spec.autoscaler = Some(AutoscalerSpec { max, ..autoscaler });
            return Ok(vec![framework(work.name(), spec, false)]);
        }
        let tenants = Tenants::of(&work.trace, part, &spec)?;
        let gang = tenants.gang;
        if traces > 1 {
            self.no_tenants("of several traces each is one framework")?;
            return Ok(vec![framework(work.name(), spec, gang)]);
        }
        if tenants.loads.len() < 2 {
            let alone = tenants.loads.keys().find(|name| !name.is_empty());
            let whose = match (work.rows("tenants"), alone) {
                (0, _) => "The trace tells no tenants".to_owned(),
                (1, _) => "The trace tells one tenant".to_owned(),
                (all, Some(name)) => {
                    format!(
                        "Of the trace's {all} tenants one has jobs in the part replayed, {name}"
                    )
                }
                (all, None) => {
                    format!("None of the trace's {all} tenants has jobs in the part replayed")
                }
            };
            self.no_tenants(&format!("{}{}", whose[..1].to_lowercase(), &whose[1..]))?;
            let _ = write!(
                about,
                " {whose}: the jobs are dealt to {MADE_UP} made-up ones at random."
            );
            let one = |part: u32| {
                let dealt = Some(Deal { part, of: MADE_UP });
                let spec = spec.clone();
                framework(format!("tenant {part}"), TraceSpec { dealt, ..spec }, gang)
            };
            return Ok((1..=MADE_UP).map(one).collect());
        }
        let (large, rest) = tenants.largest(self.tenants.unwrap_or(TENANTS));
        let mut frameworks: Vec<FrameworkSpec> = Vec::new();
        for (short, name) in tenants::short(&large).into_iter().zip(&large) {
            let tenants = vec![name.clone()];
            let spec = spec.clone();
            frameworks.push(framework(short, TraceSpec { tenants, ..spec }, gang));
        }
        if rest > 0 {
            let those = match large.len() {
                1 => "tenant with the most load is a framework of its own".to_owned(),
                all => format!("{all} tenants with the most load are frameworks of their own"),
            };
            let others = match rest {
                1 => "the other is another".to_owned(),
                rest => format!("{rest} others are one together"),
            };
            let _ = write!(about, " The {those}, {others}.");
            spec.except = large;
            frameworks.push(framework("others".to_owned(), spec, gang));
        }
        Ok(frameworks)
    }

    /// That nobody asks for frameworks of tenants where there are none, and why.
    fn no_tenants(&self, why: &str) -> Result<(), ReadError> {
        let ignored = |found| Err(ReadError::ignored("--tenants", why, found));
        self.tenants.map_or(Ok(()), ignored)
    }

    /// The machines as they are when the work begins: both are in the time of the trace.
    fn machines(&self, file: PathBuf, work: &[Work], from: Span) -> MachinesSpec {
        let origin = work[0].trace.manifest.units.origin;
        MachinesSpec {
            file,
            format: self.read.format.map(|format| format.to_string()),
            from: Span::from_micros(origin) + from,
            ..MachinesSpec::default()
        }
    }
}

/// Files of two folders may have one name: the second is `log 2`.
fn tell_apart(frameworks: &mut [FrameworkSpec]) {
    let mut taken = BTreeSet::new();
    for framework in frameworks {
        let name = framework.name.clone();
        let mut n = 1;
        while !taken.insert(framework.name.clone()) {
            n += 1;
            framework.name = format!("{name} {n}");
        }
    }
}

fn named(name: &str) -> Name {
    name.parse().expect("a name")
}

const fn is_drawn(framework: &FrameworkSpec) -> bool {
    matches!(&framework.workload, WorkloadSpec::Trace(spec)
        if spec.dealt.is_some() || spec.sample < 1000)
}

fn framework(name: String, spec: TraceSpec, gang: bool) -> FrameworkSpec {
    FrameworkSpec {
        scheduler: named(if gang { GANG } else { "fair" }),
        refuse: Span::from_secs(300),
        ..FrameworkSpec::new(name, WorkloadSpec::Trace(spec))
    }
}

/// The most requests of a step.
fn peak(work: &Work, spec: &TraceSpec, part: &Part) -> Result<u64, ReadError> {
    let origin = work.trace.manifest.units.origin;
    let mut steps = BTreeMap::new();
    for row in work.trace.rows::<Load>()? {
        let row = row?;
        let at = Time::from_micros(row.start.saturating_sub(origin));
        if let Some(at) = spec.arrival(at).filter(|at| *at < part.duration) {
            let step = at.as_micros() / spec.step.as_micros();
            *steps.entry(step).or_insert(0_u64) += row.requests;
        }
    }
    Ok(steps.into_values().max().unwrap_or(0))
}

/// What work is built for, to see how much it is.
const fn context(name: &str, horizon: Span) -> SpecContext<'_> {
    SpecContext {
        agents: 1,
        horizon,
        seed: 1,
        name,
    }
}

/// What a framework will ask for.
fn demand_of(
    framework: &FrameworkSpec,
    horizon: Span,
    imports: &mut Imports,
) -> Result<Demand, ReadError> {
    let source = framework.workload.load(Path::new(""), imports)?;
    let workload = source.build(&context(&framework.name, horizon))?;
    // As whoever runs them starts them.
    let together = framework.scheduler.base() == GANG;
    Ok(Demand::of(&workload.work, horizon, together))
}

/// A group of agents, as the recipe writes it.
const fn group(agents: u32, size: Resources) -> Group {
    Group {
        agents,
        cpus: size.cpus(),
        mem: size.mem(),
        disk: size.disk(),
        gpus: size.gpus().0 as u32,
        overcommit: 1000,
        reserved: Vec::new(),
        attributes: BTreeMap::new(),
    }
}
