//! A load generator: so many connections, each sending its next request when the answer is there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stats::{quantile, rate};

/// What came of a run. How long they took is of the requests that were answered with 200.
pub(crate) struct Outcome {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Answers with another status than 200.
    pub(crate) refused: usize,
}

/// Makes the n-th request of a run.
pub(crate) type MakeRequest = Arc<dyn Fn(usize) -> Vec<u8> + Send + Sync>;

/// Loads the server for `span` over `connections`.
pub(crate) fn run(
    address: SocketAddr,
    connections: usize,
    span: Duration,
    make: &MakeRequest,
) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let number = Arc::new(AtomicUsize::new(0));
        let start = crate::now();
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (make, number) = (Arc::clone(make), Arc::clone(&number));
                tokio::spawn(async move {
                    let mut connection = Connection::open(address).await;
                    let (mut latencies, mut refused) = (Vec::new(), 0);
                    while start.elapsed() < span {
                        let request = make(number.fetch_add(1, Ordering::Relaxed));
                        let sent = crate::now();
                        match connection.ask(&request).await {
                            200 => latencies.push(sent.elapsed()),
                            _ => refused += 1,
                        }
                    }
                    (latencies, refused)
                })
            })
            .collect();
        let (mut latencies, mut refused) = (Vec::new(), 0);
        for task in tasks {
            let (own, own_refused) = task.await.expect("a connection works");
            latencies.extend(own);
            refused += own_refused;
        }
        let elapsed = start.elapsed();
        latencies.sort_unstable();
        Outcome {
            per_second: rate(latencies.len(), elapsed),
            p50: quantile(&latencies, 0.5),
            p99: quantile(&latencies, 0.99),
            refused,
        }
    })
}

/// A kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .expect("the server listens");
        stream.set_nodelay(true).expect("an option is set");
        Self {
            stream,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// Sends a request and returns the status of its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> u16 {
        self.stream
            .write_all(request)
            .await
            .expect("a request is sent");
        self.buffer.clear();
        loop {
            let count = self
                .stream
                .read_buf(&mut self.buffer)
                .await
                .expect("an answer comes");
            assert!(count > 0, "the server closed the connection");
            if let Some(status) = complete(&self.buffer) {
                return status;
            }
        }
    }
}

impl Connection {
    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        let head_end = self.buffer.windows(4).position(|w| w == b"\r\n\r\n");
        &self.buffer[head_end.map_or(0, |end| end + 4)..]
    }
}

/// The status of a whole answer; none while part of it is missing.
fn complete(bytes: &[u8]) -> Option<u16> {
    let head_end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..head_end]).ok()?;
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?
        .parse()
        .ok()?;
    (bytes.len() >= head_end + 4 + length).then(|| head[9..12].parse().unwrap_or(0))
}

/// A request on a connection that is kept.
pub(crate) fn post(path: &str, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A reset request for this address.
pub(crate) fn reset_request(email: &str) -> Vec<u8> {
    post(
        "/api/sys/users/startPasswordReset",
        "application/json",
        &format!(r#"{{"email":"{email}","businessId":7}}"#),
    )
}
