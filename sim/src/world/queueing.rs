//! How long requests take: the queueing model of services.
//!
//! While the servers keep up, response times are those of an M/M/c queue in steady state (Erlang's
//! C formula; Kleinrock, Queueing Systems I, section 3.5). While they do not, and until what piled
//! up is served, requests wait as long as a fluid queue says and then one mean service time. A
//! request that would wait longer than [`PATIENCE`] gives up.

use fairground_policies::time::Span;
use libm::exp;

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
    /// M/M/c: one server's rate, the spare rate of all servers, the probability of waiting.
    Steady { rate: f64, spare: f64, waits: f64 },
    /// Waiting times spread evenly between two bounds, then one mean service time; seconds.
    Fluid { from: f64, to: f64, service: f64 },
    /// Never answered.
    Never,
}

/// A queue in front of identical servers.
#[derive(Clone, Debug)]
pub struct Line {
    /// Mean time one server needs for one request, in seconds.
    service: f64,
    /// Requests that wait because the servers did not keep up.
    backlog: f64,
}

impl Line {
    /// An empty line whose servers need `service_time` for a request on average.
    pub fn new(service_time: Span) -> Self {
        Self {
            service: seconds(service_time).max(1e-6),
            backlog: 0.0,
        }
    }

    /// Requests that wait because the servers did not keep up.
    pub fn backlog(&self) -> f64 {
        self.backlog
    }

    /// Everybody leaves; how many there were.
    pub fn close(&mut self) -> f64 {
        std::mem::take(&mut self.backlog)
    }

    /// Serves `requests` that arrive evenly during `span` with `servers` servers, and appends how
    /// long they take.
    pub fn serve(&mut self, span: Span, requests: f64, servers: u64, parts: &mut Vec<Part>) {
        let length = seconds(span);
        if length <= 0.0 || (requests <= 0.0 && self.backlog <= 0.0) {
            return;
        }
        let arrivals = requests / length;
        let capacity = servers as f64 / self.service;
        if capacity > arrivals * STEADY {
            let drained = (self.backlog / (capacity - arrivals)).min(length);
            let left = (self.backlog - drained * (capacity - arrivals)).max(0.0);
            self.fluid(drained * arrivals, self.backlog, left, capacity, parts);
            self.backlog = left;
            let rest = (length - drained) * arrivals;
            if rest > 0.0 {
                parts.push(self.steady(rest, arrivals, servers));
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

    fn steady(&self, requests: f64, arrivals: f64, servers: u64) -> Part {
        let rate = 1.0 / self.service;
        let waits = erlang_c(arrivals * self.service, servers);
        let spare = servers as f64 * rate - arrivals;
        Part {
            requests,
            law: Law::Steady { rate, spare, waits },
        }
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
    let exceeded = |micros| late(parts, Span::from_micros(micros)) > allowed;
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

fn seconds(span: Span) -> f64 {
    span.as_micros() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(load: f64, servers: u64) -> Vec<Part> {
        let mut parts = Vec::new();
        // One second a request: the load is the arrival rate.
        Line::new(Span::from_secs(1)).serve(
            Span::from_secs(1000),
            load * 1000.0,
            servers,
            &mut parts,
        );
        parts
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
        let mut line = Line::new(Span::from_secs(1));
        let mut parts = Vec::new();
        line.serve(Span::from_secs(5), 20.0, 2, &mut parts);
        assert!((line.backlog() - 10.0).abs() < 1e-9);
        // The last to arrive waits 5 s for the 10 before it, then one second.
        let last = percentile(&parts, 1.0).as_micros();
        assert!((6_000_000..6_006_000).contains(&last), "{last}");
        parts.clear();
        line.serve(Span::from_secs(100), 0.0, 2, &mut parts);
        assert_eq!((line.backlog(), parts.len()), (0.0, 0));
    }

    #[test]
    fn nobody_to_serve_means_nobody_answered() {
        let mut parts = Vec::new();
        Line::new(Span::from_secs(1)).serve(Span::from_secs(10), 50.0, 0, &mut parts);
        assert!((late(&parts, Span::from_secs(1)) - 50.0).abs() < 1e-9);
        assert_eq!(percentile(&parts, 0.5), PATIENCE);
    }
}
