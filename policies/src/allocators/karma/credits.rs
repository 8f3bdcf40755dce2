//! Who has which credits, and what a quantum gives.

use crate::allocators::Context;
use crate::ledger::Ledger;
use crate::message::FrameworkId;
use crate::resources::Kind;
use crate::rules::karma::{User, exchange};
use crate::time::Span;

/// How the cluster is divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) on: Kind,
    pub(super) slices: u64,
    /// The part of them that is for anybody, in percent.
    pub(super) shared: u64,
    pub(super) quantum: Span,
    /// What the first have to begin with.
    pub(super) credits: u64,
}

/// Credits of all frameworks, and how many slices each may hold in the present quantum.
#[derive(Default, Debug)]
pub(super) struct Credits {
    /// The number of the quantum, counted from 1.
    quantum: u64,
    /// By framework id.
    accounts: Vec<Option<Balance>>,
}

#[derive(Clone, Copy, Debug)]
struct Balance {
    credits: u64,
    given: u64,
}

impl Terms {
    /// What a framework holds and waits for, in slices, the last one whole.
    fn demand(&self, ledger: &Ledger, framework: FrameworkId) -> u64 {
        let total = u128::from(ledger.total().of(self.on)).max(1);
        let held = ledger.held(framework).of(self.on);
        let wanted = held.saturating_add(ledger.waiting_resources(framework).of(self.on));
        (u128::from(wanted) * u128::from(self.slices)).div_ceil(total) as u64
    }
}

impl Credits {
    /// How much of the resource `framework` may hold now.
    pub(super) fn given(
        &mut self,
        context: &Context<'_>,
        framework: FrameworkId,
        terms: &Terms,
    ) -> u64 {
        self.begin(context, terms);
        let account = self.accounts.get(framework.index()).copied().flatten();
        let slices = u128::from(account.map_or(0, |account| account.given));
        let total = u128::from(context.ledger.total().of(terms.on));
        (total * slices / u128::from(terms.slices)) as u64
    }

    /// Holds the exchange of a quantum when it begins, with as many credits for nothing as the pool has slices for each.
    /// A newcomer begins with the mean of what the others have and, until the next exchange, with what it wants of its own
    /// part.
    fn begin(&mut self, context: &Context<'_>, terms: &Terms) {
        let ledger = context.ledger;
        let all: Vec<FrameworkId> = ledger.frameworks().collect();
        let quantum = 1 + context.now.as_micros() / terms.quantum.as_micros().max(1);
        let count = all.len().max(1) as u64;
        let public = terms.slices * terms.shared / 100;
        let share = (terms.slices - public) / count;
        let old: Vec<u64> = self
            .accounts
            .iter()
            .flatten()
            .map(|account| account.credits)
            .collect();
        let mean = old
            .iter()
            .sum::<u64>()
            .checked_div(old.len() as u64)
            .unwrap_or(terms.credits);
        let ids = all.last().map_or(0, |last| last.index() + 1);
        self.accounts.resize(ids.max(self.accounts.len()), None);
        for one in &all {
            self.accounts[one.index()].get_or_insert_with(|| Balance {
                credits: mean,
                given: terms.demand(ledger, *one).min(share),
            });
        }
        for (id, account) in self.accounts.iter_mut().enumerate() {
            if all.binary_search(&FrameworkId(id as u32)).is_err() {
                *account = None;
            }
        }
        if self.quantum >= quantum {
            return;
        }
        self.quantum = quantum;
        let user = |(one, account): (&FrameworkId, &Balance)| User {
            demand: terms.demand(ledger, *one),
            credits: account.credits.saturating_add(public / count),
        };
        let accounts = || self.accounts.iter().flatten();
        let users: Vec<User> = all.iter().zip(accounts()).map(user).collect();
        let found = exchange(&users, share, public);
        let results = users.iter().zip(found.slices).zip(found.earned);
        for (account, ((user, slices), earned)) in self.accounts.iter_mut().flatten().zip(results) {
            account.credits = user.credits.saturating_add_signed(earned);
            account.given = slices;
        }
    }
}
