//! How a conversation begins.

use readmit::config::Tls;

use super::{plain_letter, run, send_once, settings, trusting, with_tls};
use crate::support::smtp::{Action, SmtpServer, Stage, TestCa, TlsMode};

/// Some relays take a second EHLO on one connection for an error. Only after STARTTLS is another one due,
/// for what was said in the clear does not count any more (RFC 3207, 4.2).
#[test]
fn a_relay_is_asked_once_what_it_offers() {
    for tls in [Tls::None, Tls::Opportunistic] {
        for pipelining in [false, true] {
            let server = SmtpServer::start();
            if pipelining {
                server.offer_pipelining();
            }
            server.script(Stage::Ehlo, Action::Run(Box::new(|| {})));
            server.always(Stage::Ehlo, Action::Reply("503 5.5.1 EHLO was said"));
            send_once(&with_tls(settings(&server), tls)).expect("a reply");
            assert_eq!(server.transcript().matches("EHLO").count(), 1, "{tls:?}");
        }
    }
    let ca = TestCa::new();
    for (mode, times) in [(TlsMode::Implicit, 1), (TlsMode::StartTls, 2)] {
        let server = SmtpServer::start_tls(mode, &ca);
        send_once(&trusting(&server, &ca)).expect("a reply");
        assert_eq!(server.transcript().matches("EHLO").count(), times);
    }
}

/// What a relay offers is taken from its last answer: one that offered pipelining in the clear only, which
/// anybody on the way can, gets one command after the other.
#[test]
fn what_was_offered_before_the_handshake_does_not_count() {
    let ca = TestCa::new();
    let server = SmtpServer::start_tls(TlsMode::StartTls, &ca);
    server.script(
        Stage::Ehlo,
        Action::Reply("250-test.example\r\n250-PIPELINING\r\n250 STARTTLS"),
    );
    server.script(Stage::Rcpt, Action::Reply("550 5.1.1 nobody"));
    run(async {
        let transport = super::open(&trusting(&server, &ca));
        let refused = transport.send(&plain_letter(), super::NOW).await;
        assert_eq!(refused.expect_err("a refusal").code, Some(550));
    });
    assert!(!server.transcript().contains("DATA"));
}
