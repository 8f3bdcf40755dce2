//! Connections: taken in, bounded in number, and given up when they stall.
//!
//! What a connection is about decides how long it may take: `connections.rs` has the phases. The bytes
//! tell when a request begins; that its head has arrived, and that its answer has ended, only the
//! server knows.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::{Extension, Router};
use fairground_workloads::say;
use hyper::Request;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::connections::{Connection, Connections, Place, UnderWay};

/// A peer that is silent so long is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_mins(1);
/// What was sent has so long to be received before the peer counts as gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves requests on one listener for ever, on as many connections as there is room for.
pub(crate) async fn serve(listener: TcpListener, router: Router, connections: Arc<Connections>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok((stream, address)) => (stream, address.ip()),
            Err(error) => {
                say!("cannot take in a connection: {error}");
                // Out of file descriptors, mostly: others have to end first.
                connections.make_room();
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if set_up(&stream).is_ok() {
            let place = connections.admit(peer);
            let router = router.clone().layer(Extension(place.caller()));
            tokio::spawn(talk(stream, router, place));
        }
    }
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
    socket.set_tcp_user_timeout(Some(SEND_TIMEOUT))
}

/// One connection from its first request to its last, or until another needs its place.
async fn talk(stream: TcpStream, router: Router, place: Place) {
    let router = TowerToHyperService::new(router);
    let connection = Arc::clone(place.connection());
    let service = service_fn(move |request: Request<Incoming>| {
        let has_body = !request.body().is_end_stream();
        let begun = connection.begin(has_body).map(|under_way| {
            let request = request.map(|body| Arriving {
                body,
                connection: Arc::clone(&connection),
            });
            (router.call(request), under_way)
        });
        async move {
            let (answer, under_way) = begun.ok_or_else(dismissed)?;
            let Ok(response) = answer.await;
            let held = |body| Answer {
                body,
                _under_way: under_way,
            };
            Ok::<_, io::Error>(response.map(held))
        }
    });
    let stream = TokioIo::new(Timely::new(stream, Arc::clone(place.connection())));
    let mut builder = http1::Builder::new();
    let served = builder.header_read_timeout(None);
    let served = served.serve_connection(stream, service);
    tokio::select! {
        // Whoever gives way does so at once, whatever it is in the middle of.
        biased;
        () = place.is_dismissed() => {}
        // A broken connection is its client's business.
        _ = served => {}
    }
}

fn dismissed() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "another connection has its place",
    )
}

/// A request's body: until all of it was taken, or nobody wants it any more, its peer is waited for.
struct Arriving {
    body: Incoming,
    connection: Arc<Connection>,
}

impl hyper::body::Body for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) && !self.connection.is_whole() {
            return Poll::Ready(Some(Err(axum::Error::new(dismissed()))));
        }
        polled.map_err(axum::Error::new)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.connection.is_whole();
    }
}

/// An answer's body: its request is under way until all of it was taken.
struct Answer {
    body: Body,
    _under_way: UnderWay,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that is given up when what is expected next does not come in time.
struct Timely {
    stream: TcpStream,
    connection: Arc<Connection>,
    late: Pin<Box<Sleep>>,
}

impl Timely {
    fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        let late = Box::pin(sleep(Duration::ZERO));
        Self {
            stream,
            connection,
            late,
        }
    }

    /// Whether it is too late for what is expected; wakes up when it will be.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let Some(deadline) = self.connection.deadline().map(Instant::from_std) else {
            return false;
        };
        if self.late.deadline() != deadline {
            self.late.set(sleep_until(deadline));
        }
        self.late.as_mut().poll(context).is_ready()
    }
}

impl AsyncRead for Timely {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            this.connection.heard();
        }
        if polled.is_pending() && this.is_late(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl AsyncWrite for Timely {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        if flushed.is_ready() {
            this.connection.flushed();
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
