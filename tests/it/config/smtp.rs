//! Section `[smtp]`: the relay, TLS, and a password that nobody sees.

use std::fs;

use readmit::config::{RelayUrl, Tls};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::{load, refusal};

/// What `smtp.url` says: host, port, TLS.
fn relay(url: &str) -> Result<(String, u16, Tls), String> {
    load("", &[("READMIT_SMTP__URL", url)]).map(|config| match config.smtp.urls[0].clone() {
        RelayUrl::Smtp { host, port, tls } => (host, port, tls),
        other => panic!("{url} became {other}"),
    })
}

/// Assertion 62: TLS is required unless the relay is on loopback or the configuration says so.
#[test]
fn tls_is_required_unless_the_relay_is_on_loopback_or_the_url_says_so() {
    for (url, host, port, tls) in [
        (
            "smtp://mail.example.com",
            "mail.example.com",
            587,
            Tls::Required,
        ),
        (
            "smtp://Mail.Example.com:25/",
            "mail.example.com",
            25,
            Tls::Required,
        ),
        ("smtp://192.0.2.1", "192.0.2.1", 587, Tls::Required),
        (
            "smtp://127.example.com",
            "127.example.com",
            587,
            Tls::Required,
        ),
        (
            "smtp://localhost.example.com",
            "localhost.example.com",
            587,
            Tls::Required,
        ),
        ("smtp://localhost", "localhost", 25, Tls::Opportunistic),
        (
            "smtp://LOCALHOST:2525",
            "localhost",
            2525,
            Tls::Opportunistic,
        ),
        ("smtp://127.9.9.9", "127.9.9.9", 25, Tls::Opportunistic),
        ("smtp://[::1]", "::1", 25, Tls::Opportunistic),
        (
            "smtp://localhost?tls=required",
            "localhost",
            587,
            Tls::Required,
        ),
        (
            "smtp://mail.example.com?tls=opportunistic",
            "mail.example.com",
            25,
            Tls::Opportunistic,
        ),
        (
            "smtp://mail.example.com?tls=none",
            "mail.example.com",
            25,
            Tls::None,
        ),
        (
            "smtps://mail.example.com",
            "mail.example.com",
            465,
            Tls::Implicit,
        ),
        (
            "smtps://[2001:db8::1]:4465",
            "2001:db8::1",
            4465,
            Tls::Implicit,
        ),
    ] {
        assert_eq!(relay(url).unwrap(), (host.to_owned(), port, tls), "{url}");
    }
    for wrong in [
        "",
        "mail.example.com",
        "http://mail.example.com",
        "smtp:mail.example.com",
        "smtp://",
        "smtp://a.example:0",
        "smtp://a.example:99999",
        "smtp://a.example/x",
        "smtp://a.example#x",
        "smtp://a.example?tls=maybe",
        "smtp://a.example?tls=none&tls=required",
        "smtp://a.example?x=1",
        "smtps://a.example?tls=none",
        "smtp://a%0d.example",
        "file:",
        "file://host/dir",
    ] {
        let message = relay(wrong).unwrap_err();
        assert!(
            message.starts_with("READMIT_SMTP__URL: smtp.url: the value "),
            "{wrong}: {message}"
        );
    }
}

#[test]
fn a_folder_can_stand_in_for_the_relay() {
    for (url, dir) in [
        ("file:mails", "mails"),
        ("file:/var/mails", "/var/mails"),
        ("file:///var/mails", "/var/mails"),
    ] {
        let smtp = load("", &[("READMIT_SMTP__URL", url)]).unwrap().smtp;
        assert_eq!(smtp.urls, [RelayUrl::File(dir.into())], "{url}");
    }
}

#[test]
fn the_mail_system_of_the_host_can_take_the_mail() {
    for (url, program) in [
        ("sendmail:", "/usr/sbin/sendmail"),
        ("sendmail:/opt/mail/send", "/opt/mail/send"),
    ] {
        let smtp = load("", &[("READMIT_SMTP__URL", url)]).unwrap().smtp;
        assert_eq!(smtp.urls, [RelayUrl::Sendmail(program.into())], "{url}");
        assert_eq!(smtp.urls[0].to_string(), format!("sendmail:{program}"));
    }
    for url in ["sendmail:send", "sendmail://host/send", "sendmail:./send"] {
        let message = load("", &[("READMIT_SMTP__URL", url)]).expect_err(url);
        assert!(
            message.contains("needs the whole path of a program"),
            "{message}"
        );
    }
}

#[test]
fn a_sender_has_an_address_and_perhaps_a_name() {
    let from =
        |text: &str| load("", &[("READMIT_SMTP__FROM", text)]).map(|config| config.smtp.from);
    assert_eq!(from("a@b.example").unwrap().name, None);
    let named = from("\"Canal House, Utrecht\" <a@b.example>").unwrap();
    assert_eq!(named.name.as_deref(), Some("Canal House, Utrecht"));
    assert_eq!(named.address.as_str(), "a@b.example");
    for wrong in [
        "",
        "Canal House",
        "<a@b.example",
        "A <x@y.example> <a@b.example>",
        "A\r\nBcc: x <a@b.example>",
        "A <a@b.example> B",
    ] {
        let message = from(wrong).unwrap_err();
        assert!(
            message.starts_with("READMIT_SMTP__FROM: smtp.from: "),
            "{message}"
        );
        assert!(
            message.contains("is not a mailbox") && !message.contains('\n'),
            "{message}"
        );
    }
}

#[test]
fn the_hello_name_is_one_word_of_a_domain_or_an_address() {
    let hello =
        |text: &str| load("", &[("READMIT_SMTP__HELLO_NAME", text)]).map(|c| c.smtp.hello_name);
    assert_eq!(hello("").unwrap(), None);
    for right in ["mail.example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
        assert_eq!(hello(right).unwrap().as_deref(), Some(right));
    }
    for wrong in ["a b", "a\r\nMAIL FROM:<>", "[]", "[a", "a:b"] {
        assert_eq!(
            hello(wrong).unwrap_err(),
            "READMIT_SMTP__HELLO_NAME: smtp.hello_name: must be a host name or an address in brackets, like \"mail.example.com\" or \"[192.0.2.1]\""
        );
    }
}

/// Assertion 62: credentials never travel in the clear.
#[test]
fn a_password_is_refused_where_it_could_travel_in_the_clear() {
    let login = |url: &str| {
        load(
            "[smtp]\nusername = \"u\"\npassword = \"hunter2\"",
            &[("READMIT_SMTP__URL", url)],
        )
    };
    for safe in [
        "smtp://a.example",
        "smtps://a.example",
        "smtp://127.0.0.1?tls=none",
        "file:mails",
    ] {
        assert!(login(safe).is_ok(), "{safe}");
    }
    for unsafe_url in [
        "smtp://a.example?tls=none",
        "smtp://a.example?tls=opportunistic",
    ] {
        assert_eq!(
            login(unsafe_url).unwrap_err(),
            "READMIT_SMTP__URL: smtp.url: could send the password of smtp.username in the clear; write ?tls=required or smtps://"
        );
    }
}

#[test]
fn user_and_password_come_together_and_once() {
    for (file, expected) in [
        (
            "username = \"u\"",
            "smtp.username: has no password; set smtp.password, smtp.password_file or smtp.token_file too",
        ),
        (
            "password = \"hunter2\"",
            "smtp.password: has no user; set smtp.username too",
        ),
        (
            "token_file = \"t\"",
            "smtp.token_file: has no user; set smtp.username too",
        ),
        (
            "username = \"u\"\npassword = \"hunter2\"\ntoken_file = \"t\"",
            "smtp.token_file: is given, and a password too; keep one of them",
        ),
        (
            "username = \"u\"\npassword = \"hunter2\"\npassword_file = \"p\"",
            "smtp.password: is given, and smtp.password_file too (readmit.toml); keep one and set the other to \"\"",
        ),
    ] {
        assert_eq!(
            refusal(&format!("[smtp]\n{file}"), &[]),
            format!("readmit.toml: {expected}")
        );
    }
}

#[test]
fn a_password_file_gives_the_password_without_its_last_line_break() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("password");
    let name = path.display().to_string();
    let env = [
        ("READMIT_SMTP__USERNAME", "u"),
        ("READMIT_SMTP__PASSWORD_FILE", &name),
    ];
    let prefix = "READMIT_SMTP__PASSWORD_FILE: smtp.password_file: ";
    assert!(refusal("", &env).starts_with(&format!("{prefix}cannot read {name}: ")));
    for (content, password) in [
        ("hunter2", "hunter2"),
        (" hunter2 \n", " hunter2 "),
        ("hunter2\r\n", "hunter2"),
        ("a\n\n", "a\n"),
    ] {
        fs::write(&path, content).unwrap();
        let smtp = load("", &env).unwrap().smtp;
        assert_eq!(smtp.password.unwrap().expose_secret(), password);
    }
    fs::write(&path, "\n").unwrap();
    assert_eq!(
        refusal("", &env),
        format!("{prefix}{name} is empty; write the password into it")
    );
}

/// Assertion 78: no secret is in a message, a debug print or the printed configuration.
#[test]
fn a_password_is_never_shown() {
    let login = "[smtp]\nusername = \"u\"\npassword = \"hunter2\"\n";
    let config = load(login, &[]).unwrap();
    assert_eq!(
        config.smtp.password.as_ref().unwrap().expose_secret(),
        "hunter2"
    );
    let (printed, debugged) = (config.to_toml(), format!("{config:?} {config:#?}"));
    assert!(
        printed.contains("password = \"(set, not shown)\"\n"),
        "{printed}"
    );
    assert!(!printed.contains("hunter2") && !debugged.contains("hunter2"));

    for (file, expected) in [
        (
            "[smtp]\nurl = \"smtp://u:hunter2@a.example\"",
            "smtp.url: the value must not hold a user or password; put them into smtp.username and smtp.password_file",
        ),
        (
            "[smtp]\nurl = \"smtp://u:hunter2@a example:x\"",
            "smtp.url: the value must not hold a user or password; put them into smtp.username and smtp.password_file",
        ),
        (
            "[smtp]\npassword = [\"hunter2\"]",
            "smtp.password: the value is not a text; write it in quotes",
        ),
        (
            "[smtp]\npasswrd = \"hunter2\"",
            "smtp.passwrd: there is no such key; did you mean smtp.password?",
        ),
        (
            "smtp = \"hunter2\"",
            "smtp: is a section; write [smtp] on a line above its keys",
        ),
    ] {
        assert_eq!(refusal(file, &[]), format!("readmit.toml: {expected}"));
    }
}

/// Several relays stand in a list, or with commas between them in a variable; a single one needs neither.
#[test]
fn several_relays_are_a_list_in_their_order() {
    let urls = |file: &str, env: &[(&str, &str)]| {
        load(file, env).map(|config| {
            let urls = config.smtp.urls.iter().map(ToString::to_string);
            urls.collect::<Vec<_>>()
        })
    };
    let two = [
        "smtps://one.example:465",
        "smtp://two.example:587?tls=required",
    ];
    let list = "[smtp]\nurl = [\"smtps://one.example\", \"smtp://two.example\"]";
    assert_eq!(urls(list, &[]).expect("two relays"), two);
    let variable = (
        "READMIT_SMTP__URL",
        "smtps://one.example, smtp://two.example",
    );
    assert_eq!(urls("", &[variable]).expect("two relays"), two);
    let printed = load(list, &[]).expect("two relays").to_toml();
    let line = r#"url = ["smtps://one.example:465", "smtp://two.example:587?tls=required"]"#;
    assert!(printed.contains(line), "{printed}");
    let folder = ("READMIT_SMTP__URL", "file:a, b");
    assert_eq!(urls("", &[folder]).expect("a folder"), ["file:a, b"]);
}

#[test]
fn a_list_of_relays_that_cannot_be_is_refused_in_words() {
    for (url, said) in [
        ("[]", "is an empty list; name one at least"),
        (
            r#"["smtp://one.example", "smtp://one.example:587"]"#,
            "names the same relay twice; name each one once, in the order in which they are tried",
        ),
        (
            r#"["smtp://one.example", "jane:swordfish@two.example"]"#,
            "the value is not a relay; write it like \"smtp://mail.example.com\", \"smtps://mail.example.com\", \"sendmail:\" or \"file:DIR\"",
        ),
    ] {
        let message = load(&format!("[smtp]\nurl = {url}"), &[]).expect_err(url);
        assert!(message.ends_with(&format!("smtp.url: {said}")), "{message}");
        assert!(!message.contains("swordfish"));
    }
    let file = "[smtp]\nusername = \"a\"\npassword = \"b\"\n\
                url = [\"smtps://one.example\", \"smtp://two.example?tls=opportunistic\"]";
    let message = load(file, &[]).expect_err("in the clear");
    assert!(message.contains("could send the password of smtp.username in the clear"));
}
