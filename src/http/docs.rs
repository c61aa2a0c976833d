//! The documentation: the OpenAPI document, and Swagger UI from the binary alone.

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::body::Bytes;
use poem::endpoint::make_sync;
use poem::http::header;
use poem::{Endpoint, Response};
use sha2::{Digest as _, Sha256};

/// Shown above the operations.
pub(super) const DESCRIPTION: &str = "\
readmit lets people back in: password reset and sign-in for every location of a business.

**The way of a reset.** The portal posts `startPasswordReset`. The member gets a mail with a link to the portal, which \
carries a token: a JWT that the page may decode, without verifying, to show the address and to notice that it is over. \
The portal posts the token with the new password to `completePasswordReset`, gets a one-time token in `Value`, and \
exchanges it at `exchange` for a session. From then on the member signs in at `/api/token`.

**Errors.** Every failure is the envelope, `ActionConfirmation`; but at `/api/token` and below it OAuth's. Property names are matched \
whatever their case; one that is given twice is refused; `Errors` lists every problem of a request.

**Limits.** Whoever asks for too much gets 429, and 503 comes when the server has too much to do; `Retry-After` says when to come \
again. `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) name the quota of the client's address and what \
is left of it: on every 429, and on the admitted answers of limited operations, where the count is left out of those that could \
be compared to find out about an account.";

/// The OpenAPI document.
///
/// However many clients take it, and however slowly, it is in memory once.
pub(super) fn document(json: String) -> impl Endpoint<Output = Response> {
    let json = Bytes::from(json);
    make_sync(move |_| {
        Response::builder()
            .content_type("application/json")
            .body(json.clone())
    })
}

/// Swagger UI. The page has its script, its style and the document inline, and loads nothing; its
/// policy admits just these scripts, by their hashes, and requests to this server.
///
/// The page has 1.6 MB, so it is made when somebody first looks at it.
pub(super) fn ui<F>(page: F) -> impl Endpoint<Output = Response>
where
    F: Fn() -> String + Send + Sync + 'static,
{
    let made = OnceLock::new();
    make_sync(move |_| {
        let (html, policy) = made.get_or_init(|| {
            let html = page();
            let policy = policy(&html);
            (Bytes::from(html), policy)
        });
        let mut response = Response::builder()
            .content_type("text/html; charset=utf-8")
            .body(html.clone());
        if let Ok(policy) = policy.parse() {
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    })
}

fn policy(html: &str) -> String {
    let hashes: Vec<String> = inline_scripts(html)
        .map(|script| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script))))
        .collect();
    // Swagger UI styles its elements from its script, and draws its icons from data URLs.
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hashes.join(" ")
    )
}

/// What stands between each `<script …>` and the `</script>` that ends it. A script may itself speak
/// of `<script`, so the search goes on behind its end.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let (_, tag) = rest.split_once("<script")?;
        let (_, body) = tag.split_once('>')?;
        let (script, behind) = body.split_once("</script>")?;
        rest = behind;
        Some(script)
    })
}
