//! What relays say.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

use readmit::clock::Timestamp;
use readmit::config::{self, RelayUrl};
use readmit::email::EmailAddress;
use readmit::outbox::transport::{Failure, FailureKind, Letter, Reply, Transport};
use tokio::runtime::Runtime;

/// A token as it stands in a letter, which relays like to quote.
pub(crate) const TOKEN: &str =
    "eyJ0eXAiOiJyZXNldCtqd3QifQ.eyJqdGkiOiJhYmMxMjMifQ.c2lnbmF0dXJlLTEyMzQ1Njc4";

/// A relay that says all that it has to say at once, and then nothing more.
pub(crate) struct Relay {
    listener: TcpListener,
    runtime: Runtime,
    letter: Letter,
}

impl Relay {
    pub(crate) fn new() -> Self {
        let bytes =
            format!("Subject: x\r\n\r\nhttps://canal.test/reset-password?token={TOKEN}\r\n");
        Self {
            listener: TcpListener::bind("127.0.0.1:0").expect("a port"),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            letter: Letter {
                message_id: "1@readmit.test".to_owned(),
                sender: address("no-reply@readmit.test"),
                recipient: address("jane@example.com"),
                bytes: bytes.into_bytes(),
            },
        }
    }

    /// What becomes of a letter whose relay says this, and what the relay was told.
    pub(crate) fn answer(&self, tls: &str, replies: &[u8]) -> (Result<Reply, Failure>, Vec<u8>) {
        let port = self.listener.local_addr().expect("an address").port();
        let url: RelayUrl = format!("smtp://127.0.0.1:{port}?tls={tls}")
            .parse()
            .expect("a relay");
        let settings = config::Smtp {
            urls: vec![url.clone()],
            from: "hello@readmit.test".parse().expect("a mailbox"),
            username: None,
            password: None,
            token_file: None,
            ca_file: None,
            timeout: Duration::from_secs(10),
            hello_name: Some("client.example".to_owned()),
        };
        std::thread::scope(|scope| {
            let relay = scope.spawn(|| {
                let (mut tcp, _) = self.listener.accept().expect("a connection");
                tcp.set_read_timeout(Some(Duration::from_secs(10)))
                    .expect("an option is set");
                let _ = tcp.write_all(replies);
                let _ = tcp.shutdown(Shutdown::Write);
                let mut told = Vec::new();
                let _ = tcp.read_to_end(&mut told);
                told
            });
            let outcome = self.runtime.block_on(async {
                let transport = Transport::open(&settings, &url, 1).expect("a transport");
                let outcome = transport.send(&self.letter, Timestamp::default()).await;
                transport.close().await;
                outcome
            });
            (outcome, relay.join().expect("the relay's thread"))
        })
    }
}

/// What must hold of every outcome, whatever was said.
pub(crate) fn judge(outcome: &Result<Reply, Failure>, told: &[u8]) {
    let (text, code, good) = match outcome {
        Ok(reply) => (&reply.text, Some(reply.code), true),
        Err(failure) => (&failure.text, failure.code, false),
    };
    assert!(text.chars().count() <= 500, "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.is_ascii() && !text.contains(TOKEN), "{text}");
    let code_fits = code.is_none_or(|code| (200..600).contains(&code));
    assert!(code_fits, "{code:?}");
    assert_eq!(good, code.is_some_and(|code| code < 300) && outcome.is_ok());
    let told = String::from_utf8_lossy(told);
    assert!(told.matches("RCPT TO:").count() <= 1, "{told}");
    assert!(told.matches("\r\n.\r\n").count() <= 1, "{told}");
    if told.contains(TOKEN) {
        assert!(told.contains("\r\nDATA\r\n"), "{told}");
    }
    if let Err(failure) = outcome {
        match failure.kind {
            FailureKind::Rejected => assert!(code.is_some_and(|code| code >= 500)),
            FailureKind::Deferred => assert!(code.is_some_and(|code| (400..500).contains(&code))),
            FailureKind::Timeout => panic!("{text}"),
            _ => {}
        }
    }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}
