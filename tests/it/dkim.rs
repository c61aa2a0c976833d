//! Mail that the sender's domain has signed (RFC 6376).

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use readmit::dkim::{self, Algorithm, Listed};
use serde_json::{Value, json};

use crate::mail::form::assert_survives_any_relay;
use crate::support::app::TestApp;
use crate::support::installed::{installed_pip, said};
use crate::support::process::Site;
use crate::support::smtp::Mail;

const DOMAIN: &str = "canal.test";

fn canal_house() -> TestApp {
    TestApp::builder()
        .set("smtp.from", "Canal House <desk@mail.canal.test>")
        .set("reset.cooldown", "0s")
        .set("reset.max_pending", 20)
        .start()
        .and_jane()
}

fn keys(app: &TestApp) -> PathBuf {
    app.app().config.keys.dir.clone()
}

fn new_key(app: &TestApp, domain: &str, selector: &str, algorithm: Algorithm) -> Listed {
    let (domain, selector) = (domain.parse(), selector.parse());
    let (domain, selector) = (domain.expect("a domain"), selector.expect("a selector"));
    dkim::create(&keys(app), domain, selector, algorithm).expect("a key")
}

fn put_to_use(app: &TestApp, key: &Listed) {
    dkim::put_to_use(&keys(app), &key.domain, &key.selector).expect("the key signs");
    app.advance(Duration::from_secs(1));
}

fn mailed(app: &TestApp) -> Mail {
    app.start_reset(&json!({ "email": "jane@example.com" }))
        .envelope(200);
    let mail = app.next_mail();
    app.advance(Duration::from_secs(1));
    mail
}

/// The selectors of a mail's signatures, in their order.
fn selectors(mail: &Mail) -> Vec<String> {
    let text = String::from_utf8_lossy(&mail.raw).replace("\r\n ", " ");
    text.lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("DKIM-Signature:"))
        .map(|line| {
            let (_, behind) = line.split_once(" s=").expect("a selector");
            behind.split(';').next().expect("its end").to_owned()
        })
        .collect()
}

fn fails(site: &Site, arguments: &[&str]) -> String {
    let output = site.run(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    said(&output)
}

fn altered(mail: &Mail, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(mail.raw.clone()).expect("ASCII");
    assert!(text.contains(from), "{from} in {text}");
    text.replacen(from, to, 1).into_bytes()
}

/// A library that somebody else wrote finds both signatures good, and neither once anything of the mail
/// is different, or something is added that a reader would be shown.
#[test]
fn signatures_are_good_for_the_mail_as_it_is_and_for_no_other() {
    let Some(python) = installed_pip("python-dkim", &["dkimpy[ed25519]==1.*"]) else {
        return;
    };
    let app = canal_house();
    let made = [
        new_key(&app, DOMAIN, "first", Algorithm::Rsa),
        new_key(&app, DOMAIN, "second", Algorithm::Ed25519),
    ];
    for key in &made {
        put_to_use(&app, key);
    }
    let mail = mailed(&app);
    assert_survives_any_relay(&mail);
    let subject = mail.header("Subject").expect("a subject");
    let mails = [
        mail.raw.clone(),
        // Blanks may change on the way: that is what the relaxed form is for.
        altered(&mail, "Subject: ", "Subject:   "),
        altered(&mail, &subject, "Another subject"),
        altered(&mail, "Content-Type: text/plain", "Content-Type: text/html"),
        altered(
            &mail,
            "\r\n\r\n",
            "\r\nFrom: Somebody <else@example.org>\r\n\r\n",
        ),
        altered(&mail, "\r\n\r\n", "\r\nReply-To: else@example.org\r\n\r\n"),
        [mail.raw.as_slice(), b"One more line.\r\n"].concat(),
    ];
    let mails = mails.map(|mail| data_encoding::BASE64.encode(&mail));
    let record = |key: &Listed| (key.record.name.clone(), json!(key.record.value));
    let records: serde_json::Map<_, _> = made.iter().map(record).collect();
    let mut program = Command::new(python.join("bin/python"))
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/clients/dkim_verify.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let given = json!({ "now": app.now().seconds(), "records": records, "mails": mails });
    let given = given.to_string();
    let mut stdin = program.stdin.take().expect("a pipe");
    stdin.write_all(given.as_bytes()).expect("it is read");
    drop(stdin);
    let output = program.wait_with_output().expect("it ends");
    let verdicts: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no verdicts: {}", said(&output)));
    let (good, bad) = ([true, true], [false, false]);
    assert_eq!(verdicts, json!([good, good, bad, bad, bad, bad, bad]));
}

/// A key signs from when it is told to until it is removed or another one takes its place, and a running
/// server notices.
#[test]
fn a_key_signs_while_it_is_in_use() {
    let app = canal_house();
    let first = new_key(&app, DOMAIN, "first", Algorithm::Ed25519);
    assert!(!first.in_use);
    app.advance(Duration::from_secs(1));
    assert!(selectors(&mailed(&app)).is_empty());
    put_to_use(&app, &first);
    assert_eq!(selectors(&mailed(&app)), ["first"]);
    let second = new_key(&app, DOMAIN, "second", Algorithm::Ed25519);
    put_to_use(&app, &second);
    assert_eq!(selectors(&mailed(&app)), ["second"]);
    let in_use = |key: &Listed| key.in_use.then(|| key.selector.to_string());
    let listed = dkim::list(&keys(&app)).expect("the keys");
    assert_eq!(
        listed.iter().filter_map(in_use).collect::<Vec<_>>(),
        ["second"]
    );
    dkim::remove(&keys(&app), &second.domain, &second.selector).expect("it is removed");
    app.advance(Duration::from_secs(1));
    assert!(selectors(&mailed(&app)).is_empty());
}

/// A domain signs for what is below it, unless that has a key of its own, and never for its neighbour.
#[test]
fn the_nearest_domain_signs() {
    let app = canal_house();
    for other in ["anal.test", "other.test"] {
        put_to_use(&app, &new_key(&app, other, "other", Algorithm::Ed25519));
    }
    assert!(selectors(&mailed(&app)).is_empty());
    put_to_use(&app, &new_key(&app, DOMAIN, "above", Algorithm::Ed25519));
    assert_eq!(selectors(&mailed(&app)), ["above"]);
    put_to_use(
        &app,
        &new_key(&app, "mail.canal.test", "own", Algorithm::Ed25519),
    );
    assert_eq!(selectors(&mailed(&app)), ["own"]);
}

/// A key that cannot be read stops no mail: what was there before goes on signing.
#[test]
fn a_damaged_key_stops_no_mail() {
    let app = canal_house();
    put_to_use(&app, &new_key(&app, DOMAIN, "good", Algorithm::Ed25519));
    assert_eq!(selectors(&mailed(&app)), ["good"]);
    for suffix in ["pem", "in-use"] {
        let path = keys(&app).join(format!("dkim_{DOMAIN}_bad_rsa.{suffix}"));
        let mut file = std::fs::File::create(&path).expect("a file");
        file.write_all(b"no key").expect("it is written");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("its mode");
    }
    app.advance(Duration::from_secs(1));
    assert_eq!(selectors(&mailed(&app)), ["good"]);
}

/// What an administrator does, from making a key to removing it; each act is audited, and no key is shown.
#[test]
fn commands_make_show_use_and_remove_keys() {
    let site = Site::new("smtp://127.0.0.1:1");
    let made = site.ok(&["dkim", "new", "Canal.Test", "--selector=mail2026"]);
    assert!(made.contains("mail2026._domainkey.canal.test. IN TXT ( \"v=DKIM1; k=rsa; p=MII"));
    assert!(
        made.contains("readmit dkim use canal.test mail2026"),
        "{made}"
    );
    // A string of a TXT record has 255 octets at most.
    let strings: Vec<&str> = made.split('"').skip(1).step_by(2).collect();
    assert!(strings.len() > 1 && strings.iter().all(|string| string.len() <= 255));
    let again = fails(&site, &["dkim", "new", "canal.test", "--selector=mail2026"]);
    assert!(
        again.contains("name another one with --selector"),
        "{again}"
    );
    let ed = ["dkim", "new", "canal.test", "--algorithm=ed25519", "--json"];
    let ed: Value = serde_json::from_str(&site.ok(&ed)).expect("JSON");
    assert_eq!(ed["in_use"], false);
    let selector = ed["selector"].as_str().expect("a selector");
    assert!(
        selector.starts_with("ed255192"),
        "named after the day: {selector}"
    );

    let used = site.ok(&["dkim", "use", "canal.test", "mail2026"]);
    assert_eq!(used, "mail2026 signs the mail of canal.test from now on\n");
    let unknown = fails(&site, &["dkim", "use", "canal.test", "mail2027"]);
    assert!(
        unknown.contains("`readmit dkim show` lists the keys"),
        "{unknown}"
    );
    let shown: Value = serde_json::from_str(&site.ok(&["dkim", "show", "--json"])).expect("JSON");
    let states: Vec<_> = shown
        .as_array()
        .expect("a list")
        .iter()
        .map(|key| (key["algorithm"].as_str(), key["in_use"].as_bool()))
        .collect();
    assert_eq!(
        states,
        [(Some("ed25519"), Some(false)), (Some("rsa"), Some(true))]
    );
    assert_eq!(
        site.ok(&["dkim", "show", "other.test", "--json"]).trim(),
        "[]"
    );
    let table = site.ok(&["dkim", "show"]);
    assert!(
        !table.contains("PRIVATE KEY") && table.contains("signs"),
        "{table}"
    );

    site.ok(&["dkim", "remove", "canal.test", "mail2026", "--yes"]);
    let left = std::fs::read_dir(site.folder().join("keys")).expect("the folder");
    let left: Vec<_> = left
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .filter(|name| name.starts_with("dkim_"))
        .collect();
    assert_eq!(left, [format!("dkim_canal.test_{selector}_ed25519.pem")]);
    let sql = site.sql();
    let mut events = sql
        .prepare("SELECT event, detail FROM audit WHERE event LIKE 'dkim.%' ORDER BY id")
        .expect("a query");
    let events: Vec<String> = events
        .query_map([], |row| {
            Ok(format!(
                "{} {}",
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?
            ))
        })
        .expect("rows")
        .map(|row| row.expect("a row"))
        .collect();
    let rsa = "mail2026._domainkey.canal.test";
    assert_eq!(
        events,
        [
            format!("dkim.new {rsa}"),
            format!("dkim.new {selector}._domainkey.canal.test"),
            format!("dkim.use {rsa}"),
            format!("dkim.remove {rsa}"),
        ]
    );
}

/// What is no domain or selector is refused before anything is made.
#[test]
fn names_that_no_zone_can_hold_are_refused() {
    let site = Site::new("smtp://127.0.0.1:1");
    for domain in [
        "localhost",
        "a_b.test",
        "a..test",
        "caf\u{e9}.test",
        "../x.test",
    ] {
        let said = fails(&site, &["dkim", "new", domain]);
        assert!(
            said.contains("a domain is written like example.com"),
            "{said}"
        );
    }
    for selector in ["a.b", "a_b", "", "-"] {
        let selector = format!("--selector={selector}");
        let said = fails(&site, &["dkim", "new", "canal.test", &selector]);
        assert!(said.contains("a selector has at most 30"), "{said}");
    }
    assert!(!site.folder().join("keys").exists());
}
