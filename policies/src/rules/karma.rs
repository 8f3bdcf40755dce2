//! Karma: slices are lent for credits, quantum by quantum (Vuppalapati et al., OSDI 2023, section 3; its
//! published code, `algorithm/src/karma_allocator.cpp` and the test of its Jiffy controller).

/// Somebody who asks for slices in a quantum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct User {
    /// How many slices are wanted.
    pub demand: u64,
    /// What earlier quanta left.
    pub credits: u64,
}

/// What one quantum gives and moves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// Slices, by user.
    pub slices: Vec<u64>,
    /// What was earned (above zero) or paid, by user.
    pub earned: Vec<i64>,
    /// What the pool earned.
    pub pool: u64,
}

/// One quantum: everybody has `share` slices, and `public` more are for anybody.
///
/// Who wants less than its share lends the rest; who wants more borrows, as far as its credits go, one a
/// slice. Where there is enough for all borrowers, the lenders are paid one credit a slice that is used,
/// the poorest first and the pool last; where there is not, all that lend are paid, and the richest borrowers
/// are served first. Equal credits: slices one by one to the lower number (the original leaves it to a
/// heap).
pub fn exchange(users: &[User], share: u64, public: u64) -> Exchange {
    let lent = |user: &User| share.saturating_sub(user.demand);
    let wanted = |user: &User| user.demand.saturating_sub(share).min(user.credits);
    let lending: u128 = users.iter().map(|user| u128::from(lent(user))).sum();
    let supply = lending + u128::from(public);
    let want: u128 = users.iter().map(|user| u128::from(wanted(user))).sum();
    let (paid, borrowed) = if supply >= want {
        let poorest = users
            .iter()
            .map(|user| (u64::MAX - user.credits, lent(user)));
        let paid = highest_first(&poorest.collect::<Vec<_>>(), want.min(lending));
        (paid, users.iter().map(wanted).collect())
    } else {
        let richest = users.iter().map(|user| (user.credits, wanted(user)));
        let borrowed = highest_first(&richest.collect::<Vec<_>>(), supply);
        (users.iter().map(lent).collect(), borrowed)
    };
    let pool = want.min(supply).saturating_sub(lending);
    Exchange {
        slices: users
            .iter()
            .zip(&borrowed)
            .map(|(user, more)| user.demand.min(share) + more)
            .collect(),
        earned: paid
            .iter()
            .zip(&borrowed)
            .map(|(paid, borrowed)| paid.cast_signed() - borrowed.cast_signed())
            .collect(),
        pool: u64::try_from(pool).unwrap_or(u64::MAX),
    }
}

/// Hands out `supply` ones, each to whoever stands highest and wants one, which lowers it by one; the lower
/// number when equal. `of` is where each stands and how many it wants.
fn highest_first(of: &[(u64, u64)], supply: u128) -> Vec<u64> {
    let above = |level: u64, (height, most): (u64, u64)| most.min(height.saturating_sub(level));
    let given = |level| {
        of.iter()
            .map(|one| u128::from(above(level, *one)))
            .sum::<u128>()
    };
    // The lowest level that all can be lowered to; then those who stand there one by one.
    let (mut low, mut high) = (0, u64::MAX);
    while low < high {
        let middle = low + (high - low) / 2;
        if given(middle) <= supply {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let mut all: Vec<u64> = of.iter().map(|one| above(low, *one)).collect();
    let mut rest = supply - given(low);
    for (one, (height, most)) in all.iter_mut().zip(of) {
        if rest > 0 && height - *one == low && *one < *most {
            *one += 1;
            rest -= 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(share: u64, public: u64, users: &[(u64, u64)], slices: &[u64], earned: &[i64]) {
        let user = |(demand, credits): &(u64, u64)| User {
            demand: *demand,
            credits: *credits,
        };
        let users: Vec<User> = users.iter().map(user).collect();
        let found = exchange(&users, share, public);
        assert_eq!((&*found.slices, &*found.earned), (slices, earned));
        let moved: i64 = found.earned.iter().sum();
        assert_eq!(
            moved + found.pool.cast_signed(),
            0,
            "credits are moved, not made"
        );
    }

    /// The inputs of the published code's example: six slices of which half are for anybody, three quanta. In all everybody
    /// has five, where max-min gives six, six and three.
    #[test]
    fn three_quanta() {
        use crate::rules::yarn::fair::{Schedulable, shares};

        let quanta = [[4, 1, 1], [0, 3, 0], [2, 2, 5]];
        let given = [[4, 1, 1], [0, 3, 0], [1, 1, 4]];
        let (mut credits, mut totals, mut max_min) = ([6, 6, 6], [0; 3], [0; 3]);
        for (demands, given) in quanta.into_iter().zip(given) {
            credits = credits.map(|credits| credits + 1);
            let user = |id: usize| User {
                demand: demands[id],
                credits: credits[id],
            };
            let found = exchange(&[0, 1, 2].map(user), 1, 3);
            assert_eq!(found.slices, given);
            let claim = |demand: u64| Schedulable {
                min: 0,
                max: demand.cast_signed(),
                weight: 1000,
                active: true,
            };
            let fair = shares(6, &demands.map(claim));
            for id in 0..3 {
                credits[id] = credits[id].saturating_add_signed(found.earned[id]);
                totals[id] += found.slices[id];
                max_min[id] += fair[id];
            }
        }
        assert_eq!((totals, max_min), ([5, 5, 5], [6, 6, 3]));
    }

    #[test]
    fn lenders_are_paid_the_poorest_first() {
        check(4, 0, &[(7, 9), (0, 2), (1, 3)], &[7, 0, 1], &[-3, 2, 1]);
        check(4, 3, &[(8, 9), (3, 0), (4, 0)], &[8, 3, 4], &[-4, 1, 0]);
    }

    #[test]
    fn borrowers_are_served_the_richest_first() {
        check(2, 0, &[(0, 0), (4, 5), (4, 4)], &[0, 4, 2], &[2, -2, 0]);
        check(2, 1, &[(0, 0), (4, 5), (4, 5)], &[0, 4, 3], &[2, -2, -1]);
        check(2, 9, &[(9, 0), (9, 3)], &[2, 5], &[0, -3]);
    }
}
