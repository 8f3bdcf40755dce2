//! What a published win hangs on, on the traces that it was published with.

use std::path::{Path, PathBuf};

use fairground_policies::name::Name;
use fairground_sim::experiment::Unwatched;
use fairground_sim::packing::Packing;
use fairground_sim::robust::packing::PackingStudy;
use fairground_sim::robust::{Nuisance, Steadiness};

/// A file of the public traces, if it is there.
pub(crate) fn file(path: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let folder = std::env::var_os("FAIRGROUND_TRACES").map_or(beside, PathBuf::from);
    let file = folder.join(path);
    if !file.is_file() {
        eprintln!("skipped: {} is not there", file.display());
        return None;
    }
    Some(file)
}

/// FGD's published win over best fit (Weng et al., USENIX ATC 2023) is lost when one of equal nodes is drawn, as
/// the scheduler does in which it runs.
#[test]
fn the_win_of_fgd_hangs_on_its_tie_rule() {
    let lists = ["openb_node_list_gpu_node.csv", "openb_pod_list_default.csv"];
    let [Some(nodes), Some(pods)] = lists.map(|list| file(&format!("alibaba-openb-2023/{list}")))
    else {
        return;
    };
    let packing = Packing::read(&nodes, &pods).expect("lists");
    let names = ["best[on=cpus:gpus,round=100]", "fgd[types=95,round=100]"];
    let policies = names.map(|name| name.parse::<Name>().expect("a name"));
    let study = PackingStudy {
        packing: &packing,
        policies: &policies,
        load: 1300,
        seeds: 3,
        draws: 1,
        only: Some("tie of fgd: random"),
    };
    let study = study.run(&Unwatched::default()).expect("placements");
    let conclusions = study.conclusions();
    let win = &conclusions[0];
    assert!(win.sentence.starts_with("fgd"), "{win:?}");
    let Steadiness::HangsOn(hinges) = &win.steadiness else {
        panic!("{win:?}");
    };
    assert_eq!(hinges[0].nuisance, Nuisance::TieRule("fgd".to_owned()));
    assert!(hinges[0].reversed, "{win:?}");
}
