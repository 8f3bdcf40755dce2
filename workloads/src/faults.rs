//! Agents that go away and, perhaps, come back: told one by one, drawn at random, or both.

use fairground_policies::message::AgentId;
use fairground_policies::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::error::ReadError;
use crate::rng::stream;
use crate::trace::Fault;

/// More outages than this are taken for a mistake.
const MOST_FAULTS: u64 = 10_000_000;

/// The part of a recipe that says which agents fail.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultSpec {
    /// The mean time from an agent's (re)start to its next failure, exponential; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtbf: Option<Span>,
    /// The mean time until it is back, exponential; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mttr: Option<Span>,
    /// Outages told one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<Outage>,
}

/// One outage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// When, from the start of the cluster.
    pub at: Span,
    /// Which agent.
    pub agent: u32,
    /// For how long; absent for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
}

impl FaultSpec {
    /// The outages of `agents` agents that begin before the horizon, sorted by time; those of one
    /// agent never overlap.
    ///
    /// Every agent draws from a stream of its own, so one more agent moves no other's failures. A
    /// drawn outage that would overlap one of the list is left out.
    ///
    /// # Errors
    /// When the list names an agent that does not exist or one that is already away, when `mttr`
    /// stands alone, or when `mtbf` gives more failures than anyone can mean.
    pub fn build(&self, agents: u32, horizon: Span, seed: u64) -> Result<Vec<Fault>, ReadError> {
        let mut faults = self.told(agents)?;
        if let Some(mtbf) = self.mtbf {
            let expected = u128::from(agents) * u128::from(horizon.as_micros());
            if expected / u128::from(mtbf.as_micros().max(1)) > u128::from(MOST_FAULTS) {
                let wanted = format!("a time that gives at most {MOST_FAULTS} failures");
                return Err(ReadError::expected(wanted, mtbf).place("parameter `mtbf`"));
            }
            for agent in (0..agents).map(AgentId) {
                self.draw(agent, mtbf, horizon, seed, &mut faults);
            }
        } else if self.mttr.is_some() {
            let error = ReadError::expected("`mtbf` beside it", "`mttr` alone");
            return Err(error.place("parameter `mttr`"));
        }
        faults.sort_unstable_by_key(Fault::order);
        faults.retain(|fault| fault.at < Time::ZERO + horizon);
        Ok(faults)
    }

    fn told(&self, agents: u32) -> Result<Vec<Fault>, ReadError> {
        let mut faults: Vec<Fault> = self.list.iter().map(Outage::fault).collect();
        faults.sort_unstable_by_key(|fault| (fault.agent, fault.at));
        for fault in &faults {
            if fault.agent.0 >= agents {
                let expected = format!("an agent below {agents}");
                let error = ReadError::expected(expected, fault.agent.0);
                return Err(error.place("parameter `list`, key `agent`"));
            }
        }
        for pair in faults.windows(2) {
            let (one, next) = (pair[0], pair[1]);
            if one.agent == next.agent && !ends_before(one, next.at) {
                let expected = "every agent back before it goes again";
                let found = format!("{} going at {} and {}", one.agent, one.at, next.at);
                return Err(ReadError::expected(expected, found).place("parameter `list`"));
            }
        }
        Ok(faults)
    }

    fn draw(&self, agent: AgentId, mtbf: Span, horizon: Span, seed: u64, faults: &mut Vec<Fault>) {
        let micro = Span::from_micros(1);
        let mut stream = stream(seed, &format!("faults/{}", agent.0));
        let told: Vec<Fault> = faults
            .iter()
            .copied()
            .filter(|fault| fault.agent == agent)
            .collect();
        let mut now = Time::ZERO;
        loop {
            let at = now + stream.exponential(mtbf).max(micro);
            if at >= Time::ZERO + horizon {
                return;
            }
            let back = self
                .mttr
                .map(|mttr| at + stream.exponential(mttr).max(micro));
            let fault = Fault {
                at,
                agent,
                back,
                total: None,
            };
            let apart =
                |other: &Fault| ends_before(fault, other.at) || ends_before(*other, fault.at);
            if told.iter().all(apart) {
                faults.push(fault);
            }
            match back {
                Some(back) => now = back,
                None => return,
            }
        }
    }
}

impl Outage {
    fn fault(&self) -> Fault {
        let at = Time::ZERO + self.at;
        Fault {
            at,
            agent: AgentId(self.agent),
            back: self.lasts.map(|lasts| at + lasts),
            total: None,
        }
    }
}

/// Whether the agent is back before `time`.
fn ends_before(fault: Fault, time: Time) -> bool {
    fault.back.is_some_and(|back| back < time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const HOUR: Span = Span::from_secs(3600);

    fn check(spec: &str, expected: &Expect) {
        let spec: FaultSpec = toml::from_str(spec).unwrap();
        let shown = match spec.build(10, HOUR, 1) {
            Ok(faults) => faults
                .iter()
                .map(|f| match f.back {
                    Some(back) => format!("{} {} until {back}\n", f.at, f.agent),
                    None => format!("{} {} for good\n", f.at, f.agent),
                })
                .collect(),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn told_outages_are_sorted() {
        check(
            "list = [{ at = '9m', agent = 1 }, { at = '5m', agent = 2, lasts = '1m' }]",
            &expect![[r"
                5m a2 until 6m
                9m a1 for good
            "]],
        );
        check("", &expect![""]);
        check("list = [{ at = '2h', agent = 1 }]", &expect![""]);
    }

    #[test]
    fn impossible_outages_are_refused() {
        check(
            "list = [{ at = '5m', agent = 10 }]",
            &expect!["parameter `list`, key `agent`: expected an agent below 10, found 10"],
        );
        check(
            "list = [{ at = '5m', agent = 1, lasts = '2m' }, { at = '6m', agent = 1 }]",
            &expect![
                "parameter `list`: expected every agent back before it goes again, found a1 going at 5m and 6m"
            ],
        );
        check(
            "mttr = '1m'",
            &expect!["parameter `mttr`: expected `mtbf` beside it, found `mttr` alone"],
        );
        check(
            "mtbf = '1us'",
            &expect![
                "parameter `mtbf`: expected a time that gives at most 10000000 failures, found 1us"
            ],
        );
    }

    #[test]
    fn drawn_outages_do_not_overlap() {
        let spec = FaultSpec {
            mtbf: Some(Span::from_secs(300)),
            mttr: Some(Span::from_secs(60)),
            list: vec![Outage {
                at: Span::from_secs(600),
                agent: 3,
                lasts: Some(Span::from_secs(900)),
            }],
        };
        let faults = spec.build(50, HOUR, 1).unwrap();
        assert!(faults.is_sorted_by_key(Fault::order));
        assert!((400..600).contains(&faults.len()), "{}", faults.len());
        for agent in (0..50).map(AgentId) {
            let own: Vec<_> = faults.iter().filter(|f| f.agent == agent).collect();
            assert!(own.windows(2).all(|pair| ends_before(*pair[0], pair[1].at)));
        }
        let fewer = spec.build(40, HOUR, 1).unwrap();
        let kept: Vec<_> = faults.into_iter().filter(|f| f.agent.0 < 40).collect();
        assert_eq!(fewer, kept, "one agent more moves no other's failures");
    }
}
