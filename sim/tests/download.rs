//! Downloads from a server on this machine that breaks off, forgets ranges, lies or refuses.

#[path = "common/server.rs"]
#[allow(dead_code, reason = "every test file uses a part of it")]
mod server;

use std::fs;
use std::path::PathBuf;

use fairground_sim::download::{DownloadError, Wanted, download};
use server::{Reply, Server, from, rest, whole};
use tempfile::TempDir;

/// The SHA-256 of [`body`].
const SHA256: &str = "d5b423763b8adf8b24fbd9edd7432034fa1388ed41de83b9d95f1aa7662d526b";
const SIZE: u64 = 100_000;
const TAG: &str = "etag: \"one\"\r\n";

fn body() -> Vec<u8> {
    (0..SIZE).map(|n| (n * n % 251) as u8).collect()
}

/// A folder to download into.
struct Cache(TempDir);

impl Cache {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn place(&self) -> PathBuf {
        self.0.path().join("traces/file")
    }

    fn get(
        &self,
        server: &Server,
        size: Option<u64>,
        sha: Option<&str>,
    ) -> Result<String, DownloadError> {
        let address = format!("{}/file", server.address);
        let place = self.place();
        let wanted = Wanted {
            address: &address,
            place: &place,
            size,
            sha256: sha,
        };
        download(wanted, &mut |_, _| {})
    }

    fn known(&self, server: &Server) -> Result<String, DownloadError> {
        self.get(server, Some(SIZE), Some(SHA256))
    }

    /// What lies in the folder.
    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path().join("traces")).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn is_whole(&self) {
        assert_eq!(fs::read(self.place()).unwrap(), body());
        assert_eq!(self.names(), ["file"], "nothing is left beside it");
    }
}

#[test]
fn a_whole_file_is_verified_and_put_in_its_place() {
    let (cache, server) = (
        Cache::new(),
        Server::start(|_, _| whole(&body(), 100_000, TAG)),
    );
    let mut told = Vec::new();
    let address = format!("{}/file", server.address);
    let place = cache.place();
    let wanted = Wanted {
        address: &address,
        place: &place,
        size: None,
        sha256: None,
    };
    let found = download(wanted, &mut |held, total| told.push((held, total))).unwrap();
    assert_eq!(found, SHA256);
    assert_eq!(told.first(), Some(&(0, Some(SIZE))));
    assert_eq!(told.last(), Some(&(SIZE, Some(SIZE))));
    cache.is_whole();
    assert_eq!(cache.known(&server).unwrap(), SHA256);
}

#[test]
fn what_breaks_off_goes_on_from_there() {
    let cache = Cache::new();
    let server = Server::start(|number, request| match (number, from(request)) {
        (0, _) => whole(&body(), 40_000, TAG),
        (1, Some(from)) => {
            let Reply { head, body } = rest(&body(), from, TAG);
            let body = body[..30_000].to_vec();
            Reply { head, body }
        }
        (_, Some(from)) => rest(&body(), from, TAG),
        (_, None) => whole(&body(), 100_000, TAG),
    });
    assert_eq!(cache.known(&server).unwrap(), SHA256);
    cache.is_whole();
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(!asked[0].contains("range:"), "{}", asked[0]);
    for (request, from) in [(&asked[1], "bytes=40000-"), (&asked[2], "bytes=70000-")] {
        assert!(request.contains(from), "{request}");
        assert!(request.contains("if-range: \"one\""), "{request}");
    }
}

#[test]
fn another_run_goes_on_where_the_last_ended() {
    let cache = Cache::new();
    let cut = Server::start(|number, request| match (number, from(request)) {
        (0, _) => whole(&body(), 40_000, TAG),
        // Nothing more comes.
        (_, from) => {
            let head = rest(&body(), from.unwrap_or(0), TAG).head;
            Reply {
                head,
                body: Vec::new(),
            }
        }
    });
    let error = cache.get(&cut, None, None).unwrap_err();
    assert!(
        matches!(error, DownloadError::Broken { held: 40_000, .. }),
        "{error}"
    );
    assert_eq!(cut.asked().len(), 2, "no third try without progress");
    assert_eq!(cache.names(), ["file.part", "file.part.tag"]);
    let server = Server::start(|_, request| rest(&body(), from(request).unwrap(), TAG));
    assert_eq!(cache.get(&server, None, None).unwrap(), SHA256);
    cache.is_whole();
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let cache = Cache::new();
    let server = Server::start(|number, _| match number {
        0 => whole(&body(), 99_999, TAG),
        _ => whole(&body(), 100_000, TAG),
    });
    assert_eq!(cache.known(&server).unwrap(), SHA256);
    cache.is_whole();
}

#[test]
fn another_version_is_not_joined_to_the_old() {
    let cache = Cache::new();
    let server = Server::start(|number, request| {
        if number == 0 {
            return whole(&vec![7; 100_000], 50_000, "etag: \"old\"\r\n");
        }
        assert!(request.contains("if-range: \"old\""), "{request}");
        whole(&body(), 100_000, TAG)
    });
    assert_eq!(cache.get(&server, None, None).unwrap(), SHA256);
    cache.is_whole();
}

#[test]
fn halves_that_nobody_vouches_for_are_not_joined() {
    let cache = Cache::new();
    let server = Server::start(|number, request| {
        assert!(!request.contains("range:"), "{request}");
        whole(&body(), if number == 0 { 50_000 } else { 100_000 }, "")
    });
    assert_eq!(cache.get(&server, None, None).unwrap(), SHA256);
    cache.is_whole();
}

#[test]
fn a_server_that_sends_another_part_is_asked_again() {
    let cache = Cache::new();
    let server = Server::start(|number, _| match number {
        0 => whole(&body(), 50_000, TAG),
        _ => rest(&body(), 10, TAG),
    });
    let error = cache.known(&server).unwrap_err();
    assert!(error.to_string().contains("another part"), "{error}");
    let server = Server::start(|_, _| Reply {
        head: "HTTP/1.1 416 Range Not Satisfiable\r\ncontent-length: 0\r\n".to_owned(),
        body: Vec::new(),
    });
    let error = cache.known(&server).unwrap_err();
    assert!(error.to_string().contains("has less"), "{error}");
}

#[test]
fn damaged_bytes_are_not_kept() {
    let cache = Cache::new();
    let mut damaged = body();
    damaged[12_345] ^= 1;
    let server = Server::start(move |_, _| whole(&damaged, 100_000, TAG));
    let error = cache.known(&server).unwrap_err();
    let said = error.to_string();
    assert!(
        matches!(
            error,
            DownloadError::Other {
                what: "the SHA-256",
                ..
            }
        ),
        "{said}"
    );
    assert!(
        said.contains(SHA256) && said.contains("nothing is kept"),
        "{said}"
    );
    assert!(cache.names().is_empty());
    let longer = Server::start(|_, _| whole(&vec![0; 100_001], 100_001, TAG));
    let error = cache.known(&longer).unwrap_err();
    assert!(
        matches!(
            error,
            DownloadError::Other {
                what: "the size",
                ..
            }
        ),
        "{error}"
    );
    assert!(cache.names().is_empty());
}

#[test]
fn a_server_that_refuses_is_quoted() {
    let cache = Cache::new();
    for status in ["404 Not Found", "500 Internal Server Error"] {
        let server = Server::start(move |_, _| Reply {
            head: format!("HTTP/1.1 {status}\r\ncontent-length: 4\r\n"),
            body: b"sory".to_vec(),
        });
        let error = cache.known(&server).unwrap_err();
        assert!(matches!(error, DownloadError::Refused { .. }), "{error}");
        assert!(error.to_string().ends_with(status), "{error}");
        assert!(!cache.place().exists());
    }
}

#[test]
fn nobody_at_the_address_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/file", listener.local_addr().unwrap());
    drop(listener);
    let cache = Cache::new();
    let place = cache.place();
    let wanted = Wanted {
        address: &address,
        place: &place,
        size: None,
        sha256: None,
    };
    let error = download(wanted, &mut |_, _| {}).unwrap_err();
    assert!(
        matches!(error, DownloadError::Broken { held: 0, .. }),
        "{error}"
    );
}
