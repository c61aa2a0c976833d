//! What a help desk does for a member on the telephone: `readmit user sessions`, `revoke-sessions`
//! and `reset-link`.

use serde_json::{Value, json};

use super::{cells, json, refused};
use crate::support::app::{NEW_PASSWORD, PASSWORD};
use crate::support::http::{Answer, Request};
use crate::support::jwt::Parts;
use crate::support::process::{Process, Site};

const JANE: &str = "jane@example.com";

fn site() -> Site {
    let site = Site::new("smtp://127.0.0.1:1");
    site.add_jane(PASSWORD);
    site
}

fn sign_in(server: &Process, password: &str, client: &str) -> Answer {
    let form = [
        ("grant_type", "password"),
        ("username", JANE),
        ("password", password),
        ("client_id", client),
    ];
    server.send(&Request::post("/api/token").form(&form))
}

fn userinfo(server: &Process, access: &str) -> Answer {
    server.send(&Request::get("/api/userinfo").bearer(access))
}

fn complete(server: &Process, token: &str, password: &str) -> Answer {
    let body = json!({ "Token": token, "Password": password, "BusinessId": 7 });
    server.send(&Request::post("/api/sys/users/completePasswordReset").json(&body))
}

/// Who did it and whether it was done, of each entry of this event.
fn audited(site: &Site, event: &str) -> Vec<(String, String)> {
    let database = site.sql();
    let mut statement = database
        .prepare("SELECT actor, outcome FROM audit WHERE event = ?1 ORDER BY id")
        .expect("a statement");
    let rows = statement
        .query_map([event], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows");
    rows.collect::<Result<_, _>>().expect("entries")
}

fn by_the_tester() -> (String, String) {
    ("admin:tester".to_owned(), "ok".to_owned())
}

/// Whoever helps a member sees where they are signed in, without any token, and can end it all at
/// once, under a server that is running.
#[test]
fn sessions_are_listed_and_ended_under_a_running_server() {
    let site = site();
    let server = site.serve();
    assert_eq!(site.ok(&["user", "sessions", JANE]), "no open sessions\n");
    let grants = [
        sign_in(&server, PASSWORD, "portal"),
        sign_in(&server, PASSWORD, "shop"),
    ];
    let listed = json(&site, &["user", "sessions", JANE, "--json"]);
    let mut clients: Vec<_> = (0..2).map(|at| listed[at]["client_id"].clone()).collect();
    clients.sort_by_key(Value::to_string);
    assert_eq!(clients, [json!("portal"), json!("shop")]);
    let table = site.ok(&["user", "sessions", "JANE@Example.com"]);
    let rows: Vec<_> = table.lines().map(cells).collect();
    assert_eq!(
        rows[0],
        ["ID", "CLIENT", "FROM", "OPENED", "REFRESHED", "ENDS"]
    );
    assert_eq!(rows.len(), 3);
    assert!(rows[1..].iter().all(|row| row[2] == "127.0.0.1"));
    for grant in &grants {
        for name in ["access_token", "refresh_token"] {
            let token = grant.text_of(name);
            assert!(!listed.to_string().contains(&token) && !table.contains(&token));
        }
    }

    let printed = site.ok(&["user", "revoke-sessions", JANE]);
    assert_eq!(printed, format!("{JANE}: 2 sessions have ended\n"));
    for grant in &grants {
        userinfo(&server, &grant.text_of("access_token")).refusal(401);
        let token = grant.text_of("refresh_token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", &token)];
        let refreshed = server.send(&Request::post("/api/token").form(&form));
        assert_eq!(refreshed.json()["error"], "invalid_grant");
    }
    assert_eq!(site.ok(&["user", "sessions", JANE]), "no open sessions\n");
    assert_eq!(audited(&site, "account.revoke_sessions"), [by_the_tester()]);
    // The password is as good as before: it is the sessions that have ended.
    assert_eq!(sign_in(&server, PASSWORD, "portal").status, 200);
}

/// A link that is read out on the telephone is one like those in mails: of the location's form, good
/// once, and audited with who made it. It reaches nobody else: no mail is sent.
#[test]
fn a_link_made_by_hand_resets_the_password_once() {
    let site = site();
    let server = site.serve();
    let printed = site.ok(&["user", "reset-link", JANE]);
    let link = printed.strip_suffix('\n').expect("one line");
    let token = link
        .strip_prefix("https://canal.test/reset-password?token=")
        .expect("a link to the portal");
    let claims = Parts::of(token).claims;
    assert_eq!(
        (&claims["email"], &claims["business_id"]),
        (&json!(JANE), &json!(7))
    );
    let links = json(&site, &["reset", "list", "--json"]);
    assert_eq!(
        (&links[0]["state"], &links[1]),
        (&json!("pending"), &Value::Null)
    );

    let login = complete(&server, token, NEW_PASSWORD).text_of("Value");
    complete(&server, token, "yet another long sentence").refusal(400);
    assert_eq!(sign_in(&server, NEW_PASSWORD, "portal").status, 200);
    let exchange = format!("/api/sys/users/exchange?token={login}&validForInMinutes=5");
    assert_eq!(server.send(&Request::post(&exchange)).status, 200);
    assert_eq!(audited(&site, "reset.link_by_hand"), [by_the_tester()]);
    let mails: i64 = site
        .sql()
        .query_row(
            "SELECT count(*) FROM outbox WHERE kind = 'reset'",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(mails, 0);
}

/// Links beyond those that a member may ask for can be made by hand: the one who asks is known. Each
/// is dead when another was used, or when it is revoked.
#[test]
fn several_links_can_be_made_and_one_that_is_used_kills_the_others() {
    let site = site();
    let server = site.serve();
    let tokens: Vec<_> = (0..5)
        .map(|_| {
            let link = site.ok(&["user", "reset-link", JANE]);
            let (_, token) = link.trim_end().split_once("token=").expect("a token");
            token.to_owned()
        })
        .collect();
    complete(&server, &tokens[2], NEW_PASSWORD).envelope(200);
    for token in &tokens {
        complete(&server, token, "yet another long sentence").refusal(400);
    }
    assert_eq!(site.ok(&["reset", "list"]), "no links\n");
}

/// What cannot be done is said in a line that names the way out, and leaves nothing behind.
#[test]
fn nothing_is_done_for_who_is_unknown_or_shut_out() {
    let site = site();
    let unknown = "eve@example.com has no account; `readmit user list` shows them";
    for command in ["sessions", "revoke-sessions", "reset-link"] {
        assert_eq!(
            refused(&site, &["user", command, "eve@example.com"]),
            unknown
        );
        let said = refused(&site, &["user", command, "Jane <jane@example.com>"]);
        assert!(said.starts_with("\"Jane <jane@example.com>\": "), "{said}");
    }
    site.ok(&["user", "suspend", JANE]);
    let said = refused(&site, &["user", "reset-link", JANE]);
    let expected = format!(
        "{JANE} is suspended; let them in again first with `readmit user reactivate {JANE}`"
    );
    assert_eq!(said, expected);
    assert_eq!(site.ok(&["reset", "list", "--all"]), "no links\n");
    assert_eq!(audited(&site, "reset.link_by_hand"), []);
    assert_eq!(audited(&site, "account.revoke_sessions"), []);
}
