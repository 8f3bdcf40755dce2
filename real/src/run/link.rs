//! The frameworks' own connections to what they run: executors that wait for work, reduce tasks that
//! wait for the last of their maps.
//!
//! A line each way: the task says its name, then is told how many microseconds to work, and says
//! `done`.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Something a task said to its framework.
#[derive(Debug)]
pub(super) enum Mail {
    /// The task of this name is there, and takes work.
    Reached(String, UnboundedSender<u64>),
    /// It did what it was told.
    Done(String),
}

/// Where each framework's mail goes, by the beginning of its tasks' names.
pub(super) type Boxes = Vec<UnboundedSender<Mail>>;

/// Listens for tasks until dropped; where.
pub(super) async fn listen(host: std::net::IpAddr, boxes: Boxes) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((host, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, boxes.clone()));
        }
    });
    Ok(address)
}

/// Speaks with one task; ends when either side has no more to say.
async fn converse(stream: TcpStream, boxes: Boxes) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let Ok(Some(hello)) = lines.next_line().await else {
        return;
    };
    let Some((framework, task)) = hello.split_once(' ') else {
        return;
    };
    let Some(mailbox) = framework.parse().ok().and_then(|i: usize| boxes.get(i)) else {
        return;
    };
    let (work, mut orders): (_, UnboundedReceiver<u64>) = unbounded_channel();
    // A framework that is over reads no mail.
    let _ = mailbox.send(Mail::Reached(task.to_owned(), work));
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(micros) = order else { return };
                if writer.write_all(format!("{micros}\n").as_bytes()).await.is_err() {
                    return;
                }
            }
            line = lines.next_line() => match line {
                Ok(Some(_)) => {
                    let _ = mailbox.send(Mail::Done(task.to_owned()));
                }
                Ok(None) | Err(_) => return,
            },
        }
    }
}
