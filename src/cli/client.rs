//! A small HTTP client for asking a server on this machine.

use std::time::Duration;

use super::Error;

/// The status and body of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// What to ask.
pub(super) enum Ask {
    Get(String),
    Json(String, serde_json::Value),
    Form(String, Vec<(&'static str, String)>),
    /// A post without a body.
    Post(String),
}

/// Asks, and waits ten seconds at most.
pub(super) async fn ask(ask: Ask) -> Result<Answer, Error> {
    let answer = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = match ask {
            Ask::Get(url) => agent.get(&url).call(),
            Ask::Json(url, body) => agent.post(&url).send_json(body),
            Ask::Form(url, form) => agent.post(&url).send_form(form),
            Ask::Post(url) => agent.post(&url).send_empty(),
        }?;
        Ok::<_, ureq::Error>(Answer {
            status: response.status().as_u16(),
            body: response.body_mut().read_to_string()?,
        })
    })
    .await?;
    Ok(answer?)
}
