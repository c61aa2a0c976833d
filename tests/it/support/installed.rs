//! Programs and libraries of others that the tests use where they can be had. Where they cannot, there is
//! nothing to be shown; that is said.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with a Python environment that has these packages; none where they cannot be had.
pub(crate) fn installed_pip(name: &str, packages: &[&str]) -> Option<PathBuf> {
    installed(name, |folder| {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(folder))?;
        run(Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--timeout=10", "--retries=1"])
            .args(packages))
    })
}

/// A folder with these packages for Node; none where they cannot be had.
pub(crate) fn installed_npm(name: &str, packages: &[&str]) -> Option<PathBuf> {
    installed(name, |folder| {
        let package = folder.join("package.json");
        std::fs::write(package, r#"{ "private": true }"#).map_err(|error| error.to_string())?;
        run(Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund"])
            .args(["--ignore-scripts"])
            .args(["--fetch-retries=1", "--fetch-timeout=10000"])
            .args(packages)
            .current_dir(folder))
    })
}

/// What a program said, on both streams.
pub(crate) fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .concat()
}

/// Says on standard error that a test shows nothing here, and why. Straight to the stream: what a passing
/// test prints is not shown.
pub(crate) fn skipped(what: &str, why: &str) {
    let line = format!("SKIPPED, {what}: {why}\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("standard error");
}

/// The folder is made once and kept with what else the build makes.
fn installed(name: &str, install: impl FnOnce(&Path) -> Result<(), String>) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let ready = folder.join("ready");
    if ready.exists() {
        return Some(folder);
    }
    let made = std::fs::create_dir_all(&folder)
        .map_err(|error| error.to_string())
        .and_then(|()| install(&folder))
        .and_then(|()| std::fs::write(&ready, "").map_err(|error| error.to_string()));
    match made {
        Ok(()) => Some(folder),
        Err(why) => {
            skipped(&format!("{name} cannot be had"), &why);
            None
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(said(&output)),
        Err(error) => {
            let program = command.get_program().to_string_lossy();
            Err(format!("{program}: {error}"))
        }
    }
}
