//! An HTTP client over TLS that shows what was agreed on, and a certificate's files for the server.

use std::fs;
use std::io::{Error, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use super::http::{Answer, Request, parse};
use super::smtp::TestCa;

/// The name that the tests' server has.
pub(crate) const NAME: &str = "id.readmit.test";

/// Where a server finds its certificate and key.
pub(crate) struct CertificateFiles {
    folder: tempfile::TempDir,
    pub(crate) ca: TestCa,
}

impl CertificateFiles {
    /// Files with a good pair in them.
    pub(crate) fn new() -> Self {
        let files = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            ca: TestCa::new(),
        };
        files.renew();
        files
    }

    pub(crate) fn cert(&self) -> PathBuf {
        self.folder.path().join("fullchain.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("privkey.pem")
    }

    /// Puts a new pair there, as a renewal does; returns the certificate.
    pub(crate) fn renew(&self) -> CertificateDer<'static> {
        let (certificate, key) = self.ca.issue(&[NAME], |_| ());
        self.put(&certificate.pem(), &key.serialize_pem());
        certificate.der().clone()
    }

    /// Puts these texts there.
    pub(crate) fn put(&self, cert: &str, key: &str) {
        write(&self.cert(), cert);
        write(&self.key(), key);
    }
}

/// Replaces a file by one that only its owner may read.
pub(crate) fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("a file");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::rename(&new, path).expect("a name");
}

/// How to connect.
pub(crate) struct Offer<'a> {
    pub(crate) protocols: &'a [&'a [u8]],
    pub(crate) versions: &'a [&'static SupportedProtocolVersion],
}

/// One private connection.
pub(crate) struct Https(StreamOwned<ClientConnection, TcpStream>);

impl Https {
    /// Connects with what browsers and libraries offer, trusting the authority alone.
    pub(crate) fn open(address: SocketAddr, ca: &TestCa) -> Result<Self> {
        let offer = Offer {
            protocols: &[b"h2", b"http/1.1"],
            versions: tokio_rustls::rustls::ALL_VERSIONS,
        };
        Self::offering(&offer, address, ca)
    }

    pub(crate) fn offering(offer: &Offer<'_>, address: SocketAddr, ca: &TestCa) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        let pem = CertificateDer::from_pem_slice(ca.pem().as_bytes()).expect("a certificate");
        roots.add(pem).expect("an authority");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(offer.versions)
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = offer.protocols.iter().map(|it| it.to_vec()).collect();
        let name = ServerName::try_from(NAME).expect("a name");
        let mut connection = ClientConnection::new(Arc::new(config), name).map_err(Error::other)?;
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(Self(StreamOwned::new(connection, stream)))
    }

    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        self.0.conn.alpn_protocol()
    }

    /// The certificate that the server showed.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        let shown = self.0.conn.peer_certificates().expect("a certificate");
        shown[0].clone().into_owned()
    }

    /// Sends a request, after which the connection stays open if `keep`.
    pub(crate) fn send(&mut self, request: &Request, keep: bool) -> Answer {
        let mut bytes = request.to_bytes();
        if keep {
            let text = String::from_utf8(bytes).expect("a request of text");
            bytes = text.replace("connection: close\r\n", "").into_bytes();
        }
        self.0.write_all(&bytes).expect("the server reads");
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
}
