//! Copies of the database and their way back, by the commands and by the server itself.

mod copies;
mod encrypted;
mod kills;
mod restored;
mod scheduled;

use std::path::PathBuf;

use crate::support::process::Site;

const PASSPHRASE: &str = "correct horse battery";

/// A site without a server, whose mail goes nowhere, with a passphrase in a file.
fn site() -> Site {
    let site = Site::in_memory("file:mail");
    let at = |name: &str| site.folder().join(name).display().to_string();
    let (database, keys) = (at("readmit.db"), at("keys"));
    let site = site.set("storage.path", database).set("keys.dir", keys);
    std::fs::write(site.folder().join("passphrase"), format!("{PASSPHRASE}\n")).expect("a file");
    site
}

/// Runs a command that must be refused, and returns what it said.
fn refused(site: &Site, arguments: &[&str]) -> String {
    let output = site.run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).expect("output is UTF-8")
}

fn people(site: &Site) -> Vec<String> {
    let listed = site.ok(&["user", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let people = listed.as_array().expect("a list").iter();
    people
        .map(|person| person["email"].as_str().expect("an address").to_owned())
        .collect()
}

fn add(site: &Site, address: &str) {
    site.ok(&["user", "add", address, "--name=Pat"]);
}

/// What stands in the site's folder beside what a deployment and its tests leave there.
fn files(site: &Site, beginning: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(site.folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            name.starts_with(beginning)
        })
        .collect();
    files.sort();
    files
}
