//! Which queue service puts somebody into.

use crate::ledger::{Ledger, Node};
use crate::message::FrameworkId;
use crate::name::{BadName, Name};
use crate::resources::Kind;
use crate::time::Span;

/// Queues by attained service.
#[derive(Debug)]
pub(super) struct ServiceQueues {
    /// What is counted.
    pub(super) on: Kind,
    /// Where each queue ends, in units of the kind times microseconds; growing.
    pub(super) ends: Vec<u128>,
}

impl ServiceQueues {
    /// Queues that end after times for which one unit (a core, a GPU, a GiB) is held.
    pub(super) fn from_name(name: &mut Name, on: Kind) -> Result<Self, BadName> {
        let text = name.take("queues").unwrap_or_else(|| "1h".to_owned());
        let expected = "growing times, as in 1h or 1h:10h";
        let unit = match on {
            Kind::Cpus | Kind::Gpus => 1000,
            Kind::Mem | Kind::Disk => 1024,
        };
        let span = |part: &str| part.parse::<Span>().ok();
        let spans: Option<Vec<Span>> = text.split(':').map(span).collect();
        let spans =
            spans.filter(|all| !all[0].is_zero() && all.is_sorted_by(|one, next| one < next));
        let spans = spans.ok_or_else(|| name.bad("queues", &text, expected))?;
        let end = |span: Span| u128::from(span.as_micros()) * unit;
        let ends = spans.into_iter().map(end).collect();
        Ok(Self { on, ends })
    }

    /// Which queue `node` is in: a weight of two attains service half as fast.
    pub(super) fn of(&self, ledger: &Ledger, node: Node) -> usize {
        let used = ledger.used(node)[self.on as usize].saturating_mul(1000);
        let attained = used / u128::from(ledger.weight(node).thousandths());
        self.ends.partition_point(|end| *end <= attained)
    }

    /// The queue of `other` where the paths to both part, if it is behind that of `to`.
    pub(super) fn behind(
        &self,
        ledger: &Ledger,
        to: FrameworkId,
        other: FrameworkId,
    ) -> Option<usize> {
        let (mine, theirs) = ledger.apart(to, other)?;
        Some(self.of(ledger, theirs)).filter(|queue| *queue > self.of(ledger, mine))
    }
}
