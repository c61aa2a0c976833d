//! The page of the documentation: it works from the binary alone, under a policy that allows just
//! what it needs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use crate::support::app::TestApp;
use crate::support::http::Request;

/// A tag as a browser sees it: what stands in it, and what stands behind it.
struct Tag<'a> {
    attributes: &'a str,
    text: &'a str,
}

/// The tags of that name. Like a browser, and unlike a search for every `<script`, it does not look
/// for tags inside of scripts and styles.
fn tags<'a>(html: &'a str, name: &str) -> Vec<Tag<'a>> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find(['>', ' ', '\n']).unwrap_or(rest.len());
        let this = &rest[..end];
        let Some((attributes, behind)) = rest[end..].split_once('>') else {
            break;
        };
        let raw = matches!(this, "script" | "style" | "title");
        let text = if raw {
            let close = behind.find(&format!("</{this}")).expect("an end tag");
            &behind[..close]
        } else {
            ""
        };
        if this == name {
            found.push(Tag { attributes, text });
        }
        rest = &behind[text.len()..];
    }
    found
}

fn policy_and_page() -> (String, String) {
    let app = TestApp::start();
    let answer = app.send(&Request::get("/docs"));
    assert_eq!(answer.status, 200);
    let content_type = answer.header("content-type").unwrap_or_default();
    assert!(content_type.starts_with("text/html"), "{content_type}");
    let policy = answer.header("content-security-policy");
    (
        policy.expect("a policy").to_owned(),
        answer.text().to_owned(),
    )
}

/// The sources that the policy names for this kind.
fn sources<'a>(policy: &'a str, kind: &str) -> Vec<&'a str> {
    policy
        .split(';')
        .map(|directive| directive.split_whitespace().collect::<Vec<_>>())
        .find(|directive| directive.first() == Some(&kind))
        .map(|directive| directive[1..].to_vec())
        .unwrap_or_default()
}

/// Assertion 85, for the one page that is served.
#[test]
fn the_policy_of_the_page_admits_its_own_scripts_and_nothing_else() {
    let (policy, page) = policy_and_page();
    let scripts = tags(&page, "script");
    assert_eq!(scripts.len(), 2, "Swagger UI and its start");
    assert!(scripts[0].text.len() > 500_000, "Swagger UI is in the page");
    let hashes: Vec<_> = scripts
        .iter()
        .map(|script| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script.text))))
        .collect();
    assert_eq!(sources(&policy, "script-src"), hashes);
    assert_eq!(sources(&policy, "default-src"), ["'none'"]);
    assert_eq!(sources(&policy, "connect-src"), ["'self'"]);
    assert_eq!(sources(&policy, "img-src"), ["data:"]);
    for closed in ["base-uri", "form-action", "frame-ancestors"] {
        assert_eq!(sources(&policy, closed), ["'none'"], "{closed}");
    }
    assert!(
        !policy.contains("http") && !policy.contains('*'),
        "{policy}"
    );
}

#[test]
fn the_page_loads_nothing_from_anywhere() {
    let (_, page) = policy_and_page();
    for name in [
        "script", "link", "img", "iframe", "base", "object", "form", "meta",
    ] {
        for tag in tags(&page, name) {
            for attribute in ["src=", "href=", "data=", "action=", "http-equiv=\"refresh"] {
                let used = tag.attributes.to_ascii_lowercase().contains(attribute);
                assert!(!used, "<{name}{}>", tag.attributes);
            }
        }
    }
    for style in tags(&page, "style") {
        assert!(!style.text.contains("@import"));
        for place in style.text.split("url(").skip(1) {
            let shown: String = place.chars().take(60).collect();
            assert!(
                place.trim_start_matches(['"', '\'']).starts_with("data:"),
                "{shown}"
            );
        }
    }
}

/// The page shows this server's document.
#[test]
fn the_page_holds_the_document() {
    let (_, page) = policy_and_page();
    let start = tags(&page, "script")[1].text;
    let document = start.split_once("let spec = ").expect("a document").1;
    let mut values = serde_json::Deserializer::from_str(document).into_iter();
    let shown: serde_json::Value = values.next().expect("a document").expect("JSON");
    assert_eq!(shown, *crate::support::contract::DOCUMENT);
}
