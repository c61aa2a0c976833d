//! What the served documentation promises. Every answer that a test gets is held against it, so that
//! the whole suite shows that no operation answers what is not documented.

use std::sync::LazyLock;

use serde_json::Value;

use super::http::Answer;

/// The OpenAPI document.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let url = url::Url::parse("https://id.readmit.test/").expect("a URL");
    serde_json::from_str(&readmit::http::openapi(&url)).expect("the document is JSON")
});

/// Fails when the answer of a documented operation has a status, a content type, a header or a body
/// that its documentation does not have.
pub(crate) fn check(method: &str, target: &str, answer: &Answer) {
    let path = target.split('?').next().unwrap_or_default();
    let Some(operation) = operation(method, path) else {
        return;
    };
    let documented = &operation["responses"][answer.status.to_string()];
    let case = format!("{method} {path} {}: {}", answer.status, answer.text());
    assert!(documented.is_object(), "not documented: {case}");
    for (name, header) in documented["headers"].as_object().into_iter().flatten() {
        let given = answer.header(name).is_some();
        assert!(given || header["required"] != true, "no {name}: {case}");
    }
    let content_type = answer.header("content-type").unwrap_or_default();
    let content = &documented["content"][content_type];
    assert!(content.is_object(), "{content_type} is no kind of: {case}");
    if let Err(problem) = fits(&content["schema"], &answer.json()) {
        panic!("{problem}: {case}");
    }
}

/// The operation of that path. A path of the document may have a parameter in place of a part.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let is_meant = |documented: &str| {
        let mut parts = documented.split('/').zip(path.split('/'));
        documented.split('/').count() == path.split('/').count()
            && parts.all(|(documented, given)| {
                documented == given || (documented.starts_with('{') && !given.is_empty())
            })
    };
    let paths = DOCUMENT["paths"].as_object()?;
    let (_, item) = paths.iter().find(|(documented, _)| is_meant(documented))?;
    item.get(method.to_ascii_lowercase())
}

/// Whether `value` is what `schema` says, in the part of OpenAPI 3.0 that the document uses. Keys
/// that the schema does not name are refused.
pub(crate) fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(referenced(name), value);
    }
    if value.is_null() && schema["nullable"] == true {
        return Ok(());
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        fits(part, value)?;
    }
    match (schema["type"].as_str(), value) {
        (None, _) | (Some("string"), Value::String(_)) | (Some("boolean"), Value::Bool(_)) => {
            Ok(())
        }
        (Some("integer"), Value::Number(number)) if number.is_i64() => Ok(()),
        (Some("array"), Value::Array(items)) => items
            .iter()
            .try_for_each(|item| fits(&schema["items"], item)),
        (Some("object"), Value::Object(members)) => {
            let required = schema["required"].as_array().into_iter().flatten();
            for name in required.filter_map(Value::as_str) {
                if !members.contains_key(name) {
                    return Err(format!("{name} is missing"));
                }
            }
            members
                .iter()
                .try_for_each(|(name, member)| match &schema["properties"][name] {
                    Value::Null => Err(format!("{name} is not in the schema")),
                    property => {
                        fits(property, member).map_err(|problem| format!("{name}: {problem}"))
                    }
                })
        }
        (Some(kind), _) => Err(format!("{value} is not of type {kind}")),
    }
}

/// The schema behind a `$ref`.
pub(crate) fn referenced(name: &str) -> &'static Value {
    let pointer = name
        .strip_prefix('#')
        .expect("a reference into the document");
    DOCUMENT
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{name} refers to nothing"))
}
