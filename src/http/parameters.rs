//! How the parameters of a query are documented.

use std::marker::PhantomData;

use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::email::EmailAddress;

/// How a query parameter is documented.
pub(super) trait Parameter: Send {
    const REQUIRED: bool = true;

    fn schema() -> MetaSchema;
}

/// An email address.
pub(super) struct Address;

impl Parameter for Address {
    fn schema() -> MetaSchema {
        MetaSchema {
            min_length: Some(1),
            max_length: Some(EmailAddress::MAX_OCTETS),
            ..MetaSchema::new("string")
        }
    }
}

/// The number of a business.
pub(super) struct Location;

impl Parameter for Location {
    fn schema() -> MetaSchema {
        MetaSchema {
            minimum: Some(1.0),
            ..MetaSchema::new_with_format("integer", "int64")
        }
    }
}

/// A token.
pub(super) struct Secret;

impl Parameter for Secret {
    fn schema() -> MetaSchema {
        MetaSchema {
            min_length: Some(1),
            ..MetaSchema::new("string")
        }
    }
}

/// A code that need not be there; an empty one counts as none.
pub(super) struct OptionalSecret;

impl Parameter for OptionalSecret {
    const REQUIRED: bool = false;

    fn schema() -> MetaSchema {
        MetaSchema::new("string")
    }
}

/// A query parameter of the documentation. Its value is read by [`super::fields`] with the others,
/// so that its name may be in any case and every problem is reported at once.
pub(super) struct Documented<P>(PhantomData<P>);

impl<'a, P: Parameter> ApiExtractor<'a> for Documented<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = P::REQUIRED;

    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(P::schema())))
    }

    async fn from_request(
        _request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        Ok(Self(PhantomData))
    }
}
