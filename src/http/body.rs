//! Request bodies: bounded in size and time, and JSON that is read tolerantly.

use std::sync::Arc;

use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::payload::{Json, Payload as _};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::door;
use super::error::Failure;
use super::fields::Fields;
use crate::app::App;

/// A request whose properties come in a JSON object.
pub(super) trait JsonRequest: Sized + Send {
    /// How the documentation shows it.
    type Schema: Type;

    /// Reads its properties; none when one of them is wrong.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// The JSON body of a request.
pub(super) struct Body<T>(pub(super) T);

impl<'a, T: JsonRequest> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::Schema::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: Json::<T::Schema>::CONTENT_TYPE,
                schema: T::Schema::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !is_media_type(request, "application/json") {
            return Err(Failure::MediaType.into());
        }
        let bytes = read(request, body).await?;
        let mut fields = Fields::from_json(&bytes)?;
        let value = T::read(&mut fields);
        Ok(Self(fields.finish(value)?))
    }
}

/// Whether the content type is exactly `wanted`, whatever its parameters.
pub(super) fn is_media_type(request: &Request, wanted: &str) -> bool {
    let mut values = request.headers().get_all(header::CONTENT_TYPE).iter();
    let only = values.next().filter(|_| values.next().is_none());
    only.and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

/// The bytes of the body, if they are few enough and come soon enough.
///
/// The size is bounded while reading, so that a body without `Content-Length` is no way around it.
pub(super) async fn read(request: &Request, body: &mut RequestBody) -> Result<Vec<u8>, Failure> {
    let config = &request
        .data::<Arc<App>>()
        .ok_or(Failure::Internal)?
        .config
        .http;
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > config.max_body) {
        return Err(Failure::TooLarge);
    }
    let reading = body
        .take()
        .map_err(|_| Failure::Internal)?
        .into_bytes_limit(config.max_body);
    door::pause(request);
    match tokio::time::timeout(config.request_timeout, reading).await {
        Ok(Ok(bytes)) => {
            door::resume(request)?;
            Ok(bytes.to_vec())
        }
        Ok(Err(poem::error::ReadBodyError::PayloadTooLarge)) => Err(Failure::TooLarge),
        Ok(Err(_)) => Err(Failure::BadRequest("The request body could not be read.")),
        Err(_) => Err(Failure::TooSlow),
    }
}
