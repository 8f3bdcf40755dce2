//! A network that misbehaves: a proxy between an agent and its master that knows where a message
//! begins and where it ends.
//!
//! What the agent posts is lost, or its answer is; it arrives twice, late, or after what was said
//! later; so does a subscription. What the master streams is lost, repeated, held up, or changes places with its neighbour;
//! a stream that lost something breaks soon, as streams do. Only what TCP promises and the protocol
//! relies on is kept: the first record of a stream is its first.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fairground_real::protocol::SUBSCRIBE_PATH;
use fairground_real::recordio::{Decoder, frame};
use fairground_workloads::rng::{self, Stream};

use super::client::PATIENCE;

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Passage {
    Arrives,
    IsLost,
    ArrivesTwice,
    ChangesPlaces,
    IsHeldUp,
}

struct State {
    draws: Stream,
    /// Whether every message arrives.
    honest: bool,
    /// Whether nothing passes; it waits.
    cut: bool,
    streams: Vec<TcpStream>,
    /// Messages lost, repeated, moved and held up.
    counts: [u64; 4],
}

/// The proxy; it lives as long as the test program.
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    pub fn start(master: SocketAddr, seed: u64, purpose: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            draws: rng::stream(seed, purpose),
            honest: false,
            cut: false,
            streams: Vec::new(),
            counts: [0; 4],
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for agent in listener.incoming().flatten() {
                let line = Line {
                    master,
                    state: Arc::clone(&shared),
                };
                // A connection that ends badly is what this is for.
                std::thread::spawn(move || {
                    let _ = line.serve(&agent);
                    agent.shutdown(Shutdown::Both)
                });
            }
        });
        Self { address, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Lets nothing through until it is healed; then what waited arrives.
    pub fn cut(&self, cut: bool) {
        self.state().cut = cut;
    }

    /// From now on every message arrives, on new streams.
    pub fn behave(&self) {
        let mut state = self.state();
        (state.honest, state.cut) = (true, false);
        for stream in state.streams.drain(..) {
            // It may be broken already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Messages lost, repeated, moved and held up so far.
    pub fn counts(&self) -> [u64; 4] {
        self.state().counts
    }
}

/// The way to the master for one connection of the agent.
#[derive(Clone)]
struct Line {
    master: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Line {
    fn passage(&self) -> Passage {
        let mut state = self.state.lock().unwrap();
        if state.honest {
            return Passage::Arrives;
        }
        let (passage, count) = match state.draws.below(16) {
            0 => (Passage::IsLost, 0),
            1 | 2 => (Passage::ArrivesTwice, 1),
            3 | 4 => (Passage::ChangesPlaces, 2),
            5 => (Passage::IsHeldUp, 3),
            _ => return Passage::Arrives,
        };
        state.counts[count] += 1;
        passage
    }

    /// Some time, shorter than anybody's patience.
    fn span(&self) -> Duration {
        Duration::from_millis(5 + self.state.lock().unwrap().draws.below(250))
    }

    fn wait_while_cut(&self) {
        while self.state.lock().unwrap().cut {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn serve(&self, agent: &TcpStream) -> io::Result<()> {
        agent.set_nodelay(true)?;
        let mut reader = BufReader::new(agent);
        while let Some(request) = read_message(&mut reader)? {
            self.wait_while_cut();
            let start = format!("POST {SUBSCRIBE_PATH} ");
            if request.starts_with(start.as_bytes()) {
                return self.subscribe(agent, request);
            }
            let answer = self.post(request)?;
            self.wait_while_cut();
            (&*agent).write_all(&answer)?;
        }
        Ok(())
    }

    /// What the agent says, and what it is answered.
    fn post(&self, request: Vec<u8>) -> io::Result<Vec<u8>> {
        match self.passage() {
            Passage::Arrives => {}
            Passage::IsLost => {
                if self.state.lock().unwrap().draws.below(2) == 0 {
                    // It arrives, but nobody hears of it.
                    self.forward(&request)?;
                }
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Passage::ArrivesTwice => drop(self.forward(&request)?),
            Passage::ChangesPlaces => {
                // It arrives after what is said next.
                let line = self.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(line.span());
                    line.wait_while_cut();
                    // The master may be away.
                    let _ = line.forward(&request);
                });
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Passage::IsHeldUp => std::thread::sleep(self.span()),
        }
        self.forward(&request)
    }

    /// The agent introduces itself.
    fn subscribe(&self, agent: &TcpStream, request: Vec<u8>) -> io::Result<()> {
        match self.passage() {
            Passage::Arrives => {}
            Passage::IsLost => return Err(io::ErrorKind::ConnectionReset.into()),
            Passage::ArrivesTwice => drop(self.forward(&request)?),
            Passage::ChangesPlaces => {
                let line = self.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(line.span());
                    line.wait_while_cut();
                    let master = line.connect()?;
                    (&master).write_all(&request)?;
                    // Nobody is there to read the stream, which nobody knows for a while.
                    std::thread::sleep(line.span());
                    io::Result::Ok(())
                });
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Passage::IsHeldUp => std::thread::sleep(self.span()),
        }
        self.stream(agent, &request)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let master = TcpStream::connect(self.master)?;
        master.set_nodelay(true)?;
        master.set_read_timeout(Some(PATIENCE))?;
        Ok(master)
    }

    fn forward(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut master = self.connect()?;
        master.write_all(request)?;
        read_message(&mut BufReader::new(master))?
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// A subscription: the request as it is, then record by record what the master says.
    fn stream(&self, mut agent: &TcpStream, request: &[u8]) -> io::Result<()> {
        self.state.lock().unwrap().streams.push(agent.try_clone()?);
        let mut master = self.connect()?;
        master.write_all(request)?;
        let mut records = Records::begin(master)?;
        agent.write_all(&records.head)?;
        let mut speak = |record: &Bytes| {
            let framed = frame(record);
            write!(agent, "{:x}\r\n", framed.len())?;
            agent.write_all(&framed)?;
            agent.write_all(b"\r\n")
        };
        let (mut is_first, mut waits, mut breaks_at) = (true, None, None::<Instant>);
        loop {
            let record = records.next()?;
            self.wait_while_cut();
            if breaks_at.is_some_and(|at| at <= Instant::now()) {
                return Ok(());
            }
            let Some(record) = record else {
                // Nothing else comes for now: what was to change places has nobody to do it with.
                waits.take().map_or(Ok(()), |record| speak(&record))?;
                continue;
            };
            let passage = if is_first {
                Passage::Arrives
            } else {
                self.passage()
            };
            is_first = false;
            match passage {
                Passage::IsLost => {
                    let _ = breaks_at.get_or_insert(Instant::now() + self.span());
                }
                Passage::ArrivesTwice => {
                    speak(&record)?;
                    speak(&record)?;
                }
                Passage::ChangesPlaces if waits.is_none() => {
                    waits = Some(record);
                    continue;
                }
                Passage::Arrives | Passage::ChangesPlaces => speak(&record)?,
                Passage::IsHeldUp => {
                    std::thread::sleep(self.span());
                    speak(&record)?;
                }
            }
            waits.take().map_or(Ok(()), |record| speak(&record))?;
        }
    }
}

/// A head with its body, byte by byte as it came; `None` at the end of the connection.
fn read_message(reader: &mut BufReader<impl io::Read>) -> io::Result<Option<Vec<u8>>> {
    let (mut message, mut length) = (Vec::new(), 0);
    loop {
        let start = message.len();
        if reader.read_until(b'\n', &mut message)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&message[start..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let start = message.len();
    message.resize(start + length, 0);
    reader.read_exact(&mut message[start..])?;
    Ok(Some(message))
}

/// The records of a chunked answer that stays open.
struct Records {
    master: TcpStream,
    head: Vec<u8>,
    raw: Vec<u8>,
    decoder: Decoder,
}

impl Records {
    fn begin(master: TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(&master);
        let head = read_message(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let raw = reader.buffer().to_vec();
        master.set_read_timeout(Some(Duration::from_millis(20)))?;
        Ok(Self {
            master,
            head,
            raw,
            decoder: Decoder::default(),
        })
    }

    /// The next record; `None` when nothing came for a moment.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            while let Some((size, start)) = self.chunk()? {
                self.decoder.push(&self.raw[start..start + size]);
                self.raw.drain(..start + size + 2);
            }
            if let Some(record) = self.decoder.next_record().map_err(io::Error::other)? {
                return Ok(Some(record));
            }
            let mut piece = [0; 4096];
            match self.master.read(&mut piece) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.raw.extend_from_slice(&piece[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// The size of a chunk that is whole, and where it starts.
    fn chunk(&self) -> io::Result<Option<(usize, usize)>> {
        let Some(end) = self.raw.windows(2).position(|pair| pair == b"\r\n") else {
            return Ok(None);
        };
        let digits = std::str::from_utf8(&self.raw[..end]).map_err(io::Error::other)?;
        let size = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
        if size == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let start = end + 2;
        Ok((self.raw.len() >= start + size + 2).then_some((size, start)))
    }
}
