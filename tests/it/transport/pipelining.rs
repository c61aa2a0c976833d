//! Relays that take the envelope in one piece (RFC 2920).

use readmit::config::Tls;
use readmit::outbox::transport::FailureKind;

use super::{NOW, failure_of, open, plain_letter, run, settings, with_tls};
use crate::support::smtp::{Action, SmtpServer, Stage};

/// What the client says from MAIL to DATA.
const ENVELOPE: &str =
    "MAIL FROM:<bounces@readmit.example>\r\nRCPT TO:<Jane.Doe@example.com>\r\nDATA\r\n";

fn piped() -> SmtpServer {
    let server = SmtpServer::start();
    server.offer_pipelining();
    server
}

/// The relay does not answer MAIL before it has read DATA.
#[test]
fn the_envelope_goes_out_in_one_piece_where_the_relay_takes_it() {
    let server = piped();
    server.script(Stage::Mail, Action::Stall);
    let settings = settings(&server);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            server.wait_for(Stage::Mail, 1);
            server.wait_for_text(ENVELOPE);
            server.release();
        });
        run(async {
            let transport = open(&settings);
            for _ in 0..2 {
                transport.send(&plain_letter(), NOW).await.expect("a reply");
            }
        });
    });
    assert_eq!((server.connections(), server.mails().len()), (1, 2));
    for mail in server.mails() {
        assert_eq!(mail.recipients, ["Jane.Doe@example.com"]);
    }
}

/// A relay that does not offer it may take what comes too early for an attack.
#[test]
fn where_the_relay_does_not_offer_it_each_command_waits_for_its_answer() {
    let server = SmtpServer::start();
    server.script(Stage::Mail, Action::Stall);
    let settings = settings(&server);
    let early = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            server.wait_for(Stage::Mail, 1);
            let early = server.transcript();
            server.release();
            early
        });
        run(async {
            let transport = open(&settings);
            transport.send(&plain_letter(), NOW).await.expect("a reply");
        });
        looking.join().expect("nobody panicked")
    });
    assert!(early.contains("MAIL FROM:"), "{early}");
    assert!(!early.contains("RCPT TO:"), "{early}");
}

/// The relay has said yes to DATA already when its no to the recipient is read: the letter must not
/// follow, and the connection is not used for another.
#[test]
fn a_refused_recipient_gets_no_letter_though_the_relay_waits_for_one() {
    let server = piped();
    server.script(Stage::Rcpt, Action::Reply("550 5.1.1 unknown"));
    let failure = failure_of(&settings(&server));
    assert_eq!(failure.text, "RCPT TO: 550 5.1.1 unknown");
    assert_eq!(failure.kind, FailureKind::Rejected);
    assert!(server.mails().is_empty());
}

/// Some relays are strict about when EHLO may come.
#[test]
fn a_relay_that_says_its_features_only_once_gets_letters() {
    let server = piped();
    // The first time it answers as usual.
    server.script(Stage::Ehlo, Action::Run(Box::new(|| {})));
    server.script(Stage::Ehlo, Action::Reply("503 5.5.1 once is enough"));
    run(async {
        let transport = open(&with_tls(settings(&server), Tls::None));
        transport.send(&plain_letter(), NOW).await.expect("a reply");
    });
    assert_eq!(server.mails().len(), 1);
}
