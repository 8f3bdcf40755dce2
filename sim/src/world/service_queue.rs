//! How long requests take: the queueing model of services.
//!
//! While the instances keep up, response times are those of a steady state. Requests arrive as a
//! Poisson process and take an exponential time. Routed to the least work, they wait as in one
//! M/M/c queue before all workers (Erlang's C formula; Kleinrock, Queueing Systems I, section 3.5).
//! Routed at random, every instance with its w workers is an M/M/w queue of its own, because a
//! Poisson process split by chance is one for each part. Routed in turn to n instances, each sees
//! every n-th arrival: a GI/M/w queue with Erlang-n gaps (Takács, Introduction to the Theory of Queues,
//! 1962, chapter 2, theorem 3).
//!
//! While they do not keep up, and until what piled up is served, requests wait as long as a fluid
//! queue says and then one mean service time. A request that would wait longer than [`PATIENCE`]
//! gives up. An instance that is slow at first gets requests in proportion to its speed and needs
//! as much longer for each.

use fairground_policies::time::Span;
use fairground_workloads::trace::Routing;
use libm::{exp, log, log1p};

/// Requests that would wait longer than this give up and count as missed.
pub const PATIENCE: Span = Span::from_secs(30);

/// The response times of some requests.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// How many requests.
    pub requests: f64,
    law: Law,
}

#[derive(Clone, Copy, Debug)]
enum Law {
    /// Exponential service after a wait that is none or exponential: one worker's rate, the rate at
    /// which waits end, the probability of waiting.
    Steady { rate: f64, spare: f64, waits: f64 },
    /// Waiting times spread evenly between two bounds, then one mean service time; seconds.
    Fluid { from: f64, to: f64, service: f64 },
    /// Never answered.
    Never,
}

/// The instances that serve.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// Instances at full speed.
    pub warm: u64,
    /// Those that are still slow.
    pub cold: u64,
    /// Their speed, as a share of the full one.
    pub speed: f64,
    /// Requests an instance serves at the same time.
    pub workers: u64,
    /// How fast all of them are on machines that are shared, on average, as a share of the full speed.
    pub pace: f64,
}

impl Fleet {
    /// How many instances at full speed they are worth.
    fn worth(&self) -> f64 {
        self.warm as f64 + self.cold as f64 * self.speed
    }
}

/// A queue in front of instances.
#[derive(Clone, Debug)]
pub struct ServiceQueue {
    routing: Routing,
    /// Mean time one worker needs for one request, in seconds.
    service: f64,
    /// Requests that wait because the instances did not keep up.
    backlog: f64,
}

impl ServiceQueue {
    /// An empty queue whose workers need `service_time` for a request on average.
    pub fn new(service_time: Span, routing: Routing) -> Self {
        Self {
            routing,
            service: seconds(service_time).max(1e-6),
            backlog: 0.0,
        }
    }

    /// Requests that wait because the instances did not keep up.
    pub fn backlog(&self) -> f64 {
        self.backlog
    }

    /// Everybody leaves; how many there were.
    pub fn close(&mut self) -> f64 {
        std::mem::take(&mut self.backlog)
    }

    /// Serves `requests` that arrive evenly during `span`, and appends how long they take.
    pub fn serve(&mut self, span: Span, requests: f64, fleet: Fleet, parts: &mut Vec<Part>) {
        let service = self.service;
        self.service /= fleet.pace;
        self.serve_so(span, requests, fleet, parts);
        self.service = service;
    }

    fn serve_so(&mut self, span: Span, requests: f64, fleet: Fleet, parts: &mut Vec<Part>) {
        let length = seconds(span);
        if length <= 0.0 || (requests <= 0.0 && self.backlog <= 0.0) {
            return;
        }
        let arrivals = requests / length;
        let capacity = fleet.worth() * fleet.workers as f64 / self.service;
        if capacity > arrivals * STEADY {
            let drained = (self.backlog / (capacity - arrivals)).min(length);
            let left = (self.backlog - drained * (capacity - arrivals)).max(0.0);
            self.fluid(drained * arrivals, self.backlog, left, capacity, parts);
            self.backlog = left;
            let rest = (length - drained) * arrivals;
            if rest > 0.0 {
                self.steady(rest, arrivals, fleet, parts);
            }
        } else {
            let most = capacity * seconds(PATIENCE);
            let grown = self.backlog + (arrivals - capacity) * length;
            let kept = grown.min(most).max(0.0);
            let lost = (grown - kept).min(requests).max(0.0);
            self.fluid(
                requests - lost,
                self.backlog.min(most),
                kept,
                capacity,
                parts,
            );
            if lost > 0.0 {
                parts.push(Part {
                    requests: lost,
                    law: Law::Never,
                });
            }
            self.backlog = kept;
        }
    }

    fn fluid(&self, requests: f64, from: f64, to: f64, capacity: f64, parts: &mut Vec<Part>) {
        if requests > 0.0 && capacity > 0.0 {
            let (low, high) = if from < to { (from, to) } else { (to, from) };
            let law = Law::Fluid {
                from: low / capacity,
                to: high / capacity,
                service: self.service,
            };
            parts.push(Part { requests, law });
        }
    }

    /// The steady state of `fleet` under so many arrivals a second, fewer than it can serve.
    fn steady(&self, requests: f64, arrivals: f64, fleet: Fleet, parts: &mut Vec<Part>) {
        let rate = 1.0 / self.service;
        let worth = fleet.worth();
        let (waits, spare) = match self.routing {
            Routing::LeastWork => {
                // The nearest whole number of workers at full speed that still keeps up.
                let least = (arrivals * self.service * STEADY) as u64 + 1;
                let workers = ((worth * fleet.workers as f64 + 0.5) as u64).max(least);
                let waits = erlang_c(arrivals * self.service, workers);
                (waits, workers as f64 * rate - arrivals)
            }
            Routing::Random => {
                let each = arrivals / worth;
                let waits = erlang_c(each * self.service, fleet.workers);
                (waits, fleet.workers as f64 * rate - each)
            }
            Routing::RoundRobin => in_turn(arrivals, worth, fleet.workers, rate),
        };
        let mut serves = |instances: u64, speed: f64| {
            if instances > 0 {
                let requests = requests * instances as f64 * speed / worth;
                // Under one queue an instance's speed changes only its own service.
                let spare = match self.routing {
                    Routing::LeastWork => spare,
                    Routing::RoundRobin | Routing::Random => spare * speed,
                };
                let rate = rate * speed;
                let law = Law::Steady { rate, spare, waits };
                parts.push(Part { requests, law });
            }
        };
        serves(fleet.warm, 1.0);
        serves(fleet.cold, fleet.speed);
    }
}

/// Capacity must exceed the load by this for a steady state to be reached within a step.
const STEADY: f64 = 1.001;

impl Part {
    /// The probability that a request takes longer than `seconds`.
    fn longer_than(&self, seconds: f64) -> f64 {
        match self.law {
            Law::Steady { rate, spare, waits } => {
                let served = exp(-rate * seconds);
                let difference = spare - rate;
                let after_waiting = if difference.abs() < 1e-9 * rate {
                    served * (1.0 + rate * seconds)
                } else {
                    (spare * served - rate * exp(-spare * seconds)) / difference
                };
                (1.0 - waits) * served + waits * after_waiting
            }
            Law::Fluid { from, to, service } => {
                let waited = seconds - service;
                if waited < from {
                    1.0
                } else if waited >= to {
                    0.0
                } else {
                    (to - waited) / (to - from)
                }
            }
            Law::Never => 1.0,
        }
    }
}

/// How many of all requests take longer than `limit`.
pub fn late(parts: &[Part], limit: Span) -> f64 {
    parts
        .iter()
        .map(|part| part.requests * part.longer_than(seconds(limit)))
        .sum()
}

/// The response time that a part `quantile` of all requests does not exceed, to one part in a
/// thousand; [`PATIENCE`] at most.
pub fn percentile(parts: &[Part], quantile: f64) -> Span {
    let all: f64 = parts.iter().map(|part| part.requests).sum();
    let allowed = all * (1.0 - quantile);
    if all <= 0.0 {
        return Span::ZERO;
    }
    // No further than it takes to know: each part only adds to what is late.
    let exceeded = |micros| {
        let limit = seconds(Span::from_micros(micros));
        let mut late = 0.0;
        parts.iter().any(|part| {
            late += part.requests * part.longer_than(limit);
            late > allowed
        })
    };
    let (mut low, mut high) = (0, 1 << 15);
    while exceeded(high) {
        if high >= PATIENCE.as_micros() {
            return PATIENCE;
        }
        (low, high) = (high, high * 2);
    }
    while high - low > 1 + low / 1000 {
        let middle = low.midpoint(high);
        if exceeded(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Span::from_micros(high).min(PATIENCE)
}

/// The probability that a request finds all of `servers` busy when `load` of them are on average.
fn erlang_c(load: f64, servers: u64) -> f64 {
    let mut blocked = 1.0;
    for server in 1..=servers {
        blocked = load * blocked / (server as f64 + load * blocked);
    }
    let servers = servers as f64;
    servers * blocked / (servers - load * (1.0 - blocked))
}

/// The probability of waiting, and the rate at which waits end, at each of `instances` with so many
/// `workers` of this `rate` when all `arrivals` go to them in turn.
///
/// With the transform of the gaps `gap(s) = (arrivals / (arrivals + s))^instances`, the root `omega` of
/// `omega = gap(workers * rate * (1 - omega))`, `gap_j = gap(j * rate)` and `c_j` the product of
/// `gap_i / (1 - gap_i)` for `i <= j`, who waits does so for an exponential time of rate
/// `workers * rate * (1 - omega)`, with the probability `a / (1 - omega)`, where
/// `1 / a = 1 / (1 - omega) + sum over j of binomial(workers, j) / (c_j * (1 - gap_j)) *
/// (workers * (1 - gap_j) - j) / (workers * (1 - omega) - j)`.
fn in_turn(arrivals: f64, instances: f64, workers: u64, rate: f64) -> (f64, f64) {
    let gap = |s: f64| exp(-instances * log1p(s / arrivals));
    let all = workers as f64;
    let (mut low, mut high) = (0.0, 1.0);
    // The transform lies above the diagonal below the root and under it up to one.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if gap(all * rate * (1.0 - middle)) > middle {
            low = middle;
        } else {
            high = middle;
        }
    }
    let omega = 0.5 * (low + high);
    // By logarithms: of a thousand workers the ways are more than a float holds.
    let (mut sum, mut ways, mut c) = (1.0 / (1.0 - omega), 0.0, 0.0);
    for j in 1..=workers {
        let (at, gap) = (j as f64, gap(j as f64 * rate));
        ways += log((all - at + 1.0) / at);
        c += log(gap) - log1p(-gap);
        let (above, below) = (all * (1.0 - gap) - at, all * (1.0 - omega) - at);
        // Where the root meets a whole number of workers both vanish: the ratio of their slopes.
        let slope = instances / (arrivals + at * rate) * gap;
        let ratio = if below.abs() < 1e-6 {
            1.0 - all * rate * slope
        } else {
            above / below
        };
        sum += exp(ways - c - log1p(-gap)) * ratio;
    }
    let waits = 1.0 / sum / (1.0 - omega);
    (waits.clamp(0.0, 1.0), all * rate * (1.0 - omega))
}

fn seconds(span: Span) -> f64 {
    span.as_micros() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn warm(instances: u64, workers: u64) -> Fleet {
        Fleet {
            warm: instances,
            cold: 0,
            speed: 1.0,
            workers,
            pace: 1.0,
        }
    }

    /// The response times of `fleet` under a load of so many busy workers.
    fn routed(routing: Routing, load: f64, fleet: Fleet) -> Vec<Part> {
        let mut parts = Vec::new();
        // One second a request: the load is the arrival rate.
        let mut queue = ServiceQueue::new(Span::from_secs(1), routing);
        queue.serve(Span::from_secs(1000), load * 1000.0, fleet, &mut parts);
        parts
    }

    fn steady(load: f64, servers: u64) -> Vec<Part> {
        routed(Routing::LeastWork, load, warm(1, servers))
    }

    /// The part of all requests that take longer than 10 s.
    fn late_part(parts: &[Part]) -> f64 {
        let all: f64 = parts.iter().map(|part| part.requests).sum();
        late(parts, Span::from_secs(10)) / all
    }

    #[test]
    fn erlang_c_matches_the_tables() {
        // M/M/1 waits with probability rho; M/M/2 at rho 1/2 with 1/3.
        assert!((erlang_c(0.7, 1) - 0.7).abs() < 1e-12);
        assert!((erlang_c(1.0, 2) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn one_server_is_exponential() {
        // M/M/1 response times are exponential with rate mu - lambda: median ln 2 / 0.5.
        let median = percentile(&steady(0.5, 1), 0.5).as_micros();
        assert!((1_386_294..1_388_000).contains(&median), "{median}");
        let p99 = percentile(&steady(0.5, 1), 0.99).as_micros();
        assert!((9_210_340..9_220_000).contains(&p99), "{p99}");
    }

    #[test]
    fn an_overloaded_line_grows_and_drains() {
        let mut queue = ServiceQueue::new(Span::from_secs(1), Routing::LeastWork);
        let mut parts = Vec::new();
        queue.serve(Span::from_secs(5), 20.0, warm(1, 2), &mut parts);
        assert!((queue.backlog() - 10.0).abs() < 1e-9);
        // The last to arrive waits 5 s for the 10 before it, then one second.
        let last = percentile(&parts, 1.0).as_micros();
        assert!((6_000_000..6_006_000).contains(&last), "{last}");
        parts.clear();
        queue.serve(Span::from_secs(100), 0.0, warm(1, 2), &mut parts);
        assert_eq!((queue.backlog(), parts.len()), (0.0, 0));
    }

    #[test]
    fn nobody_to_serve_means_nobody_answered() {
        let mut parts = Vec::new();
        let mut queue = ServiceQueue::new(Span::from_secs(1), Routing::Random);
        queue.serve(Span::from_secs(10), 50.0, warm(0, 2), &mut parts);
        assert!((late(&parts, Span::from_secs(1)) - 50.0).abs() < 1e-9);
        assert_eq!(percentile(&parts, 0.5), PATIENCE);
    }

    #[test]
    fn one_instance_is_the_same_however_requests_are_routed() {
        for (load, workers) in [(0.5, 1), (3.0, 5), (4.9, 5), (19.0, 20)] {
            let [one, turn, random] = [Routing::LeastWork, Routing::RoundRobin, Routing::Random]
                .map(|routing| late_part(&routed(routing, load, warm(1, workers))));
            assert!((one - turn).abs() < 1e-6, "{load} {workers}: {one} {turn}");
            assert!(
                (one - random).abs() < 1e-12,
                "{load} {workers}: {one} {random}"
            );
        }
    }

    #[test]
    fn arrivals_in_turn_at_single_workers_are_erlang_gaps() {
        // E2/M/1 with arrivals of 1.5 a second at two workers of rate 1: omega = (3 / (3 + 2 (1 - omega)))^2,
        // and who arrives waits with probability omega (Kleinrock I, section 6.4).
        let (waits, ends) = in_turn(1.5, 2.0, 1, 1.0);
        let transform = 1.5 / (1.5 + (1.0 - waits));
        assert!((transform * transform - waits).abs() < 1e-9, "{waits}");
        assert!((ends - (1.0 - waits)).abs() < 1e-9, "{ends}");
    }

    /// The share of requests that wait at all, of a million to `instances` of `workers` in turn.
    fn simulated_in_turn(arrivals: f64, instances: usize, workers: usize) -> f64 {
        let mut draws = fairground_workloads::rng::stream(7, "requests");
        let mut gap = |mean: f64| {
            let mean = Span::from_micros((mean * 1e6) as u64);
            draws.exponential(mean).as_micros() as f64 / 1e6
        };
        let mut free = vec![vec![0.0_f64; workers]; instances];
        let (mut now, mut waited) = (0.0, 0_u32);
        for request in 0..1_000_000 {
            now += gap(1.0 / arrivals);
            let instance = &mut free[request % instances];
            let first = instance.iter_mut().min_by(|a, b| a.total_cmp(b));
            let first = first.expect("a worker");
            waited += u32::from(*first > now);
            *first = first.max(now) + gap(1.0);
        }
        f64::from(waited) / 1e6
    }

    #[test]
    fn routing_in_turn_is_as_simulated() {
        for (arrivals, instances, workers) in [(4.0, 5, 1), (12.0, 3, 5), (27.0, 6, 5)] {
            let simulated = simulated_in_turn(arrivals, instances, workers);
            let (waits, _) = in_turn(arrivals, instances as f64, workers as u64, 1.0);
            assert!((waits - simulated).abs() < 0.01, "{waits} {simulated}");
        }
    }

    #[test]
    fn thousands_of_workers_are_no_perfect_service() {
        for workers in [900, 1100, 2500] {
            let (waits, ends) = in_turn(1.98 * workers as f64, 2.0, workers, 1.0);
            assert!(
                waits.is_finite() && waits > 0.1 && waits < 1.0,
                "{workers}: {waits}"
            );
            assert!(ends.is_finite() && ends > 0.0, "{workers}: {ends}");
        }
    }

    #[test]
    fn a_worse_routing_makes_more_requests_late() {
        let late = |routing| late_part(&routed(routing, 45.0, warm(10, 5)));
        let one = late(Routing::LeastWork);
        let turn = late(Routing::RoundRobin);
        let random = late(Routing::Random);
        assert!(one < turn && turn < random, "{one} {turn} {random}");
        assert!(random > 3.0 * one, "{one} {random}");
    }

    #[test]
    fn a_cold_instance_counts_by_its_speed() {
        let fleet = |warm, cold| Fleet {
            warm,
            cold,
            speed: 0.5,
            workers: 4,
            pace: 1.0,
        };
        for routing in [Routing::LeastWork, Routing::RoundRobin, Routing::Random] {
            let full = late_part(&routed(routing, 6.0, fleet(3, 0)));
            let cold = late_part(&routed(routing, 6.0, fleet(2, 2)));
            assert!(cold > full, "{routing:?}: {full} {cold}");
        }
        // Three of which two at half speed are two: eight workers do not keep up with nine.
        let mut queue = ServiceQueue::new(Span::from_secs(1), Routing::Random);
        queue.serve(Span::from_secs(10), 90.0, fleet(1, 2), &mut Vec::new());
        assert!((queue.backlog() - 10.0).abs() < 1e-9);
    }
}
