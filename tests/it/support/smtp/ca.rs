//! A certificate authority for tests.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An authority that nobody trusts unless told to.
pub(crate) struct TestCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

impl TestCa {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params
            .distinguished_name
            .push(DnType::CommonName, "Authority for tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(issuer.pem().as_bytes())
            .expect("a writable temporary file");
        Self { issuer, file }
    }

    /// The authority's certificate.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A file that holds [`Self::pem`] for as long as the authority exists.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// A certificate for `names`, changed as wanted, and its key.
    pub(crate) fn issue(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> (Certificate, KeyPair) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("names");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer);
        (certificate.expect("a certificate"), key)
    }

    /// What a server needs that bears `names`.
    pub(super) fn server_config(&self, names: &[&str]) -> Arc<ServerConfig> {
        let (certificate, key) = self.issue(names, |_| ());
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS#8 key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions that the provider supports")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate that fits its key");
        Arc::new(config)
    }
}
