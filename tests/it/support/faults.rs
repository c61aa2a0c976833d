//! Disk faults in the real program: `faults.c`, compiled when the first test needs it, and loaded in
//! front of the C library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// What the disk does while it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing can be synced.
    SyncFails,
    /// Nothing can be written.
    WriteFails,
    /// The disk is full.
    DiskFull,
}

impl Fault {
    pub(crate) const ALL: [Self; 3] = [Self::SyncFails, Self::WriteFails, Self::DiskFull];

    const fn file(self) -> &'static str {
        match self {
            Self::SyncFails => "sync-eio",
            Self::WriteFails => "write-eio",
            Self::DiskFull => "write-enospc",
        }
    }
}

/// The disk of the processes that a test starts on it.
pub(crate) struct Faults {
    folder: TempDir,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// The command with those files on this disk whose path contains `matching`.
    pub(crate) fn load(&self, mut command: Command, matching: &str) -> Command {
        command
            .env("LD_PRELOAD", library())
            .env("FAULTS_DIR", self.folder.path())
            .env("FAULTS_MATCH", matching);
        command
    }

    /// Like [`Self::load`]; the process is killed in the middle of its n-th operation, from 1.
    pub(crate) fn load_to_die_at(
        &self,
        operation: usize,
        command: Command,
        matching: &str,
    ) -> Command {
        let mut command = self.load(command, matching);
        command.env("FAULTS_DIE_AT", operation.to_string());
        command
    }

    /// Like [`Self::load`]; at its n-th operation, from 1, the machine's power is cut: of what was not
    /// synced by then, blocks that `seed` chooses are lost, and the process ends.
    pub(crate) fn load_to_cut_at(
        &self,
        operation: usize,
        seed: u64,
        command: Command,
        matching: &str,
    ) -> Command {
        let mut command = self.load(command, matching);
        command
            .env("FAULTS_CUT_AT", operation.to_string())
            .env("FAULTS_SEED", seed.to_string());
        command
    }

    /// Fails if the process was not on this disk at all, in which case a test would prove nothing.
    pub(crate) fn assert_loaded(&self) {
        assert!(
            self.file("loaded").exists(),
            "the program did not load the library of faults"
        );
    }

    pub(crate) fn begin(&self, fault: Fault) {
        self.assert_loaded();
        fs::write(self.file(fault.file()), "").expect("a file in a temporary folder");
    }

    pub(crate) fn end(&self, fault: Fault) {
        fs::remove_file(self.file(fault.file())).expect("the fault was on");
    }

    /// Every operation so far, such as `fsync /path/readmit.db-wal EIO`.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.assert_loaded();
        let trace = fs::read_to_string(self.file("trace")).expect("a trace");
        trace.lines().map(str::to_owned).collect()
    }

    /// How many syncs of files that end like this there were.
    pub(crate) fn syncs(&self, suffix: &str) -> usize {
        let is_sync = |line: &&String| line.starts_with("fsync ") || line.starts_with("fdatasync ");
        self.trace()
            .iter()
            .filter(is_sync)
            .filter(|line| line.ends_with(suffix))
            .count()
    }

    /// How many operations were made to fail.
    pub(crate) fn failures(&self) -> usize {
        let failed = |line: &&String| line.ends_with(" EIO") || line.ends_with(" ENOSPC");
        self.trace().iter().filter(failed).count()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/faults.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults.so");
        // Under another name first: another run of the tests may be about to load it.
        let unfinished = library.with_extension(std::process::id().to_string());
        let compiler = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&unfinished, &source])
            .output()
            .expect("a C compiler, which the bundled SQLite needs, too");
        assert!(
            compiler.status.success(),
            "{}",
            String::from_utf8_lossy(&compiler.stderr)
        );
        fs::rename(&unfinished, &library).expect("the library gets its name");
        library
    })
}
