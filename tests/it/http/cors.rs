//! Which pages may read our answers.

use std::time::Duration;

use readmit::business::{Changes, PortalUrl};

use super::{START_RESET, TOKEN};
use crate::support::app::TestApp;
use crate::support::http::{Answer, Request};

const PORTAL: &str = "https://canal.test";

fn get(app: &TestApp, origin: &str) -> Answer {
    app.send(&Request::get("/healthz").header("origin", origin))
}

fn preflight(app: &TestApp, path: &str, origin: &str) -> Answer {
    app.send(
        &Request::new("OPTIONS", path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,client_id"),
    )
}

fn allowed(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    answer.header("access-control-allow-origin")
}

/// Assertion 85. The answer names the one origin that asked, so that caches keep origins apart.
#[test]
fn portals_and_configured_origins_may_read_answers_and_others_may_not() {
    let app = TestApp::builder()
        .set(
            "http.allowed_origins",
            "https://admin.test,http://localhost:3000",
        )
        .start()
        .and_jane();
    app.add_business(8, "Mill", "http://mill.test:8443/members/");
    for origin in [
        PORTAL,
        "http://mill.test:8443",
        "https://admin.test",
        "http://localhost:3000",
    ] {
        let answer = get(&app, origin);
        assert_eq!(allowed(&answer), Some(origin));
        let exposed = answer.header("access-control-expose-headers");
        assert_eq!(
            exposed,
            Some("retry-after, ratelimit, ratelimit-policy, x-request-id")
        );
        let refused = app.send(&Request::get("/api/nothing").header("origin", origin));
        assert_eq!(allowed(&refused), Some(origin), "a failure can be read too");
        refused.envelope(404);
    }
    for origin in [
        "https://evil.test",
        "null",
        "*",
        "",
        "http://canal.test",
        "https://canal.test:8443",
        "https://canal.test/",
        "https://canal.test.evil.test",
        "https://evil-canal.test",
        "https://sub.canal.test",
        "https://evil.test https://canal.test",
        "https://canal.test, https://evil.test",
        "HTTPS://CANAL.TEST",
        "http://mill.test",
        "https://id.readmit.test",
    ] {
        let answer = get(&app, origin);
        assert_eq!(answer.status, 200, "{origin}");
        assert_eq!(allowed(&answer), None, "{origin}");
        assert_eq!(answer.header("access-control-expose-headers"), None);
    }
    assert_eq!(allowed(&app.send(&Request::get("/healthz"))), None);
}

/// Assertion 85.
#[test]
fn a_preflight_of_a_portal_is_answered_and_one_of_another_page_is_not() {
    let app = TestApp::with_jane();
    for path in [START_RESET, TOKEN] {
        let answer = preflight(&app, path, PORTAL);
        assert_eq!(answer.status, 204);
        assert!(answer.body.is_empty());
        assert_eq!(allowed(&answer), Some(PORTAL));
        let list = |name: &str| -> Vec<String> {
            let list = answer.header(name).unwrap_or_default();
            list.split(", ").map(str::to_owned).collect()
        };
        let methods = list("access-control-allow-methods");
        assert!(methods.contains(&"POST".to_owned()), "{methods:?}");
        assert!(!methods.contains(&"TRACE".to_owned()), "{methods:?}");
        let headers = list("access-control-allow-headers");
        assert_eq!(headers, ["content-type", "authorization", "client_id"]);
        assert_eq!(answer.header("access-control-max-age"), Some("600"));

        for origin in ["https://evil.test", "null", "*"] {
            let answer = preflight(&app, path, origin);
            assert_eq!(answer.status, 405, "{origin}");
            assert_eq!(allowed(&answer), None, "{origin}");
            assert_eq!(answer.header("access-control-allow-methods"), None);
        }
    }
    // No preflight, just the method.
    let plain = app.send(&Request::new("OPTIONS", TOKEN).header("origin", PORTAL));
    assert_eq!(plain.status, 405);
    assert_eq!(allowed(&plain), Some(PORTAL));
}

/// Assertion 85: what an administrator changes holds after a second, without a restart.
#[test]
fn a_portal_that_is_added_or_moved_is_known_after_a_second() {
    let app = TestApp::with_jane();
    let new = "https://new.test";
    assert_eq!(allowed(&get(&app, new)), None);
    app.add_business(8, "New", "https://new.test/portal");
    app.advance(Duration::from_millis(999));
    assert_eq!(
        allowed(&get(&app, new)),
        None,
        "what is known is a second fresh"
    );
    app.advance(Duration::from_millis(1));
    assert_eq!(allowed(&get(&app, new)), Some(new));

    let moved = PortalUrl::parse("https://moved.test").expect("a portal");
    let changes = Changes {
        portal_url: Some(Some(moved)),
        ..Changes::default()
    };
    app.change_business(8, changes);
    app.advance(Duration::from_secs(1));
    assert_eq!(allowed(&get(&app, new)), None);
    assert_eq!(
        allowed(&get(&app, "https://moved.test")),
        Some("https://moved.test")
    );
    // A clock that was set back does not freeze what is known.
    app.clock.step_back(Duration::from_hours(1));
    app.add_business(9, "Late", "https://late.test");
    assert_eq!(
        allowed(&get(&app, "https://late.test")),
        Some("https://late.test")
    );
}
