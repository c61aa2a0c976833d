//! The recipe of the image: what it promises can be read from it; building it takes a container engine
//! and a network.

use std::fs;
use std::process::Command;

use super::root;

fn instructions() -> Vec<String> {
    let text = fs::read_to_string(root().join("Dockerfile")).expect("a recipe");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    joined
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The instructions of that name in the last stage, which is what runs.
fn last_stage(name: &str) -> Vec<String> {
    let all = instructions();
    let from = all.iter().rposition(|line| line.starts_with("FROM "));
    all[from.expect("a stage")..]
        .iter()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_image_runs_without_rights_and_without_a_shell() {
    assert_eq!(last_stage("FROM"), ["scratch"]);
    assert!(last_stage("RUN").is_empty());
    assert_eq!(last_stage("USER"), ["65532:65532"]);
    assert_eq!(last_stage("VOLUME"), ["[\"/data\"]"]);
    assert_eq!(last_stage("WORKDIR"), ["/data"]);
    // There is no library either.
    let built: Vec<_> = instructions()
        .into_iter()
        .filter(|line| line.contains("cargo build"))
        .collect();
    assert_eq!(built.len(), 1);
    assert!(built[0].contains("+crt-static") && built[0].contains("--locked"));
    // Of the server's own signals it is the one that finishes what is under way.
    assert_eq!(last_stage("STOPSIGNAL"), ["SIGTERM"]);
    // There is no shell to read other forms.
    for name in ["ENTRYPOINT", "CMD"] {
        assert!(last_stage(name)[0].starts_with('['), "{name}");
    }
    let probe = &last_stage("HEALTHCHECK")[0];
    assert!(
        probe.ends_with("CMD [\"/usr/local/bin/readmit\", \"health\"]"),
        "{probe}"
    );
    let sources: Vec<_> = instructions()
        .into_iter()
        .filter_map(|line| line.strip_prefix("FROM ").map(str::to_owned))
        .collect();
    for source in sources {
        assert!(
            !source.contains('/'),
            "{source}: a name alone, whatever registry is in use"
        );
    }
}

/// What `.dockerignore` lets in is a package: nothing that its manifest names is missing, and neither a
/// database nor a key of the folder gets into a layer.
#[test]
fn the_image_is_built_of_the_sources_alone() {
    let ignore = fs::read_to_string(root().join(".dockerignore")).expect("a list");
    let mut rules = ignore
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    assert_eq!(
        rules.next(),
        Some("*"),
        "everything is left out but what follows"
    );
    let context = tempfile::tempdir().expect("a temporary folder");
    for rule in rules {
        let name = rule.strip_prefix('!').expect("a name that is let in");
        std::os::unix::fs::symlink(root().join(name), context.path().join(name)).expect("a link");
    }
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--locked",
            "--format-version=1",
        ])
        .current_dir(context.path())
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
