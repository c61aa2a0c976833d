//! The pages for members of businesses without a portal.

mod alike;
mod browser;
mod forms;
mod headers;
mod languages;
mod names;
mod reset;
mod return_to;
mod sessions;
mod sign_in;
mod strength;

use crate::support::http::Answer;

const JANE: &str = "jane@example.com";

/// Fails unless the answer is a page with this status that says this.
#[track_caller]
fn says(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("text/html; charset=utf-8"), "{}", answer.text());
    assert!(answer.text().contains(text), "{text}: {}", answer.text());
}
