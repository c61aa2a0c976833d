//! Configuration: the defaults, the layers over them, and what is printed of the outcome.

mod http;
mod refusals;
mod smtp;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use readmit::config::{Config, ConfigFile, LogFormat, SAMPLE};
use tempfile::TempDir;

/// Loads `file`, laid over the defaults, with `env` over it. The message of an error names the file
/// `readmit.toml`, whatever folder it was in.
fn load(file: &str, env: &[(&str, &str)]) -> Result<Config, String> {
    let dir = TempDir::new().expect("a folder");
    let path = dir.path().join("readmit.toml");
    fs::write(&path, file).expect("a file");
    let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Config::load(ConfigFile::Required(&path), env).map_err(|error| {
        let message = error.to_string();
        message.replace(&path.display().to_string(), "readmit.toml")
    })
}

fn refusal(file: &str, env: &[(&str, &str)]) -> String {
    match load(file, env) {
        Ok(_) => panic!("this should have been refused: {file} {env:?}"),
        Err(message) => message,
    }
}

/// The full name of each key of a TOML text, with its line.
fn keys(text: &str) -> Vec<(String, String)> {
    let mut section = "";
    let mut keys = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name;
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys.push((format!("{section}.{key}"), line.to_owned()));
        }
    }
    keys
}

/// A value other than the default for each key that can change alone.
const OTHERS: &[(&str, &str)] = &[
    ("http.listen", r#""0.0.0.0:80""#),
    ("http.public_url", r#""https://a.example/id""#),
    ("http.allowed_origins", r#"["https://a.example"]"#),
    ("http.trusted_proxies", r#"["10.0.0.0/8", "::1"]"#),
    ("http.forwarding_header", r#""Forwarded""#),
    ("http.max_connections", "100"),
    ("http.max_in_flight", "50"),
    ("http.max_body", "1000"),
    ("http.header_timeout", r#""1m""#),
    ("http.request_timeout", r#""1m""#),
    ("http.shutdown_timeout", r#""0s""#),
    ("storage.path", r#""a.db""#),
    ("storage.max_group", "1"),
    ("storage.queue", "7"),
    ("storage.readers", "3"),
    ("storage.busy_timeout", r#""100ms""#),
    ("keys.dir", r#""k""#),
    ("smtp.url", r#""smtps://a.example""#),
    ("smtp.from", r#""Canal <a@b.example>""#),
    ("smtp.ca_file", r#""ca.pem""#),
    ("smtp.timeout", r#""5s""#),
    ("smtp.hello_name", r#""a.example""#),
    ("outbox.first_retry", r#""5s""#),
    ("outbox.max_retry", r#""2h""#),
    ("outbox.lease", r#""2m""#),
    ("outbox.poll", r#""5s""#),
    ("outbox.concurrency", "2"),
    ("outbox.rate", "50"),
    ("outbox.max_crashes", "5"),
    ("outbox.alarm_after", r#""1m""#),
    ("outbox.keep_sent", r#""1d""#),
    ("outbox.keep_dropped", r#""0s""#),
    ("outbox.keep_dead", r#""1d""#),
    ("reset.ttl", r#""2h""#),
    ("reset.welcome_ttl", r#""2d""#),
    ("reset.max_pending", "1"),
    ("reset.cooldown", r#""0s""#),
    ("otp.ttl", r#""5m""#),
    ("otp.digits", "8"),
    ("otp.cooldown", r#""0s""#),
    ("otp.max_attempts", "3"),
    ("tokens.access_ttl", r#""5m""#),
    ("tokens.refresh_ttl", r#""1d""#),
    ("tokens.refresh_grace", r#""0s""#),
    ("tokens.max_exchange", r#""1d""#),
    (
        "introspection.resource_servers",
        r#"["shop:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]"#,
    ),
    ("notices.sign_in", "true"),
    ("password.min_length", "8"),
    ("password.min_score", "4"),
    ("password.breach_file", r#""breached.txt""#),
    ("password.argon2_memory_kib", "65536"),
    ("password.argon2_iterations", "3"),
    ("password.argon2_parallelism", "2"),
    ("password.threads", "4"),
    ("password.queue", "9"),
    ("limits.enabled", "false"),
    ("limits.max_keys", "5000"),
    ("limits.reset", r#""1/1s""#),
    ("limits.reset_email", r#""1/1s""#),
    ("limits.reset_business", r#""1/1s""#),
    ("limits.complete", r#""1/1s""#),
    ("limits.complete_business", r#""1/1s""#),
    ("limits.otp", r#""1/1s""#),
    ("limits.otp_email", r#""1/1s""#),
    ("limits.otp_business", r#""1/1s""#),
    ("limits.verify", r#""1/1s""#),
    ("limits.verify_email", r#""1/1s""#),
    ("limits.verify_business", r#""1/1s""#),
    ("limits.sign_in", r#""1/1s""#),
    ("limits.sign_in_email", r#""1/1s""#),
    ("limits.exchange", r#""1/1s""#),
    ("limits.refresh", r#""1/1s""#),
    ("limits.strength", r#""1/1s""#),
    ("limits.any", r#""1/1s""#),
    ("log.level", r#""warn,readmit=debug""#),
    ("log.format", r#""json""#),
];

#[test]
fn the_defaults_are_the_documented_ones() {
    let config = Config::load(ConfigFile::None, []).unwrap();
    assert_eq!(config.http.max_body, 16_384);
    assert_eq!(config.http.header_timeout, Duration::from_secs(10));
    assert_eq!(config.storage.path, Path::new("readmit.db"));
    assert_eq!(config.storage.max_group, 256);
    assert_eq!(config.keys.dir, Path::new("keys"));
    assert_eq!(config.smtp.username, None);
    assert!(config.smtp.password.is_none() && config.smtp.ca_file.is_none());
    assert_eq!(config.smtp.from.to_string(), "readmit <no-reply@localhost>");
    assert_eq!(config.smtp.timeout, Duration::from_secs(30));
    assert_eq!(config.outbox.first_retry, Duration::from_secs(30));
    assert_eq!(config.outbox.max_retry, Duration::from_hours(1));
    assert_eq!(config.outbox.lease, Duration::from_mins(1));
    assert_eq!(config.reset.ttl, Duration::from_hours(1));
    assert_eq!(config.reset.max_pending, 3);
    assert_eq!(config.reset.cooldown, Duration::from_mins(1));
    assert_eq!(config.tokens.access_ttl, Duration::from_hours(1));
    assert_eq!(config.tokens.refresh_ttl, Duration::from_hours(15 * 24));
    assert_eq!(config.tokens.max_exchange, Duration::from_hours(7 * 24));
    assert_eq!(config.password.min_length, 12);
    assert_eq!(config.password.min_score, 3);
    assert_eq!(config.password.breach_file, None);
    assert_eq!(config.password.argon2_memory_kib, 19_456);
    assert_eq!(config.password.argon2_iterations, 2);
    assert_eq!(config.password.argon2_parallelism, 1);
    assert!(config.limits.enabled);
    assert_eq!(config.log.level, "info");
    assert_eq!(config.log.format, LogFormat::Pretty);
}

#[test]
fn the_defaults_print_as_the_sample_without_its_comments() {
    let printed = Config::load(ConfigFile::None, []).unwrap().to_toml();
    assert_eq!(keys(&printed), keys(SAMPLE));
}

#[test]
fn each_key_of_the_sample_follows_a_comment_of_its_own() {
    let mut before = "";
    for line in SAMPLE.lines() {
        assert!(
            !line.contains(" = ") || line.starts_with('#') || before.starts_with("# "),
            "{line}"
        );
        before = line;
    }
}

#[test]
fn every_key_can_be_set_in_a_file_and_in_the_environment() {
    let defaults = keys(&load("", &[]).unwrap().to_toml());
    let mut tried: BTreeSet<String> = ["username", "password", "password_file", "token_file"]
        .map(|key| format!("smtp.{key}"))
        .into();
    for (name, value) in OTHERS {
        let (section, key) = name.split_once('.').unwrap();
        let by_file = load(&format!("[{section}]\n{key} = {value}\n"), &[]).unwrap();
        let by_file = keys(&by_file.to_toml());
        let changed: Vec<_> = by_file.iter().filter(|k| !defaults.contains(k)).collect();
        assert_eq!(changed.len(), 1, "{name} changed {changed:?}");
        assert_eq!(changed[0].0, *name);

        let variable = format!("READMIT_{section}__{key}").to_uppercase();
        let text = value.replace(['"', '[', ']'], "");
        let by_env = load("", &[(&variable, &text)]).unwrap();
        assert_eq!(keys(&by_env.to_toml()), by_file, "{variable}");
        tried.insert((*name).to_owned());
    }
    let known: BTreeSet<String> = keys(SAMPLE).into_iter().map(|(name, _)| name).collect();
    assert_eq!(tried, known);
}

#[test]
fn the_environment_stands_over_the_file_and_the_file_over_the_defaults() {
    let file = "[reset]\nttl = \"2h\"\nmax_pending = 5\n";
    let env = [
        ("READMIT_RESET__ttl", "10m"),
        (
            "READMIT_HOME",
            "a variable without a section is somebody else's",
        ),
        ("RESET__MAX_PENDING", "7"),
    ];
    let reset = load(file, &env).unwrap().reset;
    assert_eq!(reset.ttl, Duration::from_mins(10));
    assert_eq!(reset.max_pending, 5);
    assert_eq!(reset.cooldown, Duration::from_mins(1));
}

#[test]
fn an_absent_file_matters_only_when_it_was_asked_for() {
    let dir = TempDir::new().unwrap();
    let absent = dir.path().join("absent.toml");
    assert!(Config::load(ConfigFile::Optional(&absent), []).is_ok());
    let error = Config::load(ConfigFile::Required(&absent), []).unwrap_err();
    let expected = format!(
        "{}: cannot read this configuration file: ",
        absent.display()
    );
    assert!(error.to_string().starts_with(&expected), "{error}");
    // A folder in the file's place is a mistake, not an absence.
    assert!(Config::load(ConfigFile::Optional(dir.path()), []).is_err());
}

#[test]
fn what_is_printed_loads_again_as_the_same() {
    let mut env = vec![
        (
            "READMIT_SMTP__USERNAME".to_owned(),
            "u \"quoted\" \\ 'é'".to_owned(),
        ),
        ("READMIT_SMTP__PASSWORD".to_owned(), "p".to_owned()),
    ];
    for (name, value) in OTHERS {
        let variable = format!("READMIT_{}", name.replace('.', "__").to_uppercase());
        env.push((variable, value.replace(['"', '[', ']'], "")));
    }
    let printed = Config::load(ConfigFile::None, env).unwrap().to_toml();
    assert_eq!(load(&printed, &[]).unwrap().to_toml(), printed);
}
