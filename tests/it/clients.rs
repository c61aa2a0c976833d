//! Clients that somebody else wrote.

use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::support::app::PASSWORD;
use crate::support::installed::{installed_npm, installed_pip, said};
use crate::support::process::Site;

/// The packages that `tests/clients/python.py` imports.
const PYTHON: [&str; 3] = [
    "pyjwt[crypto]==2.*",
    "requests-oauthlib==2.*",
    "authlib==1.*",
];

/// The packages that `tests/clients/javascript.mjs` imports.
const JAVASCRIPT: [&str; 2] = ["jose@6", "openid-client@6"];

/// A resource server's name and secret. Blanks and signs are encoded on the way (RFC 6749, 2.3.1).
const SERVER: [&str; 2] = ["orders", "the secret: of 1 server + more"];

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// Runs a client against a server of its own, and fails unless the client is content.
fn assert_content(client: impl FnOnce(&str) -> Command) {
    // Its addresses have to lead to it, so that its port must be known before it listens.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let address = format!("http://127.0.0.1:{port}");
    let [name, secret] = SERVER;
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(secret));
    let site = Site::new("smtp://127.0.0.1:1")
        .set("http.listen", format!("127.0.0.1:{port}"))
        .set("http.public_url", &address)
        .set("introspection.resource_servers", format!("{name}:{hash}"));
    site.add_jane(PASSWORD);
    let server = site.serve();
    let output = client(&address)
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("the client runs");
    assert!(output.status.success(), "{}{}", said(&output), server.log());
}

/// Contract, section 8: stock libraries (`PyJWT`, oauthlib's legacy client, Authlib) sign a member in,
/// verify the access token, refresh, ask who it is and sign out, with nothing but the address of the
/// metadata.
#[test]
fn python_libraries_sign_in_verify_refresh_and_revoke() {
    let Some(folder) = installed_pip("python-clients", &PYTHON) else {
        return;
    };
    assert_content(|address| {
        let mut python = Command::new(folder.join("bin/python"));
        python
            .arg(format!("{PROGRAMS}/python.py"))
            .args([address, "jane@example.com", PASSWORD])
            // oauthlib insists on https otherwise; this stays on the machine.
            .env("OAUTHLIB_INSECURE_TRANSPORT", "1");
        python
    });
}

/// Contract, section 8: so do `jose` and `openid-client`, and a resource server of theirs asks what a
/// token is worth.
#[test]
fn javascript_libraries_sign_in_verify_refresh_introspect_and_revoke() {
    let Some(folder) = installed_npm("javascript-clients", &JAVASCRIPT) else {
        return;
    };
    assert_content(|address| {
        let mut node = Command::new("node");
        node.arg(format!("{PROGRAMS}/javascript.mjs"))
            .arg(folder)
            .args([address, "jane@example.com", PASSWORD])
            .args(SERVER);
        node
    });
}
