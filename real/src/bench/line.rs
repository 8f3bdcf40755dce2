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

/// A connection for one call after another.
pub(super) struct Line {
    master: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Line {
    pub(super) async fn open(master: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(master).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its end shows in the next call.
        tokio::spawn(connection);
        Ok(Self {
            master: master.to_owned(),
            sender,
        })
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
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
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
        let mut line = Line::open(master).await?;
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
