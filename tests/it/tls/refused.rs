//! Certificates and keys that cannot be used: the server says so in words, and does not start.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::https::{CertificateFiles, NAME};
use crate::support::process::Site;

/// What `serve` said, which must end with this status.
fn said(cert: &str, key: &str, status: i32) -> String {
    let site = Site::new("smtp://127.0.0.1:9")
        .set("http.tls_cert", cert)
        .set("http.tls_key", key);
    let output = site.run(&["serve"]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(!site.database().exists(), "nothing was made: {said}");
    said
}

#[test]
fn a_pair_that_cannot_be_used_is_named_in_words() {
    let files = CertificateFiles::new();
    let (certificate, key) = files.ca.issue(&[NAME], |_| ());
    let (_, foreign) = files.ca.issue(&[NAME], |_| ());
    let (pem, key) = (certificate.pem(), key.serialize_pem());
    let locked = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    // Below the authority's, a server's own certificate is not the one that is looked at.
    let upside_down = format!("{}{pem}", files.ca.pem());
    let cert_path = files.cert().display().to_string();
    let key_path = files.key().display().to_string();
    for (cert, key, words) in [
        (pem.as_str(), "", "does not hold a private key in PEM form"),
        (
            &pem,
            &locked,
            "one that is locked by a passphrase cannot be used",
        ),
        (&pem, &pem, "does not hold a private key in PEM form"),
        (
            "no certificate",
            &key,
            "does not hold a certificate in PEM form",
        ),
        (&key, &key, "does not hold a certificate in PEM form"),
        (
            &pem,
            &foreign.serialize_pem(),
            "is not that of the first certificate in",
        ),
        (
            &upside_down,
            &key,
            "the server's own certificate stands first",
        ),
    ] {
        files.put(cert, key);
        let said = said(&cert_path, &key_path, 1);
        assert!(said.contains(words), "{words}: {said}");
        assert!(said.contains("http.tls_"), "{said}");
        assert!(!said.contains("BEGIN PRIVATE KEY-----\n"), "{said}");
    }
    let missing = said("nowhere.pem", &key_path, 1);
    let words = "readmit: cannot read nowhere.pem (http.tls_cert): ";
    assert!(missing.starts_with(words), "{missing}");
}

#[test]
fn one_file_without_the_other_is_an_error_of_the_configuration() {
    let said_of = |cert: &str, key: &str| said(cert, key, 2);
    let key_missing = said_of("a.pem", "");
    assert!(
        key_missing.contains("http.tls_cert: is set and http.tls_key is empty"),
        "{key_missing}"
    );
    let cert_missing = said_of("", "a.pem");
    assert!(
        cert_missing.contains("http.tls_key: is set and http.tls_cert is empty"),
        "{cert_missing}"
    );
}

/// Assertion 77. A group may read a key that root hands over, as certificate tools and service managers do;
/// the world never.
#[test]
fn a_key_that_others_can_read_is_refused() {
    let files = CertificateFiles::new();
    let (cert, key) = (files.cert().display().to_string(), files.key());
    let set = |mode| {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("a mode can be set");
    };
    let root = std::os::unix::fs::MetadataExt::uid(&key.metadata().expect("a key")) == 0;
    for mode in [0o644, 0o604, 0o660, 0o640] {
        if root && mode == 0o640 {
            continue;
        }
        set(mode);
        let said = said(&cert, &key.display().to_string(), 1);
        let words = format!("is open to other users (mode {mode:04o})");
        assert!(said.contains(&words), "{said}");
    }
    if root {
        set(0o640);
        let site = Site::new("smtp://127.0.0.1:9")
            .set("http.tls_cert", &cert)
            .set("http.tls_key", key.display());
        drop(site.serve());
        // A group is the reader by root's word alone.
        std::os::unix::fs::chown(&key, Some(65534), None).expect("another owner");
        let said = said(&cert, &key.display().to_string(), 1);
        assert!(said.contains("(mode 0640)"), "{said}");
    }
}
