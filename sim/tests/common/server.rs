//! A server of HTTP on this machine that answers as a test says, one connection a request.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// What is sent back, and then the connection ends.
pub(crate) struct Reply {
    /// Status and headers, without the empty line behind them.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A server; it ends with the test's process.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`.
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers request number `n` (from zero) by `reply(n, request)`.
    pub(crate) fn start(reply: impl Fn(usize, &str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && connection.read(&mut byte).unwrap() > 0 {
                    request.push(byte[0]);
                }
                let request = String::from_utf8(request).unwrap().to_ascii_lowercase();
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request.clone());
                    seen.len() - 1
                };
                let Reply { head, body } = reply(number, &request);
                // The client may have gone: that is its business.
                let head = format!("{head}connection: close\r\n\r\n");
                let _ = connection.write_all(head.as_bytes());
                let _ = connection.write_all(&body);
            }
        });
        Self { address, asked }
    }

    /// The requests so far, in small letters.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The first byte that a request asks for.
pub(crate) fn from(request: &str) -> Option<usize> {
    let (_, range) = request.split_once("range: bytes=")?;
    range.split_once('-')?.0.parse().ok()
}

/// All of a file, of which only `sent` bytes come.
pub(crate) fn whole(body: &[u8], sent: usize, headers: &str) -> Reply {
    Reply {
        head: format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}",
            body.len()
        ),
        body: body[..sent].to_vec(),
    }
}

/// What stands behind the first `from` bytes.
pub(crate) fn rest(body: &[u8], from: usize, headers: &str) -> Reply {
    let (left, total) = (body.len() - from, body.len());
    Reply {
        head: format!(
            "HTTP/1.1 206 Partial Content\r\ncontent-length: {left}\r\n\
             content-range: bytes {from}-{}/{total}\r\n{headers}",
            total - 1
        ),
        body: body[from..].to_vec(),
    }
}

/// A server of one file that knows ranges.
pub(crate) fn of_file(body: &'static [u8]) -> Server {
    Server::start(move |_, request| match from(request) {
        Some(from) => rest(body, from, ""),
        None => whole(body, body.len(), ""),
    })
}
