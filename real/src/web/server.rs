//! Connections: taken in, bounded in number, and given up when they stall.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, sleep};

/// The head of a request has so long to arrive, the first one from the beginning of its connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A peer that is silent so long is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_mins(1);
/// What was sent has so long to be received before the peer counts as gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves requests on one listener for ever, on so many connections at once, at most; more wait to be
/// taken in.
pub(crate) async fn serve(listener: TcpListener, service: Router, most: usize) {
    let places = Arc::new(Semaphore::new(most));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("the semaphore is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                eprintln!("cannot take in a connection: {error}");
                // Out of file descriptors, mostly: others have to end first.
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if set_up(&stream).is_err() {
            continue;
        }
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let stream = TokioIo::new(Timely::new(stream));
            // A broken connection is its client's business.
            let _ = http1::Builder::new()
                .header_read_timeout(None)
                .serve_connection(stream, service)
                .await;
            drop(place);
        });
    }
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
    socket.set_tcp_user_timeout(Some(SEND_TIMEOUT))
}

/// A connection on which the heads of requests come in time. Between two requests it may rest:
/// clients keep one connection for all their calls, and count on it after hours.
struct Timely {
    stream: TcpStream,
    part: Part,
    late: Pin<Box<Sleep>>,
}

/// What of a request is expected next.
enum Part {
    /// The rest of a head, of whose end so many bytes have come.
    Head(usize),
    /// Its body, if any; how long that may take is for whoever reads it.
    Body,
    /// Another request, whenever.
    Next,
}

/// What a head ends with.
const END: &[u8] = b"\r\n\r\n";

impl Timely {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            part: Part::Head(0),
            late: Box::pin(sleep(HEAD_TIMEOUT)),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        if matches!(self.part, Part::Next) {
            self.part = Part::Head(0);
            self.late.as_mut().reset(Instant::now() + HEAD_TIMEOUT);
        }
        for byte in bytes {
            let Part::Head(seen) = self.part else { return };
            self.part = match if *byte == END[seen] { seen + 1 } else { 0 } {
                seen if seen == END.len() => Part::Body,
                // The byte that broke the end off may begin it anew.
                0 => Part::Head(usize::from(*byte == END[0])),
                seen => Part::Head(seen),
            };
        }
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
        this.take(&buffer.filled()[before..]);
        let in_head = matches!(this.part, Part::Head(_));
        if polled.is_pending() && in_head && this.late.as_mut().poll(context).is_ready() {
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
        let this = self.get_mut();
        // An answer: whatever comes after it is another request.
        this.part = Part::Next;
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.part = Part::Next;
        Pin::new(&mut this.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
