//! Connections that do as little as possible: who measures a master should not be busy itself.

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;

use crate::recordio::Decoder;

/// A connection for one call after another, opened with the first: a master gives up one on which
/// nothing is asked.
pub(super) struct Line {
    master: String,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Line {
    pub(super) fn new(master: &str) -> Self {
        Self {
            master: master.to_owned(),
            sender: None,
        }
    }

    async fn open(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.master).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its end shows in the next call.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn post(
        &mut self,
        path: &str,
        stream: Option<&str>,
        call: &impl Serialize,
    ) -> anyhow::Result<Response<Incoming>> {
        let mut request = Request::post(path)
            .header("Host", &self.master)
            .header("Content-Type", "application/json");
        if let Some(stream) = stream {
            request = request.header("Mesos-Stream-Id", stream);
        }
        let request = request.body(Full::from(serde_json::to_vec(call)?))?;
        let mut sender = match self.sender.take() {
            Some(sender) => sender,
            None => self.open().await?,
        };
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        self.sender = Some(sender);
        Ok(answer)
    }

    /// Says something that is taken in.
    pub(super) async fn say(
        &mut self,
        path: &str,
        stream: Option<&str>,
        call: &impl Serialize,
    ) -> anyhow::Result<()> {
        let answer = self.post(path, stream, call).await?;
        anyhow::ensure!(answer.status() == StatusCode::ACCEPTED, "{answer:?}");
        Ok(())
    }
}

/// A stream of records.
pub(super) struct Records {
    // The connection lives as long as its sender.
    _line: Line,
    /// What calls have to name; empty for agents.
    pub(super) stream: String,
    body: Incoming,
    decoder: Decoder,
}

impl Records {
    /// Subscribes.
    pub(super) async fn open(
        master: &str,
        path: &str,
        call: &impl Serialize,
    ) -> anyhow::Result<Self> {
        let mut line = Line::new(master);
        let answer = line.post(path, None, call).await?;
        anyhow::ensure!(answer.status() == StatusCode::OK, "{answer:?}");
        let stream = answer.headers().get("Mesos-Stream-Id");
        let stream = stream.map_or(Ok(""), |id| id.to_str())?.to_owned();
        Ok(Self {
            _line: line,
            stream,
            body: answer.into_body(),
            decoder: Decoder::default(),
        })
    }

    /// The next record.
    pub(super) async fn next(&mut self) -> anyhow::Result<Bytes> {
        loop {
            if let Some(record) = self.decoder.next_record()? {
                return Ok(record);
            }
            let frame = self.body.frame().await.context("the stream ended")??;
            if let Ok(data) = frame.into_data() {
                self.decoder.push(&data);
            }
        }
    }
}
