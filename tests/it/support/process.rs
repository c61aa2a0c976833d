//! The real program as a process of its own: to kill, to ask things on the command line, and to look
//! at from outside.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use readmit::config::{Config, ConfigFile};
use tempfile::TempDir;

use super::http::{Answer, Request};
use super::wait::wait_until;

/// A folder with a database, keys and settings, in which the program runs.
pub(crate) struct Site {
    folder: TempDir,
    settings: Vec<(String, String)>,
}

impl Site {
    /// A site whose mail goes to this relay.
    pub(crate) fn new(smtp_url: &str) -> Self {
        Self::within(&std::env::temp_dir(), smtp_url)
    }

    /// A site that is gone with the machine's power, where there is room for such: syncs cost nothing
    /// there, which tests with hundreds of starts need.
    pub(crate) fn in_memory(smtp_url: &str) -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            Self::within(memory, smtp_url)
        } else {
            Self::new(smtp_url)
        }
    }

    fn within(parent: &Path, smtp_url: &str) -> Self {
        let folder = tempfile::tempdir_in(parent).expect("a temporary folder");
        Self {
            folder,
            settings: Vec::new(),
        }
        .set("http.listen", "127.0.0.1:0")
        .set("smtp.url", smtp_url)
        .set("smtp.from", "readmit <no-reply@readmit.test>")
        .set("password.argon2_memory_kib", 64)
        .set("password.argon2_iterations", 1)
        .set("limits.enabled", false)
        .set("metrics.listen", "")
    }

    /// Sets a configuration key: `set("outbox.lease", "5s")`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "reads better where it is called"
    )]
    pub(crate) fn set(mut self, key: &str, value: impl ToString) -> Self {
        let variable = format!("READMIT_{}", key.to_ascii_uppercase().replace('.', "__"));
        self.settings.retain(|(name, _)| *name != variable);
        self.settings.push((variable, value.to_string()));
        self
    }

    /// What the program makes of these settings. Paths must be absolute.
    pub(crate) fn config(&self) -> Config {
        Config::load(ConfigFile::None, self.settings.clone()).expect("a valid configuration")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("readmit.db")
    }

    pub(crate) fn sql(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.database()).expect("the database opens");
        connection
            .busy_timeout(std::time::Duration::from_secs(10))
            .expect("a time-out can be set");
        connection
    }

    /// The program with these arguments, in the site's folder, with an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_readmit"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("USER", "tester")
            .envs(self.settings.iter().cloned());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        to_its_end(&mut self.command(arguments))
    }

    /// Runs a command with this on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        let written = stdin.write_all(input.as_bytes());
        // A program that refuses its arguments reads nothing.
        if let Err(error) = written {
            assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "{error}");
        }
        drop(stdin);
        child.wait_with_output().expect("the program ends")
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("output is UTF-8")
    }

    /// Adds Canal House and its member Jane, by command.
    pub(crate) fn add_jane(&self, password: &str) {
        let portal = "--portal-url=https://canal.test";
        self.ok(&["business", "add", "7", "--name=Canal House", portal]);
        let arguments = [
            "user",
            "add",
            "jane@example.com",
            "--name=Jane Doe",
            "--business=7",
            "--password-stdin",
        ];
        let output = self.run_with_input(&arguments, password);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn serve(&self) -> Process {
        Process::start(self.command(&["serve"]))
    }
}

/// A server process. It is killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
    printed: Arc<Mutex<String>>,
}

impl Process {
    /// Starts a command that prints on which address it listens, and waits for that line.
    pub(crate) fn start(command: Command) -> Self {
        Self::try_start(command).unwrap_or_else(|log| panic!("the server did not start: {log}"))
    }

    /// Like [`Self::start`]; what it logged, if it ends before it listens.
    pub(crate) fn try_start(mut command: Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let (log, reader) = collect(child.stderr.take().expect("a pipe"));
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (mut before, mut line) = (String::new(), String::new());
        let address = loop {
            line.clear();
            if stdout.read_line(&mut line).unwrap_or(0) == 0 {
                let _ = child.wait();
                let _ = reader.join();
                let log = log.lock().expect("the log's lock").clone();
                return Err(log);
            }
            before.push_str(&line);
            if let Some((_, address)) = line.trim().rsplit_once("://") {
                break address.parse().expect("an address");
            }
        };
        let (printed, _) = collect(stdout);
        printed
            .lock()
            .expect("the output's lock")
            .insert_str(0, &before);
        Ok(Self {
            child,
            address,
            log,
            printed,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log's lock").clone()
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> String {
        self.printed.lock().expect("the output's lock").clone()
    }

    pub(crate) fn send(&self, request: &Request) -> Answer {
        request.send(self.address)
    }

    /// SIGKILL, and wait until it is gone.
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends it a signal by name: `TERM`, `INT`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait_until("the process ends", || {
            self.child.try_wait().expect("its state can be asked")
        })
    }
}

/// Runs a command that ends by itself. One that does not, such as a server that starts although it
/// should not, is killed when the test's patience is over.
pub(crate) fn to_its_end(command: &mut Command) -> Output {
    struct Killed(Child);
    impl Drop for Killed {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
    let mut child = Killed(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs"),
    );
    let (stdout, stdout_reader) = collect(child.0.stdout.take().expect("a pipe"));
    let (stderr, stderr_reader) = collect(child.0.stderr.take().expect("a pipe"));
    let status = wait_until("the command ends", || {
        child.0.try_wait().expect("its state can be asked")
    });
    let _ = (stdout_reader.join(), stderr_reader.join());
    let bytes = |text: &Mutex<String>| text.lock().expect("the text's lock").clone().into_bytes();
    Output {
        status,
        stdout: bytes(&stdout),
        stderr: bytes(&stderr),
    }
}

/// Reads a pipe to its end, on a thread of its own, so that it neither fills up nor breaks.
fn collect(mut pipe: impl Read + Send + 'static) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    let reader = std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            into.lock()
                .expect("the text's lock")
                .push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
    });
    (text, reader)
}

/// Sends a signal to a process that a test started.
pub(crate) fn signal(process: u32, name: &str) {
    let status = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status()
        .expect("kill runs");
    assert!(status.success(), "no process {process}");
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
