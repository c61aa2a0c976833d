//! The unit for systemd, judged by systemd where there is one.

use std::fs;
use std::process::{Command, Output};

use super::root;
use crate::support::installed::skipped;

/// What `systemd-analyze` says about the unit as if the program were installed; none without systemd.
fn analysed(arguments: &[&str]) -> Option<Output> {
    if let Err(error) = Command::new("systemd-analyze").arg("--version").output() {
        skipped("no systemd to judge the unit", &error.to_string());
        return None;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unit = fs::read_to_string(root().join("assets/systemd/readmit.service")).expect("a unit");
    let unit = unit.replace("/usr/local/bin/readmit", env!("CARGO_BIN_EXE_readmit"));
    let path = folder.path().join("readmit.service");
    fs::write(&path, unit).expect("a file");
    let output = Command::new("systemd-analyze")
        .args(arguments)
        .arg(&path)
        .output();
    Some(output.expect("systemd-analyze runs"))
}

#[test]
fn systemd_has_nothing_to_say_against_the_unit() {
    if let Some(output) = analysed(&["verify", "--man=no"]) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}

/// The scale goes from 0, sealed off, to 10; what is left is the network.
#[test]
fn the_unit_leaves_the_service_little_to_reach() {
    let arguments = ["security", "--offline=true", "--no-pager", "--threshold=15"];
    if let Some(output) = analysed(&arguments) {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("Overall exposure level"), "{said}");
    }
}

/// What the program tells and the unit expects are the same protocol, and the limits fit the defaults.
#[test]
fn the_unit_waits_for_the_program_and_longer_than_its_stop() {
    let unit = fs::read_to_string(root().join("assets/systemd/readmit.service")).expect("a unit");
    let value = |key: &str| {
        let line = unit
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {key}"))
    };
    assert_eq!(value("Type"), "notify");
    let seconds = |key: &str| {
        let number = value(key).strip_suffix('s').expect("seconds");
        std::time::Duration::from_secs(number.parse().expect("a number"))
    };
    let defaults = readmit::config::Config::load(readmit::config::ConfigFile::None, []);
    let defaults = defaults.expect("the defaults");
    assert!(seconds("TimeoutStopSec") > defaults.http.shutdown_timeout);
    assert!(seconds("WatchdogSec") > 2 * defaults.storage.busy_timeout);
}
