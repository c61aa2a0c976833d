//! What is refused, and in which words.

use super::refusal;

/// Assertion 78: an unknown key is an error that names it, wherever it stands.
#[test]
fn an_unknown_key_or_section_is_named_with_what_was_probably_meant() {
    for (file, expected) in [
        (
            "[smtp]\ntimout = \"30s\"",
            "smtp.timout: there is no such key; did you mean smtp.timeout?",
        ),
        (
            "[http]\nttl = \"1h\"",
            "http.ttl: there is no such key; did you mean otp.ttl?",
        ),
        (
            "[keys]\nalgorithm = \"x\"",
            "keys.algorithm: there is no such key; those of [keys] are dir",
        ),
        (
            "[stmp]\nurl = \"x\"",
            "[stmp]: there is no such section; did you mean [smtp]?",
        ),
        (
            "listen = \"x\"",
            "listen: stands outside of a section; did you mean http.listen?",
        ),
        (
            "[database]\npath = \"x\"",
            "[database]: there is no such section; there are audit, backup, http, introspection, keys, limits, log, metrics, notices, otp, outbox, password, reset, smtp, storage, tokens",
        ),
    ] {
        assert_eq!(refusal(file, &[]), format!("readmit.toml: {expected}"));
    }
    for (variable, expected) in [
        (
            "READMIT_SMTP__TIMOUT",
            "smtp.timout: there is no such key; did you mean READMIT_SMTP__TIMEOUT?",
        ),
        (
            "READMIT_STMP__URL",
            "stmp.url: there is no such key; did you mean READMIT_SMTP__URL?",
        ),
        (
            "READMIT_SMTP__URL__X",
            "smtp.url__x: there is no such key; those of [smtp] are ca_file, from, hello_name, password, password_file, timeout, token_file, url, username",
        ),
    ] {
        assert_eq!(
            refusal("", &[(variable, "x")]),
            format!("{variable}: {expected}")
        );
    }
}

/// What stands in a file is text in a message about it, whatever a terminal would make of it.
#[test]
fn no_message_acts_on_the_terminal_that_shows_it() {
    for (file, shown) in [
        (
            "[backup]\npassphrase_file = \"\\u001b[2J\"",
            "backup.passphrase_file: cannot read  [2J: ",
        ),
        (
            "[http]\nlisten = \"\\u001b]0;x\\u0007\"",
            "http.listen: \"\\u{1b}]0;x\\u{7}\" ",
        ),
        ("[smtp]\n\"\\u202e\" = 1", "smtp. : "),
        ("[\"\\u009b2J\"]\n", "[ 2J]: "),
    ] {
        let message = refusal(file, &[]);
        let expected = format!("readmit.toml: {shown}");
        assert!(message.starts_with(&expected), "{message:?}");
        assert!(!message.contains(char::is_control), "{message:?}");
    }
}

#[test]
fn two_variables_for_one_key_are_refused() {
    let env = [("READMIT_RESET__TTL", "1h"), ("READMIT_RESET__ttl", "2h")];
    assert_eq!(
        refusal("", &env),
        "READMIT_RESET__TTL and READMIT_RESET__ttl: both set reset.ttl; remove one"
    );
}

#[test]
fn a_wrong_value_is_named_with_its_origin_its_key_and_what_is_expected() {
    for (file, expected) in [
        (
            "[smtp]\ntimeout = \"30\"",
            r#"smtp.timeout: "30" is not a duration; write it like "30s", "5m" or "15d""#,
        ),
        (
            "[smtp]\ntimeout = 30",
            r#"smtp.timeout: 30 is not a duration; write it like "30s", "5m" or "15d""#,
        ),
        (
            "[smtp]\ntimeout = \"5M\"",
            r#"smtp.timeout: "5M" is not a duration; write it like "30s", "5m" or "15d""#,
        ),
        (
            "[reset]\ncooldown = \"0\"",
            r#"reset.cooldown: "0" is not a duration; write it like "30s", "5m" or "15d""#,
        ),
        (
            "[reset]\nttl = \"0s\"",
            r#"reset.ttl: "0s" is too short; the least is "1s""#,
        ),
        (
            "[tokens]\nmax_exchange = \"8d\"",
            r#"tokens.max_exchange: "8d" is too long; the most is "7d""#,
        ),
        (
            "[storage]\nmax_group = 4097",
            "storage.max_group: 4097 is not a whole number from 1 to 4096",
        ),
        (
            "[storage]\nqueue = -1",
            "storage.queue: -1 is not a whole number from 1 to 1000000",
        ),
        (
            "[http]\nmax_body = \"16KB\"",
            r#"http.max_body: "16KB" is not a size from 1 to 16MiB; write it like 16384, "16KiB" or "1MiB""#,
        ),
        (
            "[limits]\nenabled = \"yes\"",
            r#"limits.enabled: "yes" is not a switch; write true or false"#,
        ),
        (
            "[limits]\nreset = \"0/1m\"",
            r#"limits.reset: "0/1m" is not a limit; write it like "30/1m", which is 30 a minute (at most 1000000, within 1ms to 30d)"#,
        ),
        (
            "[log]\nlevel = \"inof\"",
            r#"log.level: "inof" is not a log level; write off, error, warn, info, debug or trace, or like "info,readmit=debug""#,
        ),
        (
            "[log]\nformat = \"xml\"",
            r#"log.format: "xml" is not a form of log lines; write "pretty" or "json""#,
        ),
        (
            "[keys]\ndir = \"\"",
            "keys.dir: is empty; write the path of a file or folder",
        ),
        (
            "[keys]\ndir = 5",
            "keys.dir: 5 is not a text; write it in quotes",
        ),
        (
            "smtp = \"x\"",
            "smtp: is a section; write [smtp] on a line above its keys",
        ),
        (
            "[outbox]\nlease = \"30s\"",
            "outbox.lease: 30s is too short; it must be longer than smtp.timeout, which is 30s",
        ),
        (
            "[outbox]\nmax_retry = \"1s\"",
            "outbox.max_retry: is shorter than outbox.first_retry; it must be at least as long",
        ),
        (
            "[password]\nargon2_parallelism = 4\nargon2_memory_kib = 31",
            "password.argon2_memory_kib: 31 is too little; Argon2 needs 8 KiB for each lane of password.argon2_parallelism, here 32",
        ),
        (
            "[password]\nmin_length = 7",
            "password.min_length: 7 is not a whole number from 8 to 64",
        ),
        (
            "[password]\nmin_score = 5",
            "password.min_score: 5 is not a whole number from 0 to 4",
        ),
    ] {
        assert_eq!(refusal(file, &[]), format!("readmit.toml: {expected}"));
    }
    assert_eq!(
        refusal(
            "[reset]\nmax_pending = 5",
            &[("READMIT_RESET__MAX_PENDING", "many")]
        ),
        r#"READMIT_RESET__MAX_PENDING: reset.max_pending: "many" is not a whole number from 1 to 100"#
    );
}

#[test]
fn broken_toml_is_located_without_being_quoted() {
    let message = refusal("[smtp]\nusername = \"u\"\npassword = \"hunter2\n", &[]);
    let expected = "readmit.toml: line 3, column 20: this is not valid TOML: ";
    assert!(message.starts_with(expected), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

/// A backup that holds the keys is worth as much as its passphrase. Its value is not shown.
#[test]
fn a_backup_with_keys_needs_a_passphrase_that_is_worth_something() {
    assert_eq!(
        refusal("[backup]\nwith_keys = true\n", &[]),
        "readmit.toml: backup.with_keys: needs a passphrase; set backup.passphrase_file or \
         backup.passphrase too"
    );
    let short = refusal("[backup]\npassphrase = \"eleven char\"\n", &[]);
    assert!(short.contains("backup.passphrase: is too short"), "{short}");
    assert!(!short.contains("eleven"), "{short}");
}
