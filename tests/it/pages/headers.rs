//! What comes with a page: its policy, its caching, its status; and the files beside it.

use super::{JANE, says};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::{Answer, Request};
use crate::support::visitor::Visitor;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Fails unless the page is guarded, and has nothing in it that its policy would have to make room for.
fn guarded(answer: &Answer) {
    let page = answer.text();
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{page}");
        let times = answer.headers.iter().filter(|(given, _)| given == name);
        assert_eq!(times.count(), 1, "{name}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), None);
    for inline in [
        "<style",
        " style=",
        " onclick",
        " on",
        "javascript:",
        "<script>",
    ] {
        let anywhere = page.to_ascii_lowercase();
        let found = anywhere.match_indices(inline).any(|(at, _)| {
            // ` on` opens many a word; an attribute has an equals sign.
            let rest = &anywhere[at + inline.len()..];
            inline != " on"
                || rest
                    .find('=')
                    .is_some_and(|to| rest[..to].chars().all(char::is_alphanumeric))
        });
        assert!(!found, "{inline} in {page}");
    }
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    assert!(page.starts_with("<!doctype html>"), "{page}");
    assert_eq!(page.matches("<h1>").count(), 1, "{page}");
}

/// Assertion 85, on every page and every way it can turn out.
#[test]
fn every_page_is_guarded() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7);
    for page in ["sign-in", "forgot", "sent", "signed-out"] {
        let answer = jane.open(page);
        assert_eq!(answer.status, 200, "{page}");
        guarded(&answer);
    }
    for page in ["reset", "sign-in?token=x", "nothing", "x/y/z"] {
        let answer = jane.open(page);
        assert!((400..500).contains(&answer.status), "{page}");
        guarded(&answer);
    }
    jane.sent("forgot", &[("email", JANE)]);
    let reset = super::reset::link(&app, &Visitor::at(&app, 7));
    guarded(&jane.open(&reset));
    jane.sent("sign-in", &[("email", JANE), ("by", "code")]);
    guarded(&jane.open("code"));
    guarded(&jane.send("code", &[("code", "1")]));
    guarded(&jane.sign_in(JANE, "wrong"));
    jane.sign_in(JANE, PASSWORD);
    guarded(&jane.open("sessions"));
    guarded(&jane.open("done"));
    guarded(&jane.keep(&jane.request("POST", "forgot")));
    guarded(&jane.keep(&jane.request("DELETE", "forgot")));
}

/// A page that is missing or not for this method is a page too; `Allow` says which methods are.
#[test]
fn failures_under_the_pages_are_pages() {
    let app = TestApp::hosted();
    for (method, path, allow) in [
        ("DELETE", "/p/7/sign-in", "GET, HEAD, POST"),
        ("POST", "/p/7/sent", "GET, HEAD"),
        ("GET", "/p/7/sign-out", "POST"),
        ("GET", "/p/7/continue", "POST"),
        ("PUT", "/p/assets/pages.css", "GET, HEAD"),
    ] {
        let answer = app.send(&Request::new(method, path).header("accept-language", "en"));
        says(&answer, 405, "Something went wrong");
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
    }
    // What the script asks is answered as the API answers.
    let answer = app.send(&Request::get("/p/7/strength"));
    answer.envelope(405);
    // Colours and styles of a page lead from wherever it is to the same files.
    let deep = app.send(&Request::get("/p/7/a/b"));
    assert!(
        deep.text().contains("href=\"../../assets/pages.css?v="),
        "{}",
        deep.text()
    );
    let page = app.send(&Request::get("/p/7/sign-in"));
    assert!(
        page.text().contains("href=\"../assets/pages.css?v="),
        "{}",
        page.text()
    );
}

/// Files are asked for once: their addresses change when they do.
#[test]
fn files_are_kept_by_browsers() {
    let app = TestApp::hosted();
    let page = app.send(&Request::get("/p/7/sign-in"));
    let forever = Some("public, max-age=31536000, immutable");
    for (name, kind) in [
        ("pages.css?v=", "text/css; charset=utf-8"),
        ("pages.js?v=", "text/javascript; charset=utf-8"),
        ("brand.css?colour=", "text/css; charset=utf-8"),
        ("icon.svg?colour=", "image/svg+xml"),
    ] {
        let (_, rest) = page.text().split_once(name).expect("a file");
        let version = rest.split('"').next().expect("its end");
        let path = format!("/p/assets/{name}{version}");
        let answer = app.send(&Request::get(&path));
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some(kind));
        assert_eq!(answer.header("cache-control"), forever);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.cookies().count(), 0);
    }
    // Under an older address it is the new file, which is not kept; and who has it is told so.
    let old = app.send(&Request::get("/p/assets/pages.css?v=0"));
    assert_eq!(old.header("cache-control"), Some("no-cache"));
    let tag = old.header("etag").expect("a tag");
    let again = Request::get("/p/assets/pages.css?v=0").header("if-none-match", tag);
    let again = app.send(&again);
    assert_eq!((again.status, again.body.len()), (304, 0));
}

/// A style is made of six digits, and of nothing else that somebody writes there.
#[test]
fn nothing_but_a_colour_gets_into_a_style() {
    let app = TestApp::hosted();
    for colour in [
        "",
        "0b6e4",
        "0b6e4f0",
        "red",
        "%7D*%7B",
        "0b6e4f;}*{",
        "0b6e4g",
        "0b6e4f&colour=0b6e4f",
    ] {
        for file in ["brand.css", "icon.svg"] {
            let answer = app.send(&Request::get(&format!("/p/assets/{file}?colour={colour}")));
            assert_eq!(answer.status, 404, "{colour}");
            assert_eq!(answer.body, b"");
        }
    }
    let style = app.send(&Request::get("/p/assets/brand.css?colour=FFE600"));
    // A yellow that nobody could read on white is darker there, and itself on black.
    assert!(
        style
            .text()
            .starts_with(":root{--brand:#ffe600;--on-brand:#000000;--accent:#")
    );
    assert!(
        style.text().ends_with("--accent:#ffe600}}\n"),
        "{}",
        style.text()
    );
    assert!(
        !style.text().contains("--accent:#ffe600}\n"),
        "{}",
        style.text()
    );
}
