//! Where a member goes after signing in.

use readmit::business::{Changes, PortalUrl};

use super::JANE;
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::visitor::{Visitor, hidden, page_of};

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Canal House with a portal, and a café's site that it allows too.
fn with_portal() -> TestApp {
    let app = TestApp::hosted();
    let changes = Changes {
        portal_url: Some(Some(
            PortalUrl::parse("https://canal.test/members").expect("a portal"),
        )),
        allowed_origins: Some("https://cafe.test:8443".parse().expect("an origin")),
        ..Changes::default()
    };
    app.change_business(7, changes);
    app
}

/// Where a sign-in leads that began with this `return_to`.
fn way(app: &TestApp, return_to: &str) -> String {
    let jane = Visitor::at(app, 7);
    let page = jane.open(&format!("sign-in?return_to={}", encoded(return_to)));
    assert_eq!(page.status, 200, "{return_to}");
    let answer = jane.sign_in(JANE, PASSWORD);
    assert_eq!(answer.status, 303, "{return_to}: {}", answer.text());
    answer.header("location").expect("a place").to_owned()
}

/// The member is carried along as contract section 7 has it: a one-time login token as `t`.
#[test]
fn an_allowed_origin_gets_a_token_to_know_the_member_by() {
    let app = with_portal();
    for (return_to, begins) in [
        (
            "https://canal.test/orders?page=2&t=old#top",
            "https://canal.test/orders?page=2&t=ey",
        ),
        ("https://cafe.test:8443", "https://cafe.test:8443/?t=ey"),
        ("HTTPS://Canal.Test:443/a", "https://canal.test/a?t=ey"),
    ] {
        let place = way(&app, return_to);
        assert!(place.starts_with(begins), "{place}");
        let url = url::Url::parse(&place).expect("a URL");
        assert_eq!(
            url.fragment(),
            return_to.split_once('#').map(|(_, top)| top)
        );
        let (_, token) = url
            .query_pairs()
            .find(|(name, _)| name == "t")
            .expect("a token");
        assert_eq!(app.exchange(&token, "5").status, 200);
        assert_eq!(app.exchange(&token, "5").status, 401, "once");
    }
}

/// An open redirect would lend our name to anybody's page, and hand them the token.
#[test]
fn nobody_is_sent_to_another_origin() {
    let app = with_portal();
    for return_to in [
        "https://evil.test/",
        "https://canal.test.evil.test/",
        "https://canal.test@evil.test/",
        "https://user:secret@canal.test/",
        "http://canal.test/",
        "https://canal.test:444/",
        "https://cafe.test/",
        "//evil.test/",
        "/\\evil.test",
        "https:/\\evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "data:text/html,hi",
        "sessions",
        "",
        "https://canal.test/\r\nset-cookie: a=b",
        &format!("https://canal.test/{}", "a".repeat(2000)),
    ] {
        let place = way(&app, return_to);
        let inert = place == "sessions" || place.starts_with("https://canal.test/set-cookie:");
        assert!(inert, "{return_to:?} led to {place}");
    }
    // Given twice it is given not at all.
    let jane = Visitor::at(&app, 7);
    jane.open("sign-in?return_to=https://canal.test/&return_to=https://evil.test/");
    assert_eq!(
        jane.sign_in(JANE, PASSWORD).header("location"),
        Some("sessions")
    );
}

/// What was allowed when the page was opened may not be any more when the member is in.
#[test]
fn an_origin_that_was_taken_away_meanwhile_gets_nobody() {
    let app = with_portal();
    let jane = Visitor::at(&app, 7);
    jane.open("sign-in?return_to=https://cafe.test:8443/");
    let changes = Changes {
        allowed_origins: Some("".parse().expect("none")),
        ..Changes::default()
    };
    app.change_business(7, changes);
    assert_eq!(
        jane.sign_in(JANE, PASSWORD).header("location"),
        Some("sessions")
    );
}

/// Browsers hold forms to the policy even where the answer redirects, so that it must name the origin;
/// and only where a member goes there.
#[test]
fn the_policy_of_a_form_names_where_it_leads() {
    let app = with_portal();
    let jane = Visitor::at(&app, 7);
    let actions = |page: &str| {
        let answer = jane.open(page);
        let policy = answer.header("content-security-policy").expect("a policy");
        let actions = policy
            .split("; ")
            .find(|part| part.starts_with("form-action"));
        actions.expect("it").to_owned()
    };
    assert_eq!(actions("sign-in"), "form-action 'self'");
    assert_eq!(
        actions("sign-in?return_to=https://evil.test/"),
        "form-action 'self'"
    );
    assert_eq!(
        actions("sign-in?return_to=https://canal.test/a;b"),
        "form-action 'self' https://canal.test"
    );
    assert_eq!(actions("forgot"), "form-action 'self' https://canal.test");
}

/// The way home is kept while a member resets the password, and who is in already only says so.
#[test]
fn the_way_survives_a_reset_and_a_session() {
    let app = with_portal();
    let changes = Changes {
        portal_url: Some(None),
        ..Changes::default()
    };
    app.change_business(7, changes);
    let jane = Visitor::at(&app, 7);
    jane.open("sign-in?return_to=https://cafe.test:8443/menu");
    jane.sent("forgot", &[("email", JANE)]);
    let link = page_of(&app.next_mail().link());
    let token = hidden(&jane.read(&link), "token");
    let form = [("token", token.as_str()), ("password", NEW_PASSWORD)];
    assert_eq!(jane.sent("reset", &form), "done");
    let place = jane.sent("continue", &[]);
    assert!(
        place.starts_with("https://cafe.test:8443/menu?t=ey"),
        "{place}"
    );
    let page = jane.read("sign-in?return_to=https://cafe.test:8443/menu");
    assert!(
        page.contains("You are signed in as jane@example.com."),
        "{page}"
    );
    let place = jane.sent("continue", &[]);
    assert!(
        place.starts_with("https://cafe.test:8443/menu?t=ey"),
        "{place}"
    );
    assert_eq!(jane.sent("continue", &[]), "sessions");
}
