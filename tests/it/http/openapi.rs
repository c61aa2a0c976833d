//! The OpenAPI document. That every answer is as it says is checked with each request of each test
//! (see `support::contract`).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::contract::{DOCUMENT, fits, referenced};
use crate::support::http::Request;

/// Every operation: its name and itself.
fn operations() -> Vec<(String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let operations = |(path, item): (&'static String, &'static Value)| {
        let item = item.as_object().expect("operations");
        item.iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    };
    paths.iter().flat_map(operations).collect()
}

/// The whole document, so that whoever changes the contract sees it.
#[test]
fn the_document_is_as_agreed() {
    let mut document = DOCUMENT.clone();
    document["info"]["version"] = Value::from("[version]");
    insta::assert_json_snapshot!(document);
}

#[test]
fn the_document_is_served_as_the_library_writes_it() {
    let app = TestApp::start();
    let served = app.send(&Request::get("/openapi.json"));
    assert_eq!(served.status, 200);
    assert_eq!(served.header("content-type"), Some("application/json"));
    let url = &app.app().config.http.public_url;
    assert_eq!(served.text(), readmit::http::openapi(url));
    assert_eq!(served.json(), *DOCUMENT);
    assert_eq!(DOCUMENT["servers"][0]["url"], "https://id.readmit.test");
    let version = DOCUMENT["openapi"].as_str().expect("a version");
    assert!(version.starts_with("3."), "{version}");
}

#[test]
fn every_operation_is_documented_whole() {
    let mut ids = BTreeSet::new();
    for (name, operation) in operations() {
        for key in ["summary", "operationId"] {
            assert!(operation[key].is_string(), "no {key}: {name}");
        }
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(ids.insert(id), "{id} twice");
        let tags = DOCUMENT["tags"].as_array().expect("tags");
        assert!(
            tags.iter().any(|tag| tag["name"] == operation["tags"][0]),
            "no group: {name}"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {parameter}");
            assert!(
                parameter["schema"]["type"].is_string(),
                "{name}: {parameter}"
            );
        }
        let responses = operation["responses"].as_object().expect("responses");
        for (status, response) in responses {
            let case = format!("{name} {status}");
            let number: u16 = status.parse().expect("a status");
            assert!((200..600).contains(&number), "{case}");
            let description = response["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{case}: {description}");
            let content = response["content"].as_object().expect("content");
            assert_eq!(content.len(), 1, "{case}");
            for (media_type, content) in content {
                assert_eq!(media_type, "application/json; charset=utf-8", "{case}");
                let name = content["schema"]["$ref"].as_str().expect("a schema");
                assert!(referenced(name).is_object(), "{case}");
            }
            let retry_after = response["headers"]["Retry-After"].is_object();
            assert_eq!(retry_after, matches!(number, 429 | 503), "{case}");
        }
    }
}

/// What can happen to any request must be said of each: what is wrong with what it asks for, a
/// credential that is no good, a limit, a defect, a server that is busy; and of any body that it is too
/// large, too slow, or of another kind.
#[test]
fn every_status_that_can_come_is_documented() {
    for (name, operation) in operations() {
        let statuses: BTreeSet<_> = operation["responses"]
            .as_object()
            .expect("responses")
            .keys()
            .map(String::as_str)
            .collect();
        let takes = |place: &str| {
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.any(|parameter| parameter["in"] == place)
        };
        let has_body = operation["requestBody"].is_object();
        let has_credential = operation["security"].is_array();
        let mut expected = vec!["200"];
        if has_body || takes("query") {
            expected.push("400");
        }
        if takes("path") {
            expected.push("404");
        }
        if has_credential {
            expected.push("401");
        }
        // The rest answers without the database.
        if has_body || has_credential || takes("query") {
            expected.extend(["500", "503"]);
        }
        // Resource servers ask as often as they like. Members are limited where they show a password
        // or a code, and everybody else everywhere.
        if (has_body || takes("query")) && !name.ends_with("introspect") {
            expected.push("429");
        }
        let body = operation["requestBody"]["content"].as_object();
        for media_type in body.into_iter().flatten().map(|(name, _)| name) {
            expected.extend(["408", "413"]);
            if media_type.starts_with("application/json") {
                expected.push("415");
            }
        }
        for status in expected {
            assert!(statuses.contains(status), "no {status}: {name}");
        }
    }
}

/// Whoever tries the operations in Swagger UI is asked for what each of them wants.
#[test]
fn credentials_are_documented_where_they_are_wanted() {
    let schemes = &DOCUMENT["components"]["securitySchemes"];
    let wanted: Vec<_> = operations()
        .into_iter()
        .filter_map(|(name, operation)| {
            let scheme = operation["security"][0].as_object()?.keys().next()?;
            let kind = schemes[scheme]["scheme"].as_str()?;
            Some(format!("{kind}: {name}"))
        })
        .collect();
    let expected = [
        "bearer: post /api/sys/users/changePassword",
        "bearer: get /api/sys/users/sessions",
        "bearer: delete /api/sys/users/sessions/{id}",
        "bearer: post /api/sys/users/token/refresh",
        "bearer: post /api/sys/users/totp/confirm",
        "bearer: post /api/sys/users/totp/disable",
        "bearer: post /api/sys/users/totp/start",
        "basic: post /api/token/introspect",
        "bearer: get /api/userinfo",
    ];
    assert_eq!(wanted, expected);
}

/// Swagger UI fills these in for whoever tries an operation.
#[test]
fn every_body_has_an_example_that_fits_it() {
    let schemas = DOCUMENT["components"]["schemas"]
        .as_object()
        .expect("schemas");
    for (name, schema) in schemas {
        assert!(schema["description"].is_string(), "{name}");
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            let description = schema["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{name}.{property}");
        }
        if let Some(example) = schema.get("example") {
            let verdict = fits(schema, example);
            assert_eq!(verdict, Ok(()), "the example of {name}");
        }
    }
    for (name, operation) in operations() {
        let bodies = operation["requestBody"]["content"].as_object();
        for (_, content) in bodies.into_iter().flatten() {
            let schema = content["schema"]["$ref"].as_str().expect("a schema");
            assert!(referenced(schema)["example"].is_object(), "{name}");
        }
    }
}

/// Contract, section 1: all five keys are always there, and each may be null where it says so.
#[test]
fn the_envelope_is_documented_with_its_nulls() {
    let envelope = &DOCUMENT["components"]["schemas"]["ActionConfirmation"];
    let keys = ["WasSuccessful", "Value", "Status", "Message", "Errors"];
    assert_eq!(envelope["required"], serde_json::json!(keys));
    for (key, nullable) in keys.iter().zip([false, true, false, true, true]) {
        let said = envelope["properties"][key]["nullable"] == true;
        assert_eq!(said, nullable, "{key}");
    }
}
