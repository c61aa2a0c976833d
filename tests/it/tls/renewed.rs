//! Certificates that are renewed while the server runs.

use std::time::Duration;

use tokio_rustls::rustls::pki_types::CertificateDer;

use super::server;
use crate::support::app::TestApp;
use crate::support::http::Request;
use crate::support::https::{CertificateFiles, Https, NAME};
use crate::support::process::{Process, Site};
use crate::support::wait::wait_until;

fn shown(app: &TestApp, files: &CertificateFiles) -> CertificateDer<'static> {
    let connection = Https::open(app.address, &files.ca).expect("a private connection");
    connection.certificate()
}

/// Lets the server look at its files until it shows this certificate.
fn wait_for(app: &TestApp, files: &CertificateFiles, wanted: &CertificateDer<'_>) {
    wait_until("the new certificate is shown", || {
        app.advance(Duration::from_secs(5));
        (shown(app, files) == *wanted).then_some(())
    });
}

/// What was agreed on stays, what comes gets the new one, and nobody is cut off.
#[test]
fn a_renewed_certificate_is_shown_to_new_connections() {
    let files = CertificateFiles::new();
    let app = server(&files, &[]);
    let mut old = Https::open(app.address, &files.ca).expect("a private connection");
    let renewed = files.renew();
    assert_ne!(shown(&app, &files), renewed, "nobody has looked yet");
    wait_for(&app, &files, &renewed);
    assert_ne!(old.certificate(), renewed);
    assert_eq!(old.send(&Request::get("/healthz"), false).status, 200);
}

/// Certificate tools keep the files elsewhere and turn a link to them.
#[test]
fn a_link_that_leads_to_another_file_is_followed() {
    let files = CertificateFiles::new();
    for path in [files.cert(), files.key()] {
        let archived = path.with_extension("1");
        std::fs::rename(&path, &archived).expect("a name");
        std::os::unix::fs::symlink(&archived, &path).expect("a link");
    }
    let app = server(&files, &[]);
    // Renaming over the link is what turning it comes to.
    let renewed = files.renew();
    wait_for(&app, &files, &renewed);
}

/// A renewal that goes wrong, or half of one, takes nothing down: the earlier pair serves on, the log says
/// why, and a pair that works is taken as soon as it is there.
#[test]
fn a_broken_renewal_leaves_the_earlier_pair_in_force() {
    let files = CertificateFiles::new();
    let site = site(&files);
    let process = Process::start(site.command(&["serve"]));
    let first = reconnect(&process, &files);
    let (certificate, key) = files.ca.issue(&[NAME], |_| ());
    let (over, its_key) = files.ca.issue(&[NAME], |params| {
        params.not_after = rcgen::date_time_ymd(2020, 1, 31);
    });
    let (early, early_key) = files.ca.issue(&[NAME], |params| {
        params.not_before = rcgen::date_time_ymd(4000, 1, 1);
    });
    let pem = certificate.pem();
    let broken = [
        (
            "",
            key.serialize_pem(),
            "does not hold a certificate in PEM form",
        ),
        (
            &pem,
            "-----BEGIN".to_owned(),
            "does not hold a private key in PEM form",
        ),
        (
            &pem,
            its_key.serialize_pem(),
            "is not that of the first certificate",
        ),
        (
            &over.pem(),
            its_key.serialize_pem(),
            "is over since 2020-01-31T00:00:00Z",
        ),
        (
            &early.pem(),
            early_key.serialize_pem(),
            "is not valid before 4000-01-01T00:00:00Z",
        ),
    ];
    for (cert, key, words) in broken {
        files.put(cert, &key);
        process.signal("HUP");
        wait_until(words, || process.log().contains(words).then_some(()));
        assert_eq!(reconnect(&process, &files), first, "{words}");
    }
    let log = process.log();
    assert!(log.contains("the earlier one stays in force"), "{log}");
    for key in [&key, &its_key, &early_key] {
        let secret = key.serialize_pem();
        let line = secret.lines().nth(1).expect("a line of the key");
        assert!(!log.contains(line), "{log}");
    }
    files.put(&pem, &key.serialize_pem());
    process.signal("HUP");
    wait_until("the repaired pair is shown", || {
        (reconnect(&process, &files) == *certificate.der()).then_some(())
    });
}

/// SIGHUP is what service managers and renewal hooks send. Without a certificate it stops nothing.
#[test]
fn a_hangup_reloads_and_never_stops_the_server() {
    let site = Site::new("smtp://127.0.0.1:9");
    let process = site.serve();
    process.signal("HUP");
    wait_until("the signal is told of", || {
        process
            .log()
            .contains("no certificate to read anew")
            .then_some(())
    });
    assert_eq!(process.send(&Request::get("/healthz")).status, 200);
}

/// Somebody has to hear of it while there is time: two weeks before, or with a fifth of a short life left.
#[test]
fn a_certificate_that_is_over_or_soon_will_be_is_told_of_and_served() {
    let now = time::OffsetDateTime::now_utc();
    let days = time::Duration::days;
    for (life, left, words) in [
        (90, 13, Some("is soon over and was not renewed")),
        (6, 1, Some("is soon over and was not renewed")),
        (6, 3, None),
        (90, 30, None),
        (90, -1, Some("the certificate is over: clients refuse it")),
    ] {
        let files = CertificateFiles::new();
        let (certificate, key) = files.ca.issue(&[NAME], |params| {
            params.not_after = now + days(left);
            params.not_before = params.not_after - days(life);
        });
        files.put(&certificate.pem(), &key.serialize_pem());
        let process = Process::start(site(&files).command(&["serve"]));
        process.signal("HUP");
        // What is told of at the start stands before what is told of now.
        let log = wait_until("the signal is told of", || {
            let log = process.log();
            (log.contains("read anew") || log.contains("cannot be used")).then_some(log)
        });
        let told = |words: &str| log.contains(words);
        match words {
            Some(words) => assert!(told(words), "{left} days of {life}: {log}"),
            None => assert!(!told("soon over") && !told("is over"), "{log}"),
        }
    }
}

fn site(files: &CertificateFiles) -> Site {
    Site::new("smtp://127.0.0.1:9")
        .set("http.tls_cert", files.cert().display())
        .set("http.tls_key", files.key().display())
}

fn reconnect(process: &Process, files: &CertificateFiles) -> CertificateDer<'static> {
    let connection = Https::open(process.address, &files.ca).expect("a private connection");
    connection.certificate()
}

/// The probe on this machine asks by address, for which no certificate is made out.
#[test]
fn health_asks_over_tls() {
    let files = CertificateFiles::new();
    let site = site(&files);
    let process = Process::start(site.command(&["serve"]));
    let site = site.set("http.listen", process.address);
    let said = site.ok(&["health"]);
    let url = format!(
        "https://{}/readyz: ready, backup: off, database: ok",
        process.address
    );
    assert!(said.starts_with(&url), "{said}");
}
