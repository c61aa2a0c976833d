//! `/api/token/revoke` (RFC 7009) and `/api/token/introspect` (RFC 7662).

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{IntoResponse, Request, Response};
use poem_openapi::auth::Basic;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Object, OpenApi, SecurityScheme};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::form::{Form, TokenSchema};
use super::{ErrorBody, Refusal};
use crate::app::App;
use crate::business::BusinessId;
use crate::config::ResourceServer;
use crate::http::Tag;
use crate::http::client::Client;
use crate::http::envelope::{documented, json};
use crate::http::error::Failure;
use crate::http::urlencoded::decode;
use crate::limits::Action;
use crate::session::Introspected;

pub(in crate::http) struct Tokens;

/// Nothing at all: revocation answers with an empty body.
struct Revoked;

impl IntoResponse for Revoked {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &serde_json::Map::new())
    }
}

/// An empty object.
#[derive(Object)]
#[oai(rename = "Revoked")]
struct RevokedSchema {}

impl ApiResponse for Revoked {
    fn meta() -> MetaResponses {
        documented::<RevokedSchema, ErrorBody>(&[
            (200, "The token is over, or was unknown to begin with."),
            (
                400,
                "`error` is `invalid_request`: the token is missing, or the body is no form.",
            ),
            (408, "The body did not arrive in time."),
            (413, "The body is too large."),
            (429, "Too many requests from this client."),
            (500, "A defect on our side."),
            (503, "The server is busy: try again in a moment."),
        ])
    }

    fn register(registry: &mut Registry) {
        RevokedSchema::register(registry);
        ErrorBody::register(registry);
    }
}

/// What there is to say of a token. Of one that is no good, only that.
#[derive(Serialize, Object)]
#[oai(rename = "Introspection", read_only_all)]
struct Answer {
    /// Whether the token is good.
    active: bool,
    /// `access_token` or `refresh_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    /// The account's lasting id.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// The account's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// Which application's it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// The location.
    #[serde(skip_serializing_if = "Option::is_none")]
    business_id: Option<i64>,
    /// When it was made, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// Until when it is good, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

impl Answer {
    const DEAD: Self = Self {
        active: false,
        token_type: None,
        iss: None,
        sub: None,
        username: None,
        client_id: None,
        sid: None,
        business_id: None,
        iat: None,
        exp: None,
    };

    fn of(found: Introspected, issuer: &str) -> Self {
        Self {
            active: true,
            token_type: Some(if found.is_refresh {
                "refresh_token"
            } else {
                "access_token"
            }),
            iss: Some(issuer.to_owned()),
            sub: Some(found.account.to_string()),
            username: Some(found.email.as_str().to_owned()),
            client_id: Some(found.client_id),
            sid: Some(found.session),
            business_id: found.business.map(BusinessId::get),
            iat: Some(found.issued_at.seconds()),
            exp: Some(found.expires_at.seconds()),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

impl ApiResponse for Answer {
    fn meta() -> MetaResponses {
        documented::<Self, ErrorBody>(&[
            (200, "What there is to say of the token."),
            (
                400,
                "`error` is `invalid_request`: the token is missing, or the body is no form.",
            ),
            (
                401,
                "`error` is `invalid_client`: the resource server's name or secret is wrong.",
            ),
            (408, "The body did not arrive in time."),
            (413, "The body is too large."),
            (500, "A defect on our side."),
            (503, "The server is busy: try again in a moment."),
        ])
    }

    fn register(registry: &mut Registry) {
        <Self as Type>::register(registry);
        ErrorBody::register(registry);
    }
}

/// The name and secret of one of `introspection.resource_servers`.
#[derive(SecurityScheme)]
#[oai(rename = "ResourceServer", ty = "basic", checker = "check")]
struct Known(());

/// Name and secret are encoded as in a form (RFC 6749, 2.3.1), or are as they are: libraries do either.
#[expect(clippy::unused_async, reason = "the framework awaits it")]
async fn check(request: &Request, given: Basic) -> poem::Result<()> {
    let app = request.data::<Arc<App>>().ok_or(Failure::Internal)?;
    let servers = &app.config.introspection.resource_servers;
    let (name, secret) = (given.username.as_bytes(), given.password.as_bytes());
    let decoded = decode(name).zip(decode(secret));
    let mut known = is_one_of(servers, name, secret);
    if let Some((name, secret)) = decoded {
        known |= is_one_of(servers, name.as_bytes(), secret.as_bytes());
    }
    if bool::from(known) {
        Ok(())
    } else {
        Err(Refusal::Client.into())
    }
}

/// Every server's hash is compared, so that the time tells nothing about names.
fn is_one_of(servers: &[ResourceServer], name: &[u8], secret: &[u8]) -> Choice {
    let hash = Sha256::digest(secret);
    servers.iter().fold(Choice::from(0), |known, server| {
        let same = server.name.as_bytes().ct_eq(name);
        known | (same & server.secret_sha256.ct_eq(hash.as_slice()))
    })
}

fn token(form: &Form<TokenSchema>) -> Result<&str, Refusal> {
    form.get("token")
        .ok_or(Refusal::Request("token is required."))
}

#[OpenApi]
impl Tokens {
    /// Give a token up
    ///
    /// Ends the session of an access or refresh token. That a token is unknown is no error.
    #[oai(
        path = "/api/token/revoke",
        method = "post",
        tag = "Tag::SignIn",
        operation_id = "revoke"
    )]
    async fn revoke(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        form: Form<TokenSchema>,
    ) -> poem::Result<Revoked> {
        client.admit(&app.limits, Action::Refresh)?;
        let now = app.clock.now();
        app.sessions
            .revoke(token(&form)?, client.0, now)
            .await
            .map_err(Failure::from)?;
        Ok(Revoked)
    }

    /// Ask about a token
    ///
    /// For resource servers. Of a token that is no good nothing is said but that.
    #[oai(
        path = "/api/token/introspect",
        method = "post",
        tag = "Tag::Service",
        operation_id = "introspect"
    )]
    async fn introspect(
        &self,
        app: Data<&Arc<App>>,
        _server: Known,
        form: Form<TokenSchema>,
    ) -> poem::Result<Answer> {
        let found = app
            .sessions
            .introspect(token(&form)?, app.clock.now())
            .await;
        Ok(match found.map_err(Failure::from)? {
            Some(found) => Answer::of(found, app.signer.issuer()),
            None => Answer::DEAD,
        })
    }
}
