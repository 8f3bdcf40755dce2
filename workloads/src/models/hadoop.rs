//! Synthetic Hadoop: jobs of maps and reduces, many small ones and a few with hundreds of tasks.
//!
//! The default mix and the mean gap of 14 s are the Facebook mix of the Mesos paper (Hindman et
//! al., NSDI 2011, section 6.1 and table 3); the median task of 23 s is that paper's figure 1.

use fairground_policies::job::StageSpec;
use fairground_policies::resources::{Mebibytes, Millicores, Resources};
use fairground_policies::time::Span;
use serde::{Deserialize, Serialize};

use crate::data::replicas;
use crate::error::ReadError;
use crate::models::arrivals::{Day, assumption};
use crate::models::jobs::{Stage, task_count};
use crate::models::parts::{at_least_one, positive, share, some};
use crate::models::submissions::{ClosedSpec, Draft, Submissions};
use crate::rng::Stream;
use crate::spec::{Source, SpecContext};
use crate::trace::{Assumption, Runtimes, Work, Workload};
use crate::units::{self, Thousandths};

/// More cards than this in the deck are taken for a mistake.
const MOST_CARDS: u64 = 1_000_000;

/// The mean time between two submissions of which nothing else is said.
pub(crate) const GAP: Span = Span::from_secs(14);

/// Parameters of synthetic Hadoop jobs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HadoopSpec {
    /// The mean time between two submissions; 14 s if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Span>,
    /// At most so many jobs; of a closed workload, so many of each user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// Users who wait for their last job, in place of `gap` and `day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedSpec>,
    /// Cores of a map task.
    #[serde(with = "units::cores")]
    pub cpus: Millicores,
    /// Memory of a map task.
    #[serde(with = "units::memory")]
    pub mem: Mebibytes,
    /// Cores of a reduce task.
    #[serde(with = "units::cores")]
    pub reduce_cpus: Millicores,
    /// Memory of a reduce task.
    #[serde(with = "units::memory")]
    pub reduce_mem: Mebibytes,
    /// The median time of a map next to its data.
    pub map: Span,
    /// The median time a reduce copies.
    pub copy: Span,
    /// The median time a reduce works after copying.
    pub work: Span,
    /// How uneven tasks are: the standard deviation of the logarithm of their times.
    #[serde(with = "units::decimal")]
    pub spread: u32,
    /// How many times longer a map takes away from its data.
    #[serde(with = "units::decimal")]
    pub away: u32,
    /// On how many agents each block lies.
    pub replicas: u32,
    /// The share of maps that must be done before reduces start.
    #[serde(with = "units::decimal")]
    pub slow_start: u32,
    /// The daily pattern of submissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// The mix: a deck holding each bin `jobs` times is shuffled and dealt, again and again.
    pub bins: Vec<Bin>,
}

/// A kind of job and how many there are of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// What such a job is called.
    pub name: String,
    /// How many cards of the deck it has.
    pub jobs: u32,
    /// How many maps; the fewest, if `most` is given.
    pub maps: u32,
    /// If given, the number of maps lies between `maps` and this, log-uniformly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// How many reduces.
    #[serde(default)]
    pub reduces: u32,
    /// The median time of its maps, if not the common one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<Span>,
    /// The median time its reduces copy, if not the common one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<Span>,
    /// The median time its reduces work, if not the common one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Span>,
}

/// Table 3 of the Mesos paper: name, jobs, maps, reduces.
const FACEBOOK: [(&str, u32, u32, u32); 8] = [
    ("selection-1", 38, 1, 0),
    ("text-search-2", 18, 2, 0),
    ("aggregation-3", 14, 10, 2),
    ("selection-4", 12, 50, 0),
    ("aggregation-5", 6, 100, 10),
    ("selection-6", 6, 200, 0),
    ("text-search-7", 4, 400, 0),
    ("join-8", 2, 400, 30),
];

impl Default for HadoopSpec {
    /// Remote maps take 1.83 times as long: fitted to figure 8 of the Mesos paper. Slow-start as
    /// Hadoop's `mapreduce.job.reduce.slowstart.completedmaps`. Reduce times and the spread are
    /// guesses near table 5.
    fn default() -> Self {
        Self {
            gap: None,
            jobs: None,
            closed: None,
            cpus: Millicores(1000),
            mem: Mebibytes(1024),
            reduce_cpus: Millicores(1000),
            reduce_mem: Mebibytes(2048),
            map: Span::from_secs(23),
            copy: Span::from_secs(15),
            work: Span::from_secs(40),
            spread: 300,
            away: 1830,
            replicas: 3,
            slow_start: 50,
            day: None,
            bins: FACEBOOK.map(Bin::of).to_vec(),
        }
    }
}

impl Bin {
    fn of((name, jobs, maps, reduces): (&str, u32, u32, u32)) -> Self {
        Self {
            name: name.to_owned(),
            jobs,
            maps,
            most: None,
            reduces,
            map: None,
            copy: None,
            work: None,
        }
    }

    fn check(&self) -> Result<(), ReadError> {
        positive(u64::from(self.maps), "maps")?;
        let most = u64::from(self.most.unwrap_or(self.maps));
        task_count(most).map_err(|error| error.place("parameter `maps`"))?;
        task_count(u64::from(self.reduces)).map_err(|error| error.place("parameter `reduces`"))?;
        match self.most {
            Some(most) if most < self.maps => {
                let error = ReadError::expected(format!("at least {}", self.maps), most);
                Err(error.place("parameter `most`"))
            }
            _ => Ok(()),
        }
    }
}

/// One stream a purpose.
struct Streams {
    bins: Stream,
    sizes: Stream,
    maps: Stream,
    reduces: Stream,
    replicas: Stream,
}

impl HadoopSpec {
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        some(Resources::new(self.cpus, self.mem), "cpus")?;
        some(
            Resources::new(self.reduce_cpus, self.reduce_mem),
            "reduce_cpus",
        )?;
        at_least_one(self.away, "away")?;
        share(self.slow_start, "slow_start")?;
        self.submissions().check()?;
        for bin in &self.bins {
            bin.check().map_err(|error| {
                let place = error.place.clone().unwrap_or_default();
                error.place(format!("bin `{}` {place}", bin.name).trim_end())
            })?;
        }
        let cards: u64 = self.bins.iter().map(|bin| u64::from(bin.jobs)).sum();
        if cards == 0 || cards > MOST_CARDS {
            let expected = format!("1 to {MOST_CARDS} jobs in all bins together");
            return Err(ReadError::expected(expected, cards).place("parameter `bins`"));
        }
        Ok(())
    }

    const fn submissions(&self) -> Submissions {
        Submissions {
            gap: self.gap,
            day: self.day,
            usual: (GAP, Day::TYPICAL),
            jobs: self.jobs,
            closed: self.closed,
        }
    }

    fn deck(&self, stream: &mut Stream) -> Vec<usize> {
        let cards = self.bins.iter().enumerate();
        let mut deck: Vec<usize> = cards
            .flat_map(|(position, bin)| std::iter::repeat_n(position, bin.jobs as usize))
            .collect();
        stream.shuffle(&mut deck);
        deck
    }

    fn stages(&self, bin: &Bin, streams: &mut Streams, agents: u32) -> Vec<Stage> {
        let most = bin.most.unwrap_or(bin.maps);
        let maps = streams
            .sizes
            .log_between(u64::from(bin.maps), u64::from(most)) as u32;
        let times = |stream: &mut Stream, median: Span, count: u32| -> Vec<Span> {
            let draws = (0..count).map(|_| stream.log_normal(median, self.spread));
            draws.collect()
        };
        let mut map = StageSpec::new(Resources::new(self.cpus, self.mem), maps);
        map.preferred = replicas(&mut streams.replicas, maps, self.replicas, agents);
        let local = times(&mut streams.maps, bin.map.unwrap_or(self.map), maps);
        let away = self.away;
        let mut stages = vec![(map, Runtimes::Plain { local, away })];
        if bin.reduces > 0 {
            let needs = Resources::new(self.reduce_cpus, self.reduce_mem);
            let mut reduce = StageSpec::new(needs, bin.reduces);
            reduce.parents = vec![0];
            reduce.start_after = self.slow_start as u16;
            let stream = &mut streams.reduces;
            let copy = times(stream, bin.copy.unwrap_or(self.copy), bin.reduces);
            let work = times(stream, bin.work.unwrap_or(self.work), bin.reduces);
            stages.push((reduce, Runtimes::Reduce { copy, work }));
        }
        stages
    }

    fn assumptions(&self) -> Vec<Assumption> {
        let bins = self.bins.iter().map(|bin| {
            let most = bin.most.map_or(String::new(), |most| format!("-{most}"));
            let (jobs, maps, reduces) = (bin.jobs, bin.maps, bin.reduces);
            format!("{jobs} of {maps}{most} maps and {reduces} reduces")
        });
        let spread = Thousandths(u64::from(self.spread));
        let times = format!(
            "log-normal with spread {spread}; medians: map {}, copy {}, reduce {}",
            self.map, self.copy, self.work
        );
        let data = format!(
            "each block on {} agents drawn uniformly; a map elsewhere takes {} times as long",
            self.replicas,
            Thousandths(u64::from(self.away))
        );
        let start = format!(
            "after {} of the maps, and not before the last one has started",
            Thousandths(u64::from(self.slow_start))
        );
        vec![
            self.submissions().told(),
            assumption("job sizes", bins.collect::<Vec<_>>().join("; ")),
            assumption("task durations", times),
            assumption("data placement", data),
            assumption("start of reduces", start),
        ]
    }
}

impl Source for HadoopSpec {
    fn build(&self, context: &SpecContext<'_>) -> Result<Workload, ReadError> {
        let mut streams = Streams {
            bins: context.stream("bins"),
            sizes: context.stream("sizes"),
            maps: context.stream("maps"),
            reduces: context.stream("reduces"),
            replicas: context.stream("replicas"),
        };
        let mut deck = Vec::new();
        let jobs = self.submissions().collect(context, || {
            if deck.is_empty() {
                deck = self.deck(&mut streams.bins);
            }
            let bin = &self.bins[deck.pop().unwrap_or(0)];
            Some(Draft {
                label: bin.name.clone(),
                gang: false,
                stages: self.stages(bin, &mut streams, context.agents),
            })
        })?;
        Ok(Workload {
            work: Work::Batch(jobs),
            assumptions: self.assumptions(),
            inputs: Vec::new(),
        })
    }
}
