//! How letters leave: the conversation with a relay, what its failures mean, and the mail folder.

mod greeting;
mod pipelining;
mod sendmail;
mod tokens;

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use readmit::clock::Timestamp;
use readmit::config::{self, RelayUrl, Tls};
use readmit::email::EmailAddress;
use readmit::outbox::transport::{Failure, FailureKind, Letter, Reply, Transport, TransportError};

use crate::support::smtp::{Action, SmtpServer, Stage, TestCa, TlsMode};

const NOW: Timestamp = Timestamp::from_seconds(1_795_507_200);
/// The password `swordfish` in base64, and the PLAIN response that holds it.
const SECRETS: [&str; 3] = ["swordfish", "c3dvcmRmaXNo", "AGphbmUAc3dvcmRmaXNo"];

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn smtp(url: RelayUrl) -> config::Smtp {
    config::Smtp {
        urls: vec![url],
        from: "hello@readmit.example".parse().expect("a mailbox"),
        username: None,
        password: None,
        token_file: None,
        ca_file: None,
        timeout: Duration::from_secs(20),
        hello_name: Some("client.example".to_owned()),
    }
}

fn settings(server: &SmtpServer) -> config::Smtp {
    smtp(server.url().parse().expect("a relay"))
}

fn trusting(server: &SmtpServer, ca: &TestCa) -> config::Smtp {
    config::Smtp {
        ca_file: Some(ca.path().to_owned()),
        ..settings(server)
    }
}

fn with_credentials(settings: config::Smtp) -> config::Smtp {
    config::Smtp {
        username: Some("jane".to_owned()),
        password: Some("swordfish".into()),
        ..settings
    }
}

/// The same relay under `?tls=`.
fn with_tls(settings: config::Smtp, tls: Tls) -> config::Smtp {
    let RelayUrl::Smtp { host, port, .. } = settings.urls[0].clone() else {
        panic!("no relay");
    };
    config::Smtp {
        urls: vec![RelayUrl::Smtp { host, port, tls }],
        ..settings
    }
}

fn open(settings: &config::Smtp) -> Transport {
    try_open(settings, 4).expect("a transport")
}

fn try_open(settings: &config::Smtp, connections: usize) -> Result<Transport, TransportError> {
    Transport::open(settings, &settings.urls[0], connections)
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

fn letter(bytes: &[u8]) -> Letter {
    Letter {
        message_id: "1@readmit.example".to_owned(),
        sender: address("bounces@readmit.example"),
        recipient: address("Jane.Doe@example.com"),
        bytes: bytes.to_vec(),
    }
}

fn plain_letter() -> Letter {
    letter(b"Subject: Hello\r\n\r\nHello.\r\n")
}

/// Sends one letter over a fresh transport.
fn send_once(settings: &config::Smtp) -> Result<Reply, Failure> {
    run(async { open(settings).send(&plain_letter(), NOW).await })
}

fn failure_of(settings: &config::Smtp) -> Failure {
    send_once(settings).expect_err("a failure")
}

/// Assertion 55: one RCPT, with the letter's recipient as it is stored.
#[test]
fn a_letter_arrives_with_its_envelope_and_one_recipient() {
    let server = SmtpServer::start();
    let reply = send_once(&settings(&server)).expect("a reply");
    assert_eq!(
        (reply.code, reply.text.as_str()),
        (250, "2.0.0 ok: queued as TEST")
    );
    let mail = server.next_mail();
    assert_eq!(mail.from, "bounces@readmit.example");
    assert_eq!(mail.recipients, ["Jane.Doe@example.com"]);
    assert_eq!(mail.header("Subject").as_deref(), Some("Hello"));
    let transcript = server.transcript();
    assert!(transcript.starts_with("EHLO client.example\r\n"));
    assert_eq!(transcript.matches("RCPT TO:").count(), 1);
}

/// Assertion 58. The wire shows that the dots were doubled, rather than merely not taken away.
#[test]
fn lines_that_start_with_a_dot_arrive_intact_and_every_line_end_is_crlf() {
    let server = SmtpServer::start();
    let bytes = b".Subject: x\r\n\r\n.\r\n..\r\n.RCPT TO:<x@y.example>\r\na.\r\n\r\n.";
    let letter = letter(bytes);
    run(async { open(&settings(&server)).send(&letter, NOW).await }).expect("a reply");
    let mail = server.next_mail();
    assert_eq!(mail.raw, [&bytes[..], b"\r\n"].concat());
    assert!(mail.wire.starts_with(b"..Subject: x\r\n\r\n..\r\n...\r\n"));
    let lone = |(at, &byte): (usize, &u8)| byte == b'\n' && mail.wire[at - 1] != b'\r';
    assert!(!mail.wire.iter().enumerate().any(lone));
}

#[test]
fn a_quoted_printable_letter_is_read_as_it_was_meant() {
    let server = SmtpServer::start();
    let letter = letter(
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n\
          Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
          --b\r\nContent-Type: text/plain; charset=utf-8\r\n\
          Content-Transfer-Encoding: quoted-printable\r\n\r\n\
          https://x.example/r?token=3DeyJ=\r\n0&b=3D1 Gr=C3=BC=C3=9Fe\r\n\
          --b\r\nContent-Type: text/html; charset=utf-8\r\n\
          Content-Transfer-Encoding: quoted-printable\r\n\r\n\
          <p>Gr=C3=BC=C3=9Fe</p>\r\n--b--\r\n",
    );
    run(async { open(&settings(&server)).send(&letter, NOW).await }).expect("a reply");
    let mail = server.next_mail();
    assert_eq!(mail.header("Subject").as_deref(), Some("Grüße"));
    assert_eq!(mail.link(), "https://x.example/r?token=eyJ0&b=1");
    assert_eq!(mail.token(), "eyJ0");
    assert!(mail.text().ends_with(" Grüße"));
    assert_eq!(mail.html(), "<p>Grüße</p>");
}

#[test]
fn a_letter_gains_no_line_on_its_way() {
    let server = SmtpServer::start();
    send_once(&settings(&server)).expect("a reply");
    assert_eq!(server.next_mail().raw, plain_letter().bytes);
}

/// Assertion 57: what could smuggle a command in does not parse as an address, so that no letter
/// can bear it.
#[test]
fn no_envelope_address_can_hold_a_line_end() {
    for text in [
        "jane@example.com\r\nRCPT TO:<eve@example.com>",
        "jane@example.com\nDATA",
        "jane\r@example.com",
        "jane@example.com\u{2028}",
        "jane\0@example.com",
        "\"jane> NOTIFY=NEVER\"@example.com",
        "jane@example.com> SIZE=1",
    ] {
        assert!(EmailAddress::parse(text).is_err(), "{text:?}");
    }
}

/// Assertion 57, for the letter itself.
#[test]
fn a_letter_that_smtp_would_garble_is_refused_without_a_connection() {
    let server = SmtpServer::start();
    run(async {
        let transport = open(&settings(&server));
        for bytes in [
            &b"a\n.\r\nMAIL FROM:<x@y.example>\r\n"[..],
            b"\na\r\n",
            b"a\rb\r\n",
            b"a\r\n\r",
            b"a\0b\r\n",
            "ä\r\n".as_bytes(),
        ] {
            let failure = transport.send(&letter(bytes), NOW).await;
            let failure = failure.expect_err("a failure");
            assert_eq!(failure.kind, FailureKind::Rejected, "{bytes:?}");
        }
    });
    assert_eq!(server.connections(), 0);
}

/// Assertion 65 builds on this: what a refusal is about, by its code and its stage, whether the
/// commands are sent one by one or all at once.
#[test]
fn a_refusal_is_told_by_its_stage_and_code() {
    use FailureKind::{Broken, Credentials, Deferred, Rejected, Relay};
    for (stage, reply, kind, code) in [
        (Stage::Connect, "421 4.3.2 closed", Relay, 421),
        (Stage::Connect, "554 5.3.2 closed", Relay, 554),
        (Stage::Ehlo, "421 4.3.2 closed", Relay, 421),
        (Stage::Ehlo, "550 5.7.1 closed", Relay, 550),
        (Stage::Auth, "535 5.7.8 closed", Credentials, 535),
        (Stage::Auth, "454 4.7.0 closed", Relay, 454),
        (Stage::Mail, "451 4.7.1 closed", Deferred, 451),
        (Stage::Mail, "550 5.7.1 closed", Rejected, 550),
        (Stage::Mail, "530 5.7.0 closed", Credentials, 530),
        (Stage::Rcpt, "450 4.2.0 closed", Deferred, 450),
        (Stage::Rcpt, "550 5.1.1 closed", Rejected, 550),
        (Stage::Data, "451 4.3.0 closed", Deferred, 451),
        (Stage::Data, "554 5.5.1 closed", Rejected, 554),
        (Stage::Data, "250 2.0.0 closed", Broken, 250),
        (Stage::Dot, "421 4.3.0 closed", Relay, 421),
        (Stage::Dot, "552 5.2.2 closed", Rejected, 552),
        (Stage::Dot, "354 4.3.0 closed", Broken, 354),
    ] {
        for pipelining in [false, true] {
            let server = SmtpServer::start();
            server.advertise_auth("jane", "swordfish");
            if pipelining {
                server.offer_pipelining();
            }
            server.script(stage, Action::Reply(reply));
            let failure = failure_of(&with_credentials(settings(&server)));
            assert_eq!(
                (failure.kind, failure.code),
                (kind, Some(code)),
                "{stage:?} {reply}: {failure}"
            );
            let said = if kind == Broken {
                "does not belong here"
            } else {
                "closed"
            };
            assert!(failure.text.ends_with(said), "{stage:?}: {failure}");
        }
    }
}

#[test]
fn a_lost_connection_is_the_relays_fault_until_a_letter_has_begun() {
    use FailureKind::{Broken, Relay};
    for (stage, kind) in [
        (Stage::Connect, Relay),
        (Stage::Ehlo, Relay),
        (Stage::Auth, Relay),
        (Stage::Mail, Broken),
        (Stage::Rcpt, Broken),
        (Stage::Data, Broken),
        (Stage::Dot, Broken),
    ] {
        let server = SmtpServer::start();
        server.advertise_auth("jane", "swordfish");
        server.script(stage, Action::Close);
        let failure = failure_of(&with_credentials(settings(&server)));
        assert_eq!(
            (failure.kind, failure.code),
            (kind, None),
            "{stage:?}: {failure}"
        );
    }
}

#[test]
fn a_relay_that_is_not_there_is_the_relays_fault() {
    let gone = settings(&SmtpServer::start());
    let failure = failure_of(&gone);
    assert_eq!(failure.kind, FailureKind::Relay, "{failure}");
    assert!(failure.text.starts_with("connect: 127.0.0.1:"), "{failure}");
}

/// Assertion 69: silence at any stage ends the attempt.
#[test]
fn silence_ends_in_a_timeout_that_names_the_stage() {
    let ca = TestCa::new();
    let wait_at = |stage: Stage, name: &str| {
        let server = SmtpServer::start_tls(TlsMode::StartTls, &ca);
        server.advertise_auth("jane", "swordfish");
        server.always(stage, Action::Stall);
        let impatient = config::Smtp {
            timeout: Duration::from_millis(1500),
            ..with_credentials(trusting(&server, &ca))
        };
        let failure = failure_of(&impatient);
        assert_eq!(failure.kind, FailureKind::Timeout, "{stage:?}: {failure}");
        assert_eq!(failure.text, format!("{name}: no answer within 1s 500ms"));
    };
    // At the same time, for they have time to spare lest a busy machine fail them at another stage.
    std::thread::scope(|scope| {
        for (stage, name) in [
            (Stage::Connect, "EHLO"),
            (Stage::Ehlo, "EHLO"),
            (Stage::StartTls, "STARTTLS"),
            (Stage::Auth, "AUTH"),
            (Stage::Mail, "MAIL FROM"),
            (Stage::Rcpt, "RCPT TO"),
            (Stage::Data, "DATA"),
            (Stage::Dot, "end of the letter"),
        ] {
            let wait_at = &wait_at;
            scope.spawn(move || wait_at(stage, name));
        }
    });
}

/// Assertions 64 and 69: a lease outlasts an attempt only if the time limit is for all stages
/// together.
#[test]
fn slow_stages_add_up_to_a_timeout() {
    let server = SmtpServer::start();
    for stage in [Stage::Connect, Stage::Ehlo, Stage::Mail, Stage::Rcpt] {
        // Nobody unparks that thread, so this takes its time.
        let dawdle = || std::thread::park_timeout(Duration::from_millis(150));
        server.script(stage, Action::Run(Box::new(dawdle)));
    }
    let impatient = config::Smtp {
        timeout: Duration::from_millis(400),
        ..settings(&server)
    };
    assert_eq!(failure_of(&impatient).kind, FailureKind::Timeout);
}

#[test]
fn one_connection_carries_several_letters() {
    let server = SmtpServer::start();
    run(async {
        let transport = open(&settings(&server));
        for _ in 0..3 {
            transport.send(&plain_letter(), NOW).await.expect("a reply");
        }
    });
    assert_eq!((server.connections(), server.mails().len()), (1, 3));
}

/// With Nagle's algorithm, forty letters would take 1.8 s: 45 ms each for the final dot to be held
/// back and the acknowledgement to be delayed.
#[test]
fn the_final_dot_is_not_held_back() {
    let server = SmtpServer::start();
    run(async {
        let transport = open(&settings(&server));
        let burst = async {
            for _ in 0..40 {
                transport.send(&plain_letter(), NOW).await.expect("a reply");
            }
        };
        tokio::time::timeout(Duration::from_millis(1200), burst)
            .await
            .expect("forty letters in time");
    });
}

#[test]
fn letters_wait_for_a_connection_rather_than_open_more_than_configured() {
    let server = SmtpServer::start();
    server.always(Stage::Dot, Action::Stall);
    let settings = settings(&server);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            server.wait_for(Stage::Dot, 2);
            server.clear(Stage::Dot);
            server.release();
        });
        run(async {
            let transport = Arc::new(try_open(&settings, 2).expect("a transport"));
            let mut letters = tokio::task::JoinSet::new();
            for _ in 0..6 {
                let transport = Arc::clone(&transport);
                letters.spawn(async move { transport.send(&plain_letter(), NOW).await });
            }
            for outcome in letters.join_all().await {
                outcome.expect("a reply");
            }
        });
    });
    assert_eq!((server.connections(), server.mails().len()), (2, 6));
}

#[test]
fn a_connection_that_waited_for_over_a_minute_is_not_used_again() {
    let server = SmtpServer::start();
    run(async {
        let transport = open(&settings(&server));
        for (after, connections) in [(0, 1), (60, 1), (121, 2)] {
            let now = NOW.after(Duration::from_secs(after));
            transport.send(&plain_letter(), now).await.expect("a reply");
            assert_eq!(server.connections(), connections, "after {after} s");
        }
    });
}

#[test]
fn a_connection_that_the_relay_closed_meanwhile_costs_nothing() {
    for pipelining in [false, true] {
        let server = SmtpServer::start();
        if pipelining {
            server.offer_pipelining();
        }
        run(async {
            let transport = open(&settings(&server));
            transport.send(&plain_letter(), NOW).await.expect("a reply");
            server.hang_up();
            transport.send(&plain_letter(), NOW).await.expect("a reply");
            server.script(Stage::Mail, Action::ReplyThenClose("421 4.4.2 idle"));
            transport.send(&plain_letter(), NOW).await.expect("a reply");
        });
        assert_eq!((server.connections(), server.mails().len()), (3, 3));
    }
}

/// Assertion 70: the relay may have taken the letter, so that sending it again is not ours to decide.
#[test]
fn a_letter_lost_behind_its_dot_is_not_sent_again() {
    let server = SmtpServer::start();
    run(async {
        let transport = open(&settings(&server));
        transport.send(&plain_letter(), NOW).await.expect("a reply");
        for stage in [Stage::Dot, Stage::Rcpt] {
            let before = server.mails().len();
            server.script(stage, Action::Close);
            let failure = transport.send(&plain_letter(), NOW).await;
            let failure = failure.expect_err("a failure");
            assert_eq!(failure.kind, FailureKind::Broken, "{failure}");
            let sent = usize::from(stage == Stage::Dot);
            assert_eq!(server.mails().len(), before + sent);
        }
    });
    for _ in 0..2 {
        server.next_mail();
    }
    server.no_mail_within(Duration::from_millis(50));
}

#[test]
fn a_connection_is_closed_politely_after_a_refusal() {
    let server = SmtpServer::start();
    server.script(Stage::Rcpt, Action::Reply("550 5.1.1 unknown"));
    run(async {
        let transport = open(&settings(&server));
        let refused = transport.send(&plain_letter(), NOW).await;
        assert_eq!(
            refused.expect_err("a failure").text,
            "RCPT TO: 550 5.1.1 unknown"
        );
        assert!(server.transcript().ends_with("QUIT\r\n"));
        transport.send(&plain_letter(), NOW).await.expect("a reply");
    });
    assert_eq!(server.connections(), 2);
}

#[test]
fn closing_takes_leave_of_the_relay() {
    let server = SmtpServer::start();
    run(async {
        let transport = open(&settings(&server));
        transport.send(&plain_letter(), NOW).await.expect("a reply");
        assert!(!server.transcript().contains("QUIT"));
        transport.close().await;
    });
    server.wait_for_text("QUIT\r\n");
}

/// Assertion 62.
#[test]
fn a_relay_with_a_trusted_certificate_gets_letters_encrypted() {
    let ca = TestCa::new();
    for mode in [TlsMode::StartTls, TlsMode::Implicit] {
        let server = SmtpServer::start_tls(mode, &ca);
        server.advertise_auth("jane", "swordfish");
        send_once(&with_credentials(trusting(&server, &ca))).expect("a reply");
        let mail = server.next_mail();
        assert!(mail.encrypted, "{mode:?}");
        assert_eq!(
            mail.credentials,
            Some(("jane".to_owned(), "swordfish".to_owned()))
        );
    }
}

/// Assertion 62: neither a letter nor a password goes to a relay that cannot prove who it is.
#[test]
fn a_relay_with_an_untrusted_certificate_gets_nothing() {
    let (ca, other) = (TestCa::new(), TestCa::new());
    assert_ne!(ca.pem(), other.pem());
    for mode in [TlsMode::StartTls, TlsMode::Implicit] {
        let unknown = SmtpServer::start_tls(mode, &other);
        let misnamed = SmtpServer::start_tls_as(&["elsewhere.example"], mode, &ca);
        for server in [unknown, misnamed] {
            server.advertise_auth("jane", "swordfish");
            let failure = failure_of(&with_credentials(trusting(&server, &ca)));
            assert_eq!(failure.kind, FailureKind::Tls, "{failure}");
            assert!(failure.text.contains("certificate"), "{failure}");
            let transcript = server.transcript();
            assert!(!transcript.contains("MAIL") && !transcript.contains("AUTH"));
        }
    }
}

/// Assertion 62.
#[test]
fn required_tls_sends_nothing_to_a_relay_without_starttls() {
    let ca = TestCa::new();
    let server = SmtpServer::start_tls(TlsMode::StartTls, &ca);
    server.advertise_auth("jane", "swordfish");
    server.starttls_offered(false);
    let required = with_tls(with_credentials(trusting(&server, &ca)), Tls::Required);
    let failure = failure_of(&required);
    assert_eq!((failure.kind, failure.code), (FailureKind::Tls, None));
    server.starttls_offered(true);
    server.script(Stage::StartTls, Action::Reply("454 4.7.0 no"));
    let failure = failure_of(&required);
    assert_eq!((failure.kind, failure.code), (FailureKind::Tls, Some(454)));
    let transcript = server.transcript();
    assert!(!transcript.contains("MAIL") && !transcript.contains("AUTH"));
    send_once(&required).expect("a reply");
}

/// What somebody on the way puts behind the go-ahead is not taken for a private reply, as it would
/// be if it stayed in a buffer across the handshake (CVE-2011-0411 and its kin).
#[test]
fn a_reply_slipped_in_before_the_handshake_breaks_it() {
    let ca = TestCa::new();
    let server = SmtpServer::start_tls(TlsMode::StartTls, &ca);
    server.script(
        Stage::StartTls,
        Action::Reply("220 go ahead\r\n250 evil.example"),
    );
    let failure = failure_of(&trusting(&server, &ca));
    assert_eq!(failure.kind, FailureKind::Tls, "{failure}");
    assert!(server.mails().is_empty());
}

/// Assertion 62. `127.1` is this machine too, but not by a name that can mean nothing else.
#[test]
fn credentials_are_never_sent_in_clear_to_another_host() {
    let server = SmtpServer::start();
    server.advertise_auth("jane", "swordfish");
    let remote = with_credentials(smtp(RelayUrl::Smtp {
        host: "127.1".to_owned(),
        port: server.port(),
        tls: Tls::None,
    }));
    let failure = failure_of(&remote);
    assert_eq!(failure.kind, FailureKind::Tls, "{failure}");
    let transcript = server.transcript();
    assert!(!transcript.contains("MAIL") && !transcript.contains("AUTH"));
    for host in ["127.0.0.1", "localhost"] {
        let local = with_credentials(smtp(RelayUrl::Smtp {
            host: host.to_owned(),
            port: server.port(),
            tls: Tls::None,
        }));
        send_once(&local).expect("a reply");
        assert!(server.next_mail().credentials.is_some());
    }
}

#[test]
fn signing_in_works_with_login_alone_and_fails_without_a_known_mechanism() {
    let server = SmtpServer::start();
    server.advertise_auth("jane", "swordfish");
    server.auth_mechanisms("LOGIN");
    let settings = with_credentials(settings(&server));
    send_once(&settings).expect("a reply");
    assert!(server.next_mail().credentials.is_some());
    assert!(server.transcript().contains("AUTH LOGIN\r\n"));
    server.auth_mechanisms("GSSAPI");
    let failure = failure_of(&settings);
    assert_eq!((failure.kind, failure.code), (FailureKind::Relay, None));
}

/// Assertion 80: relays quote what they were told.
#[test]
fn no_text_holds_a_password_or_a_token_that_the_relay_quotes() {
    let server = SmtpServer::start();
    server.advertise_auth("jane", "swordfish");
    let settings = with_credentials(settings(&server));
    server.script(
        Stage::Auth,
        Action::Reply("535 5.7.8 bad: AUTH PLAIN AGphbmUAc3dvcmRmaXNo c3dvcmRmaXNo swordfish"),
    );
    let failure = failure_of(&settings);
    assert_eq!(failure.text, "AUTH: 535 5.7.8 bad: AUTH PLAIN *** *** ***");
    assert!(!SECRETS.iter().any(|s| format!("{failure:?}").contains(s)));

    let letter = letter(
        b"Subject: Reset\r\n\r\nhttps://x.example/r?token=3DeyJhbGciOiJF=\r\nUzI1NiJ9.e30.c2ln\r\n",
    );
    for reply in [
        "554 5.7.1 no: https://x.example/r?token=eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
        "250 2.0.0 ok: https://x.example/r?token=eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
    ] {
        server.script(Stage::Dot, Action::Reply(reply));
        let said = match run(async { open(&settings).send(&letter, NOW).await }) {
            Ok(reply) => reply.text,
            Err(failure) => failure.text,
        };
        assert!(said.contains("https://x.example/r?token=***"), "{said}");
        assert!(!said.contains("eyJhbGci"), "{said}");
    }
    assert!(!format!("{letter:?}").contains("token"));
}

#[test]
fn a_reply_becomes_one_short_line_whatever_its_bytes() {
    let server = SmtpServer::start();
    server.script(
        Stage::Rcpt,
        Action::Reply("550-5.1.1 Empfänger\u{1b}[31m\r\n550 5.1.1 unbekannt"),
    );
    let failure = failure_of(&settings(&server));
    assert_eq!(
        (failure.kind, failure.code),
        (FailureKind::Rejected, Some(550))
    );
    assert_eq!(failure.text, "RCPT TO: 550 5.1.1 Empf?nger [31m unbekannt");
}

#[test]
fn a_probe_says_what_it_found_and_sends_no_letter() {
    let ca = TestCa::new();
    let server = SmtpServer::start_tls(TlsMode::StartTls, &ca);
    server.advertise_auth("jane", "swordfish");
    let settings = with_credentials(trusting(&server, &ca));
    let found = run(async { open(&settings).probe().await }).expect("a sentence");
    assert_eq!(
        found,
        format!(
            "The relay 127.0.0.1:{} answers, encrypted with TLS 1.3, signed in as jane.",
            server.port()
        )
    );
    server.wait_for_text("QUIT\r\n");
    assert!(!server.transcript().contains("MAIL"));
    server.script(Stage::Auth, Action::Reply("535 5.7.8 no"));
    let failure = run(async { open(&settings).probe().await }).expect_err("a failure");
    assert_eq!(failure.text, "AUTH: 535 5.7.8 no");
}

#[test]
fn a_ca_file_without_certificates_is_named() {
    let empty = tempfile::NamedTempFile::new().expect("a temporary file");
    for path in [
        empty.path().to_owned(),
        empty.path().with_extension("missing"),
    ] {
        let settings = config::Smtp {
            ca_file: Some(path.clone()),
            ..smtp("smtps://relay.example".parse().expect("a relay"))
        };
        let error = try_open(&settings, 4).err().expect("an error");
        assert!(matches!(error, TransportError::CaFile { .. }));
        assert!(error.to_string().contains(&path.display().to_string()));
    }
}

#[test]
fn the_folder_takes_a_letter_for_its_owner_only_and_a_retry_replaces_it() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let folder = parent.path().join("mail");
    let transport = open(&smtp(RelayUrl::File(folder.clone())));
    run(async {
        let reply = transport.send(&plain_letter(), NOW).await.expect("a reply");
        assert_eq!(
            (reply.code, reply.text.as_str()),
            (250, "written to 1@readmit.example.eml")
        );
        let again = letter(b"Subject: Again\r\n\r\n");
        transport.send(&again, NOW).await.expect("a reply");
        let found = transport.probe().await.expect("a sentence");
        assert!(found.contains("writable"), "{found}");
    });
    let files: Vec<_> = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let file = folder.join("1@readmit.example.eml");
    assert_eq!(files, std::slice::from_ref(&file));
    assert_eq!(
        std::fs::read(&file).expect("a file"),
        b"Subject: Again\r\n\r\n"
    );
    for (path, mode) in [(&folder, 0o700), (&file, 0o600)] {
        let permissions = std::fs::metadata(path).expect("metadata").permissions();
        assert_eq!(permissions.mode() & 0o777, mode);
    }
}

#[test]
fn a_message_id_cannot_name_a_path() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let folder = parent.path().join("mail");
    let transport = open(&smtp(RelayUrl::File(folder.clone())));
    let hostile = Letter {
        message_id: "../../etc/x\0\n".to_owned(),
        ..plain_letter()
    };
    let reply = run(transport.send(&hostile, NOW)).expect("a reply");
    assert_eq!(reply.text, "written to _._.._etc_x__.eml");
    std::fs::remove_dir_all(&folder).expect("a folder that can be removed");
    let failure = run(transport.send(&hostile, NOW)).expect_err("a failure");
    assert_eq!(failure.kind, FailureKind::Relay);
}
