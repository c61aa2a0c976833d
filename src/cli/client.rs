//! A small HTTP client for asking a server on this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;

use self::whoever::Whoever;
use super::Error;

mod whoever;

/// The most of an answer that is read.
const MOST: usize = 1024 * 1024;

/// The server to ask.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) tls: bool,
    /// How long it may take to answer.
    pub(super) patience: Duration,
}

/// The status and body of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// What to ask, by its path and query.
pub(super) enum Ask {
    Get(String),
    Json(String, serde_json::Value),
    Form(String, Vec<(&'static str, String)>),
    /// A post without a body.
    Post(String),
}

impl Server {
    /// Asks, on a connection of its own.
    pub(super) async fn ask(&self, ask: Ask) -> Result<Answer, Error> {
        tokio::time::timeout(self.patience, self.converse(ask))
            .await
            .map_err(|_| {
                let patience = humantime::format_duration(self.patience);
                Error::from(format!("it took longer than {patience}"))
            })?
    }

    /// Where a path of this server is.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    async fn converse(&self, ask: Ask) -> Result<Answer, Error> {
        let request = self.request(ask)?;
        let stream = TcpStream::connect(self.address).await?;
        if !self.tls {
            return exchange(stream, request).await;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Whoever::new()))
            .with_no_client_auth();
        let name = ServerName::from(self.address.ip());
        let connector = TlsConnector::from(Arc::new(config));
        exchange(connector.connect(name, stream).await?, request).await
    }

    fn request(&self, ask: Ask) -> Result<Request<Full<Bytes>>, Error> {
        let (method, path, kind, body) = match ask {
            Ask::Get(path) => (Method::GET, path, None, String::new()),
            Ask::Post(path) => (Method::POST, path, None, String::new()),
            Ask::Json(path, body) => (
                Method::POST,
                path,
                Some("application/json"),
                body.to_string(),
            ),
            Ask::Form(path, pairs) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(pairs);
                let kind = Some("application/x-www-form-urlencoded");
                (Method::POST, path, kind, form.finish())
            }
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::CONNECTION, "close");
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        Ok(request.body(Full::from(body))?)
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Error> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer; what goes wrong with it, the answer's error says.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), MOST).collect().await?;
    Ok(Answer {
        status,
        body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
    })
}
