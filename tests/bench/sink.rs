//! A relay that takes everything and remembers only how much, and when. Like most it offers PIPELINING,
//! and answers what came together in one piece.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The relay.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    taken: Arc<AtomicUsize>,
    arrived: Arc<Notify>,
}

impl Sink {
    /// Starts it on the current runtime.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let sink = Self {
            address: listener.local_addr().expect("an address"),
            taken: Arc::default(),
            arrived: Arc::default(),
        };
        let (taken, arrived) = (Arc::clone(&sink.taken), Arc::clone(&sink.arrived));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (taken, arrived) = (Arc::clone(&taken), Arc::clone(&arrived));
                tokio::spawn(async move {
                    // A client that goes away has ended its conversation.
                    let _ = converse(stream, &taken, &arrived).await;
                });
            }
        });
        sink
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}?tls=none", self.address)
    }

    /// Waits until it has taken `count` mails in all.
    pub(crate) async fn wait_for(&self, count: usize) {
        while self.taken.load(Ordering::Acquire) < count {
            self.arrived.notified().await;
        }
    }
}

async fn converse(stream: TcpStream, taken: &AtomicUsize, arrived: &Notify) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await?;
    let (mut line, mut replies, mut in_data) = (Vec::new(), Vec::new(), false);
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let reply: &[u8] = match (in_data, line.as_slice()) {
            (true, b".\r\n") => {
                in_data = false;
                taken.fetch_add(1, Ordering::AcqRel);
                arrived.notify_one();
                b"250 taken\r\n"
            }
            (true, _) => continue,
            (false, b"DATA\r\n") => {
                in_data = true;
                b"354 go on\r\n"
            }
            (false, b"QUIT\r\n") => b"221 bye\r\n",
            (false, hello) if hello.starts_with(b"EHLO") => b"250-sink\r\n250 PIPELINING\r\n",
            (false, _) => b"250 ok\r\n",
        };
        replies.extend_from_slice(reply);
        if stream.buffer().is_empty() {
            stream.write_all(&replies).await?;
            replies.clear();
        }
    }
}
