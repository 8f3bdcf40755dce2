//! Connections: taken in, bounded in number, and given up when they stall.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{App, answer};

/// Connections open at once, at most; more wait to be taken in.
const CONNECTIONS: usize = 8192;
/// The head of a request has so long to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What was sent has so long to be received before the peer counts as gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves requests on one listener for ever.
pub async fn serve(listener: TcpListener, app: App) {
    let service = Router::new().fallback(answer).with_state(app);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("the semaphore is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                eprintln!("master: cannot take in a connection: {error}");
                // Out of file descriptors, mostly: others have to end first.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if set_up(&stream).is_err() {
            continue;
        }
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT);
            // A broken connection is its client's business.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
            drop(place);
        });
    }
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_user_timeout(Some(SEND_TIMEOUT))
}
