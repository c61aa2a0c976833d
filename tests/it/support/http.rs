//! A plain HTTP/1.1 client that shows every byte: order of headers, exact body, and requests as
//! broken as a test wants them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::contract;

/// How long an answer may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this access token.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        self.body("application/x-www-form-urlencoded", form.finish())
    }

    /// The request as it goes over the wire, on a connection of its own.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!(
            "{} {} HTTP/1.1\r\nhost: readmit.test\r\nconnection: close\r\n",
            self.method, self.target
        )
        .into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let chunked = self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
        if !chunked && (!self.body.is_empty() || self.method == "POST") {
            bytes.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Sends it; fails unless the answer is as documented.
    pub(crate) fn send(&self, address: SocketAddr) -> Answer {
        let answer = send_raw(address, &self.to_bytes());
        contract::check(&self.method, &self.target, &answer);
        answer
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In the order in which they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// What it has the browser keep.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// A member of the JSON of an answer that must be 200, such as a token.
    #[track_caller]
    pub(crate) fn text_of(&self, name: &str) -> String {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()[name].as_str().expect("a text").to_owned()
    }

    /// The answer without what differs from request to request by design.
    pub(crate) fn comparable(mut self) -> Self {
        self.headers
            .retain(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
        self
    }

    /// The envelope's message; fails unless the answer is a whole envelope with this status.
    pub(crate) fn refusal(&self, status: u16) -> String {
        let body = self.envelope(status);
        assert_eq!(body["WasSuccessful"], false, "{body}");
        body["Message"].as_str().expect("a message").to_owned()
    }

    /// The envelope; fails unless its keys are all there in order and its status is the answer's.
    pub(crate) fn envelope(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let keys = ["WasSuccessful", "Value", "Status", "Message", "Errors"];
        let places: Vec<_> = keys
            .iter()
            .map(|key| self.text().find(&format!("\"{key}\":")))
            .collect();
        assert!(places.iter().all(Option::is_some), "{}", self.text());
        assert!(places.is_sorted(), "{}", self.text());
        let body = self.json();
        assert_eq!(body["Status"], status, "{body}");
        assert_eq!(
            body.as_object().map(serde_json::Map::len),
            Some(5),
            "{body}"
        );
        body
    }
}

/// Sends these bytes and reads until the server closes.
pub(crate) fn send_raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    try_send_raw(address, bytes).unwrap_or_else(|error| panic!("no answer: {error}"))
}

/// Like [`send_raw`], for servers that may be gone.
pub(crate) fn try_send_raw(address: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // A server that refuses early may close before it has read all of a large body.
    let written = stream.write_all(bytes);
    let mut reply = Vec::new();
    let read = stream.read_to_end(&mut reply);
    parse(&reply).ok_or_else(|| {
        written
            .and(read.map(|_| ()))
            .err()
            .unwrap_or_else(|| std::io::Error::other("the answer is incomplete"))
    })
}

pub(super) fn parse(reply: &[u8]) -> Option<Answer> {
    let head_end = reply.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&reply[..head_end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = reply[head_end + 4..].to_vec();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    if length.is_some_and(|(_, value)| value.parse() != Ok(body.len()) && !body.is_empty()) {
        return None;
    }
    Some(Answer {
        status,
        headers,
        body,
    })
}
