//! What is measured of a framework, in which unit, and what of it decides who gains.

/// One thing measured of a framework.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Measure {
    /// Mean time from a job's submission to its end.
    CompletionMean,
    /// Median of it.
    CompletionP50,
    /// 95th percentile of it.
    CompletionP95,
    /// Median response time of a service.
    LatencyP50,
    /// 95th percentile of it.
    LatencyP95,
    /// 99th percentile of it.
    LatencyP99,
    /// Requests answered too late or never, as a share of all.
    Missed,
    /// Time that lost and killed batch tasks had run for nothing.
    WorkLost,
    /// Mean use of all processors.
    Cpus,
    /// Mean use of all memory.
    Mem,
    /// Mean use of all GPUs, where there are some.
    Gpus,
}

impl Measure {
    const BATCH: [Self; 7] = [
        Self::CompletionMean,
        Self::CompletionP50,
        Self::CompletionP95,
        Self::WorkLost,
        Self::Cpus,
        Self::Mem,
        Self::Gpus,
    ];
    const SERVICE: [Self; 7] = [
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
        Self::Missed,
        Self::Cpus,
        Self::Mem,
        Self::Gpus,
    ];

    /// What is measured of a framework of this kind, in the order of the tables.
    pub const fn of(service: bool) -> &'static [Self] {
        if service {
            &Self::SERVICE
        } else {
            &Self::BATCH
        }
    }

    /// The measure that decides whether a framework of this kind gains or pays.
    pub const fn deciding(service: bool) -> Self {
        if service {
            Self::Missed
        } else {
            Self::CompletionMean
        }
    }

    /// The name in `gains.csv`, ending with the unit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CompletionMean => "completion_mean_us",
            Self::CompletionP50 => "completion_p50_us",
            Self::CompletionP95 => "completion_p95_us",
            Self::LatencyP50 => "latency_p50_us",
            Self::LatencyP95 => "latency_p95_us",
            Self::LatencyP99 => "latency_p99_us",
            Self::Missed => "missed_ppm",
            Self::WorkLost => "work_lost_us",
            Self::Cpus => "cpus_ppm",
            Self::Mem => "mem_ppm",
            Self::Gpus => "gpus_ppm",
        }
    }

    /// Whether its value is a share of something.
    pub const fn is_share(self) -> bool {
        matches!(self, Self::Missed | Self::Cpus | Self::Mem | Self::Gpus)
    }

    /// Whether its change is a difference rather than a ratio: what can be nothing on one side has no
    /// ratio. That of work lost is in parts of the replay's length.
    pub const fn is_difference(self) -> bool {
        self.is_share() || matches!(self, Self::WorkLost)
    }

    /// The part of a distribution that it is, in thousandths, if it is one of completion times.
    pub(super) const fn percentile(self) -> Option<usize> {
        match self {
            Self::CompletionP50 => Some(500),
            Self::CompletionP95 => Some(950),
            _ => None,
        }
    }

    /// Whether it is of completion times.
    pub const fn is_completion(self) -> bool {
        matches!(
            self,
            Self::CompletionMean | Self::CompletionP50 | Self::CompletionP95
        )
    }

    /// Whether less of it is better for the framework; using more is neither good nor bad.
    pub const fn less_is_better(self) -> bool {
        !matches!(self, Self::Cpus | Self::Mem | Self::Gpus)
    }
}
