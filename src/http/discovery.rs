//! What applications read before they start: keys, metadata, and who is signed in.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;

use super::Tag;
use super::bearer::SignedIn;
use super::envelope::{Envelope, documented, json};
use crate::app::App;
use crate::business::BusinessId;

pub(super) struct Discovery;

/// For how long keys and metadata may be kept: well under the time that an old key stays published.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A JSON Web Key Set (RFC 7517).
#[derive(Object)]
#[oai(read_only_all)]
struct JsonWebKeySet {
    /// The keys; the first one signs.
    keys: Vec<JsonWebKey>,
}

/// A public key of P-256 (RFC 7518, 6.2).
#[derive(Object)]
#[oai(read_only_all)]
struct JsonWebKey {
    /// Always `EC`.
    kty: String,
    /// Always `sig`.
    #[oai(rename = "use")]
    key_use: String,
    /// Always `ES256`.
    alg: String,
    /// The key's id, as in the header of a token.
    kid: String,
    /// Always `P-256`.
    crv: String,
    /// The first coordinate.
    x: String,
    /// The second coordinate.
    y: String,
}

/// What an application needs to know to use this server (OpenID Connect Discovery 1.0, RFC 8414).
#[derive(Serialize, Object)]
#[oai(rename = "ProviderMetadata", read_only_all)]
struct Metadata {
    /// `iss` of every token.
    issuer: String,
    /// Where the public keys are.
    jwks_uri: String,
    /// Where members sign in and sessions are refreshed.
    token_endpoint: String,
    /// Where an access token's member is described.
    userinfo_endpoint: String,
    /// Where a token is given up (RFC 7009).
    revocation_endpoint: String,
    /// Where resource servers ask about tokens (RFC 7662).
    introspection_endpoint: String,
    /// Where a person finds all of this explained.
    service_documentation: String,
    /// `password` and `refresh_token`.
    grant_types_supported: Vec<&'static str>,
    /// None: there is no authorization endpoint.
    response_types_supported: Vec<&'static str>,
    /// `public`: a member has the same `sub` everywhere.
    subject_types_supported: Vec<&'static str>,
    /// The algorithm of every token.
    id_token_signing_alg_values_supported: Vec<&'static str>,
    /// `none`: applications are public clients.
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// `none`, likewise.
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    /// `client_secret_basic`: resource servers have a secret.
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    /// What `userinfo` says.
    claims_supported: Vec<&'static str>,
}

impl Metadata {
    fn of(issuer: &str) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        Self {
            issuer: issuer.to_owned(),
            jwks_uri: at("/.well-known/jwks.json"),
            token_endpoint: at("/api/token"),
            userinfo_endpoint: at("/api/userinfo"),
            revocation_endpoint: at("/api/token/revoke"),
            introspection_endpoint: at("/api/token/introspect"),
            service_documentation: at("/docs"),
            grant_types_supported: vec!["password", "refresh_token"],
            response_types_supported: Vec::new(),
            subject_types_supported: vec!["public"],
            id_token_signing_alg_values_supported: vec!["ES256"],
            token_endpoint_auth_methods_supported: vec!["none"],
            revocation_endpoint_auth_methods_supported: vec!["none"],
            introspection_endpoint_auth_methods_supported: vec!["client_secret_basic"],
            claims_supported: vec!["sub", "name", "email", "updated_at", "business_id"],
        }
    }
}

/// A member, in OpenID Connect's standard claims.
#[derive(Serialize, Object)]
#[oai(rename = "UserInfo", read_only_all)]
struct UserInfo {
    /// The account's lasting id.
    sub: String,
    /// How the person is called.
    name: String,
    /// The account's address.
    email: String,
    /// When the account was last changed, in seconds since the Unix epoch.
    updated_at: i64,
    /// The location that the account belongs to, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    business_id: Option<i64>,
}

/// An answer of 200 that may be kept for a while.
struct Cached<T> {
    response: Response,
    documented: std::marker::PhantomData<T>,
}

impl<T> Cached<T> {
    fn new(body: &impl Serialize) -> Self {
        let mut response = json(StatusCode::OK, body);
        response.headers_mut().insert(header::CACHE_CONTROL, CACHED);
        Self {
            response,
            documented: std::marker::PhantomData,
        }
    }
}

impl<T: Send> IntoResponse for Cached<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type> ApiResponse for Cached<T> {
    fn meta() -> MetaResponses {
        documented::<T, Envelope>(&[(200, "As described; may be kept for five minutes.")])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl IntoResponse for UserInfo {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

impl ApiResponse for UserInfo {
    fn meta() -> MetaResponses {
        documented::<Self, Envelope>(&[
            (200, "The member."),
            (
                401,
                "The access token is missing, expired or of a session that has ended.",
            ),
            (500, "A defect on our side."),
            (503, "The server is busy."),
        ])
    }

    fn register(registry: &mut Registry) {
        <Self as Type>::register(registry);
        Envelope::document(registry);
    }
}

#[OpenApi]
impl Discovery {
    /// The public keys
    ///
    /// With these anybody can verify access tokens.
    #[oai(
        path = "/.well-known/jwks.json",
        method = "get",
        tag = "Tag::Service",
        operation_id = "jwks"
    )]
    #[expect(clippy::unused_async, reason = "operations are async")]
    async fn jwks(&self, app: Data<&Arc<App>>) -> Cached<JsonWebKeySet> {
        Cached::new(&app.signer.jwks())
    }

    /// Where everything is
    ///
    /// For applications that start with nothing but this address.
    #[oai(
        path = "/.well-known/openid-configuration",
        method = "get",
        tag = "Tag::Service",
        operation_id = "metadata"
    )]
    #[expect(clippy::unused_async, reason = "operations are async")]
    async fn metadata(&self, app: Data<&Arc<App>>) -> Cached<Metadata> {
        Cached::new(&Metadata::of(app.signer.issuer()))
    }

    /// Who is signed in
    #[oai(
        path = "/api/userinfo",
        method = "get",
        tag = "Tag::Member",
        operation_id = "userinfo"
    )]
    #[expect(clippy::unused_async, reason = "operations are async")]
    async fn userinfo(&self, member: SignedIn) -> UserInfo {
        let account = member.0.account;
        UserInfo {
            sub: account.id.to_string(),
            name: account.name,
            email: account.email.as_str().to_owned(),
            updated_at: account.updated_at.seconds(),
            business_id: account.business_id.map(BusinessId::get),
        }
    }
}
