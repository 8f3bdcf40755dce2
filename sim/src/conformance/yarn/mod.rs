//! YARN: what is taken between and inside of queues, shares, comparators, orders.

mod capacity;
mod fair;
mod order;
mod starved;

use super::{CaseFile, Kind, System};

pub(super) const SYSTEM: System = System {
    name: "yarn",
    about: "capacity and fair scheduler: shares, order, preemption",
    kinds: &[
        Kind {
            name: "cs_inter_queue_preemption",
            rule: "capacity scheduler: ideal shares of queues, dead zone, victims",
            check: capacity::between,
        },
        Kind {
            name: "cs_intra_queue_preemption",
            rule: "capacity scheduler: ideal shares of applications, user limits, victims",
            check: capacity::between,
        },
        Kind {
            name: "cs_kill_timing",
            rule: "capacity scheduler: asked first, killed when the wait is over",
            check: capacity::kills,
        },
        Kind {
            name: "container_victim_order",
            rule: "capacity scheduler: containers by importance and age",
            check: order::containers,
        },
        Kind {
            name: "app_order_fifo",
            rule: "capacity scheduler: first come, first served",
            check: order::fifo,
        },
        Kind {
            name: "app_order_fifo_list",
            rule: "capacity scheduler: first come, first served",
            check: order::fifo_list,
        },
        Kind {
            name: "app_order_fair",
            rule: "capacity scheduler: fair order of applications",
            check: order::fair,
        },
        Kind {
            name: "app_order_fair_list",
            rule: "capacity scheduler: fair order, looked at when told",
            check: order::fair_list,
        },
        Kind {
            name: "app_order_fair_removal",
            rule: "capacity scheduler: fair order, applications that end",
            check: order::fair_removal,
        },
        Kind {
            name: "am_activation",
            rule: "capacity scheduler: how many masters run",
            check: order::masters,
        },
        Kind {
            name: "fair_shares",
            rule: "fair scheduler: max-min shares by halving",
            check: fair::shares,
        },
        Kind {
            name: "drf_compare",
            rule: "fair scheduler: dominant resource comparator",
            check: fair::drf,
        },
        Kind {
            name: "drf_ratios",
            rule: "fair scheduler: parts of the cluster",
            check: fair::ratios,
        },
        Kind {
            name: "drf_min_ratios",
            rule: "fair scheduler: parts of the minimum",
            check: fair::min_ratios,
        },
        Kind {
            name: "drf_compare_ratio_lists",
            rule: "fair scheduler: rows compared in turn",
            check: fair::lists,
        },
        Kind {
            name: "drf_sort_ratios",
            rule: "fair scheduler: rows sorted",
            check: fair::sort,
        },
        Kind {
            name: "fs_preemption",
            rule: "fair scheduler: what is taken for the starved",
            check: starved::taken,
        },
    ],
    file: CaseFile::Json,
};
