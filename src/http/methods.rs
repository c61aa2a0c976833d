//! Which methods an address answers to, for those who tried another one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Manners;

/// What stands for every path that leads nowhere.
const NOWHERE: &str = "other";

/// The methods of each path, as they stand in `Allow`.
pub(super) struct Methods {
    /// Paths with a part that varies, as `{id}`.
    templates: Vec<(Arc<str>, HeaderValue)>,
    /// All others, which are found at once.
    exact: HashMap<Arc<str>, HeaderValue>,
    nowhere: Arc<str>,
}

/// As much of the OpenAPI document as is of interest here.
#[derive(Deserialize)]
struct Document {
    paths: BTreeMap<String, Map<String, Value>>,
}

impl Methods {
    /// The methods of the document's operations and of the pages, and `GET` for the document itself.
    pub(super) fn of(document: &str, pages: &[(&str, &str)]) -> Self {
        let document: Document =
            serde_json::from_str(document).expect("the document is made by this program");
        let pages = [("/docs", "GET, HEAD"), ("/openapi.json", "GET, HEAD")]
            .iter()
            .chain(pages)
            .map(|(path, methods)| ((*path).to_owned(), (*methods).to_owned()));
        let operations = document.paths.into_iter().map(|(path, operations)| {
            let methods: Vec<String> = operations
                .keys()
                .map(|method| match method.as_str() {
                    // Where there is GET, the router answers HEAD too.
                    "get" => "GET, HEAD".to_owned(),
                    other => other.to_ascii_uppercase(),
                })
                .collect();
            (path, methods.join(", "))
        });
        let all = operations.chain(pages).filter_map(|(path, methods)| {
            Some((path.into(), HeaderValue::from_str(&methods).ok()?))
        });
        let (templates, exact): (Vec<(Arc<str>, _)>, Vec<_>) =
            all.partition(|(path, _): &(Arc<str>, _)| path.contains('{'));
        Self {
            templates,
            exact: exact.into_iter().collect(),
            nowhere: NOWHERE.into(),
        }
    }

    fn find(&self, path: &str) -> Option<(&Arc<str>, &HeaderValue)> {
        self.exact.get_key_value(path).or_else(|| {
            let found = self.templates.iter().find(|(known, _)| is_at(known, path));
            found.map(|(known, methods)| (known, methods))
        })
    }

    fn at(&self, path: &str) -> Option<HeaderValue> {
        self.find(path).map(|(_, methods)| methods.clone())
    }

    /// The template of the route that a path takes.
    pub(super) fn route(&self, path: &str) -> Arc<str> {
        Arc::clone(self.find(path).map_or(&self.nowhere, |(known, _)| known))
    }
}

/// Whether `path` is where the documented path `known` stands for; `{id}` is any one segment.
fn is_at(known: &str, path: &str) -> bool {
    let (mut known, mut path) = (known.split('/'), path.split('/'));
    loop {
        match (known.next(), path.next()) {
            (None, None) => return true,
            (Some(known), Some(given)) if known == given || known.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// Tells with every 405 what would have been answered (RFC 9110, 15.5.6).
pub(super) async fn allow<E: Endpoint<Output = Response>>(
    manners: Arc<Manners>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let path = request.uri().path().to_owned();
    let mut response = next.get_response(request).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allowed) = manners.methods.at(&path)
    {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    Ok(response)
}
