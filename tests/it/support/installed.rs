//! Programs of others that the tests use where they can be had.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a program said, on both streams.
pub(crate) fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .concat()
}

/// Runs a program that must succeed; what it said, if it does not.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(said(&output)),
        Err(error) => {
            let program = command.get_program().to_string_lossy();
            Err(format!("{program}: {error}"))
        }
    }
}

/// A folder into which `install` has put libraries, or why they cannot be had. It is made once and kept
/// with what else the build makes.
pub(crate) fn installed(
    name: &str,
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let ready = folder.join("ready");
    if !ready.exists() {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        install(&folder)?;
        std::fs::write(&ready, "").map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

/// Says on standard error that a test shows nothing here, and why. Straight to the stream: what a passing
/// test prints is not shown.
pub(crate) fn skipped(what: &str, why: &str) {
    let line = format!("SKIPPED, {what}: {why}\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("standard error");
}
