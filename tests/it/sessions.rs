//! What a signed-in member does.

mod password;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::{PASSWORD, START, TestApp, USERS};
use crate::support::http::{Answer, Request};
use crate::support::jwt::Parts;

const JANE: &str = "jane@example.com";

/// An access token of a new session.
fn access(app: &TestApp) -> String {
    app.tokens(JANE, PASSWORD).0
}

fn userinfo(app: &TestApp, access: &str) -> Answer {
    app.send(&Request::get("/api/userinfo").bearer(access))
}

fn sessions(app: &TestApp, access: &str) -> Vec<Value> {
    let answer = app.send(&Request::get(&format!("{USERS}/sessions")).bearer(access));
    serde_json::from_str(&answer.text_of("Value")).expect("a JSON array as text")
}

fn end(app: &TestApp, access: &str, id: &str) -> Answer {
    app.send(&Request::new("DELETE", &format!("{USERS}/sessions/{id}")).bearer(access))
}

fn carry(app: &TestApp, access: &str) -> String {
    let answer = app.send(&Request::post(&format!("{USERS}/token/refresh")).bearer(access));
    answer.envelope(200);
    answer.text_of("Value")
}

fn id_of(access: &str) -> String {
    let claims = Parts::of(access).claims;
    claims["sid"].as_str().expect("an id").to_owned()
}

/// Contract, section 8: a member sees from where and by what they are signed in, newest first, and
/// nobody else's sessions. What has ended is not in the list.
#[test]
fn a_member_sees_the_sessions_that_are_open() {
    let app = TestApp::with_jane();
    app.add_person("bob@example.com", "Bob", None, Some(PASSWORD));
    app.tokens("bob@example.com", PASSWORD);
    access(&app);
    app.advance(Duration::from_hours(15 * 24 - 1));
    let ended = access(&app);
    end(&app, &ended, &id_of(&ended)).envelope(200);
    let (old, token) = app.tokens(JANE, PASSWORD);
    app.advance(Duration::from_hours(1));
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("client_id", JANE),
    ];
    assert_eq!(
        app.send(&Request::post("/api/token").form(&form)).status,
        200
    );
    let asking = access(&app);

    let day = 24 * 3600;
    let at = |seconds: i64| {
        let time = readmit::clock::Timestamp::from_seconds(START.seconds() + seconds);
        serde_json::to_value(time).expect("a time")
    };
    let expected = json!([
        {
            "id": id_of(&asking),
            "client_id": JANE,
            "business_id": 7,
            "client": "127.0.0.1",
            "created_at": at(15 * day),
            "last_used_at": null,
            "expires_at": at(30 * day),
            "current": true,
        },
        {
            "id": id_of(&old),
            "client_id": JANE,
            "business_id": 7,
            "client": "127.0.0.1",
            "created_at": at(15 * day - 3600),
            "last_used_at": at(15 * day),
            "expires_at": at(30 * day - 3600),
        },
    ]);
    assert_eq!(Value::from(sessions(&app, &asking)), expected);
}

/// A session that its member ends is over at once, whatever its access token says, and its refresh
/// token with it.
#[test]
fn a_session_that_is_ended_is_over_at_once() {
    let app = TestApp::with_jane();
    let mine = access(&app);
    let (other, token) = app.tokens(JANE, PASSWORD);
    let id = id_of(&other);
    assert_eq!(userinfo(&app, &other).status, 200);
    end(&app, &mine, &id).envelope(200);

    let refused = userinfo(&app, &other);
    assert_eq!(refused.refusal(401), "Please sign in first.");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    end(&app, &other, &id_of(&mine)).refusal(401);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
    ];
    let refreshed = app.send(&Request::post("/api/token").form(&form));
    assert_eq!(refreshed.json()["error"], "invalid_grant");
    assert_eq!(sessions(&app, &mine).len(), 1);
    let audited: String = app.query("SELECT detail FROM audit WHERE event = 'session.end'");
    assert_eq!(audited, id);

    // One's own is a session like any other: that is how one signs out.
    end(&app, &mine, &id_of(&mine)).envelope(200);
    userinfo(&app, &mine).refusal(401);
}

/// An id is no credential: whoever knows another member's learns nothing by it, not even that it is
/// one.
#[test]
fn only_an_open_session_of_ones_own_can_be_ended() {
    let app = TestApp::with_jane();
    app.add_person("bob@example.com", "Bob", None, Some(PASSWORD));
    let mine = access(&app);
    let (bob, _) = app.tokens("bob@example.com", PASSWORD);
    let ended = access(&app);
    end(&app, &mine, &id_of(&ended)).envelope(200);
    let foreign = end(&app, &mine, &id_of(&bob)).comparable();
    assert_eq!(foreign.refusal(404), "There is no open session of this id.");
    let long = "A".repeat(5000);
    for id in [
        id_of(&ended).as_str(),
        "unknown",
        "%25",
        "%00",
        "%27",
        &long,
    ] {
        assert_eq!(end(&app, &mine, id).comparable(), foreign, "{id}");
    }
    assert_eq!(userinfo(&app, &bob).status, 200);
    app.send(&Request::new(
        "DELETE",
        &format!("{USERS}/sessions/{}", id_of(&mine)),
    ))
    .refusal(401);
    assert_eq!(userinfo(&app, &mine).status, 200);
}

/// Every endpoint for members, as a request without a token.
fn member_endpoints(app: &TestApp) -> Vec<Request> {
    let own = id_of(&access(app));
    vec![
        Request::get("/api/userinfo"),
        Request::get(&format!("{USERS}/sessions")),
        Request::new("DELETE", &format!("{USERS}/sessions/{own}")),
        Request::post(&format!("{USERS}/token/refresh")),
        Request::post(&format!("{USERS}/changePassword"))
            .json(&json!({ "CurrentPassword": PASSWORD, "NewPassword": PASSWORD })),
        Request::post(&format!("{USERS}/totp/start")),
        Request::post(&format!("{USERS}/totp/confirm")).json(&json!({ "Totp": "000000" })),
        Request::post(&format!("{USERS}/totp/disable"))
            .json(&json!({ "Password": PASSWORD, "Totp": "000000" })),
    ]
}

#[track_caller]
fn all_refuse(app: &TestApp, endpoints: &[Request], authorization: Option<&str>) {
    for endpoint in endpoints {
        let request = match authorization {
            Some(value) => endpoint.clone().header("authorization", value),
            None => endpoint.clone(),
        };
        let answer = app.send(&request);
        assert_eq!(answer.refusal(401), "Please sign in first.", "{request:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

/// Assertion 43: no other kind of token opens a member's endpoints, nor does a damaged one.
#[test]
fn nothing_but_an_access_token_opens_a_members_endpoints() {
    let app = TestApp::with_jane();
    let (own, refresh) = app.tokens(JANE, PASSWORD);
    let login = carry(&app, &own);
    let reset = app.reset_token(JANE);
    let endpoints = member_endpoints(&app);
    all_refuse(&app, &endpoints, None);
    let (head, signature) = own.rsplit_once('.').expect("a signature");
    let (header, claims) = head.split_once('.').expect("claims");
    for bad in [
        "",
        "x",
        "%",
        "..",
        login.as_str(),
        &reset,
        &refresh,
        &own[..own.len() - 2],
        &format!("{own}A"),
        &format!("{own}."),
        &format!("{header}..{signature}"),
        &format!("{claims}.{header}.{signature}"),
        &format!("{head}."),
    ] {
        all_refuse(&app, &endpoints, Some(&format!("Bearer {bad}")));
    }
    let basic = data_encoding::BASE64.encode(format!("{JANE}:{PASSWORD}").as_bytes());
    for other in [&format!("Basic {basic}"), &own, &format!("Token {own}")] {
        all_refuse(&app, &endpoints, Some(other));
    }
    // RFC 9110, 11.1: the scheme's name has no case.
    let request = Request::get("/api/userinfo").header("authorization", &format!("bearer {own}"));
    assert_eq!(app.send(&request).status, 200);
}

/// Assertion 46: an access token is good for others until it expires; here its account and its time
/// are looked at.
#[test]
fn an_access_token_is_refused_after_its_time_and_without_its_account() {
    let app = TestApp::with_jane();
    let endpoints = member_endpoints(&app);
    let over = access(&app);
    app.advance(Duration::from_hours(1));
    all_refuse(&app, &endpoints, Some(&format!("Bearer {over}")));

    let shut_out = access(&app);
    app.suspend(JANE);
    all_refuse(&app, &endpoints, Some(&format!("Bearer {shut_out}")));
    let jane = || crate::support::app::email(JANE);
    app.wait(app.admin().reactivate(jane(), app.now()))
        .expect("reactivated");
    all_refuse(&app, &endpoints, Some(&format!("Bearer {shut_out}")));

    let must_reset = access(&app);
    app.wait(app.admin().require_reset(jane(), app.now()))
        .expect("required");
    all_refuse(&app, &endpoints, Some(&format!("Bearer {must_reset}")));
    app.wait(app.admin().remove_account(jane(), app.now()))
        .expect("removed");
    all_refuse(&app, &endpoints, Some(&format!("Bearer {must_reset}")));
}

/// Contract, section 7: a signed-in member is carried into another page by a token of a minute, which
/// is exchanged once.
#[test]
fn a_member_is_carried_into_another_page_once() {
    let app = TestApp::with_jane();
    let token = access(&app);
    let carried = carry(&app, &token);
    let parts = Parts::of(&carried);
    assert_eq!(parts.header["typ"], "login+jwt");
    let life = parts.claims["exp"]
        .as_i64()
        .zip(parts.claims["iat"].as_i64());
    assert_eq!(life.map(|(exp, iat)| exp - iat), Some(60));
    app.advance(Duration::from_secs(59));
    let session = app.exchange(&carried, "5");
    assert_eq!(userinfo(&app, &session.text_of("token")).status, 200);
    app.exchange(&carried, "5").refusal(401);
    let late = carry(&app, &token);
    app.advance(Duration::from_mins(1));
    app.exchange(&late, "5").refusal(401);
    app.send(&Request::post(&format!("{USERS}/token/refresh")))
        .refusal(401);
}

/// Assertions 30 and 46: whoever was let in a moment before the session ended gets no token out of
/// it, or a thief could carry a stolen session over the reset that was to end it.
#[test]
fn a_token_that_is_asked_for_while_the_session_ends_opens_nothing() {
    let app = TestApp::with_jane();
    let token = access(&app);
    let sessions = &app.app().sessions;
    let member = app
        .wait(sessions.authenticate(&token, app.now()))
        .expect("signed in");
    let link = app.reset_token(JANE);
    app.complete(&link, crate::support::app::NEW_PASSWORD)
        .envelope(200);
    let carried = app.wait(sessions.carry(&member, app.now()));
    assert!(carried.is_err(), "a token for a session that has ended");
    let open: i64 = app.query("SELECT count(*) FROM login_tokens WHERE revoked_at IS NULL");
    assert_eq!(open, 1, "that of the reset");
}

/// The notice of a new client is off, and when it is on comes once for each client.
#[test]
fn a_sign_in_by_a_new_client_is_told_where_that_is_wanted() {
    let app = TestApp::builder()
        .set("notices.sign_in", true)
        .start()
        .and_jane();
    let by = |client: &str| {
        let form = [
            ("grant_type", "password"),
            ("username", JANE),
            ("password", PASSWORD),
        ];
        app.send(
            &Request::post("/api/token")
                .header("client_id", client)
                .form(&form),
        )
    };
    by("portal");
    let notice = app.next_mail();
    assert!(
        notice.text().contains("new to your Canal House account"),
        "{}",
        notice.text()
    );
    assert!(notice.text().contains("127.0.0.1"));
    by("portal");
    by("shop");
    app.next_mail();
    assert_eq!(app.settled_outbox().len(), 2);

    let quiet = TestApp::with_jane();
    access(&quiet);
    assert_eq!(quiet.query::<i64>("SELECT count(*) FROM sessions"), 1);
    assert!(quiet.outbox().is_empty());
}
