//! Letters to the host's own mail system, by the program that every one of them has for that.
//!
//! The program takes a letter on its standard input and says by its exit status what became of it
//! (`sysexits.h`). What is behind it queues by itself: from then on the letter is its own to deliver.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::{Failure, FailureKind, Letter, Reply};

/// The statuses that speak of this letter and will be the same next time: wrong data, no such user, no
/// such host.
const FINAL: [i32; 3] = [65, 67, 68];
/// Try again later.
const TEMPORARY: i32 = 75;

/// A program that takes letters.
#[derive(Debug)]
pub struct Sendmail {
    program: PathBuf,
    timeout: Duration,
    /// How many run at the same time.
    permits: Semaphore,
}

impl Sendmail {
    pub(super) fn new(program: &Path, timeout: Duration, at_once: usize) -> Self {
        Self {
            program: program.to_owned(),
            timeout,
            permits: Semaphore::new(at_once.max(1)),
        }
    }

    pub(super) async fn send(&self, letter: &Letter) -> Result<Reply, Failure> {
        // Dropped with this future, the program is killed.
        tokio::time::timeout(self.timeout, self.run(letter))
            .await
            .unwrap_or_else(|_| {
                let text = format!("{}: no end within {:?}", self.shown(), self.timeout);
                Err(Failure::new(FailureKind::Timeout, None, &text))
            })
    }

    async fn run(&self, letter: &Letter) -> Result<Reply, Failure> {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await.ok();
        let broken = |error: std::io::Error| {
            let text = format!("{}: {error}", self.shown());
            Failure::new(FailureKind::Relay, None, &text)
        };
        let mut child = Command::new(&self.program)
            // A line of a single dot does not end the letter; the address behind the dashes is no option,
            // and the only recipient, whatever stands in the letter.
            .args([
                "-i",
                "-f",
                letter.sender.as_str(),
                "--",
                letter.recipient.as_str(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(broken)?;
        let written = match child.stdin.take() {
            Some(mut stdin) => stdin.write_all(&local(&letter.bytes)).await,
            None => Ok(()),
        };
        let output = child.wait_with_output().await.map_err(broken)?;
        if output.status.success() {
            // It cannot have taken what it did not read.
            written.map_err(broken)?;
            let text = format!("taken by {}", self.shown());
            return Ok(Reply { code: 250, text });
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = super::text::without_letter(said.trim(), &letter.bytes);
        let text = format!("{}: {}: {said}", self.shown(), output.status);
        Err(Failure::new(kind_of(output.status), None, &text))
    }

    /// Whether the program is there and may be run.
    pub(super) async fn probe(&self) -> Result<String, Failure> {
        use std::os::unix::fs::PermissionsExt as _;
        let found = tokio::fs::metadata(&self.program).await;
        match found {
            Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => {
                Ok(format!("Mail is handed to {}.", self.shown()))
            }
            Ok(_) => Err(self.unusable("it is not a program")),
            Err(error) => Err(self.unusable(&error.to_string())),
        }
    }

    fn unusable(&self, why: &str) -> Failure {
        let text = format!("cannot hand mail to {}: {why}", self.shown());
        Failure::new(FailureKind::Relay, None, &text)
    }

    fn shown(&self) -> std::path::Display<'_> {
        self.program.display()
    }
}

fn kind_of(status: ExitStatus) -> FailureKind {
    match status.code() {
        Some(code) if FINAL.contains(&code) => FailureKind::Rejected,
        Some(TEMPORARY) => FailureKind::Deferred,
        _ => FailureKind::Relay,
    }
}

/// Such a program expects the line ends of the system, and makes those of SMTP itself.
fn local(letter: &[u8]) -> Vec<u8> {
    let mut local = letter.to_vec();
    local.retain(|&byte| byte != b'\r');
    local
}
