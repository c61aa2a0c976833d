//! Configuration files.

#![no_main]

#[path = "../../it/judge/settings.rs"]
mod settings;

use std::sync::LazyLock;

use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let _ = settings::judge(&FOLDER.path().join("readmit.toml"), text);
});
