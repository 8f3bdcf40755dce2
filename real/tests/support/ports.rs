//! Addresses for masters that go away and come back.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// An address where nobody listens. It is below those that the system gives to connections, so
/// nobody takes it while its master is away.
pub fn free_address() -> SocketAddr {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Test programs that run side by side begin at different places.
    let start = std::process::id() as u16 % 100 * 100;
    loop {
        let offset = (start + TRIED.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", 20_000 + offset)) {
            return listener.local_addr().unwrap();
        }
    }
}
