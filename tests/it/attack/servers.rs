//! Two real servers on one database and one folder of keys.

use serde_json::{Value, json};

use crate::support::app::{NEW_PASSWORD, PASSWORD, USERS};
use crate::support::http::{Answer, Request};
use crate::support::jwt::Parts;
use crate::support::parallel::all_at_once;
use crate::support::process::{Process, Site};
use crate::support::smtp::SmtpServer;
use crate::support::wait::wait_until;

const JANE: &str = "jane@example.com";

/// How many callers race, half of them at each server.
const CALLERS: usize = 20;

struct Pair {
    relay: SmtpServer,
    site: Site,
    servers: [Process; 2],
}

impl Pair {
    fn start() -> Self {
        let relay = SmtpServer::start();
        let site = Site::in_memory(&relay.url()).set("outbox.poll", "50ms");
        site.add_jane(PASSWORD);
        let servers = [site.serve(), site.serve()];
        Self {
            relay,
            site,
            servers,
        }
    }

    /// The same request, but for what `of` makes of the caller's number, to both servers at once.
    fn race(&self, of: impl Fn(usize) -> Request + Sync) -> Vec<Answer> {
        let callers: Vec<usize> = (0..CALLERS).collect();
        all_at_once(&callers, |n| self.servers[n % 2].send(&of(*n)))
    }

    fn count(&self, sql: &str) -> i64 {
        let count = self.site.sql().query_row(sql, [], |row| row.get(0));
        count.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Asks one of them for a link, and returns that of the mail.
    fn link(&self, server: usize) -> String {
        let ask = json!({ "email": JANE, "businessId": 7 });
        let ask = Request::post(&format!("{USERS}/startPasswordReset")).json(&ask);
        self.servers[server].send(&ask).envelope(200);
        self.relay.next_mail().link()
    }
}

fn token_of(link: &str) -> &str {
    link.split_once("token=").expect("a token").1
}

fn complete(token: &str, password: &str) -> Request {
    let body = json!({ "Token": token, "Password": password });
    Request::post(&format!("{USERS}/completePasswordReset")).json(&body)
}

fn exchange(token: &str) -> Request {
    let query = format!("token={token}&validForInMinutes=60");
    Request::post(&format!("{USERS}/exchange?{query}"))
}

fn sign_in(password: &str) -> Request {
    Request::post("/api/token").form(&[
        ("grant_type", "password"),
        ("username", JANE),
        ("password", password),
    ])
}

fn userinfo(access: &str) -> Request {
    Request::get("/api/userinfo").bearer(access)
}

/// The answers with 200.
fn won(answers: &[Answer]) -> Vec<&Answer> {
    answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect()
}

fn value(answer: &Answer) -> String {
    answer.envelope(200)["Value"]
        .as_str()
        .expect("a token")
        .to_owned()
}

/// Assertions 22 and 44: of callers at two processes, one completes a link, and one exchanges what it gave.
#[test]
fn a_link_and_its_login_token_are_used_once_across_two_servers() {
    let pair = Pair::start();
    let link = pair.link(0);
    let password = |n: usize| format!("password number {n} of many");
    let answers = pair.race(|n| complete(token_of(&link), &password(n)));
    let winner = answers
        .iter()
        .position(|answer| answer.status == 200)
        .expect("a winner");
    assert_eq!(won(&answers).len(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 400))
    );
    assert_eq!(
        pair.count("SELECT count(*) FROM outbox WHERE kind = 'changed'"),
        1
    );
    for server in &pair.servers {
        assert_eq!(server.send(&sign_in(&password(winner))).status, 200);
        assert_eq!(server.send(&sign_in(&password(winner + 1))).status, 400);
    }

    let login = value(&answers[winner]);
    let sessions = pair.count("SELECT count(*) FROM sessions");
    let answers = pair.race(|_| exchange(&login));
    assert_eq!(won(&answers).len(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 401))
    );
    assert_eq!(pair.count("SELECT count(*) FROM sessions"), sessions + 1);
}

/// Assertions 34 and 35: five wrong tries are five at both servers together, and a right one counts once.
#[test]
fn the_tries_of_a_code_are_counted_across_two_servers() {
    let pair = Pair::start();
    let ask = |server: usize, email: &str| {
        let target = format!("{USERS}/sendOtp?email={email}&businessId=7");
        pair.servers[server].send(&Request::get(&target))
    };
    ask(0, JANE).envelope(200);
    // The cool-down is one for both.
    ask(1, "Jane@Example.com").envelope(429);
    let code = crate::codes::code(&pair.relay.next_mail());
    let verify = |code: &str| {
        let body = json!({ "Email": JANE, "Otp": code, "BusinessId": 7 });
        Request::post(&format!("{USERS}/verifyOtp")).json(&body)
    };
    let answers = pair.race(|_| verify(&code));
    assert_eq!(won(&answers).len(), 1);
    // The others were wrong, or one guess too many.
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 400 | 429))
    );
    assert_eq!(
        pair.count("SELECT count(*) FROM login_tokens WHERE revoked_at IS NULL"),
        1
    );

    pair.site
        .sql()
        .execute_batch("DELETE FROM otp_requests; DELETE FROM guesses")
        .expect("a clean table");
    ask(1, JANE).envelope(200);
    let code = crate::codes::code(&pair.relay.next_mail());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let answers = pair.race(|_| verify(wrong));
    let tried = answers.iter().filter(|answer| answer.status == 400).count();
    assert_eq!((won(&answers).len(), tried), (0, 5));
    assert_eq!(pair.count("SELECT max(attempts) FROM otp_codes"), 5);
    pair.site
        .sql()
        .execute("DELETE FROM guesses", [])
        .expect("a clean table");
    // Even the right one is one too many.
    pair.servers[0].send(&verify(&code)).envelope(400);
}

/// Assertion 45: however many at both servers show one refresh token within its grace period, one of the
/// answers goes on; a use of the token when that one has been used ends the session at both.
#[test]
fn a_refresh_token_goes_on_as_one_across_two_servers() {
    let pair = Pair::start();
    let signed_in = pair.servers[0].send(&sign_in(PASSWORD));
    let refresh = |token: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        Request::post("/api/token").form(&form)
    };
    let first = signed_in.text_of("refresh_token");
    let answers = pair.race(|_| refresh(&first));
    assert!(!won(&answers).is_empty());
    let unused = "SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL";
    assert_eq!(pair.count(unused), 1);
    let going_on: Vec<Answer> = won(&answers)
        .into_iter()
        .map(|answer| pair.servers[1].send(&refresh(&answer.text_of("refresh_token"))))
        .collect();
    let going_on = won(&going_on);
    assert_eq!(going_on.len(), 1);

    assert_eq!(pair.servers[0].send(&refresh(&first)).status, 400);
    let access = going_on[0].text_of("access_token");
    for server in &pair.servers {
        assert_eq!(server.send(&userinfo(&access)).status, 401);
    }
}

/// What one of them does, or a command, the other goes by: a session that was ended, a member who was shut
/// out, a password.
#[test]
fn what_ends_at_one_server_has_ended_at_the_other() {
    let pair = Pair::start();
    let [one, other] = &pair.servers;
    let access = one.send(&sign_in(PASSWORD)).text_of("access_token");
    // Each has seen the token before.
    assert_eq!(one.send(&userinfo(&access)).status, 200);
    assert_eq!(other.send(&userinfo(&access)).status, 200);
    let session = Parts::of(&access).claims["sid"].clone();
    let target = format!("{USERS}/sessions/{}", session.as_str().expect("an id"));
    other
        .send(&Request::new("DELETE", &target).bearer(&access))
        .envelope(200);
    assert_eq!(one.send(&userinfo(&access)).status, 401);

    let access = other.send(&sign_in(PASSWORD)).text_of("access_token");
    let link = pair.link(1);
    one.send(&complete(token_of(&link), NEW_PASSWORD))
        .envelope(200);
    assert_eq!(other.send(&userinfo(&access)).status, 401);
    assert_eq!(other.send(&sign_in(PASSWORD)).status, 400);
    let access = other.send(&sign_in(NEW_PASSWORD)).text_of("access_token");

    pair.site.ok(&["user", "suspend", JANE]);
    for server in &pair.servers {
        assert_eq!(server.send(&userinfo(&access)).status, 401);
        assert_eq!(server.send(&sign_in(NEW_PASSWORD)).status, 400);
    }
}

/// Keys, settings and templates that were changed beside two servers: both go by them within seconds.
#[test]
fn keys_settings_and_templates_are_the_same_at_both_servers() {
    let pair = Pair::start();
    let keys = |server: &Process| -> Vec<Value> {
        let keys = server.send(&Request::get("/.well-known/jwks.json")).json();
        keys["keys"].as_array().expect("keys").clone()
    };
    let before = keys(&pair.servers[0]);
    let old = pair.servers[0]
        .send(&sign_in(PASSWORD))
        .text_of("access_token");
    pair.site.ok(&["key", "rotate"]);
    for server in &pair.servers {
        wait_until("the new key is served first", || {
            let served = keys(server);
            (served.len() == 2 && served[1] == before[0]).then_some(())
        });
    }
    let new = pair.servers[0]
        .send(&sign_in(PASSWORD))
        .text_of("access_token");
    assert_ne!(Parts::of(&new).header["kid"], Parts::of(&old).header["kid"]);
    for token in [&old, &new] {
        assert_eq!(pair.servers[1].send(&userinfo(token)).status, 200);
    }

    pair.site
        .ok(&["business", "set", "7", "--portal-url=https://new.test"]);
    let path = pair.site.folder().join("subject.txt");
    std::fs::write(&path, "Come back to {{ business }}").expect("a file");
    let path = path.display().to_string();
    pair.site
        .ok(&["template", "set", "reset", "subject", &path, "--business=7"]);
    let ask = json!({ "email": JANE, "businessId": 7 });
    let ask = Request::post(&format!("{USERS}/startPasswordReset")).json(&ask);
    pair.servers[1].send(&ask).envelope(200);
    let mail = pair.relay.next_mail();
    assert!(
        mail.link().starts_with("https://new.test/"),
        "{}",
        mail.link()
    );
    assert_eq!(
        mail.header("Subject").as_deref(),
        Some("Come back to Canal House")
    );
    for server in &pair.servers {
        wait_until("the portal's origin is let in", || {
            let request = Request::get("/api/userinfo").header("origin", "https://new.test");
            let answer = server.send(&request.bearer(&new));
            let allowed = answer.header("access-control-allow-origin");
            (allowed == Some("https://new.test")).then_some(())
        });
    }
}
