//! HTTP by hand: what is sent is what the test says, byte by byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use fairground_real::recordio::Decoder;
use serde_json::Value;

/// How long a test waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An answer's head.
#[derive(Debug)]
pub struct Head {
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

impl Head {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// A connection on which a request was sent.
pub struct Exchange {
    pub head: Head,
    reader: BufReader<TcpStream>,
}

/// Sends a whole request as it is and reads the head of the answer.
pub fn send(address: SocketAddr, request: &[u8]) -> std::io::Result<Exchange> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    stream.write_all(request)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other(format!("status line {line:?}")))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((key, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((key.to_ascii_lowercase(), value.to_owned()));
    }
    Ok(Exchange {
        head: Head { status, headers },
        reader,
    })
}

/// A POST of JSON as clients make it.
pub fn post(path: &str, extra: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: master\r\nContent-Type: application/json\r\n\
         Accept: application/json\r\nConnection: close\r\n{extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A GET.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: master\r\nConnection: close\r\n\r\n").into_bytes()
}

impl Exchange {
    /// The whole body, of an answer that ends.
    pub fn body(mut self) -> String {
        let mut text = String::new();
        if self.head.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().unwrap() {
                text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        } else {
            self.reader.read_to_string(&mut text).unwrap();
        }
        text
    }

    fn chunk(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let size = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk)?;
        chunk.truncate(size);
        Ok((size > 0).then_some(chunk))
    }

    /// The records of an answer that stays open.
    pub fn records(self) -> Records {
        assert_eq!(self.head.status, 200);
        assert_eq!(self.head.header("transfer-encoding"), Some("chunked"));
        Records {
            exchange: self,
            decoder: Decoder::default(),
        }
    }
}

/// A stream of records.
pub struct Records {
    exchange: Exchange,
    decoder: Decoder,
}

impl Records {
    /// The next record; `None` when the stream has ended.
    pub fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(record) = self.decoder.next_record().unwrap() {
                assert!(record.is_ascii() && !record.contains(&b'\n'), "{record:?}");
                return Some(serde_json::from_slice(&record).unwrap());
            }
            let chunk = self.exchange.chunk().ok()??;
            self.decoder.push(&chunk);
        }
    }

    /// The socket, to break the stream with.
    pub fn socket(&self) -> TcpStream {
        self.exchange.reader.get_ref().try_clone().unwrap()
    }
}
