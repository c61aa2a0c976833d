//! Whose mail it is: the location's, by its own settings, whatever anybody sends.

mod names;

use readmit::business::{BusinessId, Changes, Colour, LinkPattern, PortalUrl};
use readmit::outbox::State;
use serde_json::json;

use crate::support::app::{PASSWORD, TestApp, USERS, email};
use crate::support::http::{Request, send_raw};
use crate::support::jwt::Parts;
use crate::support::smtp::Mail;

const JANE: &str = "jane@example.com";
const BOB: &str = "bob@example.com";

/// Canal House with Jane, and Harbour House, which has settings of its own, with Bob.
fn two_houses() -> TestApp {
    let app = TestApp::with_jane();
    app.add_business(8, "Harbour House", "https://harbour.test/members/");
    let changes = Changes {
        sender_name: Some(Some("The Harbour".to_owned())),
        sender_address: Some(Some(email("hello@harbour.test"))),
        reply_to: Some(Some(email("desk@harbour.test"))),
        colour: Some(Some(Colour::parse("#123456").expect("a colour"))),
        logo_url: Some(Some("https://harbour.test/logo.png".to_owned())),
        ..Changes::default()
    };
    app.change_business(8, changes);
    app.add_person(BOB, "Bob", Some(8), Some(PASSWORD));
    app
}

/// The mail that this request leads to.
fn mail_for(app: &TestApp, address: &str, business: Option<i64>) -> Mail {
    let body = json!({ "email": address, "businessId": business });
    app.start_reset(&body).envelope(200);
    app.next_mail()
}

/// All that a reader sees or a program reads.
fn whole(mail: &Mail) -> String {
    let headers = String::from_utf8_lossy(&mail.raw);
    let headers = headers.split("\r\n\r\n").next().unwrap_or_default();
    format!("{} {headers}\n{}\n{}", mail.from, mail.text(), html(mail))
}

/// The HTML part, with slashes as they are meant.
fn html(mail: &Mail) -> String {
    mail.html().replace("&#x2f;", "/")
}

fn is_canal(mail: &Mail) -> bool {
    let text = whole(mail);
    let own = [
        "Canal House",
        "no-reply@readmit.test",
        "#1f6feb",
        "https://canal.test/",
    ];
    let foreign = ["arbour", "#123456", "logo.png", "Reply-To"];
    own.iter().all(|part| text.contains(part)) && !foreign.iter().any(|part| text.contains(part))
}

fn is_harbour(mail: &Mail) -> bool {
    let text = whole(mail);
    let own = [
        "The Harbour",
        "hello@harbour.test",
        "desk@harbour.test",
        "#123456",
        "https://harbour.test/logo.png",
        "https://harbour.test/members/reset-password?token=",
    ];
    let foreign = ["anal House", "canal.test", "#1f6feb", "no-reply@"];
    own.iter().all(|part| text.contains(part)) && !foreign.iter().any(|part| text.contains(part))
}

/// Assertion 59. A link whose place a stranger can choose hands over the member's token.
#[test]
fn a_links_origin_is_the_business_whatever_the_request_says() {
    let app = TestApp::with_jane();
    let path = format!("{USERS}/startPasswordReset");
    let headers = [
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "ftp"),
        ("X-Forwarded-Port", "6666"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Forwarded-Server", "evil.test"),
        ("X-Original-URL", "https://evil.test/"),
        ("X-Rewrite-URL", "https://evil.test/"),
        ("X-Host", "evil.test"),
        ("Forwarded", "host=evil.test;proto=https"),
        ("Referer", "https://evil.test/reset"),
        ("Origin", "https://evil.test"),
        ("Via", "1.1 evil.test"),
    ];
    for (number, host) in ["evil.test", "canal.test@evil.test", "canal.test:6666", ""]
        .iter()
        .enumerate()
    {
        let address = format!("member{number}@example.com");
        app.add_person(&address, "Member", Some(7), None);
        let mut request = Request::post(&path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = json!({ "email": address, "businessId": 7, "portalUrl": "https://evil.test" });
        let bytes = request.json(&body).to_bytes();
        let text = String::from_utf8(bytes).expect("UTF-8");
        let text = text.replacen("host: readmit.test", &format!("host: {host}"), 1);
        send_raw(app.address, text.as_bytes()).envelope(200);
        let mail = app.next_mail();
        let token = mail.token();
        assert_eq!(
            mail.link(),
            format!("https://canal.test/reset-password?token={token}")
        );
        assert!(html(&mail).contains(&mail.link()));
        let whole = whole(&mail);
        assert!(
            !whole.contains("evil") && !whole.contains("6666"),
            "{whole}"
        );
    }
}

/// Assertion 59: an absolute address as the request's target names a host as well.
#[test]
fn a_request_with_a_whole_address_does_not_choose_the_link_either() {
    let app = TestApp::with_jane();
    let target = format!("http://evil.test{USERS}/startPasswordReset");
    let request = Request::post(&target).json(&json!({ "email": JANE }));
    let answer = app.send(&request);
    if answer.status == 200 {
        let mail = app.next_mail();
        assert!(
            mail.link()
                .starts_with("https://canal.test/reset-password?token=")
        );
        assert!(!whole(&mail).contains("evil"));
    } else {
        assert!(app.outbox().is_empty());
    }
}

/// Assertion 59: a portal below a path, and a page of a portal's own choosing.
#[test]
fn a_link_follows_the_portals_path_and_the_business_pattern() {
    let app = two_houses();
    let mail = mail_for(&app, BOB, None);
    assert_eq!(
        mail.link(),
        format!(
            "https://harbour.test/members/reset-password?token={}",
            mail.token()
        )
    );
    for (number, (pattern, start, end)) in [
        (
            "{portal_url}/app/#/reset/{token}/at/{business_id}",
            "https://harbour.test/members/app/#/reset/",
            "/at/8",
        ),
        (
            "https://links.test/{business_id}?a=1&t={token}&b=2",
            "https://links.test/8?a=1&t=",
            "&b=2",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let changes = Changes {
            reset_link: Some(Some(LinkPattern::parse(pattern).expect("a pattern"))),
            ..Changes::default()
        };
        app.change_business(8, changes);
        let address = format!("member{number}@example.com");
        app.add_person(&address, "Member", Some(8), Some(PASSWORD));
        let text = mail_for(&app, &address, None).text();
        let link = text
            .split_whitespace()
            .find(|word| word.starts_with("https://"))
            .expect("a link");
        let token = link
            .strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            .unwrap_or_else(|| panic!("{link}"));
        assert_eq!(Parts::of(token).claims["email"], address.as_str());
        app.complete(token, PASSWORD).envelope(200);
        app.next_mail();
    }
}

/// Assertion 59: a change of the portal counts from the next mail on.
#[test]
fn a_link_follows_a_change_of_the_portal() {
    let app = TestApp::with_jane();
    let portal = PortalUrl::parse("https://new.canal.test:8443").expect("a portal");
    let changes = Changes {
        portal_url: Some(Some(portal)),
        ..Changes::default()
    };
    app.change_business(7, changes);
    let link = mail_for(&app, JANE, Some(7)).link();
    assert!(link.starts_with("https://new.canal.test:8443/reset-password?token="));
}

/// Assertion 60: the brand is chosen per message, also where many go out side by side, and what one
/// business leaves open is never filled in from another.
#[test]
fn every_mail_wears_the_brand_of_its_request_and_nothing_of_another() {
    let app = two_houses();
    for number in 0..12 {
        let address = format!("member{number}@example.com");
        app.add_person(&address, "Member", Some(7), None);
        let business = if number % 2 == 0 { 7 } else { 8 };
        let body = json!({ "email": address, "businessId": business });
        app.start_reset(&body).envelope(200);
    }
    for _ in 0..12 {
        let mail = app.next_mail();
        let number: u32 = mail.recipients[0]
            .trim_start_matches("member")
            .trim_end_matches("@example.com")
            .parse()
            .expect("a number");
        let (own, business) = if number.is_multiple_of(2) {
            (is_canal(&mail), 7)
        } else {
            (is_harbour(&mail), 8)
        };
        assert!(own, "{}", whole(&mail));
        assert_eq!(Parts::of(&mail.token()).claims["business_id"], business);
    }
}

/// Assertion 60: without a business in the request it is the account's; the notice follows the link.
#[test]
fn a_request_without_a_business_wears_that_of_the_account() {
    let app = two_houses();
    assert!(is_canal(&mail_for(&app, JANE, None)));
    let link = mail_for(&app, BOB, None);
    assert!(is_harbour(&link));
    app.complete(&link.token(), PASSWORD).envelope(200);
    let notice = app.next_mail();
    assert_eq!(notice.from, "hello@harbour.test");
    assert!(whole(&notice).contains("The Harbour") && !whole(&notice).contains("anal House"));

    // Asked for at Canal House, by the member of Harbour House.
    let link = mail_for(&app, BOB, Some(7));
    assert!(is_canal(&link));
    app.complete(&link.token(), PASSWORD).envelope(200);
    assert_eq!(app.next_mail().from, "no-reply@readmit.test");
}

/// Without any business the mail is the deployment's own.
#[test]
fn an_account_of_no_business_gets_the_deployments_own_mail() {
    let app = two_houses();
    app.add_person("ann@example.com", "Ann", None, None);
    let mail = mail_for(&app, "ann@example.com", None);
    assert!(
        mail.link()
            .starts_with("https://id.readmit.test/reset-password?token=")
    );
    let whole = whole(&mail);
    assert!(
        !whole.contains("House") && !whole.contains("arbour"),
        "{whole}"
    );
    assert!(Parts::of(&mail.token()).claims["business_id"].is_null());
}

/// Assertion 60: no other brand stands in for one that is not there; the outbox says why.
#[test]
fn a_request_for_an_unknown_business_is_dropped_with_its_reason() {
    let app = two_houses();
    app.start_reset(&json!({ "email": JANE, "businessId": 9 }))
        .envelope(200);
    app.add_person("ann@example.com", "Ann", None, None);
    app.add_business(10, "Short-lived House", "https://short.test");
    app.wait(
        app.admin()
            .remove_business(BusinessId::new(10).expect("a number"), app.now()),
    )
    .expect("the business is removed");
    app.start_reset(&json!({ "email": "ann@example.com", "businessId": 10 }))
        .envelope(200);
    for message in app.settled_outbox() {
        assert_eq!(message.state, State::Dropped);
        assert_eq!(message.reason.as_deref(), Some("there is no such business"));
    }
    assert!(app.smtp.mails().is_empty());
    let links: i64 = app.query("SELECT count(*) FROM reset_tokens");
    assert_eq!(links, 0);
    assert!(is_canal(&mail_for(&app, JANE, Some(7))));
}
