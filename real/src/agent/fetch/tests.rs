//! What is brought into a sandbox, and what is not.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

use super::*;

fn uri(value: &str) -> Uri {
    Uri {
        value: value.into(),
        executable: false,
        extract: None,
        output_file: None,
        sha256: None,
    }
}

fn archive(path: &Path) {
    let file =
        flate2::write::GzEncoder::new(File::create(path).unwrap(), flate2::Compression::default());
    let mut archive = tar::Builder::new(file);
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    archive
        .append_data(&mut header, "inner/file", &b"hello"[..])
        .unwrap();
    archive.into_inner().unwrap().finish().unwrap();
}

#[tokio::test]
async fn files_are_copied_checked_and_unpacked() {
    let (from, sandbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plain = from.path().join("plain.txt");
    fs::write(&plain, "abc").unwrap();
    archive(&from.path().join("a.tar.gz"));
    let value = |name: &str| format!("file://{}/{name}", from.path().display());
    let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let uris = [
        Uri {
            sha256: Some(sha.to_uppercase()),
            executable: true,
            ..uri(&value("plain.txt"))
        },
        Uri {
            output_file: Some("sub/renamed".into()),
            ..uri(&value("plain.txt"))
        },
        uri(&value("a.tar.gz")),
    ];
    all(&uris, sandbox.path()).await.unwrap();
    let read = |name: &str| fs::read_to_string(sandbox.path().join(name)).unwrap();
    assert_eq!(
        (read("plain.txt"), read("sub/renamed")),
        ("abc".into(), "abc".into())
    );
    assert_eq!(read("inner/file"), "hello");
    let mode = fs::metadata(sandbox.path().join("plain.txt"))
        .unwrap()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
}

/// An archive of this one link.
fn link(path: &Path, name: &str, target: &Path) {
    let mut archive = tar::Builder::new(File::create(path).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    archive.append_link(&mut header, name, target).unwrap();
    archive.into_inner().unwrap();
}

#[tokio::test]
async fn no_link_leads_out_of_the_sandbox() {
    let (from, sandbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |name: &str| from.path().join(name);
    fs::write(at("precious"), "mine").unwrap();
    fs::write(at("new"), "theirs").unwrap();
    fs::create_dir(at("folder")).unwrap();
    link(&at("link.tar"), "x", &at("precious"));
    link(&at("below.tar"), "below", &at("folder"));
    archive(&at("a.tar.gz"));
    let value = |name: &str| uri(at(name).to_str().unwrap());
    let named = |name: &str| Uri {
        executable: true,
        output_file: Some(name.into()),
        ..value("new")
    };
    // A link from an archive, to a file and to a directory; one that was there before.
    symlink(at("folder"), sandbox.path().join("inner")).unwrap();
    for (uris, reason) in [
        (vec![value("link.tar"), named("x")], "symbolic links"),
        (
            vec![value("below.tar"), named("below/x")],
            "Not a directory",
        ),
        (vec![named("inner/x")], "Not a directory"),
        (vec![value("a.tar.gz")], "cannot unpack it"),
    ] {
        let error = all(&uris, sandbox.path()).await.unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!(fs::read_to_string(at("precious")).unwrap(), "mine");
    assert_eq!(fs::metadata(at("precious")).unwrap().mode() & 0o111, 0);
    assert_eq!(fs::read_dir(at("folder")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (from, sandbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plain = from.path().join("plain.zip");
    fs::write(&plain, "abc").unwrap();
    let value = plain.display().to_string();
    let there = uri(&value);
    let pipe = from.path().join("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    for (uri, reason) in [
        (uri("ftp://host/x"), "'ftp' is neither http nor file"),
        (uri("relative"), "neither a URI nor an absolute path"),
        (uri("file://./tool"), "its path is not absolute"),
        (uri("/no/such/file"), "No such file"),
        (uri(&pipe.display().to_string()), "it is not a file"),
        (
            Uri {
                sha256: Some("00".into()),
                ..there.clone()
            },
            "expected 00",
        ),
        (
            Uri {
                output_file: Some("../out".into()),
                ..there.clone()
            },
            "'../out' is not a name",
        ),
        (there, "say extract: false"),
    ] {
        let error = all(&[uri], sandbox.path()).await.unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

/// A server of HTTP on this machine; its address. It answers a path with what `answers` has.
fn server(answers: Vec<(&'static str, Vec<u8>)>) -> String {
    use std::io::{BufRead as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = io::BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while !lines.next().unwrap().unwrap().is_empty() {}
            let path = first.split(' ').nth(1).unwrap().to_owned();
            let known = answers.iter().find(|(known, _)| *known == path);
            let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
            let answer = known.map_or(missing, |(_, answer)| answer.clone());
            // A client that has seen enough closes the connection.
            let _ = stream.write_all(&answer);
        }
    });
    format!("http://{address}")
}

fn ok(length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn redirect(to: &str) -> Vec<u8> {
    let head = "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: ";
    format!("{head}{to}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn files_are_fetched_over_http() {
    let (from, sandbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    archive(&from.path().join("a.tar.gz"));
    let packed = fs::read(from.path().join("a.tar.gz")).unwrap();
    let long: Vec<u8> = (0..3_000_000_u32).map(|i| i as u8).collect();
    let at = server(vec![
        ("/abc", ok(3, b"abc")),
        ("/abc?version=2", ok(3, b"ABC")),
        ("/long", ok(long.len(), &long)),
        ("/a.tar.gz", ok(packed.len(), &packed)),
        ("/moved", redirect("/abc")),
    ]);
    let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let named = |path: &str, name: &str| Uri {
        output_file: Some(name.into()),
        ..uri(&format!("{at}{path}"))
    };
    let uris = [
        Uri {
            sha256: Some(sha.into()),
            executable: true,
            ..uri(&format!("{at}/abc"))
        },
        named("/abc?version=2", "query"),
        Uri {
            sha256: Some(hex(&Sha256::digest(&long))),
            ..uri(&format!("{at}/long"))
        },
        uri(&format!("{at}/a.tar.gz")),
        Uri {
            extract: Some(false),
            ..named("/a.tar.gz", "sub/whole.tar.gz")
        },
        Uri {
            sha256: Some(sha.into()),
            ..named("/moved", "moved")
        },
    ];
    all(&uris, sandbox.path()).await.unwrap();
    let read = |name: &str| fs::read(sandbox.path().join(name)).unwrap();
    assert_eq!(
        (read("abc"), read("query")),
        (b"abc".to_vec(), b"ABC".to_vec())
    );
    assert_eq!(read("moved"), b"abc");
    assert!(read("long") == long, "three million bytes");
    assert_eq!(read("inner/file"), b"hello");
    assert!(read("sub/whole.tar.gz") == packed, "not unpacked, as asked");
    let mode = |name: &str| fs::metadata(sandbox.path().join(name)).unwrap().mode() & 0o111;
    assert_eq!((mode("abc"), mode("query")), (0o111, 0));
}

#[tokio::test]
async fn what_cannot_be_had_over_http_is_said() {
    let sandbox = tempfile::tempdir().unwrap();
    let at = server(vec![
        ("/abc", ok(3, b"abc")),
        ("/short", ok(10, b"abc")),
        ("/round", redirect("/round")),
        ("/out", redirect("file:///etc/hostname")),
        (
            "/same",
            b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_vec(),
        ),
        ("/broken.tar.gz", ok(3, b"abc")),
        ("/no-http", b"nonsense\r\n\r\n".to_vec()),
    ]);
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/x", listener.local_addr().unwrap())
    };
    for (value, sha256, reason) in [
        (format!("{at}/abc"), Some("00".to_owned()), "expected 00"),
        (format!("{at}/nowhere"), None, "404"),
        (format!("{at}/short"), None, "body"),
        (format!("{at}/round"), None, "redirect"),
        (
            format!("{at}/out"),
            None,
            "302 Found to 'file:///etc/hostname', which is not followed",
        ),
        (format!("{at}/same"), None, "304"),
        (format!("{at}/broken.tar.gz"), None, "cannot unpack it"),
        (format!("{at}/no-http"), None, "sending request"),
        (closed, None, "sending request"),
    ] {
        let uri = Uri {
            sha256,
            ..uri(&value)
        };
        let error = all(&[uri], sandbox.path()).await.unwrap_err();
        assert!(error.contains(&value) && error.contains(reason), "{error}");
    }
}
