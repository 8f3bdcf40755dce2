//! `trace list` and `trace get`: facts, licences, and files from a server on this machine.

use expect_test::expect;

use crate::place::{FAIRGROUND, Place, told};
use crate::server::{Reply, Server, of_file};

/// What the server sends for every file.
const CONTENT: &[u8] = b"job0\t1\t1\t2\t3\t4\n";

/// Runs the program with a cache and a mirror of its own.
fn get(place: &Place, server: &Server, line: &str) -> String {
    let mut command = place.command(FAIRGROUND);
    for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    command.args(line.split_whitespace());
    command.env("FAIRGROUND_CACHE", "cache");
    command.args(["--mirror", &server.address]);
    told(&command.output().unwrap()).replace(&server.address, "http://here")
}

#[test]
fn a_licence_is_accepted_once() {
    let (place, server) = (Place::empty(), of_file(CONTENT));
    expect![[r#"
        exit 1
        --- stderr
        error: swim is under the licence swim-bsd, which was not accepted
          hint: read https://github.com/SWIMProjectUCB/SWIM
                and then say --accept-licence swim-bsd
    "#]]
    .assert_eq(&get(
        &place,
        &server,
        "trace get swim FB-2010_samples_24_times_1hr_0.tsv",
    ));
    assert!(server.asked().is_empty(), "nothing is fetched before");
    expect![[r#"
        exit 2
        --- stderr
        error: swim is under the licence swim-bsd, not MIT
    "#]]
    .assert_eq(&get(&place, &server, "trace get swim --accept-licence MIT"));
    let line = "trace get swim FB-2010_samples_24_times_1hr_0.tsv --accept-licence swim-bsd";
    expect![[r#"
        exit 0
        --- stdout
        cache/traces/swim/FB-2010_samples_24_times_1hr_0.tsv
        --- stderr
        FB-2010_samples_24_times_1hr_0.tsv: fetched; cannot be verified, as no checksum is known; its SHA-256 is 15ec8a835e7f9e767ddffe0df739c5b6144ee054c612e0a29644d54d8b7bd3d2
        cite: Y. Chen et al.: The Case for Evaluating MapReduce Performance Using Workload Suites, MASCOTS 2011
    "#]]
    .assert_eq(&get(&place, &server, line));
    let file = place.read("cache/traces/swim/FB-2010_samples_24_times_1hr_0.tsv");
    assert_eq!(file.as_bytes(), CONTENT);
    expect![[r#"
        exit 0
        --- stdout
        cache/traces/swim/FB-2010_samples_24_times_1hr_0.tsv
        --- stderr
        FB-2010_samples_24_times_1hr_0.tsv: already there; cannot be verified, as no checksum is known; its SHA-256 is 15ec8a835e7f9e767ddffe0df739c5b6144ee054c612e0a29644d54d8b7bd3d2
        cite: Y. Chen et al.: The Case for Evaluating MapReduce Performance Using Workload Suites, MASCOTS 2011
    "#]]
    .assert_eq(&get(
        &place,
        &server,
        "trace get swim FB-2010_samples_24_times_1hr_0.tsv",
    ));
    assert_eq!(
        server.asked().len(),
        1,
        "what is there is not fetched again"
    );
    assert_eq!(place.read("cache/licences"), "swim-bsd\n");
    let path = "/swim/fb-2010_samples_24_times_1hr_0.tsv";
    assert!(
        server.asked()[0].starts_with(&format!("get {path} ")),
        "the mirror's path"
    );
}

#[test]
fn damage_and_refusals_end_with_two() {
    let (place, server) = (Place::empty(), of_file(CONTENT));
    let line = "trace get swim FB-2009_samples_24_times_1hr_0.tsv --accept-licence swim-bsd";
    expect![[r#"
        exit 2
        --- stderr
        error: http://here/swim/FB-2009_samples_24_times_1hr_0.tsv: expected the size 198743, found 15; nothing is kept
          hint: the file was damaged on its way, or changed since; fetch it again or ask its publisher
    "#]]
    .assert_eq(&get(&place, &server, line));
    assert_eq!(place.names("cache/traces"), "swim/\n", "nothing is kept");
    let gone = Server::start(|_, _| Reply {
        head: "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n".to_owned(),
        body: Vec::new(),
    });
    expect![[r#"
        exit 2
        --- stderr
        error: http://here/swim/FB-2009_samples_24_times_1hr_0.tsv: the server answers 404 Not Found
    "#]]
    .assert_eq(&get(&place, &gone, line));
    expect![[r#"
        exit 2
        --- stderr
        error: expected the name of a public trace (alibaba-2017, alibaba-2018, alibaba-dlrm-2025, alibaba-genai-2026, alibaba-openb-2023, alibaba-pai-2020, alibaba-spot-gpu-2026, apache-logs, azure-functions-2019, azure-functions-2021, azure-functions-samples, azure-llm-2023, azure-vm-2017, bitbrains, coflow-benchmark, cook, elasticflow, function-replay, gaia, gavel, google-2010, google-2011, google-2019, gwa, hadoop-sls, lanl-mustang, li-bcn, mooncake, muri, opendc, philly, planetlab, pwa-atlas, pwa-copies, pwa-curie, pwa-hpc2n, pwa-ipsc, spark-events, spark-joblogs, swim, tpch-decima, web-requests, wfcommons, wta), found `swin`
          hint: `fairground trace list` shows them all
    "#]]
    .assert_eq(&get(&place, &server, "trace get swin"));
    expect![[r#"
        exit 2
        --- stderr
        error: swim has no file `nothing.tsv`; it has FB-2009_samples_24_times_1hr_0.tsv, FB-2009_samples_24_times_1hr_1.tsv, FB-2010_samples_24_times_1hr_0.tsv
    "#]]
    .assert_eq(&get(&place, &server, "trace get swim nothing.tsv"));
    expect![[r#"
        exit 1
        --- stderr
        planetlab has no file to fetch: a folder a day, a file a machine: clone the repository and name a folder (format planetlab).
          see https://github.com/beloglazov/planetlab-workload-traces
    "#]]
    .assert_eq(&get(&place, &server, "trace get planetlab"));
}

#[test]
fn the_catalogue_tells_all_it_knows() {
    let place = Place::empty();
    expect![[r#"
        exit 0
        --- stdout
        name: mooncake
        title: Mooncake: requests to a language model with their prefixes
        publisher: Moonshot AI
        licence: Apache-2.0
        terms: https://www.apache.org/licenses/LICENSE-2.0
        cite: R. Qin et al.: Mooncake, FAST 2025
        page: https://github.com/kvcache-ai/Mooncake
        about: 12,031 conversations.

        file: conversation_trace.jsonl
        format: mooncake
        address: https://raw.githubusercontent.com/kvcache-ai/Mooncake/3b5a594133958449a1feaf1c9e0fc1b553e34a28/FAST25-release/traces/conversation_trace.jsonl
        size: 3029533 bytes
        sha256: b8cbb061a85206d729d91cdc2981f43c9e0d99209dce588d3af5f7934408b9df
    "#]]
    .assert_eq(&place.fairground("trace list mooncake"));
    let listed = place.fairground("trace list");
    let mut lines = listed.lines().skip(2);
    let header = lines.next().unwrap();
    assert!(header.starts_with("name"), "{listed}");
    for entry in fairground_readers::catalogue::entries() {
        let line = lines.next().unwrap();
        assert!(line.starts_with(&format!("{} ", entry.name)), "{line}");
        assert!(line.contains(&entry.licence), "{line}");
    }
    assert_eq!(lines.next(), None);
}
