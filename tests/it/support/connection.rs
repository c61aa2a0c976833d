//! One connection that stays open, for many requests or for one that comes in pieces.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::http::{Answer, parse};

/// How long an answer, or a close, may take before the test fails: less than any default time-out, so
/// that one which was set to less is seen to work.
const PATIENCE: Duration = Duration::from_secs(9);

/// See the module.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_nodelay(true).expect("an option can be set");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a time-out can be set");
        Self(stream)
    }

    /// Another hand on the same connection.
    pub(crate) fn second(&self) -> Self {
        Self(self.0.try_clone().expect("the connection can be shared"))
    }

    /// Sends these bytes; whether the server still takes them.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// The next answer, whose end its length says.
    pub(crate) fn read(&mut self) -> Answer {
        let mut reply = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let count = self.0.read(&mut chunk).expect("an answer comes");
            assert!(count > 0, "closed: {}", String::from_utf8_lossy(&reply));
            reply.extend_from_slice(&chunk[..count]);
            if let Some(answer) = parse(&reply)
                && answer.header("content-length") == Some(&answer.body.len().to_string())
            {
                return answer;
            }
        }
    }

    /// Everything until the server closes, so many bytes at a time and with a pause after each.
    pub(crate) fn read_slowly(&mut self, bytes: usize, pause: Duration) -> Vec<u8> {
        let (mut rest, mut chunk) = (Vec::new(), vec![0; bytes]);
        loop {
            match self.0.read(&mut chunk).expect("an answer comes") {
                0 => return rest,
                count => rest.extend_from_slice(&chunk[..count]),
            }
            // Nobody unparks this thread.
            std::thread::park_timeout(pause);
        }
    }

    /// Everything until the server closes.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset ends it as well as a close; waiting in vain does not.
        if let Err(error) = self.0.read_to_end(&mut rest) {
            let patient = error.kind() != std::io::ErrorKind::WouldBlock;
            assert!(patient, "the server keeps the connection open");
        }
        rest
    }
}
