//! Forms are taken from our own pages only, and from the browser that got them.

use super::{JANE, says};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::{Answer, Request};
use crate::support::visitor::Visitor;

const STALE: &str = "This page had been open for too long";
const FOREIGN: &str = "This form was not sent from our own page";

/// Every form that changes anything.
const FORMS: [&str; 8] = [
    "sign-in",
    "code",
    "second-factor",
    "continue",
    "forgot",
    "reset",
    "sessions",
    "sign-out",
];

const FIELDS: [(&str, &str); 4] = [
    ("email", JANE),
    ("password", PASSWORD),
    ("by", "password"),
    ("end", "others"),
];

fn untouched(app: &TestApp) {
    assert_eq!(app.query::<i64>("SELECT count(*) FROM outbox"), 0);
    assert_eq!(
        app.query::<i64>("SELECT count(*) FROM audit WHERE actor <> 'admin:test'"),
        0
    );
}

fn send(visitor: &Visitor, form: &str, csrf: Option<&str>, headers: &[(&str, &str)]) -> Answer {
    let mut fields = FIELDS.to_vec();
    fields.extend(csrf.map(|csrf| ("csrf", csrf)));
    let request = visitor.request("POST", form);
    let add = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
    visitor.keep(&headers.iter().fold(request, add).form(&fields))
}

/// Without a token, with one of another browser or another business, or after the browser has lost its
/// cookie, nothing is done.
#[test]
fn a_form_without_this_browsers_token_is_not_taken() {
    let app = TestApp::hosted();
    app.add_hosted_business(8, "Harbour Loft");
    let (visitor, other) = (Visitor::at(&app, 7), Visitor::at(&app, 7));
    let (own, others) = (visitor.csrf(), other.csrf());
    let elsewhere = visitor.moved_to(8).csrf();
    assert_eq!(own, visitor.csrf(), "a page that is open stays good");
    for form in FORMS {
        for csrf in [
            None,
            Some(""),
            Some("x"),
            Some(&*others),
            Some(&*elsewhere),
            Some(&own[1..]),
        ] {
            says(&send(&visitor, form, csrf, &[]), 403, STALE);
        }
        // A new browser, to which the token of this one was told.
        says(
            &send(&Visitor::at(&app, 7), form, Some(&own), &[]),
            403,
            STALE,
        );
    }
    // A cookie that somebody else put there is none that we made tokens for.
    let planted = Visitor::at(&app, 7);
    planted.plant("__Host-browser", "AAAA");
    says(&send(&planted, "sign-in", Some(&own), &[]), 403, STALE);
    untouched(&app);
    assert_eq!(send(&visitor, "sign-in", Some(&own), &[]).status, 303);
}

/// Browsers say where a request comes from, and no page can make them say something else. `null` is what
/// they say under our own referrer policy.
#[test]
fn a_form_of_another_site_is_not_taken_even_with_the_token() {
    let app = TestApp::hosted();
    let visitor = Visitor::at(&app, 7);
    let csrf = visitor.csrf();
    let foreign: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site")],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://id.readmit.test"),
        ],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.test")],
        &[("origin", "http://id.readmit.test")],
        &[("origin", "https://id.readmit.test.evil.test")],
    ];
    for form in FORMS {
        for headers in foreign {
            says(&send(&visitor, form, Some(&csrf), headers), 403, FOREIGN);
        }
    }
    untouched(&app);
    let own: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        &[("sec-fetch-site", "same-origin")],
        &[("origin", "https://id.readmit.test")],
        &[("origin", "null")],
    ];
    for headers in own {
        assert_eq!(
            send(&visitor, "sign-in", Some(&csrf), headers).status,
            303,
            "{headers:?}"
        );
    }
}

/// Assertions 4 and 5, in the words of a page.
#[test]
fn what_is_no_form_is_not_taken() {
    let app = TestApp::hosted();
    let visitor = Visitor::at(&app, 7);
    let csrf = visitor.csrf();
    let post = |kind: &str, body: &str| {
        visitor.keep(
            &visitor
                .request("POST", "forgot")
                .body(kind, body.to_owned()),
        )
    };
    let form = "application/x-www-form-urlencoded";
    let odd = "What your browser sent cannot be understood.";
    says(&post("application/json", "{}"), 400, odd);
    says(
        &post("text/plain", &format!("csrf={csrf}&email={JANE}")),
        400,
        odd,
    );
    says(
        &post(form, &format!("csrf={csrf}&email=a@b.c&email={JANE}")),
        400,
        odd,
    );
    says(&post(form, &format!("csrf={csrf}&email=%ff")), 400, odd);
    says(&post(form, &format!("csrf={csrf}&email=a%00")), 400, odd);
    says(&post(form, &"x".repeat(20_000)), 413, odd);
    untouched(&app);
}

/// Assertion 85. Another origin reads no page, not even one that may read the API.
#[test]
fn pages_are_shared_with_no_other_origin() {
    let app = TestApp::with_jane();
    let portal = "https://canal.test";
    let page = app.send(&Request::get("/p/7/sign-in").header("origin", portal));
    assert_eq!(page.status, 200);
    assert_eq!(page.header("access-control-allow-origin"), None);
    let preflight = Request::new("OPTIONS", "/p/7/strength")
        .header("origin", portal)
        .header("access-control-request-method", "POST");
    let answer = app.send(&preflight);
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
