//! Forms (`application/x-www-form-urlencoded`), read strictly.

use std::collections::HashMap;
use std::marker::PhantomData;

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::{Example, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, Object};

use super::Refusal;
use crate::http::body;
use crate::http::urlencoded::{self, FORM, Malformed};

/// How the documentation shows a form, and what is said to those who send something else.
pub(in crate::http) trait FormSchema: Type {
    const NOT_A_FORM: Refusal;
}

/// Signs a member in, or continues a session.
#[derive(Object)]
#[oai(rename = "TokenRequest", example)]
pub(in crate::http) struct SignInSchema {
    /// `password` or `refresh_token`.
    grant_type: String,
    /// For `password`: the email address.
    #[oai(skip_serializing_if_is_none)]
    username: Option<String>,
    /// For `password`: the password.
    #[oai(skip_serializing_if_is_none)]
    password: Option<String>,
    /// For `password`, when two-factor authentication is on: six digits, or a recovery code.
    #[oai(skip_serializing_if_is_none)]
    totp: Option<String>,
    /// For `refresh_token`: the refresh token.
    #[oai(skip_serializing_if_is_none)]
    refresh_token: Option<String>,
    /// Which application asks; the header of the same name does as well. Defaults to the email
    /// address; a refresh must come from the application that signed in.
    #[oai(skip_serializing_if_is_none)]
    client_id: Option<String>,
}

impl Example for SignInSchema {
    fn example() -> Self {
        Self {
            grant_type: "password".to_owned(),
            username: Some("jane@example.com".to_owned()),
            password: Some("a long and friendly sentence".to_owned()),
            totp: None,
            refresh_token: None,
            client_id: Some("portal".to_owned()),
        }
    }
}

impl FormSchema for SignInSchema {
    const NOT_A_FORM: Refusal = Refusal::GrantType;
}

/// Names a token.
#[derive(Object)]
#[oai(rename = "TokenQuestion", example)]
pub(in crate::http) struct TokenSchema {
    /// An access token or a refresh token.
    #[oai(validator(min_length = 1))]
    token: String,
    /// Which of the two it is; it is found out anyway.
    #[oai(skip_serializing_if_is_none)]
    token_type_hint: Option<String>,
}

impl Example for TokenSchema {
    fn example() -> Self {
        Self {
            token: "l0CCtTdQJ1QbJ3Yw2pFqzv6b1m6mS0cXqGx3mY1Hn9E".to_owned(),
            token_type_hint: Some("refresh_token".to_owned()),
        }
    }
}

impl FormSchema for TokenSchema {
    const NOT_A_FORM: Refusal = Refusal::Request("Send application/x-www-form-urlencoded.");
}

/// The parameters of a form, each given once. One without a value counts as absent (RFC 6749, 3.2).
pub(in crate::http) struct Form<S> {
    given: HashMap<String, String>,
    documented: PhantomData<S>,
}

impl<S> Form<S> {
    fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let given = urlencoded::parse(bytes).map_err(|malformed| {
            Refusal::Request(match malformed {
                Malformed::Text => "The form is malformed.",
                Malformed::Twice => "A parameter is given more than once.",
            })
        })?;
        Ok(Self {
            given,
            documented: PhantomData,
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        // `is_empty` of a `&&str` would be that of poem's `Type`, which is never true.
        match self.given.get(name)?.as_str() {
            "" => None,
            value => Some(value),
        }
    }
}

impl<'a, S: FormSchema> ApiExtractor<'a> for Form<S> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        S::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: FORM,
                schema: S::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !body::is_media_type(request, FORM) {
            return Err(S::NOT_A_FORM.into());
        }
        let bytes = body::read(request, body).await?;
        Ok(Self::parse(&bytes)?)
    }
}
