//! What fails inside: a panic, or an error in the framework's words.

use poem::endpoint::{make, make_sync};
use poem::http::StatusCode;
use poem::{Endpoint, Response, Route};

use super::{TOKEN, headers, oauth_error};
use crate::support::app::TestApp;
use crate::support::http::Answer;

/// No handler of ours panics, so these do, and stand where ours stand.
fn failing_routes() -> Route {
    Route::new()
        .at("/panic", make_sync(|_| -> Response { panic!("a secret") }))
        .at(
            "/later",
            make(|_| async {
                tokio::task::yield_now().await;
                let number: Result<u8, _> = "a secret".parse();
                number.expect("a secret").to_string()
            }),
        )
        .at(TOKEN, make_sync(|_| -> Response { panic!("a secret") }))
        .at("/error", make(|_| async { error(StatusCode::BAD_GATEWAY) }))
        .at("/refusal", make(|_| async { error(StatusCode::CONFLICT) }))
        .at("/well", make_sync(|_| "well"))
}

fn error(status: StatusCode) -> poem::Result<Response> {
    Err(poem::Error::from_string("a secret", status))
}

fn ask(app: &TestApp, endpoint: &impl Endpoint<Output = Response>, path: &str) -> Answer {
    let uri = path.parse().expect("a path");
    let request = poem::Request::builder().uri(uri).finish();
    app.wait(async {
        let mut response = endpoint.get_response(request).await;
        let body = response.take_body().into_vec().await.expect("a body");
        let headers = response.headers().iter();
        let text = |value: &poem::http::HeaderValue| value.to_str().expect("text").to_owned();
        Answer {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body,
        }
    })
}

/// Assertion 88: the caller gets the envelope like after any failure, and the next one is served.
#[test]
fn a_panic_in_a_handler_is_answered_and_the_next_request_is_served() {
    let app = TestApp::start();
    let endpoint = readmit::http::guard(app.app(), failing_routes());
    let sorry = "Something went wrong on our side. Please try again later.";
    for path in ["/panic", "/later", "/panic", TOKEN] {
        let answer = ask(&app, &endpoint, path);
        if path == TOKEN {
            assert_eq!(oauth_error(&answer, 500), "server_error");
            assert_eq!(answer.json()["error_description"], sorry);
        } else {
            assert_eq!(answer.refusal(500), sorry);
        }
        headers::check(&answer);
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        let well = ask(&app, &endpoint, "/well");
        assert_eq!((well.status, well.text()), (200, "well"));
    }
}

/// The framework's words are for developers, and its statuses are not part of the contract.
#[test]
fn the_words_of_a_foreign_error_stay_inside() {
    let app = TestApp::start();
    let endpoint = readmit::http::guard(app.app(), failing_routes());
    for (path, status) in [("/error", 500), ("/refusal", 400), ("/none", 404)] {
        let answer = ask(&app, &endpoint, path);
        let words = answer.refusal(status);
        assert!(!words.contains("secret"), "{words}");
        headers::check(&answer);
    }
}
