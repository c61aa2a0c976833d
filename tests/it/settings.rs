//! What a location sets for itself, and what it does to its members.

use std::time::Duration;

use readmit::business::{Changes, Colour, Lifetime, Origins};
use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::Request;
use crate::support::process::Site;

const JANE: &str = "jane@example.com";

fn lifetime(text: &str) -> Lifetime {
    text.parse().expect("a lifetime")
}

/// A location without a portal sends its members to the pages that are served for it.
#[test]
fn without_a_portal_links_lead_to_the_hosted_pages_of_the_location() {
    let app = TestApp::builder()
        .set("http.public_url", "https://id.readmit.test/doors")
        .start()
        .and_jane();
    app.change_business(
        7,
        Changes {
            portal_url: Some(None),
            ..Changes::default()
        },
    );
    app.ask_for_link(JANE);
    let hosted = "https://id.readmit.test/doors/p/7";
    let link = format!("{hosted}/reset?token=");
    let text = app.next_mail().text();
    assert!(text.contains(&link), "{text}");

    let otp = format!("/api/sys/users/sendOtp?email={JANE}&businessId=7");
    app.send(&Request::get(&otp)).envelope(200);
    let text = app.next_mail().text();
    assert!(text.contains(&format!("{hosted}/sign-in?token=")), "{text}");

    // A pattern of the location's own may start with where the pages stand.
    app.change_business(
        7,
        Changes {
            reset_link: Some(Some("{portal_url}/new?t={token}".parse().expect("a link"))),
            ..Changes::default()
        },
    );
    app.advance(Duration::from_hours(1));
    app.ask_for_link(JANE);
    let text = app.next_mail().text();
    assert!(text.contains(&format!("{hosted}/new?t=")), "{text}");
}

/// Assertion 9. The location can ask for more than the configuration, and never for less.
#[test]
fn a_location_asks_for_longer_passwords_but_never_for_shorter_ones() {
    let app = TestApp::with_jane();
    let ask_for = |length| {
        let changes = Changes {
            password_min_length: Some(Some(length)),
            ..Changes::default()
        };
        app.change_business(7, changes);
    };
    let token = app.reset_token(JANE);
    ask_for(40);
    let refused = app.complete(&token, NEW_PASSWORD).envelope(400);
    assert_eq!(
        refused["Errors"][0]["Message"],
        "A password must have at least 40 characters."
    );
    ask_for(4);
    let refused = app.complete(&token, "q7 mZ!x0e").envelope(400);
    assert_eq!(
        refused["Errors"][0]["Message"],
        "A password must have at least 12 characters."
    );
    app.complete(&token, NEW_PASSWORD).envelope(200);
}

/// The location's lifetimes hold for its members, at sign-in and at each refresh, and for nobody else's.
#[test]
fn a_location_sets_how_long_its_members_tokens_live() {
    let app = TestApp::with_jane();
    app.add_business(8, "Harbour House", "https://harbour.test");
    app.add_person("bob@example.com", "Bob", Some(8), Some(PASSWORD));
    let changes = Changes {
        access_ttl: Some(Some(lifetime("10m"))),
        refresh_ttl: Some(Some(lifetime("1h"))),
        ..Changes::default()
    };
    app.change_business(7, changes);
    let other = app.sign_in("bob@example.com", PASSWORD).json();
    assert_eq!(other["expires_in"], 3600);

    let opened = app.sign_in(JANE, PASSWORD);
    assert_eq!(opened.json()["expires_in"], 600);
    let refresh = |token: &str| {
        app.send(&Request::post("/api/token").form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", JANE),
        ]))
    };
    app.advance(Duration::from_mins(59));
    let next = refresh(&opened.text_of("refresh_token"));
    assert_eq!(next.json()["expires_in"], 600);
    app.advance(Duration::from_mins(2));
    let over = refresh(&next.text_of("refresh_token"));
    assert_eq!(over.json()["error"], "invalid_grant");

    // An exchange keeps the session's end, too.
    let login = app.login_token(JANE, NEW_PASSWORD);
    let exchanged = app.exchange(&login, "10");
    app.advance(Duration::from_mins(61));
    let over = refresh(&exchanged.text_of("refresh_token"));
    assert_eq!(over.json()["error"], "invalid_grant");
}

/// Keys that were rotated out are kept for as long as the longest-lived token that the configuration knows
/// of; one that lived longer would be refused before its time.
#[test]
fn no_access_token_outlives_the_keys_that_verify_it() {
    let app = TestApp::builder()
        .set("tokens.max_exchange", "1h")
        .set("tokens.access_ttl", "30m")
        .start()
        .and_jane();
    let changes = Changes {
        access_ttl: Some(Some(lifetime("3h"))),
        ..Changes::default()
    };
    app.change_business(7, changes);
    assert_eq!(app.sign_in(JANE, PASSWORD).json()["expires_in"], 3600);
}

/// Assertion 85: a location can let more pages than its portal's call the API, and takes that back.
#[test]
fn a_location_allows_origins_beside_its_portals() {
    let app = TestApp::with_jane();
    let kiosk = "https://kiosk.canal.test:8443";
    let allowed = |origin: &str| {
        app.advance(Duration::from_secs(1));
        let answer = app.send(&Request::get("/healthz").header("origin", origin));
        answer
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    assert_eq!(allowed(kiosk), None);
    let set = |origins: &str| {
        let origins: Origins = origins.parse().expect("origins");
        let changes = Changes {
            allowed_origins: Some(origins),
            ..Changes::default()
        };
        app.change_business(7, changes);
    };
    set("https://KIOSK.canal.test:8443/, https://app.canal.test");
    for origin in [kiosk, "https://app.canal.test", "https://canal.test"] {
        assert_eq!(allowed(origin).as_deref(), Some(origin));
    }
    assert_eq!(allowed("https://evil.test"), None);
    set("");
    assert_eq!(allowed(kiosk), None);
    assert_eq!(
        allowed("https://canal.test").as_deref(),
        Some("https://canal.test")
    );
}

/// Text on a button is black or white, whichever can be read, by WCAG's own examples and by every grey.
#[test]
fn text_upon_every_colour_can_be_read() {
    let colour = |text: &str| Colour::parse(text).expect("a colour");
    let (black, white) = (colour("#000000"), colour("#ffffff"));
    assert!((black.contrast(&white) - 21.0).abs() < 0.001);
    // The lightest grey that text on white may have (WCAG 2.2, 1.4.3).
    assert!((colour("#767676").contrast(&white) - 4.54).abs() < 0.005);
    for level in 0..=255_u8 {
        for text in [
            format!("#{level:02x}{level:02x}{level:02x}"),
            format!("#{level:02x}00ff"),
            format!("#ff{level:02x}00"),
            format!("#00{level:02x}40"),
        ] {
            let under = colour(&text);
            let ratio = under.contrast(&colour(under.text_on_it()));
            assert!(ratio >= 4.5, "{text}: {ratio}");
        }
    }
}

/// A colour that cannot be seen on a white page is taken, with a word about it and one that would do.
#[test]
fn a_colour_too_light_for_a_page_is_remarked_upon() {
    let site = Site::new("smtp://127.0.0.1:1");
    let output = site.run(&[
        "business",
        "add",
        "7",
        "--name=Canal House",
        "--colour=#ffee00",
    ]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        said,
        "note: a button of #ffee00 is hard to see on a white page: its contrast is 1.2:1, where 3:1 is \
         advised (WCAG 2.2, 1.4.11); #a09500 is the same, dark enough\n"
    );
    let advised = Colour::parse("#a09500").expect("a colour");
    assert_eq!(advised.advice(), None, "what is advised needs no advice");
    let output = site.run(&["business", "set", "7", "--colour=#0b6e4f"]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// The language is the account's, is exported, and can be cleared.
#[test]
fn a_persons_language_is_set_shown_and_exported() {
    let site = Site::new("smtp://127.0.0.1:1");
    site.ok(&["user", "add", JANE, "--name=Jane", "--locale=PT-br"]);
    let shown = || -> serde_json::Value {
        serde_json::from_str(&site.ok(&["user", "show", JANE, "--json"])).expect("JSON")
    };
    assert_eq!(shown()["locale"], "pt-BR");
    let exported = site.ok(&["user", "export"]);
    assert!(exported.contains(r#""locale":"pt-BR""#), "{exported}");

    site.ok(&["user", "set", JANE, "--locale=", "--name= Jane Doe "]);
    assert_eq!(shown()["locale"], json!(null));
    assert_eq!(shown()["name"], "Jane Doe");
    for (arguments, expected) in [
        (vec!["user", "set", JANE], "there is nothing to change"),
        (
            vec!["user", "set", JANE, "--locale=xx"],
            "--locale: a language is one of",
        ),
        (
            vec!["user", "set", "nobody@example.com", "--name=N"],
            "nobody@example.com has no account",
        ),
    ] {
        let output = site.run(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(expected),
            "{said}"
        );
    }
    let audited: i64 = site
        .sql()
        .query_row(
            "SELECT count(*) FROM audit WHERE event = 'account.set' AND actor = 'admin:tester'",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(audited, 1);
}
