//! Mail by the host's own mail system.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use readmit::config::{self, RelayUrl};
use readmit::outbox::transport::{Failure, FailureKind, Reply};

use super::{NOW, letter, open, run, smtp};

/// A program that stands in for the mail system, in a folder where it writes what it gets.
struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("sendmail");
        let script = format!("#!/bin/sh\ncd {}\n{script}\n", folder.path().display());
        // Written under another name: a file that somebody has open to write cannot be run.
        let draft = folder.path().join("draft");
        std::fs::write(&draft, script).expect("a script");
        std::fs::set_permissions(&draft, PermissionsExt::from_mode(0o700)).expect("its mode");
        std::fs::rename(&draft, &program).expect("its name");
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sendmail")
    }

    fn settings(&self) -> config::Smtp {
        smtp(RelayUrl::Sendmail(self.path()))
    }

    fn written(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("what it wrote")
    }

    fn send(&self) -> Result<Reply, Failure> {
        self::send(&self.settings())
    }
}

fn send(settings: &config::Smtp) -> Result<Reply, Failure> {
    let content =
            b"Subject: Reset\r\n\r\nOne line.\r\n.\r\nAnd ?token=eyJhbGciOi1.eyJqdGk5.c2lnbmF0dXJl1\r\n";
    let transport = open(settings);
    // A program that was just written may still be held open by a child of another test.
    for _ in 0..50 {
        let sent = run(transport.send(&letter(content), NOW));
        match sent {
            Err(failure) if failure.text.contains("Text file busy") => {}
            sent => return sent,
        }
    }
    panic!("the program is busy for good");
}

/// Assertions 55 and 58: one recipient, as an argument that is no option, and the letter as it is, with
/// the line ends of the system.
#[test]
fn the_program_gets_the_envelope_as_arguments_and_the_letter_as_input() {
    let program = Program::new("printf '%s\\n' \"$@\" > arguments; cat > letter");
    let reply = program.send().expect("it is taken");
    assert_eq!(reply.code, 250);
    let arguments = program.written("arguments");
    let arguments: Vec<_> = arguments.lines().collect();
    let [i, f, _sender, end, _recipient] = arguments[..] else {
        panic!("{arguments:?}");
    };
    assert_eq!([i, f, end], ["-i", "-f", "--"]);
    assert_eq!(
        program.written("letter"),
        "Subject: Reset\n\nOne line.\n.\nAnd ?token=eyJhbGciOi1.eyJqdGk5.c2lnbmF0dXJl1\n"
    );
    let found = run(open(&program.settings()).probe()).expect("a sentence");
    assert!(found.contains("Mail is handed to"), "{found}");
}

/// The exit status says what is at fault (`sysexits.h`). What the program complains of is kept, without
/// the token that it quotes.
#[test]
fn the_exit_status_says_what_became_of_the_letter() {
    for (status, kind) in [
        (65, FailureKind::Rejected),
        (67, FailureKind::Rejected),
        (68, FailureKind::Rejected),
        (75, FailureKind::Deferred),
        (64, FailureKind::Relay),
        (69, FailureKind::Relay),
        (71, FailureKind::Relay),
        (78, FailureKind::Relay),
        (1, FailureKind::Relay),
    ] {
        let program = Program::new(&format!("grep -o 'token=.*' >&2; exit {status}"));
        let failure = program.send().expect_err("it is refused");
        assert_eq!(failure.kind, kind, "{status}");
        assert!(failure.text.contains(&format!("exit status: {status}")));
        assert!(!failure.text.contains("eyJ"), "{}", failure.text);
    }
    let killed = Program::new("kill -9 $$");
    let failure = killed.send().expect_err("it was killed");
    assert_eq!(failure.kind, FailureKind::Relay);
}

/// A program that hangs is ended by the deadline of an attempt, and one that does not read the letter
/// has not taken it.
#[test]
fn a_program_that_hangs_or_is_not_there_costs_one_attempt() {
    let hanging = Program::new("cat > /dev/null; exec tail -f /dev/null");
    let settings = config::Smtp {
        timeout: Duration::from_millis(300),
        ..hanging.settings()
    };
    let failure = send(&settings).expect_err("it hangs");
    assert_eq!(failure.kind, FailureKind::Timeout);
    let missing = smtp(RelayUrl::Sendmail("/nonexistent/sendmail".into()));
    let failure = send(&missing).expect_err("it is not there");
    assert_eq!(failure.kind, FailureKind::Relay);
    let failure = run(open(&missing).probe()).expect_err("it is not there");
    assert!(
        failure.text.contains("cannot hand mail to"),
        "{}",
        failure.text
    );
}
