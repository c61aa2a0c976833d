//! The log at its most talkative.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::support::app::{NEW_PASSWORD, PASSWORD, USERS};
use crate::support::http::{Answer, Request, send_raw};
use crate::support::process::{Process, Site};
use crate::support::smtp::{Action, Mail, SmtpServer, Stage, TestCa, TlsMode};
use crate::support::wait::wait_until;

const JANE: &str = "jane@example.com";
const SMTP_PASSWORD: &str = "swordfish-4711";
const WRONG: &str = "wrong-Zebra-wrong";
const WEAK: &str = "weak-Yak";

/// What the relay says to the first attempt to sign in: it repeats the command.
const REFUSED_SIGN_IN: &str =
    "535 5.7.8 AUTH PLAIN AHJlYWRtaXQAc3dvcmRmaXNoLTQ3MTE= (readmit, swordfish-4711) is wrong";

/// What the relay says to a letter whose link it dislikes.
fn quote_the_link(mail: &Mail) -> String {
    format!("550 5.7.1 the link {} is on a list", mail.link())
}

/// What it says to one that it may take later.
fn quote_the_token(mail: &Mail) -> String {
    format!("451 4.7.1 not yet: {}", mail.token())
}

/// Somebody who asks this server for things.
struct Caller<'a> {
    server: &'a Process,
    relay: &'a SmtpServer,
}

impl Caller<'_> {
    fn post(&self, path: &str, body: &Value) -> Answer {
        self.server
            .send(&Request::post(&format!("{USERS}/{path}")).json(body))
    }

    /// Asks for a link and returns the mail, whatever the relay says to it.
    fn ask(&self) -> Mail {
        self.post(
            "startPasswordReset",
            &json!({ "email": JANE, "businessId": 7 }),
        )
        .envelope(200);
        self.relay.next_mail()
    }

    fn complete(&self, token: &str, password: &Value) -> Answer {
        let body = json!({ "Token": token, "Password": password });
        self.post("completePasswordReset", &body)
    }

    fn exchange(&self, token: &str) -> Answer {
        let query = format!("token={token}&validForInMinutes=60");
        self.server
            .send(&Request::post(&format!("{USERS}/exchange?{query}")))
    }

    fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.server.send(&Request::post("/api/token").form(form))
    }

    fn sign_in(&self, password: &str) -> Answer {
        let form = [
            ("grant_type", "password"),
            ("username", JANE),
            ("password", password),
        ];
        self.token(&form)
    }

    /// Gets a link through a relay that has something against each mail, and quotes it. Returns the
    /// tokens of those that it refused, and the one that came through.
    fn get_a_link(&self) -> ([Mail; 2], String) {
        self.relay
            .script(Stage::Auth, Action::Reply(REFUSED_SIGN_IN));
        self.relay
            .script(Stage::Dot, Action::ReplyAbout(quote_the_link));
        let refused = self.ask();
        self.relay
            .script(Stage::Dot, Action::ReplyAbout(quote_the_token));
        let deferred = self.ask();
        let token = self.relay.next_mail().token();
        ([refused, deferred], token)
    }

    /// Uses the link up, after every kind of mistake. Returns the login token.
    fn use_the_link(&self, token: &str) -> String {
        for wrong in [
            format!("{token}AAAA"),
            token.replace('.', "-"),
            WRONG.to_owned(),
        ] {
            self.complete(&wrong, &json!(NEW_PASSWORD)).refusal(400);
        }
        self.complete(token, &json!(WEAK)).refusal(400);
        self.complete(token, &json!([NEW_PASSWORD])).refusal(400);
        let broken = format!("{{\"Token\": \"{token}\", \"Password\": \"{NEW_PASSWORD}");
        let target = format!("{USERS}/completePasswordReset");
        let broken = Request::post(&target).body("application/json", broken);
        self.server.send(&broken).refusal(400);
        let confirmed = self.complete(token, &json!(NEW_PASSWORD)).envelope(200);
        self.relay.next_mail();
        confirmed["Value"].as_str().expect("a token").to_owned()
    }

    /// Signs in both ways, after every kind of mistake. Returns the tokens of the sessions.
    fn sign_in_both_ways(&self, login: &str) -> Vec<String> {
        assert_eq!(self.exchange(&format!("{login}AAAA")).status, 401);
        let exchanged = self.exchange(login).json();
        assert_eq!(self.exchange(login).status, 401);
        for wrong in [WRONG, PASSWORD] {
            assert_eq!(self.sign_in(wrong).status, 400);
        }
        let signed_in = self.sign_in(NEW_PASSWORD).json();
        let tokens = [
            &exchanged["token"],
            &exchanged["refresh_token"],
            &signed_in["access_token"],
            &signed_in["refresh_token"],
        ]
        .map(|token| token.as_str().expect("a token").to_owned());
        self.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &tokens[3]),
        ]);
        tokens.to_vec()
    }

    /// Shows tokens where the program has no use for them.
    fn show_around(&self, token: &str, login: &str) {
        let bearer = format!("Bearer {login}");
        for request in [
            Request::get(&format!("/reset-password?token={token}")),
            Request::get(&format!("/{token}")),
            Request::get("/readyz").header("authorization", &bearer),
            Request::new("PUT", &format!("{USERS}/exchange?token={login}")),
        ] {
            self.server.send(&request);
        }
        let malformed = format!("GET /{token} HTTP/1.1\r\nhost\r\n\r\n");
        send_raw(self.server.address, malformed.as_bytes());
    }
}

/// A whole way through the program, with every mistake on it. Returns every secret that was in play.
fn walk(server: &Process, relay: &SmtpServer) -> Vec<String> {
    let caller = Caller { server, relay };
    let (mails, token) = caller.get_a_link();
    let login = caller.use_the_link(&token);
    let mut tokens = caller.sign_in_both_ways(&login);
    caller.show_around(&token, &login);

    tokens.extend([mails[0].token(), mails[1].token(), token, login]);
    let mut secrets: Vec<String> = tokens
        .iter()
        .flat_map(|token| token.split('.'))
        .map(str::to_owned)
        .collect();
    for password in [PASSWORD, NEW_PASSWORD, WRONG, WEAK, SMTP_PASSWORD] {
        secrets.push(password.to_owned());
        secrets.push(password.replace(' ', "+"));
        secrets.push(password.replace(' ', "%20"));
        secrets.push(STANDARD.encode(password));
    }
    secrets.push(STANDARD.encode(format!("\0readmit\0{SMTP_PASSWORD}")));
    secrets
}

/// Serves the whole way at `log.level = "trace"`, stops, and looks for every secret in all that the
/// process has written, and in what a command says of the same mails.
fn assert_quiet(format: &str, relay: &SmtpServer, site: Site) {
    relay.advertise_auth("readmit", SMTP_PASSWORD);
    let site = site
        .set("smtp.username", "readmit")
        .set("smtp.password", SMTP_PASSWORD)
        .set("outbox.first_retry", "50ms")
        .set("outbox.max_retry", "50ms")
        .set("outbox.poll", "50ms")
        .set("reset.cooldown", "0s")
        .set("log.level", "trace")
        .set("log.format", format);
    site.add_jane(PASSWORD);
    let mut server = site.serve();
    let secrets = walk(&server, relay);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let log = wait_until("the log's last line", || {
        let log = server.log();
        log.contains("stopped").then_some(log)
    });

    // It is the log of that way, as detailed as it gets: with the relay's answers, but for what is
    // secret in them.
    for expected in [
        "DEBUG",
        "535 5.7.8",
        "550 5.7.1 the link",
        "451 4.7.1 not yet",
        "mail sent",
    ] {
        assert!(log.contains(expected), "no {expected}: {log}");
    }
    let written = log + &server.printed() + &site.ok(&["outbox", "list", "--json"]);
    for secret in secrets {
        assert!(!written.contains(&secret), "{secret} is in: {written}");
    }
}

/// Assertion 80. Whoever may read the log need not be somebody who may sign in as a member: nothing
/// that opens a door is in it at any level, not even when a relay quotes it back.
#[test]
fn the_log_for_people_holds_no_secret_at_any_level() {
    let relay = SmtpServer::start();
    assert_quiet("pretty", &relay, Site::new(&relay.url()));
}

/// Assertion 80, in the other format, and with the TLS library in play, which has things of its own to
/// tell.
#[test]
fn the_log_for_machines_holds_no_secret_at_any_level() {
    let ca = TestCa::new();
    let relay = SmtpServer::start_tls(TlsMode::StartTls, &ca);
    let site = Site::new(&format!("{}?tls=required", relay.url()));
    assert_quiet(
        "json",
        &relay,
        site.set("smtp.ca_file", ca.path().display()),
    );
}
